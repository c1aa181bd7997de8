"""Answers: tolerant of every known wrapping, strict about what counts as a success."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.errors import Billed, ProviderError, Retry
from seedflow.providers.envelope import read_errors, read_result
from seedflow.providers.failures import ApiError
from seedflow.providers.secrets import Quoter, Secret

IMAGES = {"images": ["https://example.com/a.jpg"]}
FULL = {
    "success": True,
    "errors": [],
    "messages": [],
    "result": {"state": "Completed", "gatewayMetadata": {"keySource": "Unified"}, "result": IMAGES},
}


def read(value: object) -> object:
    return read_result(value if isinstance(value, bytes) else json.dumps(value).encode(), Quoter())


def fail(value: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(value)
    return caught.value


@pytest.mark.parametrize(
    "value",
    [
        FULL,
        {"result": IMAGES},
        IMAGES,
        {"success": True, "result": IMAGES},
        {"success": True, "errors": None, "messages": None, "result": IMAGES},
        {"state": "Completed", "result": IMAGES},
        {"state": "completed", **IMAGES},
        {"success": True, "result": FULL},
        {"success": True, "result": json.dumps(FULL)},
        {"success": True, "errors": [{"code": 1, "message": "only a note"}], "result": IMAGES},
    ],
)
def test_wrappings(value):
    assert read(value) == IMAGES


def test_byte_order_mark_is_no_problem():
    assert read(b"\xef\xbb\xbf" + json.dumps(FULL).encode()) == IMAGES


@pytest.mark.parametrize(
    ("value", "kind", "billed"),
    [
        (
            {"success": False, "errors": [{"code": 5006, "message": "bad"}], "result": None},
            "bad-request",
            Billed.NO,
        ),
        ({"success": False, "error": [{"code": 3040, "message": "Capacity"}]}, "overloaded", Billed.NO),
        ({"success": False, "error": {"code": 2021, "message": "x"}}, "no-credit", Billed.NO),
        ({"success": False}, "generation-failed", Billed.MAYBE),
        ({"success": None, "result": IMAGES}, "generation-failed", Billed.MAYBE),
        ({"success": "true", "result": IMAGES}, "generation-failed", Billed.MAYBE),
        ({"error": "it broke"}, "generation-failed", Billed.MAYBE),
        ({"success": True, "result": {"state": "Failed"}}, "generation-failed", Billed.MAYBE),
        (
            {
                "success": True,
                "result": {"state": "Failed", "error": {"code": "X", "message": "AiError: 3040: Capacity"}},
            },
            "overloaded",
            Billed.NO,
        ),
        (
            {
                "success": True,
                "result": {
                    "state": "Failed",
                    "error": {"code": "E005", "message": "flagged"},
                    "result": None,
                },
            },
            "moderation",
            Billed.MAYBE,
        ),
        (
            {"success": True, "result": {"state": "Failed", "error": "boom", "result": IMAGES}},
            "generation-failed",
            Billed.MAYBE,
        ),
    ],
)
def test_answers_that_say_that_they_failed(value, kind, billed):
    error = fail(value)
    assert (error.kind, error.billed) == (kind, billed)
    assert error.retry is not Retry.CONSENT, "the outcome is known"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"   ",
        b"{",
        json.dumps(FULL).encode()[:-1],
        json.dumps(FULL).encode() * 2,
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"null",
        b"[]",
        b'"text"',
        {},
        {"success": True},
        {"success": True, "result": None},
        {"success": True, "result": []},
        {"success": True, "result": {}},
        {"success": True, "result": "not JSON"},
        {"success": True, "result": {"state": "Processing"}},
        {"success": True, "result": {"state": "Queued", "result": IMAGES}},
        b"<!doctype html><title>Just a moment...</title>",
    ],
)
def test_answers_that_cannot_be_read_are_unknown(value):
    error = fail(value)
    assert (error.kind, error.retry, error.billed, error.status) == (
        "outcome-unknown",
        Retry.CONSENT,
        Billed.MAYBE,
        200,
    )


def test_endless_wrapping_ends():
    value: object = IMAGES
    for _ in range(50):
        value = {"success": True, "result": value}
    assert fail(value).kind == "outcome-unknown"


def test_web_page_is_named_and_its_beginning_shown_safely():
    page = b"<html>\x1b[2J  <title>Checking\xe2\x80\xae your browser</title>" + b"x" * 5000
    error = fail(page)
    assert "web page" in error.message
    assert "Checking" in error.message
    assert "\x1b" not in error.message
    assert "\u202e" not in error.message
    assert len(error.message) < 400


def test_token_in_an_answer_is_hidden():
    with pytest.raises(ProviderError) as caught:
        read_result(b"you sent tok-12345678", Quoter(Secret("tok-12345678")))
    assert "tok-12345678" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"errors": [{"code": 1, "message": "a"}, {"code": "2", "message": "b"}]},
            (ApiError("a", 1), ApiError("b", 2)),
        ),
        ({"errors": {"code": 1, "message": "a"}}, (ApiError("a", 1),)),
        ({"error": [{"code": 2003, "message": "Rate limited"}]}, (ApiError("Rate limited", 2003),)),
        ({"error": {"code": 1.0, "message": {"deep": 1}}}, (ApiError('{"deep": 1}', "1.0"),)),
        ({"errors": ["a", ""], "error": "b"}, (ApiError("a"), ApiError("b"))),
        ({"errors": [{"code": True}]}, (ApiError("", None),)),
        (
            {"errors": [{"message": "AiError: AiError: 5006: wrong"}]},
            (ApiError("AiError: AiError: 5006: wrong", 5006),),
        ),
        ({"errors": None, "error": None}, ()),
        ({"result": {"error": "inner"}}, (ApiError("inner"),)),
        ([], ()),
        ("text", ()),
        (None, ()),
    ],
)
def test_errors_in_every_known_form(body, errors):
    assert read_errors(body) == errors


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["success", "errors", "error", "state", "result", "images", "code", "message", "messages"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_result_or_a_classified_failure(value):
    found: object = None
    with contextlib.suppress(ProviderError):
        found = read(value)
    assert found is None or (isinstance(found, dict) and found)


@given(st.binary(max_size=200))
def test_any_bytes_that_are_no_json_are_unknown(raw):
    assert fail(b"?" + raw).kind == "outcome-unknown"
