"""Any expectations, any sets, any interruption: each attempt is paid once, none is made that nobody may ask for."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "unit" / "run"), str(HERE.parent / "unit" / "plan")]

from expectations import make  # noqa: E402 - found by the path above
from world import World, drop, fetching, refuse, slow  # noqa: E402 - found by the path above

from seedflow.plan.expect import Expectation  # noqa: E402 - found by the path above
from seedflow.recipe.model import Otherwise  # noqa: E402 - found by the path above
from seedflow.run.options import OnUnknown  # noqa: E402 - found by the path above
from seedflow.store.base import Budget  # noqa: E402 - found by the path above

PRICE = Decimal("0.04")
MOST_IMAGES = 4


@st.composite
def expectations(draw: st.DrawFn) -> Expectation | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    otherwise = draw(st.sampled_from([Otherwise.RETRY, Otherwise.RETRY, Otherwise.FAIL, Otherwise.ACCEPT]))
    attempts = draw(st.integers(1, 4)) if otherwise is Otherwise.RETRY else 1
    return Expectation(least_images=draw(st.integers(1, MOST_IMAGES)), otherwise=otherwise, attempts=attempts)


FAULTS = st.sampled_from([drop(), drop(logged=False), drop(billed=False), refuse(), fetching(slow(), slow())])
TURNS = st.tuples(
    st.lists(FAULTS, max_size=4),
    st.none() | st.integers(0, 12),
    st.booleans(),
    st.none() | st.sampled_from([0.5, 1.5, 2.5, 30.0]),
)


def carry_out(world: World, faults, most_images, consent, stop_s):
    world.provider.faults.clear()
    world.provider.meet("", *faults)
    if stop_s is not None:
        world.at(stop_s, lambda: world.control.stop())
    budgets = () if most_images is None else (Budget("run", most_images * PRICE),)
    result = world.run(budgets=budgets, on_unknown=OnUnknown.RETRY if consent else OnUnknown.STOP)
    paid = [entry for entry in world.provider.bill if entry.run == result.run_id]
    assert most_images is None or sum(entry.images for entry in paid) <= most_images, "above the budget"
    assert sum(entry.images for entry in paid) * PRICE <= result.cost_usd
    assert result.cost_usd == world.open_store().spent_usd(result.run_id)
    assert result.calls == sum(1 for call in world.provider.calls if call.context.run_id == result.run_id)
    return result


def check_payments(world: World, wanted: dict[str, Expectation | None]) -> None:
    """Each attempt is paid once, and once more for each of its rows whose outcome is unknown and was repeated with consent."""
    rows = [row.attempt for rows in world.state.rows.values() for row in rows]
    numbers = {row.intent_id: (row.request.fingerprint, row.attempt) for row in rows}
    unknown = Counter(numbers[row.intent_id] for row in rows if row.state.value == "unknown")
    paid = Counter(numbers[entry.intent] for entry in world.provider.bill)
    assert [key for key, count in paid.items() if count > 1 + unknown[key]] == [], "paid twice"
    most = max(1 if expectation is None else expectation.attempts for expectation in wanted.values())
    assert max((number for _, number in numbers.values()), default=0) <= most, "nobody may ask for it"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 1), expectations()), min_size=1, max_size=4),
    st.lists(st.integers(1, MOST_IMAGES), min_size=4, max_size=4),
    st.lists(TURNS, max_size=3),
    st.booleans(),
)
def test_each_attempt_is_paid_once_and_ends_as_it_would_without_trouble(tasks, counts, story, log) -> None:
    wanted = {f"s{number}": expectation for number, (_, expectation) in enumerate(tasks)}
    options = f"sequential_image_generation: auto, max_images: {MOST_IMAGES}"
    steps = [
        f"  s{number}: {{generate: {{prompt: P{prompt}, {options}}}}}"
        for number, (prompt, _) in enumerate(tasks)
    ]
    with tempfile.TemporaryDirectory() as folder:
        world = make(Path(folder), "\n".join(["steps:", *steps]), **wanted)
        world.provider.log = log
        world.provider.count = lambda context: counts[context.attempt - 1]
        for turn in story:
            event(f"a run ends {carry_out(world, *turn).status.value}")
            check_payments(world, wanted)
        carry_out(world, [], None, True, None)
        check_payments(world, wanted)
        calls = len(world.provider.calls)
        result = carry_out(world, [], None, True, None)
        assert len(world.provider.calls) == calls, "a further run makes no request"
        for task in result.tasks:
            expectation = wanted[task.address]
            if expectation is None:
                assert (task.status.value, task.attempt) == ("reused", 1)
                continue
            made = max(row.attempt.attempt for row in world.state.rows[key_of(world, task.address)])
            seen = min(made, expectation.attempts)
            good = [number for number in range(1, seen + 1) if counts[number - 1] >= expectation.least_images]
            if good:
                assert (task.status.value, task.attempt, task.warnings) == ("reused", good[0], ())
            elif expectation.accepts_all:
                assert (task.status.value, task.attempt, len(task.warnings)) == ("reused", 1, 1)
            else:
                assert (task.status.value, task.problem.kind) == ("failed", "unexpected")
                assert made >= expectation.attempts, "there was an attempt left"
        assert {
            found for entry in world.provider.bill if entry.intent in done(world) for found in entry.digests
        } <= (world.stored()), "rejected pictures are kept"


def key_of(world: World, address: str) -> tuple[str, str, int]:
    task = next(task for task in world.plan().tasks if task.address == address)
    return ("emulated", task.fingerprint, task.take)


def done(world: World) -> set[str]:
    return {
        row.attempt.intent_id
        for rows in world.state.rows.values()
        for row in rows
        if row.attempt.state.value == "done"
    }
