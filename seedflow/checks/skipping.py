"""`first_of` and `optional` around what is never skipped: nothing would ever go another way."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.places import Place
from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression


def check_skipping(subject: Subject) -> Iterator[Diagnostic]:
    """Whatever has a way around it when it is skipped, can be skipped."""
    for place in subject.places:
        chosen = _find_first(place)
        guarded = [
            reference
            for reference in place.template.references
            if isinstance(reference, StepReference) and reference.skip_ok
        ]
        if chosen is not None:
            guarded = [chosen]
        targets = [subject.flow.find_target(reference, place.node, place.frame) for reference in guarded]
        skipping = subject.flow.counts.skipping
        if not guarded or isinstance(place.template.expression, Constant):
            continue  # nothing to guard, or refused when it was read
        if any(
            target is None or skipping.may_skip_mentioned(target, reference)
            for target, reference in zip(targets, guarded, strict=True)
        ):
            continue
        first, target = guarded[0], targets[0]
        if target is not None:
            yield Diagnostic(
                "never-skipped",
                f"step `{first.step}` is never skipped: neither it nor anything that it uses has a `when`",
                place.template.span_of(first),
                Severity.WARNING,
                help="mention it without `first_of` or `optional`",
                related=(Related(target.step.span, f"step `{first.step}`"),),
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
