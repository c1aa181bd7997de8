"""Plain texts that are nothing but an expression, and prose that only mentions one."""

from __future__ import annotations

import pytest
import yaml

from seedflow.recipe.unbraced import advise_of_dollar, find_expression, find_other_braces, suggest_braces


@pytest.mark.parametrize(
    "text",
    [
        "steps.page.images",
        " inputs.hero ",
        "each.view.images[0]",
        "values.tone",
        "steps.page.at(scene=each.scene).images[0]",
        "steps.page.images[:4]",
    ],
)
def test_an_expression_is_found_and_gets_braces(text: str) -> None:
    assert find_expression(text) == text.strip()
    assert suggest_braces(text) == f'did you mean `"{{{{ {text.strip()} }}}}"`?'


def test_quotes_inside_decide_those_outside() -> None:
    assert suggest_braces('steps.page.at(scene="a").images') == (
        "did you mean `'{{ steps.page.at(scene=\"a\").images }}'`?"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a fox",
        "inputs",
        "inputs.",
        "steps.page.images are drawn in ink",
        "Write inputs.hero on a sign",
        "{{ inputs.hero }}",
        "steps.jpg of a house",
        "each. view",
        "Steps.page.images",
        "https://steps.example/values.png",
        "fox.jpg",
        "steps.jpg",
        "inputs.csv",
    ],
)
def test_prose_paths_and_templates_are_left_alone(text: str) -> None:
    assert find_expression(text) is None
    assert suggest_braces(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{inputs.who}", [("{inputs.who}", "inputs.who", ("inputs", "who"))]),
        ("a ${ inputs.who } b", [("${ inputs.who }", "inputs.who", ("inputs", "who"))]),
        ("[[each.a.name]]", [("[[each.a.name]]", "each.a.name", ("each", "a"))]),
        ("{{ inputs.who }} {steps.a.images[0]}", [("{steps.a.images[0]}", "steps.a.images[0]", ("steps", "a"))]),
        ("${{ inputs.who }} {{inputs.who}}}", []),
        ("{{ '{inputs.who}' }}{# {inputs.who} #}", []),
        ("{% raw %}{inputs.who}{% endraw %}", []),
        ("{who} [inputs.who] {inputs} {inputs.who, each.a}", []),
    ],
)  # fmt: skip # a row a line
def test_braces_of_other_tools_are_found_outside_of_our_own(
    text: str, found: list[tuple[str, str, tuple[str, str]]]
) -> None:
    assert [(text[one.start : one.end], one.expression, one.name) for one in find_other_braces(text)] == found


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("${{ steps.a.images }}", '"{{ steps.a.images }}"'),
        ('${{ steps.a.images["a"] }}', "'{{ steps.a.images[\"a\"] }}'"),
        ("""${{ steps.a.where(x='1', y="2").images }}""", """'{{ steps.a.where(x=''1'', y="2").images }}'"""),
    ],
)
def test_a_template_without_its_dollar_is_quoted_so_that_yaml_reads_it(text: str, quoted: str) -> None:
    assert advise_of_dollar(text) == f"take the `$` away: `{quoted}`"
    assert yaml.safe_load(quoted) == text[1:]
