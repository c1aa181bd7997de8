"""What the caller of a used recipe gives for an input that a template is nothing but, directly or through values."""

from __future__ import annotations

from seedflow.graph.model import StepNode
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named
from seedflow.text.nodes import Node


def find_given(expression: Expression, node: StepNode) -> tuple[Expression, StepNode] | None:
    """What is given, and the step that gives it; None where a template is anything else, or nothing is given."""
    name, caller = _find_input(expression, node), node.frame.call
    if name is None or caller is None or caller.step.call is None:
        return None
    argument = caller.step.call.arguments.get(name)
    return None if argument is None else (argument.expression, caller)


def find_default(expression: Expression, node: StepNode) -> Node | None:
    """The default that counts since the caller of a used recipe gives nothing; None where it is not certain to count."""
    name, caller = _find_input(expression, node), node.frame.call
    if name is None or caller is None or caller.step.call is None or name in caller.step.call.arguments:
        return None
    declared = node.frame.recipe.inputs.get(name)
    return None if declared is None else declared.default


def _find_input(expression: Expression, node: StepNode) -> str | None:
    """The input that a template is nothing but, directly or through values."""
    name = _find_name(expression)
    seen: set[str] = set()
    while name is not None and name.root == "values" and name.name not in seen:
        seen.add(name.name)
        name = _find_name(node.frame.recipe.values.get(name.name))
    return None if name is None or name.root != "inputs" else name.name


def _find_name(expression: Expression | None) -> NameReference | None:
    """The name that an expression is nothing but."""
    if not isinstance(expression, Template) or not isinstance(expression.expression, Named):
        return None
    for reference in expression.references:
        if isinstance(reference, NameReference) and len(reference.path) == 1:
            return reference
    return None
