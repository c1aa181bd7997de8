"""What reaches the wire, byte by byte, and what comes back."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from seedflow.errors import Billed, ProviderError
from seedflow.providers.base import WireUrl


async def accept(exchange):
    await exchange.read_request()
    await exchange.answer(200, b'{"images": []}')


async def test_request_line_headers_and_body(serve, open_provider, build_request, token):
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        await provider.generate(build_request(params={"prompt": "ein Füchslein", "size": "2K"}))
    (exchange,) = server.exchanges
    assert exchange.request_line == "POST /client/v4/accounts/account-1/ai/run HTTP/1.1"
    assert exchange.header("Authorization") == f"Bearer {token}"
    assert exchange.header("Content-Type") == "application/json"
    assert exchange.header("Accept-Encoding") == "identity"
    assert exchange.header("Connection") == "close"
    assert exchange.header("cf-aig-gateway-id") == "default"
    assert exchange.header("cf-aig-max-attempts") == "1"
    assert exchange.header("cf-aig-collect-log") == "true"
    assert exchange.header("Transfer-Encoding") is None
    assert exchange.header("Cookie") is None
    assert json.loads(exchange.body) == {
        "model": "bytedance/seedream-4.5",
        "input": {"prompt": "ein Füchslein", "size": "2K"},
    }


async def test_without_a_gateway_no_gateway_is_named(serve, open_provider, build_request):
    async with serve(accept) as server, open_provider(server.base_url, gateway=None) as provider:
        await provider.generate(build_request())
    assert server.exchanges[0].header("cf-aig-gateway-id") is None


async def test_metadata_are_five_short_ascii_scalars(serve, open_provider, build_request):
    address = "page[scene=" + "ü" * 5000 + "]"
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        await provider.generate(build_request(address=address))
    text = server.exchanges[0].header("cf-aig-metadata")
    found = json.loads(text)
    assert text.isascii()
    assert len(text) < 2000
    assert list(found) == ["run", "task", "take", "attempt", "intent"]
    assert found["run"].startswith("run-1/")
    assert (found["take"], found["attempt"], found["intent"]) == (2, 3, "intent-1")
    assert address.startswith(found["task"])


async def test_references_go_into_their_field_in_order(serve, open_provider, build_request, write_file):
    pictures = [b"first" * 70_001, b"2nd" * 3, b""]
    references = (
        write_file("a.jpg", pictures[0]),
        WireUrl("https://example.com/x.jpg?a=1&b=%2F"),
        write_file("b.jpg", pictures[1]),
        write_file("c.jpg", pictures[2]),
    )
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        await provider.generate(build_request(references))
    (exchange,) = server.exchanges
    encoded = ["data:image/jpeg;base64," + base64.b64encode(picture).decode() for picture in pictures]
    assert json.loads(exchange.body)["input"] == {
        "prompt": "a fox",
        "image_input": [encoded[0], "https://example.com/x.jpg?a=1&b=%2F", encoded[1], encoded[2]],
    }
    assert int(exchange.header("Content-Length")) == len(exchange.body)


async def test_every_paid_request_has_a_connection_of_its_own(serve, open_provider, build_request):
    async def keep_open(exchange):
        while True:
            await accept(exchange)

    async with serve(keep_open) as server, open_provider(server.base_url) as provider:
        for _ in range(3):
            await provider.generate(build_request())
    assert len(server.exchanges) == 3


@pytest.mark.parametrize(("status", "free"), [("HIT", True), (" hit", True), ("MISS", False), (None, False)])
async def test_cache_hit_is_free(serve, open_provider, build_request, status, free):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(200, b"{}", *([f"cf-aig-cache-status: {status}"] if status else []))

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        assert (await provider.generate(build_request())).free is free


async def test_missing_reference_is_found_before_connecting(serve, open_provider, build_request, write_file):
    gone = write_file("gone.jpg", b"123")
    gone.path.unlink()
    shrunk = write_file("shrunk.jpg", b"123456")
    shrunk.path.write_bytes(b"123")
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        for reference in (gone, shrunk):
            with pytest.raises(ProviderError) as caught:
                await provider.generate(build_request((reference,)))
            assert (caught.value.kind, caught.value.billed) == ("reference-missing", Billed.NO)
        assert server.exchanges == []


async def test_many_in_flight_at_once(serve, open_provider, build_request):
    """Nothing between us and the sockets waits for its turn: how many run at once is the run's decision."""
    everybody = asyncio.Barrier(151)

    async def handler(exchange):
        await exchange.read_request()
        await everybody.wait()
        await exchange.answer(200, b"{}")

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        calls = [asyncio.create_task(provider.generate(build_request())) for _ in range(150)]
        await asyncio.wait_for(everybody.wait(), 20)
        answers = await asyncio.gather(*calls)
    assert len(answers) == 150


async def test_proxies_of_the_environment_are_not_used(
    serve, open_provider, build_request, monkeypatch, closed_port
):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        assert (await provider.generate(build_request())).raw == b'{"images": []}'


async def test_cookies_are_not_kept(serve, open_provider, build_request):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(200, b"{}", "Set-Cookie: track=1")

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        await provider.generate(build_request())
        await provider.generate(build_request())
    assert server.exchanges[1].header("Cookie") is None


async def test_account_cannot_leave_its_place_in_the_path(serve, build_request):
    from seedflow.providers.cloudflare import CloudflareProvider
    from seedflow.providers.options import CloudflareOptions, parse_base_url
    from seedflow.providers.secrets import Secret

    async with serve(accept) as server:
        provider = CloudflareProvider(
            CloudflareOptions("../x?y#z", Secret("t"), base_url=parse_base_url(server.base_url))
        )
        await provider.generate(build_request())
        await provider.aclose()
    assert server.exchanges[0].request_line == "POST /client/v4/accounts/..%2Fx%3Fy%23z/ai/run HTTP/1.1"


async def test_repr_shows_no_token(open_provider, token):
    async with open_provider("https://api.cloudflare.com/client/v4") as provider:
        assert token not in repr(provider)
        assert token not in repr(vars(provider))
        assert (provider.name, provider.realm, provider.paid) == ("cloudflare", "cloudflare", True)


async def test_no_log_record_shows_the_token(serve, open_provider, build_request, token, caplog):
    caplog.set_level(1)
    async with serve(accept) as server, open_provider(server.base_url) as provider:
        await provider.generate(build_request())
        await provider.reconcile("intent-1", 0.0)
    assert token not in caplog.text
