"""libyaml's stream of events: the only place that talks to PyYAML.

Nothing is composed or constructed here, since both recurse and both give meaning to tags and aliases. Events come one
by one at any depth, so that who reads them can stop when they have seen enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

import yaml


@dataclass(slots=True)
class Event:
    """One step through the text. `start` and `end` are offsets into it.

    `text` is a scalar's value or an alias's name; `style` as in `Scalar`; `anchor` and `tag` are what stands before
    the node, which then starts at the first of the two; `flow` tells brackets and braces from indentation.
    """

    kind: Literal["document", "scalar", "alias", "mapping", "sequence", "end"]
    start: int
    end: int
    text: str = ""
    style: str = ""
    anchor: str | None = None
    tag: str | None = None
    flow: bool = False


EventReader: TypeAlias = Callable[[str], Iterator[Event]]

_FAILURES: Final = (yaml.YAMLError, ValueError, OverflowError)
"""Beside PyYAML's own errors, bad bytes and numbers in tags and escapes surface as errors of Python's codecs."""


_TOO_DEEP_FOR_LIBYAML: Final = "exceeded maximum nesting depth"


class BrokenYaml(Exception):  # noqa: N818 - a finding about the text, no error of the program
    """What comes next in the text is not YAML.

    Attributes:
        problem: what was found, in libyaml's words.
        at: the offset of it, or None where libyaml does not tell.
        context: what libyaml was reading then, or an empty text.
        since: the offset at which that starts, or None.
    """

    def __init__(self, problem: str, at: int | None, context: str, since: int | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.context = context
        self.since = since


def read_events(text: str) -> Iterator[Event]:
    """The events of a text, by libyaml, or by PyYAML's own slower parser where that is missing.

    Raises:
        BrokenYaml: what comes next is not YAML.
    """
    seen = 0
    try:
        for event in _read_events(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
            seen += 1
            yield event
    except BrokenYaml as error:
        if error.problem != _TOO_DEEP_FOR_LIBYAML:
            raise
    else:
        return
    # libyaml 0.2.6 and later refuse deep nesting themselves, far ahead of the events that would show where it begins.
    yield from islice(_read_events(text, yaml.BaseLoader), seen, None)


def find_libyaml_version() -> str | None:
    """The version of libyaml, or None where PyYAML was built without it: then reading takes about ten times as long."""
    parser = getattr(yaml, "_yaml", None)
    return None if parser is None else str(parser.get_version_string())


def read_events_without_libyaml(text: str) -> Iterator[Event]:
    """The events of a text, by PyYAML's own parser.

    Raises:
        BrokenYaml: what comes next is not YAML.
    """
    return _read_events(text, yaml.BaseLoader)


def _read_events(text: str, loader: Callable[[str], Any]) -> Iterator[Event]:
    try:
        get_event = loader(text).get_event
        while True:
            event = get_event()
            kind = event.__class__
            start, end = event.start_mark.index, event.end_mark.index
            if kind is yaml.ScalarEvent:
                yield Event("scalar", start, end, event.value, event.style or "", event.anchor, event.tag)
            elif kind is yaml.MappingStartEvent:
                yield Event("mapping", start, end, "", "", event.anchor, event.tag, bool(event.flow_style))
            elif kind is yaml.SequenceStartEvent:
                yield Event("sequence", start, end, "", "", event.anchor, event.tag, bool(event.flow_style))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                yield Event("end", start, end)
            elif kind is yaml.AliasEvent:
                yield Event("alias", start, end, event.anchor)
            elif kind is yaml.DocumentStartEvent:
                yield Event("document", start, end)
            elif kind is yaml.StreamEndEvent:
                return
    except _FAILURES as error:
        raise _translate(error) from None


def _translate(error: Exception) -> BrokenYaml:
    if isinstance(error, yaml.MarkedYAMLError):
        problem_mark, context_mark = error.problem_mark, error.context_mark
        return BrokenYaml(
            error.problem or "",
            problem_mark.index if problem_mark else None,
            error.context or "",
            context_mark.index if context_mark else None,
        )
    if isinstance(error, yaml.reader.ReaderError):
        return BrokenYaml(error.reason, error.position, "", None)
    return BrokenYaml(str(error), None, "", None)
