"""What a recipe publishes: the outputs that it names, or else the images of every step that no other step uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seedflow.diagnostics import Source
from seedflow.graph.model import Edge, StepNode
from seedflow.recipe.expressions import STEP_ROOTS
from seedflow.recipe.model import Output, Recipe
from seedflow.recipe.template import parse_template
from seedflow.text.nodes import Scalar


def find_outputs(
    recipe: Recipe, steps: Mapping[str, StepNode], edges: Iterable[Edge]
) -> Mapping[str, Output]:
    """The outputs of a recipe by name; those that nobody wrote down carry the name and the place of their step.

    An entry of `needs:` uses nothing: it is about order alone.
    """
    if recipe.outputs or any(path[0] == "outputs" for path in recipe.unread):
        return recipe.outputs
    used = {edge.source for edge in edges if edge.reference is not None}
    return {
        node.step.name: _publish_step(node)
        for node in steps.values()
        if node.id not in used and not node.frame.path
    }


def _publish_step(node: StepNode) -> Output:
    text = f"{{{{ steps.{node.step.name}.images }}}}"
    template, _ = parse_template(Scalar(Source("outputs", text), 0, len(text), text), roots=STEP_ROOTS)
    return Output(node.step.name, node.step.span, template)


def find_output(recipe: Recipe, name: str | None) -> Output | None:
    """The output of a used recipe that a mention means: the one of that name; without a name `images`, else the only one."""
    if name is not None:
        return recipe.outputs.get(name)
    if "images" in recipe.outputs:
        return recipe.outputs["images"]
    return next(iter(recipe.outputs.values())) if len(recipe.outputs) == 1 else None
