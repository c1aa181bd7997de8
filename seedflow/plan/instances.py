"""The instances of a step, as far as they are known: their values and keys, their tasks, and what became of them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from seedflow.graph.model import StepNode
from seedflow.plan.addresses import Keys, Wanted, is_vague, may_match, shorten_key
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.group_index import GroupIndex
from seedflow.plan.model import Bounds, Outcome, StepImage

Order: TypeAlias = "tuple[int | Order, ...]"
"""Where an instance stands in `for_each` order: for each variable the place of its value, which may itself be an order."""

NO_IMAGES = Bounds(0, 0)


@dataclass(slots=True, eq=False)
class Unit:
    """One task of an instance: take number `slot` of the step's takes, and pass `number` where edits go in a row.

    `before` is the task of the pass before.
    """

    address: str
    instance: Instance
    slot: int
    number: int
    last: bool
    env: Env
    before: Unit | None = None

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """The keys of its instance, and the number of the pass."""
        iterate = self.instance.tasks.node.step.iterate
        own = self.instance.keys
        return own if iterate is None else (*own, (iterate.name, str(self.number)))

    @property
    def each(self) -> Mapping[str, object]:
        """All values that its images were made with, those of the steps around it included."""
        around = self.env.frame.each
        return {**around, **self.env.each} if around else self.env.each

    @property
    def ghost(self) -> bool:
        """Whether it is never asked."""
        return self.instance.stands_for_others


@dataclass(slots=True, eq=False)
class Instance:
    """A step with one set of `for_each` values. `keys` has a pair of variable and key for each variable, in written order.

    `sources` are the tasks (or whole instances) whose images its values are and that are not there yet,
    `behind` the tasks and wholes that have ended and that its other values were worked out of. `inner` is the
    inside of a step that uses another recipe, `entered` what its conditions say of that once it is known. `complete` once all its tasks are known, which `to_come` stands for until
    then. A `ghost` stands for instances that are
    not known yet, and is never asked; its `spread` says of each place where values of variables will come how many these are at most.
    """

    tasks: StepTasks
    address: str
    each: Mapping[str, object]
    keys: tuple[tuple[str, str], ...]
    order: Order
    sources: tuple[ImageSource, ...] = ()
    behind: tuple[str, ...] = ()
    units: list[Unit] = field(default_factory=list)
    complete: bool = True
    outcome: Outcome | None = None
    cause: str | None = None
    may_skip: bool = False
    inner: FrameInstance | None = None
    entered: Outcome | None = None
    to_come: Group | None = None
    ghost: bool = False
    spread: tuple[tuple[tuple[str, ...], int], ...] = ()

    @property
    def step(self) -> str:
        """The id of its step."""
        return self.tasks.node.id

    @property
    def key(self) -> str:
        """The key of a task: the keys of its variables and of those around it joined, or the step's name without any."""
        return ",".join([*self.tasks.frame.keys, *(key for _, key in self.keys)]) or self.tasks.node.step.name

    @property
    def loop_key(self) -> str:
        """The same as a part of the keys of those that loop over it: never too long, with nothing in it that divides."""
        own = [key for _, key in self.keys] or [self.tasks.node.step.name]
        return shorten_key(".".join([*self.tasks.frame.keys, *own]))

    @property
    def gave(self) -> bool:
        """Whether it came to all that it is asked for."""
        return self.outcome is Outcome.GIVEN

    @property
    def ended(self) -> bool:
        """Whether its images are known: those of the takes that came, when others failed."""
        return self.outcome is not None

    @property
    def may_be_missing(self) -> bool:
        """Whether those that it stands for may be skipped before anybody asks what they give."""
        return self.may_skip and self.stands_for_others

    @property
    def stands_for_others(self) -> bool:
        """Whether it is a ghost or inside of one, so that nobody knows its key yet."""
        return self.ghost or self.tasks.frame.ghost

    def note_may_skip(self) -> None:
        """It may turn out to be skipped; of one that stands for others, each of these may."""
        if not self.may_skip:
            self.may_skip = True
            self.tasks.may_skip += not self.ghost

    def last_units(self) -> list[Unit]:
        """The tasks whose images are the instance's: one of each take, the last pass of edits in a row."""
        return [unit for unit in self.units if unit.last]


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A task, or all of an instance, that a value of `each` comes from."""

    instance: Instance
    unit: Unit | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """What has to end first."""
        if self.unit is not None:
            return (self.unit.address,)
        return tuple(unit.address for unit in self.instance.units)


@dataclass(slots=True, eq=False)
class Group:
    """A place where instances will come, or passes of `instance`. `children` are what it turned out to be.

    `keys` are those that all of them have, `label` stands for the others, and `start` says of one how it begins, where that is known. `bounds` says how many instances there may be; `ghosts` stand for them, each for so many.
    `images` is how many images the passes give that are to come, `passes` the same for all of them and not the last one
    alone. `failed` names what failed, so that none will come; it `may_skip` when what they come from may be skipped, and is `skipped` once that is so.
    """

    address: str
    label: str
    tasks: StepTasks
    order: Order
    bounds: Bounds[int]
    keys: Keys = ()
    start: tuple[str, str] | None = None
    images: Bounds[int] = NO_IMAGES
    passes: Bounds[int] = NO_IMAGES
    ghosts: list[tuple[Instance, Bounds[int]]] = field(default_factory=list)
    instance: Instance | None = None
    failed: str | None = None
    may_skip: bool = False
    skipped: bool = False
    children: list[Instance | Group] | None = None

    @property
    def loop_label(self) -> str:
        """The same as a part of the labels of those that loop over it, as keys are put together."""
        return ".".join([*self.tasks.frame.keys, self.label])

    @property
    def may_be_skipped(self) -> bool:
        """Whether any of it may turn out to be skipped, or all of it."""
        return self.may_skip or any(ghost.may_skip for ghost, _ in self.ghosts)

    def may_match(self, wanted: Wanted) -> bool:
        """Whether some of it may have, or might have had, the keys that are wanted."""
        if self.start is not None:
            name, start = self.start
            key = wanted.get(name)
            if key is not None and not is_vague(key) and key != start and not key.startswith(f"{start}-"):
                return False
        return may_match(self.keys, wanted)

    @property
    def surely_gives(self) -> bool:
        """Whether at least one instance will come of it that is not skipped."""
        return not self.may_skip and any(count.low and not ghost.may_skip for ghost, count in self.ghosts)

    def note_passes(self, count: Bounds[int], each: Bounds[int]) -> None:
        """So many passes are to come, each of which gives so many images."""
        takes = self.tasks.takes
        self.images = Bounds(takes * each.low, takes * each.high)
        self.passes = Bounds(count.low * each.low, count.high * each.high)

    def count_images(self, *, passes: bool, certain: bool) -> Bounds[int]:
        """How many images the instances give that it stands for; unless they are `certain` to give some, it may be none."""
        low = high = 0
        for ghost, count in self.ghosts:
            units = ghost.units if passes else ghost.last_units()
            found = [ghost.tasks.bounds[unit.address] for unit in units]
            if ghost.to_come is not None and not ghost.complete:
                found.append(ghost.to_come.passes if passes else ghost.to_come.images)
            low += 0 if ghost.may_skip else count.low * sum(one.low for one in found)
            high += count.high * sum(one.high for one in found)
        return Bounds(low if certain else 0, high)


class StepTasks:
    """The instances of one step within one use of its recipe, findable by their keys, and the groups still to grow.

    `bounds` says how many images each task gives if it ends well, `may_give` how many its model may give. `failed` is the first task that failed, `open` how many instances and
    groups have not ended; `values` has the keys of each variable, also of those behind which a list is empty; it `never_has`
    some whatever the results are. `closed` are the groups of which nothing will come, `omitted` is the first of them that was skipped.
    """

    __slots__ = (
        "_by_address",
        "_by_keys",
        "_group_addresses",
        "_sorted",
        "bounds",
        "closed",
        "failed",
        "frame",
        "groups",
        "hub",
        "images",
        "instances",
        "lost",
        "may_give",
        "may_skip",
        "never_has",
        "node",
        "omitted",
        "open",
        "skipped",
        "takes",
        "values",
        "variables",
    )

    def __init__(self, node: StepNode, frame: FrameInstance) -> None:
        self.node = node
        self.frame = frame
        self.hub = frame.prefix + node.step.name
        self.variables = tuple(name for variable in node.step.for_each for name in variable.names)
        self.instances: list[Instance] = []
        self.groups = GroupIndex()
        self.closed = GroupIndex()
        self.bounds: dict[str, Bounds[int]] = {}
        self.may_give: dict[str, Bounds[int]] = {}
        self.images: dict[str, tuple[StepImage, ...]] = {}
        self.lost: dict[str, tuple[Outcome, str]] = {}
        self.takes = 1
        self.open = 0
        self.failed: str | None = None
        self.skipped = 0
        self.may_skip = 0
        self.omitted: str | None = None
        self.values: dict[str, set[str]] = {}
        self.never_has: Callable[[Wanted], bool] = lambda _: False
        self._sorted = True
        self._by_address: dict[str, Instance] = {}
        self._group_addresses: set[str] = set()
        self._by_keys: dict[tuple[str, ...], dict[tuple[str, ...], list[Instance]]] = {}

    @property
    def fanned(self) -> bool:
        """Whether it has `for_each`, so that `.images` is a collection."""
        return bool(self.variables)

    @property
    def ended(self) -> bool:
        """Whether everything of it is known, and has ended."""
        return not self.open and not self.groups

    def add(self, instance: Instance) -> bool:
        """Take in an instance where it belongs; False when its address is taken."""
        if instance.address in self._by_address:
            return False
        self._by_address[instance.address] = instance
        if self.instances and instance.order < self.instances[-1].order:
            insort(self.instances, instance, key=lambda one: one.order)
        else:
            self.instances.append(instance)
        self._by_keys.clear()
        if instance.inner is None:
            self.open += 1
        return True

    def claim(self, address: str) -> bool:
        """Take the address of a group, also once it has grown; False when another group has had it."""
        if address in self._group_addresses:
            return False
        self._group_addresses.add(address)
        return True

    def close(self, group: Group) -> None:
        """Nothing will come of a group: it failed, or was skipped."""
        self.closed.add(group)
        if group.failed is not None:
            self.failed = self.failed or group.failed
        else:
            group.skipped = True
            self.omitted = self.omitted or group.address

    def find_groups(self, wanted: Wanted) -> list[Group]:
        """Groups still to grow, or instances of passes to come, of which some may have these keys."""
        return [] if self.groups and self.never_has(wanted) else self.groups.find(wanted)

    def find_closed(self, wanted: Wanted) -> list[Group]:
        """Groups of which nothing will come, and some might have had these keys; passes are part of their instance."""
        if not self.closed or self.never_has(wanted):
            return []
        return [group for group in self.closed.find(wanted) if group.instance is None]

    def has_all(self, wanted: Mapping[str, str]) -> bool:
        """Whether these keys are those of one instance that is there, so that no other can have them."""
        return len(wanted) == len(self.variables) > 0 and bool(self.find(wanted))

    def lacks(self, wanted: Mapping[str, str]) -> bool:
        """Whether one of these keys is none of those that its variable has, or may yet have; an empty list lacks none."""
        if self.never_has(wanted):
            return True
        unknown = any(
            key not in found and not is_vague(key)
            for name, key in wanted.items()
            if (found := self.values.get(name))
        )
        return unknown and not (self.find_groups(wanted) or self.closed.find(wanted))

    def release(self, address: str) -> None:
        """Let what comes of a group have the same address."""
        self._group_addresses.discard(address)

    def find(self, wanted: Mapping[str, str]) -> Sequence[Instance]:
        """Instances whose keys match, in `for_each` order."""
        names = tuple(sorted(wanted))
        index = self._by_keys.get(names)
        if index is None:
            index = {}
            for instance in self.instances:
                keys = dict(instance.keys)
                index.setdefault(tuple(keys[name] for name in names), []).append(instance)
            self._by_keys[names] = index
        return index.get(tuple(wanted[name] for name in names), ())

    def end_if_done(self, instance: Instance) -> None:
        """Note what became of an instance once all of its tasks have ended."""
        if instance.outcome is not None or not instance.complete:
            return
        if any(unit.address not in self.images for unit in instance.units):
            return
        lost = [self.lost[unit.address] for unit in instance.units if unit.address in self.lost]
        failed = [cause for outcome, cause in lost if outcome is Outcome.FAILED]
        if failed:
            self.end_instance(instance, Outcome.FAILED, failed[0])
        elif lost:
            self.end_instance(instance, Outcome.SKIPPED, lost[0][1])
        else:
            self.end_instance(instance, Outcome.GIVEN, None)

    def end_instance(self, instance: Instance, outcome: Outcome, cause: str | None) -> None:
        """Note what became of an instance."""
        instance.outcome = outcome
        instance.cause = cause
        self.open -= 1
        self.may_skip -= instance.may_skip
        if outcome is Outcome.SKIPPED:
            self.skipped += 1
        if outcome is Outcome.FAILED and self.failed is None:
            self.failed = cause

    def needs(self) -> tuple[str, ...]:
        """What has to end so that all of it has: its hub, or its tasks where the hub is named like one of them."""
        if self.fanned or len(self.instances) != 1 or self.groups:
            return (self.hub,)
        units = self.instances[0].units
        return tuple(unit.address for unit in units) if len(units) > 1 else (self.hub,)

    def walk(self) -> Iterable[Instance | Group]:
        """Instances, groups still to grow and closed ones, in order; passes to come are part of their instance."""
        if not (self.groups or self.closed):
            return self.instances
        groups = [group for group in (*self.groups.values(), *self.closed.values()) if group.instance is None]
        both: list[Instance | Group] = [*self.instances, *groups]
        return sorted(both, key=lambda one: one.order) if groups else self.instances
