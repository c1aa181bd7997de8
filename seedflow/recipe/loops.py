"""`for_each:` as written to `LoopVariable`s.

for_each:
  scene: "{{ inputs.scenes }}"                  a list that a template gives
  mood: [calm, wild]                             a list that is written out
  pose: {in: "{{ each.scene.poses }}", key: id}  the long form; a later variable may use an earlier one

for_each: "{{ zip(name=inputs.names, tone=inputs.tones) }}"    two variables, `each.name` and `each.tone`, in pairs
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.expressions import STEP_ROOTS, ExpressionParser
from seedflow.recipe.leaves import NAME_PATTERN, describe_node
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.schema import StepBlock
from seedflow.recipe.templating.lexing import Token, tokenize
from seedflow.recipe.templating.problems import Misread
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

_OPENING = frozenset({"lparen", "lbracket", "lbrace"})
_CLOSING = frozenset({"rparen", "rbracket", "rbrace"})


class PartScalar(Scalar):
    """One expression out of a larger template, as a template of its own: `{{`, the expression, `}}`."""

    __slots__ = ("_offset", "_whole")

    def __init__(self, whole: Scalar, start: int, end: int) -> None:
        span = whole.span_at(start, end)
        super().__init__(
            whole.source, span.start, span.end, "{{" + whole.value[start:end] + "}}", whole.style or '"'
        )
        self._whole = whole
        self._offset = start - 2

    def span_at(self, start: int, end: int) -> Span:
        """The place of characters of `value`; those of the braces are at the ends of the expression."""
        low, high = self._offset + 2, self._offset + len(self.value) - 2
        first = min(max(start + self._offset, low), high)
        last = min(max(end + self._offset, first), high)
        return self._whole.span_at(first, last)


def build_loops(block: StepBlock, parser: ExpressionParser) -> tuple[LoopVariable, ...]:
    """The loop variables of a step, in written order; problems go to the parser."""
    entry = block.node.find("for_each") if isinstance(block.node, Mapping) else None
    if entry is None:
        return ()
    if isinstance(entry.value, Scalar):
        return tuple(_build_zip(entry.value, entry.key.span, parser))
    found = []
    roots = STEP_ROOTS
    for name, loop in block.for_each.items():
        key = entry.value.find(name) if isinstance(entry.value, Mapping) else None
        span = key.key.span if key is not None else entry.key.span
        items = _parse_list(loop.in_, roots, parser)
        found.append(LoopVariable((name,), (items,), span, key=loop.key, at_most=loop.at_most))
        roots = STEP_ROOTS | {"each"}
    return tuple(found)


def _build_zip(scalar: Scalar, span: Span, parser: ExpressionParser) -> Iterator[LoopVariable]:
    pairs = _split_zip(scalar.value)
    if pairs is None:
        parser.problems.append(
            Diagnostic(
                "wrong-type",
                f"found {describe_node(scalar)}, expected a mapping of variables to lists",
                scalar.span,
                help='give the variable a name: `for_each: {item: "{{ … }}"}`, or pair lists: `"{{ zip(a=…, b=…) }}"`',
            )
        )
        return
    names = tuple(name for name, _, _ in pairs)
    lists = tuple(_parse_list(PartScalar(scalar, start, end), STEP_ROOTS, parser) for _, start, end in pairs)
    yield LoopVariable(names, lists, span, zipped=True)


def _split_zip(text: str) -> list[tuple[str, int, int]] | None:
    """The names of `{{ zip(a=X, b=Y) }}`, each with the offsets of its expression; None when it is anything else."""
    try:
        tokens, _ = tokenize(text)
    except Misread:
        return None
    inside = [token for token in tokens if token.kind != "data" or str(token.value).strip()]
    frame = [token.kind for token in (*inside[:3], *inside[-2:])]
    if frame != ["variable_begin", "name", "lparen", "rparen", "variable_end"] or inside[1].value != "zip":
        return None
    pairs: dict[str, tuple[str, int, int]] = {}
    for argument in _split_arguments(inside[3:-2]):
        if [token.kind for token in argument[:2]] != ["name", "assign"] or len(argument) < 3:
            return None
        name = str(argument[0].value)
        if name in pairs or not re.fullmatch(NAME_PATTERN, name):
            return None
        pairs[name] = (name, argument[2].start, argument[-1].end)
    return list(pairs.values()) or None


def _split_arguments(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens between the commas of a call, which the lexer has seen to be balanced; a comma may follow the last."""
    depth = 0
    argument: list[Token] = []
    for token in tokens:
        depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
        if token.kind == "comma" and depth == 0:
            yield argument
            argument = []
        else:
            argument.append(token)
    if argument:
        yield argument


def _parse_list(node: Node, roots: frozenset[str], parser: ExpressionParser) -> Expression:
    """The list of a variable; one that is none counts as empty, so that its variable stays known."""
    if isinstance(node, Sequence):
        return parser.parse_tree(node, roots)
    template = parser.parse_single(
        node,
        roots,
        code="not-a-list",
        expected="a list, or one `{{ }}` that gives a list",
        help='write `[…]`, or a template such as `"{{ inputs.NAME }}"`',
    )
    return template if template is not None else ()
