"""The house keeps its rules: layers, sizes, docstrings, who prints, who reads the environment, where imports stand."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seedflow
from tests.source_trees import list_nodes, read_tree

PACKAGE = Path(seedflow.__file__).parent
TESTS = Path(__file__).parents[1]
WAIVED = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[^\]]+\]|fmt: skip)(.*)")
MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}

MOST_LINES = 400
SAYS_WHY_IT_IS_LONG = re.compile(r"\b(one|long|longer) (module|file|table)\b", re.IGNORECASE)

IMPORTS_INSIDE = {
    "__init__.py": "the package's `__getattr__`",
    "cli/main.py": "the command loader",
    "images/inspect.py": "Pillow, which no picture means no need of; it costs a thirtieth of a check",
    "pipeline/certain_files.py": "the planner, which most checks never need; it costs an eighth of them",
    "providers/registry.py": "the provider registry",
    "recipe/template.py": "the full reader of templates, which most recipes never need; it costs a third of a check",
}
"""Modules that may import inside a function, for the time that it takes to start."""

READS_ENVIRONMENT = {
    "settings/load.py": "alone decides what variables mean",
    "cli/terminal.py": "NO_COLOR, FORCE_COLOR, TERM, COLUMNS describe the terminal; `--help` needs them without any setting",
}

TALKS = "cli/"
"""Only the command line talks to people; everybody else gives data back."""


def walk(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    for name, path in MODULES.items():
        for node in list_nodes(path):
            if isinstance(node, kind):
                yield name, node


def test_imports_go_downward_only() -> None:
    """The contracts of import-linter, in `pyproject.toml`."""
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=PACKAGE.parent,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken\.", ended.stdout)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_opens_with_its_job_and_is_no_heap(name: str) -> None:
    about = ast.get_docstring(read_tree(MODULES[name]))
    assert about, f"{name} does not say what it is for"
    lines = MODULES[name].read_text(encoding="utf-8").count("\n")
    assert lines <= MOST_LINES or SAYS_WHY_IT_IS_LONG.search(about), (
        f"{name} has {lines} lines and no reason for it"
    )


def list_public(
    node: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for child in node.body:
        if isinstance(
            child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from list_public(child)


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_says_what_it_does(name: str) -> None:
    silent = [node.name for node in list_public(read_tree(MODULES[name])) if not ast.get_docstring(node)]
    assert silent == []


def test_only_the_command_line_talks() -> None:
    prints = {
        name
        for name, node in walk(ast.Call)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("print", "input")
    }
    streams = {
        name
        for name, node in walk(ast.Attribute)
        if isinstance(node, ast.Attribute)
        and node.attr in ("stdout", "stderr", "stdin")
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    }
    assert prints == set()
    assert {name for name in streams if not name.startswith(TALKS)} == set()


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        name
        for name, node in walk((ast.Attribute, ast.ImportFrom))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"))
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & {a.name for a in node.names})
    }  # fmt: skip # a row a line
    assert readers == set(READS_ENVIRONMENT)


def test_imports_stand_at_the_top() -> None:
    inside = {
        name
        for name, node in walk((ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.walk(node)
        if isinstance(child, (ast.Import, ast.ImportFrom))
        or (isinstance(child, ast.Attribute) and child.attr == "import_module")
    }
    assert inside <= set(IMPORTS_INSIDE), "imports inside functions hide cycles"


def test_packages_import_nothing_by_themselves() -> None:
    """What is slow to load is loaded by the module that needs it; `diagnostics` gathers its own names."""
    loaded = {
        name
        for name, path in MODULES.items()
        if name.endswith("__init__.py") and name not in ("__init__.py", "diagnostics/__init__.py")
        for node in read_tree(path).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert loaded == set()


def test_the_help_loads_nothing_heavy() -> None:
    heavy = (
        "rich",
        "jinja2",
        "networkx",
        "pydantic",
        "httpx",
        "aiohttp",
        "PIL",
        "jsonschema_rs",
        "yaml",
        "sqlite3",
    )
    code = (
        "import sys\n"
        "from seedflow.cli.main import run\n"
        "run(['--help']); run(['--version'])\n"
        f"print(sorted(set(sys.modules) & {set(heavy)!r}), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stderr.strip() == "[]"


def test_a_plain_check_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    recipe = tmp_path / "plain.yaml"
    recipe.write_text("seedflow: 1\nsteps: {page: {generate: {prompt: A fox}}}\n", encoding="utf-8")
    spared = ("rich", "jinja2", "httpx", "aiohttp", "PIL", "sqlite3", "seedflow.plan.planner")
    code = (
        "import sys\n"
        "from seedflow.cli.main import run\n"
        f"run(['check', {str(recipe)!r}])\n"
        f"print(sorted(set(sys.modules) & {set(spared)!r}))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_the_emulator_loads_nothing_that_judges_recipes() -> None:
    spared = ("rich", "jinja2", "networkx", "pydantic", "httpx", "aiohttp")
    code = f"import sys, seedflow.cli.emulate\nprint(sorted(set(sys.modules) & {set(spared)!r}))\n"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_left_unfinished(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    assert re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", text) is None


def test_what_is_waived_has_a_reason() -> None:
    lines = [
        line
        for folder in (PACKAGE, TESTS)
        for path in folder.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    for line in lines:
        waived = WAIVED.search(line)
        assert waived is None or len(waived[1].strip(" -#")) > 5, line.strip()
