"""What a mention asks of a step: outputs of a used recipe, all passes of edits; each step gives only some of these."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Mention, Subject
from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.outputs import find_main_output
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Recipe


def check_collections(subject: Subject) -> Iterator[Diagnostic]:
    """Every mention asks a step for something that a step of its kind gives."""
    for mention in subject.mentions:
        step, collection = mention.target.step, mention.reference.collection
        if collection == "passes" and step.iterate is None:
            yield _no_passes(mention)
        elif collection == "outputs" and step.call is None:
            yield _no_outputs(mention)
        elif step.call is not None and step.call.recipe is not None:
            recipe = step.call.recipe
            if any(path[0] == "outputs" for path in recipe.unread):
                continue
            if collection == "outputs" and mention.reference.output not in recipe.outputs:
                yield _unknown_output(mention, recipe)
            elif collection == "images" and find_main_output(recipe) is None:
                yield _several_outputs(mention, recipe)


def _no_passes(mention: Mention) -> Diagnostic:
    return Diagnostic(
        "no-passes",
        f"step `{mention.reference.step}` has no `iterate`, so that it has no passes",
        mention.span,
        help=f"write `steps.{mention.reference.step}.images`",
        related=(_step(mention),),
    )


def _no_outputs(mention: Mention) -> Diagnostic:
    return Diagnostic(
        "unknown-output",
        f"step `{mention.reference.step}` makes a request, which has images and no outputs",
        mention.span,
        help=f"write `steps.{mention.reference.step}.images`; outputs are those of a step that uses a recipe",
        related=(_step(mention),),
    )


def _unknown_output(mention: Mention, recipe: Recipe) -> Diagnostic:
    name = mention.reference.output or ""
    near = find_near(name, recipe.outputs)
    known = ", ".join(recipe.outputs)
    return Diagnostic(
        "unknown-output",
        f"recipe {quote(recipe.name)} has no output `{name}`; it has {known}",
        mention.span,
        help=f"did you mean `{near}`?" if near else "name one of these",
        related=(_outputs(recipe, mention),),
    )


def _several_outputs(mention: Mention, recipe: Recipe) -> Diagnostic:
    step = mention.reference.step
    return Diagnostic(
        "several-outputs",
        f"`steps.{step}.images` is not clear: recipe {quote(recipe.name)} has several outputs, and none is called `images`",
        mention.span,
        help=f"name the output: `steps.{step}.outputs.{next(iter(recipe.outputs))}`",
        related=(_outputs(recipe, mention),),
    )


def _step(mention: Mention) -> Related:
    return Related(mention.target.step.span, f"step `{mention.reference.step}`")


def _outputs(recipe: Recipe, mention: Mention) -> Related:
    first = next(iter(recipe.outputs.values()), None)
    span: Span = mention.target.step.span if first is None else first.span
    return Related(span, "its outputs stand here")
