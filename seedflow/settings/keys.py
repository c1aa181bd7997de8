"""Every key of the settings files: how its value is read, and whether a project may set it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from seedflow.money import format_usd, parse_usd
from seedflow.providers.options import parse_base_url
from seedflow.providers.registry import PROVIDERS
from seedflow.providers.secrets import Secret
from seedflow.providers.upload import LINK_AT_MOST_S, parse_endpoint, read_bucket, read_prefix
from seedflow.text.nodes import Scalar

CONCURRENCY_AT_MOST: Final = 256
CALLS_PER_MINUTE_AT_MOST: Final = 100_000
PRICE_AT_MOST_USD: Final = 10_000
"""So that the sums of a ledger, in whole micro-dollars, stay within what SQLite counts."""
TIMEOUT_AT_MOST_S: Final = 86_400.0
REFERENCES: Final = ("auto", "url", "data", "upload")
BUDGET_SCOPES: Final = ("run", "step", "day", "project")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `read` gives the value of its scalar or raises ValueError with what was expected."""

    read: Callable[[Scalar], object]
    private: bool = False


def read_name(text: str) -> str:
    """An account's or a gateway's id.

    Raises:
        ValueError: empty, too long, or with characters that no id has.
    """
    if not _NAME.fullmatch(text):
        raise ValueError("expected an id of letters, digits, `-` and `_`, at most 64 characters")
    return text


def read_token(text: str) -> Secret:
    """An API token.

    Raises:
        ValueError: it has characters that a header cannot carry; the token itself is not in the message.
    """
    if not _TOKEN.fullmatch(text):
        raise ValueError("expected a token without spaces, line ends or characters outside ASCII")
    return Secret(text)


def read_key_id(text: str) -> str:
    """The id of an access key.

    Raises:
        ValueError: it has characters that no such id has.
    """
    if not _KEY_ID.fullmatch(text):
        raise ValueError("expected the id of an access key: letters, digits and `_`, at most 128")
    return text


def read_region(text: str) -> str:
    """The region that a signature names.

    Raises:
        ValueError: no region has such a name.
    """
    if not _REGION.fullmatch(text):
        raise ValueError("expected a region, such as auto or eu-central-1")
    return text


def _read_text(scalar: Scalar) -> str:
    if scalar.plain and scalar.resolve() is None:
        raise ValueError("expected a value")
    return scalar.value


def _read_choice(scalar: Scalar, choices: tuple[str, ...]) -> str:
    if scalar.value not in choices:
        raise ValueError(f"expected one of {', '.join(choices)}")
    return scalar.value


def _read_concurrency(scalar: Scalar) -> int:
    found = scalar.resolve()
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= CONCURRENCY_AT_MOST:
        raise ValueError(f"expected a whole number from 1 to {CONCURRENCY_AT_MOST}")
    return found


def _read_calls_per_minute(scalar: Scalar) -> int:
    found = scalar.resolve()
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= CALLS_PER_MINUTE_AT_MOST:
        raise ValueError(f"expected a whole number from 1 to {CALLS_PER_MINUTE_AT_MOST:,}")
    return found


def _read_usd(scalar: Scalar) -> Decimal:
    try:
        return parse_usd(_read_text(scalar))
    except ValueError:
        raise ValueError("expected an amount of dollars with at most six decimals, such as 0.50") from None


def _read_price(scalar: Scalar) -> Decimal:
    found = _read_usd(scalar)
    if found > PRICE_AT_MOST_USD:
        raise ValueError(
            f"expected the price of one image in dollars, at most {format_usd(Decimal(PRICE_AT_MOST_USD))}"
        )
    return found


def _read_seconds(scalar: Scalar) -> float:
    found = scalar.resolve()
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= TIMEOUT_AT_MOST_S:
        raise ValueError(f"expected a number of seconds above 0, at most {TIMEOUT_AT_MOST_S:,.0f}")
    return float(found) if math.isfinite(found) else TIMEOUT_AT_MOST_S


def _read_lifetime(scalar: Scalar) -> float:
    found = scalar.resolve()
    if isinstance(found, bool) or not isinstance(found, int | float) or not 60 <= found <= LINK_AT_MOST_S:
        raise ValueError(f"expected a number of seconds from 60 to {LINK_AT_MOST_S:,.0f}")
    return float(found)


KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "provider.name": Key(lambda scalar: _read_choice(scalar, PROVIDERS)),
        "provider.gateway": Key(lambda scalar: read_name(_read_text(scalar))),
        "provider.account_id": Key(lambda scalar: read_name(_read_text(scalar)), private=True),
        "provider.api_token": Key(lambda scalar: read_token(_read_text(scalar)), private=True),
        "provider.base_url": Key(lambda scalar: parse_base_url(_read_text(scalar)), private=True),
        "provider.concurrency": Key(_read_concurrency),
        "provider.calls_per_minute": Key(_read_calls_per_minute),
        "provider.timeouts.connect_s": Key(_read_seconds),
        "provider.timeouts.read_s": Key(_read_seconds),
        "provider.timeouts.total_s": Key(_read_seconds),
        "provider.timeouts.log_s": Key(_read_seconds),
        "references": Key(lambda scalar: _read_choice(scalar, REFERENCES)),
        "upload.endpoint": Key(lambda scalar: parse_endpoint(_read_text(scalar)), private=True),
        "upload.bucket": Key(lambda scalar: read_bucket(_read_text(scalar)), private=True),
        "upload.region": Key(lambda scalar: read_region(_read_text(scalar)), private=True),
        "upload.access_key_id": Key(lambda scalar: read_key_id(_read_text(scalar)), private=True),
        "upload.secret_access_key": Key(lambda scalar: read_token(_read_text(scalar)), private=True),
        "upload.prefix": Key(lambda scalar: read_prefix(_read_text(scalar))),
        "upload.link_lifetime_s": Key(_read_lifetime),
        **{f"budget.{scope}_usd": Key(_read_usd) for scope in BUDGET_SCOPES},
        "prices.*": Key(_read_price),
        "outputs.folder": Key(_read_text),
        "models": Key(_read_text),
    }
)
"""Dotted path to key; `*` stands for names of the author's own."""

LATER: Final[Mapping[str, str]] = MappingProxyType({"libraries": "names recipe libraries"})
"""Keys of the language that this version answers with `not-yet`."""

SECRET_WORDS: Final = frozenset(
    {"token", "secret", "password", "passwd", "credential", "credentials", "authorization"}
)
"""Parts of a key's name that tell that its value is a secret, whether or not such a key exists."""


def list_names(below: str) -> tuple[str, ...]:
    """The names of the keys directly below a dotted path; the empty path is the file itself."""
    start = f"{below}." if below else ""
    names = [path.removeprefix(start).partition(".")[0] for path in KEYS if path.startswith(start)]
    return tuple(dict.fromkeys(names))


def looks_secret(name: str) -> bool:
    """Whether a key of this name would hold a secret: `api_token`, `apiKey`, `client-secret`."""
    words = set(re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
    return (
        bool(words & SECRET_WORDS) or bool({"api", "access"} & words and "key" in words) or "apikey" in words
    )
