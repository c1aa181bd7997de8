"""Nodes that look something up: names in scope, steps, keys, attributes, items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.lookups import find_attribute, find_item, refuse_missing
from seedflow.recipe.templating.nodes import Expression, Found
from seedflow.recipe.templating.problems import Refusal, RenderError, suggest
from seedflow.recipe.templating.rendering import MISSING, Rendering, describe

DataRoot: TypeAlias = Literal["inputs", "values", "each", "ref", "recipe"]
ImageRoot: TypeAlias = Literal["image", "prev"]


class Variable(Found):
    """A variable of the template itself, set by `set`, `for`, `with` or a macro's arguments."""

    __slots__ = ("name", "slot")

    def __init__(self, name: str, slot: int, start: int, end: int) -> None:
        super().__init__(start, end)
        self.name = name
        self.slot = slot

    def find(self, rendering: Rendering) -> object:
        """What was set last."""
        return rendering.slots[self.slot]

    def refuse(self, _: Rendering) -> RenderError:
        """Only a `set` within an `if` can be passed by."""
        return RenderError(
            f"`{self.name}` was not set on the way here",
            self.start,
            self.end,
            code="template-undefined",
            help="set it before the `{% if %}` that may set it",
        )


class Named(Found):
    """`inputs.hero`: a name below one of the roots. `name_start` is where the name itself begins."""

    __slots__ = ("name", "name_end", "name_start", "root")

    def __init__(
        self, root: DataRoot, name: str, start: int, end: int, name_start: int, name_end: int
    ) -> None:
        super().__init__(start, end)
        self.root: DataRoot = root
        self.name = name
        self.name_start = name_start
        self.name_end = name_end

    def find(self, rendering: Rendering) -> object:
        """What stands in the scope."""
        return rendering.scope.root(self.root).get(self.name, MISSING)

    def refuse(self, rendering: Rendering) -> RenderError:
        """The names that there are stand in the help."""
        return RenderError(
            f"`{self.root}` has no `{self.name}`",
            self.name_start,
            self.name_end,
            code="template-undefined",
            help=suggest(self.name, rendering.scope.root(self.root)),
        )


class OneImage(Found):
    """`image`, in an output's `file`, and `prev`, in a step with `iterate`."""

    __slots__ = ("root",)

    def __init__(self, root: ImageRoot, start: int, end: int) -> None:
        super().__init__(start, end)
        self.root: ImageRoot = root

    def find(self, rendering: Rendering) -> object:
        """The view of the image that is published, or of the one before."""
        view = rendering.scope.image if self.root == "image" else rendering.scope.prev
        return MISSING if view is None else view

    def refuse(self, _: Rendering) -> RenderError:
        """Only a scope without one does that."""
        return RenderError(f"there is no `{self.root}` here", self.start, self.end, code="template-undefined")


class Mentioned(Expression):
    """What another step gives."""

    __slots__ = ("reference",)

    def __init__(self, reference: StepReference) -> None:
        super().__init__(reference.start, reference.end)
        self.reference = reference

    def evaluate(self, rendering: Rendering) -> object:
        """What the scope resolves it to; what that raises passes through."""
        reference = self.reference
        if rendering.goes_on and reference.skip_ok:
            reference = replace(reference, skip_ok=False)
        try:
            return rendering.scope.resolve(reference)
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None


class Attribute(Found):
    """`BASE.NAME` or `BASE["NAME"]`. `name_start`, `name_end` are the place of the name."""

    __slots__ = ("base", "name", "name_end", "name_start")

    def __init__(self, base: Expression, name: str, end: int, name_start: int, name_end: int) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.name = name
        self.name_start = name_start
        self.name_end = name_end

    def find(self, rendering: Rendering) -> object:
        """The value of a key, or of a view's attribute."""
        base = self.base.evaluate(rendering)
        try:
            return find_attribute(base, self.name)
        except Refusal as refusal:
            raise refusal.at(self.name_start, self.name_end) from None

    def refuse(self, rendering: Rendering) -> RenderError:
        """The names that there are stand in the help."""
        return refuse_missing(self.base.evaluate(rendering), self.name).at(self.name_start, self.name_end)


class Item(Found):
    """`BASE[KEY]`; the key is any expression."""

    __slots__ = ("base", "key")

    def __init__(self, base: Expression, key: Expression, end: int) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.key = key

    def find(self, rendering: Rendering) -> object:
        """The item of a list, or the value of a key."""
        base, key = self.base.evaluate(rendering), self.key.evaluate(rendering)
        try:
            return find_item(base, key)
        except Refusal as refusal:
            raise refusal.at(self.key.start, self.key.end) from None

    def refuse(self, rendering: Rendering) -> RenderError:
        """How many there are stands in the message."""
        base, key = self.base.evaluate(rendering), self.key.evaluate(rendering)
        return refuse_missing(base, key).at(self.key.start, self.key.end)


class Part(Expression):
    """`BASE[start:stop:step]`, of lists only."""

    __slots__ = ("base", "bounds")

    def __init__(self, base: Expression, bounds: Sequence[Expression | None], end: int) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.bounds = tuple(bounds)

    def evaluate(self, rendering: Rendering) -> object:
        """A list of the items between, as in Python."""
        base = self.base.evaluate(rendering)
        bounds = [None if bound is None else bound.evaluate(rendering) for bound in self.bounds]
        try:
            if not isinstance(base, list | tuple):
                raise Refusal(
                    code="template-type", message=f"this is {describe(base)}; only lists have parts"
                )
            start, stop, step = (_check_bound(bound) for bound in bounds)
            if step == 0:
                raise Refusal(
                    code="template-number", message="the step of a slice is not 0", help="leave the step out"
                )
            rendering.spend(len(base))
            return list(base[start:stop:step])
        except Refusal as refusal:
            raise refusal.at(self.start, self.end) from None


def _check_bound(bound: object) -> int | None:
    if bound is None or (isinstance(bound, int) and not isinstance(bound, bool)):
        return bound
    raise Refusal(
        code="template-type",
        message=f"the bounds of a slice are whole numbers, but this is {describe(bound)}",
    )
