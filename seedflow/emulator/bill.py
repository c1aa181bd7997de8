"""What was billed, counted where the caller cannot reach it: in the emulator, before the answer leaves."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from seedflow.errors import UsageError
from seedflow.money import ZERO_USD, from_micros, to_json_usd, to_micros

_BEGINNING: Final = b'{"intent": '
"""What the line of an entry begins with."""


@dataclass(frozen=True, slots=True)
class BillEntry:
    """One billed call. `intent`, `task`, `take` and `attempt` are what its metadata said, `input_digest` what it asked."""

    intent: str | None
    task: str | None
    take: int
    attempt: int
    model: str
    images: int
    cost_usd: Decimal
    input_digest: str

    def to_json(self) -> dict[str, object]:
        """The entry as `GET /_emulator/bill` shows it."""
        return {
            "intent": self.intent,
            "task": self.task,
            "take": self.take,
            "attempt": self.attempt,
            "model": self.model,
            "images": self.images,
            "cost_usd": to_json_usd(self.cost_usd),
            "input_digest": self.input_digest,
        }


class Bill:
    """The entries so far, and, if asked for, a file that holds them too: one JSON line each, on disk before the answer.

    A file that is there already is read first, so that a bill goes on where a killed emulator left it.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the file.

        Raises:
            UsageError: it cannot be opened, or is not a bill.
        """
        self.entries: list[BillEntry] = []
        self.total_usd = ZERO_USD
        self._file: int | None = None
        if path is None:
            return
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            written = path.read_bytes()
        except OSError as problem:
            raise UsageError(f"the bill {str(path)!r} cannot be opened: {problem.strerror}") from None
        whole, _, torn = written.rpartition(b"\n")
        try:
            self.entries = [_read_entry(line) for line in whole.split(b"\n") if line]
            if torn and not (self.entries or torn.startswith(_BEGINNING) or _BEGINNING.startswith(torn)):
                raise ValueError
            self.total_usd = sum((entry.cost_usd for entry in self.entries), ZERO_USD)
        except (ValueError, KeyError, TypeError):
            self.close()
            raise UsageError(
                f"{str(path)!r} is there and is not a bill", help="name a file that does not exist yet"
            ) from None
        if torn:  # only of a bill: nothing else loses a byte
            os.ftruncate(self._file, len(written) - len(torn))

    def add(self, entry: BillEntry) -> None:
        """Count a call; returns when the file has it."""
        if self._file is not None:
            line = json.dumps(entry.to_json() | {"cost_micros": to_micros(entry.cost_usd)})
            os.write(self._file, line.encode() + b"\n")
            os.fsync(self._file)
        self.entries.append(entry)
        self.total_usd += entry.cost_usd

    def to_json(self) -> dict[str, object]:
        """The whole bill: `calls`, `images`, `cost_usd`, `entries`."""
        return {
            "calls": len(self.entries),
            "images": sum(entry.images for entry in self.entries),
            "cost_usd": to_json_usd(self.total_usd),
            "entries": [entry.to_json() for entry in self.entries],
        }

    def reset(self) -> None:
        """Start from nothing, on disk too."""
        self.entries.clear()
        self.total_usd = ZERO_USD
        if self._file is not None:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _read_entry(line: bytes) -> BillEntry:
    value: dict[str, Any] = json.loads(line)
    return BillEntry(
        intent=value["intent"],
        task=value["task"],
        take=value["take"],
        attempt=value["attempt"],
        model=value["model"],
        images=value["images"],
        cost_usd=from_micros(value["cost_micros"]),
        input_digest=value["input_digest"],
    )
