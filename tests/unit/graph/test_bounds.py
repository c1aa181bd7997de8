"""Which mentions bound the length of what a template gives."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.graph.bounds import bound_source, find_bound_sources
from seedflow.recipe.template import Template, parse_template
from seedflow.text.nodes import Scalar

ROOTS = frozenset({"inputs", "values", "steps", "each", "recipe"})


def parse(expression: str) -> Template:
    text = f"{{{{ {expression} }}}}"
    template, problems = parse_template(Scalar(Source("r.yaml", text), 0, len(text), text), roots=ROOTS)
    assert problems == []
    return template


@pytest.mark.parametrize(
    ("expression", "mentions"),
    [
        ("steps.a.images", ["steps.a.images"]),
        ("steps.a.images[1:3]", ["steps.a.images[1:3]"]),
        ("steps.a.at(x=each.x).images", ["steps.a.at(x=each.x).images"]),
        ("steps.a.tasks[0].images", ["steps.a.tasks[0]"]),
        ("steps.a.outputs.sheet", ["steps.a.outputs.sheet"]),
        ("steps.a.images | selectattr('width') | list", ["steps.a.images"]),
        ("(steps.a.images | sort)[:2]", ["steps.a.images"]),
        ("steps.a.images | map(attribute='name')", ["steps.a.images"]),
        ("steps.a.images | first", ["steps.a.images"]),
        ("succeeded(steps.a.images)", ["steps.a.images"]),
        ("optional(steps.a.at(x=1).images)", ["steps.a.at(x=1).images"]),
        ("first_of(steps.a.images, steps.b.images)", ["steps.a.images", "steps.b.images"]),
        ("steps.a.images if inputs.b else inputs.l", ["steps.a.images", "inputs.l"]),
        ("inputs.l | default(steps.a.images)", ["inputs.l", "steps.a.images"]),
        ("inputs.l", ["inputs.l"]),
        ("each.task.images", ["each.task.images"]),
        ("values.l | unique", ["values.l"]),
        ("['a', steps.a.images[0].name]", []),
        ("range(3)", None),
        ("range(steps.a.images | length)", None),
        ("steps.a.images + steps.b.images", None),
        ("steps.a.images | join", None),
        ("'text'", None),
    ],
)
def test_the_longest_of_these_bounds_it(expression: str, mentions: list[str] | None) -> None:
    template = parse(expression)
    found = find_bound_sources(template)
    text = template.scalar.value
    assert (None if found is None else [text[one.start : one.end] for one in found]) == mentions


def test_a_single_source_stands_for_itself() -> None:
    assert bound_source(parse("steps.a.images")) is not None
    assert bound_source(parse("first_of(steps.a.images, steps.b.images)")) is None
    assert bound_source(parse("range(3)")) is None
