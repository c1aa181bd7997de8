"""The emergency journal: room set aside before anything is paid, for answers that the ledger cannot take.

One file per run, 1 MiB of real disk blocks. An answer that was paid for goes there when SQLite cannot commit (a full
disk, most likely), and the next to open the state folds it into the ledger. So does how the run ended. A record is a mark, the length and the
sha256 of its payload, and the payload (JSON, the answer in base64); zeros end the file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.durable import open_private, sync_descriptor, sync_folder, write_all
from seedflow.store.failures import disk_errors

JOURNAL_BYTES = 1 << 20

_HEAD = struct.Struct(">4sI32s")
_MARK = b"SFJ1"


@dataclass(frozen=True, slots=True)
class JournaledAnswer:
    """An answer on its way into the ledger."""

    intent_id: str
    answer: bytes
    cost_micros: int
    answered_at: float


@dataclass(frozen=True, slots=True)
class JournaledEnd:
    """How a run ended whose end the ledger did not take, and why it did not."""

    status: str
    ended_at: float
    kind: str
    message: str


class Journal:
    """The journal of one living run. Safe for threads."""

    def __init__(self, path: Path) -> None:
        """Make the file and take its room.

        Raises:
            StoreError: there is no room even for this; better known before paying.
        """
        self.path = path
        self._mutex = Lock()
        self._end = 0
        with disk_errors(path):
            with Step.JOURNAL_FILE:
                self._descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
            try:
                with Step.JOURNAL_ROOM:
                    _take_room(self._descriptor)
                    sync_descriptor(self._descriptor)
                sync_folder(path.parent)
            except BaseException:
                os.close(self._descriptor)
                with suppress(OSError):
                    path.unlink()
                raise

    @property
    def is_empty(self) -> bool:
        """Whether nothing had to be written."""
        return self._end == 0

    def append(self, record: JournaledAnswer) -> None:
        """Write one answer down, durably.

        Raises:
            StoreError: not even this was possible.
        """
        self._write(
            {
                "intent_id": record.intent_id,
                "answer": base64.b64encode(record.answer).decode(),
                "cost_micros": record.cost_micros,
                "answered_at": record.answered_at,
            }
        )

    def append_end(self, record: JournaledEnd) -> None:
        """Write the run's end down, durably.

        Raises:
            StoreError: not even this was possible.
        """
        self._write({"end": asdict(record)})

    def _write(self, fields: Mapping[str, object]) -> None:
        payload = json.dumps(fields).encode()
        data = _HEAD.pack(_MARK, len(payload), hashlib.sha256(payload).digest()) + payload
        with self._mutex, disk_errors(self.path):
            with Step.JOURNAL_APPEND:
                write_all(self._descriptor, data, self._end)
            with Step.JOURNAL_SYNC:
                sync_descriptor(self._descriptor)
            if not os.fstat(self._descriptor).st_nlink:
                raise StoreError(
                    f"{self.path}: somebody has removed it, and what is written to it with it",
                    kind="missing",
                    help="do not move or delete the state while a run uses it",
                )
            self._end += len(data)

    def close(self) -> None:
        """Close the file; what is in it stays."""
        os.close(self._descriptor)


def rescue(journal: Journal, record: JournaledAnswer, error: StoreError) -> StoreError:
    """Keep an answer that the ledger did not take. Gives the error to raise; the answer itself is in it if nothing else could be done."""
    try:
        journal.append(record)
    except StoreError as worse:
        return StoreError(
            f"the ledger does not take its answer ({error.message}), nor does the emergency journal ({worse.message})",
            kind=error.kind,
            help="keep the answer that is printed here; with a gateway, the next run looks it up in the log",
            unsaved=record.answer,
            paid=record.cost_micros > 0,
        )
    return StoreError(
        f"the ledger does not take its answer ({error.message}); the answer is kept in {journal.path}, and the next run takes it up",
        kind=error.kind,
        help=error.help,
        paid=record.cost_micros > 0,
    )


def read_journal(path: Path) -> Iterator[JournaledAnswer]:
    """The answers in a journal, in order; a torn last one is none."""
    for fields in _read_records(path):
        answer = _parse_answer(fields)
        if answer is not None:
            yield answer


def read_end(path: Path) -> JournaledEnd | None:
    """How the journal's run ended, if it wrote that down here."""
    found = None
    for fields in _read_records(path):
        with suppress(KeyError, TypeError, ValueError):
            end = fields["end"]
            found = JournaledEnd(
                str(end["status"]), float(end["ended_at"]), str(end["kind"]), str(end["message"])
            )
    return found


def _read_records(path: Path) -> Iterator[dict[str, Any]]:
    with disk_errors(path):
        descriptor = open_private(path, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read()
    at = 0
    while len(data) - at >= _HEAD.size:
        mark, length, digest = _HEAD.unpack_from(data, at)
        payload = data[at + _HEAD.size : at + _HEAD.size + length]
        if mark != _MARK or hashlib.sha256(payload).digest() != digest:
            return
        with suppress(ValueError):
            fields = json.loads(payload)
            if isinstance(fields, dict):
                yield fields
        at += _HEAD.size + length


def _parse_answer(fields: dict[str, Any]) -> JournaledAnswer | None:
    try:
        return JournaledAnswer(
            str(fields["intent_id"]),
            base64.b64decode(fields["answer"], validate=True),
            int(fields["cost_micros"]),
            float(fields["answered_at"]),
        )
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None  # an end, or whole but not written by us


def _take_room(descriptor: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, JOURNAL_BYTES)
    else:
        write_all(descriptor, bytes(JOURNAL_BYTES), 0)
