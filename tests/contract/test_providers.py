"""One suite for every provider: what `run` may rely on, whoever makes the images."""

from __future__ import annotations

import time
import uuid

import pytest

from seedflow.errors import DownloadError, ProviderError, StoreError
from seedflow.images.inspect import inspect_image
from seedflow.models.catalog import load_catalog
from seedflow.providers.base import CallContext, GenerateRequest, NotBilled, Recovered, StillUnknown, WireFile

CATALOG = load_catalog()
MODEL = CATALOG.find("bytedance/seedream-4.5")


def build_request(references=(), **params) -> GenerateRequest:
    context = CallContext("run-1", "page[scene=a]", 1, 1, str(uuid.uuid4()))
    return GenerateRequest(MODEL.id, {"prompt": "a fox", **params}, "image_input", tuple(references), context)


async def draw(provider, request, folder):
    answer = await provider.generate(request)
    urls = MODEL.image_urls(provider.read_answer(answer.raw))
    paths = [folder / f"{request.context.intent_id}-{number}" for number, _ in enumerate(urls, 1)]
    for number, (url, path) in enumerate(zip(urls, paths, strict=True), 1):
        await provider.fetch(url, request, number, path)
    return answer, paths


async def test_answer_is_what_the_card_promises_however_often_it_is_read(provider):
    answer = await provider.generate(build_request(sequential_image_generation="auto", max_images=3))
    first, second = provider.read_answer(answer.raw), provider.read_answer(answer.raw)
    assert first == second
    assert MODEL.judge_output(first) == []
    assert 1 <= len(MODEL.image_urls(first)) <= 3


async def test_moment_before_sending_is_told_once_and_can_end_the_call(provider):
    told = []

    async def note():
        told.append("sending")

    async def refuse():
        raise StoreError("no room", kind="disk-full")

    await provider.generate(build_request(), note)
    assert told == ["sending"]
    with pytest.raises(StoreError):
        await provider.generate(build_request(), refuse)


async def test_images_of_one_answer_differ(provider, tmp_path):
    _, paths = await draw(provider, build_request(sequential_image_generation="auto", max_images=3), tmp_path)
    facts = [inspect_image(path, formats=MODEL.output_formats, decode=True) for path in paths]
    assert len({one.digest for one in facts}) == len(paths)


async def test_images_decode_and_serve_as_references_in_turn(provider, tmp_path):
    _, paths = await draw(provider, build_request(sequential_image_generation="auto", max_images=2), tmp_path)
    facts = [inspect_image(path, decode=True) for path in paths]
    references = [WireFile(path, one) for path, one in zip(paths, facts, strict=True)]
    _, (page,) = await draw(provider, build_request(references), tmp_path)
    assert inspect_image(page, decode=True).digest not in {one.digest for one in facts}


async def test_only_a_paid_answer_may_cost(provider):
    answer = await provider.generate(build_request())
    assert answer.free is not provider.paid


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[]", b"{}", b"<html>", b'{"success": false}', b"\xff" * 100]
)
async def test_foreign_answers_are_failures_with_facts(provider, raw):
    with pytest.raises(ProviderError) as caught:
        provider.read_answer(raw)
    assert caught.value.kind


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "https://127.0.0.1/a.jpg", "sketch:99", "https://10.0.0.1/"]
)
async def test_foreign_urls_are_not_fetched(provider, tmp_path, url):
    with pytest.raises(DownloadError) as caught:
        await provider.fetch(url, build_request(), 1, tmp_path / "a")
    assert caught.value.retryable is False
    assert await provider.is_alive(url) is False


async def test_url_that_leads_nowhere_is_a_download_error(provider, tmp_path):
    with pytest.raises(DownloadError) as caught:
        await provider.fetch("https://nowhere.invalid/1.jpg", build_request(), 1, tmp_path / "a")
    assert caught.value.kind
    assert await provider.is_alive("https://nowhere.invalid/1.jpg") is False


async def test_unknown_model_costs_nothing(provider):
    request = build_request()
    unknown = GenerateRequest("no/model", request.params, None, (), request.context)
    with pytest.raises(ProviderError) as caught:
        await provider.generate(unknown)
    assert (caught.value.kind, caught.value.billed) == ("unknown-model", "no")


async def test_intent_that_was_never_sent_is_not_recovered(provider):
    found = await provider.reconcile(str(uuid.uuid4()), time.time())
    assert isinstance(found, NotBilled | StillUnknown)
    assert not isinstance(found, Recovered)


async def test_closing_twice_is_harmless(provider):
    await provider.generate(build_request())
    await provider.aclose()
    await provider.aclose()
