"""placeholder"""
def locate(text: str, start: int, end: int, style: str, value: str, first: int, last: int) -> tuple[int, int]:
    return start, end
