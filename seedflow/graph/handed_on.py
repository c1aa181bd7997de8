"""What is printed under another name than its own: a variable that is set once, a parameter of a macro, a name in an included file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from seedflow.diagnostics import Source
from seedflow.graph.certain import Certain, find_guarded_in, find_printed_in, find_texts, name_variables
from seedflow.graph.facts import Facts, Names
from seedflow.graph.guards import learn
from seedflow.graph.model import Frame
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named, Variable
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.partials import CalledFrom, Include
from seedflow.recipe.templating.statements import Body, Called, For, If, SetText
from seedflow.recipe.templating.walking import walk

_MOST_LEVELS: Final = 6
_MOST_BODIES: Final = 200
"""Bodies of macros and files that are looked into for one template."""


class Handed(NamedTuple):
    """A name below a root, what is certain where it is printed, and that place; `source` None is the template itself."""

    node: Named
    facts: Facts
    source: Source | None
    start: int
    end: int


def find_handed_on(template: Template, frame: Frame, facts: Facts, certain: Certain) -> Iterator[Handed]:
    """The names below roots that are printed only through variables, macros and files."""
    if template.expression is not None:
        return
    finder = _Finder()
    yield from finder.find(template.body, certain.names_in(template, frame), facts, None, 0)


class _Finder:
    def __init__(self) -> None:
        self._left = _MOST_BODIES

    def find(
        self, body: Body, names: Names, facts: Facts, source: Source | None, level: int
    ) -> Iterator[Handed]:
        if level > _MOST_LEVELS or self._left <= 0 or facts.never:
            return
        self._left -= 1
        for node, known in find_printed_in(body, facts, names):
            if isinstance(node, Named) and level and source is None:
                yield Handed(node, known, source, node.start, node.end)
            elif isinstance(node, Variable):
                yield from _follow(node, known, names, source)
        for node, known in find_guarded_in(body, facts, names):
            if isinstance(node, Called):
                yield from self._look_into_call(node, known, names, source, level)
        for include, known in _find_includes(body, facts, names):
            given = [(slot, _resolve(argument, names)) for slot, argument in include.arguments]
            partial = include.partial
            inner = _hand_on(given, partial.body, Names())
            yield from self.find(partial.body, inner, known, partial.source, level + 1)

    def _look_into_call(
        self, call: Called, facts: Facts, names: Names, source: Source | None, level: int
    ) -> Iterator[Handed]:
        macro = call.macro
        imported = isinstance(call, CalledFrom)
        given = [
            (slot, default if argument is None else _resolve(argument, names))
            for slot, argument, default in zip(macro.slots, call.arguments, macro.defaults, strict=True)
        ]
        inner = _hand_on(given, macro.body, Names() if imported else Names(names.find_value))
        inside = call.module.partial.source if isinstance(call, CalledFrom) else source
        yield from self.find(macro.body, inner, facts, inside, level + 1)


def _follow(node: Variable, facts: Facts, names: Names, source: Source | None) -> Iterator[Handed]:
    """What a variable that is printed stands for, as far as it is printed as that."""
    meant = _resolve(node, names)
    if meant is None:
        return
    for part, known in find_texts(meant, facts, names):
        if isinstance(part, Named):
            yield Handed(part, known, source, node.start, node.end)


def _resolve(node: Expression, names: Names) -> Expression | None:
    """What an expression is, whatever variables are called; None where one stands in it that nobody knows."""
    for _ in range(_MOST_LEVELS):
        meant = names.follow(node) if isinstance(node, Variable) else None
        if meant is None:
            break
        node = meant
    return None if any(isinstance(part, Variable) for part in walk(node)) else node


def _hand_on(given: Sequence[tuple[int, Expression | None]], body: Body, names: Names) -> Names:
    """The names in a body into whose variables this is given; one that it sets anew may be anything."""
    own = name_variables(body, names)
    variables = dict(own.variables)
    changing = set(own.changing)
    for slot, argument in given:
        if argument is None or slot in variables or slot in changing:
            variables.pop(slot, None)
            changing.add(slot)
        else:
            variables[slot] = argument
    return Names(names.find_value, variables, frozenset(changing))


def _find_includes(body: Body, facts: Facts, names: Names) -> Iterator[tuple[Include, Facts]]:
    for statement in body:
        match statement:
            case Include():
                yield statement, facts
            case SetText():
                yield from _find_includes(statement.body, facts, names)
            case If():
                known = facts
                for test, inside in statement.branches:
                    yield from _find_includes(inside, known.both(learn(test, names)), names)
                    known = known.both(learn(test, names, holds=False))
                yield from _find_includes(statement.otherwise, known, names)
            case For():
                yield from _find_includes(statement.body, facts.both(learn(statement.items, names)), names)
                yield from _find_includes(statement.otherwise, facts, names)
            case _:
                pass
