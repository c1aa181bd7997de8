"""What a test makes certain, of itself: facts by the spelling of expressions."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.graph.facts import NO_FACTS, Facts, Names, spell
from seedflow.graph.guards import learn
from seedflow.recipe.template import parse_template
from seedflow.recipe.templating.nodes import Expression
from seedflow.text.nodes import Scalar

ROOTS = frozenset({"inputs", "values", "steps", "each", "recipe", "prev"})


def read(expression: str) -> Expression:
    text = f"{{{{ {expression} }}}}"
    template, problems = parse_template(Scalar(Source("r.yaml", text), 0, len(text), text), roots=ROOTS)
    assert problems == []
    assert template.expression is not None
    return template.expression


def after(test: str, *, holds: bool = True, values: dict[str, str] | None = None) -> tuple[Facts, Names]:
    nodes = {name: read(value) for name, value in (values or {}).items()}
    names = Names(nodes.get)
    return learn(read(test), names, holds=holds), names


def find_key(expression: str, names: Names) -> tuple[object, ...]:
    key = spell(read(expression), names)
    assert key is not None
    return key


@pytest.mark.parametrize(
    ("test", "holds", "count"),
    [
        ("steps.a.images | length > 1", True, (2, None)),
        ("steps.a.images | length > 1", False, (0, 1)),
        ("steps.a.images | sort | list | count >= 3", True, (3, None)),
        ("steps.a.images | length == 2", True, (2, 2)),
        ("steps.a.images | length != 2", False, (2, 2)),
        ("2 < steps.a.images | length <= 4", True, (3, 4)),
        ("2 < steps.a.images | length <= 4", False, (0, None)),
        ("steps.a.images", True, (1, None)),
        ("steps.a.images | length", True, (1, None)),
        ("not steps.a.images | length", True, (0, 0)),
        ("steps.a.images != []", True, (1, None)),
        ("steps.a.images == []", True, (0, 0)),
        ("steps.a.images[2:] | length > 1", True, (4, None)),
        ("steps.a.images | length > 1 and steps.a.images | length < 4", True, (2, 3)),
        ("steps.a.images | length == 2 or steps.a.images | length == 4", True, (2, 4)),
        ("steps.b.images | length > 1", True, (0, None)),
        ("optional(steps.a.images) | length > 1", True, (2, None)),
        ("optional(steps.a.images) | length < 3", True, (0, 2)),
        ("optional(steps.a.images)", True, (1, None)),
        ("optional(steps.a.images)", False, (0, None)),
        ("optional(steps.b.images)", True, (0, None)),
    ],
)
def test_how_long_a_list_is(test: str, holds: bool, count: tuple[int, int | None]) -> None:
    facts, names = after(test, holds=holds)
    assert facts.count(find_key("steps.a.images", names)) == count


@pytest.mark.parametrize(
    "test",
    [
        "inputs.a is none and inputs.a",
        "inputs.a is none and inputs.a is not none",
        "steps.a.images | length > 2 and steps.a.images | length < 3",
        "inputs.on and not inputs.on",
        "inputs.a == 'x' and inputs.a is none",
        "values.no and inputs.a is not none",
        "false",
    ],
)
def test_what_can_never_hold(test: str) -> None:
    facts, _ = after(test, values={"no": "inputs.a is none"})
    assert facts.never
    assert not after(test, holds=False, values={"no": "inputs.a is none"})[0].never


def test_a_value_stands_for_what_it_was_given() -> None:
    facts, names = after(
        "values.both", values={"both": "values.one and inputs.b", "one": "inputs.a is not none"}
    )
    assert [facts.is_there(find_key(f"inputs.{name}", names)) for name in "abc"] == [True, True, False]


def test_values_that_use_each_other_end() -> None:
    facts, names = after(
        "values.a | trim == 'x' and values.b", values={"a": "values.b", "b": "values.a | upper"}
    )
    assert not facts.is_there(find_key("inputs.a", names))


def test_only_what_a_test_looks_at_has_the_benefit_of_the_doubt() -> None:
    facts, names = after("inputs.a | trim | length > each.row.size")
    assert facts.is_there(find_key("inputs.a", names))
    assert facts.is_there(find_key("each.row.size", names))
    assert not facts.is_there(find_key("each.row.note", names))
    assert not facts.is_there(find_key("inputs.b", names))


def test_many_ways_to_come_true_leave_what_they_have_in_common() -> None:
    ways = " or ".join(f"(inputs.a is not none and inputs.x{number} is not none)" for number in range(40))
    facts, names = after(f"{ways}")
    assert facts.is_there(find_key("inputs.a", names))
    assert not facts.is_there(find_key("inputs.x1", names))
    more = " and ".join(f"(inputs.x{number} is none or inputs.y{number} is none)" for number in range(40))
    facts, names = after(f"({more}) and inputs.a is not none")
    assert facts.is_there(find_key("inputs.a", names))
    assert not facts.is_there(find_key("inputs.x1", names))
    assert len(facts.cases) <= 32


def test_equal_expressions_are_spelled_alike_wherever_they_stand() -> None:
    names = Names({"same": read("inputs.a")}.get)
    assert find_key("inputs.a", names) == find_key("values.same", names) == find_key("( inputs['a'] )", names)
    assert find_key("steps.p.at(v=each.v).images[0]", names) == find_key(
        "steps.p.at( v = each.v ).images[0]", names
    )
    assert find_key("steps.p.images[0]", names) != find_key("steps.p.images[1]", names)
    assert find_key("inputs.a | upper", names) != find_key("inputs.a | lower", names)


def test_nothing_is_known_without_a_test() -> None:
    assert not NO_FACTS
    assert NO_FACTS.count(("x",)) == (0, None)
    assert not NO_FACTS.is_there(("x",))
    assert NO_FACTS.either(after("inputs.a")[0]) is NO_FACTS
