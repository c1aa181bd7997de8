"""The files that inputs' defaults name: images that are there and sound, tables that can be read.

Not among the families of `run_all`: whoever gives a value does not need the default, and may plan without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import Frame, StepGraph
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.input_types import read_value
from seedflow.recipe.inputs import FilesFrom


def check_default_files(graph: StepGraph, *, folder: Path) -> Iterator[Diagnostic]:
    """What is wrong with the defaults of the recipe, and with those that its used recipes fall back on.

    Args:
        graph: the recipe.
        folder: the current folder; paths that start there are shown as they are spelled.
    """
    images = ImageFiles()
    seen: set[tuple[int, str]] = set()
    for frame in (graph.frame, *graph.frames.values()):
        recipe = frame.recipe
        files = FilesFrom(recipe.folder, images, recipe_folder=recipe.folder, current_folder=folder)
        for name, declared in recipe.inputs.items():
            if declared.default is None or (id(recipe), name) in seen or _is_given(frame, name):
                continue
            seen.add((id(recipe), name))
            yield from read_value(declared, declared.default, files)[1]


def _is_given(frame: Frame, name: str) -> bool:
    call = frame.call.step.call if frame.call is not None else None
    return call is not None and name in call.arguments
