"""What every provider promises, the embedded one and the one on the wire alike."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

import pytest

from seedflow.errors import Billed, DownloadError, ProviderError, StoreError
from seedflow.images.inspect import inspect_image
from seedflow.models.catalog import load_catalog
from seedflow.providers.base import CallContext, GenerateRequest, NotBilled, Recovered, StillUnknown, WireFile
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.registry import describe_provider, open_provider
from seedflow.providers.secrets import Secret

CATALOG = load_catalog()
MODEL = CATALOG.models[CATALOG.default_id]


@pytest.fixture(params=["sketch", "cloudflare"])
async def provider(request):
    options = None
    if request.param == "cloudflare":
        emulator = request.getfixturevalue("emulator")
        options = CloudflareOptions(
            account_id=emulator.env["CLOUDFLARE_ACCOUNT_ID"],
            api_token=Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
            gateway=emulator.env["CLOUDFLARE_GATEWAY_ID"],
            base_url=parse_base_url(emulator.base_url),
        )
    found = open_provider(request.param, catalog=CATALOG, cloudflare=options)
    facts = describe_provider(request.param, cloudflare=options)
    assert (found.name, found.realm, found.paid) == (facts.name, facts.realm, facts.paid)
    yield found
    await found.aclose()


def ask(references=(), **params) -> GenerateRequest:
    context = CallContext("run-1", "page[scene=home]", 1, 1, uuid.uuid4().hex)
    return GenerateRequest(MODEL.id, {"prompt": "A fox", **params}, "image_input", tuple(references), context)


SET = {"sequential_image_generation": "auto", "max_images": 3}


async def test_an_answer_is_read_as_the_card_promises_and_as_often_as_one_likes(provider) -> None:
    request = ask(**SET)
    answer = await provider.generate(request)
    result = provider.read_answer(answer.raw)
    assert MODEL.judge_output(result) == []
    assert provider.read_answer(answer.raw) == result
    least, most = MODEL.image_bounds(request.params)
    assert least <= len(MODEL.image_urls(result)) <= most


async def test_the_moment_before_sending_is_told_once_and_can_end_the_call(provider) -> None:
    told = []

    async def note() -> None:
        told.append("sending")

    async def refuse() -> None:
        raise StoreError("no room", kind="disk-full")

    await provider.generate(ask(), note)
    assert told == ["sending"]
    with pytest.raises(StoreError):
        await provider.generate(ask(), refuse)


async def test_every_image_of_an_answer_can_be_fetched_and_differs(provider, tmp_path) -> None:
    request = ask(**SET)
    urls = MODEL.image_urls(provider.read_answer((await provider.generate(request)).raw))
    digests = set()
    for number, url in enumerate(urls, 1):
        into = tmp_path / str(number)
        await provider.fetch(url, request, number, into)
        digests.add(inspect_image(into, formats=MODEL.output_formats, decode=True).digest)
    assert len(digests) == len(urls)


async def test_an_image_of_one_answer_goes_into_the_next_request(provider, tmp_path) -> None:
    first = ask()
    (url,) = MODEL.image_urls(provider.read_answer((await provider.generate(first)).raw))
    await provider.fetch(url, first, 1, tmp_path / "first")
    facts = inspect_image(tmp_path / "first", decode=True)
    second = ask([WireFile(tmp_path / "first", facts)], aspect_ratio="match_input_image")
    (url,) = MODEL.image_urls(provider.read_answer((await provider.generate(second)).raw))
    await provider.fetch(url, second, 1, tmp_path / "second")
    assert inspect_image(tmp_path / "second", decode=True).digest != facts.digest


async def test_an_unknown_model_costs_nothing(provider) -> None:
    with pytest.raises(ProviderError) as caught:
        provider.read_answer((await provider.generate(replace(ask(), model="nobody/nothing"))).raw)
    assert caught.value.billed is Billed.NO


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"<html>sign in</html>", b"\xff\xfe\x00"])
async def test_what_is_no_answer_is_a_providers_error(provider, raw) -> None:
    with pytest.raises(ProviderError) as caught:
        provider.read_answer(raw)
    assert caught.value.kind


async def test_a_url_that_leads_nowhere_is_a_download_error(provider, tmp_path) -> None:
    with pytest.raises(DownloadError) as caught:
        await provider.fetch("https://nowhere.invalid/1.jpg", ask(), 1, tmp_path / "picture")
    assert caught.value.kind
    assert not await provider.is_alive("https://nowhere.invalid/1.jpg")


async def test_asking_for_a_lost_call_has_one_of_three_answers(provider) -> None:
    found = await provider.reconcile(uuid.uuid4().hex, time.time())
    assert isinstance(found, (Recovered, NotBilled, StillUnknown))


async def test_closing_twice_is_no_harm(provider) -> None:
    await provider.aclose()
