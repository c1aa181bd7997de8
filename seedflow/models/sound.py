"""What of a misshapen profile can be judged all the same, so that one mistake does not hide the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping, MutableSequence
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError

from seedflow.diagnostics.suggest import find_near
from seedflow.models.flaws import Flaw

Path = tuple[str | int, ...]

_HARMLESS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "format": 1,
        "version": "2026-01-01",
        "as_of": "2026-01-01",
        "sureness": "I",
        "source": "-",
        "severity": "error",
        "message": "-",
    }
)
"""What may stand in for a key that nothing else depends on."""
_MAPS: Final = frozenset(
    {"values", "when", "needs", "sizes", "usd_per_image", "parameters", "options", "formats"}
)
"""Keys whose members only mean something together."""
_WHOLES: Final[tuple[Path, ...]] = (("pixels",), ("price",), ("images",), ("answer", "chosen_by"))
"""Parts whose keys only mean something together."""
_MOST_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class SoundParts:
    """The parts of a profile that have the right shape.

    Attributes:
        data: a profile that has the right shape.
        unsure: its keys of which something was left out, or that may be meant by a key that is not known.
        rules: which rule of the file each one of `data` is.
    """

    data: Mapping[str, Any]
    unsure: frozenset[str]
    rules: tuple[int, ...]

    def place(self, flaw: Flaw) -> Flaw:
        """A flaw of `data` at its place in the file."""
        match flaw.path:
            case ("rules", int(number), *rest):
                return Flaw(("rules", self.rules[number], *rest), flaw.message, flaw.help)
            case _:
                return flaw


def find_sound_parts(
    data: object, validator: Draft202012Validator, known: Mapping[Path, Collection[str]], model: str
) -> SoundParts | None:
    """What has the right shape; None where nothing has.

    Args:
        data: a profile.
        validator: of `profile.schema.json`.
        known: the keys that may stand at a place, a `0` for every item of a list.
        model: the id on the card, for a profile that does not say it rightly.
    """
    if not isinstance(data, dict):
        return None
    kept, rules = deepcopy(data), _numbers(data.get("rules"))
    unsure: set[str] = set()
    fillers = {**_HARMLESS, "model": model}
    for _ in range(_MOST_ROUNDS):
        errors = list(validator.iter_errors(kept))
        if not errors:
            return SoundParts(kept, frozenset(unsure), tuple(rules))
        wrong = dict(found for error in errors for found in _find_wrong(error, known))
        unsure |= {str(place[0]) for place in wrong if place}
        unsure |= {near for error in errors for near in _find_meant(error, known)}
        for place in sorted(wrong, key=_spell, reverse=True):
            if place[:1] == ("rules",) and len(place) == 2 and isinstance(place[1], int):
                del rules[place[1]]
            _take_out(kept, place, {} if wrong[place] else fillers)
    return None


def _numbers(rules: object) -> list[int]:
    return list(range(len(rules))) if isinstance(rules, list) else []


def _spell(place: Path) -> tuple[tuple[bool, int, str], ...]:
    """For an order in which members come behind what holds them, and items by their number."""
    return tuple((isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in place)


def _find_wrong(error: ValidationError, known: Mapping[Path, Collection[str]]) -> Iterator[tuple[Path, bool]]:
    """The places of what cannot be kept, and whether it must go: else something harmless may stand there."""
    path, details = tuple(error.instance_path), error.kind.as_dict()
    if error.kind.name == "additionalProperties":
        for name in map(str, details["unexpected"]):
            meant = find_near(name, known.get(_generalize(path), ()))
            yield (*path, name), True
            if meant is not None and (whole := _widen((*path, name))) != (*path, name):
                yield whole, True
    elif error.kind.name == "required":
        name = str(details["property"])
        yield (*path, name) if name in _HARMLESS or not path else _widen(path), False
    else:
        yield _widen(path), False


def _find_meant(error: ValidationError, known: Mapping[Path, Collection[str]]) -> Iterator[str]:
    """Keys of a profile that may be meant by one that is not known."""
    if error.kind.name == "additionalProperties" and not tuple(error.instance_path):
        for name in error.kind.as_dict()["unexpected"]:
            if (near := find_near(str(name), known.get((), ()))) is not None:
                yield near


def _generalize(path: Path) -> Path:
    return tuple(0 if isinstance(step, int) else step for step in path)


def _widen(path: Path) -> Path:
    """The place of the smallest part that can be left out without changing what the rest means."""
    for number, step in enumerate(path):
        if step in _MAPS and number:
            path = path[: number + 1]
            break
    if path[-1:] and path[-1] in _HARMLESS:
        return path
    for whole in _WHOLES:
        if path[: len(whole)] == whole:
            return whole
    return path


def _take_out(data: dict[str, Any], place: Path, fillers: Mapping[str, object]) -> None:
    """Leave out what stands at a place, or put something harmless there."""
    holder: Any = data
    for step in place[:-1]:
        try:
            holder = holder[step]
        except (LookupError, TypeError):
            return
    last = place[-1] if place else None
    if isinstance(holder, MutableMapping) and last in fillers and (last != "model" or holder is data):
        holder[last] = fillers[str(last)]
    elif isinstance(holder, MutableMapping):
        holder.pop(last, None)
    elif isinstance(holder, MutableSequence) and isinstance(last, int) and last < len(holder):
        del holder[last]
