"""The adapter for Cloudflare and the emulator, each built from the contract, understand each other over a real socket."""

from __future__ import annotations

import time
import uuid

import pytest

from seedflow.canonical import digest_bytes
from seedflow.errors import Billed, DownloadError, ProviderError, Retry
from seedflow.images.inspect import inspect_image
from seedflow.models.catalog import load_catalog
from seedflow.providers.base import (
    CallContext,
    GenerateRequest,
    NotBilled,
    Recovered,
    StillUnknown,
    WireFile,
    WireUrl,
)
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.registry import open_provider
from seedflow.providers.secrets import Secret

MODEL = "bytedance/seedream-4.5"


def _open(emulator, **changes):
    options = {
        "account_id": emulator.env["CLOUDFLARE_ACCOUNT_ID"],
        "api_token": Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
        "gateway": emulator.env["CLOUDFLARE_GATEWAY_ID"],
        "base_url": parse_base_url(emulator.base_url),
        **changes,
    }
    return open_provider("cloudflare", catalog=load_catalog(), cloudflare=CloudflareOptions(**options))


@pytest.fixture
async def provider(emulator):
    found = _open(emulator)
    yield found
    await found.aclose()


def _request(references=(), **params):
    return GenerateRequest(
        model=MODEL,
        params={"prompt": "a fox", **params},
        references_field="image_input" if references else None,
        references=tuple(references),
        context=CallContext("run-1", "page[scene=a]", 2, 1, str(uuid.uuid4())),
    )


async def _draw(provider, request, folder):
    answer = await provider.generate(request)
    urls = load_catalog().find(MODEL).image_urls(provider.read_answer(answer.raw))
    paths = [folder / f"{request.context.intent_id}-{number}.jpg" for number, _ in enumerate(urls, 1)]
    for number, (url, path) in enumerate(zip(urls, paths, strict=True), 1):
        await provider.fetch(url, request, number, path)
    return urls, paths


async def test_images_of_one_call_become_references_of_the_next_in_order(provider, emulator, tmp_path):
    first = _request(sequential_image_generation="auto", max_images=3)
    urls, paths = await _draw(provider, first, tmp_path)
    facts = [inspect_image(path, decode=True) for path in paths]
    assert len(facts) == 3
    second = _request([WireFile(paths[2], facts[2]), WireUrl(urls[0]), WireFile(paths[1], facts[1])])
    await _draw(provider, second, tmp_path)
    asked, referring = emulator.requests()
    assert asked["input"] == {"prompt": "a fox", "sequential_image_generation": "auto", "max_images": 3}
    assert [one["digest"] for one in referring["references"]] == [
        facts[2].digest,
        facts[0].digest,
        facts[1].digest,
    ]
    assert [one["kind"] for one in referring["references"]] == ["data", "own", "data"]
    entries = emulator.bill()["entries"]
    assert [(entry["intent"], entry["take"], entry["images"]) for entry in entries] == [
        (first.context.intent_id, 2, 3),
        (second.context.intent_id, 2, 1),
    ]
    assert not any(download["authorization"] for download in emulator.downloads())


async def test_a_lost_answer_is_recovered_without_paying(provider, emulator, tmp_path):
    emulator.set_faults({"kind": "bill-then-drop"})
    request = _request()
    with pytest.raises(ProviderError) as caught:
        await provider.generate(request)
    assert (caught.value.retry, caught.value.billed) == (Retry.CONSENT, Billed.MAYBE)
    found = await provider.reconcile(request.context.intent_id, time.time())
    assert isinstance(found, Recovered)
    (url,) = provider.read_answer(found.answer.raw)["images"]
    await provider.fetch(url, request, 1, tmp_path / "a.jpg")
    assert emulator.bill()["calls"] == 1
    emulator.reset()
    emulator.set_faults()
    assert (await provider.generate(request)).free is False


async def test_a_call_that_did_nothing_is_known_not_to_be_billed(provider, emulator):
    emulator.set_faults({"kind": "close-after-reading"})
    request = _request()
    with pytest.raises(ProviderError) as caught:
        await provider.generate(request)
    assert caught.value.billed is Billed.MAYBE
    assert isinstance(await provider.reconcile(request.context.intent_id, time.time()), NotBilled)
    assert emulator.bill()["calls"] == 0


async def test_a_call_that_never_arrived_stays_unknown(provider, emulator):
    emulator.set_faults({"kind": "close-before-reading"})
    request = _request()
    with pytest.raises(ProviderError):
        await provider.generate(request)
    found = await provider.reconcile(request.context.intent_id, time.time())
    assert isinstance(found, StillUnknown)
    assert found.may_appear


async def test_without_a_log_nothing_is_known(start_emulator):
    emulator = start_emulator("--no-log")
    provider = _open(emulator)
    try:
        emulator.set_faults({"kind": "bill-then-drop"})
        request = _request()
        with pytest.raises(ProviderError):
            await provider.generate(request)
        found = await provider.reconcile(request.context.intent_id, time.time())
        assert isinstance(found, StillUnknown)
        assert not found.may_appear
    finally:
        await provider.aclose()


@pytest.mark.parametrize(
    ("fault", "retry", "billed"),
    [
        ({"kind": "status", "status": 429, "code": 3040, "retry_after_s": 3}, Retry.BACKOFF, Billed.NO),
        ({"kind": "status", "status": 402, "code": 2021}, Retry.STOP_RUN, Billed.NO),
        ({"kind": "status", "status": 429, "code": 3036}, Retry.STOP_RUN, Billed.NO),
        ({"kind": "status", "status": 500}, Retry.CONSENT, Billed.MAYBE),
        (
            {"kind": "status", "status": 504, "shape": "text", "message": "gateway"},
            Retry.CONSENT,
            Billed.MAYBE,
        ),
        ({"kind": "status", "status": 404, "code": 7003, "shape": "error-list"}, Retry.STOP_RUN, Billed.NO),
        ({"kind": "moderation"}, Retry.NEVER, None),
        ({"kind": "cut-body"}, Retry.CONSENT, Billed.MAYBE),
        ({"kind": "cut-body", "after_bytes": 0}, Retry.CONSENT, Billed.MAYBE),
    ],
    ids=str,
)
async def test_failures_are_told_apart(provider, emulator, fault, retry, billed):
    emulator.set_faults(fault)
    with pytest.raises(ProviderError) as caught:
        await provider.generate(_request())
    assert caught.value.retry is retry
    assert billed is None or caught.value.billed is billed


@pytest.mark.parametrize("fault", ["html", "wrong-schema", "state-failed"])
async def test_an_answer_with_200_that_is_none_is_not_read_as_one(provider, emulator, fault):
    emulator.set_faults({"kind": fault})
    answer = await provider.generate(_request())
    try:
        result = provider.read_answer(answer.raw)
    except ProviderError:
        return
    assert load_catalog().find(MODEL).judge_output(result)


async def test_a_wrong_token_is_said(emulator):
    provider = _open(emulator, api_token=Secret("wrong-token"))
    try:
        with pytest.raises(ProviderError) as caught:
            await provider.generate(_request())
        assert (caught.value.kind, caught.value.status, caught.value.code) == ("bad-token", 401, 10000)
    finally:
        await provider.aclose()


async def test_dead_urls_are_noticed_before_and_after(provider, emulator, tmp_path):
    request = _request()
    (url,), _ = await _draw(provider, request, tmp_path)
    assert await provider.is_alive(url)
    emulator.expire()
    assert not await provider.is_alive(url)
    with pytest.raises(DownloadError):
        await provider.fetch(url, request, 1, tmp_path / "late.jpg")
    with pytest.raises(ProviderError) as caught:
        await provider.generate(_request([WireUrl(url)]))
    assert (caught.value.retry, caught.value.billed) == (Retry.NEVER, Billed.NO)


async def test_pictures_are_the_same_wherever_their_references_travelled(provider, emulator, tmp_path):
    urls, paths = await _draw(provider, _request(), tmp_path)
    facts = inspect_image(paths[0], decode=True)
    _, by_url = await _draw(provider, _request([WireUrl(urls[0])]), tmp_path)
    _, by_data = await _draw(provider, _request([WireFile(paths[0], facts)]), tmp_path)
    assert digest_bytes(by_url[0].read_bytes()) == digest_bytes(by_data[0].read_bytes())
    assert emulator.bill()["calls"] == 3
