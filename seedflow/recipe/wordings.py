"""The wordings of references, `ref_words`: what each must hold, may hold, and what would make numbers unreadable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seedflow.diagnostics import Diagnostic
from seedflow.recipe.model import RefWords
from seedflow.recipe.schema import RefWordsBlock
from seedflow.recipe.words import PLACES
from seedflow.text.nodes import Mapping as MappingNode
from seedflow.text.nodes import Node, Scalar

_BRACED: Final = re.compile(r"\{+[^{}]*\}*|\}+")
_DIGIT_BESIDE: Final = re.compile(r"\d(?=\{)|(?<=\})\d|\}\s*(?=\{)")


def build_ref_words(block: RefWordsBlock) -> tuple[RefWords, list[Diagnostic]]:
    """The wordings that a recipe gives, the others as they are without it, and what is wrong with them."""
    given = {key: text for key in PLACES if (text := getattr(block, key)) is not None}
    problems = [found for key, text in given.items() for found in _judge(block, key, text)]
    return RefWords(**given), problems


def _judge(block: RefWordsBlock, key: str, text: str) -> Iterator[Diagnostic]:
    node = _find_value(block, key)
    places = PLACES[key]
    missing = [place for place in places if place not in text]
    if missing:
        needed = " and ".join(f"`{place}`" for place in missing)
        yield Diagnostic(
            "wording-without-place",
            f"the wording `{key}` does not say where {needed} goes",
            node.span,
            help=f"put {needed} into it",
        )
    unknown = [found for found in _BRACED.finditer(text) if found[0] not in places]
    for found in unknown:
        known = " and ".join(f"`{place}`" for place in places)
        yield Diagnostic(
            "unknown-place",
            f"`{found[0]}` stands for nothing in the wording `{key}`, and would be sent as it is",
            node.span_at(found.start(), found.end()) if isinstance(node, Scalar) else node.span,
            help=f"it knows {known}; take `{found[0]}` out"
            if known
            else "it stands between two numbers: take it out",
        )
    if not missing and not unknown and _runs_together(key, text):
        yield Diagnostic(
            "numbers-run-together",
            f"with the wording `{key}` numbers would run together, as in `{_show(key, text)}`",
            node.span,
            help='write a word or a sign between them, such as `last: " and "`'
            if key == "last"
            else "write a word or a sign beside each number",
        )


def _runs_together(key: str, text: str) -> bool:
    braced = f"{{first}}{text}{{last}}" if key == "last" else text
    return _DIGIT_BESIDE.search(braced) is not None


def _show(key: str, text: str) -> str:
    """An example of what it would make: of images 2 and 3, or 2 to 5."""
    if key == "last":
        return f"2{text}3"
    shown = {"{n}": "2", "{list}": "2 and 3", "{first}": "2", "{last}": "5"}
    for place in PLACES[key]:
        text = text.replace(place, shown[place])
    return text


def _find_value(block: RefWordsBlock, key: str) -> Node:
    entry = block.node.find(key) if isinstance(block.node, MappingNode) else None
    return block.node if entry is None else entry.value
