"""How many calls, images and dollars at least and at most: bounds of single tasks, and their sums."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from seedflow.money import ZERO_USD
from seedflow.plan.model import Action, Bounds, Task, Totals

NOTHING_USD = Bounds(ZERO_USD, ZERO_USD)


def multiply(price_usd: Decimal, images: Bounds[int]) -> Bounds[Decimal]:
    """What a number of images costs."""
    return Bounds(price_usd * images.low, price_usd * images.high)


def add_up(tasks: Iterable[Task]) -> Totals:
    """Sums over tasks. Reused tasks and those that share another task's payment cost nothing and call nothing."""
    count = calls_low = calls_high = images_low = images_high = 0
    cost_low = cost_high = list_low = list_high = ZERO_USD
    for task in tasks:
        count += 1
        if task.action is not Action.CALL or task.shares_with is not None:
            continue
        calls_low += 0 if task.may_be_stored else 1
        calls_high += 1
        images_low += 0 if task.may_be_stored else task.images.low
        images_high += task.images.high
        cost_low += task.cost_usd.low
        cost_high += task.cost_usd.high
        list_low += task.list_cost_usd.low
        list_high += task.list_cost_usd.high
    return Totals(
        tasks=Bounds(count, count),
        calls=Bounds(calls_low, calls_high),
        images=Bounds(images_low, images_high),
        cost_usd=Bounds(cost_low, cost_high),
        list_cost_usd=Bounds(list_low, list_high),
    )
