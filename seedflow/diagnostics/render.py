"""Diagnostics as text for people: place, message, the source line with carets, related places, one thing to do.

Only the standard library is used, so that `check` can print without loading anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from seedflow.diagnostics.cells import count_cells
from seedflow.diagnostics.excerpt import Row, build_excerpt
from seedflow.diagnostics.model import Diagnostic, Severity, Span
from seedflow.diagnostics.printable import make_printable

_NARROWEST: Final = 40
_WIDEST_EXCERPT: Final = 160

_RESET: Final = "\x1b[0m"
_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_HELP: Final = "\x1b[36m"
_COLORS: Final = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[34m"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, color: bool, width: int) -> str:
    """Render diagnostics in the given order, with an empty line between them and a line end at the end.

    Args:
        diagnostics: what to show.
        color: whether to use the colours of a terminal.
        width: columns to fill. Lines break between words where they would be longer, so give a large number where
            the text is not read by people; excerpts of the source stay below 160 columns in any case.
    """
    painter = _Painter(color, max(width, _NARROWEST))
    return "\n".join("".join(f"{line}\n" for line in painter.render(found)) for found in diagnostics)


def render_summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many there are of each severity, the worst first: `2 errors, 1 warning`, or `no problems`."""
    counts = dict.fromkeys(Severity, 0)
    for found in diagnostics:
        counts[found.severity] += 1
    parts = [f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items() if count]
    return ", ".join(parts) or "no problems"


class _Painter:
    """Lays out diagnostics for one terminal."""

    def __init__(self, color: bool, width: int) -> None:
        self._color = color
        self._width = width

    def render(self, found: Diagnostic) -> Iterator[str]:
        shade = _COLORS[found.severity]
        place = f"{_clean(str(found.span))}: " if found.span else ""
        yield from self._wrap(
            [
                *_tint(place.split(" ")[:-1], _BOLD),
                (f"{found.severity}:", _BOLD + shade),
                *_tint(_clean(found.message).split(" "), _BOLD),
                (f"[{_clean(found.code)}]", _DIM),
            ],
            indent="  ",
        )
        spans = ([found.span] if found.span else []) + [other.span for other in found.related]
        gutter = len(str(max((_last_line(span) for span in spans), default=0)))
        if found.span:
            yield from self._excerpt(found.span, gutter, "^", shade)
        for other in found.related:
            words = f"{_clean(str(other.span))}: note: {_clean(other.message)}"
            yield from self._wrap(_tint(words.split(" "), ""), indent="    ", first="  ")
            yield from self._excerpt(other.span, gutter, "-", _COLORS[Severity.NOTE])
        if found.help:
            yield from self._wrap(
                [("help:", _BOLD + _HELP), *_tint(_clean(found.help).split(" "), "")],
                indent=" " * 8,
                first="  ",
            )

    def _excerpt(self, span: Span, gutter: int, mark: str, shade: str) -> Iterator[str]:
        room = min(self._width, _WIDEST_EXCERPT) - gutter - len("   | ")
        for row in build_excerpt(span, room):
            yield from self._row(row, gutter, mark, shade)

    def _row(self, row: Row, gutter: int, mark: str, shade: str) -> Iterator[str]:
        if row.number is None:
            yield self._paint(f"  {'':>{gutter}} :", _DIM)
            return
        yield f"{self._paint(f'  {row.number:>{gutter}} |', _DIM)} {row.text}".rstrip()
        marks = mark * (row.mark_end - row.mark_start)
        yield f"{self._paint(f'  {chr(32):>{gutter}} |', _DIM)} {' ' * row.mark_start}{self._paint(marks, shade)}"

    def _wrap(self, words: list[tuple[str, str]], *, indent: str, first: str = "") -> Iterator[str]:
        """Fill lines with words, each with its own shade; lines after the first are indented."""
        line: list[tuple[str, str]] = []
        used = len(first)
        start = first
        for word, shade in words:
            cells = count_cells(word)
            if line and used + 1 + cells > self._width:
                yield start + self._join(line)
                line, used, start = [], len(indent), indent
            used += cells + (1 if line else 0)
            line.append((word, shade))
        yield start + self._join(line)

    def _join(self, words: list[tuple[str, str]]) -> str:
        runs = groupby(words, key=lambda word: word[1])
        return " ".join(self._paint(" ".join(word for word, _ in run), shade) for shade, run in runs)

    def _paint(self, text: str, shade: str) -> str:
        return f"{shade}{text}{_RESET}" if self._color and shade else text


def _clean(text: str) -> str:
    """Printable, and on one line: what users write cannot imitate a line of ours."""
    return make_printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _tint(words: list[str], shade: str) -> list[tuple[str, str]]:
    return [(word, shade) for word in words]


def _last_line(span: Span) -> int:
    return max(span.first.line, span.last.line)
