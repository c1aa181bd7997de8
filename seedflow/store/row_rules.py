"""What may stand in each column of the ledger, and what a repair puts in the place of anything else: as SQL, which no value can upset.

The rules hold for the ledger's own tables and for copies without types (`salvage_rows`), in which a number may be a text. Their
order counts: what a rule reads has been mended by the ones before it. `t` is the table that is looked at.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

from seedflow.images.facts import ImageFormat
from seedflow.store.base import AttemptState

MOST_MICROS: Final = 10**15
"""A thousand million dollars: what is more is nonsense, and a few of them could not be added up any more."""

_MOST_TAKES: Final = 1_000_000
_FIRST_MOMENT_S: Final = -62_135_596_800
_LAST_MOMENT_S: Final = 253_402_300_799
NOT_KNOWN: Final = "not-known"


class Loss(Enum):
    """What nobody can tell any more once a value is replaced."""

    NONE = auto()
    REQUEST = auto()
    """What a call was for: the same may be asked and paid again."""
    COST = auto()


class Rule(NamedTuple):
    """One column. `right`: the condition of a value that may stand there; `instead`: what does otherwise, None for the row to go."""

    table: str
    column: str
    right: str
    instead: str | None
    expected: str
    loss: Loss = Loss.NONE


def _is_text(name: str, *, filled: bool = False) -> str:
    more = f" AND {name} <> ''" if filled else ""
    return f"(typeof({name}) = 'text'{more})"


def _is_between(name: str, least: int, most: int, kinds: str = "'integer'") -> str:
    return f"(typeof({name}) IN ({kinds}) AND {name} BETWEEN {least} AND {most})"


def _is_moment(name: str) -> str:
    return _is_between(name, _FIRST_MOMENT_S, _LAST_MOMENT_S, "'integer', 'real'")


def _is_micros(name: str) -> str:
    return _is_between(name, 0, MOST_MICROS)


def _is_fingerprint(name: str) -> str:
    number, digest = f"substr({name}, 9, instr({name}, ':') - 9)", f"substr({name}, instr({name}, ':') + 1)"
    return (
        f"({_is_text(name)} AND {name} GLOB 'request/[0-9]*:?*' AND {number} NOT GLOB '*[^0-9]*' "
        f"AND {digest} NOT GLOB '*[^0-9A-Za-z-]*')"
    )


def is_digest(name: str) -> str:
    """The condition of a digest of bytes."""
    return (
        f"({_is_text(name)} AND length({name}) = 71 AND {name} GLOB 'sha256:*' "
        f"AND substr({name}, 8) NOT GLOB '*[^0-9a-f]*')"
    )


def _or_null(name: str, right: str) -> str:
    return f"(typeof({name}) = 'null' OR {right})"


def _is_one_of(name: str, words: type[AttemptState | ImageFormat]) -> str:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return f"({_is_text(name)} AND {name} IN ({listed}))"


def _find_free(column: str, same: str) -> str:
    """1, or a number that no other row of the same has."""
    others = f"FROM attempts AS o WHERE o.attempt_id <> t.attempt_id AND {same}"
    most = f"(SELECT max(o.{column}) {others} AND {_is_between(f'o.{column}', 1, _MOST_TAKES - 1)})"
    return f"CASE WHEN EXISTS (SELECT 1 {others} AND o.{column} = 1) THEN coalesce({most}, 0) + 1 ELSE 1 END"


_SAME_REQUEST = "o.fingerprint = t.fingerprint AND o.realm = t.realm"
_IMPORTED = "(SELECT import_id FROM imported_attempts AS i WHERE i.attempt_id = t.attempt_id AND typeof(import_id) = 'text')"
_HAS_IMAGES = "EXISTS (SELECT 1 FROM images WHERE images.attempt_id = t.attempt_id)"
_HAS_ANSWER = "EXISTS (SELECT 1 FROM answers WHERE answers.attempt_id = t.attempt_id AND length(answer) > 0)"
_REALM_OF_RUN = "(SELECT realm FROM runs WHERE runs.run_id IN (t.payer_run_id, t.run_id) AND typeof(realm) = 'text' AND realm <> '' LIMIT 1)"


def _is_known_realm(name: str) -> str:
    """Whether something besides a call and its run has this realm."""
    another = f"EXISTS (SELECT 1 FROM attempts AS o WHERE o.attempt_id <> t.attempt_id AND o.realm = {name})"  # noqa: S608 - our own words
    past = "(SELECT realm FROM past_requests)"
    return f"({name} IN {past} OR {another})"


# A call is of its run's realm, but for an import; where only one of both is known besides, the other one is nonsense.
_OF_ITS_RUN = "r.run_id = t.payer_run_id AND r.run_id NOT LIKE 'import-%'"
_ONE_IS_NONSENSE = f"r.realm <> t.realm AND NOT {_is_known_realm('t.realm')} AND {_is_known_realm('r.realm')}"
_IS_OTHER_REALM = f"EXISTS (SELECT 1 FROM runs AS r WHERE {_OF_ITS_RUN} AND {_ONE_IS_NONSENSE})"  # noqa: S608 - our own words
_IS_LIKE_IT = f"o.attempt_id <> t.attempt_id AND o.realm = t.realm AND {_is_micros('o.cost_micros')}"
_DEAREST = f"coalesce((SELECT max(o.cost_micros) FROM attempts AS o WHERE {_IS_LIKE_IT}), 0)"  # noqa: S608 - our own words
_WITH_ANSWER = "('answered', 'fetched', 'done')"
_IMPORT_OR = f"CASE WHEN {{}} THEN {{}} ELSE coalesce({_IMPORTED}, '{NOT_KNOWN}') END"

_A_TEXT: Final = "a text"
_A_MOMENT: Final = "a moment"
_AN_AMOUNT: Final = "an amount of money"
_A_COUNT: Final = f"a number from 1 to {_MOST_TAKES:,}"

_ATTEMPTS: Final = (
    # What a call counts follows from the others, and is counted anew behind these.
    Rule("attempts", "counted_micros", _is_micros("t.counted_micros"), "0", _AN_AMOUNT),
    Rule("attempts", "fingerprint", _is_fingerprint("t.fingerprint"), "'request/0:unknown' || t.attempt_id", "a fingerprint", Loss.REQUEST),
    Rule(
        "attempts", "realm", f"({_is_text('t.realm', filled=True)} AND NOT {_IS_OTHER_REALM})", f"coalesce({_REALM_OF_RUN}, '{NOT_KNOWN}')", "a realm",
    ),
    Rule(
        "attempts", "run_id", _is_text("t.run_id", filled=True),
        _IMPORT_OR.format(_is_text("t.payer_run_id", filled=True), "t.payer_run_id"), "a run",
    ),
    Rule(
        "attempts", "payer_run_id", _is_text("t.payer_run_id", filled=True),
        _IMPORT_OR.format(_is_text("t.run_id", filled=True), "t.run_id"), "a run",
    ),
    Rule("attempts", "take", _is_between("t.take", 1, _MOST_TAKES), _find_free("take", _SAME_REQUEST), _A_COUNT),
    Rule(
        "attempts", "attempt", _is_between("t.attempt", 1, _MOST_TAKES),
        _find_free("attempt", f"{_SAME_REQUEST} AND o.take = t.take"), _A_COUNT,
    ),
    Rule(
        "attempts", "state", _is_one_of("t.state", AttemptState),
        f"CASE WHEN {_HAS_IMAGES} THEN 'done' WHEN {_HAS_ANSWER} THEN 'answered' WHEN typeof(t.sent_at) = 'null' THEN 'reserved' ELSE 'unknown' END",
        "a state",
    ),
    Rule(
        "attempts", "reserved_micros", _is_micros("t.reserved_micros"),
        f"CASE WHEN {_is_micros('t.cost_micros')} AND t.cost_micros THEN t.cost_micros ELSE {_DEAREST} END", _AN_AMOUNT, Loss.COST,
    ),
    Rule(
        "attempts", "cost_micros", _is_micros("t.cost_micros"),
        "CASE WHEN t.state IN ('reserved', 'sending', 'unknown') THEN 0 ELSE t.reserved_micros END", _AN_AMOUNT, Loss.COST,
    ),
    Rule("attempts", "claimed", _is_between("t.claimed", 0, 1), "0", "0 or 1"),
    Rule(
        "attempts", "reserved_at", _is_moment("t.reserved_at"),
        f"CASE WHEN {_is_moment('t.sent_at')} THEN t.sent_at WHEN {_is_moment('t.answered_at')} THEN t.answered_at ELSE 0.0 END", _A_MOMENT,
    ),
    Rule(
        "attempts", "sent_at", f"({_is_moment('t.sent_at')} OR (typeof(t.sent_at) = 'null' AND t.state <> 'sending'))",
        "CASE WHEN t.state <> 'reserved' THEN t.reserved_at END", "the time of its sending",
    ),
    Rule(
        "attempts", "answered_at",
        f"({_is_moment('t.answered_at')} OR (typeof(t.answered_at) = 'null' AND t.state NOT IN {_WITH_ANSWER}))",
        f"CASE WHEN t.state IN {_WITH_ANSWER} THEN coalesce(t.sent_at, t.reserved_at) END", "the time of its answer",
    ),
    Rule(
        "attempts", "day", f"({_is_text('t.day')} AND t.day GLOB '*?-[0-9][0-9]-[0-9][0-9]')",
        "coalesce(date(t.reserved_at, 'unixepoch'), '1970-01-01')", "a day",
    ),
    Rule("attempts", "step", _is_text("t.step"), "''", _A_TEXT),
    Rule("attempts", "intent_id", _is_text("t.intent_id", filled=True), "'restored-' || t.attempt_id", "an id"),
    Rule("attempts", "failure", _or_null("t.failure", _is_text("t.failure")), "NULL", _A_TEXT),
    Rule("attempts", "message", _or_null("t.message", _is_text("t.message")), "NULL", _A_TEXT),
)  # fmt: skip # as the columns stand

_OTHERS: Final = (
    Rule("runs", "run_id", _is_text("t.run_id", filled=True), None, "a run"),
    Rule("runs", "recipe", _is_text("t.recipe"), "''", _A_TEXT),
    Rule(
        "runs", "realm", _is_text("t.realm"),
        f"coalesce((SELECT a.realm FROM attempts AS a WHERE a.payer_run_id = t.run_id AND typeof(a.realm) = 'text' LIMIT 1), '{NOT_KNOWN}')",  # noqa: S608 - our own words
        "a realm",
    ),
    Rule(
        "runs", "started_at", _is_moment("t.started_at"),
        f"coalesce((SELECT min(a.reserved_at) FROM attempts AS a WHERE a.payer_run_id = t.run_id AND {_is_moment('a.reserved_at')}), 0.0)",  # noqa: S608 - our own words
        _A_MOMENT,
    ),
    Rule("runs", "ended_at", _or_null("t.ended_at", _is_moment("t.ended_at")), "t.started_at", _A_MOMENT),
    Rule("runs", "status", _or_null("t.status", _is_text("t.status", filled=True)), "'interrupted'", _A_TEXT),
    Rule("run_order", "run_id", _is_text("t.run_id"), None, "a run"),
    Rule("run_results", "run_id", _is_text("t.run_id"), None, "a run"),
    Rule("run_results", "output_folder", _or_null("t.output_folder", _is_text("t.output_folder")), "NULL", _A_TEXT),
    Rule(
        "run_results", "result", f"CASE WHEN {_is_text('t.result')} THEN json_valid(t.result) ELSE 0 END", "'{}'", "JSON",
    ),
    *(Rule("requests", name, _is_text(f't."{name}"'), "''", _A_TEXT) for name in ("recipe", "address", "model", "params_digest")),
    Rule("requests", "params", _is_text("t.params"), "''", "JSON"),
    Rule("requests", "references", _is_text('t."references"'), "''", "JSON"),
    Rule("requests", "references_field", _or_null("t.references_field", _is_text("t.references_field")), "NULL", _A_TEXT),
    Rule("answers", "answer", "(typeof(t.answer) = 'blob')", "CAST(coalesce(t.answer, '') AS BLOB)", "bytes"),
    Rule("images", "digest", is_digest("t.digest"), "'none'", "a digest"),
    Rule("imports", "import_id", _is_text("t.import_id"), None, "an import"),
    Rule("imports", "imported_at", _is_moment("t.imported_at"), "0.0", _A_MOMENT),
    Rule("imports", "source", _is_text("t.source"), "''", _A_TEXT),
    Rule("imports", "digest", _is_text("t.digest"), "''", _A_TEXT),
    Rule("imported_attempts", "import_id", _is_text("t.import_id"), None, "an import"),
    *(Rule("past_requests", name, _is_text(f"t.{name}"), None, _A_TEXT) for name in ("realm", "recipe", "address", "params_digest")),
    Rule("past_requests", "fingerprint", _is_fingerprint("t.fingerprint"), None, "a fingerprint"),
    *(Rule("judged_attempts", name, _is_text(f"t.{name}"), None, _A_TEXT) for name in ("realm", "recipe", "address")),
    Rule("judged_attempts", "fingerprint", _is_fingerprint("t.fingerprint"), None, "a fingerprint"),
    *(Rule("judged_attempts", name, _is_between(f"t.{name}", 1, _MOST_TAKES), None, _A_COUNT) for name in ("take", "attempts")),
    # A picture tells itself what it is; a row that says nothing of it is written over by the repair.
    Rule("blobs", "digest", is_digest("t.digest"), None, "a digest"),
    Rule("blobs", "size_bytes", _is_between("t.size_bytes", 0, 1 << 40), "0", "a size"),
    *(Rule("blobs", name, _is_between(f"t.{name}", 1, 1 << 20), "1", "a size") for name in ("width_px", "height_px")),
    Rule("blobs", "format", _is_one_of("t.format", ImageFormat), "'png'", "a format"),
)  # fmt: skip # as the columns stand

OF_COPIES: Final = (
    Rule("images", "attempt_id", "(typeof(t.attempt_id) = 'integer')", None, "a call"),
    Rule("images", "number", "(typeof(t.number) = 'integer' AND t.number >= 1)", "1000000 + t.rowid", "a number"),
)  # fmt: skip # as the columns stand
"""Rules of tables that have no types, for what the ledger's own cannot hold."""

RULES: Final = (*_OTHERS[:6], *_ATTEMPTS, *_OTHERS[6:])
"""Runs come first, since calls are mended by them."""
