"""Which mentions bound the length of the list that a template gives, when only the run knows how long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from seedflow.recipe.references import NameReference, Root, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import (
    And,
    Applied,
    Binary,
    Compared,
    Either,
    Joined,
    ListOf,
    Not,
    Or,
    RecordOf,
    Signed,
)

Source: TypeAlias = StepReference | NameReference


@dataclass(frozen=True, slots=True)
class Longest:
    """As long as the longest of several lists at most."""

    parts: tuple[Extent, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """As long as several lists together at most."""

    parts: tuple[Extent, ...]


Extent: TypeAlias = Source | int | Longest | Together
"""What bounds the length of a list: mentions, and the lengths of lists that are written out."""

NEVER_LENGTHEN: Final = frozenset(
    (
        "first",
        "last",
        "list",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
        "unique",
    )
)
"""Filters that give at most as many items as stand before them."""


_TAKE_ONE: Final = frozenset(("first", "last", "max", "min"))
"""Filters that give an item, which may be a list itself."""
_MAY_GIVE_LISTS: Final = NEVER_LENGTHEN | {"d", "default", "items", "range", "zip"}
_OF_IMAGES: Final = ("images", "passes", "outputs")
_NO_LISTS: Final = (Compared, Joined, Not, Signed)
"""What never gives a list, whatever it is made of."""


def bound_source(template: Template) -> Source | None:
    """The mention that bounds the length of what a template gives by itself, when there is exactly one."""
    sources = find_bound_sources(template)
    if sources is None or len(sources) != 1 or _adds(find_extent(template)):
        return None
    return sources[0]


def find_bound_sources(template: Template) -> tuple[Source, ...] | None:
    """The mentions that bound the length of what a template gives; None when nothing bounds it.

    A list that is written out is bounded by itself and has no sources. A source of `inputs`, `values` or `each` gives a list by
    itself, or images or tasks of something in it; how long that may be, is for its own declaration, list or template to say.
    """
    extent = find_extent(template)
    return None if extent is None else tuple(dict.fromkeys(_list_sources(extent)))


def find_extent(template: Template, *, nested: bool = False) -> Extent | None:
    """What bounds the length of what a template gives; None when nothing does.

    `nested` where the lists within it that it writes out are to be bounded as well.
    """
    node = template.expression
    if template.form is not TemplateForm.EXPRESSION or node is None:
        return None
    return _find(node, template, nested)


def measure_extent(extent: Extent, of_source: Callable[[Source], int], most: int) -> int:
    """How long a list is at most, by how long each source is; never more than `most`."""
    known: dict[object, int] = {}

    def measure(part: Extent) -> int:
        match part:
            case int():
                return part
            case Longest():
                return max(map(measure, part.parts), default=0)
            case Together():
                return min(sum(map(measure, part.parts)), most)
            case _:
                # Values that are twice the one before would be followed twice as often each.
                key = (part.root, part.path) if isinstance(part, NameReference) else part
                if key not in known:
                    known[key] = of_source(part)
                return known[key]

    return measure(extent)


def _adds(extent: Extent | None) -> bool:
    match extent:
        case Longest():
            return any(map(_adds, extent.parts))
        case Together():
            return True
        case _:
            return False


def _list_sources(extent: Extent) -> Iterator[Source]:
    match extent:
        case int():
            return
        case Longest() | Together():
            for part in extent.parts:
                yield from _list_sources(part)
        case _:
            yield extent


def _find(node: Expression, template: Template, nested: bool) -> Extent | None:
    match node:
        case Mentioned():
            return node.reference
        case Named() | Attribute() | Item():
            return _find_chain(node, template)
        case Part():
            return _find(node.base, template, nested)
        case ListOf() if not nested:
            return len(node.items)
        case ListOf() | RecordOf() if nested:
            return _find_written(node, template)
        case Constant():
            return _measure(node.value, nested)
        case Either():
            return _join((node.then, node.otherwise), template, nested)
        case And() | Or():
            return _join((node.left, node.right), template, nested)
        case FirstOf():
            return _join(node.arguments, template, nested)
        case OrNone() | WithoutFailed():
            return _find(node.argument, template, nested)
        case Binary(operator=operators.add):
            parts = _find_all((node.left, node.right), template, nested)
            return None if parts is None else Together(parts)
        case Applied() if node.name in NEVER_LENGTHEN and node.arguments:
            return _find(node.arguments[0], template, nested or node.name in _TAKE_ONE)
        case Applied() if node.name in ("default", "d"):
            others = [*node.arguments, *(value for name, value in node.keywords.items() if name != "boolean")]
            return _join(others, template, nested)
        case Applied() if node.name == "zip" and node.keywords:
            return _find(next(iter(node.keywords.values())), template, nested)
        case _:
            return None


def _find_written(node: ListOf | RecordOf, template: Template) -> Extent | None:
    """Of a list or record that is written out, itself or the longest list in it."""
    items = node.items if isinstance(node, ListOf) else [value for _, value in node.entries]
    length = len(items) if isinstance(node, ListOf) else 1
    lists = [item for item in items if not _is_no_list(item)]
    parts = _find_all(lists, template, nested=True)
    return length if not lists else None if parts is None else Longest((length, *parts))


def _is_no_list(node: Expression) -> bool:
    """Whether a node never gives a list, nor anything that has one in it."""
    match node:
        case Constant():
            return not isinstance(node.value, list | tuple)
        case Mentioned():
            return isinstance(node.reference.index, int) and node.reference.collection in _OF_IMAGES
        case Binary():
            if node.operator is operators.multiply:  # a list times a number is a list
                return _is_no_list(node.left) and _is_no_list(node.right)
            if node.operator is not operators.add:
                return True
            summed = [part for part in (node.left, node.right) if not _is_none(part)]
            return not summed or any(map(_is_no_list, summed))
        case Applied():
            return node.name not in _MAY_GIVE_LISTS
        case _:
            return isinstance(node, _NO_LISTS)


def _is_none(node: Expression) -> bool:
    """Whether a node is none for certain, beside which a sum is a list or not as its other part is."""
    match node:
        case Constant():
            return node.value is None
        case Binary(operator=operators.add):
            return _is_none(node.left) and _is_none(node.right)
        case _:
            return False


def _measure(value: object, nested: bool) -> int | None:
    if value is None:
        return 0
    if not isinstance(value, list | tuple):
        return None
    inside = [_measure(item, nested) or 0 for item in value] if nested else []
    return max([len(value), *inside])


def _join(nodes: Iterable[Expression], template: Template, nested: bool) -> Extent | None:
    parts = _find_all(nodes, template, nested)
    return None if parts is None else Longest(parts)


def _find_all(nodes: Iterable[Expression], template: Template, nested: bool) -> tuple[Extent, ...] | None:
    found: list[Extent] = []
    for node in nodes:
        extent = _find(node, template, nested)
        if extent is None:
            return None
        found.append(extent)
    return tuple(found)


def _find_chain(node: Expression, template: Template) -> Source | None:
    """The mention at the bottom of dots and brackets: `each.page.images`, `steps.page.tasks[0].images`."""
    bottom = node
    while isinstance(bottom, Attribute | Item):
        bottom = bottom.base
    if isinstance(bottom, Mentioned):
        return bottom.reference
    if not isinstance(bottom, Named):
        return None
    root: Root = bottom.root
    return next(
        (
            reference
            for reference in template.references
            if isinstance(reference, NameReference)
            and reference.root == root
            and (reference.start, reference.name) == (bottom.start, bottom.name)
        ),
        None,
    )
