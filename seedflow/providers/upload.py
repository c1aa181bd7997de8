"""The uploader's port: bytes that travel by a link of their own, for providers that take no bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from seedflow.errors import SeedflowError
from seedflow.images.facts import ImageFacts
from seedflow.providers.options import CONNECT_TIMEOUT_S, BaseUrl, parse_origin
from seedflow.providers.secrets import Secret

LINK_LIFETIME_S: Final = 3600.0
LINK_AT_MOST_S: Final = 7 * 86_400.0
"""What the signature allows."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class UploadError(SeedflowError):
    """Bytes that could not be put where a link can reach them; nothing was sent to the provider.

    Attributes:
        kind: short kebab-case class: `no-library`, `no-bucket`, `wrong-key`, `clock`, `forbidden`, `unreachable`,
            `dead-link`, `server`, `changed` or `refused`.
    """

    def __init__(self, message: str, *, kind: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message, help=help)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """A bucket that speaks S3, and how long its links live.

    Attributes:
        endpoint: the service's address without a path; https, or http to loopback.
        bucket: its name; it is private and stays so.
        access_key_id: of a key that may read and write objects in the bucket.
        secret_access_key: signs, and is never sent anywhere.
        region: what the signature names; `auto` for Cloudflare R2.
        prefix: what the names of our objects begin with.
        link_lifetime_s: how long a link can be fetched.
        connect_timeout_s: for name, connection and TLS together.
        ca_file: certificates to trust instead of the built-in ones, or None.
    """

    endpoint: BaseUrl
    bucket: str
    access_key_id: str
    secret_access_key: Secret
    region: str = "auto"
    prefix: str = "seedflow"
    link_lifetime_s: float = LINK_LIFETIME_S
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    ca_file: Path | None = None


class Uploader(Protocol):
    """Who keeps bytes behind links."""

    link_lifetime_s: float

    async def check(self) -> None:
        """See that objects can be written, and read by a link.

        Raises:
            UploadError: they cannot.
        """

    async def upload(self, path: Path, facts: ImageFacts) -> str:
        """A link to exactly these bytes, which are put there unless they are there and whole.

        Raises:
            UploadError: with `kind` as a fact.
        """

    async def aclose(self) -> None:
        """Free connections."""


def parse_endpoint(text: str) -> BaseUrl:
    """Read the address of an S3 service.

    Raises:
        ValueError: not a URL without path, or one that would send pictures unencrypted to another machine.
    """
    return parse_origin(text)


def read_bucket(text: str) -> str:
    """The name of a bucket.

    Raises:
        ValueError: no bucket has such a name.
    """
    if not _BUCKET.fullmatch(text):
        raise ValueError("expected 3 to 63 small letters, digits, `-` and `.`")
    return text


def read_prefix(text: str) -> str:
    """What the names of objects begin with; slashes at its ends are left away.

    Raises:
        ValueError: it has characters that would have to be escaped in a link.
    """
    found = text.strip("/")
    if not _PREFIX.fullmatch(found) or len(found) > 200:
        raise ValueError("expected letters, digits, `-`, `_`, `.` and `/`, at most 200 characters")
    return found
