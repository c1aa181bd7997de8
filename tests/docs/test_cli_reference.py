"""`docs/reference/cli.md` tells every command, option, code, word and key that there is, and no other."""

from __future__ import annotations

import importlib
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest

from seedflow.cli.main import COMMANDS
from seedflow.diagnostics import Severity
from seedflow.errors import ExitCode
from seedflow.plan.model import Action, Reason
from seedflow.run.events import EventKind
from seedflow.run.status import EXIT_CODES, RunStatus, TaskStatus
from tests.docs.codes import collect_kinds, collect_passed_on
from tests.docs.pages import ROOT, get_page
from tests.docs.recipes import PICTURES
from tests.docs.sessions import Session

PAGE = get_page("docs/reference/cli.md")
DOCUMENTED_ELSEWHERE = {"emulate": "docs/reference/emulator.md"}


def words_of(title: str) -> list[str]:
    """The word in the first column of each row of the tables of a section."""
    return [row[0].strip("`") for row in PAGE.rows(title)]


def command_of(name: str) -> click.Command:
    command = importlib.import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    return command


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_told_with_its_options_and_no_others(name: str) -> None:
    section = PAGE.section(f"seedflow {name}")
    command = command_of(name)
    arguments = [
        parameter.human_readable_name for parameter in command.params if isinstance(parameter, click.Argument)
    ]
    usage = re.search(rf"^`seedflow {name}( [^`]+)?`$", section, re.MULTILINE)
    assert usage is not None
    assert (usage[1] or "").split() == arguments
    if name in DOCUMENTED_ELSEWHERE:
        assert (ROOT / DOCUMENTED_ELSEWHERE[name]).name in section
        return
    rows = [row for row in PAGE.rows(f"seedflow {name}") if row[0].startswith("`-")]
    told = {
        text for row in rows for text in re.findall(r"-{1,2}[a-z][a-z-]*", row[0].split(" ", 3)[0] + row[0])
    }
    there = {
        text for parameter in command.params if isinstance(parameter, click.Option) for text in parameter.opts
    }
    assert told == there


def test_the_table_of_commands_has_them_all_in_their_order() -> None:
    told = re.findall(r"^\| \[`(\w+)`\]\(#seedflow-\1\) \|", PAGE.text, re.MULTILINE)
    assert told == list(COMMANDS)


def test_exit_codes_are_the_enum() -> None:
    assert [int(word) for word in words_of("Exit codes")] == [code.value for code in ExitCode]


def test_run_statuses_are_the_enum_with_their_exit_codes() -> None:
    rows = [row for row in PAGE.rows("seedflow run") if len(row) == 3 and row[2].isdigit()]
    assert {row[0].strip("`"): int(row[2]) for row in rows} == {
        status.value: code.value for status, code in EXIT_CODES.items()
    }
    assert len(rows) == len(RunStatus)


def words_below(title: str, head: str) -> list[str]:
    """The words of the one table of a section that has this head."""
    table = PAGE.section(title).split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "head", "words"),
    [
        ("Actions and reasons", "action", Action),
        ("Actions and reasons", "reason", Reason),
        ("seedflow run", "task status", TaskStatus),
        ("seedflow run", "run status", RunStatus),
        ("Events", "event", EventKind),
    ],
)
def test_closed_sets_are_the_enums(title: str, head: str, words: type[StrEnum]) -> None:
    told = words_below(title, head)
    assert sorted(told) == sorted(word.value for word in words)


def test_severities_are_the_enum() -> None:
    row = next(row for row in PAGE.rows("Diagnostics as JSON") if row[0] == "`severity`")
    assert re.findall(r"`(\w+)`", row[1]) == [severity.value for severity in Severity]


def test_every_kind_of_problem_is_told() -> None:
    assert sorted(words_of("Problems")) == sorted(collect_kinds())


def test_every_kind_that_a_run_passes_on_is_told_where_the_page_says() -> None:
    pages = [get_page(f"docs/reference/{name}.md").text for name in ("failures", "state")]
    told = {kind for page in pages for kind in re.findall(r"`([a-z-]+)`", page)}
    assert set(collect_passed_on()) - told == set()


RECIPE = """\
seedflow: 1
steps:
  sheet: {generate: {prompt: A sheet}}
  page:
    for_each: {scene: [at sea, on a roof]}
    generate:
      prompt: "{{ each.scene }} {{ ref.sheet }} {{ ref.fox }} {{ ref.url }}"
      image_input:
        sheet: "{{ steps.sheet.images[0] }}"
        fox: fox.jpg
        url: https://pictures.example/style.jpg
  again: {generate: {prompt: A sheet}}
  drafts: {generate: {prompt: Drafts, sequential_image_generation: auto, max_images: 3}}
  refined:
    for_each: {draft: "{{ steps.drafts.images }}"}
    when: "{{ each.draft.number < 3 }}"
    generate: {prompt: "{{ ref.draft }}", image_input: {draft: "{{ each.draft }}"}}
  gathered: {generate: {prompt: All, image_input: ["{{ succeeded(steps.refined.images) }}"]}}
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `check`, `plan` and `run` say as JSON of one recipe, and the events of the run."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("json") / "project"
    folder.mkdir()
    (folder / "book.yaml").write_text(RECIPE)
    Image.new("RGB", (64, 48), "teal").save(folder / PICTURES[0])
    session = Session(folder)
    commands = {
        "check": "seedflow check book.yaml --json 2>/dev/null",
        "plan": "seedflow plan book.yaml --json 2>/dev/null",
        "run": "seedflow run book.yaml --json --events events.jsonl 2>/dev/null",
        "doctor": "seedflow doctor --json 2>/dev/null",
        "list": "seedflow list --json 2>/dev/null",
        "show": "seedflow show book.yaml --json 2>/dev/null",
        "graph": "seedflow graph book.yaml --format json 2>/dev/null",
    }
    found: dict[str, Any] = {name: json.loads(session.capture(command)) for name, command in commands.items()}
    found["events"] = [json.loads(line) for line in Path(folder / "events.jsonl").read_text().splitlines()]
    return found


def keys_of(title: str, after: str) -> set[str]:
    """The keys in the table that follows a line of a section."""
    section = PAGE.section(title).split(f"\n{after}\n", 1)[1]
    table = section[section.index("|") :].split("\n\n", 1)[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    return {key for row in rows for key in re.findall(r"`([a-z_]+)`", row[1])}


def optional_of(title: str, after: str) -> set[str]:
    """Those of them that are there `only` sometimes."""
    section = PAGE.section(title).split(f"\n{after}\n", 1)[1]
    table = section[section.index("|") :].split("\n\n", 1)[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    return {
        key for row in rows if row[2].strip().startswith("only") for key in re.findall(r"`([a-z_]+)`", row[1])
    }


@pytest.mark.parametrize(
    ("title", "after", "where"),
    [
        ("seedflow check", "The JSON object:", ["check"]),
        (
            "seedflow plan",
            "The JSON object. Every amount is a list of two: the least and the most.",
            ["plan"],
        ),
        ("seedflow plan", "A task:", ["plan", "tasks"]),
        ("seedflow run", "The JSON object:", ["run"]),
        ("seedflow run", "A task:", ["run", "tasks"]),
        ("seedflow doctor", "The JSON object:", ["doctor"]),
        ("seedflow graph", "The JSON object; with errors, it has the key `diagnostics` alone:", ["graph"]),
    ],
)
def test_json_objects_have_the_keys_that_are_told(
    title: str, after: str, where: list[str], outcome: dict[str, Any]
) -> None:
    value: Any = outcome
    for key in where:
        value = value[key]
    found = {key for one in (value if isinstance(value, list) else [value]) for key in one}
    told, optional = keys_of(title, after), optional_of(title, after)
    assert found <= told
    assert told - optional <= found


@pytest.mark.parametrize(
    ("consent", "settings", "kind"),
    [
        ("", "", "not-confirmed"),
        ("--max-cost 0.01", "", "not-confirmed"),
        ("--yes", "budget: {step_usd: 0.01}", "budget"),
    ],
)
def test_a_run_that_does_not_begin_has_the_keys_that_are_told(
    consent: str, settings: str, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "r.yaml").write_text("seedflow: 1\nsteps: {one: {generate: {prompt: A fox}}}\n")
    (tmp_path / "seedflow.yaml").write_text(settings)
    paid = f"CLOUDFLARE_ACCOUNT_ID={'e' * 32} CLOUDFLARE_API_TOKEN=none CLOUDFLARE_GATEWAY_ID=default"
    said = Session(tmp_path).capture(
        f"{paid} seedflow run r.yaml --provider cloudflare --json {consent} 2>/dev/null"
    )
    found = json.loads(said)
    told = keys_of("seedflow run", "The JSON object:")
    assert set(found) == told - optional_of("seedflow run", "The JSON object:")
    assert (found["status"], found["run"], found["left"]) == (RunStatus.STOPPED, None, None)
    (problem,) = found["problems"]
    assert problem["kind"] == kind
    assert problem["kind"] in words_of("Problems")
    assert problem["help"]


def test_lists_inside_json_objects_have_the_keys_that_are_told(outcome: dict[str, Any]) -> None:
    section = PAGE.section("seedflow run")
    images = {key for task in outcome["run"]["tasks"] for image in task["images"] for key in image}
    row = next(line for line in section.splitlines() if line.startswith("| `images` |"))
    assert images == set(re.findall(r"`([a-z]+)`", row.split("|")[2]))
    outputs = {key for files in outcome["run"]["outputs"].values() for file in files for key in file}
    row = next(line for line in section.splitlines() if line.startswith("| `outputs` |"))
    assert outputs == set(re.findall(r"`([a-z]+)`", row.split("|")[2]))
    totals = next(
        line for line in PAGE.section("seedflow plan").splitlines() if line.startswith("| `totals` |")
    )
    assert set(outcome["plan"]["totals"]) == set(re.findall(r"`([a-z_]+)`", totals.split("|")[2]))


def test_references_in_a_plan_have_the_keys_that_are_told(outcome: dict[str, Any]) -> None:
    row = next(line for line in PAGE.section("seedflow plan").splitlines() if line.startswith("| `params` |"))
    told = set(re.findall(r"`([a-z_]+)`", row))
    found = {
        key
        for task in outcome["plan"]["tasks"]
        for reference in task["params"].get("image_input", [])
        for key in reference
    }
    assert {"known_after", "url", "file", "transport", "name"} <= found
    assert found <= told


def test_other_json_objects_have_the_keys_that_are_told(outcome: dict[str, Any]) -> None:
    for name, inside in (("list", "shipped"), ("show", None)):
        told = set(
            re.findall(r"`([a-z]+)`", PAGE.section(f"seedflow {name}").split("--json")[1].split("\n")[0])
        )
        found = set(outcome[name]) | (
            {key for one in outcome[name][inside] for key in one} if inside else set()
        )
        assert found == told


def test_events_have_the_keys_that_are_told(outcome: dict[str, Any]) -> None:
    rows = {row[0].strip("`"): row for row in PAGE.rows("Events")}
    common = {"event", "time", "run", "address"}
    assert {event["event"] for event in outcome["events"]} >= {
        "run-started", "task-grown", "task-started", "call-sent", "call-answered", "image-stored", "task-finished", "run-finished",
    }  # fmt: skip # a row a line
    for event in outcome["events"]:
        told = set(re.findall(r"`([a-z_]+)`", rows[event["event"]][2]))
        assert set(event) - common <= told, event["event"]
        sometimes = {"problem", "warnings", "cause", "not_as_expected"}
        if event["event"] == "task-planned":
            sometimes.add("tasks")
        assert told - sometimes <= set(event), event["event"]
