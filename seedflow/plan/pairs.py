"""Lists that `zip` pairs: their items side by side, and whether they are equally long by the numbers that the plan knows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.left_out import doubt_pairs, leaves_out_some
from seedflow.plan.frames import Later
from seedflow.plan.gaps import Gap, Item, Listing, find_gap
from seedflow.plan.instances import Instance
from seedflow.plan.model import Bounds
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import OrNone

_ONE: Final = Bounds(1, 1)


def pair_up(
    variable: LoopVariable, columns: list[Listing], report: Callable[[Diagnostic], None]
) -> Listing | None:
    """The items side by side, or one gap for all of them; None where the lists are never equally long."""
    gaps = [gap for column in columns for part in column if (gap := find_gap(part)) is not None]
    if gaps:
        after = tuple(dict.fromkeys(address for gap in gaps for address in gap.after))
        skipped = next((gap.skipped for gap in gaps if gap.skipped is not None), None)
        broken = [gap for gap in gaps if gap.failed is not None and skipped is None]
        failed = next((gap.failed for gap in broken), None)
        problem = next((gap.problem for gap in broken if gap.problem is not None), None)
        sizes = [_measure(column) for column in columns]
        bounds = Bounds(max(low for low, _ in sizes), min(high for _, high in sizes))
        may_skip = any(gap.may_skip for gap in gaps)
        if failed is None and skipped is None and not may_skip:
            if bounds.low > bounds.high:
                report(_unequal(variable, [Bounds(*size) for size in sizes]))
                return None
            fixed = any(low == high for low, high in sizes)
            if (
                (fixed and any(low < high for low, high in sizes))
                or _differ(columns)
                or _meet_one_or_none(variable, sizes)
            ):
                report(_may_be_unequal(variable, [Bounds(*size) for size in sizes], _name_steps(columns)))
        elif failed is None and skipped is None and any(map(_is_certain, columns)):
            left = next((one for one in map(_find_left_out, variable.names, columns) if one), None)
            if left is not None:
                spelled = _spell_lengths(variable, [Bounds(*size) for size in sizes])
                report(doubt_pairs(spelled, *left, variable.span))
        # A list of which all was skipped leaves nothing to pair, and that is no mistake.
        low = 0 if may_skip and not all(low for low, _ in sizes) else min(bounds)
        bounds = Bounds(low, max(bounds))
        return [
            Gap(
                (),
                "?",
                after,
                bounds,
                Later(after, failed, skipped),
                failed=failed,
                skipped=skipped,
                problem=problem,
                may_skip=may_skip,
            )
        ]
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        report(_unequal(variable, [Bounds(len(column), len(column)) for column in columns]))
        return None
    rows = zip(*columns, strict=True)
    return [
        Item((number,), tuple(part.value for part in row if isinstance(part, Item)))
        for number, row in enumerate(rows)
    ]


def _is_certain(column: Listing) -> bool:
    return all(find_gap(part) is None for part in column)


def _find_left_out(name: str, column: Listing) -> tuple[str, str] | None:
    """The variable and the step that gives its list, where a condition leaves out each of several tasks by itself."""
    gaps = [gap for part in column if (gap := find_gap(part)) is not None]
    sources = {
        id(gap.source): gap.source.tasks.node for gap in gaps if gap.may_skip and gap.source is not None
    }
    steps = [node for node in sources.values() if leaves_out_some(node)]
    return (name, steps[0].id) if len(steps) > 1 else None


def _meet_one_or_none(variable: LoopVariable, sizes: list[tuple[int, int]]) -> bool:
    """Whether one image, of which `optional` makes none where it was skipped, is paired with as many as the model likes."""
    goes_on = [
        isinstance(items, Template) and isinstance(items.expression, OrNone) for items in variable.lists
    ]
    one = any(size == (0, 1) for size, optional in zip(sizes, goes_on, strict=True) if optional)
    return one and any(
        0 < low < high for (low, high), optional in zip(sizes, goes_on, strict=True) if not optional
    )


def _differ(columns: list[Listing]) -> bool:
    """Whether two lists are images of other tasks each, of which the model decides how many there are."""
    given = [_find_choosers(column) for column in columns]
    return any(one and other and one.isdisjoint(other) for one, other in pairwise(given))


def _find_choosers(column: Listing) -> frozenset[int]:
    """The tasks that images come from which are not there yet; none where others decide how many there are."""
    gaps = [part for part in column if isinstance(part, Gap)]
    sources = [gap.source for gap in gaps if isinstance(gap.source, Instance) and gap.source.inner is None]
    open_end = any(source.stands_for_others or source.to_come for source in sources)
    return frozenset() if open_end or len(sources) < len(gaps) else frozenset(map(id, sources))


def _measure(column: Listing) -> tuple[int, int]:
    """How many items a list has at least and at most, if what may be skipped is."""
    bounds = [_ONE if (gap := find_gap(part)) is None else gap.bounds for part in column]
    return sum(one.low for one in bounds), sum(one.high for one in bounds)


def _unequal(variable: LoopVariable, lengths: list[Bounds[int]]) -> Diagnostic:
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, but {_spell_lengths(variable, lengths)}",
        variable.span,
        help="make the lists equally long",
    )


def _may_be_unequal(variable: LoopVariable, lengths: list[Bounds[int]], steps: list[str]) -> Diagnostic:
    where = "the step that gives them"
    if steps:
        where = f"step {steps[0]}" if len(steps) == 1 else f"steps {', '.join(steps[:-1])} and {steps[-1]}"
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, and {_spell_lengths(variable, lengths)}: whether they fit is known only when they "
        "are paid",
        variable.span,
        Severity.WARNING,
        help=f"say in {where} how many there must be: `expect: {{images: N}}`",
    )


def _spell_lengths(variable: LoopVariable, lengths: list[Bounds[int]]) -> str:
    found = zip(variable.names, lengths, strict=True)
    return ", ".join(
        f"`{name}` has {low if low == high else f'{low} to {high}'}" for name, (low, high) in found
    )


def _name_steps(columns: list[Listing]) -> list[str]:
    """The steps whose numbers of images are open, where all of them are known."""
    gaps = [part for column in columns for part in column if isinstance(part, Gap)]
    sources = [gap.source for gap in gaps if gap.bounds.low < gap.bounds.high]
    names = dict.fromkeys(f"`{source.tasks.node.id}`" for source in sources if source is not None)
    return list(names) if all(source is not None for source in sources) else []
