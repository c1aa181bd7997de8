"""Lists within lists: whether there may be any in what a mention gives, and how long the longest is of what is known."""

from __future__ import annotations

from collections.abc import Mapping

from seedflow.graph.bounds import find_bound_sources, find_extent
from seedflow.plan.frames import Env
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.references import Reference, StepReference
from seedflow.recipe.template import Template

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
        behind = env.frame.lazy_values[source.name]
        return bool(find_bound_sources(behind)) and holds_no_lists(behind, env)
    return False


def holds_no_lists(template: Template, env: Env) -> bool:
    """Whether no item of the list that a template gives is a list itself, or has one in it, for certain."""
    sources = find_bound_sources(template)
    if sources is None or find_extent(template) != find_extent(template, nested=True):
        return False
    return all(is_flat(source, env) for source in sources)


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
