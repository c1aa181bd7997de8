"""What in a state nothing refers to: half files, pictures of no result, and, only on somebody's word, old paid results.

Finding changes nothing. What was found is looked at again before it is removed (`collect.py`).
"""

from __future__ import annotations

import math
import os
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from seedflow.money import ZERO_USD, from_micros
from seedflow.store.calls import IMPORT_PREFIX
from seedflow.store.check_files import check_strays, list_blobs, path_of
from seedflow.store.check_rows import COLLECTED
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.findings import FindingKind
from seedflow.store.ledger import open_for_reading
from seedflow.store.past_runs import number_of
from seedflow.store.schema import read_version
from seedflow.store.state import StateFolder
from seedflow.store.verify import find_living

_OF_SEVERAL: Final = re.compile(r"#([1-9][0-9]{0,5})$")
_WITH_FOLDERS: Final = 2
_NO_IMPORTS: Final = "(SELECT NULL AS attempt_id, NULL AS imported_at)"
OPEN_STATES: Final = ("reserved", "sending", "answered", "fetched", "unknown")


class GarbageKind(StrEnum):
    """What may be removed. `docs/reference/cli.md` has a row for each."""

    HALF_FILE = "half-file"
    UNUSED_PICTURE = "unused-picture"
    UNKNOWN_PICTURE = "unknown-picture"
    """The ledger has never named it: a call that it does not know may have paid for it."""
    REJECTED = "rejected"
    OLD_RESULT = "old-result"


@dataclass(frozen=True, slots=True)
class Garbage:
    """One thing that may be removed. `attempt_id` and `digests` of an old result.

    `cost_usd` is what it cost, `perhaps_usd` what a picture of which nobody knows it may have cost, at the dearest price here.
    `unused_import`: it was imported, and its recipe was not run since.
    """

    kind: GarbageKind
    where: str
    size_bytes: int
    cost_usd: Decimal = ZERO_USD
    perhaps_usd: Decimal = ZERO_USD
    attempt_id: int | None = None
    digests: tuple[str, ...] = ()
    unused_import: bool = False


@dataclass(frozen=True, slots=True)
class InUse:
    """What a project refers to outside of its state: pictures that outputs list, and takes that somebody picked.

    `takes` has the picked takes by (realm, fingerprint). `shared`: other projects, of which nothing was read, may use the state, too:
    then every result is in use.
    """

    digests: Collection[str] = field(default_factory=frozenset)
    takes: Mapping[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What may be removed, and how many pictures without a result stay.

    `waiting`: because a call is open or a run is at work. `unknown`: because a call that the ledger does not know may have paid
    for them, perhaps `unknown_usd`. `shared`: results, paid with `shared_usd`, that stay because other projects may use them.
    """

    garbage: tuple[Garbage, ...] = ()
    waiting: int = 0
    unknown: int = 0
    unknown_usd: Decimal = ZERO_USD
    shared: int = 0
    shared_usd: Decimal = ZERO_USD


def find_garbage(
    root: Path, in_use: InUse, paid_before: float | None, *, with_unknown: bool = False
) -> Found | None:
    """List what may be removed from the state at `root`; None where there is none.

    Args:
        root: the state folder.
        in_use: what must stay whatever the ledger says.
        paid_before: Unix seconds; paid results older than this may go too, if nothing refers to them. None keeps them all.
        with_unknown: whether pictures may go that the ledger has never named and that may have been paid for.

    Raises:
        StoreError: it is newer, damaged, or cannot be read.
    """
    folder = find_state(root)
    if folder is None:
        return None
    living = find_living(folder)
    garbage = list(_list_half(folder, living))
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            connection.execute("BEGIN")
            named = {digest for (digest,) in connection.execute("SELECT digest FROM images")}
            known = {digest for (digest,) in connection.execute("SELECT digest FROM blobs")}
            dearest = find_dearest_picture(connection)
            unused = [
                (digest, size) for digest, size in sorted(list_blobs(folder).items()) if digest not in named
            ]
            stays = bool(living) or has_open_attempt(connection)
            waiting = unknown = shared = 0
            shared_usd = ZERO_USD
            for digest, size in unused:
                if stays and not _is_old(path_of(folder, digest), None if living else paid_before):
                    waiting += 1
                    continue
                where = str(path_of(folder, digest).relative_to(folder.root))
                if digest in known:
                    garbage.append(Garbage(GarbageKind.UNUSED_PICTURE, where, size, digests=(digest,)))
                elif with_unknown:
                    garbage.append(
                        Garbage(
                            GarbageKind.UNKNOWN_PICTURE, where, size, perhaps_usd=dearest, digests=(digest,)
                        )
                    )
                else:
                    unknown += 1
            if paid_before is not None:
                garbage += _list_rejected(folder, paid_before)
                old = tuple(_list_old(folder, connection, replace(in_use, shared=False), paid_before))
                if in_use.shared:
                    shared, shared_usd = len(old), sum((one.cost_usd for one in old), ZERO_USD)
                else:
                    garbage += old
    finally:
        connection.close()
    return Found(tuple(garbage), waiting, unknown, unknown * dearest, shared, shared_usd)


def list_output_folders(root: Path) -> tuple[Path, ...]:
    """Where runs wrote their outputs, as far as the ledger remembers.

    Raises:
        StoreError: it is newer, damaged, or cannot be read.
    """
    folder = find_state(root)
    if folder is None:
        return ()
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            if read_version(connection) < _WITH_FOLDERS:
                return ()
            found = connection.execute(
                "SELECT DISTINCT output_folder FROM run_results WHERE output_folder IS NOT NULL"
            )
            return tuple(Path(text) for (text,) in found)
    finally:
        connection.close()


def has_open_attempt(connection: sqlite3.Connection) -> bool:
    """Whether a call may still be given pictures that lie here without a result, or was answered, paid and lost its own.

    So has a result of which the ledger names no picture any more, though nobody collected it.
    """
    states = ", ".join(f"'{state}'" for state in OPEN_STATES)
    question = f"""SELECT EXISTS (SELECT 1 FROM attempts WHERE state IN ({states}))
      OR EXISTS (SELECT 1 FROM attempts JOIN answers USING (attempt_id) WHERE state = 'lost-paid')
      OR EXISTS (SELECT 1 FROM attempts WHERE state = 'done' AND coalesce(message, '') NOT LIKE ? || '%'
        AND NOT EXISTS (SELECT 1 FROM images WHERE images.attempt_id = attempts.attempt_id))"""  # noqa: S608 - our own words
    return bool(connection.execute(question, (COLLECTED,)).fetchone()[0])


def find_dearest_picture(connection: sqlite3.Connection) -> Decimal:
    """What a picture of a result here cost at most; nothing where that is not known."""
    micros = connection.execute(
        """SELECT max((cost_micros + pictures - 1) / pictures) FROM attempts
           JOIN (SELECT attempt_id, count(*) AS pictures FROM images GROUP BY attempt_id) USING (attempt_id)"""
    ).fetchone()[0]
    return from_micros(micros or 0)


def find_old_results(
    folder: StateFolder, connection: sqlite3.Connection, in_use: InUse, paid_before: float
) -> list[int]:
    """The results that nobody refers to and that came here before a moment, by the number of their attempt."""
    if in_use.shared:
        return []
    protected = _Protected(connection, in_use)
    has_run_since = RunsSince(folder, connection)
    imports = "imported_attempts JOIN imports USING (import_id)" if _has_imports(connection) else _NO_IMPORTS
    rows = connection.execute(
        f"""SELECT attempt_id, attempts.realm, fingerprint, take, recipe, run_id, payer_run_id, imported_at IS NOT NULL
           FROM attempts JOIN requests USING (attempt_id) LEFT JOIN (SELECT attempt_id, imported_at FROM {imports}) USING (attempt_id)
           WHERE state = 'done' AND claimed = 0 AND coalesce(imported_at, answered_at) < ? ORDER BY attempt_id""",  # noqa: S608 - our own words
        (paid_before,),
    ).fetchall()
    images: dict[int, list[str]] = {}
    for attempt_id, digest in connection.execute("SELECT attempt_id, digest FROM images"):
        images.setdefault(attempt_id, []).append(digest)
    referenced = _find_referenced(connection)
    old = []
    for attempt_id, realm, fingerprint, take, recipe, run_id, payer_run_id, imported in rows:
        digests = images.get(attempt_id, [])
        if not digests or protected(realm, fingerprint, take):
            continue
        if not imported and not has_run_since(recipe, realm, run_id, payer_run_id):
            continue
        if any(digest in in_use.digests or digest in referenced for digest in digests):
            continue
        old.append(attempt_id)
    return old


class RunsSince:
    """Whether a recipe was run to an end since a result came, or by the very run that brought it.

    Only then the ledger knows what its tasks show: a run that was killed wrote nothing of it down, nor does one that takes up the
    calls of another recipe. Of what was written before the ledger was saved from damage, nobody knows how much of it is left.
    """

    def __init__(self, folder: StateFolder, connection: sqlite3.Connection) -> None:
        saved_at = _find_saved_at(folder)
        rows = connection.execute(
            f"SELECT run_id, recipe, realm, {number_of(connection)}, status IS NOT NULL AND status <> 'interrupted' AND started_at >= ? FROM runs",  # noqa: S608 - our own words
            (saved_at,),
        ).fetchall()
        self._numbers: dict[str, float] = {
            run_id: number for run_id, _, _, number, _ in rows if number is not None
        }
        self._last: dict[tuple[str, str], float] = {}
        for run_id, recipe, realm, _, ended in rows:
            if ended and run_id in self._numbers:
                name = (recipe, realm)
                self._last[name] = max(self._last.get(name, -math.inf), self._numbers[run_id])

    def __call__(self, recipe: str, realm: str, *run_ids: str) -> bool:
        """Since all these runs began that worked on it and paid for it."""
        began = max(self._numbers.get(run_id, math.inf) for run_id in run_ids)
        return self._last.get((recipe, realm), -math.inf) >= began


def _find_saved_at(folder: StateFolder) -> float:
    """When a damaged ledger was moved aside last, to go on with what could be read of it."""
    aside = folder.damaged.glob("ledger-*") if folder.damaged.is_dir() else ()
    return max((path.lstat().st_mtime for path in aside), default=-math.inf)


class _Protected:
    """The takes that tasks show, as far as their last runs and the picks tell."""

    def __init__(self, connection: sqlite3.Connection, in_use: InUse) -> None:
        self._picked = in_use.takes
        self._asked: dict[tuple[str, str], set[int]] = {}
        for realm, address, fingerprint in connection.execute(
            "SELECT realm, address, fingerprint FROM past_requests"
        ):
            number = _OF_SEVERAL.search(address)
            self._asked.setdefault((realm, fingerprint), set()).add(int(number[1]) if number else 1)
        self._takes: dict[tuple[str, str], set[int]] = {}
        for realm, fingerprint, take in connection.execute(
            "SELECT DISTINCT realm, fingerprint, take FROM attempts WHERE state <> 'failed'"
        ):
            self._takes.setdefault((realm, fingerprint), set()).add(take)

    def __call__(self, realm: str, fingerprint: str, take: int) -> bool:
        name = (realm, fingerprint)
        picked, asked = self._picked.get(name, frozenset()), self._asked.get(name, set())
        if not asked:
            return take in picked
        if picked:
            # Without its own pick an address shows its own take, so that one stays, too, where there are several.
            return take in picked or (len(asked) > 1 and take in asked)
        # Rerolled by a recipe whose picks are not in this project, perhaps: then any of its takes may be the one.
        return take in asked or bool(self._takes.get(name, set()) - asked)


def _has_imports(connection: sqlite3.Connection) -> bool:
    return read_version(connection) >= _WITH_FOLDERS


def _find_referenced(connection: sqlite3.Connection) -> set[str]:
    """The pictures that open calls send along."""
    states = ", ".join(f"'{state}'" for state in OPEN_STATES)
    rows = connection.execute(
        f"""SELECT json_extract(one.value, '$.digest') FROM attempts JOIN requests USING (attempt_id),
            json_each(requests."references") AS one WHERE state IN ({states})"""  # noqa: S608 - our own words
    )
    return {digest for (digest,) in rows if digest}


def _list_old(
    folder: StateFolder, connection: sqlite3.Connection, in_use: InUse, paid_before: float
) -> Iterator[Garbage]:
    old = find_old_results(folder, connection, in_use, paid_before)
    users: dict[str, set[int]] = {}
    for digest, attempt_id in connection.execute("SELECT digest, attempt_id FROM images"):
        users.setdefault(digest, set()).add(attempt_id)
    going = set(old)
    has_run_since = RunsSince(folder, connection)
    told: set[str] = set()
    for attempt_id in old:
        recipe, address, realm, take, cost, run_id = connection.execute(
            """SELECT recipe, address, realm, take, cost_micros, run_id FROM attempts JOIN requests USING (attempt_id)
               WHERE attempt_id = ?""",
            (attempt_id,),
        ).fetchone()
        mine = [digest for digest, of in users.items() if attempt_id in of and of <= going]
        size = sum(_size(path_of(folder, digest)) for digest in mine if digest not in told)
        told.update(mine)
        where = f"{recipe} {address}, take {take} ({realm})"
        yield Garbage(
            GarbageKind.OLD_RESULT,
            where,
            size,
            from_micros(cost),
            attempt_id=attempt_id,
            digests=tuple(mine),
            unused_import=run_id.startswith(IMPORT_PREFIX) and not has_run_since(recipe, realm, run_id),
        )


def _list_rejected(folder: StateFolder, paid_before: float) -> Iterator[Garbage]:
    with os.scandir(folder.blobs / "rejected") as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_file(follow_symlinks=False) and _is_old(Path(entry.path), paid_before):
                size = entry.stat(follow_symlinks=False).st_size
                yield Garbage(GarbageKind.REJECTED, f"blobs/rejected/{entry.name}", size)


def _list_half(folder: StateFolder, living: Collection[str]) -> Iterator[Garbage]:
    for found in check_strays(folder, living):
        if found.kind is FindingKind.HALF_FILE and not found.where.endswith(".rebuilt"):
            path = folder.root / found.where
            size = sum(_size(one) for one in path.rglob("*")) if path.is_dir() else _size(path)
            yield Garbage(GarbageKind.HALF_FILE, found.where, size)


def _is_old(path: Path, before: float | None) -> bool:
    try:
        return before is not None and path.lstat().st_mtime < before
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if not path.is_dir() else 0
    except OSError:
        return 0
