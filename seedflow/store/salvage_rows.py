"""The rows of a damaged ledger, taken over into a new one, and exactly what could not be.

Tables are read from both ends until SQLite refuses, and what lies between is looked for row by row. Calls whose rows are lost
are restored from the indexes, which have pages of their own. Sums are made anew by the new ledger's own triggers, what is
known of pictures is read from the pictures.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from seedflow.errors import ImageError
from seedflow.images.inspect import inspect_image
from seedflow.store.budgets import day_of
from seedflow.store.calls import RESTORED
from seedflow.store.check_files import list_blobs, path_of
from seedflow.store.failures import UNREADABLE
from seedflow.store.mend_rows import Mended, apply_rule, load_past, mend_rows
from seedflow.store.row_rules import NOT_KNOWN, OF_COPIES, RULES
from seedflow.store.state import StateFolder

BY_NUMBER: Final = ("attempts", "requests", "answers")
"""Tables whose rows have a number, so that each can be looked for by itself."""

MADE_ANEW: Final = ("spending", "blobs")
_STRANGE: Final = "strange_"
_LATE: Final = ("attempts",)
"""What is mended by what the other tables say."""
_MOST_SINGLE: Final = 1_000_000
_MOST_MISSES: Final = 10_000
_MOST_NAMED: Final = 20
_LAST_MOMENT_S: Final = 250_000_000_000
_BY_REQUEST: Final = ("attempts_by_request", "fingerprint, take, realm")
_BY_ADDRESS: Final = ("requests_by_address", "address")
_INDEXES: Final = (
    ("attempts_by_run", "run_id"),
    ("attempts_by_payer", "payer_run_id"),
    ("attempts_by_time", "reserved_at"),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What of a damaged ledger could be read.

    Attributes:
        calls: how many calls there are, restored ones included.
        restored: how many of them only indexes knew, so that what they cost is a guess.
        gone: the numbers of calls that were there and cannot be read.
        unasked: of how many calls it is not known what was asked.
        left_pictures: how many pictures there are that no call names.
        mended: what was done to rows that could be read and made no sense.
    """

    calls: int
    restored: int
    gone: tuple[int, ...]
    unasked: int
    left_pictures: int
    mended: Mended

    def list_actions(self) -> Iterator[str]:
        """What a repair did."""
        yield f"saved {_count(self.calls)} of the ledger"
        if self.restored:
            yield f"restored {_count(self.restored)} of them from the indexes"
        yield from self.mended.list_actions()

    def list_losses(self) -> Iterator[str]:
        """What nobody can tell any more."""
        if self.restored:
            yield (
                f"what {_count(self.restored)} restored cost is not known any more: the dearest of the others are taken for it, "
                "and without others nothing"
            )
        if self.gone:
            yield (
                f"{_count(len(self.gone))} cannot be read ({self.spell_gone()}): what they paid for may be asked "
                "and paid again"
            )
        if self.gone and self.left_pictures:
            pictures = f"{self.left_pictures:,} picture{'' if self.left_pictures == 1 else 's'}"
            yield f"{pictures} in blobs/ may be theirs and no result names them: they stay, and gc leaves them alone"
        if self.unasked:
            yield f"of {_count(self.unasked)} it is not known any more what was asked; the results stay"
        yield from self.mended.list_losses()

    def spell_gone(self) -> str:
        """`number 4, 5, 9 …`."""
        more = " …" if len(self.gone) > _MOST_NAMED else ""
        return f"number {', '.join(map(str, self.gone[:_MOST_NAMED]))}{more}"


def copy_tables(old: sqlite3.Connection, new: sqlite3.Connection, folder: StateFolder) -> Saved | None:
    """Every row that can be read, and what indexes know of the others; None when there is not one."""
    tables = [
        name
        for (name,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
        if name not in MADE_ANEW
    ]
    taken = {table: _copy_table(old, new, table) for table in tables}
    mended = Mended()
    for table in sorted(tables, key=_LATE.count):
        taken[table] += _take_strange(new, table, mended)
    if not any(taken.values()):
        return None
    restored = _restore_calls(old, new)
    last = max(_find_last(new, table) for table in BY_NUMBER)
    mend_rows(new, mended)
    _add_pictures(new, folder)
    numbers = {number for (number,) in new.execute("SELECT attempt_id FROM attempts")}
    gone = tuple(sorted(set(range(1, last + 1)) - numbers))
    named = {digest for (digest,) in new.execute("SELECT digest FROM images")}
    left = sum(digest not in named for digest in list_blobs(folder))
    return Saved(len(numbers), restored, gone, mended.unasked, left, mended)


def _find_last(new: sqlite3.Connection, table: str) -> int:
    last: int = new.execute(f"SELECT coalesce(max(attempt_id), 0) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
    return min(last, _MOST_SINGLE)


def _count(calls: int) -> str:
    return f"{calls:,} call{'' if calls == 1 else 's'}"


def _copy_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """The rows of a table that can be read and that the new ledger takes; others go into a copy without types, to be mended."""
    try:
        there = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    except UNREADABLE:
        return 0
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})") if row[1] in there]
    if not columns:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    put = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names
    new.execute(f"CREATE TEMP TABLE {_STRANGE}{table} ({names})")
    keep = put.replace(f"INTO {table} ", f"INTO {_STRANGE}{table} ")
    count = 0
    for row in _read_rows(old, table, names):
        taken = 0
        with suppress(sqlite3.IntegrityError):
            taken = new.execute(put, row).rowcount
        if not taken:  # a row whose bytes were overwritten
            new.execute(keep, row)
        count += taken
    return count


def _take_strange(new: sqlite3.Connection, table: str, mended: Mended) -> int:
    """Mend the rows that the new ledger did not take, and take them."""
    strange = f"{_STRANGE}{table}"
    columns = [row[1] for row in new.execute(f"PRAGMA temp.table_info({strange})")]
    if not columns:
        return 0
    for rule in (*RULES, *OF_COPIES):
        if rule.table == table and rule.column in columns:
            apply_rule(new, rule, strange, mended)
    names = ", ".join(f'"{name}"' for name in columns)
    count = 0
    put = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names
    for row in new.execute(f"SELECT {names} FROM {strange}").fetchall():  # noqa: S608 - our own names
        with suppress(sqlite3.IntegrityError):
            count += new.execute(put, row).rowcount
    new.execute(f"DROP TABLE {strange}")
    return count


def _read_rows(old: sqlite3.Connection, table: str, names: str) -> Iterator[Sequence[Any]]:
    """Rows from the first on, from the last on, and, where they have numbers, those between, each by itself."""
    parts = sorted((row[5], row[1]) for row in old.execute(f"PRAGMA table_info({table})") if row[5])
    keys = [f'"{name}"' for _, name in parts] or ["rowid"]
    question = f"SELECT {keys[0]}, {names} FROM {table} NOT INDEXED ORDER BY "  # noqa: S608 - our own names
    first: Any = None
    last: Any = None
    broken = False
    for row in _read_until_broken(old, question + ", ".join(keys)):
        if row is None:
            broken = True
            break
        first = row[0]
        yield row[1:]
    if not broken:
        return
    for row in _read_until_broken(old, question + ", ".join(f"{key} DESC" for key in keys)):
        if row is None:
            break
        last = row[0]
        yield row[1:]
    if table in BY_NUMBER:
        yield from _read_between(old, table, names, first or 0, last)


def _read_between(
    old: sqlite3.Connection, table: str, names: str, first: int, last: int | None
) -> Iterator[Sequence[Any]]:
    question = f"SELECT {names} FROM {table} WHERE attempt_id = ?"  # noqa: S608 - our own names
    misses = 0
    for number in range(first + 1, last if last is not None else first + _MOST_SINGLE):
        row = None
        with suppress(*UNREADABLE):
            row = old.execute(question, (number,)).fetchone()
        if row is not None:
            yield row
        misses = 0 if row is not None else misses + 1
        if last is None and misses > _MOST_MISSES:
            return


def _read_until_broken(old: sqlite3.Connection, question: str) -> Iterator[Sequence[Any] | None]:
    """The rows that come before SQLite refuses, and then None."""
    try:
        cursor = old.execute(question)
        while (row := cursor.fetchone()) is not None:
            yield row
    except (*UNREADABLE, OverflowError):
        yield None


def _restore_calls(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Calls whose rows are lost and which the indexes, which have pages of their own, still know.

    One with pictures is a result. Of any other nobody knows what became of it, so that it is asked again only with consent.
    """
    there = {number for (number,) in new.execute("SELECT attempt_id FROM attempts")}
    named = dict(new.execute("SELECT attempt_id, count(*) FROM images GROUP BY attempt_id"))
    prices = _find_prices(new)
    steps = {number: address for number, (address,) in _read_index(old, *_BY_ADDRESS).items()}
    steps |= dict(new.execute("SELECT attempt_id, address FROM requests"))
    past = load_past(new)
    runs, payers, times = (_read_index(old, *index) for index in _INDEXES)
    counts: dict[tuple[str, int, str], int] = {}
    restored = 0
    for number, (fingerprint, take, realm) in sorted(_read_index(old, *_BY_REQUEST).items()):
        if number in there:
            continue
        name = (fingerprint, take, realm)
        step = steps.get(number) or past.get((realm, fingerprint), ("", ""))[1]
        is_done = number in named
        counts[name] = counts.get(name, 0) + (1 if is_done else 0)
        (run_id,), (at,) = runs.get(number, (NOT_KNOWN,)), times.get(number, (0.0,))
        (payer,) = payers.get(number, (run_id,))
        at = at if isinstance(at, float) and 0 <= at < _LAST_MOMENT_S else 0.0
        each_micros, call_micros = prices.get(realm, (0, 0))
        micros = each_micros * named[number] if is_done else call_micros
        try:
            new.execute(
                """INSERT INTO attempts (attempt_id, intent_id, realm, fingerprint, take, attempt, state, claimed, run_id,
                     payer_run_id, step, day, reserved_micros, cost_micros, counted_micros, reserved_at, sent_at, answered_at,
                     message) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    number, f"restored-{number}", realm, fingerprint, take, max(1, counts[name]),
                    "done" if is_done else "unknown", run_id, payer, step, day_of(at), micros,
                    micros if is_done else 0, micros, at, at, at if is_done else None, RESTORED,
                ),
            )  # fmt: skip # as the columns stand
            restored += 1
        except sqlite3.Error:  # an index that is damaged, too
            continue
    return restored


def _find_prices(new: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """By realm, what a picture and what a call cost at most, of the calls that can still be read."""
    rows = new.execute(
        """SELECT realm, cost_micros, (SELECT count(*) FROM images WHERE images.attempt_id = attempts.attempt_id)
           FROM attempts WHERE state = 'done'"""
    ).fetchall()
    found: dict[str, tuple[int, int]] = {}
    for realm, micros, count in rows:
        each, call = found.get(realm, (0, 0))
        found[realm] = (max(each, -(-micros // max(1, count))), max(call, micros))
    return found


def _read_index(old: sqlite3.Connection, index: str, columns: str) -> dict[int, tuple[Any, ...]]:
    """What an index says of the rows of a table, without a look at these."""
    found: dict[int, tuple[Any, ...]] = {}
    table = index.partition("_by_")[0]
    question = f"SELECT attempt_id, {columns} FROM {table} INDEXED BY {index}"  # noqa: S608 - our own names
    for row in _read_until_broken(old, question):
        if row is None:
            break
        found[row[0]] = tuple(row[1:])
    return found


def _add_pictures(new: sqlite3.Connection, folder: StateFolder) -> None:
    """What pictures are, read from those that are there; of the others a row that says nothing."""
    there = list_blobs(folder)
    for (digest,) in new.execute("SELECT DISTINCT digest FROM images").fetchall():
        values: tuple[object, ...] = (0, 0, 1, 1, "png")
        if digest in there:
            path = path_of(folder, digest)
            with suppress(ImageError, OSError):
                facts = inspect_image(path, decode=False)
                time_ns = path.lstat().st_mtime_ns if facts.digest == digest else 0
                values = (facts.size_bytes, time_ns, facts.width_px, facts.height_px, facts.format.value)
        new.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?)", (digest, *values))
