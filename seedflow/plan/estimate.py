"""How many calls, images and dollars at least and at most: bounds of single tasks, and their sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from networkx.utils import UnionFind

from seedflow.diagnostics import Diagnostic
from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.expect import Expectation
from seedflow.plan.model import Action, Bounds, Least, Origin, Task, Totals, Unknown
from seedflow.plan.requests import Request

NOTHING_USD = Bounds(ZERO_USD, ZERO_USD)
Place: TypeAlias = "Callable[[Least], Least]"
"""Gives what requests take with the kind that these have come to be part of."""


def stay(one: Least) -> Least:
    """The place of what is of the kind that it was."""
    return one


def narrow_images(expectation: Expectation | None, given: Bounds[int]) -> Bounds[int]:
    """How many images a request gives that are used, of so many that it may give: with another number the task fails."""
    if expectation is None or expectation.accepts_all:
        return given
    least, most = expectation.least_images, expectation.most_images
    low = given.low if least is None else max(given.low, least)
    high = given.high if most is None else min(given.high, most)
    return Bounds(low, high) if low <= high else given


def find_cost(
    model: Model, params: Mapping[str, object], most_usd: Decimal | None, images: Bounds[int], attempts: int
) -> Bounds[Decimal]:
    """What a request's images cost, when it may take so many attempts to get them; nothing where nobody knows the price.

    One costs `most_usd` at most, by what the model says of these parameters.

    A parameter that decides the price and is not known yet counts for the lowest price in the least.
    """
    if most_usd is None or model.price is None:
        return NOTHING_USD
    open_price = model.price.by is not None and isinstance(params.get(model.price.by), Unknown)
    least_usd = model.price.least_usd if open_price else most_usd
    return Bounds(least_usd * images.low, most_usd * images.high * attempts)


def find_asked(task: Task) -> Bounds[int]:
    """The images that one task adds to a plan: all attempts included, none where it is stored or another one pays."""
    if task.action is not Action.CALL or task.shares_with is not None:
        return Bounds(0, 0)
    return Bounds(0 if task.may_be_stored or task.stays_lost else task.images.low, find_most_images(task))


def find_calls(task: Task) -> Bounds[int]:
    """The same for calls."""
    if task.will_be is not Action.CALL or task.shares_with is not None:
        return Bounds(0, 0)
    return Bounds(sum_up(task.least).calls, find_most_calls(task))


def find_most_calls(task: Task) -> int:
    """How many calls a task makes at most, further attempts included; one that stands for others, these together."""
    return task.attempts if task.most_calls is None else task.most_calls


def find_most_images(task: Task) -> int:
    """The same for images."""
    return task.images.high * task.attempts if task.most_images is None else task.most_images


def count_tasks(task: Task) -> Bounds[int]:
    """How many tasks one of a plan is or stands for. Of those that are skipped, what they go through may be so as well."""
    low, high = task.tasks if task.tasks is not None else (1, 1)
    return Bounds(0 if task.tasks is not None and task.will_be is not Action.CALL else low, high)


def add_up(tasks: Iterable[Task]) -> Totals:
    """Sums over tasks. What is reused, shared, skipped or blocked costs nothing and calls nothing.

    Of requests that may come to be the same one, the least is what one of them takes: they would share it.
    """
    count_low = count_high = calls_high = images_high = 0
    cost_high = list_high = ZERO_USD
    kinds: dict[str, Least] = {}
    for task in tasks:
        low, high = count_tasks(task)
        count_low += low
        count_high += high
        if task.action is not Action.CALL or task.shares_with is not None:
            continue
        calls_high += find_most_calls(task) if task.will_be is Action.CALL else 0
        images_high += find_most_images(task)
        cost_high += task.cost_usd.high
        list_high += task.list_cost_usd.high
        join_kinds(kinds, task.least)
    least = sum_up(kinds.values())
    return Totals(
        tasks=Bounds(count_low, count_high),
        calls=Bounds(least.calls, calls_high),
        images=Bounds(least.images, images_high),
        cost_usd=Bounds(least.cost_usd, cost_high),
        list_cost_usd=Bounds(least.list_cost_usd, list_high),
    )


def join_kinds(kinds: dict[str, Least], found: Iterable[Least], place: Place = stay) -> None:
    """Take requests in among others: of each kind there is at least what the most of one task comes to.

    `place` gives the kind that one has come to be part of.
    """
    for new in found:
        one = place(new)
        other = kinds.get(one.kind)
        kinds[one.kind] = (
            one
            if other is None
            else Least(
                one.kind,
                max(one.calls, other.calls),
                max(one.images, other.images),
                max(one.cost_usd, other.cost_usd),
                max(one.list_cost_usd, other.list_cost_usd),
                one.mentions & other.mentions,
                one.beside | other.beside,
            )
        )


class Sum(NamedTuple):
    """What requests of several kinds take at least, all together."""

    calls: int = 0
    images: int = 0
    cost_usd: Decimal = ZERO_USD
    list_cost_usd: Decimal = ZERO_USD


def sum_up(least: Iterable[Least]) -> Sum:
    """The sum over kinds, of which each stands once.

    Kinds that may turn out to be others beside them differ from each other, and so do those others: of the two sorts, what
    hangs together takes at least what the dearer one does.
    """
    kinds = {one.kind: one for one in least}
    loose = {
        kind: [other for other in one.beside if other in kinds] for kind, one in kinds.items() if one.beside
    }
    if not any(loose.values()):
        return _plus(kinds.values())
    parts = UnionFind(kinds)
    for kind, beside in loose.items():
        parts.union(kind, *beside)
    return _plus(
        _most(
            _plus(kinds[kind] for kind in part if loose.get(kind)),
            _plus(kinds[kind] for kind in part if not loose.get(kind)),
        )
        for part in parts.to_sets()
    )


def _plus(sums: Iterable[Sum | Least]) -> Sum:
    calls = images = 0
    cost = list_cost = ZERO_USD
    for one in sums:
        calls += one.calls
        images += one.images
        cost += one.cost_usd
        list_cost += one.list_cost_usd
    return Sum(calls, images, cost, list_cost)


def _most(one: Sum, other: Sum) -> Sum:
    return Sum(
        max(one.calls, other.calls),
        max(one.images, other.images),
        max(one.cost_usd, other.cost_usd),
        max(one.list_cost_usd, other.list_cost_usd),
    )


def bound_images(model: Model, request: Request) -> Bounds[int]:
    """How many images the request may give, whatever is stored: names of files depend on it."""
    between = request.between
    greatest = {name: high for name, (_, high) in between.items() if high is not None} if between else {}
    return Bounds(*model.image_bounds(request.known_params, request.unknown, greatest))


def refuse_no_price(origin: Origin, model: Model) -> Diagnostic:
    """A model of which nobody knows the price."""
    return Diagnostic(
        "no-price",
        f"the price of an image of `{model.id}` is not known, so nothing bounds what this step costs",
        origin.span,
        help=f"put the most that one may cost, in dollars, into seedflow.yaml: `prices: {{{model.id}: PRICE}}`",
    )
