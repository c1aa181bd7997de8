"""What expressions give, from their syntax alone."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.graph.facts import NO_FACTS
from seedflow.graph.facts import Names as StandFor
from seedflow.graph.inference import infer_shape
from seedflow.graph.ranges import Range
from seedflow.graph.shapes import (
    BOOLEAN,
    IMAGE,
    INTEGER,
    NONE,
    NUMBER,
    TEXT,
    UNKNOWN,
    Count,
    Kind,
    Shape,
    list_of,
    whole_number,
)
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import parse_template
from seedflow.text.nodes import Scalar

ROOTS = frozenset({"inputs", "values", "steps", "each", "recipe", "prev"})
NAMES = {
    "t": TEXT,
    "n": INTEGER,
    "f": NUMBER,
    "b": BOOLEAN,
    "o": Shape(Kind.TEXT, optional=True),
    "l": list_of(TEXT, Count(2, 5)),
    "r": Shape(Kind.RECORD, fields={"a": INTEGER}),
}


class Names:
    facts = NO_FACTS
    names = StandFor()

    def shape_of_root(self, root: str, name: str) -> Shape:
        return NAMES.get(name, UNKNOWN)

    def shape_of_step(self, reference: StepReference) -> Shape:
        return list_of(IMAGE, Count(1, 3)) if reference.index is None else IMAGE

    def shape_of_variable(self, _: int) -> Shape:
        return UNKNOWN


def infer(expression: str) -> Shape:
    text = f"{{{{ {expression} }}}}"
    template, problems = parse_template(Scalar(Source("r.yaml", text), 0, len(text), text), roots=ROOTS)
    assert problems == []
    assert template.expression is not None
    return infer_shape(template.expression, Names())


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("inputs.t", TEXT),
        ("inputs.t ~ inputs.n", TEXT),
        ("inputs.n + 1", INTEGER),
        ("inputs.n / 2", NUMBER),
        ("inputs.n * inputs.f", NUMBER),
        ("-inputs.n", INTEGER),
        ("inputs.t + 'x'", TEXT),
        ("inputs.n > 2", BOOLEAN),
        ("not inputs.t", BOOLEAN),
        ("inputs.b and inputs.n > 1", BOOLEAN),
        ("inputs.b and inputs.t", UNKNOWN),
        ("inputs.t is defined", BOOLEAN),
        ("inputs.t in inputs.l", BOOLEAN),
        ("inputs.t | upper", TEXT),
        ("inputs.l | length", whole_number(Range(2, 5))),
        ("(inputs.l | length) * 2 + 1", whole_number(Range(5, 11))),
        ("3 - inputs.l | length", whole_number(Range(-2, 1))),
        ("(inputs.l | length) // 2", whole_number(Range(1, 2))),
        ("[inputs.l | length, 3] | min", whole_number(Range(2, 3))),
        ("[inputs.l | length, 3] | max", whole_number(Range(3, 5))),
        ("[inputs.l | length, inputs.n] | min", whole_number(Range(None, 5))),
        ("inputs.l | length if inputs.b else 7", whole_number(Range(2, 7))),
        ("inputs.l | length % 3", INTEGER),
        ("inputs.l | join(', ')", TEXT),
        ("inputs.l | first", TEXT),
        ("inputs.l | sort", list_of(TEXT, Count(2, 5))),
        ("inputs.l | select('eq', 'x')", list_of(TEXT, Count(0, 5))),
        ("inputs.l[:3]", list_of(TEXT, Count(2, 3))),
        ("inputs.l[:inputs.n]", list_of(TEXT, Count(0, 5))),
        ("inputs.l + inputs.l", list_of(TEXT, Count(4, 10))),
        ("inputs.l + none", list_of(TEXT, Count(2, 5))),
        ("none + none", NONE),
        ("steps.a.images + optional(steps.b.images)", list_of(IMAGE, Count(1, 6))),
        (
            "optional(steps.a.images) + optional(steps.b.images)",
            Shape(Kind.LIST, optional=True, item=IMAGE, count=Count(0, 6)),
        ),
        (
            "(optional(steps.a.images) + optional(steps.b.images)) + inputs.l[:0]",
            list_of(UNKNOWN, Count(0, 6)),
        ),
        ("inputs.l + optional(steps.a.images[0])", UNKNOWN),
        ("inputs.l[0]", TEXT),
        ("inputs.r.a", INTEGER),
        ("inputs.o", Shape(Kind.TEXT, optional=True)),
        ("inputs.o or 'x'", TEXT),
        ("inputs.o | default('x')", TEXT),
        ("inputs.t if inputs.b else 'y'", TEXT),
        ("inputs.t if inputs.b else 3", UNKNOWN),
        ("[1, inputs.n]", list_of(INTEGER, Count(2, 2))),
        ("range(3)", list_of(INTEGER, Count(3, 3))),
        ("range(1, -9, -2)", list_of(INTEGER, Count(5, 5))),
        ("range(inputs.n)", list_of(INTEGER)),
        ("prev", IMAGE),
        ("prev.width", INTEGER),
        ("steps.a.images[0].width > 3", BOOLEAN),
        ("first_of(steps.a.images, steps.b.images)", list_of(IMAGE, Count(1, 3))),
        ("optional(steps.a.images[0])", Shape(Kind.IMAGE, optional=True)),
        ("succeeded(steps.a.images)", list_of(IMAGE, Count(0, 3))),
        ("steps.a.images | map(attribute='name')", list_of(TEXT, Count(1, 3))),
        ("steps.a.images | map('width')", list_of(INTEGER, Count(1, 3))),
        ("steps.a.images | map('width', 3)", list_of(UNKNOWN, Count(1, 3))),
        ("steps.a.images | map('widht')", list_of(UNKNOWN, Count(1, 3))),
        ("steps.a.images | sum(attribute='width')", NUMBER),
        ("inputs.r | list", list_of(TEXT)),
        ("inputs.f | round", INTEGER),
        ("inputs.f | round(1)", NUMBER),
        ("inputs.f | round(precision=1)", NUMBER),
        ("inputs.f | round(method='ceil')", INTEGER),
        ("inputs.n | abs", INTEGER),
        ("inputs.f | abs", NUMBER),
        ("inputs.nobody_knows", UNKNOWN),
    ],
)
def test_shapes(expression: str, shape: Shape) -> None:
    assert infer(expression) == shape
