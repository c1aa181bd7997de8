"""Node tree and schema to document. Every problem gets its exact place; pydantic's own words never reach the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from seedflow.diagnostics import Diagnostic, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.blocks import BindingOptions, Entries, UnknownKey
from seedflow.recipe.schema import RecipeBlock
from seedflow.recipe.step_kinds import check_kinds
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_HARMLESS = frozenset({"takes", "expect", "when"})
"""Words that come later and that leave a recipe whole when they are left out."""


class _Problem(NamedTuple):
    """`harmless` when the key can be left out and all the rest still means the same."""

    diagnostic: Diagnostic
    harmless: bool


def bind_recipe(root: Node) -> tuple[RecipeBlock | None, list[Diagnostic]]:
    """A recipe's node tree to the document that it spells, and all problems with it, in the order of the text.

    Keys that can be left out without changing the meaning of the rest are reported and left out of the document, so that
    the rest can be checked as well. With any other problem there is no document.
    """
    problems: list[_Problem] = []
    try:
        document: RecipeBlock | None = RecipeBlock.model_validate(root, context=BindingOptions())
    except ValidationError as error:
        problems = [
            found for details in error.errors(include_url=False) if (found := _explain(details, root))
        ]
        document = None
    newer = [found.diagnostic for found in problems if found.diagnostic.code == "newer-language"]
    if newer:
        return None, newer
    steps = root.find("steps") if isinstance(root, Mapping) else None
    if steps is not None and isinstance(steps.value, Mapping):
        problems.extend(_Problem(found, harmless=False) for found in check_kinds(steps.value))
    if document is None and all(found.harmless for found in problems):
        document = RecipeBlock.model_validate(root, context=BindingOptions(keep_unknown=False))
    elif any(not found.harmless for found in problems):
        document = None
    return document, sort_by_place([found.diagnostic for found in problems])


def sort_by_place(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics of one file in the order of its text."""
    return sorted(diagnostics, key=lambda found: found.span.start if found.span is not None else 0)


def _explain(details: ErrorDetails, root: Node) -> _Problem | None:
    kind, place, loc = details["type"], details["input"], details["loc"]
    if isinstance(place, UnknownKey):
        return _explain_unknown(place)
    if kind == "missing":
        return _explain_missing(str(loc[-1]), place, _key_at(root, loc[:-1]))
    words = details["ctx"]
    node_span = place.span if isinstance(place, Scalar | Sequence | Mapping) else _key_at(root, loc)
    span = _key_at(root, loc[:-1]) if loc[-1:] == ("[key]",) else node_span
    return _Problem(Diagnostic(kind, words["message"], span, help=words["help"]), harmless=False)


def _explain_unknown(found: UnknownKey) -> _Problem:
    key, block = found.entry.key, found.block
    word = key.value
    if word in block.later:
        later = Diagnostic(
            "not-yet",
            f"`{word}` {block.later[word]}; it belongs to the language, but this seedflow cannot do it yet",
            key.span,
            help=f"take `{word}` out for now",
        )
        return _Problem(later, harmless=word in _HARMLESS)
    known = ", ".join(block.known_keys())
    near = find_near(word, block.known_keys())
    help_text = block.elsewhere.get(word) or (
        f"did you mean `{near}`?" if near else "keys of your own begin with `x-`"
    )
    unknown = Diagnostic(
        "unknown-key", f"{block.called} has no key {word!r}; known here: {known}", key.span, help=help_text
    )
    return _Problem(unknown, harmless=near is None and word not in block.elsewhere)


def _explain_missing(key: str, entries: object, span: Span) -> _Problem | None:
    block = entries.block if isinstance(entries, Entries) else RecipeBlock
    if isinstance(entries, dict):
        unknown = [found for found in entries.values() if isinstance(found, UnknownKey)]
        if any(find_near(found.entry.key.value, block.known_keys()) == key for found in unknown):
            return None
    meaning = next(
        (field.description for name, field in block.model_fields.items() if (field.alias or name) == key),
        None,
    )
    help_text = "write `seedflow: 1` as the first line" if key == "seedflow" else f"add `{key}:`. {meaning}"
    return _Problem(
        Diagnostic("missing-key", f"{block.called} needs the key `{key}`", span, help=help_text),
        harmless=False,
    )


def _key_at(root: Node, loc: tuple[int | str, ...]) -> Span:
    """The key at which a path through the tree ends, or for an item of a list the item; for no path, the first key."""
    node = root
    span = root.entries[0].key.span if isinstance(root, Mapping) and root.entries else root.span
    for part in loc:
        if isinstance(node, Mapping) and (entry := node.find(str(part))) is not None:
            node, span = entry.value, entry.key.span
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
            span = node.span
        else:
            break
    return span
