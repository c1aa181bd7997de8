"""Every durable action of ours lies inside a failure point; nobody but tests can switch one on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import seedflow
from seedflow.failpoints import Step
from tests.source_trees import list_nodes, read_tree

PACKAGE = Path(seedflow.__file__).parent
NOT_OURS = ("emulator/",)
"""What stands in for the provider is outside, and has nothing to keep."""

MODULES = {
    name: path
    for path in sorted(PACKAGE.rglob("*.py"))
    if not (name := str(path.relative_to(PACKAGE))).startswith(NOT_OURS)
}

DURABLE = frozenset(
    [
        "fsync",
        "fdatasync",
        "posix_fallocate",
        "pwrite",
        "ftruncate",
        "truncate",
        "unlink",
        "rmdir",
        "mkdir",
        "makedirs",
        "mkdtemp",
        "mkstemp",
        "rename",
        "renames",
        "rmtree",
        "copyfile",
        "copy2",
        "copyfileobj",
        "move",
        "link",
        "symlink",
        "write_text",
        "write_bytes",
        "chmod",
        "fchmod",
        "sync_descriptor",
        "write_all",
    ]
)
"""Calls that change the disk, whatever they are called on."""

WAIVED = {
    ("cli/project_files.py", "_place", "unlink"): "of a temporary name that no reader knows",
    ("cli/project_files.py", "_take_back", "rmdir"): "undoing; the command has failed already and says so",
    ("cli/project_files.py", "_take_back", "unlink"): "the same",
    ("cli/project_files.py", "_take_back", "write_bytes"): "the same",
    ("recipe/picks_file.py", "_replace", "unlink"): "of a temporary name, after the disk has refused",
    ("store/journal.py", "__init__", "unlink"): "of an empty journal, after the disk has refused",
    ("store/journal.py", "_take_room", "posix_fallocate"): "called inside `journal-room`",
    ("store/journal.py", "_take_room", "write_all"): "called inside `journal-room`",
    ("store/durable.py", "sync_descriptor", "fsync"): "its callers have points, which this test sees to",
    ("store/durable.py", "write_all", "pwrite"): "as above: its callers have points",
    ("store/salvage.py", "preview_salvage", "open"): "of a file in a folder of its own, which goes with it",
    ("store/salvage.py", "_rebuild", "chmod"): "of a new file that nobody knows yet",
    ("store/salvage.py", "_rebuild", "unlink"): "of the same, after a refusal",
    (
        "store/salvage.py",
        "_make_header",
        "COMMIT",
    ): "of a database in a folder of its own, which goes with it",
    ("store/salvage.py", "_copy", "unlink"): "of a temporary copy",
    (
        "store/salvage_schema.py",
        "_write_sample",
        "COMMIT",
    ): "of a database in a folder of its own, which goes with it",
    ("store/upgrade.py", "remove_database", "unlink"): "of a temporary copy",
    ("store/ledger.py", "__init__", "close"): "nothing was written by it",
    ("store/archive_reading.py", "extract", "open"): "the archive's entry, for reading",
    ("store/archive_reading.py", "_check_picture", "open"): "of a temporary folder that goes with the block",
    ("store/exporting.py", "_fill", "open"): "for reading, and of entries of a file that nobody knows yet",
    (
        "store/exporting.py",
        "_make",
        "open",
    ): "of a hidden file of the user's, which no state and no money depends on",
    ("store/exporting.py", "_write", "open"): "of the same",
    ("store/exporting.py", "_write", "fsync"): "of the same",
    ("store/exporting.py", "_write", "link"): "of the same: it gets its name whole or not at all",
    ("store/exporting.py", "_write", "unlink"): "of the same",
    ("cli/live.py", "_draw", "truncate"): "of a text",
    ("cli/terminal.py", "_prepare", "open"): "of the null device",
    ("cli/terminal.py", "_give_up", "open"): "of the null device",
    ("images/inspect.py", "_open_without_waiting", "open"): "for reading",
    ("store/durable.py", "write_all", "write"): "as above",
    ("store/durable.py", "open_private", "open"): "the flags are its callers'",
    ("store/history.py", "__exit__", "close"): "of a connection that only reads",
    ("pipeline/probe.py", "_plan", "write_bytes"): "of a temporary folder that goes with the block",
    ("pipeline/probe.py", "_plan", "write_text"): "of the same",
}
"""Durable calls without a point: (file, function, call) and why."""

Place = tuple[str, str, str]


def find_durable_calls(tree: ast.Module, name: str) -> Iterator[tuple[Place, int, bool]]:
    """Each call that changes the disk: where, its line, and whether a point is around it."""

    def visit(node: ast.AST, function: str, guarded: bool) -> Iterator[tuple[Place, int, bool]]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function, guarded = node.name, False
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                yield from visit(item.context_expr, function, guarded)
                guarded = guarded or is_point(item.context_expr)
            for child in node.body:
                yield from visit(child, function, guarded)
            return
        if isinstance(node, ast.Call) and (found := name_durable(node)) is not None:
            yield (name, function, found), node.lineno, guarded
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function, guarded)

    yield from visit(tree, "", False)


def is_point(node: ast.expr) -> bool:
    """`Step.NAME`, or a variable of that name which `transaction` is given."""
    if isinstance(node, ast.Name):
        return node.id == "step"
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Step"


def name_durable(call: ast.Call) -> str | None:
    """The name of a call that changes the disk; None for any other."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in DURABLE:
        return name
    written = ast.unparse(call)
    if (
        name == "replace"
        and isinstance(function, ast.Attribute)
        and len(call.args) == 1
        and not call.keywords
    ):
        return name
    if name == "write" and written.startswith("os."):
        return name
    if name in ("execute", "executescript") and "COMMIT" in written:
        return "COMMIT"
    if name == "close" and "connection" in written and "_connection" in written:
        return "close"
    if name in ("open", "open_private", "fdopen") and is_for_writing(call, written):
        return "open"
    return None


def is_for_writing(call: ast.Call, written: str) -> bool:
    if "O_CREAT" in written or "O_WRONLY" in written or "flags" in written:
        return "O_RDONLY" not in written
    modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    modes += [keyword.value.value for keyword in call.keywords if isinstance(keyword.value, ast.Constant)]
    named = any(isinstance(argument, ast.Name) and argument.id == "mode" for argument in call.args)
    return named or any(isinstance(mode, str) and mode.strip("bt+") in ("w", "x", "a") for mode in modes)


@cache
def find_all() -> dict[tuple[Place, int], bool]:
    """Each call of ours that changes the disk: where, its line, and whether a point is around it."""
    return {
        (place, line): guarded
        for name, path in MODULES.items()
        for place, line, guarded in find_durable_calls(read_tree(path), name)
    }


def test_every_durable_action_has_a_point() -> None:
    bare = [
        f"{file}:{line} {call} in {function}"
        for ((file, function, call), line), guarded in find_all().items()
        if not guarded and (file, function, call) not in WAIVED
    ]
    assert bare == [], "do it inside `with Step.NAME:` of `failpoints.py`, or say above why it needs no point"


def test_what_is_waived_is_there() -> None:
    assert set(WAIVED) <= {place for place, _ in find_all()}


def test_the_search_sees_what_it_should() -> None:
    """A handful of actions that must be among those found, so that the test above cannot pass for want of sight."""
    seen = {(file, call) for (file, _, call), _ in find_all()}
    assert seen >= {
        ("store/ledger.py", "COMMIT"),
        ("store/blobs.py", "replace"),
        ("store/journal.py", "write_all"),
        ("run/publish.py", "copyfile"),
        ("run/event_file.py", "open"),
        ("providers/download.py", "open"),
        ("recipe/picks_file.py", "replace"),
        ("cli/project_files.py", "link"),
    }


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("path.replace(target)", False),
        ("with Step.BLOB_RENAME:\n path.replace(target)", True),
        ("with Step.SMALL_WRITE, path.open('w') as file:\n pass", True),
        ("with path.open('w') as file, Step.SMALL_WRITE:\n pass", False),
        ("with other:\n os.fsync(1)", False),
        ("with Step.SMALL_SYNC:\n def late():\n  os.fsync(1)", False),
    ],
)
def test_a_point_must_be_around_the_action(text: str, guarded: bool) -> None:
    assert [found for *_, found in find_durable_calls(ast.parse(text), "a.py")] == [guarded]


def test_every_point_is_somewhere() -> None:
    used = {
        node.attr
        for name, path in MODULES.items()
        if name != "failpoints.py"
        for node in list_nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Step"
    }
    assert set(Step.__members__) - used == set()


def test_nothing_of_ours_switches_a_point_on() -> None:
    watching = {
        name
        for name, path in MODULES.items()
        for node in list_nodes(path)
        if isinstance(node, ast.ImportFrom)
        and node.module == "seedflow.failpoints"
        and {found.name for found in node.names} - {"Step"}
    }
    assert watching == set()
