"""What is known of values that only the run knows: between which numbers they lie, and how many items they have."""

from __future__ import annotations

from dataclasses import replace

from seedflow.graph.facts import NO_FACTS, Names
from seedflow.graph.inference import infer_shape
from seedflow.graph.input_shapes import shape_of_input
from seedflow.graph.ranges import ANYTHING, Range
from seedflow.graph.shapes import (
    IMAGE,
    TEXT,
    UNKNOWN,
    Count,
    Kind,
    Shape,
    list_of,
    shape_of_value,
    whole_number,
)
from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import MOST_ITEMS
from seedflow.plan.lengths import LengthFinder
from seedflow.plan.model import Bounds
from seedflow.plan.resolve import Resolver
from seedflow.plan.views import PendingTask
from seedflow.recipe.model import Expression, Input, InputType
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.views import View

_MAX_DEPTH = 20
"""How many inputs and values look through each other before nothing more is claimed."""


class RangeFinder:
    """Finds the shapes of expressions with what the plan knows of inputs, and of how many images and tasks there will be."""

    def __init__(self, lengths: LengthFinder, resolver: Resolver) -> None:
        self.names = Names()
        self._lengths = lengths
        self._resolver = resolver
        self._counted: dict[tuple[str, StepReference], Bounds[int]] = {}

    def find(self, expression: Expression, env: Env, depth: int = 0) -> Shape:
        """What is known of an expression's value."""
        if isinstance(expression, tuple):
            return list_of(UNKNOWN, Count(len(expression), len(expression)))
        if not isinstance(expression, Template) or depth > _MAX_DEPTH:
            return UNKNOWN
        if expression.form is TemplateForm.LITERAL:
            return shape_of_value(expression.literal(as_text=False))
        if expression.form is TemplateForm.TEXT or expression.expression is None:
            return TEXT
        return infer_shape(expression.expression, _Names(self, env, depth))

    def of_root(self, root: str, name: str, env: Env, depth: int) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        recipe = env.frame.frame.recipe
        match root:
            case "inputs" if name in env.frame.later:
                argument, outer = env.frame.later[name]
                given = self.find(argument.expression, self._resolver.refresh(outer), depth + 1)
                return _admit(given, recipe.inputs[name])
            case "inputs" if name in env.frame.inputs:
                return _of_known(env.frame.inputs[name])
            case "values" if name in env.frame.lazy_values:
                return self.find(env.frame.lazy_values[name], Env(env.frame), depth + 1)
            case "values" if name in env.frame.values:
                return _of_known(env.frame.values[name])
            case "each":
                value = env.each.get(name)
                is_task = (isinstance(value, Later) and bool(value.tasks)) or (
                    isinstance(value, View) and isinstance(value.subject, PendingTask)
                )
                return self._of_task(name, env) if is_task else _of_known(value)
            case _:
                return UNKNOWN

    def _of_task(self, name: str, env: Env) -> Shape:
        """The shape of a variable that is a task which has not ended: its images are so many as the plan says."""
        low, high = self._lengths.of_mention(NameReference("each", (name, "images"), 0, 0), env)
        return Shape(
            Kind.TASK, item=list_of(IMAGE, Count(low, high if high < MOST_ITEMS else None)), open=True
        )

    def of_step(self, reference: StepReference, env: Env) -> Shape:
        """The shape of a mention of a step: how many images or tasks it will give."""
        if reference.collection is None:
            return UNKNOWN
        item = Shape(Kind.TASK) if reference.collection == "tasks" else IMAGE
        if isinstance(reference.index, int):
            return item
        low, high = self._count(reference, env)
        return list_of(item, Count(low, high if high < MOST_ITEMS else None))

    def _count(self, reference: StepReference, env: Env) -> Bounds[int]:
        """How many there are, counted once for all tasks: what is known later lies within what was known before."""
        if reference.selector is not None:
            return self._lengths.of_mention(reference, env)
        key = (env.frame.prefix, replace(reference, start=0, end=0, name_start=0, name_end=0))
        found = self._counted.get(key)
        if found is None:
            found = self._counted[key] = self._lengths.of_mention(reference, env)
        return found


class _Names:
    """What the names in one template mean."""

    def __init__(self, finder: RangeFinder, env: Env, depth: int) -> None:
        self._finder = finder
        self._env = env
        self._depth = depth
        self.facts = NO_FACTS
        self.names = finder.names

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        return self._finder.of_root(root, name, self._env, self._depth)

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""
        return self._finder.of_step(reference, self._env)

    def shape_of_variable(self, _: int) -> Shape:
        """Unknown: an expression that stands alone sets none."""
        return UNKNOWN


def _admit(given: Shape, declared: Input) -> Shape:
    """What an input lets through of what it is given: with anything else, nothing is asked."""
    if declared.type is InputType.INTEGER and given.kind in (Kind.INTEGER, Kind.NUMBER, Kind.UNKNOWN):
        between = (given.between or ANYTHING).within(declared.minimum, declared.maximum)
        may_be_none = declared.optional and (given.optional or not given.known)
        return replace(whole_number(between), optional=may_be_none)
    if declared.type in (InputType.LIST, InputType.TABLE) and given.kind is Kind.LIST:
        low, high = Range(*given.count).within(declared.min_items, declared.max_items)
        return list_of(given.item or UNKNOWN, Count(low or 0, high))
    return given if given.known else shape_of_input(declared)


def _of_known(value: object) -> Shape:
    if isinstance(value, View):
        return IMAGE if value.kind == "image" else UNKNOWN
    if isinstance(value, list | tuple):
        images = bool(value) and all(isinstance(item, View) and item.kind == "image" for item in value)
        return list_of(IMAGE if images else UNKNOWN, Count(len(value), len(value)))
    return shape_of_value(value) if isinstance(value, int | float | str) else UNKNOWN
