"""The parts of a template that may come to be worked out, by what a plan knows of the tests around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedflow.plan.fallbacks import evaluate_known, narrow_to_truth
from seedflow.plan.frames import Env
from seedflow.plan.stander import Stander
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import And, Either, Not, Or
from seedflow.recipe.templating.statements import Body, For, If, Print, Set, SetText, Statement
from seedflow.recipe.templating.walking import find_parts, walk


def find_all_parts(template: Template) -> Iterator[Expression]:
    """Every part of the expressions of a template; macros and files left out."""
    roots = [
        *([] if template.expression is None else [template.expression]),
        *_list_expressions(template.body),
    ]
    return (node for root in roots for node in walk(root))


def find_reached_parts(template: Template, env: Env, stander: Stander) -> Iterator[Expression]:
    """The same without those that a test leaves out whose outcome is known before the run."""
    reader = _Reader(template, env, stander)
    if template.expression is not None:
        yield from reader.go_into(template.expression)
    yield from reader.go_through(template.body)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one template in one place."""

    template: Template
    env: Env
    stander: Stander

    def go_into(self, node: Expression) -> Iterator[Expression]:
        yield node
        match node:
            case Either(test=test, then=then, otherwise=otherwise):
                holds = self._holds(test)
                yield from self.go_into(test)
                if holds is not False:
                    yield from self.go_into(then)
                if holds is not True:
                    yield from self.go_into(otherwise)
            case And(left=left, right=right) | Or(left=left, right=right):
                yield from self.go_into(left)
                if self._holds(left) is not isinstance(node, Or):
                    yield from self.go_into(right)
            case _:
                for part in find_parts(node):
                    yield from self.go_into(part)

    def go_through(self, body: Body) -> Iterator[Expression]:
        for statement in body:
            if isinstance(statement, If):
                yield from self._go_through_branches(statement)
                continue
            for expression in _list_own(statement):
                yield from self.go_into(expression)
            for inside in _list_bodies(statement):
                yield from self.go_through(inside)

    def _go_through_branches(self, statement: If) -> Iterator[Expression]:
        for test, inside in statement.branches:
            holds = self._holds(test)
            yield from self.go_into(test)
            if holds is not False:
                yield from self.go_through(inside)
            if holds is True:
                return
        yield from self.go_through(statement.otherwise)

    def _holds(self, test: Expression) -> bool | None:
        """Whether a test holds; None where that is not known, or depends on results, of which each run may have others."""
        match test:
            case And(left=left, right=right) | Or(left=left, right=right):
                both, decides = (self._holds(left), self._holds(right)), isinstance(test, Or)
                return decides if decides in both else None if None in both else not decides
            case Not(operand=operand):
                holds = self._holds(operand)
                return None if holds is None else not holds
            case _ if any(isinstance(part, Mentioned) for part in walk(test)):
                return None
            case _:
                pass
        found = evaluate_known(narrow_to_truth(self.template, test), self.env, self.stander)
        return found if isinstance(found, bool) else None


def _list_expressions(body: Body) -> Iterator[Expression]:
    for statement in body:
        yield from _list_own(statement)
        for inside in _list_bodies(statement):
            yield from _list_expressions(inside)


def _list_own(statement: Statement) -> Iterator[Expression]:
    match statement:
        case Print(expression=expression) | Set(expression=expression):
            yield expression
        case If(branches=branches):
            yield from (test for test, _ in branches)
        case For(items=items, condition=condition):
            yield items
            if condition is not None:
                yield condition
        case SetText(result=result) if result is not None:
            yield result
        case _:
            pass


def _list_bodies(statement: Statement) -> Iterator[Body]:
    match statement:
        case If(branches=branches, otherwise=otherwise):
            yield from (inside for _, inside in branches)
            yield otherwise
        case For(body=body, otherwise=otherwise):
            yield body
            yield otherwise
        case SetText(body=body):
            yield body
        case _:
            pass
