"""Canonical forms are the same on every machine and in every version: literal values pin them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.canonical import build_key, build_slug, canonical_json, digest_bytes, digest_value


def test_canonical_json_sorts_keys_and_keeps_text() -> None:
    assert canonical_json({"b": 1, "a": ["ü", True, None]}) == '{"a":["ü",true,null],"b":1}'.encode()


def test_digests_are_pinned() -> None:
    assert digest_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_value("request/1", {"a": 1}) == (
        "request/1:6ebaba71b81e96a75bfeb86793930e3279ed512fb46f5ae05cec703474e05de7"
    )


def test_two_kinds_of_digest_never_meet() -> None:
    assert digest_value("request/1", 1).split(":")[1] != digest_value("params/1", 1).split(":")[1]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("asleep in a library", "asleep-in-a-library"),
        ("  asleep   in a library ", "asleep-in-a-library"),
        ("Winter", "Winter"),
        ("Kälte", "Kälte"),
        ("日本語", "日本語"),
        (3, "3"),
        (1.5, "1.5"),
        (1e3, "1000"),
        (5.0, "5"),
        (-0.0, "0"),
        ("5.0", "5.0"),
        (True, "true"),
        ("a_b-c", "a_b-c"),
    ],
)
def test_a_key_that_lost_nothing_but_spaces_is_its_slug(value: object, key: str) -> None:
    assert build_key(value) == key


@pytest.mark.parametrize("value", ["a, b", "!!!", "x" * 41, "-lead", "über/unter", "no. 5"])
def test_a_key_that_lost_anything_else_carries_a_digest(value: str) -> None:
    slug, _, digest = build_key(value).partition("~")
    assert len(slug) <= 40
    assert len(digest) == 6
    assert int(digest, 16) >= 0


@given(st.text(), st.text())
def test_different_texts_have_different_keys_unless_spaces_tell_them_apart(one: str, other: str) -> None:
    def spaceless(text: str) -> str:
        return "-".join(unicodedata.normalize("NFC", text).split())

    if spaceless(one) != spaceless(other):
        assert build_key(one) != build_key(other)


@given(st.text())
def test_a_slug_is_safe_in_a_path_and_an_address(text: str) -> None:
    slug, _ = build_slug(text)
    assert not set(slug) & set("/\\,[]= \t\n\0~")
    assert slug not in {".", ".."}
