"""The streamed body: exact length, small pieces, and a mark once anybody asked for it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from types import MappingProxyType

import pytest

from seedflow.providers.base import WireUrl
from seedflow.providers.body import CHUNK_BYTES, build_body


async def collect(body) -> list[bytes]:
    return [piece async for piece in body]


async def test_nothing_is_started_before_the_first_byte_is_asked_for(build_request):
    body = build_body(build_request())
    pieces = aiter(body)
    assert not body.started
    await anext(pieces)
    assert body.started
    await pieces.aclose()


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 2]
)
async def test_length_is_exact_and_pieces_join_to_base64(build_request, write_file, size):
    data = bytes(index * 7 % 256 for index in range(size))
    body = build_body(build_request((write_file("a.jpg", data),)))
    pieces = await collect(body)
    whole = b"".join(pieces)
    assert len(whole) == body.length
    assert max(map(len, pieces)) <= 4 * CHUNK_BYTES // 3
    (uri,) = json.loads(whole)["input"]["image_input"]
    assert base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"), validate=True) == data


async def test_a_field_that_takes_no_list_gets_the_reference_itself(build_request, write_file):
    url = replace(build_request((WireUrl("https://example.com/a.jpg"),)), references_as_list=False)
    body = build_body(url)
    whole = b"".join(await collect(body))
    assert (len(whole), json.loads(whole)["input"]["image_input"]) == (
        body.length,
        "https://example.com/a.jpg",
    )
    file = replace(build_request((write_file("a.jpg", b"abc"),)), references_as_list=False)
    whole = b"".join(await collect(build_body(file)))
    assert json.loads(whole)["input"]["image_input"] == "data:image/jpeg;base64,YWJj"
    with pytest.raises(ValueError, match="takes a list"):
        build_body(replace(url, references=url.references * 2))


async def test_body_without_files_is_one_piece(build_request):
    body = build_body(build_request((WireUrl("https://example.com/a.jpg"),)))
    assert len(await collect(body)) == 1


async def test_references_alone_make_valid_json(build_request):
    body = build_body(build_request((WireUrl("https://example.com/a.jpg"),), params={}))
    assert json.loads(b"".join(await collect(body)))["input"] == {
        "image_input": ["https://example.com/a.jpg"]
    }


async def test_any_text_survives_as_ascii(build_request):
    prompt = 'quote " backslash \\ newline \n emoji 🦊 separator \u2028 lone \ud800 nul \x00'
    whole = b"".join(await collect(build_body(build_request(params={"prompt": prompt}))))
    assert whole.isascii()
    assert json.loads(whole)["input"]["prompt"] == prompt


async def test_frozen_values_are_sent_as_what_they_are(build_request):
    params = {"a": MappingProxyType({"b": (1, 2.5, True, None)})}
    whole = b"".join(await collect(build_body(build_request(params=params))))
    assert json.loads(whole)["input"] == {"a": {"b": [1, 2.5, True, None]}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_say_is_a_bug(build_request, value):
    with pytest.raises((ValueError, TypeError)):
        build_body(build_request(params={"a": value}))


async def test_file_that_shrinks_while_it_is_sent_breaks_the_body(build_request, write_file):
    file = write_file("a.jpg", b"x" * (2 * CHUNK_BYTES))
    body = build_body(build_request((file,)))
    await body.check_files()
    file.path.write_bytes(b"x")
    with pytest.raises(OSError, match="shorter"):
        await collect(body)
