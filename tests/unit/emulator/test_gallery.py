"""Images: signed addresses that die, served whole or in part."""

from __future__ import annotations

import json

import pytest


async def _show(caller, *faults):
    if faults:
        await caller.ask("POST", "/_emulator/faults", body=json.dumps(faults).encode())
    answer = await caller.generate(
        {"prompt": "a", "sequential_image_generation": "auto", "max_images": 2}, {"task": "page"}
    )
    return answer.images


async def test_images_live_for_the_time_that_was_set(running):
    now = [0.0]
    async with running(clock=lambda: now[0], expire_s=90.0) as caller:
        early = (await _show(caller))[0]
        now[0] = 50.0
        late = (await _show(caller))[0]
        now[0] = 89.9
        assert (await caller.get_image(early)).status == 200
        now[0] = 90.0
        gone = await caller.get_image(early)
        assert (gone.status, gone.headers["content-type"]) == (403, "text/plain; charset=utf-8")
        assert (await caller.get_image(late)).status == 200


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-999999", 206, slice(0, None)),
        ("bytes=-999999", 206, slice(0, None)),
        ("bytes=0-1,5-6", 206, slice(0, None)),
        ("lines=1-2", 206, slice(0, None)),
        ("bytes=999999-", 416, slice(0, 0)),
        ("bytes=5-4", 416, slice(0, 0)),
    ],
)
async def test_a_part_can_be_asked_for(running, asked, status, part):
    async with running() as caller:
        url = (await _show(caller))[0]
        whole = await caller.get_image(url)
        answer = await caller.get_image(url, Range=asked)
        assert (answer.status, answer.body) == (status, whole.body[part])
        start, stop, _ = part.indices(len(whole.body))
        where = f"{start}-{stop - 1}" if status == 206 else "*"
        assert answer.headers["content-range"] == f"bytes {where}/{len(whole.body)}"


async def test_a_damaged_picture_is_served_with_status_200(running):
    async with running() as caller:
        right = await caller.get_image((await _show(caller))[1])
        urls = await _show(caller, {"kind": "broken-picture", "damage": "cut", "number": 2})
        assert (await caller.get_image(urls[0])).body.endswith(b"\xff\xd9")
        cut = await caller.get_image(urls[1])
        assert (cut.status, cut.body) == (200, right.body[: len(right.body) // 2])
        noise = await caller.get_image(
            (await _show(caller, {"kind": "broken-picture", "damage": "noise"}))[0]
        )
        assert (noise.status, noise.headers["content-type"]) == (200, "image/jpeg")
        assert not noise.body.startswith(b"\xff\xd8")
        html = await caller.get_image((await _show(caller, {"kind": "broken-picture", "damage": "html"}))[0])
        assert (html.status, html.headers["content-type"]) == (200, "text/html")


async def test_a_dead_url_was_never_alive(running):
    async with running() as caller:
        urls = await _show(caller, {"kind": "dead-url", "number": 1})
        assert [(await caller.get_image(url)).status for url in urls] == [403, 200]
        assert (await caller.ask("GET", "/_emulator/bill")).json["images"] == 2


async def test_downloads_are_written_down_with_whether_a_token_came_along(running):
    async with running() as caller:
        url = (await _show(caller))[0]
        await caller.get_image(url)
        await caller.get_image(url, Range="bytes=0-0", **caller.authorization)
        await caller.get_image(url[:-1])
        path = url.removeprefix(caller.emulator.origin).partition("?")[0]
        assert (await caller.ask("GET", "/_emulator/downloads")).json == [
            {"path": path, "method": "GET", "status": 200, "range": None, "authorization": False},
            {"path": path, "method": "GET", "status": 206, "range": "bytes=0-0", "authorization": True},
            {"path": path, "method": "GET", "status": 403, "range": None, "authorization": False},
        ]


async def test_addresses_of_one_emulator_mean_nothing_to_another(running):
    async with running() as caller, running() as other:
        await _show(other)
        path = (await _show(caller))[0].removeprefix(caller.emulator.origin)
        assert (await caller.ask("GET", path)).status == 200
        assert (await other.ask("GET", path)).status == 403
