"""Files named by a variable from which a later one is looked up: how many items that has, the plan knows."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    inputs:
      slogans: {type: table, key: lang, columns: {lang: text, text: text}, default: [{lang: en, text: Hi}, {lang: de, text: Hallo}]}
    steps:
      ad:
        for_each:
          language: [en, de]
          line: LINES
        generate: {prompt: "{{ each.line.text }}"}
    outputs:
      ads: {images: "{{ steps.ad.images }}", file: "{{ each.language }}/ad"}
"""
LOOKED_UP = "\"{{ inputs.slogans | selectattr('lang', 'eq', each.language) }}\""


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (LOOKED_UP, []),
        ('"{{ inputs.slogans }}"', ["same-file"]),
    ],
)
def test_a_later_variable_that_may_have_one_item_for_each_is_left_to_the_plan(
    check: Check, lines: str, codes: list[str]
) -> None:
    found = check(RECIPE.replace("LINES", lines))
    assert [one.code for one in found if one.code == "same-file"] == codes
