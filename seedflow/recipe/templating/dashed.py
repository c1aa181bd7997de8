"""Steps that are mentioned with a `-` in their name, which reads as a difference: `steps.line-art.images`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.problems import Problem


def find_dashed_steps(tokens: Sequence[Token]) -> Iterator[Problem]:
    """One problem for each; what stands right behind `steps.` is no number, so that nothing is subtracted from it."""
    for index, token in enumerate(tokens):
        if token.kind == "name" and token.value == "steps" and not _follows_dot(tokens, index):
            name = _read_name(tokens[index + 1 :])
            if len(name) > 1:
                written = "".join("-" if part.kind == "sub" else str(part.value) for part in name)
                better = written.replace("-", "_").lower()
                yield Problem(
                    code="template-step-reference",
                    message=f"the name of a step has no `-`, and this is `steps.{written}`",
                    start=token.start,
                    end=name[-1].end,
                    help=f"call the step `{better}`, and write `steps.{better}`",
                )


def _follows_dot(tokens: Sequence[Token], index: int) -> bool:
    return index > 0 and tokens[index - 1].kind == "dot"


def _read_name(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a name with `-` in it behind a dot; only the first where there is none."""
    if len(tokens) < 2 or tokens[0].kind != "dot" or tokens[1].kind != "name":
        return []
    name = [tokens[1]]
    for dash, word in zip(tokens[2::2], tokens[3::2], strict=False):
        if dash.kind != "sub" or word.kind not in ("name", "integer"):
            break
        if dash.start != name[-1].end or word.start != dash.end:
            break
        name += [dash, word]
    return name
