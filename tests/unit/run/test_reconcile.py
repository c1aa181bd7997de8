"""Why an answer is missing stays what it was, however often the log is asked about it."""

from __future__ import annotations

from world import drop, statuses

from seedflow.store.base import AttemptState


def test_the_first_reason_is_kept_by_every_later_run(make_world) -> None:
    world = make_world("steps: {a: {generate: {prompt: One}}}", log=False)
    world.provider.meet("a", drop())
    assert statuses(world.run()) == {"a": "unknown"}
    (first,) = _messages(world)
    for _ in range(2):
        assert statuses(world.run()) == {"a": "unknown"}
    assert _messages(world) == [first]
    assert first.startswith("said outcome-unknown; ")


def _messages(world) -> list[str]:
    rows = [row for rows in world.state.rows.values() for row in rows]
    return [row.attempt.message for row in rows if row.attempt.state is AttemptState.UNKNOWN]
