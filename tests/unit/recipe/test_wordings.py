"""Wordings of references: whatever is taken keeps numbers readable and sends no braces."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.diagnostics import Source
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("last: ''", "numbers-run-together"),
        ("last: ' '", "numbers-run-together"),
        ("range: '{first}{last}'", "numbers-run-together"),
        ("range: '{last} {first}'", "numbers-run-together"),
        ("one: '{n}. Bild'", None),
        ("one: 'Bild 1{n}'", "numbers-run-together"),
        ("many: '{list}2'", "numbers-run-together"),
        ("many: '{list} {n}'", "unknown-place"),
        ("one: '{n} {list}'", "unknown-place"),
        ("one: '{n} }'", "unknown-place"),
        ("last: '{n}'", "unknown-place"),
        ("last: '/'", None),
        ("range: '{last} bis {first}'", None),
        ("many: '{list} ({list})'", None),
        ("comma: ', '", "unknown-key"),
    ],
)
def test_a_wording_never_makes_numbers_unreadable_nor_sends_braces(words: str, code: str | None) -> None:
    text = f"seedflow: 1\nsteps: {{a: {{generate: {{prompt: x}}}}}}\nref_words: {{{words}}}\n"
    _, problems = parse_recipe(Source("r.yaml", text), load_catalog(), folder=Path(), default_name="r")
    assert [found.code for found in problems] == ([] if code is None else [code])
    assert all(found.help for found in problems)
