"""Faults from a file: the same data as over `POST /_emulator/faults`, in YAML or JSON."""

from __future__ import annotations

from pathlib import Path

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.emulator.fault_plan import FaultScript, parse_faults
from seedflow.emulator.faults import WrongFaultError
from seedflow.errors import UsageError
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import LIBRARY_LIMITS, load_source, read_yaml


def load_faults(path: Path) -> FaultScript:
    """Read a file of faults.

    Raises:
        UsageError: it cannot be read, is not YAML, or holds something that is no fault; it is told where.
    """
    source = load_source(path, str(path), max_bytes=LIBRARY_LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        raise UsageError(f"the faults cannot be read: {source.message}")
    root, problems = read_yaml(source, LIBRARY_LIMITS)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors or root is None:
        said = errors[0].message if errors else "it is empty"
        line = errors[0].span.first.line if errors and errors[0].span is not None else 1
        raise UsageError(f"{path}:{line}: the faults cannot be read: {said}")
    try:
        return parse_faults(_to_plain(root))
    except WrongFaultError as problem:
        raise UsageError(
            f"{path}: {problem}", help="docs/reference/emulator.md lists kinds, parameters and scenarios"
        ) from None


def _to_plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Mapping):
        return {entry.key.value: _to_plain(entry.value) for entry in node.entries}
    return [_to_plain(item) for item in node.items]
