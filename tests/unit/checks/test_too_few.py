"""Requests that need a reference where the run may bring none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk

RECIPE = """
    inputs: {photo: {type: image, optional: true}, places: {type: list, of: text, default: [sea, hill]}, ratio: {type: text, default: match_input_image}}
    steps:
      set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
      two: {generate: {prompt: S2, sequential_image_generation: auto, max_images: 3}, expect: {images: {min: 2}}}
      late: {for_each: {x: [1, 2]}, when: "{{ steps.set.images | length > 1 }}", generate: {prompt: "L {{ each.x }}"}}
      view: {for_each: {p: "{{ inputs.places }}"}, generate: {prompt: "V {{ each.p }}"}}
      end: {WHENgenerate: {prompt: E, image_input: ITEMS, aspect_ratio: RATIO}}
"""


@pytest.mark.parametrize(
    ("items", "when", "ratio", "said"),
    [
        ("'{{ steps.set.images[1:] }}'", "", "match_input_image", ["too-few-values?"]),
        ("'{{ steps.set.images[1:] | reverse }}'", "", "match_input_image", ["too-few-values?"]),
        ("{a: '{{ steps.set.images[1:] }}'}", "", "match_input_image", ["too-few-values?"]),
        ("'{{ steps.set.images[1:] }}'", "", "4:3", []),
        ("'{{ steps.set.images }}'", "", "match_input_image", []),
        ("'{{ steps.two.images[1:] }}'", "", "match_input_image", []),
        ("'{{ steps.set.images[1:] }}'", "when: '{{ steps.set.images | length > 1 }}', ", "match_input_image", []),
        ("['{{ steps.set.images[1:] }}', '{{ steps.set.images[0] }}']", "", "match_input_image", []),
        ("'{{ steps.late.images }}'", "", "match_input_image", []),
        ("'{{ steps.view.images[1:] }}'", "", "match_input_image", []),
        ("'{{ steps.set.images[1:] }}'", "", "'{{ inputs.ratio }}'", []),
        ("'{{ inputs.photo }}'", "", "4:3", []),
    ],
)  # fmt: skip # a row a line
def test_a_ratio_of_references_is_doubted_where_there_may_be_none(
    tmp_path: Path, items: str, when: str, ratio: str, said: list[str]
) -> None:
    text = RECIPE.replace("ITEMS", items).replace("WHEN", when).replace("RATIO", ratio)
    found = Desk(tmp_path).problems(text)
    told = [one for one in found if one.code == "too-few-values"]
    assert [one.code + "?" * (one.severity == "warning") for one in told] == said


def test_without_any_for_certain_the_plan_has_one_error(tmp_path: Path) -> None:
    text = RECIPE.replace("ITEMS", "'{{ steps.view.images[1:] }}'").replace("WHEN", "")
    found = Desk(tmp_path).problems(text.replace("RATIO", "match_input_image"), "places=sea")
    assert [(one.code, str(one.severity)) for one in found] == [("too-few-values", "error")]
