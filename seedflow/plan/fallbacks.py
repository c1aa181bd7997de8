"""`first_of(…)`: whether it may turn out that everything in it was skipped, so that whoever mentions it is skipped, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from seedflow.plan.frames import Env
from seedflow.plan.standing import Standing
from seedflow.recipe.references import Reference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.walking import walk


class Stands(Protocol):
    """Takes mentions into a standing."""

    def add(self, references: Iterable[Reference], env: Env, standing: Standing) -> None:
        """Each of them, as if nothing else was mentioned."""


def may_all_be_skipped(template: Template, env: Env, stander: Stands) -> bool:
    """Whether all that some `first_of` of a template names may be skipped."""
    return any(
        all(_may_be_skipped(mentions, env, stander) for mentions in arguments)
        for arguments in _find_first_ofs(template)
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


@lru_cache(maxsize=4096)
def _find_first_ofs(template: Template) -> tuple[tuple[tuple[Reference, ...], ...], ...]:
    """What each argument of every `first_of` mentions."""
    if "first_of" not in template.scalar.value:
        return ()
    return tuple(
        tuple(_mentions_of(argument, template) for argument in node.arguments)
        for piece in template.pieces
        if isinstance(piece, Template) and piece.expression is not None
        for node in walk(piece.expression)
        if isinstance(node, FirstOf)
    )


def _mentions_of(argument: Expression, template: Template) -> tuple[Reference, ...]:
    """What an argument mentions, as if it stood alone."""
    return tuple(
        replace(mention, skip_ok=False)
        for mention in template.references
        if argument.start <= mention.start < argument.end
    )
