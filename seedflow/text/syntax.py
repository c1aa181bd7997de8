"""What libyaml says of broken YAML, in plain words and at the place where the author will mend it.

libyaml reports where it got stuck, which is often lines behind the slip, and in words about its own grammar. The
slips that people make are told apart by these words and the text around the place. PyYAML's own parser words some of
it differently; both are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from seedflow.diagnostics import Diagnostic, Source
from seedflow.text.events import BrokenYaml
from seedflow.text.odd_spaces import explain_odd_space
from seedflow.text.slips_in_brackets import explain_colon_in_brackets, explain_comment_in_brackets
from seedflow.text.slips_in_structure import (
    explain_brackets,
    explain_indentation,
    explain_leftover,
    explain_list_on_key_line,
    explain_missing_colon,
    explain_second_value,
    explain_unmerged,
)
from seedflow.text.slips_in_words import (
    explain_block_header,
    explain_directive,
    explain_escape,
    explain_first_character,
    explain_open_quote,
    explain_tab,
    explain_tag,
)
from seedflow.text.trouble import Trouble

_EXPLANATIONS: Final[tuple[Callable[[Trouble], Diagnostic | None], ...]] = (
    explain_unmerged,
    explain_odd_space,
    explain_comment_in_brackets,
    explain_tab,
    explain_open_quote,
    explain_escape,
    explain_directive,
    explain_tag,
    explain_first_character,
    explain_block_header,
    explain_second_value,
    explain_missing_colon,
    explain_list_on_key_line,
    explain_colon_in_brackets,
    explain_brackets,
    explain_leftover,
    explain_indentation,
)


def explain_error(
    source: Source, text: str, error: BrokenYaml, reached: int, bracket: int | None
) -> Diagnostic:
    """The diagnostic for a text that is not YAML.

    Args:
        source: what the span refers to.
        text: the source's text as libyaml got it.
        error: what libyaml said.
        reached: the offset up to which the text was understood.
        bracket: where the innermost `[` or `{` stands that was still open, or None.
    """
    at = min(error.at if error.at is not None else reached, len(text))
    since = min(error.since if error.since is not None else at, at)
    trouble = Trouble(source, text, error.problem, error.context, at, since, bracket)
    for explain in _EXPLANATIONS:
        found = explain(trouble)
        if found is not None:
            return found
    return trouble.report(
        at,
        min(at + 1, trouble.line_end),
        f"this is not YAML: {error.problem or 'it cannot be read'}",
        "compare the line with its neighbours: indentation, quotes, brackets, `key: value`",
        code="yaml-syntax",
    )
