"""The parts that an output is put together of: images that stand beside each other, and how many places they take in it.

What failed, or is still to come, has its places as well, so that nothing behind it gets the name of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.gaps import MOST_ITEMS
from seedflow.plan.handed import Handed
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.plan.picking import NotThere
from seedflow.plan.whole import find_part, find_whole
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template

Image: TypeAlias = "StepImage | FileImage | UrlImage | PendingImages"

ANY_PLACES = Bounds(0, MOST_ITEMS)


class NoParts(Exception):  # noqa: N818 - not an error of the program: carries what is wrong with an output
    """A part is wrong, or not there although nothing that it mentions failed."""

    def __init__(self, not_there: NotThere) -> None:
        super().__init__(not_there.message)
        self.not_there = not_there


@dataclass(frozen=True, slots=True)
class Found:
    """An image of a part, and what it went through."""

    image: Image
    handed: Handed = field(default_factory=Handed)


@dataclass(frozen=True, slots=True)
class OutputPart:
    """Images that stand beside each other, and how many places they take with what was to be there; it is `open` while more may come.

    `absent` says of one that was picked by its number that there is no such image.
    """

    found: tuple[Found, ...]
    places: Bounds[int]
    open: bool = False
    absent: NotThere | None = None

    @property
    def exact(self) -> bool:
        """Whether each of its images has a place that is known."""
        return self.places == (len(self.found), len(self.found))

    @property
    def may_be_none(self) -> bool:
        """Whether it may yet turn out to be left out."""
        return self.places.low == 0 < self.places.high


def add_places(parts: Iterable[OutputPart]) -> Bounds[int]:
    """How many places parts take together."""
    low = high = 0
    for part in parts:
        low, high = low + part.places.low, high + part.places.high
    return Bounds(low, min(high, MOST_ITEMS))


def choose(possible: Sequence[Sequence[OutputPart]], *, open_yet: bool) -> list[OutputPart]:
    """One of several, of which nobody knows yet which it will be."""
    counts = [add_places(parts) for parts in possible]
    places = Bounds(min(count.low for count in counts), max(count.high for count in counts))
    return [OutputPart((), places, open_yet or any(part.open for parts in possible for part in parts))]


def merge(parts: Sequence[OutputPart]) -> list[OutputPart]:
    """The same without a place for any of the images: how many there will be beside them is open."""
    found = tuple(one for part in parts for one in part.found)
    return [OutputPart(found, Bounds(0, add_places(parts).high), any(part.open for part in parts))]


def may_all_be_left_out(parts: Sequence[OutputPart]) -> bool:
    """Whether nothing is there of parts, and it may turn out that nothing was to be."""
    return not any(part.found or part.places.low for part in parts)


def hands_on(template: Template) -> bool:
    """Whether all images of an output come out of one mention, so that they have the values of `each` of what it mentions."""
    whole = find_whole(template)
    return isinstance(whole, StepReference) or find_part(template) is not None


def hand(part: OutputPart, each: Mapping[str, object], *, further_in: bool = False) -> OutputPart:
    """The same with the values of the use that it comes out of, unless one `further_in` has told its own."""
    found = [
        one if further_in and one.handed.each else replace(one, handed=replace(one.handed, each=each))
        for one in part.found
    ]
    return replace(part, found=tuple(found))
