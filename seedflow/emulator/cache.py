"""The gateway's cache: answers that are given again for nothing, only where a call brings its own key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

KEY_HEADER = "cf-aig-cache-key"
TTL_HEADER = "cf-aig-cache-ttl"
STATUS_HEADER = "cf-aig-cache-status"
MAX_TTL_S = 3600


class GatewayCache:
    """Answers by gateway and key."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: dict[tuple[str, str], tuple[bytes, float]] = {}

    def find(self, gateway: str, headers: Mapping[str, str]) -> bytes | None:
        """The body of the living answer for a call's key, if it has one."""
        key = headers.get(KEY_HEADER)
        if key is None:
            return None
        body, until_s = self._answers.get((gateway, key), (None, 0.0))
        return body if until_s > self._clock() else None

    def keep(self, gateway: str, headers: Mapping[str, str], body: bytes) -> None:
        """Remember an answer for as long as its call allows, at most an hour."""
        key, ttl = headers.get(KEY_HEADER), headers.get(TTL_HEADER, "")
        if key is not None and ttl.isascii() and ttl.isdecimal() and len(ttl) < 10 and int(ttl) > 0:
            until_s = self._clock() + min(int(ttl), MAX_TTL_S)
            self._answers[(gateway, key)] = (body, until_s)

    def reset(self) -> None:
        """Forget everything."""
        self._answers.clear()
