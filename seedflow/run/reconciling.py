"""Calls that earlier runs left open, taken up without asking for anything: the log, the answer, its pictures.

The way is that of any run that finds such an attempt (`AttemptRunner`), which only looks it up; and a control lets nothing be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from seedflow.diagnostics import Source, Span
from seedflow.errors import UNREADABLE_ERRORS, SeedflowError, StoreError
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.model import Action, Bounds, Origin, Reason, Task
from seedflow.providers.base import Provider
from seedflow.run.attempt import AttemptRunner
from seedflow.run.collect import Collector
from seedflow.run.disk import Disk
from seedflow.run.leases import Leases
from seedflow.run.limits import Limiter
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.references import ReferencePreparer
from seedflow.run.services import Services, Tally, TaskEndedError
from seedflow.store.base import (
    Attempt,
    AttemptState,
    HeldElsewhere,
    Store,
    StoredImage,
    ToRecover,
)

AT_ONCE = 8


class Finding(StrEnum):
    """What became of an open call."""

    RECOVERED = "recovered"
    NOT_BILLED = "not-billed"
    STILL_UNKNOWN = "still-unknown"
    NOT_FETCHED = "not-fetched"
    LOST = "lost"
    FAILED = "failed"
    HELD = "held"
    STORED = "stored"
    NO_MODEL = "no-model"


@dataclass(frozen=True, slots=True)
class Settled:
    """One call that was looked at.

    `cost_usd`: what it is now known to have cost; `perhaps_usd`: what it may have cost. `beside`: it was asked again since, and the
    step shows the images of the later call: of a call that was not billed, nothing is left to do.
    """

    attempt: Attempt
    finding: Finding
    message: str | None = None
    images: tuple[StoredImage, ...] = ()
    cost_usd: Decimal = ZERO_USD
    perhaps_usd: Decimal = ZERO_USD
    beside: bool = False


async def take_up_open_calls(
    attempts: Sequence[Attempt],
    run_id: str,
    *,
    store: Store,
    provider: Provider,
    catalog: Catalog,
    options: RunOptions,
    control: RunControl,
) -> list[Settled]:
    """What became of each, in their order. The run has begun in the store; nothing is asked that could be billed.

    Raises:
        StoreError: the disk does not take what was found.
    """
    disk = Disk()
    leases = Leases()
    nothing_sent = RunControl()
    nothing_sent.halt()

    def tell(*_: object) -> None:
        """Nobody watches."""

    services = Services(
        run_id=run_id,
        recipe="",
        store=store,
        provider=provider,
        catalog=catalog,
        options=options,
        control=nothing_sent,
        disk=disk,
        limiter=Limiter(1),
        preparer=ReferencePreparer(
            store=store,
            provider=provider,
            leases=leases,
            mode=options.references,
            limits=options.reference_limits,
            disk=disk,
        ),
        collector=Collector(store=store, provider=provider, leases=leases, disk=disk, emit=tell),
        emit=tell,
        halt=lambda _problem, *, budget=False: None,  # noqa: ARG005 - the port's words
    )
    places = asyncio.Semaphore(AT_ONCE)

    async def one(attempt: Attempt) -> Settled | None:
        async with places:
            return None if control.interrupted else await _take_up(attempt, services)

    try:
        found = await asyncio.gather(*map(one, attempts), return_exceptions=True)
    finally:
        disk.close()
    for error in found:
        if isinstance(error, BaseException):
            raise error
    return [settled for settled in found if isinstance(settled, Settled)]


async def _take_up(attempt: Attempt, services: Services) -> Settled:
    model = services.catalog.find(attempt.request.model)
    if model is None:
        message = (
            f"the model {attempt.request.model} is not in the catalog, so that its answer cannot be judged"
        )
        return Settled(attempt, Finding.NO_MODEL, message, perhaps_usd=attempt.reserved_usd)
    store, request = services.store, attempt.request
    claim = await services.disk.run(store.take_up, services.run_id, attempt.intent_id)
    match claim:
        case HeldElsewhere(run_id=run_id):
            return Settled(attempt, Finding.HELD, f"run {run_id} is at work on it")
        case ToRecover(attempt=taken):
            return await _carry_on(taken, model, services)
        case None:  # it has ended since it was listed
            result = await services.disk.run(
                store.has_result, request.realm, request.fingerprint, request.take, attempt.attempt - 1
            )
            if result:
                return Settled(attempt, Finding.STORED)
            return Settled(attempt, Finding.FAILED, "it ended without a result meanwhile")


async def _carry_on(attempt: Attempt, model: Model, services: Services) -> Settled:
    task = build_task(attempt, model)
    most_usd = services.cost_usd(task, task.images.high)
    try:
        result = await AttemptRunner(services, task, attempt, Tally()).carry_on(recovered=True)
    except TaskEndedError as ended:
        return await _explain(attempt, ended, most_usd, services)
    except StoreError:
        raise
    except SeedflowError as error:
        return Settled(attempt, Finding.STILL_UNKNOWN, error.message, perhaps_usd=most_usd)
    except (
        UNREADABLE_ERRORS
    ) as error:  # one row that nobody can read must not keep the others from being told
        message = f"what is written down of it cannot be read ({type(error).__name__})"
        return Settled(attempt, Finding.STILL_UNKNOWN, message, perhaps_usd=most_usd)
    request = attempt.request
    shown = await services.disk.run(
        services.store.list_results, request.realm, request.fingerprint, request.take
    )
    own = next((one for one in shown if one.intent_id == attempt.intent_id), None)
    cost_usd = services.cost_usd(task, len(result.images)) if own is None else own.cost_usd
    said = "; ".join(result.warnings) or None
    return Settled(attempt, Finding.RECOVERED, said, result.images, cost_usd, beside=own is None)


async def _explain(attempt: Attempt, ended: TaskEndedError, most_usd: Decimal, services: Services) -> Settled:
    """What became of it without images, by the state in which it stands now."""
    message = None if ended.problem is None else ended.problem.message
    if ended.settled:
        request = attempt.request
        beside = await services.disk.run(
            services.store.has_result,
            request.realm,
            request.fingerprint,
            request.take,
            attempt.attempt - 1,
        )
        return Settled(attempt, Finding.NOT_BILLED, beside=beside)
    match ended.state:
        case AttemptState.UNKNOWN:
            return Settled(attempt, Finding.STILL_UNKNOWN, message, perhaps_usd=most_usd)
        case AttemptState.ANSWERED:
            return Settled(attempt, Finding.NOT_FETCHED, message, cost_usd=most_usd)
        case AttemptState.LOST_PAID:
            return Settled(attempt, Finding.LOST, message, cost_usd=ended.cost_usd)
        case _:
            return Settled(attempt, Finding.FAILED, message, perhaps_usd=ended.cost_usd)


def build_task(attempt: Attempt, model: Model) -> Task:
    """The task of a row of the ledger, as far as an answer of it has to be judged, fetched and paid."""
    request = attempt.request
    images = Bounds(*model.image_bounds(request.params))
    price_usd = model.price_usd(request.params)
    cost_usd = Bounds(*((price_usd or ZERO_USD) * count for count in images))
    return Task(
        address=request.address,
        step=request.step,
        each={},
        action=Action.CALL,
        reason=Reason.ASKED_BEFORE,
        model=request.model,
        params=request.params,
        references_field=request.references_field,
        references=(),
        needs=(),
        take=request.take,
        fingerprint=request.fingerprint,
        params_digest=request.params_digest,
        images=images,
        cost_usd=cost_usd,
        list_cost_usd=cost_usd,
        price_usd=price_usd,
        result=None,
        origin=Origin(Span(Source("ledger", ""), 0, 0), {}),
    )
