"""Events to nodes, with every limit and every rule about keys, tags, anchors and documents judged on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Severity, Source, Span
from seedflow.text.characters import find_control, report_escaped_control
from seedflow.text.events import Event
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence
from seedflow.text.odd_spaces import find_odd_space
from seedflow.text.split_numbers import warn_of_split_numbers
from seedflow.text.unquoted import OPENINGS, report_unquoted

_PROPERTY: Final = re.compile(r"!<[^>\s]*>|![^\s,\[\]{}]*|&[^\s,\[\]{}]*")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|(?<![^ \t\r\n])#[^\n]*)*")
_GLUED_COMMENT: Final = re.compile(r"#(?<=[ \t]#)[^\s#][^\n]*")
"""A comment behind white space. Begins with the sign itself, so that a text without any is passed over at once."""
_SPECIAL_KEYS: Final = frozenset({"", "<<"})
_LONGEST_SHOWN: Final = 40


class StopReading(Exception):  # noqa: N818 - it ends the reading and is no error of the program
    """The tree cannot be built further; why is among the problems."""


class TemplateAsMapping(Exception):  # noqa: N818 - a turn in the reading, no error of the program
    """A template without quotes was read as a mapping.

    Attributes:
        start: where it stands.
    """

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


class _Open:
    """A collection whose end has not come yet. A mapping's children are keys and values in turn."""

    __slots__ = ("children", "end", "flow", "mapping", "start")

    def __init__(self, start: int, end: int, flow: bool, mapping: bool) -> None:
        self.start = start
        self.end = end
        self.flow = flow
        self.mapping = mapping
        self.children: list[Node] = []


class TreeBuilder:
    """Builds the tree of one text and collects what is wrong with it.

    Attributes:
        problems: what was found, in no particular order.
        at: the offset up to which the text was read.
    """

    def __init__(
        self, source: Source, text: str, *, max_depth: int, max_nodes: int, unquoted: Lookup[int, int]
    ) -> None:
        """Prepare for one reading.

        Args:
            source: what spans refer to.
            text: the source's text as it was given to libyaml, character for character in the same places.
            max_depth: how many collections may stand in each other.
            max_nodes: how many scalars and collections there may be.
            unquoted: texts with painted templates, from where to where.
        """
        self.problems: list[Diagnostic] = []
        self.at = 0
        self._source = source
        self._text = text
        self._max_depth = max_depth
        self._max_nodes = max_nodes
        self._unquoted = unquoted
        self._nodes = 0
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._whole = True
        self._anchors: dict[str, Scalar | None] = {}
        self._glued = {
            _skip_back(text, found.start()): found.end() for found in _GLUED_COMMENT.finditer(text)
        }

    def build(self, events: Iterator[Event]) -> Node | None:
        """Read the events to their end.

        Returns:
            The root, or None where the file is empty or parts of it could not be understood.

        Raises:
            StopReading: a limit was passed, a second document began, or an odd space parts nothing.
            TemplateAsMapping: the text must be read again with its templates painted.
            BrokenYaml: what comes next is not YAML.
        """
        for event in events:
            if event.kind == "scalar":
                self._add(self._read_scalar(event))
            elif event.kind == "end":
                self._add(self._close_collection(event))
            elif event.kind == "alias":
                self._add(self._read_alias(event))
            elif event.kind == "document":
                self._start_document(event)
            else:
                self._open_collection(event)
        if self._root is None or (
            isinstance(self._root, Scalar) and self._root.plain and not self._root.value
        ):
            self._report(
                0, 0, "this file is empty, expected a mapping", "write the first key", code="empty-file"
            )
            return None
        return self._root if self._whole else None

    def judge_unfinished(self) -> None:
        """Report what is wrong with the collections that the reading did not see the end of."""
        while self._open:
            collection = self._open.pop()
            if collection.mapping:
                self._pair(collection.children)

    def find_open_bracket(self) -> int | None:
        """Where the innermost `[` or `{` stands that is still open; a pair in a list, `[a: b]`, has none of its own."""
        places = (collection.start for collection in reversed(self._open) if collection.flow)
        return next((place for place in places if self._text[place : place + 1] in ("[", "{")), None)

    def _report(self, start: int, end: int, message: str, advice: str, *related: Related, code: str) -> None:
        span = Span(self._source, start, end)
        self.problems.append(Diagnostic(code, message, span, help=advice, related=related))

    def _add(self, node: Node) -> None:
        self.at = node.end
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def _count(self, start: int, end: int) -> None:
        self._nodes += 1
        if self._nodes > self._max_nodes:
            message = f"this file has more than {self._max_nodes:,} keys, values and lists"
            self._report(start, end, message, "split the file", code="too-many-nodes")
            raise StopReading

    def _start_document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            start = event.start
            end = start + 3 if self._text.startswith("---", start) else start
            message = "a second document starts here, expected one document in the file"
            self._report(
                start,
                end,
                message,
                "remove the `---`, or move this into its own file",
                code="several-documents",
            )
            raise StopReading

    def _read_scalar(self, event: Event) -> Scalar:
        start, end, style, value = (
            event.start,
            event.end,
            event.style,
            event.text,
        )
        self._count(start, end)
        if event.anchor is not None or event.tag is not None:
            start = self._read_properties(start, end)
        if style == "":
            if start in self._unquoted:
                self.problems.append(report_unquoted(self._source, start, end))
                return Scalar(self._source, start, end, self._source.text[start:end])
            if not value.isascii():
                self._judge_spaces(start)
            if end in self._glued:
                self._warn_glued_comment(value, end, self._glued[end])
        elif style == "|" or style == ">":
            end = start + len(self._text[start:end].rstrip())
        scalar = Scalar(self._source, start, end, value, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = scalar
        if style == '"' and (at := find_control(value)) is not None and "\\" in self._text[start:end]:
            self.problems.append(report_escaped_control(scalar.span_at(at, at + 1), value[at]))
        return scalar

    def _judge_spaces(self, start: int) -> None:
        inside = self._open[-1] if self._open else None
        is_key = inside is not None and inside.mapping and len(inside.children) % 2 == 0
        found = find_odd_space(self._source, start, key=is_key)
        if found is not None:
            self.problems.append(found)
            raise StopReading

    def _read_properties(self, start: int, end: int) -> int:
        """Report the tag and the anchor that stand before a node, and find where the node itself starts."""
        while start < end or end < 0:
            found = _PROPERTY.match(self._text, start)
            if found is None:
                break
            written = found.group()
            if written.startswith("&"):
                message = f"found the anchor `{_shorten(written)}`, and anchors are not allowed"
                advice = "remove it, and write the value out wherever it is needed"
                self._report(start, found.end(), message, advice, code="anchor")
            else:
                message = f"found the tag `{_shorten(written)}`, and tags are not allowed"
                advice = "remove it; put quotes around a text that starts with `!`"
                self._report(start, found.end(), message, advice, code="tag")
            gap = _GAP.match(self._text, found.end())
            start = gap.end() if gap else found.end()
        return min(start, end) if end >= 0 else start

    def _read_alias(self, event: Event) -> Node:
        start, end = event.start, event.end
        self._count(start, end)
        message = f"found the alias `{_shorten(self._text[start:end])}`, and aliases are not allowed"
        self._report(start, end, message, "write the value out here", code="alias")
        target = self._anchors.get(event.text)
        if target is None:
            self._whole = False
            return Scalar(self._source, start, end, "", "'")
        return Scalar(self._source, start, end, target.value, target.style)

    def _warn_glued_comment(self, value: str, end: int, comment_end: int) -> None:
        start = self._text.index("#", end)
        lost = _shorten(self._text[start:comment_end].rstrip())
        kept = f"the text ends at `{_shorten(value, keep_end=True)}`" if value else "the value is empty"
        self.problems.append(
            Diagnostic(
                "glued-comment",
                f"`{lost}` is a comment to YAML, so that {kept}",
                Span(self._source, start, start + len(self._text[start:comment_end].rstrip())),
                Severity.WARNING,
                help="put quotes around the whole text, or write a space after `#` if a comment is meant",
            )
        )

    def _open_collection(self, event: Event) -> None:
        start, end = event.start, event.end
        self._count(start, end)
        if event.anchor is not None or event.tag is not None:
            start = self._read_properties(start, -1)
            if event.anchor is not None:
                self._anchors[event.anchor] = None
        mapping = event.kind == "mapping"
        if event.flow and mapping and self._text.startswith(OPENINGS, start):
            raise TemplateAsMapping(start)
        if len(self._open) >= self._max_depth:
            message = f"lists and mappings are nested more than {self._max_depth} levels deep here"
            self._report(start, start + 1, message, "make the nesting flatter", code="too-deep")
            raise StopReading
        self._open.append(_Open(start, end, event.flow, mapping))

    def _close_collection(self, event: Event) -> Node:
        collection = self._open.pop()
        children = collection.children
        if collection.flow:
            end = event.end
        else:
            # libyaml ends a block collection where the next token starts, behind blank lines and comments.
            end = max(children[-1].end, collection.start) if children else collection.end
        if collection.mapping:
            return Mapping(self._source, collection.start, end, self._pair(children))
        if collection.flow:
            self.problems.extend(warn_of_split_numbers(children, self._text))
        return Sequence(self._source, collection.start, end, tuple(children))

    def _pair(self, children: list[Node]) -> tuple[Entry, ...]:
        keys, values = children[::2], children[1::2]
        texts = [key for key in keys if isinstance(key, Scalar)]
        names = {key.value for key in texts}
        if len(names) < len(keys) or not names.isdisjoint(_SPECIAL_KEYS):
            return tuple(self._judge_keys(keys, values))
        return tuple(map(Entry, texts, values))

    def _judge_keys(self, keys: list[Node], values: list[Node]) -> Iterator[Entry]:
        seen: dict[str, Scalar] = {}
        for index, key in enumerate(keys):
            if not isinstance(key, Scalar):
                kind = "list" if isinstance(key, Sequence) else "mapping"
                message = f"found a {kind} as a key, expected a text"
                advice = "put quotes around it if it is meant as a text"
                self._report(key.start, key.end, message, advice, code="key-not-text")
            elif key.plain and not key.value:
                message = "there is no key before this `:`"
                self._report(key.start, key.end, message, "write a key", code="empty-key")
            elif key.plain and key.value == "<<":
                message = "found a merge key `<<`, and merge keys are not allowed"
                self._report(key.start, key.end, message, "write the keys out here", code="merge-key")
            elif key.value in seen:
                message = f"the key `{_shorten(key.value)}` is given twice in this mapping"
                first = Related(seen[key.value].span, "first given here")
                self._report(
                    key.start,
                    key.end,
                    message,
                    "remove or rename one of the two",
                    first,
                    code="repeated-key",
                )
            else:
                seen[key.value] = key
                if index < len(values):
                    yield Entry(key, values[index])


def _skip_back(text: str, at: int) -> int:
    """Where the white space begins that ends at an offset."""
    while at and text[at - 1] in " \t":
        at -= 1
    return at


def _shorten(text: str, *, keep_end: bool = False) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"…{text[1 - _LONGEST_SHOWN :]}" if keep_end else f"{text[: _LONGEST_SHOWN - 1]}…"
