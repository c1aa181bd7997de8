"""The operations of an expression, tried with values that stand in for those that only the run knows.

Each is done as the run would do it, and is wrong when it fails with all of these values; nothing is said of what stands on
something unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from math import prod
from typing import Final, TypeAlias

from seedflow.checks.comparisons import Reading, Side, find_never_equal, find_tested
from seedflow.checks.each_names import is_each, say_without_names
from seedflow.checks.stand_ins import Undecided, find_stand_ins
from seedflow.checks.trying import CERTAIN, TOO_MUCH, WrittenOut, choose_values, is_exact, try_out
from seedflow.graph.facts import NO_FACTS, Names
from seedflow.graph.flow import Flow
from seedflow.graph.inference import infer_shape
from seedflow.graph.places import Part as TemplatePart
from seedflow.graph.places import Place
from seedflow.graph.shapes import UNKNOWN, Kind, Shape
from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.callees import name_arguments
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import (
    Attribute,
    Item,
    Mentioned,
    Named,
    OneImage,
    Part,
    Variable,
)
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
from seedflow.recipe.templating.operators import Operator
from seedflow.recipe.templating.problems import Refusal, RenderError, suggest
from seedflow.recipe.templating.rendering import to_text
from seedflow.recipe.templating.statements import Called
from seedflow.recipe.templating.walking import walk

Frame: TypeAlias = "dict[int, Shape | Frame]"
"""The variables of one text by their slots; of an imported file, its own frame."""

_NAMING: Final = ("attribute", "method", "test")
"""Arguments whose text is a name, so that one text says nothing of another."""
_OF_KINDS: Final = frozenset(
    ("boolean", "defined", "float", "integer", "mapping", "number", "sequence", "string", "undefined")
)
_MOST_TRIED: Final = 600
_MOST_NODES: Final = 20_000
"""Nodes that are looked at in one template: macros that call macros can make more of a short text than anybody reads."""


class Enough(Exception):  # noqa: N818 - not an error of ours: the rest of the template is left unread
    """As much was looked at as one template is worth."""


class ExpressionReader:
    """Reads the expressions of one template; `found` is what is wrong with them, `doubted` what is of no use."""

    def __init__(self, flow: Flow, place: Place) -> None:
        self.found: list[RenderError] = []
        self.doubted: list[RenderError] = []
        self.frame: Frame = {}
        self.shared = 0
        """How many macros and files are being read within each other: what others use, perhaps with other kinds of values."""
        self.facts = NO_FACTS
        self.names = Names()
        self._unsure = 0
        self._flow = flow
        self._place = place
        self._left = _MOST_NODES
        self._written_out = WrittenOut()
        self._reading = Reading(place.template.scalar.value, self.shape_of)

    def shape_of(self, node: Expression) -> Shape:
        """What an expression gives, as far as that is settled."""
        return infer_shape(node, self)

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        return self._flow.shape_of_root(root, name, self._place.node, self._place.frame)

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""
        return self._flow.shape_of_mention(reference, self._place.node, self._place.frame)

    def shape_of_variable(self, slot: int) -> Shape:
        """The shape of a variable that the template sets itself."""
        shape = self.frame.get(slot)
        return shape if isinstance(shape, Shape) else UNKNOWN

    def refuse(self, error: RenderError) -> bool:
        """Take down what is wrong; false, since nothing that stands on it is worth a look."""
        if self._unsure == 0:
            self.found.append(error)
        return False

    def doubt(self, node: Expression, left: Side, operator: Operator, right: Expression) -> None:
        """Take down that the outcome of a comparison is known. Variables of a macro or a file are others elsewhere."""
        parts = list(walk(node)) if self.shared > 0 else []
        if self._unsure == 0 and not any(isinstance(part, Variable) for part in parts):
            self.doubted.extend(find_never_equal(left, operator, right, self._reading))

    @contextmanager
    def branch(self, test: Expression | None) -> Iterator[None]:
        """What stands behind a test, which may be about the very kinds of values for which it would be wrong.

        So it is in macros and files, which others may use with other values, and behind tests such as `is defined`.
        """
        unsure = self.shared > 0 or (test is not None and _asks_for_kind(test))
        self._unsure += unsure
        try:
            yield
        finally:
            self._unsure -= unsure

    def read(self, node: Expression, *, may_be_missing: bool = False) -> bool:  # noqa: C901 - one case for each kind of node
        """Look at an expression and all that it is made of; whether nothing is wrong with it.

        `may_be_missing` when its last look-up may find nothing, as in front of `default`.
        """
        self._left -= 1
        if self._left < 0:
            raise Enough
        if may_be_missing:
            self._written_out.leave(node)
        match node:
            case Attribute():
                return self.read(node.base) and (may_be_missing or self._look_up(node))
            case Item():
                return self._read_all((node.base, node.key)) and (
                    _is_given(node)
                    or self._try(node, (node.base, node.key), lambda base, key: Item(base, key, node.end))
                )
            case Part():
                bounds = [bound for bound in node.bounds if bound is not None]
                return self._read_all((node.base, *bounds)) and self._try(
                    node, (node.base, *bounds), lambda base, *tried: _fill(node, base, tried)
                )
            case Signed():
                return self._operate(
                    node, (node.operand,), lambda operand: Signed(node.sign, operand, node.start)
                )
            case Binary():
                return self._operate(
                    node, (node.left, node.right), lambda left, right: Binary(node.operator, left, right)
                )
            case Joined():
                return self._operate(node, node.parts, lambda *parts: Joined(parts))
            case Compared():
                return self._compare(node)
            case Applied():
                return self._apply(node)
            case ListOf():
                return self._read_all(node.items)
            case RecordOf():
                return self._read_all([part for entry in node.entries for part in entry])
            case Either():
                return self._read_behind(node.test, (node.then, node.otherwise))
            case And() | Or():
                return self._read_behind(node.left, (node.right,))
            case Not():
                return self.read(node.operand)
            case FirstOf():
                return self._read_all(node.arguments)
            case OrNone() | WithoutFailed():
                return self.read(node.argument)
            case Called():
                return self._read_all([one for one in node.arguments if one is not None]) and self.call(node)
            case _:
                return True

    def call(self, _: Called) -> bool:
        """Look at what a macro does with its arguments."""
        return True

    def read_printed(self, node: Expression, *, or_none: bool = False) -> None:
        """Look at what is printed; others say it of mentions. With `or_none`, none is as good as text."""
        shape = self.shape_of(node)
        if _is_mention(node) or not shape.known or shape.scalar or (or_none and shape.optional):
            return
        try:
            for value in find_stand_ins(shape):
                to_text(value)
        except Refusal as refusal:
            error = refusal.at(node.start, node.end)
            if self.shared == 0:
                error.help = _advise_brackets(node, self._place.template.scalar.value) or error.help
            self.refuse(error)
        except Undecided:
            return

    def _read_all(self, nodes: Sequence[Expression]) -> bool:
        clean = True
        for node in nodes:
            clean = self.read(node) and clean
        return clean

    def _read_behind(self, test: Expression, branches: Sequence[Expression]) -> bool:
        clean = self.read(test)
        with self.branch(test):
            return self._read_all(branches) and clean

    def _look_up(self, node: Attribute) -> bool:
        """Names in the author's own data are looked at by others."""
        if _is_given(node):
            return True
        if isinstance(_find_root(node), RecordOf):
            return self._try(
                node,
                (node.base,),
                lambda base: Attribute(base, node.name, node.end, node.name_start, node.name_end),
            )
        shape = self.shape_of(node.base)
        # An open record has any name but a slip of one that it has; of other open things too little is known.
        unsettled = shape.open and shape.kind is not Kind.RECORD
        if not shape.known or unsettled or shape.find(node.name) is not None:
            return True
        owner = f"`{node.base.name}`" if isinstance(node.base, Attribute | Variable) else "this"
        message = f"{owner} is {shape.describe()} and has no `{node.name}`"
        known = shape.attributes()
        help_ = suggest(node.name, known) if known else "take the attribute away"
        if isinstance(node.base, Attribute) and is_each(self.shape_of(node.base.base), node.base.name, shape):
            root = _find_root(node)
            message, help_ = say_without_names(
                node.name, [root.reference.step] if isinstance(root, Mentioned) else []
            )
        return self.refuse(RenderError(message, node.name_start, node.name_end, "unknown-attribute", help_))

    def _operate(
        self, node: Expression, operands: Sequence[Expression], build: Callable[..., Expression]
    ) -> bool:
        return self._read_all(operands) and self._try(node, operands, build)

    def _compare(self, node: Compared) -> bool:
        operands = (node.first, *(operand for _, operand in node.rest))
        if not self._read_all(operands):
            return False
        for left, (operator, right) in zip(operands, node.rest, strict=False):
            if not self._try(
                node, (left, right), lambda one, other, by=operator: Compared(one, [(by, other)])
            ):
                return False
            self.doubt(node, self._reading.side(left), operator, right)
        return True

    def _apply(self, node: Applied) -> bool:
        operands = (*node.arguments, *node.keywords.values())
        clean = not operands or self.read(operands[0], may_be_missing=node.takes_missing)
        clean = self._read_all(operands[1:]) and clean
        if not clean:
            return False
        if self._maps_lists(node):
            message = f"each of these is a list, which has no `{_find_mapped_name(node)}`"
            help_ = "write `map(attribute=0)` for the first of each"
            return self.refuse(RenderError(message, node.start, node.end, "unknown-attribute", help_))
        tested = find_tested(node, self._reading)
        if tested is not None:
            self.doubt(node, *tested)
        if not self._names_are_settled(node):
            return True
        if node.name == "zip" and self._place.part is TemplatePart.FOR_EACH:
            self._written_out.leave(node)  # that its lists are not equally long is said of the loop
        given = len(node.arguments)

        def build(*tried: Expression) -> Expression:
            keywords = dict(zip(node.keywords, tried[given:], strict=True))
            return Applied(
                node.name,
                node.apply,
                tried[:given],
                keywords,
                node.start,
                node.end,
                takes_missing=node.takes_missing,
            )

        return self._try(node, operands, build)

    def _maps_lists(self, node: Applied) -> bool:
        """Whether `map(attribute=…)` asks lists for a name, such as those of `map(attribute="images")` of tasks."""
        base = node.arguments[0] if node.arguments else None
        if not isinstance(base, Applied) or not base.arguments or _find_mapped_name(node) is None:
            return False
        name, item = _find_mapped_name(base), self.shape_of(base.arguments[0]).item
        found = item.find(name) if item is not None and name is not None else None
        return found is not None and found.kind is Kind.LIST and not found.optional

    def _names_are_settled(self, node: Applied) -> bool:
        """Whether nobody has to know which of several items an attribute is, or what a text is that names something."""
        arguments = name_arguments(node.apply, node.arguments, node.keywords)
        for name in _NAMING:
            argument = arguments.get(name)
            if argument is None:
                continue
            names = [argument.value] if isinstance(argument, Constant) else self.shape_of(argument).options
            if not names or any(_counts(one) for one in names):
                return False
        return True

    def _try(
        self, node: Expression, operands: Sequence[Expression], build: Callable[..., Expression]
    ) -> bool:
        """Whether an operation gives something with any of the values that stand in for its operands."""
        if self._written_out.holds(node):
            error = try_out(node)
            return error is None or self.refuse(error)
        try:
            choices = choose_values(node, operands, self.shape_of)
            if prod(map(len, choices)) > _MOST_TRIED:
                return True
            first: RenderError | None = None
            certain = CERTAIN | TOO_MUCH if all(is_exact(one, self.shape_of) for one in operands) else CERTAIN
            for values in product(*choices):
                tried = build(
                    *(
                        Constant(value, one.start, one.end)
                        for value, one in zip(values, operands, strict=True)
                    )
                )
                tried.start, tried.end = node.start, node.end
                error = try_out(tried)
                if error is None or error.code not in certain:
                    return True
                first = first or error
        except Undecided:
            return True
        return True if first is None else self.refuse(first)


def _advise_brackets(node: Expression, text: str) -> str | None:
    """What to write where a filter was meant for all that stands before it, and belongs to the last of that alone."""
    if not isinstance(node, And | Or) or not isinstance(node.right, Applied) or not node.right.arguments:
        return None
    last = node.right.arguments[0]
    behind = text[last.end : node.right.end].strip()
    if not behind.startswith("|") or "(" in text[node.left.end : last.start]:
        return None
    return f"`|` takes what stands right before it: write `({text[node.start : last.end]}) {behind}`"


def _asks_for_kind(test: Expression) -> bool:
    """Whether a test asks whether something is there, or what it is."""
    return any(isinstance(node, Applied) and node.name in _OF_KINDS for node in walk(test))


def _find_mapped_name(node: Applied) -> str | None:
    """The name that `map(attribute="NAME")` asks every item for, if it is that and nothing else."""
    given = (*node.arguments[1:], *node.keywords.values())
    if node.name != "map" or len(given) != 1 or not node.keywords.keys() <= {"attribute"}:
        return None
    (name,) = given
    is_name = isinstance(name, Constant) and isinstance(name.value, str) and name.value.isidentifier()
    return str(name.value) if is_name and isinstance(name, Constant) else None


def _is_mention(node: Expression) -> bool:
    """Whether it is a mention with nothing but names and numbers behind it."""
    return isinstance(_find_root(node), Named | Mentioned | OneImage)


def _is_given(node: Expression) -> bool:
    """Whether it is a name of what an author or a caller gave, with nothing but names and numbers behind it."""
    return isinstance(_find_root(node), Named)


def _find_root(node: Expression) -> Expression:
    while isinstance(node, Attribute) or (isinstance(node, Item) and isinstance(node.key, Constant)):
        node = node.base
    return node


def _fill(node: Part, base: Expression, tried: Sequence[Expression]) -> Expression:
    """A part with other bounds in place of those that are written."""
    others = iter(tried)
    return Part(base, [None if bound is None else next(others) for bound in node.bounds], node.end)


def _counts(attribute: object) -> bool:
    """Whether an attribute leads to an item by its number, of which there may be more than in what stands in."""
    return not isinstance(attribute, str) or any(part.isdecimal() for part in attribute.split("."))
