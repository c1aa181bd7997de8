"""How many references there may be of a step whose number of images is left open by templates."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    inputs: {sheet: {type: boolean, default: false}, n: {type: integer, optional: true, minimum: 2, maximum: 4}}
    steps:
      s: {generate: {prompt: "S", SET}}
      e: {generate: {prompt: "{{ ref.c }}", image_input: {c: "{{ steps.s.images }}"}}}
"""
FOUR = "{{ 4 if inputs.sheet else none }}"


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (
            f'sequential_image_generation: "{{{{ \'auto\' if inputs.sheet else none }}}}", max_images: "{FOUR}"',
            [],
        ),
        (
            "sequential_image_generation: \"{{ 'auto' if inputs.n else none }}\", max_images: '{{ inputs.n }}'",
            [],
        ),
        (f'sequential_image_generation: auto, max_images: "{FOUR}"', ["too-many-values"]),
    ],
)
def test_a_number_that_is_left_out_where_none_is_asked_for_counts_as_the_number(
    check: Check, given: str, codes: list[str]
) -> None:
    found = check(RECIPE.replace("SET", given))
    assert [one.code for one in found if one.code != "unused-input"] == codes
