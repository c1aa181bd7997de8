"""What flows through a graph: the shape of every mention and template, and how many tasks and images steps give.

Everything is worked out when first asked for, from the text alone. What cannot be proved is unknown, and nothing that is
unknown is ever called wrong. Inputs have the shapes that they are declared with, inside used recipes as well, so that what
is said of a recipe holds wherever it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seedflow.graph.certain import Certain
from seedflow.graph.counting import Counts
from seedflow.graph.facts import NO_FACTS, Facts, Names
from seedflow.graph.inference import infer_shape, infer_where
from seedflow.graph.input_shapes import shape_of_input
from seedflow.graph.literals import read_literal
from seedflow.graph.made_variables import MadeVariables
from seedflow.graph.mistakes import Mistakes
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_output
from seedflow.graph.places import Place
from seedflow.graph.printed import find_printed_tail
from seedflow.graph.requests import StaticRequest, read_request
from seedflow.graph.shapes import (
    ANY,
    IMAGE,
    ONE,
    TEXT,
    UNKNOWN,
    Count,
    Kind,
    Shape,
    join_shapes,
    list_of,
    shape_of_value,
    without_fields,
)
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.recipe.model import Expression, Output
from seedflow.recipe.references import NameReference, Reference, Slice, StepReference
from seedflow.recipe.template import Template, TemplateForm, may_leave_out
from seedflow.recipe.templating.nodes import Expression as Node

_MAX_DEPTH = 20
"""How many templates look through each other; more only in a cycle, or through a long chain of values."""
_SOME_IMAGES = list_of(Shape(Kind.IMAGE))


class Flow:
    """The shapes of one graph."""

    def __init__(self, graph: StepGraph, catalog: Catalog) -> None:
        self._graph = graph
        self.catalog = catalog
        self.mistakes = Mistakes(self, graph)
        self.counts = Counts(self, graph)
        self.certain = Certain(self.mistakes)
        self._models: dict[str, Model | None] = {}
        self._requests: dict[str, StaticRequest] = {}
        self._variables: dict[str, dict[str, Shape]] = {}
        self._values: dict[tuple[str, str], Shape] = {}
        self._made = MadeVariables(self.certain)
        self._image_shapes: dict[tuple[str, bool], Shape] = {}
        self._expressions: dict[tuple[int, str], Shape] = {}
        self._depth = 0
        # Each after those that it uses, so that no chain is too long to be followed.
        for node in map(graph.steps.__getitem__, graph.order):
            self.variables(node)
            self.counts.tasks(node)
            self.counts.passes(node)

    def find_model(self, node: StepNode) -> Model | None:
        """The model of a step; None when a template or unread `defaults:` decide it, or it is not in the catalog."""
        if node.id not in self._models:
            self._models[node.id] = self._read_model(node)
        return self._models[node.id]

    def _read_model(self, node: StepNode) -> Model | None:
        if ("defaults",) in node.frame.recipe.unread:
            return None
        template = node.generate.model
        model_id = self.catalog.default_id if template is None else read_literal(template, as_text=True)
        return self.catalog.find(model_id) if isinstance(model_id, str) else None

    def request(self, node: StepNode) -> StaticRequest:
        """The literal parameters of a step; `null` leaves one out."""
        request = self._requests.get(node.id)
        if request is None:
            request = self._requests[node.id] = read_request(node, self.find_model(node))
        return request

    def images_per_task(self, node: StepNode) -> Count:
        """How many images `.images` of one task of a step has."""
        return self.counts.images_per_task(node)

    def tasks(self, node: StepNode) -> Count:
        """How many tasks a step becomes for each task of the step that uses its recipe, those that are skipped included."""
        return self.counts.tasks(node)

    def loop_items(self, node: StepNode, number: int) -> Count:
        """How many values an entry of `for_each` gives for each set of earlier values."""
        return self.counts.loop_items(node, number)

    def variables(self, node: StepNode) -> Mapping[str, Shape]:
        """The shape of each `for_each` variable of a step."""
        found = self._variables.get(node.id)
        if found is None:
            found = self._variables[node.id] = {}
            for variable in node.step.for_each:
                for name, items in zip(variable.names, variable.lists, strict=True):
                    shape = self.shape_of_expression(items, node)
                    item = shape.item if shape.kind is Kind.LIST else None
                    found[name] = without_fields(item or UNKNOWN)
        return found

    def _variables_of(self, target: StepNode, *, made: bool) -> Mapping[str, Shape]:
        """The same, as its tasks and images hold them: where they were `made`, its condition holds."""
        return self._made.narrow(self.variables(target), target) if made else self.variables(target)

    def shape_of(self, place: Place) -> Shape:
        """The shape of what a template gives at its place."""
        if place.too_early:
            return UNKNOWN
        return self.shape_of_template(place.template, place.node, place.frame, facts=self.certain.at(place))

    def shape_of_template(
        self,
        template: Template,
        node: StepNode | None = None,
        frame: Frame | None = None,
        *,
        facts: Facts = NO_FACTS,
    ) -> Shape:
        """The shape of what a template gives, `node` being the step around it; without one, `frame` is its recipe."""
        if facts and template.form is TemplateForm.EXPRESSION and template.expression is not None:
            return self.shape_of_part(template.expression, node, frame, facts=facts)
        match template.form:
            case TemplateForm.TEXT:
                return TEXT if template.references else UNKNOWN  # one that could not be read mentions nothing
            case TemplateForm.LITERAL:
                return shape_of_value(template.literal(as_text=False))
            case TemplateForm.EXPRESSION:
                where = f"/{self._frame(node, frame).path}" if node is None else node.id
                shape = self._expressions.get((id(template), where))
                if shape is None and self._depth <= _MAX_DEPTH:
                    shape = self._infer(template, node, self._frame(node, frame))
                    self._expressions[id(template), where] = shape
                return shape or UNKNOWN

    def shape_of_expression(self, expression: Expression, node: StepNode | None = None) -> Shape:
        """The shape of a parameter's value: of its template, or of the list or mapping that is written out."""
        if isinstance(expression, Template):
            return self.shape_of_template(expression, node)
        if isinstance(expression, tuple):
            items = [self.shape_of_expression(item, node) for item in expression]
            kept = sum(not may_leave_out(item) for item in expression)
            return list_of(join_shapes(items), Count(kept, len(items)))
        return Shape(
            Kind.RECORD,
            fields={name: self.shape_of_expression(item, node) for name, item in expression.items()},
        )

    def shape_if_printed(
        self, template: Template, reference: Reference, node: StepNode | None, frame: Frame | None = None
    ) -> Shape | None:
        """The shape of a mention that makes up a whole `{{ }}`, attributes after it included; None for any other."""
        tail = find_printed_tail(template, reference)
        if tail is None:
            return None
        return self.shape_of_mention(reference, node, frame).follow(tail) or UNKNOWN

    def shape_of_mention(
        self,
        reference: Reference,
        node: StepNode | None,
        frame: Frame | None = None,
        *,
        all_made: bool = False,
    ) -> Shape:
        """The shape of a mention by itself; unknown when it is wrong, which others report."""
        if isinstance(reference, StepReference):
            return self._shape_of_step_mention(reference, node, frame, all_made)
        return self.shape_of_name(reference, node, frame).follow(reference.path[1:]) or UNKNOWN

    def shape_of_part(
        self,
        part: Node,
        node: StepNode | None,
        frame: Frame | None = None,
        *,
        all_made: bool = False,
        facts: Facts = NO_FACTS,
    ) -> Shape:
        """The shape of a part of a template's expression; `all_made` as if nothing were skipped."""
        lookup = _Lookup(self, node, self._frame(node, frame), all_made=all_made)
        shape = infer_where(part, lookup, facts)
        found = [infer_where(part, lookup, case) for case in facts.split()] if shape.optional else []
        sure = len(found) > 1 and not any(one.optional or not one.known for one in found)
        return replace(shape, optional=False) if sure else shape

    def shape_of_name(
        self, reference: NameReference, node: StepNode | None, frame: Frame | None = None
    ) -> Shape:
        """The shape of the input, value or variable that a mention begins with."""
        if not reference.path:
            return IMAGE if reference.root == "prev" else UNKNOWN
        return self.shape_of_root(reference.root, reference.name, node, self._frame(node, frame))

    def shape_of_root(self, root: str, name: str, node: StepNode | None, frame: Frame) -> Shape:
        """The shape of the input, value or variable of a name; of `image` and `prev`, that of an attribute."""
        match root:
            case "inputs":
                declared = frame.recipe.inputs.get(name)
                return UNKNOWN if declared is None else shape_of_input(declared)
            case "values":
                return self._shape_of_value(name, frame)
            case "each":
                return UNKNOWN if node is None else self._shape_of_variable(name, node)
            case "ref" | "recipe":
                return TEXT
            case "image" | "prev":
                return IMAGE.find(name) or UNKNOWN
            case _:
                return UNKNOWN

    def find_target(
        self, reference: StepReference, node: StepNode | None, frame: Frame | None = None
    ) -> StepNode | None:
        """The step that a mention means, or None."""
        return self._graph.steps.get(self._frame(node, frame).step_id(reference.step))

    def selected_tasks(self, target: StepNode, mention: StepReference, *, all_made: bool = False) -> Count:
        """How many tasks of a step a mention is about; `all_made` as if none of them were skipped."""
        selector = mention.selector
        if selector is not None and selector.kind == "at":
            return ONE
        count = self.counts.tasks(target)
        if selector is not None:
            named = {argument.variable for argument in selector.arguments}
            count = ONE
            for number, variable in enumerate(target.step.for_each):
                items = self.counts.loop_items(target, number)
                if named.issuperset(variable.names):
                    items = Count(0, 1 if items.high is None else min(1, items.high))
                elif named.intersection(variable.names):
                    items = Count(0, items.high)
                count = count.times(items)
        if not all_made and target.step.for_each and self.counts.skipping.may_skip_mentioned(target, mention):
            return Count(0, count.high)
        return count

    def images_before_index(
        self, reference: StepReference, target: StepNode, *, all_made: bool = False
    ) -> Count:
        """How many images `.images`, `.passes` or `.outputs.X` of a mention may have, before any index picks among them."""
        if reference.collection == "passes":
            each = self.counts.passes_per_task(target)
        elif target.step.call is None:
            each = self.counts.images_per_task(target)
        else:
            output = self.find_call_output(target, reference)
            each = ANY if output is None else self.shape_of_call_output(target, output).count
        return self.selected_tasks(target, reference, all_made=all_made).times(each)

    def find_call_output(self, target: StepNode, reference: StepReference) -> Output | None:
        """The output of the used recipe that a mention of a step is about."""
        recipe = target.step.call.recipe if target.step.call is not None else None
        return find_output(recipe, reference) if recipe is not None else None

    def shape_of_call_output(self, target: StepNode, output: Output, *, made: bool = True) -> Shape:
        """What one task of a step that uses a recipe gives as an output: always a list of images."""
        frame = self._graph.frames.get(target.id)
        if frame is None:
            return _SOME_IMAGES
        shape = self.shape_of_template(output.images, None, frame)
        count = ANY
        item = IMAGE
        if shape.kind is Kind.IMAGE:
            item, count = shape, ONE
        elif shape.holds_images:
            item, count = shape.item or IMAGE, shape.count
        if shape.optional:
            count = Count(0, count.high)
        fields = None if item.fields is None else {**self._variables_of(target, made=made), **item.fields}
        return list_of(Shape(Kind.IMAGE, fields=fields), count, shape.answers)

    def _infer(self, template: Template, node: StepNode | None, frame: Frame) -> Shape:
        if template.expression is None:
            return UNKNOWN
        self._depth += 1
        try:
            return infer_shape(template.expression, _Lookup(self, node, frame))
        finally:
            self._depth -= 1

    def _frame(self, node: StepNode | None, frame: Frame | None) -> Frame:
        return node.frame if node is not None else frame if frame is not None else self._graph.frame

    def _shape_of_variable(self, name: str, node: StepNode) -> Shape:
        iterate = node.step.iterate
        if iterate is not None and iterate.name == name:
            if name in self.variables(node):
                return UNKNOWN  # two are called so, which is said of the name
            shape = self.shape_of_expression(iterate.over, node)
            return shape.item or UNKNOWN if shape.kind is Kind.LIST else UNKNOWN
        return self.variables(node).get(name, UNKNOWN)

    def _shape_of_step_mention(
        self, reference: StepReference, node: StepNode | None, frame: Frame | None, all_made: bool
    ) -> Shape:
        target = self.find_target(reference, node, frame)
        if target is None:
            return UNKNOWN
        of_tasks = reference.collection in ("tasks", None)
        made = not reference.skip_ok  # something else may stand for one that was skipped
        item = self._shape_of_task(target, made=made) if of_tasks else self._image_of(target, reference)
        if item is None or reference.collection is None or isinstance(reference.index, int):
            return item or UNKNOWN
        tasks = self.selected_tasks(target, reference, all_made=all_made)
        count = tasks if of_tasks else self.images_before_index(reference, target, all_made=all_made)
        if isinstance(reference.index, Slice):
            count = count.sliced(reference.index.start, reference.index.stop, reference.index.step)
        return list_of(item, count, None if of_tasks else self.counts.answers(target, tasks, reference))

    def _shape_of_task(self, target: StepNode, *, made: bool) -> Shape:
        call, variables = target.step.call, self._variables_of(target, made=made)
        outputs: dict[str, Shape] | None = None
        recipe = None if call is None else call.recipe
        if call is not None and recipe is None:  # it could not be read, which is said where it is named
            return Shape(Kind.TASK, item=_SOME_IMAGES, fields=variables, open=True)
        if recipe is None:
            answers = self.counts.answers(target, ONE)
            images = list_of(self._image_of_step(target, made=made), self.images_per_task(target), answers)
        else:
            outputs = {
                name: self.shape_of_call_output(target, output, made=made)
                for name, output in recipe.outputs.items()
            }
            main = self.counts.find_main_output(target)
            images = _SOME_IMAGES if main is None else outputs[main.name]
        return Shape(Kind.TASK, item=images, fields=variables, outputs=outputs)

    def _image_of(self, target: StepNode, reference: StepReference) -> Shape | None:
        """The shape of one image of a mention; None when the step has no such images, which others report."""
        made = not reference.skip_ok
        if target.step.call is None:
            return self._image_of_step(target, made=made) if reference.collection != "outputs" else None
        output = self.find_call_output(target, reference)
        return self.shape_of_call_output(target, output, made=made).item if output is not None else None

    def _image_of_step(self, target: StepNode, *, made: bool) -> Shape:
        shape = self._image_shapes.get((target.id, made))
        if shape is None:
            fields = dict(self._variables_of(target, made=made))
            iterate = target.step.iterate
            if iterate is not None:
                fields[iterate.name] = self._shape_of_variable(iterate.name, target)
            shape = self._image_shapes[target.id, made] = Shape(Kind.IMAGE, fields=fields)
        return shape

    def _shape_of_value(self, name: str, frame: Frame) -> Shape:
        shape = self._values.get((frame.path, name))
        if shape is None:
            self._values[frame.path, name] = UNKNOWN
            template = frame.recipe.values.get(name)
            shape = UNKNOWN if template is None else self.shape_of_template(template, None, frame)
            self._values[frame.path, name] = shape
        return shape


class _Lookup:
    """What the names in one template mean."""

    def __init__(self, flow: Flow, node: StepNode | None, frame: Frame, *, all_made: bool = False) -> None:
        self._flow = flow
        self._node = node
        self._frame = frame
        self._all_made = all_made
        self.facts = NO_FACTS

    @property
    def names(self) -> Names:
        """What names stand for."""
        return self._flow.certain.names(self._frame)

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        return self._flow.shape_of_root(root, name, self._node, self._frame)

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""
        return self._flow.shape_of_mention(reference, self._node, self._frame, all_made=self._all_made)

    def shape_of_variable(self, _: int) -> Shape:
        """Unknown: an expression that stands alone sets none."""
        return UNKNOWN
