"""Names of a file that whoever includes it may leave out: where a test or `default` stands before them."""

from __future__ import annotations

from jinja2 import nodes

NO_NAMES: frozenset[str] = frozenset()


def find_spared(node: nodes.Node) -> frozenset[str]:
    """The name that `NAME | default(…)` or `NAME is defined` takes although nothing was passed for it."""
    spared = (isinstance(node, nodes.Filter) and node.name == "default") or (
        isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
    )
    if spared and isinstance(node, nodes.Filter | nodes.Test) and isinstance(node.node, nodes.Name):
        return frozenset([node.node.name])
    return NO_NAMES


def find_passed(test: nodes.Node, *, holds: bool) -> frozenset[str]:
    """The names that were certainly passed where a test holds, or where it does not."""
    match test:
        case nodes.Not():
            return find_passed(test.node, holds=not holds)
        case nodes.And() | nodes.Or():
            left, right = find_passed(test.left, holds=holds), find_passed(test.right, holds=holds)
            return left | right if isinstance(test, nodes.And) is holds else left & right
        case nodes.Test(name="defined" | "undefined"):
            return find_spared(test) if (test.name == "defined") is holds else NO_NAMES
        case _:
            return NO_NAMES
