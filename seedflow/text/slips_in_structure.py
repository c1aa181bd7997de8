"""Slips in how lines and values stand together: colons, lists, brackets, leftovers, indentation.

Each `explain_` recognises one family of slips by libyaml's words and the lines around the place, or gives None.
"""

from __future__ import annotations

import re
from typing import Final

from seedflow.diagnostics import Diagnostic, Related
from seedflow.text.trouble import Trouble, advise_quotes, find_line_end, find_line_start, shorten

_KEY: Final = re.compile(r"[ ]*(?:- +)*(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'#\[\]{},][^\n#]*?)[ ]*:(?=[ \t\n]|\Z)")
_GLUED_KEY: Final = re.compile(r"[ ]*(?:- +)*([A-Za-z_][\w.-]*):([^\s/:][^\n]*)")
_INNER_KEY: Final = re.compile(r"([a-z_][a-z0-9_]*):[ \t]")
"""What may be a key that stands on the line of the key around it."""
_BLOCK_HEADER: Final = re.compile(r"(?:^|[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$")
_CONFLICT: Final = re.compile(r"^<{7}(?: [^\n]*)?$(?=[\s\S]*^>{7}(?: [^\n]*)?$)", re.MULTILINE)
_CLOSINGS: Final = {"[": "]", "{": "}"}


def explain_unmerged(trouble: Trouble) -> Diagnostic | None:
    """The marks that a version control leaves where two versions of a file did not fit together."""
    found = _CONFLICT.search(trouble.text)
    if found is None:
        return None
    return trouble.report(
        found.start(),
        found.end(),
        "this is the mark of an unfinished merge: two versions of the file stand below each other",
        "keep the lines that are right, and take those of the other version and the three marks away",
        code="yaml-syntax",
    )


def explain_second_value(trouble: Trouble) -> Diagnostic | None:
    """A `: ` that cannot belong to a key."""
    if not trouble.says("mapping values are not allowed"):
        return None
    text, at = trouble.text, trouble.at
    line_start = find_line_start(text, at)
    key = _KEY.match(text, line_start)
    if key and key.end() <= at:
        start = key.end() + len(text[key.end() : at]) - len(text[key.end() : at].lstrip())
        end = trouble.line_end
        message = f"the value of `{shorten(key[1])}` contains `: `, so it needs quotes"
        advice = advise_quotes(text[start:end])
        if inner := _INNER_KEY.match(text, start, end):
            message = (
                f"the value of `{shorten(key[1])}` contains `: `, so it needs quotes, or lines of its own"
            )
            advice = f"if `{inner[1]}` is a key, write it on the next line, indented deeper; else {advice}"
        return trouble.report(start, end, message, advice, code="yaml-colon")
    start = line_start + len(trouble.before) - len(trouble.before.lstrip(" -"))
    name = shorten(text[start:at].strip())
    above_start, above_end = _find_line_above(text, line_start)
    if glued := _GLUED_KEY.match(text, above_start, above_end):
        return _report_glued_key(trouble, glued)
    above = _KEY.match(text, above_start, above_end)
    if above and above.end() < above_end and above.start(1) - above_start < start - line_start:
        also = ", or put quotes around the whole text if it goes on here"
        return _report_deeper(trouble, start, at, above, above_end, also)
    if above_start < above_end and not above:
        return _report_missing_colon(trouble, above_start)
    message = f"a `:` is not expected after `{name}`"
    return trouble.report(
        at, at + 1, message, "put quotes around the text, or check the indentation", code="yaml-colon"
    )


def _report_deeper(
    trouble: Trouble, start: int, end: int, above: re.Match[str], above_end: int, also: str = ""
) -> Diagnostic:
    """A key below one that has a value on its line; `also` is what else may be meant."""
    name, owner = shorten(trouble.text[start:end].strip()), shorten(above[1])
    message = f"`{name}` is indented deeper than `{owner}`, which has its value already"
    first = Related(trouble.span(above.start(1), above_end), f"the value of `{owner}`")
    advice = f"indent `{name}` like `{owner}`{also}"
    return trouble.report(start, end, message, advice, first, code="yaml-indentation")


def explain_missing_colon(trouble: Trouble) -> Diagnostic | None:
    """A line that is neither a key nor part of a text."""
    if not trouble.says("could not find expected ':'"):
        return None
    if glued := _GLUED_KEY.match(trouble.text, trouble.since):
        return _report_glued_key(trouble, glued)
    return _report_missing_colon(trouble, trouble.since)


def _report_glued_key(trouble: Trouble, glued: re.Match[str]) -> Diagnostic:
    key, value = glued[1], glued[2].rstrip()
    message = f"there is no space after the `:` of `{shorten(key)}`"
    advice = f"write `{key}: {shorten(value)}`"
    return trouble.report(glued.start(1), glued.start(2) + len(value), message, advice, code="yaml-colon")


def _report_missing_colon(trouble: Trouble, start: int) -> Diagnostic:
    start += len(trouble.text[start : start + 1024]) - len(trouble.text[start : start + 1024].lstrip(" "))
    end = find_line_end(trouble.text, start)
    message = f"`{shorten(trouble.text[start:end])}` has no `:`, expected `key: value`"
    advice = "add `:` and a value, or indent the line deeper if it belongs to the text above"
    return trouble.report(start, end, message, advice, code="yaml-colon")


def explain_list_on_key_line(trouble: Trouble) -> Diagnostic | None:
    """A `- ` behind a key."""
    if not trouble.says("sequence entries are not allowed"):
        return None
    message = "a list cannot start on the line of its key"
    advice = (
        "put each `- ` on a line of its own below the key, or quotes around the text if the `-` belongs to it"
    )
    return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-list")


def explain_brackets(trouble: Trouble) -> Diagnostic | None:
    """A `[` or `{` and what should close it."""
    if trouble.says("',' or ']'", "',' or '}'"):
        opening = trouble.text[trouble.since : trouble.since + 1]
        closing = _CLOSINGS.get(opening, "]")
        first = Related(trouble.span(trouble.since, trouble.since + 1), f"the `{opening}` stands here")
        if trouble.character in ("]", "}"):
            message = f"found `{trouble.character}`, expected the `{closing}` that closes `{opening}`"
            advice = f"write `{closing}`"
            return trouble.report(trouble.at, trouble.at + 1, message, advice, first, code="yaml-bracket")
        if trouble.character == ":" and (last := trouble.before.rstrip()[-1:]) in ("'", '"'):
            return _report_text_after_quote(trouble, last)
        if trouble.character == ":" or not trouble.text[trouble.at :].strip():
            return _report_open_bracket(trouble, trouble.since)
        if quote := _find_ended_quote(trouble):
            return _report_text_after_quote(trouble, quote)
        message = f"expected a comma or `{closing}` before this"
        advice = "put a comma between two items; put quotes around a text with brackets or braces"
        return trouble.report(trouble.at, trouble.line_end, message, advice, first, code="yaml-bracket")
    if trouble.says("node content"):
        if trouble.character == ":":
            return _report_empty_key(trouble)
        if trouble.character == ",":
            message = "there is no item before this comma"
            return trouble.report(
                trouble.at, trouble.at + 1, message, "remove the comma", code="yaml-bracket"
            )
        if trouble.character in ("]", "}"):
            return _report_stray_bracket(trouble)
        if trouble.bracket is not None:
            return _report_open_bracket(trouble, trouble.bracket)
    if trouble.says("unexpected ':'"):
        message = "found a `:` without a space after it, inside brackets"
        advice = "put a space after the `:`, or quotes around the text that it belongs to"
        return trouble.report(trouble.at, trouble.at + 1, message, advice, code="yaml-colon")
    return None


def _report_empty_key(trouble: Trouble) -> Diagnostic:
    message = "there is no key before this `:`"
    return trouble.report(trouble.at, trouble.at + 1, message, "write a key", code="empty-key")


def _report_open_bracket(trouble: Trouble, start: int) -> Diagnostic:
    opening = trouble.text[start : start + 1]
    closing = _CLOSINGS.get(opening, "]")
    message = f"this `{opening}` is never closed"
    advice = f"close it with `{closing}`, or put quotes around the text if it belongs to it"
    return trouble.report(start, start + 1, message, advice, code="yaml-bracket")


def _report_stray_bracket(trouble: Trouble) -> Diagnostic:
    message = f"this `{trouble.character}` closes nothing"
    advice = "remove it, or put quotes around the text if it belongs to it"
    return trouble.report(trouble.at, trouble.at + 1, message, advice, code="yaml-bracket")


def explain_leftover(trouble: Trouble) -> Diagnostic | None:
    """Something that follows a complete value on its line."""
    before = trouble.before.rstrip()
    if not trouble.says("expected key", "'-' indicator", "<block end>") or not before.strip():
        return None
    if trouble.character in ("]", "}"):
        return _report_stray_bracket(trouble)
    if trouble.character == ":":
        return _report_empty_key(trouble)
    last = before[-1]
    if last in ("'", '"'):
        return _report_text_after_quote(trouble, last)
    if last in ("]", "}"):
        message = f"found text after the closing `{last}`"
        advice = "put quotes around the whole value if it is meant as a text"
        return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-bracket")
    shown = shorten(trouble.text[trouble.at : trouble.line_end])
    message = f"found `{shown}` where the line should end"
    advice = "put quotes around the whole value if it is meant as a text"
    return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-syntax")


def _find_ended_quote(trouble: Trouble) -> str | None:
    """The quote before the place on its line, behind which the text goes on that it was to stand in."""
    before = trouble.before.rstrip()
    last = before[-1:]
    if last not in ("'", '"') or trouble.character in ("'", '"'):
        return None
    apart = len(trouble.before) > len(before)
    left = trouble.text[trouble.at : trouble.line_end].count(last)
    return None if apart and left % 2 == 0 else last  # quotes in pairs are those of further items


def _report_text_after_quote(trouble: Trouble, quote: str) -> Diagnostic:
    twin = "''" if quote == "'" else '\\"'
    message = f"found text after the closing quote `{quote}`"
    advice = f"write `{twin}` for a quote that belongs to the text, or use the other kind of quotes around it"
    return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-quote")


def explain_indentation(trouble: Trouble) -> Diagnostic | None:
    """A line that stands at no level of the lines above it."""
    if not trouble.says("expected key", "'-' indicator", "<block end>") or trouble.before.strip():
        return None
    text, at = trouble.text, trouble.at
    width = len(trouble.before)
    level = trouble.since - find_line_start(text, trouble.since)
    kind = "mapping" if trouble.context.endswith("block mapping") else "list"
    first = Related(
        trouble.span(trouble.since, find_line_end(text, trouble.since)), f"the {kind} starts here"
    )
    if width == level and kind == "mapping":
        if trouble.character == ":":
            return _report_empty_key(trouble)
        found = "a list item" if text.startswith("- ", at) else f"`{shorten(text[at : trouble.line_end])}`"
        message = f"found {found} among the keys of a mapping, expected `key: value`"
        advice = "indent it below the key that it belongs to"
        return trouble.report(at, trouble.line_end, message, advice, first, code="yaml-indentation")
    if width == level:
        message = "found a line without `- ` among the items of a list"
        advice = "start the line with `- `, or indent it like what it belongs to"
        key = _KEY.match(text, at, trouble.line_end)
        owner = _KEY.match(text, *_find_line_above(text, find_line_start(text, trouble.since)))
        if key and owner and owner.start(1) - find_line_start(text, owner.start(1)) < width:
            advice = f"indent `{shorten(key[1])}` like `{shorten(owner[1])}`, or start the line with `- ` if it is an item"
        return trouble.report(at, trouble.line_end, message, advice, first, code="yaml-indentation")
    above_start, above_end = _find_line_above(text, find_line_start(text, at))
    header_start, header_end = above_start, above_end
    while header_start < header_end and _count_spaces(text, header_start) > width:
        if _BLOCK_HEADER.search(text[header_start:header_end]):
            break
        header_start, header_end = _find_line_above(text, header_start)
    if _BLOCK_HEADER.search(text[header_start:header_end]):
        message = "this line is indented less than the text that it follows or begins"
        advice = "indent all lines of the text alike, deeper than its key"
        return trouble.report(at, trouble.line_end, message, advice, code="yaml-block")
    key, above = _KEY.match(text, at, trouble.line_end), _KEY.match(text, above_start, above_end)
    if key and above and above.end() < above_end and above.start(1) - above_start == level < width:
        return _report_deeper(trouble, key.start(1), key.end(1), above, above_end)
    levels = sorted({level, _count_spaces(text, above_start)})
    message = f"this line is indented by {_count(width)}, expected {' or '.join(map(str, levels))}"
    return trouble.report(
        at,
        trouble.line_end,
        message,
        "indent it exactly like the lines that it belongs beside",
        code="yaml-indentation",
    )


def _find_line_above(text: str, line_start: int) -> tuple[int, int]:
    """The next line above that holds more than a comment; an empty range at the start of the text."""
    while line_start > 0:
        end = line_start - 1
        line_start = find_line_start(text, end)
        line = text[line_start:end]
        if line.strip() and not line.lstrip().startswith("#"):
            return line_start, line_start + len(line.rstrip())
    return 0, 0


def _count_spaces(text: str, line_start: int) -> int:
    end = find_line_end(text, line_start)
    return end - line_start - len(text[line_start:end].lstrip(" "))


def _count(spaces: int) -> str:
    return "1 space" if spaces == 1 else f"{spaces} spaces"
