"""Texts and numbers beside `or` and `and` in a condition, which are compared with nothing."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import seedflow
from seedflow.diagnostics import Severity
from tests.unit.checks.conftest import Check

AROUND = """
    inputs: {m: {type: choice, options: [calm, wild, odd], default: calm}, n: {type: integer, default: 1}, t: {type: text, optional: true}, on: {type: boolean, default: false}}
    steps:
      a: {generate: {prompt: "A PART {{ inputs.m }} {{ inputs.n }} {{ inputs.on }} {{ inputs.t or 'no' }}"}}
"""
BOTH = "write `inputs.m == 'calm' or inputs.m == 'wild'`, or `inputs.m in ['calm', 'wild']`"


def find(check: Check, part: str) -> list[tuple[str, str | None]]:
    found = check(AROUND.replace("PART", part))
    return [(one.message, one.help) for one in found if one.code == "bare-operand"]


@pytest.mark.parametrize(
    ("test", "message", "help_"),
    [
        (
            "inputs.m == 'calm' or 'wild'",
            "`'wild'` is a text that is compared with nothing, and always holds",
            BOTH,
        ),
        (
            "not (inputs.m == 'calm' or 'wild')",
            "`'wild'` is a text that is compared with nothing, and always holds",
            BOTH,
        ),
        (
            "inputs.on and (inputs.m == 'calm' or 'wild')",
            "`'wild'` is a text that is compared with nothing, and always holds",
            BOTH,
        ),
        (
            "inputs.n == 1 or 2",
            "`2` is a number that is compared with nothing, and always holds",
            "write `inputs.n == 1 or inputs.n == 2`, or `inputs.n in [1, 2]`",
        ),
        (
            "inputs.m != 'calm' or 'wild'",
            "`'wild'` is a text that is compared with nothing, and always holds",
            "write `inputs.m not in ['calm', 'wild']`",
        ),
        (
            "inputs.m == 'calm' or 'wild' or 'odd'",
            "`'wild'` is a text that is compared with nothing, and always holds",
            "write `inputs.m == 'calm' or inputs.m == 'wild' or inputs.m == 'odd'`, or `inputs.m in ['calm', 'wild', 'odd']`",
        ),
        (
            "inputs.m == 'odd' or inputs.n == 1 or 2",
            "`2` is a number that is compared with nothing, and always holds",
            "write `inputs.n == 1 or inputs.n == 2`, or `inputs.n in [1, 2]`",
        ),
        (
            "inputs.n == 1 or inputs.m == 'calm' or 2",
            "`2` is a number that is compared with nothing, and always holds",
            "write `inputs.n == 1 or inputs.m == 'calm' or inputs.n == 2`, or `inputs.n in [1, 2] or inputs.m == 'calm'`",
        ),
        (
            "'wild' or inputs.m == 'calm' or inputs.on",
            "`'wild'` is a text that is compared with nothing, and always holds",
            "write `inputs.m == 'wild' or inputs.m == 'calm'`, or `inputs.m in ['calm', 'wild']`",
        ),
        (
            "inputs.n == 1 or 'wild'",
            "`'wild'` is a text that is compared with nothing, and always holds",
            "write a comparison in its place, or take it out",
        ),
        (
            "inputs.on or ''",
            "`''` is a text that is compared with nothing, and never holds",
            "write a comparison in its place, or take it out",
        ),
        (
            "inputs.m == ('calm' or 'wild')",
            "`('calm' or 'wild')` is always `'calm'`",
            "write `inputs.m in ['calm', 'wild']`",
        ),
        (
            "inputs.m == ('calm' and 'wild')",
            "`('calm' and 'wild')` is always `'wild'`",
            "write `inputs.m in ['calm', 'wild']`",
        ),
    ],
)
def test_a_side_that_compares_nothing_is_told_with_what_was_meant(
    check: Check, test: str, message: str, help_: str
) -> None:
    assert find(check, "{% if " + test + " %}x{% endif %}") == [(message, help_)]
    assert find(check, "{{ 'x' if " + test + " else 'y' }}") == [(message, help_)]
    assert find(check, "{% if inputs.on %}x{% elif " + test + " %}y{% endif %}") == [(message, help_)]
    for written in help_.split("`")[1::2]:
        assert find(check, "{% if " + written + " %}x{% endif %}") == []


def test_what_is_meant_beside_several_comparisons_is_told_of_each(check: Check) -> None:
    test = "{% if inputs.m == 'calm' or 'wild' or 'odd' or inputs.n == 1 or 2 %}x{% endif %}"
    assert find(check, test) == [
        (
            "`'wild'` is a text that is compared with nothing, and always holds",
            "write `inputs.m == 'calm' or inputs.m == 'wild' or inputs.m == 'odd'`, or `inputs.m in ['calm', 'wild', 'odd']`",
        ),
        (
            "`2` is a number that is compared with nothing, and always holds",
            "write `inputs.n == 1 or inputs.n == 2`, or `inputs.n in [1, 2]`",
        ),
    ]


@pytest.mark.parametrize(
    "part",
    [
        "{{ inputs.t or 'nothing' }}",
        "{% if (inputs.t or 'a') == 'a' %}x{% endif %}",
        "{% if inputs.on or true %}x{% endif %}",
        "{% if inputs.m == 'calm' or inputs.on %}x{% endif %}",
        "{% if 'wild' %}x{% endif %}",
    ],
)
def test_values_and_switches_are_left_alone(check: Check, part: str) -> None:
    assert find(check, part) == []


@pytest.mark.parametrize(
    "when",
    ["inputs.m == 'calm' or 'wild'", "inputs.on and (inputs.m == 'calm' or 'wild')"],
)
def test_a_condition_of_a_step_says_the_same(check: Check, when: str) -> None:
    (found,) = check(
        f"""
        inputs: {{m: {{type: choice, options: [calm, wild, odd], default: calm}}, on: {{type: boolean, default: true}}}}
        steps: {{a: {{when: "{{{{ {when} }}}}", generate: {{prompt: "A {{{{ inputs.on }}}}"}}}}}}
        """
    )
    assert (found.code, found.help) == ("not-boolean", BOTH)


WHEN = """
    inputs: {{m: {{type: choice, options: [calm, wild, odd], default: odd}}, n: {{type: integer, default: 5}}, t: {{type: text, default: x}}}}
    steps: {{a: {{when: "{{{{ {} }}}}", generate: {{prompt: "A {{{{ inputs.m }}}} {{{{ inputs.n }}}} {{{{ inputs.t }}}}"}}}}}}
"""


@pytest.mark.parametrize(
    "when",
    [
        "(inputs.m == 'calm' or 'wild') and inputs.n > 1",
        "not (inputs.m == 'calm' or 'wild')",
        "inputs.n > 1 if inputs.m == 'calm' or 'wild' else false",
    ],
)
def test_what_a_condition_of_a_step_only_asks_is_told_as_in_a_text(check: Check, when: str) -> None:
    found = check(WHEN.format(when))
    assert [(one.code, one.help) for one in found] == [("bare-operand", BOTH)]


def test_a_condition_that_is_always_a_text_is_told_once(check: Check) -> None:
    found = check(WHEN.format("'wild' or inputs.m == 'calm'"))
    help_ = "write `inputs.m == 'wild' or inputs.m == 'calm'`, or `inputs.m in ['calm', 'wild']`"
    assert [(one.code, one.help) for one in found] == [("not-boolean", help_)]


def test_a_help_to_compare_puts_what_is_put_together_into_brackets(check: Check) -> None:
    (found,) = check(WHEN.format("'yes' if inputs.n > 1 else 'no'"))
    assert found.help == "compare it: `{{ ('yes' if inputs.n > 1 else 'no') == '…' }}`"


@pytest.mark.parametrize(
    ("when", "part", "help_"),
    [
        ("inputs.m == 'calm' or 'wild'", "'wild'", BOTH),
        ("inputs.n == 1 or 2", "2", "write `inputs.n == 1 or inputs.n == 2`, or `inputs.n in [1, 2]`"),
        ("inputs.n == 1 or 'wild'", "'wild'", "write a comparison in its place"),
        (
            "inputs.n == 1 or inputs.t",
            '"{{ inputs.n == 1 or inputs.t }}"',
            "compare: `… == …`, or count: `… | length > 0`",
        ),
    ],
)
def test_a_plan_whose_condition_fails_says_so_once(tmp_path: Path, when: str, part: str, help_: str) -> None:
    (tmp_path / "one.yaml").write_text("seedflow: 1\n" + dedent(WHEN.format(when)))
    with pytest.raises(seedflow.RecipeError) as refused:
        seedflow.plan_recipe(tmp_path / "one.yaml", provider="sketch")
    (found,) = refused.value.diagnostics
    assert (found.code, found.severity, found.help) == ("not-boolean", Severity.ERROR, help_)
    assert found.span is not None
    assert found.span.source.text[found.span.start : found.span.end] == part
