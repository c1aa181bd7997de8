"""Options that name a file to write, and files that are there: nothing is lost by one word on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import Project

RECIPE = "seedflow: 1\nname: one\nsteps:\n  owl: {generate: {prompt: a tin owl}}\n"


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "r.yaml", "--events", ".seedflow/ledger.db"), "belongs to the state"),
        (("run", "r.yaml", "--events", ".seedflow/ledger.db-wal"), "belongs to the state"),
        (("run", "r.yaml", "--events", "r.yaml"), "is the recipe"),
        (("run", "r.yaml", "--events", "r.picks.yaml"), "picks file"),
        (("run", "r.yaml", "--events", "-"), "`-` is not taken for standard output"),
        (("graph", "r.yaml", "-o", "-"), "`-` is not taken for standard output"),
        (("export", "-", "--all"), "`-` is not taken for standard output"),
        (("run", "r.yaml", "--events", "notes.txt"), "holds something else than events"),
        (("run", "r.yaml", "--json", "--events", "notes.txt"), "holds something else than events"),
        (("graph", "r.yaml", "--format", "dot", "-o", ".seedflow/ledger.db"), "belongs to the state"),
        (("graph", "r.yaml", "-o", "r.yaml"), "is the recipe"),
        (("export", ".seedflow/all.zip", "--all"), "belongs to the state"),
        (("export", "notes.txt", "--all"), "is there already"),
        (("emulate", "--bill-file", ".seedflow/ledger.db"), "belongs to the state"),
        (("emulate", "--bill-file", "notes.txt"), "is not a bill"),
    ],
)
def test_what_is_there_stays(project: Project, words: tuple[str, ...], told: str) -> None:
    project.write("r.yaml", RECIPE)
    project.write("notes.txt", "without an end of the line")
    project.run("r.yaml", "--events", "events.jsonl")
    before = read_all(project.folder)
    ended = project.seedflow(*words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "help: " in ended.err
    assert read_all(project.folder) == before


def test_events_of_an_earlier_run_are_written_over(project: Project) -> None:
    project.write("r.yaml", RECIPE)
    project.run("r.yaml", "--events", "events.jsonl")
    first = (project.folder / "events.jsonl").read_text()
    project.run("r.yaml", "--events", "events.jsonl")
    assert (project.folder / "events.jsonl").read_text() not in ("", first)
