"""What is left of a recipe's tree without its broken parts, so that problems of all the rest come in the same go.

Where it is known what was meant by a misspelt key or word, the tree is read on as if that stood there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingOf
from typing import Final, NamedTuple, TypeAlias

from seedflow.recipe.leaves import is_nothing, suggest_name
from seedflow.text.nodes import Entry, Mapping, Node, Scalar

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions that lead from the root to a node."""

_ANY: Final = "*"
_EXPENDABLE_OF_VALUES: Final = (
    "description",
    "default",
    "optional",
    "minimum",
    "maximum",
    *(f"{bound}_{of}" for bound in ("min", "max") for of in ("length", "items")),
)
_EXPENDABLE: Final[tuple[Path, ...]] = (
    ("seedflow",),
    ("name",),
    ("description",),
    ("limits", _ANY),
    ("limits",),
    ("ref_words", _ANY),
    ("ref_words",),
    ("outputs", _ANY, _ANY),
    ("outputs", _ANY),
    ("steps", _ANY, "expect", "images", _ANY),
    ("steps", _ANY, "expect", _ANY),
    *(("steps", _ANY, key) for key in ("needs", "description", "tags", "was", "takes", "expect", "when")),
    ("steps", _ANY, "for_each", _ANY, _ANY),
    ("steps", _ANY, "iterate", _ANY),
    *(("inputs", _ANY, key) for key in (*_EXPENDABLE_OF_VALUES, "delimiter")),
    *(("inputs", _ANY, "of", key) for key in _EXPENDABLE_OF_VALUES),
    *(("inputs", _ANY, "columns", _ANY, key) for key in _EXPENDABLE_OF_VALUES),
)
"""Parts without which the rest can be read; the first that fits counts. Of most nothing else depends on them, of others it is known
that they are unread."""

_OF_NAMES: Final[tuple[Path, ...]] = (
    *((part,) for part in ("inputs", "values", "steps", "outputs")),
    *(("steps", _ANY, part) for part in ("for_each", "with")),
)
"""Mappings whose keys are names that the author chose, so that two of them can be read as one."""

_NAMED: Final = frozenset({"inputs", "values", "steps"})
"""Parts whose entries are used by name."""


class Meant(NamedTuple):
    """What a misspelt word at a path stands for: the key, or with `value` what stands behind the key."""

    word: str
    value: bool = False


def put_right(root: Node, meant: MappingOf[Path, Meant], at: Path = ()) -> Node:
    """The tree with what was meant in place of what is misspelt; every node keeps its place in the text.

    Where the key that was meant is there as well, names of both are; of anything else, what stands behind the right key.
    `at` is the path to the tree.
    """
    below: dict[str | int, dict[Path, Meant]] = {}
    for (first, *rest), word in meant.items():
        below.setdefault(first, {})[tuple(rest)] = word
    if not isinstance(root, Mapping):
        short = next((word.word for word in meant.values() if word.value), None)
        return root if short is None else Scalar(root.source, root.start, root.end, short)
    entries: dict[str, Entry] = {}
    for written, node in root:
        deeper = dict(below.get(written.value, ()))
        own = deeper.pop((), None)
        key, value = written, put_right(node, deeper, (*at, written.value)) if deeper else node
        if own is not None and own.value:
            value = Scalar(value.source, value.start, value.end, own.word)
        elif own is not None:
            key = Scalar(key.source, key.start, key.end, own.word)
        entry, before = Entry(key, value), entries.get(key.value)
        entries[key.value] = (
            entry
            if before is None
            else _read_as_one(before, entry, (*at, key.value), right_last=key is written)
        )
    return Mapping(root.source, root.start, root.end, tuple(entries.values()))


def is_of_names(path: Path) -> bool:
    """Whether the mapping at a path can be read as one with another that is meant for the same."""
    return any(len(path) == len(pattern) and _begins_with(path, pattern) for pattern in _OF_NAMES)


def _read_as_one(first: Entry, last: Entry, path: Path, *, right_last: bool) -> Entry:
    right, other = (last, first) if right_last else (first, last)
    if is_nothing(right.value):
        return Entry(right.key, other.value)
    if not isinstance(right.value, Mapping) or not isinstance(other.value, Mapping) or not is_of_names(path):
        return right
    taken = {entry.key.value for entry in right.value}
    more = tuple(entry for entry in other.value if entry.key.value not in taken)
    both = (*more, *right.value) if right_last else (*right.value, *more)
    return Entry(right.key, Mapping(right.value.source, right.value.start, right.value.end, both))


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
