"""What stands inside text: lists, records, images and nothing have no text of their own."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.places import Part, Place
from seedflow.graph.printed import find_printed_tail
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.references import NameReference, Reference
from seedflow.recipe.template import TemplateForm

_ALWAYS_TEXT = ("ref", "recipe")


def check_text(subject: Subject) -> Iterator[Diagnostic]:
    """Every mention that is printed into text has a text."""
    for place in subject.places:
        if not wants_text(place, subject):
            continue
        for reference in place.template.references:
            if isinstance(reference, NameReference) and reference.root in _ALWAYS_TEXT:
                continue
            shape = subject.flow.shape_if_printed(place.template, reference, place.node, place.frame)
            if shape is None or not shape.known:
                continue
            if not shape.scalar:
                yield _no_text(place, reference, shape, subject)
            elif (
                shape.optional
                and "{%" not in place.template.scalar.value
                and not _may_be_left_out(place, subject)
            ):
                yield _may_be_none(place, reference)


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


def _may_be_none(place: Place, reference: Reference) -> Diagnostic:
    tail = "".join(f".{part}" for part in find_printed_tail(place.template, reference) or ())
    mention = place.template.scalar.value[reference.start : reference.end] + tail
    whole = isinstance(reference, NameReference) and len(reference.path) == 1 and not tail
    name = reference.name if whole and isinstance(reference, NameReference) else mention
    of_row = isinstance(reference, NameReference) and not whole
    return Diagnostic(
        "may-be-none",
        f"`{name}` is optional and has no default; when it is not given, none cannot stand inside text",
        place.template.span_of(reference),
        Severity.WARNING,
        help=f"give the {'column' if of_row else 'input'} a default"
        if place.template.form is TemplateForm.EXPRESSION
        else f"write `{{% if {mention} %}}…{{% endif %}}` around it, or give it a default",
    )
