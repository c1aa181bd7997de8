"""How references travel, decided when a request is sent: edges carry digests, never URLs.

A URL of an earlier answer is used again only within the run that got it, while it is young by two clocks, and after
the provider found it alive just now. Otherwise the bytes go, verified by digest first: in the request itself, or by a link
to a bucket. `WireFacts` says what is known of the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from seedflow.canonical import digest_bytes
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import SeedflowError
from seedflow.images.facts import FileImage, ImageFacts, UrlImage
from seedflow.plan.model import PLACEHOLDER_URL, PendingImages, PlannedReference, StepImage, Task
from seedflow.providers.base import Provider, WireFile, WireReference, WireUrl
from seedflow.providers.upload import Uploader
from seedflow.providers.wire_facts import NOTHING_KNOWN, WireFacts
from seedflow.run.disk import Disk
from seedflow.run.leases import Leases, Moment
from seedflow.store.base import Store

PREPARED_FOR_S = 30.0
"""References that waited longer for their turn are looked at again before they are sent."""


class ReferenceMode(StrEnum):
    """How earlier results and local files may travel."""

    AUTO = "auto"
    URL = "url"
    DATA = "data"
    UPLOAD = "upload"


class ReferenceError(SeedflowError):  # noqa: A001 - the standard term here; the builtin is about weak references
    """A reference that cannot be sent as it should; nothing was sent."""


class LargeReferenceError(ReferenceError):
    """References of more bytes than may be sent: as they are, they never can be."""


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """Most bytes of one reference and of all references of a request, as bytes before encoding."""

    each_bytes: int = 10 * 1024 * 1024
    request_bytes: int = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """References ready to send, and how the ledger records each. `made_at`: when they were looked at, by both clocks."""

    wire: tuple[WireReference, ...]
    records: tuple[dict[str, object], ...]
    made_at: Moment


@dataclass(frozen=True, slots=True)
class _Sent:
    """How one reference travels, and how the ledger calls that."""

    wire: WireReference
    transport: str


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
        uploader: Uploader | None = None,
        facts: Mapping[str, WireFacts] | None = None,
    ) -> None:
        self._store = store
        self._provider = provider
        self._leases = leases
        self._mode = mode
        self._limits = limits
        self._disk = disk
        self._uploader = uploader
        self._facts = facts or {}
        self._probes: dict[str, asyncio.Future[bool]] = {}
        self._looks: dict[str, asyncio.Future[str | None]] = {}
        self._seen: dict[str, Moment] = {}

    async def prepare(self, references: Sequence[PlannedReference], model: str = "") -> Prepared:
        """In the order in which they are sent to a model.

        Raises:
            ReferenceError: a file changed since it was planned, is too large, has no live URL where one is demanded, or a URL
                that the author wrote cannot be fetched.
            UploadError: a file could not be put where a link reaches it.
            StoreError: an earlier picture is missing or damaged.
        """
        made_at = self._leases.now()
        wire: list[WireReference] = []
        records: list[dict[str, object]] = []
        total_bytes = 0
        for number, reference in enumerate(references, 1):
            sent = await self._one(reference, number, self._facts.get(model, NOTHING_KNOWN))
            if sent.transport != "url" and isinstance(reference.image, (FileImage, StepImage)):
                total_bytes += reference.image.facts.size_bytes
            wire.append(sent.wire)
            records.append(record_reference(reference, sent.transport))
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

    async def _one(self, reference: PlannedReference, number: int, known: WireFacts) -> _Sent:
        image = reference.image
        if isinstance(image, UrlImage):
            await self._look(image.url, number)
            return _Sent(WireUrl(image.url), "url")
        if isinstance(image, PendingImages):
            raise TypeError(f"reference {number} is still pending")
        if isinstance(image, StepImage) and self._mode in {ReferenceMode.AUTO, ReferenceMode.URL}:
            url = await self._live_url(image.facts)
            if url is not None:
                return _Sent(WireUrl(url), "url")
            if self._mode is ReferenceMode.URL:
                raise ReferenceError(
                    f"reference {number} has no live URL any more, and references: url allows nothing else",
                    help="use references: auto, which sends the stored bytes instead",
                )
        self._judge_size(image.facts.size_bytes, self._limits.each_bytes, f"reference {number}")
        path = await self._verify(image)
        if self._goes_by_link(image.facts, number, known):
            if self._uploader is None:
                raise ReferenceError(
                    "references: upload needs a bucket, and none is set",
                    help="set SEEDFLOW_UPLOAD_ENDPOINT, SEEDFLOW_UPLOAD_BUCKET, SEEDFLOW_UPLOAD_ACCESS_KEY_ID and "
                    "SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY, or use references: auto",
                )
            return _Sent(WireUrl(await self._uploader.upload(path, image.facts)), "upload")
        return _Sent(WireFile(path, image.facts), "data")

    def _goes_by_link(self, facts: ImageFacts, number: int, known: WireFacts) -> bool:
        """Whether bytes go to the bucket rather than into the request.

        Where nothing is known of the account, a bucket that somebody set up is surer than a data URI.

        Raises:
            ReferenceError: they would go into the request, and the account is known to refuse that.
        """
        if self._mode is ReferenceMode.UPLOAD:
            return True
        if self._mode is ReferenceMode.DATA:
            return False
        refusal = known.find_data_refusal(facts.size_bytes)
        if self._uploader is not None:
            return refusal is not None or not known.knows_data(facts.size_bytes)
        if refusal is not None:
            raise ReferenceError(
                f"reference {number} would travel in the request, and {refusal}",
                help="set up a bucket (`upload` in the settings) so that it travels by a link, or ask again with "
                "`seedflow doctor --probe --again`",
            )
        return False

    async def _verify(self, image: FileImage | StepImage) -> Path:
        if isinstance(image, FileImage):
            return await self._disk.run(_verify_file, image)
        return await self._disk.run(self._store.verify_blob, image.facts)

    async def _look(self, url: str, number: int) -> None:
        """See that a URL that the author wrote can be fetched, once in a while for all tasks that share it.

        Raises:
            ReferenceError: it cannot.
        """
        seen = self._seen.get(url)
        if seen is not None and self._leases.is_young(seen):
            return
        look = self._looks.get(url)
        if look is None:
            look = asyncio.ensure_future(self._provider.find_url_problem(url))
            self._looks[url] = look
            look.add_done_callback(lambda _: self._looks.pop(url, None))
        problem = await asyncio.shield(look)
        if problem is not None:
            raise ReferenceError(
                f"reference {number}, {make_printable(url[:200])}, could not be fetched from here: {problem}; nothing was sent",
                help="correct the URL, or download the picture and use the file",
            )
        self._seen[url] = self._leases.now()

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
            raise LargeReferenceError(
                f"{what}: {found_bytes / 1e6:.1f} MB would be sent, at most {most_bytes / 1e6:.1f} MB may",
                help="use smaller pictures, or fewer of them",
            )


def record_reference(reference: PlannedReference, transport: str | None = None) -> dict[str, object]:
    """How the ledger writes down one reference: what it is, and how it travels once that is decided; never a signed link."""
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
    if transport is not None:
        record["transport"] = transport
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
