"""Groups of one step by address, findable by what is known of their keys: looking through all of them for each task takes N × N."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from seedflow.plan.addresses import Wanted, is_vague

if TYPE_CHECKING:
    from seedflow.plan.instances import Group

_Place: TypeAlias = "tuple[str, str, str]"
"""What is known of one variable of a group: how, the name, and the key or how it begins."""

_IS: Final = "is"
_BEGINS: Final = "begins"
_OPEN: Final = "open"


class GroupIndex(dict[str, "Group"]):
    """Groups in the order in which they came. To be changed by `add` and `remove` alone."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[_Place, dict[str, Group]] = defaultdict(dict)

    def add(self, group: Group) -> None:
        """Take in a group."""
        self[group.address] = group
        for place in _list_places(group):
            self._places[place][group.address] = group

    def remove(self, address: str) -> None:
        """Forget a group, if it is there."""
        group = self.pop(address, None)
        if group is not None:
            for place in _list_places(group):
                del self._places[place][address]

    def find(self, wanted: Wanted) -> list[Group]:
        """Those of which some may have these keys."""
        reached = [
            {group.address: group for group in self._reach(name, key)}
            for name, key in wanted.items()
            if key is not None and not is_vague(key)
        ]
        candidates = min(reached, key=len, default=self)
        return [group for group in candidates.values() if group.may_match(wanted)]

    def _reach(self, name: str, key: str) -> Iterator[Group]:
        """Those that may have a key by what is known of this variable."""
        ends = [at for at, sign in enumerate(key) if sign == "-"]
        begun = [(_BEGINS, name, key[:end]) for end in (*ends, len(key))]
        for place in ((_IS, name, key), *begun, (_OPEN, name, "")):
            yield from self._places.get(place, {}).values()


def _list_places(group: Group) -> Iterator[_Place]:
    known = {name: key for name, key in group.keys if not is_vague(key)}
    for name in group.tasks.variables:
        if name in known:
            yield _IS, name, known[name]
        elif group.start is not None and group.start[0] == name:
            yield _BEGINS, *group.start
        else:
            yield _OPEN, name, ""
