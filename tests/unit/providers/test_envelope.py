"""Answers: tolerant of every known wrapping, strict about what counts as a success."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.errors import Billed, ProviderError, Retry
from seedflow.providers.envelope import parse_json, read_errors, read_result
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


@pytest.mark.parametrize(
    "raw",
    [
        b'{"success": true, "result": {"images": ["https://example.com/a.jpg"]}, "note": "\\ud800"}',
        b'{"\\uDFFF": 1, "success": true, "result": {"images": ["https://example.com/a.jpg"]}}',
        b'{"success": true, "state": "Completed", "error": "\\udc80\\ud800", "result": {"images": ["https://example.com/a.jpg"]}}',
    ],
)
def test_half_a_character_costs_nobody_the_rest_of_the_answer(raw: bytes):
    assert read(raw) == IMAGES


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (rb"\ud83e\udd8a", "\U0001f98a"),
        (rb"\ud83e", "\ufffd"),
        (rb"\udd8a\ud83e", "\ufffd\ufffd"),
        (rb"\ud83e\ud83e\udd8a", "\ufffd\U0001f98a"),
        (rb"\\ud83e", r"\ud83e"),
        (rb"\\\ud83e", "\\\ufffd"),
        (rb"\uD83E\n\uDD8A", "\ufffd\n\ufffd"),
        (rb"\"\ud83e\"", '"\ufffd"'),
    ],
)
def test_half_a_character_is_replaced_and_a_whole_one_is_not(written: bytes, text: str):
    assert parse_json(b'["' + written + b'"]') == [text]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"success": true, "result": ' + b"9" * 5000 + b"}",
        b'{"success": true, "result": ' + b'{"result":' * 5000 + b"1" + b"}" * 5001,
        b"[" * 100_000,
    ],
)
def test_what_no_reader_can_hold_is_unknown(raw: bytes):
    assert (fail(raw).kind, fail(raw).billed) == ("outcome-unknown", Billed.MAYBE)


@pytest.mark.parametrize("depth", [10, 300, 900])
def test_errors_that_are_nested_deeply_are_read_as_far_as_they_can_be(depth: int):
    nested = b"[" * depth + b'{"code": 3040, "message": "Capacity"}' + b"]" * depth
    assert fail(b'{"success": false, "errors": ' + nested + b"}").billed is Billed.MAYBE
    message = b"[" * depth + b"]" * depth
    assert (
        fail(b'{"success": false, "errors": [{"code": 5006, "message": ' + message + b"}]}").kind
        == "bad-request"
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"state": 5},
        {"state": None},
        {"state": {"is": "Completed"}},
        {"state": "COMPLETED"},
        {"errors": [{"code": 5006, "message": "bad"}]},
        {"error": "a note"},
        {"messages": "none"},
        {},
    ],
)
@pytest.mark.parametrize("success", [{"success": True}, {}])
def test_images_are_not_given_up_for_what_is_odd_beside_them(odd, success):
    """What does not say that it failed is fetched: a picture that is there was paid for, whatever stands beside it."""
    told_success = success or "result" in odd or not ({"errors", "error"} & odd.keys())
    if told_success:
        assert read({**success, **odd, "result": IMAGES}) == IMAGES
    else:
        assert fail({**success, **odd, "result": IMAGES}).billed is not Billed.YES
