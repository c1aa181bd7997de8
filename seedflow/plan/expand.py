"""`for_each`: one step to its instances and to the groups of those that are not known yet.

Each has its values, its keys and a stable, readable address. A group grows, once what it waits for has ended, by the very
same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.at_most import judge_length
from seedflow.plan.addresses import spell_address
from seedflow.plan.equal_keys import foresee_equal_keys, refuse_equal_keys
from seedflow.plan.fitting import FittingLists
from seedflow.plan.foreseen_keys import KeyForeseer
from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import (
    MOST_ITEMS,
    Gap,
    Item,
    Listing,
    build_refused_gap,
    count_least,
    count_most,
    find_gap,
    find_start,
)
from seedflow.plan.instances import Group, ImageSource, Instance, StepTasks
from seedflow.plan.judge import Findings
from seedflow.plan.listing import Lister
from seedflow.plan.model import Bounds
from seedflow.plan.pairs import pair_up
from seedflow.plan.reading import read_parts, span_of_list
from seedflow.plan.refusals import refuse_no_key, rest_on_results
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.rows import FIRST_ROW, Leaf, Opening, Row, may_skip
from seedflow.plan.static_keys import StaticKeys
from seedflow.plan.views import PendingImage, PendingTask
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.template import Template
from seedflow.recipe.views import View

MOST_TASKS = 1_000_000
"""More instances than this of one step is a mistake, whatever the limits say."""

MOST_GHOSTS = 100_000
"""Of tasks that only stand for others, made at once; more would take minutes, and a run of what they stand for for ever."""

Report = Callable[[Diagnostic], None]
WorkedOut: TypeAlias = "dict[int, tuple[str, ...]]"
"""By list, or by item of one that is written out, the results that have ended and that its values were worked out of."""


class Explodes(Exception):  # noqa: N818 - not an error of the program: ends an expansion that would take too long
    """More instances than there may be."""


NONE = Bounds(0, 0)
ONE = Bounds(1, 1)


class Expander:
    """Expands one step within one use of its recipe."""

    def __init__(
        self,
        tasks: StepTasks,
        lister: Lister,
        resolver: Resolver,
        limit: int,
        fitting: FittingLists,
    ) -> None:
        self._node = node = tasks.node
        self._frame = tasks.frame
        self._values = tasks.values
        self._lister = lister
        self._resolver = resolver
        self._limit = limit
        self._fitting = fitting
        self._loops = node.step.for_each
        self._foreseer = KeyForeseer(lister, resolver)
        tasks.never_has = StaticKeys(self._loops, tasks.frame, lister, resolver).lack

    def rows(self, report: Report) -> Iterator[Row | Opening]:
        """Complete rows and openings, in order; problems go to `report`.

        Raises:
            Explodes: there are more than the limit.
        """
        yield from self._rows(FIRST_ROW, 0, report)

    def grow(self, opening: Opening, report: Report) -> Iterator[Row | Opening]:
        """The same for what an opening has come to be."""
        row, depth = opening.row, opening.depth
        variable = self._loops[depth]
        written = isinstance(variable.lists[0], tuple) and opening.gap.order != ()
        if variable.zipped or (opening.gap.source is None and not written):
            yield from self._rows(row, depth, report)
            return

        def read(report: Report) -> Iterator[Row | Opening]:
            parts = self._lister.read_source(
                variable.lists[0], self._env(row), opening.gap, at_most=variable.at_most
            )
            return self._extend(row, depth, parts, report)

        yield from self._settle(row, depth, read, report)

    def leaves(self, opening: Opening) -> tuple[Opening, list[Leaf], Diagnostic | None]:
        """Rows that stand for what an opening may come to be, with how many each; why a later list cannot be made at all.

        There are none where a later list is empty, also of an opening of which nothing will come. The opening is the same, but
        for one of which it is certain that it has no tasks: that skips nobody.
        """
        names, gap = self._loops[opening.depth].names, opening.gap
        row = self._stand_in(opening.row, names, gap)
        count = ONE if gap.is_closed else gap.bounds
        found, unmade = Findings(), list[LoopVariable]()
        leaves = list(
            read_parts(
                span_of_list(self._node),
                lambda: self._leaves(row, opening.depth + 1, count, ((names, gap),), unmade),
                found,
            )
        )
        problem = found.first_error()
        if gap.is_closed:
            return opening, leaves, problem
        leaves = [leaf for leaf in leaves if not leaf.is_empty]
        if gap.may_skip and not (leaves or unmade or problem):
            opening = replace(opening, gap=replace(gap, may_skip=False))
        return opening, leaves, problem

    def build(self, tasks: StepTasks, row: Row) -> Instance:
        """The instance of a complete row."""
        address = spell_address(tasks.hub, row.keys)
        return Instance(tasks, address, row.each, row.keys, row.order, row.sources, row.behind)

    def build_ghost(self, tasks: StepTasks, leaf: Leaf) -> Instance:
        """The instance that stands for those that a leaf stands for."""
        ghost = self.build(tasks, leaf.row)
        ghost.ghost = True
        ghost.spread = tuple((names, gap.bounds.high) for names, gap in leaf.gaps)
        return ghost

    def build_group(self, tasks: StepTasks, opening: Opening, leaves: Sequence[Leaf]) -> Group:
        """The group of what an opening may come to be, which leaves stand for."""
        row, gap = opening.row, opening.gap
        names = self._loops[opening.depth].names
        return Group(
            self._address_of(opening, tasks.hub),
            ".".join([*(key for _, key in row.keys), gap.label]),
            tasks,
            (*row.order, gap.order),
            gap.bounds,
            row.keys,
            find_start(names, gap),
            may_skip=gap.may_skip or may_skip(leaves),
        )

    def _address_of(self, opening: Opening, hub: str) -> str:
        """`page[scene=sea,panel=sea-?]`: what is known of the keys, and question marks."""
        keys = list(opening.row.keys)
        for number, variable in enumerate(self._loops[opening.depth :]):
            keys.extend((name, opening.gap.label if number == 0 else "?") for name in variable.names)
        return spell_address(hub, keys)

    def _env(self, row: Row) -> Env:
        return self._resolver.refresh(Env(self._frame, row.each))

    def _rows(self, row: Row, depth: int, report: Report) -> Iterator[Row | Opening]:
        if depth == len(self._loops):
            yield row
            return
        yield from self._settle(row, depth, lambda report: self._list(row, depth, report), report)

    def _list(self, row: Row, depth: int, report: Report) -> Iterator[Row | Opening]:
        parts = self._read(row, self._loops[depth], report)
        if parts is not None and self._foresees_no_error(row, self._loops[depth], parts, report):
            yield from self._extend(row, depth, parts, report)

    def _settle(
        self, row: Row, depth: int, read: Callable[[Report], Iterable[Row | Opening]], report: Report
    ) -> Iterator[Row | Opening]:
        """What comes of one list behind a row; a place that fails by itself where the results that are there make no such list.

        What is wrong with a list whatever the results are is wrong with the recipe.
        """
        found = Findings()
        parts = list(read_parts(span_of_list(self._node), lambda: read(found.add), found))
        problem = found.first_error()
        lists = self._loops[depth].lists
        if problem is not None and rest_on_results(lists, row, self._lister.stander, self._frame):
            # What is still to come may fail, or be skipped, and either is said first.
            waits = tuple(self._lister.stander.of(lists, self._env(row)).waits)
            gap = replace(build_refused_gap((), "?", problem), after=waits, may_skip=bool(waits))
            yield Opening(row, depth, gap)
            return
        for one in found.diagnostics():
            report(one)
        yield from parts

    def _foresees_no_error(self, row: Row, variable: LoopVariable, parts: Listing, report: Report) -> bool:
        """Whether keys that are not known yet may all differ; those that are known are compared one by one."""
        if not any(isinstance(part, Gap) for part in parts):
            return True
        env = self._env(row)
        if not variable.zipped and self._foreseer.differ(variable.lists[0], env):
            return True
        problem = foresee_equal_keys(variable, [self._foreseer.find(one, env) for one in variable.lists])
        if problem is not None:
            report(problem)
        return problem is None or problem.severity is not Severity.ERROR

    def _extend(self, row: Row, depth: int, parts: Listing, report: Report) -> Iterator[Row | Opening]:
        variable = self._loops[depth]
        seen: dict[tuple[str, ...], tuple[int, object]] = {}
        worked_out: WorkedOut = {}
        number = 0
        for part in parts:
            if isinstance(part, Gap):
                yield Opening(row, depth, part)
                continue
            number += 1
            longer = self._with(row, variable, part, number, seen, worked_out, report)
            if longer is None:
                return
            for name, key in longer.keys[len(row.keys) :]:
                self._values.setdefault(name, set()).add(key)
            if depth + 1 == len(self._loops):
                self._count()
                yield longer
            else:
                yield from self._rows(longer, depth + 1, report)

    def _count(self) -> None:
        self._limit -= 1
        if self._limit < 0:
            raise Explodes

    def _read(self, row: Row, variable: LoopVariable, report: Report) -> Listing | None:
        env = self._env(row)
        columns = [self._foreseer.read(items, env, variable.at_most) for items in variable.lists]
        for items, column in zip(variable.lists, columns, strict=True):
            if any(isinstance(part, Gap) for part in column):
                self._lister.refuse_none(items, env)
        if variable.zipped:
            parts = pair_up(variable, columns, report)
            if parts is None:
                return None
        else:
            (parts,) = columns
        if variable.at_most is not None:
            low = count_least(parts)
            most = self._find_most(parts, variable, env)
            open_pairs = variable.zipped and any(isinstance(part, Gap) for part in parts)
            self._fitting.note(variable, None if open_pairs else most)
            for problem in judge_length(variable, low, most):
                report(problem)
            if low > variable.at_most:
                return None
        return parts

    def _find_most(self, parts: Listing, variable: LoopVariable, env: Env) -> int | None:
        """How many items a list may have, whatever `at_most` allows; None when nothing else bounds it."""
        (items, *others) = variable.lists
        if others or not isinstance(items, Template) or not any(isinstance(part, Gap) for part in parts):
            return count_most(parts)
        most = self._lister.bound(items, env).high
        return None if most >= MOST_ITEMS else max(most, count_most(parts))

    def _with(
        self,
        row: Row,
        variable: LoopVariable,
        item: Item,
        number: int,
        seen: dict[tuple[str, ...], tuple[int, object]],
        worked_out: WorkedOut,
        report: Report,
    ) -> Row | None:
        names = variable.names
        values = item.value if variable.zipped and isinstance(item.value, tuple) else (item.value,)
        keys: list[str] = []
        for name, value in zip(names, values, strict=True):
            key = self._resolver.find_key(value, variable.key)
            if key is None:
                report(refuse_no_key(variable, name, number, value))
                return None
            keys.append(key)
        first = seen.setdefault(tuple(keys), (number, item.value))
        if first[0] != number:
            report(refuse_equal_keys(variable, keys, first, (number, item.value)))
            return None
        return Row(
            {**row.each, **dict(zip(names, values, strict=True))},
            (*row.keys, *zip(names, keys, strict=True)),
            (*row.order, item.order),
            (
                *row.sources,
                *(one for value in values if isinstance(value, View) for one in _sources_of(value)),
            ),
            (
                *row.behind,
                *(
                    need
                    for items, value in zip(variable.lists, values, strict=True)
                    if not isinstance(value, View)
                    for need in self._behind(row, items, item, worked_out)
                ),
            ),
        )

    def _behind(self, row: Row, items: Expression, item: Item, worked_out: WorkedOut) -> tuple[str, ...]:
        """The results that a value was worked out of which does not say so itself, as images and tasks do."""
        number = item.order[0] if item.order else None
        own = items[number] if isinstance(items, tuple) and isinstance(number, int) else items
        if id(own) not in worked_out:
            standing = self._lister.stander.of([own], Env(self._frame, row.each))
            worked_out[id(own)] = () if standing.waits else tuple(standing.needs)
        return worked_out[id(own)]

    def _leaves(
        self,
        row: Row,
        depth: int,
        count: Bounds[int],
        gaps: tuple[tuple[tuple[str, ...], Gap], ...],
        unmade: list[LoopVariable],
    ) -> Iterator[Leaf]:
        """The leaves behind a row; `unmade` are the variables whose lists are wrong, so that it is open what comes of them."""
        closed = any(gap.is_closed for _, gap in gaps)
        if depth == len(self._loops) or count.high == 0:
            yield self._leaf(row, depth, NONE if closed else count, gaps)
            return
        variable = self._loops[depth]
        parts = self._read(row, variable, _ignore)
        if parts is None:
            unmade.append(variable)
        if parts is None and closed:
            yield self._leaf(row, depth, NONE, gaps)
        for part in parts or ():
            if isinstance(part, Gap):
                if part.problem is not None and not closed:
                    raise Refused(part.problem)
                longer = self._stand_in(row, variable.names, part)
                more = Bounds(count.low * part.bounds.low, count.high * part.bounds.high)
                more = count if part.is_closed else more
                yield from self._leaves(longer, depth + 1, more, (*gaps, (variable.names, part)), unmade)
            else:
                found = self._with(row, variable, part, 0, {}, {}, _ignore)
                # What is skipped before anything comes of the opening leaves no task behind.
                least = count.low if find_gap(part) is None else 0
                if found is None:
                    unmade.append(variable)
                else:
                    yield from self._leaves(found, depth + 1, Bounds(least, count.high), gaps, unmade)

    def _leaf(
        self, row: Row, depth: int, count: Bounds[int], gaps: tuple[tuple[tuple[str, ...], Gap], ...]
    ) -> Leaf:
        for variable in self._loops[depth:]:  # of nothing, whatever it would be
            row = self._stand_in(row, variable.names, gaps[-1][1])
        return Leaf(row, count, gaps)

    def _stand_in(self, row: Row, names: tuple[str, ...], gap: Gap) -> Row:
        known = len(names) == 1 and not gap.is_closed
        value = gap.stand_in if known else Later(gap.after, gap.failed, gap.skipped)
        return replace(
            row,
            each={**row.each, **dict.fromkeys(names, value)},
            keys=row.keys + tuple((name, gap.label) for name in names),
            order=(*row.order, gap.order),
        )


def _sources_of(view: View) -> Iterator[ImageSource]:
    subject = view.subject
    if isinstance(subject, PendingImage):
        yield subject.source
    elif isinstance(subject, PendingTask):
        yield ImageSource(subject.instance)


def _ignore(diagnostic: Diagnostic) -> None:
    """What is wrong is said when it is certain."""
    del diagnostic
