"""The syntax trees of seedflow's modules for all tests that search them; each is read and walked once, when first asked for."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def read_tree(path: Path) -> ast.Module:
    """The tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def list_nodes(path: Path) -> list[ast.AST]:
    """All nodes of the tree of a module, as `ast.walk` has them."""
    return list(ast.walk(read_tree(path)))
