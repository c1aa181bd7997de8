"""What a recipe is: one file, steps of one kind each, and mentions that alone make the order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk

STORYBOOK = """\
seedflow: 1
name: storybook
description: One hero, one design sheet, one page per scene.

inputs:
  hero:
    type: text
    default: a small clockwork fox with copper fur
  scenes:
    type: list
    of: text
    default: [crossing a frozen lake, asleep in a library, repairing a lighthouse]
  style:
    type: image
    optional: true

defaults:
  size: 2K

steps:
  sheet:
    generate:
      prompt: >-
        Character design of {{ inputs.hero }}: front view, side view, back view
        {%- if ref.style %}, drawn in the style of {{ ref.style }}{% endif %}
      image_input:
        style: "{{ inputs.style }}"
      sequential_image_generation: auto
      max_images: 3
      aspect_ratio: 16:9

  page:
    for_each:
      scene: "{{ inputs.scenes }}"
    generate:
      prompt: >-
        {{ each.scene }}. The hero is the character in {{ ref.hero }}.
      image_input:
        hero: "{{ steps.sheet.images[0] }}"
      aspect_ratio: 4:3
      size: 4K

  cover:
    generate:
      prompt: "A book cover in the manner of {{ ref.pages }}"
      image_input:
        pages: "{{ steps.page.images[:4] }}"
      aspect_ratio: 3:4

outputs:
  pages: {images: "{{ steps.page.images }}", file: "pages/{{ image.number }}-{{ each.scene }}"}
  cover: "{{ steps.cover.images[0] }}"
"""


def test_the_example_that_the_language_begins_with_does_what_it_says(desk: Desk) -> None:
    """Without a word of complaint: requests, references, sizes and files."""
    assert [found.code for found in desk.open(STORYBOOK).check()] == []
    tasks = desk.tasks(STORYBOOK)
    assert {address: task.params["prompt"] for address, task in tasks.items()} == {
        "sheet": "Character design of a small clockwork fox with copper fur: front view, side view, back view",
        "page[scene=crossing-a-frozen-lake]": "crossing a frozen lake. The hero is the character in image 1.",
        "page[scene=asleep-in-a-library]": "asleep in a library. The hero is the character in image 1.",
        "page[scene=repairing-a-lighthouse]": "repairing a lighthouse. The hero is the character in image 1.",
        "cover": "A book cover in the manner of images 1 to 3",
    }
    assert [task.params["size"] for task in tasks.values()] == ["2K", "4K", "4K", "4K", "2K"]
    styled = desk.tasks(STORYBOOK, "style=style.jpg")["sheet"]
    assert str(styled.params["prompt"]).endswith("back view, drawn in the style of image 1")
    assert len(styled.references) == 1
    assert desk.files(STORYBOOK) == [
        "cover.jpg", "pages/1-asleep-in-a-library.jpg", "pages/1-crossing-a-frozen-lake.jpg",
        "pages/1-repairing-a-lighthouse.jpg",
    ]  # fmt: skip # a row a line


def test_the_mention_is_the_edge_and_nothing_else_declares_order(desk: Desk) -> None:
    """Steps that mention nothing of each other wait for nothing, in whatever order they are written."""
    tasks = desk.tasks("""
        steps:
          last: {generate: {prompt: A, image_input: ["{{ steps.first.images[0] }}"]}}
          between: {generate: {prompt: B}}
          first: {generate: {prompt: C}}
    """)
    assert {name: list(task.needs) for name, task in tasks.items()} == {
        "first": [],
        "between": [],
        "last": ["first"],
    }


def test_a_step_is_a_request_or_a_use_of_another_recipe(desk: Desk) -> None:
    """Exactly one kind; two or none are errors."""
    assert desk.codes("steps: {a: {description: nothing}}") == ["no-kind"]
    assert "several-kinds" in desk.codes("steps: {a: {generate: {prompt: A}, recipe: ./parts/cast.yaml}}")


def test_one_file_is_enough(desk: Desk, tmp_path: Path) -> None:
    """It names inputs, steps and outputs; of these only a step is required."""
    assert desk.codes("steps: {a: {generate: {prompt: A}}}") == []
    assert desk.codes("name: nothing\n") == ["missing-key"]
    assert desk.codes("steps: {}\n") == ["no-steps"]


@pytest.mark.parametrize("nothing", ["", "~", "null"])
@pytest.mark.parametrize(
    "key",
    [
        "description",
        "tags",
        "was",
        "needs",
        "for_each",
        "when",
        "takes",
        "expect",
        "iterate",
    ],
)
def test_a_key_with_nothing_behind_it_counts_as_not_written(desk: Desk, key: str, nothing: str) -> None:
    """No value, `null` or `~`."""
    assert desk.codes(f"steps: {{a: {{{key}: {nothing}, generate: {{prompt: A}}}}}}") == []


@pytest.mark.parametrize("named", ["inputs: {a: ~}", "steps: {a: ~}", "outputs: {a: ~}"])
def test_what_a_recipe_names_needs_something_behind_its_name(desk: Desk, named: str) -> None:
    rest = "" if named.startswith("steps") else "\nsteps: {s: {generate: {prompt: A}}}"
    assert "wrong-type" in desk.codes(named + rest)
