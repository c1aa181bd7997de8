"""Diagnostics show the line that they are about; in a settings file that line may hold a token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.settings.keys import looks_secret

_KEY: Final = re.compile(r"([\w-]+)[\"']?[ \t]*:[ \t]*")
_WORD: Final = re.compile(r"[^\s,:;\[\]{}'\"*]{6,}")
"""What a message may quote of a secret; shorter pieces are words of messages too."""


def hide_secrets(
    diagnostics: Iterable[Diagnostic], source: Source, spans: Sequence[Span]
) -> list[Diagnostic]:
    """The diagnostics, about a text of the same shape in which every secret is made of asterisks.

    Args:
        diagnostics: those of one source.
        source: the text that they are about.
        spans: values that were found to be secret. Text that could not be read as YAML is searched by itself.
    """
    hidden: list[str] = []
    text = source.text
    for span in spans:
        hidden.append(text[span.start : span.end])
        text = text[: span.start] + _mask(text[span.start : span.end]) + text[span.end :]
    lines = text.split("\n")
    for at, line in enumerate(lines):
        start = _find_secret(line)
        hidden.append(line[start:])
        lines[at] = line[:start] + _mask(line[start:])
    hider = _Hider(source, Source(source.name, "\n".join(lines)), hidden)
    return [hider.hide(found) for found in diagnostics]


class _Hider:
    """Moves diagnostics over to the masked text, and masks what they quote of it."""

    def __init__(self, source: Source, masked: Source, hidden: Iterable[str]) -> None:
        self._source = source
        self._masked = masked
        words = {word for text in hidden for word in _WORD.findall(text)}
        self._words = sorted(words, key=len, reverse=True)

    def hide(self, found: Diagnostic) -> Diagnostic:
        related = tuple(
            Related(self._move(other.span), self._clean(other.message)) for other in found.related
        )
        return replace(
            found,
            message=self._clean(found.message),
            help=None if found.help is None else self._clean(found.help),
            span=None if found.span is None else self._move(found.span),
            related=related,
        )

    def _move(self, span: Span) -> Span:
        return Span(self._masked, span.start, span.end) if span.source is self._source else span

    def _clean(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, _mask(word))
        return text


def _find_secret(line: str) -> int:
    """Where the value of a key that looks secret starts in a line; the line's end if there is none."""
    return next((found.end() for found in _KEY.finditer(line) if looks_secret(found[1])), len(line))


def _mask(text: str) -> str:
    return re.sub(r"[^\s]", "*", text)
