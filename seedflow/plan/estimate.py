"""How many calls, images and dollars at least and at most: bounds of single tasks, and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.model import Action, Bounds, Task, Totals, Unknown

NOTHING_USD = Bounds(ZERO_USD, ZERO_USD)


def find_cost(
    model: Model, params: Mapping[str, object], images: Bounds[int], attempts: int
) -> Bounds[Decimal]:
    """What a request's images cost, when it may take so many attempts to get them; nothing where nobody knows the price.

    A parameter that decides the price and is not known yet counts for the lowest price in the least.
    """
    most_usd = model.price_usd(params)
    if most_usd is None or model.price is None:
        return NOTHING_USD
    open_price = model.price.by is not None and isinstance(params.get(model.price.by), Unknown)
    least_usd = model.price.least_usd if open_price else most_usd
    return Bounds(least_usd * images.low, most_usd * images.high * attempts)


def add_up(tasks: Iterable[Task]) -> Totals:
    """Sums over tasks. What is reused, shared, skipped or blocked costs nothing and calls nothing.

    Of tasks that may come to make the same request, the least is what one of them takes: they would share it.
    """
    count_low = count_high = calls_low = calls_high = images_low = images_high = 0
    cost_low = cost_high = list_low = list_high = ZERO_USD
    alike: dict[str, list[Task]] = {}
    for task in tasks:
        low, high = task.tasks if task.tasks is not None else (1, 1)
        count_low += low
        count_high += high
        if task.action is not Action.CALL or task.shares_with is not None:
            continue
        calls_high += high * task.attempts
        images_high += task.images.high * task.attempts
        cost_high += task.cost_usd.high
        list_high += task.list_cost_usd.high
        if task.likely is not None:
            alike.setdefault(task.likely, []).append(task)
            continue
        calls_low += _least_calls(task)
        images_low += _least_images(task)
        cost_low += task.cost_usd.low
        list_low += task.list_cost_usd.low
    for members in alike.values():
        calls_low += max(_least_calls(task) for task in members)
        images_low += max(_least_images(task) for task in members)
        cost_low += max(task.cost_usd.low for task in members)
        list_low += max(task.list_cost_usd.low for task in members)
    return Totals(
        tasks=Bounds(count_low, count_high),
        calls=Bounds(calls_low, calls_high),
        images=Bounds(images_low, images_high),
        cost_usd=Bounds(cost_low, cost_high),
        list_cost_usd=Bounds(list_low, list_high),
    )


def _least_calls(task: Task) -> int:
    if not _least_images(task):
        return 0
    return task.tasks.low if task.tasks is not None else 1


def _least_images(task: Task) -> int:
    return 0 if task.may_be_stored else task.images.low
