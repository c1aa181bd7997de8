"""`inputs:` as written to `Input`: which keys go with which type, bounds that leave something, defaults that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.image_folders import has_image_ending, is_pattern
from seedflow.recipe.input_images import check_image_text, is_url
from seedflow.recipe.input_schema import TYPES_BY_KEY, ColumnBlock, InputBlock, ItemBlock
from seedflow.recipe.input_types import read_value
from seedflow.recipe.leaves import quote
from seedflow.recipe.listed_texts import doubt_brackets
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.table_files import check_table_path
from seedflow.text.nodes import Mapping, Scalar
from seedflow.text.nodes import Sequence as SequenceNode

_PAIRS = (("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items"))
_NO_KEYS = frozenset({InputType.IMAGE, InputType.LIST, InputType.TABLE})


def build_input(name: str, span: Span, block: InputBlock) -> tuple[Input, list[Diagnostic]]:
    """A declared input, and what is wrong with its declaration, its default included."""
    declared = _build(name, span, block)
    problems = list(_check(block, span))
    problems.extend(_check_table(declared, block))
    if not problems:
        problems.extend(_check_defaults(declared))
    problems.extend(_warn_of_optional(name, span, block))
    for column_name, column in (block.columns or {}).items():
        problems.extend(_warn_of_optional(column_name, declared.columns[column_name].span, column))
    return declared, problems


def _build(name: str, span: Span, block: ItemBlock) -> Input:
    own = block if isinstance(block, InputBlock | ColumnBlock) else None
    table = block if isinstance(block, InputBlock) else None
    column = block if isinstance(block, ColumnBlock) else None
    return Input(
        name=name,
        span=span,
        type=block.type,
        of=_build(name, span, block.of) if block.of is not None else None,
        options=tuple(block.options or ()),
        optional=own.optional if own else False,
        default=own.default if own else None,
        description=block.description,
        header=column.header.strip() if column and column.header is not None else None,
        minimum=block.minimum,
        maximum=block.maximum,
        min_length=block.min_length,
        max_length=block.max_length,
        min_items=block.min_items,
        max_items=block.max_items,
        columns=_build_columns(table) if table else {},
        key=table.key if table else None,
        delimiter=table.delimiter if table else None,
    )


def _build_columns(block: InputBlock) -> dict[str, Input]:
    return {
        name: _build(name, _column_span(block, name), column)
        for name, column in (block.columns or {}).items()
    }


def _check(block: ItemBlock, span: Span) -> Iterator[Diagnostic]:
    """What is wrong with one definition, those of its items and those of its columns."""
    for key, types in TYPES_BY_KEY.items():
        if getattr(block, key, None) is not None and block.type not in types:
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
    if block.type is InputType.TABLE and not isinstance(block, InputBlock):
        yield Diagnostic(
            "table-inside",
            "a table is an input of its own, and never stands in a list or another table",
            block.node.span,
            help="declare it as an input, or use a list",
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
    if isinstance(block, InputBlock):
        for name, column in (block.columns or {}).items():
            yield from _check(column, _column_span(block, name))


def _check_table(declared: Input, block: InputBlock) -> Iterator[Diagnostic]:
    """What is wrong between the columns of a table: equal titles, and a key that cannot tell rows apart."""
    titles: dict[str, Input] = {}
    for column in declared.columns.values():
        first = titles.setdefault(column.title, column)
        if first is not column:
            yield Diagnostic(
                "repeated-column",
                f"two columns have the title {quote(column.title)} in files",
                _key_span(block.columns[column.name], "header", column.span)
                if block.columns
                else column.span,
                help="give one of them another `header`",
                related=(Related(first.span, "the first one"),),
            )
    if declared.key is None or not declared.columns:
        return
    key = declared.columns.get(declared.key)
    span = _value_span(block, "key", declared.span)
    if key is None:
        near = find_near(declared.key, declared.columns)
        titled = next((name for name, one in declared.columns.items() if one.title == declared.key), near)
        yield Diagnostic(
            "bad-key-column",
            f"the key {quote(declared.key)} is not one of the columns of `{declared.name}`",
            span,
            help=f"did you mean `{titled}`?"
            if titled
            else f"declare it under `columns:`, such as `{declared.key}: text`",
        )
    elif key.type in _NO_KEYS:
        yield Diagnostic(
            "bad-key-column",
            f"the key column `{key.name}` is of type `{key.type}`, which cannot tell rows apart",
            span,
            help="name a column of text or numbers",
        )
    elif key.optional or key.default is not None:
        what = "optional" if key.optional else "default"
        yield Diagnostic(
            "bad-key-column",
            f"the key column `{key.name}` has `{what}`, but every row needs a key of its own",
            _key_span(block.columns[key.name], what, key.span) if block.columns else span,
            help=f"take `{what}` out",
        )


def _check_defaults(declared: Input) -> Iterator[Diagnostic]:
    for column in declared.columns.values():
        if column.default is not None:
            yield from read_value(column, column.default, _SpellingOnly())[1]
    if declared.default is not None:
        yield from read_value(declared, declared.default, _SpellingOnly())[1]
        if declared.of is not None and declared.of.type is InputType.TEXT:
            yield from doubt_brackets(declared.default)


def _warn_of_optional(name: str, span: Span, block: InputBlock | ColumnBlock) -> Iterator[Diagnostic]:
    if block.optional and block.default is not None:
        yield Diagnostic(
            "optional-with-default",
            f"`optional` has no effect on `{name}`: with a default it is never absent",
            _key_span(block, "optional", span),
            Severity.WARNING,
            help="take out `optional` or `default`",
        )


def _check_options(block: ItemBlock) -> Iterator[Diagnostic]:
    entry = block.node.find("options") if isinstance(block.node, Mapping) else None
    if entry is None or not isinstance(entry.value, SequenceNode) or not block.options:
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


def _value_span(block: ItemBlock, key: str, fallback: Span) -> Span:
    entry = block.node.find(key) if isinstance(block.node, Mapping) else None
    return entry.value.span if entry is not None else fallback


def _column_span(block: InputBlock, name: str) -> Span:
    entry = block.node.find("columns") if isinstance(block.node, Mapping) else None
    column = entry.value.find(name) if entry is not None and isinstance(entry.value, Mapping) else None
    return column.key.span if column is not None else block.node.span


class _SpellingOnly:
    """Judges how files are named, and opens none: a recipe is read without looking at anything else."""

    @property
    def of_recipe(self) -> _SpellingOnly:
        """Here it makes no difference."""
        return self

    def open_image(self, scalar: Scalar) -> object:
        """The text itself, or what is wrong with it."""
        return check_image_text(scalar.value, scalar.span) or scalar.value

    def find_images(self, scalar: Scalar) -> Sequence[object] | Diagnostic | None:
        """The text itself where it names one image; None where it may stand for several."""
        wrong = check_image_text(scalar.value, scalar.span)
        if wrong is not None:
            return wrong
        one = is_url(scalar.value) or (has_image_ending(scalar.value) and not is_pattern(scalar.value))
        return [scalar.value] if one else None

    def read_rows(self, declared: Input, scalar: Scalar) -> tuple[None, list[Diagnostic]]:
        """Rows are not looked for; only the file's name is judged."""
        del declared
        wrong = check_table_path(scalar.value, scalar.span)
        return None, [] if wrong is None else [wrong]
