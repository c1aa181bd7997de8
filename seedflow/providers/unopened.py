"""A provider that is opened when it is first asked: a run that only reuses never loads a client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from seedflow.providers.base import Answer, BeforeSending, GenerateRequest, Provider, Reconciliation


class UnopenedProvider:
    """Stands in for an adapter until its first use. Realm and price are known beforehand."""

    def __init__(self, open_adapter: Callable[[], Provider], *, name: str, realm: str, paid: bool) -> None:
        self.name = name
        self.realm = realm
        self.paid = paid
        self._open = open_adapter
        self._adapter: Provider | None = None

    @property
    def adapter(self) -> Provider:
        """The adapter, opened now if it was not."""
        if self._adapter is None:
            self._adapter = self._open()
        return self._adapter

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        """See `Provider.generate`."""
        return await self.adapter.generate(request, before_sending)

    def read_answer(self, raw: bytes) -> object:
        """See `Provider.read_answer`."""
        return self.adapter.read_answer(raw)

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:
        """See `Provider.fetch`."""
        await self.adapter.fetch(url, request, number, into)

    async def is_alive(self, url: str) -> bool:
        """See `Provider.is_alive`."""
        return await self.adapter.is_alive(url)

    async def find_url_problem(self, url: str) -> str | None:
        """See `Provider.find_url_problem`."""
        return await self.adapter.find_url_problem(url)

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:
        """See `Provider.reconcile`."""
        return await self.adapter.reconcile(intent_id, sent_at)

    async def find_cost_usd(self, intent_id: str) -> float | None:
        """See `Provider.find_cost_usd`."""
        return await self.adapter.find_cost_usd(intent_id)

    async def aclose(self) -> None:
        """Close the adapter if it was ever opened."""
        if self._adapter is not None:
            await self._adapter.aclose()
