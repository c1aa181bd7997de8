"""The providers' port. An adapter is thin: it sends, reads the envelope, fetches; policy lives in `run`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol, TypeAlias

from seedflow.images.facts import ImageFacts


@dataclass(frozen=True, slots=True)
class WireUrl:
    """A reference that travels as a URL."""

    url: str


@dataclass(frozen=True, slots=True)
class WireFile:
    """A reference that travels as its bytes (a data URI, encoded while sending). `path` is in the store or the user's."""

    path: Path
    facts: ImageFacts


WireReference: TypeAlias = WireUrl | WireFile


@dataclass(frozen=True, slots=True)
class CallContext:
    """Where a call comes from: for the gateway's metadata, and for placeholder pictures."""

    run_id: str
    address: str
    take: int
    attempt: int
    intent_id: str


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One request. `params` are the rendered parameters without references, which go into `references_field` in order.

    They go there as a list, a single one too, unless the model takes no list (`references_as_list`).
    """

    model: str
    params: Mapping[str, object]
    references_field: str | None
    references: tuple[WireReference, ...]
    context: CallContext
    references_as_list: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw answer, before it is judged. `free` when the provider says that it cost nothing (a cache hit)."""

    raw: bytes
    free: bool = False


@dataclass(frozen=True, slots=True)
class Recovered:
    """The provider's log has the lost answer."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class NotBilled:
    """The provider's log shows that the call failed at no cost."""

    message: str


@dataclass(frozen=True, slots=True)
class StillUnknown:
    """Nothing is proven. `may_appear` when asking again soon may help.

    `cost_usd` is what the log says that a call cost which failed: for one that was refused that is the end of it, for one
    whose answer was lost it is not, since its answer may yet appear.
    """

    message: str
    may_appear: bool
    cost_usd: Decimal | None = None


Reconciliation: TypeAlias = Recovered | NotBilled | StillUnknown

BeforeSending: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited at the last moment at which nothing has been sent: the connection stands, and not a byte has left."""


class Provider(Protocol):
    """Who makes images."""

    name: str
    realm: str
    paid: bool

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        """Send one request and read its raw answer.

        `before_sending` is awaited once at most; a call that never came so far has sent nothing. What it raises ends the
        call before anything is sent, and is passed on.

        Raises:
            ProviderError: with `retry` and `billed` as facts.
        """

    def read_answer(self, raw: bytes) -> object:
        """The innermost result object of a raw answer (for Seedream `{"images": [...]}`), envelope unwrapped and judged.

        Pure: may be called again on an answer from the ledger.

        Raises:
            ProviderError: the answer says that the call failed, or is not what the contract promises.
        """

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:
        """Write the image behind a URL of an answer into a new file, exactly as received; `number` counts from 1.

        Raises:
            DownloadError: with `retryable` as a fact; a partial file may be left behind.
        """

    async def is_alive(self, url: str) -> bool:
        """Whether a URL of an earlier answer can still be fetched (a ranged GET)."""

    async def find_url_problem(self, url: str) -> str | None:
        """Why a URL that the author wrote cannot be fetched, or None when it can or nobody here can tell (a ranged GET)."""

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:
        """Ask the provider's log what became of a call whose answer was lost."""

    async def find_cost_usd(self, intent_id: str) -> float | None:
        """What the provider's log says that a call cost; None where it does not say."""

    async def aclose(self) -> None:
        """Free connections."""
