"""The ledger's schema, version by version, and how a file of one version is known. `docs/reference/state.md` explains the tables."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from seedflow.store import schema_1, schema_2, schema_3, schema_4

APPLICATION_ID = 0x5EEDF10E
"""SQLite's `application_id`: whose database this is."""

OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables."""


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """One version of the schema.

    Attributes:
        number: SQLite's `user_version`.
        upgrade: the statements that make it of the version before, those that fill its new tables included.
        statements: all that a ledger of this version consists of, word for word as SQLite keeps it.
    """

    number: int
    upgrade: tuple[str, ...]
    statements: tuple[str, ...]


VERSIONS: tuple[SchemaVersion, ...] = (
    SchemaVersion(1, schema_1.STATEMENTS, schema_1.STATEMENTS),
    SchemaVersion(2, schema_2.STATEMENTS, (*schema_1.STATEMENTS, *schema_2.STATEMENTS)),
    SchemaVersion(
        3,
        (*schema_3.STATEMENTS, *schema_3.FILL),
        (*schema_1.STATEMENTS, *schema_2.STATEMENTS, *schema_3.STATEMENTS),
    ),
    SchemaVersion(
        4,
        schema_4.STATEMENTS,
        (*schema_1.STATEMENTS, *schema_2.STATEMENTS, *schema_3.STATEMENTS, *schema_4.STATEMENTS),
    ),
)
"""Every version there was, oldest first. A released one is never changed: its text is how its files are known."""

SCHEMA_VERSION = VERSIONS[-1].number
"""The version that this seedflow writes. A higher one is refused untouched; a lower one is read as it is."""


def create_schema(connection: sqlite3.Connection) -> None:
    """Make the tables of a new ledger, inside the caller's transaction."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for version in VERSIONS:
        apply_upgrade(connection, version)


def apply_upgrade(connection: sqlite3.Connection, version: SchemaVersion) -> None:
    """Make a ledger of the version before one of this version, inside the caller's transaction."""
    for statement in version.upgrade:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version.number}")


def read_version(connection: sqlite3.Connection) -> int:
    """The number of the version that a ledger says it has."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def find_schema_problem(connection: sqlite3.Connection) -> str | None:
    """How the tables of a ledger differ from those of the version that it says it has; None when they do not.

    SQLite's own tables (the statistics of its `ANALYZE`) are nobody's business.
    """
    number = read_version(connection)
    version = next((version for version in VERSIONS if version.number == number), None)
    if version is None:
        return f"says that it has schema {number}, which there never was"
    found = {
        sql
        for (sql,) in connection.execute(
            r"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
        )
    }
    for statement in version.statements:
        if statement not in found:
            return f"lacks {_name_of(statement)} as version {number} has it"
    for sql in sorted(found.difference(version.statements)):
        return f"has {_name_of(sql)}, which version {number} does not have"
    return None


def _name_of(statement: str) -> str:
    return " ".join(statement.split("(", 1)[0].split()[1:3]).lower()
