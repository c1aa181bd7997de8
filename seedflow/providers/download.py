"""Fetching the pictures of an answer: one try, from allowed addresses only, streamed to disk exactly as received.

Uses aiohttp itself rather than httpx over it: only so does a signed URL reach the server byte for byte (httpx and the
transport both normalise it), and only so is each failure the one that really happened.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from seedflow.errors import UNREADABLE_ERRORS, DownloadError, StoreError
from seedflow.failpoints import Step
from seedflow.providers.addresses import Reach, RefusedUrlError, Target, check_url
from seedflow.providers.secrets import Quoter
from seedflow.providers.transport import (
    describe_wire_error,
    find_refused_address,
    is_timeout,
    load_trust,
    never_connected,
    open_session,
)
from seedflow.version import __version__

REDIRECTS_AT_MOST: Final = 3
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 421, 425, 429, 500, 502, 503, 504, *range(520, 531)})
_NOT_THERE_YET: Final = frozenset({404})
_LOOK_AGAIN_S: Final = 1.0
_WRITE_BYTES: Final = 512 * 1024


_NOT_WRITTEN: Final = {
    errno.ENOSPC: ("disk-full", "make room on the disk"),
    errno.EDQUOT: ("disk-full", "make room on the disk"),
    errno.EIO: ("io-error", "look at the disk and the system's log"),
    errno.ENOENT: ("missing", "do not move or delete the state while a run uses it"),
}
"""Why the disk did not take a picture: kind of the failure and what to do."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Bounds of one download.

    Attributes:
        max_bytes: the largest picture that is taken.
        connect_s: for name, connection and TLS together.
        silence_s: without a single byte.
        total_s: from the first redirect to the last byte.
        alive_s: for a look whether a URL is alive.
        rate_bytes_s: the least average over each `rate_window_s`, so that nothing drips for ever.
    """

    max_bytes: int = 64 * 1024 * 1024
    connect_s: float = 10.0
    silence_s: float = 30.0
    total_s: float = 300.0
    alive_s: float = 8.0
    rate_bytes_s: float = 2048.0
    rate_window_s: float = 20.0


class Downloader:
    """Fetches pictures. Carries no token, no cookie and no proxy; follows at most three redirects, each judged anew."""

    def __init__(
        self,
        *,
        loopback_http: bool,
        ca_file: Path | None = None,
        limits: DownloadLimits = DownloadLimits(),
        https_reach: Reach = Reach.PUBLIC,
    ) -> None:
        self._loopback_http = loopback_http
        self._ca_file = ca_file
        self._limits = limits
        self._https_reach = https_reach
        self._quoter = Quoter()
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def fetch(self, url: str, into: Path) -> None:
        """One try to write the picture behind a URL into a new file.

        Raises:
            DownloadError: with `retryable` as a fact; a partial file may be left behind.
            StoreError: the disk did not take it.
        """
        deadline = asyncio.timeout(self._limits.total_s)
        try:
            async with deadline, self._open(url) as response:
                self._check_head(response)
                await self._save(response, into)
        except (aiohttp.ClientError, OSError) as error:
            raise self._explain(error, expired=deadline.expired()) from None
        except UNREADABLE_ERRORS as error:
            raise _tell_unreadable(error) from None

    async def is_alive(self, url: str) -> bool:
        """Whether a URL answers a request for its first byte; any doubt is a no."""
        try:
            async with asyncio.timeout(self._limits.alive_s), self._open(url, first_byte=True) as response:
                return response.status in {200, 206}
        except (aiohttp.ClientError, DownloadError, OSError, *UNREADABLE_ERRORS):
            return False

    async def find_problem(self, url: str) -> str | None:
        """Why a URL does not give its first byte, in a few words; looked at twice where that may pass."""
        for last in (False, True):
            try:
                async with (
                    asyncio.timeout(self._limits.alive_s),
                    self._open(url, first_byte=True) as response,
                ):
                    if response.status in {200, 206}:
                        return None
                    said = f"its server answers with HTTP {response.status}"
                    if last or response.status not in _PASSING:
                        return said
            except DownloadError as error:
                return error.message
            except (aiohttp.ClientError, OSError) as error:
                explained = self._explain(error, expired=isinstance(error, TimeoutError))
                if last or explained.kind == "refused-address":
                    return explained.message
            except UNREADABLE_ERRORS as error:
                return _tell_unreadable(error).message
            await asyncio.sleep(_LOOK_AGAIN_S)
        return None

    async def aclose(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    @asynccontextmanager
    async def _open(self, url: str, *, first_byte: bool = False) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer of a URL after its redirects; the body is not yet read."""
        for _ in range(REDIRECTS_AT_MOST + 1):
            target = self._judge(url)
            headers = {
                "Accept-Encoding": "identity",
                "User-Agent": f"seedflow/{__version__}",
                "Accept": "image/*, */*;q=0.1",
            }
            if first_byte:
                headers["Range"] = "bytes=0-0"
            async with self._session(target).get(
                URL(target.url, encoded=True),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=self._limits.connect_s,
                    sock_connect=self._limits.connect_s,
                    sock_read=self._limits.silence_s,
                ),
            ) as response:
                if response.status not in _REDIRECT:
                    yield response
                    return
                location = response.headers.get("Location")
            if not location:
                raise DownloadError(
                    "the picture's server redirects without saying where", kind="redirect", retryable=False
                )
            url = self._follow(url, location)
        raise DownloadError(
            f"the picture's URL redirects more than {REDIRECTS_AT_MOST} times",
            kind="redirect",
            retryable=False,
        )

    def _follow(self, url: str, location: str) -> str:
        """The URL that a redirect leads to."""
        if "://" in location.split("?", 1)[0]:
            return location
        try:
            return urljoin(url, location)
        except ValueError:
            raise self._refuse("it cannot be read", location) from None

    def _judge(self, url: str) -> Target:
        try:
            target = check_url(url, loopback_http=self._loopback_http, https_reach=self._https_reach)
            read = URL(target.url, encoded=True)
            if (read.scheme, read.raw_host, read.port) != (target.scheme, target.host, target.port):
                raise RefusedUrlError("it can be read in two ways")
        except ValueError as error:
            raise self._refuse(str(error), url) from None
        return target

    def _refuse(self, why: str, url: str) -> DownloadError:
        return DownloadError(
            f"the picture's URL is refused: {self._quoter.quote(why)} ({self._quoter.quote(url, 100)})",
            kind="refused-url",
            retryable=False,
            help="nothing was fetched; look into the answer that the run stored",
        )

    def _session(self, target: Target) -> aiohttp.ClientSession:
        if target.scheme not in self._sessions:
            trust = load_trust(self._ca_file) if target.scheme == "https" else None
            self._sessions[target.scheme] = open_session(target.reach, trust=trust, reuse=True)
        return self._sessions[target.scheme]

    def _check_head(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status != 200:
            later = status in _PASSING
            raise DownloadError(
                f"the picture's server answered with HTTP {status}",
                kind="server" if later else "dead-url",
                retryable=later or status in _NOT_THERE_YET,
                help=None if later else "pictures of an answer stay on the server for about an hour",
            )
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise DownloadError(
                f"the picture came compressed ({self._quoter.quote(encoding, 40)}) although that was declined",
                kind="encoded",
                retryable=False,
            )
        if response.content_length is not None and response.content_length > self._limits.max_bytes:
            raise self._too_large()

    async def _save(self, response: aiohttp.ClientResponse, into: Path) -> None:
        limits = self._limits
        writer = _Writer(into)
        size = window_size = 0
        window_start = monotonic()
        async for chunk in response.content.iter_any():
            size += len(chunk)
            window_size += len(chunk)
            if size > limits.max_bytes:
                raise self._too_large()
            await writer.write(chunk)
            elapsed_s = monotonic() - window_start
            if elapsed_s >= limits.rate_window_s:
                if window_size < limits.rate_bytes_s * elapsed_s:
                    raise DownloadError("the picture arrives too slowly", kind="too-slow", retryable=True)
                window_start, window_size = monotonic(), 0
        if size == 0 or (response.content_length is not None and size != response.content_length):
            raise DownloadError("the picture arrived incomplete", kind="cut", retryable=True)
        await writer.flush()

    def _too_large(self) -> DownloadError:
        return DownloadError(
            f"the picture is larger than {self._limits.max_bytes // (1024 * 1024)} MiB",
            kind="too-large",
            retryable=False,
        )

    def _explain(self, error: BaseException, *, expired: bool) -> DownloadError:
        refused = find_refused_address(error)
        if refused is not None:
            return DownloadError(
                f"the picture's server is at an address that is refused: {refused}",
                kind="refused-address",
                retryable=False,
            )
        if expired or is_timeout(error):
            return DownloadError("the picture's server took too long", kind="timeout", retryable=True)
        said = describe_wire_error(error, self._quoter)
        if never_connected(error):
            return DownloadError(
                f"the picture's server could not be reached: {said}", kind="unreachable", retryable=True
            )
        return DownloadError(f"the picture arrived incomplete: {said}", kind="cut", retryable=True)


def _tell_unreadable(error: Exception) -> DownloadError:
    """Something that nobody foresaw: it is tried again, and what was paid for is not given up."""
    return DownloadError(
        f"what the picture's server sends cannot be read ({type(error).__name__})", kind="cut", retryable=True
    )


class _Writer:
    """Appends to a new file from a thread, so that a slow disk holds up nobody else; holds no file open meanwhile."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._mode = "xb"
        self._held: list[bytes] = []
        self._held_bytes = 0

    async def write(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= _WRITE_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Write what is held.

        Raises:
            StoreError: the disk did not take it.
        """
        data, mode = b"".join(self._held), self._mode
        self._held, self._held_bytes, self._mode = [], 0, "ab"
        try:
            await asyncio.to_thread(_append, self._into, data, mode)
        except OSError as error:
            kind, advice = _NOT_WRITTEN.get(
                error.errno or 0, ("read-only", "see that the state folder can be written to")
            )
            raise StoreError(
                f"the picture could not be written: {error.strerror or error}",
                kind=kind,
                help=f"{advice}, then run again: what was paid for is fetched, not paid again",
            ) from None


def _append(path: Path, data: bytes, mode: str) -> None:
    with Step.INCOMING_WRITE, path.open(mode, buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
