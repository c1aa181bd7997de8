"""What `--events` may be written over: events, nothing, and what is no file."""

from __future__ import annotations

import json
import os
import threading
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


def test_a_pipe_that_somebody_reads_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with EventFile(pipe, lambda: pytest.fail("it waited")) as file:
        file.write(Event(EventKind.RUN_STARTED, 1.5, "a-run", None, {}))
        assert os.read(reader, 10_000).startswith(b'{"event":"run-started"')
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_pipe_is_waited_for_until_somebody_reads_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = list[bytes]()
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    with EventFile(pipe, reader.start) as file:
        file.write(Event(EventKind.RUN_STARTED, 1.5, "a-run", None, {}))
    reader.join(10)
    assert found[0].startswith(b'{"event":"run-started"')
