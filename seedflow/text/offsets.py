"""From a character of a scalar's value back to the characters of the source that gave it.

Folding, escapes, indentation and chomping make a value differ from its source. The map is worked out only when
somebody asks for a place, as a list of runs: most runs are characters that stand in the source as they are, the
others are one escape sequence or one folded line end. The rules are those of the YAML 1.1 and 1.2 specifications
("Flow Scalar Styles", "Block Scalar Styles") as libyaml carries them out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

_BREAK: Final = re.compile(r"\r\n|\r|\n")
_PLAIN_STOP: Final = re.compile(r"[\r\n]|\Z")
_SINGLE_STOP: Final = re.compile(r"''|['\r\n]")
_DOUBLE_STOP: Final = re.compile(r'[\\"\r\n]')
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^xuU\r\n]))")
_ESCAPED_BREAK: Final = re.compile(r"\\(?:\r\n|\r|\n)[ \t]*")
_BLOCK_HEADER: Final = re.compile(r"[|>]([-+0-9]*)[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")
_FIRST_CONTENT: Final = re.compile(r"(?<![^\r\n])( *)[^ \r\n]")
_BLANK_LINE: Final = re.compile(r"( *)(?:\r\n|\r|\n)")
_DEEPEST_GUESS: Final = 1024
_BLOCK_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")

_ESCAPES: Final = {
    "0": "\0", "a": "\x07", "b": "\x08", "t": "\t", "\t": "\t", "n": "\n", "v": "\x0b", "f": "\x0c", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip # a row a line


class _Run(NamedTuple):
    """Characters of the value that stand together at `start` up to `end` of the source.

    Where `written` is true they stand there as they are, one for one; else `value` is one character, made of the
    whole piece of source.
    """

    value: str
    start: int
    end: int
    written: bool


def locate(text: str, start: int, end: int, style: str, value: str, first: int, last: int) -> tuple[int, int]:
    """The place in the source of the characters `first` up to `last` of a scalar's value.

    An escape sequence belongs to its character as a whole, a folded line end to the blank or line end that it became.
    An empty range is a point: just before the character `first`, or behind the last one. Numbers outside of the
    value are moved to its nearest end. Where value and source do not belong together the answer is the whole scalar.

    Args:
        text: the whole source.
        start: where the scalar starts in it, its quote or block indicator included.
        end: where it ends.
        style: as in `Scalar`: '' (plain), ', ", | or >.
        value: the scalar's value.
        first: offset of the first character wanted, in the value.
        last: offset behind the last one.
    """
    first = min(max(first, 0), len(value))
    last = min(max(last, first), len(value))
    shift = start + (style in ("'", '"'))
    if (
        text.startswith(value, shift)
        and style in ("", "'", '"')
        and shift + len(value) + (shift - start) == end
    ):
        return shift + first, shift + last
    runs, ends = _find_runs(text, start, end, style, value)
    if not runs:
        return start, end
    if first < last:
        return _find_edges(runs, ends, first)[0], _find_edges(runs, ends, last - 1)[1]
    point = _find_edges(runs, ends, first)[0] if first < len(value) else runs[-1].end
    return point, point


def _find_edges(runs: list[_Run], ends: list[int], offset: int) -> tuple[int, int]:
    index = bisect_right(ends, offset)
    run = runs[index]
    if not run.written:
        return run.start, run.end
    at = run.end - (ends[index] - offset)
    return at, at + 1


@lru_cache(maxsize=16)
def _find_runs(text: str, start: int, end: int, style: str, value: str) -> tuple[list[_Run], list[int]]:
    """The runs that make up the value and where each ends in it; nothing if no reading of the source gives the value."""
    readings: Iterable[Iterator[_Run]]
    if style in ("|", ">"):
        readings = (_read_block(text, start, style, indent) for indent in _guess_indents(text, start, value))
    elif style == "":
        readings = (_read_plain(text, start, end),)
    elif style == "'":
        readings = (_read_single(text, start + 1, end),)
    else:
        readings = (_read_double(text, start + 1, end),)
    runs = next(filter(None, (_match(reading, value) for reading in readings)), [])
    return runs, list(accumulate(len(run.value) for run in runs))


def _match(reading: Iterator[_Run], value: str) -> list[_Run]:
    """The runs of a reading as far as they are the value, or nothing."""
    runs = []
    length = 0
    for run in reading:
        if not run.value:
            continue
        if not value.startswith(run.value, length):
            return []
        runs.append(run)
        length += len(run.value)
    return runs if length == len(value) else []


def _read_plain(text: str, at: int, end: int) -> Iterator[_Run]:
    while at < end:
        found = _PLAIN_STOP.search(text, at, end)
        stop = found.start() if found else end
        if stop == end:
            yield _Run(text[at:end], at, end, written=True)
            return
        fold, at = _read_line_end(text, at, stop)
        yield from fold


def _read_single(text: str, at: int, end: int) -> Iterator[_Run]:
    while found := _SINGLE_STOP.search(text, at, end):
        stop = found.start()
        if found.group() == "'":
            yield _Run(text[at:stop], at, stop, written=True)
            return
        if found.group() == "''":
            yield _Run(text[at:stop], at, stop, written=True)
            at = stop + 2
            yield _Run("'", stop, at, written=False)
        else:
            fold, at = _read_line_end(text, at, stop)
            yield from fold


def _read_double(text: str, at: int, end: int) -> Iterator[_Run]:
    while found := _DOUBLE_STOP.search(text, at, end):
        stop = found.start()
        if found.group() == '"':
            yield _Run(text[at:stop], at, stop, written=True)
            return
        if found.group() != "\\":
            fold, at = _read_line_end(text, at, stop)
            yield from fold
            continue
        yield _Run(text[at:stop], at, stop, written=True)
        if joined := _ESCAPED_BREAK.match(text, stop):
            # The line end vanishes, but the empty lines behind it stay line ends.
            at = joined.end()
            while line_end := _BREAK.match(text, at):
                yield _Run("\n", at, line_end.end(), written=False)
                at = _skip_blanks(text, line_end.end())
        elif escape := _ESCAPE.match(text, stop):
            at = escape.end()
            yield _Run(_unescape(escape), stop, at, written=False)
        else:
            return


def _unescape(escape: re.Match[str]) -> str:
    if escape.lastindex == 4:
        return _ESCAPES.get(escape[4], "")
    number = int(escape[escape.lastindex or 0], 16)
    return chr(number) if number <= 0x10FFFF else ""


def _skip_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at


def _read_line_end(text: str, at: int, stop: int) -> tuple[list[_Run], int]:
    """What stands from `at` to the line end at `stop`, the folded line end, and where the next line's text starts.

    Blanks around a line end vanish. One line end becomes a blank; of several, the first vanishes, the others stay.
    """
    line = text[at:stop].rstrip(" \t")
    runs = [_Run(line, at, at + len(line), written=True)]
    breaks: list[tuple[int, int]] = []
    while found := _BREAK.match(text, stop):
        breaks.append(found.span())
        stop = _skip_blanks(text, found.end())
    if len(breaks) == 1:
        runs.append(_Run(" ", *breaks[0], written=False))
    runs += [_Run("\n", *line_end, written=False) for line_end in breaks[1:]]
    return runs, stop


def _guess_indents(text: str, start: int, value: str) -> Iterator[int]:
    """Indentations that a block scalar may have.

    With an explicit indicator it depends on the collection around the scalar, which is not known here; but the value
    tells, as its first line of content keeps what the source has in excess. A value of blanks alone tells nothing.
    """
    header = _BLOCK_HEADER.match(text, start)
    if header is None:
        return iter(())
    kept = _FIRST_CONTENT.search(value)
    written = _FIRST_CONTENT.search(text, header.end())
    if kept and written:
        return iter((max(len(written.group(1)) - len(kept.group(1)), 0),))
    at = header.end()
    deepest = 0
    while line := _BLANK_LINE.match(text, at):
        deepest = max(deepest, len(line.group(1)))
        at = line.end()
    deepest = max(deepest, _skip_spaces(text, at) - at)
    return iter(range(min(deepest, _DEEPEST_GUESS) + 2))


def _skip_spaces(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _read_block(text: str, start: int, style: str, indent: int) -> Iterator[_Run]:
    header = _BLOCK_HEADER.match(text, start)
    if header is None:
        return
    indicators = header.group(1)
    folded = style == ">"
    at = header.end()
    line_end: tuple[int, int] | None = None
    empty_lines, at = _read_empty_lines(text, at, indent)
    blank_before = False
    while at < len(text) and _is_indented(text, at, indent):
        content = at + indent
        blank = text[content : content + 1] in (" ", "\t")
        if line_end is not None:
            if folded and not blank_before and not blank:
                if not empty_lines:
                    yield _Run(" ", *line_end, written=False)
            else:
                yield _Run("\n", *line_end, written=False)
        yield from empty_lines
        line = _BLOCK_LINE.match(text, content)
        if line is None:
            return
        yield _Run(line.group(1), content, line.end(1), written=True)
        line_end = (line.end(1), line.end()) if line.group(2) else None
        blank_before = blank
        empty_lines, at = _read_empty_lines(text, line.end(), indent)
    if "-" not in indicators and line_end is not None:
        yield _Run("\n", *line_end, written=False)
    if "+" in indicators:
        yield from empty_lines


def _is_indented(text: str, at: int, indent: int) -> bool:
    return text.startswith(" " * indent, at) and text[at + indent : at + indent + 1] not in ("", "\r", "\n")


def _read_empty_lines(text: str, at: int, indent: int) -> tuple[list[_Run], int]:
    """The lines that hold at most the indentation, each as the line end that it may stay, and where the next starts."""
    runs: list[_Run] = []
    while True:
        blanks = _skip_spaces(text, at)
        found = _BREAK.match(text, min(blanks, at + indent))
        if found is None:
            return runs, at
        runs.append(_Run("\n", found.start(), found.end(), written=False))
        at = found.end()
