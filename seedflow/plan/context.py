"""What a plan is made with: who would be asked, what is stored, and what somebody wants to have asked anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from seedflow.models.catalog import Catalog
from seedflow.recipe.input_images import ImageFiles
from seedflow.store.base import PastRequest, StoreView


class CurrentTakes(Protocol):
    """Which take of its request an address shows, where somebody rerolled it."""

    def has_any(self, realm: str) -> bool:
        """Whether somebody rerolled anything at all."""
        ...

    def find_take(self, realm: str, address: str, fingerprint: str) -> int | None:
        """The take, or None when the address shows its own."""
        ...


class NoTakes:
    """Nobody rerolled anything."""

    def has_any(self, realm: str) -> bool:
        """No."""
        del realm
        return False

    def find_take(self, realm: str, address: str, fingerprint: str) -> int | None:
        """None."""
        del realm, address, fingerprint
        return None


NO_TAKES = NoTakes()


def reroll_nothing(address: str) -> bool:
    """Nothing is asked anew."""
    del address
    return False


@dataclass(frozen=True, slots=True)
class PlanContext:
    """Who would be asked, and what is known already.

    `recipe_id` names the recipe in the store's history. `picks` are the takes that addresses show, `rerolls` says which
    addresses are to be asked anew.
    """

    provider: str
    realm: str
    paid: bool
    recipe_id: str
    view: StoreView
    catalog: Catalog
    images: ImageFiles
    picks: CurrentTakes = NO_TAKES
    rerolls: Callable[[str], bool] = reroll_nothing

    def find_past(self, address: str) -> PastRequest | None:
        """What an address of the recipe asked for last time."""
        return self.view.find_past_request(self.realm, self.recipe_id, address)

    def find_judged(self, address: str, fingerprint: str, take: int) -> int:
        """How many attempts of a take of its request an address of the recipe judged so far."""
        return self.view.find_judged(self.realm, self.recipe_id, address, fingerprint, take)
