"""Prompt partials: files that templates include or import, as they are read and as they are written.

A file has variables of its own, in a frame beside that of the text that uses it. Into an included file go the variables
that it uses and does not set itself; nothing comes out of it but text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, cast

from seedflow.diagnostics import Source
from seedflow.recipe.templating.nodes import Expression, Found
from seedflow.recipe.templating.problems import Place, Problem, Refusal, RenderError
from seedflow.recipe.templating.rendering import MISSING, Rendering
from seedflow.recipe.templating.statements import Body, Called, Macro, Statement, Text


class Need(NamedTuple):
    """A variable that a file uses and does not set; `source`, `start`, `end` are the place of its first use.

    It is `required` when a use of it, then the first such one, has neither a test nor `default` before it.
    """

    slot: int
    source: Source
    start: int
    end: int
    required: bool = True


@dataclass(frozen=True, slots=True)
class Partial:
    """A file that was read as a template.

    `name` is how it is called in messages. `slots` counts its variables, of which `needs` come from whoever includes it;
    `macros` and `names` (variables that it sets itself, by slot) are what can be imported. `weight` is paid for each
    use. `depth` counts the files that stand behind each other in it, itself included. `problems` have their source.
    """

    name: str
    source: Source
    body: Body
    slots: int
    needs: Mapping[str, Need]
    macros: Mapping[str, Macro]
    names: Mapping[str, int]
    weight: int
    depth: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """An imported file, and the variable that holds its frame."""

    partial: Partial
    slot: int


class Include(Statement):
    """`{% include "FILE" %}`; `arguments` are what goes into which of the file's variables."""

    __slots__ = ("arguments", "end", "partial", "start")

    def __init__(
        self, partial: Partial, arguments: Sequence[tuple[int, Expression]], start: int, end: int
    ) -> None:
        self.partial = partial
        self.arguments = tuple(arguments)
        self.start = start
        self.end = end

    def write(self, rendering: Rendering, out: list[str]) -> None:
        """Write the file."""
        frame: list[object] = [MISSING] * self.partial.slots
        for slot, argument in self.arguments:
            frame[slot] = argument.find(rendering)
        call = Place(None, self.start, self.end, f"`{self.partial.name}` is included here")
        with _pay(rendering, self.partial, call), _within(rendering, frame, self.partial, call):
            for statement in self.partial.body:
                statement.write(rendering, out)


class Import(Statement):
    """`{% import "FILE" as NAME %}` and `{% from "FILE" import NAME %}`.

    `slot` takes the file's frame, `copies` are pairs of a variable here and one of the file.
    """

    __slots__ = ("copies", "end", "partial", "slot", "start")

    def __init__(self, module: Module, copies: Sequence[tuple[int, int]], start: int, end: int) -> None:
        self.partial = module.partial
        self.slot = module.slot
        self.copies = tuple(copies)
        self.start = start
        self.end = end

    def write(self, rendering: Rendering, _: list[str]) -> None:
        """Set the file's variables, and nothing else: what it prints is not for here."""
        frame: list[object] = [MISSING] * self.partial.slots
        call = Place(None, self.start, self.end, f"`{self.partial.name}` is imported here")
        before = rendering.printed
        with _pay(rendering, self.partial, call), _within(rendering, frame, self.partial, call):
            unseen: list[str] = []
            for statement in self.partial.body:
                if not isinstance(statement, Text):
                    statement.write(rendering, unseen)
        rendering.printed = before
        rendering.slots[self.slot] = frame
        for here, there in self.copies:
            rendering.slots[here] = frame[there]


class CalledFrom(Called):
    """A call of an imported macro."""

    __slots__ = ("module", "name")

    def __init__(
        self,
        module: Module,
        name: str,
        macro: Macro,
        arguments: Sequence[Expression | None],
        start: int,
        end: int,
    ) -> None:
        super().__init__(macro, arguments, start, end)
        self.module = module
        self.name = name

    def write_body(self, rendering: Rendering, given: Sequence[object]) -> str:
        """The text of the body, among the variables of its own file."""
        frame = _find_frame(rendering, self.module)
        call = Place(None, self.start, self.end, f"`{self.name}` is called here")
        with _within(rendering, frame, self.module.partial, call):
            return super().write_body(rendering, given)


class Member(Found):
    """`MODULE.NAME`: a variable that an imported file sets."""

    __slots__ = ("module", "name", "slot")

    def __init__(self, module: Module, name: str, slot: int, start: int, end: int) -> None:
        super().__init__(start, end)
        self.module = module
        self.name = name
        self.slot = slot

    def find(self, rendering: Rendering) -> object:
        """What the file set last."""
        return _find_frame(rendering, self.module)[self.slot]

    def refuse(self, _: Rendering) -> RenderError:
        """Only a `set` within an `if` can be passed by."""
        return RenderError(
            f"`{self.module.partial.name}` did not set `{self.name}`",
            self.start,
            self.end,
            code="template-undefined",
            help="set it there before the `{% if %}` that may set it",
        )


def _find_frame(rendering: Rendering, module: Module) -> list[object]:
    """The variables of an imported file. No import is passed by: they stand outside of every block."""
    return cast("list[object]", rendering.slots[module.slot])


@contextmanager
def _pay(rendering: Rendering, partial: Partial, call: Place) -> Iterator[None]:
    try:
        rendering.begin_call(partial.weight)
    except Refusal as refusal:
        raise refusal.at(call.start, call.end) from None
    try:
        yield
    finally:
        rendering.end_call()


@contextmanager
def _within(rendering: Rendering, frame: list[object], partial: Partial, call: Place) -> Iterator[None]:
    """Among the variables of a file; what goes wrong there is placed there."""
    outside, rendering.slots = rendering.slots, frame
    try:
        yield
    except RenderError as error:
        raise error.inside(partial.source, call) from None
    finally:
        rendering.slots = outside
