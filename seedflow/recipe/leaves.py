"""The leaves of the schema: how one node is read where text, a name, a number or a list of these is wanted.

The destination decides how a plain scalar is read: `007` is a number where a number is wanted and keeps its spelling
where text is. A reader takes a node and returns a value, or raises a `PydanticCustomError` whose type is the code of a
diagnostic and whose context holds its words; `seedflow.recipe.binding` gives it the node's place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, LiteralString

from pydantic import AfterValidator, BeforeValidator, SkipValidation, WithJsonSchema
from pydantic_core import PydanticCustomError

from seedflow.canonical import build_slug
from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.lost_forms import advise_quotes, advise_unquoting
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

NAME_PATTERN = r"[a-z][a-z0-9_]*"
NAME: Final = re.compile(NAME_PATTERN)
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
"""A number as many countries write it."""
MAX_INTEGER = 2**53 - 1
"""The largest whole number that JSON carries exactly."""

_RANGE = re.compile(r"(\d{1,9})\s*(?:-|–|\.\.|to)\s*(\d{1,9})")
_MENTION = re.compile(r"(?:\{\{)?\s*(?:steps|each)\.([a-z][a-z0-9_]*)(?:\.\w+)*\s*(?:\}\})?")
"""A mention of a step or a variable where its name is wanted."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_MAX_SHOWN = 60


class Unread(Scalar):
    """Stands in the place of something that a mapping needs and that could not be read, which is told."""

    __slots__ = ()


def problem(
    *,
    code: LiteralString,
    message: str,
    help: str | None = None,  # noqa: A002 - the word users see
    meant: str | None = None,
) -> PydanticCustomError:
    """The error that becomes a diagnostic of this code at the node that was read; `meant` is what to read on with in its place."""
    return PydanticCustomError(code, "{message}", {"message": message, "help": help, "meant": meant})


def diagnose(error: PydanticCustomError, span: Span) -> Diagnostic:
    """The diagnostic that a reader's error stands for."""
    words = error.context or {}
    return Diagnostic(error.type, words["message"], span, help=words["help"])


def quote(text: str) -> str:
    """Somebody's text inside a message: between backticks, on one line, and not for pages; of an empty one the words."""
    if not text:
        return "empty text"
    shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
    return "`" + shown.replace("\r", "\\r").replace("\n", "\\n") + "`"


def describe_node(node: object) -> str:
    """What stands there, as a message calls it: the text `big`, the number 007, a list, nothing."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if not isinstance(node, Scalar):
        return "something else"
    value = node.resolve()
    if value is None:
        return f"{node.value} (nothing)" if node.value else "nothing"
    if isinstance(value, bool):
        return node.value
    if isinstance(value, int | float):
        return f"the number {quote(node.value)[1:-1]}"
    if "{{" in node.value:
        return "a template"
    return f"the text {quote(node.value)}" if node.value else "empty text"


def is_nothing(node: object) -> bool:
    """Whether nothing stands there: no value, `null` or `~`."""
    return isinstance(node, Scalar) and node.null


LOST_WORDS = "a text with a comma in it needs quotes, and a `:` a space behind it"
"""What makes a key of words that were meant otherwise, with nothing behind it."""


def wrong_type(node: object, expected: str, help: str | None = None) -> PydanticCustomError:  # noqa: A002 - the word users see
    """The error for a node of the wrong type; a template where none is read gets its own help."""
    if isinstance(node, Scalar) and "{{" in node.value:
        help = "write the value itself: templates are not read here"  # noqa: A001 - the word users see
    help = help or f"write {expected}"  # noqa: A001 - the word users see
    return problem(code="wrong-type", message=f"found {describe_node(node)}, expected {expected}", help=help)


def suggest_name(text: str) -> str | None:
    """A valid name that is close to a text, or None."""
    plain = _NOT_IN_NAMES.sub("_", build_slug(text)[0].lower()).strip("_").lstrip("0123456789_")
    return plain if NAME.fullmatch(plain) else None


def is_name(text: str) -> bool:
    """Whether a text can be a name."""
    return NAME.fullmatch(text) is not None


def check_name(text: str) -> str:
    """A name of a step, input, value, output, loop variable or reference."""
    if is_name(text):
        return text
    mentioned = _MENTION.fullmatch(text.strip())
    near = suggest_name(text) if mentioned is None else mentioned[1]
    raise problem(
        code="bad-name",
        message=f"{quote(text)} is not a name; expected a small letter, then small letters, digits or `_`",
        help=f"write `{near}`" if near else "begin with a letter from a to z",
        meant=near,
    )


def read_text(node: object) -> str:
    """Text as it is spelled, whatever else the scalar could be."""
    if not isinstance(node, Scalar) or is_nothing(node):
        raise wrong_type(node, "text", help=advise_quotes(node))
    return node.value


def read_optional_text(node: object) -> str | None:
    """Text, or None where nothing stands."""
    return None if is_nothing(node) else read_text(node)


def read_words(node: object) -> str:
    """Text that says something."""
    text = read_text(node)
    if not text.strip():
        raise problem(
            code="empty-text",
            message="found empty text, expected at least one character",
            help="write a text",
        )
    return text


def read_name(node: object) -> str:
    """A name that stands as a value."""
    return check_name(read_text(node))


def read_integer(node: object) -> int:
    """A whole number that JSON can carry."""
    value = node.resolve() if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(node, "a whole number", help=_help_unquote(node, int))
    return _check_size(node, value)


def read_count(node: object) -> int:
    """A whole number from 0."""
    value = read_integer(node)
    if value < 0:
        raise problem(
            code="out-of-bounds",
            message=f"found {value}, expected a whole number from 0",
            help="write 0 or more",
        )
    return value


def read_positive(node: object) -> int:
    """A whole number from 1."""
    value = read_integer(node)
    if value < 1:
        raise problem(
            code="out-of-bounds",
            message=f"found {value}, expected a whole number from 1",
            help="write 1 or more",
        )
    return value


def read_positive_up_to(most: int) -> Callable[[object], int]:
    """What reads a whole number from 1 to a greatest."""

    def read(node: object) -> int:
        value = read_positive(node)
        if value > most:
            raise problem(
                code="out-of-bounds",
                message=f"found {value}, expected a whole number from 1 to {most:,}",
                help=f"write at most {most}",
            )
        return value

    return read


def read_number(node: object) -> int | float:
    """A finite number."""
    value = node.resolve() if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(node, "a number", help=_help_unquote(node, int | float))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise wrong_type(node, "a finite number")
        return value
    return _check_size(node, value)


def read_boolean(node: object) -> bool:
    """`true` or `false`, nothing else."""
    value = node.resolve() if isinstance(node, Scalar) else None
    if isinstance(value, bool):
        return value
    raise wrong_type(node, "true or false", help=_help_boolean(node))


def read_usd(node: object) -> Decimal:
    """An amount of US dollars from 0, exactly as spelled."""
    if isinstance(node, Scalar) and node.value.startswith("$"):
        raise wrong_type(node, "a number", help="write the number alone: it is in US dollars")
    value = read_number(node)
    if value < 0:
        raise problem(
            code="out-of-bounds",
            message=f"found {value}, expected an amount in US dollars from 0",
            help="write 0 or more",
        )
    return (
        Decimal(node.value) if isinstance(node, Scalar) and _is_decimal(node.value) else Decimal(str(value))
    )


def open_sequence(node: object) -> list[Node]:
    """The items of a list."""
    if is_nothing(node):
        return []
    if not isinstance(node, Sequence):
        raise wrong_type(
            node, "a list", help=advise_unquoting(node) or "write each item on its own line after `- `"
        )
    return list(node.items)


def open_one_or_more(node: object) -> list[Node]:
    """The items of a list, or one item that stands alone."""
    return [node] if isinstance(node, Scalar) and not is_nothing(node) else open_sequence(node)


def open_mapping(node: object) -> dict[str, Node]:
    """The entries of a mapping, without the free keys that begin with `x-`."""
    if is_nothing(node):
        return {}
    if not isinstance(node, Mapping):
        raise wrong_type(node, "a mapping of keys to values", help="write `KEY: VALUE` on lines of their own")
    return {entry.key.value: entry.value for entry in node if not entry.key.value.startswith("x-")}


def _check_size(node: object, value: int) -> int:
    if abs(value) > MAX_INTEGER:
        raise wrong_type(node, f"a whole number up to {MAX_INTEGER:,}, above and below 0")
    return value


def _help_unquote(node: object, wanted: Any) -> str | None:
    if isinstance(node, Scalar) and DECIMAL_COMMA.fullmatch(node.value.strip()):
        whole = "write a whole number, without a comma"
        return whole if wanted is int else f"write {node.value.strip().replace(',', '.')}, with a point"
    if isinstance(node, Scalar) and (span := _RANGE.fullmatch(node.value.strip())):
        return f"write one whole number; where least and most are asked for, `{{min: {span[1]}, max: {span[2]}}}`"
    if not isinstance(node, Scalar) or node.plain:
        return None
    unquoted = Scalar(node.source, node.start, node.end, node.value).resolve()
    if isinstance(unquoted, wanted) and not isinstance(unquoted, bool):
        return f"write {node.value} without quotes: text never becomes a number"
    return None


_SAID_AS_BOOLEAN = {
    "yes": "true",
    "on": "true",
    "true": "true",
    "no": "false",
    "off": "false",
    "false": "false",
}


def _help_boolean(node: object) -> str | None:
    if not isinstance(node, Scalar):
        return None
    meant = _SAID_AS_BOOLEAN.get(node.value.strip().lower())
    return meant and f"write `{meant}`{'' if node.plain else ', without quotes'}"


def _is_decimal(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?", text) is not None


SCALAR_AS_TEXT: Final[dict[str, Any]] = {"type": ["string", "number", "boolean"]}
"""The JSON Schema of a scalar that is taken as text."""

WORDS_SCHEMA: Final[dict[str, Any]] = {**SCALAR_AS_TEXT, "pattern": r"\S"}
"""The JSON Schema of text that says something."""

NAME_SCHEMA: Final[dict[str, Any]] = {"type": ["string", "boolean"], "pattern": f"^{NAME_PATTERN}$"}
"""The JSON Schema of a name; `true` is one."""


def one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a list, or of one item that stands alone."""
    return {"anyOf": [item, {"type": "array", "items": item}]}


Text = Annotated[str, BeforeValidator(read_text), WithJsonSchema(SCALAR_AS_TEXT)]
OptionalText = Annotated[
    str | None,
    BeforeValidator(read_optional_text),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Words = Annotated[str, BeforeValidator(read_words), WithJsonSchema(WORDS_SCHEMA)]
NameValue = Annotated[str, BeforeValidator(read_name), WithJsonSchema(NAME_SCHEMA)]
NameKey = Annotated[str, AfterValidator(check_name), WithJsonSchema(NAME_SCHEMA)]
Count = Annotated[int, BeforeValidator(read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Positive = Annotated[int, BeforeValidator(read_positive), WithJsonSchema({"type": "integer", "minimum": 1})]
Number = Annotated[int | float, BeforeValidator(read_number), WithJsonSchema({"type": "number"})]
Boolean = Annotated[bool, BeforeValidator(read_boolean)]
Usd = Annotated[Decimal, BeforeValidator(read_usd), WithJsonSchema({"type": "number", "minimum": 0})]
AnyNode = Annotated[Node, SkipValidation, WithJsonSchema({})]
OptionalScalarNode = Annotated[
    Node, SkipValidation, WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
WordsNode = Annotated[Node, SkipValidation, WithJsonSchema(WORDS_SCHEMA)]
