"""What a step consists of, written beside its name and not below it: read as if it stood below, and told once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seedflow.diagnostics import Diagnostic, Related
from seedflow.recipe.leaves import is_nothing, quote
from seedflow.recipe.schema import StepBlock
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND
from seedflow.text.nodes import Entry, Mapping, Node

_KEYS: Final = frozenset(StepBlock.known_keys())


def indent_steps(root: Node) -> tuple[Node, list[tuple[str, Diagnostic]]]:
    """The tree with every such part below its step, and what is wrong by the names of these steps; every node keeps its place."""
    written = root.find("steps") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or written is None or not isinstance(written.value, Mapping):
        return root, []
    problems: list[tuple[str, Diagnostic]] = []
    steps = tuple(_indent(written.value, problems))
    if not problems:
        return root, []
    below = Mapping(written.value.source, written.value.start, written.value.end, steps)
    entries = tuple(Entry(entry.key, below) if entry is written else entry for entry in root)
    return Mapping(root.source, root.start, root.end, entries), problems


def _indent(steps: Mapping, problems: list[tuple[str, Diagnostic]]) -> Iterator[Entry]:
    left = list(steps)
    while left:
        step = left.pop(0)
        parts: list[Entry] = []
        while is_nothing(step.value) and left and _is_part(left[0]):
            parts.append(left.pop(0))
        if not any(part.key.value in OPTIONS_BY_KIND for part in parts):
            yield step
            yield from parts
            continue
        names = ", ".join(f"`{part.key.value}`" for part in parts)
        stands = "stands" if len(parts) == 1 else "stand"
        name = quote(step.key.value)
        wrong = Diagnostic(
            "wrong-type",
            f"{names} {stands} beside {name}, which has nothing below it; expected below the step",
            parts[0].key.span,
            help=f"indent {names}, with all that is inside, further than {name}",
            related=(Related(step.key.span, "the step"),),
        )
        problems.append((step.key.value, wrong))
        first, last = parts[0].key, parts[-1].value
        yield Entry(step.key, Mapping(first.source, first.start, last.end, tuple(parts)))


def _is_part(entry: Entry) -> bool:
    """Whether it can be a part of a step alone, and is no step that is called like one."""
    inner = entry.value
    is_step = isinstance(inner, Mapping) and any(inner.find(kind) is not None for kind in OPTIONS_BY_KIND)
    return entry.key.value in _KEYS and not is_step
