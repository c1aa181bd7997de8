"""What will be done for a request, and why: from what the store knows of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedflow.models.model import Model
from seedflow.plan.context import PlanContext
from seedflow.plan.earlier import EarlierNames
from seedflow.plan.expect import Choice, Expectation, choose_result
from seedflow.plan.fingerprint import digest_params, digest_request
from seedflow.plan.instances import Unit
from seedflow.plan.kinds import Kinds
from seedflow.plan.model import Action, Reason
from seedflow.plan.requests import Request
from seedflow.plan.takes import TakeChooser
from seedflow.store.base import AttemptState, PastRequest, StoredResult


@dataclass(frozen=True, slots=True)
class Decision:
    """An action with its reason.

    `result` when it is reused, `may_be_free` when the picture may be had without paying. `attempts` may still be made after
    `attempts_made`, which are stored and were not as expected; `complaint` says how. `moved` as for a task.
    """

    action: Action
    reason: Reason
    result: StoredResult | None = None
    may_be_free: bool = False
    attempts: int = 1
    attempts_made: int = 0
    complaint: str | None = None
    moved: bool = False


UNSETTLED = Decision(Action.CALL, Reason.UPSTREAM_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Decided:
    """The take that a task shows, what will be done for it, and the names of its request as far as it is known.

    `may_be_stored`: its pictures may be had without paying. `was_lost`: what may be the same request was paid under its names, and
    its pictures are lost.
    """

    take: int
    decision: Decision
    fingerprint: str | None
    params_digest: str | None
    may_be_stored: bool
    was_lost: bool = False


class Decider:
    """Decides what is done for the requests of one plan."""

    def __init__(self, context: PlanContext, earlier: EarlierNames, kinds: Kinds) -> None:
        self._context = context
        self._earlier = earlier
        self._kinds = kinds
        self._takes = TakeChooser(context, earlier)
        self._sent_before: bool | None = None

    def use_context(self, context: PlanContext) -> None:
        """Decide by another view of the store from now on."""
        self._context = context
        self._takes.use_context(context)

    def decide(self, unit: Unit, model: Model, request: Request, expectation: Expectation | None) -> Decided:
        """For a task whose request is known as far as it can be."""
        params_digest = None if request.unknown else digest_params(model.id, request.params)
        fingerprint = None
        if request.known and params_digest is not None:
            fingerprint = digest_request(params_digest, model.references_field, request.references)
        if unit.ghost:
            stored = (
                self._may_be_past(request, None)
                if fingerprint is None
                else self._was_asked(fingerprint, unit.slot)
            )
            return Decided(unit.slot, UNSETTLED, fingerprint, params_digest, stored)
        names = (unit.address, *self._earlier.list_addresses(unit.instance, unit.address))
        past = next(filter(None, map(self._context.find_past, names)), None)
        if fingerprint is None or params_digest is None:
            stored = self._may_be_past(request, past)
            lost = stored and self._was_lost(past, params_digest, unit.slot)
            return Decided(unit.slot, UNSETTLED, None, params_digest, stored, lost)
        chosen = self._takes.choose(unit, fingerprint)
        choice = self._choose(names, fingerprint, chosen.take, expectation)
        if choice.result is not None:
            decision = Decision(Action.REUSE, Reason.STORED, choice.result, complaint=choice.complaint)
        elif choice.exhausted:
            decision = Decision(
                Action.BLOCKED,
                Reason.REJECTED,
                attempts=0,
                attempts_made=choice.after_attempt,
                complaint=choice.complaint,
            )
        else:
            reason, may_be_free = self._why(fingerprint, params_digest, chosen.take, past, choice)
            decision = Decision(
                Action.CALL,
                Reason.FORCED if chosen.forced else reason,
                may_be_free=may_be_free,
                attempts=choice.left,
                attempts_made=choice.after_attempt,
                complaint=choice.complaint,
                moved=chosen.moved,
            )
        return Decided(chosen.take, decision, fingerprint, params_digest, decision.may_be_free)

    def _choose(
        self, names: Iterable[str], fingerprint: str, take: int, expectation: Expectation | None
    ) -> Choice:
        context = self._context
        results = context.view.list_results(context.realm, fingerprint, take)
        judged = 0
        if expectation is not None and results and results[-1].attempt > expectation.attempts:
            judged = max(context.find_judged(name, fingerprint, take) for name in names)
        return choose_result(expectation, results, judged)

    def _was_asked(self, fingerprint: str, take: int) -> bool:
        """Whether the pictures of a request are stored, or may have been paid."""
        view, realm = self._context.view, self._context.realm
        unfinished = view.find_unfinished(realm, fingerprint, take)
        return view.has_result(realm, fingerprint, take) or unfinished not in (None, AttemptState.FAILED)

    def _was_lost(self, past: PastRequest | None, params_digest: str | None, take: int) -> bool:
        """Whether the pictures of a past request are lost that may be made once more, by what is known of it."""
        if past is None or params_digest not in (None, past.params_digest):
            return False
        context = self._context
        return context.view.find_unfinished(context.realm, past.fingerprint, take) is AttemptState.LOST_PAID

    def _may_be_past(self, request: Request, past: PastRequest | None) -> bool:
        """Whether a request that is not known yet may turn out to be one of the past, whoever made that."""
        if self._sent_before is None:
            self._sent_before = self._context.view.has_sent(self._context.realm)
        return (self._sent_before or past is not None) and not self._kinds.is_new(request)

    def _why(
        self, fingerprint: str, params_digest: str, take: int, past: PastRequest | None, choice: Choice
    ) -> tuple[Reason, bool]:
        view, realm = self._context.view, self._context.realm
        unfinished = view.find_unfinished(realm, fingerprint, take, choice.after_attempt)
        was_made = view.has_result(realm, fingerprint, take, choice.after_attempt)
        if was_made and unfinished is not AttemptState.LOST_PAID:  # whose pictures were fetched once, too
            return Reason.ARTIFACT_MISSING, True
        if unfinished is AttemptState.FAILED:
            return Reason.REFUSED_BEFORE, True
        if unfinished is AttemptState.LOST_PAID:
            return Reason.LOST_PAID, True
        if unfinished is not None:
            return Reason.ASKED_BEFORE, True
        if choice.after_attempt:
            return Reason.REJECTED, False
        if past is None or past.fingerprint == fingerprint:
            return Reason.NEW, False
        if past.params_digest == params_digest:
            return Reason.REFERENCE_CHANGED, False
        return Reason.CHANGED, False
