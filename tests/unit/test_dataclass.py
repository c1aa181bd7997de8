"""Our data classes are those of the standard library, in all that can be seen of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from seedflow.dataclass import dataclass

T = TypeVar("T")


def define(decorate: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, by either decorator."""

    @decorate(frozen=True, slots=True)
    class Plain:
        """Two fields."""

        name: str
        count: int = 3

        @property
        def twice(self) -> int:
            return 2 * self.count

    @decorate(frozen=True, slots=True)
    class Derived(Plain):
        """Two more, of which one is made."""

        parts: list[int] = dataclasses.field(default_factory=list, compare=False)
        hidden: str = dataclasses.field(default="x", repr=False, hash=False)

    @decorate(frozen=True, slots=True, kw_only=True)
    class Named:
        """By name alone."""

        one: int
        two: int = 2

    @decorate(frozen=True, slots=True, eq=False)
    class Single:
        """Equal to itself alone."""

        name: str

    @decorate(slots=True)
    class Changing:
        """Not frozen."""

        seen: dict[str, int] = dataclasses.field(default_factory=dict)
        size: int = dataclasses.field(init=False, default=7)

    @decorate(frozen=True, slots=True)
    class WorkedOut:
        """A field that it works out itself."""

        name: str
        length: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

    @decorate(frozen=True, slots=True)
    class Spelled:
        """What it writes itself stays."""

        name: str

        def __repr__(self) -> str:
            return "itself"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Spelled)

        def __hash__(self) -> int:
            return 5

    @decorate(frozen=True, slots=True)
    class Holder(Generic[T]):
        """Of a type of its own."""

        value: T

    @decorate(frozen=True, slots=True)
    class Odd:
        """With names that a writer of source would take himself."""

        cls: int
        names: int = 1
        default: tuple[int, ...] = dataclasses.field(default_factory=tuple)

    @decorate(frozen=True, slots=True)
    class Empty:
        """Of nothing."""

    return {name: one for name, one in locals().items() if isinstance(one, type)}


OURS, THEIRS = define(dataclass), define(dataclasses.dataclass)

CASES: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
    ("Plain", ("a",), {}),
    ("Plain", ("a", 4), {}),
    ("Plain", (), {"count": 1, "name": "b"}),
    ("Derived", ("a", 1, [2]), {}),
    ("Derived", ("a",), {"hidden": "y"}),
    ("Named", (), {"one": 1}),
    ("Single", ("a",), {}),
    ("Changing", ({"a": 1},), {}),
    ("Changing", (), {}),
    ("WorkedOut", ("four",), {}),
    ("Spelled", ("a",), {}),
    ("Holder", ((1, 2),), {}),
    ("Odd", (7,), {"default": (2,)}),
    ("Odd", (7, 8), {}),
    ("Empty", (), {}),
]


def shape(cls: type) -> object:
    return (
        [
            (one.name, one.init, one.repr, one.compare, one.hash, one.kw_only)
            for one in dataclasses.fields(cls)
        ],
        cls.__match_args__,
        cls.__dict__["__slots__"],
        cls.__hash__ is None,
        cls.__name__,
        cls.__qualname__,
        cls.__doc__,
    )


@pytest.mark.parametrize("name", THEIRS)
def test_a_class_has_the_shape_of_one_of_the_standard_library(name: str) -> None:
    assert shape(OURS[name]) == shape(THEIRS[name])


@pytest.mark.parametrize(("name", "given", "named"), CASES)
def test_an_object_is_what_one_of_the_standard_library_is(
    name: str, given: tuple[object, ...], named: dict[str, object]
) -> None:
    ours, theirs = OURS[name](*given, **named), THEIRS[name](*given, **named)
    assert repr(ours) == repr(theirs) or name == "Single"
    assert type(ours) is OURS[name]
    fields = [one.name for one in dataclasses.fields(theirs)]
    assert [getattr(ours, one) for one in fields] == [getattr(theirs, one) for one in fields]
    again, theirs_again = copy.deepcopy(ours), copy.deepcopy(theirs)
    assert (again == ours) is (theirs_again == theirs)
    assert ours != theirs or name == "Spelled"
    if OURS[name].__hash__ is not None and "hash" not in repr(given):
        assert (hash(again) == hash(ours)) is (hash(theirs_again) == hash(theirs))
    assert not hasattr(ours, "__dict__")


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        ("Plain", (), {}),
        ("Plain", ("a", 1, 2), {}),
        ("Plain", ("a",), {"other": 1}),
        ("Named", (1,), {}),
        ("Changing", (), {"size": 1}),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words(
    name: str, given: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError) as theirs:
        THEIRS[name](*given, **named)
    with pytest.raises(TypeError) as ours:
        OURS[name](*given, **named)
    assert str(ours.value) == str(theirs.value)


def test_a_frozen_object_stays_as_it_is() -> None:
    one = OURS["Plain"]("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'count'"):
        one.count = 4
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name
    assert (one.name, one.count, one.twice) == ("a", 3, 6)
    assert dataclasses.replace(one, count=5) == OURS["Plain"]("a", 5)


def test_one_that_is_not_frozen_changes_and_has_no_hash() -> None:
    one, other = OURS["Changing"](), OURS["Changing"]()
    one.seen["a"] = 1
    one.size = 8
    assert (one.seen, one.size, other.seen, other.size) == ({"a": 1}, 8, {}, 7)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_a_class_without_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="without slots"):
        dataclass(frozen=True, slots=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """One that can be found by its name, which pickling needs."""

    name: str
    parts: tuple[int, ...] = ()


def test_one_comes_back_from_being_pickled() -> None:
    assert pickle.loads(pickle.dumps(_Kept("a", (1, 2)))) == _Kept("a", (1, 2))
