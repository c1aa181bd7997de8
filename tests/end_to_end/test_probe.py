"""`seedflow doctor --probe` against emulators of every behaviour: what it finds, what it pays, and what runs make of it."""

from __future__ import annotations

import json
import signal
import time

import pytest

SETTINGS = "provider:\n  timeouts: {log_s: 3}\n"
STOPPED, FAILED = 4, 3
FOX = """\
seedflow: 1
name: fox
steps:
  sheet: {generate: {prompt: A fox}}
  page: {generate: {prompt: A lake, image_input: ["{{ steps.sheet.images[0] }}"]}}
outputs: {page: "{{ steps.page.images[0] }}"}
"""


@pytest.fixture
def probing(project, start_emulator):
    """Starts an emulator of some behaviour for the project."""

    def start(*options: str):
        emulator = start_emulator(*options)
        project.use(emulator.env)
        project.write("seedflow.yaml", SETTINGS)
        return emulator

    return start


def probe(project, *words: str, code: int = 0):
    """The JSON of `doctor --probe`, and what it said."""
    ended = project.seedflow("doctor", "--probe", "--json", *words)
    assert ended.code == code, ended.err
    return ended.json["endpoint"], ended.err


@pytest.mark.parametrize(
    ("options", "found", "paid"),
    [
        ((), {"data_uris": True, "data_accepted_bytes": 10_000_000, "data_refused_bytes": None}, 2),
        (
            ("--data-uri-max-bytes", "5000000"),
            {"data_uris": True, "data_accepted_bytes": 4_000_000, "data_refused_bytes": 6_000_000},
            2,
        ),
        (
            ("--data-uri-max-bytes", "9999999"),
            {"data_uris": True, "data_accepted_bytes": 8_000_000, "data_refused_bytes": 10_000_000},
            3,
        ),
        (
            ("--data-uri-max-bytes", "5000"),
            {"data_uris": True, "data_accepted_bytes": 4_000, "data_refused_bytes": 1_000_000},
            1,
        ),
        (("--no-data-uris",), {"data_uris": False, "data_accepted_bytes": None}, 1),
        (("--no-log",), {"log_recovers": False, "billed_usd": None}, 2),
        (("--log-without-bodies",), {"log_recovers": False, "billed_usd": 0.04}, 2),
        (("--log-delay-s", "1.5"), {"log_recovers": True, "billed_usd": 0.04}, 2),
        (
            ("--no-data-uris", "--log-delay-s", "0"),
            {"log_recovers": True, "billed_usd": 0.04, "refused_usd": 0.0},
            1,
        ),
    ],
)
def test_it_finds_out_how_the_endpoint_behaves(project, probing, options, found, paid) -> None:
    emulator = probing(*options)
    endpoint, said = probe(project, "--yes")
    assert {name: endpoint[name] for name in found} == found
    bill = emulator.bill()
    assert bill["calls"] == paid
    assert f"${bill['cost_usd']:.2f}." in said
    assert "up to $0.20" in said
    assert bill["cost_usd"] <= 0.20


def test_urls_that_die_at_once_are_never_said_to_live_longer(project, probing) -> None:
    probing("--expire-s", "0.2")
    endpoint, _ = probe(project, "--yes")
    assert (endpoint["urls_alive_s"] or 0) <= 0.2


def test_what_is_known_is_not_paid_again_unless_somebody_wants_it(project, probing) -> None:
    emulator = probing()
    first, _ = probe(project, "--yes")
    again, said = probe(project)
    assert "nothing is paid" in said
    assert emulator.bill()["calls"] == 2
    assert again["data_accepted_bytes"] == first["data_accepted_bytes"]
    assert again["urls_alive_s"] > first["urls_alive_s"]
    emulator.expire()
    dead, _ = probe(project)
    assert dead["urls_dead_s"] > (dead["urls_alive_s"] or 0)
    assert emulator.bill()["calls"] == 2
    probe(project, "--again", "--yes")
    assert emulator.bill()["calls"] == 4


def test_nobody_pays_without_saying_so(project, probing) -> None:
    emulator = probing()
    endpoint, said = probe(project, code=STOPPED)
    assert "nobody is there to ask" in said
    assert endpoint["data_uris"] is None
    assert emulator.requests() == []
    assert not (project.folder / ".seedflow").exists()


def test_a_consent_that_is_not_enough_for_a_call_is_refused_before_it(project, probing) -> None:
    emulator = probing()
    _, said = probe(project, "--max-cost", "0.01", code=STOPPED)
    assert said.splitlines()[-2:] == [
        "error: a call costs $0.04, more than the $0.01 of --max-cost",
        "help: raise --max-cost",
    ]
    assert emulator.requests() == []


def test_it_stops_where_the_consent_ends_and_goes_on_from_there(project, probing) -> None:
    emulator = probing()
    endpoint, said = probe(project, "--max-cost", "0.04", code=STOPPED)
    assert emulator.bill()["calls"] == 1
    assert endpoint["data_on"] is None
    assert "run it again to go on" in said
    endpoint, _ = probe(project, "--max-cost", "0.20")
    assert emulator.bill()["calls"] == 2
    assert endpoint["data_accepted_bytes"] == 10_000_000


def test_budgets_of_the_project_hold_for_it(project, probing) -> None:
    emulator = probing()
    project.write("seedflow.yaml", f"{SETTINGS}budget: {{project_usd: 0.05}}\n")
    _, said = probe(project, "--yes", code=STOPPED)
    assert emulator.bill()["calls"] == 1
    assert "$0.01 is left of the $0.05 of budget.project_usd (project: seedflow.yaml:" in said


@pytest.mark.parametrize("paid", [1, 2])
def test_a_probe_that_is_killed_loses_and_repeats_nothing(project, probing, paid) -> None:
    emulator = probing("--latency-ms", "300")
    process = project.start("doctor", "--probe", "--yes")
    deadline = time.monotonic() + 60
    while emulator.bill()["calls"] < paid:
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    endpoint, _ = probe(project, "--yes")
    assert endpoint["data_accepted_bytes"] == 10_000_000
    assert endpoint["log_recovers"] is True
    entries = emulator.bill()["entries"]
    assert len(entries) == 2
    assert len({entry["input_digest"] for entry in entries}) == 2


def test_a_lost_answer_of_a_probe_is_found_in_the_log(project, probing) -> None:
    emulator = probing()
    emulator.set_faults({"kind": "bill-then-drop"})
    endpoint, _ = probe(project, "--yes")
    assert endpoint["data_uris"] is True
    assert emulator.bill()["calls"] == 2


def test_what_another_account_found_is_not_believed(project, probing) -> None:
    emulator = probing("--no-data-uris")
    assert probe(project, "--yes")[0]["data_uris"] is False
    project.use({"CLOUDFLARE_ACCOUNT_ID": "e0000000000000000000000000000002"})
    assert json.loads(project.seedflow("doctor", "--json").out)["endpoint"]["data_uris"] is None
    project.use(emulator.env)
    assert json.loads(project.seedflow("doctor", "--json").out)["endpoint"]["data_uris"] is False


def test_references_travel_by_what_was_found(project, probing, bucket_service) -> None:
    emulator = probing("--no-data-uris", "--fetch-from", bucket_service.endpoint, "--seed", "21")
    project.write("fox.yaml", FOX)
    probe(project, "--yes")
    project.run("fox.yaml")
    assert emulator.requests()[-1]["references"][0]["kind"] == "own"
    emulator.expire()
    project.write("fox.yaml", FOX.replace("A lake", "A wood"))
    before = emulator.bill()["calls"]
    result = project.run("fox.yaml", code=FAILED)
    assert "this account takes no data URIs" in json.dumps(result)
    assert emulator.bill()["calls"] == before
    project.use(bucket_service.env)
    project.run("fox.yaml")
    assert emulator.requests()[-1]["references"][0]["kind"] == "fetched"


def test_there_is_nothing_to_probe_where_nobody_is_paid(project) -> None:
    ended = project.seedflow("doctor", "--probe", "--yes")
    assert ended.code == 2
    assert "nothing to probe" in ended.err
    ended = project.seedflow("doctor", "--again")
    assert (ended.code, "add --probe" in ended.err) == (2, True)
