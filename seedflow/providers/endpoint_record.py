"""What probes of one account and model found, as it is written down, and what of it still counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from seedflow.providers.options import CloudflareOptions
from seedflow.providers.wire_facts import WireFacts

FORMAT: Final = 1
FRESH_FOR: Final = timedelta(days=30)
_WATCHED_AT_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class WatchedUrl:
    """A URL of an answer. `alive_s`: how old it was when last seen alive; `dead_s`: when first found dead."""

    url: str
    answered_at: float
    alive_s: float | None = None
    dead_s: float | None = None


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """Everything found so far.

    Attributes:
        round: how often it was begun from nothing; part of what is asked, so that a new round asks anew.
        begun_on: when this round was begun, an ISO date.
        data_uris: whether a reference may come as a data URI.
        data_accepted_bytes, data_refused_bytes: the largest picture accepted so, the smallest refused.
        data_on: when that was settled, an ISO date; None while it is open.
        log_recovers: whether the gateway's log gave an answer back.
        log_said: why not.
        log_on: when that was settled.
        log_gateway: which gateway's.
        billed_usd, refused_usd: what the log says that a call cost that was answered, and one that was refused.
        answered_intent, refused_intent: calls of this round that were answered and refused, to look up in the log.
        urls: URLs that are watched, oldest first.
    """

    round: int = 1
    begun_on: str | None = None
    data_uris: bool | None = None
    data_accepted_bytes: int | None = None
    data_refused_bytes: int | None = None
    data_on: str | None = None
    log_recovers: bool | None = None
    log_said: str | None = None
    log_on: str | None = None
    log_gateway: str | None = None
    billed_usd: float | None = None
    refused_usd: float | None = None
    answered_intent: str | None = None
    refused_intent: str | None = None
    urls: tuple[WatchedUrl, ...] = field(default_factory=tuple)

    def to_json(self) -> dict[str, object]:
        """As it is written down."""
        return asdict(self)

    def watch(self, url: WatchedUrl) -> tuple[WatchedUrl, ...]:
        """The watched URLs with one more, or with what is new of one."""
        others = [known for known in self.urls if known.url != url.url]
        return (*others, url)[-_WATCHED_AT_MOST:]

    def is_fresh(self, on: str | None, today: date) -> bool:
        """Whether what was settled on a day still counts."""
        return on is not None and timedelta(0) <= today - _read_date(on) <= FRESH_FOR

    def find_facts(self, gateway: str | None, today: date) -> WireFacts:
        """What of it counts today, for calls through this gateway."""
        data = self.is_fresh(self.data_on, today)
        log = self.is_fresh(self.log_on, today) and self.log_gateway == gateway
        since = datetime.combine(today - FRESH_FOR, datetime.min.time(), UTC).timestamp()
        watched = [url for url in self.urls if url.answered_at >= since]
        dead = [url.dead_s for url in watched if url.dead_s is not None]
        shortest = min(dead, default=None)
        alive = [
            url.alive_s
            for url in watched
            if url.alive_s is not None and (shortest is None or url.alive_s < shortest)
        ]
        return WireFacts(
            data_uris=self.data_uris if data else None,
            data_accepted_bytes=self.data_accepted_bytes if data else None,
            data_refused_bytes=self.data_refused_bytes if data else None,
            data_on=_read_date(self.data_on) if data and self.data_on else None,
            urls_alive_s=max(alive, default=None),
            urls_dead_s=shortest,
            log_recovers=self.log_recovers if log else None,
            log_on=_read_date(self.log_on) if log and self.log_on else None,
        )


def find_account_key(options: CloudflareOptions) -> str:
    """What an account is called in the file: it tells accounts apart and names none."""
    told = f"{options.base_url.realm}\n{options.base_url.url}\n{options.account_id}"
    return f"{options.base_url.realm}:{sha256(told.encode()).hexdigest()[:16]}"


def read_record(file: Mapping[str, object], account: str, model: str) -> EndpointRecord:
    """What a file says of one account and model; nothing where it says nothing, or what we do not write."""
    found: Any = file
    if found.get("seedflow_endpoint") != FORMAT:
        return EndpointRecord()
    for name in ("accounts", account, model):
        found = found.get(name)
        if not isinstance(found, dict):
            return EndpointRecord()
    try:
        return _read(found)
    except (TypeError, ValueError, KeyError):
        return EndpointRecord()


def write_record(
    file: Mapping[str, object], account: str, model: str, record: EndpointRecord
) -> dict[str, object]:
    """The file with one record anew; what it says of others stays."""
    accounts = file.get("accounts") if file.get("seedflow_endpoint") == FORMAT else None
    known = dict(accounts) if isinstance(accounts, dict) else {}
    models = known.get(account)
    known[account] = {**(models if isinstance(models, dict) else {}), model: record.to_json()}
    return {"seedflow_endpoint": FORMAT, "accounts": known}


def _read(found: Mapping[str, Any]) -> EndpointRecord:
    given = {item.name: found[item.name] for item in fields(EndpointRecord) if item.name in found}
    given["urls"] = tuple(
        WatchedUrl(
            str(url["url"]), float(url["answered_at"]), _number(url["alive_s"]), _number(url["dead_s"])
        )
        for url in given.get("urls", ())
    )
    for name in ("data_accepted_bytes", "data_refused_bytes"):
        if given.get(name) is not None:
            given[name] = int(given[name])
    for name in ("data_on", "log_on", "begun_on"):
        if given.get(name) is not None:
            given[name] = _read_date(given[name]).isoformat()
    for name in ("data_uris", "log_recovers"):
        if given.get(name) not in {True, False, None}:
            raise ValueError(name)
    for name in ("billed_usd", "refused_usd"):
        given[name] = _number(given.get(name))
    given["round"] = int(given.get("round", 1))
    for name in ("log_said", "log_gateway", "answered_intent", "refused_intent"):
        given[name] = None if given.get(name) is None else str(given[name])
    return EndpointRecord(**given)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _read_date(text: str) -> date:
    return date.fromisoformat(text)
