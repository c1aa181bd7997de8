"""Which calls go wrong: a seed and a list of rules, each with what it strikes and how often.

A rule strikes the next calls that it fits (`times`), those of certain numbers (`calls`), or by chance (`chance`). Chance is
a function of the seed, the rule and the call alone: a call is told by its task, take and attempt in the metadata and by how
often that very one was sent before, so that the same seed gives the same faults to the same requests, in whatever order they
arrive. Everything is decided by the head of the request, so that a fault can strike before a body is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from seedflow.canonical import digest_value
from seedflow.emulator.faults import Fault, Scalar, WrongFaultError, is_number, is_whole, parse_fault
from seedflow.emulator.metadata import Caller
from seedflow.emulator.scenarios import SCENARIOS

_MATCHABLE = ("intent", "task", "step", "take", "attempt")
_MAX_TIMES = 1_000_000
_MAX_CALLS = 10_000
_LOT_DIGITS = 15


@dataclass(slots=True)
class Rule:
    """Faults and when they strike; one of several is drawn by lot. `seen` counts the calls that it fitted so far.

    Attributes:
        faults: what may go wrong.
        match: which calls it fits.
        times: how many calls it still strikes; None when one of the following says so.
        calls: the numbers of the calls that it strikes, among those that it fits, from 1.
        chance: how likely it strikes a call, from 0 to 1.
    """

    faults: tuple[Fault, ...]
    match: Mapping[str, Scalar]
    times: int | None = 1
    calls: tuple[int, ...] | None = None
    chance: float | None = None
    seen: int = 0

    def fits(self, caller: Caller) -> bool:
        """Whether it may strike a call of this caller."""
        return all(
            caller.is_of(str(wanted)) if name == "step" else getattr(caller, name) == wanted
            for name, wanted in self.match.items()
        )

    @property
    def used_up(self) -> bool:
        """Whether it can strike no more."""
        return self.times == 0 or (self.calls is not None and self.seen >= max(self.calls))

    def strikes(self, lot: float) -> bool:
        """Whether it strikes the call that was seen last. `lot` is from 0 up to 1."""
        if self.chance is not None:
            return lot < self.chance
        return self.times is not None or self.seen in (self.calls or ())

    def to_json(self) -> dict[str, object]:
        """The rule as `GET /_emulator/faults` shows it: every parameter spelled out."""
        faults = [fault.to_json() for fault in self.faults]
        shown: dict[str, object] = faults[0] if len(faults) == 1 else {"any_of": faults}
        shown["match"] = dict(self.match)
        if self.chance is not None:
            return {**shown, "chance": self.chance}
        if self.calls is not None:
            return {**shown, "calls": list(self.calls)}
        return {**shown, "times": self.times}


@dataclass(frozen=True, slots=True)
class FaultScript:
    """What somebody wrote: rules, and the seed if they named one."""

    rules: tuple[Rule, ...]
    seed: int | None = None


class FaultPlan:
    """The rules in force, in the order in which they were given; a call meets the first that strikes it."""

    def __init__(self, seed: int = 0, script: FaultScript | None = None) -> None:
        """Begin with a script, to which `reset` comes back."""
        self._script = script or FaultScript(())
        self._first_seed = seed
        self._seed = seed
        self._rules: list[tuple[int, Rule]] = []
        self._added = 0
        self._sent: Counter[tuple[object, ...]] = Counter()
        self.add(self._script)

    def add(self, script: FaultScript) -> None:
        """More rules; a seed counts for those that are there already, too."""
        if script.seed is not None:
            self._seed = script.seed
        for rule in script.rules:
            self._rules.append((self._added, replace(rule)))
            self._added += 1

    def take(self, caller: Caller) -> Fault | None:
        """The fault that a call meets, if any."""
        if not self._rules:
            return None
        call = _name_call(caller)
        self._sent[call] += 1
        met: Fault | None = None
        for number, rule in self._rules:
            if not rule.fits(caller):
                continue
            rule.seen += 1
            if met is None and rule.strikes(self._draw("strikes", number, call)):
                met = rule.faults[int(self._draw("which", number, call) * len(rule.faults))]
                if rule.times is not None:
                    rule.times -= 1
        self._rules = [(number, rule) for number, rule in self._rules if not rule.used_up]
        return met

    def clear(self) -> None:
        """Let everything go right."""
        self._seed = self._first_seed
        self._rules.clear()
        self._added = 0
        self._sent.clear()

    def reset(self) -> None:
        """Begin again."""
        self.clear()
        self.add(self._script)

    def to_json(self) -> list[dict[str, object]]:
        """What is still to come."""
        return [rule.to_json() for _, rule in self._rules]

    def _draw(self, what: str, number: int, call: tuple[object, ...]) -> float:
        """A number from 0 up to 1."""
        circumstances = [what, self._seed, number, *call, self._sent[call]]
        digits = digest_value("emulated-fault/1", circumstances).rpartition(":")[2][:_LOT_DIGITS]
        return float(int(digits, 16)) / float(16**_LOT_DIGITS)


def parse_faults(value: object) -> FaultScript:
    """Read one rule, a list of them, or an object with `faults` and perhaps `seed`.

    Raises:
        WrongFaultError: one of them cannot be understood; of several, it is named by its place.
    """
    seed: object = None
    if isinstance(value, dict) and "faults" in value and set(value) <= {"faults", "seed"}:
        seed, value = value.get("seed"), value["faults"]
        if seed is not None and not is_whole(seed):
            raise WrongFaultError(f"`seed` is a whole number, not {seed!r}")
    if not isinstance(value, list):
        return FaultScript((_parse_rule(value),), seed if is_whole(seed) else None)
    rules = []
    for place, item in enumerate(value, 1):
        try:
            rules.append(_parse_rule(item))
        except WrongFaultError as problem:
            where = f"fault {place} of {len(value)}: " if len(value) > 1 else ""
            raise WrongFaultError(f"{where}{problem}") from None
    return FaultScript(tuple(rules), seed if is_whole(seed) else None)


def _parse_rule(item: object) -> Rule:
    if not isinstance(item, dict):
        raise WrongFaultError(f"a fault is an object, not {item!r}")
    given = dict(item)
    match = given.pop("match", {})
    if not isinstance(match, dict) or set(match) - set(_MATCHABLE):
        raise WrongFaultError(f"`match` is an object with some of {', '.join(_MATCHABLE)}, not {match!r}")
    named = [name for name in ("times", "calls", "chance") if name in given]
    if len(named) > 1:
        raise WrongFaultError(
            f"a fault strikes by one of times, calls or chance, not by {' and '.join(named)}"
        )
    times, calls, chance = (given.pop(name, None) for name in ("times", "calls", "chance"))
    rule = Rule(_parse_what(given), dict(match))
    if "chance" in named:
        if not is_number(chance) or not 0 < chance <= 1:
            raise WrongFaultError(f"`chance` is a number above 0 and up to 1, not {chance!r}")
        rule.times, rule.chance = None, float(chance)
    elif "calls" in named:
        rule.times, rule.calls = None, _parse_calls(calls)
    elif "times" in named:
        if not is_whole(times) or not 1 <= times <= _MAX_TIMES:
            raise WrongFaultError(f"`times` must be a whole number from 1 to {_MAX_TIMES:,}, not {times!r}")
        rule.times = times
    return rule


def _parse_calls(value: object) -> tuple[int, ...]:
    fits = isinstance(value, list) and 0 < len(value) <= _MAX_CALLS
    if not fits or not isinstance(value, list) or not all(is_whole(item) and item >= 1 for item in value):
        raise WrongFaultError(f"`calls` is a list of the numbers of calls, from 1, not {value!r}")
    return tuple(sorted(set(value)))


def _parse_what(given: Mapping[str, object]) -> tuple[Fault, ...]:
    if "any_of" in given:
        options = given["any_of"]
        if set(given) != {"any_of"}:
            beside = ", ".join(sorted(set(given) - {"any_of"}))
            raise WrongFaultError(f"beside `any_of` stand only match, times, calls and chance, not {beside}")
        if not isinstance(options, list) or not options:
            raise WrongFaultError(f"`any_of` is a list of faults, not {options!r}")
        return tuple(fault for option in options for fault in _parse_option(option))
    return _parse_option(given)


def _parse_option(item: object) -> tuple[Fault, ...]:
    if not isinstance(item, Mapping) or "scenario" not in item:
        return (parse_fault(item),)
    name = item["scenario"]
    if not isinstance(name, str) or name not in SCENARIOS:
        raise WrongFaultError(f"{name!r} is not a scenario; there are {', '.join(SCENARIOS)}")
    changes = {key: value for key, value in item.items() if key != "scenario"}
    if changes and len(SCENARIOS[name]) > 1:
        raise WrongFaultError(f"the scenario {name!r} has several faults, whose parameters cannot be changed")
    return tuple(parse_fault({**fault, **changes}) for fault in SCENARIOS[name])


def _name_call(caller: Caller) -> tuple[object, ...]:
    """What tells a call from others in every run; one without a task is told by its intent."""
    return (caller.task if caller.task is not None else caller.intent, caller.take, caller.attempt)
