"""Whatever arrives, the emulator answers in the envelope or ends the connection, and goes on for everybody else."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from seedflow.emulator.http import WireLimits
from seedflow.emulator.options import EmulatorOptions, PictureKind
from seedflow.emulator.server import Emulator

LIMITS = WireLimits(head_bytes=4096, idle_s=2, head_s=2, body_s=2)
OPTIONS = EmulatorOptions(pictures=PictureKind.TINY, body_limit_bytes=20_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KNOWN = ["prompt", "image_input", "size", "aspect_ratio", "sequential_image_generation", "max_images"]
INPUT = st.dictionaries(
    st.sampled_from(KNOWN) | st.text(max_size=5), JSON | st.sampled_from(["2K", "auto", "16:9"])
)
HEADER = st.sampled_from(
    [
        "cf-aig-metadata",
        "cf-aig-collect-log",
        "cf-aig-gateway-id",
        "cf-aig-cache-key",
        "cf-aig-cache-ttl",
        "expect",
        "range",
    ]
)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)


async def _exchange(emulator: Emulator, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", emulator.port)
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def _check(*messages: bytes) -> list[bytes]:
    async with Emulator(OPTIONS, limits=LIMITS) as emulator:
        answers = [await _exchange(emulator, message) for message in messages]
        alive = await _exchange(
            emulator, b"GET /_emulator/requests HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert alive.startswith(b"HTTP/1.1 200 ")
        json.loads(alive.partition(b"\r\n\r\n")[2])
        return answers


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
async def test_bytes_of_any_kind(messages):
    for answer in await _check(*messages):
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@settings(max_examples=80, deadline=None)
@given(
    given_input=INPUT,
    headers=st.dictionaries(HEADER, VALUE, max_size=4),
    cut=st.none() | st.integers(0, 600),
    flip=st.none() | st.tuples(st.integers(0, 600), st.integers(1, 255)),
)
async def test_calls_of_any_kind_cut_and_damaged_anywhere(given_input, headers, cut, flip):
    body = json.dumps({"model": "bytedance/seedream-4.5", "input": given_input}).encode()
    said = {
        "Host": "x",
        "Authorization": f"Bearer {OPTIONS.token}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    message = f"POST /client/v4/accounts/{OPTIONS.account}/ai/run HTTP/1.1\r\n{lines}\r\n".encode() + body
    if flip is not None and flip[0] < len(message):
        place, change = flip
        message = message[:place] + bytes([message[place] ^ change]) + message[place + 1 :]
    (answer,) = await _check(message[:cut])
    assert (
        answer == b"" or answer[:12] in {b"HTTP/1.1 200", b"HTTP/1.1 100"} or answer.startswith(b"HTTP/1.1 4")
    )
