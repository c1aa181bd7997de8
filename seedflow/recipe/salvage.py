"""What is left of a recipe's tree without its broken parts, so that problems of all the rest come in the same go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from seedflow.recipe.leaves import suggest_name
from seedflow.text.nodes import Entry, Mapping, Node, Scalar

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions that lead from the root to a node."""

_ANY: Final = "*"
_EXPENDABLE: Final[tuple[Path, ...]] = (
    ("seedflow",),
    ("name",),
    ("description",),
    ("limits",),
    ("ref_words",),
    ("outputs", _ANY),
    *(("steps", _ANY, key) for key in ("needs", "description", "tags", "was", "takes", "expect", "when")),
    ("steps", _ANY, "for_each", _ANY, "at_most"),
    *(("inputs", _ANY, key) for key in ("description", "default", "optional", "delimiter")),
    *(("inputs", _ANY, f"{low_or_high}imum") for low_or_high in ("min", "max")),
    *(("inputs", _ANY, f"{bound}_{of}") for bound in ("min", "max") for of in ("length", "items")),
)
"""Parts that nothing else depends on: without them the rest means what it meant."""

_NAMED: Final = frozenset({"inputs", "values", "steps"})
"""Parts whose entries are used by name."""


def choose_cut(path: Path) -> Path:
    """The part to take out for a problem at a path: as little as possible, and never half a step or half an input."""
    if not path:
        return path
    for pattern in _EXPENDABLE:
        if _begins_with(path, pattern):
            return path[: len(pattern)]
    return path[:2] if path[0] in _NAMED else path[:1]


def take_out(root: Mapping, cuts: Iterable[Path]) -> Mapping:
    """The tree without some parts. Without a version it gets the one that is read, without steps a mapping of none."""
    left = _without(root, list(cuts))
    start = root.start
    needed: dict[str, Node] = {
        "seedflow": Scalar(root.source, start, start, "1"),
        "steps": Mapping(root.source, start, start, ()),
    }
    added = [
        Entry(Scalar(root.source, start, start, key), node)
        for key, node in needed.items()
        if left.find(key) is None
    ]
    return Mapping(root.source, start, root.end, (*added, *left.entries))


def list_unread(cuts: Iterable[Path]) -> Iterator[Path]:
    """The parts that are not known in detail; one with a bad name counts under the name that is suggested, too."""
    for cut in cuts:
        yield cut
        better = suggest_name(str(cut[1])) if len(cut) == 2 and cut[0] in _NAMED else None
        if better is not None:
            yield (cut[0], better)


def _without(node: Mapping, cuts: list[Path]) -> Mapping:
    below: dict[str | int, list[Path]] = {}
    for first, *rest in cuts:
        below.setdefault(first, []).append(tuple(rest))
    entries = []
    for entry in node:
        deeper = below.get(entry.key.value)
        if deeper is None:
            entries.append(entry)
        elif () not in deeper:
            entries.append(Entry(entry.key, _cut_below(entry.value, deeper)))
    return Mapping(node.source, node.start, node.end, tuple(entries))


def _cut_below(node: Node, cuts: list[Path]) -> Node:
    return _without(node, cuts) if isinstance(node, Mapping) else node


def _begins_with(path: Path, pattern: Path) -> bool:
    return len(path) >= len(pattern) and all(
        wanted in (_ANY, found) for found, wanted in zip(path, pattern, strict=False)
    )
