"""Fetching what a request refers to, as an upstream does: every item, before anything is made, and dead links refused."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote_to_bytes, urlsplit

from seedflow.canonical import digest_bytes
from seedflow.emulator.gallery import Gallery, GoneImageError
from seedflow.emulator.options import EmulatorOptions
from seedflow.errors import ImageError
from seedflow.images.facts import ImageFacts
from seedflow.images.inspect import inspect_image

_FETCH_TIMEOUT_S: Final = 20.0
_FETCH_MAX_BYTES: Final = 64 * 1024 * 1024


class UnusableReferenceError(Exception):
    """A reference that cannot be had; its text is what the caller is told."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One reference as it was had.

    Attributes:
        kind: how it came: as a data URI, from this server's own gallery, from a file that stands in for a foreign URL, or fetched.
        facts: what its bytes are.
        path: a file with its bytes, for drawing thumbnails; None where nobody needs one.
        task, number: whose image of this server's it is.
    """

    kind: Literal["data", "own", "served", "fetched"]
    facts: ImageFacts
    path: Path | None
    task: str | None = None
    number: int | None = None

    def to_json(self) -> dict[str, object]:
        """The reference as `GET /_emulator/requests` shows it."""
        return {
            "kind": self.kind,
            "digest": self.facts.digest,
            "size_bytes": self.facts.size_bytes,
            "width": self.facts.width_px,
            "height": self.facts.height_px,
            "format": self.facts.format.value,
            "task": self.task,
            "number": self.number,
        }


class ReferenceFetcher:
    """Fetches references. Bytes that came once are kept in `folder` by digest and looked at once."""

    def __init__(self, origin: str, gallery: Gallery, options: EmulatorOptions, folder: Path) -> None:
        self.origin = origin
        self._gallery = gallery
        self._options = options
        self._folder = folder
        self._known: dict[str, asyncio.Future[ImageFacts]] = {}

    async def fetch(self, field: str, urls: Sequence[str]) -> tuple[Fetched, ...]:
        """All references of one request, in order.

        Raises:
            UnusableReferenceError: one of them is dead, foreign or no image; it is named by its place in `field`.
        """
        fetched = []
        for place, url in enumerate(urls):
            try:
                fetched.append(await self._fetch_one(url))
            except UnusableReferenceError as problem:
                raise UnusableReferenceError(f"{field}[{place}] {problem}") from None
        return tuple(fetched)

    async def _fetch_one(self, url: str) -> Fetched:
        if is_data_uri(url):
            facts, path = await self._inspect(self._open_data_uri(url))
            return Fetched("data", facts, path)
        if url.startswith(self.origin + "/"):
            return self._look_up(url.removeprefix(self.origin))
        fetch_from = self._options.fetch_from
        if fetch_from is not None and url.startswith(fetch_from + "/"):
            facts, path = await self._inspect(await asyncio.to_thread(_fetch, url))
            return Fetched("fetched", facts, path)
        file = self._options.serve.get(url)
        if file is None:
            raise UnusableReferenceError(f"could not be downloaded: no host answers for {url[:200]}")
        try:
            data = await asyncio.to_thread(file.read_bytes)
        except OSError as problem:
            raise UnusableReferenceError(f"could not be downloaded: {problem.strerror}") from None
        facts, path = await self._inspect(data)
        return Fetched("served", facts, path)

    def _open_data_uri(self, uri: str) -> bytes:
        if not self._options.data_uris:
            raise UnusableReferenceError("is not a valid URL: only http and https are supported")
        data = decode_data_uri(uri)
        most_bytes = self._options.data_uri_max_bytes
        if most_bytes is not None and len(data) > most_bytes:
            raise UnusableReferenceError(f"is larger than {most_bytes} bytes")
        return data

    def _look_up(self, address: str) -> Fetched:
        try:
            shown = self._gallery.find_url(address)
        except GoneImageError as problem:
            raise UnusableReferenceError(
                f"could not be downloaded: {problem.status} {problem.message}"
            ) from None
        if shown.damage is not None:
            raise UnusableReferenceError("is not an image that can be decoded")
        facts = shown.picture.facts
        return Fetched("own", facts, self._keep(facts, shown.picture.path), shown.task, shown.number)

    def _keep(self, facts: ImageFacts, picture: Path | None) -> Path | None:
        """A path that stays when the picture is taken down, since drawings may still need it."""
        if picture is None:
            return None
        path = self._path_of(facts.digest)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(picture)
        return path

    def _path_of(self, digest: str) -> Path:
        return self._folder / digest.removeprefix("sha256:")

    async def _inspect(self, data: bytes) -> tuple[ImageFacts, Path]:
        digest = digest_bytes(data)
        path = self._path_of(digest)
        known = self._known.get(digest)
        if known is None:
            known = asyncio.ensure_future(asyncio.to_thread(_keep_and_inspect, data, path))
            self._known[digest] = known
        return await asyncio.shield(known), path

    async def aclose(self) -> None:
        """Wait for what is still being looked at."""
        await asyncio.gather(*self._known.values(), return_exceptions=True)


def _fetch(url: str) -> bytes:
    """What stands at an address on this machine, as any client gets it: no redirects, no more than it may weigh."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_FETCH_TIMEOUT_S)
    try:
        connection.request("GET", url.removeprefix(f"http://{parts.netloc}"))
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise UnusableReferenceError(f"could not be downloaded: {answer.status} {answer.reason}")
        return answer.read(_FETCH_MAX_BYTES)
    except (OSError, http.client.HTTPException) as problem:
        raise UnusableReferenceError(f"could not be downloaded: {problem}") from None
    finally:
        connection.close()


def _keep_and_inspect(data: bytes, path: Path) -> ImageFacts:
    path.write_bytes(data)
    try:
        return inspect_image(path, decode=True)
    except ImageError as problem:
        path.unlink()
        raise UnusableReferenceError(f"is not an image that can be decoded: {problem.message}") from None


def is_data_uri(text: str) -> bool:
    """Whether a reference carries its bytes itself."""
    return text[:5].lower() == "data:"


def decode_data_uri(uri: str) -> bytes:
    """The bytes of a data URI that says that it is an image.

    Raises:
        UnusableReferenceError: it is not one, or its base64 is broken.
    """
    head, comma, payload = uri[5:].partition(",")
    media_type, *options = head.split(";")
    if not comma or not media_type.strip().lower().startswith("image/"):
        raise UnusableReferenceError("is a data URI that is not an image")
    if not any(option.strip().lower() == "base64" for option in options):
        return unquote_to_bytes(payload)
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise UnusableReferenceError("is a data URI whose base64 is broken") from None
