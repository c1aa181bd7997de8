"""Money and failure: answers that are lost, and runs in which three calls of ten go wrong."""

from __future__ import annotations

from collections import Counter

from fault_trial import EMULATOR, run_undisturbed, run_with_log, run_without_log
from kill_trial import find_intents, read_intent
from project import Project

STEPS = 40
BOOK = """\
seedflow: 1
name: book
inputs: {numbers: {type: list, of: integer, default: [1, 2, 3, 4, 5, 6, 7, 8]}}
steps:
  page:
    for_each: {n: "{{ inputs.numbers }}"}
    generate: {prompt: "Page {{ each.n }}"}
"""
PAGES = 8
UNKNOWN_OUTCOME = 6
LOST = [
    {"kind": "bill-then-drop"},
    {"kind": "bill-then-drop", "reset": True},
    {"kind": "cut-body"},
    {"kind": "cut-json"},
    {"kind": "compressed", "layers": 2, "bomb_bytes": 100_000_000},
    {"kind": "long-body", "size_bytes": 5_000_000},
    {"kind": "wrong-schema", "logged_right": True},
    {"kind": "html", "billed": True},
]


def _project(tmp_path, emulator) -> Project:
    project = Project(tmp_path)
    project.use(emulator.env)
    project.write("book.yaml", BOOK)
    project.write("seedflow.yaml", "provider:\n  timeouts: {log_s: 3}\n")
    return project


def test_with_a_log_lost_answers_are_recovered_and_paid_once(emulator, tmp_path):
    project = _project(tmp_path, emulator)
    emulator.set_faults(*({**fault, "times": 1} for fault in LOST))
    result = project.run("book.yaml")
    bill = emulator.bill()
    assert result["calls"] == len(emulator.requests()) == bill["calls"] == PAGES == len(LOST)
    assert emulator.faults() == []
    assert float(result["cost_usd"]) == float(bill["cost_usd"])
    assert project.run("book.yaml")["calls"] == 0


def test_without_a_log_lost_answers_are_all_shown_as_unknown_and_none_is_repeated(start_emulator, tmp_path):
    emulator = start_emulator("--no-log")
    project = _project(tmp_path, emulator)
    emulator.set_faults({"kind": "bill-then-drop", "times": 100})
    for calls in (PAGES, 0):
        result = project.run("book.yaml", code=UNKNOWN_OUTCOME)
        assert Counter(task["status"] for task in result["tasks"]) == {"unknown": PAGES}
        assert result["calls"] == calls
        assert len(emulator.requests()) == emulator.bill()["calls"] == PAGES
    assert find_intents(project, "unknown") == {read_intent(request) for request in emulator.requests()}
    emulator.set_faults()
    result = project.run("book.yaml", "--on-unknown", "retry")
    assert result["calls"] == PAGES
    assert emulator.bill()["calls"] == 2 * PAGES


def test_with_a_log_a_run_of_which_three_calls_in_ten_fail_gives_the_same_images_for_the_same_money(
    start_emulator, tmp_path
):
    emulator = start_emulator(*EMULATOR)
    undisturbed = run_undisturbed(tmp_path / "undisturbed", emulator, STEPS)
    outcome = run_with_log(tmp_path / "disturbed", emulator, STEPS, 2, undisturbed)
    assert sum(outcome.spoiled.values()) >= STEPS / 10


def test_without_a_log_and_with_consent_such_a_run_gets_all_its_images_too(start_emulator, tmp_path):
    emulator = start_emulator(*EMULATOR, "--no-log")
    undisturbed = run_undisturbed(tmp_path / "undisturbed", emulator, STEPS)
    outcome = run_without_log(tmp_path / "disturbed", emulator, STEPS, 1, undisturbed)
    assert sum(outcome.spoiled.values()) >= STEPS / 10
