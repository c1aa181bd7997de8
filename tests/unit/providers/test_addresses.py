"""Which addresses and spellings of URLs a picture may come from."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.providers.addresses import (
    Reach,
    RefusedAddressError,
    RefusedUrlError,
    check_address,
    check_url,
    is_loopback,
    is_public,
)

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "99.255.255.255",
    "100.128.0.0",
    "104.16.132.229",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::6810:84e5",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_not_public(text):
    assert not is_public(ipaddress.ip_address(text))
    with pytest.raises(RefusedAddressError):
        check_address(text, Reach.PUBLIC)


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text):
    assert is_public(ipaddress.ip_address(text))
    check_address(text, Reach.PUBLIC)
    with pytest.raises(RefusedAddressError):
        check_address(text, Reach.LOOPBACK)


@pytest.mark.parametrize("text", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback(text):
    assert is_loopback(ipaddress.ip_address(text))
    check_address(text, Reach.LOOPBACK)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1%1", "localhost", "", "8.8.8.8 "])
def test_what_is_not_a_plain_address_is_refused(text):
    with pytest.raises(RefusedAddressError):
        check_address(text, Reach.PUBLIC)


@given(st.ip_addresses())
def test_our_table_is_never_wider_than_the_standard_one_for_plain_addresses(address):
    """`is_global` lets too much through; nothing that it refuses may pass here, embedded addresses aside."""
    if is_public(address) and not address.is_global:
        assert address.version == 6
        assert address in ipaddress.ip_network("::ffff:0:0/96") or address in ipaddress.ip_network(
            "64:ff9b::/96"
        )


@given(st.ip_addresses(v=4))
def test_an_embedded_address_counts_as_itself(address):
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_public(ipaddress.ip_address(f"{prefix}{address}")) == is_public(address)
    assert not is_public(ipaddress.ip_address(f"::{address}"))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.com/a.jpg", "example.com", 443),
        ("HTTPS://Example.COM:8443/a?b=c", "example.com", 8443),
        ("https://example.com", "example.com", 443),
        ("https://example.com?x=%2F%7e&y=a+b'(|)&&=", "example.com", 443),
        ("https://a_b.example.com./x#frag", "a_b.example.com.", 443),
        ("https://8.8.8.8/a", "8.8.8.8", 443),
        ("https://[2606:4700::1]/a", "2606:4700::1", 443),
        ("https://1.example.com/", "1.example.com", 443),
    ],
)
def test_accepted_urls(url, host, port):
    target = check_url(url, loopback_http=False)
    assert (target.url, target.host, target.port, target.reach) == (url, host, port, Reach.PUBLIC)


REFUSED_ALWAYS = [
    "",
    "example.com/a.jpg",
    "//example.com/a.jpg",
    "ftp://example.com/a",
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
    "https:/example.com",
    "https:///a",
    "https://user@example.com/",
    "https://user:pw@example.com/",
    "https://127.0.0.1:6666\\@1.1.1.1/",
    "https://example.com\\.evil.com/",
    "https://exa mple.com/",
    "https://example.com/\n",
    "https://example.com/\x00",
    "https://exämple.com/",
    "https://①②⑦.⓪.⓪.①/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:/",
    "https://example.com:443x/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://8.8.8.8.8/",
    "https://8.8.8.256/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[nonsense]/",
    "https://[2606:4700::1/",
    "https://2606:4700::1/",
    "https://example.com%2f@evil.com/",
    "https://%65xample.com/",
]


@pytest.mark.parametrize("url", REFUSED_ALWAYS)
@pytest.mark.parametrize("loopback_http", [False, True])
def test_refused_urls(url, loopback_http):
    with pytest.raises(RefusedUrlError):
        check_url(url, loopback_http=loopback_http)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8787/a.jpg", "http://localhost/a", "http://[::1]:1/a", "http://name/a"]
)
def test_http_only_when_the_api_is_on_loopback_and_then_only_to_loopback(url):
    with pytest.raises(RefusedUrlError):
        check_url(url, loopback_http=False)
    assert check_url(url, loopback_http=True).reach is Reach.LOOPBACK


@pytest.mark.parametrize(
    "url",
    ["http://8.8.8.8/a", "http://10.0.0.1/a", "http://[2606:4700::1]/a", "http://0/a", "http://0x7f.1/"],
)
def test_http_to_another_machine_is_refused_by_its_spelling(url):
    with pytest.raises(RefusedUrlError):
        check_url(url, loopback_http=True)


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text):
    for url in (text, "https://" + text):
        try:
            target = check_url(url, loopback_http=True)
        except RefusedUrlError:
            continue
        assert target.url == url
        assert target.host
