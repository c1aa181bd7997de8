"""Which take of its request a task shows: its own, the one that somebody made current, or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from seedflow.plan.context import PlanContext
from seedflow.plan.earlier import EarlierNames
from seedflow.plan.instances import Instance, Unit
from seedflow.store.base import OUTCOME_OPEN


@dataclass(frozen=True, slots=True)
class ChosenTake:
    """A take. `forced` when it is a new one that somebody wants to have; `moved` when its place's own is shown by a sibling.

    A moved one is written down before it is asked for, as a new one is: what moved it may be rerolled away.
    """

    take: int
    forced: bool = False
    moved: bool = False


class TakeChooser:
    """Chooses takes. A new take stays the same one for as long as the request does."""

    def __init__(self, context: PlanContext, earlier: EarlierNames) -> None:
        self._context = context
        self._earlier = earlier
        self._new: dict[tuple[str, str], int] = {}
        self._shown: dict[tuple[str, str], tuple[ChosenTake, ...]] = {}

    def use_context(self, context: PlanContext) -> None:
        """Decide by another view of the store from now on."""
        self._context = context
        self._shown.clear()

    def choose(self, unit: Unit, fingerprint: str) -> ChosenTake:
        """The take of a task.

        A reroll of a take that has not come to its end goes on with it: it may be paid, and there is nothing to replace yet.
        """
        if not self._context.rerolls(unit.address):
            return self._list_shown(unit, fingerprint)[unit.slot - 1]
        key = (unit.address, fingerprint)
        if key not in self._new:
            places = self._list_shown(unit, fingerprint)
            shown_now = places[unit.slot - 1]
            if self._is_under_way(fingerprint, shown_now.take):
                return shown_now
            shown = [place.take for place in places]
            new = [found for name in _spell_places(unit) if (found := self._new.get((name, fingerprint)))]
            above = max([len(places), *shown, *new])
            context = self._context
            self._new[key] = context.view.next_take(context.realm, fingerprint, above)
        return ChosenTake(self._new[key], forced=True)

    def _is_under_way(self, fingerprint: str, take: int) -> bool:
        """Whether its pictures are still to come: it was never sent, or sent and its outcome is open."""
        view, realm = self._context.view, self._context.realm
        results = view.list_results(realm, fingerprint, take)
        after_attempt = results[-1].attempt if results else 0
        if view.find_unfinished(realm, fingerprint, take, after_attempt) in OUTCOME_OPEN:
            return not view.has_result(realm, fingerprint, take, after_attempt)
        return take not in view.find_takes(realm, fingerprint)

    def _list_shown(self, unit: Unit, fingerprint: str) -> tuple[ChosenTake, ...]:
        """The takes of a task and its siblings, in order of place, as long as nobody rerolls one now.

        The tasks of later places need not be known yet: only their addresses count.
        """
        if not self._context.picks.has_any(self._context.realm):
            return _number_takes(unit.instance.tasks.takes)
        names = _spell_places(unit)
        shown = self._shown.get((names[0], fingerprint))
        if shown is None:
            found = [self._find(unit.instance, name, fingerprint) for name in names]
            if not any(found):
                return _number_takes(len(names))
            own = list_own_takes(found)
            shown = self._shown[names[0], fingerprint] = tuple(
                ChosenTake(take, moved=pick is None and take != slot)
                for slot, (pick, take) in enumerate(zip(found, own, strict=True), 1)
            )
        return shown

    def _find(self, instance: Instance, address: str, fingerprint: str) -> int | None:
        context = self._context
        for name in (address, *self._earlier.list_addresses(instance, address)):
            found = context.picks.find_take(context.realm, name, fingerprint)
            if found is not None:
                return found
        return None


@cache
def _number_takes(count: int) -> tuple[ChosenTake, ...]:
    """The takes of places for which nobody picked any: their numbers."""
    return tuple(ChosenTake(take) for take in list_own_takes([None] * count))


def list_own_takes(picks: Sequence[int | None]) -> list[int]:
    """The takes that places show: what was picked for them, or their number, unless another place shows that one.

    What a place shows does not depend on how many come after it, so that asking for more takes leaves those that are there.

    Args:
        picks: the take that somebody picked for each place, in order; None for none.
    """
    used = {pick for pick in picks if pick is not None}
    takes = []
    highest = 0
    for place, pick in enumerate(picks, 1):
        take = pick or place
        highest = max(highest, pick or 0)
        if pick is None and take in used:
            take += max(highest, place)
            while take in used:
                take += 1
        used.add(take)
        takes.append(take)
    return takes


def _spell_places(unit: Unit) -> list[str]:
    """The addresses of all takes of the same pass, this one included, be they known or not."""
    first = unit.address.removesuffix(f"#{unit.slot}") if unit.slot > 1 else unit.address
    return [first, *(f"{first}#{slot}" for slot in range(2, unit.instance.tasks.takes + 1))]
