"""The embedded provider: offline, free, deterministic, in the size and number that the model would give."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedflow.errors import Billed, DownloadError, ProviderError, Retry, StoreError
from seedflow.images.inspect import inspect_image
from seedflow.models.catalog import Catalog, build_catalog, load_catalog
from seedflow.providers.base import CallContext, GenerateRequest, NotBilled, WireFile, WireReference, WireUrl
from seedflow.providers.sketch import SketchProvider, describe_request

CONTEXT = CallContext("run-1", "page[scene=asleep]", 1, 1, "intent-1")
CATALOG = load_catalog()


def ask(*references: WireReference, **params: object) -> GenerateRequest:
    return GenerateRequest(
        CATALOG.default_id, {"prompt": "A fox", **params}, "image_input", references, CONTEXT
    )


@pytest.fixture
async def sketch() -> AsyncIterator[SketchProvider]:
    provider = SketchProvider(CATALOG)
    yield provider
    await provider.aclose()


@pytest.fixture
def photo(tmp_path: Path) -> WireFile:
    path = tmp_path / "photo.png"
    Image.new("RGB", (1000, 480), (200, 40, 40)).save(path)
    return WireFile(path, inspect_image(path, decode=True))


def spec_of(request: GenerateRequest, number: int = 1, catalog: Catalog = CATALOG):
    model = catalog.find(request.model)
    assert model is not None
    return describe_request(model, request, number)


async def test_an_answer_is_what_the_card_promises(sketch: SketchProvider) -> None:
    answer = await sketch.generate(ask())
    assert answer.free
    result = sketch.read_answer(answer.raw)
    model = CATALOG.find(CATALOG.default_id)
    assert model is not None
    assert model.judge_output(result) == []
    assert result == {"images": ["https://sketch.invalid/1"]}


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({}, 1),
        ({"max_images": 9}, 1),
        ({"sequential_image_generation": "auto", "max_images": 3}, 3),
        ({"sequential_image_generation": "auto", "max_images": 15}, 15),
        ({"sequential_image_generation": "auto"}, 1),
    ],
)
async def test_a_set_is_as_large_as_it_may_be(
    sketch: SketchProvider, params: dict[str, object], count: int
) -> None:
    result = sketch.read_answer((await sketch.generate(ask(**params))).raw)
    assert result == {"images": [f"https://sketch.invalid/{number}" for number in range(1, count + 1)]}


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (2048, 2048)),
        ({"aspect_ratio": "21:9"}, (3136, 1344)),
        ({"size": "4K", "aspect_ratio": "3:4"}, (3520, 4704)),
    ],
)
async def test_pictures_have_the_size_of_size_and_ratio(
    sketch: SketchProvider, tmp_path: Path, params: dict[str, object], size: tuple[int, int]
) -> None:
    into = tmp_path / "picture"
    await sketch.fetch("https://sketch.invalid/1", ask(**params), 1, into)
    facts = inspect_image(into, decode=True)
    assert (facts.width_px, facts.height_px) == size


async def test_matching_follows_a_measured_reference(
    sketch: SketchProvider, tmp_path: Path, photo: WireFile
) -> None:
    into = tmp_path / "picture"
    await sketch.fetch("https://sketch.invalid/1", ask(photo, aspect_ratio="match_input_image"), 1, into)
    facts = inspect_image(into, decode=True)
    assert (facts.width_px, facts.height_px) == (2960, 1424)


def test_a_url_cannot_be_measured_and_the_card_says_so() -> None:
    spec = spec_of(
        ask(WireUrl("https://pictures.example/a.jpg?token=secret"), aspect_ratio="match_input_image")
    )
    assert (spec.width_px, spec.height_px) == (2048, 2048)
    assert any("not known offline" in line for line in spec.subtitle)
    (reference,) = spec.references
    assert reference.path is None
    assert reference.note == "pictures.example/a.jpg (not fetched)", "the query may hold a secret"
    assert not any("not known" in line for line in spec_of(ask(aspect_ratio="4:3")).subtitle)


def test_a_card_shows_its_task_its_prompt_and_its_references_in_order(photo: WireFile) -> None:
    request = ask(
        photo,
        WireUrl("https://pictures.example/a.jpg"),
        photo,
        sequential_image_generation="auto",
        max_images=3,
    )
    spec = spec_of(request, 2)
    assert spec.title == "page[scene=asleep]"
    assert spec.prompt == "A fox"
    assert [reference.path for reference in spec.references] == [photo.path, None, photo.path]
    assert [reference.label.partition(" ·")[0] for reference in spec.references] == [
        "image 1",
        "image 2",
        "image 3",
    ]
    assert "take 1 · image 2 of 3" in spec.subtitle
    assert "sketch" in spec.badge


async def test_the_same_request_gives_the_same_bytes_in_another_process_life(
    tmp_path: Path, photo: WireFile
) -> None:
    """After a kill, a picture of an answer in the ledger is drawn from its request alone."""
    drawn = []
    for life in range(2):
        provider = SketchProvider(load_catalog())
        into = tmp_path / str(life)
        await provider.fetch(
            "https://sketch.invalid/2", ask(photo, sequential_image_generation="auto", max_images=2), 2, into
        )
        drawn.append(into.read_bytes())
        await provider.aclose()
    assert drawn[0] == drawn[1]


def test_takes_and_numbers_are_told_apart_and_runs_are_not() -> None:
    first = spec_of(ask())
    assert spec_of(replace(ask(), context=replace(CONTEXT, take=2))).seed != first.seed
    assert spec_of(ask(), 2).seed != first.seed
    assert spec_of(ask(size="4K")).seed != first.seed
    assert (
        spec_of(replace(ask(), context=replace(CONTEXT, run_id="run-2", intent_id="intent-2", attempt=3)))
        == first
    )


def test_pictures_of_one_step_look_akin() -> None:
    other = replace(ask(), context=replace(CONTEXT, address="page[scene=home]"))
    assert spec_of(other).theme == spec_of(ask()).theme == "page"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"{}", b'{"sketch": 2, "result": {}}', b'{"sketch": 1, "result": []}', b"\xff\xfe"],
)
def test_an_answer_of_somebody_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ProviderError, match="not an answer of the sketch provider") as caught:
        SketchProvider(CATALOG).read_answer(raw)
    assert (caught.value.retry, caught.value.billed) == (Retry.NEVER, Billed.NO)


async def test_an_unknown_model_is_refused_before_anything(sketch: SketchProvider) -> None:
    with pytest.raises(ProviderError, match="no model nobody/nothing") as caught:
        await sketch.generate(replace(ask(), model="nobody/nothing"))
    assert (caught.value.kind, caught.value.billed) == ("unknown-model", Billed.NO)


async def test_an_answer_of_an_older_ledger_is_drawn(sketch: SketchProvider, tmp_path: Path) -> None:
    await sketch.fetch("sketch:1", ask(), 1, tmp_path / "picture")
    assert inspect_image(tmp_path / "picture", decode=True).width_px == 2048


def put_out(output: dict[str, object]) -> Catalog:
    """A catalog whose one model has a picky answer."""
    schema = {"type": "object", "properties": {"image": {"type": "string"}}, "required": ["image"], **output}
    card = {"model": "a/b", "input": {"properties": {"prompt": {"type": "string"}}}, "output": schema}
    return build_catalog([("card", card)], [], "a/b")


@pytest.mark.parametrize("pattern", ["^https://", "\\.png$", "^https?://[a-z.]+/[0-9]+\\.jpe?g$"])
async def test_an_address_is_what_the_card_wants_of_one(pattern: str, tmp_path: Path) -> None:
    catalog = put_out({"properties": {"image": {"type": "string", "pattern": pattern}}})
    provider = SketchProvider(catalog)
    request = replace(ask(), model="a/b", references_field=None)
    result = provider.read_answer((await provider.generate(request)).raw)
    assert catalog.models["a/b"].judge_output(result) == []
    (url,) = catalog.models["a/b"].image_urls(result)
    await provider.fetch(url, request, 1, tmp_path / "picture")
    assert inspect_image(tmp_path / "picture", decode=True)
    await provider.aclose()


async def test_an_answer_that_nobody_can_make_up_is_told_before_anything_is_asked() -> None:
    provider = SketchProvider(
        put_out({"properties": {"image": {"type": "string", "pattern": "^https://cdn"}}})
    )
    sent = []

    async def note() -> None:
        sent.append("sending")

    with pytest.raises(
        ProviderError, match=r'`a/b` cannot be sketched.*: in `image`, .*"\^https://cdn"'
    ) as caught:
        await provider.generate(replace(ask(), model="a/b", references_field=None), note)
    assert (caught.value.kind, caught.value.retry, caught.value.billed) == (
        "no-sketch", Retry.NEVER, Billed.NO
    )  # fmt: skip # a row a line
    assert caught.value.help
    assert sent == []
    await provider.aclose()


@pytest.mark.parametrize(
    "url", ["https://sketch.invalid/2", "sketch:2", "sketch:x", "https://pictures.example/1.jpg", ""]
)
async def test_only_its_own_urls_are_drawn(sketch: SketchProvider, tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError) as caught:
        await sketch.fetch(url, ask(), 1, tmp_path / "picture")
    assert (caught.value.kind, caught.value.retryable) == ("dead-url", False)
    assert not (tmp_path / "picture").exists()


async def test_a_disk_that_does_not_take_it_is_named(sketch: SketchProvider, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be written"):
        await sketch.fetch("https://sketch.invalid/1", ask(), 1, tmp_path / "missing" / "picture")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
async def test_a_full_disk_is_called_full(sketch: SketchProvider) -> None:
    with pytest.raises(StoreError) as caught:
        await sketch.fetch("https://sketch.invalid/1", ask(), 1, Path("/dev/full"))
    assert caught.value.kind == "disk-full"


async def test_nothing_is_alive_and_nothing_was_billed(sketch: SketchProvider) -> None:
    assert not await sketch.is_alive("https://sketch.invalid/1")
    assert isinstance(await sketch.reconcile("intent-1", 0.0), NotBilled)
    assert (sketch.name, sketch.realm, sketch.paid) == ("sketch", "sketch", False)


async def test_no_socket_is_opened(
    sketch: SketchProvider, tmp_path: Path, photo: WireFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    request = ask(photo, WireUrl("https://pictures.example/a.jpg"))
    answer = await sketch.generate(request)
    await sketch.fetch("https://sketch.invalid/1", request, 1, tmp_path / "picture")
    assert json.loads(answer.raw)["result"]


async def test_many_are_drawn_at_once_without_stopping_the_loop(
    sketch: SketchProvider, tmp_path: Path
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(
        *(
            sketch.fetch(
                "https://sketch.invalid/1",
                replace(ask(), context=replace(CONTEXT, take=take)),
                1,
                tmp_path / str(take),
            )
            for take in range(1, 9)
        )
    )
    ticking.cancel()
    assert ticks >= 8
    assert len({(tmp_path / str(take)).read_bytes() for take in range(1, 9)}) == 8
