"""How references travel, decided when a request is sent: edges carry digests, never URLs.

A URL of an earlier answer is used again only within the run that got it, while it is young by two clocks, and after
the provider found it alive just now. Otherwise the bytes go, verified by digest first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from seedflow.canonical import digest_bytes
from seedflow.errors import SeedflowError
from seedflow.images.facts import FileImage, ImageFacts, UrlImage
from seedflow.plan.model import PLACEHOLDER_URL, PendingImages, PlannedReference, StepImage, Task
from seedflow.providers.base import Provider, WireFile, WireReference, WireUrl
from seedflow.run.disk import Disk
from seedflow.store.base import Store

LEASE_S = 20 * 60.0
"""URLs die after about an hour or a day, undocumented; see docs/reference/models.md."""


class ReferenceMode(StrEnum):
    """How earlier results and local files may travel."""

    AUTO = "auto"
    URL = "url"
    DATA = "data"


class ReferenceError(SeedflowError):  # noqa: A001 - the standard term here; the builtin is about weak references
    """A reference that cannot be sent as it should; nothing was sent."""


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """Most bytes of one reference and of all references of a request, as bytes before encoding."""

    each_bytes: int = 10 * 1024 * 1024
    request_bytes: int = 20 * 1024 * 1024


class Moment(NamedTuple):
    """A moment by two clocks: one stands still while the machine sleeps, the other may be set."""

    monotonic_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """References ready to send, and how the ledger records each. `made_at`: when they were looked at, by both clocks."""

    wire: tuple[WireReference, ...]
    records: tuple[dict[str, object], ...]
    made_at: Moment


@dataclass(frozen=True, slots=True)
class _Lease:
    url: str
    since: Moment


class Leases:
    """URLs that this run got, by digest of what was fetched from them."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._found: dict[str, _Lease] = {}

    def keep(self, digest: str, url: str) -> None:
        """A URL that was just fetched."""
        self._found[digest] = _Lease(url, self.now())

    def find(self, digest: str) -> str | None:
        """The URL, while it is young by the monotonic clock and by the wall clock."""
        lease = self._found.get(digest)
        if lease is None:
            return None
        return lease.url if all(0 <= age_s < LEASE_S for age_s in self._ages_s(lease.since)) else None

    def drop(self, digest: str) -> None:
        """The URL was found dead."""
        self._found.pop(digest, None)

    def now(self) -> Moment:
        """This moment."""
        return Moment(self._monotonic(), self._wall())

    def age_s(self, since: Moment) -> float:
        """Seconds since then, by the clock that says more."""
        return max(self._ages_s(since))

    def _ages_s(self, since: Moment) -> tuple[float, float]:
        now = self.now()
        return now.monotonic_s - since.monotonic_s, now.wall_s - since.wall_s


class ReferencePreparer:
    """Chooses the transport of every reference of a request."""

    def __init__(
        self,
        *,
        store: Store,
        provider: Provider,
        leases: Leases,
        mode: ReferenceMode,
        limits: ReferenceLimits,
        disk: Disk,
    ) -> None:
        self._store = store
        self._provider = provider
        self._leases = leases
        self._mode = mode
        self._limits = limits
        self._disk = disk
        self._probes: dict[str, asyncio.Future[bool]] = {}

    async def prepare(self, references: Sequence[PlannedReference]) -> Prepared:
        """In the order in which they are sent.

        Raises:
            ReferenceError: a file changed since it was planned, is too large, or has no live URL where one is demanded.
            StoreError: an earlier picture is missing or damaged.
        """
        made_at = self._leases.now()
        wire: list[WireReference] = []
        records: list[dict[str, object]] = []
        total_bytes = 0
        for number, reference in enumerate(references, 1):
            sent = await self._one(reference, number)
            if isinstance(sent, WireFile):
                self._judge_size(sent.facts.size_bytes, self._limits.each_bytes, f"reference {number}")
                total_bytes += sent.facts.size_bytes
            wire.append(sent)
            records.append(record_reference(reference, sent))
        self._judge_size(total_bytes, self._limits.request_bytes, f"{len(wire)} references together")
        return Prepared(tuple(wire), tuple(records), made_at)

    def age_s(self, prepared: Prepared) -> float:
        """Seconds since references were prepared."""
        return self._leases.age_s(prepared.made_at)

    def local(self, references: Sequence[PlannedReference]) -> tuple[WireReference, ...]:
        """The same references as files on this machine, for a provider that draws by itself; nothing is verified."""
        return tuple(
            WireUrl(item.image.url)
            if isinstance(item.image, UrlImage)
            else WireFile(self._local_path(item.image), item.image.facts)
            for item in references
            if not isinstance(item.image, PendingImages)
        )

    def judged_input(self, task: Task, prepared: Prepared) -> dict[str, object]:
        """The request's input with placeholders where bytes will stand, to be judged by the card before it leaves."""
        judged = dict(task.params)
        if task.references_field is not None and prepared.wire:
            judged[task.references_field] = [
                sent.url if isinstance(sent, WireUrl) else PLACEHOLDER_URL.format(number=number)
                for number, sent in enumerate(prepared.wire, 1)
            ]
        return judged

    def _local_path(self, image: FileImage | StepImage) -> Path:
        return image.path if isinstance(image, FileImage) else self._store.blob_path(image.facts.digest)

    async def _one(self, reference: PlannedReference, number: int) -> WireReference:
        image = reference.image
        if isinstance(image, UrlImage):
            return WireUrl(image.url)
        if isinstance(image, FileImage):
            return WireFile(await self._disk.run(_verify_file, image), image.facts)
        if not isinstance(image, StepImage):
            raise TypeError(f"reference {number} is still pending")
        if self._mode is not ReferenceMode.DATA:
            url = await self._live_url(image.facts)
            if url is not None:
                return WireUrl(url)
            if self._mode is ReferenceMode.URL:
                raise ReferenceError(
                    f"reference {number} has no live URL any more, and references: url allows nothing else",
                    help="use references: auto, which sends the stored bytes instead",
                )
        return WireFile(await self._disk.run(self._store.verify_blob, image.facts), image.facts)

    async def _live_url(self, facts: ImageFacts) -> str | None:
        url = self._leases.find(facts.digest)
        if url is None:
            return None
        if await self._is_alive(url):
            return url
        self._leases.drop(facts.digest)
        return None

    async def _is_alive(self, url: str) -> bool:
        """Tasks that ask at the same moment share one probe."""
        probe = self._probes.get(url)
        if probe is None:
            probe = asyncio.ensure_future(self._provider.is_alive(url))
            self._probes[url] = probe
            probe.add_done_callback(lambda _: self._probes.pop(url, None))
        return await asyncio.shield(probe)

    def _judge_size(self, found_bytes: int, most_bytes: int, what: str) -> None:
        if found_bytes > most_bytes:
            raise ReferenceError(
                f"{what}: {found_bytes / 1e6:.1f} MB would be sent, at most {most_bytes / 1e6:.1f} MB may",
                help="use smaller pictures, or fewer of them",
            )


def record_reference(reference: PlannedReference, sent: WireReference | None = None) -> dict[str, object]:
    """How the ledger writes down one reference: what it is, and how it travels once that is decided."""
    image = reference.image
    record: dict[str, object] = {"name": reference.name}
    if isinstance(image, UrlImage):
        record["url"] = image.url
    elif isinstance(image, (FileImage, StepImage)):
        record["digest"] = image.facts.digest
    if isinstance(image, StepImage):
        record["from"] = f"{image.address} image {image.number}"
    elif isinstance(image, FileImage):
        record["from"] = image.name
    if sent is not None:
        record["transport"] = "url" if isinstance(sent, WireUrl) else "data"
    return record


def _verify_file(image: FileImage) -> Path:
    try:
        found = digest_bytes(image.path.read_bytes())
    except OSError as error:
        raise ReferenceError(
            f"{image.name} cannot be read any more: {error.strerror}", help="run again"
        ) from None
    if found != image.facts.digest:
        raise ReferenceError(
            f"{image.name} was changed after it was planned", help="run again to plan with the new picture"
        )
    return image.path
