"""What a value is before anybody knows which: text, a number, an image, a list of so many images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from seedflow.diagnostics.suggest import find_near
from seedflow.graph.ranges import ANYTHING, Range, join_ranges
from seedflow.images.facts import ImageFormat

SAME_ITEMS: Final = frozenset(("list", "sort", "reverse"))
"""Filters that give all items of what stands before them, in another order perhaps."""


class Count(NamedTuple):
    """How many there are at least and at most; `high` None when nothing bounds it."""

    low: int
    high: int | None

    def times(self, other: Count) -> Count:
        """As many of the other for each of these."""
        if self.high == 0 or other.high == 0:
            return Count(0, 0)
        high = None if self.high is None or other.high is None else self.high * other.high
        return _within_reason(self.low * other.low, high)

    def plus(self, other: Count) -> Count:
        """Both together."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return _within_reason(self.low + other.low, high)

    def sliced(self, start: int | None, stop: int | None, step: int | None) -> Count:
        """What is left after a slice with these bounds, as Python takes it."""
        if step == 0:
            return Count(0, self.high)
        if self.high is not None and self.high - self.low <= _MOST_LENGTHS:
            lengths = [len(range(length)[start:stop:step]) for length in range(self.low, self.high + 1)]
            return Count(min(lengths), max(lengths))
        if (start is None or start >= 0) and stop is not None and stop >= 0 and (step is None or step > 0):
            most = range(stop if self.high is None else min(stop, self.high))[start:stop:step]
            return Count(len(range(self.low)[start:stop:step]), len(most))
        return Count(0, self.high)


def pair_counts(counts: Sequence[Count]) -> Count:
    """Of lists side by side: as many as each of them has, and of ones that never fit each other nobody knows."""
    low = max((count.low for count in counts), default=0)
    high = min((count.high for count in counts if count.high is not None), default=None)
    return ANY if high is not None and low > high else Count(low, high)


def _within_reason(low: int, high: int | None) -> Count:
    """A count whose numbers a range can have; more is as good as no bound."""
    return Count(min(low, _MOST), None if high is None or high > _MOST else high)


_MOST = 10**15
_LONGEST_OPTION = 40
"""Characters of a written text that is remembered."""
_MOST_LENGTHS = 64
ONE = Count(1, 1)
ANY = Count(0, None)


class Kind(Enum):
    """The kinds of values; the value of each is how messages call one and several of it."""

    TEXT = ("text", "texts")
    NUMBER = ("a number", "numbers")
    INTEGER = ("a whole number", "whole numbers")
    BOOLEAN = ("true or false", "truth values")
    NONE = ("none", "nones")
    IMAGE = ("an image", "images")
    TASK = ("a task", "tasks")
    RECORD = ("a record", "records")
    LIST = ("a list", "lists")
    UNKNOWN = ("a value", "values")


_SCALARS = (Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN)


class Answers(NamedTuple):
    """Of how many tasks a list has all images, how many takes each has, and how many images each of these."""

    tasks: Count
    takes: Count
    images: Count

    def count_images(self) -> Count:
        """How many images these are together."""
        return self.tasks.times(self.takes).times(self.images)


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value.

    `optional` when it may be none instead. Of a list, `item` is the shape of each item and `count` says how many; of a
    record, `fields` are those that every such record may have, None when they are not known; when it is `open` it may have
    more, and only a name that is a slip of one of them is called wrong. Of a text with a closed set of values, `options`
    are these. Of a task, `item` is the shape of its images, `fields` are its variables, and `outputs` those of a step that
    uses a recipe; when it is `open`, or nothing is known of it, it may have outputs that are not known. A whole number lies
    `between` two others, where that is known. A list of images has those of `answers`, or some of them.
    """

    kind: Kind
    optional: bool = False
    item: Shape | None = None
    count: Count = ONE
    fields: Mapping[str, Shape] | None = None
    options: tuple[str, ...] = ()
    outputs: Mapping[str, Shape] | None = None
    open: bool = False
    between: Range | None = None
    answers: Answers | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.kind is not Kind.UNKNOWN

    @property
    def holds_images(self) -> bool:
        """Whether it is an image or a list of images."""
        return self.kind is Kind.IMAGE or (
            self.kind is Kind.LIST and self.item is not None and self.item.kind is Kind.IMAGE
        )

    @property
    def sure_number(self) -> Range | None:
        """Between which numbers it lies; None where it may as well be none, which leaves a parameter out."""
        return None if self.optional else self.between

    def that_holds(self) -> Shape:
        """What is left of it where its value counts as true: neither none nor 0."""
        between = None if self.between is None else self.between.without_zero()
        return replace(self, optional=False, between=between)

    @property
    def scalar(self) -> bool:
        """Whether it converts to text where text is wanted."""
        return self.kind in _SCALARS

    def describe(self) -> str:
        """What messages call it: `text`, `an image`, `a list of 1 to 3 images`."""
        one, _ = self.kind.value
        if self.kind is not Kind.LIST or self.item is None or not self.item.known:
            return f"{one}, or none" if self.optional and self.kind is not Kind.NONE else one
        _, several = self.item.kind.value
        low, high = self.count
        if low == high:
            return f"a list of {low} {several if low != 1 else several.removesuffix('s')}"
        return f"a list of {low} to {high} {several}" if high is not None else f"a list of {several}"

    def follow(self, path: Sequence[str | int]) -> Shape | None:
        """What is at the end of attributes, fields and items one behind the other; None when one of them certainly is not there."""
        found: Shape | None = self
        for part in path:
            found = None if found is None else found.find(part)
        return found

    def find(self, part: str | int) -> Shape | None:
        """The shape of an attribute, field or item; None when there certainly is none."""
        match self.kind:
            case Kind.IMAGE:
                return (
                    _IMAGE_ATTRIBUTES.get(part)
                    if part != "each" or self.fields is None
                    else _record(self.fields)
                )
            case Kind.TASK:
                return self._task_attribute(part)
            case Kind.RECORD if self.fields is not None:
                return self._field(self.fields, part)
            case Kind.LIST if isinstance(part, int):
                return (
                    None
                    if self.count.high is not None and _needed(part) > self.count.high
                    else self.item or UNKNOWN
                )
            case Kind.LIST | Kind.TEXT | Kind.NUMBER | Kind.INTEGER | Kind.BOOLEAN | Kind.NONE:
                return None
            case _:
                return UNKNOWN

    def attributes(self) -> tuple[str, ...]:
        """The names that `find` knows, for suggestions."""
        match self.kind:
            case Kind.IMAGE:
                return tuple(str(name) for name in _IMAGE_ATTRIBUTES)
            case Kind.TASK:
                return ("images", "each", "key", *(("outputs",) if self.outputs is not None else ()))
            case Kind.RECORD if self.fields is not None:
                return tuple(self.fields)
            case _:
                return ()

    def _field(self, fields: Mapping[str, Shape], part: str | int) -> Shape | None:
        if not isinstance(part, str):
            return None
        found = fields.get(part)
        return UNKNOWN if found is None and self.open and find_near(part, fields) is None else found

    def _task_attribute(self, part: str | int) -> Shape | None:
        match part:
            case "images":
                return self.item or UNKNOWN
            case "each":
                return _record(self.fields)
            case "key":
                return TEXT
            case "outputs" if self.outputs is not None:
                return _record(self.outputs)
            case "outputs" if self.open or self.item is None:
                return UNKNOWN
            case _:
                return None


def _record(fields: Mapping[str, Shape] | None) -> Shape:
    return Shape(Kind.RECORD, fields=fields)


def _needed(index: int) -> int:
    return index + 1 if index >= 0 else -index


UNKNOWN = Shape(Kind.UNKNOWN)
TEXT = Shape(Kind.TEXT)
NUMBER = Shape(Kind.NUMBER)
INTEGER = Shape(Kind.INTEGER)
BOOLEAN = Shape(Kind.BOOLEAN)
NONE = Shape(Kind.NONE, optional=True)
IMAGE = Shape(Kind.IMAGE)

IMAGE_FORMATS = tuple(one.value for one in ImageFormat)
"""What `format` of an image may be."""
_IMAGE_ATTRIBUTES: Mapping[str | int, Shape] = {
    "width": INTEGER,
    "height": INTEGER,
    "format": Shape(Kind.TEXT, options=IMAGE_FORMATS),
    "digest": TEXT,
    "name": TEXT,
    "number": INTEGER,
    "key": TEXT,
    "take": INTEGER,
    "each": Shape(Kind.RECORD),
}


def shape_of_value(value: object) -> Shape:
    """The shape of a plain value."""
    match value:
        case None:
            return NONE
        case bool():
            return BOOLEAN
        case int():
            return whole_number(Range(value, value))
        case float():
            return NUMBER
        case str():
            return Shape(Kind.TEXT, options=(value,)) if len(value) <= _LONGEST_OPTION else TEXT
        case list() | tuple():
            return list_of(
                join_shapes([shape_of_value(item) for item in value]), Count(len(value), len(value))
            )
        case Mapping():
            return Shape(
                Kind.RECORD, fields={str(name): shape_of_value(item) for name, item in value.items()}
            )
        case _:
            return UNKNOWN


def without_fields(shape: Shape, depth: int = 2) -> Shape:
    """The same shape, of which no more is known than so many levels of variables: chains of steps make deep shapes."""
    if shape.kind not in (Kind.IMAGE, Kind.TASK, Kind.LIST) or (shape.fields is None and shape.item is None):
        return shape
    fields = None
    if depth and shape.fields is not None:
        fields = {name: without_fields(field, depth - 1) for name, field in shape.fields.items()}
    item = None if shape.item is None else without_fields(shape.item, depth)
    outputs = None
    if depth and shape.outputs is not None:
        outputs = {name: without_fields(output, depth - 1) for name, output in shape.outputs.items()}
    cut = shape.outputs is not None and outputs is None
    return replace(shape, item=item, fields=fields, outputs=outputs, open=shape.open or cut)


def whole_number(between: Range) -> Shape:
    """The shape of a whole number between two others."""
    return Shape(Kind.INTEGER, between=between)


def list_of(item: Shape, count: Count = ANY, answers: Answers | None = None) -> Shape:
    """The shape of a list."""
    return Shape(Kind.LIST, item=item, count=count, answers=answers)


def add_lists(*parts: Shape) -> Shape:
    """Lists one behind the other, of which those that are none add nothing; none where all of them are."""
    lists = [part for part in parts if part.kind is Kind.LIST]
    if not lists:
        return NONE
    count = Count(0, 0)
    for one in lists:
        count = count.plus(Count(0 if one.optional else one.count.low, one.count.high))
    item = join_shapes([one.item or UNKNOWN for one in lists])
    return Shape(Kind.LIST, all(part.optional for part in parts), item, count)


def join_shapes(shapes: list[Shape]) -> Shape:
    """What is true of all of them: their kind if they share one, the fields that any record has."""
    if not shapes:
        return UNKNOWN
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    kinds = {shape.kind for shape in shapes} - {Kind.NONE}
    optional = any(shape.optional for shape in shapes)
    if kinds == {Kind.INTEGER, Kind.NUMBER}:
        return Shape(Kind.NUMBER, optional)
    if len(kinds) != 1:
        return UNKNOWN
    (kind,) = kinds
    if kind is Kind.INTEGER:
        between = join_ranges(shape.between or ANYTHING for shape in shapes if shape.kind is kind)
        return Shape(kind, optional, between=None if between == ANYTHING else between)
    if kind in (Kind.IMAGE, Kind.TASK, Kind.LIST) and len({shape.kind for shape in shapes}) == 1:
        sure = [_without_doubts(shape) for shape in shapes]
        if all(shape == sure[0] for shape in sure):
            return _with_every_doubt(shapes)
    if kind is not Kind.RECORD:
        return Shape(kind, optional) if kind is not Kind.LIST else UNKNOWN
    gathered: dict[str, list[Shape]] = {}
    for shape in shapes:
        if shape.kind is Kind.RECORD and shape.fields is None:
            return Shape(Kind.RECORD, optional)
        for name, found in (shape.fields or {}).items():
            gathered.setdefault(name, []).append(found)
    return Shape(
        Kind.RECORD,
        optional,
        fields={name: join_shapes(found) for name, found in gathered.items()},
        open=any(shape.open for shape in shapes),
    )


def _without_doubts(shape: Shape) -> Shape:
    """The same shape, as if nothing in it were optional."""
    return _with_parts(replace(shape, optional=False), [shape], lambda parts: _without_doubts(parts[0]))


def _with_every_doubt(shapes: Sequence[Shape]) -> Shape:
    """The shape of ones that are the same but for their doubts: what is optional in any of them is."""
    optional = any(shape.optional for shape in shapes)
    return _with_parts(replace(shapes[0], optional=optional), shapes, _with_every_doubt)


def _with_parts(shape: Shape, shapes: Sequence[Shape], join: Callable[[Sequence[Shape]], Shape]) -> Shape:
    """A shape with each part joined of those that stand there in each of the others, which are built alike."""

    def join_named(every: Sequence[Mapping[str, Shape] | None]) -> Mapping[str, Shape] | None:
        known = [one for one in every if one is not None]
        return {name: join([one[name] for one in known]) for name in known[0]} if known else None

    items = [one.item for one in shapes if one.item is not None]
    return replace(
        shape,
        item=join(items) if items else None,
        fields=join_named([one.fields for one in shapes]),
        outputs=join_named([one.outputs for one in shapes]),
    )


def join_all(shapes: list[Shape]) -> Shape:
    """The shape of what is one of several; a list of what is in any of them where all are lists."""
    lists = [shape for shape in shapes if shape.kind is Kind.LIST]
    if len(lists) == len(shapes) and shapes:
        items = join_shapes([shape.item or UNKNOWN for shape in lists])
        highs = [shape.count.high for shape in lists]
        high = None if None in highs else max(high for high in highs if high is not None)
        optional = any(shape.optional for shape in lists)
        return Shape(Kind.LIST, optional, items, Count(min(shape.count.low for shape in lists), high))
    return join_shapes(shapes)
