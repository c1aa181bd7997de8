"""Items in the brackets of a list that may be none, where a list takes no such item."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.facts import NO_FACTS, Facts
from seedflow.graph.flow import Flow
from seedflow.graph.model import StepNode
from seedflow.recipe.template import Template
from seedflow.recipe.templating.walking import find_items


def doubt_items(
    template: Template, node: StepNode, flow: Flow, why: str, facts: Facts = NO_FACTS
) -> Iterator[Diagnostic]:
    """A warning for each item that may be none, at the item; `why` none is too little there."""
    for item in find_items(template.expression):
        if not item.may_leave_out and flow.shape_of_part(item, node, facts=facts).optional:
            yield Diagnostic(
                "may-be-none",
                f"this item may be none, {why}",
                template.scalar.span_at(item.start, item.end),
                Severity.WARNING,
                help="write `optional(…)` around it: where it is none, there is no item then",
            )
