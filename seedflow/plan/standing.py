"""How far results are that something mentions: what it waits for, what failed, whether it may yet be skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Standing:
    """How far the results are that something mentions.

    `needs` is all that is mentioned, ended or not, in order of mention; `waits` what has to end first; `after` what messages
    call that. `failed` and `skipped` name a
    result that stands in the way. `given` counts the tasks that gave images or may, `certain` those that
    cannot be skipped any more, and `omitted` is one of a collection that was; any of it `may_omit` when it may yet be. `tolerant`
    when something is mentioned that may be absent. One that `sees_each` knows what an image to come was made with as soon as
    its task does, however many images there will be.
    """

    needs: dict[str, None] = field(default_factory=dict)
    waits: dict[str, None] = field(default_factory=dict)
    after: dict[str, None] = field(default_factory=dict)
    failed: str | None = None
    skipped: str | None = None
    given: int = 0
    certain: int = 0
    omitted: str | None = None
    may_omit: bool = False
    tolerant: bool = False
    may_skip: bool = False
    sees_each: bool = False

    def wait(self, needs: Iterable[str], after: str) -> None:
        """Something has to end first."""
        found = dict.fromkeys(needs)
        self.needs.update(found)
        self.waits.update(found)
        self.after[after] = None

    def need(self, needs: Iterable[str]) -> None:
        """Something is mentioned that has ended."""
        self.needs.update(dict.fromkeys(needs))

    def include(self, other: Standing) -> None:
        """Need and wait for all that another one does."""
        self.needs.update(other.needs)
        self.waits.update(other.waits)
        self.after.update(other.after)

    def add_whole(self, parts: Sequence[Standing], *, skip_ok: bool) -> None:
        """Take in a single thing by what each part of it stands on: it is skipped when all of them are."""
        for part in parts:
            self.include(part)
            self.failed = self.failed or part.failed
        given = [part for part in parts if part.skips is None]
        certain = any(not part.may_be_skipped for part in given)
        self.given += bool(given)
        self.certain += certain
        self.tolerant = self.tolerant or any(part.tolerant for part in parts)
        self.may_skip = self.may_skip or not (certain or skip_ok)
        if parts and not given and not skip_ok:
            self.skipped = self.skipped or parts[0].skips

    def add_left_out(self, parts: Sequence[Standing]) -> None:
        """Take in the outputs of a use that failed, which may be skipped all the same, as they may have been before it failed."""
        for part in parts:
            self.include(part)
        skips = [part.skips for part in parts]
        if skips and None not in skips:
            self.skipped = self.skipped or skips[0]
        elif any(part.waits and part.may_be_skipped for part in parts):
            self.may_skip = True

    @property
    def skips(self) -> str | None:
        """The skipped result for which whoever mentions this is skipped too: a single one, or one where all of them were."""
        if self.skipped is not None:
            return self.skipped
        return self.omitted if not self.given and not self.tolerant else None

    @property
    def may_be_skipped(self) -> bool:
        """Whether it may yet turn out that whoever mentions this is skipped."""
        left_out = self.may_omit or self.omitted is not None  # what is empty without that skips nobody
        return self.may_skip or (left_out and self.given > 0 and not self.certain and not self.tolerant)
