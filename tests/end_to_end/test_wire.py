"""What reaches the provider: exactly the card's inputs, and the images of one step as references of the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from project import ROOT, Project

CARD_RECIPES = ["reading-nook", "still-life", "winter", "character-sheet", "style-and-subject"]
EXAMPLES = json.loads((Path(__file__).parent / "card_examples.json").read_text(encoding="utf-8"))

CHAIN = """\
seedflow: 1
steps:
  first:
    generate:
      prompt: A set of three
      sequential_image_generation: auto
      max_images: 3
  second:
    generate:
      prompt: "From {{ ref.last }}, then {{ ref.front }}"
      image_input:
        last: "{{ steps.first.images[2] }}"
        front: "{{ steps.first.images[:2] }}"
  third:
    generate:
      prompt: The end
      image_input:
        - "{{ steps.second.images[0] }}"
        - "{{ steps.first.images[1] }}"
        - photo.png
"""


@pytest.mark.parametrize("name", CARD_RECIPES)
def test_a_card_recipe_puts_exactly_the_cards_input_on_the_wire(
    name: str, project: Project, start_emulator: Callable[..., Any]
) -> None:
    picture = project.folder / "any.png"
    Image.new("RGB", (64, 48), "teal").save(picture)
    expected = EXAMPLES[name]
    served = [f"--serve={url}={picture}" for url in expected.get("image_input", [])]
    emulator = start_emulator(*served)
    project.use(emulator.env)
    project.run(str(ROOT / "recipes" / f"{name}.yaml"))
    assert [request["input"] for request in emulator.requests()] == [expected]


@pytest.mark.parametrize("mode", ["auto", "url", "data"])
def test_images_of_one_step_arrive_as_references_of_the_next_in_order(
    mode: str, project: Project, emulator: Any
) -> None:
    project.use(emulator.env)
    project.write("chain.yaml", CHAIN)
    project.write("seedflow.yaml", f"references: {mode}\n")
    Image.new("RGB", (80, 60), "navy").save(project.folder / "photo.png")
    result = project.run("chain.yaml")
    digests = {task["address"]: [image["digest"] for image in task["images"]] for task in result["tasks"]}
    photo = emulator.requests()[2]["references"][2]
    by_task = {request["input"]["prompt"]: request for request in emulator.requests()}
    second = by_task["From image 1, then images 2 and 3"]["references"]
    third = by_task["The end"]["references"]
    assert [reference["digest"] for reference in second] == [digests["first"][2], *digests["first"][:2]]
    assert [reference["digest"] for reference in third[:2]] == [digests["second"][0], digests["first"][1]]
    assert (photo["kind"], photo["width"], photo["height"]) == ("data", 80, 60)
    kinds = {reference["kind"] for reference in [*second, *third[:2]]}
    assert kinds == ({"data"} if mode == "data" else {"own"})


def test_a_second_run_makes_no_request_and_a_changed_prompt_pays_for_itself_and_its_users_only(
    project: Project, emulator: Any
) -> None:
    project.use(emulator.env)
    Image.new("RGB", (80, 60), "navy").save(project.folder / "photo.png")
    project.write("chain.yaml", CHAIN)
    project.run("chain.yaml")
    again = project.run("chain.yaml")
    assert emulator.bill()["calls"] == 3
    assert (again["calls"], again["cost_usd"]) == (0, 0)
    assert {task["status"] for task in again["tasks"]} == {"reused"}
    project.write("chain.yaml", CHAIN.replace("The end", "Another end"))
    changed = project.run("chain.yaml")
    assert [task["address"] for task in changed["tasks"] if task["status"] == "done"] == ["third"]
    assert emulator.bill()["calls"] == 4


def test_a_url_that_died_is_never_sent_the_bytes_go_instead(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    Image.new("RGB", (80, 60), "navy").save(project.folder / "photo.png")
    project.write("chain.yaml", CHAIN)
    project.run("chain.yaml")
    emulator.expire()
    project.write("chain.yaml", CHAIN.replace("The end", "Another end"))
    project.run("chain.yaml")
    assert [reference["kind"] for reference in emulator.requests()[-1]["references"]] == ["data"] * 3


def test_results_of_the_emulator_never_satisfy_another_realm(project: Project, emulator: Any) -> None:
    project.write("one.yaml", "seedflow: 1\nsteps:\n  a: {generate: {prompt: One}}\n")
    assert project.run("one.yaml")["calls"] == 1
    project.use(emulator.env)
    assert project.run("one.yaml")["calls"] == 1
    assert emulator.bill()["calls"] == 1


def test_two_tasks_with_the_same_request_share_one_payment(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write(
        "twins.yaml",
        "seedflow: 1\nsteps:\n  a: {generate: {prompt: Same}}\n  b: {generate: {prompt: Same}}\n",
    )
    plan = project.seedflow("plan", "twins.yaml", "--json").json
    assert plan["totals"]["calls"] == [1, 1]
    assert plan["totals"]["cost_usd"] == [0.04, 0.04]
    result = project.run("twins.yaml")
    assert emulator.bill()["calls"] == 1
    assert result["tasks"][0]["images"][0]["digest"] == result["tasks"][1]["images"][0]["digest"]


def test_who_takes_no_pictures_within_a_request_is_told_of_links(
    project: Project, start_emulator: Callable[..., Any]
) -> None:
    Image.new("RGB", (64, 48), "teal").save(project.folder / "photo.png")
    project.use(start_emulator("--no-data-uris").env)
    project.write(
        "a.yaml", "seedflow: 1\nsteps: {a: {generate: {prompt: A fox, image_input: [photo.png]}}}\n"
    )
    ended = project.seedflow("run", "a.yaml", "--yes", "--json")
    assert ended.code == 3
    (task,) = ended.json["tasks"]
    assert task["problem"]["kind"] == "bad-request"
    assert "doctor --probe" in task["problem"]["help"]
    assert "references: upload" in task["problem"]["help"]
