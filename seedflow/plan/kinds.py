"""Which requests of a plan may turn out to be the same one, before everything about them is known.

Requests are put together as they are planned, after those whose images they use: two that may come to be equal are of one
kind, and so are all that may be equal to one of these. Requests of different kinds are different, and so are their pictures:
what two requests give is never the same picture, nor what one request gives twice.

What is not known yet may turn out to be one of several that are known, and makes these no more equal than they are: its kind stands
beside theirs, and counts as one of them or as one of its own, whichever is less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.images.facts import UrlImage
from seedflow.models.model import Model
from seedflow.plan.alike import Entry, Slot, params_may_be_equal
from seedflow.plan.domains import NOTHING, Domain, Head
from seedflow.plan.estimate import join_kinds
from seedflow.plan.instances import Unit
from seedflow.plan.model import ANYWHERE, ELSEWHERE, Least, PendingImages, PlannedReference, Task
from seedflow.plan.requests import Request

_MOST_COMPARISONS = 300_000
"""More than that are not worth their time: all requests to one model are of one kind then."""


class Kinds:
    """Puts requests of one plan together, by the addresses of tasks."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._tasks: dict[str, dict[int, None]] = {}
        self._wholes: dict[str, dict[int, None]] = {}
        self._domains: dict[tuple[str, int], Domain] = {}
        self._users: dict[int, list[tuple[Domain, Entry]]] = {}
        self._fixed: set[int] = set()
        self._beside: dict[
            int, set[int]
        ] = {}  # by what is not known yet: the fixed kinds that it may turn out to be
        self._reached: dict[int, set[int]] = {}  # the other way round
        self._mentions: dict[str, frozenset[str]] = {}
        self._stale: list[tuple[Domain, Entry]] = []
        self._new: set[int] = set()
        self._firsts: dict[str, str] = {}
        self._comparisons = 0
        self._closed = False

    # Requests

    def add(
        self, unit: Unit, model: Model, request: Request, digest: str | None, take: int, *, new: bool
    ) -> str:
        """Take in the request of a task that is asked; gives its kind as far as that is known.

        It is `new` when it is certain that it was not made before.
        """
        if self._closed:
            return unit.address
        kind = len(self._parents)
        self._parents.append(kind)
        if new:
            self._new.add(kind)
        slots = tuple(self._read(item) for item in request.references)
        if unit.number == 0 and unit.instance.tasks.node.step.iterate is not None:
            # It stands for all of a row, each of which uses the image of the one before.
            slots = tuple(replace(slot, anywhere=True) for slot in slots)
        fixed = digest is not None and all(map(self._is_fixed, slots))
        if fixed:
            self._fixed.add(kind)
        entry = Entry(kind, request.params, digest, request.patterns, slots, fixed)
        domain = self._domains.get((model.id, take))
        if domain is None:
            domain = self._domains[model.id, take] = Domain()
        for user in {one for slot in slots for one in slot.kinds}:
            self._users.setdefault(self.find(user), []).append((domain, entry))
        self._note(unit, {kind: None})
        domain.entries.append(entry)
        if not self._settle(domain, entry):
            self._link(domain, entry)
        while self._stale:
            self._link(*self._stale.pop())
        return str(self.find(kind))

    def share(self, unit: Unit, first: str) -> None:
        """A task that shares the request of another one."""
        self._firsts[unit.address] = first
        self._note(unit, self._tasks.get(first, {}))

    def note_alike(self, address: str, first: str) -> None:
        """A task that stands for others, whose pictures are those of what another one stands for."""
        self._firsts[address] = first

    def find_first(self, address: str) -> str:
        """The task whose request another one shares; its own address when it shares none."""
        return self._firsts.get(address, address)

    def add_known(self, unit: Unit) -> None:
        """A task whose images are there."""
        self._note(unit, {_KNOWN: None})

    def add_group(
        self, address: str, hubs: Iterable[str], least: Iterable[Least], sources: Iterable[str]
    ) -> None:
        """A task that stands for others; their images may come of `sources` as well."""
        least = tuple(least)
        found = {int(one.kind): None for one in least if one.kind.isdecimal()}
        for source in sources:
            found.update({_KNOWN: None} if source == ELSEWHERE else self._find_sources(source))
        self._tasks[address] = found
        for name in hubs:
            self._wholes.setdefault(name, {}).update(found)
        if least:
            self._mentions[address] = frozenset.intersection(*(one.mentions for one in least))

    def note_mentions(self, address: str, mentions: frozenset[str]) -> None:
        """The images to come that each task uses for which this one stands."""
        self._mentions[address] = mentions

    def close(self, tasks: dict[str, Task]) -> None:
        """Everything is planned: which requests may be equal is known by now, and what comes later has its place in the plan."""
        self._closed = True
        for address, task in tasks.items():
            tasks[address] = self._settle_task(task)
        self._domains.clear()
        self._users.clear()

    def _note(self, unit: Unit, kinds: dict[int, None]) -> None:
        tasks = unit.instance.tasks
        self._tasks[unit.address] = kinds
        for name in (unit.instance.address, tasks.hub, *tasks.frame.hubs):
            self._wholes.setdefault(name, {}).update(kinds)

    def _find_sources(self, name: str) -> dict[int, None]:
        return {**self._tasks.get(name, {}), **self._wholes.get(name, {})}

    # Kinds

    def find(self, kind: int) -> int:
        """The kind that one has come to be part of."""
        parents = self._parents
        while parents[kind] != kind:
            parents[kind] = parents[parents[kind]]
            kind = parents[kind]
        return kind

    def place(self, least: Least) -> Least:
        """What requests take, with the kind that they have come to be part of and those that they may turn out to be."""
        if not least.kind.isdecimal():
            return least
        root = self.find(int(least.kind))
        beside = frozenset(str(other) for other in self._beside.get(root, ()) if other != root)
        if str(root) == least.kind and beside == least.beside:
            return least
        return replace(least, kind=str(root), beside=beside)

    def _settle_task(self, task: Task) -> Task:
        """A task with the kinds that its requests have in the end."""
        if all(self.place(one) is one for one in task.least):
            return task
        joined: dict[str, Least] = {}
        join_kinds(joined, task.least, self.place)
        return replace(task, least=tuple(joined.values()))

    def is_new(self, request: Request) -> bool:
        """Whether a request uses an image for certain that is still to be made, so that none of the past was the same."""
        return any(
            slot.low
            and slot.kinds
            and not slot.elsewhere
            and not slot.anywhere
            and self._new.issuperset(slot.kinds)
            for slot in map(self._read, request.references)
        )

    def find_kinds(self, sources: Iterable[str]) -> frozenset[str]:
        """The kinds of requests that images may come of, given the tasks and wholes that they come from."""
        found = {kind for name in sources for kind in self._find_sources(name) if kind != _KNOWN}
        return frozenset(str(self.find(kind)) for kind in found)

    def trace(self, request: Request) -> frozenset[str]:
        """The images to come that a request uses for certain, and those that these come from."""
        found: set[str] = set()
        for item in request.references:
            image = item.image
            if isinstance(image, PendingImages) and image.count.low:
                found.add(image.mention)
                if set(image.others) <= {image.after}:
                    found |= self._mentions.get(image.after, frozenset())
        return frozenset(found)

    # Reading

    def _read(self, item: PlannedReference) -> Slot:
        image = item.image
        if isinstance(image, UrlImage):
            return Slot(known=f"url {image.url}")
        if not isinstance(image, PendingImages):
            return Slot(known=image.facts.digest)
        count, others = image.count, image.others
        kinds = self._tasks.get(image.after) or self._wholes.get(image.after, {})
        for name in others:
            kinds = {**kinds, **self._find_sources(name)}
        return Slot(
            tuple(kind for kind in kinds if kind != _KNOWN) if _KNOWN in kinds else tuple(kinds),
            count.low,
            count.high,
            image.number if count == (1, 1) else 0,
            None,
            ELSEWHERE in others or _KNOWN in kinds or not kinds,
            ANYWHERE in others,
            "" if "?" in image.mention or "|" in image.mention else image.mention,
        )

    def _roots(self, slot: Slot) -> set[Head]:
        roots: set[Head] = {self.find(kind) for kind in slot.kinds}
        for root in tuple(roots) if self._beside else ():
            roots |= self._beside.get(int(root), frozenset())
        if slot.elsewhere or slot.known is not None:
            roots.add(ELSEWHERE)
        return roots

    def _is_fixed(self, slot: Slot) -> bool:
        if slot.known is not None:
            return True
        whole = bool(slot.low) and not slot.elsewhere and not slot.anywhere
        return whole and self._fixed.issuperset(slot.kinds)

    def _rigid(self, entry: Entry) -> tuple[Head, ...] | None:
        """The kinds of all images in a row, each once; None when they may have others or be missing."""
        found: list[Head] = []
        for slot in entry.slots:
            if slot.known is not None:
                head: Head = slot.known
            else:
                roots = self._roots(slot)
                if len(roots) != 1 or slot.elsewhere or slot.anywhere or not slot.low:
                    return None
                (head,) = roots
            if not found or found[-1] != head:
                found.append(head)
        return tuple(found)

    def _heads(self, entry: Entry) -> set[Head]:
        heads: set[Head] = set()
        for slot in entry.slots:
            heads |= self._roots(slot)
            if slot.anywhere:
                heads.add(ANYWHERE)
            if slot.low:
                return heads
        return heads | {NOTHING}

    # Comparing

    def _settle(self, domain: Domain, entry: Entry) -> bool:
        """Put an entry aside of which everything is known, as long as there is none of another sort to compare it with."""
        if domain.settled is None:
            return False
        pictures = tuple(slot.known for slot in entry.slots)
        if entry.digest is None or None in pictures:
            settled, domain.settled = domain.settled, None
            for one in settled.values():
                self._link(domain, one)
            return False
        first = domain.settled.setdefault((entry.digest, pictures), entry)
        self._join(entry, first)
        return True

    def _link(self, domain: Domain, entry: Entry) -> None:
        """Put an entry together with all that it may be equal to."""
        if domain.alike:
            self._join(entry, domain.entries[0])
            return
        heads = self._heads(entry)
        rigid = None if entry.digest is None else self._rigid(entry)
        for other in list(domain.find_candidates(entry, heads, rigid)):
            if other is entry or self._is_joined(entry, other):
                continue
            self._comparisons += 1
            if not self._may_be_equal(entry, other):
                continue
            if entry.fixed is other.fixed:
                self._join(entry, other)
            else:
                self._put_beside(*((other, entry) if entry.fixed else (entry, other)))
        if self._comparisons > _MOST_COMPARISONS:
            domain.alike = True
            for other in domain.entries:
                self._join(entry, other)

    def _may_be_equal(self, one: Entry, other: Entry) -> bool:
        return params_may_be_equal(one, other) and self._images_may_be_equal(one.slots, other.slots)

    def _images_may_be_equal(self, ones: Sequence[Slot], others: Sequence[Slot]) -> bool:
        if sum(slot.low for slot in ones) > sum(slot.high for slot in others):
            return False
        if sum(slot.low for slot in others) > sum(slot.high for slot in ones):
            return False
        for one, other in zip(ones, others, strict=False):
            if one.mention and one.mention == other.mention:
                continue  # the same images, so that what follows them stands side by side as well
            if one.anywhere or other.anywhere or not one.low or not other.low:
                return True
            if one.known is not None and other.known is not None:
                if one.known != other.known:
                    return False
                continue
            if not self._roots(one) & self._roots(other):
                return False
            if one.number and other.number and one.number != other.number:
                return False
            if one.high != 1 or other.high != 1:
                return True
        return True

    def _is_joined(self, one: Entry, other: Entry) -> bool:
        first, second = self.find(one.kind), self.find(other.kind)
        return (
            first == second or second in self._beside.get(first, ()) or first in self._beside.get(second, ())
        )

    def _join(self, one: Entry, other: Entry) -> None:
        first, second = sorted((self.find(one.kind), self.find(other.kind)))
        if first == second:
            return
        self._parents[second] = first
        moved = self._users.pop(second, [])
        self._users.setdefault(first, []).extend(moved)
        self._stale.extend(moved)
        gained = self._beside.pop(second, set())
        if gained - self._beside.get(first, set()):
            self._beside.setdefault(first, set()).update(gained)
            self._stale.extend(self._users[first])
        for number in self._reached.pop(second, ()):
            self._reached.setdefault(first, set()).add(number)
            loose = self.find(number)
            beside = self._beside.get(loose, set())
            if second in beside:
                beside.remove(second)
                beside.add(first)
                self._stale.extend(self._users.get(loose, ()))

    def _put_beside(self, loose: Entry, fixed: Entry) -> None:
        """Note that one may turn out to be another, whose kind stays what it is; its pictures may be the other's, then."""
        first, second = self.find(loose.kind), self.find(fixed.kind)
        self._beside.setdefault(first, set()).add(second)
        self._reached.setdefault(second, set()).add(first)
        self._stale.extend(self._users.get(first, ()))


_KNOWN: Final = -1
"""The kind of images that are there."""
