"""What is said of a task that ended without images although it was, or may have been, paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Final

from seedflow.errors import Billed, BudgetError, ProviderError, Retry, SeedflowError, StoreError
from seedflow.money import format_usd
from seedflow.plan.model import Task
from seedflow.run.collect import Collected
from seedflow.run.references import LargeReferenceError
from seedflow.run.retry import SLOWING_KINDS
from seedflow.run.services import Doubt, Lost, Stage
from seedflow.run.status import Problem, Remedy
from seedflow.store.base import Attempt, AttemptState

_WRONG_REQUEST: Final = "wrong-request"
"""What the model's card does not allow; found before anything is sent."""
_NOT_ACCEPTED: Final = "bad-request"
_MAY_PASS: Final = ("reference-missing", "generation-failed")
"""Never repeated by a run itself, and yet another run may have better luck."""
_MAKE_ROOM: Final = {"read-only": "make the folder writable", "disk-full": "free some room on this disk"}
_MOST_MINUTES: Final = 120
"""A longer wait is told in hours."""


def failed(task: Task, kind: str, error: SeedflowError, *, perhaps_paid: bool = False) -> Problem:
    """It was asked in vain, and asking at once again would be, too, or would perhaps be paid twice."""
    advice = error.help
    if isinstance(error, ProviderError) and error.kind in SLOWING_KINDS:
        wait_s = error.retry_after_s
        when = "later" if wait_s is None else f"in {_spell_wait(wait_s)}, when the provider takes calls again"
        advice = f"run again {when}: what is stored is not asked again"
    refused = isinstance(error, ProviderError) and error.retry is Retry.NEVER and kind not in _MAY_PASS
    hopeless = refused or kind == _WRONG_REQUEST or isinstance(error, LargeReferenceError)
    remedy = Remedy.CHANGE if hopeless else Remedy.RUN
    if perhaps_paid and not hopeless:
        remedy = Remedy.CONSENT
    return Problem(
        kind,
        error.message,
        advice,
        task.origin.span,
        remedy=remedy,
        doubtful=perhaps_paid,
        unbilled=not perhaps_paid,
    )


def advise_on_data(failure: ProviderError, references: Sequence[Mapping[str, object]]) -> None:
    """Pictures within a request are what an account may not take, and no parameter of the recipe is to blame then."""
    if failure.kind == _NOT_ACCEPTED and any(one.get("transport") == "data" for one in references):
        failure.help = (
            f"{failure.help}; pictures were sent within it, which not every account takes: `seedflow doctor --probe` finds out, "
            "and `references: upload` sends links to a bucket of yours instead"
        )


def clear(failure: ProviderError, found: str) -> ProviderError:
    """A refusal that may have been billed, and that the provider's log shows to have cost nothing."""
    may_pass = failure.kind in _MAY_PASS or failure.retry is Retry.BACKOFF
    return ProviderError(
        f"{_trim(failure.message)}; {found}",
        kind=failure.kind,
        retry=failure.retry,
        billed=Billed.NO,
        retry_after_s=failure.retry_after_s,
        status=failure.status,
        code=failure.code,
        help="run again to ask once more" if may_pass else failure.help,
    )


def refused(task: Task, failure: ProviderError, message: str) -> Problem:
    """It was refused, and paid."""
    return Problem(
        failure.kind,
        message,
        "change what it asks for; or run again with --on-unknown retry to consent to paying for the same once more",
        task.origin.span,
        remedy=Remedy.CONSENT,
        paid=True,
    )


def _spell_wait(wait_s: float) -> str:
    """Rounded up, so that nobody comes too soon."""
    minutes = ceil(wait_s / 60)
    return f"{minutes:,} min" if minutes <= _MOST_MINUTES else f"{ceil(minutes / 60):,} h"


def lost(task: Task, message: str) -> Problem:
    """Its images are gone for good."""
    return Problem(
        "lost-paid",
        f"it was answered and paid, but {message}",
        "run again with --on-unknown retry to consent to paying for it once more",
        task.origin.span,
        remedy=Remedy.CONSENT,
        paid=True,
    )


def paid_in_vain(task: Task, attempt: Attempt) -> Problem:
    """An earlier call of it was paid, or perhaps, and gave nothing that could be had now."""
    if attempt.state is not AttemptState.FAILED:
        return lost(task, attempt.message or "its images are gone")
    return Problem(
        attempt.failure or "refused",
        f"it was refused before and may have been billed, so it is not asked again by itself: {attempt.message or 'nobody knows why'}",
        "change what it asks for; or run again with --on-unknown retry to consent to paying for the same once more",
        task.origin.span,
        remedy=Remedy.CONSENT,
        doubtful=True,
    )


def rejected(task: Task, kind: str, message: str) -> Problem:
    """It was answered with something that cannot be used."""
    return Problem(
        kind,
        f"it was answered and paid, but {message}",
        "run again with --on-unknown retry to consent to paying for it once more",
        task.origin.span,
        remedy=Remedy.CONSENT,
        paid=True,
    )


def beyond(collected: Collected, cost_usd: Decimal) -> tuple[str, ...]:
    """What is said of images that came although nobody asked for them; nothing where there are none."""
    used, kept = len(collected.images), len(collected.aside)
    extra = collected.came - used
    if not extra:
        return ()
    were, used_are = ("was", "the first is") if used == 1 else ("were", f"the first {used} are")
    others = "the other" if extra == 1 else "the others"
    folder = f"kept in {collected.aside[0].parent}" if kept else "not kept, since nothing could be fetched"
    some = f" ({kept} of {extra})" if 0 < kept < extra else ""
    money = (
        f"; all count as paid, {format_usd(cost_usd)}, more than planned: look at the provider's bill"
        if cost_usd
        else ""
    )
    return (
        f"{collected.came} images came, and at most {used} {were} asked for: {used_are} used, {others}{some} {folder}{money}",
    )


def not_fetched(task: Task, message: str) -> Problem:
    """Its images could not be fetched now."""
    return Problem(
        "not-fetched",
        f"it was answered and paid, but {message}",
        "run again soon: the picture is fetched without paying again as long as its URL lives",
        task.origin.span,
        paid=True,
    )


def not_kept(task: Task, error: StoreError, *, paid: bool, gone: bytes | None = None) -> Problem:
    """The disk did not take what there was to write; `paid` when its answer is in the ledger, and what it names is not here.

    `gone` is the answer where the ledger that had it is not there any more.
    """
    if error.paid:
        message = f"it was answered and paid, but {error.message}"
        is_certain = (
            task.images.low == task.images.high
        )  # else nobody has counted yet what there is to pay for
        return Problem(error.kind, message, error.help, task.origin.span, error.unsaved, paid=is_certain)
    if not paid:
        return Problem(error.kind, error.message, error.help, task.origin.span, error.unsaved)
    if gone is not None:
        return Problem(
            error.kind,
            f"it was answered and paid, but the ledger that had its answer is gone, and its pictures could not be kept: {error.message}",
            "put the state back, and run again: what it has is not paid again. If it is gone for good, keep the answer that is "
            "printed here: its pictures can be fetched by hand as long as their URLs live",
            task.origin.span,
            gone,
            paid=True,
        )
    remedy = _MAKE_ROOM.get(error.kind, error.help or "see what is wrong with the disk")
    return Problem(
        error.kind,
        f"it was answered and paid, but its pictures could not be kept: {error.message}",
        f"{remedy}, and run again soon: they are fetched without paying again as long as their URLs live",
        task.origin.span,
        error.unsaved,
        paid=True,
    )


def unknown(task: Task, lost: Lost, doubt: Doubt, then: Problem | None = None) -> Problem:
    """Nobody knows whether it was billed, or of several calls which of them were.

    `then` is how it ended when this run asked again with consent: what is open of it is as unknown as before.
    """
    why, advice = lost.why, lost.help
    if advice is None:
        advice = (
            "look at the provider's log or bill; run again with --on-unknown retry to consent to paying again"
        )
    if then is not None:
        why = f"{_trim(then.message)}; before that: {why}"
        advice = "; then ".join(text for text in (then.help, advice) if text)
    elif doubt.refused is not None:
        why = f"{why}. Asked again, it was refused: {_trim(doubt.refused)}"
        advice = f"change what it asks for; or {advice}"
    billed = (
        f"It may have been billed (up to {format_usd(doubt.most_usd)})"
        if doubt.calls < 2
        else f"{doubt.calls} of its calls may have been billed (up to {format_usd(doubt.most_usd)} together)"
    )
    message = f"{why}. {billed}, so it is not asked again by itself"
    return Problem(lost.kind, message, advice, task.origin.span)


def advise_on_room(error: BudgetError) -> str:
    """Somebody consented to asking again, and the budget has no room for that."""
    advice = (
        "make room in the budget, and run again with the same consent" if error.help is None else error.help
    )
    return f"it was to be asked again, for which the budget has no room: {advice}"


def _trim(message: str) -> str:
    """Without its full stop, since more follows."""
    return message.rstrip(".")


def unexpected(task: Task, complaint: str, attempts: int) -> Problem:
    """Its pictures are not what `expect` wants, and no further attempt is allowed; `attempts` is how many were judged."""
    if attempts == 1:
        message = f"{complaint}; its pictures are kept, and nothing uses them"
    else:
        message = f"none of {attempts} attempts was as expected; the last: {complaint}; all pictures are kept, and nothing uses them"
    return Problem(
        "unexpected",
        message,
        f"change `expect`, and what is stored is judged anew for free, or pay for another take: --reroll '{task.selector}'",
        task.origin.span,
        remedy=Remedy.CONSENT,
        paid=True,
    )


def let_go(task: Task, stage: Stage) -> Problem | None:
    """Somebody asked twice to stop while it was at work; None when nothing of it was in flight."""
    match stage:
        case Stage.UNSENT:
            return None
        case Stage.SENT:
            message = f"{task.address} was let go of while it was asked; it may have been billed"
            advice = "run again: its answer is looked up in the provider's log"
        case Stage.ANSWERED:
            message = f"{task.address} was let go of after it was answered and paid"
            advice = (
                "run again soon: its pictures are fetched without paying again as long as their URLs live"
            )
    return Problem("interrupted", message, advice, task.origin.span)
