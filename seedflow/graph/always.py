"""Which parts of a template are worked out whatever its tests and fallbacks come to."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import And, Compared, Either, Or
from seedflow.recipe.templating.statements import Body, For, If, Print, Set, SetText
from seedflow.recipe.templating.walking import find_parts, walk


def find_always(template: Template) -> Iterator[Expression]:
    """These parts, in the order of the text; what stands in macros and in files that it includes is left out."""
    if template.expression is not None:
        yield from _find_in(template.expression)
    yield from _find_in_body(template.body)


def _find_in_body(body: Body) -> Iterator[Expression]:
    for statement in body:
        match statement:
            case Print() | Set():
                yield from _find_in(statement.expression)
            case SetText():
                yield from _find_in_body(statement.body)
            case If():
                yield from _find_in(statement.branches[0][0])
            case For():
                yield from _find_in(statement.items)
            case _:
                pass


def _find_in(node: Expression) -> Iterator[Expression]:
    yield node
    match node:
        case Either():
            yield from _find_in(node.test)
        case And() | Or():
            yield from _find_in(node.left)
        case Compared():
            yield from _find_in(node.first)
            yield from _find_in(node.rest[0][1])
        case FirstOf():
            yield from _find_in_taken(node.arguments[0])
        case OrNone():
            yield from _find_in_taken(node.argument)
        case _:
            for part in find_parts(node):
                yield from _find_in(part)


def _find_in_taken(argument: Expression) -> Iterator[Expression]:
    """Something else takes its place as soon as one of several mentions was skipped, before it comes to the others."""
    if sum(isinstance(part, Mentioned) for part in walk(argument)) == 1:
        yield from _find_in(argument)
