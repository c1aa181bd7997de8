"""Help for a name without its root: only what exists, and only where it is known."""

from __future__ import annotations

import pytest

from seedflow.recipe.bare_names import suggest_root

DECLARED = {
    "inputs": ("hero", "value"),
    "values": ("light",),
    "steps": ("base", "cast", "hero"),
    "each": ("scene",),
    "steps.cast.outputs": ("pages", "cover"),
}
ROOTS = frozenset({"inputs", "values", "steps", "each", "recipe"})


@pytest.mark.parametrize(
    ("name", "help_text"),
    [
        ("base", "write `steps.base.images`"),
        ("bese", "did you mean `steps.base.images`?"),
        ("base.images", "write `steps.base`"),
        ("cast", "write `steps.cast.outputs.pages`"),
        ("scene", "write `each.scene`"),
        ("hero", "write `inputs.hero` or `steps.hero.images`"),
        ("ligth", "did you mean `values.light`?"),
        ("value", "write `inputs.value`"),
        ("input", None),
        ("submarine", None),
    ],
)
def test_what_exists_is_suggested(name: str, help_text: str | None) -> None:
    assert suggest_root(name, DECLARED, ROOTS) == help_text


def test_a_root_that_is_not_known_there_is_not_suggested() -> None:
    assert suggest_root("hero", DECLARED, frozenset({"inputs", "values"})) == "write `inputs.hero`"
    assert suggest_root("scene", DECLARED, frozenset({"inputs", "values"})) is None
