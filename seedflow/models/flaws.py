"""What is wrong with a file of a model: each flaw with its place inside the file, all of them in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedflow.errors import CatalogError


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. `path` leads from the file's outermost object inwards; it is empty for the file as a whole.

    `help` says what to do, where that is more than to correct what the message tells.
    """

    path: tuple[str | int, ...]
    message: str
    help: str | None = None

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


class FlawedError(CatalogError):
    """A card or profile with flaws."""

    def __init__(self, what: str, flaws: Sequence[Flaw]) -> None:
        super().__init__(f"{what} cannot be used: {'; '.join(map(str, flaws))}")
        self.flaws = tuple(flaws)
