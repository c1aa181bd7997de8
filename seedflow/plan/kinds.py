"""Which requests of a plan may turn out to be the same one, before everything about them is known.

Requests are put together as they are planned, after those whose images they use: two that may come to be equal are of one
kind, and so are all that may be equal to one of these. Requests of different kinds are different, and so are their pictures:
what two requests give is never the same picture, nor what one request gives twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.alike import Entry, Row, Slot, find_shape, params_may_be_equal
from seedflow.plan.estimate import join_kinds
from seedflow.plan.instances import Unit
from seedflow.plan.model import ANYWHERE, ELSEWHERE, Least, PendingImages, PlannedReference, StepImage, Task
from seedflow.plan.requests import Request

_MOST_COMPARISONS = 300_000
"""More than that are not worth their time: all requests to one model are of one kind then."""

_NOTHING: Final = "nothing"
Head: TypeAlias = "int | str"
"""What the first image of a request may be: one of a kind, one that is there already, or none at all."""


@dataclass(slots=True)
class _Domain:
    """All requests to one model with one take.

    Those of which everything is known are `settled`, and put together with the others only once there are others.
    """

    entries: list[Entry] = field(default_factory=list)
    settled: dict[tuple[str, tuple[str | None, ...]], Entry] | None = field(default_factory=dict)
    exact: dict[tuple[str, tuple[Head, ...]], list[Entry]] = field(default_factory=dict)
    by_params: dict[str, list[Entry]] = field(default_factory=dict)
    loose: dict[str, list[Entry]] = field(default_factory=dict)
    closed: dict[Head, list[Entry]] = field(default_factory=dict)
    opened: dict[Head, list[Entry]] = field(default_factory=dict)
    rows: dict[tuple[Head, object], Row] = field(default_factory=dict)
    anywhere: list[Entry] = field(default_factory=list)
    alike: bool = False


class Kinds:
    """Puts requests of one plan together, by the addresses of tasks."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._tasks: dict[str, dict[int, None]] = {}
        self._wholes: dict[str, dict[int, None]] = {}
        self._domains: dict[tuple[str, int], _Domain] = {}
        self._users: dict[int, list[tuple[_Domain, Entry]]] = {}
        self._mentions: dict[str, frozenset[str]] = {}
        self._stale: list[tuple[_Domain, Entry]] = []
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
        entry = Entry(kind, request.params, digest, request.patterns, slots)
        domain = self._domains.setdefault((model.id, take), _Domain())
        for user in {one for slot in slots for one in slot.kinds}:
            self._users.setdefault(self.find(user), []).append((domain, entry))
        self._note(unit, {kind: None})
        domain.entries.append(entry)
        if not self._settle(domain, entry):
            self._link(domain, entry)
        while self._stale:
            self._link(*self._stale.pop())
        return self.spell(str(kind))

    def share(self, unit: Unit, first: str) -> None:
        """A task that shares the request of another one."""
        self._firsts[unit.address] = first
        self._note(unit, self._tasks.get(first, {}))

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

    def close(self) -> None:
        """Everything is planned; what comes now has its place in the plan."""
        self._closed = True
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

    def spell(self, kind: str) -> str:
        """The same for a kind as `Least` has it."""
        return str(self.find(int(kind))) if kind.isdecimal() else kind

    def settle(self, task: Task) -> Task:
        """A task with the kinds that its requests have in the end."""
        if all(self.spell(one.kind) == one.kind for one in task.least):
            return task
        joined: dict[str, Least] = {}
        join_kinds(joined, task.least, self.spell)
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
        match image:
            case UrlImage(url=url):
                return Slot(known=f"url {url}")
            case FileImage(facts=facts) | StepImage(facts=facts):
                return Slot(known=facts.digest)
            case PendingImages(after=after, count=count, others=others):
                kinds = dict(self._tasks.get(after) or self._wholes.get(after, {}))
                for name in others:
                    kinds.update(self._find_sources(name))
                elsewhere = ELSEWHERE in others or _KNOWN in kinds or not kinds
                found = tuple(kind for kind in kinds if kind != _KNOWN)
                return Slot(
                    found,
                    count.low,
                    count.high,
                    image.number if count == (1, 1) else 0,
                    None,
                    elsewhere,
                    ANYWHERE in others,
                    "" if _VAGUE & set(image.mention) else image.mention,
                )

    def _roots(self, slot: Slot) -> set[Head]:
        roots: set[Head] = {self.find(kind) for kind in slot.kinds}
        if slot.elsewhere or slot.known is not None:
            roots.add(ELSEWHERE)
        return roots

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
        return heads | {_NOTHING}

    # Comparing

    def _settle(self, domain: _Domain, entry: Entry) -> bool:
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

    def _link(self, domain: _Domain, entry: Entry) -> None:
        """Put an entry together with all that it may be equal to."""
        if domain.alike:
            self._join(entry, domain.entries[0])
            return
        heads = self._heads(entry)
        for other in list(self._candidates(domain, entry, heads)):
            if other is entry or self.find(other.kind) == self.find(entry.kind):
                continue
            self._comparisons += 1
            if self._may_be_equal(entry, other):
                self._join(entry, other)
        if self._comparisons > _MOST_COMPARISONS:
            domain.alike = True
            for other in domain.entries:
                self._join(entry, other)

    def _candidates(self, domain: _Domain, entry: Entry, heads: set[Head]) -> Iterator[Entry]:
        """Those that it has to be compared with; it is among them from then on."""
        if ANYWHERE in heads:
            domain.anywhere.append(entry)
            yield from domain.entries
        yield from domain.anywhere
        if entry.digest is not None:
            yield from self._candidates_of_known(domain, entry, entry.digest)
            for head in heads:
                domain.closed.setdefault(head, []).append(entry)
                yield from domain.opened.get(head, ())
            return
        shape = find_shape(entry)
        for head in heads:
            yield from domain.closed.get(head, ())
            if shape is None:
                yield from domain.opened.get(head, ())
            else:
                yield from self._candidates_of_row(domain, entry, head, *shape)
            domain.opened.setdefault(head, []).append(entry)

    def _candidates_of_known(self, domain: _Domain, entry: Entry, digest: str) -> Iterator[Entry]:
        rigid = self._rigid(entry)
        if rigid is None:
            yield from domain.by_params.get(digest, ())
            domain.loose.setdefault(digest, []).append(entry)
        else:
            same = domain.exact.setdefault((digest, rigid), [])
            yield from same
            yield from domain.loose.get(digest, ())
            same.append(entry)
        domain.by_params.setdefault(digest, []).append(entry)

    def _candidates_of_row(
        self, domain: _Domain, entry: Entry, head: Head, shape: object, spelled: str
    ) -> Iterator[Entry]:
        row = domain.rows.setdefault((head, shape), Row())
        others = domain.opened.get(head, ())
        if len(row.entries) < len(others):
            mine = set(map(id, row.entries.values()))
            yield from (other for other in others if id(other) not in mine)
        same = row.entries.get(spelled)
        if same is not None:
            yield same
            return
        row.add(spelled, entry)
        if row.alike:
            yield from row.entries.values()

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

    def _join(self, one: Entry, other: Entry) -> None:
        first, second = sorted((self.find(one.kind), self.find(other.kind)))
        if first == second:
            return
        self._parents[second] = first
        moved = self._users.pop(second, [])
        self._users.setdefault(first, []).extend(moved)
        self._stale.extend(moved)


_VAGUE: Final = frozenset("?|")
"""In what names images that come of a place where tasks will come, or of an expression that others may write as well."""

_KNOWN: Final = -1
"""The kind of images that are there."""
