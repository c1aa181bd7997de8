"""Providers by name: facts without opening anything, adapters only when they are opened."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from seedflow.errors import UsageError
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.registry import ProviderFacts, describe_provider, open_provider, open_uploader
from seedflow.providers.secrets import Secret
from seedflow.providers.upload import UploadError, UploadOptions, parse_endpoint

BUCKET = UploadOptions(parse_endpoint("https://s3.example"), "refs", "KEY", Secret("secret"))
OPTIONS = CloudflareOptions("account", Secret("token"))


def test_facts():
    emulated = CloudflareOptions("a", Secret("t"), base_url=parse_base_url("http://127.0.0.1:1/client/v4"))
    assert describe_provider("sketch") == ProviderFacts("sketch", "sketch", paid=False)
    assert describe_provider("cloudflare", cloudflare=OPTIONS) == ProviderFacts(
        "cloudflare", "cloudflare", paid=True
    )
    assert describe_provider("cloudflare", cloudflare=emulated).realm == "emulated"


@pytest.mark.parametrize("name", ["", "Cloudflare", "openai"])
def test_unknown_name(name):
    with pytest.raises(UsageError, match="no provider named"):
        describe_provider(name)


def test_cloudflare_without_an_account():
    with pytest.raises(UsageError) as caught:
        describe_provider("cloudflare")
    assert "CLOUDFLARE_ACCOUNT_ID" in (caught.value.help or "")


async def test_opened_provider_matches_its_facts():
    provider = open_provider("cloudflare", catalog=None, cloudflare=OPTIONS)  # type: ignore[arg-type] - not looked at
    facts = describe_provider("cloudflare", cloudflare=OPTIONS)
    assert (provider.name, provider.realm, provider.paid) == (facts.name, facts.realm, facts.paid)
    await provider.aclose()


def test_facts_load_no_client():
    """Planning is quick because it never waits for an HTTP library."""
    code = (
        "import sys; from seedflow.providers.registry import describe_provider; describe_provider('sketch');"
        "print([name for name in ('httpx', 'aiohttp', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_library_an_upload_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    for name in ("seedflow.providers.s3", "seedflow.providers.s3_signing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(UploadError) as caught:
        open_uploader(BUCKET, call_s=900.0)
    assert caught.value.kind == "no-library"
    assert "seedflow[s3]" in (caught.value.help or "")


def test_links_that_would_die_before_a_call_ends_are_refused():
    with pytest.raises(UsageError, match="a link could die") as caught:
        open_uploader(replace(BUCKET, link_lifetime_s=900.0), call_s=900.0)
    assert "960" in (caught.value.help or "")
