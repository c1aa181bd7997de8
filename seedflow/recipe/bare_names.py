"""Help for a name that stands in a template without its root, such as `{{ hero }}` where `{{ inputs.hero }}` is meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from seedflow.diagnostics.suggest import find_near

Declared = Mapping[str, Collection[str]]
"""What a recipe declares, by the root under which it is mentioned: `inputs`, `values`, `steps`, `each`; and the outputs of
recipes that it uses, as far as these are known, by `steps.NAME.outputs`."""

_OTHER_ROOTS: Final = {
    **dict.fromkeys(("var", "vars", "variables", "env", "constants"), "values"),
    **dict.fromkeys(("params", "parameters", "args", "arguments"), "inputs"),
    **dict.fromkeys(("matrix", "item", "loop"), "each"),
}
"""What other tools call our roots."""


def suggest_root(name: str, declared: Declared, roots: Collection[str]) -> str | None:
    """The help that names what exists under a known root; None when nothing there is meant.

    `name` may have the first name behind it as well, `vars.manner`.
    """
    name, _, field = name.partition(".")
    known = {root: names for root, names in declared.items() if root in roots}
    exact = [f"`{_spell(root, name, field, declared)}`" for root, names in known.items() if name in names]
    if exact:
        return f"write {' or '.join(exact)}"
    if field and field in known.get(_OTHER_ROOTS.get(name, ""), ()):
        return f"write `{_OTHER_ROOTS[name]}.{field}`"
    if find_near(name, roots) is not None:
        return None
    near = {root: find_near(name, names) for root, names in known.items()}
    return next(
        (
            f"did you mean `{_spell(root, found, field, declared)}`?"
            for root, found in near.items()
            if found is not None
        ),
        None,
    )


def _spell(root: str, name: str, field: str, declared: Declared) -> str:
    """What takes the place of the bare name: a step alone is no value, unless more stands behind it."""
    if root != "steps" or field:
        return f"{root}.{name}"
    outputs = [*declared.get(f"steps.{name}.outputs", ())]
    several = len(outputs) > 1 and "images" not in outputs
    return f"steps.{name}.outputs.{outputs[0]}" if several else f"steps.{name}.images"


def suggest_output(step: str, word: str, outputs: Collection[str]) -> str | None:
    """The help for a word behind a step that uses a recipe with these outputs; None where there are none.

    Written like an output without its `outputs`, it is that; anything else may be something inside of that recipe.
    """
    meant = word if word in outputs else find_near(word, (*outputs, "images"))
    if meant == "images" and word not in outputs:
        return None
    if meant is not None:
        return f"write `steps.{step}.outputs.{meant}`"
    spelled = " or ".join(f"`steps.{step}.outputs.{name}`" for name in outputs)
    return f"the recipe that it uses gives {spelled}" if spelled else None
