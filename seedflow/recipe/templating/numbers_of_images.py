"""What stands in brackets behind images, tasks or outputs of a step and is no number of one of them, nor a slice: what is wrong with it."""

from __future__ import annotations

from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Signed


def explain_number(value: object, collection: str, step: str) -> tuple[str, str]:
    """The message and what to do, of the node between brackets, or of the three of a slice, None where nothing stands."""
    parts = value if isinstance(value, list) else [value]
    written = [_read(part) for part in parts if isinstance(part, Expression)]
    wrong = [one for one in written if not isinstance(one, Expression | int) or isinstance(one, bool)]
    if wrong:
        return (
            f"the number of one of the {collection} is a whole number, and this is {_describe(wrong[0])}",
            "write a whole number: the first is 0, and the last -1",
        )
    if not any(isinstance(one, Expression) for one in written):
        return (
            "the step of this slice is 0, which leads from nothing to nothing",
            "leave the step out, or write another, such as `[::2]`",
        )
    return (
        f"the number of one of the {collection} is written out, never worked out: it decides what is waited for",
        "write a number, or loop over them: `{% for image in " + f"steps.{step}.images" + " %}`",
    )


def number_images(name: str, *, single: bool, selected: bool) -> str:
    """How one of the images of what is mentioned is written; of several tasks, no number says which it is."""
    if not selected:
        return f"`steps.{name}.images[0]`"
    return f"`steps.{name}.at(…).images[0]`" if single else f"`steps.{name}.where(…).images`"


def _read(node: Expression) -> object:
    """The value of what is written out; anything else as it is."""
    sign, operand = (node.sign, node.operand) if isinstance(node, Signed) else (1, node)
    if not isinstance(operand, Constant):
        return node
    value: object = operand.value
    return sign * value if isinstance(value, float) else value


def _describe(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case float():
            return f"{value:g}"
        case str():
            return "text"
        case _:
            return "none" if value is None else "something else"
