"""What stands inside text: lists, records, images and nothing have no text of their own."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import SINGLE, Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.model import StepNode
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import TemplateForm
from seedflow.recipe.templating.lookup_nodes import Attribute, Named
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Or

_ALWAYS_TEXT = ("ref", "recipe")


def check_text(subject: Subject) -> Iterator[Diagnostic]:
    """Every mention that is printed into text has a text."""
    for place in subject.places:
        wanted = wants_text(place, subject)
        if not wanted and isinstance(place.template.expression, SINGLE):
            continue  # nothing of it is printed
        if wanted:
            yield from _check_kinds(place, subject)
        yield from _check_none(place, subject, wanted=wanted)


def _check_kinds(place: Place, subject: Subject) -> Iterator[Diagnostic]:
    for reference in place.template.references:
        if isinstance(reference, NameReference) and reference.root in _ALWAYS_TEXT:
            continue
        shape = subject.flow.shape_if_printed(place.template, reference, place.node, place.frame)
        if shape is not None and shape.known and not shape.scalar:
            yield _no_text(place, reference, shape, subject)


def _check_none(place: Place, subject: Subject, *, wanted: bool) -> Iterator[Diagnostic]:
    flow = subject.flow
    if place.node is not None and flow.mistakes.lacks_fields(place.template, place.node):
        return  # what is to be mended may be the test for it
    whole = wanted and not _may_be_left_out(place, subject)
    task, certain = _find_task(place, subject), flow.certain.at(place)
    if place.node is None and task is not None:
        certain = certain.both(flow.certain.of_step(task))  # what is published was made
    for node, facts in flow.certain.find_printed(place.template, place.frame, certain, whole=whole):
        if isinstance(node, Constant):
            continue
        known = facts.both(subject.find_made(node, place, facts))
        shape = flow.shape_of_part(node, task, place.frame, facts=known)
        if shape.scalar and shape.optional:
            yield _may_be_none(place, node, subject)


def _find_task(place: Place, subject: Subject) -> StepNode | None:
    """The step of which `each` is: in the `file` of an output the one whose images it publishes, if that is but one."""
    if place.part is not Part.OUTPUT_FILE:
        return place.node
    references = place.frame.recipe.outputs[place.name].images.references
    mentions = [one for one in references if isinstance(one, StepReference)]
    if len({one.step for one in mentions}) != 1:
        return None
    target = subject.flow.find_target(mentions[0], None, place.frame)
    return target if target is not None and target.step.call is None else None


def wants_text(place: Place, subject: Subject) -> bool:
    """Whether what a template gives at its place becomes text."""
    if place.template.form is TemplateForm.TEXT:
        return place.part is not Part.REFERENCE and place.part is not Part.OUTPUT
    if place.part is Part.OUTPUT_FILE:
        return True
    if place.part is not Part.PARAMETER or place.node is None:
        return place.part is Part.EXPECT and place.name == "aspect_ratio"
    model = subject.flow.find_model(place.node)
    return model is not None and model.wants_text(place.name)


def _may_be_left_out(place: Place, subject: Subject) -> bool:
    """Whether none in this place leaves out a parameter that the model can do without."""
    if place.part is not Part.PARAMETER or place.template.form is not TemplateForm.EXPRESSION:
        return False
    model = subject.flow.find_model(place.node) if place.node is not None else None
    return model is not None and place.name not in model.required


def _no_text(place: Place, reference: Reference, shape: Shape, subject: Subject) -> Diagnostic:
    whole = place.part is Part.PARAMETER and place.template.form is TemplateForm.EXPRESSION
    return Diagnostic(
        "not-text",
        f"`{place.name}` needs text, and this gives {shape.describe()}"
        if whole
        else f"{shape.describe()} cannot stand inside text",
        place.template.span_of(reference),
        help=_advise_on_model(place, shape, subject) or _help(place, reference, shape),
    )


def _advise_on_model(place: Place, shape: Shape, subject: Subject) -> str | None:
    """What to do with images in a parameter that takes none, where that depends on the model."""
    if (
        place.part is not Part.PARAMETER
        or place.node is None
        or not (shape.holds_images or shape.kind is Kind.TASK)
    ):
        return None
    model = subject.flow.find_model(place.node)
    if model is None or place.name == model.prompt_field:
        return None
    if model.references_field is None:
        return (
            f"nothing says which parameter of `{model.id}` takes images; if it is `{place.name}`, "
            f'say so in its profile: `"references": {{"parameter": "{place.name}", …}}`'
        )
    return f"images go into `{model.references_field}`"


def _help(place: Place, reference: Reference, shape: Shape) -> str:
    if shape.holds_images or shape.kind is Kind.TASK:
        if place.part is Part.PARAMETER:
            return "give the image a name among the step's references, and write {{ ref.NAME }} here"
        return "use a property of the image, such as .name or .number"
    if shape.kind is Kind.LIST:
        mention = place.template.scalar.value[reference.start : reference.end]
        return f"write `{{{{ {mention} | join(', ') }}}}`"
    if shape.kind is Kind.RECORD and shape.fields:
        return f"name one of its fields: {', '.join(shape.fields)}"
    return "use something that has a text"


def _may_be_none(place: Place, node: Expression, subject: Subject) -> Diagnostic:
    mention = " ".join(place.template.scalar.value[node.start : node.end].split())
    what = _find_declared(node, place, subject)
    name = node.name if isinstance(node, Named) and what is not None else mention
    whole = place.template.form is TemplateForm.EXPRESSION
    otherwise = f"write `{mention} | default(…)`"
    if what is not None:
        otherwise = f"give {f'the {what}' if whole else 'it'} a default"
    tested = _find_test(node, place, subject)
    test = " ".join(place.template.scalar.value[tested.start : tested.end].split())
    return Diagnostic(
        "may-be-none",
        f"`{name}` is optional and has no default; when it is not given, none cannot stand inside text"
        if what is not None
        else f"`{name}` may be none, which cannot stand inside text",
        place.template.scalar.span_at(node.start, node.end),
        Severity.WARNING,
        help=otherwise if whole else f"write `{{% if {test} %}}…{{% endif %}}` around it, or {otherwise}",
    )


def _find_declared(node: Expression, place: Place, subject: Subject) -> str | None:
    """What is declared without a default where this comes from: an input, or a column of a table."""
    if isinstance(node, Named) and node.root == "inputs":
        return "input"
    if isinstance(node, Attribute):
        base = subject.flow.shape_of_part(node.base, _find_task(place, subject), place.frame)
        return "column" if base.open else None
    return None


def _find_test(node: Expression, place: Place, subject: Subject) -> Expression:
    """What to test so that something is printed: all of an `or` whose last alternative a node is, else the node itself."""
    certain = subject.flow.certain
    parts = certain.find_guarded(place.template, place.frame, certain.at(place))
    return next((part for part, _ in parts if isinstance(part, Or) and part.right is node), node)
