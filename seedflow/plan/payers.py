"""Which of several tasks with one request pays for it: the first that makes it for certain, else the first that may."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from seedflow.plan.estimate import NOTHING_USD
from seedflow.plan.model import Task


class Payers:
    """Finds the payer of each request of one plan. Where a condition is open, one that comes later may turn out to be it."""

    def __init__(self) -> None:
        self._certain: dict[Hashable, str] = {}
        self._open: dict[Hashable, list[str]] = {}

    def copy(self) -> Payers:
        """The same, for tasks that may come to be part of no plan."""
        other = Payers()
        other._certain = dict(self._certain)
        other._open = {identity: list(addresses) for identity, addresses in self._open.items()}
        return other

    def find(self, identity: Hashable, address: str, *, certain: bool) -> str | None:
        """The task that pays for the request of this one as far as is known by now; None when it does so itself."""
        if certain:
            payer = self._certain.setdefault(identity, address)
        else:
            others = self._open.setdefault(identity, [])
            others.append(address)
            payer = self._certain.get(identity, others[0])
        return None if payer == address else payer

    def settle(self, tasks: dict[str, Task]) -> None:
        """Everything is planned: what may be asked under a condition costs nothing where another task pays for it for certain."""
        for identity, addresses in self._open.items():
            payer = self._certain.get(identity)
            for address in addresses if payer is not None else ():
                tasks[address] = replace(
                    tasks[address],
                    shares_with=payer,
                    cost_usd=NOTHING_USD,
                    list_cost_usd=NOTHING_USD,
                    least=(),
                )
        self._open.clear()
