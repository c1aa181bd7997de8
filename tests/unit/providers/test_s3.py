"""Pictures in a private bucket behind links, against a real S3 server; and against servers that are wrong in one way."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from bucket import READER_ID, READER_SECRET, fetch

from seedflow.canonical import digest_bytes
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.providers import s3
from seedflow.providers.download import Downloader
from seedflow.providers.s3 import S3Uploader
from seedflow.providers.secrets import Secret
from seedflow.providers.upload import UploadError, UploadOptions, parse_endpoint

CALL_S = 900.0


@pytest.fixture
def options(bucket_service) -> UploadOptions:
    env = bucket_service.env
    return UploadOptions(
        parse_endpoint(bucket_service.endpoint),
        bucket_service.bucket,
        env["SEEDFLOW_UPLOAD_ACCESS_KEY_ID"],
        Secret(env["SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY"]),
    )


def at(origin: str, **changes) -> UploadOptions:
    """A bucket that nobody has, at a server of the test's own."""
    return replace(UploadOptions(parse_endpoint(origin), "refs", "KEY", Secret("hidden/+=secret")), **changes)


def keep(folder: Path, data: bytes = b"a picture") -> tuple[Path, ImageFacts]:
    path = folder / "picture"
    path.write_bytes(data)
    return path, ImageFacts(digest_bytes(data), len(data), 4, 3, ImageFormat.JPEG)


async def upload(options: UploadOptions, path: Path, facts: ImageFacts) -> str:
    uploader = S3Uploader(options, needed_s=CALL_S)
    try:
        return await uploader.upload(path, facts)
    finally:
        await uploader.aclose()


def name_of(facts: ImageFacts) -> str:
    plain = facts.digest.removeprefix("sha256:")
    return f"seedflow/{plain[:2]}/{plain}.jpg"


async def test_a_picture_is_fetched_by_its_link_and_by_nothing_else(
    options, bucket_service, tmp_path
) -> None:
    path, facts = keep(tmp_path, b"private" * 1000)
    link = await upload(options, path, facts)
    status, headers, body = await asyncio.to_thread(fetch, link)
    assert (status, headers["content-type"], body) == (200, "image/jpeg", path.read_bytes())
    assert link.startswith(f"{bucket_service.endpoint}/refs/{name_of(facts)}?")
    assert "X-Amz-Expires=3600" in link
    assert options.secret_access_key.reveal() not in link
    bare = link.partition("?")[0]
    assert (await asyncio.to_thread(fetch, bare))[0] == 403
    forged = re.sub("X-Amz-Signature=.", "X-Amz-Signature=z", link)
    assert (await asyncio.to_thread(fetch, forged))[0] == 403


async def test_a_link_passes_the_look_that_every_reference_has_to_pass(options, tmp_path) -> None:
    link = await upload(options, *keep(tmp_path))
    downloader = Downloader(loopback_http=True)
    assert await downloader.is_alive(link)
    await downloader.aclose()


async def test_a_picture_that_is_there_and_whole_is_not_put_again(options, bucket_service, tmp_path) -> None:
    path, facts = keep(tmp_path, b"put once")
    await upload(options, path, facts)
    before = bucket_service.read(name_of(facts))[1]["last-modified"]
    puts: list[str] = []

    class Watching(S3Uploader):
        async def _put(self, name: str, data: bytes, media_type: str) -> None:
            puts.append(name)
            await super()._put(name, data, media_type)

    uploader = Watching(options, needed_s=CALL_S)
    first = await uploader.upload(path, facts)
    assert await uploader.upload(path, facts) == first
    await uploader.aclose()
    assert puts == []
    assert bucket_service.read(name_of(facts))[1]["last-modified"] == before


@pytest.mark.parametrize(
    ("there", "media_type"),
    [(b"cut", "image/jpeg"), (b"other bytes", "image/jpeg"), (b"whole bytes", "text/html")],
)
async def test_an_object_that_is_not_what_its_name_says_is_put_right(
    options, bucket_service, tmp_path, there, media_type
) -> None:
    path, facts = keep(tmp_path, b"whole bytes")
    bucket_service.ask("PUT", f"/refs/{name_of(facts)}", there, {"Content-Type": media_type})
    await upload(options, path, facts)
    status, headers, body = bucket_service.read(name_of(facts))
    assert (status, headers["content-type"], body) == (200, "image/jpeg", b"whole bytes")


async def test_tasks_that_need_one_picture_at_the_same_moment_put_it_once(options, tmp_path) -> None:
    path, facts = keep(tmp_path, b"for many")
    puts = 0

    class Counting(S3Uploader):
        async def _put(self, name: str, data: bytes, media_type: str) -> None:
            nonlocal puts
            puts += 1
            await super()._put(name, data, media_type)

    uploader = Counting(options, needed_s=CALL_S)
    links = await asyncio.gather(*(uploader.upload(path, facts) for _ in range(8)))
    await uploader.aclose()
    assert (puts, len(set(links))) == (1, 1)


async def test_a_link_is_signed_anew_when_a_clock_jumps_or_little_of_its_life_is_left(
    options, tmp_path, monkeypatch
) -> None:
    path, facts = keep(tmp_path, b"for long")
    now = {"monotonic": 100.0, "wall": 5e8}
    monkeypatch.setattr(s3, "monotonic", lambda: now["monotonic"])
    monkeypatch.setattr(s3, "time", lambda: now["wall"])
    looks = 0

    class Looking(S3Uploader):
        async def _look(self, url: str, size_bytes: int) -> None:
            nonlocal looks
            looks += 1
            await super()._look(url, size_bytes)

    uploader = Looking(replace(options, link_lifetime_s=1500), needed_s=CALL_S)
    await uploader.upload(path, facts)
    for monotonic_s, wall_s, expected in ((500, 500, 1), (200, 200, 2), (0, -3600, 3), (0, 3600, 4)):
        now["monotonic"] += monotonic_s
        now["wall"] += wall_s
        await uploader.upload(path, facts)
        assert looks == expected
    await uploader.aclose()


async def test_checking_writes_and_reads(options, bucket_service) -> None:
    uploader = S3Uploader(options, needed_s=CALL_S)
    await uploader.check()
    await uploader.aclose()
    assert bucket_service.read("seedflow/about.txt")[2].startswith(b"seedflow keeps pictures here")


@pytest.mark.parametrize(
    ("changes", "kind", "said", "advice"),
    [
        ({"bucket": "nobody-made-it"}, "no-bucket", "no bucket nobody-made-it", "SEEDFLOW_UPLOAD_BUCKET"),
        ({"access_key_id": "UNKNOWNKEY"}, "wrong-key", "InvalidAccessKeyId", "SEEDFLOW_UPLOAD_ACCESS_KEY_ID"),
        ({"secret_access_key": Secret("not-the-one")}, "wrong-key", "SignatureDoesNotMatch", "SECRET_ACCESS_KEY"),
        ({"access_key_id": READER_ID, "secret_access_key": Secret(READER_SECRET)}, "forbidden", "AccessDenied", "permission"),
    ],
)  # fmt: skip # a row a line
async def test_what_a_real_server_refuses_is_told_with_what_to_do(
    options, tmp_path, changes, kind, said, advice
) -> None:
    wrong = replace(options, **changes)
    uploader = S3Uploader(wrong, needed_s=CALL_S)
    with pytest.raises(UploadError) as caught:
        await uploader.check()
    await uploader.aclose()
    assert caught.value.kind == kind
    assert said in caught.value.message
    assert advice in (caught.value.help or "")
    with pytest.raises(UploadError) as caught:
        await upload(wrong, *keep(tmp_path, b"never there"))
    assert caught.value.kind == kind
    assert wrong.secret_access_key.reveal() not in caught.value.message


def answer(status: str, code: str = "", *headers: str) -> bytes:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (answer("403 Forbidden", "RequestTimeTooSkewed", "Date: Mon, 01 Jan 2001 00:00:00 GMT"), "clock", "minutes ahead of"),
        (answer("403 Forbidden", "AccessDenied", "Date: Mon, 01 Jan 2125 00:00:00 GMT"), "clock", "minutes behind"),
        (answer("404 Not Found", "NoSuchBucket"), "no-bucket", "there is no bucket refs"),
        (answer("301 Moved Permanently", "PermanentRedirect", "Location: http://elsewhere.example/"), "refused", "elsewhere"),
        (answer("503 Slow Down", "SlowDown"), "server", "SlowDown"),
        (b"HTTP/1.1 2", "unreachable", "could not be reached"),
    ],
)  # fmt: skip # a row a line
async def test_what_goes_wrong_is_told_as_it_was(serve, monkeypatch, said, kind, told) -> None:
    monkeypatch.setattr(s3, "FIRST_WAIT_S", 0.0)

    async def handle(exchange) -> None:
        await exchange.read_request()
        await exchange.send(said)

    async with serve(handle) as server:
        uploader = S3Uploader(at(server.origin), needed_s=CALL_S)
        with pytest.raises(UploadError) as caught:
            await uploader.check()
        await uploader.aclose()
    assert (caught.value.kind, told in caught.value.message) == (kind, True)
    assert "secret" not in caught.value.message


async def test_a_service_that_is_not_there_is_told_and_asked_a_few_times_only(
    monkeypatch, closed_port
) -> None:
    monkeypatch.setattr(s3, "FIRST_WAIT_S", 0.0)
    uploader = S3Uploader(at(f"http://127.0.0.1:{closed_port}"), needed_s=CALL_S)
    with pytest.raises(UploadError, match="does not take connections") as caught:
        await uploader.check()
    await uploader.aclose()
    assert caught.value.kind == "unreachable"
    assert "SEEDFLOW_UPLOAD_ENDPOINT" in (caught.value.help or "")


async def test_a_link_that_gives_something_else_is_no_link(serve) -> None:
    async def handle(exchange) -> None:
        await exchange.read_request()
        ranged = b"Content-Range: bytes 0-0/7\r\n" if exchange.header("range") else b""
        status = b"206 Partial Content" if ranged else b"200 OK"
        await exchange.send(
            b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n" + ranged + b"\r\n"
        )

    async with serve(handle) as server:
        uploader = S3Uploader(at(server.origin), needed_s=CALL_S)
        with pytest.raises(UploadError, match="gave 7 bytes back") as caught:
            await uploader.check()
        await uploader.aclose()
    assert caught.value.kind == "dead-link"


async def test_variables_of_other_tools_decide_nothing(options, tmp_path, monkeypatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_SESSION_TOKEN": "of-somebody-else",
        "AWS_ACCESS_KEY_ID": "of-somebody-else",
        "AWS_REGION": "eu-north-1",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    link = await upload(options, *keep(tmp_path, b"ours alone"))
    assert "Security-Token" not in link
    assert "%2Fauto%2Fs3%2F" in link


async def test_bytes_that_changed_are_never_put_under_the_old_name(options, bucket_service, tmp_path) -> None:
    path, facts = keep(tmp_path, b"as planned")
    path.write_bytes(b"AS PLANNED")
    with pytest.raises(UploadError, match="was changed") as caught:
        await upload(options, path, facts)
    assert caught.value.kind == "changed"
    assert bucket_service.read(name_of(facts))[0] == 404
