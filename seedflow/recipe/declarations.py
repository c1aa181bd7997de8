"""`inputs:` as written to `Input`: which keys go with which type, bounds that leave something, defaults that fit."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.recipe.input_images import check_image_text
from seedflow.recipe.input_types import read_value
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.schema import InputBlock, ItemBlock
from seedflow.text.nodes import Mapping, Scalar, Sequence

_NUMBERS = frozenset({InputType.NUMBER, InputType.INTEGER})
_TYPES_BY_KEY = {
    "of": frozenset({InputType.LIST}),
    "options": frozenset({InputType.CHOICE}),
    "minimum": _NUMBERS,
    "maximum": _NUMBERS,
    "min_length": frozenset({InputType.TEXT}),
    "max_length": frozenset({InputType.TEXT}),
    "min_items": frozenset({InputType.LIST}),
    "max_items": frozenset({InputType.LIST}),
}
_PAIRS = (("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items"))


def build_input(name: str, span: Span, block: InputBlock) -> tuple[Input, list[Diagnostic]]:
    """A declared input, and what is wrong with its declaration, its default included."""
    declared = _build(name, span, block)
    problems = list(_check(block, span))
    if not problems and declared.default is not None:
        _, problems = read_value(declared, declared.default, _check_image)
    if declared.optional and declared.default is not None:
        problems.append(
            Diagnostic(
                "optional-with-default",
                f"`optional` has no effect on `{name}`: with a default it is never absent",
                _key_span(block, "optional", span),
                Severity.WARNING,
                help="take out `optional` or `default`",
            )
        )
    return declared, problems


def _build(name: str, span: Span, block: ItemBlock) -> Input:
    own = block if isinstance(block, InputBlock) else None
    return Input(
        name=name,
        span=span,
        type=block.type,
        of=_build(name, span, block.of) if block.of is not None else None,
        options=tuple(block.options or ()),
        optional=own.optional if own else False,
        default=own.default if own else None,
        description=block.description,
        header=own.header if own else None,
        minimum=block.minimum,
        maximum=block.maximum,
        min_length=block.min_length,
        max_length=block.max_length,
        min_items=block.min_items,
        max_items=block.max_items,
    )


def _check(block: ItemBlock, span: Span) -> Iterator[Diagnostic]:
    """What is wrong with one definition and those of its items."""
    for key, types in _TYPES_BY_KEY.items():
        if getattr(block, key) is not None and block.type not in types:
            homes = " or ".join(f"`{kind}`" for kind in InputType if kind in types)
            yield Diagnostic(
                "key-not-for-type",
                f"`{key}` goes with the type {homes}, but this is `{block.type}`",
                _key_span(block, key, span),
                help=f"take `{key}` out, or change the type",
            )
    if block.type is InputType.LIST and block.of is None:
        yield Diagnostic(
            "missing-key",
            "a list needs the key `of`",
            span,
            help="add `of:` with the type of its items, such as `of: text`",
        )
    if block.type is InputType.CHOICE and not block.options:
        yield Diagnostic(
            "missing-key",
            "a choice needs the key `options` with at least one text",
            _key_span(block, "options", span),
            help="add `options: […]` with the texts to choose from",
        )
    yield from _check_options(block)
    for low_key, high_key in _PAIRS:
        low, high = getattr(block, low_key), getattr(block, high_key)
        if low is not None and high is not None and low > high:
            yield Diagnostic(
                "empty-bounds",
                f"`{low_key}` is {low} and `{high_key}` is {high}; nothing lies between them",
                _key_span(block, low_key, span),
                help="swap the two",
            )
    if block.of is not None:
        yield from _check(block.of, span)


def _check_options(block: ItemBlock) -> Iterator[Diagnostic]:
    entry = block.node.find("options") if isinstance(block.node, Mapping) else None
    if entry is None or not isinstance(entry.value, Sequence) or not block.options:
        return
    seen: dict[str, Span] = {}
    for text, node in zip(block.options, entry.value.items, strict=True):
        if text in seen:
            yield Diagnostic(
                "same-option-twice",
                f"the option {quote(text)} stands here twice",
                node.span,
                help="take one of them out",
                related=(Related(seen[text], "it stands here first"),),
            )
        seen.setdefault(text, node.span)


def _key_span(block: ItemBlock, key: str, fallback: Span) -> Span:
    entry = block.node.find(key) if isinstance(block.node, Mapping) else None
    return entry.key.span if entry is not None else fallback


def _check_image(scalar: Scalar) -> object:
    return check_image_text(scalar.value, scalar.span) or scalar.value
