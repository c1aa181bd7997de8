"""References: each is fetched by the server, in order, and what is dead, foreign or no image is refused."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import quote

import pytest

from seedflow.canonical import digest_bytes
from seedflow.emulator.options import SetSize

FOREIGN = "https://example.com/a.png?x=1"


async def _fetched(caller):
    return (await caller.ask("GET", "/_emulator/requests")).json[-1]["references"]


async def test_every_kind_arrives_and_keeps_its_place(running, png, data_uri, tmp_path):
    served, sent = png(3, 2, 10), png(4, 5, 20)
    (tmp_path / "a.png").write_bytes(served)
    async with running(serve={FOREIGN: tmp_path / "a.png"}, sets=SetSize.MAX) as caller:
        sheet = await caller.generate(
            {"prompt": "sheet", "sequential_image_generation": "auto", "max_images": 3}, {"task": "sheet"}
        )
        own = [await caller.get_image(url) for url in sheet.images]
        answer = await caller.generate(
            {
                "prompt": "page",
                "image_input": [sheet.images[2], FOREIGN, data_uri(sent), sheet.images[0]],
            }
        )
        assert answer.status == 200
        found = [
            (one["kind"], one["digest"], one["task"], one["number"], one["size_bytes"])
            for one in await _fetched(caller)
        ]
        assert found == [
            ("own", digest_bytes(own[2].body), "sheet", 3, len(own[2].body)),
            ("served", digest_bytes(served), None, None, len(served)),
            ("data", digest_bytes(sent), None, None, len(sent)),
            ("own", digest_bytes(own[0].body), "sheet", 1, len(own[0].body)),
        ]
        assert (await _fetched(caller))[2] | {"width": 4, "height": 5, "format": "png"} == (
            await _fetched(caller)
        )[2]


async def _refused(caller, reference):
    answer = await caller.generate({"prompt": "a", "image_input": [reference]})
    assert (answer.status, answer.errors[0][0]) == (400, 5006)
    assert (await caller.ask("GET", "/_emulator/bill")).json["calls"] == 0
    return answer.errors[0][1]


async def test_an_unknown_foreign_address_is_refused_and_nothing_is_billed(running, tmp_path, png):
    (tmp_path / "a.png").write_bytes(png())
    async with running(serve={FOREIGN: tmp_path / "a.png"}) as caller:
        for url in ("https://example.com/b.png", FOREIGN + "2", FOREIGN.replace("?x=1", "")):
            assert "image_input[0] could not be downloaded" in await _refused(caller, url)


async def test_a_dead_link_is_refused(running):
    now = [0.0]
    async with running(clock=lambda: now[0], expire_s=60.0) as caller:
        url = (await caller.generate({"prompt": "a"})).images[0]
        assert (await caller.generate({"prompt": "b", "image_input": [url]})).status == 200
        now[0] = 60.0
        answer = await caller.generate({"prompt": "c", "image_input": [url]})
        assert answer.status == 400
        assert "403" in answer.errors[0][1]
        assert "expired" in answer.errors[0][1]


async def test_links_can_be_expired_by_hand(running):
    async with running() as caller:
        url = (await caller.generate({"prompt": "a"})).images[0]
        assert (await caller.ask("POST", "/_emulator/expire")).json == {"expired": 1}
        answer = await caller.generate({"prompt": "b", "image_input": [url]})
        assert (answer.status, answer.errors[0][0]) == (400, 5006)
        fresh = (await caller.generate({"prompt": "c"})).images[0]
        assert (await caller.get_image(fresh)).status == 200


async def test_a_link_without_its_whole_query_is_refused(running):
    async with running() as caller:
        url = (await caller.generate({"prompt": "a"})).images[0]
        for wrong in (url.partition("?")[0], url[:-1], url + "0", url.replace("x-expires", "y-expires")):
            assert (await caller.generate({"prompt": "b", "image_input": [wrong]})).status == 400, wrong
            assert (await caller.get_image(wrong)).status == 403, wrong


@pytest.mark.parametrize(
    "uri",
    [
        "data:text/plain;base64,aGVsbG8=",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,aGVsbG8=",
        "data:image/png;base64,",
        "data:image/png",
        "data:,",
        "data:image/svg+xml;base64,"
        + base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
    ],
)
async def test_a_data_uri_that_is_no_image_is_refused(running, uri):
    async with running() as caller:
        assert "image_input[0] is " in await _refused(caller, uri)


async def test_a_cut_image_is_refused(running, png, data_uri):
    async with running() as caller:
        assert "decoded" in await _refused(caller, data_uri(png()[:-20]))


async def test_a_data_uri_may_be_escaped_instead_of_base64(running, png):
    data = png()
    async with running() as caller:
        answer = await caller.generate({"prompt": "a", "image_input": ["data:image/png," + quote(data)]})
        assert answer.status == 200
        assert (await _fetched(caller))[0]["digest"] == digest_bytes(data)


async def test_a_reference_larger_than_the_model_takes_is_refused(running, png, data_uri):
    async with running() as caller:
        data = png() + b"\0" * 10_000_001
        assert "MB" in await _refused(caller, data_uri(data))


async def test_a_file_that_went_away_is_refused(running, tmp_path, png):
    (tmp_path / "a.png").write_bytes(png())
    async with running(serve={FOREIGN: tmp_path / "a.png"}) as caller:
        (tmp_path / "a.png").unlink()
        assert "could not be downloaded" in await _refused(caller, FOREIGN)


async def test_a_broken_picture_of_our_own_is_no_reference(running):
    async with running() as caller:
        await caller.ask("POST", "/_emulator/faults", body=b'{"kind": "broken-picture"}')
        url = (await caller.generate({"prompt": "a"})).images[0]
        answer = await caller.generate({"prompt": "b", "image_input": [url]})
        assert answer.status == 400
        assert "decoded" in answer.errors[0][1]


async def test_long_data_uris_are_shown_short_and_named_by_their_digest(running, png, data_uri):
    data = png(200, 200) + b"\0" * 5000
    async with running() as caller:
        await caller.generate({"prompt": "a", "image_input": [data_uri(data)]})
        (request,) = (await caller.ask("GET", "/_emulator/requests")).json
        assert request["input"]["image_input"][0] == data_uri(data)[:64] + "…"
        assert request["references"][0]["digest"] == digest_bytes(data)


async def test_the_input_digest_sees_bytes_and_order_and_no_addresses(running, png, data_uri):
    one, two = png(3, 2, 10), png(3, 2, 20)
    async with running() as caller:
        url = (await caller.generate({"prompt": "x"})).images[0]
        bytes_of_it = (await caller.get_image(url)).body

        async def digest(*references):
            await caller.generate({"prompt": "a", "image_input": list(references)})
            return (await caller.ask("GET", "/_emulator/requests")).json[-1]["input_digest"]

        assert await digest(url) == await digest(data_uri(bytes_of_it, "image/jpeg"))
        assert await digest(data_uri(one), data_uri(two)) != await digest(data_uri(two), data_uri(one))
        assert await digest(data_uri(one)) == await digest(data_uri(one, "image/x"))


async def test_one_new_image_may_come_with_many_calls_at_once(running, png, data_uri):
    async with running() as caller:
        uri = data_uri(png(400, 300))
        answers = await asyncio.gather(
            *(caller.generate({"prompt": f"page {number}", "image_input": [uri]}) for number in range(40))
        )
        assert {answer.status for answer in answers} == {200}
