"""Where a value stands in the text of a JSON file, so that a flaw can be shown at its place; and what Python takes for JSON that is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|-?Infinity|NaN', re.DOTALL)

Place = tuple[int, int]


def find_place(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """The offsets of what `path` leads to: its key, or the value where a list holds it; of the whole for an empty path.

    Where the path ends early (something is missing there), it is the place of what should have held it.

    Args:
        text: JSON that can be read.
        path: keys and numbers, from the outermost value inwards.
    """
    at = _skip(text, 0)
    place = at, at + 1
    for step in path:
        found = _find_member(text, at, step)
        if found is None:
            break
        place, at = found
    return place


def find_repeated(text: str) -> Iterator[tuple[Place, Place]]:
    """Every key that its object has already, as the places of the first one and of this one."""
    opened: list[dict[str, Place] | None] = []
    last: Place | None = None
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            opened.append({} if mark == "{" else None)
        elif mark in "}]":
            opened.pop()
        elif mark == ":" and last is not None and opened and (keys := opened[-1]) is not None:
            name = str(json.loads(text[last[0] : last[1]]))
            if name in keys:
                yield keys[name], last
            keys.setdefault(name, last)
        last = token.span() if mark.startswith('"') else None


def find_constants(text: str) -> Iterator[Place]:
    """The places of `NaN` and `Infinity`, which Python reads and JSON does not have."""
    return (token.span() for token in _TOKEN.finditer(text) if token.group()[-1] in "yN")


def _find_member(text: str, at: int, step: str | int) -> tuple[tuple[int, int], int] | None:
    """The place of a member of the object or list that begins at an offset, and where its value begins."""
    opened = text[at : at + 1]
    if opened not in "{[" or not opened:
        return None
    at = _skip(text, at + 1)
    number = 0
    while text[at] not in "}]":
        start, key = at, number if opened == "[" else None
        if opened == "{":
            key, at = _DECODER.raw_decode(text, at)
            end = at
            at = _skip(text, _skip(text, at) + 1)
        value_at = at
        _, at = _DECODER.raw_decode(text, at)
        if key == step:
            return (start, end if opened == "{" else at), value_at
        at, number = _skip(text, at), number + 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return None


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()
