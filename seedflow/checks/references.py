"""The images that go into a step: each item is an image, local files can be read, and every name is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from seedflow.checks.declared import name_source
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import Kind, Shape
from seedflow.images.facts import FileImage
from seedflow.models.model import Model
from seedflow.recipe.input_images import ImageFiles, check_image_text
from seedflow.recipe.model import InputType, Recipe, ReferenceItem
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template, TemplateForm


def check_references(subject: Subject) -> Iterator[Diagnostic]:
    """Every item of every references field can be an image, and with several names each is mentioned."""
    files = ImageFiles()
    for node in subject.requests:
        references = node.generate.references
        if references is None:
            continue
        model = subject.flow.find_model(node)
        for item in references.items:
            yield from _check_item(item, node, model, subject, files)
        sent = {item.name for item in references.items}
        names = [(name, span) for name, span in references.names if name in sent]
        if len(names) > 1:
            yield from _check_mentioned(names, node, model)


def _check_item(
    item: ReferenceItem, node: StepNode, model: Model | None, subject: Subject, files: ImageFiles
) -> Iterator[Diagnostic]:
    template = item.template
    literal = read_literal(template, as_text=True)
    if literal is not NOT_LITERAL:
        yield from _check_literal(str(literal), item, node, model, files)
    elif (
        template.form is TemplateForm.EXPRESSION
    ):  # text around a template is refused when the recipe is loaded
        yield from _check_shape(template, subject.flow.shape_of_template(template, node))


def _check_literal(
    text: str, item: ReferenceItem, node: StepNode, model: Model | None, files: ImageFiles
) -> Iterator[Diagnostic]:
    span = item.template.scalar.span
    if check_image_text(text, span) is not None:
        return  # said when the recipe was loaded
    opened = files.open(text, span, node.frame.recipe.folder, braces=True)
    if isinstance(opened, Diagnostic):
        meant = _find_meant(text.strip(), node.frame.recipe) if opened.code == "image-missing" else None
        yield opened if meant is None else replace(opened, help=f'did you mean `"{{{{ {meant} }}}}"`?')
    elif model is not None and isinstance(opened.subject, FileImage):
        for problem in model.judge_reference(opened.subject.facts):
            yield Diagnostic(problem.code, problem.message, span, problem.severity, problem.help)


def _find_meant(text: str, recipe: Recipe) -> str | None:
    """What the bare name of a step or an input means where an image is wanted; None for anything else."""
    if text in recipe.steps or ("steps", text) in recipe.unread:
        return f"steps.{text}.images"
    declared = recipe.inputs.get(text)
    kind = None if declared is None else (declared.of or declared).type
    return f"inputs.{text}" if kind is InputType.IMAGE else None


def _check_shape(template: Template, shape: Shape) -> Iterator[Diagnostic]:
    if not shape.known or shape.kind is Kind.NONE or shape.holds_images:
        return
    if shape.kind is Kind.LIST and (shape.item is None or not shape.item.known):
        return
    if shape.kind is Kind.TEXT or (shape.item is not None and shape.item.kind is Kind.TEXT):
        yield Diagnostic(
            "text-for-image",
            f"a reference must be an image or a list of images, and this is {shape.describe()}: "
            "a rendered text is never a path",
            template.scalar.span,
            help=f"declare {name_source(template) or 'the input'} with `{'of' if shape.kind is Kind.LIST else 'type'}: image`",
        )
        return
    of_tasks = shape.kind is Kind.TASK or (shape.item is not None and shape.item.kind is Kind.TASK)
    yield Diagnostic(
        "wrong-shape",
        f"a reference must be an image or a list of images, and this is {shape.describe()}",
        template.scalar.span,
        help="add `.images` to use its images" if of_tasks else "give it an image",
    )


def _check_mentioned(
    names: Sequence[tuple[str, Span]], node: StepNode, model: Model | None
) -> Iterator[Diagnostic]:
    field = "prompt" if model is None else model.prompt_field
    prompt = node.generate.parameters.get(field) if field is not None else None
    if prompt is None:
        return
    templates = list(find_templates(prompt.expression))
    mentioned = {
        reference.name
        for template in templates
        for reference in template.references
        if isinstance(reference, NameReference) and reference.root == "ref"
    }
    # A template that could not be read mentions nothing; what it meant to mention is not called forgotten on top.
    if any(not template.references and "ref." in template.scalar.value for template in templates):
        return
    if not mentioned <= {name for name, _ in names}:
        return  # a name that is misspelt is meant for one of them, and that is said of the name
    for name, span in names:
        if name not in mentioned:
            yield Diagnostic(
                "unmentioned-reference",
                f"the prompt never mentions the reference `{name}`, so that the model cannot know what it is for",
                span,
                Severity.WARNING,
                help=f"write `{{{{ ref.{name} }}}}` in the prompt where this image is meant",
            )
