"""How many calls, images and dollars at least and at most: bounds of single tasks, and their sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.expect import Expectation
from seedflow.plan.model import Action, Bounds, Least, Task, Totals, Unknown

NOTHING_USD = Bounds(ZERO_USD, ZERO_USD)


def narrow_images(expectation: Expectation | None, given: Bounds[int]) -> Bounds[int]:
    """How many images a request gives that are used, of so many that it may give: with another number the task fails."""
    if expectation is None or expectation.accepts_all:
        return given
    least, most = expectation.least_images, expectation.most_images
    low = given.low if least is None else max(given.low, least)
    high = given.high if most is None else min(given.high, most)
    return Bounds(low, high) if low <= high else given


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


def find_asked(task: Task) -> Bounds[int]:
    """The images that one task adds to a plan: all attempts included, none where it is stored or another one pays."""
    if task.action is not Action.CALL or task.shares_with is not None:
        return Bounds(0, 0)
    return Bounds(0 if task.may_be_stored else task.images.low, task.images.high * task.attempts)


def find_calls(task: Task) -> Bounds[int]:
    """The same for calls."""
    if task.will_be is not Action.CALL or task.shares_with is not None:
        return Bounds(0, 0)
    high = task.attempts if task.most_calls is None else task.most_calls
    return Bounds(sum(one.calls for one in task.least), high)


def add_up(tasks: Iterable[Task]) -> Totals:
    """Sums over tasks. What is reused, shared, skipped or blocked costs nothing and calls nothing.

    Of requests that may come to be the same one, the least is what one of them takes: they would share it.
    """
    count_low = count_high = calls_high = images_high = 0
    cost_high = list_high = ZERO_USD
    kinds: dict[str, Least] = {}
    for task in tasks:
        low, high = task.tasks if task.tasks is not None else (1, 1)
        count_low += low
        count_high += high
        if task.action is not Action.CALL or task.shares_with is not None:
            continue
        calls_high += find_calls(task).high
        images_high += find_asked(task).high
        cost_high += task.cost_usd.high
        list_high += task.list_cost_usd.high
        join_kinds(kinds, task.least)
    least = kinds.values()
    return Totals(
        tasks=Bounds(count_low, count_high),
        calls=Bounds(sum(one.calls for one in least), calls_high),
        images=Bounds(sum(one.images for one in least), images_high),
        cost_usd=Bounds(sum((one.cost_usd for one in least), ZERO_USD), cost_high),
        list_cost_usd=Bounds(sum((one.list_cost_usd for one in least), ZERO_USD), list_high),
    )


def join_kinds(
    kinds: dict[str, Least], found: Iterable[Least], find_kind: Callable[[str], str] = str
) -> None:
    """Take requests in among others: of each kind there is at least what the most of one task comes to."""
    for one in found:
        kind = find_kind(one.kind)
        other = kinds.get(kind)
        kinds[kind] = (
            (one if kind == one.kind else replace(one, kind=kind))
            if other is None
            else Least(
                kind,
                max(one.calls, other.calls),
                max(one.images, other.images),
                max(one.cost_usd, other.cost_usd),
                max(one.list_cost_usd, other.list_cost_usd),
                one.mentions & other.mentions,
            )
        )
