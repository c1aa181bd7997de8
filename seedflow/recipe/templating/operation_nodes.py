"""Nodes that make a value of other values: literals, operators, filters, tests, functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Expression, Found
from seedflow.recipe.templating.problems import Refusal, RenderError
from seedflow.recipe.templating.rendering import Rendering, describe, is_true


class ListOf(Expression):
    """`[A, B]` or `(A, B)`."""

    __slots__ = ("_leaves_out", "items")

    def __init__(self, items: Sequence[Expression], start: int, end: int) -> None:
        super().__init__(start, end)
        self.items = tuple(items)
        self._leaves_out = any(item.may_leave_out for item in self.items)

    def evaluate(self, rendering: Rendering) -> object:
        """A new list, without what was skipped and is optional."""
        made = [item.evaluate(rendering) for item in self.items]
        if self._leaves_out:
            pairs = zip(self.items, made, strict=True)
            made = [value for item, value in pairs if value is not None or not item.may_leave_out]
        try:
            rendering.weigh(made)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None
        return made


class RecordOf(Expression):
    """`{"name": A}`; keys are text."""

    __slots__ = ("entries",)

    def __init__(self, entries: Sequence[tuple[Expression, Expression]], start: int, end: int) -> None:
        super().__init__(start, end)
        self.entries = tuple(entries)

    def evaluate(self, rendering: Rendering) -> object:
        """A new record."""
        made: dict[str, object] = {}
        for name_of, value_of in self.entries:
            name = name_of.evaluate(rendering)
            if not isinstance(name, str):
                raise RenderError(
                    f"the names in a record are text, but this is {describe(name)}",
                    name_of.start,
                    name_of.end,
                    code="template-type",
                    help="put the name into quotes",
                )
            if name in made:
                raise RenderError(
                    f"the name `{name}` stands twice in this record",
                    name_of.start,
                    name_of.end,
                    code="template-type",
                    help="remove or rename one of the two",
                )
            made[name] = value_of.evaluate(rendering)
        try:
            rendering.weigh(made)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None
        return made


class Either(Expression):
    """`A if TEST else B`."""

    __slots__ = ("otherwise", "test", "then")

    def __init__(self, test: Expression, then: Expression, otherwise: Expression) -> None:
        super().__init__(then.start, otherwise.end)
        self.test = test
        self.then = then
        self.otherwise = otherwise

    def evaluate(self, rendering: Rendering) -> object:
        """One of the two; the other one is not evaluated."""
        chosen = self.then if is_true(self.test.evaluate(rendering)) else self.otherwise
        return chosen.evaluate(rendering)


class And(Expression):
    """`A and B`."""

    __slots__ = ("left", "right")

    def __init__(self, left: Expression, right: Expression) -> None:
        super().__init__(left.start, right.end)
        self.left = left
        self.right = right

    def evaluate(self, rendering: Rendering) -> object:
        """A when it does not hold, else B."""
        value = self.left.evaluate(rendering)
        return self.right.evaluate(rendering) if is_true(value) else value


class Or(Expression):
    """`A or B`."""

    __slots__ = ("left", "right")

    def __init__(self, left: Expression, right: Expression) -> None:
        super().__init__(left.start, right.end)
        self.left = left
        self.right = right

    def evaluate(self, rendering: Rendering) -> object:
        """A when it holds, else B."""
        value = self.left.evaluate(rendering)
        return value if is_true(value) else self.right.evaluate(rendering)


class Not(Expression):
    """`not A`."""

    __slots__ = ("operand",)

    def __init__(self, operand: Expression, start: int, end: int) -> None:
        super().__init__(start, end)
        self.operand = operand

    def evaluate(self, rendering: Rendering) -> object:
        """A boolean."""
        return not is_true(self.operand.evaluate(rendering))


class Signed(Expression):
    """`-A` or `+A`."""

    __slots__ = ("operand", "sign")

    def __init__(self, sign: int, operand: Expression, start: int) -> None:
        super().__init__(start, operand.end)
        self.sign = sign
        self.operand = operand

    def evaluate(self, rendering: Rendering) -> object:
        """A number."""
        value = self.operand.evaluate(rendering)
        try:
            return self.sign * operators.check_number(value)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None


class Binary(Expression):
    """Two operands and what is done with them."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: operators.Operator, left: Expression, right: Expression) -> None:
        super().__init__(left.start, right.end)
        self.operator = operator
        self.left = left
        self.right = right

    def evaluate(self, rendering: Rendering) -> object:
        """What the operator gives."""
        left, right = self.left.evaluate(rendering), self.right.evaluate(rendering)
        try:
            return self.operator(rendering, left, right)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None


class Joined(Expression):
    """`A ~ B ~ C`."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Expression]) -> None:
        super().__init__(parts[0].start, parts[-1].end)
        self.parts = tuple(parts)

    def evaluate(self, rendering: Rendering) -> object:
        """One text."""
        values = [part.evaluate(rendering) for part in self.parts]
        try:
            return operators.concatenate(rendering, values)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None


class Compared(Expression):
    """`A < B <= C`."""

    __slots__ = ("first", "rest")

    def __init__(self, first: Expression, rest: Sequence[tuple[operators.Operator, Expression]]) -> None:
        super().__init__(first.start, rest[-1][1].end)
        self.first = first
        self.rest = tuple(rest)

    def evaluate(self, rendering: Rendering) -> object:
        """Whether all hold; each operand is evaluated once, from the left, until one comparison does not hold."""
        left, start = self.first.evaluate(rendering), self.first.start
        for operator, operand in self.rest:
            right = operand.evaluate(rendering)
            try:
                if not operator(rendering, left, right):
                    return False
            except Refusal as refusal:
                raise refusal.at(start, operand.end) from None
            left, start = right, operand.start
        return True


class Applied(Found):
    """A filter, test or function and its arguments; for a filter or test the first is what stands before it.

    `takes_missing` lets the first argument be `MISSING`, for `default` and `is defined`.
    """

    __slots__ = ("apply", "arguments", "keywords", "name", "takes_missing")

    def __init__(
        self,
        name: str,
        apply: Callable[..., object],
        arguments: Sequence[Expression],
        keywords: Mapping[str, Expression],
        start: int,
        end: int,
        *,
        takes_missing: bool = False,
    ) -> None:
        super().__init__(start, end)
        self.name = name
        self.apply = apply
        self.arguments = tuple(arguments)
        self.keywords = dict(keywords)
        self.takes_missing = takes_missing

    def find(self, rendering: Rendering) -> object:
        """What it gives."""
        if self.takes_missing:
            first, *others = self.arguments
            values = [first.find(rendering), *(other.evaluate(rendering) for other in others)]
        else:
            values = [argument.evaluate(rendering) for argument in self.arguments]
        keywords = {name: argument.evaluate(rendering) for name, argument in self.keywords.items()}
        try:
            return self.apply(rendering, *values, **keywords)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None

    def refuse(self, _: Rendering) -> RenderError:
        """Only `first`, `last`, `min` and `max` of an empty list give nothing."""
        return RenderError(
            f"`{self.name}` has nothing to give: the list is empty",
            self.start,
            self.end,
            code="template-no-such-item",
            help=f"give something to use instead: `… | {self.name} | default(…)`",
        )
