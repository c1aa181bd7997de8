"""What is published: every output names images, and no two of them could go into one file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related
from seedflow.graph.earlier import find_earlier
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import IMAGE, SAME_ITEMS, UNKNOWN, Count, Kind, Shape
from seedflow.recipe.file_paths import check_file_path
from seedflow.recipe.model import Output
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template, is_unread
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied

_OF_A_PICTURE: Final = frozenset(("width", "height", "format"))
"""What images may differ in, which nobody knows before they are there: the plan warns of it, or finds that they are one image."""


def check_outputs(subject: Subject) -> Iterator[Diagnostic]:
    """Every output names images, each of which gets a file of its own below the output folder."""
    for frame in subject.frames:
        for output in frame.recipe.outputs.values():
            wrong = check_file_path(output.file) if output.file is not None else None
            if wrong is not None:
                yield wrong
            shape = subject.flow.shape_of_template(output.images, None, frame)
            if shape.known and not _may_hold_images(shape):
                yield _no_images(output, shape)
            elif output.file is not None and not frame.path:
                yield from _check_file(output, output.file, shape, subject)
    yield from _check_shared_files(subject)


def _may_hold_images(shape: Shape) -> bool:
    return shape.holds_images or (shape.kind is Kind.LIST and (shape.item is None or not shape.item.known))


def _no_images(output: Output, shape: Shape) -> Diagnostic:
    if shape.kind is Kind.TASK or (shape.item is not None and shape.item.kind is Kind.TASK):
        help_text = "add `.images` to publish its images"
    else:
        help_text = 'name the images of a step: "{{ steps.NAME.images }}"'
    return Diagnostic(
        "output-without-images",
        f"output `{output.name}` must name images, and this is {shape.describe()}",
        output.images.scalar.span,
        help=help_text,
    )


def _check_file(output: Output, file: Template, shape: Shape, subject: Subject) -> Iterator[Diagnostic]:
    mentions = _step_mentions(output)
    without_text = list(_check_text(file, mentions, subject))
    yield from without_text
    if without_text or _picks(output.images.expression):
        return  # which of them these are, the plan tells
    if shape.kind is not Kind.LIST or shape.count.high in {0, 1} or len(mentions) != 1:
        return
    attributes, variables = _distinguishers(file)
    if {"name", "digest"} & attributes or _OF_A_PICTURE & attributes:
        return
    (mention,) = mentions
    target = subject.flow.find_target(mention, None)
    if target is None:
        return
    if target.step.call is not None or not _is_known(file, mentions, subject):
        return  # what is inside has names of its own, which only `key`, `name` and the plan tell
    missing = [] if "key" in attributes else _undistinguished(mention, target, variables, subject)
    if missing:
        yield _same_file(
            output,
            file,
            [_spell_item(name, target, subject) for name in missing],
            f"the task's {' and '.join(missing)}",
        )
        return
    sure = subject.flow.counts.sure
    if not sure.of_takes(target) or not sure.of_loops(target):
        return
    if subject.flow.counts.takes(target).high != 1 and "take" not in attributes:
        yield _same_file(output, file, ["image.take"], "the image's take")
    elif (
        sure.of_images(target)
        and _per_request(mention, target, subject).high != 1
        and "number" not in attributes
    ):
        yield _same_file(output, file, ["image.number"], "the image's number")


def _is_known(file: Template, mentions: Sequence[StepReference], subject: Subject) -> bool:
    """Whether all that a file's name mentions is there; of what is misspelt nobody knows what it would tell apart."""
    if file.unread:
        return False
    attributes, variables = _distinguishers(file)
    if not attributes <= set(IMAGE.attributes()):
        return False
    known: set[str] = set()
    for mention in mentions:
        target = subject.flow.find_target(mention, None)
        if target is None or target.step.call is not None:
            return True  # what is inside has names of its own
        known.update(name for entry in target.step.for_each for name in entry.names)
        if target.step.iterate is not None:
            known.add(target.step.iterate.name)
    return variables <= known


def _check_text(file: Template, mentions: Sequence[StepReference], subject: Subject) -> Iterator[Diagnostic]:
    """What `each` gives the name of a file is text, where all images come from the tasks of one step."""
    target = subject.flow.find_target(mentions[0], None) if len(mentions) == 1 else None
    if target is None or target.step.call is not None:
        return
    for reference in file.references:
        if not isinstance(reference, NameReference) or reference.root != "each":
            continue
        shape = subject.flow.shape_if_printed(file, reference, target)
        if shape is None or not shape.known or shape.scalar or shape.kind is Kind.NONE:
            continue
        spelled = file.scalar.value[reference.start : reference.end]
        better = _add_text(spelled, shape)
        fields = ", ".join(shape.fields or ()) if shape.kind is Kind.RECORD else ""
        yield Diagnostic(
            "not-text",
            f"{shape.describe()} cannot stand in the name of a file",
            file.span_of(reference),
            help=f"write `{{{{ {better} }}}}`"
            if better != spelled
            else f"name one of its fields: {fields}"
            if fields
            else "use something that has a text",
        )


def _picks(node: Expression | None) -> bool:
    """Whether a filter may leave out some of what is mentioned."""
    while isinstance(node, Applied):
        if node.name not in SAME_ITEMS or not node.arguments:
            return True
        node = node.arguments[0]
    return False


def _undistinguished(
    mention: StepReference, target: StepNode, variables: set[str], subject: Subject
) -> list[str]:
    """The variables that tell the mentioned images apart and that the file says nothing about."""
    at = mention.selector is not None and mention.selector.kind == "at"
    fixed = (
        {argument.variable for argument in mention.selector.arguments}
        if mention.selector is not None
        else set()
    )
    missing: list[str] = []
    told = _add_earlier(variables, target)
    for number, entry in enumerate(() if at else target.step.for_each):
        items = subject.flow.loop_items(target, number)
        settled = fixed.issuperset(entry.names) or items.high in {0, 1}
        if items.low < 2 and find_earlier(entry):  # one for each of theirs, perhaps: the plan counts them
            settled = True
        if not settled and not any(map(is_unread, entry.lists)) and not told.intersection(entry.names):
            missing.append(entry.names[0])
    iterate = target.step.iterate
    edits = None if iterate is None or is_unread(iterate.over) else iterate.name
    if mention.collection == "passes" and edits is not None and edits not in variables:
        missing.append(edits)
    return missing


def _add_earlier(variables: set[str], target: StepNode) -> set[str]:
    """With variables those whose items they are made of, and so may tell apart as well; the plan knows whether they do."""
    told = set(variables)
    for entry in reversed(target.step.for_each):
        if told.intersection(entry.names):
            told |= find_earlier(entry)
    return told


def _spell_item(name: str, target: StepNode, subject: Subject) -> str | None:
    """The text that tells the items of a variable apart: images, tasks and records have none themselves, records of edits no key."""
    shape = subject.flow.shape_of_root("each", name, target, target.frame)
    written = f"each.{name}"
    if shape.kind is Kind.RECORD:
        key = next((one.key for one in target.step.for_each if name in one.names), None)
        if key is None:
            return None
        written, shape = f"{written}.{key}", shape.find(key) or UNKNOWN
    return _add_text(written, shape)


def _add_text(written: str, shape: Shape) -> str:
    """Something that has a text of its own, of an image or task."""
    match shape.kind:
        case Kind.IMAGE:
            return f"{written}.name"
        case Kind.TASK:
            return f"{written}.key"
        case _:
            return written


def _per_request(mention: StepReference, target: StepNode, subject: Subject) -> Count:
    count = subject.flow.counts.images_per_request(target)
    several = target.step.for_each or subject.flow.images_per_task(target) != count
    if mention.index is None or isinstance(mention.index, int) or several:
        return count
    return count.sliced(mention.index.start, mention.index.stop, mention.index.step)


def _same_file(output: Output, file: Template, wanted: Sequence[str | None], what: str) -> Diagnostic:
    written = [f"{{{{ {name} }}}}" for name in wanted if name is not None]
    add = f"add `{' and '.join(written)}` to it, or use" if len(written) == len(wanted) else "use"
    return Diagnostic(
        "same-file",
        f"several images of output `{output.name}` could go into one file: its name does not say {what}",
        file.scalar.span,
        help=f"{add} `{{{{ image.name }}}}`",
        related=(Related(output.images.scalar.span, "the images"),),
    )


def _check_shared_files(subject: Subject) -> Iterator[Diagnostic]:
    by_text: dict[str, Output] = {}
    for output in subject.graph.recipe.outputs.values():
        if output.file is None or not _is_known(output.file, _step_mentions(output), subject):
            continue
        first = by_text.setdefault(re.sub(r"\s+", " ", output.file.scalar.value).strip(), output)
        if first is output or first.file is None:
            continue
        attributes, _ = _distinguishers(output.file)
        ours, theirs = ({mention.step for mention in _step_mentions(each)} for each in (output, first))
        if _OF_A_PICTURE & attributes or ({"name", "digest"} & attributes and not ours & theirs):
            continue
        yield Diagnostic(
            "same-file",
            f"outputs `{first.name}` and `{output.name}` could go into one file: their names are written alike",
            output.file.scalar.span,
            help=f"put each into a folder of its own, such as `{output.name}/…`"
            + _advise_one_output(first, output, subject),
            related=(Related(first.file.scalar.span, f"output `{first.name}`"),),
        )


def _advise_one_output(first: Output, second: Output, subject: Subject) -> str:
    """What to add where conditions may leave one of two outputs in place of the other."""
    mentions = []
    for output in (first, second):
        expression = output.images.expression
        if not isinstance(expression, Mentioned):
            return ""
        target = subject.flow.find_target(expression.reference, None, subject.graph.frame)
        if target is None or not subject.flow.counts.may_be_skipped(target):
            return ""
        mentions.append(output.images.scalar.value[expression.start : expression.end])
    return f", or, if one of them is skipped, publish both as one output: `first_of({', '.join(mentions)})`"


def _distinguishers(file: Template) -> tuple[set[str], set[str]]:
    """The attributes of `image` and the loop variables that a file's name mentions."""
    mentions = [found for found in file.references if isinstance(found, NameReference) and found.path]
    attributes = {found.name for found in mentions if found.root == "image"}
    return attributes, {found.name for found in mentions if found.root == "each"}


def _step_mentions(output: Output) -> list[StepReference]:
    return [found for found in output.images.references if isinstance(found, StepReference)]
