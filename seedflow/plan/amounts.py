"""Fan-outs that explode, by what the plan counts: lists of inputs and of results included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.many import MANY, MANY_BY_MULTIPLYING, says_it_is_meant
from seedflow.graph.model import StepGraph, StepNode
from seedflow.plan.estimate import find_most_calls, find_most_images
from seedflow.plan.model import Action, Bounds, Task

_ONE = Bounds(1, 1)


def doubt_amounts(tasks: Iterable[Task], graph: StepGraph) -> Iterator[Diagnostic]:
    """No step of the recipe asks very much without a word; limits are such a word. What is stored or shared counts for nothing.

    What `expect` may ask for again counts among the most.
    """
    if says_it_is_meant(graph.recipe.limits):
        return
    asked: dict[str, list[Task]] = {}
    for task in tasks:
        if task.action is Action.CALL and task.shares_with is None:
            asked.setdefault(task.step.partition("/")[0], []).append(task)
    for name, found in asked.items():
        low, high = _add_up(map(_count_requests, found))
        multiplied = any(_count_factors(graph.steps[step]) > 1 for step in {task.step for task in found})
        if high >= MANY or low >= (MANY_BY_MULTIPLYING if multiplied else MANY):
            again = any(task.attempts > 1 for task in found)
            yield _doubt(
                graph.steps[name], Bounds(low, high), _add_up(map(_count_images, found)), again=again
            )


def _count_requests(task: Task) -> Bounds[int]:
    least = (task.tasks or _ONE).low
    return Bounds(least, max(least, find_most_calls(task)))


def _count_images(task: Task) -> Bounds[int]:
    return Bounds(task.images.low, find_most_images(task))


def _add_up(bounds: Iterable[Bounds[int]]) -> Bounds[int]:
    least, most = zip(*bounds, strict=True)
    return Bounds(sum(least), sum(most))


def _count_factors(node: StepNode) -> int:
    """How many things may multiply, those around a used recipe included."""
    found, at = 0, node
    while True:
        found += len(at.step.for_each) + (at.step.takes is not None) + (at.step.iterate is not None)
        if at.frame.call is None:
            return found
        at = at.frame.call


def _doubt(node: StepNode, requests: Bounds[int], images: Bounds[int], *, again: bool) -> Diagnostic:
    asks = f"{requests.low:,}" if requests.low == requests.high else f"{requests.low:,} to {requests.high:,}"
    shorten = "shorten a list" if requests.low == requests.high else "shorten a list, such as with `at_most:`"
    if again:
        shorten = "shorten a list, allow fewer `attempts`"
    up_to = "" if images.low == images.high else "up to "
    return Diagnostic(
        "many-requests",
        f"step `{node.step.name}` becomes {asks} requests, for {up_to}{images.high:,} images",
        node.step.for_each[-1].span if node.step.for_each else node.step.span,
        Severity.WARNING,
        help=f"{shorten}, or write `limits:`, such as `limits: {{cost_usd: 20}}`, to say that it is meant",
    )


def explodes(node: StepNode, span: Span, limit: int, allowed: int | None = None) -> Diagnostic:
    """A step of too many tasks; `allowed` is the limit of the whole recipe where that is what it passes."""
    tasks = f"{limit:,} task{'' if limit == 1 else 's'}"
    message = f"step `{node.id}` would become more than {tasks}"
    if allowed is not None:
        rest = "" if limit == allowed else f", of which others have {allowed - limit:,}"
        message = (
            f"step `{node.id}` has more tasks than `limits.tasks` allows: {allowed:,} for the recipe{rest}"
        )
    return Diagnostic(
        "too-many-tasks",
        message,
        span,
        help="shorten the lists, or raise `limits.tasks` if you mean it",
    )
