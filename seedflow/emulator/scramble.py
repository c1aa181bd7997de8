"""Damage to bytes that nobody foresaw: one to three changes of any kind at any place, all drawn by one lot."""

from __future__ import annotations

import random
from collections.abc import Callable

_MOST_CHANGES = 3
_LONGEST = 24


def scramble(data: bytes, lot: str) -> bytes:
    """Other bytes, or by a rare chance the same; a function of its arguments alone."""
    lots = random.Random(lot)  # noqa: S311 - repeatable by intention, nothing secret
    for _ in range(lots.randint(1, _MOST_CHANGES)):
        if data:
            data = lots.choice(_CHANGES)(data, lots)
    return data


def _flip(data: bytes, lots: random.Random) -> bytes:
    place = lots.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << lots.randrange(8)]) + data[place + 1 :]


def _replace(data: bytes, lots: random.Random) -> bytes:
    start, stop = _choose_span(data, lots)
    return data[:start] + lots.randbytes(stop - start) + data[stop:]


def _remove(data: bytes, lots: random.Random) -> bytes:
    start, stop = _choose_span(data, lots)
    return data[:start] + data[stop:]


def _insert(data: bytes, lots: random.Random) -> bytes:
    place = lots.randrange(len(data) + 1)
    return data[:place] + lots.randbytes(lots.randint(1, _LONGEST)) + data[place:]


def _repeat(data: bytes, lots: random.Random) -> bytes:
    start, stop = _choose_span(data, lots)
    return data[:stop] + data[start:stop] + data[stop:]


def _blank(data: bytes, lots: random.Random) -> bytes:
    start, stop = _choose_span(data, lots)
    return data[:start] + bytes(stop - start) + data[stop:]


def _swap_case(data: bytes, lots: random.Random) -> bytes:
    start, stop = _choose_span(data, lots)
    return data[:start] + data[start:stop].swapcase() + data[stop:]


def _change_digit(data: bytes, lots: random.Random) -> bytes:
    places = [place for place, value in enumerate(data) if 0x30 <= value <= 0x39]
    if not places:
        return _flip(data, lots)
    place = lots.choice(places)
    return data[:place] + str(lots.randrange(10)).encode() + data[place + 1 :]


def _cut(data: bytes, lots: random.Random) -> bytes:
    return data[: lots.randrange(len(data))]


def _double(data: bytes, lots: random.Random) -> bytes:  # noqa: ARG001 - one signature for all
    return data + data


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _replace,
    _remove,
    _insert,
    _repeat,
    _blank,
    _swap_case,
    _change_digit,
    _cut,
    _double,
)


def _choose_span(data: bytes, lots: random.Random) -> tuple[int, int]:
    start = lots.randrange(len(data))
    return start, min(len(data), start + lots.randint(1, _LONGEST))
