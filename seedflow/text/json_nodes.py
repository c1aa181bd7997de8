r"""JSON text to the nodes that YAML gives: the same scalars, lists and mappings, each with its place.

Strict: what is not JSON is said where it stands. YAML's own reader would take more than JSON and less of it: no tabs
before a key, and no characters that are written as pairs of `\u` escapes.
"""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # a part of Python that its stubs leave out
from typing import Final, NoReturn

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.text.characters import find_control, report_escaped_control
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence

_MAX_DEPTH: Final = 64
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.+-])|(?:true|false|null)\b"
)
_WORD: Final = re.compile(r"[\w.+-]+|.", re.DOTALL)
_SAID_OTHERWISE: Final = {
    "True": "write `true`",
    "False": "write `false`",
    "None": "write `null`",
    "undefined": "write `null`",
    "NaN": "write a finite number, or `null`",
    "Infinity": "write a finite number, or `null`",
    "-Infinity": "write a finite number, or `null`",
    "'": "write texts in double quotes",
    "/": "take the comment out: JSON has none",
    "#": "take the comment out: JSON has none",
}
_LONGEST_SHOWN: Final = 40


def is_json(source: Source) -> bool:
    """Whether a file is called as JSON is, or as lines of it."""
    return source.name.lower().endswith((".json", ".jsonl", ".ndjson"))


def read_json(source: Source, start: int = 0, end: int | None = None) -> tuple[Node | None, list[Diagnostic]]:
    """Read one JSON value, which is all that the text holds from `start` to `end`.

    Returns:
        The value and what is wrong. The value is None where the text could not be understood; reading ends there.
    """
    reader = _Reader(source, len(source.text) if end is None else end)
    try:
        return reader.read_all(start), reader.problems
    except _Stop:
        return None, reader.problems


class _Stop(Exception):  # noqa: N818 - it ends the reading and is no error of the program
    """The text cannot be read further; why is among the problems."""


class _Reader:
    def __init__(self, source: Source, end: int) -> None:
        self.problems: list[Diagnostic] = []
        self._source = source
        self._text = source.text
        self._end = end

    def read_all(self, at: int) -> Node:
        start = self._skip(at)
        node = self._read(start, 0)
        after = self._skip(node.end)
        if after < self._end:
            self._refuse(after, "the end", "one value is all that stands here")
        return node

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at, self._end)
        return found.end() if found else at

    def _read(self, at: int, depth: int) -> Node:
        mark = self._text[at : at + 1] if at < self._end else ""
        if mark == '"':
            return self._read_text(at)
        if mark == "{" or mark == "[":
            if depth >= _MAX_DEPTH:
                message = f"lists and mappings are nested more than {_MAX_DEPTH} levels deep here"
                span = Span(self._source, at, at + 1)
                self.problems.append(Diagnostic("too-deep", message, span, help="make the nesting flatter"))
                raise _Stop
            return self._read_mapping(at, depth) if mark == "{" else self._read_list(at, depth)
        found = _PLAIN.match(self._text, at, self._end)
        if found is None:
            self._refuse(
                at,
                "a value",
                "write a value, or take the comma before it away" if mark in ("]", "}") else None,
            )
        return Scalar(self._source, at, found.end(), found.group())

    def _read_text(self, at: int) -> Scalar:
        try:
            value, end = scanstring(self._text, at + 1, True)
        except JSONDecodeError as error:
            self._refuse_text(at, error)
        scalar = Scalar(self._source, at, end, value, '"')
        control = find_control(value)
        if control is not None:
            self.problems.append(report_escaped_control(scalar.span, value[control]))
        return scalar

    def _read_list(self, start: int, depth: int) -> Sequence:
        items: list[Node] = []
        at = self._skip(start + 1)
        if not self._text.startswith("]", at, self._end):
            while True:
                items.append(self._read(at, depth + 1))
                at = self._skip(items[-1].end)
                if not self._text.startswith(",", at, self._end):
                    break
                at = self._skip(at + 1)
            if not self._text.startswith("]", at, self._end):
                self._refuse(at, "`,` or `]`")
        return Sequence(self._source, start, at + 1, tuple(items))

    def _read_mapping(self, start: int, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        at = self._skip(start + 1)
        if not self._text.startswith("}", at, self._end):
            while True:
                if not self._text.startswith('"', at, self._end):
                    trailing = entries and self._text.startswith("}", at, self._end)
                    self._refuse(
                        at,
                        "a key in double quotes",
                        "take the comma before it away" if trailing else "put double quotes around the key",
                    )
                key = self._read_text(at)
                at = self._skip(key.end)
                if not self._text.startswith(":", at, self._end):
                    self._refuse(at, "`:` after the key")
                value = self._read(self._skip(at + 1), depth + 1)
                first = entries.setdefault(key.value, Entry(key, value))
                if first.key is not key:
                    self._report_repeated(key, first.key)
                at = self._skip(value.end)
                if not self._text.startswith(",", at, self._end):
                    break
                at = self._skip(at + 1)
            if not self._text.startswith("}", at, self._end):
                self._refuse(at, "`,` or `}`")
        return Mapping(self._source, start, at + 1, tuple(entries.values()))

    def _report_repeated(self, key: Scalar, first: Scalar) -> None:
        self.problems.append(
            Diagnostic(
                "repeated-key",
                f"the key `{_shorten(key.value)}` is given twice in this mapping",
                key.span,
                help="remove or rename one of the two",
                related=(Related(first.span, "first given here"),),
            )
        )

    def _refuse_text(self, at: int, error: JSONDecodeError) -> NoReturn:
        if error.msg.startswith("Unterminated") or self._text[error.pos : error.pos + 1] in ("\r", "\n", ""):
            line_end = self._text.find("\n", at)
            end = len(self._text[at : line_end if line_end >= 0 else self._end].rstrip()) + at
            self._report(at, end, "this text is never closed", 'write `"` at its end, and line ends as `\\n`')
        if "escape" in error.msg:
            self._report(
                error.pos, error.pos + 1, "this is no escape sequence of JSON", "write `\\` as `\\\\`"
            )
        self._report(
            error.pos,
            error.pos + 1,
            "a control character cannot stand in a text of JSON as it is",
            "write a tab as `\\t`, and other control characters not at all",
        )

    def _refuse(self, at: int, expected: str, advice: str | None = None) -> NoReturn:
        found = _WORD.match(self._text, at, self._end)
        if found is None:
            at = len(self._text[:at].rstrip())
            self._report(at, at, f"the text ends here, expected {expected}", advice or "write the rest")
        word = found.group()
        advice = _SAID_OTHERWISE.get(word) or advice or f"write {expected}"
        self._report(at, found.end(), f"found `{_shorten(word)}`, expected {expected}", advice)

    def _report(self, start: int, end: int, message: str, advice: str) -> NoReturn:
        span = Span(self._source, start, end)
        self.problems.append(Diagnostic("not-json", f"this is not JSON: {message}", span, help=advice))
        raise _Stop


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
