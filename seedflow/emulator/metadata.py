"""Who calls: the facts that a client writes into `cf-aig-metadata`, read as a gateway reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

METADATA_HEADER = "cf-aig-metadata"
MAX_ENTRIES = 5
_LARGEST_COUNT = 999_999_999
_KEYS_AND_TAKES = re.compile(r"\[[^\]]*\]|#[0-9]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """What the metadata says of a call. `entries` is all of it; take and attempt count from 1 and default to 1.

    The names in the metadata are `intent`, `task`, `take`, `attempt` and `run`; other names are kept and ignored.
    """

    entries: Mapping[str, str | int | float | bool]
    intent: str | None
    task: str | None
    take: int
    attempt: int

    @property
    def name(self) -> str:
        """What tells it from other calls in every run; its intent where it has no task."""
        return f"{self.intent if self.task is None else self.task} {self.take} {self.attempt}"

    @property
    def step(self) -> str | None:
        """The task's address without keys and take: `page` of `page[scene=at-sea]#2`, `cast/pose` inside of a used recipe."""
        return None if self.task is None else _KEYS_AND_TAKES.sub("", self.task)

    def is_of(self, step: str) -> bool:
        """Whether its task is one of this step, or of a recipe that this step uses."""
        return self.step is not None and f"{self.step}/".startswith(f"{step}/")


def read_caller(headers: Mapping[str, str]) -> Caller:
    """The caller of a request. As at a gateway, broken metadata is no reason to refuse a call: it is ignored.

    At most five entries count, and only scalar values.
    """
    try:
        found = json.loads(headers.get(METADATA_HEADER, "{}"))
    except (ValueError, RecursionError):
        found = {}
    pairs = found.items() if isinstance(found, dict) else ()
    kept = [(key, value) for key, value in pairs if isinstance(value, str | int | float | bool)]
    entries = dict(kept[:MAX_ENTRIES])
    return Caller(
        entries=entries,
        intent=_read_text(entries, "intent"),
        task=_read_text(entries, "task"),
        take=_read_count(entries, "take"),
        attempt=_read_count(entries, "attempt"),
    )


def _read_text(entries: Mapping[str, object], name: str) -> str | None:
    value = entries.get(name)
    return value if isinstance(value, str) else None


def _read_count(entries: Mapping[str, object], name: str) -> int:
    """A count may be written as a number or as its text: header values are often all text."""
    value = entries.get(name)
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= len(str(_LARGEST_COUNT))
    ):
        value = int(value)
    counts = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_COUNT
    return value if counts and isinstance(value, int) else 1
