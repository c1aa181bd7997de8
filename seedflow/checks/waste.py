"""Requests that are made for nothing, or that turn out to be one and the same."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping

from seedflow.checks.loops import has_broken_lists
from seedflow.checks.request import span_of
from seedflow.checks.subject import Subject, build_subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.earlier import find_earlier
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import Part, Place
from seedflow.models.catalog import Catalog
from seedflow.recipe.model import Expect, Expression, LoopVariable, Otherwise
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template, is_unread

_DECIDE_REQUEST = frozenset(
    (
        Part.MODEL,
        Part.PARAMETER,
        Part.REFERENCE,
        Part.ITERATE_OVER,
        Part.ITERATE_START,
        Part.WITH,
        Part.FOR_EACH,
    )
)
"""Where a loop variable makes a difference to what is asked."""


def check_waste(subject: Subject) -> Iterator[Diagnostic]:
    """No two steps or tasks ask the same, and something is done with what each step gives."""
    places = _find_places(subject)
    for node in subject.nodes:
        yield from _check_variables(node, places.get(node.id, []), subject)
    yield from _check_equal_steps(subject, places)
    used = {edge.source for edge in subject.graph.edges}
    by_frame: dict[str, list[Place]] = {}
    for place in subject.places:
        by_frame.setdefault(place.frame.path, []).append(place)
    for frame in subject.frames:
        yield from _check_unused(frame, by_frame.get(frame.path, []), used, subject)


def find_open_repeats(graph: StepGraph, catalog: Catalog) -> Iterator[Diagnostic]:
    """What is so of variables that make no difference only if they have several items, which depends on earlier ones: the plan knows it."""
    if not any(find_earlier(entry) for node in graph.steps.values() for entry in node.step.for_each):
        return
    subject = build_subject(graph, catalog)
    places = _find_places(subject)
    for node in subject.nodes:
        yield from _check_variables(node, places.get(node.id, []), subject, certain=False)


def _find_places(subject: Subject) -> dict[str, list[Place]]:
    places: dict[str, list[Place]] = {}
    for place in subject.places:
        if place.node is not None:
            places.setdefault(place.node.id, []).append(place)
    return places


def _check_variables(
    node: StepNode, places: list[Place], subject: Subject, *, certain: bool = True
) -> Iterator[Diagnostic]:
    """Every loop variable makes a difference; otherwise the tasks share one request."""
    if not node.step.for_each and node.step.iterate is None:
        return
    if node.step.call is not None and node.step.call.recipe is None:
        return  # it could not be read, and what it would be given is not known
    deciding = [place for place in places if place.part in _DECIDE_REQUEST]
    known = {name for variable in node.step.for_each for name in variable.names}
    if node.step.iterate is not None:
        known.add(node.step.iterate.name)
    unread = [place.template.scalar.value for place in deciding if not place.template.references]
    if any("each" in text or not known.isdisjoint(re.findall(r"\w+", text)) for text in unread):
        return  # a template that could not be read mentions nothing
    mentioned = _find_variables(deciding)
    if not mentioned <= known:
        return  # a name that is misspelt is meant for one of them, and that is said of the name
    if certain:
        yield from _check_items(node, deciding)
    for number, variable in enumerate(node.step.for_each):
        count = subject.flow.loop_items(node, number)
        settled = count.low > 1 or not find_earlier(variable)
        several = settled is certain and count.high not in (0, 1)
        if (
            several
            and not any(map(is_unread, variable.lists))
            and mentioned.isdisjoint(variable.names)
            and not has_broken_lists(node, subject)
        ):
            name = variable.names[0]
            shown = name if variable.key is None else f"{name}.{_find_field(variable, node, subject)}"
            takes = (
                ""
                if node.step.call is not None
                else ", or write `takes:` for several pictures of one request"
            )
            what = "what the recipe is given" if node.step.call is not None else "the request"
            yield Diagnostic(
                "same-request",
                f"step `{node.step.name}` is repeated for each `{name}`, and asks the same for all of them: equal requests share one "
                "payment and one picture",
                variable.span,
                Severity.WARNING,
                help=f"mention `{{{{ each.{shown} }}}}` in {what}{takes}",
            )


def _find_field(variable: LoopVariable, node: StepNode, subject: Subject) -> str | None:
    """A field to mention, since a record has no text: the one that tells the items apart, or any that they surely have."""
    items = variable.lists[0]
    shape = subject.flow.shape_of_template(items, node).item if isinstance(items, Template) else None
    fields = shape.fields if shape is not None else None
    return variable.key if not fields or variable.key in fields else next(iter(fields))


def _check_items(node: StepNode, places: list[Place]) -> Iterator[Diagnostic]:
    """Records that are written out differ in what the request mentions of them, not in their keys alone."""
    for variable in node.step.for_each:
        name, items = variable.names[0], variable.lists[0]
        fields = _find_fields(name, places)
        if variable.zipped or not isinstance(items, tuple) or not fields:
            continue
        first: dict[str, Expression] = {}
        for item in items:
            if not isinstance(item, Mapping):
                continue
            signed = _sign({field: item[field] for field in fields if field in item})
            other = first.setdefault(signed, item)
            span, before = span_of(item), span_of(other)
            if other is not item and span is not None and before is not None:
                yield Diagnostic(
                    "same-request",
                    f"this item of `{name}` asks the same as another: the request mentions {_list(fields)} of it, which is equal; "
                    "equal requests share one payment and one picture",
                    span,
                    Severity.WARNING,
                    help="let them differ, or write `takes:` for several pictures of one request",
                    related=(Related(before, "the other item"),),
                )


def _find_fields(name: str, places: list[Place]) -> tuple[str, ...]:
    """The fields of a record that a step mentions; none when it mentions the record as a whole."""
    found: set[str] = set()
    for place in places:
        for reference in place.template.references:
            if (
                isinstance(reference, NameReference)
                and reference.root == "each"
                and reference.path[:1] == (name,)
            ):
                if len(reference.path) == 1:
                    return ()
                found.add(str(reference.path[1]))
    return tuple(sorted(found))


def _list(fields: tuple[str, ...]) -> str:
    return " and ".join(f"`{field}`" for field in fields)


def _find_variables(places: list[Place]) -> set[str]:
    return {
        reference.name
        for place in places
        for reference in place.template.references
        if isinstance(reference, NameReference) and reference.root == "each" and reference.path
    }


def _check_equal_steps(subject: Subject, places: dict[str, list[Place]]) -> Iterator[Diagnostic]:
    first: dict[Hashable, StepNode] = {}
    for node in subject.requests:
        if not node.generate.parameters:
            continue
        looped = bool(node.step.for_each and _find_variables(places.get(node.id, [])))
        signed = _sign_request(node, looped=looped), _sign_further_attempts(node.step.expect)
        other = first.setdefault(signed, node)
        if other is not node and not any(has_broken_lists(one, subject) for one in (node, other)):
            yield Diagnostic(
                "same-request",
                f"step `{node.step.name}` asks the same as step `{other.step.name}`: equal requests share one payment and one picture",
                node.step.span,
                Severity.WARNING,
                help=f"use `steps.{other.step.name}.images`, or write `takes: 2` there for two pictures",
                related=(Related(other.step.span, f"step `{other.step.name}`"),),
            )


def _sign_request(node: StepNode, *, looped: bool) -> Hashable:
    """What is equal for requests that are written alike in one recipe."""
    generate, step = node.generate, node.step
    loops = tuple((entry.names, tuple(map(_sign, entry.lists)), entry.zipped) for entry in step.for_each)
    iterate = step.iterate
    return (
        node.frame.path,
        None if generate.model is None else _sign(generate.model),
        tuple(sorted((name, _sign(one.expression)) for name, one in generate.parameters.items())),
        tuple((item.name, _sign(item.template)) for item in generate.references.items)
        if generate.references is not None
        else (),
        loops if looped else (),
        None if iterate is None else (_sign(iterate.over), iterate.name, _sign(iterate.start)),
    )


def _sign_further_attempts(expect: Expect | None) -> Hashable:
    """What decides which attempt's pictures a step takes; without further ones each takes the first, or fails."""
    if expect is None or expect.otherwise is not Otherwise.RETRY:
        return None
    wanted = (
        expect.images,
        expect.min_width,
        expect.min_height,
        expect.aspect_ratio,
        expect.distinct,
        expect.attempts,
    )
    return tuple(None if one is None else _sign(one) for one in wanted)


def _sign(expression: Expression) -> str:
    if isinstance(expression, Template):
        return f"={expression.scalar.value.strip()}"
    if isinstance(expression, tuple):
        return f"[{','.join(map(_sign, expression))}]"
    return f"{{{','.join(f'{name}:{_sign(item)}' for name, item in sorted(expression.items()))}}}"


def _check_unused(
    frame: Frame, places: list[Place], used: set[str], subject: Subject
) -> Iterator[Diagnostic]:
    """With `outputs:` written down, a step that leads to none of them is for nothing."""
    recipe = frame.recipe
    if not recipe.outputs or any(path[0] in ("steps", "outputs") for path in recipe.unread):
        return
    unread: list[str] = []
    published: set[str] = set()
    for place in places:
        for reference in place.template.references:
            if isinstance(reference, StepReference) and reference.step not in recipe.steps:
                return  # which of them was meant nobody knows
            if isinstance(reference, StepReference) and place.part is Part.OUTPUT:
                published.add(reference.step)
        if not place.template.references:
            unread.append(place.template.scalar.value)
    for node in subject.graph.list_steps(frame):
        name = node.step.name
        if name in published or node.id in used:
            continue
        if not any(re.search(rf"\b{name}\b", text) for text in unread):
            yield Diagnostic(
                "unused-step",
                f"nothing uses what step `{node.step.name}` gives, and no output publishes it",
                node.step.span,
                Severity.WARNING,
                help=f'publish it, `{node.step.name}: "{{{{ steps.{node.step.name}.images }}}}"` under `outputs:`, or take the step out',
            )
