"""What an adapter needs to be told, as data: settings fill it in, adapters read nothing else."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from seedflow.images.hosts import find_host_problem
from seedflow.providers.secrets import Secret

DEFAULT_BASE_URL: Final = "https://api.cloudflare.com/client/v4"
BASE_URL_END: Final = "/client/v4"

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 600.0
TOTAL_TIMEOUT_S: Final = 900.0
LOG_TIMEOUT_S: Final = 60.0

REALM_CLOUDFLARE: Final = "cloudflare"
REALM_EMULATED: Final = "emulated"
REALM_SKETCH: Final = "sketch"

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_AUTHORITY = re.compile(r"(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_LONGEST_URL: Final = 2048


class BaseUrl(NamedTuple):
    """Where the API is. `url` has no slash at its end; `loopback` is true only for this machine itself."""

    url: str
    host: str
    loopback: bool
    encrypted: bool

    @property
    def realm(self) -> str:
        """Results of one realm never satisfy another: the real service, an emulator on this machine, or another host."""
        if self.loopback:
            return REALM_EMULATED
        return REALM_CLOUDFLARE if self.url == DEFAULT_BASE_URL else self.host


def parse_base_url(text: str) -> BaseUrl:
    """Read the base URL of the API.

    Raises:
        ValueError: not a URL that ends in `/client/v4`, or one that would send the token unencrypted to another machine.
    """
    found = _parse_url(text)
    if not urlsplit(found.url).path.endswith(BASE_URL_END):
        raise ValueError(f"it must end in {BASE_URL_END}")
    return found


def parse_origin(text: str) -> BaseUrl:
    """Read the address of another service that is trusted with pictures: a host, and perhaps a port.

    Raises:
        ValueError: not a URL, one with a path, or one that would send pictures unencrypted to another machine.
    """
    found = _parse_url(text)
    if urlsplit(found.url).path:
        raise ValueError("it must have no path")
    return found


def _parse_url(text: str) -> BaseUrl:
    url = text.strip().rstrip("/")
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise ValueError("it has characters that a URL cannot have")
    if len(url) > _LONGEST_URL:
        raise ValueError(f"it has more than {_LONGEST_URL:,} characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("its host is no address between its brackets") from None
    host = parts.hostname
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is not a number from 1 to 65535")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("it must start with https:// (or http:// and this machine's loopback address)")
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("it must have no user name, query or fragment")
    problem = find_host_problem(host)
    if problem is None and not _AUTHORITY.fullmatch(parts.netloc):
        problem = "its host has characters that no name has"
    if problem is not None:
        raise ValueError(problem)
    loopback = is_loopback_host(host)
    if parts.scheme == "http" and not loopback:
        raise ValueError(
            "http:// would send everything unencrypted; use https://, or http:// with a loopback address"
        )
    return BaseUrl(url, host, loopback, parts.scheme == "https")


def is_loopback_host(host: str) -> bool:
    """Whether a host as written in a URL means this machine: `localhost`, `127.0.0.0/8` or `::1`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


CLOUDFLARE_BASE_URL: Final = parse_base_url(DEFAULT_BASE_URL)


class Pace(NamedTuple):
    """How many calls may begin within how many seconds."""

    calls: int
    within_s: float


GATEWAY_PACE: Final = Pace(200, 60.0)
"""What a gateway lets through where Cloudflare bills; beyond it, it answers 429. From Cloudflare's documentation."""


@dataclass(frozen=True, slots=True)
class CloudflareOptions:
    """Everything that the Cloudflare adapter may know.

    Attributes:
        account_id: the account that pays.
        api_token: sent to the API's host and nowhere else.
        gateway: id of the AI Gateway, or None; without one there is no log to find a lost answer in.
        base_url: ends in `/client/v4`; https, or http to loopback.
        connect_timeout_s: for name, connection and TLS together.
        read_timeout_s: silence that is borne while waiting for an answer; long sets take minutes.
        total_timeout_s: for one call from first to last byte, whatever trickles in.
        log_timeout_s: how long after its sending a call may be missing in the gateway's log; only then absence is told.
        ca_file: certificates to trust instead of the built-in ones, or None.
    """

    account_id: str
    api_token: Secret
    gateway: str | None = None
    base_url: BaseUrl = CLOUDFLARE_BASE_URL
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S
    total_timeout_s: float = TOTAL_TIMEOUT_S
    log_timeout_s: float = LOG_TIMEOUT_S
    ca_file: Path | None = None
