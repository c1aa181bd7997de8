"""Every model of the catalog on every provider: its own words for references, size and format, its own answer key."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seedflow.errors import Billed, ProviderError
from seedflow.images.facts import ImageFormat
from seedflow.images.inspect import inspect_image
from seedflow.models.catalog import load_catalog
from seedflow.models.model import Model
from seedflow.providers.base import CallContext, GenerateRequest, WireFile
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.registry import open_provider
from seedflow.providers.secrets import Secret

CATALOG = load_catalog()


@dataclass(frozen=True)
class Asked:
    """What is asked of a model in its own words, and what it should give."""

    model: str
    params: dict[str, object]
    size: tuple[int, int]
    format: ImageFormat = ImageFormat.JPEG
    images: int = 1


ASKED = [
    Asked("bytedance/seedream-4.5", {"size": "2K", "aspect_ratio": "3:2"}, (2496, 1664)),
    Asked(
        "bytedance/seedream-5-lite",
        {"aspect_ratio": "9:16", "output_format": "png", "sequential_image_generation": "auto", "max_images": 2},
        (1600, 2848),
        ImageFormat.PNG,
        2,
    ),
    Asked("bytedance/seedream-5-lite", {"size": "3K", "output_format": "jpeg"}, (3072, 3072)),
    Asked("bytedance/seedream-5-pro", {"size": "1536x864"}, (1536, 864)),
    Asked("bytedance/seedream-5-pro", {"size": "1K"}, (1024, 1024)),
    Asked(
        "google/nano-banana-2",
        {"resolution": "1K", "aspect_ratio": "5:4", "output_format": "png"},
        (1152, 928),
        ImageFormat.PNG,
    ),
    Asked("google/nano-banana-2", {"resolution": "2K", "output_format": "jpg"}, (2048, 2048)),
]  # fmt: skip # a row a line


def build_request(model: Model, params: dict[str, object], *references: WireFile) -> GenerateRequest:
    context = CallContext("run-1", "page[scene=a]", 1, 1, str(uuid.uuid4()))
    return GenerateRequest(
        model.id,
        {"prompt": "a fox", **params},
        model.references_field,
        references,
        context,
        model.takes_reference_list,
    )


async def draw(provider: Any, model: Model, request: GenerateRequest, folder: Path) -> list[WireFile]:
    """The images of one call; what came is judged as a run judges it."""
    result = provider.read_answer((await provider.generate(request)).raw)
    assert model.judge_output(result) == []
    drawn = []
    for number, url in enumerate(model.image_urls(result), 1):
        path = folder / f"{request.context.intent_id}-{number}"
        await provider.fetch(url, request, number, path)
        drawn.append(WireFile(path, inspect_image(path, formats=model.output_formats, decode=True)))
    return drawn


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked.model}-{asked.size[0]}x{asked.size[1]}")
async def test_pictures_are_as_asked_for(provider: Any, asked: Asked, tmp_path: Path) -> None:
    model = CATALOG.models[asked.model]
    drawn = await draw(provider, model, build_request(model, asked.params), tmp_path)
    assert len(drawn) == asked.images
    for picture in drawn:
        facts = picture.facts
        assert facts.format is asked.format
        if provider.name == "sketch":
            assert (facts.width_px, facts.height_px) == asked.size
        else:  # tiny pictures, in the same shape
            shape = facts.width_px / facts.height_px
            assert shape == pytest.approx(asked.size[0] / asked.size[1], rel=0.03)


async def test_the_emulators_full_pictures_have_the_size_and_format(
    start_emulator: Any, tmp_path: Path
) -> None:
    emulator = start_emulator("--pictures", "full")
    provider = open_provider(
        "cloudflare",
        catalog=CATALOG,
        cloudflare=CloudflareOptions(
            account_id=emulator.env["CLOUDFLARE_ACCOUNT_ID"],
            api_token=Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
            gateway=None,
            base_url=parse_base_url(emulator.base_url),
        ),
    )
    try:
        for asked in ASKED:
            model = CATALOG.models[asked.model]
            for picture in await draw(provider, model, build_request(model, asked.params), tmp_path):
                facts = picture.facts
                assert (facts.width_px, facts.height_px, facts.format) == (*asked.size, asked.format)
    finally:
        await provider.aclose()
    paths = [download["path"] for download in emulator.downloads()]
    assert {path.rpartition(".")[2] for path in paths} == {"jpg", "png"}


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.permutations(CATALOG.ids, 2)), ids=lambda name: name.partition("/")[2]
)
async def test_pictures_of_one_model_are_references_of_another(
    provider: Any, first: str, second: str, tmp_path: Path
) -> None:
    giving, taking = CATALOG.models[first], CATALOG.models[second]
    drawn = await draw(provider, giving, build_request(giving, {}), tmp_path)
    (page,) = await draw(provider, taking, build_request(taking, {}, *drawn), tmp_path)
    assert page.facts.digest != drawn[0].facts.digest


@pytest.mark.parametrize("name", CATALOG.ids)
async def test_as_many_references_as_the_model_takes(provider: Any, name: str, tmp_path: Path) -> None:
    model = CATALOG.models[name]
    drawn = await draw(provider, model, build_request(model, {}), tmp_path)
    request = build_request(model, {}, *(drawn * (model.max_references or 1)))
    (page,) = await draw(provider, model, request, tmp_path)
    assert page.facts.size_bytes > 0


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("google/nano-banana-2", {"size": "2K"}),
        ("google/nano-banana-2", {"resolution": "3K"}),
        ("google/nano-banana-2", {"image_input": ["https://pictures.example/1.jpg"] * 4}),
        ("bytedance/seedream-5-pro", {"size": "4K"}),
        ("bytedance/seedream-5-pro", {"aspect_ratio": "1:1"}),
        ("bytedance/seedream-5-lite", {"size": "4K"}),
        ("bytedance/seedream-5-lite", {"aspect_ratio": "match_input_image"}),
    ],
)
async def test_the_emulator_judges_by_the_models_own_card(
    emulator: Any, name: str, params: dict[str, object]
) -> None:
    provider = open_provider(
        "cloudflare",
        catalog=CATALOG,
        cloudflare=CloudflareOptions(
            account_id=emulator.env["CLOUDFLARE_ACCOUNT_ID"],
            api_token=Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
            gateway=None,
            base_url=parse_base_url(emulator.base_url),
        ),
    )
    try:
        with pytest.raises(ProviderError) as caught:
            await provider.generate(build_request(CATALOG.models[name], params))
    finally:
        await provider.aclose()
    assert (caught.value.status, caught.value.billed) == (400, Billed.NO)
    assert emulator.bill()["calls"] == 0
