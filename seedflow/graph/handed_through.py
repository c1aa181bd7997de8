"""What a used recipe hands through: images that it is given and does not make, such as `first_of(steps.fix.images, inputs.photo)`.

An image that it makes has a key of its own in each use. One that it hands through has the key that it came with, so that several
uses which are given the same image have items of one key for whoever loops over what they give.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.graph.outputs import find_mentioned_outputs
from seedflow.graph.places import find_templates
from seedflow.recipe.model import Expression, Input, InputType, Recipe, Step
from seedflow.recipe.references import NameReference, StepReference


def find_repeating(step: Step, mention: StepReference) -> frozenset[str] | None:
    """The variables of a step's `for_each` in which tasks may differ that hand the same image through, by what is written.

    These are those by which an image that goes through is not named. None where a recipe inside may give one image twice.
    """
    call = step.call
    if call is None or call.recipe is None or mention.collection not in ("images", "outputs"):
        return frozenset()
    variables = {name for variable in step.for_each for name in variable.names}
    found: set[str] = set()
    for output in find_mentioned_outputs(call.recipe, mention):
        if _repeats_inside(output.images, call.recipe):
            return None
        for name in _find_handed(output.images, call.recipe):
            given = call.arguments.get(name)
            named = set() if given is None else set(_names_of(given.expression, "each"))
            found |= variables - named
    return frozenset(found)


def _repeats_inside(expression: Expression, recipe: Recipe) -> bool:
    return any(
        find_repeating(recipe.steps[mention.step], mention) != frozenset()
        for mention in _steps_of(expression, recipe)
    )


def _find_handed(expression: Expression, recipe: Recipe) -> set[str]:
    """The inputs of a recipe whose images may come out of an expression of it."""
    found = {
        name
        for name in _names_of(expression, "inputs")
        if name in recipe.inputs and _holds_images(recipe.inputs[name])
    }
    for name in _names_of(expression, "values"):
        if name in recipe.values:
            found |= _find_handed(recipe.values[name], recipe)
    for mention in _steps_of(expression, recipe):
        step = recipe.steps[mention.step]
        call = step.call
        if call is None or call.recipe is None:
            continue
        for output in find_mentioned_outputs(call.recipe, mention):
            for name in _find_handed(output.images, call.recipe):
                given = call.arguments.get(name)
                if given is not None:
                    found |= _find_given(given.expression, step, recipe)
    return found


def _find_given(argument: Expression, step: Step, recipe: Recipe) -> set[str]:
    """The same for what a step gives to the recipe that it uses: by itself, or as an item of its lists."""
    named = set(_names_of(argument, "each"))
    lists = [items for loop in step.for_each if named.intersection(loop.names) for items in loop.lists]
    return {name for expression in (argument, *lists) for name in _find_handed(expression, recipe)}


def _names_of(expression: Expression, root: str) -> Iterator[str]:
    for template in find_templates(expression):
        for mention in template.references:
            if isinstance(mention, NameReference) and mention.root == root:
                yield mention.name


def _steps_of(expression: Expression, recipe: Recipe) -> Iterator[StepReference]:
    for template in find_templates(expression):
        for mention in template.references:
            if isinstance(mention, StepReference) and mention.step in recipe.steps:
                yield mention


def _holds_images(declared: Input) -> bool:
    if declared.type is InputType.IMAGE:
        return True
    inside = [*declared.columns.values(), *([] if declared.of is None else [declared.of])]
    return any(map(_holds_images, inside))
