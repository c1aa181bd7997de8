"""Any graph, any faults, any budget, any interruption: no run costs more than it may, and nothing that was answered is lost.

Money is counted by the provider, never by the ledger; waits are on a clock that jumps, so that a hang is found at once.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "unit" / "run"), str(HERE.parent / "unit" / "plan")]

from world import (  # noqa: E402 - found by the path above
    FakeProvider,
    Fault,
    World,
    dead,
    drop,
    fetching,
    garble,
    refuse,
    reject,
    slow,
    stop,
)

from seedflow.errors import Billed  # noqa: E402 - found by the path above
from seedflow.run.options import OnUnknown  # noqa: E402 - found by the path above
from seedflow.run.retry import RetryPolicy  # noqa: E402 - found by the path above
from seedflow.run.status import RunResult, RunStatus  # noqa: E402 - found by the path above
from seedflow.store.base import Budget  # noqa: E402 - found by the path above

PRICE = Decimal("0.04")
POLICY = RetryPolicy(most_calls=4, most_repeats_of_unknown=2)


@st.composite
def recipes(draw: st.DrawFn) -> str:
    """Layers of steps: single ones, sets and fans, with references backwards; some make the same request."""
    lines = ["steps:"]
    names: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        name = f"s{number}"
        prompt = f"P{draw(st.integers(0, number))}"
        wanted = [f"max_images: {most}" for most in [draw(st.integers(1, 3))] if most > 1]
        parts = [f'prompt: "{prompt}"'] + (["sequential_image_generation: auto", *wanted] if wanted else [])
        sources = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
        if sources:
            mentions = [
                f'"{{{{ steps.{source}.images{draw(st.sampled_from(["", "[:2]"]))} }}}}"'
                for source in sources
            ]
            parts.append(f"image_input: [{', '.join(mentions)}]")
        fan = draw(st.integers(0, 2))  # at most 12 references in all, which the model takes
        if fan:
            parts[0] = f'prompt: "{prompt} {{{{ each.i }}}}"'
            values = ", ".join(f"v{item}" for item in range(fan))
            lines.append(f"  {name}: {{for_each: {{i: [{values}]}}, generate: {{{', '.join(parts)}}}}}")
        else:
            lines.append(f"  {name}: {{generate: {{{', '.join(parts)}}}}}")
        names.append(name)
    return "\n".join(lines)


FAULTS = st.sampled_from(
    [
        Fault(),
        Fault(),
        refuse(),
        refuse("overloaded", 40),
        refuse("overloaded", inside=True),
        refuse("not-sent"),
        drop(),
        drop(logged=False),
        drop(billed=False),
        drop(billed=False, logged=False),
        garble(),
        garble(billed=True),
        reject(),
        reject("moderation", billed=Billed.MAYBE),
        reject("generation-failed", billed=Billed.MAYBE, inside=True),
        stop(),
        fetching(slow(), slow()),
        fetching(*[slow()] * 6),
        fetching(dead()),
        fetching(b"noise"),
        fetching(b"noise", b"noise"),
    ]
)


@dataclass(frozen=True, slots=True)
class Turn:
    """How one run goes."""

    faults: tuple[Fault, ...]
    most_images: int | None
    consent: bool
    most_in_flight: int
    stops_s: tuple[float, ...]


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    return Turn(
        tuple(draw(st.lists(FAULTS, max_size=8))),
        draw(st.none() | st.integers(0, 12)),
        draw(st.booleans()),
        draw(st.sampled_from([1, 2, 16])),
        tuple(sorted(draw(st.lists(st.sampled_from([0.5, 1.5, 3.0, 3.01, 30.0]), max_size=2)))),
    )


def carry_out(world: World, turn: Turn) -> RunResult:
    provider = world.provider
    provider.faults.clear()
    provider.meet("", *turn.faults)
    for moment_s in turn.stops_s:
        world.at(moment_s, lambda: world.control.stop())
    budgets = () if turn.most_images is None else (Budget("run", turn.most_images * PRICE),)
    return world.run(
        budgets=budgets,
        on_unknown=OnUnknown.RETRY if turn.consent else OnUnknown.STOP,
        most_in_flight=turn.most_in_flight,
        retry=POLICY,
    )


def billed_usd(provider: FakeProvider, run_id: str) -> Decimal:
    return sum((entry.images * PRICE for entry in provider.bill if entry.run == run_id), Decimal(0))


def check_run(world: World, turn: Turn, most_usd: Decimal, result: RunResult) -> None:
    """What holds after any run."""
    provider, store = world.provider, world.open_store()
    paid_usd = billed_usd(provider, result.run_id)
    assert turn.most_images is None or paid_usd <= turn.most_images * PRICE, "above the budget"
    times = 1 + POLICY.most_repeats_of_unknown if turn.consent else 1
    assert paid_usd <= most_usd * times, "above what the plan said"
    assert paid_usd <= result.cost_usd == store.spent_usd(result.run_id), "what a run says that it cost"
    assert result.calls == sum(1 for call in provider.calls if call.context.run_id == result.run_id)
    assert world.state.living == set()
    ended = {task.status.value for task in result.tasks}
    assert result.status is not RunStatus.DONE or ended <= {"done", "reused"}
    assert "cancelled" not in ended or result.status is not RunStatus.DONE


def check_payments(world: World, *, consent: bool) -> None:
    """Each request is paid once, and once more for each attempt that ended without a result and may be repeated."""
    repeatable = {"failed", "unknown", "lost-paid"} if consent else set[str]()
    allowed: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    keys = {row.attempt.intent_id: key for key, rows in world.state.rows.items() for row in rows}
    for key, rows in world.state.rows.items():
        allowed[str(key)] = 1 + sum(1 for row in rows if row.attempt.state.value in repeatable)
    for entry in world.provider.bill:
        paid[str(keys[entry.intent])] += 1
    assert [key for key, count in paid.items() if count > allowed[key]] == [], "paid twice"


def check_left(world: World, last: RunResult) -> None:
    """A run that is given again in a calm world, and without consent, makes no more calls than the last one said were left."""
    most = last.left.calls.high if last.left is not None else 0
    again = carry_out(world, Turn((), None, consent=False, most_in_flight=16, stops_s=()))
    assert again.calls <= most, "more than was said to be left"
    if again.status is RunStatus.DONE and last.left is not None:
        assert again.calls >= last.left.calls.low, "less than was said to be left"


def check_kept(world: World) -> None:
    """Every picture of an attempt that is done is in the store, byte for byte."""
    states = {
        row.attempt.intent_id: row.attempt.state.value for rows in world.state.rows.values() for row in rows
    }
    done = {
        found for entry in world.provider.bill for found in entry.digests if states[entry.intent] == "done"
    }
    assert done <= world.stored()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    recipes(),
    st.lists(turns(), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["min", "max"]),
    st.sampled_from([0.0, 5.0, 100.0]),
)
def test_no_run_costs_more_than_it_may_and_nothing_answered_is_lost(
    recipe: str, story: list[Turn], log: bool, sets: str, log_delay_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), recipe)
        world.provider.log, world.provider.sets, world.provider.log_delay_s = log, sets, log_delay_s
        for turn in story:
            most_usd = world.plan().totals.cost_usd.high
            result = carry_out(world, turn)
            event(f"a run ends {result.status.value}")
            check_run(world, turn, most_usd, result)
        check_payments(world, consent=any(turn.consent for turn in story))
        check_left(world, result)
        calm = Turn((), None, consent=True, most_in_flight=16, stops_s=())
        assert carry_out(world, calm).status is RunStatus.DONE, "a calm run completes what others left"
        check_payments(world, consent=True)
        check_kept(world)
        calls = len(world.provider.calls)
        assert carry_out(world, calm).calls == 0
        assert len(world.provider.calls) == calls, "a further run makes no request"
