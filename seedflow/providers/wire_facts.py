"""What a probe found out about an account's endpoint where nothing is documented. What is not known is None, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class WireFacts:
    """What is known of one account and model.

    Attributes:
        data_uris: whether a reference may come as a data URI.
        data_accepted_bytes: the largest picture that was accepted so.
        data_refused_bytes: the smallest that was refused for its size.
        data_on: when that was found.
        urls_alive_s: how old a URL of an answer was when it was last found alive.
        urls_dead_s: how old one was when it was first found dead.
        log_recovers: whether the gateway's log gives a lost answer back.
        log_on: when that was found.
    """

    data_uris: bool | None = None
    data_accepted_bytes: int | None = None
    data_refused_bytes: int | None = None
    data_on: date | None = None
    urls_alive_s: float | None = None
    urls_dead_s: float | None = None
    log_recovers: bool | None = None
    log_on: date | None = None

    def knows_data(self, size_bytes: int) -> bool:
        """Whether a picture of this size is known to be accepted as a data URI."""
        return bool(self.data_uris) and size_bytes <= (self.data_accepted_bytes or 0)

    def find_data_refusal(self, size_bytes: int) -> str | None:
        """Why a picture of this size is known to be refused as a data URI."""
        when = f"on {self.data_on} " if self.data_on is not None else ""
        if self.data_uris is False:
            return f"a probe {when}found that this account takes no data URIs"
        refused = self.data_refused_bytes
        if refused is not None and size_bytes >= refused:
            return f"a probe {when}found that this account takes no data URIs of {refused / _MEGA:.1f} MB or more"
        return None

    def find_lease_s(self, most_s: float) -> float:
        """How long a URL of an answer may be taken for young, `most_s` unless it is known to die sooner."""
        if self.urls_dead_s is None:
            return most_s
        return min(most_s, self.urls_alive_s or 0.0)


NOTHING_KNOWN = WireFacts()
"""Of an account that nobody probed."""
