"""What a recipe publishes, and what a step that uses a recipe gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from seedflow.diagnostics import Source
from seedflow.graph.model import Edge, EdgeKind, StepNode
from seedflow.recipe.expressions import STEP_ROOTS
from seedflow.recipe.model import Output, Recipe
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import parse_template
from seedflow.text.nodes import Scalar

IMAGES = "images"
"""The output that `.images` of a step with a used recipe means when there are several."""


def find_outputs(
    recipe: Recipe, steps: Mapping[str, StepNode], edges: Iterable[Edge]
) -> Mapping[str, Output]:
    """The outputs of a recipe by name; those that nobody wrote down carry the name and the place of their step.

    Where nothing is written, every step that no other uses is published; an entry of `needs:` uses nothing: it is about
    order alone. A step that uses a recipe with several outputs, none of them named `images`, is published as one for each.
    """
    if recipe.outputs or any(path[0] == "outputs" for path in recipe.unread):
        return recipe.outputs
    used = {edge.source for edge in edges if edge.kind is EdgeKind.MENTION}
    found: dict[str, Output] = {}
    for node in steps.values():
        if node.id not in used and not node.frame.path:
            found.update((output.name, output) for output in _publish_step(node))
    return found


def find_main_output(recipe: Recipe) -> Output | None:
    """The output of a used recipe that `.images` means: the one named `images`, else the only one."""
    if IMAGES in recipe.outputs:
        return recipe.outputs[IMAGES]
    return next(iter(recipe.outputs.values())) if len(recipe.outputs) == 1 else None


def find_outputs_at(recipe: Recipe, path: Sequence[str | int]) -> list[Output]:
    """The outputs of a used recipe that `TASK.PATH` is about: `outputs.NAME`, `images`, or the whole task."""
    match tuple(path):
        case ("images", *_):
            main = find_main_output(recipe)
            return [] if main is None else [main]
        case ("outputs", str(name), *_) if name in recipe.outputs:
            return [recipe.outputs[name]]
        case _:
            return list(recipe.outputs.values())


def find_output(recipe: Recipe, reference: StepReference) -> Output | None:
    """The output of a used recipe that a mention of the step is about; None for its tasks, and when there is none."""
    match reference.collection:
        case "outputs":
            return recipe.outputs.get(reference.output or "")
        case "images":
            return find_main_output(recipe)
        case _:
            return None


def find_mentioned_outputs(recipe: Recipe, mention: StepReference) -> list[Output]:
    """The outputs that a mention of a step with a used recipe is about; all of them when it is about its tasks."""
    if mention.collection not in ("images", "outputs"):
        return list(recipe.outputs.values())
    output = find_output(recipe, mention)
    return [] if output is None else [output]


def _publish_step(node: StepNode) -> Iterator[Output]:
    name = node.step.name
    called = node.step.call.recipe if node.step.call is not None else None
    if called is None or find_main_output(called) is not None:
        yield _publish(node, name, IMAGES)
    else:
        for output in called.outputs:
            yield _publish(node, f"{name}_{output}", f"outputs.{output}")


def _publish(node: StepNode, name: str, collection: str) -> Output:
    text = f"{{{{ steps.{node.step.name}.{collection} }}}}"
    template, _ = parse_template(Scalar(Source("outputs", text), 0, len(text), text), roots=STEP_ROOTS)
    return Output(name, node.step.span, template)
