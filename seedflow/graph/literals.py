"""Values that stand in the recipe as they are, known before any input has one."""

from __future__ import annotations

from typing import Final

from seedflow.graph.places import find_templates
from seedflow.recipe.model import Expression
from seedflow.recipe.template import Template, TemplateForm


class _NotLiteral:
    """The type of `NOT_LITERAL`."""

    def __repr__(self) -> str:
        return "NOT_LITERAL"


NOT_LITERAL: Final = _NotLiteral()
"""Stands for a value that some template decides; never equal to a value."""


def read_literal(expression: Expression, *, as_text: bool = False) -> object:
    """The value of an expression without templates, or `NOT_LITERAL`.

    `as_text` is for destinations that want text: a plain scalar at the top then keeps its spelling (`007`).
    """
    if isinstance(expression, Template):
        return expression.literal(as_text=as_text) if expression.form is TemplateForm.LITERAL else NOT_LITERAL
    if any(template.form is not TemplateForm.LITERAL for template in find_templates(expression)):
        return NOT_LITERAL
    if isinstance(expression, tuple):
        return [read_literal(item) for item in expression]
    return {name: read_literal(item) for name, item in expression.items()}
