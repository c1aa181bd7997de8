"""`first_of` and `optional` around what is never skipped: nothing would ever go another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.places import Place
from seedflow.recipe.references import Reference, StepReference
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.nodes import Constant, Expression


def check_skipping(subject: Subject) -> Iterator[Diagnostic]:
    """Whatever has a way around it when it is skipped, can be skipped."""
    for place in subject.places:
        if place.template.unread:
            continue
        mentions = [reference for reference in place.template.references if reference.skip_ok]
        if not mentions or isinstance(place.template.expression, Constant):
            continue  # nothing to guard, or refused when it was read
        told: list[Expression] = []
        forms = _find_forms(place, subject)
        for form in forms:
            if any(_holds(outer, form) for outer in told):
                continue  # what stands around it is needless as well
            guarded = _find_guarded(form, mentions)
            if _are_made(guarded, place, subject):
                told.append(form)
                yield from _say_never(guarded[0], place, subject)
        # Forms in macros are known by what they guard alone.
        others = [one for one in mentions if not any(_holds(form, one) for form in forms)]
        if others and isinstance(others[0], StepReference):
            guarded = [one for one in others if isinstance(one, StepReference)]
            if _are_made(guarded, place, subject):
                yield from _say_never(guarded[0], place, subject)


def _find_forms(place: Place, subject: Subject) -> list[FirstOf | OrNone]:
    """Every `first_of` and `optional` of a template, each before those inside of it."""
    certain = subject.flow.certain
    found = certain.find_guarded(place.template, place.frame, certain.at(place))
    return [node for node, _ in found if isinstance(node, FirstOf | OrNone)]


def _find_guarded(form: FirstOf | OrNone, mentions: Sequence[Reference]) -> list[StepReference]:
    """What a form has a way around: all of an `optional`, and what a `first_of` tries first; nothing if nobody knows that."""
    guarded = form.argument if isinstance(form, OrNone) else form.arguments[0]
    inside = [one for one in mentions if _holds(guarded, one)]
    if not inside or not isinstance(inside[0], StepReference):
        return []  # what a loop goes through, or a caller gives, may be skipped
    return [one for one in inside if isinstance(one, StepReference)]


def _are_made(guarded: Sequence[StepReference], place: Place, subject: Subject) -> bool:
    facts = subject.flow.certain.at(place)
    targets = [subject.flow.find_target(reference, place.node, place.frame) for reference in guarded]
    return bool(guarded) and all(
        target is not None and subject.made.is_made(target, reference, facts)
        for target, reference in zip(targets, guarded, strict=True)
    )


def _holds(outer: Expression, inner: Expression | Reference) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _say_never(reference: StepReference, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    target = subject.flow.find_target(reference, place.node, place.frame)
    if target is None:
        return
    message = f"step `{reference.step}` is never skipped: neither it nor anything that it cannot do without has a `when`"
    related = [Related(target.step.span, f"step `{reference.step}`")]
    here = None if place.node is None else place.node.step
    if here is not None and subject.flow.counts.skipping.may_skip_mentioned(target, reference):
        own = "its own does" if target.step.when is not None else "those of all that it uses do"
        message = f"step `{reference.step}` is never skipped here: where the condition of step `{here.name}` holds, {own}, too"
        conditions = ((reference.step, target.step.when), (here.name, here.when))
        related = [
            Related(when.scalar.span, f"the condition of step `{name}`")
            for name, when in conditions
            if when is not None
        ]
    yield Diagnostic(
        "never-skipped",
        message,
        place.template.span_of(reference),
        Severity.WARNING,
        help="mention it without `first_of` or `optional`",
        related=tuple(related),
    )
