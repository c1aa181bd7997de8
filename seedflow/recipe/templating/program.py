"""What reading a template gives: the nodes to evaluate, what they mention, and what is wrong with the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seedflow.recipe.references import Reference
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Problem
from seedflow.recipe.templating.statements import Body


class TemplateForm(StrEnum):
    """How a scalar is written."""

    LITERAL = "literal"
    """Neither `{{` nor `{%`: what stands there is meant."""
    EXPRESSION = "expression"
    """Exactly one `{{ }}` with nothing but white space around it: keeps the type of its value."""
    TEXT = "text"
    """Anything else: gives text."""


@dataclass(frozen=True, slots=True)
class Program:
    """A template that was read. `expression` is there in the form of that name, `body` in the form `TEXT`.

    `slots` is the number of variables that it sets; `references` stand in text order.
    """

    form: TemplateForm
    expression: Expression | None = None
    body: Body = ()
    slots: int = 0
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()


LITERAL = Program(TemplateForm.LITERAL)
