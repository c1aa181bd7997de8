"""What reading a template gives: the nodes to evaluate, what they mention, and what is wrong with the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seedflow.recipe.references import Reference
from seedflow.recipe.templating.limits import MAX_CACHED_CHARACTERS
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Problem
from seedflow.recipe.templating.statements import Body


def is_literal(text: str) -> bool:
    """Whether there is nothing dynamic in a text."""
    return "{{" not in text and "{%" not in text


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

    `slots` is the number of variables that it sets; `references` stand in text order. `uses_files` when it includes or
    imports some, so that it means something else in another folder.
    """

    form: TemplateForm
    expression: Expression | None = None
    body: Body = ()
    slots: int = 0
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    uses_files: bool = False


LITERAL = Program(TemplateForm.LITERAL)


class ProgramCache:
    """Equal texts are read once. Holds programs of so many characters of text, then begins anew.

    Counting characters bounds the memory, whatever is in them; counting programs would not.
    """

    __slots__ = ("_characters", "_programs")

    def __init__(self) -> None:
        self._programs: dict[tuple[str, frozenset[str]], Program] = {}
        self._characters = 0

    def find(self, text: str, roots: frozenset[str]) -> Program | None:
        """The program of a text that was read before, or None."""
        return self._programs.get((text, roots))

    def keep(self, text: str, roots: frozenset[str], program: Program) -> Program:
        """Keep a program for the next time; gives it back."""
        self._characters += len(text)
        if self._characters > MAX_CACHED_CHARACTERS:
            self._programs.clear()
            self._characters = len(text)
        self._programs[text, roots] = program
        return program
