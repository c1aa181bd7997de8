"""Money: what the adapter claims of a call never says less than what the emulator billed, counted in its own process."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest

from seedflow.emulator.faults import KINDS, FaultKind
from seedflow.errors import Billed, ProviderError, Retry
from seedflow.models.catalog import load_catalog
from seedflow.providers.base import CallContext, GenerateRequest, NotBilled, Recovered, StillUnknown
from seedflow.providers.cloudflare import CloudflareProvider
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.secrets import Secret

MODEL = load_catalog().find("bytedance/seedream-4.5")


def open_cloudflare(emulator) -> CloudflareProvider:
    return CloudflareProvider(
        CloudflareOptions(
            account_id=emulator.env["CLOUDFLARE_ACCOUNT_ID"],
            api_token=Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
            gateway=emulator.env["CLOUDFLARE_GATEWAY_ID"],
            base_url=parse_base_url(emulator.base_url),
            read_timeout_s=20.0,
        )
    )


@pytest.fixture
async def provider(emulator):
    found = open_cloudflare(emulator)
    yield found
    await found.aclose()


def build_request(intent_id: str | None = None) -> GenerateRequest:
    params = {"prompt": "a fox", "sequential_image_generation": "auto", "max_images": 2}
    context = CallContext("run-1", "page[scene=ä]", 1, 1, intent_id or str(uuid.uuid4()))
    return GenerateRequest(MODEL.id, params, "image_input", (), context)


def count_billed(emulator, intent_id: str) -> int:
    return sum(entry["intent"] == intent_id for entry in emulator.bill()["entries"])


async def ask(provider, request):
    """The result of a call, or the failure, as far as the call itself tells."""
    try:
        answer = await provider.generate(request)
        result = provider.read_answer(answer.raw)
    except ProviderError as error:
        return error
    return result if not MODEL.judge_output(result) else None


def _vary() -> list[dict[str, object]]:
    faults: list[dict[str, object]] = [{"kind": kind.value} for kind in KINDS]
    for kind, parameters in KINDS.items():
        faults += [{"kind": kind.value, "billed": not parameters["billed"]}] if "billed" in parameters else []
        faults += [{"kind": kind.value, "reset": True}] if "reset" in parameters else []
    for status in (400, 401, 402, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504, 522):
        faults += [
            {"kind": "status", "status": status, "shape": shape}
            for shape in ("errors", "error-object", "text")
        ]
    faults += [{"kind": "cut-body", "after_bytes": size} for size in (0, 1, 50)]
    faults += [
        {"kind": "status", "status": 500, "billed": True},
        {"kind": "stall", "seconds": 0.1, "after_bytes": 10},
    ]
    return faults


PROVEN_FREE_ONLY_BY_CONTRACT = {401, 402, 403, 404, 413, 400, 429}
"""A gateway that bills and answers with one of these would deceive anybody; the contract says that it does not."""


@pytest.mark.parametrize("fault", _vary(), ids=str)
async def test_no_claim_is_cheaper_than_the_bill(provider, emulator, fault):
    emulator.set_faults(fault)
    request = build_request()
    intent_id = request.context.intent_id
    found = await ask(provider, request)
    billed = count_billed(emulator, intent_id)
    assert billed <= 1
    if isinstance(found, ProviderError) and found.billed is Billed.NO:
        deceived = fault.get("billed") is True and found.status in PROVEN_FREE_ONLY_BY_CONTRACT
        assert billed == 0 or deceived
    if isinstance(found, ProviderError) and found.retry is Retry.CONSENT:
        told = await provider.reconcile(intent_id, time.time())
        assert not (isinstance(told, NotBilled) and billed)
        if isinstance(told, Recovered):
            assert billed == 1
            assert not MODEL.judge_output(provider.read_answer(told.answer.raw))


@pytest.mark.parametrize("kind", [FaultKind.BILL_THEN_DROP, FaultKind.CUT_BODY])
@pytest.mark.parametrize("reset", [False, True])
async def test_every_lost_answer_comes_back_byte_for_byte(provider, emulator, tmp_path, kind, reset):
    emulator.set_faults({"kind": kind.value, "reset": reset})
    request = build_request()
    assert (await ask(provider, request)).retry is Retry.CONSENT
    told = await provider.reconcile(request.context.intent_id, time.time())
    assert isinstance(told, Recovered)
    urls = MODEL.image_urls(provider.read_answer(told.answer.raw))
    for number, url in enumerate(urls, 1):
        await provider.fetch(url, request, number, tmp_path / str(number))
        assert await asyncio.to_thread((tmp_path / str(number)).stat)
    assert len(urls) == 2
    assert count_billed(emulator, request.context.intent_id) == 1


async def test_entry_of_an_earlier_sending_never_clears_a_later_one(start_emulator):
    """The same intent: first refused at no cost, then billed and lost, while the log still shows the first alone."""
    emulator = start_emulator("--log-delay-s", "1.5")
    provider = open_cloudflare(emulator)
    request = build_request()
    intent_id = request.context.intent_id
    try:
        emulator.set_faults({"kind": "status", "status": 500}, {"kind": "bill-then-drop"})
        assert (await ask(provider, request)).retry is Retry.CONSENT
        first = await wait_until_told(provider, intent_id, time.time())
        assert isinstance(first, NotBilled)
        sent_at = time.time()
        assert (await ask(provider, request)).retry is Retry.CONSENT
        assert count_billed(emulator, intent_id) == 1
        restarted = open_cloudflare(emulator)
        try:
            for asked in (provider, restarted):
                told = await asked.reconcile(intent_id, sent_at)
                assert isinstance(told, StillUnknown)
                assert told.may_appear
            assert isinstance(await wait_until_told(restarted, intent_id, sent_at), Recovered)
        finally:
            await restarted.aclose()
    finally:
        await provider.aclose()


async def wait_until_told(provider, intent_id, sent_at):
    for _ in range(300):
        told = await provider.reconcile(intent_id, sent_at)
        if not isinstance(told, StillUnknown):
            return told
        await asyncio.sleep(0.1)
    raise AssertionError("the log never told")


async def test_hundred_lost_answers_at_once_are_all_found(provider, emulator):
    emulator.set_faults({"kind": "bill-then-drop", "times": 100})
    requests = [build_request() for _ in range(100)]
    sent_at = time.time()
    found = await asyncio.gather(*(ask(provider, request) for request in requests))
    assert {error.retry for error in found} == {Retry.CONSENT}
    told = await asyncio.gather(
        *(provider.reconcile(request.context.intent_id, sent_at) for request in requests)
    )
    assert {type(one) for one in told} == {Recovered}
    assert len({one.answer.raw for one in told}) == 100
    assert emulator.bill()["calls"] == 100


async def test_emulator_reads_the_metadata_as_sent(provider, emulator):
    request = build_request()
    await provider.generate(request)
    (entry,) = emulator.bill()["entries"]
    assert (entry["intent"], entry["task"], entry["take"], entry["attempt"]) == (
        request.context.intent_id,
        "page[scene=ä]",
        1,
        1,
    )
