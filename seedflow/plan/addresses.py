"""Keys and addresses as text: how they are put together, cut and told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

Keys: TypeAlias = "tuple[tuple[str, str], ...]"
"""Variables of `for_each` with their keys, in written order."""

Wanted: TypeAlias = "Mapping[str, str | None]"
"""The key that each variable should have; None while it is not known."""

_VAGUE: Final = frozenset("?~")
"""In keys that stand for others, and in long ones, which may be cut before that shows."""

_LONGEST_KEY = 80
_KEPT_OF_A_KEY = 70


def may_match(keys: Iterable[tuple[str, str]], wanted: Wanted) -> bool:
    """Whether something with these keys may be what is wanted."""
    return all(wanted.get(name) in (None, key) or is_vague(key) for name, key in keys)


def is_vague(key: str) -> bool:
    """Whether a key may stand for others."""
    return not _VAGUE.isdisjoint(key)


def shorten_key(key: str) -> str:
    """A key that was put together, cut where it is too long for a file's name, with a digest of the whole."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_KEPT_OF_A_KEY].rstrip('-.')}~{hashlib.sha256(key.encode()).hexdigest()[:6]}"


def spell_address(hub: str, keys: Sequence[tuple[str, str]]) -> str:
    """`page[scene=asleep]`, or the hub itself without keys."""
    return f"{hub}[{','.join(f'{name}={key}' for name, key in keys)}]" if keys else hub
