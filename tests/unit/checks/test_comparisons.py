"""Comparisons whose outcome is certain beforehand: texts that a choice never is, kinds that are never equal."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.unit.checks.conftest import Check, Say

INPUTS = """
    inputs:
      mood: {type: choice, options: [wild, calm], default: calm}
      other: {type: choice, options: [wild, grim], optional: true}
      hat: {type: choice, options: [red, blue], default: red}
      night: {type: boolean, default: true}
      size: {type: number, default: 5}
      views: {type: integer, default: 5}
      width: {type: integer, optional: true}
      year: {type: text, default: "1900"}
      words: {type: list, of: text, default: [a]}
      moods: {type: list, of: {type: choice, options: [wild, calm]}, default: [wild]}
      photo: {type: image, optional: true}
      rows:
        type: table
        columns: {season: {type: choice, options: [summer, winter]}, note: {type: text, optional: true}}
        default: [{season: summer}]
    values:
      manner: calm
"""


def in_prompt(template: str) -> str:
    used = " ".join(f"{{{{ inputs.{name} }}}}" for name in ("mood", "hat", "night", "size", "views", "year"))
    lists = "{{ inputs.words | join }}{{ inputs.moods | join }}{{ inputs.rows | length }}"
    rest = "{{ inputs.other or '' }}{{ inputs.width or '' }}{{ inputs.photo is none }}{{ values.manner }}"
    return f"""{INPUTS}
    steps:
      fox:
        generate: {{prompt: "{used} {lists} {rest} {template}"}}
    """


@pytest.mark.parametrize(
    ("test", "pointed"),
    [
        ("inputs.mood == 'wlid'", "'wlid'"),
        ("'wlid' == inputs.mood", "'wlid'"),
        ("inputs.mood != 'wlid'", "'wlid'"),
        ("inputs.mood in ['wlid']", "'wlid'"),
        ("inputs.mood in ['from-elsewhere']", "'from-elsewhere'"),
        ("inputs.mood not in ['wild', 'clam']", "'clam'"),
        ("inputs.mood is eq('wlid')", "'wlid'"),
        ("inputs.other == ''", "''"),
        ("'wlid' in inputs.moods", "'wlid'"),
        ("inputs.rows | selectattr('season', 'eq', 'sumer')", "'sumer'"),
        ("inputs.moods | select('eq', 'wlid')", "'wlid'"),
        ("inputs.mood == inputs.hat", "inputs.mood == inputs.hat"),
        ("inputs.night == 'true'", "inputs.night == 'true'"),
        ("inputs.night == 1", "inputs.night == 1"),
        ("inputs.size == '5'", "inputs.size == '5'"),
        ("'5' != inputs.views", "'5' != inputs.views"),
        ("inputs.width == '5'", "inputs.width == '5'"),
        ("inputs.views in ['4', '5']", "inputs.views in ['4'"),
        ("inputs.year == 1900", "inputs.year == 1900"),
        ("inputs.words == 'a'", "inputs.words == 'a'"),
        ("5 in inputs.words", "5 in inputs.words"),
        ("inputs.views == inputs.year", "inputs.views == inputs.year"),
        ("inputs.photo == 'fox.jpg'", "inputs.photo == 'fox.jpg'"),
    ],
)
def test_what_is_never_equal_is_told_at_its_place(say: Say, test: str, pointed: str) -> None:
    assert say(in_prompt(f"{{% if {test} %}}x{{% endif %}}")) == [f"never-equal? «{pointed}»"]


@pytest.mark.parametrize(
    "test",
    [
        "inputs.mood == 'wild'",
        "inputs.mood in ['wild', 'calm']",
        "inputs.mood in []",
        "inputs.mood in ['wild', 'from-elsewhere']",
        "inputs.mood == inputs.other",
        "inputs.other == none",
        "inputs.other in ['wild', none]",
        "(inputs.other or '') == ''",
        "(inputs.other | default('none')) == 'none'",
        "inputs.mood ~ '' == 'wlid'",
        "inputs.mood | upper == 'WILD'",
        "inputs.photo == none",
        "inputs.width == inputs.other",
        "inputs.size == 5 and inputs.views == 5.0",
        "inputs.views in [5, 'five']",
        "inputs.words == ['a']",
        "values.manner == 'wild'",
        "inputs.year is number and inputs.year == 5",
        "inputs.rows | selectattr('note', 'eq', 'new')",
        "inputs.rows[0].whatever == 5",
    ],
)
def test_what_may_be_equal_is_not_told(say: Say, test: str) -> None:
    assert say(in_prompt(f"{{% if {test} %}}x{{% endif %}}")) == []


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% set mood = inputs.mood %}{% if mood == 'wlid' %}x{% endif %}", 1),
        ("{% for row in inputs.rows if row.season == 'sumer' %}x{% endfor %}", 1),
        ("{% for mood in ['wild', 'all'] %}{{ mood == inputs.mood }}{% endfor %}", 0),
        ("{% macro f(a) %}{% if a == 'other' %}x{% endif %}{% endmacro %}{{ f(inputs.mood) }}", 0),
        ("{% macro f() %}{{ inputs.mood == 'wlid' }}{% endmacro %}{{ f() }}{{ f() }}", 1),
    ],
)
def test_variables_are_followed_but_not_those_that_others_may_give(
    say: Say, template: str, told: int
) -> None:
    assert [found.split(" ")[0] for found in say(in_prompt(template))] == ["never-equal?"] * told


def test_conditions_values_and_expectations_are_looked_at_too(say: Say) -> None:
    text = """
    inputs: {mood: {type: choice, options: [wild, calm], default: calm}}
    values:
      light: "{{ 'dark' if inputs.mood == 'willd' else 'bright' }}"
    steps:
      fox:
        when: "{{ inputs.mood == 'wlid' }}"
        generate: {prompt: "A fox, {{ values.light }}"}
        expect: {images: "{{ 1 if inputs.mood == 'clam' else 2 }}"}
      copy:
        when: "{{ steps.fox.images[0].format == 'jpg' or steps.fox.images[0].width == 'wide' }}"
        generate: {prompt: A copy, image_input: "{{ steps.fox.images }}"}
    """
    assert [found for found in say(text) if found.startswith("never-equal")] == [
        *(f"never-equal? «'{word}'»" for word in ("willd", "wlid", "clam", "jpg")),
        "never-equal? «steps.fox.images[0].width == 'wide'»",
    ]


@pytest.mark.parametrize(
    ("test", "message", "remedy"),
    [
        (
            "inputs.mood == 'wlid'",
            "`inputs.mood` is never `'wlid'`, which is none of its options, so that this never holds",
            "did you mean `wild`?",
        ),
        (
            "inputs.mood != 'grim'",
            "`inputs.mood` is never `'grim'`, which is none of its options, so that this always holds",
            "its options are `wild`, `calm`",
        ),
        (
            "inputs.mood in ['wild', 'clam']",
            "`inputs.mood` is never `'clam'`, which is none of its options",
            "did you mean `calm`?",
        ),
        (
            "inputs.night == 'True'",
            "`inputs.night` is true or false and `'True'` is text, so that this never holds",
            "write `true` without quotes",
        ),
        (
            "inputs.views == '5'",
            "`inputs.views` is a whole number and `'5'` is text, so that this never holds",
            "write the number without quotes: `5`",
        ),
        (
            "inputs.year == 1900",
            "`inputs.year` is text and `1900` is a whole number, so that this never holds",
            "text is compared with text: write `'1900'`",
        ),
        (
            "inputs.words == 'a'",
            "`inputs.words` is a list of texts and `'a'` is text, so that this never holds",
            "write `in` to look for an item of a list, or compare its `length`",
        ),
        (
            "inputs.photo == 'fox.jpg'",
            "`inputs.photo` is an image and `'fox.jpg'` is text, so that this never holds",
            "compare one of its attributes or fields, such as `.name` of an image",
        ),
        (
            "inputs.views == inputs.year",
            "`inputs.views` is a whole number and `inputs.year` is text, so that this never holds",
            "text never becomes a number: compare the number as text, with `… | string`",
        ),
    ],
)
def test_it_says_what_is_compared_and_what_to_write(
    check: Check, test: str, message: str, remedy: str
) -> None:
    (found,) = check(in_prompt(f"{{{{ 1 if {test} else 2 }}}}"))
    assert (found.message, found.help) == (message, remedy)


def test_inside_of_a_used_recipe_what_it_declares_counts(say: Say, tmp_path: Path) -> None:
    (tmp_path / "fox.yaml").write_text(
        dedent(
            """
            seedflow: 1
            inputs:
              mood: {type: choice, options: [calm, wild]}
              word: {type: text}
            steps:
              fox:
                when: "{{ inputs.mood == 'grim' or inputs.word == 'grim' }}"
                generate: {prompt: A fox}
            outputs: {images: "{{ steps.fox.images }}"}
            """
        )
    )
    text = """
    inputs:
      mood: {type: choice, options: [calm, wild], default: calm}
      word: {type: choice, options: [calm, wild], default: calm}
    steps:
      fox: {recipe: ./fox.yaml, with: {mood: "{{ inputs.mood }}", word: "{{ inputs.word }}"}}
    """
    assert say(text) == ["never-equal? «'grim'»"]
