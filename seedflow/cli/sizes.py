"""Bytes, ages and counts as people read and write them."""

from __future__ import annotations

import re
from typing import Final

import click

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")
_DAYS: Final = {"d": 1, "w": 7, "y": 365}
_AGE: Final = re.compile(r"([0-9]{1,5})([dwy])")
DAY_S: Final = 86_400.0


def spell_bytes(size: int) -> str:
    """`812 bytes`, `8.3 MB`."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    amount, unit = float(size), 0
    while amount >= 999.95 and unit < len(_UNITS) - 1:
        amount /= 1000
        unit += 1
    return f"{amount:,.1f} {_UNITS[unit]}"


def spell_many(count: int, one: str) -> str:
    """`1 picture`, `1,200 pictures`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


class Age(click.ParamType[float]):
    """An age such as `90d`, `12w` or `1y`, in seconds."""

    name = "AGE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click calls it."""
        found = _AGE.fullmatch(str(value).strip())
        if found is None:
            self.fail(
                f"`{value}` is not an age of at most 99999d; write days, weeks or years, such as 90d, 12w, 1y",
                param,
                ctx,
            )
        return int(found[1]) * _DAYS[found[2]] * DAY_S
