"""Looking results up: from (realm, fingerprint, take) to images that are known to be there and whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.money import from_micros
from seedflow.store.base import (
    CLEARED,
    AttemptState,
    Judged,
    Past,
    PastRequest,
    RefusedCall,
    StoredImage,
    StoredResult,
)
from seedflow.store.blobs import Blobs, Wholeness
from seedflow.store.deciding import Candidate, find_deciding
from seedflow.store.schema import read_version
from seedflow.store.transitions import find_next_take

_RESULTS = """SELECT attempts.attempt_id, attempt, intent_id, cost_micros, number, digest, size_bytes, mtime_ns, width_px, height_px, format
  FROM attempts JOIN images USING (attempt_id) JOIN blobs USING (digest)
  WHERE fingerprint = ? AND take = ? AND realm = ? AND state = 'done' ORDER BY attempt, attempts.attempt_id DESC, number"""
_IMAGES = """SELECT number, digest, size_bytes, width_px, height_px, format
  FROM images JOIN blobs USING (digest) WHERE attempt_id = ? ORDER BY number"""
_RECORDED = """SELECT EXISTS (SELECT 1 FROM attempts JOIN images USING (attempt_id)
  WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt > ?)"""
_STATES = """SELECT attempt, state,
    EXISTS (SELECT 1 FROM answers WHERE answers.attempt_id = attempts.attempt_id AND length(answer) > 0), cost_micros > 0
  FROM attempts WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt > ? ORDER BY attempt_id"""
_LOST = """SELECT intent_id FROM attempts WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt > ?
  AND state IN ('sending', 'unknown') ORDER BY attempt_id DESC"""
_REFUSED = """SELECT message, cost_micros FROM attempts WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt > ?
  AND state = 'failed' AND cost_micros > 0 ORDER BY attempt_id DESC"""
_WAS_SENT = f"sent_at IS NOT NULL AND failure IS NOT '{CLEARED}'"
_TAKES = f"""SELECT DISTINCT take FROM attempts
  WHERE fingerprint = ? AND realm = ? AND {_WAS_SENT} ORDER BY take"""  # noqa: S608 - our own words
_OF_ALL_TAKES = f"""SELECT take, attempt, state, {_WAS_SENT} FROM attempts
  WHERE fingerprint = ? AND realm = ? ORDER BY attempt_id"""  # noqa: S608 - our own words
_SENT = "SELECT EXISTS (SELECT 1 FROM attempts WHERE realm = ? AND sent_at IS NOT NULL)"
_NOTED = """SELECT attempts FROM judged_attempts
  WHERE realm = ? AND recipe = ? AND address = ? AND fingerprint = ? AND take = ?"""
_ASKED = """SELECT max(attempt) FROM attempts JOIN requests USING (attempt_id)
  WHERE fingerprint = ? AND take = ? AND realm = ? AND recipe = ? AND address = ?"""
_PAST = "SELECT fingerprint, params_digest FROM past_requests WHERE realm = ? AND recipe = ? AND address = ?"

_WITH_JUDGED = 4
"""The first schema that notes what was judged."""

OnTouched = Callable[[str, int], None]
"""Told of a blob (digest) whose bytes are right but whose file has another time (ns) than was recorded."""


def find_result(
    connection: sqlite3.Connection,
    blobs: Blobs,
    realm: str,
    fingerprint: str,
    take: int,
    on_touched: OnTouched,
    *,
    after_attempt: int = 0,
) -> StoredResult | None:
    """The first of the results of attempts above a number."""
    found = _iterate_results(connection, blobs, realm, fingerprint, take, on_touched, after_attempt)
    return next(found, None)


def list_results(
    connection: sqlite3.Connection,
    blobs: Blobs,
    realm: str,
    fingerprint: str,
    take: int,
    on_touched: OnTouched,
) -> tuple[StoredResult, ...]:
    """The results of all attempts of which every image is there and whole, in order of attempt."""
    return tuple(_iterate_results(connection, blobs, realm, fingerprint, take, on_touched, 0))


def _iterate_results(
    connection: sqlite3.Connection,
    blobs: Blobs,
    realm: str,
    fingerprint: str,
    take: int,
    on_touched: OnTouched,
    after_attempt: int,
) -> Iterator[StoredResult]:
    rows = connection.execute(_RESULTS, (fingerprint, take, realm)).fetchall()
    given = after_attempt
    at = 0
    while at < len(rows):
        attempt_id, attempt, intent_id, cost_micros = rows[at][:4]
        end = at + 1
        while end < len(rows) and rows[end][0] == attempt_id:
            end += 1
        # Of an attempt that was repeated for another reason, the newest whole result is enough.
        images = _find_images(blobs, rows[at:end], on_touched) if attempt > given else None
        if images is not None:
            given = attempt
            yield StoredResult(fingerprint, take, images, from_micros(cost_micros), intent_id, attempt)
        at = end


def _find_images(
    blobs: Blobs,
    rows: list[tuple[int, int, str, int, int, str, int, int, int, int, str]],
    on_touched: OnTouched,
) -> tuple[StoredImage, ...] | None:
    images = []
    for *_, number, digest, size_bytes, mtime_ns, width_px, height_px, format_ in rows:
        path = blobs.path_of(digest)
        wholeness, found_ns = blobs.examine(path, digest, size_bytes, mtime_ns)
        if wholeness is Wholeness.TOUCHED:
            on_touched(digest, found_ns)
        elif not wholeness.is_whole:
            return None
        facts = ImageFacts(digest, size_bytes, width_px, height_px, ImageFormat(format_))
        images.append(StoredImage(number, facts, Path(path)))
    return tuple(images)


def load_images(connection: sqlite3.Connection, blobs: Blobs, attempt_id: int) -> tuple[StoredImage, ...]:
    """The images that an attempt was recorded with, be they there or not."""
    return tuple(
        StoredImage(
            number,
            ImageFacts(digest, size_bytes, width_px, height_px, ImageFormat(format_)),
            Path(blobs.path_of(digest)),
        )
        for number, digest, size_bytes, width_px, height_px, format_ in connection.execute(
            _IMAGES, (attempt_id,)
        )
    )


def record_past_requests(
    connection: sqlite3.Connection,
    realm: str,
    recipe: str,
    past: Past,
    judged: Judged,
) -> None:
    """See `Store.record_past_requests`; what is known already stays as it is."""
    connection.executemany(
        """INSERT INTO past_requests (realm, recipe, address, fingerprint, params_digest) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, params_digest = excluded.params_digest
           WHERE (fingerprint, params_digest) IS NOT (excluded.fingerprint, excluded.params_digest)""",
        [
            (realm, recipe, address, request.fingerprint, request.params_digest)
            for address, request in past.items()
        ],
    )
    connection.executemany(
        """INSERT INTO judged_attempts (realm, recipe, address, fingerprint, take, attempts) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET attempts = excluded.attempts WHERE attempts < excluded.attempts""",
        [(realm, recipe, one.address, one.fingerprint, one.take, one.attempts) for one in judged],
    )


def record_time(connection: sqlite3.Connection, digest: str, mtime_ns: int) -> None:
    """Note the new time of a blob whose bytes were found right."""
    connection.execute("UPDATE blobs SET mtime_ns = ? WHERE digest = ?", (mtime_ns, digest))


def has_result(
    connection: sqlite3.Connection, realm: str, fingerprint: str, take: int, after_attempt: int
) -> bool:
    """Whether a result of an attempt above a number was ever recorded."""
    return bool(connection.execute(_RECORDED, (fingerprint, take, realm, after_attempt)).fetchone()[0])


def find_unfinished(
    connection: sqlite3.Connection, realm: str, fingerprint: str, take: int, after_attempt: int
) -> AttemptState | None:
    """The state of the row that decides, if it was sent and has come to no end that costs nothing."""
    rows = connection.execute(_STATES, (fingerprint, take, realm, after_attempt))
    found = find_deciding(
        [
            Candidate(None, attempt, AttemptState(state), bool(has_answer), counted=bool(counted))
            for attempt, state, has_answer, counted in rows
        ],
        again=False,
    )
    return None if found is None else found.unfinished


def list_lost(
    connection: sqlite3.Connection, realm: str, fingerprint: str, take: int, after_attempt: int
) -> tuple[str, ...]:
    """See `StoreView.list_lost`."""
    rows = connection.execute(_LOST, (fingerprint, take, realm, after_attempt))
    return tuple(intent_id for (intent_id,) in rows)


def list_refused(
    connection: sqlite3.Connection, realm: str, fingerprint: str, take: int, after_attempt: int
) -> tuple[RefusedCall, ...]:
    """See `StoreView.list_refused`."""
    rows = connection.execute(_REFUSED, (fingerprint, take, realm, after_attempt))
    return tuple(RefusedCall(message or "nobody knows why", from_micros(cost)) for message, cost in rows)


def find_takes(connection: sqlite3.Connection, realm: str, fingerprint: str) -> tuple[int, ...]:
    """The takes of a request of which any attempt was sent."""
    return tuple(take for (take,) in connection.execute(_TAKES, (fingerprint, realm)))


def next_take(connection: sqlite3.Connection, realm: str, fingerprint: str, above: int) -> int:
    """The take that a reroll asks for."""
    rows = connection.execute(_OF_ALL_TAKES, (fingerprint, realm))
    return find_next_take(
        ((take, attempt, AttemptState(state), bool(sent)) for take, attempt, state, sent in rows), above
    )


def has_sent(connection: sqlite3.Connection, realm: str) -> bool:
    """Whether any request was ever sent."""
    return bool(connection.execute(_SENT, (realm,)).fetchone()[0])


def find_past_request(
    connection: sqlite3.Connection, realm: str, recipe: str, address: str
) -> PastRequest | None:
    """What an address asked for last time."""
    row = connection.execute(_PAST, (realm, recipe, address)).fetchone()
    return PastRequest(*row) if row else None


def find_judged(
    connection: sqlite3.Connection, realm: str, recipe: str, address: str, fingerprint: str, take: int
) -> int:
    """See `StoreView.find_judged`."""
    (asked,) = connection.execute(_ASKED, (fingerprint, take, realm, recipe, address)).fetchone()
    if read_version(connection) < _WITH_JUDGED:
        return asked or 0
    noted = connection.execute(_NOTED, (realm, recipe, address, fingerprint, take)).fetchone()
    return max(asked or 0, noted[0] if noted else 0)


def load_answer(connection: sqlite3.Connection, intent_id: str) -> tuple[float, bytes] | None:
    """See `StoreView.load_answer`."""
    found = connection.execute(
        "SELECT answered_at, answer FROM attempts JOIN answers USING (attempt_id) WHERE intent_id = ?",
        (intent_id,),
    ).fetchone()
    return None if found is None or found[0] is None else (float(found[0]), bytes(found[1]))
