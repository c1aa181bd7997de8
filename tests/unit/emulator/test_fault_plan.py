"""Rules: the same seed gives the same faults to the same requests, and each rule strikes as often as it says."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from seedflow.emulator.fault_plan import FaultPlan, parse_faults
from seedflow.emulator.faults import WrongFaultError
from seedflow.emulator.metadata import read_caller
from seedflow.emulator.scenarios import SCENARIOS
from seedflow.errors import Billed, Retry
from seedflow.providers.failures import ApiError, find_row


def _call(task, attempt=1):
    said = {"task": task, "attempt": attempt, "intent": str(random.random())}
    return read_caller({"cf-aig-metadata": json.dumps(said)})


def _plan(value, seed=0):
    return FaultPlan(seed, parse_faults(value))


def _kinds(plan, tasks):
    """What each task's first call and its repeat meet."""
    found = {}
    for number in range(2):
        for task in tasks:
            fault = plan.take(_call(task))
            found[task, number] = None if fault is None else fault.to_json()
    return found


def test_the_same_seed_strikes_the_same_calls_whatever_their_order_and_their_intents():
    rules = {"seed": 5, "faults": [{"scenario": "mixed", "chance": 0.3}, {"kind": "html", "chance": 0.1}]}
    tasks = [f"page[n={number}]" for number in range(300)]
    first = _kinds(_plan(rules), tasks)
    assert _kinds(_plan(rules, seed=9), random.sample(tasks, len(tasks))) == first
    assert _kinds(_plan({**rules, "seed": 6}), tasks) != first
    struck = sum(fault is not None for fault in first.values())
    assert 0.32 < struck / len(first) < 0.42
    assert any(first[task, 0] != first[task, 1] for task in tasks), "a repeat has a lot of its own"


def test_one_of_several_is_drawn_evenly():
    plan = _plan({"chance": 1, "any_of": [{"kind": "html"}, {"kind": "stall"}, {"scenario": "no-credit"}]})
    kinds = Counter(plan.take(_call(f"t{number}")).kind for number in range(900))
    assert set(kinds) == {"html", "stall", "status"}
    assert min(kinds.values()) > 240


def test_calls_are_counted_among_those_that_fit():
    plan = _plan({"kind": "html", "match": {"step": "page"}, "calls": [2, 3]})
    seen = [
        plan.take(_call(task)) is not None
        for task in ("page[n=1]", "cover", "page[n=2]", "page[n=3]", "page[n=4]")
    ]
    assert seen == [False, False, True, True, False]
    assert plan.to_json() == []


def test_a_rule_that_struck_lets_a_later_one_count_on():
    plan = _plan([{"kind": "html"}, {"kind": "stall", "calls": [2]}])
    assert [plan.take(_call("a")).kind for _ in range(2)] == ["html", "stall"]
    assert plan.take(_call("a")) is None


def test_what_was_written_comes_back_with_a_reset_and_not_with_a_clear():
    plan = _plan({"kind": "html"})
    plan.take(_call("a"))
    assert plan.to_json() == []
    plan.reset()
    assert len(plan.to_json()) == 1
    plan.clear()
    assert plan.take(_call("a")) is None


def test_rules_are_shown_as_they_can_be_written():
    rules = [
        {"scenario": "no-credit", "calls": [4, 2]},
        {"any_of": [{"kind": "html"}, {"kind": "drip"}], "chance": 0.5, "match": {"take": 2}},
    ]
    shown = _plan(rules).to_json()
    assert [rule.get("calls", rule.get("chance")) for rule in shown] == [[2, 4], 0.5]
    assert [fault["kind"] for fault in shown[1]["any_of"]] == ["html", "drip"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "html", "chance": 0}, "`chance`"),
        ({"kind": "html", "chance": 1.5}, "`chance`"),
        ({"kind": "html", "chance": True}, "`chance`"),
        (
            {"kind": "html", "chance": 0.5, "times": 2},
            "by one of times, calls or chance, not by times and chance",
        ),
        ({"kind": "html", "calls": []}, "`calls`"),
        ({"kind": "html", "calls": [0]}, "`calls`"),
        ({"kind": "html", "calls": 3}, "`calls`"),
        ({"any_of": []}, "`any_of`"),
        ({"any_of": [{"kind": "html"}], "kind": "html"}, "beside `any_of`"),
        ({"scenario": "flood"}, "is not a scenario"),
        ({"scenario": "mixed", "status": 500}, "cannot be changed"),
        ({"scenario": "no-credit", "color": 1}, "has no 'color'"),
        ({"kind": "drip", "bytes_per_s": 0}, "at least 1"),
        ({"kind": "redirect", "to": "a\nb"}, "printable"),
        ({"seed": "x", "faults": []}, "`seed`"),
    ],
    ids=str,
)
def test_a_wrong_rule_is_refused_with_what_is_wrong(rule, said):
    with pytest.raises(WrongFaultError, match=said):
        parse_faults(rule)


CONTRACT = {
    (
        Retry.NEVER,
        Billed.NO,
    ): "wrong-body wrong-input paid-plan-only terms-not-accepted account-blocked model-not-allowed "
    "no-such-model too-large",
    (Retry.STOP_RUN, Billed.NO): "wrong-account bad-token no-credit no-access no-route spend-limit",
    (Retry.BACKOFF, Billed.NO): "overloaded upstream-rpm upstream-ipm gateway-limit api-blocked not-accepted",
    (
        Retry.CONSENT,
        Billed.MAYBE,
    ): "timed-out aborted client-closed server-error bad-gateway gateway-timeout unavailable "
    + " ".join(f"origin-{status}" for status in range(520, 527)),
    (Retry.NEVER, Billed.MAYBE): "risk-detected flagged not-safe",
}


@pytest.mark.parametrize(
    ("name", "meaning"), [(name, meaning) for meaning, names in CONTRACT.items() for name in names.split()]
)
def test_a_scenario_means_to_the_client_what_its_row_of_the_contract_says(name, meaning):
    (fault,) = SCENARIOS[name]
    row = find_row(
        int(fault["status"]),
        [] if fault.get("shape") == "text" else [ApiError(str(fault["message"]), int(fault["code"]))],
    )
    assert (row.retry, row.billed) == meaning


def test_every_scenario_with_a_status_has_its_row():
    told = {name for names in CONTRACT.values() for name in names.split()}
    assert told == {
        name for name, faults in SCENARIOS.items() if len(faults) == 1 and faults[0]["kind"] == "status"
    }
