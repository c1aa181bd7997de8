"""Every template of a recipe that is not plain text, with where it stands: what edges and checks walk over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from seedflow.graph.model import Frame, StepNode
from seedflow.recipe.model import Call, Expect, Expression, Generate, Iterate
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template, TemplateForm


class Part(Enum):
    """The part of a recipe in which a template stands."""

    MODEL = "model"
    PARAMETER = "parameter"
    REFERENCE = "reference"
    FOR_EACH = "for_each"
    WHEN = "when"
    TAKES = "takes"
    EXPECT = "expect"
    ITERATE_OVER = "iterate over"
    ITERATE_START = "iterate start"
    WITH = "with"
    VALUE = "value"
    OUTPUT = "output"
    OUTPUT_FILE = "output file"


@dataclass(frozen=True, slots=True)
class Place:
    """One template and where it stands.

    `name` is that of the parameter, references field, loop variable, input of a used recipe, value, output or key of
    `expect`; for the others the key itself. `node` is the step around it, None in values and outputs. `visible` counts the
    entries of the step's `for_each` whose variables the template may use. `frame` is the recipe that it was written in.
    """

    template: Template
    part: Part
    name: str
    node: StepNode | None
    visible: int
    frame: Frame

    @property
    def edits(self) -> bool:
        """Whether it may use the variable of the step's `iterate`."""
        return (
            self.part in (Part.PARAMETER, Part.REFERENCE)
            and self.node is not None
            and self.node.step.iterate is not None
        )

    @property
    def too_early(self) -> bool:
        """Whether it mentions the variable of the step's `iterate` where that has no value yet, which is said of the name."""
        return self.node is not None and not self.edits and mentions_edit(self.template, self.node)

    @property
    def guarded(self) -> bool:
        """Whether it is worked out only where the condition of the step around it holds."""
        return self.part in _AFTER_WHEN


_AFTER_WHEN = frozenset(
    (
        Part.PARAMETER,
        Part.REFERENCE,
        Part.EXPECT,
        Part.ITERATE_OVER,
        Part.ITERATE_START,
        Part.WITH,
    )
)


def mentions_edit(template: Template, node: StepNode) -> bool:
    """Whether a template mentions the variable of the `iterate` of a step."""
    iterate = node.step.iterate
    return iterate is not None and any(
        isinstance(one, NameReference) and one.root == "each" and one.path[:1] == (iterate.name,)
        for one in template.references
    )


def find_step_places(node: StepNode) -> Iterator[Place]:
    """The templates of one step, literal text left out, in the order in which they are worked out."""
    return _list_step(node, literal=False)


def find_recipe_places(frame: Frame) -> Iterator[Place]:
    """The templates of a recipe outside any step, literal text left out: those of `values` and `outputs`."""
    return (place for place in _list_recipe(frame) if place.template.form is not TemplateForm.LITERAL)


def find_all_places(
    nodes: Iterable[StepNode], frames: Iterable[Frame]
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The templates of steps, then of recipes, and the literal texts of both, where templates could stand as well."""
    places: list[Place] = []
    literals: list[Place] = []
    for found in chain(map(_list_step, nodes), map(_list_recipe, frames)):
        for place in found:
            (literals if place.template.form is TemplateForm.LITERAL else places).append(place)
    return tuple(places), tuple(literals)


def _list_step(node: StepNode, *, literal: bool = True) -> Iterator[Place]:
    """All templates of a step, `literal` texts among them."""
    step = node.step
    visible = len(step.for_each)
    for number, variable in enumerate(step.for_each):
        for name, items in zip(variable.names, variable.lists, strict=True):
            for template in find_templates(items):
                if literal or template.form is not TemplateForm.LITERAL:
                    yield Place(template, Part.FOR_EACH, name, node, number, node.frame)
    found: list[tuple[Template, Part, str]] = []
    if step.when is not None:
        found.append((step.when, Part.WHEN, "when"))
    if step.takes is not None:
        found.append((step.takes, Part.TAKES, "takes"))
    if step.expect is not None:
        found.extend(_list_expect(step.expect))
    if step.iterate is not None:
        found.extend(_list_iterate(step.iterate))
    if step.generate is not None:
        found.extend(_list_generate(step.generate))
    if step.call is not None:
        found.extend(_list_call(step.call))
    for template, part, name in found:
        if literal or template.form is not TemplateForm.LITERAL:
            yield Place(template, part, name, node, visible, node.frame)


def _list_recipe(frame: Frame) -> Iterator[Place]:
    found: list[tuple[Template, Part, str]] = []
    found.extend((template, Part.VALUE, name) for name, template in frame.recipe.values.items())
    for output in frame.recipe.outputs.values():
        found.append((output.images, Part.OUTPUT, output.name))
        if output.file is not None:
            found.append((output.file, Part.OUTPUT_FILE, output.name))
    for template, part, name in found:
        yield Place(template, part, name, None, 0, frame)


def _list_generate(generate: Generate) -> Iterator[tuple[Template, Part, str]]:
    if generate.model is not None:
        yield generate.model, Part.MODEL, "model"
    for parameter in generate.parameters.values():
        if isinstance(parameter.expression, Template):
            yield parameter.expression, Part.PARAMETER, parameter.name
            continue
        for template in find_templates(parameter.expression):
            yield template, Part.PARAMETER, parameter.name
    if generate.references is not None:
        for item in generate.references.items:
            yield item.template, Part.REFERENCE, generate.references.field


def _list_call(call: Call) -> Iterator[tuple[Template, Part, str]]:
    for argument in call.arguments.values():
        for template in find_templates(argument.expression):
            yield template, Part.WITH, argument.name


def _list_expect(expect: Expect) -> Iterator[tuple[Template, Part, str]]:
    settings: dict[str, Expression | None] = {
        "images": expect.images,
        "min_width": expect.min_width,
        "min_height": expect.min_height,
        "aspect_ratio": expect.aspect_ratio,
        "distinct": expect.distinct,
        "attempts": expect.attempts,
    }
    for name, setting in settings.items():
        if setting is not None:
            for template in find_templates(setting):
                yield template, Part.EXPECT, name


def _list_iterate(iterate: Iterate) -> Iterator[tuple[Template, Part, str]]:
    for template in find_templates(iterate.over):
        yield template, Part.ITERATE_OVER, iterate.name
    yield iterate.start, Part.ITERATE_START, "start"


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
