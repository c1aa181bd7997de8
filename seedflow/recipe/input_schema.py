"""What may stand below `inputs:`, key by key: types of values, and columns of tables; a part of the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.blocks import NO_SHORT_FORM, Block
from seedflow.recipe.leaves import (
    WORDS_SCHEMA,
    AnyNode,
    Boolean,
    Count,
    NameKey,
    Number,
    OptionalText,
    Words,
    is_nothing,
    open_mapping,
    open_sequence,
    problem,
    quote,
    read_text,
    wrong_type,
)
from seedflow.recipe.model import InputType
from seedflow.recipe.words import (
    COLUMN_ELSEWHERE,
    INPUT_ELSEWHERE,
    INPUT_LATER,
    INPUT_MEANT,
    ITEM_ELSEWHERE,
    ITEM_MEANT,
    TYPES_ELSEWHERE,
)
from seedflow.text.nodes import Node, Scalar


def _read_input_type(node: object) -> InputType:
    text = read_text(node)
    types = [kind.value for kind in InputType]
    if text in types:
        return InputType(text)
    word = text.lower()
    near = TYPES_ELSEWHERE.get(word) or find_near(text, types) or TYPES_ELSEWHERE.get(word.removesuffix("s"))
    raise problem(
        code="unknown-type",
        message=f"{quote(text)} is not a type of input; expected one of {', '.join(types)}",
        help=f"did you mean `{near}`?" if near else "write `text` for plain words",
        meant=near,
    )


def find_bound(word: str, kind: Node | None) -> str | None:
    """The key that `min` or `max` stands for in the definition of a value of a type."""
    text = kind.value if isinstance(kind, Scalar) else ""
    of = {"text": "length", "list": "items", "table": "items"}.get(TYPES_ELSEWHERE.get(text, text))
    if of is not None:
        return f"{word}_{of}"
    return f"{word}imum" if TYPES_ELSEWHERE.get(text, text) in ("number", "integer") else None


def _read_option(node: object) -> str:
    text = read_text(node)
    if not text.strip():
        raise problem(
            code="empty-text",
            message="found an option without any text, expected at least one character",
            help="take it out, and declare the input `optional: true` if it may be left open",
        )
    return text


def _read_delimiter(node: object) -> str:
    text = read_text(node)
    if len(text) != 1 or text in '"\r\n':
        raise problem(
            code="wrong-type",
            message=f"found {quote(text)}, expected the one character that parts the cells of a row",
            help='write `","`, `";"` or `"\\t"` for a tab',
        )
    return text


_TYPES: Final[Mapping[str, Any]] = {"enum": [kind.value for kind in InputType]}
_NO_TABLE: Final[Mapping[str, Any]] = {
    "enum": [kind.value for kind in InputType if kind is not InputType.TABLE]
}

_ALONE: Final[Mapping[str, Any]] = {
    "enum": [kind.value for kind in InputType if kind.value not in ("list", "choice", "table")]
}
"""The types that need no other key."""

_NUMBERS: Final = frozenset({InputType.NUMBER, InputType.INTEGER})
_LISTS: Final = frozenset({InputType.LIST, InputType.TABLE})
_TABLE: Final = frozenset({InputType.TABLE})
TYPES_BY_KEY: Final[Mapping[str, frozenset[InputType]]] = {
    "of": frozenset({InputType.LIST}),
    "options": frozenset({InputType.CHOICE}),
    "minimum": _NUMBERS,
    "maximum": _NUMBERS,
    "min_length": frozenset({InputType.TEXT}),
    "max_length": frozenset({InputType.TEXT}),
    "min_items": _LISTS,
    "max_items": _LISTS,
    "columns": _TABLE,
    "key": _TABLE,
    "delimiter": _TABLE,
}
"""The types that a key goes with; all others go with every type."""

InputTypeValue = Annotated[InputType, BeforeValidator(_read_input_type), WithJsonSchema(dict(_TYPES))]
ItemTypeValue = Annotated[InputType, BeforeValidator(_read_input_type), WithJsonSchema(dict(_NO_TABLE))]
Options = Annotated[
    list[Annotated[str, BeforeValidator(_read_option), WithJsonSchema(WORDS_SCHEMA)]],
    BeforeValidator(open_sequence),
]
Delimiter = Annotated[
    str,
    BeforeValidator(_read_delimiter),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 1},
                {"type": "integer", "minimum": 0, "maximum": 9},
            ]
        }
    ),
]


class ItemBlock(Block):
    """What one value must be."""

    called = "the definition of a value"
    short = _ALONE
    later = INPUT_LATER
    elsewhere = ITEM_ELSEWHERE
    meant = ITEM_MEANT

    type: ItemTypeValue = Field(
        description="What a value is: text, number, integer, boolean, choice, image or list."
    )
    description: OptionalText = Field(None, description="What the value is for. Shown by `seedflow show`.")
    of: ItemBlock | None = Field(
        None, description="For a list: the type of its items, or a full definition like that of an input."
    )
    options: Options | None = Field(None, description="For a choice: the texts to choose from.")
    minimum: Number | None = Field(None, description="For a number or integer: the least that it may be.")
    maximum: Number | None = Field(None, description="For a number or integer: the most that it may be.")
    min_length: Count | None = Field(None, description="For text: the least number of characters.")
    max_length: Count | None = Field(None, description="For text: the greatest number of characters.")
    min_items: Count | None = Field(
        None, description="For a list or table: the least number of items or rows."
    )
    max_items: Count | None = Field(
        None, description="For a list or table: the greatest number of items or rows."
    )

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:
        """`of: text` stands for `of: {type: text}`."""
        return {"type": node} if isinstance(node, Scalar) and not is_nothing(node) else None


class ColumnBlock(ItemBlock):
    """One column of a table."""

    called = "the definition of a column"
    elsewhere = COLUMN_ELSEWHERE

    default: AnyNode | None = Field(
        None,
        description="The value where a row has none. It is data: a template in it is not rendered. A path is relative to the recipe.",
    )
    optional: Boolean = Field(
        False, description="Whether a row may be without a value; it is then none in templates."
    )
    header: Words | None = Field(
        None, description="The column's title in files. Without it the title is the column's name."
    )


class InputBlock(ItemBlock):
    """One input of a recipe."""

    called = "the definition of an input"
    short = NO_SHORT_FORM
    elsewhere = INPUT_ELSEWHERE
    meant = INPUT_MEANT

    type: InputTypeValue = Field(
        description="What a value is: text, number, integer, boolean, choice, image, list, or table for rows of records."
    )
    default: AnyNode | None = Field(
        None,
        description="The value when none is given. It is data: a template in it is not rendered. A path is relative to the recipe.",
    )
    optional: Boolean = Field(
        False, description="Whether the input may be absent; it is then none in templates."
    )
    columns: Annotated[dict[NameKey, ColumnBlock] | None, BeforeValidator(open_mapping)] = Field(
        None,
        description="For a table: its columns, a mapping of names to types or definitions. Columns of a file that are not declared are text.",
    )
    key: Words | None = Field(
        None,
        description="For a table: the column that tells its rows apart, and gives tasks their addresses.",
    )
    delimiter: Delimiter | None = Field(
        None,
        description="For a table: what parts the cells in CSV files. Without it a comma; in .tsv files a tab.",
    )

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:
        """An input is always a mapping, so that a word after its name is not taken for its default."""
        if isinstance(node, Scalar) and not is_nothing(node):
            types = {kind.value for kind in InputType}
            wanted = f"{{type: {node.value}}}" if node.value in types else "{type: text, default: …}"
            raise wrong_type(node, "the definition of an input", help=f"write `{wanted}`")
        return None
