"""Lists within lists: whether there may be any in what a mention gives, and how long the longest is of what is known."""

from __future__ import annotations

from collections.abc import Mapping

from seedflow.graph.bounds import find_bound_sources
from seedflow.plan.frames import Env
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.references import Reference, StepReference

_OF_IMAGES = frozenset({"images", "passes", "outputs"})
_NESTING = frozenset({InputType.LIST, InputType.TABLE})


def is_flat(source: Reference, env: Env) -> bool:
    """Whether no item of a list is a list itself, or has one in it, for certain."""
    if isinstance(source, StepReference):
        return source.collection in _OF_IMAGES
    if len(source.path) != 1:
        return False
    recipe = env.frame.frame.recipe
    if source.root == "inputs" and source.name in recipe.inputs:
        return _is_flat_input(recipe.inputs[source.name])
    if source.root == "values" and source.name in env.frame.lazy_values:
        behind = find_bound_sources(env.frame.lazy_values[source.name])
        return bool(behind) and all(is_flat(one, env) for one in behind or ())
    return False


def _is_flat_input(declared: Input) -> bool:
    inside = [*declared.columns.values(), *([declared.of] if declared.of is not None else [])]
    return not any(one.type in _NESTING for one in inside)


def measure(value: object) -> int:
    """The length of the longest list in a value, which may be the value itself."""
    if isinstance(value, (list, tuple)):
        return max([len(value), *map(measure, value)])
    if isinstance(value, Mapping):
        return max(map(measure, value.values()), default=1)
    return 1
