"""Parts of a recipe that are indented below what they belong beside: read as if they stood there, and told once.

A step below another step, `outputs:` among the steps, an input inside an input, `generate:` below `for_each:`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Final

from seedflow.diagnostics import Diagnostic, Related
from seedflow.recipe.input_schema import InputBlock
from seedflow.recipe.leaves import is_name, quote
from seedflow.recipe.misplaced import Misplaced
from seedflow.recipe.option_schema import ExpectBlock, IterateBlock
from seedflow.recipe.salvage import Path
from seedflow.recipe.schema import LoopBlock, StepBlock
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence

_PARTS: Final = frozenset(("inputs", "values", "defaults", "steps", "outputs", "limits", "ref_words"))
_KEYS_OF_STEPS: Final = frozenset(StepBlock.known_keys())
_KINDS: Final = ("generate", "recipe")
_PLAIN: Final = frozenset(("description", "takes", "when", "needs", "tags", "was"))
"""Keys of a step behind which no mapping stands."""
_OWN_OF_OPTIONS: Final = {
    name: frozenset((*block.known_keys(), *block.elsewhere))
    for name, block in (("expect", ExpectBlock), ("iterate", IterateBlock))
}
_OWN_OF_INPUTS: Final = frozenset((*InputBlock.known_keys(), *InputBlock.elsewhere))
_OWN_OF_LOOPS: Final = frozenset((*LoopBlock.known_keys(), *LoopBlock.elsewhere))

Strays = Callable[[Entry, Mapping], Iterable[Entry]]
"""What stands below an entry, in the mapping behind it, and belongs beside it."""


def lift_parts(
    root: Node, parameters: Collection[str], references: Collection[str]
) -> tuple[Node, list[Misplaced]]:
    """The tree with every such part one level higher, and what is wrong; every node keeps its place.

    `parameters` are those of all models, `references` those of them that take images.
    """
    lifter = _Lifter()
    if not isinstance(root, Mapping):
        return root, []
    root = lifter.lift(root, _find_parts, ())
    root = lifter.inside(root, "inputs", lambda inputs, at: lifter.lift(inputs, _find_inputs, at))
    root = lifter.inside(root, "steps", lambda steps, at: lifter.lift(steps, _find_steps, at, deep=True))

    def find_parameters(entry: Entry, below: Mapping) -> Iterable[Entry]:
        return _find_parameters(entry, below, parameters, references)

    def mend_step(step: Mapping, at: Path) -> Mapping:
        step = lifter.lift(step, _find_options, at)
        step = lifter.inside(step, "generate", lambda own, _: lifter.lift(own, find_parameters, at))
        return lifter.inside(step, "for_each", lambda own, _: lifter.lift(own, _find_variables, at))

    root = lifter.inside(root, "steps", lambda steps, at: lifter.each(steps, mend_step, at))
    return root, lifter.problems


class _Lifter:
    """Lifts and keeps what is wrong; what nothing is wrong with is given back as it is."""

    def __init__(self) -> None:
        self.problems: list[Misplaced] = []

    def lift(self, mapping: Mapping, find: Strays, at: Path, *, deep: bool = False) -> Mapping:
        """A mapping with what stands below one of its entries beside it; `deep` for what stands below that as well."""
        if not any(isinstance(one.value, Mapping) and find(one, one.value) for one in mapping):
            return mapping
        left, entries, found = deque(mapping), list[Entry](), False
        while left:
            entry = left.popleft()
            below = entry.value
            strays: list[Entry] = []
            if isinstance(below, Mapping):
                strays = [one for one in find(entry, below) if mapping.find(one.key.value) is None]
            if isinstance(below, Mapping) and strays:
                self._tell(entry, below, strays, (*at, entry.key.value) if len(at) == 1 else at)
                entry, found = Entry(entry.key, _without(below, strays)), True
                if deep:
                    left.extendleft(reversed(strays))
            entries += [entry] if deep else [entry, *strays]
        return _with(mapping, entries) if found else mapping

    def inside(self, mapping: Mapping, key: str, change: Callable[[Mapping, Path], Mapping]) -> Mapping:
        """A mapping with another one behind a key."""
        entry = mapping.find(key)
        if entry is None or not isinstance(entry.value, Mapping):
            return mapping
        changed = change(entry.value, (key,))
        if changed is entry.value:
            return mapping
        return _with(mapping, [Entry(one.key, changed) if one is entry else one for one in mapping])

    def each(self, mapping: Mapping, change: Callable[[Mapping, Path], Mapping], at: Path) -> Mapping:
        """A mapping with others behind its keys."""
        changed = {
            key.value: new
            for key, value in mapping
            if isinstance(value, Mapping) and (new := change(value, (*at, key.value))) is not value
        }
        if not changed:
            return mapping
        return _with(mapping, [Entry(key, changed.get(key.value, value)) for key, value in mapping])

    def _tell(self, above: Entry, below: Mapping, strays: list[Entry], path: Path) -> None:
        names = ", ".join(quote(one.key.value) for one in strays)
        owner = quote(above.key.value)
        one = len(strays) == 1
        self.problems.append(
            Misplaced(
                path or (strays[0].key.value,),
                Diagnostic(
                    "unknown-key",
                    f"{names} {'stands' if one else 'stand'} below {owner}, where {'it does' if one else 'they do'} not belong; expected beside it",
                    strays[0].key.span,
                    help=f"write {names} beside {owner}, outside of its braces"
                    if below.source.text.startswith("{", below.start)
                    else f"indent {names}, with all that is inside, like {owner}",
                    related=(Related(above.key.span, "beside this"),),
                ),
            )
        )


def _find_parts(entry: Entry, below: Mapping) -> Iterable[Entry]:
    """Parts of the recipe inside another part."""
    if entry.key.value not in _PARTS:
        return ()
    return [one for one in below if one.key.value in _PARTS and _is_no_entry(entry.key.value, one.value)]


def _is_no_entry(part: str, value: Node) -> bool:
    """Whether what stands there can be no entry of a part."""
    if not isinstance(value, Mapping):
        return False
    match part:
        case "inputs":
            return value.find("type") is None
        case "steps":
            return not any(key.value in _KEYS_OF_STEPS for key, _ in value)
        case "outputs":
            return value.find("images") is None
        case _:
            return True


def _find_inputs(_: Entry, below: Mapping) -> Iterable[Entry]:
    """Inputs inside the definition of another one."""
    return [
        one
        for one in below
        if one.key.value not in _OWN_OF_INPUTS
        and isinstance(one.value, Mapping)
        and one.value.find("type") is not None
    ]


def _find_steps(_: Entry, below: Mapping) -> Iterable[Entry]:
    """Steps inside another step."""
    return [
        one
        for one in below
        if one.key.value not in _KEYS_OF_STEPS
        and isinstance(one.value, Mapping)
        and any(one.value.find(kind) is not None for kind in _KINDS)
    ]


def _find_options(entry: Entry, below: Mapping) -> Iterable[Entry]:
    """Keys of a step inside another of its keys; those inside `generate` may be parameters."""
    name = entry.key.value
    if name in _PLAIN:
        return [one for one in below if one.key.value in _KEYS_OF_STEPS]
    if name in _OWN_OF_OPTIONS:
        return [one for one in below if one.key.value in _KEYS_OF_STEPS - _OWN_OF_OPTIONS[name]]
    if name == "for_each":
        return [one for one in below if one.key.value in _KEYS_OF_STEPS and _is_no_list(one)]
    return ()


def _is_no_list(entry: Entry) -> bool:
    """Whether what stands behind a name in `for_each` makes it no variable; a template may, if nothing mentions the name."""
    value = entry.value
    if isinstance(value, Mapping):
        return value.find("in") is None
    if not isinstance(value, Scalar) or value.null:
        return False
    return "{{" not in value.value or f"each.{entry.key.value}" not in value.source.text


def _find_parameters(
    entry: Entry, below: Mapping, parameters: Collection[str], references: Collection[str]
) -> Iterable[Entry]:
    """Parameters inside another one; those that are no images, and are not mentioned as such, among the references."""
    if entry.key.value not in parameters:
        return ()
    if entry.key.value not in references:
        found = [one for one in below if one.key.value in parameters]
        return found if len(found) == len(below.entries) else ()
    return [
        one
        for one in below
        if one.key.value in parameters
        and isinstance(one.value, Scalar)
        and not any(sign in one.value.value for sign in ("{{", "/", "."))
        and f"ref.{one.key.value}" not in one.value.source.text
    ]


def _find_variables(_: Entry, below: Mapping) -> Iterable[Entry]:
    """Variables of `for_each` inside another one."""
    if below.find("in") is None:
        return ()
    return [
        one
        for one in below
        if one.key.value not in _OWN_OF_LOOPS
        and is_name(one.key.value)
        and (
            isinstance(one.value, Sequence)
            or (isinstance(one.value, Mapping) and one.value.find("in") is not None)
        )
    ]


def _without(below: Mapping, strays: list[Entry]) -> Node:
    left = tuple(one for one in below if one not in strays)
    return _with(below, left) if left else Scalar(below.source, below.start, below.start, "")


def _with(mapping: Mapping, entries: Iterable[Entry]) -> Mapping:
    return Mapping(mapping.source, mapping.start, mapping.end, tuple(entries))
