"""A number of images that may come to none is left out then, and the model gives as many as it may."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner

NEXT = "4 - (steps.s.images | length)"


def plan_images(recipe: str, folder: Path | None = None) -> tuple[int, int]:
    plan, problems = open_planner(recipe, folder=folder).start()
    assert plan is not None, problems
    found = plan.tasks[-1].images
    return found.low, found.high


def ask(number: str) -> str:
    return f"""
inputs: {{x: {{type: integer, optional: true}}}}
steps:
  s: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 4}}}}
  c: {{generate: {{prompt: "C{{{{ inputs.x or '' }}}}", sequential_image_generation: auto, max_images: "{{{{ {number} }}}}"}}}}
"""


@pytest.mark.parametrize(
    ("number", "most"),
    [
        ("(steps.s.images | length < 4) and 2 or none", 15),
        ("2 if steps.s.images | length < 4 else none", 15),
        (f"({NEXT}) or none", 15),
        (f"({NEXT}) or inputs.x", 15),
        (f"({NEXT}) | default(none, true)", 15),
        (f"[{NEXT}] | select | first | default(none)", 15),
        (f"[none, {NEXT}] | first", 15),
        (f"({NEXT}) or 1", 3),
        (f"({NEXT}) | default(2, true)", 3),
        (f"[{NEXT}, 1] | max", 3),
        (f"({NEXT}) or none or 2", 3),
    ],
)
def test_the_most_of_a_plan_counts_what_a_number_that_may_be_none_leaves_open(number: str, most: int) -> None:
    assert plan_images(ask(number)) == (1, most)


@pytest.mark.parametrize(("declared", "most"), [("optional: true", 15), ("maximum: 9", 3)])
def test_none_goes_through_an_input_that_takes_it(declared: str, most: int, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(f"""seedflow: 1
inputs: {{n: {{type: integer, {declared}}}}}
steps: {{i: {{generate: {{prompt: I, sequential_image_generation: auto, max_images: "{{{{ inputs.n }}}}"}}}}}}
outputs: {{images: "{{{{ steps.i.images }}}}"}}
""")
    caller = f"""
steps:
  s: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 4}}}}
  u: {{recipe: ./inner.yaml, with: {{n: "{{{{ ({NEXT}) or none }}}}"}}}}
"""
    assert plan_images(caller, tmp_path) == (1, most)
