"""Images that do not exist, mentioned where a condition rules out that it comes to that: `when: steps.a.images | length > 1`.

A plan may know that there are too few before it can work out the condition, which waits for the images themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.certain import names_of
from seedflow.graph.facts import NO_FACTS, Facts, spell
from seedflow.graph.guards import learn
from seedflow.graph.places import find_templates
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.refused import Refused
from seedflow.plan.whole import find_whole
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Mentioned

_MAX_DEPTH = 20


class RuledOut(Refused):
    """What is refused only where conditions hold that rule it out, as far as anybody can tell."""


def find_doubt(refused: Refused) -> list[Diagnostic] | None:
    """What is said of it while a condition is open: nothing where that rules it out, of a missing task that it is one; None where it is wrong."""
    problem = refused.diagnostic
    if isinstance(refused, RuledOut):
        return []
    if problem.code != "no-such-task":
        return None
    message = f"{problem.message}: where its condition holds, this task fails"
    return [replace(problem, message=message, severity=Severity.WARNING)]


def is_ruled_out(template: Template, env: Env, when: Template | None) -> bool:
    """Whether a condition, of the step or of those around it, makes sure of every single image that a template names."""
    own = [] if when is None else [(when, env)]
    conditions = [*own, *env.frame.conditions]
    mentions = list(_find_mentions(template, env)) if conditions else []
    return bool(mentions) and all(
        _is_made_sure(one, frame, _learn(conditions, frame)) for one, frame in mentions
    )


def _learn(conditions: Iterable[tuple[Template, Env]], frame: FrameInstance) -> Facts:
    """What the conditions make certain that were written in the same use of a recipe."""
    facts = NO_FACTS
    for when, env in conditions:
        if env.frame.prefix == frame.prefix and when.expression is not None:
            facts = facts.both(learn(when.expression, names_of(frame.frame)))
    return facts


def _find_mentions(
    template: Template, env: Env, depth: int = 0
) -> Iterator[tuple[StepReference, FrameInstance]]:
    """The mentions that a template is, through what a caller gives, each with the use of a recipe that it was written in."""
    whole = find_whole(template)
    if whole is None or depth > _MAX_DEPTH:
        return
    if isinstance(whole, StepReference):
        yield whole, env.frame
    elif whole.root == "inputs" and whole.name in env.frame.later:
        argument, outer = env.frame.later[whole.name]
        for part in find_templates(argument.expression):
            yield from _find_mentions(part, outer, depth + 1)
    elif whole.root == "values" and whole.name in env.frame.lazy_values:
        yield from _find_mentions(env.frame.lazy_values[whole.name], env, depth + 1)


def _is_made_sure(mention: StepReference, frame: FrameInstance, facts: Facts) -> bool:
    if not isinstance(mention.index, int):
        return True  # which takes whatever there is
    needed = mention.index + 1 if mention.index >= 0 else -mention.index
    key = spell(Mentioned(replace(mention, index=None)), names_of(frame.frame))
    return key is not None and facts.has(key, needed)
