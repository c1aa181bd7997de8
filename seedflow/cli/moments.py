"""Moments as people write and read them, in UTC: so are the days of budgets and the ids of runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d{1,6})(min|[mhdw])")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_OUT_OF_TIME = "a time that no calendar has"


class Since(click.ParamType[float]):
    """`2026-11-25`, `2026-11-25T18:30`, `90min`, `2h`, `3d`, `1w`: Unix seconds."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click wants it."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        ago = _AGO.fullmatch(text)
        try:
            if ago is not None:
                moment = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            else:
                moment = datetime.fromisoformat(text)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.timestamp()
        except (ValueError, OverflowError):
            self.fail(
                f"found `{text}`, expected a day (2026-11-25), a time (2026-11-25T18:30, UTC) or an age (2h, 3d)",
                param,
                ctx,
            )


def spell_moment(seconds: float) -> str:
    """`2026-11-25 18:30:07`, whatever the clock said."""
    moment = _to_moment(seconds)
    return _OUT_OF_TIME if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def to_json_moment(seconds: float | None) -> str | None:
    """`2026-11-25T18:30:00.000Z`."""
    moment = None if seconds is None else _to_moment(seconds)
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
