"""Every template of a recipe that is not plain text, with where it stands: what edges and checks walk over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from seedflow.graph.model import StepNode
from seedflow.recipe.model import Expression, Recipe
from seedflow.recipe.template import Template, TemplateForm


class Part(Enum):
    """The part of a recipe in which a template stands."""

    MODEL = "model"
    PARAMETER = "parameter"
    REFERENCE = "reference"
    FOR_EACH = "for_each"
    VALUE = "value"
    OUTPUT = "output"
    OUTPUT_FILE = "output file"


@dataclass(frozen=True, slots=True)
class Place:
    """One template and where it stands.

    `name` is that of the parameter, references field, loop variable, value or output. `node` is the step around it, None
    in values and outputs. `visible` counts the entries of the step's `for_each` whose variables the template may use.
    """

    template: Template
    part: Part
    name: str
    node: StepNode | None = None
    visible: int = 0


def find_step_places(node: StepNode) -> Iterator[Place]:
    """The templates of one step, literal text left out, in the order in which they are worked out."""
    step = node.step
    for number, variable in enumerate(step.for_each):
        for name, items in zip(variable.names, variable.lists, strict=True):
            for template in find_templates(items):
                if template.form is not TemplateForm.LITERAL:
                    yield Place(template, Part.FOR_EACH, name, node, number)
    visible = len(step.for_each)
    generate = node.generate
    if generate.model is not None and generate.model.form is not TemplateForm.LITERAL:
        yield Place(generate.model, Part.MODEL, "model", node, visible)
    for parameter in generate.parameters.values():
        for template in find_templates(parameter.expression):
            if template.form is not TemplateForm.LITERAL:
                yield Place(template, Part.PARAMETER, parameter.name, node, visible)
    if generate.references is not None:
        field = generate.references.field
        for item in generate.references.items:
            if item.template.form is not TemplateForm.LITERAL:
                yield Place(item.template, Part.REFERENCE, field, node, visible)


def find_recipe_places(recipe: Recipe) -> Iterator[Place]:
    """The templates outside any step, literal text left out: those of `values` and `outputs`."""
    for name, template in recipe.values.items():
        if template.form is not TemplateForm.LITERAL:
            yield Place(template, Part.VALUE, name)
    for output in recipe.outputs.values():
        if output.images.form is not TemplateForm.LITERAL:
            yield Place(output.images, Part.OUTPUT, output.name)
        if output.file is not None and output.file.form is not TemplateForm.LITERAL:
            yield Place(output.file, Part.OUTPUT_FILE, output.name)


def find_templates(expression: Expression) -> Iterator[Template]:
    """The templates at the leaves of lists and mappings, in written order."""
    if isinstance(expression, Template):
        yield expression
    elif isinstance(expression, tuple):
        for item in expression:
            yield from find_templates(item)
    else:
        for item in expression.values():
            yield from find_templates(item)
