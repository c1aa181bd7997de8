"""The last moment at which nothing has been sent is told: after the connection stands, before a byte of the request leaves."""

from __future__ import annotations

import asyncio

import pytest

from seedflow.errors import Billed, ProviderError, StoreError


class Hook:
    """What is awaited before sending; it holds the call up until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.began, self.go, self.count, self.error = asyncio.Event(), asyncio.Event(), 0, error

    async def __call__(self) -> None:
        self.count += 1
        self.began.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error


@pytest.fixture
def listening(serve):
    """A server that notes the first moment at which it has a byte."""
    seen = {"connected": asyncio.Event(), "byte": asyncio.Event()}

    async def handler(exchange):
        seen["connected"].set()
        first = await exchange.reader.read(1)
        if first:
            seen["byte"].set()
            exchange.reader.feed_data(b"")
            await exchange.reader.readuntil(b"\r\n\r\n")
            await exchange.answer(200, b'{"images": []}')

    return serve(handler), seen


async def test_it_is_awaited_once_while_the_connection_stands_and_nothing_was_sent(
    listening, open_provider, build_request
):
    server, seen = listening
    hook = Hook()
    async with server as found, open_provider(found.base_url) as provider:
        call = asyncio.create_task(provider.generate(build_request(), hook))
        await asyncio.wait_for(asyncio.gather(hook.began.wait(), seen["connected"].wait()), 5)
        await asyncio.sleep(0.05)
        assert not seen["byte"].is_set()
        hook.go.set()
        assert (await call).raw == b'{"images": []}'
    assert hook.count == 1


async def test_it_is_not_awaited_when_no_connection_could_be_made(open_provider, build_request, closed_port):
    hook = Hook()
    async with open_provider(f"http://127.0.0.1:{closed_port}/client/v4") as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.generate(build_request(), hook)
    assert (caught.value.billed, hook.count) == (Billed.NO, 0)


async def test_what_it_raises_ends_the_call_before_anything_is_sent(listening, open_provider, build_request):
    server, seen = listening
    hook = Hook(StoreError("no room", kind="disk-full"))
    hook.go.set()
    async with server as found, open_provider(found.base_url) as provider:
        with pytest.raises(StoreError):
            await provider.generate(build_request(), hook)
        await asyncio.sleep(0.05)
        assert not seen["byte"].is_set()


async def test_one_that_takes_too_long_is_a_call_that_was_not_sent(listening, open_provider, build_request):
    server, seen = listening
    hook = Hook()
    async with server as found, open_provider(found.base_url, total_timeout_s=0.2) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.generate(build_request(), hook)
        assert not seen["byte"].is_set()
    assert (caught.value.kind, caught.value.billed) == ("not-sent", Billed.NO)


async def test_other_requests_of_the_same_task_do_not_await_it(listening, open_provider, build_request):
    server, _ = listening
    hook = Hook()
    hook.go.set()
    async with server as found, open_provider(found.base_url) as provider:
        await provider.generate(build_request(), hook)
        await provider.reconcile("intent", 0.0)
        await provider.generate(build_request())
    assert hook.count == 1
