"""The codes of diagnostics, and the kinds of problems, that stand in the source; found by walking its syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT
from tests.source_trees import list_nodes

ROOMS = ("text", "recipe", "graph", "checks", "plan", "models", "settings")
"""The rooms that judge what a user wrote, and have callables of their own that take a code."""

OTHER_ROOMS = ("images", "store", "providers", "run", "pipeline", "emulator", "cli")
"""The rest, which make diagnostics directly if at all; elsewhere they say `kind`, or mean codes of the API."""

SHOWS_PROBLEMS = ROOT / "seedflow" / "cli" / "result_text.py"
"""Shows the problems of a run in the form of diagnostics; their kinds are no codes."""

_CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")


@cache
def collect_codes() -> dict[str, set[str]]:
    """Each code of a diagnostic, and the modules that say it."""
    found = collect("code", ROOMS, also=("diagnostics",))
    for path in _find_modules(OTHER_ROOMS):
        if path == SHOWS_PROBLEMS:
            continue
        for node in list_nodes(path):
            for value in _find_values(node, {"Diagnostic": {0}}, "code") if _is_diagnostic(node) else ():
                for text in _read(value):
                    found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def collect_kinds() -> dict[str, set[str]]:
    """Each kind of problem that running and reading pictures make up, and the modules that say it."""
    return collect("kind", ("run", "cli", "images"))


def collect_passed_on() -> dict[str, set[str]]:
    """Each kind of failure of the provider or the disk that a run may pass on as a problem, and the modules that say it."""
    found = collect("kind", ("providers", "store"))
    return {
        kind: modules
        for kind, modules in found.items()
        if not all(Path(module).name.startswith("archive") for module in modules)  # what an import says
    }


def collect(name: str, rooms: Sequence[str], *, also: Sequence[str] = ()) -> dict[str, set[str]]:
    """Each text that is given for a parameter or field of that name in some rooms, and the modules that do.

    Counted are arguments by name or in their place, and the texts that such a parameter has by default. `also` names
    rooms in which such callables are declared besides.
    """
    places: dict[str, set[int]] = {}
    for path in _find_modules((*rooms, *also)):
        for callable_name, place in _find_parameters(path, name):
            places.setdefault(callable_name, set()).add(place)
    found: dict[str, set[str]] = {}
    for path in _find_modules(rooms):
        for node in list_nodes(path):
            for value in _find_values(node, places, name):
                for text in _read(value):
                    found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def _find_modules(rooms: Sequence[str]) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / "seedflow" / room).rglob("*.py"))]


def _find_parameters(path: Path, parameter: str) -> Iterator[tuple[str, int]]:
    """Callables with such a parameter, and its place among the arguments of a call."""
    for node in list_nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
            if parameter in names and node.name != "__init__":
                yield node.name, names.index(parameter)
        if isinstance(node, ast.ClassDef):
            fields = [
                part.target.id
                for part in node.body
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
            ]
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    fields = [argument.arg for argument in part.args.args[1:]]
            if parameter in fields:
                yield node.name, fields.index(parameter)


def _find_values(node: ast.AST, places: dict[str, set[int]], parameter: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == parameter)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        for place in places.get(name, ()) if isinstance(name, str) else ():
            if place < len(node.args):
                yield node.args[place]
    elif isinstance(node, ast.AnnAssign):
        if isinstance(node.target, ast.Name) and node.target.id == parameter and node.value is not None:
            yield node.value
    elif isinstance(node, ast.FunctionDef):
        with_defaults = zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)
        yield from (default for argument, default in with_defaults if argument.arg == parameter)


def _is_diagnostic(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Diagnostic"


def _read(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from _read(value.body)
        yield from _read(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str) and _CODE.fullmatch(value.value):
        yield value.value
