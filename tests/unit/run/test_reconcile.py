"""Why an answer is missing stays what it was, however often the log is asked about it."""

from __future__ import annotations

from world import drop, statuses

from seedflow.run.reconcile import tell_why, write_down
from seedflow.store.base import Attempt, AttemptState


def test_the_first_reason_is_kept_by_every_later_run(make_world) -> None:
    world = make_world("steps: {a: {generate: {prompt: One}}}", log=False)
    world.provider.meet("a", drop())
    assert statuses(world.run()) == {"a": "unknown"}
    (first,) = _messages(world)
    for _ in range(2):
        assert statuses(world.run()) == {"a": "unknown"}
    assert _messages(world) == [first]
    why, found = first.split("\n")
    assert why == "said outcome-unknown"
    assert found


def test_a_reason_with_a_semicolon_is_kept_whole() -> None:
    kept = write_down("the server said: busy; try\nlater", "not in the log")
    assert kept == "the server said: busy; try later\nnot in the log"
    attempt = Attempt("i", "r", None, 1, AttemptState.UNKNOWN, 0, 0, message=kept)
    assert tell_why(attempt) == "the server said: busy; try later"


def _messages(world) -> list[str]:
    rows = [row for rows in world.state.rows.values() for row in rows]
    return [row.attempt.message for row in rows if row.attempt.state is AttemptState.UNKNOWN]
