"""Picks files whose recipe is not there any more: it was renamed, most likely, and what people picked stayed behind.

Picks of a shipped recipe lie in the project's folder, where no recipe lies beside them: they are its own for as long as it ships.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, has_errors
from seedflow.pipeline.in_use import PICKS
from seedflow.plan.model import Plan
from seedflow.recipe.picks import load_picks
from seedflow.recipe.picks_file import SHIPPED_PICKS
from seedflow.recipe.shipped import find_shipped

_RECIPE_ENDINGS: Final = (".yaml", ".yml")


def find_stray_picks(picks_path: Path, plan: Plan) -> Iterator[Diagnostic]:
    """A warning for each picks file beside a recipe without one that has takes of the very requests of this plan.

    Args:
        picks_path: where the recipe's own picks file would lie.
        plan: what the recipe asks for.
    """
    if picks_path.exists():
        return
    requests = {task.fingerprint for task in plan.tasks if task.fingerprint is not None}
    for path in _list_picks(picks_path.parent):
        name = path.name.removesuffix(PICKS)
        if any(path.with_name(f"{name}{ending}").exists() for ending in _RECIPE_ENDINGS):
            continue
        shipped = path.name.removesuffix(SHIPPED_PICKS) if path.name.endswith(SHIPPED_PICKS) else None
        if shipped is not None and find_shipped(shipped) is not None:
            continue
        owner = f"{name}.yaml" if shipped is None else f"the shipped recipe `{shipped}`"
        picks, wrong = load_picks(path)
        takes = {} if has_errors(wrong) else picks.takes.get(plan.realm, {})
        # By what is asked alone: steps may have been renamed with the recipe.
        same = {address for address, take in takes.items() if take.request in requests}
        for address, span in picks.places:
            if address in same:
                yield Diagnostic(
                    "unused-pick",
                    f"{owner}, whose take this is, is not there, so that it counts for nothing; {plan.recipe} asks for the same",
                    span,
                    Severity.WARNING,
                    help=f"if the recipe was renamed, rename this file to {picks_path.name}",
                )
                break


def _list_picks(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(f"*{PICKS}") if path.is_file())
    except OSError:
        return []
