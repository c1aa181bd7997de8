"""What only values prove wrong is told once: nothing is said of steps behind it that may not be so once it is mended."""

from __future__ import annotations

import pytest
from planning import open_planner

PAIRED = """
inputs:
  on: {type: boolean, default: false}
  a: {type: list, of: text, default: [x, y, z]}
  b: {type: list, of: text, default: [p, q]}
"""
STEP = """
steps:
  s: {for_each: "{{ zip(a=inputs.a, b=inputs.b) }}", generate: {prompt: "{{ each.a }} {{ each.b }}"}}
"""
PAGES = """
  t:
    for_each: {i: "{{ steps.s.images }}"}
    when: "{{ inputs.on }}"
    generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.i }}"}}
  page: {generate: {prompt: "{{ ref.p }}", image_input: {p: "{{ first_of(steps.t.images, steps.s.images) }}"}}}
"""


def tell(text: str) -> list[str]:
    plan, found = open_planner(text).start()
    assert plan is None
    return [one.code for one in found]


@pytest.mark.parametrize(
    "behind",
    [
        PAGES,
        '  t: {for_each: {i: {in: "{{ steps.s.images }}", at_most: 3}}, generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.i }}"}}}\n',
        (
            "  t: {for_each: \"{{ zip(i=steps.s.images, w=['k', 'l', 'm']) }}\", generate: {prompt: \"{{ each.w }} {{ ref.i }}\", "
            'image_input: {i: "{{ each.i }}"}}}\n'
        ),
        '  t: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.s.images }}"}}}\n',
    ],
)
def test_no_number_is_told_of_a_step_whose_lists_do_not_fit(behind: str) -> None:
    assert tell(PAIRED + STEP + behind) == ["unequal-lists"]


def test_nor_of_what_is_to_be_mended_in_its_request() -> None:
    text = """
inputs: {many: {type: integer, default: 99}}
limits: {images: 10}
steps:
  s: {generate: {prompt: A, sequential_image_generation: auto, max_images: "{{ inputs.many }}"}}
  t: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.s.images }}"}}}
"""
    assert tell(text) == ["out-of-range"]


def test_errors_of_steps_behind_are_told_that_are_their_own() -> None:
    own = """
  t: {for_each: {i: "{{ steps.s.images }}"}, generate: {prompt: "{{ ref.i }}", size: "{{ inputs.a[0] }}", image_input: {i: "{{ each.i }}"}}}
  u: {takes: "{{ inputs.a | length - 3 }}", generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.s.images[:1] }}"}}}
"""
    assert tell(PAIRED + STEP + own) == ["unequal-lists", "wrong-value", "out-of-range"]


def test_doubts_of_steps_beside_it_are_told() -> None:
    beside = """
  c: {generate: {prompt: C, sequential_image_generation: auto, max_images: 12}}
  d: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.c.images }}"}}}
"""
    assert tell(PAIRED + STEP + beside) == ["unequal-lists", "too-many-values"]
