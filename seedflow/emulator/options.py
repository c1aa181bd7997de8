"""What an emulator can be told, and how those things are written on a command line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from seedflow.emulator.rates import ServiceLimits
from seedflow.errors import UsageError
from seedflow.text.files import is_file

LOOPBACK = ("127.0.0.1", "::1")
DEFAULT_ACCOUNT = "e0000000000000000000000000000001"
DEFAULT_TOKEN = "emulated-token"  # noqa: S105 - opens nothing but an emulator
DEFAULT_GATEWAY = "default"
_HIGHEST_PORT = 65_535


class SetSize(StrEnum):
    """How many images a request for "one to N" is answered with."""

    MIN = "min"
    MAX = "max"
    RANDOM = "random"


class PictureKind(StrEnum):
    """`full`: readable placeholders in the exact pixel size. `tiny`: a few pixels in the right shape, made at once."""

    FULL = "full"
    TINY = "tiny"


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that a model takes, from `low_s` to `high_s`; a call's share depends on the seed and its input."""

    low_s: float = 0.0
    high_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorOptions:
    """Settings of one emulator. `docs/reference/emulator.md` tells what each is for.

    Attributes:
        host: the loopback address to listen on.
        port: 0 picks a free one.
        account: the only account that exists here.
        token: the only token that opens it.
        seed: pictures, random set sizes and latencies are functions of it.
        sets: how many images a set gets.
        pictures: how they are drawn.
        picture_bytes: tiny pictures are padded to this size.
        expire_s: seconds until an image URL dies.
        latency: how long a model takes.
        log: whether the gateway's log can be looked up.
        log_delay_s: seconds until a call shows in the log.
        serve: URL to file: what stands behind foreign addresses.
        fetch_from: origin on loopback whose pictures are really fetched, such as a bucket on this machine.
        data_uris: whether references may be data URIs.
        data_uri_max_bytes: the largest picture that may come as one; None for no bound of its own.
        log_bodies: whether the log keeps answers.
        bill_file: every billed call is appended to it before it is answered.
        price_usd: per image, for models whose price the catalog does not know.
        body_limit_bytes: the largest request body.
        faults: a file that says what goes wrong, and when.
        limits: of requests, calls, images and money.
    """

    host: str = LOOPBACK[0]
    port: int = 0
    account: str = DEFAULT_ACCOUNT
    token: str = DEFAULT_TOKEN
    seed: int = 0
    sets: SetSize = SetSize.MAX
    pictures: PictureKind = PictureKind.FULL
    picture_bytes: int = 0
    expire_s: float = 3600.0
    latency: Latency = Latency()
    log: bool = True
    log_delay_s: float = 0.0
    serve: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    fetch_from: str | None = None
    data_uris: bool = True
    data_uri_max_bytes: int | None = None
    log_bodies: bool = True
    bill_file: Path | None = None
    price_usd: Decimal = Decimal("0.04")
    body_limit_bytes: int = 32 * 1024 * 1024
    faults: Path | None = None
    limits: ServiceLimits = field(default_factory=ServiceLimits)

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK:
            raise UsageError(
                f"the emulator listens on loopback only, not on {self.host!r}", help="use 127.0.0.1 or ::1"
            )
        if not 0 <= self.port <= _HIGHEST_PORT:
            raise UsageError(f"{self.port} is not a port", help="use 0 for any free port")
        for name, text in (("account", self.account), ("token", self.token)):
            if not text or not text.isascii() or not text.isprintable() or set(text) & set(" /?#%"):
                raise UsageError(
                    f"the {name} {text!r} is empty or has characters that do not fit into a request"
                )
        for name, value in (
            ("--expire-s", self.expire_s),
            ("--latency-ms", self.latency.low_s),
            ("--latency-ms", self.latency.high_s),
            ("--log-delay-s", self.log_delay_s),
            ("--picture-bytes", self.picture_bytes),
        ):
            if not 0 <= value < math.inf:
                raise UsageError(f"{name} must be 0 or more, not {value}")
        if self.latency.high_s < self.latency.low_s:
            raise UsageError(
                "--latency-ms ends before it begins", help="write the smaller number first: 100..250"
            )
        if self.body_limit_bytes < 1:
            raise UsageError("--body-limit-bytes must be at least 1")
        if self.data_uri_max_bytes is not None and self.data_uri_max_bytes < 0:
            raise UsageError(f"--data-uri-max-bytes must be 0 or more, not {self.data_uri_max_bytes}")
        if self.fetch_from is not None and not _is_loopback_origin(self.fetch_from):
            raise UsageError(
                f"--fetch-from {self.fetch_from!r} is not an address on this machine",
                help="write it as http://127.0.0.1:PORT",
            )


def _is_loopback_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK and not parts.path and port != 0


def parse_latency(text: str) -> Latency:
    """Read `250` or `100..400`, in milliseconds.

    Raises:
        UsageError: it is neither.
    """
    low, dots, high = text.partition("..")
    try:
        low_s = float(low) / 1000
        return Latency(low_s, float(high) / 1000 if dots else low_s)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a latency", help="write milliseconds, such as 250, or a range such as 100..400"
        ) from None


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def parse_serve(items: Iterable[str]) -> dict[str, Path]:
    """Read `URL=FILE` items. The URL may hold `=` itself: the file begins after the last one.

    Raises:
        UsageError: an item is not of that form, or its file is not there.
    """
    served: dict[str, Path] = {}
    for item in items:
        url, equals, file = item.rpartition("=")
        if not equals or not file or not _is_web_address(url):
            raise UsageError(
                f"--serve {item!r} is not URL=FILE",
                help="write it as --serve https://example.com/a.png=a.png",
            )
        path = Path(file)
        if not is_file(path):
            raise UsageError(
                f"--serve {item!r}: there is no file {file!r}",
                help="name a file that is there and may be read",
            )
        served[url] = path
    return served
