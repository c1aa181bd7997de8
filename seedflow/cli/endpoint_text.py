"""What probes found out about an endpoint, as rows for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from seedflow.pipeline.endpoint import find_today, load_record
from seedflow.pipeline.session import Session
from seedflow.providers.endpoint_record import EndpointRecord

NOT_KNOWN = "not known; seedflow doctor --probe finds out, for money"


def find_record(session: Session) -> EndpointRecord | None:
    """What is known of the default model for the account that would pay; None where nobody would.

    Raises:
        SeedflowError: what is written cannot be read, or the settings do not say who would be asked.
    """
    if session.settings.cloudflare is None or not session.provider.paid:
        return None
    return load_record(session, session.catalog.default_id)


def list_rows(record: EndpointRecord) -> Iterator[tuple[str, str]]:
    """Label and text of each fact."""
    today = find_today()
    yield "data URIs", _spell_data(record) + _spell_day(record.data_on)
    yield "URLs of answers", _spell_urls(record)
    yield "lost answers", _spell_log(record) + _spell_day(record.log_on)
    if record.billed_usd is not None:
        refused = "" if record.refused_usd is None else f", a refused one ${record.refused_usd:g}"
        yield "billed", f"${record.billed_usd:g} for an answered call{refused}, says the log"
    if record.begun_on is not None and not record.is_fresh(record.begun_on, today):
        yield "age", "found more than 30 days ago, so none of it is relied on any more"


def describe_record(record: EndpointRecord | None, session: Session) -> dict[str, object] | None:
    """The same as plain data; URLs are left out, since they open pictures."""
    if record is None:
        return None
    facts = record.find_facts(session.settings.gateway, find_today())
    return {
        "model": session.catalog.default_id,
        "begun_on": record.begun_on,
        "data_uris": facts.data_uris,
        "data_accepted_bytes": facts.data_accepted_bytes,
        "data_refused_bytes": facts.data_refused_bytes,
        "data_on": None if facts.data_on is None else facts.data_on.isoformat(),
        "urls_alive_s": facts.urls_alive_s,
        "urls_dead_s": facts.urls_dead_s,
        "log_recovers": facts.log_recovers,
        "log_said": record.log_said if facts.log_on is not None else None,
        "log_on": None if facts.log_on is None else facts.log_on.isoformat(),
        "billed_usd": record.billed_usd,
        "refused_usd": record.refused_usd,
    }


def _spell_day(on: str | None) -> str:
    return "" if on is None else f" ({on})"


def _spell_data(record: EndpointRecord) -> str:
    if record.data_uris is None:
        return NOT_KNOWN
    if not record.data_uris:
        return "refused"
    accepted = f"accepted up to {_spell_bytes(record.data_accepted_bytes or 0)}"
    if record.data_refused_bytes is None:
        return f"{accepted}" + ("" if record.data_on else "; larger ones were not asked yet")
    return f"{accepted}, refused from {_spell_bytes(record.data_refused_bytes)}"


def _spell_urls(record: EndpointRecord) -> str:
    dead = [url.dead_s for url in record.urls if url.dead_s is not None]
    alive = [url.alive_s for url in record.urls if url.alive_s is not None]
    if not dead and not alive:
        return NOT_KNOWN
    parts = [f"alive after {_spell_s(max(alive))}"] if alive else []
    parts += (
        [f"dead after {_spell_s(min(dead))}"] if dead else ["run --probe again later to see when they die"]
    )
    newest = datetime.fromtimestamp(record.urls[-1].answered_at).astimezone()
    return f"{'; '.join(parts)} ({newest:%Y-%m-%d})"


def _spell_log(record: EndpointRecord) -> str:
    if record.log_recovers is None:
        return NOT_KNOWN if record.log_on is None else "not known"
    if record.log_recovers:
        return f"given back by the log of gateway {record.log_gateway}"
    return (
        f"not given back by the log of gateway {record.log_gateway}: {record.log_said or 'no answer in it'}"
    )


def _spell_bytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1e3:.0f} kB"


def _spell_s(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
