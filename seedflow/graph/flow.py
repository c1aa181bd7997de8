"""What flows through a graph: the shape of every mention and template, and how many tasks and images steps give.

Everything is worked out when first asked for, from the text alone. What cannot be proved is unknown, and nothing that is
unknown is ever called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seedflow.diagnostics.suggest import find_near
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.places import Place, find_templates
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
)
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.recipe.model import Expression, Input, InputType, Parameter, Recipe
from seedflow.recipe.references import NameReference, Reference, Selector, Slice, StepReference
from seedflow.recipe.template import Template, TemplateForm

_SCALARS: Mapping[InputType, Kind] = {
    InputType.TEXT: Kind.TEXT,
    InputType.NUMBER: Kind.NUMBER,
    InputType.INTEGER: Kind.INTEGER,
    InputType.BOOLEAN: Kind.BOOLEAN,
}
_AFTER_MENTION = re.compile(r"((?:\.[A-Za-z_]\w*)*)\s*[-+]?\}\}")
_BEFORE_MENTION = re.compile(r"\{\{[-+]?\s*")


@dataclass(frozen=True, slots=True)
class StaticRequest:
    """What is known of a step's request before any input has a value.

    `parameters` are those written out, by name and without the references field; `unknown` are those that templates decide,
    and those that a misspelt name is meant for, which are there although nobody reads them.
    """

    parameters: Mapping[str, object]
    unknown: frozenset[str]


class Flow:
    """The shapes of one graph."""

    def __init__(self, graph: StepGraph, catalog: Catalog) -> None:
        self._graph = graph
        self._catalog = catalog
        self._models: dict[str, Model | None] = {}
        self._requests: dict[str, StaticRequest] = {}
        self._images: dict[str, Count] = {}
        self._tasks: dict[str, Count] = {}
        self._variables: dict[str, dict[str, Shape]] = {}
        self._values: dict[str, Shape] = {}
        self._image_shapes: dict[str, Shape] = {}
        self._expressions: dict[tuple[int, str], Shape] = {}

    def find_model(self, node: StepNode) -> Model | None:
        """The model of a step; None when a template or unread `defaults:` decide it, or it is not in the catalog."""
        if ("defaults",) in node.frame.recipe.unread:
            return None
        template = node.generate.model
        model_id = self._catalog.default_id if template is None else read_literal(template, as_text=True)
        if not isinstance(model_id, str):
            return None
        if model_id not in self._models:
            self._models[model_id] = self._catalog.find(model_id)
        return self._models[model_id]

    def request(self, node: StepNode) -> StaticRequest:
        """The literal parameters of a step; `null` leaves one out."""
        request = self._requests.get(node.id)
        if request is None:
            request = self._requests[node.id] = self._read_request(node)
        return request

    def images_per_task(self, node: StepNode) -> Count:
        """How many images one task of a step may give."""
        count = self._images.get(node.id)
        if count is None:
            model = self.find_model(node)
            request = self.request(node)
            count = Count(1, None)
            if model is not None:
                count = Count(*model.image_bounds(request.parameters, request.unknown))
            self._images[node.id] = count
        return count

    def tasks(self, node: StepNode) -> Count:
        """How many tasks a step becomes."""
        count = self._tasks.get(node.id)
        if count is None:
            count = ONE
            for number in range(len(node.step.for_each)):
                count = count.times(self.loop_items(node, number))
            self._tasks[node.id] = count
        return count

    def loop_items(self, node: StepNode, number: int) -> Count:
        """How many values an entry of `for_each` gives for each set of earlier values."""
        variable = node.step.for_each[number]
        counts = [self._list_count(items, node) for items in variable.lists]
        low = max(count.low for count in counts)
        highs = [count.high for count in counts if count.high is not None]
        if variable.at_most is not None:
            highs.append(variable.at_most)
        high = min(highs, default=None)
        return Count(low if high is None else min(low, high), high)

    def variables(self, node: StepNode) -> Mapping[str, Shape]:
        """The shape of each `for_each` variable of a step."""
        found = self._variables.get(node.id)
        if found is None:
            found = self._variables[node.id] = {}
            for variable in node.step.for_each:
                for name, items in zip(variable.names, variable.lists, strict=True):
                    found[name] = self._item_shape(items, node)
        return found

    def shape_of(self, place: Place) -> Shape:
        """The shape of what a template gives at its place."""
        return self.shape_of_template(place.template, place.node)

    def shape_of_template(self, template: Template, node: StepNode | None = None) -> Shape:
        """The shape of what a template gives, `node` being the step around it."""
        match template.form:
            case TemplateForm.TEXT:
                return TEXT if template.references else UNKNOWN  # one that could not be read mentions nothing
            case TemplateForm.LITERAL:
                return shape_of_value(template.literal(as_text=False))
            case TemplateForm.EXPRESSION:
                key = (id(template), "" if node is None else node.id)
                shape = self._expressions.get(key)
                if shape is None:
                    shape = self._expressions[key] = self._shape_of_single(template, node)
                return shape

    def shape_of_expression(self, expression: Expression, node: StepNode | None = None) -> Shape:
        """The shape of a parameter's value: of its template, or of the list or mapping that is written out."""
        if isinstance(expression, Template):
            return self.shape_of_template(expression, node)
        if isinstance(expression, tuple):
            items = [self.shape_of_expression(item, node) for item in expression]
            return list_of(join_shapes(items), Count(len(items), len(items)))
        return Shape(
            Kind.RECORD,
            fields={name: self.shape_of_expression(item, node) for name, item in expression.items()},
        )

    def shape_if_printed(
        self, template: Template, reference: Reference, node: StepNode | None
    ) -> Shape | None:
        """The shape of a mention that makes up a whole `{{ }}`, attributes after it included; None for any other."""
        tail = find_printed_tail(template, reference)
        if tail is None:
            return None
        shape = self.shape_of_mention(reference, node)
        for part in tail:
            found = shape.find(part)
            if found is None:
                return UNKNOWN
            shape = found
        return shape

    def shape_of_mention(self, reference: Reference, node: StepNode | None) -> Shape:
        """The shape of a mention by itself; unknown when it is wrong, which others report."""
        if isinstance(reference, StepReference):
            return self._shape_of_step_mention(reference, node)
        shape = self.shape_of_name(reference, node)
        for part in reference.path[1:]:
            found = shape.find(part)
            if found is None:
                return UNKNOWN
            shape = found
        return shape

    def shape_of_name(self, reference: NameReference, node: StepNode | None) -> Shape:
        """The shape of the input, value or variable that a mention begins with."""
        if not reference.path:
            return UNKNOWN
        match reference.root:
            case "inputs":
                declared = self._recipe_of(node).inputs.get(reference.name)
                return UNKNOWN if declared is None else shape_of_input(declared)
            case "values":
                return self._shape_of_value(reference.name)
            case "each":
                return UNKNOWN if node is None else self.variables(node).get(reference.name, UNKNOWN)
            case "ref" | "recipe":
                return TEXT
            case "image" | "prev":
                return IMAGE.find(reference.name) or UNKNOWN

    def find_target(self, reference: StepReference, node: StepNode | None) -> StepNode | None:
        """The step that a mention means, or None."""
        if node is None:
            return self._graph.steps.get(reference.step)
        return self._graph.find_target(node, reference.step)

    def selected_tasks(self, target: StepNode, selector: Selector | None) -> Count:
        """How many tasks of a step a mention is about."""
        if selector is None:
            return self.tasks(target)
        if selector.kind == "at":
            return ONE
        named = {argument.variable for argument in selector.arguments}
        count = ONE
        for number, variable in enumerate(target.step.for_each):
            items = self.loop_items(target, number)
            if named.issuperset(variable.names):
                items = Count(0, 1 if items.high is None else min(1, items.high))
            elif named.intersection(variable.names):
                items = Count(0, items.high)
            count = count.times(items)
        return count

    def images_before_index(self, target: StepNode, selector: Selector | None) -> Count:
        """How many images `.images` of a mention may have."""
        return self.selected_tasks(target, selector).times(self.images_per_task(target))

    def _shape_of_single(self, template: Template, node: StepNode | None) -> Shape:
        """The shape of a `{{ }}` that is one mention; unknown for any other expression."""
        if len(template.references) != 1:
            return UNKNOWN
        return self.shape_if_printed(template, template.references[0], node) or UNKNOWN

    def _recipe_of(self, node: StepNode | None) -> Recipe:
        return self._graph.recipe if node is None else node.frame.recipe

    def _read_request(self, node: StepNode) -> StaticRequest:
        model = self.find_model(node)
        known: dict[str, object] = {}
        unknown: set[str] = set()
        for name, parameter in node.generate.parameters.items():
            value = read_parameter(parameter, model)
            if value is NOT_LITERAL:
                unknown.add(name)
            elif value is not None:
                known[name] = value
        if model is not None:
            unknown.update(_find_meant(node, model))
        return StaticRequest(known, frozenset(unknown))

    def _shape_of_step_mention(self, reference: StepReference, node: StepNode | None) -> Shape:
        target = self.find_target(reference, node)
        if target is None or reference.collection == "outputs":
            return UNKNOWN
        item = self._image_of(target)
        if reference.collection != "images":
            images = list_of(item, self.images_per_task(target))
            item = Shape(Kind.TASK, item=images, fields=self.variables(target))
        if reference.collection is None or isinstance(reference.index, int):
            return item
        if reference.collection == "images":
            count = self.images_before_index(target, reference.selector)
        else:
            count = self.selected_tasks(target, reference.selector)
        if isinstance(reference.index, Slice):
            count = count.sliced(reference.index.start, reference.index.stop, reference.index.step)
        return list_of(item, count)

    def _image_of(self, target: StepNode) -> Shape:
        shape = self._image_shapes.get(target.id)
        if shape is None:
            shape = self._image_shapes[target.id] = Shape(Kind.IMAGE, fields=self.variables(target))
        return shape

    def _shape_of_value(self, name: str) -> Shape:
        shape = self._values.get(name)
        if shape is None:
            self._values[name] = UNKNOWN
            template = self._graph.recipe.values.get(name)
            shape = UNKNOWN if template is None else self.shape_of_template(template)
            self._values[name] = shape
        return shape

    def _list_shape(self, items: Expression, node: StepNode) -> Shape:
        # No list may mention a step yet, however deep in it; what such a mention gives could depend on this very list.
        if any(
            isinstance(found, StepReference)
            for template in find_templates(items)
            for found in template.references
        ):
            return UNKNOWN
        return self.shape_of_expression(items, node)

    def _list_count(self, items: Expression, node: StepNode) -> Count:
        shape = self._list_shape(items, node)
        return shape.count if shape.kind is Kind.LIST else ANY

    def _item_shape(self, items: Expression, node: StepNode) -> Shape:
        shape = self._list_shape(items, node)
        return shape.item or UNKNOWN if shape.kind is Kind.LIST else UNKNOWN


def shape_of_input(declared: Input) -> Shape:
    """The shape of an input; it may be none when it is optional and has no default."""
    optional = declared.optional and declared.default is None
    match declared.type:
        case InputType.IMAGE:
            return Shape(Kind.IMAGE, optional, fields={})
        case InputType.LIST:
            item = UNKNOWN if declared.of is None else shape_of_input(declared.of)
            return Shape(Kind.LIST, optional, item, Count(declared.min_items or 0, declared.max_items))
        case InputType.TABLE:
            count = Count(declared.min_items or 0, declared.max_items)
            return Shape(Kind.LIST, optional, _shape_of_row(declared), count)
        case InputType.CHOICE:
            return Shape(Kind.TEXT, optional, options=declared.options)
        case InputType.TEXT | InputType.NUMBER | InputType.INTEGER | InputType.BOOLEAN:
            return Shape(_SCALARS[declared.type], optional)


def _shape_of_row(declared: Input) -> Shape:
    """A row has the columns that are declared; a file may have more, which nothing here can know."""
    if not declared.columns:
        return Shape(Kind.RECORD)
    fields = {name: shape_of_input(column) for name, column in declared.columns.items()}
    return Shape(Kind.RECORD, fields=fields, open=True)


def read_parameter(parameter: Parameter, model: Model | None) -> object:
    """The literal value of a parameter as it would be sent, or `NOT_LITERAL`."""
    as_text = model is not None and model.wants_text(parameter.name)
    value = read_literal(parameter.expression, as_text=as_text)
    return value.strip() if as_text and isinstance(value, str) else value


def _find_meant(node: StepNode, model: Model) -> Iterator[str]:
    """The parameters that a step spells wrongly and does not set otherwise."""
    request = node.generate
    for name in request.parameters:
        if name not in model.parameters:
            near = find_near(name, model.parameters)
            if near is not None and near not in request.parameters:
                yield near


def find_printed_tail(template: Template, reference: Reference) -> tuple[str, ...] | None:
    """The attributes after a mention that, with them, makes up a whole `{{ }}`; None when it is part of anything else."""
    text = template.scalar.value
    after = _AFTER_MENTION.match(text, reference.end)
    opening = text.rfind("{{", 0, reference.start)
    if after is None or opening < 0 or _BEFORE_MENTION.fullmatch(text, opening, reference.start) is None:
        return None
    return tuple(after[1].split(".")[1:])
