"""YAML text to a tree of nodes with places, whatever the text: problems are collected, nothing is raised.

The text goes through libyaml as a stream of events (`events`), from which the tree is built under limits (`tree`).
Two things are settled around it: characters that no text may hold (`characters`) and templates without quotes
(`unquoted`). What libyaml says of broken YAML is put into plain words (`syntax`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Diagnostic, Source
from seedflow.text.characters import check_characters
from seedflow.text.events import BrokenYaml, EventReader, read_events
from seedflow.text.files import load_source, report_too_large
from seedflow.text.nodes import Node
from seedflow.text.syntax import explain_error
from seedflow.text.tree import StopReading, TemplateAsMapping, TreeBuilder
from seedflow.text.unquoted import find_unquoted, paint_unquoted, report_unquoted

__all__ = ["LIBRARY_LIMITS", "PROJECT_LIMITS", "Limits", "load_source", "read_yaml"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost: its size in UTF-8, its scalars and collections, and how deep they stand in each other."""

    max_bytes: int
    max_nodes: int
    max_depth: int = 64


PROJECT_LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_nodes=3_000_000)
"""For the user's own files: room for 100,000 steps of thirty keys and values each, in a tree of at most 1 GiB."""

LIBRARY_LIMITS: Final = Limits(max_bytes=1024 * 1024, max_nodes=20_000)
"""For what comes from others."""


def read_yaml(
    source: Source, limits: Limits = PROJECT_LIMITS, *, events: EventReader = read_events
) -> tuple[Node | None, list[Diagnostic]]:
    """Read one YAML document.

    Args:
        source: the text.
        limits: what it may cost.
        events: what turns text into events.

    Returns:
        The root and the problems in the order of the text. The root is None where parts of the text could not be
        understood (broken YAML, a passed limit, an empty file, an alias of a collection); with any other error
        there is a tree to look for further problems in.
    """
    size_bytes = (
        len(source.text.encode("utf-8", errors="surrogatepass")) if _may_exceed(source.text, limits) else 0
    )
    if size_bytes > limits.max_bytes:
        return None, [report_too_large(source.name, size_bytes, limits.max_bytes)]
    text, problems = check_characters(source)
    with _without_cyclic_collection():
        root, found, broken = _read_once(source, text, limits, events, {})
        unquoted = find_unquoted(text, limits.max_depth, events) if broken else {}
        if unquoted:
            root, found, _ = _read_once(source, paint_unquoted(text, unquoted), limits, events, unquoted)
    problems += found
    problems.sort(key=lambda problem: problem.span.start if problem.span else -1)
    return root, problems


def _may_exceed(text: str, limits: Limits) -> bool:
    return len(text) * 4 > limits.max_bytes


def _read_once(
    source: Source, text: str, limits: Limits, events: EventReader, unquoted: Lookup[int, int]
) -> tuple[Node | None, list[Diagnostic], bool]:
    """The root, the problems, and whether the reading broke off at something that is not understood."""
    builder = TreeBuilder(
        source, text, max_depth=limits.max_depth, max_nodes=limits.max_nodes, unquoted=unquoted
    )
    broken = True
    try:
        return builder.build(events(text)), builder.problems, False
    except StopReading:
        broken = False
    except TemplateAsMapping as found:
        line_end = text.find("\n", found.start)
        end = len(text) if line_end < 0 else line_end
        builder.problems.append(report_unquoted(source, found.start, len(text[:end].rstrip())))
    except BrokenYaml as error:
        slip = explain_error(source, text, error, builder.at, builder.find_open_bracket())
        # What was said of the same text on the way would give other quotes, or none.
        builder.problems = [found for found in builder.problems if not _is_said_by(slip, found)]
        builder.problems.append(slip)
    builder.judge_unfinished()
    return None, builder.problems, broken


def _is_said_by(slip: Diagnostic, found: Diagnostic) -> bool:
    same = slip.span and found.span and slip.span.start == found.span.start
    return bool(same) and found.code in ("glued-comment", "unquoted-template")


@contextmanager
def _without_cyclic_collection() -> Iterator[None]:
    """Pause the cyclic garbage collector: a tree has no cycles, and looking for them takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
