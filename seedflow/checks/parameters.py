"""Models and their parameters: what is written out is judged by the card, what templates give by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from seedflow.checks.declared import name_source
from seedflow.checks.loops import has_broken_lists
from seedflow.checks.request import Judge, span_of
from seedflow.checks.spelled import Way, spell_ways
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.growth import Growth
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.requests import FITTING, list_types
from seedflow.graph.shapes import IMAGE_FORMATS, Kind, Shape
from seedflow.graph.unsure import Unsure
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.models.problem import Problem
from seedflow.recipe.model import Expression, Parameter
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Attribute, Named
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.statements import If, Print
from seedflow.recipe.unbraced import suggest_braces
from seedflow.recipe.words import REFERENCES_MEANT

_OF_STEPS = OPTIONS_BY_KIND["generate"]
_TYPE_WORDS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a record",
}
_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?")


def check_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """Every model exists, and no parameter is known to be one that its card refuses."""

    def is_sure(node: StepNode) -> bool:
        return subject.flow.counts.is_sure(node) and not has_broken_lists(node, subject)

    judge = Judge(subject.flow, Growth(subject.graph), Unsure(subject.graph, is_sure))
    for node in subject.requests:
        yield from _check_model(node, subject)
        model = subject.flow.find_model(node)
        if model is None:
            continue
        for problem, span in judge.judge_step(node, model):
            advice = _braces_of(span) or _advise_otherwise(problem, model) or problem.help
            yield Diagnostic(problem.code, problem.message, span, problem.severity, advice)
        for name in subject.flow.request(node).unknown:
            parameter = node.generate.parameters.get(name)
            if parameter is None:
                continue  # a misspelt name is meant for it, and that is said of the name
            if name not in model.parameters:
                yield _unknown_parameter(parameter, model, subject.catalog)
            else:
                yield from _check_shape(parameter, node, model, subject)


def _braces_of(span: Span | None) -> str | None:
    """What to do where the text that is wrong is an expression without braces."""
    if span is None:
        return None
    return suggest_braces(span.source.text[span.start : span.end].strip("\"'"))


def _check_model(node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    template = node.generate.model
    if template is None:
        return
    model_id = read_literal(template, as_text=True)
    if model_id is NOT_LITERAL:
        yield from _check_model_shape(template, subject.flow.shape_of_template(template, node), subject)
    elif subject.catalog.find(str(model_id)) is None:
        yield _unknown_model(
            f"there is no model `{model_id}` in the catalog", str(model_id), template, subject
        )


def _check_model_shape(template: Template, shape: Shape, subject: Subject) -> Iterator[Diagnostic]:
    if shape.known and shape.kind is not Kind.TEXT:
        yield Diagnostic(
            "wrong-shape",
            f"`model` needs the id of a model, and this is {shape.describe()}",
            template.scalar.span,
            help="name one model",
        )
    missing = [option for option in shape.options if subject.catalog.find(option) is None]
    if missing:
        message = f"this may be `{missing[0]}`, and there is no such model in the catalog"
        yield _unknown_model(message, missing[0], template, subject)


def _unknown_model(message: str, model_id: str, template: Template, subject: Subject) -> Diagnostic:
    return Diagnostic("unknown-model", message, template.scalar.span, help=subject.catalog.advise(model_id))


def _unknown_parameter(parameter: Parameter, model: Model, catalog: Catalog) -> Diagnostic:
    problem = model.explain_unknown(parameter.name)
    advice, field = problem.help, model.references_field
    if (
        field is not None
        and parameter.name in catalog.reference_fields
        and not model.tells_of(parameter.name)
    ):
        advice = f"its references stand under `{field}`"
    advice = _advise_otherwise(problem, model) or advice
    return Diagnostic(problem.code, problem.message, parameter.span, problem.severity, advice)


def _advise_otherwise(problem: Problem, model: Model) -> str | None:
    """What to do with an option of the step among the parameters, or with another word for that of the references."""
    name = str(problem.path[0]) if problem.path else ""
    if problem.code != "unknown-parameter" or model.tells_of(name):
        return None
    if name in REFERENCES_MEANT and model.references_field is not None:
        return f"write `{model.references_field}:`"
    return f"`{name}:` stands beside `generate:`, as a key of the step" if name in _OF_STEPS else None


def _check_shape(
    parameter: Parameter, node: StepNode, model: Model, subject: Subject
) -> Iterator[Diagnostic]:
    schema = model.parameters[parameter.name]
    types = list_types(schema)
    shape = subject.flow.shape_of_expression(parameter.expression, node)
    if not types or not shape.known or shape.kind is Kind.NONE:
        return
    if any(shape.kind in FITTING.get(wanted, ()) for wanted in types):
        said = False
        for found in _check_options(parameter, shape, schema, _spell_ways(parameter, node, subject)):
            said = True
            yield found
        if not said and not shape.options:
            yield from _doubt_pixels(
                parameter, node, model, _spell_ways(parameter, node, subject, of_pictures=True)
            )
        return
    if "string" in types:
        return  # text.py says it for everything that becomes text
    wanted = " or ".join(_TYPE_WORDS.get(name, name) for name in types)
    span = span_of(parameter.expression) or parameter.span
    if shape.kind is Kind.TEXT and ({"integer", "number"} & set(types)):
        yield Diagnostic(
            "text-for-number",
            f"`{parameter.name}` needs {wanted}, and this gives text: text never becomes a number",
            span,
            help=_advise_number(parameter.expression, node, subject),
        )
        return
    yield Diagnostic(
        "wrong-shape",
        f"`{parameter.name}` needs {wanted}, and this gives {shape.describe()}",
        span,
        help=f"give it {wanted}",
    )


def _advise_number(expression: Expression, node: StepNode, subject: Subject) -> str:
    """What to write where text was given for a number."""
    alone = "write nothing beside the `{{ }}`"
    if not isinstance(expression, Template):
        return alone
    if any(isinstance(statement, If) for statement in expression.body):
        return "write it as one value, with nothing beside it: `{{ A if … else B }}`"
    printed = [one.expression for one in expression.body if isinstance(one, Print)]
    numbers = (Kind.INTEGER, Kind.NUMBER)
    if printed and all(subject.flow.shape_of_part(one, node).kind in numbers for one in printed):
        return alone
    source = name_source(expression) or "the input"
    return f"declare {source} with `type: integer` or `type: number`, and {alone}"


def _check_options(
    parameter: Parameter, shape: Shape, schema: Mapping[str, object], ways: Sequence[Way]
) -> Iterator[Diagnostic]:
    allowed = schema.get("enum")
    if not isinstance(allowed, list):
        return
    refused = [option for option in shape.options if option.strip() not in allowed]
    certain = bool(refused) and len(refused) == len(shape.options)
    if not shape.options:
        never = [way for way in ways if not any(way.may_be(str(option)) for option in allowed)]
        certain = bool(never) and len(never) == len(ways)
        refused = [way.show() for way in never if way.says_anything]
    of_picture = shape.options == IMAGE_FORMATS
    if refused and of_picture and not certain:
        return  # which of them a model gives is not for the recipe to say
    span = span_of(parameter.expression) or parameter.span
    if refused:
        yield Diagnostic(
            "option-not-allowed",
            f"`{parameter.name}` {'becomes' if certain else 'may become'} {_list(refused)} here; the model takes {_list(allowed)}",
            span,
            Severity.ERROR if certain else Severity.WARNING,
            help="change the options of the input"
            if _is_given(parameter.expression) and not of_picture
            else "give it only what the model takes",
        )
    elif not any(_may_be_written(str(option), shape.kind) for option in allowed):
        yield Diagnostic(
            "option-not-allowed",
            f"`{parameter.name}` becomes {shape.describe()} here; the model takes {_list(allowed)}",
            span,
            Severity.WARNING if shape.optional else Severity.ERROR,
            help="give it only what the model takes",
        )


def _spell_ways(
    parameter: Parameter, node: StepNode, subject: Subject, *, of_pictures: bool = False
) -> list[Way]:
    if not isinstance(parameter.expression, Template):
        return []

    def shape_of(part: Node) -> Shape:
        return subject.flow.shape_of_part(part, node)

    return spell_ways(parameter.expression, shape_of, of_pictures=of_pictures)


def _doubt_pixels(
    parameter: Parameter, node: StepNode, model: Model, ways: Sequence[Way]
) -> Iterator[Diagnostic]:
    """Width and height of a picture where the model takes a few ratios: `2048:1536` is none of them."""
    allowed = model.parameters[parameter.name].get("enum")
    if not isinstance(allowed, list):
        return
    never = [way for way in ways if not any(way.may_be(str(option)) for option in allowed)]
    if not never:
        return
    of_reference, advice = model.find_ratio_of_reference(parameter.name), "give it only what the model takes"
    if of_reference is not None:
        advice = f"write `{of_reference}` for the ratio of the first reference"
        if node.generate.references is None:
            advice = f"make the picture a reference, `{model.references_field}:`, and {advice}"
    becomes = "becomes" if len(never) == len(ways) else "may become"
    yield Diagnostic(
        "option-not-allowed",
        f"`{parameter.name}` {becomes} {_list(way.show() for way in never)} here, with the pixels of a picture;"
        f" the model takes {_list(allowed)}",
        span_of(parameter.expression) or parameter.span,
        Severity.WARNING,
        help=advice,
    )


def _is_given(expression: Expression) -> bool:
    """Whether it is what a caller chooses, and nothing else."""
    return isinstance(expression, Template) and isinstance(expression.expression, Named | Attribute)


def _may_be_written(option: str, kind: Kind) -> bool:
    """Whether a value of a kind, as text, may be an option of a model."""
    match kind:
        case Kind.INTEGER:
            return _WHOLE.fullmatch(option) is not None
        case Kind.NUMBER:
            return _NUMBER.fullmatch(option) is not None
        case Kind.BOOLEAN:
            return option in ("true", "false")
        case _:
            return True


def _list(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)
