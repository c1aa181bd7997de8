"""What probes found, as it is written down: whole, by account, and only as long as it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from seedflow.providers.endpoint_record import (
    EndpointRecord,
    WatchedUrl,
    find_account_key,
    read_record,
    write_record,
)
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.secrets import Secret
from seedflow.providers.wire_facts import NOTHING_KNOWN, WireFacts

DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
RECORD = EndpointRecord(
    round=2,
    begun_on="2026-11-25",
    data_uris=True,
    data_accepted_bytes=4_000_000,
    data_refused_bytes=6_000_000,
    data_on="2026-11-25",
    log_recovers=False,
    log_said="no entry",
    log_on="2026-11-25",
    log_gateway="default",
    billed_usd=0.04,
    urls=(WatchedUrl("https://a.example/1", NOON, alive_s=600.0, dead_s=4000.0),),
)
OPTIONS = CloudflareOptions("0123456789abcdef", Secret("t"))


def test_what_is_written_is_read_and_others_stay():
    file = write_record({}, "mine", "model-a", RECORD)
    file = write_record(file, "mine", "model-b", EndpointRecord())
    file = write_record(file, "theirs", "model-a", EndpointRecord(data_uris=False))
    assert read_record(file, "mine", "model-a") == RECORD
    assert read_record(file, "theirs", "model-a").data_uris is False
    assert read_record(file, "nobody", "model-a") == EndpointRecord()


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"seedflow_endpoint": 2, "accounts": {"mine": {"model": {"data_uris": True}}}},
        {"seedflow_endpoint": 1, "accounts": []},
        {"seedflow_endpoint": 1, "accounts": {"mine": {"model": {"data_uris": "yes"}}}},
        {"seedflow_endpoint": 1, "accounts": {"mine": {"model": {"data_on": "soon"}}}},
        {"seedflow_endpoint": 1, "accounts": {"mine": {"model": {"urls": [{"url": 1}]}}}},
    ],
)
def test_what_we_did_not_write_is_nothing_known(file):
    assert read_record(file, "mine", "model") == EndpointRecord()


def test_accounts_are_told_apart_and_none_is_named():
    keys = {
        find_account_key(OPTIONS),
        find_account_key(replace(OPTIONS, account_id="fedcba9876543210")),
        find_account_key(replace(OPTIONS, base_url=parse_base_url("http://127.0.0.1:1/client/v4"))),
        find_account_key(replace(OPTIONS, base_url=parse_base_url("http://127.0.0.1:2/client/v4"))),
    }
    assert len(keys) == 4
    assert not any(OPTIONS.account_id in key for key in keys)


def test_facts_count_for_a_month_and_for_one_gateway():
    facts = RECORD.find_facts("default", DAY)
    assert facts == WireFacts(
        data_uris=True,
        data_accepted_bytes=4_000_000,
        data_refused_bytes=6_000_000,
        data_on=DAY,
        urls_alive_s=600.0,
        urls_dead_s=4000.0,
        log_recovers=False,
        log_on=DAY,
    )
    assert RECORD.find_facts("another", DAY).log_recovers is None
    assert RECORD.find_facts("default", date(2026, 12, 25)).data_uris is True
    assert RECORD.find_facts("default", date(2026, 12, 27)) == NOTHING_KNOWN
    assert (
        RECORD.find_facts("default", date(2026, 11, 24)).data_uris is None
    )  # found tomorrow: a clock is wrong


def test_of_several_urls_the_first_death_counts():
    urls = (
        WatchedUrl("https://a.example/1", NOON, alive_s=5000.0),
        WatchedUrl("https://a.example/2", NOON, alive_s=200.0, dead_s=900.0),
        WatchedUrl("https://a.example/3", NOON, alive_s=100.0, dead_s=1000.0),
    )
    facts = replace(RECORD, urls=urls).find_facts("default", DAY)
    assert (facts.urls_alive_s, facts.urls_dead_s) == (200.0, 900.0)


def test_few_urls_are_watched_each_once():
    record = EndpointRecord()
    for number in range(12):
        record = replace(record, urls=record.watch(WatchedUrl(f"https://a.example/{number}", NOON)))
    record = replace(record, urls=record.watch(WatchedUrl("https://a.example/11", NOON, alive_s=5.0)))
    assert len(record.urls) == 8
    assert record.urls[-1].alive_s == 5.0
