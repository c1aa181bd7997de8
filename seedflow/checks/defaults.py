"""The files that inputs' defaults name: images that are there and sound, tables that can be read and have what is asked of them.

Not among the families of `run_all`: whoever gives a value does not need the default, and may plan without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from seedflow.checks.asked import is_asked_for
from seedflow.diagnostics import Diagnostic, Related, Severity, Span, has_errors
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.certain import Certain
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import find_step_places
from seedflow.graph.printed import find_printed_tail
from seedflow.graph.table_rows import find_row_variables
from seedflow.graph.tested_columns import check_tested_columns
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.input_types import read_value
from seedflow.recipe.inputs import FilesFrom
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.references import NameReference


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
            value, problems = read_value(declared, declared.default, files)
            yield from problems
            if declared.type is InputType.TABLE and isinstance(value, list) and not has_errors(problems):
                nodes = graph.list_steps(frame)
                yield from _check_columns(declared, value, nodes)
                yield from check_tested_columns(declared, value, nodes)


def _check_columns(declared: Input, rows: list[object], nodes: Iterable[StepNode]) -> Iterator[Diagnostic]:
    """Every column of a default table that is printed of a row, or is to tell rows apart, is in it; a declared one always is."""
    columns = list(dict.fromkeys(name for row in rows if isinstance(row, Mapping) for name in row))
    if not columns:
        return
    certain = Certain()
    for node in nodes:
        variables = find_row_variables(declared.name, node)
        for entry in node.step.for_each:
            if entry.key is not None and entry.key not in columns and not variables.isdisjoint(entry.names):
                yield _no_column(declared, entry.key, columns, entry.span)
        for place in find_step_places(node):
            template = place.template
            for mention in template.references:
                if (
                    isinstance(mention, NameReference)
                    and mention.root == "each"
                    and mention.name in variables
                ):
                    tail = find_printed_tail(template, mention)
                    path = (*mention.path, *(tail or ()))
                    lacks = tail is not None and len(path) > 1 and path[1] not in columns
                    if lacks and not is_asked_for(mention, path[1], place, certain):
                        yield _no_column(declared, str(path[1]), columns, template.span_of(mention))


def _no_column(declared: Input, column: str, columns: list[str], span: Span) -> Diagnostic:
    near = find_near(column, columns)
    return Diagnostic(
        "unknown-attribute",
        f"the table that is the default of `{declared.name}` has no column `{column}`, and none is declared",
        span,
        Severity.WARNING,
        help=f"did you mean `{near}`?" if near else f"there is {', '.join(f'`{name}`' for name in columns)}",
        related=() if declared.default is None else (Related(declared.default.span, "this table"),),
    )


def _is_given(frame: Frame, name: str) -> bool:
    call = frame.call.step.call if frame.call is not None else None
    return call is not None and name in call.arguments
