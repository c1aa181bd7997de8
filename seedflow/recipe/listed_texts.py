"""Written lists whose items are texts that YAML, or whoever wrote them, took for something else."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.recipe.leaves import quote
from seedflow.recipe.lost_forms import advise_quotes, find_colon_texts, spell_items, split_quoted_list
from seedflow.text.json_nodes import is_json
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

_MOST_SHOWN = 3


def doubt_brackets(node: Node) -> Iterator[Diagnostic]:
    """Warnings of items that spell a list in brackets: each is one text, and would be paid for as such."""
    if not isinstance(node, Sequence):
        return
    for item in node.items:
        if not isinstance(item, Scalar) or "{{" in item.value:
            continue
        items = split_quoted_list(item.value)
        if len(items) > 1 or (items and len(node.items) == 1):
            spelled = [f"`{one}`" for one in spell_items(items[:_MOST_SHOWN], as_json=is_json(node.source))]
            listed = ", ".join([*spelled, *(["…"] if len(items) > _MOST_SHOWN else [])])
            yield Diagnostic(
                "brackets-in-text",
                f"brackets inside quotes make no list: this item is one text, {quote(item.value.strip())}",
                item.span,
                Severity.WARNING,
                help=f"write an item for each: {listed}",
            )


def mend_colons(node: Sequence, around: Node) -> tuple[Sequence, list[Diagnostic]]:
    """The list with the texts that YAML took for mappings because of a colon, and an error for each of them.

    Where `around`, the step, mentions what YAML took for a key, they are records.
    """
    found = find_colon_texts(node)
    written = around.source.text[around.start : around.end]
    if not found or any(_is_mentioned(item.entries[0].key.value, written) for item in found):
        return node, []
    problems = [
        Diagnostic(
            "wrong-type",
            f"found a mapping, expected text: YAML takes {quote(item.entries[0].key.value)} for a key",
            item.span,
            help=advise_quotes(item),
        )
        for item in found
    ]
    items = tuple(_as_text(item) if item in found else item for item in node.items)
    return Sequence(node.source, node.start, node.end, items), problems


def _is_mentioned(key: str, written: str) -> bool:
    return any(spelled in written for spelled in (f".{key}", f"'{key}'", f'"{key}"', f"key: {key}"))


def _as_text(item: Node) -> Node:
    if not isinstance(item, Mapping):
        return item
    return Scalar(item.source, item.start, item.end, item.source.text[item.start : item.end].rstrip())
