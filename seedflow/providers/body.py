"""A request's JSON, streamed: pictures are read and encoded while they leave, so that none is ever held whole."""

from __future__ import annotations

import asyncio
import binascii
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from seedflow.errors import Billed, ProviderError, Retry
from seedflow.failpoints import Step
from seedflow.providers.base import GenerateRequest, WireFile, WireUrl

CHUNK_BYTES: Final = 96 * 1024
"""Bytes of a picture that are read and encoded at once; a multiple of 3, so that encoded chunks join without padding."""


class RequestBody(httpx.AsyncByteStream):
    """The bytes of one request, in order. `length` is exact; `started` tells whether anybody ever asked for a byte."""

    def __init__(self, parts: Sequence[bytes | WireFile]) -> None:
        self._parts = _join_bytes(parts)
        self.length = sum(
            len(part) if isinstance(part, bytes) else _encoded_length(part) for part in self._parts
        )
        self.started = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.started = True
        with Step.SEND:
            for part in self._parts:
                if isinstance(part, bytes):
                    yield part
                    continue
                for offset in range(0, part.facts.size_bytes, CHUNK_BYTES):
                    size = min(CHUNK_BYTES, part.facts.size_bytes - offset)
                    yield await asyncio.to_thread(_read_encoded, part.path, offset, size)

    async def check_files(self) -> None:
        """See that every file is there and as long as it is known to be, before a connection is opened.

        Raises:
            ProviderError: kind `reference-missing`; nothing was sent.
        """
        files = [part for part in self._parts if isinstance(part, WireFile)]
        if files:
            await asyncio.to_thread(_check_sizes, files)


def build_body(request: GenerateRequest) -> RequestBody:
    """The body of `POST …/ai/run`: `{"model": …, "input": {…}}` with the references as the last field of the input."""
    if request.references and request.references_field is None:
        raise ValueError("a request with references needs the field that they go into")
    if len(request.references) > 1 and not request.references_as_list:
        raise ValueError("several references need a field that takes a list")
    parts: list[bytes | WireFile] = [f'{{"model":{_json(request.model)},"input":'.encode()]
    fields = _json(dict(request.params)).encode()
    if not request.references:
        return RequestBody([*parts, fields, b"}"])
    separator = b"" if fields == b"{}" else b","
    opening, closing = (b"[", b"]") if request.references_as_list else (b"", b"")
    parts.append(fields[:-1] + separator + _json(request.references_field).encode() + b":" + opening)
    for number, reference in enumerate(request.references):
        comma = b"," if number else b""
        match reference:
            case WireUrl(url):
                parts.append(comma + _json(url).encode())
            case WireFile():
                parts.append(comma + f'"data:{reference.facts.format.media_type};base64,'.encode())
                parts.append(reference)
                parts.append(b'"')
    parts.append(closing + b"}}")
    return RequestBody(parts)


def _join_bytes(parts: Sequence[bytes | WireFile]) -> tuple[bytes | WireFile, ...]:
    joined: list[bytes | WireFile] = []
    for part in parts:
        if isinstance(part, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


def _json(value: object) -> str:
    """Compact ASCII JSON: no hop on the way has to guess an encoding."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    raise TypeError(f"a parameter of type {type(value).__name__} cannot be sent as JSON")


def _encoded_length(file: WireFile) -> int:
    return 4 * -(-file.facts.size_bytes // 3)


def _read_encoded(path: Path, offset: int, size: int) -> bytes:
    """Base64 of a piece of a file, opened for this piece alone: many requests in flight hold no file open."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        data = file.read(size)
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    if len(data) != size:
        raise OSError(f"{path.name} became shorter while it was sent")
    return binascii.b2a_base64(data, newline=False)


def _check_sizes(files: Sequence[WireFile]) -> None:
    for file in files:
        try:
            found = file.path.stat().st_size
        except OSError as error:
            raise _missing(file, f"cannot be read ({error.strerror})") from None
        if found != file.facts.size_bytes:
            raise _missing(file, f"has {found} bytes instead of {file.facts.size_bytes}")


def _missing(file: WireFile, what: str) -> ProviderError:
    return ProviderError(
        f"the reference {file.path.name} {what}; nothing was sent",
        kind="reference-missing",
        retry=Retry.NEVER,
        billed=Billed.NO,
        help="put the picture back as it was, or plan again",
    )
