"""What a check of the state finds: a closed set of kinds, where each was found, and what it means for money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from seedflow.money import ZERO_USD


class FindingKind(StrEnum):
    """What may be wrong with a state. `docs/reference/state.md` has a row for each."""

    LEDGER_DAMAGED = "ledger-damaged"
    LEDGER_OLDER = "ledger-older"
    BROKEN_ROW = "broken-row"
    BROKEN_ANSWER = "broken-answer"
    NO_IMAGES = "no-images"
    NO_FOLDER = "no-folder"
    PICTURE_MISSING = "picture-missing"
    PICTURE_DAMAGED = "picture-damaged"
    PICTURE_UNREADABLE = "picture-unreadable"
    WRONG_FACTS = "wrong-facts"
    WRONG_COUNT = "wrong-count"
    WRONG_SUM = "wrong-sum"
    LOST_PAID = "lost-paid"
    OTHER_TIME = "other-time"
    DEAD_CLAIM = "dead-claim"
    DEAD_RUN = "dead-run"
    UNUSED_PICTURE = "unused-picture"
    UNKNOWN_PICTURE = "unknown-picture"
    HALF_FILE = "half-file"
    UNKNOWN_FILE = "unknown-file"
    PERMISSIONS = "permissions"
    VERSION_MISSING = "version-missing"


NOTES = frozenset(
    {
        FindingKind.LOST_PAID,
        FindingKind.OTHER_TIME,
        FindingKind.DEAD_CLAIM,
        FindingKind.DEAD_RUN,
        FindingKind.UNUSED_PICTURE,
        FindingKind.UNKNOWN_PICTURE,
        FindingKind.HALF_FILE,
        FindingKind.UNKNOWN_FILE,
        FindingKind.PERMISSIONS,
        FindingKind.VERSION_MISSING,
    }
)
"""Kinds that are no damage: what the next run takes up by itself, what is known already, and what may be tidied."""


class Outlook(StrEnum):
    """What a finding means for money."""

    NONE = "none"
    REFETCH = "can-be-fetched"
    """The answer is kept: the next run tries its addresses before anybody pays again."""
    GONE = "paid-and-gone"
    """Paid, and there is nothing to fetch it by: a run pays again only with consent."""


@dataclass(frozen=True, slots=True)
class AffectedResult:
    """A paid result that a finding is about."""

    attempt_id: int
    recipe: str
    address: str
    realm: str
    cost_usd: Decimal
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    `where` is a path below the state, or a table and its row. `mendable`: whether a repair can do anything about it.
    """

    kind: FindingKind
    where: str
    message: str
    results: tuple[AffectedResult, ...] = ()
    mendable: bool = True

    @property
    def is_damage(self) -> bool:
        """Whether something is wrong that a run would stumble over or that money depends on."""
        return self.kind not in NOTES


@dataclass(frozen=True, slots=True)
class Report:
    """What a check looked at, and found."""

    pictures: int = 0
    size_bytes: int = 0
    attempts: int = 0
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def damage(self) -> tuple[Finding, ...]:
        """The findings that are damage."""
        return tuple(found for found in self.findings if found.is_damage)

    def list_results(self, outlook: Outlook) -> tuple[AffectedResult, ...]:
        """Each result that is affected in this way, once."""
        return tuple(
            {
                result.attempt_id: result
                for found in self.findings
                for result in found.results
                if result.outlook is outlook
            }.values()
        )


def sum_costs(results: Iterable[AffectedResult]) -> Decimal:
    """What results cost together."""
    return sum((result.cost_usd for result in results), ZERO_USD)
