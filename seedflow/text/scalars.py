"""placeholder"""
from typing import TypeAlias
Plain: TypeAlias = "str | int | float | bool | None"
def resolve_plain(text: str) -> Plain:
    return text
