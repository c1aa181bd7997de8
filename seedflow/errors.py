"""What can go wrong in the world: exceptions that carry facts, never advice hidden in text.

Problems in what the user wrote are diagnostics, not exceptions (see `seedflow.diagnostics`).
Anything that is neither is a bug and may surface as a traceback with its own exit code.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final


class ExitCode(IntEnum):
    """The process exit codes, a closed set documented in `docs/reference/cli.md`."""

    DONE = 0
    RECIPE_ERRORS = 1
    USAGE = 2
    FAILED_TASKS = 3
    STOPPED = 4
    WAITING = 5
    UNKNOWN_OUTCOME = 6
    BUG = 70
    INTERRUPTED = 130


class SeedflowError(Exception):
    """Base of every exception that a user's world can cause.

    Attributes:
        message: what was found and what was expected, one sentence, safe to print after `make_printable`.
        help: one thing to do about it, or None.
        exit_code: what the process should end with if nobody handles it.
    """

    exit_code: ExitCode = ExitCode.FAILED_TASKS

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help


UNREADABLE_ERRORS: Final = (
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
    TypeError,
    AttributeError,
)
"""What libraries raise about data that nobody vouches for: odd URLs and names, numbers out of range, texts that are none, nesting.

Nobody can list them all, and what was answered was paid for. So whoever reads an answer makes one of the errors below of
each of these, at the place where it is read, and the task ends as one whose answer cannot be used.
"""


class UsageError(SeedflowError):
    """A command line, setting or API call that cannot be carried out as given."""

    exit_code = ExitCode.USAGE


class Billed(StrEnum):
    """Whether a call that did not succeed may have cost money."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class Retry(StrEnum):
    """What may follow a call that did not succeed."""

    NEVER = "never"
    """The same request would fail again."""
    BACKOFF = "backoff"
    """Nothing was accepted; ask again after a wait."""
    CONSENT = "consent"
    """The outcome is unknown; only reconciliation or the user's consent allows another call."""
    STOP_RUN = "stop-run"
    """No call of this run can succeed: start nothing new."""


class ProviderError(SeedflowError):
    """A call to a provider that gave no usable answer.

    Attributes:
        kind: short kebab-case class for the ledger and events, e.g. `moderation`, `rate-limited`, `no-credit`.
        retry: what may follow.
        billed: whether it may have cost money.
        retry_after_s: seconds the server asked to wait, or None.
        status: HTTP status, or None when no answer came.
        code: the API's own error code, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        retry: Retry,
        billed: Billed,
        retry_after_s: float | None = None,
        status: int | None = None,
        code: int | str | None = None,
        help: str | None = None,  # noqa: A002 - the word users see
    ) -> None:
        super().__init__(message, help=help)
        self.kind = kind
        self.retry = retry
        self.billed = billed
        self.retry_after_s = retry_after_s
        self.status = status
        self.code = code


class DownloadError(SeedflowError):
    """An image of an answer that could not be fetched.

    Attributes:
        kind: short kebab-case class, e.g. `dead-url`, `refused-address`, `too-large`, `cut`.
        retryable: whether fetching the same URL again may succeed.
    """

    def __init__(self, message: str, *, kind: str, retryable: bool, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message, help=help)
        self.kind = kind
        self.retryable = retryable


class ImageError(SeedflowError):
    """Bytes that are not an image that we accept (`kind`: `not-an-image`, `too-large`, `cut`, `format`)."""

    def __init__(self, message: str, *, kind: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message, help=help)
        self.kind = kind


class StoreError(SeedflowError):
    """The state on disk cannot be read or written.

    Attributes:
        kind: `disk-full`, `read-only`, `io-error`, `busy`, `newer`, `older`, `damaged`, `missing`, `no-locks`, `unsafe`,
            `not-ours` or `sqlite`.
        unsaved: a raw answer that was paid for and could be kept nowhere, to be printed as the last resort.
        paid: whether what could not be written is an answer that was paid for.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        help: str | None = None,  # noqa: A002 - the word users see
        unsaved: bytes | None = None,
        paid: bool = False,
    ) -> None:
        super().__init__(message, help=help)
        self.kind = kind
        self.unsaved = unsaved
        self.paid = paid


class CatalogError(SeedflowError):
    """A card or a profile that cannot be used: our own data, so it is a bug and not the user's mistake."""

    exit_code = ExitCode.BUG


class BudgetError(SeedflowError):
    """A reservation that would pass a budget; nothing was sent."""

    exit_code = ExitCode.STOPPED
