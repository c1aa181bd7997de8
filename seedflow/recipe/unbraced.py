"""Help for a plain text that looks like an expression, such as `steps.page.images` where `"{{ steps.page.images }}"` is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, Span

_PART: Final = r"(?:\.[a-z_][a-z0-9_]*|\[[^\[\]{}]*\]|\([^(){}]*\))"
_EXPRESSION: Final = re.compile(rf"(?:steps|inputs|values|each)\.[a-z][a-z0-9_]*{_PART}*")

_CODE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_READ: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_COMMENT: Final = re.compile(r"\{#.*?#\}", re.DOTALL)
_MOST_SHOWN: Final = 40
_ROOT: Final = re.compile(r"\b(?:inputs|values|steps|each|ref|recipe)\.[a-z]")
_OTHER_BRACES: Final = re.compile(
    rf"(?<!\{{)\$?\{{\s*(?P<one>{_EXPRESSION.pattern})\s*\}}(?!\}})|\[\[\s*(?P<square>{_EXPRESSION.pattern})\s*\]\]"
)
"""`{inputs.hero}`, `${inputs.hero}` and `[[inputs.hero]]`, as other tools spell it."""

_FILE: Final = re.compile(r"[a-z]+\.(?:jpe?g|png|webp|gif|csv|tsv|jsonl?|ya?ml|txt|md)")
"""A file's name that begins like one."""


def find_expression(text: str) -> str | None:
    """The expression that a text is as a whole, white space around it left out; None for anything else, prose above all."""
    found = text.strip()
    return found if _EXPRESSION.fullmatch(found) and not _FILE.fullmatch(found) else None


@dataclass(frozen=True, slots=True)
class OtherBraces:
    """An expression between braces that are none here: where both stand in a text, and what stands between them."""

    start: int
    end: int
    expression: str

    @property
    def name(self) -> tuple[str, str]:
        """The root and the name that it begins with."""
        root, name = self.expression.split(".", 1)
        return root, re.split(r"[^a-z0-9_]", name, maxsplit=1)[0]


def find_other_braces(text: str) -> Iterator[OtherBraces]:
    """What a text or template spells as an expression with the braces of other tools, outside of its own braces."""
    if "{% raw" in text or "{%- raw" in text:  # somebody means what stands there
        return
    bare = _CODE.sub(lambda found: " " * len(found[0]), text)
    for found in _OTHER_BRACES.finditer(bare):
        yield OtherBraces(found.start(), found.end(), found["one"] or found["square"])


def find_code(text: str) -> tuple[int, int] | None:
    """Where a text first mentions something of a recipe between `{{ }}` or `{% %}`, for whoever knows that no template is read there."""
    return next((found.span() for found in _READ.finditer(text) if _ROOT.search(found[0])), None)


def find_comments(text: str) -> Iterator[tuple[int, int]]:
    """Where a text has `{# … #}`, which other tools leave out and a template here writes; none where `raw` says that it is meant."""
    if "{#" not in text or "{% raw" in text or "{%- raw" in text:
        return
    bare = _READ.sub(lambda found: " " * len(found[0]), text)
    yield from (found.span() for found in _COMMENT.finditer(bare))


def report_comment(span: Span) -> Diagnostic:
    """The warning of one."""
    written = " ".join(span.source.text[span.start : span.end].split())
    shown = written if len(written) <= _MOST_SHOWN else f"{written[:_MOST_SHOWN]}…"
    return Diagnostic(
        "comment-in-text",
        f"`{shown}` is no comment here: templates have none, and it is used as it stands",
        span,
        Severity.WARNING,
        help="take it out, or write a comment of YAML on a line of its own: `# …`"
        if span.source.name.lower().endswith((".yaml", ".yml"))
        else "take it out: what a file says is part of the prompt",
    )


def advise_of_dollar(text: str) -> str | None:
    """The help for `${{ … }}`, as GitHub spells it, where nothing may stand around the braces; None for anything else."""
    bare = text.strip()
    whole = bare.startswith("${{") and bare.endswith("}}") and bare.count("{{") == 1
    if not whole or "\n" in bare:
        return None
    quoted = "'" + bare[1:].replace("'", "''") + "'" if '"' in bare or "\\" in bare else f'"{bare[1:]}"'
    return f"take the `$` away: `{quoted}`"


def suggest_braces(text: str) -> str | None:
    """The help that puts an expression into braces; None when a text is none."""
    found = find_expression(text)
    if found is None:
        return None
    quote = "'" if '"' in found else '"'
    return f"did you mean `{quote}{{{{ {found} }}}}{quote}`?"
