"""Which take a place shows that nobody rerolled: what was paid stays where it is, however many takes are asked for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import KnownResults, facts, open_planner

from seedflow.plan.model import Action, Task
from seedflow.plan.takes import list_own_takes
from seedflow.recipe.picks import Picks
from seedflow.store.base import AttemptState, StoredImage, StoredResult
from seedflow.store.transitions import find_next_take

REALM = "emulated"


class Drawn(KnownResults):
    """A store of takes of requests, each with the state of its one call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[tuple[str, int], AttemptState] = {}

    def list_results(self, realm: str, fingerprint: str, take: int) -> tuple[StoredResult, ...]:
        if self.calls.get((fingerprint, take)) is not AttemptState.DONE:
            return ()
        images = (StoredImage(1, facts(f"{take:x}"), Path("picture")),)
        return (StoredResult(fingerprint, take, images, Decimal(0), f"take {take}"),)

    def find_unfinished(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> AttemptState | None:
        found = self.calls.get((fingerprint, take))
        return None if after_attempt or found is AttemptState.DONE else found

    def find_takes(self, realm: str, fingerprint: str) -> tuple[int, ...]:
        return tuple(sorted(take for of, take in self.calls if of == fingerprint))

    def next_take(self, realm: str, fingerprint: str, above: int) -> int:
        rows = [(take, 1, state, True) for (of, take), state in self.calls.items() if of == fingerprint]
        return find_next_take(rows, above)

    def has_sent(self, realm: str) -> bool:
        return bool(self.calls)


class Desk:
    """Somebody who runs a recipe again and again: its picks file, and what was paid."""

    def __init__(self, text: str = "steps: {idea: {takes: TAKES, generate: {prompt: Idea}}}\n") -> None:
        self.text = text
        self.view = Drawn()
        self.picks = Picks()

    def plan(self, takes: int, reroll: str | None = None) -> tuple[Task, ...]:
        planner = open_planner(
            self.text.replace("TAKES", str(takes)),
            view=self.view,
            picks=self.picks,
            rerolls=lambda address: address == reroll,
        )
        found, diagnostics = planner.start()
        assert found is not None, diagnostics
        return found.tasks

    def run(self, takes: int, reroll: str | None = None, *, fails: str | None = None) -> int:
        """Carry out a plan; `fails` is sent and its answer lost. How many calls it took."""
        calls = 0
        for task in self.plan(takes, reroll):
            assert task.fingerprint is not None
            if task.action is Action.CALL:
                if task.to_be_noted:
                    self.picks = self.picks.with_take(REALM, task.address, task.take, task.fingerprint)
                key = (task.fingerprint, task.take)
                calls += key not in self.view.calls
                lost = task.address == fails
                self.view.calls[key] = AttemptState.UNKNOWN if lost else AttemptState.DONE
        return calls

    def forget(self, *addresses: str) -> None:
        """Take lines out of the picks file; without addresses, all of them."""
        for address in addresses or tuple(self.picks.takes.get(REALM, {})):
            self.picks = self.picks.without_take(REALM, address)

    def shows(self, takes: int) -> list[int]:
        """The take of each place."""
        return [task.take for task in self.plan(takes)]


def test_more_takes_after_a_reroll_pay_for_the_new_ones_only() -> None:
    desk = Desk()
    assert [desk.run(2), desk.run(2, "idea"), desk.shows(2)] == [2, 1, [3, 2]]
    assert [desk.run(3), desk.shows(3)] == [1, [3, 2, 6]]
    assert [desk.run(4), desk.shows(4)] == [1, [3, 2, 6, 4]]
    assert [desk.run(7), desk.shows(7)] == [3, [3, 2, 6, 4, 5, 12, 7]]


@pytest.mark.parametrize("takes", range(3, 9))
def test_the_plan_gives_a_place_the_same_take_for_any_number_of_takes(takes: int) -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    assert desk.shows(9)[:takes] == desk.shows(takes)


def test_a_second_reroll_of_what_moved_another_leaves_the_other_where_it_is() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    desk.run(3)
    assert desk.run(3, "idea") == 1
    assert desk.shows(3) == [7, 2, 6]


def test_raising_and_rerolling_in_one_run_gives_each_its_own() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    assert desk.run(4, "idea#2") == 3
    assert desk.shows(4) == [3, 7, 6, 4]
    assert desk.run(5) == 1


def test_lowering_and_raising_again_is_free() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    desk.run(4)
    before = desk.shows(4)
    assert [desk.run(1), desk.run(3), desk.run(4)] == [0, 0, 0]
    assert desk.shows(4) == before


def test_a_reroll_while_fewer_are_asked_for_leaves_the_others_as_they_were() -> None:
    desk = Desk()
    desk.run(4)
    assert [desk.run(2, "idea#2"), desk.run(4), desk.shows(4)] == [1, 0, [1, 5, 3, 4]]
    assert [desk.run(5), desk.shows(5)] == [1, [1, 5, 3, 4, 10]]


def test_several_rerolls_and_then_more_takes() -> None:
    desk = Desk()
    desk.run(2)
    for address in ("idea", "idea#2", "idea", "idea#2"):
        assert desk.run(2, address) == 1
    assert desk.shows(2) == [5, 6]
    assert [desk.run(8), len(set(desk.shows(8)))] == [4, 8]  # takes 3 and 4 are there already
    assert desk.run(9) == 1


def test_without_the_picks_file_every_place_shows_its_number_and_what_is_paid_is_free() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    desk.run(4)
    desk.forget()
    assert [desk.run(4), desk.shows(4)] == [0, [1, 2, 3, 4]]


def test_a_line_taken_out_alone_brings_back_what_that_place_would_show() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    desk.run(4)
    desk.forget("idea#3")
    assert [desk.run(4), desk.shows(4)] == [0, [3, 2, 6, 4]]
    desk.forget("idea")
    assert [desk.run(4), desk.shows(4)] == [0, [1, 2, 3, 4]]


def test_a_moved_take_whose_answer_was_lost_stays_the_one_to_go_on_with() -> None:
    desk = Desk()
    desk.run(2)
    desk.run(2, "idea")
    desk.run(3, fails="idea#3")
    assert [desk.run(4), desk.shows(4)] == [1, [3, 2, 6, 4]]


def test_a_reroll_that_takes_up_what_is_open_moves_the_place_that_it_belonged_to() -> None:
    desk = Desk()
    desk.run(3, fails="idea#2")
    assert [desk.run(1, "idea"), desk.shows(1)] == [0, [2]]
    assert [desk.run(3), desk.shows(3)] == [1, [2, 4, 3]]


def test_two_steps_with_one_request_share_what_they_can() -> None:
    desk = Desk(
        "steps: {a: {takes: TAKES, generate: {prompt: Idea}}, b: {takes: TAKES, generate: {prompt: Idea}}}\n"
    )
    assert [desk.run(2), desk.run(2, "a"), desk.shows(2)] == [2, 1, [3, 2, 1, 2]]
    assert [desk.run(3), desk.shows(3)] == [1, [3, 2, 6, 1, 2, 3]]
    assert [desk.run(4), desk.shows(4)] == [1, [3, 2, 6, 4, 1, 2, 3, 4]]


def test_takes_that_somebody_wrote_into_the_file_are_never_shown_twice() -> None:
    for picks in ({1: 2}, {2: 1}, {1: 2, 2: 1}, {3: 1, 1: 5}, {1: 4, 2: 8}):
        shown = list_own_takes([picks.get(slot) for slot in range(1, 20)])
        assert len(set(shown)) == len(shown), picks


@given(
    st.lists(
        st.tuples(st.integers(1, 7), st.none() | st.integers(1, 7), st.booleans()), min_size=1, max_size=8
    )
)
def test_a_place_that_was_shown_keeps_its_take_until_it_is_rerolled(
    runs: list[tuple[int, int | None, bool]],
) -> None:
    desk = Desk()
    known: dict[str, int] = {}
    for takes, slot, plans_first in runs:
        reroll = None if slot is None or slot > takes else "idea" if slot == 1 else f"idea#{slot}"
        if plans_first:
            desk.plan(takes + 3)
        calls = desk.run(takes, reroll)
        shown = {task.address: task.take for task in desk.plan(takes)}
        assert len(set(shown.values())) == takes
        assert calls <= len(shown.keys() - known.keys()) + (reroll is not None)
        for address in shown.keys() & known.keys() - {reroll}:
            assert shown[address] == known[address]
        known |= shown
