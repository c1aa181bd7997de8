"""`first_of` and `optional` around what is never skipped: nothing would ever go another way."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.model import StepNode
from seedflow.graph.places import Place
from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression


def check_skipping(subject: Subject) -> Iterator[Diagnostic]:
    """Whatever has a way around it when it is skipped, can be skipped."""
    for place in subject.places:
        if place.template.unread:
            continue
        chosen = _find_first(place)
        mentions = [reference for reference in place.template.references if reference.skip_ok]
        guarded = [reference for reference in mentions if isinstance(reference, StepReference)]
        if chosen is not None:
            guarded = [chosen]
        elif mentions and not isinstance(mentions[0], StepReference):
            continue  # what a loop goes through, or a caller gives, may be skipped
        if not guarded or isinstance(place.template.expression, Constant):
            continue  # nothing to guard, or refused when it was read
        targets = [subject.flow.find_target(reference, place.node, place.frame) for reference in guarded]
        facts = subject.flow.certain.at(place)
        if all(
            target is not None and subject.made.is_made(target, reference, facts)
            for target, reference in zip(targets, guarded, strict=True)
        ):
            yield from _say_never(guarded[0], targets[0], place, subject)


def _say_never(
    reference: StepReference, target: StepNode | None, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    if target is None:
        return
    message = f"step `{reference.step}` is never skipped: neither it nor anything that it uses has a `when`"
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


def _find_first(place: Place) -> StepReference | None:
    """The mention that a `first_of` which stands alone tries first: if that is never skipped, the others are never used."""
    node = place.template.expression
    if not isinstance(node, FirstOf) or not node.arguments:
        return None
    first: Expression = node.arguments[0]
    while isinstance(first, Attribute | Item):
        first = first.base
    return first.reference if isinstance(first, Mentioned) else None
