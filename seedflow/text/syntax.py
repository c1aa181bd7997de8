"""What libyaml says of broken YAML, in plain words and at the place where the author will mend it.

libyaml reports where it got stuck, which is often lines behind the slip. Each function below knows one family of
slips, recognises it by libyaml's words and the text around the place, and says what was found and what to do.
PyYAML's own parser words some of it differently; both are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.text.events import BrokenYaml

_KEY: Final = re.compile(r"[ ]*(?:- +)*(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'#\[\]{},][^\n#]*?)[ ]*:(?=[ \t\n]|\Z)")
_GLUED_KEY: Final = re.compile(r"[ ]*(?:- +)*([A-Za-z_][\w.-]*):([^\s/:][^\n]*)")
_BLOCK_HEADER: Final = re.compile(r"(?:^|[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$")
_LONGEST_SHOWN: Final = 40
_CLOSINGS: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Where libyaml got stuck: at `at`, while it read what starts at `since`. `bracket` is the innermost open one."""

    source: Source
    text: str
    problem: str
    context: str
    at: int
    since: int
    bracket: int | None

    @property
    def character(self) -> str:
        return self.text[self.at : self.at + 1]

    @property
    def before(self) -> str:
        """What stands before the place on its line."""
        return self.text[find_line_start(self.text, self.at) : self.at]

    @property
    def line_end(self) -> int:
        return find_line_end(self.text, self.at)

    def report(
        self, code: str, start: int, end: int, message: str, advice: str, *related: Related
    ) -> Diagnostic:
        return Diagnostic(code, message, self.span(start, end), help=advice, related=related)

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, max(end, start))

    def says(self, *words: str) -> bool:
        """Whether libyaml's message holds one of these."""
        return any(word in self.problem for word in words)


def explain_error(
    source: Source, text: str, error: BrokenYaml, reached: int, bracket: int | None
) -> Diagnostic:
    """The diagnostic for a text that is not YAML.

    Args:
        source: what the span refers to.
        text: the source's text as libyaml got it.
        error: what libyaml said.
        reached: the offset up to which the text was understood.
        bracket: where the innermost `[` or `{` stands that was still open, or None.
    """
    at = min(error.at if error.at is not None else reached, len(text))
    since = min(error.since if error.since is not None else at, at)
    trouble = _Trouble(source, text, error.problem, error.context, at, since, bracket)
    for explain in _EXPLANATIONS:
        found = explain(trouble)
        if found is not None:
            return found
    return trouble.report(
        "yaml-syntax",
        at,
        min(at + 1, trouble.line_end),
        f"this is not YAML: {error.problem or 'it cannot be read'}",
        "compare the line with its neighbours: indentation, quotes, brackets, `key: value`",
    )


def find_line_start(text: str, at: int) -> int:
    """Where the line of an offset starts."""
    return text.rfind("\n", 0, at) + 1


def find_line_end(text: str, at: int) -> int:
    """Where the line of an offset ends, without its line end and the spaces before it, but not before the offset."""
    end = text.find("\n", at)
    return at + len(text[at : end if end >= 0 else len(text)].rstrip())


def _explain_tab(trouble: _Trouble) -> Diagnostic | None:
    if trouble.character != "\t":
        return None
    end = trouble.at + 1
    while trouble.text[end : end + 1] == "\t":
        end += 1
    where = "in the indentation" if not trouble.before.strip() else "between the words of YAML"
    message = f"found a tab {where}, where only spaces are allowed"
    return trouble.report("yaml-tab", trouble.at, end, message, "replace the tab by spaces")


def _explain_open_quote(trouble: _Trouble) -> Diagnostic | None:
    if not trouble.says("unexpected end of stream", "unexpected document"):
        return None
    quote = trouble.text[trouble.since : trouble.since + 1]
    message = f"the quote `{quote}` that starts this text is never closed"
    return trouble.report(
        "yaml-quote",
        trouble.since,
        find_line_end(trouble.text, trouble.since),
        message,
        f"close it with another `{quote}` at the end of the text",
    )


def _explain_escape(trouble: _Trouble) -> Diagnostic | None:
    if not trouble.says("escape", "hexdecimal"):
        return None
    start = trouble.text.rfind("\\", trouble.since, trouble.at + 1)
    if start < 0:
        return None
    end = min(max(trouble.at + 1, start + 2), find_line_end(trouble.text, start))
    written = trouble.text[start:end]
    return trouble.report(
        "yaml-escape",
        start,
        end,
        f"`{written}` is not an escape sequence in double quotes",
        "write `\\\\` for a backslash, or use single quotes, in which a backslash is only itself",
    )


def _explain_tag(trouble: _Trouble) -> Diagnostic | None:
    start = trouble.since
    if trouble.says("codec"):
        start = max(trouble.text.find("!", trouble.at), trouble.at)
    elif not trouble.says("tag handle") and not trouble.context.endswith(" tag"):
        return None
    return _report_first_character(trouble, start, "tag")


def _explain_first_character(trouble: _Trouble) -> Diagnostic | None:
    if trouble.says("cannot start any token", "mapping keys are not allowed"):
        return _report_first_character(trouble, trouble.at, "yaml-character")
    if trouble.context.endswith((" alias", " anchor")):
        return _report_first_character(trouble, trouble.since, "yaml-character")
    return None


def _report_first_character(trouble: _Trouble, start: int, code: str) -> Diagnostic:
    end = find_line_end(trouble.text, start)
    first = trouble.text[start : start + 1]
    shown = "a backtick" if first == "`" else f"`{first}`"
    message = f"a text without quotes cannot start with {shown}"
    return trouble.report(code, start, end, message, _advise_quotes(trouble.text[start:end]))


def _explain_block_header(trouble: _Trouble) -> Diagnostic | None:
    if not trouble.context.endswith("block scalar"):
        return None
    mark = trouble.text[trouble.since : trouble.since + 1]
    if trouble.says("indentation indicator"):
        message = f"the indentation after `{mark}` must be a number from 1 to 9"
        return trouble.report("yaml-block", trouble.at, trouble.at + 1, message, "leave the number out")
    message = f"found text on the line of `{mark}`, and it must begin on the next line"
    advice = f"move the text below, indented, or put quotes around it if the `{mark}` belongs to it"
    return trouble.report("yaml-block", trouble.at, trouble.line_end, message, advice)


def _explain_directive(trouble: _Trouble) -> Diagnostic | None:
    if trouble.says("directive", "incompatible YAML", "duplicate tag") or "directive" in trouble.context:
        start = find_line_start(trouble.text, trouble.since)
        message = "this line starts with `%`, which makes it a directive that is not known"
        end = find_line_end(trouble.text, start)
        return trouble.report("yaml-directive", start, end, message, "remove the line")
    if trouble.says("document start"):
        message = "found more text after the end of the document"
        advice = "remove the lines that start with `%`, `---` or `...` above it"
        return trouble.report("yaml-directive", trouble.at, trouble.line_end, message, advice)
    return None


def _explain_second_value(trouble: _Trouble) -> Diagnostic | None:
    """A `: ` that cannot belong to a key."""
    if not trouble.says("mapping values are not allowed"):
        return None
    text, at = trouble.text, trouble.at
    line_start = find_line_start(text, at)
    key = _KEY.match(text, line_start)
    if key and key.end() <= at:
        start = key.end() + len(text[key.end() : at]) - len(text[key.end() : at].lstrip())
        end = trouble.line_end
        message = f"the value of `{_shorten(key[1])}` contains `: `, so it needs quotes"
        return trouble.report("yaml-colon", start, end, message, _advise_quotes(text[start:end]))
    start = line_start + len(trouble.before) - len(trouble.before.lstrip(" -"))
    name = _shorten(text[start:at].strip())
    above_start, above_end = _find_line_above(text, line_start)
    if glued := _GLUED_KEY.match(text, above_start, above_end):
        return _report_glued_key(trouble, glued)
    above = _KEY.match(text, above_start, above_end)
    if above and above.end() < above_end and above.start(1) - above_start < start - line_start:
        owner = _shorten(above[1])
        message = f"`{name}` is indented deeper than `{owner}`, which has its value already"
        advice = f"indent `{name}` like `{owner}`, or put quotes around the whole text if it goes on here"
        first = Related(trouble.span(above.start(1), above_end), f"the value of `{owner}`")
        return trouble.report("yaml-indentation", start, at, message, advice, first)
    if above_start < above_end and not above:
        return _report_missing_colon(trouble, above_start)
    message = f"a `:` is not expected after `{name}`"
    return trouble.report(
        "yaml-colon", at, at + 1, message, "put quotes around the text, or check the indentation"
    )


def _explain_missing_colon(trouble: _Trouble) -> Diagnostic | None:
    if not trouble.says("could not find expected ':'"):
        return None
    if glued := _GLUED_KEY.match(trouble.text, trouble.since):
        return _report_glued_key(trouble, glued)
    return _report_missing_colon(trouble, trouble.since)


def _report_glued_key(trouble: _Trouble, glued: re.Match[str]) -> Diagnostic:
    key, value = glued[1], glued[2].rstrip()
    message = f"there is no space after the `:` of `{_shorten(key)}`"
    advice = f"write `{key}: {_shorten(value)}`"
    return trouble.report("yaml-colon", glued.start(1), glued.start(2) + len(value), message, advice)


def _report_missing_colon(trouble: _Trouble, start: int) -> Diagnostic:
    start += len(trouble.text[start : start + 1024]) - len(trouble.text[start : start + 1024].lstrip(" "))
    end = find_line_end(trouble.text, start)
    message = f"`{_shorten(trouble.text[start:end])}` has no `:`, expected `key: value`"
    advice = "add `:` and a value, or indent the line deeper if it belongs to the text above"
    return trouble.report("yaml-colon", start, end, message, advice)


def _explain_list_on_key_line(trouble: _Trouble) -> Diagnostic | None:
    if not trouble.says("sequence entries are not allowed"):
        return None
    message = "a list cannot start on the line of its key"
    advice = (
        "put each `- ` on a line of its own below the key, or quotes around the text if the `-` belongs to it"
    )
    return trouble.report("yaml-list", trouble.at, trouble.line_end, message, advice)


def _explain_brackets(trouble: _Trouble) -> Diagnostic | None:
    """A `[` or `{` and what should close it."""
    if trouble.says("',' or ']'", "',' or '}'"):
        opening = trouble.text[trouble.since : trouble.since + 1]
        closing = _CLOSINGS.get(opening, "]")
        first = Related(trouble.span(trouble.since, trouble.since + 1), f"the `{opening}` stands here")
        if trouble.character in ("]", "}"):
            message = f"found `{trouble.character}`, expected the `{closing}` that closes `{opening}`"
            advice = f"write `{closing}`"
            return trouble.report("yaml-bracket", trouble.at, trouble.at + 1, message, advice, first)
        if trouble.character == ":" or not trouble.text[trouble.at :].strip():
            return _report_open_bracket(trouble, trouble.since)
        message = f"expected a comma or `{closing}` before this"
        advice = "put a comma between two items; put quotes around a text with brackets or braces"
        return trouble.report("yaml-bracket", trouble.at, trouble.line_end, message, advice, first)
    if trouble.says("node content"):
        if trouble.character == ",":
            message = "there is no item before this comma"
            return trouble.report("yaml-bracket", trouble.at, trouble.at + 1, message, "remove the comma")
        if trouble.character in ("]", "}"):
            return _report_stray_bracket(trouble)
        if trouble.bracket is not None:
            return _report_open_bracket(trouble, trouble.bracket)
    return None


def _report_open_bracket(trouble: _Trouble, start: int) -> Diagnostic:
    opening = trouble.text[start : start + 1]
    closing = _CLOSINGS.get(opening, "]")
    message = f"this `{opening}` is never closed"
    advice = f"close it with `{closing}`, or put quotes around the text if it belongs to it"
    return trouble.report("yaml-bracket", start, start + 1, message, advice)


def _report_stray_bracket(trouble: _Trouble) -> Diagnostic:
    message = f"this `{trouble.character}` closes nothing"
    advice = "remove it, or put quotes around the text if it belongs to it"
    return trouble.report("yaml-bracket", trouble.at, trouble.at + 1, message, advice)


def _explain_leftover(trouble: _Trouble) -> Diagnostic | None:
    """Something that follows a complete value on its line."""
    before = trouble.before.rstrip()
    if not trouble.says("expected key", "'-' indicator", "<block end>") or not before.strip():
        return None
    if trouble.character in ("]", "}"):
        return _report_stray_bracket(trouble)
    last = before[-1]
    if last in ("'", '"'):
        twin = "''" if last == "'" else '\\"'
        message = f"found text after the closing quote `{last}`"
        advice = (
            f"write `{twin}` for a quote that belongs to the text, or use the other kind of quotes around it"
        )
        return trouble.report("yaml-quote", trouble.at, trouble.line_end, message, advice)
    if last in ("]", "}"):
        message = f"found text after the closing `{last}`"
        advice = "put quotes around the whole value if it is meant as a text"
        return trouble.report("yaml-bracket", trouble.at, trouble.line_end, message, advice)
    return None


def _explain_indentation(trouble: _Trouble) -> Diagnostic | None:
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
            return trouble.report("missing-key", at, at + 1, "there is no key before this `:`", "write a key")
        found = "a list item" if text.startswith("- ", at) else f"`{_shorten(text[at : trouble.line_end])}`"
        message = f"found {found} among the keys of a mapping, expected `key: value`"
        advice = "indent it below the key that it belongs to"
        return trouble.report("yaml-indentation", at, trouble.line_end, message, advice, first)
    if width == level:
        message = "found a line without `- ` among the items of a list"
        advice = "start the line with `- `, or indent it like what it belongs to"
        return trouble.report("yaml-indentation", at, trouble.line_end, message, advice, first)
    above_start, above_end = _find_line_above(text, find_line_start(text, at))
    header_start, header_end = above_start, above_end
    while header_start < header_end and _count_spaces(text, header_start) > width:
        if _BLOCK_HEADER.search(text[header_start:header_end]):
            break
        header_start, header_end = _find_line_above(text, header_start)
    if _BLOCK_HEADER.search(text[header_start:header_end]):
        message = "this line is indented less than the text that it follows or begins"
        advice = "indent all lines of the text alike, deeper than its key"
        return trouble.report("yaml-block", at, trouble.line_end, message, advice)
    levels = sorted({level, _count_spaces(text, above_start)})
    message = f"this line is indented by {_count(width)}, expected {' or '.join(map(str, levels))}"
    return trouble.report(
        "yaml-indentation",
        at,
        trouble.line_end,
        message,
        "indent it exactly like the lines that it belongs beside",
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


def _advise_quotes(written: str) -> str:
    quote = "'" if '"' in written or "\\" in written else '"'
    if len(written) > _LONGEST_SHOWN or quote in written:
        return "put quotes around the text"
    return f"put quotes around the text: `{quote}{written}{quote}`"


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


_EXPLANATIONS: Final[tuple[Callable[[_Trouble], Diagnostic | None], ...]] = (
    _explain_tab,
    _explain_open_quote,
    _explain_escape,
    _explain_tag,
    _explain_first_character,
    _explain_block_header,
    _explain_directive,
    _explain_second_value,
    _explain_missing_colon,
    _explain_list_on_key_line,
    _explain_brackets,
    _explain_leftover,
    _explain_indentation,
)
