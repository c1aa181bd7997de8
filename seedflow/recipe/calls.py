"""`recipe:` and `with:` of a step as written, to `Call`."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.expressions import ExpressionParser, Roots
from seedflow.recipe.leaves import describe_node, is_nothing
from seedflow.recipe.model import Argument, Call
from seedflow.recipe.schema import StepBlock
from seedflow.recipe.used_recipes import Caller, UsedRecipes
from seedflow.text.nodes import Mapping, Node, Scalar


class CallBuilder:
    """Builds the calls of one recipe, `caller`, and counts the steps that they bring with them."""

    def __init__(self, caller: Caller, used: UsedRecipes, parser: ExpressionParser) -> None:
        self._caller = caller
        self._used = used
        self._parser = parser

    def build(self, step: str, span: Span, node: Node, block: StepBlock, roots: Roots) -> Call:
        """One call. `span` is the place of `recipe`, `node` what stands behind it, `roots` what `with:` may mention."""
        arguments, empty = self._build_arguments(block, roots)
        if not isinstance(node, Scalar) or is_nothing(node):
            self._parser.problems.append(
                Diagnostic(
                    "wrong-type",
                    f"found {describe_node(node)}, expected a recipe",
                    span if is_nothing(node) else node.span,
                    help="write the path of a recipe, such as `./portrait.yaml`, or the name of a shipped one",
                )
            )
            return Call(span, "", node.span, None, arguments, empty)
        target = node.value.strip()
        recipe = self._used.find(target, node.span, step, self._caller)
        if isinstance(recipe, Diagnostic):
            self._parser.problems.append(recipe)
            recipe = None
        return Call(span, target, node.span, recipe, arguments, empty)

    def _build_arguments(self, block: StepBlock, roots: Roots) -> tuple[dict[str, Argument], dict[str, Span]]:
        """What is given, and what is only named; `null` gives nothing, as in a file of inputs."""
        entry = block.node.find("with") if isinstance(block.node, Mapping) else None
        written = entry.value if entry is not None else None
        found: dict[str, Argument] = {}
        empty: dict[str, Span] = {}
        for name, node in block.with_.items():
            key = written.find(name) if isinstance(written, Mapping) else None
            if key is None:
                continue
            if is_nothing(node):
                empty[name] = key.key.span
            else:
                found[name] = Argument(name, key.key.span, self._parser.parse_tree(node, roots), node)
        return found, empty
