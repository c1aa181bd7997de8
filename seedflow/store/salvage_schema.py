"""A damaged list of tables, replaced: SQLite reads nothing at all of a file where that list is broken, though all rows are there.

What the tables are is known word for word; only where each begins has to be found. That stands right before its text in the damaged
list, whose rows outlive most damage; where it does not, the place that a new ledger would have given it is tried.
"""

from __future__ import annotations

import mmap
import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from seedflow.failpoints import Step
from seedflow.store.failures import UNREADABLE
from seedflow.store.schema import APPLICATION_ID, SCHEMA_VERSION, VERSIONS, apply_upgrade

_INTERIOR: Final = 5
_KINDS: Final = {"table": (5, 13, 2, 10), "index": (2, 10)}
"""What the first byte of a page may be where such a thing begins. A table WITHOUT ROWID is kept as an index is."""
_ROW_NUMBERS: Final = (1, 2, 3, 4)
_HEADER_BYTES: Final = 100


class _Thing(NamedTuple):
    """A row of the list of tables."""

    kind: str
    name: str
    table: str
    page: int
    sql: str | None


def needs_schema(old: sqlite3.Connection) -> bool:
    """Whether the list of tables cannot be read, or lacks one."""
    try:
        number = old.execute("PRAGMA user_version").fetchone()[0]
        there = {name for (name,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except UNREADABLE:
        return True
    wanted = _name_tables(number)
    return not wanted <= there


def give_schema(old: sqlite3.Connection, place: Path) -> bool:
    """Copy a ledger to `place` with a list of tables that can be read; False where that cannot be done."""
    try:
        with Step.SALVAGE_COPY, closing(sqlite3.connect(place, isolation_level=None)) as copy:
            old.backup(copy)  # its write-ahead log included; asks for no table
    except UNREADABLE:
        return False
    with place.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        page_bytes = int.from_bytes(header[16:18])
        if len(header) < _HEADER_BYTES or page_bytes < 512:
            return False
        pages = file.seek(0, 2) // page_bytes
        with (
            tempfile.TemporaryDirectory(prefix="seedflow-") as folder,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            sample = Path(folder, "ledger.db")
            _write_sample(sample, data, int.from_bytes(header[60:64]), page_bytes, pages)
            first, leaves = _take_schema(sample.read_bytes(), page_bytes, pages)
        with Step.SALVAGE_COPY:
            file.seek(pages * page_bytes)
            file.write(b"".join(leaves))
            file.seek(0)
            file.write(first)
    return True


def _name_tables(number: int) -> set[str]:
    statements = next((version.statements for version in VERSIONS if version.number == number), ())
    return {sql.split()[2] for sql in statements if sql.startswith("CREATE TABLE")}


def _write_sample(sample: Path, data: mmap.mmap, number: int, page_bytes: int, pages: int) -> None:
    """An empty ledger of the same version whose list of tables names the pages of the damaged one."""
    if not any(version.number == number for version in VERSIONS):
        number = SCHEMA_VERSION
    with closing(sqlite3.connect(sample, isolation_level=None)) as made:
        made.execute(f"PRAGMA page_size = {page_bytes}")
        made.execute("BEGIN")
        made.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for version in VERSIONS[:number]:
            apply_upgrade(made, version)
        made.execute("COMMIT")
        things = [
            _Thing(*row)
            for row in made.execute(
                "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE type IN ('table', 'index')"
            )
        ]
        found = {thing.name: page for thing in things if (page := _find_page(data, thing)) is not None}
        made.execute("PRAGMA writable_schema = ON")
        made.execute("BEGIN")
        for thing in things:
            page = found.get(thing.name, 0 if thing.page in found.values() else thing.page)
            if 1 < page <= pages and data[(page - 1) * page_bytes] in _KINDS[thing.kind]:
                made.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?", (page, thing.name))
            else:
                made.execute(
                    "DELETE FROM sqlite_schema WHERE name = ? OR (tbl_name = ? AND ? = 'table')",
                    (thing.name, thing.name, thing.kind),
                )
        made.execute("COMMIT")


def _find_page(data: mmap.mmap, thing: _Thing) -> int | None:
    """Where a thing begins, by what is left of its row: kind, name, table, number of the page, text."""
    words = re.escape(f"{thing.kind}{thing.name}{thing.table}".encode())
    if thing.sql is None:  # an index of SQLite's own: how long the number is stands before the words
        for match in re.finditer(rb"(.)\x00" + words, data, re.DOTALL):
            size = match[1][0]
            if size in _ROW_NUMBERS:
                return int.from_bytes(data[match.end() : match.end() + size])
        return None
    found = re.search(words + rb"(.{1,4})" + re.escape(thing.sql.encode()), data, re.DOTALL)
    return None if found is None else int.from_bytes(found[1])


def _take_schema(sample: bytes, page_bytes: int, pages: int) -> tuple[bytes, list[bytes]]:
    """The first page of a sample and the pages of its list of tables, to stand behind the `pages` of another file."""
    first = bytearray(sample[:page_bytes])
    leaves: list[bytes] = []
    if first[_HEADER_BYTES] == _INTERIOR:
        count = int.from_bytes(first[103:105])
        cells = [int.from_bytes(first[112 + 2 * one : 114 + 2 * one]) for one in range(count)]
        for place in (*cells, 108):
            number = int.from_bytes(first[place : place + 4])
            leaves.append(sample[(number - 1) * page_bytes : number * page_bytes])
            first[place : place + 4] = (pages + len(leaves)).to_bytes(4)
    first[28:32] = (pages + len(leaves)).to_bytes(4)
    first[32:40] = bytes(8)  # which pages are free is not told: what is free is read as nothing
    first[92:96] = first[24:28]
    return bytes(first), leaves
