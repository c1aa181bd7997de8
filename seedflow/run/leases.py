"""URLs that this run got, and whether they are still young: judged by two clocks, and by whether the two agree."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

LEASE_S = 20 * 60.0
"""URLs die after about an hour or a day, undocumented; see docs/reference/models.md."""

CLOCKS_MAY_DIFFER_S: Final = 60.0
"""By more, the machine slept or somebody set its clock: how old anything is, is not known then."""


class Moment(NamedTuple):
    """A moment by two clocks: one stands still while the machine sleeps, the other may be set."""

    monotonic_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class _Lease:
    url: str
    since: Moment


class Leases:
    """URLs that this run got, by digest of what was fetched from them. `lease_s`: how long they are taken for young."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        lease_s: float = LEASE_S,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._lease_s = lease_s
        self._found: dict[str, _Lease] = {}

    def keep(self, digest: str, url: str) -> None:
        """A URL that was just fetched."""
        self._found[digest] = _Lease(url, self.now())

    def find(self, digest: str) -> str | None:
        """The URL, while it is young by the monotonic clock and by the wall clock, and the two agree."""
        lease = self._found.get(digest)
        return None if lease is None or not self.is_young(lease.since, self._lease_s) else lease.url

    def drop(self, digest: str) -> None:
        """The URL was found dead."""
        self._found.pop(digest, None)

    def now(self) -> Moment:
        """This moment."""
        return Moment(self._monotonic(), self._wall())

    def age_s(self, since: Moment) -> float:
        """Seconds since then, by the clock that says more."""
        return max(self._ages_s(since))

    def is_young(self, since: Moment, most_s: float = LEASE_S) -> bool:
        """Whether less than `most_s` seconds have passed since then, whichever clock is asked."""
        monotonic_s, wall_s = self._ages_s(since)
        agree = abs(monotonic_s - wall_s) <= CLOCKS_MAY_DIFFER_S
        return agree and 0 <= monotonic_s < most_s and 0 <= wall_s < most_s

    def _ages_s(self, since: Moment) -> tuple[float, float]:
        now = self.now()
        return now.monotonic_s - since.monotonic_s, now.wall_s - since.wall_s
