"""Where a value stands in the text of a JSON file, so that a flaw can be shown at its place."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


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
