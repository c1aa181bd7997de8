"""The gateway's log: what became of each call, with its answer, found by what its metadata held.

As observed on the real endpoint: `filters` is one JSON list in one query parameter (bracketed forms are ignored without a
word), `value` is a list even for one value, `eq` compares whole values, `metadata.key` and `metadata.value` are judged
apart from each other, and a page holds at most 50 entries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from seedflow.emulator.envelope import ApiError, invalid_parameter
from seedflow.emulator.metadata import Caller
from seedflow.money import to_json_usd

MAX_PER_PAGE = 50
DEFAULT_PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One call. `visible_at_s` is on the clock that the log was given; `created_at` is wall time in UTC."""

    id: str
    gateway: str
    caller: Caller
    model: str
    status: int
    success: bool
    cost_usd: Decimal
    cached: bool
    duration_ms: int
    response: bytes
    response_type: str
    created_at: datetime
    visible_at_s: float

    def to_json(self) -> dict[str, object]:
        """The entry as the list shows it; `metadata` is JSON in text, as documented."""
        return {
            "id": self.id,
            "created_at": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "provider": self.model.partition("/")[0],
            "model": self.model,
            "model_type": "image",
            "path": "ai/run",
            "request_type": "",
            "request_content_type": "application/json",
            "response_content_type": self.response_type,
            "status_code": self.status,
            "success": self.success,
            "cached": self.cached,
            "cost": to_json_usd(self.cost_usd),
            "custom_cost": False,
            "duration": self.duration_ms,
            "step": 0,
            "tokens_in": 0,
            "tokens_out": 0,
            "metadata": json.dumps(dict(self.caller.entries), separators=(",", ":")),
        }


class GatewayLog:
    """All entries, oldest first."""

    def __init__(self, clock: Callable[[], float], delay_s: float) -> None:
        self._clock = clock
        self._delay_s = delay_s
        self._entries: list[LogEntry] = []
        self._count = 0

    def add(
        self,
        *,
        gateway: str,
        caller: Caller,
        model: str,
        status: int,
        success: bool,
        cost_usd: Decimal,
        cached: bool,
        duration_s: float,
        response: bytes,
        response_type: str,
    ) -> str:
        """Write one entry; returns its id."""
        self._count += 1
        entry = LogEntry(
            id=f"01EMULATED{self._count:016d}",
            gateway=gateway,
            caller=caller,
            model=model,
            status=status,
            success=success,
            cost_usd=cost_usd,
            cached=cached,
            duration_ms=round(duration_s * 1000),
            response=response,
            response_type=response_type,
            created_at=datetime.now(UTC),
            visible_at_s=self._clock() + self._delay_s,
        )
        self._entries.append(entry)
        return entry.id

    def find(self, gateway: str, entry_id: str) -> LogEntry | None:
        """The entry of an id, once it shows."""
        now_s = self._clock()
        for entry in reversed(self._entries):
            if entry.id == entry_id and entry.gateway == gateway and entry.visible_at_s <= now_s:
                return entry
        return None

    def list(
        self, gateway: str, query: Mapping[str, str]
    ) -> tuple[list[dict[str, object]], dict[str, object]]:
        """One page of entries and its `result_info`; newest first unless `order_by_direction` says `asc`.

        Raises:
            ApiError: a parameter is not what the API documents.
        """
        page = _read_whole(query, "page", 1, None)
        per_page = _read_whole(query, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE)
        direction = query.get("order_by_direction", "desc")
        if direction not in {"asc", "desc"}:
            raise invalid_parameter("order_by_direction", "Invalid enum value. Expected 'asc' | 'desc'")
        filters = _read_filters(query.get("filters"))
        now_s = self._clock()
        found = [
            entry
            for entry in self._entries
            if entry.gateway == gateway
            and entry.visible_at_s <= now_s
            and all(fits(entry) for fits in filters)
        ]
        if direction == "desc":
            found.reverse()
        shown = [entry.to_json() for entry in found[(page - 1) * per_page : page * per_page]]
        info: dict[str, object] = {
            "count": len(shown),
            "page": page,
            "per_page": per_page,
            "total_count": len(found),
        }
        return shown, info

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()


def _read_whole(query: Mapping[str, str], name: str, default: int, maximum: int | None) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) < 1:
        raise invalid_parameter(name, "Expected number greater than or equal to 1")
    if maximum is not None and int(text) > maximum:
        raise invalid_parameter(name, f"Number must be less than or equal to {maximum}")
    return int(text)


_Test = Callable[[LogEntry], bool]
_Compare = Callable[[Any, Any], bool]

_OPERATORS: Mapping[str, _Compare] = {
    "eq": lambda found, wanted: bool(found == wanted),
    "neq": lambda found, wanted: bool(found != wanted),
    "contains": lambda found, wanted: str(wanted) in str(found),
    "lt": lambda found, wanted: _is_number(found) and _is_number(wanted) and found < wanted,
    "gt": lambda found, wanted: _is_number(found) and _is_number(wanted) and found > wanted,
}

_FIELDS: Mapping[str, Callable[[LogEntry], Sequence[object]]] = {
    "id": lambda entry: [entry.id],
    "success": lambda entry: [entry.success],
    "cached": lambda entry: [entry.cached],
    "provider": lambda entry: [entry.model.partition("/")[0]],
    "model": lambda entry: [entry.model],
    "cost": lambda entry: [to_json_usd(entry.cost_usd)],
    "duration": lambda entry: [entry.duration_ms],
    "metadata.key": lambda entry: list(entry.caller.entries),
    "metadata.value": lambda entry: list(entry.caller.entries.values()),
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_filters(text: str | None) -> list[_Test]:
    if text is None:
        return []
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid_parameter("filters", "Expected array, received string") from None
    if not isinstance(given, list):
        raise invalid_parameter("filters", "Expected array")
    return [_build_filter(place, item) for place, item in enumerate(given)]


def _build_filter(place: int, item: object) -> _Test:
    if not isinstance(item, dict):
        raise invalid_parameter(f"filters.{place}", "Expected object")
    get_values = _pick(place, item, "key", _FIELDS)
    compare = _pick(place, item, "operator", _OPERATORS)
    wanted = item.get("value")
    if not isinstance(wanted, list):
        raise invalid_parameter(f"filters.{place}.value", f"Expected array, received {type(wanted).__name__}")
    if item["operator"] == "neq":
        return lambda entry: all(compare(found, one) for found in get_values(entry) for one in wanted)
    return lambda entry: any(compare(found, one) for found in get_values(entry) for one in wanted)


_T = TypeVar("_T")


def _pick(place: int, item: Mapping[str, object], name: str, choices: Mapping[str, _T]) -> _T:
    chosen = item.get(name)
    if not isinstance(chosen, str) or chosen not in choices:
        expected = " | ".join(f"'{choice}'" for choice in choices)
        raise invalid_parameter(f"filters.{place}.{name}", f"Invalid enum value. Expected {expected}")
    return choices[chosen]


def not_found() -> ApiError:
    """No entry of that id in that gateway."""
    return ApiError(404, 7002, "Log not found")


def switched_off() -> ApiError:
    """What an account without the permission, or without a log, is answered."""
    return ApiError(403, 10000, "Authentication error")
