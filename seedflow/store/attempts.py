"""Rows of attempts: finding, adding and moving them on, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from seedflow.money import from_micros
from seedflow.store.base import Attempt, AttemptState, RequestRecord, StoredImage
from seedflow.store.blobs import Blobs
from seedflow.store.failures import build_store_error
from seedflow.store.results import load_images
from seedflow.store.transitions import TransitionError, check_transition


class AttemptRow(NamedTuple):
    """What a change of an attempt needs to know of it."""

    attempt_id: int
    intent_id: str
    attempt: int
    state: AttemptState
    claimed: bool
    run_id: str
    payer_run_id: str
    reserved_micros: int
    fingerprint: str
    take: int
    answered_at: float | None
    has_answer: bool
    counted: bool


_ROW = """SELECT attempt_id, intent_id, attempt, state, claimed, run_id, payer_run_id, reserved_micros, fingerprint,
  take, answered_at, EXISTS (SELECT 1 FROM answers WHERE answers.attempt_id = attempts.attempt_id AND length(answer) > 0), cost_micros > 0
  FROM attempts"""
_ABOVE = f"{_ROW} WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt > ? ORDER BY attempt_id"
_FREE = (
    "UPDATE attempts SET counted_micros = 0 WHERE run_id = ? AND state = 'reserved' AND counted_micros <> 0"
)
_BY_INTENT = f"{_ROW} WHERE intent_id = ?"


def list_rows(
    connection: sqlite3.Connection, realm: str, fingerprint: str, take: int, after_attempt: int
) -> list[AttemptRow]:
    """Every row of the attempts above a number of a (realm, fingerprint, take), oldest first."""
    found = connection.execute(_ABOVE, (fingerprint, take, realm, after_attempt))
    return [_to_row(row) for row in found]


def find_attempt(connection: sqlite3.Connection, intent_id: str) -> AttemptRow | None:
    """The attempt with this intent id."""
    found = connection.execute(_BY_INTENT, (intent_id,)).fetchone()
    return None if found is None else _to_row(found)


def _to_row(found: tuple[Any, ...]) -> AttemptRow:
    row = AttemptRow(*found)
    return row._replace(
        state=AttemptState(row.state),
        claimed=bool(row.claimed),
        has_answer=bool(row.has_answer),
        counted=bool(row.counted),
    )


def get_own_attempt(connection: sqlite3.Connection, intent_id: str, runs: Collection[str]) -> AttemptRow:
    """The attempt, which one of these runs works on.

    Raises:
        TransitionError: nobody, or another run, works on it.
    """
    row = find_attempt(connection, intent_id)
    if row is None or row.run_id not in runs or not row.claimed:
        raise TransitionError(f"attempt {intent_id} is not claimed by a run of this store")
    return row


def add_attempt(
    connection: sqlite3.Connection,
    run_id: str,
    request: RequestRecord,
    attempt: int,
    reserved_micros: int,
    day: str,
    now: float,
) -> int:
    """A new row in state `reserved`, owned by the run. Returns its number."""
    attempt_id = connection.execute(
        """INSERT INTO attempts (intent_id, realm, fingerprint, take, attempt, state, claimed, run_id, payer_run_id, step, day,
             reserved_micros, cost_micros, counted_micros, reserved_at)
           VALUES (?, ?, ?, ?, ?, 'reserved', 1, ?, ?, ?, ?, ?, 0, ?, ?)""",
        (
            uuid4().hex, request.realm, request.fingerprint, request.take, attempt, run_id, run_id, request.step, day,
            reserved_micros, reserved_micros, now,
        ),
    ).lastrowid  # fmt: skip # as the columns stand
    if attempt_id is None:
        raise RuntimeError("SQLite gave no row number for an inserted row")
    _write_request(connection, attempt_id, request)
    return attempt_id


def drop_reservation(connection: sqlite3.Connection, attempt_id: int) -> None:
    """Take an orphan's reservation out of all sums, before it is reserved anew in the same transaction."""
    connection.execute("UPDATE attempts SET counted_micros = 0 WHERE attempt_id = ?", (attempt_id,))


def reserve_anew(
    connection: sqlite3.Connection,
    attempt_id: int,
    run_id: str,
    request: RequestRecord,
    reserved_micros: int,
    day: str,
    now: float,
) -> None:
    """An orphan that was never sent becomes the run's own, for its own money and its own task."""
    connection.execute(
        """UPDATE attempts SET run_id = ?, claimed = 1, payer_run_id = ?, step = ?, day = ?, reserved_micros = ?, counted_micros = ?,
             reserved_at = ? WHERE attempt_id = ?""",
        (run_id, run_id, request.step, day, reserved_micros, reserved_micros, now, attempt_id),
    )
    _write_request(connection, attempt_id, request)


def take_over(connection: sqlite3.Connection, attempt_id: int, run_id: str) -> None:
    """The run works on this attempt from now on; whose money it was stays."""
    connection.execute(
        "UPDATE attempts SET run_id = ?, claimed = 1 WHERE attempt_id = ?", (run_id, attempt_id)
    )


def free_reservations(connection: sqlite3.Connection, run_id: str) -> None:
    """What a run that has ended reserved and never sent counts no more; whoever recovers it reserves it anew."""
    connection.execute(_FREE, (run_id,))


def leave(connection: sqlite3.Connection, attempt_id: int) -> None:
    """Nobody works on this attempt any more; its state stays."""
    connection.execute("UPDATE attempts SET claimed = 0 WHERE attempt_id = ?", (attempt_id,))


def _write_request(connection: sqlite3.Connection, attempt_id: int, request: RequestRecord) -> None:
    connection.execute(
        """INSERT OR REPLACE INTO requests (attempt_id, recipe, address, model, params, params_digest, references_field, "references")
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            attempt_id, request.recipe, request.address, request.model, _to_json(request.params), request.params_digest,
            request.references_field, _to_json(request.references),
        ),
    )  # fmt: skip # as the columns stand


def write_references(
    connection: sqlite3.Connection, attempt_id: int, references: Sequence[Mapping[str, object]]
) -> None:
    """How the references travel, now that it is known; a row that says so already, as most do, is not written again."""
    text = _to_json(references)
    connection.execute(
        'UPDATE requests SET "references" = ? WHERE attempt_id = ? AND "references" IS NOT ?',
        (text, attempt_id, text),
    )


def write_answer(connection: sqlite3.Connection, attempt_id: int, answer: bytes) -> None:
    """The raw answer."""
    connection.execute(
        "INSERT OR REPLACE INTO answers (attempt_id, answer) VALUES (?, ?)", (attempt_id, answer)
    )


def write_images(
    connection: sqlite3.Connection, attempt_id: int, images: Sequence[StoredImage], times_ns: Sequence[int]
) -> None:
    """The images of a result and the modification times of their files."""
    connection.execute("DELETE FROM images WHERE attempt_id = ?", (attempt_id,))
    for image, mtime_ns in zip(images, times_ns, strict=True):
        facts = image.facts
        connection.execute(
            """INSERT INTO blobs (digest, size_bytes, mtime_ns, width_px, height_px, format) VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT (digest) DO UPDATE SET mtime_ns = excluded.mtime_ns""",
            (facts.digest, facts.size_bytes, mtime_ns, facts.width_px, facts.height_px, facts.format.value),
        )
        connection.execute(
            "INSERT INTO images (attempt_id, number, digest) VALUES (?, ?, ?)",
            (attempt_id, image.number, facts.digest),
        )


def move_attempt(
    connection: sqlite3.Connection,
    row: AttemptRow,
    *states: AttemptState,
    claimed: bool,
    **columns: float | str | None,
) -> None:
    """Move an attempt along a chain of states to the last of them, and set columns with it.

    Raises:
        TransitionError: the ledger does not know such a step.
    """
    check_transition(row.intent_id, row.state, *states)
    names = "".join(f", {name} = ?" for name in columns)
    connection.execute(
        f"UPDATE attempts SET state = ?, claimed = ?{names} WHERE attempt_id = ?",  # noqa: S608 - the names are ours
        (states[-1].value, int(claimed), *columns.values(), row.attempt_id),
    )


def load_attempt(connection: sqlite3.Connection, blobs: Blobs, attempt_id: int) -> Attempt:
    """Everything about an attempt."""
    row = connection.execute(
        """SELECT realm, fingerprint, take, recipe, address, step, model, params, params_digest, references_field, "references",
             intent_id, run_id, attempt, state, reserved_micros, cost_micros, failure, message, sent_at, answered_at, answer
           FROM attempts JOIN requests USING (attempt_id) LEFT JOIN answers USING (attempt_id) WHERE attempt_id = ?""",
        (attempt_id,),
    ).fetchone()
    (
        realm,
        fingerprint,
        take,
        recipe,
        address,
        step,
        model,
        params,
        params_digest,
        references_field,
        references,
    ) = row[:11]
    (
        intent_id,
        run_id,
        attempt,
        state,
        reserved_micros,
        cost_micros,
        failure,
        message,
        sent_at,
        answered_at,
        answer,
    ) = row[11:]
    request = RequestRecord(
        realm, fingerprint, take, recipe, address, step, model, _from_json(params, attempt_id), params_digest, references_field,
        tuple(_from_json(references, attempt_id)),
    )  # fmt: skip # as the columns stand
    return Attempt(
        intent_id, run_id, request, attempt, AttemptState(state), from_micros(reserved_micros), from_micros(cost_micros),
        failure, message, sent_at, answered_at, answer, load_images(connection, blobs, attempt_id),
    )  # fmt: skip # as the columns stand


def storable(text: str) -> str:
    """A text that UTF-8 can carry, whatever a message was made of."""
    return text.encode("utf-8", "backslashreplace").decode()


def _from_json(text: str, attempt_id: int) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise build_store_error(
            f"ledger.db: request {attempt_id}: its parameters or references are not JSON", "damaged"
        ) from None


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_to_plain)


def _to_plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
