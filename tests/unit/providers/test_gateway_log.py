"""Lost answers: what the gateway's log proves, and what it does not."""

from __future__ import annotations

import asyncio
import json
import time
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from seedflow.errors import ProviderError
from seedflow.providers.base import Answer, NotBilled, Recovered, StillUnknown
from seedflow.providers.gateway_log import read_entry
from seedflow.providers.metadata import build_metadata, read_metadata, read_sent_ms

INTENT = "intent-1"
ANSWER = b'{"success": true, "errors": [], "result": {"state": "Completed", "result": {"images": ["https://e.com/a.jpg"]}}}'
LONG_AGO = 1_700_000_000.0


def entry(
    number: int = 1, *, sent_ms: int | None = 1_700_000_000_500, intent: str = INTENT, **fields: object
) -> dict[str, object]:
    run = "run-1" if sent_ms is None else f"run-1/{sent_ms}"
    metadata = json.dumps({"run": run, "task": "page", "take": 1, "attempt": 1, "intent": intent})
    created = f"2026-01-01T00:00:{number:02d}Z"
    return {
        "id": f"log-{number}",
        "success": True,
        "cost": 0.04,
        "created_at": created,
        "metadata": metadata,
        **fields,
    }


def failed(number: int = 1, **fields: object) -> dict[str, object]:
    return entry(number, **{"success": False, "cost": 0, "status_code": 500, **fields})


class Log:
    """A gateway's log that answers what it is told to."""

    def __init__(
        self, *entries: dict[str, object], answers: dict[str, bytes] | None = None, status: int = 200
    ) -> None:
        self.entries = list(entries)
        self.answers = answers or {}
        self.status = status
        self.requests: list[str] = []
        self.listing: object = None

    async def __call__(self, exchange) -> None:
        await exchange.read_head()
        target = exchange.request_line.split()[1]
        self.requests.append(target)
        path = urlsplit(target).path.removeprefix(
            "/client/v4/accounts/account-1/ai-gateway/gateways/default/logs"
        )
        if self.status != 200:
            await exchange.answer(
                self.status, b'{"success": false, "errors": [{"code": 10000, "message": "no"}]}'
            )
        elif path == "":
            listing = {"success": True, "result": self.entries} if self.listing is None else self.listing
            await exchange.answer(
                200, listing if isinstance(listing, bytes) else json.dumps(listing).encode()
            )
        elif path.endswith("/response"):
            found = self.answers.get(path.split("/")[1])
            await (exchange.answer(404, b"{}") if found is None else exchange.answer(200, found))
        else:
            (found,) = [one for one in self.entries if one["id"] == path.strip("/")]
            detail = {**found, "metadata": found.get("detail")}
            await exchange.answer(200, json.dumps({"success": True, "result": detail}).encode())


@pytest.fixture(name="ask")
def provide_ask(serve, open_provider):
    async def ask(log: Log, sent_at: float = LONG_AGO, **options):
        async with serve(log) as server, open_provider(server.base_url, **options) as provider:
            return await provider.reconcile(INTENT, sent_at)

    return ask


async def test_query_is_the_documented_one(serve, open_provider, token):
    log = Log()
    async with serve(log) as server, open_provider(server.base_url) as provider:
        await provider.reconcile(INTENT, LONG_AGO)
        (exchange,) = server.exchanges
    assert exchange.header("Authorization") == f"Bearer {token}"
    query = parse_qs(urlsplit(log.requests[0]).query)
    assert json.loads(query["filters"][0]) == [{"key": "metadata.value", "operator": "eq", "value": [INTENT]}]
    assert query["per_page"] == ["50"]


async def test_answer_is_recovered(ask):
    assert await ask(Log(entry(), answers={"log-1": ANSWER})) == Recovered(Answer(ANSWER))


async def test_cached_answer_is_free(ask):
    found = await ask(Log(entry(cached=True, cost=0), answers={"log-1": ANSWER}))
    assert found == Recovered(Answer(ANSWER, free=True))


@pytest.mark.parametrize(
    "stored",
    [
        ANSWER,
        json.dumps({"success": True, "result": json.loads(ANSWER)}).encode(),
        json.dumps({"success": True, "result": ANSWER.decode()}).encode(),
        b'{"images": ["https://e.com/a.jpg"]}',
    ],
)
async def test_stored_answer_in_any_wrapping(serve, open_provider, stored):
    async with (
        serve(Log(entry(), answers={"log-1": stored})) as server,
        open_provider(server.base_url) as provider,
    ):
        found = await provider.reconcile(INTENT, LONG_AGO)
        assert isinstance(found, Recovered)
        assert provider.read_answer(found.answer.raw) == {"images": ["https://e.com/a.jpg"]}


async def test_failure_at_no_cost_is_not_billed(ask):
    found = await ask(Log(failed()))
    assert isinstance(found, NotBilled)
    assert "HTTP 500" in found.message


@pytest.mark.parametrize("cost", [0.04, None, "", "unknown"])
async def test_failure_that_may_have_cost_something_stays_unknown(ask, cost):
    assert isinstance(await ask(Log(failed(cost=cost))), StillUnknown)


async def test_success_among_failures_is_recovered(ask):
    log = Log(failed(1), entry(2), failed(3), answers={"log-2": ANSWER})
    assert await ask(log) == Recovered(Answer(ANSWER))


async def test_newest_of_several_successes_is_recovered(ask):
    newer = ANSWER.replace(b"a.jpg", b"b.jpg")
    log = Log(entry(1), entry(2), answers={"log-1": ANSWER, "log-2": newer})
    assert await ask(log) == Recovered(Answer(newer))


@pytest.mark.parametrize(
    ("costs", "known"),
    [
        ((0.04,), "0.04"),
        ((0.04, 0.02), "0.06"),
        ((0.04, None), None),
        ((None,), None),
        ((float("inf"),), None),
        ((1e300,), None),
        ((1e308, 1e308), None),
        ((9e3, 9e3), None),
        ((-1.0,), None),
        ((10**400,), None),
        (("1e999",), None),
        (("nan",), None),
        ((9_000.0,), "9000.0"),
        ((0.1, 0.2), "0.3"),
        ((1e-12,), "0.000001"),
    ],
)
async def test_what_a_failed_call_cost_is_told_where_each_entry_says_it(ask, costs, known) -> None:
    found = await ask(Log(*(failed(number, cost=cost) for number, cost in enumerate(costs, 1))))
    assert isinstance(found, StillUnknown)
    assert found.cost_usd == (None if known is None else Decimal(known))


async def test_failures_with_one_of_unknown_cost_stay_unknown(ask):
    assert isinstance(await ask(Log(failed(1), failed(2, cost=0.01))), StillUnknown)


async def test_entry_of_an_earlier_sending_proves_nothing(ask):
    """The same intent was sent, failed at no cost, was sent again, and the second entry is still to come."""
    earlier = failed(sent_ms=int(LONG_AGO * 1000) - 1)
    found = await ask(Log(earlier))
    assert isinstance(found, StillUnknown)
    assert isinstance(await ask(Log(earlier, failed(2))), NotBilled)


async def test_entry_that_does_not_say_when_it_was_sent_proves_no_failure(ask):
    assert isinstance(await ask(Log(failed(sent_ms=None))), StillUnknown)
    assert isinstance(await ask(Log(entry(sent_ms=None), answers={"log-1": ANSWER})), Recovered)


async def test_provider_remembers_its_own_sendings(serve, open_provider, build_request):
    """Whatever time the caller names, the last sending of this process counts, and its own entry speaks for it."""
    log = Log()

    async def handler(exchange):
        await exchange.read_head()
        if exchange.request_line.startswith("GET"):
            exchange.read_head = lambda: asyncio.sleep(0)
            await log(exchange)
            return
        metadata = exchange.header("cf-aig-metadata")
        log.entries.append(
            {"id": f"log-{len(log.entries)}", "success": False, "cost": 0, "metadata": metadata}
        )

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        with pytest.raises(ProviderError):
            await provider.generate(build_request())
        assert isinstance(await provider.reconcile(INTENT, time.time() + 5), NotBilled)
        first = log.entries.copy()
        await asyncio.sleep(0.002)
        with pytest.raises(ProviderError):
            await provider.generate(build_request())
        log.entries[:] = first
        assert isinstance(await provider.reconcile(INTENT, time.time() - 5), StillUnknown)


async def test_entries_of_others_are_ignored_although_the_server_listed_them(ask):
    """A server may ignore a filter that it does not understand."""
    log = Log(entry(1, intent="intent-2"), failed(2, intent="intent-11"), answers={"log-1": ANSWER})
    assert isinstance(await ask(log), StillUnknown)


@pytest.mark.parametrize(("age_s", "may_appear"), [(0.0, True), (50.0, True), (61.0, False), (-100.0, False)])
async def test_absence_proves_nothing_and_may_end(ask, age_s, may_appear):
    found = await ask(Log(), time.time() - age_s)
    assert isinstance(found, StillUnknown)
    assert found.may_appear is may_appear


@pytest.mark.parametrize(("age_s", "may_appear"), [(50.0, False), (4.0, True)])
async def test_how_long_an_entry_may_be_missing_is_a_setting(ask, age_s, may_appear):
    found = await ask(Log(), time.time() - age_s, log_timeout_s=5.0)
    assert found.may_appear is may_appear


@pytest.mark.parametrize(
    "stored", [None, b"", b"{", b"<html>", b'{"success": true}', b"x" * (1024 * 1024 + 1)]
)
async def test_success_whose_answer_is_not_there_stays_unknown(ask, stored):
    found = await ask(Log(entry(), answers={} if stored is None else {"log-1": stored}))
    assert isinstance(found, StillUnknown)


async def test_answer_that_says_that_nothing_was_accepted_is_not_billed(ask):
    stored = b'{"success": false, "errors": [{"code": 3040, "message": "Capacity"}]}'
    assert isinstance(await ask(Log(entry(), answers={"log-1": stored})), NotBilled)
    earlier = entry(sent_ms=int(LONG_AGO * 1000) - 1)
    assert isinstance(await ask(Log(earlier, answers={"log-1": stored})), StillUnknown)


async def test_answer_that_failed_is_handed_over_to_be_judged(ask):
    stored = b'{"success": true, "result": {"state": "Failed", "error": {"message": "NSFW"}}}'
    assert await ask(Log(entry(), answers={"log-1": stored})) == Recovered(Answer(stored))


@pytest.mark.parametrize(
    ("status", "word"),
    [(401, "permission"), (403, "permission"), (404, "CLOUDFLARE_GATEWAY_ID"), (500, "500")],
)
async def test_log_that_cannot_be_read(ask, status, word):
    found = await ask(Log(status=status))
    assert isinstance(found, StillUnknown)
    assert word in found.message


async def test_without_a_gateway_there_is_no_log(open_provider, closed_port):
    async with open_provider(f"http://127.0.0.1:{closed_port}/client/v4", gateway=None) as provider:
        found = await provider.reconcile(INTENT, time.time())
    assert found == StillUnknown(found.message, may_appear=False)
    assert "CLOUDFLARE_GATEWAY_ID" in found.message


async def test_unreachable_log(open_provider, closed_port):
    async with open_provider(f"http://127.0.0.1:{closed_port}/client/v4") as provider:
        found = await provider.reconcile(INTENT, time.time())
    assert isinstance(found, StillUnknown)
    assert found.may_appear


@pytest.mark.parametrize(
    "listing",
    [
        b"",
        b"<html>",
        b"null",
        b"7",
        b"[" * 10_000,
        {"success": False, "errors": [{"message": "no"}]},
        {"success": True},
        {"result": 7},
        b'{"result": ' + b"9" * 5000 + b"}",
        b'{"success": false, "errors": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
async def test_listing_that_makes_no_sense(ask, listing):
    log = Log()
    log.listing = listing
    assert isinstance(await ask(log), StillUnknown)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda entries: entries,
        lambda entries: {"result": {"logs": entries}},
        lambda entries: {"logs": entries},
    ],
)
async def test_listing_in_other_forms(ask, wrap):
    log = Log(answers={"log-1": ANSWER})
    log.listing = wrap([entry(), None, 7, {"no": "id"}])
    assert isinstance(await ask(log), Recovered)


async def test_metadata_that_the_list_leaves_out_are_read_from_the_entry(ask):
    listed = {**entry(), "detail": entry()["metadata"], "metadata": None}
    log = Log(listed, answers={"log-1": ANSWER})
    assert isinstance(await ask(log), Recovered)
    assert len(log.requests) == 3


async def test_compressed_log_is_refused(serve, open_provider):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.answer(200, b"\x1f\x8b", "Content-Encoding: gzip")

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        assert isinstance(await provider.reconcile(INTENT, LONG_AGO), StillUnknown)


@pytest.mark.parametrize(
    ("fields", "succeeded"),
    [
        ({"success": True}, True),
        ({"success": 1}, True),
        ({"success": "true"}, True),
        ({"success": True, "status_code": "200"}, True),
        ({"success": True, "status_code": 500}, False),
        ({"success": False, "status_code": 200}, False),
        ({"success": "false"}, False),
        ({}, False),
    ],
)
def test_an_entry_succeeded_only_if_all_that_it_says_agrees(fields, succeeded):
    found = read_entry({"id": "a", **fields})
    assert found is not None
    assert found.succeeded is succeeded


@pytest.mark.parametrize(
    "value",
    [
        {"intent": INTENT, "take": 1},
        '{"intent": "intent-1", "take": 1}',
        [{"key": "intent", "value": INTENT}, {"key": "take", "value": 1}],
    ],
)
def test_metadata_in_every_known_form(value):
    assert read_metadata(value) == {"intent": INTENT, "take": "1"}


@pytest.mark.parametrize("value", [None, 7, "text", "{", "7"])
def test_metadata_that_are_none(value):
    assert read_metadata(value) is None


def test_time_of_sending_survives_the_way_through_the_log(build_request):
    text = build_metadata(build_request().context, 1_700_000_000_123)
    assert read_sent_ms(read_metadata(text)) == 1_700_000_000_123


async def test_a_clock_that_was_set_back_between_two_sendings_makes_no_proof(
    serve, open_provider, build_request, monkeypatch
):
    """The first sending failed at no cost; of the second, which may have been billed, the log has nothing yet."""
    log = Log()

    async def handler(exchange):
        await exchange.read_head()
        if exchange.request_line.startswith("GET"):
            exchange.read_head = lambda: asyncio.sleep(0)
            await log(exchange)
        elif not log.entries:
            metadata = exchange.header("cf-aig-metadata")
            log.entries.append({"id": "log-1", "success": False, "cost": 0, "metadata": metadata})

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        for hours_back in (0, 3):
            now = time.time() - 3600 * hours_back
            monkeypatch.setattr("seedflow.providers.gateway_log.time.time", lambda now=now: now)
            with pytest.raises(ProviderError):
                await provider.generate(build_request())
        assert isinstance(await provider.reconcile(INTENT, time.time()), StillUnknown)


async def test_an_entry_from_a_clock_that_was_ahead_proves_nothing_about_a_sending_of_an_earlier_process(ask):
    ahead = failed(sent_ms=int((time.time() + 86_400) * 1000))
    assert isinstance(await ask(Log(ahead)), StillUnknown)
    assert isinstance(await ask(Log(ahead, failed(2))), NotBilled)


@pytest.mark.parametrize(
    "fields",
    [
        {"cost": 10**400},
        {"status_code": 10**400},
        {"status_code": "inf"},
        {"status_code": "nan"},
        {"metadata": {"intent": {"deep": json.loads("[" * 300 + "]" * 300)}}},
        {"metadata": '{"intent": ' + "[" * 300 + "]" * 300 + "}"},
        {"metadata": "\ud800"},
        {"created_at": ["\ud800"]},
        {"id": "x" * 70_000},
        {"id": "\ud800"},
        {"id": 10**300},
    ],
)
async def test_no_entry_of_somebody_else_hides_the_answer(ask, fields) -> None:
    """Whatever stands in the log beside it."""
    log = Log({**entry(1, intent="other"), **fields}, entry(2), answers={"log-2": ANSWER})
    log.listing = json.dumps({"success": True, "result": log.entries}).encode()
    assert await ask(log) == Recovered(Answer(ANSWER))


@pytest.mark.parametrize("entry_id", ["\ud800", "../../x?y#z\r\nA: b", "\x00", "ü" * 60])
async def test_an_id_that_no_address_can_have_is_asked_for_escaped(ask, entry_id: str) -> None:
    log = Log()
    log.listing = {"success": True, "result": [entry(id=entry_id)]}
    assert isinstance(await ask(log), StillUnknown)


async def test_a_cost_beyond_belief_is_told_as_not_known(serve, open_provider) -> None:
    async with serve(Log(failed(cost=1e300))) as server, open_provider(server.base_url) as provider:
        assert await provider.find_cost_usd(INTENT) is None
    async with serve(Log(failed(cost=0.04))) as server, open_provider(server.base_url) as provider:
        assert await provider.find_cost_usd(INTENT) == 0.04
