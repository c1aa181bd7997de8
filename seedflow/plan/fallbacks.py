"""`first_of(…)`: whether it may turn out that everything in it was skipped, so that whoever mentions it is skipped, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from seedflow.plan.frames import Env
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.standing import Standing
from seedflow.recipe.references import Reference
from seedflow.recipe.template import RenderError, Scope, Skipped, Template
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Either
from seedflow.recipe.templating.walking import find_parts


class Stands(Protocol):
    """Takes mentions into a standing."""

    def add(self, references: Iterable[Reference], env: Env, standing: Standing) -> None:
        """Each of them, as if nothing else was mentioned."""

    def build_scope(self, env: Env) -> Scope:
        """What a template may look at."""


@dataclass(frozen=True, slots=True)
class _FirstOf:
    """What each argument of a `first_of` mentions, and the `… if …` around it, with what they have to come to for it to be reached."""

    arguments: tuple[tuple[Reference, ...], ...]
    tests: tuple[tuple[Template, bool], ...]


def may_all_be_skipped(template: Template, env: Env, stander: Stands) -> bool:
    """Whether all that some `first_of` of a template names may be skipped; one in a branch that is not taken counts for nothing."""
    return any(
        all(_may_be_skipped(mentions, env, stander) for mentions in found.arguments)
        and all(_may_come_to(test, wanted, env, stander) for test, wanted in found.tests)
        for found in _find_first_ofs(template)
    )


def find_reached(
    arguments: Sequence[Expression], template: Template, env: Env, stander: Stands
) -> tuple[list[Expression], bool]:
    """The alternatives of which one is taken, as far as is known; whether there is one for certain."""
    reached: list[Expression] = []
    for argument in arguments:
        standing = Standing()
        stander.add(_mentions_of(argument, template), env, standing)
        if standing.skips is not None:
            continue
        reached.append(argument)
        if not standing.may_be_skipped:
            return reached, True
    return reached, False


def _may_be_skipped(mentions: Sequence[Reference], env: Env, stander: Stands) -> bool:
    standing = Standing()
    stander.add(mentions, env, standing)
    return standing.may_be_skipped or standing.skips is not None


def _may_come_to(test: Template, wanted: bool, env: Env, stander: Stands) -> bool:
    standing = Standing()
    stander.add(test.references, env, standing)
    if standing.waits or standing.failed is not None or standing.skips is not None:
        return True
    try:
        return test.render(stander.build_scope(env)) is wanted
    except (Absent, Refused, RenderError, Skipped):
        return True  # which is said of whoever asks


@lru_cache(maxsize=4096)
def _find_first_ofs(template: Template) -> tuple[_FirstOf, ...]:
    if "first_of" not in template.scalar.value:
        return ()
    return tuple(
        found
        for piece in template.pieces
        if isinstance(piece, Template) and piece.expression is not None
        for found in _look_into(piece.expression, template, ())
    )


def _look_into(
    node: Expression, template: Template, tests: tuple[tuple[Template, bool], ...]
) -> Iterator[_FirstOf]:
    if isinstance(node, FirstOf):
        yield _FirstOf(tuple(_mentions_of(argument, template) for argument in node.arguments), tests)
    for part in find_parts(node):
        within = tests
        if isinstance(node, Either) and part is not node.test:
            within = (*tests, (narrow_to_test(template, node), part is node.then))
        yield from _look_into(part, template, within)


def narrow_to_test(template: Template, node: Either) -> Template:
    """Whether the first branch of `… if …` is the one that is taken, as a template of its own."""
    start, end = node.test.start, node.test.end
    return template.narrow(Either(node.test, Constant(True, start, end), Constant(False, start, end)))


def _mentions_of(argument: Expression, template: Template) -> tuple[Reference, ...]:
    """What an argument mentions, as if it stood alone."""
    return tuple(
        replace(mention, skip_ok=False)
        for mention in template.references
        if argument.start <= mention.start < argument.end
    )
