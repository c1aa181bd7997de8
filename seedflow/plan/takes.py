"""Which take of its request a task shows: its own, the one that somebody made current, or a new one."""

from __future__ import annotations

from seedflow.plan.context import PlanContext
from seedflow.plan.identity import find_earlier_address
from seedflow.plan.instances import Unit
from seedflow.store.base import OUTCOME_OPEN


class TakeChooser:
    """Chooses takes. A new take stays the same one for as long as the request does."""

    def __init__(self, context: PlanContext) -> None:
        self._context = context
        self._new: dict[tuple[str, str], int] = {}

    def use_context(self, context: PlanContext) -> None:
        """Decide by another view of the store from now on."""
        self._context = context

    def choose(self, unit: Unit, fingerprint: str) -> tuple[int, bool]:
        """The take of a task, and whether it is a new one that somebody wants to have.

        A reroll of a take that has not come to its end goes on with it: it may be paid, and there is nothing to replace yet.
        """
        if self._context.rerolls(unit.address):
            shown_now = self._find(unit, fingerprint) or self._own(unit, fingerprint)
            if (unit.address, fingerprint) not in self._new and self._is_under_way(fingerprint, shown_now):
                return shown_now, False
            key = (unit.address, fingerprint)
            take = self._new.get(key)
            if take is None:
                siblings = _siblings(unit)
                shown = [self._find(other, fingerprint) or other.slot for other in siblings]
                new = [found for other in siblings if (found := self._new.get((other.address, fingerprint)))]
                above = max([unit.instance.tasks.takes, *shown, *new])
                context = self._context
                take = self._new[key] = context.view.next_take(context.realm, fingerprint, above)
            return take, True
        current = self._find(unit, fingerprint)
        if current is not None:
            return current, False
        return self._own(unit, fingerprint), False

    def _is_under_way(self, fingerprint: str, take: int) -> bool:
        """Whether its pictures are still to come: it was never sent, or sent and its outcome is open."""
        view, realm = self._context.view, self._context.realm
        results = view.list_results(realm, fingerprint, take)
        after_attempt = results[-1].attempt if results else 0
        if view.find_unfinished(realm, fingerprint, take, after_attempt) in OUTCOME_OPEN:
            return not view.has_result(realm, fingerprint, take, after_attempt)
        return take not in view.find_takes(realm, fingerprint)

    def _own(self, unit: Unit, fingerprint: str) -> int:
        """The take that an address has by its place, but for those that its siblings were made to show."""
        siblings = _siblings(unit)
        if len(siblings) == 1:
            return unit.slot
        taken = {take for other in siblings if (take := self._find(other, fingerprint)) is not None}
        return unit.slot if unit.slot not in taken else max([*taken, unit.instance.tasks.takes]) + unit.slot

    def _find(self, unit: Unit, fingerprint: str) -> int | None:
        context = self._context
        found = context.picks.find_take(context.realm, unit.address, fingerprint)
        earlier = find_earlier_address(unit)
        if found is None and earlier is not None:
            found = context.picks.find_take(context.realm, earlier, fingerprint)
        return found


def _siblings(unit: Unit) -> list[Unit]:
    """The tasks of all takes of the same pass, this one included."""
    return [other for other in unit.instance.units if other.number == unit.number]
