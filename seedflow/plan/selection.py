"""Selectors of tasks as people write them: `page`, `page[scene=sea]`, `cast[hero=fox]/portrait`, `sheet#2`.

A selector means every task whose address has these steps, these keys among its own, and this take if one is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.plan.model import Action, Task

_PART = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?:\[(?P<keys>[^\[\]]+)\])?")
_TAKE = re.compile(r"#([1-9]\d{0,5})$")


@dataclass(frozen=True, slots=True)
class Part:
    """A step, and the keys that are asked of it."""

    name: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskSelector:
    """One selector; `take` None means every take."""

    text: str
    parts: tuple[Part, ...]
    take: int | None

    def matches(self, address: str) -> bool:
        """Whether a task is meant."""
        found = parse_address(address)
        if found is None:
            return False
        parts, take = found
        if len(parts) != len(self.parts) or (self.take is not None and (take or 1) != self.take):
            return False
        return self._matches_parts(parts)

    def _matches_parts(self, parts: Sequence[Part]) -> bool:
        """Whether an address has these steps and keys, or begins with them."""
        return all(
            mine.name == its.name and all(its.keys.get(name) == key for name, key in mine.keys.items())
            for mine, its in zip(self.parts, parts, strict=False)
        )

    def may_match(self, address: str) -> bool:
        """Whether tasks that this address stands for may be meant: some of its keys are not known."""
        found = parse_address(address)
        if found is None or len(found[0]) != len(self.parts):
            return False
        return all(
            mine.name == its.name
            and all(
                "?" in its.keys.get(name, "") or its.keys.get(name) == key for name, key in mine.keys.items()
            )
            for mine, its in zip(self.parts, found[0], strict=True)
        )

    @property
    def span(self) -> Span:
        """Where it stands on the command line."""
        return _span_of(self.text)

    def explain_aside(self, task: Task) -> Diagnostic:
        """The diagnostic for a selector that means only tasks that are not asked in this plan."""
        skipped = task.action is Action.SKIP
        what = "is skipped" if skipped else "waits for what failed"
        return Diagnostic(
            "no-such-task",
            f"`{task.address}` {what} in this plan, so that there is nothing to ask anew",
            self.span,
            help="look at its condition" if skipped else "mend what it waits for first",
        )

    def explain_nothing(self, addresses: Iterable[str]) -> Diagnostic:
        """The diagnostic for a selector that means no task of these."""
        known = list(addresses)
        near = find_near(self.text, [*known, *dict.fromkeys(strip_keys(one) for one in known)])
        inside = [one for one in known if strip_keys(one).startswith(f"{strip_keys(self.text)}/")]
        open_ = [one for one in known if "?" in one and strip_keys(one) == strip_keys(self.text)]
        help_ = "`seedflow plan --all` shows the addresses of all tasks"
        if inside:
            help_ = f"`{self.text}` uses a recipe: name a step in it, such as `{self._name_inside(inside)}`"
        elif open_:
            help_ = (
                f"the tasks of {open_[0]} are known once what they depend on is stored: run the recipe first"
            )
        elif near is not None and near != self.text:
            help_ = f"did you mean `{near}`?"
        return Diagnostic(
            "no-such-task", f"no task of this plan is meant by `{self.text}`", _span_of(self.text), help=help_
        )

    def _name_inside(self, inside: Sequence[str]) -> str:
        """A selector of a step in a used recipe, for the use that is meant if there is such a one."""
        depth = len(self.parts)
        for address in inside:
            parts = (parse_address(address) or ((), None))[0]
            if len(parts) > depth and self._matches_parts(parts):
                return "/".join([_TAKE.sub("", self.text), *(part.name for part in parts[depth:])])
        return _TAKE.sub("", inside[0])


def parse_selector(text: str) -> TaskSelector | Diagnostic:
    """A selector, or what is wrong with it."""
    found = parse_address(text.strip())
    if found is None:
        return Diagnostic(
            "not-a-selector",
            "found no address of tasks; expected a step, with keys in brackets where only some of its tasks are meant",
            _span_of(text),
            help="write `STEP`, `STEP[NAME=KEY]` or `CALL/STEP`, as `seedflow plan` shows them",
        )
    parts, take = found
    return TaskSelector(text.strip(), parts, take)


def parse_address(text: str) -> tuple[tuple[Part, ...], int | None] | None:
    """The steps with their keys, and the take, of an address; None for anything else."""
    take: int | None = None
    spelled = _TAKE.search(text)
    if spelled is not None:
        take = int(spelled[1])
        text = text[: spelled.start()]
    parts: list[Part] = []
    at = 0
    while True:
        found = _PART.match(text, at)
        if found is None:
            return None
        keys: dict[str, str] = {}
        for pair in (found["keys"] or "").split(",") if found["keys"] else ():
            name, equals, key = pair.partition("=")
            if not equals or not name.strip() or not key.strip():
                return None
            keys[name.strip()] = key.strip()
        parts.append(Part(found["name"], keys))
        at = found.end()
        if at == len(text):
            return tuple(parts), take
        if text[at] != "/":
            return None
        at += 1


def strip_keys(address: str) -> str:
    """An address without its keys and its take: the selector of all tasks of that step."""
    return re.sub(r"\[[^\[\]]*\]|#\d+$", "", address)


def _span_of(text: str) -> Span:
    return Span(Source("--reroll", text), 0, len(text))
