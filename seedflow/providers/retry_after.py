"""How long a server asks to be left alone: `Retry-After`, in both forms that HTTP knows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from seedflow.errors import UNREADABLE_ERRORS


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header in either form: a number, or a date.

    Never cut: somebody who will not wait that long has to be told how long it is.

    Args:
        value: the header, or None.
        now: the server's own `Date` where it sent one, so that a wrong clock here does no harm.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        return float(text)
    until = parse_http_date(text)
    if until is None:
        return None
    return max((until - now).total_seconds(), 0.0)


def parse_http_date(value: str | None) -> datetime | None:
    """A date as HTTP writes it, in UTC; None for anything else."""
    if value is None:
        return None
    try:
        found = parsedate_to_datetime(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except UNREADABLE_ERRORS:
        return None
