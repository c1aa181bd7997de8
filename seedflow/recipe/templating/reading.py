"""The long way: Jinja's parser gives a syntax tree, which becomes nodes of ours. Only here is jinja2 imported.

Jinja is used for its grammar alone. Its compiler, which turns a template into Python code, never runs: our nodes evaluate
themselves (`nodes.py`), so that every operation is one of a closed list, costs what `rendering.py` allows, and knows its
place in the text. What becomes a node is decided here, type by type; whatever is not named is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.lexer import Token as JinjaToken
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seedflow.diagnostics import Diagnostic, Source
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.templating.dashed import find_dashed, tell_dashes
from seedflow.recipe.templating.lexing import Token, tokenize
from seedflow.recipe.templating.limits import MAX_FILES_DEEP, MAX_PROBLEMS, MAX_SOURCE_CHARACTERS
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.partials import Partial
from seedflow.recipe.templating.problems import Enough, Misread, Place, Problem, Refusal, refuse_length
from seedflow.recipe.templating.program import Program, TemplateForm, is_literal
from seedflow.recipe.templating.reading_blocks import BlockReader
from seedflow.recipe.templating.reading_files import find_file_names
from seedflow.recipe.templating.statements import Body
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
_CHOICE: Final = 8
"""So many tokens has `steps.page.images[time=`."""
_HINTS: Final = {
    "=": "two values are compared with `==`",
    "|": "write `or` for a choice, and the name of a filter after `|`",
    ";": "one pair of braces holds one expression",
    "if": "write `{% if CONDITION %}`, or `A if CONDITION else B`",
    "for": "write `{% for ITEM in LIST %}`",
    "set": "write `{% set NAME = EXPRESSION %}`",
}


class _Parsed(NamedTuple):
    """A text as far as Jinja's parser takes it; without a tree there is a problem."""

    tokens: Sequence[Token]
    form: TemplateForm
    tree: nodes.Template | None = None
    problems: tuple[Problem, ...] = ()


def read_full(text: str, roots: Collection[str], files: PartialFiles | None = None) -> Program:
    """The program of any template; a text that is none gives one whose `problems` say why."""
    parsed = _parse(text)
    if parsed.tree is None:
        return Program(parsed.form, problems=parsed.problems)
    program = _read_tree(parsed, roots, files)
    return tell_dashes(program, parsed.tokens) if program.problems else program


def _read_tree(parsed: _Parsed, roots: Collection[str], files: PartialFiles | None) -> Program:
    tree = cast("nodes.Template", parsed.tree)
    shelf = _Shelf(files) if files is not None else None
    reader = BlockReader(parsed.tokens, roots, shelf)
    expression: Expression | None = None
    body: Body = ()
    try:
        if shelf is not None:
            shelf.prepare(tree)
        if parsed.form is TemplateForm.EXPRESSION:
            expression = reader.read(_only_expression(tree))
        else:
            body = reader.read_body(tree.body)
    except (Misread, Enough, RecursionError) as error:
        problems = (*reader.problems, *_explain_end(error, parsed.tokens))[:MAX_PROBLEMS]
        return Program(parsed.form, problems=problems, uses_files=reader.uses_files)
    return Program(
        parsed.form,
        expression,
        body,
        reader.slots,
        reader.sorted_references(),
        tuple(reader.problems),
        uses_files=reader.uses_files,
    )


class _Shelf:
    """The files of a recipe, each read once. They are read before the text that names them, one behind the other."""

    def __init__(self, files: PartialFiles) -> None:
        self._files = files

    def prepare(self, tree: nodes.Template) -> None:
        """Read the files that a text names. Here and not where they are named, which may be deep inside the text."""
        for name in find_file_names(tree):
            self.get_partial(name, 0, 0)

    def get_partial(self, name: str, start: int, end: int) -> tuple[Partial | None, list[Problem]]:
        """The file, as far as it could be read, and what is wrong with it; `start`, `end` are the place of its name."""
        files = self._files
        try:
            key = files.get_key(name)
        except Refusal as refusal:
            return None, [Problem(refusal.code, refusal.message, start, end, refusal.help)]
        if key in files.reading:
            return None, [_refuse_cycle([*files.reading[files.reading.index(key) :], key], start, end)]
        call = Place(None, start, end, f"`{key}` is used here")
        source, found = files.open(key)
        if source is None:
            return None, [_place_problem(one, start, end, call) for one in found]
        if key not in files.partials:
            if len(files.reading) >= MAX_FILES_DEEP:
                return None, [_refuse_files_depth(start, end)]
            files.partials[key] = self._read(key, source, found)
        partial = files.partials[key]
        return partial, [problem.inside(source, call) for problem in partial.problems]

    def _read(self, key: str, source: Source, found: Sequence[Diagnostic]) -> Partial:
        text = source.text.removesuffix("\n")
        parsed = _parse(text) if len(text) <= MAX_SOURCE_CHARACTERS or is_literal(text) else _too_large()
        reader = BlockReader(parsed.tokens, frozenset(), self, source)
        body: Body = ()
        problems = [*(_place_problem(one, 0, 0) for one in found), *parsed.problems]
        if parsed.tree is not None:
            self._files.reading.append(key)
            try:
                self.prepare(parsed.tree)
                body = reader.read_body(parsed.tree.body)
            except (Misread, Enough, RecursionError) as error:
                problems.extend(_explain_end(error, parsed.tokens))
            finally:
                self._files.reading.pop()
        problems.extend(reader.problems)
        return Partial(
            name=key,
            source=source,
            body=body,
            slots=reader.slots,
            needs=reader.needs,
            macros={name: one for name, one in reader.macros.items() if name not in reader.origins},
            names={name: slot for name, slot in reader.names.own.items() if name not in reader.needs},
            weight=1 + reader.count,
            depth=reader.depth,
            problems=tuple(problem.inside(source) for problem in problems[:MAX_PROBLEMS]),
        )


def _place_problem(found: Diagnostic, start: int, end: int, *calls: Place) -> Problem:
    """What is wrong with a file, in the file if it has a place there, else at its name."""
    if found.span is None:
        return Problem(found.code, found.message, start, end, found.help)
    return Problem(
        found.code, found.message, found.span.start, found.span.end, found.help, found.span.source, calls
    )


def _too_large() -> _Parsed:
    return _Parsed((), TemplateForm.TEXT, problems=(refuse_length("split the file"),))


def _refuse_cycle(keys: Sequence[str], start: int, end: int) -> Problem:
    spelled = " → ".join(f"`{key}`" for key in keys)
    return Problem(
        code="template-file-cycle",
        message=f"these files use each other, so that there would be no end: {spelled}"
        if len(keys) > 2
        else f"`{keys[0]}` uses itself, so that there would be no end",
        start=start,
        end=end,
        help="take out one of these tags" if len(keys) > 2 else "take this tag out",
    )


def _refuse_files_depth(start: int, end: int) -> Problem:
    return Problem(
        code="template-too-deep",
        message=f"more than {MAX_FILES_DEEP} files use each other, one behind the other",
        start=start,
        end=end,
        help="put some of them into one file",
    )


def _parse(text: str) -> _Parsed:
    try:
        tokens, has_raw = tokenize(text)
    except Misread as misread:
        return _Parsed((), TemplateForm.TEXT, problems=(misread.problem,))
    form = _find_form(tokens, has_raw=has_raw)
    problems = [*check_tags(tokens), *find_dashed(tokens)]
    if problems:
        return _Parsed(tokens, form, problems=tuple(problems))
    parser = Parser(_GRAMMAR, "")
    parser.stream = TokenStream([_for_jinja(token) for token in tokens], None, None)
    try:
        return _Parsed(tokens, form, parser.parse())
    except TemplateSyntaxError as error:
        return _Parsed(tokens, form, problems=(_explain(error, tokens, text),))
    except RecursionError:
        return _Parsed(tokens, form, problems=(_refuse_depth(tokens),))


def _explain_end(error: Misread | Enough | RecursionError, tokens: Sequence[Token]) -> tuple[Problem, ...]:
    """Why a text was not read to its end."""
    match error:
        case Misread():
            return (error.problem,)
        case RecursionError():
            return (_refuse_depth(tokens),)
        case Enough():
            return ()


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
    help_ = _advise_on_choice(tokens, index) or _HINTS.get(written)
    if written == "if" and index > 1 and [token.value for token in tokens[index - 1 : index]] == ["else"]:
        help_ = "write `{% elif CONDITION %}`" if tokens[index - 2].kind == "block_begin" else help_
    if help_ is None:
        help_ = (
            "names and values stand alone or with an operator between them; text stands in quotes"
            if found.kind in ("name", "string", "integer", "float")
            else "look at what stands before it"
        )
    return Problem(code="template-syntax", message=message, start=found.start, end=found.end, help=help_)


def _advise_on_choice(tokens: Sequence[Token], index: int) -> str | None:
    """The help for `steps.page.images[time='night']`, where tasks are chosen by a variable in the place of a number."""
    before = [str(token.value) for token in tokens[max(0, index - 7) : index + 1]]
    if len(before) < _CHOICE or before[-1] != "=" or before[-3] != "[" or before[-8] != "steps":
        return None
    return f"choose by a variable with `.where()`: `steps.{before[-6]}.where({before[-2]}=…).{before[-4]}`"


def _refuse_depth(tokens: Sequence[Token]) -> Problem:
    return Problem(
        code="template-too-deep",
        message="operations stand too deep in each other",
        start=tokens[0].start,
        end=tokens[-1].end,
        help="give parts of it names with `{% set NAME = … %}`",
    )
