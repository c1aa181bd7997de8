"""Fetching pictures: exactly as received, from allowed places only, bounded in every direction."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from seedflow.errors import DownloadError, StoreError
from seedflow.providers.addresses import Reach
from seedflow.providers.download import Downloader, DownloadLimits
from seedflow.providers.transport import find_refused_address, open_session

PICTURE = bytes(range(256)) * 500


@contextlib.asynccontextmanager
async def open_downloader(**options):
    downloader = Downloader(**{"loopback_http": True, **options})
    try:
        yield downloader
    finally:
        await downloader.aclose()


async def fetch(url: str, into: Path, **options) -> bytes:
    async with open_downloader(**options) as downloader:
        await downloader.fetch(url, into)
    with into.open("rb") as file:
        return file.read()


async def fail(url: str, into: Path, **options) -> DownloadError:
    async with open_downloader(**options) as downloader:
        with pytest.raises(DownloadError) as caught:
            await downloader.fetch(url, into)
    return caught.value


def answering(status: int, body: bytes = b"", *headers: str, **options):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.answer(status, body, *headers, **options)

    return handler


async def test_bytes_arrive_exactly(serve, tmp_path):
    async with serve(answering(200, PICTURE)) as server:
        assert await fetch(f"{server.origin}/a.jpg", tmp_path / "a") == PICTURE


async def test_without_a_length_the_end_of_the_connection_is_the_end(serve, tmp_path):
    async with serve(answering(200, PICTURE, length=None)) as server:
        assert await fetch(f"{server.origin}/a.jpg", tmp_path / "a") == PICTURE


async def test_request_carries_nothing_of_ours(serve, tmp_path):
    async with serve(answering(200, PICTURE)) as server:
        await fetch(f"{server.origin}/a.jpg", tmp_path / "a")
    (exchange,) = server.exchanges
    assert exchange.header("Authorization") is None
    assert exchange.header("Cookie") is None
    assert exchange.header("Referer") is None
    assert exchange.header("Accept-Encoding") == "identity"


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb/c%7Ed/%C3%A4?X-Amz-Credential=AKIA%2F2026&sig=%2b%2B+~'()!*|&&empty=&x",
        "/a/../b//c/./d?x=%zz",
        "/?a=b?c=d",
        '/;p=1,2?q=[1]{2}^`"<>',
    ],
)
async def test_signed_url_reaches_the_server_byte_for_byte(serve, tmp_path, target):
    async with serve(answering(200, PICTURE)) as server:
        await fetch(f"{server.origin}{target}#fragment", tmp_path / "a")
    assert server.exchanges[0].request_line == f"GET {target} HTTP/1.1"


async def test_signed_url_survives_a_redirect(serve, tmp_path):
    target = "/b?sig=a%2Fb%7E+~&e="

    async def handler(exchange):
        await exchange.read_head()
        if exchange.request_line.startswith("GET /a "):
            port = exchange.writer.get_extra_info("sockname")[1]
            await exchange.answer(302, b"", f"Location: http://127.0.0.1:{port}{target}")
        else:
            await exchange.answer(200, PICTURE)

    async with serve(handler) as server:
        assert await fetch(f"{server.origin}/a", tmp_path / "a") == PICTURE
    assert server.exchanges[1].request_line == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("location", ["/b", "b", "//127.0.0.1:PORT/b", "http://127.0.0.1:PORT/b"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(serve, tmp_path, location, status):
    async def handler(exchange):
        await exchange.read_head()
        if exchange.request_line.startswith("GET /a "):
            port = exchange.writer.get_extra_info("sockname")[1]
            await exchange.answer(status, b"", "Location: " + location.replace("PORT", str(port)))
        else:
            await exchange.answer(200, PICTURE)

    async with serve(handler) as server:
        assert await fetch(f"{server.origin}/a", tmp_path / "a") == PICTURE


@pytest.mark.parametrize(("hops", "arrives"), [(3, True), (4, False)])
async def test_at_most_three_redirects(serve, tmp_path, hops, arrives):
    async def handler(exchange):
        await exchange.read_head()
        hop = int(exchange.request_line.split()[1].strip("/"))
        await (exchange.answer(302, b"", f"Location: /{hop - 1}") if hop else exchange.answer(200, PICTURE))

    async with serve(handler) as server:
        if arrives:
            assert await fetch(f"{server.origin}/{hops}", tmp_path / "a") == PICTURE
        else:
            assert (await fail(f"{server.origin}/{hops}", tmp_path / "a")).kind == "redirect"


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/a",
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a",
        "http://user@127.0.0.1/",
        "http://127.0.0.1\\@8.8.8.8/",
        "http://0x7f.1/",
    ],
)
async def test_redirects_are_judged_anew(serve, tmp_path, location):
    async with serve(answering(302, b"", f"Location: {location}")) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a")
        assert len(server.exchanges) == 1
    assert (error.kind, error.retryable) == ("refused-url", False)


LONG = "a" * 80


@pytest.mark.parametrize(
    "location",
    [
        "http://a..b/x",
        "http://..../x",
        f"http://{LONG}.b/x",
        f"http://{'a' * 300}/x",
        "//[",
        "http://[::1",
        "//a..b/x",
        "http://\xff\xfe/",
    ],
)
async def test_a_redirect_to_what_nobody_can_look_up_is_refused(serve, tmp_path, location):
    async with serve(answering(302, b"", f"Location: {location}")) as server:
        url = f"{server.origin}/a.jpg"
        error = await fail(url, tmp_path / "a")
        assert (error.kind, error.retryable) == ("refused-url", False)
        async with open_downloader() as downloader:
            assert not await downloader.is_alive(url)
            assert "refused" in (await downloader.find_problem(url) or "")


@pytest.mark.parametrize(
    "url", ["https://a..b/x", f"https://{LONG}.b/x", "https://.a/x", "https://\ud800/x", "//["]
)
async def test_an_address_that_nobody_can_look_up_is_refused(tmp_path, url):
    assert (await fail(url, tmp_path / "a", loopback_http=False)).kind == "refused-url"


class _Breaking(AbstractResolver):
    async def resolve(self, host, port=0, family=socket.AF_INET):
        raise UnicodeError("label empty or too long")

    async def close(self):
        return None


async def test_a_name_that_the_resolver_breaks_at_is_a_name_that_is_not_known():
    session = open_session(Reach.ANYWHERE, trust=None, reuse=False, resolver=_Breaking())
    async with session:
        with pytest.raises(aiohttp.ClientConnectorDNSError):
            await session.get("http://breaks.example/")


async def test_what_nobody_foresaw_is_tried_again_and_given_up_by_nobody(serve, tmp_path, monkeypatch):
    def break_down(self, response):
        raise OverflowError

    monkeypatch.setattr(Downloader, "_check_head", break_down)
    async with serve(answering(200, PICTURE)) as server:
        error = await fail(f"{server.origin}/a.jpg", tmp_path / "a")
    assert (error.kind, error.retryable) == ("cut", True)


async def test_redirect_without_a_location(serve, tmp_path):
    async with serve(answering(302)) as server:
        assert (await fail(f"{server.origin}/a", tmp_path / "a")).kind == "redirect"


async def test_loopback_is_refused_unless_the_api_is_there(serve, tmp_path):
    async with serve(answering(200, PICTURE)) as server:
        for url in (f"{server.origin}/a", server.origin.replace("http:", "https:") + "/a"):
            error = await fail(url, tmp_path / "a", loopback_http=False)
            assert (error.kind, error.retryable) == ("refused-url", False)
        assert server.exchanges == []
    assert not (tmp_path / "a").exists()


async def test_name_that_leads_to_this_machine_is_refused(serve, tmp_path):
    """The spelling is innocent; the address that it resolves to is not."""
    async with serve(answering(200, PICTURE)) as server:
        error = await fail(f"https://localhost:{server.port}/a", tmp_path / "a", loopback_http=False)
        assert server.exchanges == []
    assert (error.kind, error.retryable) == ("refused-address", False)
    assert "not on the public internet" in error.message


class TwoFacedResolver(AbstractResolver):
    """Gives the addresses that it is told to."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("addresses", [("8.8.8.8", "127.0.0.1"), ("127.0.0.1", "8.8.8.8"), ("10.0.0.1",)])
async def test_every_address_of_a_name_must_pass(addresses):
    async with open_session(
        Reach.PUBLIC, trust=None, reuse=True, resolver=TwoFacedResolver(*addresses)
    ) as session:
        with pytest.raises(aiohttp.ClientConnectorDNSError) as caught:
            await session.get("http://example.com/")
    assert "not on the public internet" in str(find_refused_address(caught.value))


async def test_address_is_judged_again_as_its_socket_is_made(serve):
    """An address written out never meets a resolver; the socket's maker is the last to look."""
    async with (
        serve(answering(200, PICTURE)) as server,
        open_session(Reach.PUBLIC, trust=None, reuse=True) as session,
    ):
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"{server.origin}/a")
        assert server.exchanges == []
    assert "not on the public internet" in str(find_refused_address(caught.value))


async def test_https_with_a_trusted_certificate(serve, tmp_path, server_trust, ca_file):
    async with serve(answering(200, PICTURE), trust=server_trust) as server:
        url = f"{server.origin}/a"
        assert await fetch(url, tmp_path / "a", ca_file=ca_file, https_reach=Reach.LOOPBACK) == PICTURE
        error = await fail(url, tmp_path / "b", https_reach=Reach.LOOPBACK)
    assert (error.kind, error.retryable) == ("unreachable", True)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, "dead-url", False),
        (401, "dead-url", False),
        (403, "dead-url", False),
        (404, "dead-url", True),
        (410, "dead-url", False),
        (204, "dead-url", False),
        (206, "dead-url", False),
        (304, "dead-url", False),
        (408, "server", True),
        (429, "server", True),
        (500, "server", True),
        (502, "server", True),
        (503, "server", True),
        (522, "server", True),
    ],
)
async def test_statuses(serve, tmp_path, status, kind, retryable):
    async with serve(answering(status)) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a")
    assert (error.kind, error.retryable) == (kind, retryable)


async def test_compressed_picture_is_refused(serve, tmp_path):
    async with serve(answering(200, b"\x1f\x8b" * 10, "Content-Encoding: gzip")) as server:
        assert (await fail(f"{server.origin}/a", tmp_path / "a")).kind == "encoded"


async def test_announced_size_above_the_limit_is_refused_at_once(serve, tmp_path):
    async with serve(answering(200, b"x", length=64 * 1024 * 1024 + 1)) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a")
    assert (error.kind, error.retryable) == ("too-large", False)
    assert not (tmp_path / "a").exists()


async def test_endless_picture_is_cut_at_the_limit(serve, tmp_path):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await exchange.send(PICTURE)

    async with serve(handler) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a", limits=DownloadLimits(max_bytes=1_000_000))
    assert error.kind == "too-large"
    assert (tmp_path / "a").stat().st_size <= 1_000_000


async def cut_by_length(exchange):
    await exchange.read_head()
    await exchange.answer(200, PICTURE, length=len(PICTURE) + 1)


async def cut_by_chunk(exchange):
    await exchange.read_head()
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n123")


async def cut_by_reset(exchange):
    await exchange.read_head()
    await exchange.answer(200, PICTURE, length=len(PICTURE) + 1)
    exchange.reset()


async def hung_up(exchange):
    await exchange.read_head()


@pytest.mark.parametrize(
    "handler",
    [cut_by_length, cut_by_chunk, cut_by_reset, hung_up, answering(200, b"")],
    ids=lambda found: found.__name__,
)
async def test_cut_picture_may_be_fetched_again(serve, tmp_path, handler):
    async with serve(handler) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a")
    assert (error.kind, error.retryable) == ("cut", True)


async def test_refused_connection(tmp_path, closed_port):
    error = await fail(f"http://127.0.0.1:{closed_port}/a", tmp_path / "a")
    assert (error.kind, error.retryable) == ("unreachable", True)


async def test_silence_ends(serve, tmp_path):
    async def handler(exchange):
        await exchange.read_head()
        await asyncio.sleep(60)

    async with serve(handler) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a", limits=DownloadLimits(silence_s=0.2))
    assert (error.kind, error.retryable) == ("timeout", True)


async def dripping(exchange):
    await exchange.read_head()
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await exchange.send(b"x")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("limits", "kind"),
    [(DownloadLimits(total_s=0.3), "timeout"), (DownloadLimits(rate_window_s=0.2), "too-slow")],
)
async def test_dripping_picture_ends(serve, tmp_path, limits, kind):
    async with serve(dripping) as server:
        error = await fail(f"{server.origin}/a", tmp_path / "a", limits=limits)
    assert (error.kind, error.retryable) == (kind, True)


async def test_slow_but_steady_picture_arrives(serve, tmp_path):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PICTURE)}\r\n\r\n".encode())
        for start in range(0, len(PICTURE), 8000):
            await exchange.send(PICTURE[start : start + 8000])
            await asyncio.sleep(0.02)

    async with serve(handler) as server:
        limits = DownloadLimits(rate_window_s=0.05)
        assert await fetch(f"{server.origin}/a", tmp_path / "a", limits=limits) == PICTURE


async def test_existing_file_is_never_overwritten(serve, tmp_path):
    (tmp_path / "a").write_bytes(b"mine")
    async with serve(answering(200, PICTURE)) as server, open_downloader() as downloader:
        with pytest.raises(StoreError):
            await downloader.fetch(f"{server.origin}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_full_disk_is_told_as_such(serve, tmp_path):
    class FullFile(type(tmp_path)):
        def open(self, mode="r", buffering=-1, **options):
            return Path("/dev/full").open("wb", buffering=buffering)

    async with serve(answering(200, PICTURE)) as server, open_downloader() as downloader:
        with pytest.raises(StoreError) as caught:
            await downloader.fetch(f"{server.origin}/a", FullFile(tmp_path / "a"))
    assert caught.value.kind == "disk-full"
    assert os.strerror(errno.ENOSPC) in caught.value.message


async def test_a_folder_that_is_gone_is_told_as_such(serve, tmp_path):
    async with serve(answering(200, PICTURE)) as server, open_downloader() as downloader:
        with pytest.raises(StoreError) as caught:
            await downloader.fetch(f"{server.origin}/a", tmp_path / "moved" / "a")
    assert caught.value.kind == "missing"
    assert "do not move" in caught.value.help


async def test_connections_are_reused_for_pictures(serve, tmp_path):
    async def handler(exchange):
        while True:
            await exchange.read_head()
            await exchange.answer(200, PICTURE)

    async with serve(handler) as server, open_downloader() as downloader:
        for number in range(3):
            await downloader.fetch(f"{server.origin}/{number}", tmp_path / str(number))
        assert len(server.exchanges) == 1


async def test_error_messages_show_the_url_safely(tmp_path):
    error = await fail("https://example.com/\x1b[2J" + "x" * 10_000, tmp_path / "a")
    assert "\x1b" not in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("status", "alive"),
    [
        (200, True),
        (206, True),
        (204, False),
        (404, False),
        (403, False),
        (410, False),
        (416, False),
        (500, False),
    ],
)
async def test_alive_by_status(serve, status, alive):
    async with (
        serve(answering(status, b"x" if status != 204 else b"")) as server,
        open_downloader() as downloader,
    ):
        assert await downloader.is_alive(f"{server.origin}/a?sig=%2F") is alive
    (exchange,) = server.exchanges
    assert exchange.request_line == "GET /a?sig=%2F HTTP/1.1"
    assert exchange.header("Range") == "bytes=0-0"


async def test_alive_without_reading_the_picture(serve):
    """A server that ignores ranges sends everything; one byte is all that is waited for."""

    async def handler(exchange):
        await exchange.read_head()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nx")
        await asyncio.sleep(60)

    async with serve(handler) as server, open_downloader() as downloader:
        assert await downloader.is_alive(f"{server.origin}/a")


async def test_not_alive_when_in_doubt(serve, closed_port):
    limits = replace(DownloadLimits(), alive_s=0.2)
    async with serve(dripping) as server, open_downloader(limits=limits) as downloader:
        assert not await downloader.is_alive(f"http://127.0.0.1:{closed_port}/a")
        assert not await downloader.is_alive("https://10.0.0.1/a")
        assert not await downloader.is_alive("not a URL")
        assert not await downloader.is_alive(f"https://localhost:{server.port}/a")

    async def silent(exchange):
        await asyncio.sleep(60)

    async with serve(silent) as server, open_downloader(limits=limits) as downloader:
        assert not await downloader.is_alive(f"{server.origin}/a")


@pytest.mark.parametrize("status", [200, 206])
async def test_a_url_that_gives_its_first_byte_has_no_problem(serve, status):
    async with serve(answering(status, b"x")) as server, open_downloader() as downloader:
        assert await downloader.find_problem(f"{server.origin}/a") is None


@pytest.mark.parametrize(("status", "looks"), [(404, 1), (403, 1), (416, 1), (503, 2), (429, 2)])
async def test_a_url_that_gives_nothing_is_told_by_its_status_and_asked_again_where_that_may_pass(
    serve, monkeypatch, status, looks
):
    monkeypatch.setattr("seedflow.providers.download._LOOK_AGAIN_S", 0.0)
    async with serve(answering(status, b"")) as server, open_downloader() as downloader:
        said = await downloader.find_problem(f"{server.origin}/a")
    assert said == f"its server answers with HTTP {status}"
    assert len(server.exchanges) == looks


async def test_a_problem_that_passes_is_none(serve, monkeypatch):
    monkeypatch.setattr("seedflow.providers.download._LOOK_AGAIN_S", 0.0)
    answers = iter((503, 200))

    async def handler(exchange):
        await exchange.read_head()
        await exchange.answer(next(answers), b"x", "Connection: close")

    async with serve(handler) as server, open_downloader() as downloader:
        assert await downloader.find_problem(f"{server.origin}/a") is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://pictures.example/a", "it is not encrypted"),
        ("https://10.0.0.1/a", "not on the public internet"),
        ("https://169.254.169.254/latest/meta-data", "not on the public internet"),
        ("https://user@pictures.example/a", "user name"),
        ("https://localhost/a", "an address that is refused"),
    ],
)
async def test_a_url_that_leads_where_it_must_not_is_told(monkeypatch, url, said):
    monkeypatch.setattr("seedflow.providers.download._LOOK_AGAIN_S", 0.0)
    downloader = Downloader(loopback_http=False)
    try:
        assert said in (await downloader.find_problem(url) or "")
    finally:
        await downloader.aclose()


async def test_a_redirect_to_where_it_must_not_lead_is_told(serve):
    async def handler(exchange):
        await exchange.read_head()
        await exchange.answer(302, b"", "Location: http://10.0.0.1/secret", "Connection: close")

    async with serve(handler) as server, open_downloader() as downloader:
        assert "refused" in (await downloader.find_problem(f"{server.origin}/a") or "")


async def test_a_server_that_is_not_there_is_told(closed_port, monkeypatch):
    monkeypatch.setattr("seedflow.providers.download._LOOK_AGAIN_S", 0.0)
    async with open_downloader() as downloader:
        said = await downloader.find_problem(f"http://127.0.0.1:{closed_port}/a")
    assert "does not take connections" in (said or "")
