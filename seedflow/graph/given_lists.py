"""Lists of images that a used recipe is given and whose length only the run knows: how long they are by what the caller wrote."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from seedflow.graph.facts import NO_FACTS, Facts, Names
from seedflow.graph.flow import Flow
from seedflow.graph.growth import Growth, Where
from seedflow.graph.inference import infer_where
from seedflow.graph.model import Frame, StepNode
from seedflow.graph.ranges import Range
from seedflow.graph.shapes import UNKNOWN, Count, Kind, Shape
from seedflow.recipe.model import Argument, Expression, Input, InputType
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating.nodes import Expression as Node


class GivenLists:
    """Looks from the inside of each use of a recipe at what its caller gives; what is looked up once is kept."""

    def __init__(self, flow: Flow, growth: Growth) -> None:
        self.flow = flow
        self._growth = growth
        self._found: dict[tuple[str, str], Shape | None] = {}

    def find(self, name: str, frame: Frame) -> Shape | None:
        """The list of images that an input is given, between the bounds that it declares; None for anything else."""
        key = (frame.path, name)
        if key not in self._found:
            declared, argument = frame.recipe.inputs.get(name), self._growth.find_argument(name, frame)
            self._found[key] = (
                None
                if declared is None or declared.type is not InputType.LIST or argument is None
                else self._look_up(declared, argument, frame.call)
            )
        return self._found[key]

    def _look_up(self, declared: Input, argument: Argument, caller: StepNode | None) -> Shape | None:
        given = argument.expression
        if caller is None or not self._growth.is_dynamic(given, Where(caller.frame, caller)):
            return None
        shape = self._read(given, caller)
        if shape.kind is not Kind.LIST or not shape.holds_images:
            return None
        low, high = Range(*shape.count).within(declared.min_items, declared.max_items)
        return replace(shape, count=Count(low or 0, high))

    def _read(self, given: Expression, caller: StepNode) -> Shape:
        if isinstance(given, Template) and given.form is TemplateForm.EXPRESSION and given.expression:
            facts = self.flow.certain.of_step(caller)
            return self.look_at(given.expression, caller, caller.frame, facts)[0]
        return UNKNOWN

    def look_at(
        self, part: Node, node: StepNode | None, frame: Frame, facts: Facts = NO_FACTS
    ) -> tuple[Shape, tuple[Argument, ...]]:
        """The shape of a part of a template where nothing is skipped, and the arguments that say so much of it."""
        lookup = _Lookup(self, node, frame)
        shape = infer_where(part, lookup, facts)
        arguments = (self._growth.find_argument(name, frame) for name in sorted(lookup.given))
        return shape, tuple(one for one in arguments if one is not None)


@dataclass(slots=True)
class _Lookup:
    """What the names in one template mean; `given` are the inputs of which the caller said more than their declaration."""

    lists: GivenLists
    node: StepNode | None
    frame: Frame
    facts: Facts = NO_FACTS
    given: set[str] = field(default_factory=set)
    within: tuple[str, ...] = ()

    @property
    def names(self) -> Names:
        """What names stand for."""
        return self.lists.flow.certain.names(self.frame)

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        if root == "inputs":
            found = self.lists.find(name, self.frame)
            if found is not None:
                self.given.add(name)
                return found
        if root == "values" and name not in self.within:
            written = self.frame.recipe.values.get(name)
            if written is not None and written.expression is not None and not written.unread:
                inside = replace(self, node=None, within=(*self.within, name))
                return infer_where(written.expression, inside, NO_FACTS)
        return self.lists.flow.shape_of_root(root, name, self.node, self.frame)

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""
        return self.lists.flow.shape_of_mention(reference, self.node, self.frame, all_made=True)

    def shape_of_variable(self, _: int) -> Shape:
        """Unknown: an expression that stands alone sets none."""
        return UNKNOWN
