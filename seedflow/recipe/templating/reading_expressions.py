"""Jinja's syntax tree → nodes: literals, operators, and names with dots and brackets behind them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias

from jinja2 import nodes

from seedflow.diagnostics import Source
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
from seedflow.recipe.templating.optional_names import NO_NAMES, find_passed, find_spared
from seedflow.recipe.templating.partials import Need
from seedflow.recipe.templating.problems import Enough, Misread, Problem, suggest
from seedflow.recipe.templating.reading_calls import CallReader
from seedflow.recipe.templating.variables import Names

RESERVED: Final = frozenset({*ROOTS, *FUNCTIONS, *FORMS, "loop"} - {"image", "prev"})
"""Names that no template may set. `image` and `prev` are free but where they are known: a loop may go `for image in …`."""

Chain: TypeAlias = Sequence[nodes.Getattr | nodes.Getitem | nodes.Call]
"""Dots, brackets and calls behind a name, in written order."""

_BINARY: Final[dict[type[nodes.BinExpr], operators.Operator]] = {
    nodes.Add: operators.add,
    nodes.Sub: operators.subtract,
    nodes.Mul: operators.multiply,
    nodes.Div: operators.divide,
    nodes.FloorDiv: operators.floor_divide,
    nodes.Mod: operators.modulo,
    nodes.Pow: operators.power,
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
    """Reads expressions; keeps the names that the template sets, and counts nodes.

    With a `source` the text is a file's: names that it does not set are `needs`, which whoever includes it passes.
    """

    def __init__(self, tokens: Sequence[Token], roots: Collection[str], source: Source | None = None) -> None:
        super().__init__(tokens, roots)
        self.source = source
        self.needs: dict[str, Need] = {}
        self._spared: frozenset[str] = NO_NAMES
        self.unread: set[str] = set()
        """Names whose meaning is in a file with problems, so that nothing is said of them."""
        self.names = Names("template")
        self.slots = 0
        self.count = 0
        self.branches = 0
        """How many `{% if %}` stand around this place."""
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
            nodes.Filter: lambda node: self.read_filter(node, self._read_operand(node, node.node)),
            nodes.Test: lambda node: self.read_test(node, self._read_operand(node, node.node)),
            nodes.CondExpr: self._read_either,
            nodes.Compare: self._read_compared,
            nodes.Concat: self._read_joined,
            nodes.And: lambda node: And(
                self.read(node.left), self._read_after(node.left, node.right, holds=True)
            ),
            nodes.Or: lambda node: Or(
                self.read(node.left), self._read_after(node.left, node.right, holds=False)
            ),
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
        if self._depth > MAX_DEPTH:  # what the innermost operation works on stands in it
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

    @abstractmethod
    def read_member(self, name: str, place: Token, chain: Chain) -> Expression:
        """`MODULE.NAME` or `MODULE.NAME(…)` of an imported file."""

    def need(self, name: str, source: Source, start: int, end: int, *, required: bool = True) -> int:
        """A variable of a file that comes from outside; the place is that of its first use."""
        required = required and name not in self._spared
        known = self.needs.get(name)
        if known is not None:
            if required and not known.required:
                self.needs[name] = Need(known.slot, source, start, end)
            return known.slot
        outermost = self.names
        while outermost.parent is not None:
            outermost = outermost.parent
        slot = outermost.own[name] = self.new_slot()
        self.needs[name] = Need(slot, source, start, end, required)
        return slot

    def needs_slot(self, name: str, slot: int | None) -> bool:
        """Whether a variable is one that comes from outside."""
        return slot is not None and name in self.needs and self.needs[name].slot == slot

    @contextmanager
    def sparing(self, names: frozenset[str]) -> Iterator[None]:
        """For the block, whoever includes the file may leave these names out."""
        before, self._spared = self._spared, self._spared | names
        try:
            yield
        finally:
            self._spared = before

    def spare(self, name: str) -> None:
        """To the end of the block, the file itself has set this name."""
        self._spared |= {name}

    def _read_operand(self, node: nodes.Node, operand: nodes.Node) -> Expression:
        with self.sparing(find_spared(node)):
            return self.read(operand)

    def _read_after(self, test: nodes.Node, node: nodes.Node, *, holds: bool) -> Expression:
        """What is worked out only where a test holds, or only where it does not."""
        with self.sparing(find_passed(test, holds=holds)):
            return self.read(node)

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
        seen: set[object] = set()
        for name, _ in entries:
            if not isinstance(name, Constant) or not isinstance(name.value, str):
                continue
            if name.value in seen:
                self.refuse(
                    f"the name `{name.value}` stands twice in this record",
                    name.start,
                    name.end,
                    "remove or rename one of the two",
                    code="template-syntax",
                )
            seen.add(name.value)
        return RecordOf(entries, node.lineno, self.tokens.get_end(node.lineno))

    def _read_binary(self, node: nodes.BinExpr) -> Expression:
        return Binary(_BINARY[type(node)], self.read(node.left), self.read(node.right))

    def _read_joined(self, node: nodes.Concat) -> Expression:
        return Joined([self.read(part) for part in node.nodes])

    def _read_compared(self, node: nodes.Compare) -> Expression:
        first = self.read(node.expr)
        return Compared(
            first, [(operators.COMPARISONS[operand.op], self.read(operand.expr)) for operand in node.ops]
        )

    def _read_not(self, node: nodes.Not) -> Expression:
        operand = self.read(node.node)
        return Not(operand, min(node.lineno, operand.start), operand.end)

    def _read_either(self, node: nodes.CondExpr) -> Expression:
        then, test = self._read_after(node.test, node.expr1, holds=True), self.read(node.test)
        if node.expr2 is None:
            return self.refuse(
                "`if` without `else` gives nothing when the test does not hold",
                then.start,
                test.end,
                'say what it gives then: `… else ""`',
                code="template-syntax",
            )
        return Either(test, then, self._read_after(node.test, node.expr2, holds=False))

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
            return self.mentions.extend(self.read(base), [self.build_link(part) for part in chain])
        place = self.tokens.at(base.lineno)
        if base.name in self.unread:
            return Constant("", place.start, place.end)
        if base.name in self.modules:
            return self.read_member(base.name, place, chain)
        slot = self.find_variable(base.name)
        if slot is None and self.source is not None:
            if base.name in ROOTS and base.name in RESERVED:
                return self._refuse_root(base.name, place)
            if self._may_come_from_outside(base.name, chain):
                slot = self.need(base.name, self.source, place.start, place.end)
        elif self.source is not None and self.needs_slot(base.name, slot):
            self.need(base.name, self.source, place.start, place.end)
        if slot is None and base.name in ROOTS:
            return self.mentions.read(
                base.name, place.start, place.end, [self.build_link(part) for part in chain]
            )
        if slot is not None:
            variable = Variable(base.name, slot, place.start, place.end)
            return self.mentions.extend(variable, [self.build_link(part) for part in chain])
        if chain and isinstance(chain[0], nodes.Call):
            called = self.read_call(base.name, place, chain[0])
            return self.mentions.extend(called, [self.build_link(part) for part in chain[1:]])
        return self._refuse_name(base.name, place, chain)

    def _may_come_from_outside(self, name: str, chain: Chain) -> bool:
        called = bool(chain) and isinstance(chain[0], nodes.Call)
        return not called and name not in RESERVED and name not in self.macros

    def _refuse_root(self, name: str, place: Token) -> Expression:
        return self.refuse(
            f"`{name}` is not known in a file: it sees only what it is passed",
            place.start,
            place.end,
            f"set a name where it is included, `{{% with NAME = {name}.… %}}`, or pass an argument to its macro",
            code="template-unknown-name",
        )

    def find_variable(self, name: str) -> int | None:
        """The variable that a name means here, or None."""
        slot = self.names.find(name)
        if slot is None and name == "loop":
            loop = self.names.find_loop()
            if loop is not None:
                if loop.loop_slot is None:
                    loop.loop_slot = self.new_slot()
                return loop.loop_slot
        return slot

    def _refuse_name(self, name: str, place: Token, chain: Chain) -> Expression:
        if name in self.macros or name in FUNCTIONS or name in FORMS:
            return self.refuse(
                f"`{name}` is called, it is not a value",
                place.start,
                place.end,
                f"write `{name}(…)`",
                code="template-unknown-name",
            )
        if name == "loop":
            message = "`loop` is known only inside `{% for %}`"
            help_: str | None = (
                "use it between `{% for … %}` and `{% endfor %}`; to number tasks, put numbers into the list: "
                '`for_each: "{{ zip(…, n=range(1, 4)) }}"`'
                if self.source is None
                else "pass what the file needs: `{% with NAME = loop.index %}`"
            )
        else:
            roots = [root for root in ROOTS if root in self._roots]
            root = next((root for root in ("inputs", "each") if root in roots), None)
            message = f"`{name}` is not known here"
            advice = "put quotes around it if it is text"
            if root is not None:
                advice = f"declare it and write `{root}.{name}`, or {advice}"
            help_ = suggest(name, [*roots, *self.names.all()], advice)
        bare = ".".join((name, *(part.attr for part in chain[:1] if isinstance(part, nodes.Getattr))))
        self.problems.append(
            Problem("template-unknown-name", message, place.start, place.end, help_, bare=bare)
        )
        return Constant("", place.start, place.end)

    def build_link(self, node: nodes.Getattr | nodes.Getitem | nodes.Call) -> Link:
        """One dot, bracket or call behind a value."""
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
