"""One image out of a list that an expression makes: `steps.page.tasks[0].images[1]`, `steps.sheet.images[1:] | first`.

What a mention picks by itself, such as `steps.sheet.images[1]`, is checked in `indexing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from seedflow.checks.indexing import NEVER_REACHED_HELP, advise_on_missing, advise_on_numbers
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.graph.facts import Facts, spell
from seedflow.graph.given_lists import GivenLists
from seedflow.graph.growth import Growth
from seedflow.graph.guards import as_long_as
from seedflow.graph.places import Place, find_recipe_places, find_step_places
from seedflow.graph.shapes import Count, Kind, Shape
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Named
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.walking import walk

_ONE_OF_A_LIST = frozenset(("first", "last", "min", "max"))
"""Filters that fail where the list before them is empty."""

LEAVE_OUT = frozenset(("select", "selectattr", "reject", "rejectattr"))
"""Filters that may leave nothing of a list."""


def check_picking(subject: Subject) -> Iterator[Diagnostic]:
    """Every number in brackets, and every filter that picks one of a list, finds something."""
    for place in subject.places:
        if isinstance(place.template.expression, Mentioned):
            continue  # what it picks is checked in `indexing`
        certain = subject.flow.certain.at(place)
        for node, facts in subject.flow.certain.find_guarded(place.template, place.frame, certain):
            yield from _check_node(node, facts, place, subject)


def _check_node(node: Expression, facts: Facts, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    picked = _find_picked(node)
    if picked is None:
        return
    base, needed = picked
    if not _looks_at_results(base):
        return
    shape = subject.flow.shape_of_part(base, place.node, place.frame, all_made=True, facts=facts)
    if shape.kind is not Kind.LIST or shape.item is None or shape.optional:
        return
    key = spell(as_long_as(base), subject.flow.certain.names(place.frame))
    if shape.count.high is None:
        if _is_filtered(base) and shape.holds_images and not (key is not None and facts.has(key, needed)):
            yield _may_be_missing(node, shape.count, place)
        return
    tested = key is None or facts.has(key, needed)
    if needed > shape.count.high and tested and key is not None:
        yield _never_reached(node, shape, place)
    elif needed > shape.count.high and not (isinstance(node, Item) and _is_name(base)):
        yield _missing(node, shape, place)
    elif shape.count.low < needed <= shape.count.high and shape.holds_images and not tested:
        yield _may_be_missing(node, shape.count, place)


def check_given_lists(subject: Subject) -> Iterator[Diagnostic]:
    """No used recipe picks an image out of a list that a caller may make too short: of every use, since each gives another one."""
    given = GivenLists(subject.flow, Growth(subject.graph))
    found: dict[Span | None, Diagnostic] = {}
    for frame in subject.graph.frames.values():
        if not any(given.find(name, frame) for name in frame.recipe.inputs):
            continue
        places = [place for node in subject.graph.list_steps(frame) for place in find_step_places(node)]
        for place in (*places, *find_recipe_places(frame)):
            for one in _check_given(place, subject, given):
                found.setdefault(one.span, one)
    yield from found.values()


def _check_given(place: Place, subject: Subject, given: GivenLists) -> Iterator[Diagnostic]:
    certain = subject.flow.certain
    for node, facts in certain.find_guarded(place.template, place.frame, certain.at(place)):
        picked = _find_picked(node)
        if picked is None or _looks_at_results(picked[0]):
            continue
        base, needed = picked
        shape, arguments = given.look_at(base, place.node, place.frame, facts)
        if not arguments or shape.kind is not Kind.LIST or not shape.holds_images or shape.optional:
            continue
        key = spell(as_long_as(base), certain.names(place.frame))
        tested = key is None or facts.has(key, needed)
        if shape.count.low < needed and shape.count.high is not None and not tested:
            related = tuple(Related(one.span, f"`{one.name}` is given here") for one in arguments)
            yield replace(_may_be_missing(node, shape.count, place), related=related)


def _is_filtered(base: Expression) -> bool:
    """Whether nobody but a filter says how many there are."""
    while isinstance(base, Applied) and base.arguments:
        if base.name in LEAVE_OUT:
            return True
        base = base.arguments[0]
    return False


def _find_picked(node: Expression) -> tuple[Expression, int] | None:
    """The list that something is picked of, and how many items it needs for that."""
    if isinstance(node, Item) and isinstance(node.key, Constant):
        index = node.key.value
        if isinstance(index, int) and not isinstance(index, bool):
            return node.base, index + 1 if index >= 0 else -index
    if isinstance(node, Applied) and node.name in _ONE_OF_A_LIST and node.arguments:
        return node.arguments[0], 1
    return None


def _looks_at_results(base: Expression) -> bool:
    return any(
        isinstance(node, Mentioned) or (isinstance(node, Named) and node.root == "each")
        for node in walk(base)
    )


def _is_name(base: Expression) -> bool:
    """Whether it is a name with dots behind it, whose attributes others check."""
    while isinstance(base, Attribute | Item):
        base = base.base
    return isinstance(base, Named)


def _missing(node: Expression, shape: Shape, place: Place) -> Diagnostic:
    count = shape.count.high or 0
    return Diagnostic(
        "no-such-image"
        if shape.holds_images
        else "no-such-task"
        if _holds_tasks(shape)
        else "template-no-such-item",
        f"`{_spell(node, place)}` cannot exist: it picks from {shape.describe()}",
        place.template.scalar.span_at(*_bound(node, place)),
        help=advise_on_numbers(count),
    )


def _never_reached(node: Expression, shape: Shape, place: Place) -> Diagnostic:
    """The same where a test rules out that it comes to that."""
    return replace(
        _missing(node, shape, place),
        message=f"`{_spell(node, place)}` is never reached, or fails: it picks from {shape.describe()}",
        severity=Severity.WARNING,
        help=NEVER_REACHED_HELP,
    )


def _may_be_missing(node: Expression, count: Count, place: Place) -> Diagnostic:
    later = "" if count.low == count.high else ", and how many is known only when they are there"
    return Diagnostic(
        "image-may-be-missing",
        f"`{_spell(node, place)}` may not exist: it picks from {_spell_count(count)}{later}",
        place.template.scalar.span_at(*_bound(node, place)),
        Severity.WARNING,
        help=advise_on_missing(place),
    )


def _holds_tasks(shape: Shape) -> bool:
    return shape.item is not None and shape.item.kind is Kind.TASK


def _bound(node: Expression, place: Place) -> tuple[int, int]:
    """Where a part of an expression begins and ends, the parentheses that it begins with included."""
    text, start = place.template.scalar.value, node.start
    while start > 0 and text.count(")", start, node.end) > text.count("(", start, node.end):
        start = max(text.rfind("(", 0, start), 0)
    return start, node.end


def _spell(node: Expression, place: Place) -> str:
    start, end = _bound(node, place)
    return " ".join(place.template.scalar.value[start:end].split())


def _spell_count(count: Count) -> str:
    if count.low == count.high:
        return f"{count.low} image{'' if count.low == 1 else 's'}"
    return "images that a filter leaves" if count.high is None else f"{count.low} to {count.high} images"
