"""What templates may call: a function of the rendering and values, and how it says which arguments it takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from inspect import Parameter, signature
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Callee:
    """A filter, test or function. `takes_missing` when its first argument may be a look-up that found nothing."""

    apply: Callable[..., object]
    takes_missing: bool = False


@lru_cache(maxsize=256)
def _parameters(apply: Callable[..., object]) -> tuple[Parameter, ...]:
    return tuple(signature(apply).parameters.values())[1:]


def name_arguments(
    apply: Callable[..., object], given: Sequence[T], named: Mapping[str, T]
) -> Mapping[str, T]:
    """The arguments of a call by the names of the parameters that take them; those that have no such name are left out."""
    plain = [one.name for one in _parameters(apply) if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    return {**dict(zip(plain, given, strict=False)), **named}


def explain_mismatch(callee: Callee, given: int, named: Collection[str], *, piped: bool) -> str | None:
    """Why it does not take so many arguments and these named ones, or None when it does.

    `piped` when the first argument stands before the name; it counts as given, but a message does not speak of it.
    """
    parameters = _parameters(callee.apply)
    plain = [one for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    any_number = any(one.kind is Parameter.VAR_POSITIONAL for one in parameters)
    any_name = any(one.kind is Parameter.VAR_KEYWORD for one in parameters)
    shown = plain[1:] if piped else plain
    takes = ", ".join(f"`{one.name}`" for one in shown) or "no arguments"
    if any_number:
        takes += " and, in its place, what the test takes"
    if any_name and not plain:
        takes = "named lists"
    if given > len(plain) and not any_number:
        return (
            f"it takes {takes}, but {given - piped} are given" if shown or any_name else f"it takes {takes}"
        )
    taken = {one.name for one in plain[piped:given]}
    for name in named:
        if name in taken:
            return f"`{name}` is given twice"
        if not any_name and name not in {one.name for one in shown}:
            return f"it has no `{name}`; it takes {takes}"
    for one in plain[given:]:
        if one.default is Parameter.empty and one.name not in named:
            return f"`{one.name}` is missing"
    return None
