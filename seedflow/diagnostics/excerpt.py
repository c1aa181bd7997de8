"""A piece of source for the terminal: the lines of a span, cut to the width, and where in them the marks belong."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Final, NamedTuple

from seedflow.diagnostics.cells import lay_out
from seedflow.diagnostics.model import Span

_ELLIPSIS: Final = "…"
_MOST_LINES: Final = 4
"""A span over more lines shows its first and its last one."""
_LONGEST_LINE: Final = 4096
"""Characters of a line that are looked at, so that a file of one huge line costs nothing."""


class Row(NamedTuple):
    """One line of an excerpt, and the cells of it that are marked. `number` None stands for lines left out."""

    number: int | None
    text: str = ""
    mark_start: int = 0
    mark_end: int = 0


def build_excerpt(span: Span, width: int) -> list[Row]:
    """The lines of a span.

    Args:
        span: what to mark; an empty one marks the cell where it stands.
        width: cells that a line may take.
    """
    first, last = span.first, span.last
    last_number, last_column = last
    if last.line > first.line and last.column == 1:
        # What ends with a line end has no part in the next line.
        last_number = last.line - 1
        last_column = len(span.source.line(last_number)) + 1
    numbers: list[int | None] = list(range(first.line, min(last_number, first.line + _MOST_LINES - 1) + 1))
    if last_number - first.line >= _MOST_LINES:
        numbers = [first.line, None, last_number]
    rows = []
    for number in numbers:
        if number is None:
            rows.append(Row(None))
            continue
        line = span.source.line(number)
        start = first.column - 1 if number == first.line else len(line) - len(line.lstrip())
        end = last_column - 1 if number == last_number else len(line.rstrip())
        rows.append(_cut(number, line, min(start, len(line)), min(end, len(line)), width))
    return rows


def _cut(number: int, line: str, start: int, end: int, width: int) -> Row:
    """One line with its mark; of a long one, the part around the mark."""
    end = max(start, end)
    offset = max(0, start - _LONGEST_LINE // 2)
    laid = lay_out(line[offset : offset + _LONGEST_LINE])
    start, end = start - offset, min(end - offset, len(laid))
    edges = [0, *accumulate(cells for _, cells in laid)]
    low, high = 0, len(laid)
    if edges[max(end, start + 1) if start < len(laid) else -1] > width or edges[-1] > width or offset:
        low, high = _choose_window(edges, start, end, width - 2 * len(_ELLIPSIS))
    head = _ELLIPSIS if low or offset else ""
    tail = _ELLIPSIS if high < len(laid) else ""
    text = head + "".join([shown for shown, _ in laid[low:high]]) + tail
    shift = len(head) - edges[low]
    mark_start = edges[start] + shift
    return Row(number, text.rstrip(), mark_start, max(edges[min(end, high)] + shift, mark_start + 1))


def _choose_window(edges: list[int], start: int, end: int, room: int) -> tuple[int, int]:
    """The characters to show: what is marked in their middle, or its beginning if there is more of it than room."""
    marked = min(edges[end] - edges[start], room)
    spare = room - marked
    left = max(spare // 2, spare - (edges[-1] - edges[end]))
    low = bisect_left(edges, edges[start] - left)
    high = bisect_right(edges, edges[low] + room) - 1
    return low, high
