"""Every call as it arrived, in order, and what was fetched for it: for tests to look at afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seedflow.emulator.faults import FaultKind
from seedflow.emulator.references import Fetched, is_data_uri

LONG_CHARACTERS = 4096
_SHOWN_CHARACTERS = 64
_SECRET_HEADERS = frozenset({"authorization", "cookie", "x-auth-key"})


@dataclass(slots=True)
class Call:
    """One POST to the model, filled in as it goes along. `status` stays None when no answer was even begun."""

    number: int
    headers: Mapping[str, str]
    model: str | None = None
    input: object = None
    input_digest: str | None = None
    references: tuple[Fetched, ...] = ()
    status: int | None = None
    code: int | str | None = None
    billed_images: int = 0
    fault: FaultKind | None = None

    def to_json(self) -> dict[str, object]:
        """The call as `GET /_emulator/requests` shows it."""
        return {
            "number": self.number,
            "headers": dict(self.headers),
            "model": self.model,
            "input": self.input,
            "input_digest": self.input_digest,
            "references": [reference.to_json() for reference in self.references],
            "status": self.status,
            "code": self.code,
            "billed_images": self.billed_images,
            "fault": self.fault,
        }


@dataclass(slots=True)
class Journal:
    """All calls in the order in which their heads arrived."""

    calls: list[Call] = field(default_factory=list)

    def begin(self, headers: Mapping[str, str]) -> Call:
        """Write down that a call has begun. Secrets are left out."""
        shown = {name: "(hidden)" if name in _SECRET_HEADERS else value for name, value in headers.items()}
        call = Call(len(self.calls) + 1, shown)
        self.calls.append(call)
        return call

    def to_json(self) -> list[dict[str, object]]:
        """All of them."""
        return [call.to_json() for call in self.calls]

    def reset(self) -> None:
        """Forget them."""
        self.calls.clear()


def shorten_data_uris(value: object) -> object:
    """A copy of a JSON value in which long data URIs keep their first characters only.

    Everything else stays exactly as it is; the digests of what was in them stand under `references`.
    """
    if isinstance(value, str):
        if len(value) > LONG_CHARACTERS and is_data_uri(value):
            return f"{value[:_SHOWN_CHARACTERS]}…"
        return value
    if isinstance(value, list):
        return [shorten_data_uris(item) for item in value]
    if isinstance(value, dict):
        return {name: shorten_data_uris(item) for name, item in value.items()}
    return value
