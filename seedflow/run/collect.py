"""A raw answer to stored images: judge, fetch, decode, keep. What was paid for is fetched, whatever is odd about its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seedflow.errors import DownloadError, ImageError, SeedflowError
from seedflow.failpoints import Step
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.images.inspect import inspect_image
from seedflow.models.model import Model
from seedflow.plan.model import Task
from seedflow.providers.base import GenerateRequest, Provider
from seedflow.run.disk import Disk
from seedflow.run.events import EventKind
from seedflow.run.judging import judge_answer
from seedflow.run.leases import Leases
from seedflow.store.base import Store, StoredImage

MOST_FETCHES = 5
FIRST_WAIT_S = 0.25
RATIO_TOLERANCE = 0.03
MOST_ASIDE = 16
"""Of images that nobody asked for, so many are fetched: more than any model gives at once. All of them count as paid."""
MOST_FETCHES_ASIDE = 2

Emit = Callable[[EventKind, str | None, Mapping[str, object]], None]


class RejectedError(SeedflowError):
    """An answer that is not what the card promises; `images` is how many it bills, None where it does not say how many there are."""

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        images: int | None,
        help: str | None = None,  # noqa: A002 - the word users see
    ) -> None:
        super().__init__(message, help=help)
        self.kind = kind
        self.images = images


class LostError(SeedflowError):
    """An answer that was paid, whose images cannot be fetched any more; `images` is how many it bills."""

    def __init__(self, message: str, *, images: int) -> None:
        super().__init__(message)
        self.images = images


class NotFetchedError(SeedflowError):
    """An answer that was paid, whose images could not be fetched now; trying again later may succeed. `images`: how many it bills."""

    def __init__(self, message: str, *, images: int) -> None:
        super().__init__(message)
        self.images = images


@dataclass(frozen=True, slots=True)
class Collected:
    """The stored images of one answer, in its order, and what is odd about them.

    `came` is how many the answer named, which is more than `images` where it has more than were asked for; `aside` is where
    the bytes of the others are.
    """

    images: tuple[StoredImage, ...]
    warnings: tuple[str, ...]
    came: int
    aside: tuple[Path, ...] = ()


class Collector:
    """Fetches and keeps the images of answers."""

    def __init__(self, *, store: Store, provider: Provider, leases: Leases, disk: Disk, emit: Emit) -> None:
        self._store = store
        self._provider = provider
        self._leases = leases
        self._disk = disk
        self._emit = emit

    async def collect(
        self, raw: bytes, model: Model, task: Task, request: GenerateRequest, *, lease: bool
    ) -> Collected:
        """Every image of an answer, fetched side by side; those beyond what was asked for are kept aside.

        Args:
            raw: the answer.
            model: what it is judged by.
            task: what was asked.
            request: the same as it was sent.
            lease: whether its URLs may serve as references for a while: only those of an answer that came just now.

        Raises:
            ProviderError: the answer says that the call failed, or cannot be read.
            RejectedError: it is not what the card promises, or a picture does not decode. What it names is kept aside.
            LostError: a picture is gone for good.
            NotFetchedError: a picture could not be fetched now.
            StoreError: the disk did not take it.
        """
        answer = judge_answer(raw, self._provider, model)
        urls = answer.urls
        if answer.complaint is not None:
            kept = await self._keep_aside(dict(enumerate(urls, 1)), request)
            where = f"; what it names is kept in {kept[0].parent}" if kept else ""
            raise RejectedError(f"{answer.complaint}{where}", kind="wrong-answer", images=None)
        asked, beyond = urls[: task.images.high], urls[task.images.high :]
        work: list[Coroutine[object, object, StoredImage | tuple[Path, ...]]] = [
            self._one(url, number, len(urls), request, model.output_formats, lease=lease)
            for number, url in enumerate(asked, 1)
        ]
        work.append(self._keep_aside(dict(enumerate(beyond, len(asked) + 1)), request))
        images: list[StoredImage] = []
        aside: tuple[Path, ...] = ()
        for found in await asyncio.gather(*work, return_exceptions=True):
            match found:
                case BaseException():
                    raise found
                case StoredImage():
                    images.append(found)
                case paths:
                    aside = paths
        odd = (*_odd_ratios(images, model, task), *_odd_formats(images, model, task))
        return Collected(tuple(images), odd, len(urls), aside)

    async def _keep_aside(self, urls: Mapping[int, str], request: GenerateRequest) -> tuple[Path, ...]:
        """The bytes behind URLs that no result may have, beside the blobs; what cannot be fetched is left out."""
        some = list(urls.items())[:MOST_ASIDE]
        kept = await asyncio.gather(*(self._keep_one_aside(url, number, request) for number, url in some))
        return tuple(path for path in kept if path is not None)

    async def _keep_one_aside(self, url: str, number: int, request: GenerateRequest) -> Path | None:
        for attempt in range(1, MOST_FETCHES_ASIDE + 1):
            arriving = self._store.new_blob_path()
            try:
                await self._provider.fetch(url, request, number, arriving)
            except DownloadError as error:
                with suppress(OSError), Step.INCOMING_DROP:
                    arriving.unlink(missing_ok=True)
                if not error.retryable or attempt == MOST_FETCHES_ASIDE:
                    return None
                await asyncio.sleep(FIRST_WAIT_S)
            else:
                return await self._disk.run(self._store.keep_rejected, arriving)
        return None

    async def _one(
        self,
        url: str,
        number: int,
        count: int,
        request: GenerateRequest,
        formats: Collection[ImageFormat],
        *,
        lease: bool,
    ) -> StoredImage:
        wait_s = FIRST_WAIT_S
        for attempt in range(1, MOST_FETCHES + 1):
            arriving = self._store.new_blob_path()
            try:
                await self._provider.fetch(url, request, number, arriving)
                facts, path = await self._disk.run(self._keep, arriving, formats)
            except (DownloadError, ImageError) as error:
                retryable = isinstance(error, ImageError) or error.retryable
                if isinstance(error, ImageError) and attempt >= 2:
                    kept = await self._disk.run(self._store.keep_rejected, arriving)
                    raise RejectedError(
                        f"image {number} of {count} is not a picture that can be used: {error.message}; its bytes are in {kept}",
                        kind=error.kind,
                        images=count,
                    ) from None
                with suppress(OSError), Step.INCOMING_DROP:
                    arriving.unlink(missing_ok=True)
                if not retryable:
                    raise LostError(
                        f"image {number} of {count} is lost: {error.message}", images=count
                    ) from None
                if attempt == MOST_FETCHES:
                    raise NotFetchedError(
                        f"image {number} of {count} could not be fetched: {error.message}", images=count
                    ) from None
                await asyncio.sleep(wait_s)
                wait_s *= 2
            else:
                if lease:
                    self._leases.keep(facts.digest, url)
                self._emit(
                    EventKind.IMAGE_STORED,
                    request.context.address,
                    {
                        "number": number,
                        "digest": facts.digest,
                        "path": str(path),
                        "width": facts.width_px,
                        "height": facts.height_px,
                    },
                )
                return StoredImage(number, facts, path)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _keep(self, arriving: Path, formats: Collection[ImageFormat]) -> tuple[ImageFacts, Path]:
        facts = inspect_image(arriving, formats=formats, decode=True)
        return facts, self._store.keep_blob(arriving, facts)


def _odd_ratios(images: list[StoredImage], model: Model, task: Task) -> list[str]:
    asked = model.asked_ratio(task.params)
    if asked is None:
        return []
    return [
        f"image {image.number} is {image.facts.width_px}×{image.facts.height_px}, not the ratio {asked.text} that was asked for"
        for image in images
        if abs(image.facts.width_px / image.facts.height_px / asked.width_to_height - 1) > RATIO_TOLERANCE
    ]


def _odd_formats(images: list[StoredImage], model: Model, task: Task) -> list[str]:
    asked = model.output_format(task.params)
    return [
        f"image {image.number} is {image.facts.format.name}, not the {asked.name} that was asked for"
        for image in images
        if asked is not None and image.facts.format is not asked
    ]
