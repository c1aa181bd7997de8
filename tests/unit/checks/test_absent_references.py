"""References that are printed and may not be there, behind filters of the images of steps that may be skipped."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    steps:
      w: {generate: {prompt: W, sequential_image_generation: auto, max_images: 2}}
      v: {for_each: {x: [a, b]}, when: "{{ WHEN }}", generate: {prompt: "V {{ each.x }}"}}
      end: {generate: {prompt: "{{ ref.p }}{{ ref.q }}", image_input: {q: "{{ steps.w.images }}", p: "{{ ITEMS }}"}}}
"""
SOME, OPEN = "each.x == 'a'", "steps.w.images | length > 1"
FIRST = "steps.v.images | selectattr('number', 'eq', 1)"


@pytest.mark.parametrize(
    ("when", "items", "why"),
    [
        (SOME, FIRST, None),
        (SOME, FIRST.replace("1", "2"), "a filter may leave none of the images"),
        (SOME, f"({FIRST} | list)[1:]", "a filter may leave none of the images"),
        (OPEN, FIRST, "all tasks of step `v` may be skipped"),
        (OPEN, FIRST.replace("1", "2"), "a filter may leave none of the images"),
    ],
)
def test_a_filter_that_leaves_some_of_each_task_leaves_none_only_where_all_were_skipped(
    check: Check, when: str, items: str, why: str | None
) -> None:
    found = check(RECIPE.replace("WHEN", when).replace("ITEMS", items))
    said = [one.message.rpartition(": ")[2] for one in found if one.code == "may-be-none"]
    assert said == [why] * (why is not None)
