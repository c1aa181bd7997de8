"""References that only the run can work out: those that are one image by what they are made of count as one."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Diagnostic
from seedflow.plan.model import PendingImages
from tests.unit.plan.planning import open_planner

MADE = """
steps:
  z: {generate: {prompt: A street, sequential_image_generation: auto, max_images: 4}}
  a:
    for_each: {v: "{{ steps.z.images }}"}
    when: "{{ each.v.width > 5 }}"
    generate: {prompt: In oil, image_input: ["{{ each.v }}"]}
  painted:
    for_each: {v: "{{ steps.z.images }}"}
    generate: {prompt: In ink, image_input: ["{{ each.v }}"]}
"""


def counts_of(step: str) -> tuple[list[tuple[int, int]], list[Diagnostic]]:
    plan, problems = open_planner(f"{MADE}  last:\n{step}").start()
    assert plan is not None, problems
    images = [one.image for one in plan.tasks[-1].references]
    return [tuple(one.count) if isinstance(one, PendingImages) else (1, 1) for one in images], problems


def over(items: str, *references: str) -> str:
    written = ", ".join(f'"{{{{ {one} }}}}"' for one in references)
    return f"""
    for_each: {{v: "{{{{ {items} }}}}"}}
    generate:
      prompt: One
      sequential_image_generation: auto
      max_images: 4
      image_input: [{written}]
"""


@pytest.mark.parametrize(
    ("items", "reference"),
    [
        ("steps.painted.images", "each.v.each.v"),
        ("steps.painted.tasks", "each.v.each.v"),
        ("steps.painted.tasks", "each.v.images[0]"),
        ("steps.z.images", "first_of(steps.a.at(v=each.v).images[0], each.v)"),
        ("steps.z.images", "each.v if each.v.number > 1 else steps.z.images[0]"),
        ("steps.z.images", "steps.z.images | first"),
        ("steps.z.images", "steps.z.images | last"),
        ("steps.z.images", "(steps.z.images + steps.painted.images)[0]"),
    ],
)
def test_what_is_one_image_counts_as_one(items: str, reference: str) -> None:
    assert counts_of(over(items, reference, "each.v.each.v" if "painted" in items else "each.v")) == (
        [(1, 1), (1, 1)],
        [],
    )


def test_the_first_of_a_list_that_may_be_empty_may_be_none() -> None:
    counts, _ = counts_of(over("steps.z.images", "steps.a.images | first", "each.v"))
    assert counts == [(0, 1), (1, 1)]


def test_of_several_alternatives_the_longest_counts() -> None:
    counts, _ = counts_of(over("steps.z.images", "first_of(steps.a.at(v=each.v).images, steps.z.images[:3])"))
    assert counts == [(1, 3)]


def test_more_than_fit_are_still_told() -> None:
    many = " + ".join(["steps.z.images"] * 4)
    counts, problems = counts_of(over("steps.painted.images", many, "each.v.each.v"))
    assert [high for _, high in counts] == [4, 4, 4, 4, 1]
    assert [problem.message for problem in problems if problem.code == "too-many-values"] == [
        "there may be 17 references, and `bytedance/seedream-4.5` takes at most 14 (in last[v=z-?-?])"
    ]


def test_a_reference_after_one_image_has_its_number() -> None:
    plan, problems = open_planner(
        MADE
        + """
  pair:
    for_each: {after: "{{ steps.painted.images }}"}
    generate:
      prompt: "{{ ref.before }} left, {{ ref.after }} right"
      image_input: {before: "{{ each.after.each.v }}", after: "{{ each.after }}"}
"""
    ).start()
    assert plan is not None
    assert problems == []
    assert plan.tasks[-1].params["prompt"] == "image 1 left, image 2 right"
