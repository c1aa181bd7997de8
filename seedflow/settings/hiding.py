"""Diagnostics show the line that they are about; in a settings file that line may hold a token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.settings.keys import looks_secret

_KEY: Final = re.compile(r"([\w-]+)[\"']?[ \t]*:[ \t]*")


def hide_secrets(
    diagnostics: Iterable[Diagnostic], source: Source, spans: Sequence[Span]
) -> list[Diagnostic]:
    """The diagnostics, about a text of the same shape in which every secret is made of asterisks.

    Args:
        diagnostics: those of one source.
        source: the text that they are about.
        spans: values that were found to be secret. Text that could not be read as YAML is searched by itself.
    """
    text = source.text
    for span in spans:
        text = text[: span.start] + _mask(text[span.start : span.end]) + text[span.end :]
    masked = Source(source.name, "\n".join(_mask_line(line) for line in text.split("\n")))
    return [_move(found, source, masked) for found in diagnostics]


def _mask_line(line: str) -> str:
    """A line whose key looks secret, masked behind that key."""
    for found in _KEY.finditer(line):
        if looks_secret(found[1]):
            return line[: found.end()] + _mask(line[found.end() :])
    return line


def _mask(text: str) -> str:
    return re.sub(r"[^\s]", "*", text)


def _move(found: Diagnostic, source: Source, masked: Source) -> Diagnostic:
    return replace(
        found,
        span=_move_span(found.span, source, masked),
        related=tuple(
            Related(_move_span(other.span, source, masked) or other.span, other.message)
            for other in found.related
        ),
    )


def _move_span(span: Span | None, source: Source, masked: Source) -> Span | None:
    return Span(masked, span.start, span.end) if span is not None and span.source is source else span
