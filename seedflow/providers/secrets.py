"""What must never be shown: the holder of a token, and the cleaning of foreign text before it is quoted."""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final
from urllib.parse import quote, quote_plus

from seedflow.diagnostics.printable import make_printable

HIDDEN: Final = "********"
QUOTE_MAX_CHARACTERS: Final = 200

_BEARER = re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{16,}")
_SIGNED = re.compile(r"(?i)\b(x-amz-(?:signature|credential|security-token)=)[^&\s\"'<>]+")
_SPACE = re.compile(r"\s+")


class Secret:
    """A token. Printing, formatting, copying into an f-string or pickling it never shows it; `reveal` does."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The token itself, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")


class Quoter:
    """Makes text that a server sent fit for a message: secrets hidden first, then printable, then short."""

    __slots__ = ("_hidden",)

    def __init__(self, *secrets: Secret) -> None:
        forms = {form for secret in secrets for form in _forms(secret.reveal())}
        self._hidden = tuple(sorted(forms, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """The text with every form of every secret, anything after `Bearer`, and what opens a signed link, replaced."""
        for form in self._hidden:
            text = text.replace(form, HIDDEN)
        return _SIGNED.sub(rf"\1{HIDDEN}", _BEARER.sub(rf"\1 {HIDDEN}", text))

    def quote(self, text: str, limit: int = QUOTE_MAX_CHARACTERS) -> str:
        """One line of at most `limit` characters that is safe to print."""
        clean = make_printable(_SPACE.sub(" ", self.redact(text)).strip()[: limit + 1])
        return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _forms(value: str) -> set[str]:
    """A secret as it is, URL-encoded, and in base64 (with the padding that depends on what follows cut off)."""
    if not value:
        return set()
    data = value.encode()
    plain = base64.b64encode(data).decode()
    forms = {value, quote(value, safe=""), quote_plus(value), plain, base64.urlsafe_b64encode(data).decode()}
    return forms | {plain.rstrip("=")}
