"""Jinja's syntax tree → nodes: literals, operators, and names with dots and brackets behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from jinja2 import nodes

from seedflow.recipe.functions import FORMS, FUNCTIONS
from seedflow.recipe.references import Reference, Slice
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.limits import MAX_DEPTH, MAX_PROBLEMS
from seedflow.recipe.templating.lookup_nodes import Variable
from seedflow.recipe.templating.mentions import ROOTS, Link
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import (
    And,
    Applied,
    Binary,
    Compared,
    Either,
    Joined,
    ListOf,
    Not,
    Or,
    RecordOf,
    Signed,
)
from seedflow.recipe.templating.problems import Enough, Misread, suggest
from seedflow.recipe.templating.reading_calls import CallReader
from seedflow.recipe.templating.variables import Names

_BINARY: Final[dict[type[nodes.BinExpr], operators.Operator]] = {
    nodes.Add: operators.add,
    nodes.Sub: operators.subtract,
    nodes.Mul: operators.multiply,
    nodes.Div: operators.divide,
    nodes.FloorDiv: operators.floor_divide,
    nodes.Mod: operators.modulo,
    nodes.Pow: operators.power,
}
_COMPARISONS: Final[dict[str, operators.Operator]] = {
    "eq": operators.equal,
    "ne": lambda rendering, left, right: not operators.equal(rendering, left, right),
    "lt": lambda rendering, left, right: operators.compare(rendering, "<", left, right),
    "lteq": lambda rendering, left, right: operators.compare(rendering, "<=", left, right),
    "gt": lambda rendering, left, right: operators.compare(rendering, ">", left, right),
    "gteq": lambda rendering, left, right: operators.compare(rendering, ">=", left, right),
    "in": operators.contains,
    "notin": lambda rendering, left, right: not operators.contains(rendering, left, right),
}
_WIDENED: Final = (
    And,
    Applied,
    Binary,
    Compared,
    Either,
    FirstOf,
    Joined,
    Not,
    Or,
    OrNone,
    Signed,
    WithoutFailed,
)
"""Nodes whose place takes in the parentheses around them, so that what is made of them begins and ends there."""


class ExpressionReader(CallReader):
    """Reads expressions; keeps the names that the template sets, and counts nodes."""

    def __init__(self, tokens: Sequence[Token], roots: Collection[str]) -> None:
        super().__init__(tokens, roots)
        self.names = Names("template")
        self.slots = 0
        self.count = 0
        self._depth = 0
        self._roots = roots
        self._readers: dict[type, Callable[..., Expression]] = {
            nodes.Const: self._read_constant,
            nodes.Name: self._read_chain,
            nodes.Getattr: self._read_chain,
            nodes.Getitem: self._read_chain,
            nodes.Call: self._read_chain,
            nodes.List: self._read_list,
            nodes.Tuple: self._read_list,
            nodes.Dict: self._read_record,
            nodes.Filter: lambda node: self.read_filter(node, self.read(node.node)),
            nodes.Test: lambda node: self.read_test(node, self.read(node.node)),
            nodes.CondExpr: self._read_either,
            nodes.Compare: self._read_compared,
            nodes.Concat: self._read_joined,
            nodes.And: lambda node: And(self.read(node.left), self.read(node.right)),
            nodes.Or: lambda node: Or(self.read(node.left), self.read(node.right)),
            nodes.Not: self._read_not,
            nodes.Neg: lambda node: Signed(-1, self.read(node.node), node.lineno),
            nodes.Pos: lambda node: Signed(1, self.read(node.node), node.lineno),
            **dict.fromkeys(_BINARY, self._read_binary),
        }

    def sorted_references(self) -> tuple[Reference, ...]:
        """What was mentioned so far, in text order."""
        return tuple(sorted(self.references, key=lambda reference: reference.start))

    def read(self, node: nodes.Node) -> Expression:
        """The node of ours, by the type of Jinja's."""
        self.count += 1
        if len(self.problems) >= MAX_PROBLEMS:
            raise Enough
        if self._depth >= MAX_DEPTH:
            place = self.tokens.at(node.lineno)
            raise Misread(
                code="template-too-deep",
                message=f"more than {MAX_DEPTH} operations stand in each other",
                start=place.start,
                end=place.end,
                help="give a part of it a name with `{% set NAME = … %}`",
            )
        reader = self._readers.get(type(node))
        if reader is None:
            place = self.tokens.at(node.lineno)
            return self.refuse(
                "this cannot stand here", place.start, place.end, "write a value", code="template-syntax"
            )
        self._depth += 1
        expression = reader(node)
        self._depth -= 1
        if isinstance(expression, _WIDENED):
            expression.start, expression.end = self.tokens.widen(expression.start, expression.end)
        return expression

    def new_slot(self) -> int:
        """A variable for the rendering."""
        self.slots += 1
        return self.slots - 1

    # --- literals and operators

    def _read_constant(self, node: nodes.Const) -> Expression:
        place = self.tokens.at(node.lineno)
        return Constant(node.value, place.start, place.end)

    def _read_list(self, node: nodes.List | nodes.Tuple) -> Expression:
        items = [self.read(item) for item in node.items]
        place = self.tokens.at(node.lineno)
        if isinstance(node, nodes.List) or not items:
            return ListOf(items, place.start, self.tokens.find_end(place.start) or place.end)
        return ListOf(items, items[0].start, items[-1].end)

    def _read_record(self, node: nodes.Dict) -> Expression:
        entries = [(self.read(pair.key), self.read(pair.value)) for pair in node.items]
        return RecordOf(entries, node.lineno, self.tokens.get_end(node.lineno))

    def _read_binary(self, node: nodes.BinExpr) -> Expression:
        return Binary(_BINARY[type(node)], self.read(node.left), self.read(node.right))

    def _read_joined(self, node: nodes.Concat) -> Expression:
        return Joined([self.read(part) for part in node.nodes])

    def _read_compared(self, node: nodes.Compare) -> Expression:
        first = self.read(node.expr)
        return Compared(first, [(_COMPARISONS[operand.op], self.read(operand.expr)) for operand in node.ops])

    def _read_not(self, node: nodes.Not) -> Expression:
        operand = self.read(node.node)
        return Not(operand, min(node.lineno, operand.start), operand.end)

    def _read_either(self, node: nodes.CondExpr) -> Expression:
        then, test = self.read(node.expr1), self.read(node.test)
        if node.expr2 is None:
            return self.refuse(
                "`if` without `else` gives nothing when the test does not hold",
                then.start,
                test.end,
                'say what it gives then: `… else ""`',
                code="template-syntax",
            )
        return Either(test, then, self.read(node.expr2))

    # --- names, dots, brackets, calls

    def _read_chain(self, node: nodes.Expr) -> Expression:
        """A name or another value, with all dots, brackets and calls behind it."""
        chain: list[nodes.Getattr | nodes.Getitem | nodes.Call] = []
        base: nodes.Node = node
        while isinstance(base, nodes.Getattr | nodes.Getitem | nodes.Call):
            chain.append(base)
            base = base.node
        chain.reverse()
        self.count += len(chain)
        if not isinstance(base, nodes.Name):
            return self.mentions.extend(self.read(base), [self._build_link(part) for part in chain])
        place = self.tokens.at(base.lineno)
        slot = self._find_variable(base.name)
        if slot is None and base.name in ROOTS:
            return self.mentions.read(
                base.name, place.start, place.end, [self._build_link(part) for part in chain]
            )
        if slot is not None:
            variable = Variable(base.name, slot, place.start, place.end)
            return self.mentions.extend(variable, [self._build_link(part) for part in chain])
        if chain and isinstance(chain[0], nodes.Call):
            called = self.read_call(base.name, place, chain[0])
            return self.mentions.extend(called, [self._build_link(part) for part in chain[1:]])
        return self._refuse_name(base.name, place)

    def _find_variable(self, name: str) -> int | None:
        slot = self.names.find(name)
        if slot is None and name == "loop":
            loop = self.names.find_loop()
            if loop is not None:
                if loop.loop_slot is None:
                    loop.loop_slot = self.new_slot()
                return loop.loop_slot
        return slot

    def _refuse_name(self, name: str, place: Token) -> Expression:
        if name in self.macros or name in FUNCTIONS or name in FORMS:
            return self.refuse(
                f"`{name}` is called, it is not a value",
                place.start,
                place.end,
                f"write `{name}(…)`",
                code="template-unknown-name",
            )
        if name == "loop":
            message, help_ = "`loop` is known only inside `{% for %}`", None
        else:
            roots = [root for root in ROOTS if root in self._roots]
            places = [f"`{root}.{name}`" for root in ("inputs", "values", "each") if root in roots]
            message = f"`{name}` is not known here"
            help_ = suggest(
                name, [*roots, *self.names.all()], f"write {' or '.join([*places, 'quotes for text'])}"
            )
        return self.refuse(message, place.start, place.end, help_, code="template-unknown-name")

    def _build_link(self, node: nodes.Getattr | nodes.Getitem | nodes.Call) -> Link:
        if isinstance(node, nodes.Call):
            return Link(
                "call", node, node.lineno, self.tokens.get_end(node.lineno), self.tokens.get_end(node.lineno)
            )
        if isinstance(node, nodes.Getattr):
            name = self.tokens.at(node.lineno, 1)
            return Link("name", node.attr, name.start, name.end, name.end)
        if self.tokens.at(node.lineno).kind == "dot":
            number = self.tokens.at(node.lineno, 1)
            return Link("item", number.value, number.start, number.end, number.end)
        stop = self.tokens.get_end(node.lineno)
        return self._build_bracket(node.arg, self.tokens.at(node.lineno, 1).start, stop)

    def _build_bracket(self, key: nodes.Node, start: int, stop: int) -> Link:
        end = max(start, stop - 1)
        if isinstance(key, nodes.Slice):
            bounds = [
                None if bound is None else _literal_whole(bound) for bound in (key.start, key.stop, key.step)
            ]
            written = [bound is not None for bound in (key.start, key.stop, key.step)]
            if [bound is not None for bound in bounds] == written and bounds[2] != 0:
                return Link("slice", Slice(*bounds), start, end, stop)
            parts = [None if bound is None else self.read(bound) for bound in (key.start, key.stop, key.step)]
            return Link("part", parts, start, end, stop)
        number = _literal_whole(key)
        if number is not None:
            return Link("item", number, start, end, stop)
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            return Link("name", key.value, start, end, stop)
        if isinstance(key, nodes.Tuple):
            self.refuse(
                "one item stands in brackets" if key.items else "there is nothing between the brackets",
                start - 1,
                stop,
                "write a number, a name in quotes, or `FROM:TO`",
                code="template-syntax",
            )
            return Link("item", 0, start, end, stop)
        return Link("dynamic", self.read(key), start, end, stop)


def _literal_whole(node: nodes.Node) -> int | None:
    sign = 1
    if isinstance(node, nodes.Neg | nodes.Pos):
        sign, node = -1 if isinstance(node, nodes.Neg) else 1, node.node
    if isinstance(node, nodes.Const) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return sign * node.value
    return None
