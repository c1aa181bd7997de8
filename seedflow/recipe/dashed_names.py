"""Names with a `-` in them inside templates, and what the recipe declares: whether a difference is meant, and what to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from seedflow.recipe.bare_names import Declared, suggest_root
from seedflow.recipe.templating.problems import Dashed, Problem
from seedflow.recipe.templating.program import Program

_NUMBERED = re.compile(r"\b(inputs|values|each)\.([A-Za-z_]\w*)((?:-\w+)+)")


def list_plain(problems: Iterable[Problem], declared: Declared) -> Iterator[Problem]:
    """Problems of a template; those of its parts in place of a name with `-` that is a difference."""
    for problem in problems:
        dashed = problem.dashed
        if dashed is None or not _is_difference(dashed, problem.bare, declared):
            yield problem
        else:
            yield from dashed.plain


def suggest_undashed(name: str, dashed: Dashed, declared: Declared, roots: Collection[str]) -> str | None:
    """The help that names what exists under the name without `-`; None when nothing does."""
    if dashed.root is not None:
        return f"write `{dashed.root}.{name}`" if name in declared.get(dashed.root, ()) else None
    return suggest_root(name, declared, roots) if dashed.first is not None else None


def tell_numbered(program: Program, text: str, declared: Declared) -> Program:
    """The program with a problem for each `inputs.photo-2` where no `photo` is declared, but a `photo_2`."""
    if "-" not in text or not program.references:
        return program
    problems: list[Problem] = []
    references = list(program.references)
    for found in _NUMBERED.finditer(text):
        root, first, start = found[1], found[2], found.start()
        known = declared.get(root, ())
        better = (first + found[3]).replace("-", "_").lower()
        mentioned = [one for one in references if (one.start, one.end) == (start, found.end(2))]
        if not mentioned or first in known or better not in known:
            continue
        references = [one for one in references if one not in mentioned]
        problems.append(
            Problem(
                code="template-unknown-name",
                message=f"a name has no `-`, only letters, digits and `_`; found `{found[0]}`",
                start=start,
                end=found.end(),
                help=f"write `{root}.{better}`",
                bare=better,
                dashed=Dashed(root, None),
            )
        )
    if not problems:
        return program
    return replace(program, problems=(*program.problems, *problems), references=tuple(references))


def _is_difference(dashed: Dashed, name: str | None, declared: Declared) -> bool:
    """Whether what stands before the `-` is declared, and the name without `-` is not; of a record, whether what stands behind it is."""
    if dashed.first is None:
        behind = {part.bare for part in dashed.plain}
        return any(name in behind for names in declared.values() for name in names)
    roots = declared if dashed.root is None else (dashed.root,)
    known = [declared.get(root, ()) for root in roots]
    return any(dashed.first in names for names in known) and not any(name in names for names in known)
