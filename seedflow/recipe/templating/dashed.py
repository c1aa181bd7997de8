"""Names that are mentioned with a `-` in them, which reads as a difference: `steps.line-art.images`, `inputs.my-photo`.

That a difference is not meant is known where what stands behind the `-` is not known, and of steps always.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from seedflow.recipe.references import NameReference, Reference
from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.problems import Dashed, Problem
from seedflow.recipe.templating.program import Program

_OF_THE_AUTHOR: Final = ("inputs", "values", "each", "ref")
"""Roots behind which stands a name that the author chose."""
_FIXED: Final = ("recipe", "image", "prev", "loop")
"""What has names of its own only, so that a `-` behind one of them subtracts."""


def find_dashed(tokens: Sequence[Token]) -> Iterator[Problem]:
    """One problem for each dash that no reading of the text allows: in the name of a step, or in one that gets a value."""
    for index, token in enumerate(tokens):
        if token.kind != "name" or _follows(tokens, index, "dot"):
            continue
        of_step = token.value == "steps" and _kind_at(tokens, index + 1) == "dot"
        word = _read_word(tokens, index + 2 if of_step else index)
        if len(word) < 2 or (not of_step and _follows(tokens, index, "sub")):
            continue
        if of_step:
            # What stands right behind `steps.` is no number, so that nothing is subtracted from it.
            yield _wrong(word, "steps", token.start, code="template-step-reference")
        elif _kind_at(tokens, index + len(word)) == "assign":
            better = _undash(_spell(word))
            yield Problem(
                code="template-syntax",
                message=_say(_spell(word)),
                start=word[0].start,
                end=word[-1].end,
                help=f"write `{better}`",
                bare=better,
            )


def tell_dashes(program: Program, tokens: Sequence[Token]) -> Program:
    """The program with one problem for each name with a `-` in it, in place of those of its parts."""
    problems, references = list(program.problems), list(program.references)
    for index, token in enumerate(tokens):
        if token.kind != "name" or (_follows(tokens, index, "sub") and _is_glued(tokens, index)):
            continue
        word = _read_word(tokens, index)
        places = {part.start for part in word[1:] if part.kind == "name"}
        told = [one for one in problems if one.start in places and _is_unknown_name(one)]
        if not told:
            continue
        found = _find_dashed(tokens, index, word, problems, told)
        if found is not None and found.dashed is not None:
            plain = found.dashed.plain
            at = problems.index(plain[0])
            problems = [*problems[:at], found, *(one for one in problems[at:] if one not in plain)]
            references = [one for one in references if not _is_begun_by(one, token)]
    if len(references) == len(program.references) and problems == list(program.problems):
        return program
    return replace(program, problems=tuple(problems), references=tuple(references))


def _find_dashed(
    tokens: Sequence[Token], index: int, word: list[Token], problems: list[Problem], told: list[Problem]
) -> Problem | None:
    """The problem of a word with `-` in it of which parts are not known; None where it is a difference after all."""
    if not _follows(tokens, index, "dot"):
        own = [one for one in problems if one.start == word[0].start and one.bare is not None]
        if not own:
            return None
        dashed = Dashed(None, str(word[0].value), (*own, *told))
        return _describe(None, _spell(word), word[0].start, word[-1].end, dashed)
    owner = index - 2
    if owner < 0:
        return None
    direct = tokens[owner].kind == "name" and not _follows(tokens, owner, "dot")
    if direct and tokens[owner].value in _OF_THE_AUTHOR:
        return _wrong(word, str(tokens[owner].value), tokens[owner].start, plain=tuple(told))
    if direct and tokens[owner].value in _FIXED:
        return None
    written = _spell(word)
    return Problem(
        code="template-unknown-name",
        message=_say(written),
        start=word[0].start,
        end=word[-1].end,
        help=f"write `['{written}']` in place of `.{written}` for a key that is called so; a declared column is called `{_undash(written)}`",
        bare=_undash(written),
        dashed=Dashed(None, None, tuple(told)),
    )


def _wrong(
    word: list[Token],
    root: str,
    start: int,
    *,
    code: str = "template-unknown-name",
    plain: tuple[Problem, ...] = (),
) -> Problem:
    first = None if root == "steps" else str(word[0].value)
    return _describe(root, _spell(word), start, word[-1].end, Dashed(root, first, plain), code=code)


def _describe(
    root: str | None, word: str, start: int, end: int, dashed: Dashed, *, code: str = "template-unknown-name"
) -> Problem:
    better = _undash(word)
    written, right = (
        (f"{root}.{word}", f"{root}.{better}") if root is not None else (word, f"inputs.{better}")
    )
    return Problem(
        code=code,
        message=_say(written, "the name of a step" if root == "steps" else "a name"),
        start=start,
        end=end,
        help=f"call the step `{better}`, and write `{right}`"
        if root == "steps"
        else f"write `{right}`, and call it `{better}` where it is declared"
        if root is not None
        else f"declare it as `{better}` and write `{right}`, or put quotes around it if it is text",
        bare=better,
        dashed=dashed,
    )


def _say(written: str, what: str = "a name") -> str:
    return f"{what} has no `-`, only letters, digits and `_`; found `{written}`"


def _is_unknown_name(found: Problem) -> bool:
    return found.code == "template-unknown-name" and found.source is None and found.dashed is None


def _is_begun_by(reference: Reference, token: Token) -> bool:
    """Whether a mention ends with the first part of a name with `-` in it."""
    return isinstance(reference, NameReference) and reference.start <= token.start < reference.end


def _kind_at(tokens: Sequence[Token], index: int) -> str | None:
    return tokens[index].kind if index < len(tokens) else None


def _follows(tokens: Sequence[Token], index: int, kind: str) -> bool:
    return index > 0 and tokens[index - 1].kind == kind


def _is_glued(tokens: Sequence[Token], index: int) -> bool:
    """Whether the sign before a name stands right between it and another."""
    return (
        index > 1
        and tokens[index - 1].end == tokens[index].start
        and tokens[index - 2].end == tokens[index - 1].start
        and tokens[index - 2].kind in ("name", "integer")
    )


def _read_word(tokens: Sequence[Token], index: int) -> list[Token]:
    """The tokens of a name with `-` in it; only the first where there is none."""
    if _kind_at(tokens, index) != "name":
        return []
    word = [tokens[index]]
    while _kind_at(tokens, index + 1) == "sub" and _kind_at(tokens, index + 2) in ("name", "integer"):
        dash, part = tokens[index + 1], tokens[index + 2]
        if dash.start != word[-1].end or part.start != dash.end:
            break
        word += [dash, part]
        index += 2
    return word


def _spell(word: list[Token]) -> str:
    return "".join("-" if part.kind == "sub" else str(part.value) for part in word)


def _undash(word: str) -> str:
    return word.replace("-", "_").lower()
