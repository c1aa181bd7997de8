"""Templates that stand without quotes where YAML reads their braces as the start of a mapping.

`prompt: {{ inputs.hero }}` is, to YAML, a mapping whose only key is a mapping. To report that in one clear sentence,
and to find the problems behind it too, the text is read once more with the characters that mean something to YAML
painted over inside the templates. Where a template then belongs to a text without quotes, it lacks them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.text.events import BrokenYaml, EventReader

OPENINGS: Final = ("{{", "{%", "{#")

_COMMENT: Final = re.compile(r"[ \t]#")
_OPENING: Final = re.compile(r"\{[{%#]")
_CLOSINGS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_PAINT: Final = dict.fromkeys(map(ord, "{}[],:#|&*!%@`>?-"), "x")
_LONGEST_SHOWN: Final = 60


def find_unquoted(text: str, max_depth: int, read: EventReader) -> dict[int, int]:
    """The texts that hold a template and need quotes: where each starts, and where it ends."""
    templates = _find_templates(text)
    starts = [start for start, _ in templates]
    found: dict[int, int] = {}
    flow: list[bool] = []
    try:
        for event in read(_paint(text, templates)):
            if event.kind == "scalar":
                index = bisect_left(starts, event.start)
                held = index < len(starts) and starts[index] < event.end and not event.style
                if held and (starts[index] == event.start or (flow and flow[-1])):
                    found[event.start] = event.end
            elif event.kind in ("mapping", "sequence"):
                flow.append(event.flow)
                if len(flow) > max_depth:
                    break
            elif event.kind == "end":
                flow.pop()
    except BrokenYaml:
        pass  # What was found before it counts; the error itself is reported by the real reading.
    return found


def paint_unquoted(text: str, unquoted: Mapping[int, int]) -> str:
    """The text with the templates of `unquoted` made harmless to YAML, all offsets unchanged."""
    inside = []
    places = iter(sorted(unquoted.items()))
    start, end = next(places, (len(text), len(text)))
    for template in _find_templates(text):
        while template[0] >= end and start < len(text):
            start, end = next(places, (len(text), len(text)))
        if start <= template[0] < end:
            inside.append(template)
    return _paint(text, inside)


def report_unquoted(source: Source, start: int, end: int) -> Diagnostic:
    """The diagnostic of a text that holds a template and needs quotes."""
    written = source.text[start:end]
    advice = "put quotes around the template"
    quote = "'" if '"' in written else '"'
    closed = any(closing in written for closing in _CLOSINGS.values())
    if closed and len(written) <= _LONGEST_SHOWN and not any(mark in written for mark in (quote, "\\", "\n")):
        advice += f": `{quote}{written}{quote}`"
    return Diagnostic(
        "unquoted-template",
        "a template without quotes: YAML reads its `{` as the start of a mapping"
        if written.startswith(OPENINGS)
        else "a text with a template needs quotes inside brackets",
        Span(source, start, end),
        help=advice,
    )


def _find_templates(text: str) -> list[tuple[int, int]]:
    """Every template that begins and ends on one line, wherever it stands.

    One that begins the value of a key or an item reaches to the end of its line: what follows belongs to its text.
    """
    templates = []
    barren: dict[str, int] = {}
    seen_line_end = -1
    found = _OPENING.search(text)
    while found:
        opening, at = found.group(), found.start()
        behind = at + 2
        if barren.get(opening, 0) <= at:
            line_end = text.find("\n", at)
            line_end = len(text) if line_end < 0 else line_end
            closing = text.find(_CLOSINGS[opening], at + 2, line_end)
            if closing < 0:
                barren[opening] = line_end
            else:
                behind = closing + 2
                if line_end != seen_line_end and _begins_value(text[text.rfind("\n", 0, at) + 1 : at]):
                    comment = _COMMENT.search(text, behind, line_end)
                    behind = comment.start() if comment else line_end
                templates.append((at, behind))
            seen_line_end = line_end
        found = _OPENING.search(text, behind)
    return templates


def _begins_value(prefix: str) -> bool:
    """Whether what stands before on the line is a key with its colon, or the dash of a list item."""
    if any(mark in prefix for mark in "\"'[{#"):
        return False
    prefix = prefix.rstrip(" ")
    return prefix.endswith(":") or (prefix.endswith("-") and not prefix.strip(" -"))


def _paint(text: str, templates: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in templates:
        parts += (text[at:start], text[start:end].translate(_PAINT))
        at = end
    parts.append(text[at:])
    return "".join(parts)
