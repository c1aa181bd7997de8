"""Runs: their rows, the files that each has while it lives, and what a run that was killed leaves behind."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.attempts import find_attempt, free_reservations, move_attempt, storable, write_answer
from seedflow.store.base import AttemptState, RunRecord
from seedflow.store.blobs import Blobs
from seedflow.store.durable import make_folder
from seedflow.store.failures import disk_errors
from seedflow.store.journal import Journal, JournaledEnd, read_end, read_journal
from seedflow.store.ledger import Ledger
from seedflow.store.locks import RunLocks, is_run_id
from seedflow.store.paid_runs import note_ends
from seedflow.store.state import StateFolder

_INTERRUPTED = "interrupted"

CAN_TAKE_AN_ANSWER = (
    AttemptState.SENDING,
    AttemptState.UNKNOWN,
    AttemptState.ANSWERED,
    AttemptState.FAILED,
)
"""States of an attempt whose answer may still lie in the journal of its run alone."""


def make_journal(folder: StateFolder, run_id: str) -> Journal:
    """The emergency journal of a run that begins.

    Raises:
        StoreError: the disk has no room for it, or refuses.
    """
    try:
        with disk_errors(folder.runs):
            make_folder(folder.runs / run_id)
        return Journal(_journal_of(folder, run_id))
    except BaseException:
        remove_journal(folder, run_id)
        raise


def remove_journal(folder: StateFolder, run_id: str) -> None:
    """Delete the files of a run that has ended and whose journal is in the ledger."""
    with suppress(OSError), Step.JOURNAL_REMOVE:  # else the next to open the state does it
        shutil.rmtree(folder.runs / run_id, ignore_errors=True)


def add_run(connection: sqlite3.Connection, run_id: str, recipe: str, realm: str, now: float) -> None:
    """The row of a run that begins.

    Raises:
        ValueError: there was a run of this name.
    """
    try:
        connection.execute(
            "INSERT INTO runs (run_id, recipe, realm, started_at) VALUES (?, ?, ?, ?)",
            (run_id, recipe, realm, now),
        )
        connection.execute("INSERT INTO run_order (run_id) VALUES (?)", (run_id,))
    except sqlite3.IntegrityError:
        raise ValueError(f"run {run_id} was there before: every run has its own id") from None


def write_run_end(
    connection: sqlite3.Connection, run_id: str, status: str, now: float, record: RunRecord | None = None
) -> None:
    """How and when a run ended, and what is remembered of it. What it reserved and never sent counts no more."""
    free_reservations(connection, run_id)
    connection.execute("UPDATE runs SET ended_at = ?, status = ? WHERE run_id = ?", (now, status, run_id))
    if record is not None:
        folder = None if record.output_folder is None else storable(record.output_folder)
        connection.execute(
            "INSERT OR REPLACE INTO run_results (run_id, output_folder, result) VALUES (?, ?, ?)",
            (run_id, folder, json.dumps(record.result)),
        )


def note_end(journal: Journal, status: str, now: float, error: StoreError) -> None:
    """Write into its journal how a run ended, the ledger having refused that. Where that fails, too, it counts as killed."""
    ended = (
        "failed" if status == "done" else status
    )  # what the disk refuses at the end is a failure of the run
    with suppress(StoreError):
        journal.append_end(JournaledEnd(ended, now, error.kind, storable(error.message)))


def find_noted_end(folder: StateFolder, run_id: str) -> JournaledEnd | None:
    """How a run ended that nobody has taken up yet, by its journal."""
    path = _journal_of(folder, run_id)
    try:
        return read_end(path) if path.exists() else None
    except StoreError:
        return None


def describe_noted_end(end: JournaledEnd) -> dict[str, object]:
    """What is remembered of a run that could not say more."""
    return {"problems": [{"kind": end.kind, "message": end.message}]}


def fold_end(connection: sqlite3.Connection, folder: StateFolder, run_id: str) -> None:
    """Put how a run ended where it belongs, if it could only write it into its journal."""
    end = find_noted_end(folder, run_id)
    if end is not None:
        connection.execute(
            "UPDATE runs SET ended_at = ?, status = ? WHERE run_id = ? AND ended_at IS NULL",
            (end.ended_at, end.status, run_id),
        )
        connection.execute(
            "INSERT OR IGNORE INTO run_results SELECT run_id, NULL, ? FROM runs WHERE run_id = ?",
            (json.dumps(describe_noted_end(end)), run_id),
        )


def find_kept_answers(folder: StateFolder, run_id: str) -> frozenset[str]:
    """The intents whose answers a run could only write into its journal, and nobody has taken up yet."""
    path = _journal_of(folder, run_id)
    try:
        return frozenset(record.intent_id for record in read_journal(path)) if path.exists() else frozenset()
    except StoreError:
        return frozenset()


def fold_journal(connection: sqlite3.Connection, folder: StateFolder, run_id: str) -> None:
    """Put the answers that a run could only write into its journal where they belong. Harmless when repeated.

    Raises:
        StoreError: the journal cannot be read.
    """
    path = _journal_of(folder, run_id)
    if not path.exists():
        return
    for record in read_journal(path):
        row = find_attempt(connection, record.intent_id)
        if row is None or row.state not in CAN_TAKE_AN_ANSWER or record.answered_at <= (row.answered_at or 0):
            continue  # its commit had reached the disk after all
        write_answer(connection, row.attempt_id, record.answer)
        move_attempt(
            connection, row, AttemptState.ANSWERED, claimed=True,
            cost_micros=record.cost_micros, counted_micros=record.cost_micros, answered_at=record.answered_at,
        )  # fmt: skip # as the columns stand


def take_up_leftovers(ledger: Ledger, folder: StateFolder, blobs: Blobs, locks: RunLocks) -> None:
    """Fold the journals of killed runs into the ledger, then delete their files. Never by age, only by free locks."""
    over = []
    with ledger.transaction(Step.LEDGER_LEFTOVERS) as connection:
        dead = sorted(
            path.name
            for path in folder.runs.iterdir()
            if is_run_id(path.name) and not locks.is_alive(path.name)
        )
        for run_id in dead:
            fold_journal(connection, folder, run_id)
            fold_end(connection, folder, run_id)
            free_reservations(connection, run_id)
        for (run_id,) in connection.execute("SELECT run_id FROM runs WHERE status IS NULL").fetchall():
            if not locks.is_alive(run_id):
                free_reservations(connection, run_id)
                connection.execute("UPDATE runs SET status = ? WHERE run_id = ?", (_INTERRUPTED, run_id))
                over.append(run_id)
        for session in blobs.find_incoming():
            if not locks.is_alive(session):
                blobs.remove_incoming(session)
        locks.remove_dead()
    note_ends(folder, sorted({*dead, *over}))
    for run_id in dead:  # only now that their answers are durable in the ledger
        remove_journal(folder, run_id)


def _journal_of(folder: StateFolder, run_id: str) -> Path:
    return folder.runs / run_id / "journal"
