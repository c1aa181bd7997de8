"""Picks that no task of the recipe can have: a slip in an address, or what an earlier version of the recipe had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.model import StepGraph, StepNode
from seedflow.recipe.picks import Picks

_TAKE: Final = re.compile(r"#\d+$")
_KEYS: Final = re.compile(r"\[[^\[\]]*\]")
_KEY: Final = re.compile(r"=[^,\]]*")


def find_unused_picks(picks: Picks, graph: StepGraph) -> Iterator[Diagnostic]:
    """A warning for each address whose step the recipe does not have, or which names its tasks by other variables.

    An address with the variables that a step has is never unused: with other values of inputs there may be a task of it.
    """
    forms: dict[str, str] = {}
    """For each step, under each of its names, how the addresses of its tasks are written now: `cast[hero]/portrait`."""
    for node in graph.steps.values():
        forms.update(_list_forms(node))
    for address, span in picks.places:
        form = _KEY.sub("", _TAKE.sub("", address))
        step = _KEYS.sub("", form)
        if forms.get(step) == form:
            continue
        if step in forms:
            message = f"no task of `{step}` has such an address, so that this take is of nothing"
            advice = f"its tasks are written `{_spell_form(forms[step])}` now: write the address so, or take the line out"
        else:
            near, name = find_near(step, graph.steps), step.rpartition("/")[2]
            message = f"the recipe has no step `{step}`, so that this take is of nothing"
            advice = (
                f"did you mean `{near}`?"
                if near
                else f"after a rename, write `was: {name}` into the step, with other earlier names behind it in a list; "
                "if it is not used any more, take the line out"
            )
        yield Diagnostic("unused-pick", message, span, Severity.WARNING, help=advice)


def _list_forms(node: StepNode) -> Iterator[tuple[str, str]]:
    """The names that addresses of a step may begin with, each with its form: earlier ones of it and of the steps around it, in any mixture."""
    call, step = node.frame.call, node.step
    variables = [name for loop in step.for_each for name in loop.names]
    if step.iterate is not None:
        variables.append(step.iterate.name)
    own = f"[{','.join(variables)}]" if variables else ""
    around = [("", "")] if call is None else [(f"{name}/", f"{form}/") for name, form in _list_forms(call)]
    for prefix, before in around:
        for name in (step.name, *step.was):
            yield prefix + name, before + name + own


def _spell_form(form: str) -> str:
    """A form as an address to be filled in: `page[scene=…]`."""
    return _KEYS.sub(lambda found: found[0].replace(",", "=…,").replace("]", "=…]"), form)
