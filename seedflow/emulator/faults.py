"""What goes wrong on purpose: faults as data, queued for the next calls that they fit.

A fault is a JSON object: `kind`, optionally `times` (how many calls it spoils, 1 by default), `match` (which calls), and the
parameters of its kind, which `KINDS` lists with their defaults. A call takes the first fault in the queue that fits it.
Which calls a fault fits is decided by the head of the request alone, so that a fault can strike before a body is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeGuard

from seedflow.emulator.metadata import Caller


class FaultKind(StrEnum):
    """What may go wrong."""

    STATUS = "status"
    """An error of any status, code and message, in the envelope or in a shape beside it."""
    CLOSE_BEFORE_READING = "close-before-reading"
    """The connection ends as soon as the head has arrived: the call never began."""
    CLOSE_AFTER_READING = "close-after-reading"
    """The whole request was read, then the connection ends: nothing was done, nothing is billed."""
    BILL_THEN_DROP = "bill-then-drop"
    """The call succeeds and is billed; the connection ends before the answer."""
    CUT_BODY = "cut-body"
    """The call succeeds and is billed; the answer breaks off in its body."""
    STALL = "stall"
    """The call succeeds and is billed; the answer comes late, or stops for a while in its body."""
    HTML = "html"
    """Status 200 with a page, as a proxy or a captive portal gives it."""
    WRONG_SCHEMA = "wrong-schema"
    """Status 200, success, and a result that is not what the card promises."""
    STATE_FAILED = "state-failed"
    """Status 200 whose result says `Failed`."""
    MODERATION = "moderation"
    """The words with which upstreams refuse an input or an output."""
    BROKEN_PICTURE = "broken-picture"
    """The answer is right, and what its image URLs serve does not decode."""
    DEAD_URL = "dead-url"
    """The answer is right, and its image URLs are dead."""


Scalar = str | int | float | bool | None

KINDS: Mapping[FaultKind, Mapping[str, Scalar]] = MappingProxyType(
    {
        FaultKind.STATUS: {
            "status": 500,
            "code": 7000,
            "message": "Internal server error",
            "retry_after_s": None,
            "shape": "errors",
            "billed": False,
        },
        FaultKind.CLOSE_BEFORE_READING: {"reset": False},
        FaultKind.CLOSE_AFTER_READING: {"reset": False, "logged": True},
        FaultKind.BILL_THEN_DROP: {"reset": False},
        FaultKind.CUT_BODY: {"after_bytes": None, "reset": False},
        FaultKind.STALL: {"seconds": 1.0, "after_bytes": None},
        FaultKind.HTML: {"billed": False},
        FaultKind.WRONG_SCHEMA: {"billed": True},
        FaultKind.STATE_FAILED: {"code": "InternalError", "message": "The model failed", "billed": False},
        FaultKind.MODERATION: {"side": "input", "billed": False},
        FaultKind.BROKEN_PICTURE: {"damage": "cut", "number": None},
        FaultKind.DEAD_URL: {"number": None},
    }
)

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "shape": ("errors", "error-list", "error-object", "text"),
    "side": ("input", "output"),
    "damage": ("cut", "noise", "html"),
}
_MATCHABLE = ("intent", "task", "step", "take", "attempt")
_WHOLE = ("status", "after_bytes", "number")
_MAX_TIMES = 1_000_000


class WrongFaultError(Exception):
    """A fault that cannot be understood; its text says why."""


@dataclass(slots=True)
class Fault:
    """One fault with all its parameters; `left` calls are still to be spoiled."""

    kind: FaultKind
    parameters: Mapping[str, Scalar]
    match: Mapping[str, Scalar]
    left: int = 1

    def fits(self, caller: Caller) -> bool:
        """Whether it strikes a call of this caller."""
        return all(getattr(caller, name) == wanted for name, wanted in self.match.items())

    def text(self, name: str) -> str:
        """A parameter that is text."""
        return str(self.parameters[name])

    def flag(self, name: str) -> bool:
        """A parameter that is yes or no; one that the kind does not have is no."""
        return bool(self.parameters.get(name, False))

    def whole(self, name: str) -> int | None:
        """A parameter that is a whole number or left open."""
        value = self.parameters[name]
        return value if isinstance(value, int) else None

    def seconds(self, name: str) -> float:
        """A parameter that is a time."""
        value = self.parameters[name]
        return float(value) if isinstance(value, int | float) else 0.0

    def to_json(self) -> dict[str, object]:
        """The fault as `GET /_emulator/faults` shows it: every parameter spelled out."""
        return {"kind": self.kind.value, **self.parameters, "match": dict(self.match), "times": self.left}


class FaultQueue:
    """The faults that are still to come, in the order in which they were given."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        """Queue more of them."""
        self._faults.extend(faults)

    def take(self, caller: Caller) -> Fault | None:
        """The first fault that fits this call, used up once."""
        for place, fault in enumerate(self._faults):
            if fault.fits(caller):
                fault.left -= 1
                if fault.left == 0:
                    del self._faults[place]
                return fault
        return None

    def clear(self) -> None:
        """Let everything go right."""
        self._faults.clear()

    def to_json(self) -> list[dict[str, object]]:
        """What is still to come."""
        return [fault.to_json() for fault in self._faults]


def parse_faults(value: object) -> list[Fault]:
    """Read one fault, a list of them, or an object that has them under `faults`.

    Raises:
        WrongFaultError: one of them cannot be understood.
    """
    if isinstance(value, dict) and set(value) == {"faults"}:
        value = value["faults"]
    items = value if isinstance(value, list) else [value]
    return [_parse_fault(item) for item in items]


def _parse_fault(item: object) -> Fault:
    if not isinstance(item, dict):
        raise WrongFaultError(f"a fault is an object, not {item!r}")
    given = dict(item)
    name = given.pop("kind", None)
    if name not in list(FaultKind):
        raise WrongFaultError(f"{name!r} is not a kind of fault; there are {', '.join(FaultKind)}")
    kind = FaultKind(name)
    times = given.pop("times", 1)
    if not _is_whole(times) or not 1 <= times <= _MAX_TIMES:
        raise WrongFaultError(f"`times` must be a whole number from 1 to {_MAX_TIMES:,}, not {times!r}")
    match = given.pop("match", {})
    if not isinstance(match, dict) or set(match) - set(_MATCHABLE):
        raise WrongFaultError(f"`match` is an object with some of {', '.join(_MATCHABLE)}, not {match!r}")
    defaults = KINDS[kind]
    for parameter, value in given.items():
        if parameter not in defaults:
            raise WrongFaultError(
                f"a fault {kind.value!r} has no {parameter!r}; it has {', '.join(defaults)}"
            )
        _check_parameter(parameter, value, defaults[parameter])
    return Fault(kind, MappingProxyType({**defaults, **given}), MappingProxyType(dict(match)), times)


def _check_parameter(name: str, value: object, default: Scalar) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise WrongFaultError(f"`{name}` is one of {', '.join(_CHOICES[name])}, not {value!r}")
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise WrongFaultError(f"`{name}` is true or false, not {value!r}")
    elif name in _WHOLE:
        low, high = (200, 999) if name == "status" else (0, 1 << 40)
        if not _is_whole(value) or not low <= value <= high:
            raise WrongFaultError(f"`{name}` is a whole number from {low} to {high}, not {value!r}")
    elif name in {"seconds", "retry_after_s"}:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 86_400:
            raise WrongFaultError(f"`{name}` is a number of seconds, not {value!r}")
    elif not isinstance(value, str | int) or isinstance(value, bool):
        raise WrongFaultError(f"`{name}` is text or a whole number, not {value!r}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
