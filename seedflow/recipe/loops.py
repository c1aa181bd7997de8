"""`for_each:` as written to `LoopVariable`s.

for_each:
  scene: "{{ inputs.scenes }}"                  a list that a template gives
  mood: [calm, wild]                             a list that is written out
  pose: {in: "{{ each.scene.poses }}", key: id}  the long form; a later variable may use an earlier one

for_each: "{{ zip(name=inputs.names, tone=inputs.tones) }}"    two variables, `each.name` and `each.tone`, in pairs
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import PydanticCustomError

from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.expressions import STEP_ROOTS, ExpressionParser
from seedflow.recipe.leaves import check_name, describe_node, diagnose, is_nothing
from seedflow.recipe.lost_forms import advise_unquoting
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.schema import StepBlock
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence


def build_loops(
    block: StepBlock, parser: ExpressionParser, find_unread: Callable[[str], frozenset[str]]
) -> tuple[LoopVariable, ...]:
    """The loop variables of a step, in written order; problems go to the parser.

    `find_unread` knows which keys of a variable's long form could not be read.
    """
    entry = block.node.find("for_each") if isinstance(block.node, Mapping) else None
    if entry is None or is_nothing(entry.value):
        return ()
    if isinstance(entry.value, Scalar):
        return _build_zip(entry.value, entry.key.span, parser)
    if isinstance(entry.value, Mapping) and not entry.value.entries:
        parser.problems.append(
            Diagnostic(
                "wrong-type",
                "found an empty mapping, expected a mapping of variables to lists",
                entry.value.span,
                help="name a variable and its list: `for_each: {item: […]}`, or take the line out for a single task",
            )
        )
    found = []
    roots = STEP_ROOTS
    for name, loop in block.for_each.items():
        key = entry.value.find(name) if isinstance(entry.value, Mapping) else None
        span = key.key.span if key is not None else entry.key.span
        items = _parse_list(loop.in_, roots, parser, block.node)
        found.append(
            LoopVariable(
                (name,), (items,), span, key=loop.key, at_most=loop.at_most, unread=find_unread(name)
            )
        )
        roots = STEP_ROOTS | {"each"}
    return tuple(found)


def _build_zip(scalar: Scalar, span: Span, parser: ExpressionParser) -> tuple[LoopVariable, ...]:
    """The variables of `{{ zip(a=…, b=…) }}`, which stands in place of the mapping."""
    before = len(parser.problems)
    lists = parser.parse(scalar, STEP_ROOTS).zipped
    if len(parser.problems) > before:
        return ()
    if not lists:
        parser.problems.append(
            Diagnostic(
                "wrong-type",
                f"found {describe_node(scalar)}, expected a mapping of variables to lists",
                scalar.span,
                help='give the variable a name: `for_each: {item: "{{ … }}"}`, or pair lists: `"{{ zip(a=…, b=…) }}"`',
            )
        )
        return ()
    for name in lists:
        try:
            check_name(name)
        except PydanticCustomError as error:
            parser.problems.append(diagnose(error, scalar.span))
    return (LoopVariable(tuple(lists), tuple(lists.values()), span, zipped=True),)


def _parse_list(node: Node, roots: frozenset[str], parser: ExpressionParser, step: Node) -> Expression:
    """The list of a variable; one that is none is unread, so that its variable stays known."""
    if isinstance(node, Sequence):
        return parser.parse_list(node, roots, step)
    return parser.parse_needed(
        node,
        roots,
        code="not-a-list",
        expected="a list, or one `{{ }}` that gives a list",
        help=advise_unquoting(node) or 'write `[…]`, or a template such as `"{{ inputs.NAME }}"`',
    )
