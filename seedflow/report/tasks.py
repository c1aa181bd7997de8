"""`Plan` to a drawing: each task with what will be done for it and what it gives; of long steps the first, and a rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Final, TypeAlias

from seedflow.diagnostics.printable import make_printable
from seedflow.graph.model import StepGraph
from seedflow.money import format_usd
from seedflow.plan.model import Action, Bounds, Plan, Task
from seedflow.report.arrows import Arrow, Arrows
from seedflow.report.drawing import Drawing, DrawnEdge, DrawnGroup, DrawnNode, NodeKind
from seedflow.report.reasons import spell_reason

MOST_TASKS_OF_A_STEP: Final = 12
SHOWN_OF_A_LONG_STEP: Final = 4
_Shown: TypeAlias = dict[str, dict[str, None]]
"""By address, the ids of the nodes that show it: one for each take, or the rest that it is counted in."""

_GROUP: Final = "step "
_HUB: Final = "all of "
_REST: Final = "rest of "


def draw_tasks(plan: Plan, graph: StepGraph | None = None, *, everything: bool = False) -> Drawing:
    """The tasks of a plan.

    Args:
        plan: what to draw.
        graph: the steps that it was made of; without it arrows are labelled by the references alone.
        everything: every task; else of a step with many the first few, and one node for the rest.
    """
    by_step: dict[str, list[Task]] = {}
    for task in plan.tasks:
        by_step.setdefault(task.step, []).append(task)
    arrows = Arrows(plan, graph)
    uses = [(task, list(arrows.list_to(task))) for task in plan.tasks]
    hubs = _find_hubs(plan, uses)
    behind = _place_hubs(hubs, arrows.members, tuple(by_step))
    shown: _Shown = {}
    nodes = [_draw_hub(hub, None, 0) for hub in behind.get(None, ())]
    hidden = 0
    for step, tasks in by_step.items():
        few = everything or len(tasks) <= MOST_TASKS_OF_A_STEP
        first = tasks if few else tasks[:SHOWN_OF_A_LONG_STEP]
        rest = tasks[len(first) :]
        group = _GROUP + step if len(tasks) > 1 else None
        for task in first:
            ids = shown.setdefault(task.address, {})
            node = _draw(task, group, is_further_take=bool(ids))
            ids[node.id] = None
            nodes.append(node)
        if rest:
            hidden += len(rest)
            for task in rest:
                shown.setdefault(task.address, {})[_REST + step] = None
            nodes.append(_draw_rest(step, rest, group))
        for hub in behind.get(step, ()):
            inside = arrows.members[hub]
            nodes.append(
                _draw_hub(hub, group if all(task.step == step for task in inside) else None, len(inside))
            )
    groups = tuple(
        DrawnGroup(_GROUP + step, make_printable(step), None, (f"{len(tasks):,} tasks",))
        for step, tasks in by_step.items()
        if len(tasks) > 1
    )
    return Drawing(
        make_printable(plan.recipe),
        "tasks",
        tuple(_sum_up(plan)),
        tuple(nodes),
        tuple(_merge(_find_edges(uses, arrows.members, hubs, shown))),
        groups,
        hidden,
    )


def _draw(task: Task, group: str | None, *, is_further_take: bool) -> DrawnNode:
    notes = [spell_reason(task)]
    if task.take > 1:
        notes.append(f"take {task.take}")
    if task.images != (0, 0):
        notes.append(spell_range(task.images, "image"))
    if task.cost_usd.high:
        notes.append(_spell_usd(task.cost_usd))
    if task.shares_with is not None:
        notes.append(f"shares with {make_printable(task.shares_with)}")
    node_id = f"{task.address} take {task.take}" if is_further_take else task.address
    return DrawnNode(node_id, make_printable(task.address), NodeKind.TASK, group, tuple(notes))


def _draw_rest(step: str, tasks: list[Task], group: str | None) -> DrawnNode:
    calls = sum(1 for task in tasks if task.action is Action.CALL)
    stored = sum(1 for task in tasks if task.action is Action.REUSE)
    counts = (
        (calls, "call", "calls"),
        (stored, "stored", "stored"),
        (len(tasks) - calls - stored, "other", "others"),
    )
    notes = tuple(f"{count:,} {one if count == 1 else several}" for count, one, several in counts if count)
    return DrawnNode(
        _REST + step, f"{len(tasks):,} more of {make_printable(step)}", NodeKind.REST, group, notes
    )


def _find_hubs(plan: Plan, uses: Iterable[tuple[Task, Sequence[Arrow]]]) -> dict[str, None]:
    """The wholes that something uses: a node for each, so that N tasks and M users make N+M edges."""
    addresses = {task.address for task in plan.tasks}
    return dict.fromkeys(arrow.need for _, arrows in uses for arrow in arrows if arrow.need not in addresses)


def _place_hubs(
    hubs: Iterable[str], members: Mapping[str, Sequence[Task]], steps: Sequence[str]
) -> dict[str | None, list[str]]:
    """By step, the wholes whose last tasks are its own; under None those without any."""
    position = {step: number for number, step in enumerate(steps)}
    found: dict[str | None, list[str]] = {}
    for hub in hubs:
        last = max((task.step for task in members.get(hub, ())), key=position.__getitem__, default=None)
        found.setdefault(last, []).append(hub)
    return found


def _draw_hub(step: str, group: str | None, count: int) -> DrawnNode:
    note = spell_range(Bounds(count, count), "task") if count else "no tasks"
    return DrawnNode(_HUB + step, f"all of {make_printable(step)}", NodeKind.HUB, group, (note,))


def _find_edges(
    uses: Iterable[tuple[Task, Sequence[Arrow]]],
    members: Mapping[str, Sequence[Task]],
    hubs: Iterable[str],
    shown: _Shown,
) -> Iterator[DrawnEdge]:
    for task, arrows in uses:
        for need, labels, order_only in arrows:
            for source, target in product(shown.get(need, (_HUB + need,)), shown[task.address]):
                if source != target:
                    yield DrawnEdge(source, target, labels, order_only)
    for hub in hubs:
        for task in members.get(hub, ()):
            for source in shown[task.address]:
                yield DrawnEdge(source, _HUB + hub)


def _merge(edges: Iterable[DrawnEdge]) -> Iterator[DrawnEdge]:
    """One edge between two nodes, with all that is said of it."""
    found: dict[tuple[str, str], tuple[dict[str, None], bool]] = {}
    for edge in edges:
        labels, order_only = found.get((edge.source, edge.target), ({}, True))
        labels |= dict.fromkeys(map(make_printable, edge.labels))
        found[edge.source, edge.target] = (labels, order_only and edge.order_only)
    for (source, target), (labels, order_only) in found.items():
        yield DrawnEdge(source, target, tuple(labels), order_only)


def _sum_up(plan: Plan) -> Iterator[str]:
    yield spell_range(plan.totals.tasks, "task")
    yield spell_range(plan.totals.calls, "call")
    yield spell_range(plan.totals.images, "image")
    if plan.totals.cost_usd.high:
        yield _spell_usd(plan.totals.cost_usd)


def spell_range(bounds: Bounds[int], word: str) -> str:
    """`1 image`, `3 images`, `1–3 images`."""
    low, high = bounds
    plural = word if low == high == 1 else f"{word}s"
    return f"{low:,} {plural}" if low == high else f"{low:,}–{high:,} {plural}"


def _spell_usd(bounds: Bounds[Decimal]) -> str:
    low, high = bounds
    return format_usd(low) if low == high else f"{format_usd(low)}–{format_usd(high)}"
