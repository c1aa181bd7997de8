"""Columns of tables that are not declared, and so are text, where a template tests them as if `false` in a cell were false.

Any text that is not empty holds. It is told where rows are at hand of which one says `false`, and where nothing else in the step
looks at the column: whoever compares or prints it means the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.guards import is_test
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import find_step_places
from seedflow.graph.table_rows import find_row_variables, has_every_row
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Attribute, Named, Variable
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Either, Not, Or
from seedflow.recipe.templating.partials import Include
from seedflow.recipe.templating.statements import Body, For, If, Print, Set, SetText
from seedflow.recipe.templating.walking import find_parts

_FALSE: Final = frozenset(("false", "no", "off", "0"))
_TRUE: Final = frozenset(("true", "yes", "on", "1"))
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")
_PRESENCE: Final = frozenset(("defined", "undefined", "none"))
"""Tests that ask whether there is something, whatever it says."""
_DEFAULTS: Final = frozenset(("default", "d"))
_CHOOSING: Final = frozenset(("selectattr", "rejectattr"))


def find_tested_texts(graph: StepGraph, inputs: Mapping[str, object]) -> Iterator[Diagnostic]:
    """Such tests in a recipe and in those that it uses, of the rows that its inputs have."""
    for frame in (graph.frame, *graph.frames.values()):
        for declared in frame.recipe.inputs.values():
            rows = _find_rows(frame, declared.name, inputs) if declared.type is InputType.TABLE else None
            if isinstance(rows, list):
                yield from check_tested_columns(declared, rows, graph.list_steps(frame))


def check_tested_columns(
    declared: Input, rows: Sequence[object], nodes: Sequence[StepNode]
) -> Iterator[Diagnostic]:
    """Such tests of the columns of one table in the steps of its recipe."""
    if not any(_says_false(value) for row in rows if isinstance(row, Mapping) for value in row.values()):
        return
    for node in nodes:
        variables = find_row_variables(declared.name, node, every=True)
        found: list[tuple[Template, _Use]] = []
        as_text = set(_list_in_files(node))
        for place in find_step_places(node):
            reader = _Reader(declared.name, variables)
            reader.read(place.template)
            found.extend((place.template, use) for use in reader.uses)
            as_text.update(reader.others)
        as_text.update(use.column for _, use in found if not use.tested)
        for template, use in found:
            if use.column not in as_text and use.column not in declared.columns:
                yield from _judge(declared, rows, template, use)


def _list_in_files(node: StepNode) -> Iterator[str]:
    """What names of files print of a variable: the text is meant there."""
    for output in node.frame.recipe.outputs.values():
        for mention in () if output.file is None else output.file.references:
            if isinstance(mention, NameReference) and mention.root == "each":
                yield from (str(part) for part in mention.path[1:])


class _Use:
    """One mention of a column; `tested` where only its truth counts."""

    __slots__ = ("column", "end", "start", "tested")

    def __init__(self, column: str, node: Expression, *, tested: bool) -> None:
        self.column = column
        self.start = node.start
        self.end = node.end
        self.tested = tested


class _Reader:
    """Finds the mentions of columns in one template; in macros and files there are none, they see arguments only."""

    def __init__(self, table: str, variables: set[str]) -> None:
        self.uses: list[_Use] = []
        self.others: set[str] = set()
        """Names that are looked up of what may be rows as well, such as those that a filter chose."""
        self._table = table
        self._variables = variables
        self._slots: set[int] = set()

    def read(self, template: Template) -> None:
        if template.expression is not None:
            self._look(template.expression)
        self._read_body(template.body)

    def _read_body(self, body: Body) -> None:
        for statement in body:
            match statement:
                case Print() | Set():
                    self._look(statement.expression)
                case SetText():
                    self._read_body(statement.body)
                case If():
                    for test, inside in statement.branches:
                        self._look(test, tested=True)
                        self._read_body(inside)
                    self._read_body(statement.otherwise)
                case For():
                    self._read_loop(statement)
                case Include():
                    for _, argument in statement.arguments:
                        self._look(argument)
                case _:
                    pass

    def _read_loop(self, loop: For) -> None:
        self._look(loop.items)
        of_rows = len(loop.slots) == 1 and has_every_row(loop.items, self._table)
        if of_rows:
            self._slots.update(loop.slots)
        if loop.condition is not None:
            self._look(loop.condition, tested=True)
        self._read_body(loop.body)
        if of_rows:
            self._slots.difference_update(loop.slots)
        self._read_body(loop.otherwise)

    def _look(self, node: Expression, *, tested: bool = False) -> None:
        match node:
            case Not():
                self._look(node.operand, tested=True)
            case And():
                self._look(node.left, tested=True)
                self._look(node.right, tested=tested)
            case Or():
                self._look(node.left, tested=tested)
                self._look(node.right, tested=tested)
            case Either():
                self._look(node.test, tested=True)
                self._look(node.then, tested=tested)
                self._look(node.otherwise, tested=tested)
            case Attribute(base=base) if self._is_row(base):
                self.uses.append(_Use(node.name, node, tested=tested))
            case Attribute(base=base) if not tested:
                self.others.add(node.name)
                self._look(base)
            case Applied(name=name, arguments=(first, *_)) if (
                name in _PRESENCE and is_test(node) and isinstance(first, Attribute)
            ):
                self._look(first.base)
            case Applied(name=name, arguments=(first, *others)) if name in _DEFAULTS:
                self._look(first, tested=tested)
                for other in others:
                    self._look(other)
            case Applied(name=name, arguments=(rows, Constant(value=str(column)))) if (
                name in _CHOOSING and not node.keywords and has_every_row(rows, self._table)
            ):
                self.uses.append(_Use(column, node, tested=True))
            case _:
                if isinstance(node, Applied):
                    given = (*node.arguments[1:], *node.keywords.values())  # as in `map(attribute="…")`
                    self.others.update(
                        str(one.value)
                        for one in given
                        if isinstance(one, Constant) and isinstance(one.value, str)
                    )
                for part in find_parts(node):
                    self._look(part)

    def _is_row(self, node: Expression) -> bool:
        match node:
            case Named(root="each", name=name):
                return name in self._variables
            case Variable(slot=slot):
                return slot in self._slots
            case _:
                return False


def _judge(declared: Input, rows: Sequence[object], template: Template, use: _Use) -> Iterator[Diagnostic]:
    column = use.column
    cells = [row.get(column) for row in rows if isinstance(row, Mapping)]
    number = next((at for at, cell in enumerate(cells, 1) if _says_false(cell)), None)
    if number is None or column == declared.key:
        return
    yield Diagnostic(
        "text-for-boolean",
        f"this tests column `{column}` of the table `{declared.name}`, which is not declared and so is text, and any text holds: "
        f"`{str(cells[number - 1]).strip()}` in row {number:,} does, too",
        template.scalar.span_at(use.start, use.end),
        Severity.WARNING,
        help=_suggest(column, cells, declared),
        related=(Related(declared.span, f"declare `{column}` here"),),
    )


def _suggest(column: str, cells: Sequence[object], declared: Input) -> str:
    """The declaration with which the test means what the cells say; a cell that is empty needs it to be optional.

    Of a table that declares no column, the key has to be declared with the first one.
    """
    said = {str(cell).strip().casefold() for cell in cells if cell is not None}
    type_ = "number" if all(_NUMBER.fullmatch(one) for one in said) else "boolean"
    written = f"{column}: {{type: {type_}, optional: true}}" if None in cells else f"{column}: {type_}"
    advice = (
        f"declare `{written}` under `columns:`"
        if declared.columns or declared.key is None
        else f"write `columns: {{{declared.key}: text, {written}}}`"
    )
    if type_ == "number" or said <= {"true", "false"}:
        return advice
    if said <= _TRUE | _FALSE:
        return f"{advice}, and write `true` or `false` in its cells"
    return (
        f"{advice}, and write `true` or `false` in its cells; or leave the cells empty that are not to hold"
    )


def _says_false(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() in _FALSE


def _find_rows(frame: Frame, name: str, inputs: Mapping[str, object]) -> object:
    """What an input has, followed through the uses of recipes that hand it on as it is."""
    while frame.call is not None:
        call = frame.call.step.call
        given = None if call is None else call.arguments.get(name)
        handed = given.expression if given is not None else None
        node = handed.expression if isinstance(handed, Template) else None
        if not isinstance(node, Named) or node.root != "inputs":
            return None
        frame, name = frame.call.frame, node.name
    return inputs.get(name)
