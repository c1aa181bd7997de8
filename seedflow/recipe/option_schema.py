"""What may stand below `expect:` and `iterate:` of a step, key by key; a part of the schema."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SkipValidation, WithJsonSchema

from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.blocks import Block
from seedflow.recipe.leaves import NAME_SCHEMA, Unread, is_nothing, problem, quote, read_name, read_text
from seedflow.recipe.model import DEFAULT_ATTEMPTS, MOST_ATTEMPTS, MOST_EXPECTED, MOST_TAKES, Otherwise
from seedflow.recipe.schema_parts import (
    EXPRESSION_OR_LIST_SCHEMA,
    EXPRESSION_SCHEMA,
    SWITCH_SCHEMA,
    TEMPLATE_SCHEMA,
    whole_up_to,
)
from seedflow.recipe.words import EXPECT_ELSEWHERE, EXPECT_MEANT, ITERATE_ELSEWHERE, ITERATE_MEANT
from seedflow.text.nodes import Node, Scalar

TakesNode = Annotated[Node, SkipValidation, WithJsonSchema(whole_up_to(MOST_TAKES))]
AttemptsNode = Annotated[Node, SkipValidation, WithJsonSchema(whole_up_to(MOST_ATTEMPTS))]
WholeNode = Annotated[Node, SkipValidation, WithJsonSchema(whole_up_to(MOST_EXPECTED))]
"""A whole number from 1, or one `{{ }}` that gives it."""
SwitchNode = Annotated[Node, SkipValidation, WithJsonSchema(dict(SWITCH_SCHEMA))]
"""`true` or `false`, or one `{{ }}` that gives it."""
EXPECTED = ("images", "min_width", "min_height", "aspect_ratio", "distinct")
"""What `expect` may say that a result must be; the others say what becomes of it."""

RATIO_PATTERN = r"\s*[1-9][0-9]{0,4}:[1-9][0-9]{0,4}\s*"
RatioNode = Annotated[
    Node,
    SkipValidation,
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{RATIO_PATTERN}$"}, TEMPLATE_SCHEMA]}),
]
ListNode = Annotated[Node, SkipValidation, WithJsonSchema(dict(EXPRESSION_OR_LIST_SCHEMA))]
ExpressionNode = Annotated[Node, SkipValidation, WithJsonSchema(dict(EXPRESSION_SCHEMA))]


UNREAD_NAME: Final = ""
"""Stands for the name of edits that have none that could be read."""


_SAID_OTHERWISE: Final = {
    **dict.fromkeys(("ignore", "warn", "continue", "keep", "allow", "use", "pass", "ok"), "accept"),
    **dict.fromkeys(("again", "repeat", "retries", "redo", "regenerate"), "retry"),
    **dict.fromkeys(("error", "stop", "abort", "raise"), "fail"),
}


def _read_otherwise(node: object) -> Otherwise:
    text = read_text(node)
    known = [choice.value for choice in Otherwise]
    if text in known:
        return Otherwise(text)
    near = _SAID_OTHERWISE.get(text.strip().lower()) or find_near(text, known)
    raise problem(
        code="not-an-option",
        message=f"{quote(text)} is not one of {', '.join(known)}",
        help=f"did you mean `{near}`?"
        if near
        else "write `accept` to use it nevertheless, `retry` to ask again, or `fail`, which is what leaving it out means",
        meant=near,
    )


def _read_edit_name(node: object) -> str:
    return UNREAD_NAME if isinstance(node, Unread) else read_name(node)


EditName = Annotated[str, BeforeValidator(_read_edit_name), WithJsonSchema(NAME_SCHEMA)]


class ImagesBlock(Block):
    """How many images a result must have."""

    called = "a number of images"
    short = whole_up_to(MOST_EXPECTED)

    min: WholeNode | None = Field(None, description="The least number of images.")
    max: WholeNode | None = Field(None, description="The greatest number of images.")

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:
        """`images: 2` stands for exactly two."""
        return {"min": node, "max": node} if isinstance(node, Scalar) and not is_nothing(node) else None


class ExpectBlock(Block):
    """What a result must be."""

    called = "`expect`"
    elsewhere = EXPECT_ELSEWHERE
    meant = EXPECT_MEANT

    images: ImagesBlock | None = Field(
        None, description="How many images one result must have: a number, or `{min: …, max: …}`."
    )
    min_width: WholeNode | None = Field(None, description="The least width of each image, in pixels.")
    min_height: WholeNode | None = Field(None, description="The least height of each image, in pixels.")
    aspect_ratio: RatioNode | None = Field(
        None, description="The shape of each image, such as 16:9; 3 % more or less are accepted."
    )
    distinct: SwitchNode | None = Field(
        None, description="Whether no two images of a result may have the same bytes."
    )
    otherwise: Annotated[
        Otherwise,
        BeforeValidator(_read_otherwise),
        WithJsonSchema({"enum": [choice.value for choice in Otherwise]}),
    ] = Field(
        Otherwise.FAIL,
        description="What becomes of a result that is not as expected: `fail` (the task fails), `accept` (it is used, and "
        "the run says so), or `retry` (it is asked for again, each time paid).",
    )
    attempts: AttemptsNode | None = Field(
        None,
        description="With `otherwise: retry`: how often a request is tried, the first time included. "
        f"Without it: {DEFAULT_ATTEMPTS}.",
    )


class IterateBlock(Block):
    """Edits in a row."""

    called = "`iterate`"
    elsewhere = ITERATE_ELSEWHERE
    meant = ITERATE_MEANT
    spared = frozenset(("over", "as", "start"))

    over: ListNode = Field(
        description="The list of edits: one `{{ }}` that gives a list, or a list that is written out. One pass for each item."
    )
    as_: EditName = Field(alias="as", description="The name of the item in templates: `{{ each.NAME }}`.")
    start: ExpressionNode = Field(
        description="The image that the first pass begins with: one `{{ }}`. `{{ prev }}` is the image before each pass."
    )
