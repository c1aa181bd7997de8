"""`recipe:` steps: expanded into the same graph, no waiting at the border, addresses as paths, lexical defaults and values."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import FAILS, Played, play

CAST = """\
seedflow: 1
inputs:
  who: {type: text}
  poses: {type: list, of: text, default: [front, side]}
  style: {type: image, optional: true}
defaults: {size: 4K}
values: {tone: warm}
steps:
  sheet: {generate: {prompt: "Sheet of {{ inputs.who }}, {{ values.tone }}", image_input: ["{{ inputs.style }}"]}}
  portrait:
    for_each: {pose: "{{ inputs.poses }}"}
    generate: {prompt: "{{ inputs.who }} {{ each.pose }}", image_input: ["{{ steps.sheet.images[0] }}"]}
outputs:
  images: "{{ steps.portrait.images }}"
  sheet: "{{ steps.sheet.images[0] }}"
"""
HEROES = """\
defaults: {aspect_ratio: "1:1"}
values: {tone: cold}
steps:
  base: {generate: {prompt: "Base, {{ values.tone }}"}}
  cast:
    recipe: ./cast.yaml
    for_each: {hero: [fox, owl]}
    with: {who: "{{ each.hero }}", style: "{{ steps.base.images[0] }}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cast.yaml").write_text(CAST)
    return tmp_path


def used(folder: Path, after: str = "", *, start: str = HEROES, **gives: int) -> Played:
    return play(start + after, folder=folder, gives=gives)


def test_addresses_inside_are_paths(folder: Path) -> None:
    assert used(folder).addresses == [
        "base",
        "cast[hero=fox]/sheet",
        "cast[hero=fox]/portrait[pose=front]",
        "cast[hero=fox]/portrait[pose=side]",
        "cast[hero=owl]/sheet",
        "cast[hero=owl]/portrait[pose=front]",
        "cast[hero=owl]/portrait[pose=side]",
    ]


def test_values_and_defaults_never_cross_the_border(folder: Path) -> None:
    asked = used(folder).asked
    assert asked["base"].params == {"prompt": "Base, cold", "aspect_ratio": "1:1"}
    assert asked["cast[hero=fox]/sheet"].params == {"prompt": "Sheet of fox, warm", "size": "4K"}


def test_nothing_waits_at_the_border(folder: Path) -> None:
    played = used(
        folder,
        "  side: {generate: {prompt: Side, image_input: [\"{{ steps.cast.at(hero='fox').outputs.sheet }}\"]}}\n"
        '  slow: {recipe: ./cast.yaml, with: {who: cat, style: "{{ steps.side.images[0] }}"}}\n',
    )
    assert played.references("side") == ["cast[hero=fox]/sheet 1"]
    needs = {task.address: task.needs for task in played.plan.tasks}
    assert needs["side"] == ("cast[hero=fox]/sheet",)
    assert needs["slow/portrait[pose=front]"] == ("slow/sheet",)


def test_images_are_the_output_named_images_and_outputs_are_lists_over_all_calls(folder: Path) -> None:
    played = used(
        folder,
        '  poster: {generate: {prompt: "{{ ref.s }}; {{ ref.p }}", '
        'image_input: {s: "{{ steps.cast.outputs.sheet }}", p: "{{ steps.cast.images }}"}}}\n'
        "  owls: {generate: {prompt: Owls, image_input: [\"{{ steps.cast.where(hero='owl').images }}\"]}}\n",
    )
    assert played.prompts["poster"] == "images 1 and 2; images 3 to 6"
    assert played.references("poster")[:3] == [
        "cast[hero=fox]/sheet 1",
        "cast[hero=owl]/sheet 1",
        "cast[hero=fox]/portrait[pose=front] 1",
    ]
    assert played.references("owls") == [
        f"cast[hero=owl]/portrait[pose={pose}] 1" for pose in ("front", "side")
    ]


def test_an_output_of_one_image_is_a_single_image_where_one_call_is_meant(folder: Path) -> None:
    played = used(
        folder,
        '  one: {generate: {prompt: One, image_input: ["{{ steps.cat.outputs.sheet[0] }}"]}}\n',
        start="steps:\n  cat: {recipe: ./cast.yaml, with: {who: cat}}\n",
    )
    assert played.references("one") == ["cat/sheet 1"]


def test_for_each_over_their_images_and_tasks(folder: Path) -> None:
    played = used(
        folder,
        '  print: {for_each: {i: "{{ steps.cast.images }}"}, generate: {prompt: "{{ each.i.each.pose }}", image_input: ["{{ each.i }}"]}}\n'
        '  card: {for_each: {t: "{{ steps.cast.tasks }}"}, generate: {prompt: "Card of {{ each.t.each.hero }}", image_input: ["{{ each.t.outputs.sheet }}"]}}\n',
    )
    assert played.references("print[i=owl.side-1]") == ["cast[hero=owl]/portrait[pose=side] 1"]
    assert played.references("card[t=fox]") == ["cast[hero=fox]/sheet 1"]
    assert played.prompts["card[t=fox]"] == "Card of fox"


def test_when_of_the_step_skips_everything_inside_and_its_users(folder: Path) -> None:
    played = used(
        folder,
        '  user: {generate: {prompt: User, image_input: ["{{ steps.cat.images }}"]}}\n'
        "  after: {needs: cat, generate: {prompt: After}}\n",
        start='steps:\n  cat: {recipe: ./cast.yaml, when: "{{ false }}", with: {who: cat}}\n',
    )
    assert played.addresses == ["after"]
    assert set(played.skipped) == {"cat/sheet", "cat/portrait[pose=front]", "cat/portrait[pose=side]", "user"}


def test_what_needs_a_used_recipe_waits_for_all_of_it(folder: Path) -> None:
    text = "steps:\n  cat: {recipe: ./cast.yaml, with: {who: cat}}\n  last: {needs: cat, generate: {prompt: Last}}\n"
    assert play(text, folder=folder).addresses[-1] == "last"
    failed = play(text, folder=folder, gives={"cat/portrait[pose=side]": FAILS})
    assert failed.blocked == {"last": "cat/portrait[pose=side]"}


def test_a_failure_inside_blocks_only_what_uses_that_output(folder: Path) -> None:
    played = play(
        "steps:\n  cat: {recipe: ./cast.yaml, with: {who: cat}}\n"
        '  sheets: {generate: {prompt: Sheets, image_input: ["{{ steps.cat.outputs.sheet }}"]}}\n'
        '  all: {generate: {prompt: All, image_input: ["{{ steps.cat.images }}"]}}\n',
        folder=folder,
        gives={"cat/portrait[pose=side]": FAILS},
    )
    assert "sheets" in played.addresses
    assert played.blocked == {"all": "cat/portrait[pose=side]"}


def test_a_set_of_the_caller_is_a_list_inside_and_taken_apart_as_it_comes(folder: Path) -> None:
    (folder / "paint.yaml").write_text(
        "seedflow: 1\ninputs: {pictures: {type: list, of: image}}\n"
        'steps:\n  one: {for_each: {p: "{{ inputs.pictures }}"}, generate: {prompt: One, image_input: ["{{ each.p }}"]}}\n'
        'outputs: {done: "{{ steps.one.images }}"}\n'
    )
    played = play(
        "steps:\n  sheet: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}\n"
        '  paint: {recipe: ./paint.yaml, with: {pictures: "{{ steps.sheet.images }}"}}\n'
        '  wall: {generate: {prompt: "{{ ref.all }}", image_input: {all: "{{ steps.paint.images }}"}}}\n',
        folder=folder,
        gives={"sheet": 2},
    )
    assert played.addresses == ["sheet", "paint/one[p=sheet-1]", "paint/one[p=sheet-2]", "wall"]
    assert played.prompts["wall"] == "images 1 and 2"


def test_what_a_template_gives_at_the_border_must_be_of_the_declared_type(folder: Path) -> None:
    planner = open_planner(
        "inputs: {h: {type: list, of: text, default: [fox]}, n: {type: integer, default: 3}}\n"
        'steps:\n  cat: {recipe: ./cast.yaml, with: {who: "{{ inputs.n }}", poses: "{{ inputs.h }}"}}\n',
        folder=folder,
    )
    found, problems = planner.start()
    assert problems == []
    assert found is not None
    assert found.tasks[0].params["prompt"] == "Sheet of 3, warm"


POSTERS = """\
seedflow: 1
inputs: {views: {type: list, of: image}, one: {type: image, optional: true}}
values:
  views: "{{ inputs.views }}"
  count: "{{ values.views | length }}"
  size: "{{ inputs.one.width if inputs.one else 'no' }}"
  bad: "{{ 1 / (values.count - 3) }}"
steps:
  poster: {generate: {prompt: "{{ values.count }} views, {{ values.size }} wide", image_input: {v: "{{ values.views }}"}}}
  twin: {generate: {prompt: "{{ inputs.views | length }} twins"}}
  several: {when: "{{ values.count > 1 }}", generate: {prompt: Several}}
  each_one: {for_each: {v: "{{ values.views }}"}, generate: {prompt: "View", image_input: ["{{ each.v }}"]}}
  row: {generate: {prompt: Row, sequential_image_generation: auto, max_images: "{{ values.count }}"}}
outputs: {images: "{{ steps.each_one.images }}"}
"""


@pytest.mark.parametrize("source", ["view", "shots"])
def test_values_of_a_use_wait_for_what_its_inputs_wait_for(folder: Path, source: str) -> None:
    (folder / "posters.yaml").write_text(POSTERS)
    played = play(
        """\
steps:
  view: {for_each: {i: [1, 2]}, generate: {prompt: "Fox {{ each.i }}"}}
  shots: {generate: {prompt: Shots, sequential_image_generation: auto, max_images: 5}}
  sheet: {generate: {prompt: Sheet}}
  use: {recipe: ./posters.yaml, with: {views: "{{ steps.SOURCE.images }}", one: "{{ steps.sheet.images[0] }}"}}
""".replace("SOURCE", source),
        folder=folder,
        gives={"shots": 2, "use/row": 2},
    )
    assert played.problems == {}
    asked = played.asked
    assert asked["use/poster"].params["prompt"] == "2 views, 40 wide"
    assert asked["use/twin"].params["prompt"] == "2 twins"
    assert asked["use/row"].params["max_images"] == 2
    assert len(played.references("use/poster")) == 2
    assert "use/several" in asked
    assert sum(address.startswith("use/each_one") for address in asked) == 2
