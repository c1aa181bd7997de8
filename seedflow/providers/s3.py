"""Any bucket that speaks S3, private, behind links that are signed for a while; Cloudflare R2 first.

`s3_signing` signs, and does nothing else: the bytes go over the house's own connections, which read no proxy and no
`AWS_…` from the environment, trust what the user trusts, and show a failure as it really was.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time
from typing import Final

import aiohttp
from yarl import URL

from seedflow.canonical import digest_bytes
from seedflow.errors import UNREADABLE_ERRORS
from seedflow.images.facts import ImageFacts
from seedflow.providers.addresses import Reach
from seedflow.providers.retry_after import parse_http_date
from seedflow.providers.s3_signing import Signer
from seedflow.providers.secrets import Quoter, Secret
from seedflow.providers.transport import describe_wire_error, load_trust, open_session
from seedflow.providers.upload import UploadError, UploadOptions
from seedflow.version import __version__

TRIES_AT_MOST: Final = 3
FIRST_WAIT_S: Final = 0.5
_OWN_REQUEST_S: Final = 900
"""How long the signature of a request of our own holds."""
_SILENCE_S: Final = 60.0
_TOTAL_S: Final = 300.0
_REUSED_FOR_S: Final = 20 * 60.0
"""A link that this run made is given again for as long as this, while enough of its life is left."""
_CLOCK_MAY_DIFFER_S: Final = 300.0
_BODY_MAX_BYTES: Final = 16 * 1024
_PASSING: Final = frozenset({408, 409, 429, 500, 502, 503, 504})

_CODE = re.compile(rb"<Code>\s*([A-Za-z.]{1,80})\s*</Code>")
_SAID = re.compile(rb"<Message>([^<]{1,400})</Message>")
_RANGE = re.compile(r"bytes 0-0/([0-9]{1,15})")

_KEY_WORDS: Final = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "Unauthorized", "InvalidArgument"}
)
_CLOCK_WORDS: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_CHECK_NAME: Final = "about.txt"
_CHECK_BYTES: Final = b"seedflow keeps pictures here that a model is to see, each named by its digest. They may be deleted at any time.\n"


@dataclass(frozen=True, slots=True)
class _Found:
    """What a request was answered with; `size_bytes` as announced, of the whole object where a part was asked for."""

    status: int
    size_bytes: int | None
    media_type: str
    etag: str
    clock_off_s: float
    code: str
    said: str


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    made_monotonic_s: float
    made_wall_s: float


class S3Uploader:
    """Puts pictures into one bucket, named by digest. Belongs to one event loop; opens no socket before it is asked."""

    def __init__(self, options: UploadOptions, *, needed_s: float) -> None:
        """An uploader.

        Args:
            options: the bucket.
            needed_s: how long a link must live at least from the moment that it is given, for a call to end meanwhile.
        """
        self.link_lifetime_s = options.link_lifetime_s
        self._needed_s = needed_s
        self._options = options
        self._quoter = Quoter(options.secret_access_key, Secret(options.access_key_id))
        self._signer = Signer(options)
        self._session: aiohttp.ClientSession | None = None
        self._links: dict[str, _Link] = {}
        self._at_work: dict[str, asyncio.Task[str]] = {}

    def __repr__(self) -> str:
        return f"S3Uploader(bucket={self._options.bucket!r})"

    async def check(self) -> None:
        """Write a small text and read it back by a link; see `Uploader.check`."""
        await self._put(_CHECK_NAME, _CHECK_BYTES, "text/plain; charset=utf-8")
        await self._look(self._signer.sign("GET", _CHECK_NAME, self.link_lifetime_s), len(_CHECK_BYTES))

    async def upload(self, path: Path, facts: ImageFacts) -> str:
        """A link to a picture; see `Uploader.upload`. Tasks that ask for one at the same moment share the work."""
        link = self._links.get(facts.digest)
        if link is not None and self._lives(link):
            return link.url
        work = self._at_work.get(facts.digest)
        if work is None:
            work = asyncio.ensure_future(self._upload(path, facts))
            self._at_work[facts.digest] = work
            work.add_done_callback(lambda _: self._at_work.pop(facts.digest, None))
        return await asyncio.shield(work)

    async def aclose(self) -> None:
        """Let go of what is on its way, and close every connection."""
        for work in list(self._at_work.values()):
            work.cancel()
        await asyncio.gather(*self._at_work.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _lives(self, link: _Link) -> bool:
        ages_s = (monotonic() - link.made_monotonic_s, time() - link.made_wall_s)
        most_s = min(_REUSED_FOR_S, self.link_lifetime_s - self._needed_s)
        return all(0 <= age_s <= most_s for age_s in ages_s)

    async def _upload(self, path: Path, facts: ImageFacts) -> str:
        plain = facts.digest.removeprefix("sha256:")
        name = f"{plain[:2]}/{plain}.{facts.format.extension}"
        data = await asyncio.to_thread(_read_whole, path, facts)
        if not await self._is_there(name, data, facts):
            await self._put(name, data, facts.format.media_type)
        link = _Link(self._signer.sign("GET", name, self.link_lifetime_s), monotonic(), time())
        await self._look(link.url, facts.size_bytes)
        self._links[facts.digest] = link
        return link.url

    async def _is_there(self, name: str, data: bytes, facts: ImageFacts) -> bool:
        """Whether the object is there and whole. Any doubt is a no: what is put again is the same."""
        found = await self._ask("HEAD", self._signer.sign("HEAD", name, _OWN_REQUEST_S))
        if found.status != 200 or found.size_bytes != facts.size_bytes:
            return False
        return found.media_type == facts.format.media_type and found.etag == _md5(data).hex()

    async def _put(self, name: str, data: bytes, media_type: str) -> None:
        headers = {"Content-Type": media_type, "Content-MD5": base64.b64encode(_md5(data)).decode()}
        found = await self._ask("PUT", self._signer.sign("PUT", name, _OWN_REQUEST_S), data, headers)
        if found.status not in {200, 201, 204}:
            raise self._explain(found, "could not be written to")

    async def _look(self, url: str, size_bytes: int) -> None:
        """See that a link gives an object of this size, by its first byte."""
        found = await self._ask("GET", url, headers={"Range": "bytes=0-0"})
        if found.status not in {200, 206}:
            raise self._explain(found, "gave nothing back by a link")
        if found.size_bytes != size_bytes:
            raise UploadError(
                f"the bucket {self._options.bucket} gave {found.size_bytes} bytes back by a link instead of {size_bytes}",
                kind="dead-link",
                help="see that nothing else writes below upload.prefix, then run again",
            )

    async def _ask(
        self, method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> _Found:
        """One request, repeated while the service is not to be had: it costs next to nothing and changes nothing twice."""
        wait_s = FIRST_WAIT_S
        for number in range(1, TRIES_AT_MOST + 1):
            try:
                found = await self._exchange(method, url, data, headers or {})
            except (aiohttp.ClientError, OSError, *UNREADABLE_ERRORS) as error:
                if number == TRIES_AT_MOST:
                    said = describe_wire_error(error, self._quoter)
                    raise UploadError(
                        f"the upload service {self._options.endpoint.host} could not be reached: {said}",
                        kind="unreachable",
                        help="check the network and upload.endpoint (SEEDFLOW_UPLOAD_ENDPOINT)",
                    ) from None
            else:
                if found.status not in _PASSING or number == TRIES_AT_MOST:
                    return found
            await asyncio.sleep(wait_s)
            wait_s *= 2
        raise AssertionError("unreachable")

    async def _exchange(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> _Found:
        async with (
            asyncio.timeout(_TOTAL_S),
            self._open().request(
                method,
                URL(url, encoded=True),
                data=data,
                headers={
                    "User-Agent": f"seedflow/{__version__}",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                skip_auto_headers=("Content-Type",),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=self._options.connect_timeout_s,
                    sock_connect=self._options.connect_timeout_s,
                    sock_read=_SILENCE_S,
                ),
            ) as response,
        ):
            body = await response.content.read(_BODY_MAX_BYTES) if response.status >= 300 else b""
            part = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            told = parse_http_date(response.headers.get("Date"))
            code, said = _CODE.search(body), _SAID.search(body)
            return _Found(
                status=response.status,
                size_bytes=int(part[1]) if part is not None else response.content_length,
                media_type=response.headers.get("Content-Type", ""),
                etag=response.headers.get("ETag", "").strip('"'),
                clock_off_s=0.0 if told is None else (datetime.now(UTC) - told).total_seconds(),
                code="" if code is None else code[1].decode(),
                said="" if said is None else said[1].decode(errors="replace"),
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            options = self._options
            encrypted = options.endpoint.encrypted
            self._session = open_session(
                Reach.ANYWHERE if encrypted else Reach.LOOPBACK,
                trust=load_trust(options.ca_file) if encrypted else None,
                reuse=True,
            )
        return self._session

    def _explain(self, found: _Found, what: str) -> UploadError:
        bucket, off_s = self._options.bucket, found.clock_off_s
        said = self._quoter.quote(f"HTTP {found.status} {found.code}: {found.said}".rstrip(": "))
        if found.code in _CLOCK_WORDS or (found.status in {400, 403} and abs(off_s) > _CLOCK_MAY_DIFFER_S):
            way = "ahead of" if off_s > 0 else "behind"
            return UploadError(
                f"the bucket {bucket} refused: this machine's clock is {abs(off_s) / 60:.0f} minutes {way} the service's "
                f"({said})",
                kind="clock",
                help="set this machine's clock right; signatures hold for minutes",
            )
        if found.code == "NoSuchBucket" or (found.status == 404 and not found.code):
            return UploadError(
                f"there is no bucket {bucket} at {self._options.endpoint.host} ({said})",
                kind="no-bucket",
                help="make the bucket, leave it private, or correct upload.bucket (SEEDFLOW_UPLOAD_BUCKET)",
            )
        if found.code in _KEY_WORDS or found.status == 401:
            return UploadError(
                f"the key for the bucket {bucket} was not accepted ({said})",
                kind="wrong-key",
                help="set SEEDFLOW_UPLOAD_ACCESS_KEY_ID and SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY anew; "
                "see that upload.region is right, too",
            )
        if found.status == 403:
            return UploadError(
                f"the bucket {bucket} {what}: the key may not do that ({said})",
                kind="forbidden",
                help="give the key the permission to read and write objects in this bucket",
            )
        if 300 <= found.status < 400:
            return UploadError(
                f"the upload service {self._options.endpoint.host} sends us elsewhere, and we do not follow ({said})",
                kind="refused",
                help="set upload.endpoint and upload.region to where the bucket is",
            )
        return UploadError(
            f"the bucket {bucket} {what} ({said})",
            kind="server" if found.status in _PASSING else "refused",
            help="run again later; nothing was asked of the model",
        )


def _read_whole(path: Path, facts: ImageFacts) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UploadError(
            f"{path.name} cannot be read any more: {error.strerror}", kind="changed", help="run again"
        ) from None
    if digest_bytes(data) != facts.digest:
        raise UploadError(
            f"{path.name} was changed while the run was at work", kind="changed", help="run again"
        )
    return data


def _md5(data: bytes) -> bytes:
    """What S3 calls an object by; guards against accidents on the way, the name's SHA-256 against everything else."""
    return hashlib.md5(data, usedforsecurity=False).digest()
