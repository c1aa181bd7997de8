"""Names that mean nothing: inputs, values, loop variables, references and attributes that do not exist, and clashes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from seedflow.checks.asked import is_asked_for, is_counted
from seedflow.checks.each_names import find_steps, has_unread_variables, is_each, say_without_names
from seedflow.checks.mixed_files import find_lacking
from seedflow.checks.subject import Subject
from seedflow.checks.text import wants_text
from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.model import StepNode
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import NameReference, StepReference

_MOST_SHOWN = 8
_OF_THE_AUTHOR = ("inputs", "values", "each")


def check_names(subject: Subject) -> Iterator[Diagnostic]:
    """Every name that a template mentions exists where it is mentioned, and no two steps claim one earlier name."""
    for place in subject.places:
        for reference in place.template.references:
            if isinstance(reference, NameReference):
                yield from _check_name(reference, place, subject)
            else:
                yield from _check_step_mention(reference, place, subject)
    yield from _check_was(subject)


def _check_name(reference: NameReference, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    if not reference.path:
        return
    recipe = place.frame.recipe
    match reference.root:
        case "inputs":
            found = _check_known("unknown-input", "inputs", reference, place, recipe, recipe.inputs)
        case "values":
            found = _check_known("unknown-value", "values", reference, place, recipe, recipe.values)
        case "each":
            found = _check_each(reference, place, subject)
        case "ref":
            found = _check_ref(reference, place)
        case "recipe" | "image" | "prev":
            return  # their names are fixed, and known when a template is read
    lacking = (
        list(find_lacking(reference, _name_span(reference, place), place, subject))
        if found is None and reference.root == "each" and place.part is Part.OUTPUT_FILE
        else []
    )
    if found is not None or lacking:
        yield from lacking if found is None else [found]
    elif len(reference.path) > 1 and reference.root in _OF_THE_AUTHOR:
        for shape in _list_shapes(reference, place, subject):
            wrong = list(
                _check_attributes(f"`{reference.name}`", shape, reference.path[1:], reference, place, subject)
            )
            if wrong:
                yield from wrong
                return


def _list_shapes(reference: NameReference, place: Place, subject: Subject) -> list[Shape]:
    """What a name may stand for: in an output's file, `each` is that of any of the steps whose images it publishes."""
    if reference.root != "each" or place.part is not Part.OUTPUT_FILE:
        return [subject.flow.shape_of_name(reference, place.node, place.frame)]
    found = (
        _find_image_fields(mention, target, place, subject)
        for mention, target in _list_sources(place, subject)
    )
    return [fields[reference.name] for fields in found if fields is not None and reference.name in fields]


def _check_known(
    code: str, part: str, reference: NameReference, place: Place, recipe: Recipe, known: Collection[str]
) -> Diagnostic | None:
    name = reference.name
    if name in known or recipe.may_have(part, name):
        return None
    known = (*known, *recipe.list_unread(part))
    help_text = _suggest(name, known, f"declare it under `{part}:`")
    message = f"there is no {part.removesuffix('s')} `{name}`"
    return Diagnostic(code, message, _name_span(reference, place), help=help_text)


def _check_each(reference: NameReference, place: Place, subject: Subject) -> Diagnostic | None:
    if place.part is Part.OUTPUT_FILE:
        return _check_file_each(reference, place, subject)
    if place.node is None:
        return None
    span = _name_span(reference, place)
    variables = [name for variable in place.node.step.for_each for name in variable.names]
    iterate = place.node.step.iterate
    if iterate is not None and reference.name == iterate.name:
        if place.edits or reference.name in variables:
            return None
        return Diagnostic(
            "each-too-early",
            f"`each.{reference.name}` has no value here: only the request of a step knows the edit that it is about",
            span,
            help="mention it inside `generate:`",
            related=(Related(iterate.name_span, "the edits"),),
        )
    if place.edits and iterate is not None:
        variables.append(iterate.name)
    if reference.name not in variables and has_unread_variables(place.node):
        return None
    if reference.name not in variables:
        return Diagnostic(
            "unknown-variable",
            f"step `{place.node.step.name}` has no {_describe_variables(place.node)} `{reference.name}`",
            span,
            help=_suggest(reference.name, variables, f"add it: `for_each: {{{reference.name}: […]}}`"),
        )
    if place.edits:
        return None
    visible = [name for variable in place.node.step.for_each[: place.visible] for name in variable.names]
    if reference.name not in visible:
        return Diagnostic(
            "each-too-early",
            f"`each.{reference.name}` has no value yet here: a list of `for_each` may use the variables written before it",
            span,
            help=f"write `{reference.name}` before `{place.name}` under `for_each`",
        )
    return None


def _check_file_each(reference: NameReference, place: Place, subject: Subject) -> Diagnostic | None:
    """`each` in an output's file is that of the task that gave the image."""
    sources = _list_sources(place, subject)
    variables: set[str] = set()
    for mention, target in sources:
        known = _find_image_fields(mention, target, place, subject)
        if known is None or has_unread_variables(target):
            return None
        variables.update(known)
    if reference.name in variables or not sources:
        return None
    steps = " and ".join(dict.fromkeys(mention.step for mention, _ in sources))
    return Diagnostic(
        "unknown-variable",
        f"the images of this output come from {steps}, where no `for_each` variable is called `{reference.name}`",
        _name_span(reference, place),
        help=_suggest(reference.name, variables, "use `image.number` or `image.name`"),
    )


def _list_sources(place: Place, subject: Subject) -> list[tuple[StepReference, StepNode | None]]:
    """The steps whose images an output publishes, with what mentions them."""
    output = place.frame.recipe.outputs[place.name]
    mentions = [found for found in output.images.references if isinstance(found, StepReference)]
    return [(mention, subject.flow.find_target(mention, None, place.frame)) for mention in mentions]


def _find_image_fields(
    mention: StepReference, target: StepNode | None, place: Place, subject: Subject
) -> Mapping[str, Shape] | None:
    """The variables that the images of a mention have; None when nobody knows."""
    if target is None:
        return None
    shape = subject.flow.shape_of_mention(mention, None, place.frame)
    image = shape if shape.kind is Kind.IMAGE else shape.item
    if image is None or image.kind is not Kind.IMAGE or image.fields is None:
        return None
    return image.fields


def _describe_variables(node: StepNode) -> str:
    return "variable" if node.step.iterate is not None else "`for_each` variable"


def _check_ref(reference: NameReference, place: Place) -> Diagnostic | None:
    generate = place.node.step.generate if place.node is not None else None
    references = generate.references if generate is not None else None
    if references is None:
        return None
    names = [name for name, _ in references.names]
    if reference.name in names:
        return None
    return Diagnostic(
        "unknown-reference",
        f"there is no reference `{reference.name}` in `{references.field}`",
        _name_span(reference, place),
        help=_suggest(reference.name, names, f"`{references.field}` is empty"),
        related=(Related(references.span, "the references of this step"),),
    )


def _check_step_mention(reference: StepReference, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    if reference.selector is not None:
        for argument in reference.selector.arguments:
            if isinstance(argument.value, NameReference):
                yield from _check_name(argument.value, place, subject)


def _check_attributes(
    owner: str,
    shape: Shape,
    parts: tuple[str | int, ...],
    reference: NameReference,
    place: Place,
    subject: Subject,
) -> Iterator[Diagnostic]:
    loopless = False
    for number, part in enumerate(parts, len(reference.path) - len(parts)):
        if not shape.known:
            return
        found = shape.find(part)
        if (
            found is None
            and shape.kind is Kind.RECORD
            and is_asked_for(reference, part, place, subject.flow.certain)
        ):
            return
        if (
            found is None
            and shape.kind is Kind.LIST
            and isinstance(part, int)
            and is_counted(reference, part, place, subject.flow.certain)
        ):
            return
        if found is None:
            known = shape.attributes()
            what = f"no `{part}`" if isinstance(part, str) else f"no item {part}"
            message = f"{owner} is {shape.describe()} and has {what}"
            help_text = f"take the {'attribute' if isinstance(part, str) else 'number'} away"
            if part in ("length", "size", "count") and shape.kind in (Kind.TEXT, Kind.LIST):
                help_text = "write `… | length` for how long it is"
            elif shape.kind is Kind.LIST and isinstance(part, str):
                help_text = (
                    _advise_item(part, _spell_path(reference, number), shape, wants_text(place, subject))
                    or help_text
                )
            if loopless:
                message, help_text = say_without_names(part, find_steps(reference.name, place.node))
            yield Diagnostic(
                "unknown-attribute",
                message,
                place.template.span_of(reference),
                help=_suggest(str(part), known, "") if known else help_text,
            )
            return
        loopless = is_each(shape, part, found)
        owner = f"`{part if isinstance(part, str) else _spell_path(reference, number + 1)}`"
        shape = found


def _spell_path(reference: NameReference, count: int) -> str:
    """The first so many parts of a mention, as they are written."""
    parts = (f".{part}" if isinstance(part, str) else f"[{part}]" for part in reference.path[:count])
    return reference.root + "".join(parts)


def _advise_item(name: str, mention: str, shape: Shape, in_text: bool) -> str | None:
    """Where a list was asked for what its items have."""
    item = shape.item
    known = item.attributes() if item is not None else ()
    meant = name if name in known else find_near(name, known)
    if meant is None:
        return None
    found = None if item is None else item.find(meant)
    printed = found is not None and found.scalar and in_text
    joined = " | join(', ')" if printed else ""
    of_each = f"`{mention} | map(attribute='{meant}'){joined}`"
    return f"name one of its items, `{mention}[0].{meant}`, or all of them, {of_each}"


def _check_was(subject: Subject) -> Iterator[Diagnostic]:
    claimed: dict[tuple[str, str], StepNode] = {}
    for node in subject.nodes:
        for was in node.step.was:
            existing = subject.graph.find_target(node, was)
            first = claimed.setdefault((node.frame.path, was), node)
            if existing is node:
                yield Diagnostic(
                    "was-exists",
                    f"step `{node.step.name}` carries on its own results anyway: `was:` is for names that it had before",
                    node.step.span,
                    help="take the name out of `was:`",
                )
            elif existing is not None:
                yield Diagnostic(
                    "was-exists",
                    f"step `{node.step.name}` cannot carry on the results of `{was}`: there still is a step of that name",
                    node.step.span,
                    help="take `was:` away, or rename the other step",
                    related=(Related(existing.step.span, f"step `{was}`"),),
                )
            elif first is not node:
                yield Diagnostic(
                    "was-exists",
                    f"step `{node.step.name}` cannot carry on the results of `{was}`: `{first.step.name}` already does",
                    node.step.span,
                    help="take `was:` away from one of them",
                    related=(Related(first.step.span, f"step `{first.step.name}`"),),
                )


def _name_span(reference: NameReference, place: Place) -> Span:
    """The name alone in `inputs.name`; the whole mention in any other spelling."""
    scalar = place.template.scalar
    start = reference.start + len(reference.root) + 1
    if scalar.value.startswith(f"{reference.root}.{reference.name}", reference.start):
        return scalar.span_at(start, start + len(reference.name))
    return place.template.span_of(reference)


def _suggest(name: str, known: Collection[str], otherwise: str) -> str | None:
    near = find_near(name, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if known:
        shown = ", ".join(islice(known, _MOST_SHOWN)) + (", …" if len(known) > _MOST_SHOWN else "")
        return f"there {'is' if len(known) == 1 else 'are'} {shown}"
    return otherwise or None
