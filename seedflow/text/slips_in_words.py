"""Slips within one scalar: tabs, quotes, escapes, characters that a text cannot start with, block headers.

Each `explain_` recognises one family of slips by libyaml's words, or gives None.
"""

from __future__ import annotations

import re
from typing import Final

from seedflow.diagnostics import Diagnostic
from seedflow.text.slips_in_brackets import find_text_end, is_in_brackets
from seedflow.text.trouble import Trouble, advise_quotes, find_line_end, find_line_start

_SURROGATE: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?P<second>\\u[dD][c-fC-F][0-9a-fA-F]{2})?")


def explain_tab(trouble: Trouble) -> Diagnostic | None:
    """A tab where only spaces are allowed."""
    if trouble.character != "\t":
        return None
    end = trouble.at + 1
    while trouble.text[end : end + 1] == "\t":
        end += 1
    where = "in the indentation" if not trouble.before.strip() else "between the words of YAML"
    message = f"found a tab {where}, where only spaces are allowed"
    return trouble.report(trouble.at, end, message, "replace the tab by spaces", code="yaml-tab")


def explain_open_quote(trouble: Trouble) -> Diagnostic | None:
    """A quote that is never closed."""
    if not trouble.says("unexpected end of stream", "unexpected document"):
        return None
    quote = trouble.text[trouble.since : trouble.since + 1]
    message = f"the quote `{quote}` that starts this text is never closed"
    return trouble.report(
        trouble.since,
        find_line_end(trouble.text, trouble.since),
        message,
        f"close it with another `{quote}` at the end of the text",
        code="yaml-quote",
    )


def explain_escape(trouble: Trouble) -> Diagnostic | None:
    """A backslash in double quotes that starts no escape sequence."""
    if not trouble.says("escape", "hexdecimal"):
        return None
    start = trouble.text.rfind("\\", trouble.since, trouble.at + 1)
    if start < 0:
        return None
    end = min(max(trouble.at + 1, start + 2), find_line_end(trouble.text, start))
    pair = _SURROGATE.match(trouble.text, start)
    if pair is not None:
        return _explain_surrogate(trouble, pair)
    written = trouble.text[start:end]
    return trouble.report(
        start,
        end,
        f"`{written}` is not an escape sequence in double quotes",
        "write `\\\\` for a backslash, or use single quotes, in which a backslash is only itself",
        code="yaml-escape",
    )


def _explain_surrogate(trouble: Trouble, found: re.Match[str]) -> Diagnostic:
    """Half of a character, as JSON writes those beyond the first 65,536."""
    help_ = "write the character itself, or `\\U` and its eight digits"
    if found["second"] is not None:
        character = (
            (found[0].encode().decode("unicode_escape")).encode("utf-16", "surrogatepass").decode("utf-16")
        )
        help_ = f"write the character itself, {character}, or `\\U{ord(character):08X}`"
    message = f"`{found[0]}` is a character in two halves, as JSON writes it; YAML writes it as one"
    return trouble.report(found.start(), found.end(), message, help_, code="yaml-escape")


def explain_tag(trouble: Trouble) -> Diagnostic | None:
    """A `!` that starts a tag which is none."""
    start = trouble.since
    if trouble.says("codec"):
        start = max(trouble.text.find("!", trouble.at), trouble.at)
    elif not trouble.says("tag handle") and not trouble.context.endswith(" tag"):
        return None
    elif not trouble.text.startswith("!", start):
        start = max(trouble.text.rfind("!", 0, start), 0)
    return _report_first_character(trouble, start, code="tag")


def explain_first_character(trouble: Trouble) -> Diagnostic | None:
    """A text that starts with a character of YAML's own."""
    if trouble.says("cannot start any token", "mapping keys are not allowed"):
        return _report_first_character(trouble, trouble.at, code="yaml-character")
    if trouble.context.endswith((" alias", " anchor")):
        return _report_first_character(trouble, trouble.since, code="yaml-character")
    return None


def _report_first_character(trouble: Trouble, start: int, *, code: str) -> Diagnostic:
    end = find_line_end(trouble.text, start)
    if is_in_brackets(trouble, start):
        is_key = trouble.text[:start].rstrip()[-1:] in ("{", "[", ",")
        end = min(end, find_text_end(trouble.text, start, key=is_key))
    first = trouble.text[start : start + 1]
    shown = "a backtick" if first == "`" else f"`{first}`"
    message = f"a text without quotes cannot start with {shown}"
    return trouble.report(start, end, message, advise_quotes(trouble.source.text[start:end]), code=code)


def explain_block_header(trouble: Trouble) -> Diagnostic | None:
    """What follows `|` or `>` on its line."""
    if not trouble.context.endswith("block scalar"):
        return None
    mark = trouble.text[trouble.since : trouble.since + 1]
    if trouble.says("indentation indicator"):
        message = f"the indentation after `{mark}` must be a number from 1 to 9"
        return trouble.report(trouble.at, trouble.at + 1, message, "leave the number out", code="yaml-block")
    message = f"found text on the line of `{mark}`, and it must begin on the next line"
    advice = f"move the text below, indented, or put quotes around it if the `{mark}` belongs to it"
    return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-block")


def explain_directive(trouble: Trouble) -> Diagnostic | None:
    """A line that starts with `%`, or text after the end of the document."""
    if trouble.says("directive", "incompatible YAML", "duplicate tag") or "directive" in trouble.context:
        start = find_line_start(trouble.text, trouble.since)
        message = "this line starts with `%`, which makes it a directive that is not known"
        end = find_line_end(trouble.text, start)
        return trouble.report(start, end, message, "remove the line", code="yaml-directive")
    if trouble.says("document start"):
        message = "found more text after the end of the document"
        advice = "remove the lines that start with `%`, `---` or `...`, and begin each line with a key"
        return trouble.report(trouble.at, trouble.line_end, message, advice, code="yaml-directive")
    return None
