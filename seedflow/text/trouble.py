"""Where and why libyaml got stuck in a text, and the few looks at the lines around it that explanations need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Source, Span

_LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where libyaml got stuck, in offsets into the text.

    Attributes:
        source: what spans refer to.
        text: the source's text as libyaml got it.
        problem: libyaml's words for what it found.
        context: libyaml's words for what it was reading.
        at: where the problem is.
        since: where that starts which it was reading.
        bracket: the innermost `[` or `{` that is open there, or None.
    """

    source: Source
    text: str
    problem: str
    context: str
    at: int
    since: int
    bracket: int | None

    @property
    def character(self) -> str:
        """What stands at the place; empty at the end of the text."""
        return self.text[self.at : self.at + 1]

    @property
    def before(self) -> str:
        """What stands before the place on its line."""
        return self.text[find_line_start(self.text, self.at) : self.at]

    @property
    def line_end(self) -> int:
        """Where the line of the place ends."""
        return find_line_end(self.text, self.at)

    def report(
        self, start: int, end: int, message: str, advice: str, *related: Related, code: str
    ) -> Diagnostic:
        """A diagnostic of this text."""
        return Diagnostic(code, message, self.span(start, end), help=advice, related=related)

    def span(self, start: int, end: int) -> Span:
        """A span of this text."""
        return Span(self.source, start, max(end, start))

    def says(self, *words: str) -> bool:
        """Whether libyaml's message holds one of these."""
        return any(word in self.problem for word in words)


def find_line_start(text: str, at: int) -> int:
    """Where the line of an offset starts."""
    return text.rfind("\n", 0, at) + 1


def find_line_end(text: str, at: int) -> int:
    """Where the line of an offset ends, without its line end and the spaces before it, but not before the offset."""
    end = text.find("\n", at)
    return at + len(text[at : end if end >= 0 else len(text)].rstrip())


def advise_quotes(written: str) -> str:
    """The help that shows a short text in quotes."""
    quote = "'" if '"' in written or "\\" in written else '"'
    if len(written) > _LONGEST_SHOWN or quote in written:
        return "put quotes around the text"
    return f"put quotes around the text: `{quote}{written}{quote}`"


def shorten(text: str) -> str:
    """A text as it is shown inside a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
