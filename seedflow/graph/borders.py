"""What a used recipe is given by what only the run knows: whether that lies within the bounds that an input declares."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.ranges import Range
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Input, InputType, Recipe


def name_input(declared: Input, recipe: Recipe) -> str:
    """What messages call an input of a used recipe."""
    return f"input `{declared.name}` of recipe {quote(recipe.name)}"


def judge_bounds(
    declared: Input, given: Shape, span: Span, name: str, *, dynamic: bool
) -> Iterator[Diagnostic]:
    """What is wrong with a number, or with the length of a list, for certain or, where only the run knows it, perhaps."""
    if declared.type is InputType.INTEGER and given.kind is Kind.INTEGER and given.between is not None:
        least, most = declared.minimum, declared.maximum
        yield from _judge(given.between, least, most, span, name, dynamic=dynamic)
    elif declared.type in (InputType.LIST, InputType.TABLE) and given.kind is Kind.LIST:
        items = Range(*given.count)
        yield from _judge(
            items, declared.min_items, declared.max_items, span, name, dynamic=dynamic, listed=True
        )


def _judge(
    given: Range,
    least: float | None,
    most: float | None,
    span: Span,
    name: str,
    *,
    dynamic: bool,
    listed: bool = False,
) -> Iterator[Diagnostic]:
    too_few = least is not None and (given.low is None or given.low < least)
    too_many = most is not None and (given.high is None or given.high > most)
    if not too_few and not too_many:
        return
    never = (most is not None and given.low is not None and given.low > most) or (
        least is not None and given.high is not None and given.high < least
    )
    unit = " items" if listed else ""
    found = f"{'a list of ' if listed else ''}{given.describe()}{unit}"
    takes = _spell(least if too_few else None, most if too_many else None) + unit
    advice = _advise(least if too_few else None, most if too_many else None, listed=listed)
    if never:
        yield Diagnostic("out-of-bounds", f"this is {found}, and {name} takes {takes}", span, help=advice)
    elif dynamic and (too_few or (too_many and given.high is not None)):
        yield Diagnostic(
            "out-of-bounds",
            f"this may be {found}, and {name} takes {takes}; which it is, is known only when it is paid",
            span,
            Severity.WARNING,
            help=advice,
        )


def _spell(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    return f"at least {least:g}" if least is not None else f"at most {most:g}"


def _advise(least: float | None, most: float | None, *, listed: bool) -> str:
    if most is not None:
        return (
            f"give it as many as it takes, with a slice such as `[:{most:g}]`"
            if listed
            else f"keep it within with `[…, {most:g}] | min`"
        )
    if listed:
        return "say in the step that gives them how many there must be: `expect: {images: {min: N}}`"
    return f"keep it within with `[…, {least:g}] | max`" if least is not None else "give it another number"
