"""What `--events` may be written over: events, nothing, and what is no file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seedflow.errors import UsageError
from seedflow.run.event_file import EventFile, refuse_other_file
from seedflow.run.events import Event, EventKind


def test_events_are_written_over_also_where_the_last_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    refuse_other_file(path)
    with EventFile(path) as file:
        for _ in range(2):
            file.write(Event(EventKind.RUN_STARTED, 1.5, "a-run", None, {"recipe": "one"}))
    refuse_other_file(path)
    whole = path.read_bytes()
    for kept in (0, 3, 20, len(whole) - 5):
        path.write_bytes(whole[:kept])
        refuse_other_file(path)


@pytest.mark.parametrize(
    "content",
    ["seedflow: 1\n", "x", "\n", '{"a": 1}\n', "[]\n", json.dumps({"event": 1}), "SQLite format 3\0"],
)
def test_anything_else_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes"
    path.write_text(content)
    with pytest.raises(UsageError, match="holds something else than events"):
        refuse_other_file(path)
    assert path.read_text() == content


def test_devices_and_pipes_are_taken(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refuse_other_file(tmp_path / "pipe")
    refuse_other_file(Path(os.devnull))
