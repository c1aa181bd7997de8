"""`first_of(…)`: whether it may turn out that everything in it was skipped, so that whoever mentions it is skipped, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, TypeAlias

from seedflow.plan.frames import Env
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.standing import Standing
from seedflow.recipe.references import Reference
from seedflow.recipe.template import RenderError, Scope, Skipped, Template
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Either, Or
from seedflow.recipe.templating.walking import find_parts, walk


class Stands(Protocol):
    """Takes mentions into a standing."""

    def add(self, references: Iterable[Reference], env: Env, standing: Standing) -> None:
        """Each of them, as if nothing else was mentioned."""

    def build_scope(self, env: Env) -> Scope:
        """What a template may look at."""


_Tests: TypeAlias = tuple[tuple[Template, bool], ...]


@dataclass(frozen=True, slots=True)
class _FirstOf:
    """What each argument of a `first_of` mentions, and the `… if …` around it, with what they have to come to for it to be reached.

    It `branches` when an argument has branches itself, of which only the one counts that is taken.
    """

    arguments: tuple[tuple[Reference, ...], ...]
    tests: _Tests
    branches: bool


def may_all_be_skipped(template: Template, env: Env, stander: Stands) -> bool:
    """Whether all that some `first_of` of a template names may be skipped; one in a branch that is not taken counts for nothing."""
    return any(
        all(_may_be_skipped(mentions, env, stander) for mentions in found.arguments)
        and all(_may_come_to(test, wanted, env, stander) for test, wanted in found.tests)
        for found in _find_first_ofs(template)
    )


def find_all_skipped(template: Template, env: Env, stander: Stands) -> str | None:
    """What was skipped so that a `first_of` of a template has nothing to give, whatever else is still to come."""
    for found in _find_first_ofs(template):
        if found.branches:
            continue
        skipped = [_find_skipped(mentions, env, stander) for mentions in found.arguments]
        if None not in skipped and all(_comes_to(*test, env, stander) for test in found.tests):
            return skipped[-1]
    return None


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


def _find_skipped(mentions: Sequence[Reference], env: Env, stander: Stands) -> str | None:
    standing = Standing()
    stander.add(mentions, env, standing)
    return standing.skips


def _may_come_to(test: Template, wanted: bool, env: Env, stander: Stands) -> bool:
    return evaluate_known(test, env, stander) is not (not wanted)


def _comes_to(test: Template, wanted: bool, env: Env, stander: Stands) -> bool:
    return evaluate_known(test, env, stander) is wanted


def evaluate_known(template: Template, env: Env, stander: Stands) -> object:
    """The value; None where nobody knows it yet, or where it has none, which is said of whoever asks."""
    standing = Standing()
    stander.add(template.references, env, standing)
    if standing.waits or standing.failed is not None or standing.skips is not None:
        return None
    try:
        return template.render(stander.build_scope(env))
    except (Absent, Refused, RenderError, Skipped):
        return None


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


def _look_into(node: Expression, template: Template, tests: _Tests) -> Iterator[_FirstOf]:
    """Those whose skipping nothing around them takes for something else: not within `optional`, and not within one another."""
    match node:
        case FirstOf():
            arguments = list(_flatten(node))
            if not any(isinstance(argument, OrNone) for argument in arguments):
                branches = any(isinstance(one, (Either, And, Or)) for one in walk(node))
                mentions = tuple(_mentions_of(argument, template) for argument in arguments)
                yield _FirstOf(mentions, tests, branches)
        case OrNone():
            return
        case Either(test=test, then=then, otherwise=otherwise):
            holds = narrow_to_truth(template, test)
            yield from _look_into(test, template, tests)
            yield from _look_into(then, template, (*tests, (holds, True)))
            yield from _look_into(otherwise, template, (*tests, (holds, False)))
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _look_into(left, template, tests)
            holds = narrow_to_truth(template, left)
            yield from _look_into(right, template, (*tests, (holds, isinstance(node, And))))
        case _:
            for part in find_parts(node):
                yield from _look_into(part, template, tests)


def _flatten(node: FirstOf) -> Iterator[Expression]:
    for argument in node.arguments:
        if isinstance(argument, FirstOf):
            yield from _flatten(argument)
        else:
            yield argument


def narrow_to_truth(template: Template, node: Expression) -> Template:
    """Whether an expression holds, as a template of its own."""
    yes, no = (Constant(value, node.start, node.end) for value in (True, False))
    return template.narrow(Either(node, yes, no))


def _mentions_of(argument: Expression, template: Template) -> tuple[Reference, ...]:
    """What an argument mentions, as if it stood alone."""
    return tuple(
        replace(mention, skip_ok=False)
        for mention in template.references
        if argument.start <= mention.start < argument.end
    )
