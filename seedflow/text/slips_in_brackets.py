"""Slips inside of `{…}` and `[…]`: a colon or a `#` in a text without quotes, and a comma that lacks at the end of a line.

Each `explain_` recognises one of them, or gives None. Where a text without quotes ends between brackets is known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Diagnostic, Related
from seedflow.text.trouble import Trouble, advise_quotes, find_line_end, find_line_start, shorten

_TOKEN: Final = re.compile(
    r"(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'[^']*')|(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])"
    r"|(?P<comma>,)|(?P<colon>:(?=[\s,\[\]{}]|\Z)|(?<=[\"']):)|(?P<space>\s+)"
    r"|(?P<text>(?:(?!:(?:[\s,\[\]{}]|\Z))[^\s,\[\]{}])+(?:[ \t]+(?:(?!:(?:[\s,\[\]{}]|\Z))[^\s,\[\]{}#])(?:(?!:(?:[\s,\[\]{}]|\Z))[^\s,\[\]{}])*)*)",
    re.DOTALL,
)
_TEXT: Final = re.compile(r"(?:\{\{[^\n]*?\}\}|[^\s,\[\]{}]|[ \t]+(?!#))*")
_KEY: Final = re.compile(r"(?:[^\s,\[\]{}:]|:(?![\s,\[\]{}]|\Z)|[ \t]+(?!#))*")
_ENDS_TEXT: Final = re.compile(r"[,\[\]{}]")
_BEGINS_BRACKET: Final = re.compile(r"(?:\A|[:\-,\[{?])[ \t]*[\[{]")
_CLOSINGS: Final = {"[": "]", "{": "}"}


@dataclass(slots=True)
class _Scan:
    """What stands in a bracket up to some place.

    Attributes:
        item: where the last item begins, behind its comma or the bracket itself.
        colon: where the colon stands that ends the key of that item, or None.
        comments: the comments on the way, each with the item and the colon before it.
        closed: where the bracket is closed, or None.
    """

    item: int
    colon: int | None
    comments: list[tuple[int, int, int | None]]
    closed: int | None


def explain_comment_in_brackets(trouble: Trouble) -> Diagnostic | None:
    """A `#` behind a space, which takes the rest of the line away, and with it what would have closed the bracket."""
    bracket = _find_bracket(trouble)
    if bracket is None or _goes_on(trouble, bracket):
        return None
    text = trouble.text
    opening = text[bracket]
    closing = _CLOSINGS[opening]
    for start, item, colon in _scan(text, bracket, trouble.at).comments:
        end = find_line_end(text, start)
        if not text[find_line_start(text, start) : start].strip():
            continue
        behind = text[start + 1 : end].replace("#", " ")
        if _scan(behind, 0, len(behind), depth=1).closed is None:
            continue
        shown = shorten(trouble.source.text[start:end])
        message = f"`{shown}` is a comment to YAML, so the `{opening}` before it is not closed on this line"
        value = _skip_space(text, item if colon is None else colon + 1)
        advice = (
            f"write `{closing}` before the comment, or put quotes around the text if the `#` belongs to it"
        )
        if value < start and text[value] not in "\"'[{" and "\n" not in text[value:start]:
            text_end = _ENDS_TEXT.search(text, start, end)
            advice = advise_quotes(
                trouble.source.text[value : text_end.start() if text_end else end].rstrip()
            )
        first = Related(trouble.span(bracket, bracket + 1), f"the `{opening}` stands here")
        return trouble.report(start, end, message, advice, first, code="yaml-bracket")
    return None


def explain_colon_in_brackets(trouble: Trouble) -> Diagnostic | None:
    """A `: ` behind what has its key already."""
    bracket = _find_bracket(trouble)
    if bracket is None or trouble.character != ":" or not trouble.says("',' or ", "unexpected ':'"):
        return None
    text, at = trouble.text, trouble.at
    scan = _scan(text, bracket, at)
    value = _skip_space(text, scan.item if scan.colon is None else scan.colon + 1)
    if "\n" in text[value:at]:
        return _explain_missing_comma(trouble, bracket)
    if scan.colon is None:
        return None
    if text[value] in "[{":
        message = f"a `:` is not expected after `{shorten(text[value:at].strip())}`"
        advice = "put a comma between two items; put quotes around a text with brackets or braces"
        return trouble.report(at, at + 1, message, advice, code="yaml-colon")
    if text[value] in "\"'":
        return None
    key = shorten(trouble.source.text[scan.item : scan.colon].strip())
    end = find_text_end(text, value)
    message = f"the value of `{key}` contains `: `, so it needs quotes"
    advice = advise_quotes(trouble.source.text[value:end])
    return trouble.report(value, end, message, advice, code="yaml-colon")


def _explain_missing_comma(trouble: Trouble, bracket: int) -> Diagnostic | None:
    """A key on a further line of a bracket that is closed, so that it is only the comma before that lacks."""
    text = trouble.text
    line_start = find_line_start(text, trouble.at)
    if not _goes_on(trouble, bracket):
        return None
    closing = _CLOSINGS[text[bracket]]
    first = Related(trouble.span(bracket, bracket + 1), f"the `{text[bracket]}` stands here")
    return trouble.report(
        _skip_space(text, line_start),
        trouble.line_end,
        f"expected a comma or `{closing}` before this",
        "put a comma at the end of the line above",
        first,
        code="yaml-bracket",
    )


def find_text_end(text: str, start: int, *, key: bool = False) -> int:
    """Where a text without quotes ends that starts between brackets; a template belongs to it, a comment does not.

    Args:
        text: all of it.
        start: where it starts.
        key: whether it ends at a `: ` as well.
    """
    found = (_KEY if key else _TEXT).match(text, start)
    end = found.end() if found else start
    return start + len(text[start:end].rstrip())


def is_in_brackets(trouble: Trouble, start: int) -> bool:
    """Whether an offset, at which a node was to start, stands inside of `[` or `{`.

    libyaml holds a bracket back until it knows that it is no key, which cannot be longer than its line.
    """
    before = trouble.text[find_line_start(trouble.text, start) : start]
    return trouble.bracket is not None or _BEGINS_BRACKET.search(before) is not None


def _find_bracket(trouble: Trouble) -> int | None:
    if trouble.says("',' or ") and trouble.text[trouble.since : trouble.since + 1] in _CLOSINGS:
        return trouble.since
    return trouble.bracket


def _goes_on(trouble: Trouble, bracket: int) -> bool:
    """Whether a bracket is closed behind the trouble, whose line is indented like what stands in it."""
    indent = _count_indent(trouble.text, trouble.at)
    if indent <= _count_indent(trouble.text, bracket):
        return False
    return _scan(trouble.text, bracket, len(trouble.text)).closed is not None


def _scan(text: str, start: int, stop: int, *, depth: int = 0) -> _Scan:
    scan = _Scan(start, None, [], None)
    at = start
    while at < stop:
        found = _TOKEN.match(text, at)
        if found is None:
            at += 1
            continue
        kind = found.lastgroup
        if kind == "open":
            depth += 1
            if depth == 1:
                scan.item, scan.colon = found.end(), None
        elif kind == "close":
            depth -= 1
            if depth == 0:
                scan.closed = at
                break
        elif kind == "comma" and depth == 1:
            scan.item, scan.colon = found.end(), None
        elif kind == "colon" and depth == 1 and scan.colon is None:
            scan.colon = at
        elif kind == "comment":
            scan.comments.append((at, scan.item, scan.colon))
        at = found.end()
    return scan


def _skip_space(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _count_indent(text: str, at: int) -> int:
    line_start = find_line_start(text, at)
    return _skip_space(text, line_start) - line_start
