"""What the nodes of an expression have in common.

Each evaluates itself; there is no generated code, and no way from data to a Python attribute. `start` and `end` of a
node are its place in the scalar's value. `find` gives `MISSING` where the last look-up of the node finds nothing,
`evaluate` raises there.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from seedflow.recipe.templating.problems import RenderError
from seedflow.recipe.templating.rendering import MISSING, Rendering


class Expression:
    """Something that gives a value.

    Not an `ABC`, of which `isinstance` takes five times as long: whoever walks over templates asks it for every node.
    """

    __slots__ = ("end", "start")

    may_leave_out: ClassVar[bool] = False
    """Whether none that it gives says that nothing stands there: in brackets, there is no item then."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    @abstractmethod
    def evaluate(self, rendering: Rendering) -> object:
        """Its value.

        Raises:
            RenderError: it has none.
        """

    def find(self, rendering: Rendering) -> object:
        """Its value, or `MISSING`.

        Raises:
            RenderError: something on the way to it has no value.
        """
        return self.evaluate(rendering)


class Constant(Expression):
    """A value that is written in the template."""

    __slots__ = ("value",)

    def __init__(self, value: object, start: int, end: int) -> None:
        super().__init__(start, end)
        self.value = value

    def evaluate(self, _: Rendering) -> object:
        """The value."""
        return self.value


class Found(Expression):
    """Something that may find nothing: a look-up, or a filter such as `first`."""

    __slots__ = ()

    def evaluate(self, rendering: Rendering) -> object:
        """What is found."""
        value = self.find(rendering)
        if value is MISSING:
            raise self.refuse(rendering)
        return value

    @abstractmethod
    def find(self, rendering: Rendering) -> object:
        """What is found, or `MISSING`."""

    @abstractmethod
    def refuse(self, rendering: Rendering) -> RenderError:
        """The words for nothing being found."""
