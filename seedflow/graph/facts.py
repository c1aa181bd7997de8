"""What is known of expressions at one place of a recipe: which are none and which are not, what holds, how long lists are.

Facts are kept as cases, one for each way in which a condition may have come true, so that `not (a is none and b is none)`
is told from `a and b`. What is known is what every case says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Named, OneImage, Variable
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.walking import list_slots

Key: TypeAlias = tuple[object, ...]
"""How an expression is spelled, wherever it stands: equal ones give equal values at one place."""

_MOST_CASES = 32
"""Ways to come true that are told apart; what more of them say in common is kept."""
_MOST_SPLIT = 8
"""Ways to come true that are looked at one by one."""
_MAX_DEPTH = 6
"""How many values and variables are followed to what they stand for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one expression; None where it is not known.

    `there` whether it is something else than none, `found` whether it exists at all, `holds` whether it holds as a test. A list
    has `low` to `high` items. It is `unclear` when a test looks at it in a way that nobody here understands.
    """

    there: bool | None = None
    found: bool | None = None
    holds: bool | None = None
    low: int = 0
    high: int | None = None
    unclear: bool = False

    def both(self, other: Known) -> Known | None:
        """Both at once, or None when that cannot be."""
        pairs = ((self.there, other.there), (self.found, other.found), (self.holds, other.holds))
        if any(one is not None and two is not None and one is not two for one, two in pairs):
            return None
        there, found, holds = (two if one is None else one for one, two in pairs)
        highs = [high for high in (self.high, other.high) if high is not None]
        low, high = max(self.low, other.low), min(highs, default=None)
        if (there is False and holds) or (high is not None and low > high):
            return None
        return Known(there, found, holds, low, high, self.unclear or other.unclear)

    def either(self, other: Known) -> Known:
        """What both say."""
        return Known(
            self.there if self.there is other.there else None,
            self.found if self.found is other.found else None,
            self.holds if self.holds is other.holds else None,
            min(self.low, other.low),
            None if self.high is None or other.high is None else max(self.high, other.high),
            self.unclear and other.unclear,
        )


_NOTHING: Final = Known()
_ANYTHING: Final[Key] = ("anything",)
"""Stands for whatever there is: a test may have looked at it."""
_Case: TypeAlias = Mapping[Key, Known]


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at a place: one of the `cases`; where there are none, nobody ever gets there."""

    cases: tuple[_Case, ...] = ({},)

    def __bool__(self) -> bool:
        return self.cases != ({},)

    def both(self, other: Facts) -> Facts:
        """What is known when these facts hold and the others as well."""
        if not self or not other:
            return self or other
        fewer, more = sorted((self.cases, other.cases), key=len)
        if len(fewer) * len(more) > _MOST_CASES:
            more = (_join(*more),)
        met = (_meet(one, two) for one in more for two in fewer)
        return _limit([case for case in met if case is not None])

    def either(self, other: Facts) -> Facts:
        """What is known when these facts hold or the others."""
        return NO_FACTS if not self or not other else _limit((*self.cases, *other.cases))

    def is_there(self, key: Key) -> bool:
        """Whether it is ruled out that this is none, as far as anybody can tell."""
        return all(known.there or known.unclear for case in self.cases for known in (_look_up(case, key),))

    def find_there(self) -> Iterator[Key]:
        """Everything of which some test says, in every case, that it is not none."""
        first = self.cases[0] if self.cases else {}
        return (key for key in first if key != _ANYTHING and self.is_there(key))

    def split(self) -> tuple[Facts, ...]:
        """Each case by itself, for what follows from every one of them, each in its own way; all at once of too many."""
        return tuple(Facts((case,)) for case in self.cases) if len(self.cases) <= _MOST_SPLIT else (self,)

    def is_found(self, key: Key) -> bool:
        """Whether a test made sure that this exists."""
        return all(
            known.found or known.there or known.unclear
            for case in self.cases
            for known in (_look_up(case, key),)
        )

    def is_unclear(self, key: Key) -> bool:
        """Whether, however it came here, a test looked at this in a way that nobody here understands."""
        return all(_look_up(case, key).unclear for case in self.cases)

    def count(self, key: Key, within: tuple[int, int | None] = (0, None)) -> tuple[int, int | None]:
        """How many items a list has at least and at most, that has so many `within` whatever holds."""
        there = [known for case in self.cases if (known := _look_up(case, key)).there is not False]
        low, high = within
        found = [one for one in there if one.both(Known(low=low, high=high))] or there
        highs = [known.high for known in found]
        high = None if None in highs else max((high for high in highs if high is not None), default=None)
        return min((known.low for known in found), default=0), high

    def has(self, key: Key, least: int) -> bool:
        """Whether it is ruled out that a list has fewer items, as far as anybody can tell."""
        return all(
            known.low >= least or known.unclear or known.there is False
            for case in self.cases
            for known in (_look_up(case, key),)
        )

    @property
    def never(self) -> bool:
        """Whether nobody ever gets there."""
        return not self.cases


NO_FACTS: Final = Facts()
NEVER: Final = Facts(())
MAYBE_ANYTHING: Final = Facts(({_ANYTHING: Known(unclear=True)},))
"""What is known after a test of which nobody here knows what it looks at."""


def know(key: Key, known: Known) -> Facts:
    """One fact."""
    return Facts(({key: known},))


def _look_up(case: _Case, key: Key) -> Known:
    found = case.get(key, _NOTHING)
    return replace(found, unclear=True) if _ANYTHING in case else found


def _meet(one: _Case, other: _Case) -> _Case | None:
    met = dict(one)
    for key, known in other.items():
        found = known.both(met.get(key, _NOTHING))
        if found is None:
            return None
        met[key] = found
    return met


def _limit(cases: Sequence[_Case]) -> Facts:
    told_apart = {frozenset(case.items()): case for case in cases}
    found = tuple(told_apart.values())
    return Facts(found if len(found) <= _MOST_CASES else (_join(*found),))


def _join(first: _Case, *others: _Case) -> _Case:
    joined = dict(first)
    for case in others:
        joined = {key: known.either(case[key]) for key, known in joined.items() if key in case}
    return joined


@dataclass(frozen=True, slots=True)
class Names:
    """What names stand for: `find_value` gives the expression of a value of the recipe, `variables` those of a text's variables.

    A variable that is set several times, or nobody knows to what, is `changing`. What was `learned` of tests with these names is
    kept, by the test's own node, which is held as long.
    """

    find_value: Callable[[str], Expression | None] = lambda _: None
    variables: Mapping[int, Expression] = field(default_factory=dict)
    changing: frozenset[int] = frozenset()
    learned: dict[tuple[int, bool, int], tuple[Expression, Facts]] = field(
        default_factory=dict, compare=False
    )

    def follow(self, node: Expression) -> Expression | None:
        """What a name of a value or a variable stands for, or None."""
        if isinstance(node, Variable):
            return self.variables.get(node.slot)
        if isinstance(node, Named) and node.root == "values":
            return self.find_value(node.name)
        return None


def spell(node: Expression, names: Names, depth: int = 0) -> Key | None:
    """The key of an expression; None where a variable stands in it that may change."""
    meant = names.follow(node) if depth < _MAX_DEPTH else None
    if meant is not None and is_path(meant):
        return spell(meant, names, depth + 1)
    if isinstance(node, Variable) and node.slot in names.changing:
        return None
    if isinstance(node, Mentioned):
        return ("steps", without_place(node.reference))
    if isinstance(node, Constant):
        return ("constant", type(node.value), node.value)
    parts: list[object] = [type(node)]
    for slot in list_slots(type(node)):
        part = _spell_part(getattr(node, slot), names, depth)
        if part is None:
            return None
        parts.append((slot, *part))
    return tuple(parts)


def find_optional(key: Key) -> StepReference | None:
    """The mention that `optional` stands around in what a key spells, attributes behind it left out."""
    within_optional = key[0] is OrNone
    while key[0] in (OrNone, Attribute, Item):
        parts = {part[0]: part[1] for part in key[1:] if isinstance(part, tuple)}
        within_optional = within_optional or key[0] is OrNone
        inner = parts.get("argument" if key[0] is OrNone else "base")
        if not isinstance(inner, tuple):
            return None
        key = inner
    mention = key[1] if key[0] == "steps" else None
    return mention if within_optional and isinstance(mention, StepReference) else None


def is_path(node: Expression) -> bool:
    """Whether it is a name or a mention, with attributes behind it."""
    while True:
        if isinstance(node, Attribute) or (isinstance(node, Item) and isinstance(node.key, Constant)):
            node = node.base
        elif isinstance(node, OrNone):
            node = node.argument
        else:
            return isinstance(node, Named | Mentioned | OneImage | Variable)


def _spell_part(value: object, names: Names, depth: int) -> tuple[object, ...] | None:
    if isinstance(value, Expression):
        key = spell(value, names, depth)
        return None if key is None else (key,)
    if isinstance(value, dict):
        value = tuple(part for entry in sorted(value.items()) for part in entry)
    if isinstance(value, tuple):
        keys = [_spell_part(part, names, depth) for part in value]
        return None if None in keys else tuple(keys)
    try:
        hash(value)
    except TypeError:
        return (id(value),)  # an imported file, which a template has once
    return (value,)


def without_place(mention: StepReference) -> StepReference:
    """The same mention wherever it stands, and whatever goes on where it was skipped or failed."""
    selector = mention.selector
    if selector is not None:
        arguments = tuple(
            replace(
                one,
                start=0,
                end=0,
                value=replace(one.value, start=0, end=0)
                if isinstance(one.value, NameReference)
                else one.value,
            )
            for one in selector.arguments
        )
        selector = replace(selector, arguments=arguments)
    return replace(
        mention, selector=selector, start=0, end=0, name_start=0, name_end=0, skip_ok=False, fail_ok=False
    )
