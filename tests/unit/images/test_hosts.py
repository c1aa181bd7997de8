"""A host that nobody can look up is told before anybody is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.images.hosts import find_host_problem

LONG = "a" * 63


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com.",
        "a_b.example",
        "xn--bcher-kva.example",
        "bücher.example",
        f"{LONG}.example",
        ".".join([LONG] * 3 + ["a" * 61]),
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
    ],
)
def test_hosts_that_can_be_looked_up(host: str) -> None:
    assert find_host_problem(host) is None


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("a..b", "a dot with nothing"),
        (".a", "a dot with nothing"),
        ("..", "a dot with nothing"),
        (".", "a dot with nothing"),
        ("....", "a dot with nothing"),
        (f"{LONG}a.example", "more than 63"),
        ("a" * 300, "more than 253"),
        (".".join(["a" * 50] * 5), "more than 253"),
        ("ü" * 60, "characters that no name has"),
        ("\ud800.example", "characters that no name has"),
    ],
)
def test_hosts_that_nobody_can_look_up(host: str, said: str) -> None:
    assert said in (find_host_problem(host) or "")


@given(
    st.text(
        st.sampled_from("aB9-_.é\u3002\u200d\ud800") | st.characters(categories=["L", "N", "P"]), min_size=1
    )
)
def test_what_is_let_through_can_be_encoded_as_a_resolver_does(host: str) -> None:
    if find_host_problem(host) is None:
        host.encode("idna")
