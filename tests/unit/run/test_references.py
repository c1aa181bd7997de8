"""How references travel: by an address only while it is young and alive, else by their bytes, verified at that moment."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from virtual_clock import run_virtually
from world import FakeProvider, digest, refuse

from seedflow.diagnostics import Source, Span
from seedflow.images.facts import FileImage, ImageFacts, ImageFormat, UrlImage
from seedflow.plan.model import Origin, PlannedReference, StepImage
from seedflow.providers.base import WireFile, WireUrl
from seedflow.providers.wire_facts import NOTHING_KNOWN, WireFacts
from seedflow.run import endings, references
from seedflow.run.disk import Disk
from seedflow.run.leases import LEASE_S, Leases
from seedflow.run.references import (
    ReferenceLimits,
    ReferenceMode,
    ReferencePreparer,
)
from seedflow.run.status import Remedy
from seedflow.store.memory import MemoryState, MemoryStore

URL = "https://pictures.example/1"


class Clocks:
    """One that stands still while the machine sleeps, and one that people may set."""

    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.wall_s = 5e8

    def leases(self, lease_s: float = LEASE_S) -> Leases:
        return Leases(lambda: self.monotonic_s, lambda: self.wall_s, lease_s)


class FakeUploader:
    """Keeps what it is given behind links of its own."""

    def __init__(self) -> None:
        self.kept: list[Path] = []

    async def upload(self, path: Path, facts: ImageFacts) -> str:
        self.kept.append(path)
        return f"https://bucket.example/{facts.digest}?X-Amz-Signature=abc"


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clocks = Clocks()
        self.leases = self.clocks.leases()
        self.store = MemoryStore(MemoryState(folder / "blobs"))
        self.provider = FakeProvider()
        self.uploader: FakeUploader | None = None
        self.facts = NOTHING_KNOWN

    def keep(self, data: bytes = b"picture") -> StepImage:
        facts = ImageFacts(digest(data), len(data), 4, 3, ImageFormat.JPEG)
        arriving = self.store.new_blob_path()
        arriving.write_bytes(data)
        self.store.keep_blob(arriving, facts)
        return StepImage("page", 1, 1, facts)

    def preparer(self, mode: ReferenceMode = ReferenceMode.AUTO, **limits: int) -> ReferencePreparer:
        return ReferencePreparer(
            store=self.store,
            provider=self.provider,
            leases=self.leases,
            mode=mode,
            limits=ReferenceLimits(**limits),
            disk=Disk(),
            uploader=self.uploader,
            facts={"model": self.facts},
        )

    def prepare(self, *images, mode: ReferenceMode = ReferenceMode.AUTO, **limits: int):
        planned = [PlannedReference(None, image) for image in images]
        return run_virtually(self.preparer(mode, **limits).prepare(planned, "model"))[0]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("monotonic_s", "wall_s", "alive"),
    [
        (0, 0, True),
        (LEASE_S - 1, LEASE_S - 1, True),
        (LEASE_S + 1, LEASE_S + 1, False),
        (1, 2 * LEASE_S, False),  # the machine slept
        (LEASE_S + 1, 1, False),  # somebody set the clock back
        (1, -10, False),
        (300, 370, False),  # the clocks disagree: it slept, or was set
        (300, 230, False),
        (300, 330, True),
        (1, 86_400, False),
    ],
)
def test_an_address_serves_only_while_it_is_young_by_both_clocks(monotonic_s, wall_s, alive) -> None:
    clocks = Clocks()
    leases = clocks.leases()
    leases.keep("sha256:aa", URL)
    clocks.monotonic_s += monotonic_s
    clocks.wall_s += wall_s
    assert leases.find("sha256:aa") == (URL if alive else None)


def test_an_address_that_is_alive_is_sent_and_recorded_as_such(desk) -> None:
    image = desk.keep()
    desk.leases.keep(image.facts.digest, URL)
    prepared = desk.prepare(image)
    assert prepared.wire == (WireUrl(URL),)
    assert prepared.records == (
        {"name": None, "digest": image.facts.digest, "from": "page image 1", "transport": "url"},
    )


def test_an_address_that_died_is_dropped_and_the_bytes_go(desk) -> None:
    image = desk.keep()
    desk.leases.keep(image.facts.digest, URL)
    desk.provider.alive = False
    (sent,) = desk.prepare(image).wire
    assert isinstance(sent, WireFile)
    assert desk.leases.find(image.facts.digest) is None


@pytest.mark.parametrize("mode", list(ReferenceMode))
def test_modes_decide_how_earlier_pictures_may_travel(desk, mode) -> None:
    desk.uploader = FakeUploader()
    image = desk.keep()
    desk.leases.keep(image.facts.digest, URL)
    (sent,) = desk.prepare(image, mode=mode).wire
    assert isinstance(sent, WireFile if mode is ReferenceMode.DATA else WireUrl)
    assert len(desk.uploader.kept) == (1 if mode is ReferenceMode.UPLOAD else 0)


KNOWN = WireFacts(data_uris=True, data_accepted_bytes=10, data_refused_bytes=100, data_on=date(2026, 11, 25))
NO_DATA = WireFacts(data_uris=False, data_on=date(2026, 11, 25))


@pytest.mark.parametrize(
    ("facts", "bucket", "size_bytes", "transport"),
    [
        (NOTHING_KNOWN, False, 50, "data"),
        (NOTHING_KNOWN, True, 50, "upload"),  # a bucket that somebody set up is surer
        (KNOWN, True, 10, "data"),
        (KNOWN, True, 11, "upload"),
        (KNOWN, False, 50, "data"),  # between what was accepted and what was refused: it is tried
        (KNOWN, True, 100, "upload"),
        (KNOWN, False, 100, None),
        (NO_DATA, True, 1, "upload"),
        (NO_DATA, False, 1, None),
    ],
)
def test_where_nobody_said_how_what_is_known_of_the_account_decides(
    desk, facts, bucket, size_bytes, transport
) -> None:
    desk.facts = facts
    desk.uploader = FakeUploader() if bucket else None
    image = desk.keep(b"x" * size_bytes)
    if transport is None:
        with pytest.raises(references.ReferenceError, match="a probe on 2026-11-25 found") as caught:
            desk.prepare(image)
        assert "doctor --probe" in (caught.value.help or "")
        return
    prepared = desk.prepare(image)
    assert prepared.records[0]["transport"] == transport
    assert isinstance(prepared.wire[0], WireFile if transport == "data" else WireUrl)
    assert "Signature" not in str(prepared.records)


def test_a_url_that_the_author_wrote_is_looked_at_once_in_a_while(desk) -> None:
    preparer = desk.preparer()
    planned = [PlannedReference(None, UrlImage(URL))]

    async def ask() -> None:
        await asyncio.gather(*(preparer.prepare(planned) for _ in range(3)))
        await preparer.prepare(planned)
        assert desk.provider.looked_at == [URL]
        desk.clocks.wall_s += LEASE_S
        await preparer.prepare(planned)

    run_virtually(ask())
    assert desk.provider.looked_at == [URL, URL]


def test_a_url_that_cannot_be_fetched_is_not_sent(desk) -> None:
    desk.provider.url_problems[URL] = "its server answers with HTTP 404"
    with pytest.raises(references.ReferenceError, match=f"reference 2, {URL}.*HTTP 404; nothing was sent"):
        desk.prepare(desk.keep(), UrlImage(URL))


def test_a_url_is_taken_for_young_no_longer_than_such_urls_are_known_to_live() -> None:
    assert NOTHING_KNOWN.find_lease_s(1200) == 1200
    assert WireFacts(urls_alive_s=300).find_lease_s(1200) == 1200
    assert WireFacts(urls_alive_s=300, urls_dead_s=600).find_lease_s(1200) == 300
    assert WireFacts(urls_alive_s=5000, urls_dead_s=6000).find_lease_s(1200) == 1200
    assert WireFacts(urls_dead_s=60).find_lease_s(1200) == 0


def test_where_only_addresses_may_go_a_dead_one_is_an_error(desk) -> None:
    with pytest.raises(references.ReferenceError, match="no live URL"):
        desk.prepare(desk.keep(), mode=ReferenceMode.URL)


def test_addresses_that_the_author_wrote_go_as_they_are_in_every_mode(desk) -> None:
    for mode in ReferenceMode:
        assert desk.prepare(UrlImage("https://a.example/b?c=d#e"), mode=mode).wire == (
            WireUrl("https://a.example/b?c=d#e"),
        )


def test_tasks_that_ask_at_the_same_moment_share_one_look(desk) -> None:
    image = desk.keep()
    desk.leases.keep(image.facts.digest, URL)
    looks = 0

    async def is_alive(url: str) -> bool:
        nonlocal looks
        looks += 1
        await asyncio.sleep(1)
        return True

    desk.provider.is_alive = is_alive
    preparer = desk.preparer()

    async def ask_together() -> None:
        planned = [PlannedReference(None, image)]
        await asyncio.gather(*(preparer.prepare(planned) for _ in range(5)))
        assert looks == 1
        await preparer.prepare(planned)

    run_virtually(ask_together())
    assert looks == 2


@pytest.mark.parametrize("damage", [b"", b"picturE"])
def test_bytes_are_verified_before_they_are_sent(desk, damage) -> None:
    image = desk.keep()
    desk.store.blob_path(image.facts.digest).write_bytes(damage)
    with pytest.raises(Exception, match="damaged"):
        desk.prepare(image)


def test_a_file_that_was_changed_or_went_since_it_was_planned_is_not_sent(desk) -> None:
    path = desk.folder / "photo.jpg"
    path.write_bytes(b"as planned")
    image = FileImage(path, "photo.jpg", ImageFacts(digest(b"as planned"), 10, 4, 3, ImageFormat.JPEG))
    assert desk.prepare(image).wire == (WireFile(path, image.facts),)
    path.write_bytes(b"changed ..")
    with pytest.raises(references.ReferenceError, match="changed after"):
        desk.prepare(image)
    path.unlink()
    with pytest.raises(references.ReferenceError, match="cannot be read"):
        desk.prepare(image)


def test_too_many_bytes_are_refused_before_anything_is_sent(desk) -> None:
    images = [desk.keep(bytes([number]) * 60) for number in range(3)]
    desk.prepare(*images, each_bytes=60, request_bytes=180)
    desk.uploader = FakeUploader()
    for mode in (ReferenceMode.DATA, ReferenceMode.UPLOAD):
        with pytest.raises(references.LargeReferenceError, match="3 references together"):
            desk.prepare(*images, mode=mode, request_bytes=179)
    desk.uploader = None
    with pytest.raises(references.ReferenceError, match="reference 1"):
        desk.prepare(*images, each_bytes=59)
    with pytest.raises(references.ReferenceError, match="3 references together"):
        desk.prepare(*images, request_bytes=179)


def test_what_is_too_large_has_to_be_changed_and_what_was_changed_meanwhile_not() -> None:
    task = SimpleNamespace(origin=Origin(Span(Source("r.yaml", "a"), 0, 1), {}))
    large = references.LargeReferenceError("reference 1: 12.0 MB would be sent")
    assert endings.failed(task, "reference", large).remedy is Remedy.CHANGE
    changed = references.ReferenceError("a.jpg was changed after it was planned")
    assert endings.failed(task, "reference", changed).remedy is Remedy.RUN


def test_the_age_of_what_was_prepared_is_told_by_the_clock_that_says_more(desk) -> None:
    preparer = desk.preparer()
    prepared = run_virtually(preparer.prepare([]))[0]
    desk.clocks.wall_s += 100
    desk.clocks.monotonic_s += 3
    assert preparer.age_s(prepared) == 100
    desk.clocks.wall_s -= 500
    assert preparer.age_s(prepared) == 3


def test_what_waited_long_for_its_turn_is_looked_at_again(make_world, monkeypatch) -> None:
    """The address was alive when the task came, and dies while everybody is held back for a rate limit."""
    world = make_world(
        """
steps:
  a: {generate: {prompt: One}}
  b: {generate: {prompt: Two, image_input: ["{{ steps.a.images[0] }}"]}}
  c: {generate: {prompt: Three, image_input: ["{{ steps.a.images[0] }}"]}}
"""
    )
    world.provider.meet("b", refuse("api-blocked", 200))
    world.provider.meet("c", refuse("api-blocked", 200))
    clocks = Clocks()
    monkeypatch.setattr("seedflow.run.executor.Leases", clocks.leases)

    def pass_away() -> None:
        world.provider.alive = False
        clocks.wall_s += 60
        clocks.monotonic_s += 60

    world.at(50, pass_away)
    world.run(most_in_flight=1)
    sent = [(call.context.address, type(call.references[0]).__name__) for call in world.provider.calls[1:]]
    assert sent[0] == ("b", "WireUrl")
    assert [kind for _, kind in sent[1:]] == ["WireFile"] * (len(sent) - 1)
