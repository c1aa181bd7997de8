"""`seedflow ledger`, `ledger reconcile` and `runs` over what real runs left, held against what the emulator billed."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from kill_trial import wait_for
from project import Project

UNKNOWN, USAGE, STOPPED = 6, 2, 4

RECIPE = """\
seedflow: 1
name: pair
steps:
  page:
    for_each: {scene: [lake, library]}
    generate: {prompt: "{{ each.scene }}"}
outputs:
  page: "{{ steps.page.images }}"
"""
LOG_DELAY_S = 2.0


@pytest.fixture
def pair(project: Project) -> Project:
    project.write("pair.yaml", RECIPE)
    project.write("seedflow.yaml", "provider:\n  timeouts: {log_s: 1}\n")
    return project


def digest_state(project: Project) -> dict[str, str]:
    """Every file of the state; SQLite's index of its log, and a log with nothing in it, are what whoever reads may make."""
    root = project.folder / ".seedflow"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "ledger.db-shm" and path.stat().st_size
    }


def lose(project: Project, emulator: Any, kind: str, **parameters: Any) -> None:
    """A run whose call for the lake is lost, and that ends before the log has it."""
    emulator.set_faults({"kind": kind, "match": {"task": "page[scene=lake]"}, "times": 1, **parameters})
    found = project.run("pair.yaml", code=UNKNOWN)
    assert {task["address"]: task["status"] for task in found["tasks"]} == {
        "page[scene=lake]": "unknown",
        "page[scene=library]": "done",
    }


def reconcile(project: Project, code: int = 0) -> Any:
    ended = project.seedflow("ledger", "reconcile", "--json")
    assert ended.code == code, ended.err + ended.out
    return ended.json


def test_an_answer_that_was_lost_is_recovered_and_shown_with_its_price(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--log-delay-s", str(LOG_DELAY_S))
    pair.use(emulator.env)
    lose(pair, emulator, "bill-then-drop")
    listed = pair.seedflow("ledger", "--state", "unknown", "--json").json
    assert [(call["address"], call["perhaps_usd"], call["cost_usd"]) for call in listed["calls"]] == [
        ("page[scene=lake]", 0.04, 0)
    ]
    assert listed["totals"][0]["perhaps_usd"] == 0.04
    bill = emulator.bill()
    time.sleep(LOG_DELAY_S)
    found = reconcile(pair)
    assert found["status"] == "done"
    (call,) = found["calls"]
    assert (call["address"], call["finding"], call["cost_usd"], call["perhaps_usd"]) == (
        "page[scene=lake]", "recovered", 0.04, 0
    )  # fmt: skip # a row a line
    (image,) = call["images"]
    assert "sha256:" + hashlib.sha256(Path(image["path"]).read_bytes()).hexdigest() == image["digest"]
    assert emulator.bill() == bill, "nothing was asked"
    after = pair.seedflow("ledger", "--json").json
    assert [(call["state"], call["cost_usd"]) for call in after["calls"]] == [("done", 0.04)] * 2
    again = pair.run("pair.yaml")
    assert (again["calls"], emulator.bill()) == (0, bill)
    assert len(list((pair.folder / "outputs").rglob("*.jpg"))) == 2


def test_what_was_not_billed_is_asked_by_the_next_run(pair: Project, start_emulator: Any) -> None:
    emulator = start_emulator("--log-delay-s", str(LOG_DELAY_S))
    pair.use(emulator.env)
    lose(pair, emulator, "close-after-reading")
    time.sleep(LOG_DELAY_S)
    requests = len(emulator.requests())
    found = reconcile(pair)
    assert [(call["finding"], call["cost_usd"], call["perhaps_usd"]) for call in found["calls"]] == [
        ("not-billed", 0, 0)
    ]
    assert len(emulator.requests()) == requests
    calls = pair.seedflow("ledger", "--state", "failed", "--json").json["calls"]
    (first, looked) = pair.seedflow("runs", "--json").json["runs"]
    assert [(call["failure"], call["sent"] is None, call["paid_by_run"]) for call in calls] == [
        ("not-billed", False, first["run"])
    ], "it stays a call of the run that sent it"
    assert (first["calls"], looked["calls"]) == (2, 0)
    assert first["cost_usd"] == 0.04
    totals = pair.seedflow("ledger", "--json").json["totals"]
    assert {total["state"]: total["reserved_usd"] + total["perhaps_usd"] for total in totals} == {
        "failed": 0,
        "done": 0,
    }, "it counts against no budget any more"
    assert pair.run("pair.yaml")["calls"] == 1
    assert emulator.bill()["calls"] == 2


def test_a_run_that_looks_a_free_call_up_leaves_it_to_the_run_that_sent_it(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--log-delay-s", str(LOG_DELAY_S))
    pair.use(emulator.env)
    lose(pair, emulator, "close-after-reading")
    (before,) = pair.seedflow("ledger", "--state", "unknown", "--json").json["calls"]
    time.sleep(LOG_DELAY_S)
    assert pair.run("pair.yaml")["calls"] == 1
    first, second = pair.seedflow("runs", "--json").json["runs"]
    assert [(run["calls"], run["failed"], run["cost_usd"]) for run in (first, second)] == [
        (2, 1, 0.04),
        (1, 0, 0.04),
    ]
    (call,) = pair.seedflow("ledger", "--state", "failed", "--json").json["calls"]
    assert (call["failure"], call["paid_by_run"], call["sent"], call["intent"]) == (
        "not-billed", first["run"], before["sent"], before["intent"]
    )  # fmt: skip # a row a line


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ({"kind": "moderation"}, 3, "failed"),
        ({"kind": "wrong-schema"}, UNKNOWN, "unknown"),
    ],
)
def test_nothing_is_called_spent_that_nobody_knows(
    pair: Project, emulator: Any, fault: dict[str, Any], code: int, state: str
) -> None:
    pair.use(emulator.env)
    pair.env.pop("CLOUDFLARE_GATEWAY_ID")  # the log would tell
    emulator.set_faults({**fault, "times": 1})
    pair.run("pair.yaml", code=code)
    listed = pair.seedflow("ledger", "--json").json
    assert sorted((call["state"], call["cost_usd"], call["perhaps_usd"]) for call in listed["calls"]) == [
        ("done", 0.04, 0), (state, 0, 0.04)
    ]  # fmt: skip # a row a line
    assert {total["state"]: (total["cost_usd"], total["perhaps_usd"]) for total in listed["totals"]} == {
        "done": (0.04, 0),
        state: (0, 0.04),
    }
    (run,) = pair.seedflow("runs", "--json").json["runs"]
    assert (run["cost_usd"], run["perhaps_usd"], run["unknown"]) == (0.04, 0.04, int(state == "unknown"))
    said = " ".join(pair.seedflow("ledger").out.split())
    assert "$0.04?" in said
    assert "2 calls in all: $0.04 spent, $0.04 perhaps billed" in said
    assert ("only the provider's bill tells" in said) == (state == "failed")
    pair.write("seedflow.yaml", "budget: {project_usd: 0.08}\n")
    pair.write("more.yaml", "seedflow: 1\nsteps: {a: {generate: {prompt: More}}}\n")
    ended = pair.seedflow("run", "more.yaml", "--yes")
    assert ended.code == STOPPED, "it counts against budgets"


BLOCKED = {"kind": "moderation", "match": {"task": "page[scene=lake]"}, "times": 1}


def find_lake(project: Project) -> tuple[str, float, float]:
    calls = project.seedflow("ledger", "--json").json["calls"]
    (lake,) = [call for call in calls if call["address"] == "page[scene=lake]"]
    return lake["state"], lake["cost_usd"], lake["perhaps_usd"]


def test_a_refusal_counts_as_what_the_log_says_of_it(pair: Project, emulator: Any) -> None:
    pair.use(emulator.env)
    emulator.set_faults(BLOCKED)
    refused = pair.run("pair.yaml", code=3)
    assert (refused["calls"], refused["cost_usd"]) == (2, 0.04), "the log has it at no cost"
    assert find_lake(pair) == ("failed", 0, 0)
    assert pair.run("pair.yaml")["calls"] == 1
    emulator.reset()
    emulator.set_faults({**BLOCKED, "billed": True})
    pair.write("pair.yaml", RECIPE.replace("each.scene }}", "each.scene }}!"))
    taken = pair.run("pair.yaml")
    assert (taken["calls"], taken["cost_usd"], emulator.bill()["cost_usd"]) == (2, 0.08, 0.08)
    assert emulator.bill()["calls"] == 2, "its answer is in the log, and nothing was asked again"


@pytest.mark.parametrize(
    ("billed", "finding", "lake", "left"),
    [(False, "not-billed", ("failed", 0, 0), 1), (True, "recovered", ("done", 0.04, 0), 0)],
)
def test_a_refusal_that_the_log_shows_late_is_settled_by_reconciling(
    pair: Project, start_emulator: Any, billed: bool, finding: str, lake: tuple[str, float, float], left: int
) -> None:
    emulator = start_emulator("--log-delay-s", "60")
    pair.use(emulator.env)
    emulator.set_faults({**BLOCKED, "billed": billed})
    refused = pair.run("pair.yaml", code=3)
    assert (refused["calls"], refused["cost_usd"]) == (2, 0.08)
    assert find_lake(pair) == ("failed", 0, 0.04)
    assert pair.run("pair.yaml", code=3)["calls"] == 0
    emulator.let_pass(100)
    (call,) = reconcile(pair)["calls"]
    assert (call["finding"], call["address"]) == (finding, "page[scene=lake]")
    assert find_lake(pair) == lake
    failures = {call["failure"] for call in pair.seedflow("ledger", "--json").json["calls"]}
    assert failures == ({None} if billed else {None, "not-billed"})
    assert reconcile(pair)["calls"] == []
    assert pair.run("pair.yaml")["calls"] == left
    assert emulator.bill()["calls"] == 2
    assert pair.seedflow("verify").out.endswith("Everything is whole.\n")


def test_what_lost_pictures_cost_is_told_as_the_answer_says_it(pair: Project, start_emulator: Any) -> None:
    emulator = start_emulator("--log-delay-s", str(LOG_DELAY_S), "--sets", "min")
    pair.use(emulator.env)
    params = "prompt: A, sequential_image_generation: auto, max_images: 5"
    pair.write("set.yaml", f"seedflow: 1\nsteps: {{a: {{generate: {{{params}}}}}}}\n")
    emulator.set_faults({"kind": "bill-then-drop"})
    assert pair.run("set.yaml", code=UNKNOWN)["cost_usd"] == 0.2
    time.sleep(LOG_DELAY_S)
    assert emulator.expire() == 1
    (call,) = reconcile(pair, code=3)["calls"]
    assert (call["finding"], call["cost_usd"]) == ("lost", emulator.bill()["cost_usd"])
    (listed,) = pair.seedflow("ledger", "--json").json["calls"]
    assert (listed["state"], listed["cost_usd"]) == ("lost-paid", call["cost_usd"])


def test_nothing_is_left_to_do_for_a_call_that_was_asked_again_and_was_not_billed(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--log-delay-s", "3600", "--expire-s", "100000")
    pair.use(emulator.env)
    lose(pair, emulator, "close-after-reading")
    pair.run("pair.yaml", "--on-unknown", "retry")
    emulator.set_faults({"kind": "close-after-reading", "times": 1})
    pair.run("pair.yaml", "--reroll", "page[scene=lake]", code=UNKNOWN)
    emulator.let_pass(4000)
    said = pair.seedflow("ledger", "reconcile")
    text = " ".join(said.out.split())
    assert said.code == 0, said.err
    assert "nothing is left to do for it, its images are there already" in text
    assert "take 1, sent 20" in text
    assert "take 2, sent 20" in text, "two calls of one address are told apart"
    assert text.count("the next run asks it") == 1, "of the take that has no images yet"
    assert text.endswith("2 not billed"), "what there is none of is not counted"
    assert pair.run("pair.yaml")["calls"] == 1


def test_without_a_log_it_stays_unknown_and_says_what_it_may_have_cost(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--no-log")
    pair.use(emulator.env)
    lose(pair, emulator, "bill-then-drop")
    found = reconcile(pair, UNKNOWN)
    (call,) = found["calls"]
    assert (found["status"], call["finding"], call["perhaps_usd"]) == ("unknown", "still-unknown", 0.04)
    said = pair.seedflow("ledger", "reconcile")
    assert said.code == UNKNOWN
    assert "Looking up 1 call; this costs nothing." in said.out
    assert "1 still unknown, perhaps $0.04" in " ".join(said.out.split())
    assert " ".join(said.out.split()).count(call["message"][:60]) == 1, "why is said once"
    assert emulator.bill()["calls"] == 2
    assert "`seedflow ledger reconcile` asks the provider's log" in pair.seedflow("ledger").out
    pair.run("pair.yaml", "--on-unknown", "retry")
    assert emulator.bill()["calls"] == 3
    assert "`seedflow ledger reconcile` asks the provider's log" in pair.seedflow("ledger").out
    again = reconcile(pair, UNKNOWN)
    assert [call["finding"] for call in again["calls"]] == ["still-unknown"], (
        "what was asked again may yet be found"
    )


def test_the_answer_of_a_call_that_was_paid_again_is_recovered_and_kept_beside(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--log-delay-s", "3600", "--expire-s", "100000")
    pair.use(emulator.env)
    lose(pair, emulator, "bill-then-drop")
    result = pair.run("pair.yaml", "--on-unknown", "retry")
    assert emulator.bill()["calls"] == 3
    emulator.let_pass(4000)
    said = pair.seedflow("ledger", "reconcile")
    assert said.code == 0, said.err
    assert "kept beside" in " ".join(said.out.split())
    assert "1 recovered ($0.04, paid already)" in " ".join(said.out.split())
    states = [(call["state"], call["cost_usd"]) for call in pair.seedflow("ledger", "--json").json["calls"]]
    assert states == [("done", 0.04)] * 3
    assert len(list((pair.folder / ".seedflow/blobs/sha256").glob("*/*"))) == 2, (
        "the same request, the same picture"
    )
    again = pair.run("pair.yaml")
    assert (again["calls"], emulator.bill()["calls"]) == (0, 3)
    assert [task["images"] for task in again["tasks"]] == [task["images"] for task in result["tasks"]]


def test_a_run_that_was_killed_is_shown_as_such_and_its_call_recovered(
    pair: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--latency-ms", "1500")
    pair.use(emulator.env)
    process = pair.start("run", "pair.yaml", "--yes")
    wait_for(lambda: len(emulator.requests()) == 2)
    process.send_signal(signal.SIGSTOP)  # alive, and as it was for as long as we look
    (living,) = pair.seedflow("runs", "--json").json["runs"]
    assert (living["status"], living["ended"]) == ("running", None)
    at_work = pair.seedflow("ledger", "--json").json["calls"]
    assert {(call["state"], call["at_work"]) for call in at_work} == {("sending", True)}
    assert "No call is open" in pair.seedflow("ledger", "reconcile").err, (
        "what a living run works on is its own"
    )
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (killed,) = pair.seedflow("runs", "--json").json["runs"]
    assert (killed["status"], killed["unknown"], killed["perhaps_usd"]) == ("killed", 2, 0.08)
    left = pair.seedflow("ledger", "--json").json["calls"]
    assert {(call["state"], call["at_work"]) for call in left} == {("sending", False)}
    wait_for(lambda: emulator.bill()["calls"] == 2)
    assert {call["finding"] for call in reconcile(pair)["calls"]} == {"recovered"}
    assert pair.run("pair.yaml")["calls"] == 0
    assert emulator.bill()["calls"] == 2
    runs = pair.seedflow("runs", "--json").json["runs"]
    assert [(run["recipe"], run["status"], run["calls"], run["images"]) for run in runs] == [
        ("pair", "killed", 2, 2),
        ("ledger reconcile", "done", 0, 0),
        ("pair", "done", 0, 0),
    ]


def test_runs_show_what_they_asked_what_failed_and_where_outputs_went(pair: Project, emulator: Any) -> None:
    pair.use(emulator.env)
    emulator.set_faults({"kind": "moderation", "match": {"task": "page[scene=lake]"}})
    ended = pair.seedflow("run", "pair.yaml", "--yes", "--json", "--out", "elsewhere")
    run_id = ended.json["run"]
    before = digest_state(pair)
    (listed,) = pair.seedflow("runs", "--json").json["runs"]
    assert (listed["run"], listed["calls"], listed["images"], listed["failed"]) == (run_id, 2, 1, 1)
    assert (listed["cost_usd"], listed["perhaps_usd"]) == (0.04, 0), "the log has what was refused at no cost"
    assert listed["output_folder"] == str(pair.folder / "elsewhere")
    assert listed["result"]["tasks"] == {"done": 1, "failed": 1}
    shown = pair.seedflow("runs", run_id[:-3]).out
    assert "page[scene=lake]" in shown
    assert str(pair.folder / "elsewhere") in shown
    assert "Without images" in shown
    refused = pair.seedflow("runs", "2099")
    assert refused.code == USAGE
    assert "there was no run `2099` here" in refused.err
    assert digest_state(pair) == before, "looking changes nothing"


def test_looking_at_nothing_makes_no_state(pair: Project, emulator: Any) -> None:
    pair.use(emulator.env)
    for words in (["ledger"], ["runs"], ["ledger", "reconcile"], ["ledger", "--json"], ["runs", "--json"]):
        assert pair.seedflow(*words).code == 0
    assert not (pair.folder / ".seedflow").exists()


def test_the_sketch_has_no_log_to_look_into(pair: Project, start_emulator: Any) -> None:
    ended = pair.seedflow("ledger", "reconcile", "--provider", "sketch")
    assert (ended.code, ended.err) == (0, "No call is open in realm sketch: nothing to look up.\n")
    emulator = start_emulator("--no-log")
    pair.use(emulator.env)
    lose(pair, emulator, "bill-then-drop")
    ended = pair.seedflow("ledger", "reconcile", "--provider", "sketch")
    assert ended.code == USAGE
    assert "calls of realm emulated are open" in ended.err
