"""Providers by name. Adapters are imported only when one is opened: their clients are slow to load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from seedflow.errors import UsageError
from seedflow.providers.options import REALM_SKETCH, CloudflareOptions
from seedflow.providers.unopened import UnopenedProvider
from seedflow.providers.upload import UploadError, UploadOptions

if TYPE_CHECKING:
    from seedflow.models.catalog import Catalog
    from seedflow.providers.base import Provider
    from seedflow.providers.upload import Uploader

LINK_SPARE_S: Final = 60.0
"""How much longer a link must live than a call may take."""

PROVIDERS: Final = ("cloudflare", "sketch")


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What planning needs to know of a provider, without opening it. `paid` tells whether its pictures cost money."""

    name: str
    realm: str
    paid: bool


def describe_provider(name: str, *, cloudflare: CloudflareOptions | None = None) -> ProviderFacts:
    """The facts of a provider; imports no adapter and opens no socket.

    Raises:
        UsageError: no such provider, or one whose options are missing.
    """
    if name == "sketch":
        return ProviderFacts("sketch", REALM_SKETCH, paid=False)
    return ProviderFacts("cloudflare", _need_cloudflare(name, cloudflare).base_url.realm, paid=True)


def open_provider(name: str, *, catalog: Catalog, cloudflare: CloudflareOptions | None = None) -> Provider:
    """An adapter, loaded and opened when it is first asked; it must be closed with `aclose`.

    Raises:
        UsageError: no such provider, or one whose options are missing.
    """
    facts = describe_provider(name, cloudflare=cloudflare)

    def open_adapter() -> Provider:
        if name == "sketch":
            from seedflow.providers.sketch import SketchProvider

            return SketchProvider(catalog)
        from seedflow.providers.cloudflare import CloudflareProvider

        return CloudflareProvider(_need_cloudflare(name, cloudflare))

    return UnopenedProvider(open_adapter, name=facts.name, realm=facts.realm, paid=facts.paid)


def open_uploader(options: UploadOptions, *, call_s: float) -> Uploader:
    """An uploader into a bucket, loaded now; it must be closed with `aclose`.

    Args:
        options: the bucket.
        call_s: how long a call may take that is given a link.

    Raises:
        UploadError: the library for it is not installed.
        UsageError: its links would die before such a call ends.
    """
    try:
        from seedflow.providers.s3 import S3Uploader
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "botocore":
            raise
        raise UploadError(
            "references are to be uploaded, and the library that signs for S3 is not installed",
            kind="no-library",
            help="install it: pip install 'seedflow[s3]'",
        ) from None
    needed_s = call_s + LINK_SPARE_S
    if options.link_lifetime_s < needed_s:
        raise UsageError(
            f"upload.link_lifetime_s is {options.link_lifetime_s:g} s, and a call may take {call_s:g} s "
            "(provider.timeouts.total_s): a link could die before the model fetches it",
            help=f"set upload.link_lifetime_s to {needed_s:g} or more",
        )
    return S3Uploader(options, needed_s=needed_s)


def _need_cloudflare(name: str, options: CloudflareOptions | None) -> CloudflareOptions:
    if name not in PROVIDERS:
        raise UsageError(f"there is no provider named {name!r}", help=f"use one of: {', '.join(PROVIDERS)}")
    if options is None:
        raise UsageError(
            "the provider `cloudflare` needs an account and a token",
            help="set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN",
        )
    return options
