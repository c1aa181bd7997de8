"""Which of a step's images or tasks a mention picks: `[N]` and `[N:M]`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from seedflow.checks.subject import Mention, Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.facts import Names, spell
from seedflow.graph.flow import Flow
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Count
from seedflow.recipe.references import Slice
from seedflow.recipe.templating.lookup_nodes import Mentioned

NEVER_REACHED_HELP: Final = (
    "a test around it looks at how many there are: let the step give more, or take out what the test is for"
)


def check_indexing(subject: Subject) -> Iterator[Diagnostic]:
    """Every number and slice picks something that the step can give, and means the same when a list changes."""
    for mention in subject.mentions:
        index = mention.reference.index
        if mention.place.template.unread:
            continue  # it has an error of its own, and what is read in its place means nothing
        if index is None or gives_nothing(mention, subject.flow) or _selects_nothing(mention):
            continue
        if isinstance(index, Slice):
            yield from _check_slice(mention, index, _count(mention, subject.flow))
        elif mention.reference.collection != "tasks" and _picks_among_tasks(mention, subject.flow):
            yield _index_of_many(mention)
        else:
            yield from _check_number(mention, index, _count(mention, subject.flow))


def _count(mention: Mention, flow: Flow) -> Count:
    """How many there are to pick from, if nothing is skipped: what was skipped skips the task that mentions it."""
    if mention.reference.collection == "tasks":
        return flow.selected_tasks(mention.target, mention.reference, all_made=True)
    return flow.images_before_index(mention.reference, mention.target, all_made=True)


def gives_nothing(mention: Mention, flow: Flow) -> bool:
    """Whether the step has no such collection, which others report."""
    step, collection = mention.target.step, mention.reference.collection
    match collection:
        case "passes":
            return step.iterate is None
        case "outputs" | "images" if step.call is not None:
            return flow.find_call_output(mention.target, mention.reference) is None
        case "outputs":
            return True
        case _:
            return False


def _selects_nothing(mention: Mention) -> bool:
    """Whether `.at()` or `.where()` itself is wrong, which others report."""
    selector = mention.reference.selector
    if selector is None:
        return False
    variables = {name for entry in mention.target.step.for_each for name in entry.names}
    return not selector.arguments or any(
        argument.variable not in variables for argument in selector.arguments
    )


def _picks_among_tasks(mention: Mention, flow: Flow) -> bool:
    """Whether the images are those of several requests, so that a number among them has no lasting meaning."""
    selector = mention.reference.selector
    if mention.target.step.for_each and (selector is None or selector.kind == "where"):
        return True
    counts, target = flow.counts, mention.target
    return (
        target.step.generate is not None and counts.sure.of_takes(target) and counts.takes(target).high != 1
    )


def _check_number(mention: Mention, index: int, count: Count) -> Iterator[Diagnostic]:
    needed = index + 1 if index >= 0 else -index
    images = mention.reference.collection != "tasks"
    output = f".{mention.reference.output}" if mention.reference.output is not None else ""
    name = f"steps.{mention.reference.step}.{mention.reference.collection}{output}[{index}]"
    if count.high is None:
        return
    if needed > count.high and _is_certain(mention, needed):
        yield Diagnostic(
            "no-such-image" if images else "no-such-task",
            f"`{name}` is never reached, or fails: {_give(mention, count)}",
            mention.span,
            Severity.WARNING,
            help=NEVER_REACHED_HELP,
            related=(_declared(mention),),
        )
    elif needed > count.high:
        yield Diagnostic(
            "no-such-image" if images else "no-such-task",
            f"`{name}` cannot exist: {_give(mention, count)}",
            mention.span,
            help=advise_on_numbers(count.high),
            related=(_declared(mention),),
        )
    elif needed > count.low and images and not _is_certain(mention, needed):
        yield Diagnostic(
            "image-may-be-missing",
            f"`{name}` may not exist: {_give(mention, count)}, and how many is the model's choice",
            mention.span,
            Severity.WARNING,
            help=advise_on_missing(mention.place),
            related=(_declared(mention),),
        )


def advise_on_numbers(count: int) -> str:
    """Which numbers there are, of so many items."""
    if count < 2:
        return "the only one is `[0]`" if count else "there is nothing to pick"
    return f"the first is `[0]` and the last `[{count - 1}]`"


def _is_certain(mention: Mention, needed: int) -> bool:
    """Whether a test made sure that there are so many, as far as anybody can tell."""
    whole = Mentioned(replace(mention.reference, index=None))
    return mention.facts.has(spell(whole, Names()) or (), needed)


def _check_slice(mention: Mention, index: Slice, count: Count) -> Iterator[Diagnostic]:
    if index.step == 0:
        yield Diagnostic(
            "empty-slice", "a slice cannot go in steps of 0", mention.span, help="leave the step out"
        )
    elif count.high != 0 and count.sliced(index.start, index.stop, index.step).high == 0:
        yield Diagnostic(
            "empty-slice",
            f"this slice never holds anything: {_give(mention, count)}",
            mention.span,
            Severity.WARNING,
            help="images are counted from 0 here, and the end of a slice is not part of it",
        )


def _index_of_many(mention: Mention) -> Diagnostic:
    reference = mention.reference
    for_each = mention.target.step.for_each
    if not for_each or (reference.selector is not None and reference.selector.kind == "at"):
        return Diagnostic(
            "index-of-many-tasks",
            f"step `{reference.step}` has several takes, so that `[{reference.index}]` would mean another image whenever a take is "
            "added or drawn anew",
            mention.span,
            help="use a slice such as `[:1]`, or all of them, or take `takes` away",
            related=(Related(mention.target.step.span, f"step `{reference.step}`"),),
        )
    output = f".{reference.output}" if reference.output is not None else ""
    collection = f"{reference.collection}{output}"
    selector = ", ".join(f"{name}=…" for entry in for_each for name in entry.names)
    return Diagnostic(
        "index-of-many-tasks",
        f"step `{reference.step}` is repeated by `for_each`, so that `[{reference.index}]` would mean another image whenever "
        "an item is added or moved",
        mention.span,
        help=f"name the task: `steps.{reference.step}.at({selector}).{collection}[{reference.index}]`",
        related=(Related(for_each[0].span, "it is repeated here"),),
    )


def _declared(mention: Mention) -> Related:
    return Related(mention.target.step.span, f"step `{mention.reference.step}`")


def _give(mention: Mention, count: Count) -> str:
    """`step sheet gives 1 to 3 images`."""
    what = "tasks" if mention.reference.collection == "tasks" else "images"
    owner = f"step `{mention.reference.step}`" if mention.reference.selector is None else "this"
    if count.low == count.high:
        return f"{owner} gives {count.low} {what if count.low != 1 else what.removesuffix('s')}"
    return (
        f"{owner} gives {count.low} to {count.high} {what}"
        if count.high is not None
        else f"{owner} gives {what}"
    )


def advise_on_missing(place: Place) -> str:
    """What to write in place of a number that may pick nothing, and what becomes of what stands there."""
    slices = "a slice such as `[:N]` takes as many as there are"
    if place.part is Part.OUTPUT:
        return f"{slices}; without the image the output goes without it, and the run says so"
    return f"{slices}; without the image this task fails"
