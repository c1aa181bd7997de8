"""What was found out about the endpoint of this session's account: for runs, and for people."""

from __future__ import annotations

from datetime import UTC, date, datetime

from seedflow.errors import UsageError
from seedflow.pipeline.session import Session
from seedflow.providers.endpoint_record import EndpointRecord, find_account_key, read_record, write_record
from seedflow.providers.options import CloudflareOptions
from seedflow.providers.wire_facts import WireFacts
from seedflow.store.endpoint_file import load_endpoint_file, save_endpoint_file


def find_today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def load_record(session: Session, model: str) -> EndpointRecord:
    """What is written of the session's account and a model; nothing without an account.

    Raises:
        StoreError: the file cannot be read.
        UsageError: the settings have errors.
    """
    options = session.settings.cloudflare
    if options is None:
        return EndpointRecord()
    file = load_endpoint_file(session.settings.state_folder)
    return read_record(file, find_account_key(options), model)


def save_record(session: Session, options: CloudflareOptions, model: str, record: EndpointRecord) -> None:
    """Write it down, beside what is known of other accounts and models.

    Raises:
        StoreError: the disk does not take it.
    """
    root = session.settings.state_folder
    file = write_record(load_endpoint_file(root), find_account_key(options), model, record)
    save_endpoint_file(root, file)


def load_facts(session: Session, models: frozenset[str]) -> dict[str, WireFacts]:
    """What counts today, for the models of a run with a provider that is paid.

    Raises:
        StoreError: the file cannot be read.
        UsageError: the settings have errors.
    """
    try:
        paid = session.provider.paid
    except UsageError:
        return {}
    if not paid:
        return {}
    gateway, today = session.settings.gateway, find_today()
    return {model: load_record(session, model).find_facts(gateway, today) for model in models}
