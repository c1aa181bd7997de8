"""The short way: text with nothing but `{{ dotted.paths[0] }}` in it is read without Jinja.

Nearly all templates of a large recipe are of this kind. Whatever this way does not know it leaves to the long way
(`reading.py`), which gives the very same program for everything that this one knows.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from seedflow.recipe.references import Argument, Reference, Slice
from seedflow.recipe.templating.limits import MAX_PROBLEMS
from seedflow.recipe.templating.mentions import ROOTS, Link, MentionReader
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Problem
from seedflow.recipe.templating.program import Program, TemplateForm
from seedflow.recipe.templating.statements import Print, Statement, Text

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,8})"
_PLACEHOLDER = re.compile(
    rf"\{{\{{(-?)\s*({'|'.join(ROOTS)})((?:\.{_NAME}|\[{_NUMBER}\]|\[(?:{_NUMBER})?:(?:{_NUMBER})?\])*)\s*(-?)\}}\}}"
)
_LINK = re.compile(rf"\.({_NAME})|\[({_NUMBER})\]|\[({_NUMBER})?:({_NUMBER})?\]")


def read_fast(text: str, roots: Collection[str]) -> Program | None:
    """The program of a template that holds nothing but text and paths, else None."""
    if "{%" in text:
        return None
    at = text.find("{{")
    body: list[Statement] = []
    problems: list[Problem] = []
    references: list[Reference] = []
    reader = MentionReader(roots, problems, references, _no_arguments)
    expression: Expression | None = None
    start, trim, count, blank = 0, False, 0, True
    while at >= 0:
        found = _PLACEHOLDER.match(text, at)
        if found is None:
            return None
        blank = _add_text(body, text, start, at, trim_start=trim, trim_end=found[1] == "-") and blank
        links = [_build_link(link) for link in _LINK.finditer(text, found.start(3), found.end(3))]
        expression = reader.read(found[2], found.start(2), found.end(2), links)
        body.append(Print(expression))
        start, trim, count = found.end(), found[4] == "-", count + 1
        at = text.find("{{", start)
    blank = _add_text(body, text, start, len(text), trim_start=trim, trim_end=False) and blank
    del problems[MAX_PROBLEMS:]
    if count == 1 and blank:
        return Program(TemplateForm.EXPRESSION, expression, (), 0, tuple(references), tuple(problems))
    return Program(TemplateForm.TEXT, None, tuple(body), 0, tuple(references), tuple(problems))


def _add_text(
    body: list[Statement], text: str, start: int, end: int, *, trim_start: bool, trim_end: bool
) -> bool:
    """Add the text between two placeholders; whether it is nothing but white space."""
    piece = text[start:end]
    if trim_start:
        piece = piece.lstrip()
        start = end - len(piece)
    if trim_end:
        piece = piece.rstrip()
    if not piece:
        return True
    body.append(Text(piece, start))
    return piece.isspace()


def _build_link(found: re.Match[str]) -> Link:
    name = found[1]
    if name is not None:
        return Link("name", name, found.start(1), found.end(), found.end())
    if found[2] is not None:
        return Link("item", int(found[2]), found.start(2), found.end(2), found.end())
    first, last = found[3], found[4]
    bounds = Slice(None if first is None else int(first), None if last is None else int(last), None)
    return Link("slice", bounds, found.start() + 1, found.end() - 1, found.end())


def _no_arguments(_: Link) -> tuple[Argument, ...]:
    return ()
