"""The host in the URL of an image: whether anybody could look it up at all."""

from __future__ import annotations

from typing import Final

_LONGEST_HOST: Final = 253
_LONGEST_PART: Final = 63


def find_host_problem(host: str) -> str | None:
    """Why a host cannot be looked up, whoever is asked; None if it can, or is an address. Without brackets and port.

    Looking such a host up does not fail as other names do: what is asked to do so breaks before it asks anybody.
    """
    name = host.removesuffix(".")
    if len(name) > _LONGEST_HOST:
        return f"its host has more than {_LONGEST_HOST} characters"
    parts = name.split(".")
    if not all(parts):
        return "its host has a dot with nothing before or behind it"
    if max(map(len, parts)) > _LONGEST_PART:
        return f"its host has a part of more than {_LONGEST_PART} characters"
    try:
        name.encode("idna")
    except UnicodeError:
        return "its host has characters that no name has"
    return None
