"""What each way of breaking a paid call means for money, on real sockets."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from seedflow.errors import Billed, ProviderError, Retry


async def ask(open_provider, url, request, **options):
    async with open_provider(url, **options) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.generate(request)
    return caught.value


def assert_not_sent(error: ProviderError) -> None:
    assert (error.kind, error.billed, error.retry) == ("not-sent", Billed.NO, Retry.BACKOFF)


def assert_unknown(error: ProviderError) -> None:
    assert (error.kind, error.billed, error.retry) == ("outcome-unknown", Billed.MAYBE, Retry.CONSENT)


async def test_refused_connection_is_not_billed(open_provider, build_request, closed_port):
    error = await ask(open_provider, f"http://127.0.0.1:{closed_port}/client/v4", build_request())
    assert_not_sent(error)
    assert "refused" in error.message.lower()


async def test_unknown_name_is_not_billed(open_provider, build_request):
    error = await ask(open_provider, "https://there-is-no-such-host.invalid/client/v4", build_request())
    assert_not_sent(error)
    assert "there-is-no-such-host.invalid is not known" in error.message


async def test_untrusted_certificate_is_not_billed(serve, open_provider, build_request, server_trust):
    reached = []

    async def handler(exchange):
        reached.append(await exchange.reader.read(1))

    async with serve(handler, trust=server_trust) as server:
        error = await ask(open_provider, server.base_url, build_request())
    assert_not_sent(error)
    assert "could not prove who it is" in error.message
    assert not any(reached)


async def test_server_that_speaks_no_tls_is_not_billed(serve, open_provider, build_request):
    async def handler(exchange):
        await exchange.reader.read(10)
        await exchange.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url.replace("http:", "https:"), build_request())
    assert_not_sent(error)


async def test_silence_while_connecting_is_not_billed(serve, open_provider, build_request):
    """The TLS handshake never ends: bounded by the connect timeout, and nothing of the request has left."""

    async def handler(exchange):
        await asyncio.sleep(60)

    async with serve(handler) as server:
        url = server.base_url.replace("http:", "https:")
        error = await ask(open_provider, url, build_request(), connect_timeout_s=0.2)
    assert_not_sent(error)


async def test_trusted_certificate_is_accepted(serve, open_provider, build_request, server_trust, ca_file):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(200, b"{}")

    async with (
        serve(handler, trust=server_trust) as server,
        open_provider(server.base_url, ca_file=ca_file) as provider,
    ):
        assert (await provider.generate(build_request())).raw == b"{}"


async def close_before_reading(exchange):
    exchange.close()


async def reset_before_reading(exchange):
    exchange.reset()


async def close_after_reading(exchange):
    await exchange.read_request()
    exchange.close()


async def reset_after_reading(exchange):
    await exchange.read_request()
    exchange.reset()


async def cut_status_line(exchange):
    await exchange.read_request()
    await exchange.send(b"HTTP/1.1 2")


async def cut_headers(exchange):
    await exchange.read_request()
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: applic")


async def not_http(exchange):
    await exchange.read_request()
    await exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def huge_header(exchange):
    await exchange.read_request()
    await exchange.send(b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}")


async def cut_body(exchange):
    await exchange.read_request()
    await exchange.answer(200, b'{"success": tr', length=500)


async def cut_chunked_body(exchange):
    await exchange.read_request()
    await exchange.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"suc\r\n')


async def reset_in_body(exchange):
    await exchange.read_request()
    await exchange.answer(200, b'{"success": tr', length=500)
    exchange.reset()


async def compressed(exchange):
    await exchange.read_request()
    await exchange.answer(200, b"\x1f\x8b\x08\x00", "Content-Encoding: gzip")


async def too_long(exchange):
    await exchange.read_request()
    await exchange.answer(200, b" " * (1024 * 1024 + 1))


async def no_content(exchange):
    await exchange.read_request()
    await exchange.send(b"HTTP/1.1 204 No Content\r\n\r\n")


FAULTS = [
    close_before_reading,
    reset_before_reading,
    close_after_reading,
    reset_after_reading,
    cut_status_line,
    cut_headers,
    not_http,
    huge_header,
    cut_body,
    cut_chunked_body,
    reset_in_body,
    compressed,
    too_long,
    no_content,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_broken_after_connecting_is_unknown(serve, open_provider, build_request, fault):
    """Whatever the client calls it: once connected, only an answer can prove that nothing was billed."""
    async with serve(fault) as server:
        assert_unknown(await ask(open_provider, server.base_url, build_request()))
        assert len(server.exchanges) == 1, "a paid request is never sent again by the client itself"


@pytest.mark.parametrize(
    "fault", [close_before_reading, reset_before_reading, close_after_reading, reset_after_reading]
)
async def test_broken_with_a_large_body_is_unknown(serve, open_provider, build_request, write_file, fault):
    request = build_request((write_file("large.jpg", b"x" * 3_000_000),))
    async with serve(fault) as server:
        assert_unknown(await ask(open_provider, server.base_url, request))


async def test_silence_ends_at_the_read_timeout(serve, open_provider, build_request):
    async def handler(exchange):
        await exchange.read_request()
        await asyncio.sleep(60)

    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url, build_request(), read_timeout_s=0.2)
    assert_unknown(error)
    assert "no answer for 0.2 s" in error.message


async def test_dripping_answer_ends_at_the_overall_deadline(serve, open_provider, build_request):
    """Each byte comes well within the read timeout; only a deadline over all of them ends it."""

    async def handler(exchange):
        await exchange.read_request()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await exchange.send(b" ")
            await asyncio.sleep(0.02)

    async with serve(handler) as server:
        error = await ask(
            open_provider, server.base_url, build_request(), read_timeout_s=5, total_timeout_s=0.3
        )
    assert_unknown(error)
    assert "within 0.3 s" in error.message


async def test_server_that_stops_reading_ends_at_the_overall_deadline(
    serve, open_provider, build_request, write_file
):
    async def handler(exchange):
        await exchange.read_head()
        exchange.writer.transport.pause_reading()
        await asyncio.sleep(60)

    request = build_request((write_file("large.jpg", b"x" * 20_000_000),))
    async with serve(handler) as server:
        assert_unknown(await ask(open_provider, server.base_url, request, total_timeout_s=0.5))


async def test_cut_answer_without_a_length_is_kept_and_then_judged_unknown(
    serve, open_provider, build_request
):
    """HTTP cannot tell that it was cut, so the raw bytes go to the ledger and the judging finds out."""

    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(200, b'{"success": true, "resu', length=None)

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        answer = await provider.generate(build_request())
        assert answer.raw == b'{"success": true, "resu'
        with pytest.raises(ProviderError) as caught:
            provider.read_answer(answer.raw)
    assert_unknown(caught.value)


async def test_early_refusal_of_a_large_body_is_understood(serve, open_provider, build_request, write_file):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.answer(
            413, b'{"success": false, "errors": [{"code": 3006, "message": "Request is too large"}]}'
        )
        await exchange.reader.read()

    request = build_request((write_file("large.jpg", b"x" * 8_000_000),))
    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url, request)
    assert (error.kind, error.billed, error.status, error.code) == ("too-large", Billed.NO, 413, 3006)


async def test_cancelling_closes_the_connection(serve, open_provider, build_request):
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handler(exchange):
        await exchange.read_request()
        arrived.set()
        assert await exchange.reader.read() == b""
        gone.set()

    async with serve(handler) as server, open_provider(server.base_url) as provider:
        call = asyncio.create_task(provider.generate(build_request()))
        await asyncio.wait_for(arrived.wait(), 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize("status", [301, 307, 308])
async def test_redirect_is_not_followed(serve, open_provider, build_request, status):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(
            status, b"", f"Location: http://127.0.0.1:{exchange.writer.get_extra_info('sockname')[1]}/x"
        )

    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url, build_request())
        assert len(server.exchanges) == 1
    assert (error.kind, error.retry, error.billed) == ("redirected", Retry.STOP_RUN, Billed.NO)


@pytest.mark.parametrize("status", [302, 303])
async def test_redirect_that_may_follow_a_done_post_is_unknown(serve, open_provider, build_request, status):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(status, b"", "Location: /elsewhere")

    async with serve(handler) as server:
        assert_unknown(await ask(open_provider, server.base_url, build_request()))


async def test_refusal_whose_body_is_cut_is_judged_by_its_status(serve, open_provider, build_request):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(429, b'{"errors": [{"co', "Retry-After: 7", length=400)

    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url, build_request())
    assert (error.kind, error.billed, error.retry_after_s) == ("rate-limited", Billed.NO, 7.0)


async def test_compressed_503_proves_nothing(serve, open_provider, build_request):
    async def handler(exchange):
        await exchange.read_request()
        await exchange.answer(503, b"\x1f\x8b", "Content-Encoding: gzip")

    async with serve(handler) as server:
        assert_unknown(await ask(open_provider, server.base_url, build_request()))


@pytest.mark.parametrize("fault", [cut_headers, cut_body, compressed, reset_after_reading])
async def test_no_error_carries_the_token(serve, open_provider, build_request, token, fault):
    """Neither its text nor anything that hangs on it: the client's exceptions hold the request with its headers."""
    async with serve(fault) as server:
        error = await ask(open_provider, server.base_url, build_request())
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert token not in shown


async def test_token_in_a_servers_words_is_hidden(serve, open_provider, build_request, token):
    async def handler(exchange):
        await exchange.read_request()
        message = f"bad header Authorization: Bearer {token} \\u001b[2J"
        await exchange.answer(403, f'{{"errors": [{{"code": 9109, "message": "{message}"}}]}}'.encode())

    async with serve(handler) as server:
        error = await ask(open_provider, server.base_url, build_request())
    assert token not in error.message
    assert "\x1b" not in error.message
    assert "********" in error.message
