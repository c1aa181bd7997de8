"""Which addresses a picture may be fetched from. Our own table: the standard library's `is_global` lets too much through.

Measured there on Python 3.11: NAT64 of 127.0.0.1, 6to4, `::127.0.0.1`, `fec0::/10`, parts of `192.0.0.0/24` and all
multicast count as global, and `getaddrinfo` reads `2130706433`, `0x7f.1` and `127.1` as 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from seedflow.images.hosts import find_host_problem

Address: TypeAlias = IPv4Address | IPv6Address

_V4_NOT_PUBLIC: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; a cloud's metadata service lives here
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host, reachable from each of its machines
        "169.254.0.0/16",  # link-local; metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_V6_PUBLIC: Final = IPv6Network("2000::/3")
_V6_NOT_PUBLIC: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, withdrawn: hides an IPv4 address
        "3fff::/20",  # documentation
    )
)
_V6_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_V6_NAT64: Final = IPv6Network("64:ff9b::/96")


class Reach(StrEnum):
    """Where a connection may go."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    ANYWHERE = "anywhere"
    """Only for the API itself, whose base URL the user gave."""


class RefusedAddressError(OSError):
    """An address that must not be connected to. An OSError, since it is raised inside the client's connecting."""


class RefusedUrlError(ValueError):
    """A URL that must not be fetched, whatever it resolves to."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was found acceptable as written, and where its connection may go. `port` is the effective one."""

    url: str
    scheme: str
    host: str
    port: int
    reach: Reach


def is_public(address: Address) -> bool:
    """Whether it is an address of the public internet; an IPv4 address inside a mapped or NAT64 one counts as itself."""
    if isinstance(address, IPv6Address):
        if address in _V6_MAPPED or address in _V6_NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _V6_PUBLIC and not any(address in network for network in _V6_NOT_PUBLIC)
    return not any(address in network for network in _V4_NOT_PUBLIC)


def is_loopback(address: Address) -> bool:
    """Whether it is this machine: `127.0.0.0/8`, `::1`, or the former mapped into IPv6."""
    if isinstance(address, IPv6Address) and address in _V6_MAPPED:
        return IPv4Address(int(address) & 0xFFFFFFFF).is_loopback
    return address.is_loopback


def check_address(text: str, reach: Reach) -> None:
    """Refuse an address that a name resolved to, or that a socket is about to be made for.

    Raises:
        RefusedAddressError: outside the reach, or not an address.
    """
    if reach is Reach.ANYWHERE:
        return
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise RefusedAddressError(f"{text!r} is not an address") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise RefusedAddressError(f"{text} is bound to one network interface")
    if reach is Reach.PUBLIC and not is_public(address):
        raise RefusedAddressError(f"{text} is not on the public internet")
    if reach is Reach.LOOPBACK and not is_loopback(address):
        raise RefusedAddressError(f"{text} is not this machine")


_VISIBLE = re.compile(r"[\x21-\x7e]+")
_URL = re.compile(r"(?i:(https?)://)([^/?#]*)(?:[/?#].*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::([0-9]{1,5}))?")
_ENDS_IN_NUMBER = re.compile(r"(?i:(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?)")


def check_url(url: str, *, loopback_http: bool, https_reach: Reach = Reach.PUBLIC) -> Target:
    """Judge the URL of a picture by its spelling: https to the public, or http to loopback where that is allowed.

    The URL is never rewritten, so that a signed query reaches the server byte for byte.

    Args:
        url: as an answer or a redirect gave it.
        loopback_http: whether the API itself is on loopback.
        https_reach: where https may go.

    Raises:
        RefusedUrlError: not such a URL, or spelled so that two readers could read two hosts in it.
    """
    if not _VISIBLE.fullmatch(url):
        raise RefusedUrlError("it has spaces, control characters or characters outside ASCII")
    if "\\" in url:
        raise RefusedUrlError("it has a backslash")
    found = _URL.fullmatch(url)
    if found is None:
        raise RefusedUrlError("it is not an https URL")
    scheme = found[1].lower()
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None:
        raise RefusedUrlError("its host cannot be read, or a user name stands before it")
    host, port = (
        authority[1].lower(),
        int(authority[2]) if authority[2] else (443 if scheme == "https" else 80),
    )
    if not 0 < port < 65536:
        raise RefusedUrlError("its port is not a number from 1 to 65535")
    if scheme == "http" and not loopback_http:
        raise RefusedUrlError("it is not encrypted (http instead of https)")
    problem = find_host_problem(host)
    if problem is not None:
        raise RefusedUrlError(problem)
    reach = https_reach if scheme == "https" else Reach.LOOPBACK
    _check_literal_host(host, reach)
    return Target(url, scheme, host.strip("[]"), port, reach)


def _check_literal_host(host: str, reach: Reach) -> None:
    """Addresses written out never reach a resolver, and odd spellings of them mean different hosts to different readers."""
    if host.startswith("["):
        literal = host[1:-1]
    elif _ENDS_IN_NUMBER.fullmatch(host):
        literal = host
    else:
        return
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        raise RefusedUrlError(f"its host {host} is an address in an unusual spelling") from None
    try:
        check_address(str(address), reach)
    except RefusedAddressError as error:
        raise RefusedUrlError(str(error)) from None
