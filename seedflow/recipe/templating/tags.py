"""How `{% %}` tags stand in each other, checked on tokens: Jinja's own parser says only that something is missing somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.limits import MAX_BLOCKS, MAX_LOOPS, MAX_PROBLEMS
from seedflow.recipe.templating.problems import Problem, suggest

_BLOCKS: Final = ("if", "for", "set", "macro", "with")
_BRANCHES: Final = {"elif": ("if",), "else": ("if", "for")}
_FILES: Final = ("include", "import", "from")
_NOT_OURS: Final = {
    "extends": "templates do not inherit from each other",
    "block": "templates do not inherit from each other",
    "endblock": "templates do not inherit from each other",
    "call": "call a macro with `{{ NAME(…) }}`",
    "endcall": "call a macro with `{{ NAME(…) }}`",
    "filter": "use `{% set NAME %}…{% endset %}` and then `{{ NAME | FILTER }}`",
    "endfilter": "use `{% set NAME %}…{% endset %}` and then `{{ NAME | FILTER }}`",
    "print": "write `{{ EXPRESSION }}`",
    "do": "use `{% set NAME = EXPRESSION %}`",
    "break": "choose the items with `{% for ITEM in LIST if CONDITION %}`",
    "continue": "choose the items with `{% for ITEM in LIST if CONDITION %}`",
    "autoescape": "text reaches the prompt as it is; nothing is escaped",
    "endautoescape": "text reaches the prompt as it is; nothing is escaped",
    "comment": "write a YAML comment above",
    "raw": "write exactly `{% raw %}`",
    "endraw": "there is no `{% raw %}` before it",
    "namespace": "use `{% set NAME = EXPRESSION %}`",
}
_KNOWN: Final = (*_BLOCKS, *(f"end{name}" for name in _BLOCKS), *_BRANCHES, *_FILES, "raw", "endraw")


def check_tags(tokens: Sequence[Token]) -> list[Problem]:
    """Problems of unknown, missing, crossed and too deeply nested tags; none when Jinja's parser can take it from here."""
    found: list[Problem] = []
    open_blocks: list[Token] = []
    for index, token in enumerate(tokens):
        if token.kind != "block_begin":
            continue
        tag = tokens[index + 1]
        problem = _check_tag(tag, tokens, index, open_blocks)
        if problem is not None and problem.code == "template-syntax":
            # Whatever an unknown tag was meant to open or close, the order of the others cannot be judged without it.
            return found or [problem]
        if problem is not None:
            found.append(problem)
            if problem.code == "template-too-deep" or len(found) == MAX_PROBLEMS:
                return found
    found.extend(
        Problem(
            code="template-unclosed",
            message=f"`{{% {tag.value} %}}` is never closed",
            start=tag.start,
            end=tag.end,
            help=f"write `{{% end{tag.value} %}}` where it ends",
        )
        for tag in open_blocks
        if not found
    )
    return found


def _check_tag(tag: Token, tokens: Sequence[Token], index: int, open_blocks: list[Token]) -> Problem | None:
    name = str(tag.value)
    if tag.kind != "name" or name not in _KNOWN or name in _NOT_OURS:
        return _refuse_tag(tag, name)
    if name in _FILES:
        return None
    if name in _BLOCKS:
        if name == "set" and _assigns(tokens, index):
            return None
        open_blocks.append(tag)
        return _check_nesting(tag, open_blocks)
    within = open_blocks[-1] if open_blocks else None
    if name in _BRANCHES:
        if within is not None and within.value in _BRANCHES[name]:
            return None
        return _refuse_order(tag, name, within, f"`{name}` stands outside `{{% {_BRANCHES[name][0]} %}}`")
    if within is not None and name == f"end{within.value}":
        open_blocks.pop()
        return None
    return _refuse_order(tag, name, within, f"`{name}` closes nothing")


def _refuse_tag(tag: Token, name: str) -> Problem:
    if name in _NOT_OURS:
        return Problem(
            code="template-unknown-tag",
            message=f"`{name}` is no tag of seedflow's templates",
            start=tag.start,
            end=tag.end,
            help=_NOT_OURS[name],
        )
    return Problem(
        code="template-unknown-tag",
        message=f"`{name}` is not a tag" if tag.kind == "name" else "expected the name of a tag after `{%`",
        start=tag.start,
        end=tag.end,
        help=suggest(
            name,
            _KNOWN,
            "a value is written `{{ … }}`; tags are " + ", ".join(f"`{one}`" for one in (*_BLOCKS, *_FILES)),
        ),
    )


def _refuse_order(tag: Token, name: str, within: Token | None, message: str) -> Problem:
    return Problem(
        code="template-syntax",
        message=message
        if within is None
        else f"`{name}` stands inside `{{% {within.value} %}}`, which is still open",
        start=tag.start,
        end=tag.end,
        help=f"remove `{{% {name} %}}`" if within is None else f"write `{{% end{within.value} %}}` first",
    )


def _check_nesting(tag: Token, open_blocks: Sequence[Token]) -> Problem | None:
    loops = sum(block.value == "for" for block in open_blocks)
    if tag.value == "for" and loops > MAX_LOOPS:
        return Problem(
            code="template-too-deep",
            message=f"loops stand more than {MAX_LOOPS} deep in each other",
            start=tag.start,
            end=tag.end,
            help="repeat the step with `for_each`, or prepare the text under `values:`",
        )
    if len(open_blocks) > MAX_BLOCKS:
        return Problem(
            code="template-too-deep",
            message=f"blocks stand more than {MAX_BLOCKS} deep in each other",
            start=tag.start,
            end=tag.end,
            help="prepare parts of the text under `values:`",
        )
    return None


def _assigns(tokens: Sequence[Token], index: int) -> bool:
    """Whether a `set` tag has its value in it, rather than a body."""
    depth = 0
    for at in range(index + 1, len(tokens)):
        token = tokens[at]
        if token.kind == "block_end":
            return False
        if token.kind in ("lparen", "lbracket", "lbrace"):
            depth += 1
        elif token.kind in ("rparen", "rbracket", "rbrace"):
            depth -= 1
        elif token.kind == "assign" and depth == 0:
            return True
    return False
