"""Picks that are of no step of the recipe: a slip in an address, or what an earlier version of the recipe had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.model import StepGraph, StepNode
from seedflow.recipe.picks import Picks

_VALUES_AND_TAKE: Final = re.compile(r"\[[^\[\]]*\]|#\d+$")


def find_unused_picks(picks: Picks, graph: StepGraph) -> Iterator[Diagnostic]:
    """A warning for each address whose step the recipe does not have.

    An address of a step that it has is never unused: with other values of inputs there may be a task of it.
    """
    known = {name for node in graph.steps.values() for name in _list_names(node)}
    for address, span in picks.places:
        step = _VALUES_AND_TAKE.sub("", address)
        if step in known:
            continue
        near, name = find_near(step, graph.steps), step.rpartition("/")[2]
        yield Diagnostic(
            "unused-pick",
            f"the recipe has no step `{step}`, so that this take is of nothing",
            span,
            Severity.WARNING,
            help=f"did you mean `{near}`?"
            if near
            else f"after a rename, write `was: {name}` into the step, with other earlier names behind it in a list; "
            "if it is not used any more, take the line out",
        )


def _list_names(node: StepNode) -> Iterator[str]:
    """The names that addresses of a step may begin with: earlier ones of it and of the steps around it, in any mixture."""
    call = node.frame.call
    for prefix in ("",) if call is None else (f"{name}/" for name in _list_names(call)):
        yield from (prefix + name for name in (node.step.name, *node.step.was))
