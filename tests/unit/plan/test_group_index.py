"""Groups are found by their keys as if each of them were looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seedflow.plan.group_index import GroupIndex
from seedflow.plan.instances import Group
from seedflow.plan.model import Bounds

VARIABLES = ("v", "w")
KEYS = st.sampled_from(["a", "a-1", "a-1-2", "b", "b-1", "?", "a-?"])


@st.composite
def groups(draw: st.DrawFn) -> list[Group]:
    found = []
    tasks: Any = SimpleNamespace(variables=VARIABLES)
    for number in range(draw(st.integers(0, 8))):
        known = draw(st.integers(0, 2))
        keys = tuple((name, draw(KEYS)) for name in VARIABLES[:known])
        start = None
        if known < len(VARIABLES) and draw(st.booleans()):
            start = (VARIABLES[known], draw(st.sampled_from(["a", "a-1", "b"])))
        found.append(Group(f"g{number}", "?", tasks, (number,), Bounds(0, 1), keys, start))
    return found


@given(groups(), st.dictionaries(st.sampled_from(VARIABLES), st.none() | KEYS), st.data())
def test_groups_are_found_by_what_is_known_of_their_keys(
    found: list[Group], wanted: dict[str, str | None], data: st.DataObject
) -> None:
    index = GroupIndex()
    for group in found:
        index.add(group)
    gone = data.draw(st.lists(st.sampled_from(found), unique_by=id)) if found else []
    for group in gone:
        index.remove(group.address)
        index.remove(group.address)
    left = [group for group in found if group not in gone]
    assert list(index.values()) == left
    addresses = [group.address for group in index.find(wanted)]
    assert sorted(addresses) == [group.address for group in left if group.may_match(wanted)]
