"""`Plan` to a drawing: each task with what will be done for it and what it gives; of long steps the first, and a rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Final, TypeAlias

from seedflow.diagnostics.printable import make_printable
from seedflow.money import format_usd
from seedflow.plan.model import Action, Bounds, Plan, Task
from seedflow.report.drawing import Drawing, DrawnEdge, DrawnGroup, DrawnNode, NodeKind
from seedflow.report.reasons import spell_reason

MOST_TASKS_OF_A_STEP: Final = 12
SHOWN_OF_A_LONG_STEP: Final = 4
_Shown: TypeAlias = dict[str, dict[str, None]]
"""By address, the ids of the nodes that show it: one for each take, or the rest that it is counted in."""

_GROUP: Final = "step "
_HUB: Final = "all of "
_REST: Final = "rest of "


def draw_tasks(plan: Plan, *, everything: bool = False) -> Drawing:
    """The tasks of a plan.

    Args:
        plan: what to draw.
        everything: every task; else of a step with many the first few, and one node for the rest.
    """
    by_step: dict[str, list[Task]] = {}
    for task in plan.tasks:
        by_step.setdefault(task.step, []).append(task)
    members = _find_members(by_step)
    hubs = _find_hubs(plan)
    shown: _Shown = {}
    nodes = [_draw_hub(step, None, len(members.get(step, ()))) for step in hubs if step not in by_step]
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
        if step in hubs:
            nodes.append(_draw_hub(step, group, len(tasks)))
    groups = tuple(
        DrawnGroup(_GROUP + step, make_printable(step), None, (f"{len(tasks):,} tasks",))
        for step, tasks in by_step.items()
        if len(tasks) > 1
    )
    edges = dict.fromkeys(_find_edges(plan, members, hubs, shown))
    return Drawing(
        make_printable(plan.recipe),
        "tasks",
        tuple(_sum_up(plan)),
        tuple(nodes),
        tuple(DrawnEdge(source, target) for source, target in edges),
        groups,
        hidden,
    )


def _find_members(by_step: Mapping[str, Sequence[Task]]) -> dict[str, list[Task]]:
    """The tasks of each step, those of the recipe that it uses included."""
    found: dict[str, list[Task]] = {}
    for step, tasks in by_step.items():
        parts = step.split("/")
        for count in range(1, len(parts) + 1):
            found.setdefault("/".join(parts[:count]), []).extend(tasks)
    return found


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
    counts = ((calls, "call"), (stored, "reuse"), (len(tasks) - calls - stored, "other"))
    notes = tuple(f"{count:,} {word}" for count, word in counts if count)
    return DrawnNode(
        _REST + step, f"{len(tasks):,} more of {make_printable(step)}", NodeKind.REST, group, notes
    )


def _find_hubs(plan: Plan) -> dict[str, None]:
    """The steps that something uses as a whole: a node for each, so that N tasks and M users make N+M edges."""
    addresses = {task.address for task in plan.tasks}
    return dict.fromkeys(need for task in plan.tasks for need in task.needs if need not in addresses)


def _draw_hub(step: str, group: str | None, count: int) -> DrawnNode:
    note = spell_range(Bounds(count, count), "task") if count else "no tasks"
    return DrawnNode(_HUB + step, f"all of {make_printable(step)}", NodeKind.HUB, group, (note,))


def _find_edges(
    plan: Plan, members: Mapping[str, Sequence[Task]], hubs: Iterable[str], shown: _Shown
) -> Iterator[tuple[str, str]]:
    for task in plan.tasks:
        for need in task.needs:
            for source, target in product(shown.get(need, (_HUB + need,)), shown[task.address]):
                if source != target:
                    yield source, target
    for step in hubs:
        for task in members.get(step, ()):
            for source in shown[task.address]:
                yield source, _HUB + step


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
