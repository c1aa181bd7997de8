"""One of several, or a part of them, by the literal index behind a mention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedflow.diagnostics import Diagnostic
from seedflow.graph.ranges import count_numbers
from seedflow.plan.instances import StepTasks
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.recipe.references import Slice, StepReference
from seedflow.recipe.template import Template

_MOST_STEPS = 100
_OF_IMAGES = "ask for an image that the step gives, or for `.images` to take whatever there is"
_HELP = {
    "no-such-task": "repeat both steps over the same list; what may find nothing is a filter: `| selectattr('each.NAME', 'eq', …)`"
}


@dataclass(frozen=True, slots=True)
class NotThere:
    """A mention of something that turned out not to exist, such as the third image of two."""

    message: str
    code: str = "no-such-image"


class Absent(Exception):  # noqa: N818 - not an error of the program: carries what is not there out of a rendering
    """A mention inside a template turned out not to exist; whoever renders knows which template."""

    def __init__(self, not_there: NotThere) -> None:
        super().__init__(not_there.message)
        self.not_there = not_there


def diagnose_absent(
    not_there: NotThere, template: Template, mention: StepReference | None = None
) -> Diagnostic:
    """The diagnostic for a mention of something that does not exist, at the mention where it is known or the template has just one."""
    mentions = [one for one in template.references if isinstance(one, StepReference)]
    if mention is None and len(mentions) == 1:
        (mention,) = mentions
    span = template.scalar.span if mention is None else template.span_of(mention)
    return Diagnostic(not_there.code, not_there.message, span, help=_HELP.get(not_there.code, _OF_IMAGES))


def as_list(value: object) -> list[object]:
    """The items of nested lists in order, without what is none."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in as_list(item)]
    return [value]


def pick(items: Sequence[object], mention: StepReference) -> object:
    """What a mention picks of values that are all known.

    Raises:
        Absent: there are not that many.
    """
    match mention.index:
        case None:
            return list(items)
        case Slice(start=start, stop=stop, step=step):
            return list(items[start:stop:step])
        case int(index):
            if -len(items) <= index < len(items):
                return items[index]
            raise Absent(_no_image(mention, index, len(items)))


def pick_slots(
    slots: Sequence[StepImage | PendingImages], mention: StepReference
) -> tuple[StepImage | PendingImages, ...] | NotThere:
    """The same for images, be they there or not, whose number is known."""
    match mention.index:
        case Slice(start=start, stop=stop, step=step):
            return tuple(slots[start:stop:step])
        case int(index) if -len(slots) <= index < len(slots):
            return (slots[index],)
        case int(index):
            return _no_image(mention, index, len(slots))
        case None:
            return tuple(slots)


def _no_image(mention: StepReference, index: int, count: int) -> NotThere:
    what: str = mention.collection or "images"
    if what == "outputs":
        what = f"outputs.{mention.output}"
    return NotThere(
        f"`steps.{mention.step}.{what}[{index}]` does not exist: there {'is' if count == 1 else 'are'} {count}"
    )


def choose_slots(
    slots: Sequence[StepImage | PendingImages], mention: StepReference, after: str, what: str
) -> tuple[StepImage | PendingImages, ...] | NotThere:
    """What a mention picks of images, be it known or not how many there are; `after` and `what` as in `narrow_slots`."""
    if mention.index is None:
        return tuple(slots)
    if all(isinstance(slot, StepImage) or slot.count == (1, 1) for slot in slots):
        return pick_slots(slots, mention)
    return (narrow_slots(slots, mention, after, what),)


def narrow_slots(
    slots: Sequence[StepImage | PendingImages],
    mention: StepReference,
    after: str,
    what: str,
) -> PendingImages:
    """The same while it is not known how many there are before it; `after` is what they come from, `what` which of it."""
    name = f"{'succeeded ' if mention.fail_ok else ''}{after} {what}"
    low = sum(slot.count.low if isinstance(slot, PendingImages) else 1 for slot in slots)
    high = sum(slot.count.high if isinstance(slot, PendingImages) else 1 for slot in slots)
    match mention.index:
        case Slice() as cut:
            count = count_part(Bounds(low, high), cut)
            return PendingImages(after, count, f"{name}[{_spell(cut)}]", (after,))
        case index:
            lone = len(slots) == 1 and isinstance(index, int) and index >= 0
            number = index + 1 if lone and isinstance(index, int) else 0
            return PendingImages(after, Bounds(1, 1), f"{name}[{index}]", (after,), number)


def count_part(count: Bounds[int], cut: Slice) -> Bounds[int]:
    """How many items a part has of a list of so many. Longer lists may have shorter parts: `[-2:1]` of three has none, of two one."""
    if cut.step == 0:
        return Bounds(0, 0)
    start, stop, step = abs(cut.start or 0), abs(cut.stop or 0), min(abs(cut.step or 1), _MOST_STEPS)
    turns = {near + by for near in (start, stop, start + stop) for by in range(-step, step + 1)}
    lengths = {*count, *(turn for turn in turns if count.low < turn < count.high)}
    sizes = [count_numbers(range(length)[cut.start : cut.stop : cut.step]) for length in lengths]
    return Bounds(min(sizes), max(sizes))


def _spell(index: Slice) -> str:
    ends = ["" if part is None else str(part) for part in (index.start, index.stop)]
    return ":".join(ends if index.step is None else [*ends, str(index.step)])


def is_single(mention: StepReference, tasks: StepTasks) -> bool:
    """Whether a mention is about one task by the way it is written, not by how many there happen to be."""
    if mention.selector is not None:
        return mention.selector.kind == "at"
    return not tasks.fanned
