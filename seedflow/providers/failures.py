"""What a refusal of the API means: one table, read from top to bottom, first match wins.

Rows come from the API's documentation and from answers recorded by others (`docs/reference/failures.md` shows them).
What no row knows is judged by its status alone, always on the side of "may have cost money".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from seedflow.errors import Billed, ProviderError, Retry
from seedflow.providers.secrets import Quoter


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error as the API words it; `code` is a number, or a word from the upstream."""

    message: str
    code: int | str | None = None


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One row: a failure whose status is in `statuses` and, where given, that has one of the codes or the wording.

    Attributes:
        kind: the class for ledger and events.
        meaning: how a message names it.
        statuses: HTTP statuses; 200 stands for an answer that says by itself that it failed.
        codes: API codes; with `wording`, either is enough.
        wording: searched in codes and messages.
        also: further wording that must be found.
        unless: wording that excludes the row.
        wait_s: to wait when the server names no time.
        help: one thing to do.
    """

    kind: str
    meaning: str
    statuses: frozenset[int]
    retry: Retry
    billed: Billed
    codes: frozenset[int] = frozenset()
    wording: re.Pattern[str] | None = None
    also: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    wait_s: float | None = None
    help: str | None = None

    def matches(self, status: int, errors: Sequence[ApiError]) -> bool:
        """Whether this row speaks of that failure."""
        if status not in self.statuses:
            return False
        if not self.codes and self.wording is None:
            return True
        said = " ".join(f"{error.code} {error.message}" for error in errors)
        if (self.unless is not None and self.unless.search(said)) or (
            self.also is not None and not self.also.search(said)
        ):
            return False
        if any(error.code in self.codes for error in errors):
            return True
        return self.wording is not None and self.wording.search(said) is not None


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_REFUSED: Final = frozenset(range(400, 500)) - {408, 499}
_FAILED: Final = frozenset({200})
_MODERATED: Final = _FAILED | {400, 403, 409, 422, 424, 451, 500, 502, 503}
_MODERATION: Final = _words(
    r"SensitiveContent|RiskDetection|sensitive information|\bE005\b|flagged as sensitive|\bNSFW\b"
)
_OUTPUT: Final = _words(r"Output(?:Image|Video|Text)?(?:Sensitive|Risk)|\boutput\b|generated image")
_INPUT: Final = _words(r"Input(?:Image|Text)?(?:Sensitive|Risk)|\binput\b|\bprompt\b")

_UNKNOWN: Final = FailureRow(
    "outcome-unknown",
    "nobody can say whether the request was carried out",
    frozenset({200, *range(400, 600)}),
    Retry.CONSENT,
    Billed.MAYBE,
    codes=frozenset({3007, 3008}),
    help="run again to look it up in the gateway's log; `--on-unknown retry` asks once more and may pay twice",
)

TABLE: Final = (
    _UNKNOWN,
    FailureRow(
        "bad-token",
        "the token was not accepted",
        frozenset({401}),
        Retry.STOP_RUN,
        Billed.NO,
        help="check CLOUDFLARE_API_TOKEN: it needs the permission AI Gateway for the account in CLOUDFLARE_ACCOUNT_ID",
    ),
    FailureRow(
        "no-credit",
        "the account has no credit",
        frozenset({402}),
        Retry.STOP_RUN,
        Billed.NO,
        help="load credit in the Cloudflare dashboard under AI Gateway, then run again",
    ),
    FailureRow(
        "no-credit",
        "the account has no credit",
        _REFUSED | _FAILED,
        Retry.STOP_RUN,
        Billed.NO,
        codes=frozenset({2021}),
        wording=_words(r"insufficient (?:credit|balance|funds)"),
        help="load credit in the Cloudflare dashboard under AI Gateway, then run again",
    ),
    FailureRow(
        "spend-limit",
        "a spending limit of the account is used up",
        _FAILED | {400, 403, 429},
        Retry.STOP_RUN,
        Billed.NO,
        codes=frozenset({3036, 4006}),
        wording=_words(
            r"spend(?:ing)?[ _-]?(?:limit|cap)|budget (?:is |was |has been )?(?:exceeded|used up)|daily free allocation"
        ),
        help="raise the limit in the Cloudflare dashboard or wait until it is renewed, then run again",
    ),
    FailureRow(
        "api-blocked",
        "the whole API is blocked for this token after 1,200 requests in 5 minutes",
        frozenset({429}),
        Retry.BACKOFF,
        Billed.NO,
        codes=frozenset({971}),
        wording=_words(r"1,?200 requests|throttling your request speed"),
        wait_s=300.0,
        help="lower `concurrency` under `provider` in seedflow.yaml",
    ),
    FailureRow(
        "overloaded",
        "the model has no capacity at the moment",
        frozenset({429, 503}),
        Retry.BACKOFF,
        Billed.NO,
        codes=frozenset({3040}),
        wording=_words(
            r"not accepted|overloaded|capacity|no more data centers|\b[RI]PM\b|(?:requests|images) per minute"
            r"|was not (?:processed|started)"
        ),
    ),
    FailureRow(
        "overloaded",
        "the model has no capacity at the moment",
        _FAILED,
        Retry.BACKOFF,
        Billed.NO,
        codes=frozenset({3040}),
    ),
    FailureRow(
        "rate-limited",
        "the gateway's limit of requests is reached",
        frozenset({429}),
        Retry.BACKOFF,
        Billed.NO,
        codes=frozenset({2003}),
        wording=_words(r"\brate[ -]?limit|200 requests"),
        wait_s=60.0,
        help="lower `concurrency` under `provider` in seedflow.yaml",
    ),
    FailureRow("rate-limited", "too many requests at once", frozenset({429}), Retry.BACKOFF, Billed.NO),
    FailureRow(
        "moderation-output",
        "the picture that the model made was blocked",
        _MODERATED,
        Retry.BACKOFF,
        Billed.MAYBE,
        wording=_MODERATION,
        also=_OUTPUT,
        unless=_INPUT,
        help="change the prompt; `--on-unknown retry` asks for the same once more and may pay twice",
    ),
    FailureRow(
        "moderation",
        "the prompt or a reference was blocked",
        _MODERATED,
        Retry.NEVER,
        Billed.MAYBE,
        wording=_MODERATION,
        help="change the prompt or the reference",
    ),
    FailureRow(
        "unknown-model",
        "there is no such model",
        frozenset({200, 400, 404}),
        Retry.NEVER,
        Billed.NO,
        codes=frozenset({3042, 5007}),
        wording=_words(r"no such model"),
        help="check `model:`; `seedflow doctor` shows the models that are known",
    ),
    FailureRow(
        "unknown-account",
        "there is no such account or route",
        frozenset({400, 404}),
        Retry.STOP_RUN,
        Billed.NO,
        codes=frozenset({7000, 7003}),
        help="check CLOUDFLARE_ACCOUNT_ID, and SEEDFLOW_CLOUDFLARE_BASE_URL if it is set",
    ),
    FailureRow(
        "bad-request",
        "the request was not accepted",
        frozenset({200, 400, 422}),
        Retry.NEVER,
        Billed.NO,
        codes=frozenset({3003, 5004, 5005, 5006}),
        help="compare the parameters with the model's card",
    ),
    FailureRow(
        "bad-request",
        "the request was not accepted",
        frozenset({400, 422}),
        Retry.NEVER,
        Billed.NO,
        help="compare the parameters with the model's card",
    ),
    FailureRow(
        "forbidden",
        "this account may not use the model",
        frozenset({403}),
        Retry.NEVER,
        Billed.NO,
        codes=frozenset({3023, 3041, 5016, 5018}),
        help="open the model's page in the Cloudflare dashboard with the account in CLOUDFLARE_ACCOUNT_ID",
    ),
    FailureRow(
        "forbidden",
        "the token may not do this",
        frozenset({403}),
        Retry.STOP_RUN,
        Billed.NO,
        codes=frozenset({9109, 10000}),
        help="check that CLOUDFLARE_API_TOKEN has the permission AI Gateway for the account in CLOUDFLARE_ACCOUNT_ID",
    ),
    FailureRow(
        "forbidden",
        "the request was forbidden",
        frozenset({403}),
        Retry.NEVER,
        Billed.NO,
        help="compare it with others that are allowed; if none is, check CLOUDFLARE_API_TOKEN and its permissions",
    ),
    FailureRow(
        "not-found",
        "the API does not know this address",
        frozenset({404}),
        Retry.NEVER,
        Billed.NO,
        help="check CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_GATEWAY_ID, and SEEDFLOW_CLOUDFLARE_BASE_URL if it is set",
    ),
    FailureRow(
        "too-large",
        "the request is too large",
        frozenset({413}),
        Retry.NEVER,
        Billed.NO,
        help="use fewer or smaller references",
    ),
    FailureRow(
        "refused",
        "the request was refused",
        _REFUSED,
        Retry.NEVER,
        Billed.NO,
    ),
    FailureRow(
        "redirected",
        "the API sent us elsewhere, and we do not follow",
        frozenset({301, 307, 308}),
        Retry.STOP_RUN,
        Billed.NO,
        help="check SEEDFLOW_CLOUDFLARE_BASE_URL, and that no portal stands between you and the network",
    ),
    FailureRow(
        "generation-failed",
        "the model gave no picture",
        _FAILED,
        Retry.NEVER,
        Billed.MAYBE,
        help="`--on-unknown retry` asks once more and may pay twice; look into the gateway's log to see whether it cost something",
    ),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server said: `status` 200 means that an answer arrived and says that it failed."""

    status: int
    errors: tuple[ApiError, ...] = ()
    text: str = field(default="", repr=False)
    retry_after_s: float | None = None


def find_row(status: int, errors: Sequence[ApiError]) -> FailureRow:
    """The row of the table for a failure; `outcome-unknown` when none says that it is settled."""
    return next((row for row in TABLE if row.matches(status, errors)), _UNKNOWN)


def build_failure(refusal: Refusal, quoter: Quoter) -> ProviderError:
    """The error for a refusal, its wording quoted safely."""
    row = find_row(refusal.status, refusal.errors)
    code = next((error.code for error in refusal.errors if error.code is not None), None)
    said = "; ".join(error.message for error in refusal.errors if error.message) or refusal.text
    shown = [f"HTTP {refusal.status}"] if refusal.status != 200 else []
    shown += [f"code {quoter.quote(str(code), 40)}"] if code is not None else []
    where = f" ({', '.join(shown)})" if shown else ""
    quoted = quoter.quote(said)
    wait_s = refusal.retry_after_s if refusal.retry_after_s is not None else row.wait_s
    return ProviderError(
        f"Cloudflare: {row.meaning}{where}" + (f": {quoted}" if quoted else ""),
        kind=row.kind,
        retry=row.retry,
        billed=row.billed,
        retry_after_s=wait_s if row.retry is Retry.BACKOFF else None,
        status=refusal.status,
        code=code if isinstance(code, int) else quoter.quote(code, 80) if code is not None else None,
        help=row.help,
    )


def build_unknown(message: str, *, status: int | None = None) -> ProviderError:
    """The error for a call that was sent and whose outcome nobody can tell from here."""
    return ProviderError(
        message,
        kind=_UNKNOWN.kind,
        retry=_UNKNOWN.retry,
        billed=_UNKNOWN.billed,
        status=status,
        help=_UNKNOWN.help,
    )


def build_not_sent(message: str, *, help: str | None = None) -> ProviderError:  # noqa: A002 - the word users see
    """The error for a call of which not a byte was sent."""
    return ProviderError(message, kind="not-sent", retry=Retry.BACKOFF, billed=Billed.NO, help=help)
