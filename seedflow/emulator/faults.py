"""What goes wrong on purpose, as data: a fault has a kind and the parameters of that kind, which `KINDS` lists with defaults.

Which calls a fault strikes is decided by `fault_plan`; what it does to a call by `spoil`, and to a download by `spoil_download`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeGuard


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
    DRIP = "drip"
    """The call succeeds and is billed; the body of the answer comes a few bytes at a time."""
    CUT_JSON = "cut-json"
    """The call succeeds and is billed; the answer is whole as HTTP goes, and its JSON breaks off."""
    SCRAMBLE = "scramble"
    """The call succeeds and is billed; the body of the answer is damaged on its way, in a way that the call decides."""
    LONG_BODY = "long-body"
    """The call succeeds and is billed; the answer is followed by spaces beyond all measure."""
    COMPRESSED = "compressed"
    """The call succeeds and is billed; the answer is compressed although that was declined, once or several times."""
    FEW_IMAGES = "few-images"
    """The call succeeds with fewer images than it might have, and those are billed."""
    REDIRECT = "redirect"
    """The API sends its caller elsewhere; nothing is done."""
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
    EARLY_EXPIRY = "early-expiry"
    """The answer is right, and its image URLs die sooner than they should."""
    BAD_DOWNLOAD = "bad-download"
    """The answer is right, and its images cannot be fetched as they should."""


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
        FaultKind.CLOSE_AFTER_READING: {"reset": False, "logged": True, "seconds": 0.0},
        FaultKind.BILL_THEN_DROP: {"reset": False, "seconds": 0.0},
        FaultKind.CUT_BODY: {"after_bytes": None, "reset": False},
        FaultKind.STALL: {"seconds": 1.0, "stage": "head", "after_bytes": None},
        FaultKind.DRIP: {"bytes_per_s": 100.0},
        FaultKind.CUT_JSON: {"after_bytes": None},
        FaultKind.SCRAMBLE: {"seed": 0},
        FaultKind.LONG_BODY: {"size_bytes": 2 * 1024 * 1024, "announced": True},
        FaultKind.COMPRESSED: {"layers": 1, "bomb_bytes": 0},
        FaultKind.FEW_IMAGES: {"images": 1},
        FaultKind.REDIRECT: {"status": 307, "to": "https://elsewhere.example/"},
        FaultKind.HTML: {"billed": False},
        FaultKind.WRONG_SCHEMA: {"billed": True, "logged_right": False},
        FaultKind.STATE_FAILED: {"code": "InternalError", "message": "The model failed", "billed": False},
        FaultKind.MODERATION: {"side": "input", "billed": False},
        FaultKind.BROKEN_PICTURE: {"damage": "cut", "number": None, "seed": 0},
        FaultKind.DEAD_URL: {"number": None},
        FaultKind.EARLY_EXPIRY: {"seconds": 1.0, "number": None},
        FaultKind.BAD_DOWNLOAD: {
            "way": "cut",
            "tries": None,
            "number": None,
            "seconds": 1.0,
            "after_bytes": None,
            "status": 503,
            "to": "loop",
        },
    }
)

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "shape": ("errors", "error-list", "error-object", "text"),
    "side": ("input", "output"),
    "stage": ("before-reading", "after-reading", "head"),
    "damage": ("cut", "noise", "html", "scramble"),
    "way": ("stall", "drip", "cut", "reset", "overlong", "compressed", "bomb", "redirect", "status"),
}
_WHOLE: Mapping[str, tuple[int, int]] = {
    "status": (200, 999),
    "after_bytes": (0, 1 << 40),
    "size_bytes": (0, 64 * 1024 * 1024),
    "bomb_bytes": (0, 512 * 1024 * 1024),
    "layers": (1, 5),
    "images": (0, 100),
    "number": (1, 100),
    "tries": (1, 1000),
    "seed": (0, 1 << 63),
}
_SECONDS = ("seconds", "retry_after_s")
_LONGEST_S = 86_400
_MAX_BYTES_PER_S = 1_000_000_000


class WrongFaultError(Exception):
    """A fault that cannot be understood; its text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, with all the parameters of its kind."""

    kind: FaultKind
    parameters: Mapping[str, Scalar]

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
        """The fault with every parameter spelled out."""
        return {"kind": self.kind.value, **self.parameters}


def parse_fault(item: object) -> Fault:
    """Read `kind` and the parameters of that kind.

    Raises:
        WrongFaultError: there is no such kind, or a parameter is not one of its own or not in its bounds.
    """
    if not isinstance(item, dict):
        raise WrongFaultError(f"a fault is an object, not {item!r}")
    given = dict(item)
    name = given.pop("kind", None)
    if name not in list(FaultKind):
        raise WrongFaultError(f"{name!r} is not a kind of fault; there are {', '.join(FaultKind)}")
    kind = FaultKind(name)
    defaults = KINDS[kind]
    for parameter, value in given.items():
        if parameter not in defaults:
            raise WrongFaultError(
                f"a fault {kind.value!r} has no {parameter!r}; it has {', '.join(defaults)}"
            )
        _check_parameter(parameter, value, defaults[parameter])
    return Fault(kind, MappingProxyType({**defaults, **given}))


def _check_parameter(name: str, value: object, default: Scalar) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise WrongFaultError(f"`{name}` is one of {', '.join(_CHOICES[name])}, not {value!r}")
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise WrongFaultError(f"`{name}` is true or false, not {value!r}")
    elif name in _WHOLE:
        low, high = _WHOLE[name]
        if not is_whole(value) or not low <= value <= high:
            raise WrongFaultError(f"`{name}` is a whole number from {low} to {high}, not {value!r}")
    elif name in _SECONDS:
        if not is_number(value) or not 0 <= value <= _LONGEST_S:
            raise WrongFaultError(f"`{name}` is a number of seconds, not {value!r}")
    elif name == "bytes_per_s":
        if not is_number(value) or not 1 <= value <= _MAX_BYTES_PER_S:
            raise WrongFaultError(f"`{name}` is a number of bytes, at least 1, not {value!r}")
    elif name == "to":
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise WrongFaultError(f"`{name}` is an address in printable ASCII, not {value!r}")
    elif not isinstance(value, str | int) or isinstance(value, bool):
        raise WrongFaultError(f"`{name}` is text or a whole number, not {value!r}")


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
