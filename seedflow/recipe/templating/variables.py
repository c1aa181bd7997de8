"""The names that a template sets itself, worked out while reading: which variable a name means is known before rendering."""

from __future__ import annotations

from typing import Literal

Kind = Literal["template", "for", "with", "macro", "set", "branch"]


class Names:
    """The names known in one part of a template, and around it. A variable is a number: its slot while rendering.

    `own` are the variables that begin here; `inner` those among them that `set` makes, which a loop forgets each round.
    """

    __slots__ = ("inner", "kind", "loop_slot", "own", "parent")

    def __init__(self, kind: Kind, parent: Names | None = None) -> None:
        self.kind: Kind = kind
        self.parent = parent
        self.own: dict[str, int] = {}
        self.inner: list[int] = []
        self.loop_slot: int | None = None

    def find(self, name: str) -> int | None:
        """The variable that a name means here, or None."""
        scope: Names | None = self
        while scope is not None:
            slot = scope.own.get(name)
            if slot is not None:
                return slot
            scope = scope.parent
        return None

    def find_loop(self) -> Names | None:
        """The loop around this place, or None."""
        scope: Names | None = self
        while scope is not None and scope.kind != "for":
            scope = scope.parent
        return scope

    def is_set_outside(self, name: str) -> bool:
        """Whether a name belongs to a variable that begins further out."""
        return name not in self.own and self.find(name) is not None

    def all(self) -> list[str]:
        """Every name that is known here."""
        scope: Names | None = self
        found: list[str] = []
        while scope is not None:
            found.extend(scope.own)
            scope = scope.parent
        return found
