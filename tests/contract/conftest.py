"""The providers that hold to one contract: the embedded one, and the one on the wire against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from seedflow.models.catalog import load_catalog
from seedflow.providers.base import Provider
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.registry import PROVIDERS, describe_provider, open_provider
from seedflow.providers.secrets import Secret

CATALOG = load_catalog()


@pytest.fixture(params=PROVIDERS)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    options = None
    if request.param == "cloudflare":
        emulator = request.getfixturevalue("emulator")
        options = CloudflareOptions(
            account_id=emulator.env["CLOUDFLARE_ACCOUNT_ID"],
            api_token=Secret(emulator.env["CLOUDFLARE_API_TOKEN"]),
            gateway=emulator.env["CLOUDFLARE_GATEWAY_ID"],
            base_url=parse_base_url(emulator.base_url),
        )
    found = open_provider(request.param, catalog=CATALOG, cloudflare=options)
    facts = describe_provider(request.param, cloudflare=options)
    assert (found.name, found.realm, found.paid) == (facts.name, facts.realm, facts.paid)
    yield found
    await found.aclose()
