"""Recipes over several models, and over a project's own: from text to files, on the sketch provider and on the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from project import Project

from tests.golden.pencil import CARD, PROFILE

CHAIN = """\
seedflow: 1
steps:
  sheet:
    generate:
      prompt: A clockwork fox from three sides
      sequential_image_generation: auto
      max_images: 3
  scene:
    generate:
      model: google/nano-banana-2
      prompt: "The fox of {{ ref.fox }} beside the owl of {{ ref.owl }}"
      image_input:
        fox: "{{ steps.sheet.images[:2] }}"
        owl: owl.png
      resolution: 1K
      aspect_ratio: 4:5
      output_format: png
  poster:
    generate:
      model: bytedance/seedream-5-pro
      prompt: "A poster of {{ ref.scene }}"
      image:
        scene: "{{ steps.scene.images[0] }}"
      size: 1536x864
  cards:
    generate:
      model: bytedance/seedream-5-lite
      prompt: "Two cards after {{ ref.poster }} and {{ ref.fox }}"
      image_input:
        poster: "{{ steps.poster.images[0] }}"
        fox: "{{ steps.sheet.images[0] }}"
      sequential_image_generation: auto
      max_images: 2
      output_format: png
      aspect_ratio: 3:4
outputs:
  scene: "{{ steps.scene.images }}"
  poster: "{{ steps.poster.images }}"
  cards: "{{ steps.cards.images }}"
"""

PRICES = """\
prices:
  google/nano-banana-2: 0.10
  bytedance/seedream-5-pro: 0.09
"""

PENCIL = """\
seedflow: 1
steps:
  photo: {generate: {prompt: A fox, size: 2K}}
  drawing:
    generate:
      model: studio/pencil-1
      text: "A pencil drawing of {{ ref.photo }}"
      picture: {photo: "{{ steps.photo.images[0] }}"}
      paper: a5
  print:
    generate:
      prompt: A print of image 1
      image_input: ["{{ steps.drawing.images[0] }}"]
"""


@pytest.fixture
def chain(project: Project) -> Project:
    project.write("chain.yaml", CHAIN)
    Image.new("RGB", (80, 60), "navy").save(project.folder / "owl.png")
    return project


@pytest.fixture
def pencil(project: Project) -> Project:
    project.write("seedflow.yaml", "models: our-models\n")
    project.write("our-models/pencil.json", json.dumps(CARD))
    project.write("our-models/pencil.profile.json", json.dumps(PROFILE))
    project.write("pencil.yaml", PENCIL)
    return project


def test_four_models_in_a_chain_as_sketches(chain: Project) -> None:
    result = chain.run("chain.yaml")
    sizes = {
        task["address"]: [(image["width"], image["height"]) for image in task["images"]]
        for task in result["tasks"]
    }
    assert sizes == {
        "sheet": [(2048, 2048)] * 3,
        "scene": [(928, 1152)],
        "poster": [(1536, 864)],
        "cards": [(1728, 2304)] * 2,
    }
    published = sorted(path.suffix for path in (chain.folder / "outputs").rglob("*.[jp][pn]g"))
    assert published == [".jpg", ".png", ".png", ".png"], "as the models were asked"
    assert chain.run("chain.yaml")["calls"] == 0


def test_four_models_in_a_chain_on_the_wire(chain: Project, start_emulator: Callable[..., Any]) -> None:
    chain.write("seedflow.yaml", PRICES)
    emulator = start_emulator(project=chain.folder)
    chain.use(emulator.env)
    plan = chain.seedflow("plan", "chain.yaml", "--json").json
    assert plan["totals"]["cost_usd"] == [pytest.approx(0.265), pytest.approx(0.38)]
    result = chain.run("chain.yaml")
    assert emulator.bill()["cost_usd"] == pytest.approx(result["cost_usd"]) == pytest.approx(0.38)
    sheet, scene, poster, cards = emulator.requests()
    digests = {task["address"]: [image["digest"] for image in task["images"]] for task in result["tasks"]}
    assert sheet["input"].keys() == {"prompt", "sequential_image_generation", "max_images"}
    assert scene["input"]["prompt"] == "The fox of images 1 and 2 beside the owl of image 3"
    assert [found["digest"] for found in scene["references"][:2]] == digests["sheet"][:2]
    assert poster["input"].keys() == {"prompt", "size", "image"}
    assert len(poster["input"]["image"]) == 1, "a single reference travels as a list of one"
    assert [found["digest"] for found in poster["references"]] == digests["scene"]
    assert poster["references"][0]["format"] == "png"
    assert [found["digest"] for found in cards["references"]] == [digests["poster"][0], digests["sheet"][0]]
    again = chain.run("chain.yaml")
    assert (again["calls"], emulator.bill()["calls"]) == (0, 4)


def test_a_model_without_a_price_is_not_asked(chain: Project, emulator: Any) -> None:
    chain.use(emulator.env)
    ended = chain.seedflow("run", "chain.yaml", "--yes", "--max-cost", "9")
    assert ended.code == 1
    assert ended.err.count("[no-price]") == 2
    assert emulator.bill()["calls"] == 0


def test_a_projects_model_runs_like_any_other(pencil: Project) -> None:
    result = pencil.run("pencil.yaml")
    drawing = next(task for task in result["tasks"] if task["address"] == "drawing")
    assert [(image["width"], image["height"]) for image in drawing["images"]] == [(420, 596)]
    assert {path.suffix for path in (pencil.folder / "outputs").rglob("*.*")} >= {".jpg"}
    stored = [path.read_bytes()[:4] for path in (pencil.folder / ".seedflow").rglob("sha256/*/*")]
    assert b"RIFF" in stored


@pytest.mark.parametrize("mode", ["auto", "data"])
def test_a_projects_model_on_the_wire(mode: str, pencil: Project, start_emulator: Callable[..., Any]) -> None:
    pencil.write("seedflow.yaml", f"models: our-models\nreferences: {mode}\n")
    emulator = start_emulator(project=pencil.folder)
    pencil.use(emulator.env)
    result = pencil.run("pencil.yaml")
    assert result["cost_usd"] == pytest.approx(0.04 + 0.01 + 0.04)
    assert emulator.bill()["cost_usd"] == pytest.approx(0.09), "both know the price by its parameter"
    drawing = emulator.requests()[1]
    assert drawing["model"] == "studio/pencil-1"
    assert drawing["input"].keys() == {"text", "paper", "picture"}
    assert drawing["input"]["text"] == "A pencil drawing of image 1"
    assert isinstance(drawing["input"]["picture"], str), "the field takes no list"
    assert emulator.requests()[2]["references"][0]["format"] == "webp"


SEED_FIRST = """\
seedflow: 1
steps:
  drawing: {generate: {model: studio/seedfirst, prompt: A fox}}
"""


def write_seed_first(project: Project, image: dict[str, Any]) -> None:
    """A model with a card alone, whose images are not the first field of its answer."""
    output = {
        "type": "object",
        "properties": {"seed": {"type": "integer"}, "image": image},
        "required": ["seed", "image"],
    }
    text = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
    card = {"model": "studio/seedfirst", "price_per_image_usd": 0.01, "input": text, "output": output}
    project.write("seedflow.yaml", "models: our-models\n")
    project.write("our-models/seedfirst.json", json.dumps(card))
    project.write("seed.yaml", SEED_FIRST)


@pytest.mark.parametrize("paid", [False, True])
def test_the_order_of_an_answers_fields_decides_nothing(
    paid: bool, project: Project, start_emulator: Callable[..., Any]
) -> None:
    write_seed_first(project, {"type": "string", "format": "uri"})
    if paid:
        project.use(start_emulator(project=project.folder).env)
    result = project.run("seed.yaml")
    assert (result["status"], result["calls"]) == ("done", 1)
    assert len(result["tasks"][0]["images"]) == 1


def test_a_card_that_no_stand_in_can_answer_for_is_told_at_once(
    project: Project, start_emulator: Callable[..., Any]
) -> None:
    write_seed_first(project, {"type": "string", "pattern": "^https://cdn"})
    ended = project.seedflow("run", "seed.yaml")
    words = " ".join(ended.err.split() + ended.out.split())
    assert ended.code == 3
    assert '"https://sketch.invalid/1" does not match "^https://cdn" [no-sketch]' in words
    assert "0 calls" in words
    assert "Run it again" not in words
    emulator = start_emulator(project=project.folder)
    project.use(emulator.env)
    ended = project.seedflow("run", "seed.yaml", "--yes", "--max-cost", "1")
    words = " ".join(ended.err.split() + ended.out.split())
    assert ended.code == 3
    assert "studio/seedfirst cannot be emulated" in words
    assert "[bad-request]" in words
    assert (emulator.bill()["calls"], emulator.bill()["cost_usd"]) == (0, 0)
