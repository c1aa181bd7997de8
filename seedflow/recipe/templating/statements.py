"""The nodes of a template's text: what is printed, when, and how often."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Refusal, RenderError
from seedflow.recipe.templating.rendering import MISSING, Rendering, describe, is_true


class Statement:
    """Something that adds to the rendered text, or sets a variable. No `ABC`, as an expression is none."""

    __slots__ = ()

    @abstractmethod
    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Do it.

        Raises:
            RenderError: with the values at hand it cannot be done.
        """


Body = tuple[Statement, ...]


class Text(Statement):
    """Text as it stands in the template."""

    __slots__ = ("start", "text")

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start

    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Print it."""
        try:
            rendering.add_text(self.text, out)
        except Refusal as refusal:
            raise refusal.at(self.start, self.start + len(self.text)) from None


class Print(Statement):
    """`{{ EXPRESSION }}` among other text."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Print its value."""
        value = self.expression.evaluate(rendering)
        try:
            rendering.print_value(value, out)
        except Refusal as refusal:
            raise refusal.at(self.expression.start, self.expression.end) from None


class If(Statement):
    """`if`, `elif`, `else`."""

    __slots__ = ("branches", "otherwise")

    def __init__(self, branches: Sequence[tuple[Expression, Body]], otherwise: Body) -> None:
        self.branches = tuple(branches)
        self.otherwise = otherwise

    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Write the first body whose test holds."""
        body = next(
            (body for test, body in self.branches if is_true(test.evaluate(rendering))), self.otherwise
        )
        for statement in body:
            statement.write(rendering, out)


class Set(Statement):
    """`{% set a = EXPRESSION %}`, or several variables from the items of a list."""

    __slots__ = ("expression", "slots")

    def __init__(self, slots: Sequence[int], expression: Expression) -> None:
        self.slots = tuple(slots)
        self.expression = expression

    def write(self, rendering: Rendering, _: list[str]) -> None:
        """Set the variables."""
        value = self.expression.evaluate(rendering)
        _assign(rendering, self.slots, value, self.expression)


class SetText(Statement):
    """`{% set a %}…{% endset %}`: the text in between. `result` is what filters make of it."""

    __slots__ = ("body", "result", "slot")

    def __init__(self, slot: int, body: Body, result: Expression | None) -> None:
        self.slot = slot
        self.body = body
        self.result = result

    def write(self, rendering: Rendering, _: list[str]) -> None:
        """Render the body for itself and set the variable."""
        rendering.slots[self.slot] = render_body(self.body, rendering)
        if self.result is not None:
            rendering.slots[self.slot] = self.result.evaluate(rendering)


class For(Statement):
    """A loop over the items of a list, or the names in a record.

    `slots` take the item, `loop_slot` the record behind `loop`. `inner` are the variables that the body sets: each round
    begins without them. `weight` is the number of nodes in the body, paid for each round.
    """

    __slots__ = ("body", "condition", "inner", "items", "loop_slot", "otherwise", "slots", "weight")

    def __init__(
        self,
        slots: Sequence[int],
        items: Expression,
        condition: Expression | None,
        body: Body,
        otherwise: Body,
        *,
        loop_slot: int | None,
        inner: Sequence[int],
        weight: int,
    ) -> None:
        self.slots = tuple(slots)
        self.items = items
        self.condition = condition
        self.body = body
        self.otherwise = otherwise
        self.loop_slot = loop_slot
        self.inner = tuple(inner)
        self.weight = weight

    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Write the body for every item, or the other body when there is none."""
        items = self._choose(rendering)
        slots = rendering.slots
        for index, item in enumerate(items):
            self._pay(rendering, self.weight)
            for slot in self.inner:
                slots[slot] = MISSING
            _assign(rendering, self.slots, item, self.items)
            if self.loop_slot is not None:
                slots[self.loop_slot] = _build_loop(items, index)
            for statement in self.body:
                statement.write(rendering, out)
        if not items:
            for statement in self.otherwise:
                statement.write(rendering, out)

    def _pay(self, rendering: Rendering, work: int) -> None:
        try:
            rendering.spend(work)
        except Refusal as refusal:
            raise refusal.at(self.items.start, self.items.end) from None

    def _choose(self, rendering: Rendering) -> Sequence[object]:
        value = self.items.evaluate(rendering)
        if isinstance(value, Mapping):
            value = list(value)
        if not isinstance(value, list | tuple):
            raise RenderError(
                f"`for` goes through a list, but this is {describe(value)}",
                self.items.start,
                self.items.end,
                code="template-type",
                help="an absent list is none; write `… or []`"
                if value is None
                else "give it a list; for one value, write `[…]` around it",
            )
        if self.condition is None:
            return value
        chosen: list[object] = []
        for item in value:
            self._pay(rendering, self.weight)
            _assign(rendering, self.slots, item, self.items)
            if is_true(self.condition.evaluate(rendering)):
                chosen.append(item)
        return chosen


class Macro:
    """`{% macro NAME(…) %}`: text with parameters. `slots` take the arguments, `defaults` stand beside them."""

    __slots__ = ("body", "defaults", "inner", "name", "parameters", "slots", "weight")

    def __init__(self, name: str, parameters: Sequence[str], slots: Sequence[int]) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.slots = tuple(slots)
        self.defaults: tuple[Expression | None, ...] = (None,) * len(self.slots)
        self.body: Body = ()
        self.inner: tuple[int, ...] = ()
        self.weight = 1


class Called(Expression):
    """`{{ NAME(…) }}` of a macro; `arguments` stand in the order of its parameters, None for a default."""

    __slots__ = ("arguments", "macro")

    def __init__(self, macro: Macro, arguments: Sequence[Expression | None], start: int, end: int) -> None:
        super().__init__(start, end)
        self.macro = macro
        self.arguments = tuple(arguments)

    def evaluate(self, rendering: Rendering) -> object:
        """The text of the macro's body."""
        given = [None if argument is None else argument.evaluate(rendering) for argument in self.arguments]
        try:
            rendering.begin_call(self.macro.weight)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None
        try:
            return self.write_body(rendering, given)
        finally:
            rendering.end_call()

    def write_body(self, rendering: Rendering, given: Sequence[object]) -> str:
        """The text of the body with these arguments.

        Raises:
            RenderError: with them it cannot be rendered.
        """
        macro, slots = self.macro, rendering.slots
        for slot in macro.inner:
            slots[slot] = MISSING
        for slot, argument, value, default in zip(
            macro.slots, self.arguments, given, macro.defaults, strict=True
        ):
            if argument is None and default is not None:
                slots[slot] = default.evaluate(rendering)
            else:
                slots[slot] = value
        return render_body(macro.body, rendering)


def render_body(body: Body, rendering: Rendering) -> str:
    """The text of a body for itself, as `set` and macros want it.

    Raises:
        RenderError: with the values at hand it cannot be rendered.
    """
    before, rendering.printed = rendering.printed, 0
    out: list[str] = []
    try:
        for statement in body:
            statement.write(rendering, out)
    finally:
        rendering.printed = before
    return "".join(out)


def _assign(rendering: Rendering, slots: tuple[int, ...], value: object, place: Expression) -> None:
    if len(slots) == 1:
        rendering.slots[slots[0]] = value
        return
    if not isinstance(value, list | tuple) or len(value) != len(slots):
        found = f"a list of {len(value)}" if isinstance(value, list | tuple) else describe(value)
        raise RenderError(
            f"{len(slots)} variables take a list of {len(slots)} items, but this is {found}",
            place.start,
            place.end,
            code="template-type",
            help="for the names and values of a record, write `… | items`"
            if isinstance(value, str)
            else None,
        )
    for slot, item in zip(slots, value, strict=True):
        rendering.slots[slot] = item


def _build_loop(items: Sequence[object], index: int) -> dict[str, object]:
    count = len(items)
    loop: dict[str, object] = {
        "index": index + 1,
        "index0": index,
        "revindex": count - index,
        "revindex0": count - index - 1,
        "first": index == 0,
        "last": index == count - 1,
        "length": count,
    }
    if index > 0:
        loop["previtem"] = items[index - 1]
    if index < count - 1:
        loop["nextitem"] = items[index + 1]
    return loop
