"""The parts of a list of `for_each`: values that are known, and gaps where more may come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.addresses import is_vague
from seedflow.plan.frames import Later
from seedflow.plan.instances import Group, Instance, Order, Unit
from seedflow.plan.model import Bounds
from seedflow.plan.standing import Standing
from seedflow.plan.views import PendingImage, PendingTask, build_ghost_view
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.views import View

MOST_ITEMS = 1_000_000
"""What counts as no bound at all."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value, and its place in the order."""

    order: Order
    value: object


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where values will come once `after` has ended: those of `source`, or of all the list.

    They are those of one `unit` of the source, where that is known; of images, those of all `passes`, which have keys of their own, or of the last one.
    `label` stands for them in the address of the gap, `stand_in` for each of them until they are there. `failed` or
    `skipped` name a result for which none will come, `problem` says what is wrong with one that came. `nest` are the places of the used recipes around the source;
    `mention` is what of the source is meant. It `may_skip` when it may turn out that there is nothing to come since
    that was skipped.
    """

    order: Order
    label: str
    after: tuple[str, ...]
    bounds: Bounds[int]
    stand_in: object
    source: Instance | Group | None = None
    unit: Unit | None = None
    passes: bool = False
    failed: str | None = None
    skipped: str | None = None
    problem: Diagnostic | None = None
    nest: tuple[Order, ...] = ()
    mention: StepReference | None = None
    may_skip: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether it is known that no value will come."""
        return self.failed is not None or self.skipped is not None


Listing: TypeAlias = "list[Item | Gap]"


class NotAList(Exception):  # noqa: N818 - not an error of the program: carries what was found out of the reading
    """A list of `for_each` that is none."""

    def __init__(self, template: Template, value: object) -> None:
        super().__init__("not a list")
        self.template = template
        self.value = value

    def diagnose(self) -> Diagnostic:
        """The diagnostic, at the template."""
        value = self.value
        found = "none" if value is None else "text" if isinstance(value, str) else type(value).__name__
        return Diagnostic(
            "not-a-list",
            f"`for_each` needs a list, but this is {found}",
            self.template.scalar.span,
            help="give a list, or an input of type `list`",
        )


def nest_part(order: Order, part: Item | Gap) -> Item | Gap:
    """A part of a list inside a used recipe, as a part of a list outside of it."""
    if isinstance(part, Item):
        return Item((order, *part.order), part.value)
    return replace(part, order=(order, *part.order), nest=(order, *part.nest))


def find_start(names: tuple[str, ...], gap: Gap) -> tuple[str, str] | None:
    """A variable, and how all keys begin that come of a gap: those of the images of one task, and of the task itself."""
    source = gap.source
    if len(names) != 1 or not isinstance(source, Instance) or source.inner is not None:
        return None
    return None if is_vague(source.loop_key) else (names[0], source.loop_key)


def find_gap(part: Item | Gap) -> Gap | None:
    """The part itself, if it is a gap, or one for a value that may yet turn out to be skipped; None for a value that is certain."""
    if isinstance(part, Gap):
        return part
    subject = part.value.subject if isinstance(part.value, View) else None
    match subject:
        case PendingImage(source=source):
            instance, after = source.instance, source.addresses
        case PendingTask(instance=instance):
            after = tuple(unit.address for unit in instance.units)
        case _:
            return None
    if instance.outcome is not None or not instance.may_skip or not after:
        return None
    return Gap(part.order, "?", after, Bounds(0, 1), Later(after), source=instance, may_skip=True)


def cut_at_failed(parts: Listing) -> Listing:
    """Values in a row up to the first of which it is open how many failed: that stands for one, and nothing comes behind it."""
    known = next((number for number, part in enumerate(parts) if isinstance(part, Gap)), 0)
    gaps = [gap for part in parts if (gap := find_gap(part)) is not None]
    if not known or any(gap.failed is None or gap.problem is not None for gap in gaps):
        return parts
    return [*parts[:known], Item(parts[known].order, Later((), gaps[0].failed))]


def merge_parts(parts: Listing) -> Gap:
    """One place for all of a list, none of whose items may be taken before the others are known."""
    gaps = [find_gap(part) for part in parts]
    after = tuple(dict.fromkeys(address for gap in gaps if gap is not None for address in gap.after))
    values = [part.stand_in if isinstance(part, Gap) else part.value for part in parts]
    images = all(isinstance(value, View) and value.kind == "image" for value in values)
    return Gap(
        (),
        "?",
        after,
        Bounds(sum(1 if gap is None else gap.bounds.low for gap in gaps), count_most(parts)),
        build_ghost_view(*after) if images else Later(after),
        may_skip=all(gap is not None and gap.may_skip for gap in gaps),
    )


def count_most(parts: Listing) -> int:
    """How many items a list has at most."""
    return sum(part.bounds.high if isinstance(part, Gap) else 1 for part in parts)


def count_least(parts: Listing) -> int:
    """How many items a list has at least."""
    return sum(part.bounds.low if isinstance(part, Gap) else 1 for part in parts)


def build_gap(
    order: Order, label: str, standing: Standing, bounds: Bounds[int], stand_in: object = None
) -> Gap:
    """Values that have to wait, or that will never come."""
    after = tuple(standing.waits)
    skipped = standing.skips
    failed = None if skipped is not None else standing.failed
    return Gap(
        order,
        label,
        after,
        Bounds(0, bounds.high) if standing.may_be_skipped else bounds,
        stand_in if stand_in is not None else Later(after, failed, skipped),
        failed=failed,
        skipped=skipped,
        may_skip=standing.may_be_skipped,
    )


def build_skipped_gap(order: Order, label: str, cause: str) -> Gap:
    """What stands for values that were skipped."""
    return Gap(order, label, (), Bounds(0, 0), Later((), skipped=cause), skipped=cause)


def build_unmade_gap() -> Gap:
    """A gap in place of a list that is wrong whatever comes: for others it has some items, and nobody knows how many."""
    return Gap((), "?", (), Bounds(1, MOST_ITEMS), Later(()))


def build_refused_gap(order: Order, label: str, problem: Diagnostic) -> Gap:
    """What stands for an item that cannot be made of the results that are there."""
    return Gap(order, label, (), Bounds(0, 0), Later((), label), failed=label, problem=problem)


def build_failed_gap(
    source: Instance | Group, cause: str | None = None, problem: Diagnostic | None = None
) -> Gap:
    """What stands for values that will never come since their task failed, or is not what its user needs."""
    own = source.failed if isinstance(source, Group) else source.cause
    failed = cause or own or source.address
    label = source.loop_label if isinstance(source, Group) else source.loop_key
    return Gap(
        (source.order,),
        f"{label}-?",
        (),
        Bounds(0, 0),
        Later((), failed),
        source=source,
        failed=failed,
        problem=problem,
    )


def label_of_images(unit: Unit, *, passes: bool) -> str:
    """What stands for the keys of the images of one of the takes or passes of a task."""
    take = [f"t{unit.slot}"] if unit.slot > 1 else []
    number = [f"p{unit.number}"] if passes else []
    return "-".join([unit.instance.loop_key, *take, *number, "?"])


def build_failed_gap_of_unit(unit: Unit, place: int, *, passes: bool) -> Gap:
    """What stands for the images of a take or a pass that failed, of which nobody knows how many there would have been."""
    source = unit.instance
    failed = source.tasks.lost[unit.address][1]
    return replace(
        build_failed_gap(source, failed),
        order=(source.order, place),
        label=label_of_images(unit, passes=passes),
        unit=unit,
    )


def build_gap_of_use(source: Instance, standing: Standing, bounds: Bounds[int]) -> Gap:
    """What stands for the images that a use of a recipe will give as one of its outputs."""
    after = tuple(standing.waits)
    return Gap(
        (source.order,),
        f"{source.loop_key}-?",
        after,
        bounds,
        build_ghost_view(*after),
        source=source,
        may_skip=standing.may_be_skipped,
    )
