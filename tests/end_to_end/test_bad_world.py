"""Everything that a person or the world can get wrong: a message with its remedy, the right exit code, nothing lost."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from kill_trial import wait_for
from project import Project

ONE = "seedflow: 1\nsteps:\n  a: {generate: {prompt: One}}\n"
FORK = """\
seedflow: 1
steps:
  good: {generate: {prompt: Good}}
  bad: {generate: {prompt: Bad}}
  uses_good: {generate: {prompt: From good, image_input: ["{{ steps.good.images[0] }}"]}}
  uses_bad: {generate: {prompt: From bad, image_input: ["{{ steps.bad.images[0] }}"]}}
outputs:
  good: "{{ steps.uses_good.images[0] }}"
  bad: "{{ steps.uses_bad.images[0] }}"
"""


@pytest.fixture
def paid(project: Project, emulator: Any) -> Project:
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    project.write("fork.yaml", FORK)
    return project


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {task["address"]: task["status"] for task in result["tasks"]}


def problem_of(result: dict[str, Any]) -> dict[str, Any]:
    (problem,) = [task["problem"] for task in result["tasks"] if "problem" in task]
    return dict(problem)


def test_a_failure_blocks_only_what_depends_on_it_and_the_rest_is_published(
    paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": "moderation", "match": {"task": "bad"}})
    result = paid.run("fork.yaml", code=3)
    assert statuses(result) == {"good": "done", "bad": "failed", "uses_good": "done", "uses_bad": "blocked"}
    assert len(result["outputs"]["good"]) == 1
    assert Path(paid.folder / result["outputs"]["good"][0]["path"]).is_file()
    assert result["outputs"]["bad"] == []
    assert result["tasks"][3]["cause"] == "bad"
    assert result["problems"] == []


def test_a_wrong_token_is_named_and_nothing_is_billed(paid: Project, emulator: Any) -> None:
    paid.use({"CLOUDFLARE_API_TOKEN": "wrong-token-value"})
    ended = paid.seedflow("run", "one.yaml", "--yes")
    assert ended.code == 3
    assert "CLOUDFLARE_API_TOKEN" in ended.out + ended.err
    assert "wrong-token-value" not in ended.out + ended.err
    assert emulator.bill()["calls"] == 0


def test_no_credit_stops_the_run(paid: Project, emulator: Any) -> None:
    emulator.set_faults({"kind": "status", "status": 402, "code": 2021, "message": "no credit", "times": 10})
    result = paid.run("fork.yaml", code=3)
    assert "done" not in statuses(result).values()
    assert any("credit" in problem["message"] for problem in result["problems"])


def test_a_rate_limit_is_waited_for(paid: Project, emulator: Any) -> None:
    emulator.set_faults(
        {"kind": "status", "status": 429, "code": 3040, "message": "capacity", "retry_after_s": 1, "times": 2}
    )
    started = time.monotonic()
    result = paid.run("one.yaml")
    assert time.monotonic() - started >= 2
    assert (result["calls"], emulator.bill()["calls"]) == (3, 1)


@pytest.mark.parametrize("kind", ["bill-then-drop", "cut-body"])
def test_an_answer_that_got_lost_is_found_in_the_log_and_paid_once(
    kind: str, paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": kind})
    result = paid.run("one.yaml")
    assert emulator.bill()["calls"] == 1
    assert result["cost_usd"] == emulator.bill()["cost_usd"]


@pytest.mark.parametrize("kind", ["bill-then-drop", "cut-body"])
def test_without_the_log_a_lost_answer_is_unknown_and_asked_again_only_with_consent(
    kind: str, project: Project, start_emulator: Any
) -> None:
    emulator = start_emulator("--no-log")
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    emulator.set_faults({"kind": kind})
    assert statuses(project.run("one.yaml", code=6)) == {"a": "unknown"}
    assert statuses(project.run("one.yaml", code=6)) == {"a": "unknown"}
    assert emulator.bill()["calls"] == 1
    assert statuses(project.run("one.yaml", "--on-unknown", "retry")) == {"a": "done"}
    assert emulator.bill()["calls"] == 2
    assert project.run("one.yaml")["calls"] == 0


def test_a_picture_that_does_not_decode_fails_that_task_and_its_bytes_are_kept(
    paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": "broken-picture", "damage": "noise"})
    result = paid.run("one.yaml", code=3)
    problem = problem_of(result)
    assert "image 1" in problem["message"]
    assert any(paid.folder.glob(".seedflow/**/rejected/*"))
    assert result["cost_usd"] == emulator.bill()["cost_usd"]


def test_a_paid_picture_that_cannot_be_used_is_bought_again_only_with_consent(
    paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": "broken-picture", "damage": "cut"})
    assert "--on-unknown retry" in problem_of(paid.run("one.yaml", code=3))["help"]
    assert paid.seedflow("plan", "one.yaml", "--json").json["tasks"][0]["reason"] == "lost-paid"
    paid.run("one.yaml", code=3)
    assert emulator.bill()["calls"] == 1
    paid.run("one.yaml", "--on-unknown", "retry")
    assert emulator.bill()["calls"] == 2


def test_an_image_whose_url_is_dead_is_reported_as_lost_and_not_paid_again(
    paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": "dead-url"})
    assert problem_of(paid.run("one.yaml", code=3))["kind"] == "lost-paid"
    assert problem_of(paid.run("one.yaml", code=3))["kind"] == "lost-paid"
    assert emulator.bill()["calls"] == 1
    paid.run("one.yaml", "--on-unknown", "retry")
    assert emulator.bill()["calls"] == 2


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 429, "code": 3040, "message": "capacity", "retry_after_s": 3600},
        {"status": 402, "code": 2021, "message": "no credit"},
    ],
    ids=["an hour", "no credit"],
)
def test_nothing_is_sent_after_a_refusal_that_ends_the_run(
    paid: Project, emulator: Any, refusal: dict[str, Any]
) -> None:
    paid.write(
        "many.yaml",
        'seedflow: 1\nsteps: {a: {for_each: {n: "{{ range(40) }}"}, generate: {prompt: "{{ each.n }}"}}}\n',
    )
    paid.write("seedflow.yaml", "provider: {concurrency: 1}\n")
    emulator.set_faults({"kind": "status", "match": {"task": "a[n=3]"}, **refusal})
    result = paid.run("many.yaml", code=3)
    sent = [task["address"] for task in result["tasks"] if task["calls"]]
    assert "a[n=3]" in sent
    assert len(emulator.requests()) == len(sent)
    assert emulator.bill()["calls"] == len(sent) - 1
    assert emulator.requests()[-1]["status"] == refusal["status"], "nothing came after it"


def test_an_answer_that_is_not_what_the_card_promises_is_never_published(
    paid: Project, emulator: Any
) -> None:
    emulator.set_faults({"kind": "wrong-schema"})
    result = paid.run("one.yaml", code=6)
    assert statuses(result) == {"a": "unknown"}
    assert result["outputs"] == {"a": []}
    assert problem_of(result)["kind"] == "wrong-answer"


def test_the_provider_is_not_there_says_so_and_costs_nothing(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    project.use(
        {
            "CLOUDFLARE_ACCOUNT_ID": "a",
            "CLOUDFLARE_API_TOKEN": "t",
            "SEEDFLOW_CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{port}/client/v4",
        }
    )
    project.write("one.yaml", ONE)
    project.write("seedflow.yaml", "provider:\n  timeouts: {connect_s: 1}\n")
    ended = project.seedflow("run", "one.yaml", "--yes")
    assert ended.code == 3
    assert "connect" in ended.out


def test_nobody_to_ask_and_no_consent_means_nothing_is_sent(paid: Project, emulator: Any) -> None:
    ended = paid.seedflow("run", "one.yaml")
    assert ended.code == 4
    assert "--yes" in ended.err
    assert "--max-cost" in ended.err
    assert emulator.requests() == []


def test_a_budget_below_the_plans_minimum_sends_nothing(paid: Project, emulator: Any) -> None:
    ended = paid.seedflow("run", "fork.yaml", "--max-cost", "0.15")
    assert ended.code == 4
    assert "$0.16" in ended.err
    assert emulator.requests() == []


def test_a_budget_stops_before_a_reservation_would_pass_it(project: Project, start_emulator: Any) -> None:
    emulator = start_emulator("--sets", "max")
    project.use(emulator.env)
    sets = "\n".join(
        f"  s{number}: {{generate: {{prompt: Set {number}, sequential_image_generation: auto, max_images: 5}}}}"
        for number in range(4)
    )
    project.write("sets.yaml", f"seedflow: 1\nsteps:\n{sets}\n")
    ended = project.seedflow("run", "sets.yaml", "--max-cost", "0.5", "--json")
    assert ended.code == 4
    assert ended.json["status"] == "stopped"
    assert emulator.bill()["cost_usd"] == 0.4
    assert project.run("sets.yaml")["status"] == "done"
    assert emulator.bill()["cost_usd"] == 0.8


def test_a_port_in_use_is_said_plainly(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = project.seedflow("emulate", "--port", str(taken.getsockname()[1]))
    assert ended.code == 2
    assert "in use" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "missing.yaml"], 1, "missing.yaml"),
        (["run", "storybok"], 2, "storybook"),
        (["chek", "x"], 2, "check"),
        (["run", "one.yaml", "--max-cost", "-1"], 2, "dollars"),
        (["run", "one.yaml", "--provider", "nobody"], 2, "cloudflare"),
        (["run", "one.yaml", "-i", "nothing=1"], 1, "nothing"),
        (["plan", "one.yaml", "--inputs", "absent.yaml"], 1, "absent.yaml"),
        (["run", "one.yaml", "--events", "no/such/folder/e.jsonl"], 2, "no/such/folder"),
        (["run", "."], 1, "folder"),
    ],
)
def test_wrong_words_are_answered_with_the_remedy(
    words: list[str], code: int, said: str, project: Project
) -> None:
    project.write("one.yaml", ONE)
    ended = project.seedflow(*words)
    assert ended.code == code, ended.err
    assert said in ended.err
    assert ended.out == ""


def test_only_half_an_account_is_not_silently_sketched(project: Project) -> None:
    project.write("one.yaml", ONE)
    project.use({"CLOUDFLARE_ACCOUNT_ID": "a"})
    ended = project.seedflow("run", "one.yaml")
    assert ended.code == 2
    assert "CLOUDFLARE_API_TOKEN" in ended.err


def test_a_file_that_is_not_ours_is_never_overwritten(project: Project) -> None:
    project.write("one.yaml", ONE)
    project.write("here/a.jpg", "mine")
    ended = project.seedflow("run", "one.yaml", "--out", "here")
    assert ended.code == 3
    assert (project.folder / "here/a.jpg").read_text() == "mine"
    assert "not overwritten" in ended.out


def test_a_dry_run_opens_no_socket_and_writes_nothing(project: Project) -> None:
    project.write("one.yaml", ONE)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        project.use(
            {
                "CLOUDFLARE_ACCOUNT_ID": "a",
                "CLOUDFLARE_API_TOKEN": "t",
                "SEEDFLOW_CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{port}/client/v4",
            }
        )
        before = sorted(project.folder.rglob("*"))
        assert project.seedflow("plan", "one.yaml").code == 0
        with pytest.raises(TimeoutError):
            listener.accept()
    assert sorted(project.folder.rglob("*")) == before


@pytest.mark.parametrize("removed", [".seedflow", ".seedflow/ledger.db"])
def test_an_answer_is_printed_when_the_ledger_that_had_it_is_removed(
    paid: Project, emulator: Any, removed: str
) -> None:
    emulator.set_faults({"kind": "bad-download", "way": "stall", "seconds": 3})
    running = paid.start("run", "one.yaml", "--yes")
    wait_for(lambda: bool(emulator.downloads()))
    place = paid.folder / removed
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3, (out, err)
    assert "the ledger that had its answer is gone" in " ".join((out + err).split())
    assert '"state":"Completed"' in out + err
    assert "fetched without paying again" not in " ".join((out + err).split())
    assert emulator.bill()["calls"] == 1
