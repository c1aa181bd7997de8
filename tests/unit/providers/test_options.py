"""The base URL: where the token may go, and which realm its results belong to."""

from __future__ import annotations

import pytest

from seedflow.providers.options import DEFAULT_BASE_URL, is_loopback_host, parse_base_url


@pytest.mark.parametrize(
    ("text", "realm", "encrypted"),
    [
        (DEFAULT_BASE_URL, "cloudflare", True),
        (DEFAULT_BASE_URL + "/", "cloudflare", True),
        ("http://127.0.0.1:8787/client/v4", "emulated", False),
        ("http://127.0.0.1:9/client/v4/", "emulated", False),
        ("http://localhost/client/v4", "emulated", False),
        ("http://[::1]:80/client/v4", "emulated", False),
        ("https://127.0.0.1:4433/client/v4", "emulated", True),
        ("https://gateway.example.com/api/client/v4", "gateway.example.com", True),
        ("https://api.cloudflare.com:8443/client/v4", "api.cloudflare.com", True),
    ],
)
def test_realms(text, realm, encrypted):
    found = parse_base_url(text)
    assert (found.realm, found.encrypted) == (realm, encrypted)
    assert not found.url.endswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.cloudflare.com/client/v4",
        "ftp://127.0.0.1/client/v4",
        "file:///client/v4",
        "http://api.cloudflare.com/client/v4",
        "http://127.0.0.1.example.com/client/v4",
        "http://10.0.0.1/client/v4",
        "http://0.0.0.0/client/v4",
        "http://2130706433/client/v4",
        "https://api.cloudflare.com",
        "https://api.cloudflare.com/client/v5",
        "https://user:pass@api.cloudflare.com/client/v4",
        "http://127.0.0.1@evil.example/client/v4",
        "http://evil.example\\@127.0.0.1/client/v4",
        "https://api.cloudflare.com/client/v4?x=/client/v4",
        "https://api.cloudflare.com/#/client/v4",
        "https://api.cloudflare.com:99999/client/v4",
        "https://api.cloud flare.com/client/v4",
        "https:///client/v4",
        "https://a..b/client/v4",
        "https://.a/client/v4",
        f"https://{'a' * 80}.example/client/v4",
        f"https://{'a' * 300}/client/v4",
        "https://a%b/client/v4",
        'https://a"b/client/v4',
        "https://[::1/client/v4",
        "https://[::zz]/client/v4",
        "https://[::1]x/client/v4",
        "https://example.com:0/client/v4",
        f"https://example.com/{'a' * 3000}/client/v4",
    ],
)
def test_refused(text):
    with pytest.raises(ValueError, match=r"^(its? |http)"):
        parse_base_url(text)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host):
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "::", "0.0.0.0", "example.com"]
)
def test_not_loopback(host):
    assert not is_loopback_host(host)
