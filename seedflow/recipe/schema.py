"""What an author may write, key by key. One class for each mapping of the language; each key says what it is for.

The node tree goes in directly: a `Block` reads a mapping node as its entries and keeps the node, so that every value can
be shown at its place. Where the language allows templates, the node itself is kept (`AnyNode`) and `load` parses it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.blocks import Block
from seedflow.recipe.input_schema import InputBlock
from seedflow.recipe.json_schema import finish_schema
from seedflow.recipe.leaves import (
    NAME,
    NAME_SCHEMA,
    WORDS_SCHEMA,
    AnyNode,
    Count,
    NameKey,
    NameValue,
    OptionalScalarNode,
    OptionalText,
    Positive,
    Text,
    Usd,
    Words,
    WordsNode,
    is_nothing,
    one_or_more,
    open_mapping,
    open_one_or_more,
    problem,
    quote,
    wrong_type,
)
from seedflow.recipe.lost_forms import advise_sum, split_quoted_list
from seedflow.recipe.option_schema import ExpectBlock, ExpressionNode, IterateBlock, ListNode, TakesNode
from seedflow.recipe.schema_parts import EXPRESSION_OR_SCALARS_SCHEMA, EXPRESSION_SCHEMA
from seedflow.recipe.words import (
    LANGUAGE_VERSION,
    LIMITS_ELSEWHERE,
    LIMITS_MEANT,
    LOOP_ELSEWHERE,
    LOOP_MEANT,
    OUTPUT_ELSEWHERE,
    OUTPUT_MEANT,
    RECIPE_ELSEWHERE,
    REF_WORDS_ELSEWHERE,
    STEP_ELSEWHERE,
    STEP_LATER,
    STEP_MEANT,
)
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence


def _read_version(node: object) -> int:
    value = node.resolve() if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(
            node,
            f"the version of the language, {LANGUAGE_VERSION}",
            help=f"write `seedflow: {LANGUAGE_VERSION}`",
        )
    if value > LANGUAGE_VERSION:
        raise problem(
            code="newer-language",
            message=f"this recipe is written in version {value} of the language; this seedflow reads version {LANGUAGE_VERSION}",
            help="update seedflow",
        )
    if value < LANGUAGE_VERSION:
        raise problem(
            code="wrong-version",
            message=f"there is no version {value} of the language; this seedflow reads version {LANGUAGE_VERSION}",
            help=f"write `seedflow: {LANGUAGE_VERSION}`",
        )
    return value


def _open_steps(node: object) -> dict[str, Node]:
    if isinstance(node, Sequence):
        raise wrong_type(node, "a mapping of step names to steps", help="write `NAME:` in place of each `-`")
    return open_mapping(node)


def _open_loop(node: object) -> dict[str, Node]:
    if isinstance(node, Scalar) and not is_nothing(node):
        return {}
    if isinstance(node, Sequence):
        raise wrong_type(node, "a mapping of variables to lists", help=_advise_on_list(node))
    return open_mapping(node)


def _advise_on_list(node: Sequence) -> str:
    """What a list in place of `for_each` is meant to be: variables with their lists, each after a dash, or one list."""
    named = [item.entries[0] for item in node.items if isinstance(item, Mapping) and len(item.entries) == 1]
    lists = [one for one in named if not isinstance(one.value, Scalar) or "{{" in one.value.value]
    if not lists or len(lists) < len(node.items):
        return "give the variable a name: `for_each: {item: […]}`"
    if node.source.text[node.start : node.start + 1] == "-":
        return f"take the dashes away: `{lists[0].key.value}: …` on a line of its own below `for_each:`"
    return f"write one mapping: `for_each: {{{', '.join(f'{one.key.value}: …' for one in lists)}}}`"


def _open_names(node: object) -> list[Node]:
    """Names, each an item of a list, or one that stands alone."""
    if isinstance(node, Scalar) and not is_nothing(node):
        names = split_quoted_list(node.value) or [part.strip() for part in node.value.split(",")]
        if len(names) > 1 and all(map(NAME.fullmatch, names)):
            raise problem(
                code="bad-name",
                message=f"{quote(node.value)} is not a name, but several",
                help=f"write `[{', '.join(names)}]`",
            )
    return open_one_or_more(node)


OneOrMoreWords = Annotated[
    list[Words], BeforeValidator(open_one_or_more), WithJsonSchema(one_or_more(WORDS_SCHEMA))
]
OneOrMoreNames = Annotated[
    list[NameValue], BeforeValidator(_open_names), WithJsonSchema(one_or_more(NAME_SCHEMA))
]


class LoopBlock(Block):
    """One variable of `for_each`."""

    called = "a variable of `for_each`"
    elsewhere = LOOP_ELSEWHERE
    meant = LOOP_MEANT
    spared = frozenset(("in",))
    wanted = "a list, or a mapping with the list behind `in`"
    short = EXPRESSION_OR_SCALARS_SCHEMA

    in_: ListNode = Field(
        alias="in", description="The list: one `{{ }}` that gives a list, or a list that is written out."
    )
    key: Words | None = Field(
        None, description="For a list of records: the field that tells the records apart."
    )
    at_most: Count | None = Field(
        None, description="The most items that the list may have; more fail before anything is paid."
    )

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:
        """`scene: "{{ … }}"` and `scene: [a, b]` stand for `scene: {in: …}`."""
        return {"in": node} if not is_nothing(node) else None


class StepBlock(Block):
    """One step: exactly one kind, and options."""

    called = "a step"
    later = STEP_LATER
    elsewhere = STEP_ELSEWHERE
    meant = STEP_MEANT

    generate: Annotated[dict[str, AnyNode] | None, BeforeValidator(open_mapping)] = Field(
        None, description="One request to a model. Its keys are the model's own parameters, plus `model:`."
    )
    recipe: WordsNode | None = Field(
        None,
        description="Uses another recipe: `./FILE.yaml` is a path relative to this file, a bare name a recipe shipped with seedflow.",
    )
    with_: Annotated[dict[str, AnyNode], BeforeValidator(open_mapping)] = Field(
        default_factory=dict,
        alias="with",
        description="For a used recipe: its inputs, a mapping of names to values or templates.",
    )
    for_each: Annotated[dict[NameKey, LoopBlock], BeforeValidator(_open_loop)] = Field(
        default_factory=dict,
        description="Repeats the step for each item of a list: a mapping of variable to list. Variables multiply; `zip(a=…, b=…)` pairs.",
        json_schema_extra={"minProperties": 1},
    )
    when: ExpressionNode | None = Field(
        None,
        description="Runs the step on a condition: one `{{ }}` that gives true or false. Otherwise the step is skipped.",
    )
    takes: TakesNode | None = Field(
        None,
        description="How often the same request is drawn: a whole number from 1 to 1,000, or one `{{ }}` over inputs and values.",
    )
    expect: ExpectBlock | None = Field(
        None, description="What a result must be, and what to do with one that is not."
    )
    iterate: IterateBlock | None = Field(
        None,
        description="Applies edits in a row, each to the image before: `{over: LIST, as: NAME, start: IMAGE}`.",
    )
    needs: OneOrMoreNames = Field(
        default_factory=list,
        description="Steps that must be done before this one although it does not mention their images.",
    )
    description: OptionalText = Field(None, description="What the step is for. Shown by `seedflow show`.")
    tags: OneOrMoreWords = Field(default_factory=list, description="Words by which the step can be selected.")
    was: OneOrMoreNames = Field(
        default_factory=list,
        description="The step's earlier name, so that its results are found after a rename; after several, all of them, the latest first.",
    )


class OutputBlock(Block):
    """One output of a recipe."""

    called = "an output"
    elsewhere = OUTPUT_ELSEWHERE
    meant = OUTPUT_MEANT
    spared = frozenset(("images",))
    short = EXPRESSION_SCHEMA

    images: ExpressionNode = Field(description="The images: one `{{ }}` that gives an image or images.")
    file: WordsNode | None = Field(
        None,
        description="Where each file goes below the output folder: a template over `image`, `each` and `recipe.name`. "
        "A written `/` makes a folder; the extension follows the picture.",
    )

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:
        """`cover: "{{ … }}"` stands for `cover: {images: "{{ … }}"}`."""
        if (added_up := advise_sum(node)) is not None:
            raise wrong_type(node, "one `{{ }}` that gives images", help=added_up)
        return {"images": node} if isinstance(node, Scalar) and not is_nothing(node) else None


class LimitsBlock(Block):
    """What a recipe allows itself at most."""

    called = "the limits of a recipe"
    elsewhere = LIMITS_ELSEWHERE
    meant = LIMITS_MEANT

    cost_usd: Usd | None = Field(None, description="US dollars that one run may cost at most.")
    images: Positive | None = Field(None, description="Images that one run may ask for at most.")
    tasks: Positive | None = Field(None, description="Tasks that the recipe may have at most.")


class RefWordsBlock(Block):
    """How references are worded in prompts."""

    called = "the wording of references"
    elsewhere = REF_WORDS_ELSEWHERE

    one: Text | None = Field(None, description="One image: `image {n}`.")
    many: Text | None = Field(None, description="Several images: `images {list}`.")
    last: Text | None = Field(None, description="Between two numbers: ` and `.")
    range: Text | None = Field(None, description="Three or more numbers in a row: `{first} to {last}`.")


class RecipeBlock(Block):
    """A whole recipe file."""

    called = "a recipe"
    elsewhere = RECIPE_ELSEWHERE

    seedflow: Annotated[int, BeforeValidator(_read_version), WithJsonSchema({"const": LANGUAGE_VERSION})] = (
        Field(description="The version of the language: 1.")
    )
    name: Words | None = Field(
        None, description="The recipe's name. Without it the name is that of the file."
    )
    description: OptionalText = Field(
        None, description="What the recipe makes. Shown by `seedflow list` and `seedflow show`."
    )
    inputs: Annotated[dict[NameKey, InputBlock], BeforeValidator(open_mapping)] = Field(
        default_factory=dict,
        description="What a person gives: a mapping of names to definitions. `{{ inputs.NAME }}` in templates.",
    )
    values: Annotated[dict[NameKey, OptionalScalarNode], BeforeValidator(open_mapping)] = Field(
        default_factory=dict,
        description="Names for templates over inputs and other values, so that a phrase stands once. `{{ values.NAME }}`.",
    )
    defaults: Annotated[dict[str, AnyNode], BeforeValidator(open_mapping)] = Field(
        default_factory=dict,
        description="Parameters of `generate` for every step that does not set them itself and whose model has them.",
    )
    steps: Annotated[dict[NameKey, StepBlock], BeforeValidator(_open_steps)] = Field(
        description="The steps: a mapping of names to steps. The order in which they are written does not matter."
    )
    outputs: Annotated[dict[NameKey, OutputBlock], BeforeValidator(open_mapping)] = Field(
        default_factory=dict,
        description="Which images are published: a mapping of names to images. Without it, those of every step that nothing uses.",
    )
    limits: LimitsBlock | None = Field(
        None, description="What the recipe allows itself at most; it can only lower what the project allows."
    )
    ref_words: RefWordsBlock | None = Field(
        None, description="How `{{ ref.NAME }}` is worded in prompts, for other wordings and languages."
    )


def build_json_schema(catalog: Catalog | None = None) -> dict[str, Any]:
    """The JSON Schema of recipes (draft 2020-12), for editors; a model's parameters come from its card.

    It accepts all that `bind_recipe` accepts. What the cards say of a request as a whole, and everything that needs more
    than one look at one place, is the business of the checks.
    """
    short_forms = {block.__name__: block.short for block in _all_blocks() if block.short}
    return finish_schema(RecipeBlock.model_json_schema(), short_forms, catalog or load_catalog())


def _all_blocks() -> list[type[Block]]:
    found: list[type[Block]] = [Block]
    for block in found:
        found.extend(block.__subclasses__())
    return found
