"""Two items of `for_each` with one key: a task's address would stand for both. Said as soon as it is certain."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.plan.addresses import is_vague
from seedflow.plan.foreseen_items import Column, Foreseen
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
_OF_SAME: Final = "take one of them out; a used recipe that hands an image through gives it once for each of its tasks that are given it"


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
            # Where conditions decide of both, one may be what the other leaves; the very same choice is made for both.
            # But where a failure alone keeps them away, both are there if all goes well.
            if (any(certain) or _same_choice(first, row) or _both_come(first, row)) and doubt is None:
                doubt = first[0], row[0]
        seen[tuple(one.key for one in row)].append(row)
    return None if doubt is None else _doubt(variable, *doubt)


def _same_choice(first: Sequence[Foreseen], second: Sequence[Foreseen]) -> bool:
    return all(one.choices and one.choices == other.choices for one, other in zip(first, second, strict=True))


def _both_come(first: Sequence[Foreseen], second: Sequence[Foreseen]) -> bool:
    return all(one.certain or one.unless_failed for one in (*first, *second))


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
    shown = "" if any(map(is_vague, keys)) else f" ({named})"
    return Diagnostic(
        "equal-keys",
        f"{_name(variable, first, second)} the same key{shown}; a task's address would stand for two",
        variable.span,
        help=_OF_SAME if first.source == second.source else _OF_RESULTS,
    )


def _doubt(variable: LoopVariable, first: Foreseen, second: Foreseen) -> Diagnostic:
    perhaps = second if first.certain else first
    shown = "" if is_vague(second.spelled) else f" (`{second.spelled}`)"
    if first.source == second.source:
        names = ", ".join(variable.names)
        what = f"`{_spell(first)}` may stand twice in the list of `{names}`, with the same key{shown}"
    else:
        what = f"{_name(variable, first, second)} the same key{shown} if `{_spell(perhaps)}` gives any"
    return Diagnostic(
        "equal-keys",
        f"{what}, which is known only when the others are paid; a task's address would stand for two",
        variable.span,
        Severity.WARNING,
        help=_OF_SAME if first.source == second.source else _OF_RESULTS,
    )


def _name(variable: LoopVariable, first: Foreseen, second: Foreseen) -> str:
    names = ", ".join(variable.names)
    if first.source == second.source:
        return f"`{_spell(first)}` stands twice in the list of `{names}`, and both have"
    return f"in the list of `{names}`, items of `{_spell(first)}` and `{_spell(second)}` have"


def _spell(one: Foreseen) -> str:
    """The task that items come from, or its step where its keys are not known yet."""
    return one.source.partition("[")[0] if is_vague(one.source) else one.source


def refuse_equal_keys(
    variable: LoopVariable, keys: Sequence[str], first: tuple[int, object], second: tuple[int, object]
) -> Diagnostic:
    """Of items that are there, each with its number and its value."""
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    (number, value), (other, again) = first, second
    values = again if isinstance(again, tuple) else (again,)
    if not any(isinstance(one, View) and isinstance(one.subject, _RESULTS) for one in values):
        help_ = "remove one of the two, or tell them apart"
    else:
        help_ = _OF_SAME if _is_same(value, again) else _OF_RESULTS
    return Diagnostic(
        "equal-keys",
        f"items {number} and {other} of `{', '.join(variable.names)}` have the same key ({named}); "
        "a task's address would stand for two",
        variable.span,
        help=help_,
    )


def _is_same(value: object, other: object) -> bool:
    return isinstance(value, View) and isinstance(other, View) and value.subject == other.subject
