"""Two items of `for_each` with one key: a task's address would stand for both. Said as soon as it is certain."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.plan.foreseen_keys import Column, Foreseen
from seedflow.plan.instances import Instance
from seedflow.plan.model import StepImage
from seedflow.plan.views import PendingImage, PendingTask
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.views import View

_RESULTS: Final = (StepImage, PendingImage, Instance, PendingTask)
_OF_RESULTS: Final = (
    "an image has its task's key and number, whatever step it is of: loop over each step's in a step of its own, "
    "or give their tasks other keys"
)


def foresee_equal_keys(variable: LoopVariable, columns: Sequence[Column]) -> Diagnostic | None:
    """What is wrong, or doubtful, with the keys that the items will have; None when nothing is known to be."""
    seen: dict[Hashable, list[tuple[Foreseen, ...]]] = {}
    doubt: tuple[Foreseen, Foreseen] | None = None
    for row in _pair(columns):
        for first in seen.setdefault(tuple(one.key for one in row), []):
            if not all(one.meets(other) for one, other in zip(first, row, strict=True)):
                continue
            certain = [all(one.certain for one in items) for items in (first, row)]
            if all(certain):
                return _refuse(variable, first[0], row[0], [one.spelled for one in row])
            if (
                any(certain) and doubt is None
            ):  # where conditions decide of both, one may be what the other leaves
                doubt = first[0], row[0]
        seen[tuple(one.key for one in row)].append(row)
    return None if doubt is None else _doubt(variable, *doubt)


def _pair(columns: Sequence[Column]) -> list[tuple[Foreseen, ...]]:
    """The items; of a `zip`, those that stand side by side, which is known only of lists that are known as a whole."""
    if len(columns) == 1:
        return [(one,) for one in columns[0] if one is not None]
    if len({len(column) for column in columns}) > 1:
        return []
    rows = [tuple(one for one in row if one is not None) for row in zip(*columns, strict=True)]
    return rows if all(len(row) == len(columns) and all(one.certain for one in row) for row in rows) else []


def _refuse(variable: LoopVariable, first: Foreseen, second: Foreseen, keys: Sequence[str]) -> Diagnostic:
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    return Diagnostic(
        "equal-keys",
        f"{_name(variable, first, second)} the same key ({named}); a task's address would stand for two",
        variable.span,
        help="take one of them out" if first.source == second.source else _OF_RESULTS,
    )


def _doubt(variable: LoopVariable, first: Foreseen, second: Foreseen) -> Diagnostic:
    perhaps = second if first.certain else first
    return Diagnostic(
        "equal-keys",
        f"{_name(variable, first, second)} the same key (`{second.spelled}`) if `{perhaps.source}` gives any, "
        "which is known only when the others are paid; a task's address would stand for two",
        variable.span,
        Severity.WARNING,
        help=_OF_RESULTS,
    )


def _name(variable: LoopVariable, first: Foreseen, second: Foreseen) -> str:
    names = ", ".join(variable.names)
    if first.source == second.source:
        return f"`{first.source}` stands twice in the list of `{names}`, and both have"
    return f"in the list of `{names}`, items of `{first.source}` and `{second.source}` have"


def refuse_equal_keys(
    variable: LoopVariable, keys: list[str], first: int, number: int, value: object
) -> Diagnostic:
    """Of items that are there, numbers `first` and `number`; `value` is the latter's."""
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    values = value if isinstance(value, tuple) else (value,)
    return Diagnostic(
        "equal-keys",
        f"items {first} and {number} of `{', '.join(variable.names)}` have the same key ({named}); "
        "a task's address would stand for two",
        variable.span,
        help=_OF_RESULTS
        if any(isinstance(one, View) and isinstance(one.subject, _RESULTS) for one in values)
        else "remove one of the two, or tell them apart",
    )
