"""Models that are not the default, and one that only its files describe: judged, drawn and answered by data alone."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seedflow.emulator.options import PictureKind
from seedflow.models.catalog import Catalog, build_catalog, load_catalog
from seedflow.models.project import add_project_models

CARD: dict[str, Any] = {
    "model": "studio/pencil-1",
    "input": {
        "type": "object",
        "properties": {"text": {"type": "string"}, "picture": {"type": "string", "format": "uri"}},
        "required": ["text"],
        "additionalProperties": False,
    },
    "output": {"type": "object", "properties": {"drawing": {"type": "string"}}, "required": ["drawing"]},
    "price_per_image_usd": 0.02,
}
PROFILE: dict[str, Any] = {
    "format": 1,
    "model": "studio/pencil-1",
    "version": "2026-11-25",
    "references": {"parameter": "picture", "sureness": "I", "source": "invented"},
    "answer": {"images": "drawing", "formats": ["webp"], "sureness": "I", "source": "invented"},
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "pencil.json").write_text(json.dumps(CARD))
    (tmp_path / "pencil.profile.json").write_text(json.dumps(copy.deepcopy(PROFILE)))
    found, problems = add_project_models(load_catalog(), tmp_path, "models")
    assert problems == []
    return found


def read_result(answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["result"]["result"]


@pytest.mark.parametrize("pictures", list(PictureKind))
@pytest.mark.parametrize(
    ("model", "given", "key", "expected"),
    [
        ("google/nano-banana-2", {"output_format": "png"}, "image", "PNG"),
        ("google/nano-banana-2", {}, "image", "JPEG"),
        ("bytedance/seedream-5-pro", {"size": "1280x720"}, "images", "JPEG"),
        ("bytedance/seedream-5-lite", {"output_format": "png"}, "images", "PNG"),
    ],
)
async def test_answers_have_the_models_own_key_and_the_format_that_was_asked_for(
    running, pictures, model, given, key, expected
):
    async with running(pictures=pictures) as caller:
        result = read_result(await caller.generate({"prompt": "a fox", **given}, model=model))
        assert list(result) == [key]
        url = result[key] if isinstance(result[key], str) else result[key][0]
        shown = await caller.get_image(url)
        with Image.open(io.BytesIO(shown.body)) as image:
            assert image.format == expected
        assert shown.headers["content-type"] == f"image/{expected.lower()}"
        assert url.partition("?")[0].endswith({"PNG": ".png", "JPEG": ".jpg"}[expected])


@pytest.mark.parametrize("pictures", list(PictureKind))
async def test_a_projects_model_is_served(running, catalog, pictures, png, data_uri):
    async with running(catalog=catalog, pictures=pictures) as caller:
        given = {"text": "a fox", "picture": data_uri(png())}
        result = read_result(await caller.generate(given, model="studio/pencil-1"))
        shown = await caller.get_image(result["drawing"])
        with Image.open(io.BytesIO(shown.body)) as image:
            assert image.format == "WEBP"
        entries = caller.emulator.bill.entries
        assert [(entry.model, str(entry.cost_usd)) for entry in entries] == [("studio/pencil-1", "0.02")]


@pytest.mark.parametrize(
    "given",
    [
        {"text": "a fox", "picture": ["https://pictures.example/1.jpg"]},
        {"text": "a fox", "picture": []},
        {"prompt": "a fox"},
    ],
)
async def test_what_its_card_does_not_allow_is_refused(running, catalog, given):
    async with running(catalog=catalog) as caller:
        answer = await caller.generate(given, model="studio/pencil-1")
        assert (answer.status, caller.emulator.bill.entries) == (400, [])


async def test_without_its_files_it_is_unknown(running):
    async with running() as caller:
        assert (await caller.generate({"text": "a fox"}, model="studio/pencil-1")).status == 400


def picky(**image: Any) -> Catalog:
    url = {"type": "string", "format": "uri"}
    output = {
        "properties": {"seed": {"type": "integer", "minimum": 5}, "drawing": {**url, **image}},
        "required": ["seed", "drawing"],
    }
    return build_catalog([("pencil", CARD | {"output": output})], [], CARD["model"])


async def test_an_answer_has_what_the_card_requires_besides(running):
    catalog = picky()
    async with running(catalog=catalog) as caller:
        result = read_result(await caller.generate({"text": "a fox"}, model="studio/pencil-1"))
        assert catalog.models["studio/pencil-1"].judge_output(result) == []
        assert (await caller.get_image(result["drawing"])).status == 200


async def test_an_answer_that_it_cannot_give_is_refused_and_not_billed(running):
    async with running(catalog=picky(pattern="^https://cdn")) as caller:
        answer = await caller.generate({"text": "a fox"}, model="studio/pencil-1")
        (error,) = json.loads(answer.body)["errors"]
        assert (answer.status, error["code"], caller.emulator.bill.entries) == (400, 5005, [])
        assert "studio/pencil-1 cannot be emulated" in error["message"]
        assert 'does not match "^https://cdn"' in error["message"]
