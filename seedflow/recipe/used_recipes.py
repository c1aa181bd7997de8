"""The recipes that a recipe uses: found by how they are named, each file read once, never without an end.

A recipe that uses another twice, which uses a third twice, and so on, is small to read and endless to carry out; so the
steps are counted as they will be inlined, and refused before anybody inlines them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Recipe
from seedflow.recipe.shipped import find_shipped, list_blocks, list_shipped, name_shipped
from seedflow.text.files import is_file, real_path
from seedflow.text.reader import PROJECT_LIMITS, load_source

MAX_DEPTH: Final = 16
"""How many recipes may use each other, one behind the other, the outermost included."""
MAX_STEPS: Final = 20_000
"""How many steps a recipe may have with those of all recipes that it uses."""
_SUFFIXES = (".yaml", ".yml")

Parse: TypeAlias = Callable[[Source, "Caller"], "tuple[Recipe | None, list[Diagnostic]]"]
"""Makes a recipe of a text; what it uses is asked of the same `UsedRecipes`."""


@dataclass(slots=True)
class Caller:
    """A recipe that is being read: its file, its folder, and how many steps it brings so far, and how deep.

    `path` is None for a text without a file. `above` are the recipes that use it, the outermost first, with the places.
    """

    path: Path | None
    folder: Path
    name: str
    source_name: str
    above: tuple[tuple[Caller, str, Span], ...] = ()
    steps: int = 0
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Used:
    """A recipe that was read, or what stands in its way; `steps` and `depth` count what it uses, too."""

    recipe: Recipe | None
    steps: int = 0
    depth: int = 1


@dataclass(slots=True)
class UsedRecipes:
    """The recipes that were read so far, and the problems of their own texts."""

    parse: Parse
    problems: list[Diagnostic] = field(default_factory=list)
    _known: dict[Path, _Used] = field(default_factory=dict)

    def find(self, target: str, span: Span, step: str, caller: Caller) -> Recipe | Diagnostic | None:
        """The recipe that a step names, what is wrong with naming it here, or None when its own text has the problem.

        Args:
            target: the text behind `recipe:`.
            span: the place of it.
            step: the step that uses it.
            caller: the recipe of the step.
        """
        found = _locate(target, span, caller.folder)
        if isinstance(found, Diagnostic):
            return found
        path, shipped = found
        chain = (*caller.above, (caller, step, span))
        cycle = next((at for at, (above, _, _) in enumerate(chain) if above.path == path), None)
        if cycle is not None:
            return _describe_cycle(chain[cycle:])
        if len(chain) >= MAX_DEPTH:
            return _too_deep(span)
        used = self._known.get(path)
        if used is None:
            name = name_shipped(path) if shipped else _name_like(caller.source_name, target)
            read = self._read(path, name, span, chain)
            if isinstance(read, Diagnostic):
                return read
            used = self._known[path] = read
        return _admit(used, span, caller)

    def _read(
        self, path: Path, name: str, span: Span, chain: tuple[tuple[Caller, str, Span], ...]
    ) -> _Used | Diagnostic:
        source = load_source(path, name, max_bytes=PROJECT_LIMITS.max_bytes)
        if isinstance(source, Diagnostic):
            if source.span is None:
                return Diagnostic(source.code, source.message, span, help=source.help)
            used_here = Related(span, f"{quote(name)} is used here")
            self.problems.append(replace(source, related=(*source.related, used_here)))
            return _Used(None)
        inner = Caller(path, path.parent, path.stem, name, chain)
        recipe, found = self.parse(source, inner)
        if recipe is None:
            used_here = Related(span, f"{quote(name)} is used here")
            found = [replace(one, related=(*one.related, used_here)) for one in found]
        self.problems.extend(found)
        steps = inner.steps + (len(recipe.steps) if recipe is not None else 0)
        return _Used(recipe, steps, inner.depth)


def _admit(used: _Used, span: Span, caller: Caller) -> Recipe | Diagnostic | None:
    """Count a used recipe into its caller, unless that would be too much of it."""
    recipe = used.recipe
    if recipe is None:
        return None
    if not recipe.outputs and not any(path[0] == "outputs" for path in recipe.unread):
        place = Span(recipe.source, 0, min(len(recipe.source.text), 1))
        return Diagnostic(
            "used-without-outputs",
            f"recipe {quote(recipe.name)} declares no `outputs`, so that a step that uses it would give nothing",
            span,
            help='add `outputs:` to it, such as `outputs: {images: "{{ steps.NAME.images }}"}`',
            related=(Related(place, "the recipe begins here"),),
        )
    if used.depth + 1 > MAX_DEPTH:
        return _too_deep(span)
    if caller.steps + used.steps > MAX_STEPS:
        return Diagnostic(
            "too-many-steps",
            f"with the recipes that it uses, {quote(caller.name)} would have more than {MAX_STEPS:,} steps; "
            f"this one alone brings {used.steps:,}",
            span,
            help="repeat one step with `for_each` in place of many steps",
        )
    caller.steps += used.steps
    caller.depth = max(caller.depth, used.depth + 1)
    return recipe


def _locate(target: str, span: Span, folder: Path) -> tuple[Path, bool] | Diagnostic:
    """The file that is named, and whether it ships with seedflow."""
    if "{{" in target or "{%" in target:
        return Diagnostic(
            "bad-recipe",
            "found a template, expected a recipe: which one is used is written out, never worked out",
            span,
            help="make a step for each recipe, and choose by `when:`",
        )
    if not target or "\0" in target or "\n" in target:
        return Diagnostic(
            "bad-recipe",
            "found no name, expected a recipe",
            span,
            help="write `./FILE.yaml`, or a shipped name",
        )
    if target.startswith(("./", "../")):
        return _locate_file(target, span, folder)
    if target.startswith(("/", "~")) or ":" in target:
        return Diagnostic(
            "bad-recipe",
            f"{quote(target)} is not a recipe that can be used: a path begins with `./` or `../`, so that a project can be moved",
            span,
            help="write the path from this recipe's folder: `./FILE.yaml`",
        )
    if target.endswith(_SUFFIXES):
        return Diagnostic(
            "bad-recipe",
            f"{quote(target)} looks like a path, and a path begins with `./` or `../`",
            span,
            help=f"write `./{target}`",
        )
    if "/" in target:
        return Diagnostic(
            "not-yet",
            f"{quote(target)} names a recipe of a library; this belongs to the language, but this seedflow cannot do it yet",
            span,
            help="copy the recipe beside this one, and write `./FILE.yaml`",
        )
    path = find_shipped(target)
    return (real_path(path), True) if path is not None else _no_shipped(target, span, folder)


def _locate_file(target: str, span: Span, folder: Path) -> tuple[Path, bool] | Diagnostic:
    path = folder / target
    try:
        if path.exists():
            return real_path(path), False
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix in _SUFFIXES)
    except (OSError, RuntimeError):
        names = []
    full = next((f"{path.name}{suffix}" for suffix in _SUFFIXES if f"{path.name}{suffix}" in names), None)
    near = full or find_near(path.name, names)
    better = f"{target[: len(target) - len(path.name)]}{near}" if near is not None else None
    return Diagnostic(
        "recipe-missing",
        f"there is no recipe {quote(target)}",
        span,
        help=f"did you mean `{better}`?"
        if better
        else "a path starts in the folder of the recipe that names it",
    )


def _no_shipped(target: str, span: Span, folder: Path) -> Diagnostic:
    beside = next((suffix for suffix in _SUFFIXES if is_file(folder / f"{target}{suffix}")), None)
    near = find_near(target, [recipe.name for recipe in (*list_shipped(), *list_blocks())])
    help_text = "`seedflow list` shows what there is"
    if beside is not None:
        help_text = f"write `./{target}{beside}` for the file beside this recipe"
    elif near is not None:
        help_text = f"did you mean `{near}`?"
    return Diagnostic(
        "recipe-missing",
        f"no recipe that ships with seedflow is called {quote(target)}",
        span,
        help=help_text,
    )


def _name_like(source_name: str, target: str) -> str:
    """What messages call a used file: its path from where the caller's own name starts."""
    return os.path.normpath(os.path.join(os.path.dirname(source_name), target))  # noqa: PTH118, PTH120 - a name, not a path


def _describe_cycle(chain: tuple[tuple[Caller, str, Span], ...]) -> Diagnostic:
    names = [caller.source_name for caller, _, _ in chain]
    _, step, span = chain[-1]
    if len(chain) == 1:
        return Diagnostic(
            "cycle",
            f"step `{step}` uses the recipe that it stands in: {names[0]} → {names[0]}, without an end",
            span,
            help="use another recipe here",
        )
    return Diagnostic(
        "cycle",
        f"these recipes use each other without an end: {' → '.join([*names, names[0]])}",
        span,
        help="take out one of these steps",
        related=tuple(
            Related(place, f"step `{name}` uses {later} here")
            for (_, name, place), later in zip(chain[:-1], names[1:], strict=True)
        ),
    )


def _too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        "recipes-too-deep",
        f"more than {MAX_DEPTH} recipes use each other here, one behind the other",
        span,
        help="use the innermost recipe from further out",
    )
