"""The images that answers point to: signed addresses that die, as an upstream's storage serves them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from seedflow.emulator.faults import Fault
from seedflow.emulator.http import WHOLE, Delivery, Request, Response
from seedflow.emulator.picture import Picture
from seedflow.emulator.scramble import scramble
from seedflow.emulator.spoil_download import DownloadSpoiler

FOLDER = "/images/"
_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture under an address.

    Attributes:
        task, number: whose it is.
        damage: what is wrong with its bytes on purpose.
        spoiler: what is wrong with how they are served.
    """

    id: str
    picture: Picture
    number: int
    task: str | None
    expires_at_s: float
    damage: str | None
    spoiler: DownloadSpoiler | None = None


class GoneImageError(Exception):
    """An address under which there is no image, or none any more; `status` and the text are what a client is told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Gallery:
    """Everything that is shown now. Addresses are opened by their signature and by nothing else."""

    def __init__(self, clock: Callable[[], float], expire_s: float) -> None:
        self._clock = clock
        self._expire_s = expire_s
        self._secret = secrets.token_bytes(16)
        self._shown: dict[str, Shown] = {}
        self._by_age: deque[str] = deque()
        self._count = 0
        self._downloads: deque[dict[str, object]] = deque(maxlen=100_000)

    def show(
        self,
        picture: Picture,
        *,
        number: int,
        task: str | None,
        dead: bool = False,
        damage: str | None = None,
        expire_s: float | None = None,
        bad_download: Fault | None = None,
    ) -> str:
        """Hang a picture up; returns the address below the server's origin. A dead one expires at once.

        `expire_s` lets it die sooner than others.
        """
        self._take_down()
        self._count += 1
        image_id = f"{self._count:08d}.{picture.format.extension}"
        if not dead:
            lives_s = self._expire_s if expire_s is None else min(expire_s, self._expire_s)
            spoiler = None if bad_download is None else DownloadSpoiler(bad_download)
            self._shown[image_id] = Shown(
                image_id, picture, number, task, self._clock() + lives_s, damage, spoiler
            )
            self._by_age.append(image_id)
        return f"{FOLDER}{image_id}?{self._sign(image_id)}"

    def expire(self) -> int:
        """Let every address die now; returns how many did."""
        count = len(self._shown)
        for shown in self._shown.values():
            shown.picture.discard()
        self._shown.clear()
        self._by_age.clear()
        return count

    def find(self, path: str, query: Mapping[str, str]) -> Shown:
        """What an address shows.

        Raises:
            GoneImageError: nothing was ever there, the signature is not ours, or its time is over.
        """
        image_id = path.removeprefix(FOLDER)
        if dict(parse_qsl(self._sign(image_id))) != dict(query):
            raise GoneImageError(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch: the address is not complete")
        self._take_down()
        shown = self._shown.get(image_id)
        if shown is None or shown.expires_at_s <= self._clock():
            raise GoneImageError(HTTPStatus.FORBIDDEN, "AccessDenied: the address has expired")
        return shown

    def find_url(self, address: str) -> Shown:
        """What an address below the origin shows, query string included.

        Raises:
            GoneImageError: as for `find`.
        """
        parts = urlsplit(address)
        return self.find(parts.path, dict(parse_qsl(parts.query)))

    def answer(self, request: Request) -> tuple[Response, Delivery]:
        """Serve an image, or a part of it for a ranged request."""
        try:
            shown = self.find(request.path, request.query)
            response = _serve(shown, request.headers.get("range"))
            delivery = WHOLE
            if shown.spoiler is not None and "range" not in request.headers:
                response, delivery = shown.spoiler.spoil(response, request.target)
        except GoneImageError as problem:
            response, delivery = Response(problem.status, problem.message.encode(), _PLAIN), WHOLE
        self._downloads.append(
            {
                "path": request.path,
                "method": request.method,
                "status": response.status,
                "range": request.headers.get("range"),
                "authorization": "authorization" in request.headers,
            }
        )
        return response, delivery

    def downloads(self) -> list[dict[str, object]]:
        """What was asked of the gallery, oldest first."""
        return list(self._downloads)

    def reset(self) -> None:
        """Let every address die and forget who looked."""
        self.expire()
        self._downloads.clear()

    def _take_down(self) -> None:
        now_s = self._clock()
        while self._by_age and self._shown[self._by_age[0]].expires_at_s <= now_s:
            self._shown.pop(self._by_age.popleft()).picture.discard()

    def _sign(self, image_id: str) -> str:
        signature = hashlib.blake2b(image_id.encode(), key=self._secret, digest_size=16).hexdigest()
        return f"x-expires={self._expire_s:.0f}&x-signature={signature}"


def _serve(shown: Shown, asked_range: str | None) -> Response:
    media_type = shown.picture.format.media_type
    data = shown.picture.read()
    match shown.damage:
        case "cut":
            data = data[: len(data) // 2]
        case "noise":
            data = hashlib.shake_256(shown.id.encode()).digest(min(len(data), 4096))
        case str(damage) if damage.startswith("scramble"):
            data = scramble(data, f"{damage} {shown.number}")
        case "html":
            data, media_type = b"<!doctype html><title>Not an image</title>", "text/html"
        case _:
            pass
    headers = {"accept-ranges": "bytes"}
    if asked_range is None:
        return Response(HTTPStatus.OK, data, media_type, headers)
    part = _read_range(asked_range, len(data))
    if part is None:
        headers["content-range"] = f"bytes */{len(data)}"
        return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", media_type, headers)
    start, stop = part
    headers["content-range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Response(HTTPStatus.PARTIAL_CONTENT, data[start:stop], media_type, headers)


def _read_range(text: str, size: int) -> tuple[int, int] | None:
    """`bytes=a-b`, `bytes=a-` or `bytes=-n` as start and stop; the whole for any other text; None when nothing is there."""
    span = _RANGE.fullmatch(text.strip())
    if span is None or not (span["first"] or span["last"]):
        return 0, size
    if not span["first"]:
        start, stop = max(size - int(span["last"]), 0), size
    else:
        start, stop = int(span["first"]), min(int(span["last"]) + 1, size) if span["last"] else size
    return (start, stop) if start < stop else None
