"""`when`, `expect` and `iterate`: that templates give what these need, and that no result is asked for that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from seedflow.checks.declared import advise_default
from seedflow.checks.request import span_of
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.bounds import bound_source
from seedflow.graph.counting import read_expected
from seedflow.graph.facts import spell
from seedflow.graph.literals import read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.places import Part, Place, find_templates, mentions_edit
from seedflow.graph.shapes import Kind, Shape
from seedflow.models.pixels import AskedRatio
from seedflow.recipe.model import Expect, Iterate, Otherwise
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.bare_operands import advise_inside, find_outcomes
from seedflow.recipe.templating.operation_nodes import And, Binary, Either, Joined, Not, Or

_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_COUNTED = ("takes", "images", "attempts")
_LOOSE = (And, Binary, Either, Joined, Not, Or)
"""What binds no tighter than a comparison or a filter behind it, so that it needs brackets there."""
_RATIO_TOLERANCE = 0.03
"""How far a picture may be from the ratio that is asked for, and from the one that is expected."""


def check_options(subject: Subject) -> Iterator[Diagnostic]:
    """Each option of a step gets what it needs, as far as the text tells."""
    for place in subject.places:
        if place.too_early:
            continue
        if place.part is Part.WHEN:
            yield from _check_condition(place, subject)
        elif _is_needed(place) and subject.flow.shape_of(place).optional:
            yield _may_be_none(place)
    for node in subject.requests:
        if node.step.expect is not None:
            yield from _check_expect(node.step.expect, node, subject)
        if node.step.iterate is not None:
            yield from _check_iterate(node.step.iterate, node, subject)


def _check_condition(place: Place, subject: Subject) -> Iterator[Diagnostic]:
    shape = subject.flow.shape_of(place)
    if not shape.known:
        yield from _check_outcomes(place, subject)
        return
    if shape.kind is not Kind.BOOLEAN:
        yield Diagnostic(
            "not-boolean",
            f"`when` needs true or false, and this is {shape.describe()}: what is not a condition is never taken for one",
            place.template.scalar.span,
            help=_help_first(place) or _help_compare(place.template, shape),
        )
    elif shape.optional:
        yield Diagnostic(
            "may-be-none",
            "this may be none, which is neither true nor false",
            place.template.scalar.span,
            Severity.WARNING,
            help=advise_default(place.template),
        )


def _check_outcomes(place: Place, subject: Subject) -> Iterator[Diagnostic]:
    """A condition that comes to one of several parts, of which one is no condition: with some values it fails."""
    for node in find_outcomes(place.template.expression):
        shape = subject.flow.shape_of_part(node, place.node, place.frame)
        if shape.known and shape.kind not in (Kind.BOOLEAN, Kind.NONE):
            yield Diagnostic(
                "not-boolean",
                f"`when` needs true or false, and may come to this part, which is {shape.describe()}",
                place.template.scalar.span_at(node.start, node.end),
                Severity.WARNING,
                help=advise_inside(place.template.expression, node, place.template.scalar.value)
                or "write a comparison in its place",
            )


def _help_first(place: Place) -> str | None:
    """What to write where one of the parts that it may come to is a text or number that was meant to be compared."""
    expression, text = place.template.expression, place.template.scalar.value
    advice = (advise_inside(expression, node, text) for node in find_outcomes(expression))
    return next((one for one in advice if one is not None), None)


def _is_needed(place: Place) -> bool:
    """Whether an option of a step has to have a value, and is no text, of which `text` speaks."""
    return place.part is Part.TAKES or (place.part is Part.EXPECT and place.name != "aspect_ratio")


def _may_be_none(place: Place) -> Diagnostic:
    """`takes` and what is expected are worked out for each task, and stop it where they come to nothing."""
    name = place.name if place.part is Part.TAKES else f"expect: {place.name}"
    return Diagnostic(
        "may-be-none",
        f"this may be none, and `{name}` needs a value",
        place.template.scalar.span,
        Severity.WARNING,
        help=advise_default(
            place.template, "write `{{ … | default(1) }}`" if place.name in _COUNTED else None
        ),
    )


def _help_compare(template: Template, shape: Shape) -> str:
    inner = template.scalar.value.strip()[2:-2].strip()
    if isinstance(template.expression, _LOOSE):
        inner = f"({inner})"
    if shape.kind is Kind.LIST:
        return f"compare its length: `{{{{ {inner} | length > 0 }}}}`"
    if shape.optional and shape.kind is Kind.TEXT and not shape.options:
        return f"ask whether it is given: `{{{{ {inner} is not none }}}}`"
    if shape.kind is Kind.TEXT:
        value = shape.options[0] if shape.options else "…"
        return f"compare it: `{{{{ {inner} == '{value}' }}}}`"
    if shape.kind in _NUMBERS:
        return f"compare it: `{{{{ {inner} > 0 }}}}`"
    return f"ask whether it is there: `{{{{ {inner} is not none }}}}`"


def _check_expect(expect: Expect, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    if expect.aspect_ratio is not None:
        yield from _check_ratio(expect, expect.aspect_ratio, node, subject)
    yield from _check_least_size(expect, node, subject)
    yield from _check_distinct(expect, node, subject)
    if expect.images is None:
        return
    least, most = subject.flow.counts.images_per_answer(node)
    low, high = read_expected(expect.images)
    if most is None or ((low is None or low <= most) and (high is None or high >= least)):
        return
    wanted = f"at least {low}" if low is not None and low > most else f"at most {high}"
    gives = f"{least}" if least == most else f"{least} to {most}"
    yield Diagnostic(
        "expect-impossible",
        f"`expect` wants {wanted} images, and one request gives {gives}: no result could ever be as expected",
        span_of(expect.images) or expect.span,
        help="ask for more images in `generate:`, such as `max_images` with `sequential_image_generation: auto`"
        if low is not None and low > most
        else "expect more images",
        related=(Related(node.generate.span, "the request"),),
    )


def _check_distinct(expect: Expect, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    """There are two images to compare; a used recipe is judged by itself, as each of its uses may ask for another number."""
    wanted = expect.distinct
    if wanted is None or read_literal(wanted) is not True or node.frame.call is not None:
        return
    if subject.flow.counts.images_per_answer(node).high != 1:
        return
    of_takes = ", and each of several `takes` is looked at by itself" if node.step.takes is not None else ""
    yield Diagnostic(
        "no-effect",
        f"`distinct` compares the images of one answer{of_takes}; this request gives one image, which is like no other",
        wanted.scalar.span,
        Severity.WARNING,
        help="take `distinct` out, or ask for several images in one request",
    )


def _check_ratio(
    expect: Expect, expected: Template, node: StepNode, subject: Subject
) -> Iterator[Diagnostic]:
    """A picture that has the ratio asked for can have the one that is expected; nothing is said where sizes are not known."""
    size_px, asked = _find_size(node, subject)
    ratio = read_literal(expected, as_text=True)
    if size_px is None or asked is None or not isinstance(ratio, str):
        return
    across, down = map(int, ratio.split(":"))
    wanted, gives = across / down, size_px[0] / size_px[1]
    if gives * (1 - _RATIO_TOLERANCE) <= wanted * (1 + _RATIO_TOLERANCE) and wanted * (
        1 - _RATIO_TOLERANCE
    ) <= gives * (1 + _RATIO_TOLERANCE):
        return
    yield _refuse(
        expect,
        node,
        expected,
        f"`expect` wants the ratio {ratio}, and the request asks for {asked.text}, {_spell(size_px)}",
        "ask for the ratio that is expected, or expect the one that is asked for",
    )


def _refuse(expect: Expect, node: StepNode, wanted: Template, message: str, advice: str) -> Diagnostic:
    """What comes all the same is used with `otherwise: accept`; else all of it would be paid in vain."""
    return Diagnostic(
        "expect-impossible",
        f"{message}: no result could ever be as expected",
        wanted.scalar.span,
        Severity.WARNING if expect.otherwise is Otherwise.ACCEPT else Severity.ERROR,
        help=advice,
        related=(Related(node.generate.span, "the request"),),
    )


def _spell(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}×{size_px[1]}"


def _find_size(node: StepNode, subject: Subject) -> tuple[tuple[int, int] | None, AskedRatio | None]:
    """The pixels that the request asks for, across and down, and the ratio that it spells; None where they are not certain."""
    model, request = subject.flow.find_model(node), subject.flow.request(node)
    pixels = model.profile.pixels if model is not None else None
    if model is None or pixels is None or request.unknown.intersection((pixels.tier, pixels.ratio)):
        return None, None
    return model.size_px(request.parameters), model.asked_ratio(request.parameters)


def _check_least_size(expect: Expect, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    """As many pixels as the request asks for can come, and a few more, since a ratio is not kept to the pixel."""
    size_px, asked = _find_size(node, subject)
    if size_px is None or asked is None:
        return
    for name, least, gives in (
        ("min_width", expect.min_width, size_px[0]),
        ("min_height", expect.min_height, size_px[1]),
    ):
        wanted = None if least is None else read_literal(least)
        if least is None or not isinstance(wanted, int) or wanted <= gives * (1 + _RATIO_TOLERANCE):
            continue
        yield _refuse(
            expect,
            node,
            least,
            f"`{name}` is {wanted:,} pixels, and the request asks for {_spell(size_px)}",
            "ask for a larger size, or expect less",
        )


def _check_iterate(iterate: Iterate, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    flow = subject.flow
    certain = flow.certain.of_step(node)
    if isinstance(iterate.over, Template):
        shape = flow.shape_of_template(iterate.over, node, facts=certain)
        if shape.known and shape.kind is not Kind.LIST:
            yield Diagnostic(
                "not-a-list",
                f"`iterate` needs a list of edits, and this is {shape.describe()}",
                iterate.over.scalar.span,
                help="give it a list",
            )
        elif shape.kind is Kind.LIST and shape.optional:
            yield Diagnostic(
                "may-be-none",
                "this may be none, and `iterate` needs a list of edits",
                iterate.over.scalar.span,
                Severity.WARNING,
                help=advise_default(iterate.over, "skip the step with `when:`"),
            )
    yield from _check_amount(iterate, node, subject)
    start = flow.shape_of_template(iterate.start, node, facts=certain)
    if mentions_edit(iterate.start, node):
        pass  # it has no value there, which is said of the name
    elif start.known and start.kind is not Kind.IMAGE:
        yield Diagnostic(
            "wrong-shape",
            f"`start` needs one image, and this is {start.describe()}",
            iterate.start.scalar.span,
            help="choose one of them, such as `[0]`" if start.holds_images else "give it an image",
        )
    elif start.optional:
        yield Diagnostic(
            "may-be-none",
            "this may be none, and the first edit needs an image to begin with",
            iterate.start.scalar.span,
            Severity.WARNING,
            help=advise_default(iterate.start, "skip the step with `when:`"),
        )
    count = flow.counts.images_per_request(node)
    if flow.find_model(node) is not None and flow.counts.sure.of_images(node) and count.high != 1:
        yield Diagnostic(
            "edits-of-a-set",
            f"each edit goes on with one image, and one request of this step may give {count.high}",
            node.generate.span,
            help="take `sequential_image_generation` and `max_images` out, or write `expect: {images: 1}`",
            related=(Related(iterate.span, "the edits"),),
        )
    if not _mentions_prev(node):
        yield Diagnostic(
            "prev-unused",
            "the request never uses `prev`, so that no edit goes on with the image before it",
            iterate.span,
            Severity.WARNING,
            help='put `"{{ prev }}"` among the references of the request; or use `for_each`',
        )


def _check_amount(iterate: Iterate, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    """A step with `iterate` applies at least one edit."""
    count = subject.flow.counts.passes(node)
    span = iterate.over.scalar.span if isinstance(iterate.over, Template) else iterate.span
    if count.high == 0 and node.step.when is None:
        yield Diagnostic(
            "nothing-to-apply",
            "`iterate` never has anything to apply, so that the step would give no image",
            span,
            help="give at least one edit",
        )
        return
    expression = iterate.over.expression if isinstance(iterate.over, Template) else None
    source = bound_source(iterate.over) if isinstance(iterate.over, Template) else None
    target = subject.flow.find_target(source, node) if isinstance(source, StepReference) else None
    if expression is None or target is None or not isinstance(source, StepReference):
        return
    # What was skipped skips this step as well, so that it is not looked at as if it were empty.
    certain = subject.flow.certain.of_step(node)
    shape = subject.flow.shape_of_part(expression, node, all_made=True, facts=certain)
    if certain.has(spell(expression, subject.flow.certain.names(node.frame)) or (), 1):
        return
    whole = subject.flow.shape_of_mention(replace(source, index=None), node, all_made=True)
    if shape.kind is Kind.LIST and shape.count.low == 0 and whole.kind is Kind.LIST and whole.count.low > 0:
        yield Diagnostic(
            "nothing-to-apply",
            f"`iterate` may have nothing to apply: this is {shape.describe()}, and how many is known only when "
            f"step `{target.step.name}` is paid",
            span,
            Severity.WARNING,
            help="go through what is there for certain, or leave the step out when there is none, with `when:`",
            related=(Related(target.step.span, f"step `{target.step.name}`"),),
        )


def _mentions_prev(node: StepNode) -> bool:
    generate = node.generate
    templates = [
        template for one in generate.parameters.values() for template in find_templates(one.expression)
    ]
    if generate.references is not None:
        templates.extend(item.template for item in generate.references.items)
    return any(
        (isinstance(reference, NameReference) and reference.root == "prev")
        for template in templates
        for reference in template.references
    ) or any("prev" in template.scalar.value and not template.references for template in templates)
