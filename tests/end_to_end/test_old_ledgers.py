"""A project whose ledger an earlier seedflow wrote: what it paid for is used, and nothing is asked again."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from project import Project

LEDGERS = Path(__file__).parents[1] / "unit" / "store" / "ledgers"


@pytest.mark.parametrize("packed", sorted(LEDGERS.glob("schema-*.tar.xz")), ids=lambda path: path.name)
def test_a_run_over_an_earlier_ledger_asks_for_nothing(packed: Path, project: Project, emulator: Any) -> None:
    with tarfile.open(packed) as archive:
        archive.extractall(project.folder, filter="data")
    shutil.copy(LEDGERS / "book.yaml", project.folder)
    project.use(emulator.env)
    planned = project.seedflow("plan", "book.yaml", "--json")
    assert {task["action"] for task in planned.json["tasks"]} == {"reuse"}
    assert not list((project.folder / ".seedflow").glob("ledger.schema-*")), "a plan changes nothing"
    found = project.run("book.yaml")
    assert (found["status"], found["calls"]) == ("done", 0)
    assert emulator.requests() == []
    assert len(list((project.folder / "outputs").rglob("*.jpg"))) == 2
    assert list((project.folder / ".seedflow").glob("ledger.schema-*"))
