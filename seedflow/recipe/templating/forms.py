"""What goes on where something was skipped: `first_of` and `optional`; and `succeeded`, which passes its argument on.

They look like functions and are not: each argument is evaluated for itself, when it is needed. What is left out of a
collection is decided by whoever resolves a mention, by its `skip_ok` and `fail_ok`.
"""

from __future__ import annotations

from collections.abc import Sequence

from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Skipped
from seedflow.recipe.templating.rendering import Rendering
from seedflow.recipe.templating.walking import walk


class _Taken:
    """An argument, which is skipped as a task would be that mentions the same: by one single result, or by all of its collections."""

    __slots__ = ("_argument", "_mentions")

    def __init__(self, argument: Expression) -> None:
        self._argument = argument
        self._mentions = tuple(node for node in walk(argument) if isinstance(node, Mentioned))

    def evaluate(self, rendering: Rendering) -> object:
        """Its value.

        Raises:
            Skipped: what it mentions was skipped.
        """
        before, rendering.goes_on = rendering.goes_on, False
        try:
            rendering.goes_on = len(self._mentions) > 1 and self._gives_any(rendering)
            return self._argument.evaluate(rendering)
        finally:
            rendering.goes_on = before

    def _gives_any(self, rendering: Rendering) -> bool:
        for mention in self._mentions:
            try:
                mention.evaluate(rendering)
            except Skipped:
                continue
            except Exception:  # noqa: BLE001 - said when it is really evaluated, if it is
                return True
            return True
        return False


class FirstOf(Expression):
    """`first_of(A, B, …)`."""

    __slots__ = ("_taken", "arguments")

    def __init__(self, arguments: Sequence[Expression], start: int, end: int) -> None:
        super().__init__(start, end)
        self.arguments = tuple(arguments)
        self._taken = tuple(map(_Taken, arguments))

    def evaluate(self, rendering: Rendering) -> object:
        """The first that was not skipped; if all were, the last one's `Skipped` passes through."""
        *others, last = self._taken
        for argument in others:
            try:
                return argument.evaluate(rendering)
            except Skipped:
                continue
        return last.evaluate(rendering)


class OrNone(Expression):
    """`optional(A)`."""

    __slots__ = ("_taken", "argument")

    may_leave_out = True

    def __init__(self, argument: Expression, start: int, end: int) -> None:
        super().__init__(start, end)
        self.argument = argument
        self._taken = _Taken(argument)

    def evaluate(self, rendering: Rendering) -> object:
        """Its argument, or none where that was skipped."""
        try:
            return self._taken.evaluate(rendering)
        except Skipped:
            return None


class WithoutFailed(Expression):
    """`succeeded(A)`."""

    __slots__ = ("argument",)

    def __init__(self, argument: Expression, start: int, end: int) -> None:
        super().__init__(start, end)
        self.argument = argument

    def evaluate(self, rendering: Rendering) -> object:
        """Its argument; the mention in it says that what failed is left out."""
        return self.argument.evaluate(rendering)


def build_form(name: str, arguments: Sequence[Expression], start: int, end: int) -> Expression:
    """The node of one of `FORMS`, with arguments that `explain_form_mismatch` has nothing against."""
    match name:
        case "first_of":
            return FirstOf(arguments, start, end)
        case "optional":
            return OrNone(arguments[0], start, end)
        case "succeeded":
            return WithoutFailed(arguments[0], start, end)
        case _:
            raise ValueError(f"{name!r} is no form")


def explain_form_mismatch(name: str, given: int, named: Sequence[str]) -> str | None:
    """Why a form does not take so many arguments and these named ones, or None when it does."""
    if named:
        return f"its arguments have no names, but `{named[0]}` is given"
    if given == 0:
        return (
            "nothing is given, and it takes values one behind the other"
            if name == "first_of"
            else "its argument is missing"
        )
    if given == 1 and name == "first_of":
        return "it chooses among several values, and one is given"
    if given > 1 and name != "first_of":
        return f"it takes one argument, but {given} are given"
    return None


def find_single(argument: Expression) -> Expression | None:
    """What in an argument of `succeeded` is not a collection of a step, or None when all of it is."""
    match argument:
        case Mentioned():
            return argument if _is_single(argument.reference) else None
        case FirstOf():
            return next(
                (found for one in argument.arguments if (found := find_single(one)) is not None), None
            )
        case OrNone() | WithoutFailed():
            return find_single(argument.argument)
        case _:
            return argument


def _is_single(reference: StepReference) -> bool:
    return reference.collection is None or isinstance(reference.index, int)
