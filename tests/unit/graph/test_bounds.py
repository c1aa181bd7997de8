"""Which mentions bound the length of what a template gives."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.graph.bounds import (
    bound_source,
    find_bound_sources,
    find_extent,
    measure_extent,
)
from seedflow.recipe.references import NameReference, StepReference
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
        ("steps.a.images + steps.b.images", ["steps.a.images", "steps.b.images"]),
        ("(steps.a.images + [steps.b.images[0]]) | reverse", ["steps.a.images"]),
        ("[steps.a.images, steps.b.images]", []),
        ("[steps.a.images, steps.b.images] | first", ["steps.a.images", "steps.b.images"]),
        ("[steps.a.images[0], steps.b.images[0]] | first", []),
        ("[{'of': steps.a.images}] | map(attribute='of') | first", ["steps.a.images"]),
        ("[range(3)] | first", None),
        ("steps.a.images * 2", None),
        ("steps.a.images + range(3)", None),
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
    assert bound_source(parse("[inputs.p] + steps.a.images")) is None


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        ("steps.a.images", 3),
        ("steps.a.images + steps.b.images", 8),
        ("(steps.a.images + steps.b.images + [steps.b.images[0]]) | reverse", 9),
        ("first_of(steps.a.images + steps.b.images, steps.c.images)", 8),
        ("first_of(steps.a.images, steps.b.images) + steps.c.images", 12),
        ("steps.a.images + [1, 2] + []", 5),
        ("steps.a.images + none", 3),
        ("steps.a.images + optional(steps.b.images)", 8),
        ("[steps.a.images + none] | first", 3),
        ("[none + none] | first", 1),
        ("[1, 2, 3, 4] if inputs.b else steps.a.images", 4),
        ("[steps.a.images, steps.b.images]", 2),
        ("[steps.a.images, steps.b.images] | last", 5),
        ("[[1, 2, 3, 4]] | first", 4),
        ("values.l + values.l", 20),
        ("steps.d.images + steps.d.images", 100),
    ],
)
def test_lists_that_are_put_together_are_as_long_as_all_of_them(expression: str, most: int) -> None:
    lengths = {"a": 3, "b": 5, "c": 7, "d": 90, "l": 10}
    asked: list[str] = []

    def measure(source: StepReference | NameReference) -> int:
        name = source.step if isinstance(source, StepReference) else source.name
        asked.append(name)
        return lengths[name]

    extent = find_extent(parse(expression))
    assert extent is not None
    assert measure_extent(extent, measure, 100) == most
    assert asked.count("l") <= 1
