"""Every row of the table of failures: what was seen, what may follow, and whether it may have cost money."""

from __future__ import annotations

import pytest

from seedflow.errors import Billed, Retry
from seedflow.providers.failures import TABLE, ApiError, Refusal, build_failure, find_row
from seedflow.providers.secrets import Quoter

NEVER, BACKOFF, CONSENT, STOP = Retry.NEVER, Retry.BACKOFF, Retry.CONSENT, Retry.STOP_RUN
NO, MAYBE = Billed.NO, Billed.MAYBE

# status, code, message -> kind, retry, billed
CASES = [
    (400, 5004, "Invalid data type for base64 input", "bad-request", NEVER, NO),
    (400, 5006, "AiError: Bad input: prompt is required", "bad-request", NEVER, NO),
    (400, 7000, "No such model x/y or task", "unknown-model", NEVER, NO),
    (400, 5007, "No such model x or task", "unknown-model", NEVER, NO),
    (400, 7000, "No route for that URI", "unknown-account", STOP, NO),
    (400, None, "", "bad-request", NEVER, NO),
    (422, None, "unprocessable", "bad-request", NEVER, NO),
    (401, 10000, "Authentication error", "bad-token", STOP, NO),
    (403, 5016, "User has not agreed", "forbidden", NEVER, NO),
    (403, 5018, "The account is not allowed", "forbidden", NEVER, NO),
    (403, 3023, "Service unavailable for account", "forbidden", NEVER, NO),
    (403, 3041, "The account is not allowed", "forbidden", NEVER, NO),
    (403, 10000, "Authentication error", "forbidden", STOP, NO),
    (403, None, "<html>blocked by a rule</html>", "forbidden", NEVER, NO),
    (403, 9109, "Unauthorized to access requested resource", "forbidden", STOP, NO),
    (404, 7003, "Could not route to /accounts/x", "unknown-account", STOP, NO),
    (404, 3042, "The model name is invalid", "unknown-model", NEVER, NO),
    (404, None, "", "not-found", NEVER, NO),
    (413, 3006, "Request is too large", "too-large", NEVER, NO),
    (405, 7001, "Method not available", "refused", NEVER, NO),
    (418, None, "", "refused", NEVER, NO),
    (402, 2021, "Insufficient credits", "no-credit", STOP, NO),
    (402, None, "", "no-credit", STOP, NO),
    (400, 2021, "x", "no-credit", STOP, NO),
    (403, None, "Insufficient balance", "no-credit", STOP, NO),
    (429, 3040, "Capacity temporarily exceeded, please try again.", "overloaded", BACKOFF, NO),
    (429, None, "The upstream is overloaded", "overloaded", BACKOFF, NO),
    (429, "RateLimitExceeded", "RPM limit of the model is exceeded", "overloaded", BACKOFF, NO),
    (429, None, "exceeded your IPM limit", "overloaded", BACKOFF, NO),
    (429, 2003, "Rate limited", "rate-limited", BACKOFF, NO),
    (429, None, "200 requests per 60 s", "rate-limited", BACKOFF, NO),
    (429, None, "", "rate-limited", BACKOFF, NO),
    (429, 971, "Please wait and consider throttling your request speed", "api-blocked", BACKOFF, NO),
    (429, None, "More than 1200 requests per 300 seconds reached.", "api-blocked", BACKOFF, NO),
    (429, 3036, "You have used up your daily free allocation of 10,000 neurons", "spend-limit", STOP, NO),
    (429, None, "Spending limit reached for this gateway", "spend-limit", STOP, NO),
    (403, None, "spend limit exceeded", "spend-limit", STOP, NO),
    (200, 4006, "you have used up your daily free allocation", "spend-limit", STOP, NO),
    (408, 3007, "Request timeout", "outcome-unknown", CONSENT, MAYBE),
    (408, 3008, "Request was aborted", "outcome-unknown", CONSENT, MAYBE),
    (400, 3007, "Request timeout", "outcome-unknown", CONSENT, MAYBE),
    (200, 3008, "Request was aborted", "outcome-unknown", CONSENT, MAYBE),
    *(
        (status, None, "", "outcome-unknown", CONSENT, MAYBE)
        for status in (408, 499, 500, 501, 502, 503, 504, 505)
    ),
    *((status, None, "", "outcome-unknown", CONSENT, MAYBE) for status in range(520, 531)),
    (500, 3040, "Capacity temporarily exceeded", "outcome-unknown", CONSENT, MAYBE),
    (502, None, "overloaded", "outcome-unknown", CONSENT, MAYBE),
    (503, None, "Service Unavailable", "outcome-unknown", CONSENT, MAYBE),
    (503, None, "The request was not accepted: overloaded", "overloaded", BACKOFF, NO),
    (503, 3040, "Capacity temporarily exceeded", "overloaded", BACKOFF, NO),
    (200, 3040, "Capacity temporarily exceeded", "overloaded", BACKOFF, NO),
    (200, None, "GPU capacity", "generation-failed", NEVER, MAYBE),
    (200, "InternalError", "The model failed", "generation-failed", NEVER, MAYBE),
    (200, None, "", "generation-failed", NEVER, MAYBE),
    (200, 5006, "Bad input", "bad-request", NEVER, NO),
    (200, 5007, "No such model", "unknown-model", NEVER, NO),
    (200, 2021, "x", "no-credit", STOP, NO),
    *(
        (status, None, "", "outcome-unknown", CONSENT, MAYBE)
        for status in (201, 202, 204, 302, 303, 304, 999)
    ),
    *((status, None, "", "redirected", STOP, NO) for status in (301, 307, 308)),
    (
        400,
        5006,
        "AiError: InputTextSensitiveContentDetected: the input text may contain …",
        "moderation",
        NEVER,
        MAYBE,
    ),
    (400, "InputImageRiskDetection", "blocked", "moderation", NEVER, MAYBE),
    (400, None, "The input or output was flagged as sensitive. (E005)", "moderation", NEVER, MAYBE),
    (200, None, "NSFW content detected", "moderation", NEVER, MAYBE),
    (500, None, "the text may contain sensitive information", "moderation", NEVER, MAYBE),
    (
        400,
        "OutputImageSensitiveContentDetected",
        "the output image may contain …",
        "moderation-output",
        BACKOFF,
        MAYBE,
    ),
    (200, None, "The output was flagged as sensitive", "moderation-output", BACKOFF, MAYBE),
    (200, None, "the generated image may contain sensitive information", "moderation-output", BACKOFF, MAYBE),
]


@pytest.mark.parametrize(("status", "code", "message", "kind", "retry", "billed"), CASES)
def test_each_failure_is_classified(status, code, message, kind, retry, billed):
    errors = (ApiError(message, code),) if code is not None or message else ()
    error = build_failure(Refusal(status, errors), Quoter())
    assert (error.kind, error.retry, error.billed) == (kind, retry, billed)
    assert (error.status, error.code) == (status, code)


def test_every_row_is_reached():
    reached = {id(find_row(status, (ApiError(message, code),))) for status, code, message, *_ in CASES}
    assert [row.kind for row in TABLE if id(row) not in reached] == []


def test_whatever_the_status_nothing_is_called_unbilled_without_a_row():
    """Only statuses that refuse, and answers that say so, may be `billed: no`."""
    for status in range(100, 1000):
        if find_row(status, ()).billed is NO:
            assert status in {301, 307, 308} or (400 <= status < 500 and status not in {408, 499}), status


def test_several_errors_are_all_looked_at():
    errors = (ApiError("something"), ApiError("Capacity temporarily exceeded", 3040))
    error = build_failure(Refusal(429, errors), Quoter())
    assert (error.kind, error.code) == ("overloaded", 3040)


def test_message_names_status_code_and_wording():
    error = build_failure(Refusal(400, (ApiError("Bad input: prompt", 5006),)), Quoter())
    assert (
        error.message == "Cloudflare: the request was not accepted (HTTP 400, code 5006): Bad input: prompt"
    )


def test_text_that_is_not_json_is_quoted():
    error = build_failure(Refusal(502, (), "<html>Bad \x1b[31m gateway"), Quoter())
    assert "<html>Bad" in error.message
    assert "\x1b" not in error.message


def test_plain_text_of_a_503_does_not_prove_that_it_was_not_accepted():
    assert build_failure(Refusal(503, (), "overloaded, not accepted"), Quoter()).billed is MAYBE


@pytest.mark.parametrize(
    ("status", "variable"),
    [(401, "CLOUDFLARE_API_TOKEN"), (403, "CLOUDFLARE_API_TOKEN"), (404, "CLOUDFLARE_ACCOUNT_ID")],
)
def test_help_names_the_variable_to_check(status, variable):
    assert variable in (build_failure(Refusal(status), Quoter()).help or "")


def test_server_names_the_wait():
    assert build_failure(Refusal(429, (), "", 12.0), Quoter()).retry_after_s == 12.0


@pytest.mark.parametrize(
    ("message", "wait_s"),
    [("Rate limited", 60.0), ("More than 1200 requests", 300.0), ("overloaded", None), ("", None)],
)
def test_wait_when_the_server_names_none(message, wait_s):
    assert build_failure(Refusal(429, (ApiError(message),)), Quoter()).retry_after_s == wait_s


def test_a_wait_is_only_told_where_waiting_helps():
    assert build_failure(Refusal(402, (), "", 12.0), Quoter()).retry_after_s is None


@pytest.mark.parametrize("row", [row for row in TABLE if row.billed is MAYBE], ids=lambda row: row.kind)
def test_nobody_is_told_to_just_run_again_where_that_asks_only_with_consent(row) -> None:
    """What may have been billed is not asked again by itself, so that this advice would lead nowhere."""
    assert row.help is not None
    assert "run again to ask" not in row.help
    assert "--on-unknown retry" in row.help or row.retry is NEVER, row.help
