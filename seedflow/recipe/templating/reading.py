"""The long way: Jinja's parser gives a syntax tree, which becomes nodes of ours. Only here is jinja2 imported.

Jinja is used for its grammar alone. Its compiler, which turns a template into Python code, never runs: our nodes evaluate
themselves (`nodes.py`), so that every operation is one of a closed list, costs what `rendering.py` allows, and knows its
place in the text. What becomes a node is decided here, type by type; whatever is not named is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.lexer import Token as JinjaToken
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seedflow.recipe.templating.lexing import Token, tokenize
from seedflow.recipe.templating.limits import MAX_PROBLEMS
from seedflow.recipe.templating.problems import Enough, Misread, Problem
from seedflow.recipe.templating.program import Program, TemplateForm
from seedflow.recipe.templating.reading_blocks import BlockReader
from seedflow.recipe.templating.tags import check_tags

_GRAMMAR: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
"""Jinja's grammar without extensions; sandboxed and strict, although nothing is ever rendered with it."""

_EXPECTED = re.compile(r"expected token '(.+?)', got")
_PLAIN_WORDS: Final = {
    "end of print statement": "`}}`",
    "end of statement block": "`%}`",
    "name": "a name",
    "string": "a text in quotes",
    "integer": "a number",
}
_HINTS: Final = {
    "=": "two values are compared with `==`",
    "|": "write `or` for a choice, and the name of a filter after `|`",
    ";": "one pair of braces holds one expression",
    "if": "write `{% if CONDITION %}`, or `A if CONDITION else B`",
    "for": "write `{% for ITEM in LIST %}`",
    "set": "write `{% set NAME = EXPRESSION %}`",
}


def read_full(text: str, roots: Collection[str]) -> Program:
    """The program of any template; a text that is none gives one whose `problems` say why."""
    try:
        tokens, has_raw = tokenize(text)
    except Misread as misread:
        return Program(TemplateForm.TEXT, problems=(misread.problem,))
    form = _find_form(tokens, has_raw=has_raw)
    problems = check_tags(tokens)
    if problems:
        return Program(form, problems=tuple(problems))
    reader = BlockReader(tokens, roots)
    try:
        tree = _parse(tokens)
        if form is TemplateForm.EXPRESSION:
            expression = reader.read(_only_expression(tree))
            return Program(
                form, expression, (), reader.slots, reader.sorted_references(), tuple(reader.problems)
            )
        body = reader.read_body(tree.body)
        return Program(form, None, body, reader.slots, reader.sorted_references(), tuple(reader.problems))
    except TemplateSyntaxError as error:
        return Program(form, problems=(*reader.problems, _explain(error, tokens, text)))
    except Misread as misread:
        return Program(form, problems=(*reader.problems, misread.problem))
    except Enough:
        return Program(form, problems=tuple(reader.problems[:MAX_PROBLEMS]))
    except RecursionError:
        return Program(form, problems=(*reader.problems, _refuse_depth(tokens)))


def _parse(tokens: Sequence[Token]) -> nodes.Template:
    parser = Parser(_GRAMMAR, "")
    parser.stream = TokenStream([_for_jinja(token) for token in tokens], None, None)
    return parser.parse()


def _for_jinja(token: Token) -> JinjaToken:
    """The offset goes where Jinja keeps the line; numbers are numbers in its own tokens, too, whatever their type says."""
    return JinjaToken(token.start, token.kind, cast("str", token.value))


def _find_form(tokens: Sequence[Token], *, has_raw: bool) -> TemplateForm:
    code = [token for token in tokens if token.kind in ("variable_begin", "block_begin")]
    blank = all(str(token.value).isspace() for token in tokens if token.kind == "data")
    if len(code) == 1 and code[0].kind == "variable_begin" and blank and not has_raw:
        return TemplateForm.EXPRESSION
    return TemplateForm.TEXT


def _only_expression(tree: nodes.Template) -> nodes.Node:
    return next(
        part
        for output in tree.body
        if isinstance(output, nodes.Output)
        for part in output.nodes
        if not isinstance(part, nodes.TemplateData)
    )


def _explain(error: TemplateSyntaxError, tokens: Sequence[Token], text: str) -> Problem:
    """Jinja's words are about its tokens; ours are about the text."""
    index = next(
        (index for index, token in enumerate(tokens) if token.start == error.lineno), len(tokens) - 1
    )
    found = tokens[index]
    if index > 1 and tokens[index - 2].kind == "variable_begin" and tokens[index - 1].value in _HINTS:
        found = tokens[index - 1]  # `{{ if x }}`: the tag is what cannot stand there, not what follows
    written = text[found.start : found.end]
    expected = _EXPECTED.match(error.message or "")
    message = f"`{written.strip()}` cannot stand here"
    if expected and found is tokens[index]:
        message += f"; expected {_PLAIN_WORDS.get(expected[1], f'`{expected[1]}`')}"
        if expected[1].startswith("end of"):
            message += ", an operator or a filter"
    help_ = _HINTS.get(written)
    if help_ is None:
        help_ = (
            "names and values stand alone or with an operator between them; text stands in quotes"
            if found.kind in ("name", "string", "integer", "float")
            else "look at what stands before it"
        )
    return Problem(code="template-syntax", message=message, start=found.start, end=found.end, help=help_)


def _refuse_depth(tokens: Sequence[Token]) -> Problem:
    return Problem(
        code="template-too-deep",
        message="operations stand too deep in each other",
        start=tokens[0].start,
        end=tokens[-1].end,
        help="give parts of it names with `{% set NAME = … %}`",
    )
