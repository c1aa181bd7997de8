"""The value that stage 1 gives: a recipe with every name, template and place, before any input has a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from seedflow.diagnostics import Source, Span
from seedflow.text.nodes import Node, Scalar

if TYPE_CHECKING:
    from seedflow.recipe.template import Template


class InputType(StrEnum):
    """The types that an input may declare."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    IMAGE = "image"
    LIST = "list"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input. `span` is its name as declared; bounds are inclusive and None where not given.

    `minimum`/`maximum` bound numbers, `min_length`/`max_length` characters of text, `min_items`/`max_items` lists and
    the rows of tables. A table has `columns` by name, each declared like an input, and the name of its `key` column;
    `header` is a column's title in files, `delimiter` what parts the cells of CSV.
    """

    name: str
    span: Span
    type: InputType
    of: Input | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    default: Node | None = None
    description: str | None = None
    header: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    columns: Mapping[str, Input] = field(default_factory=dict)
    key: str | None = None
    delimiter: str | None = None

    @property
    def title(self) -> str:
        """What a column is called in a file."""
        return self.name if self.header is None else self.header


Expression: TypeAlias = "Template | tuple[Expression, ...] | Mapping[str, Expression]"
"""A rendered parameter in the making: templates at the leaves of lists and mappings."""


@dataclass(frozen=True, slots=True)
class ReferenceItem:
    """One item of the references field: a URL, a path, or one `{{ }}` that gives an image or a list of images."""

    template: Template
    name: str | None = None
    name_span: Span | None = None


@dataclass(frozen=True, slots=True)
class References:
    """The images that go into a request, in order. `named` tells the mapping form from the list form.

    `names` are those of the mapping form in order, also of a name without any image; empty in the list form.
    """

    field: str
    items: tuple[ReferenceItem, ...]
    named: bool
    span: Span
    names: tuple[tuple[str, Span], ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the model as the author wrote it; `from_defaults` when it came from `defaults:`."""

    name: str
    span: Span
    expression: Expression
    from_defaults: bool = False


@dataclass(frozen=True, slots=True)
class Generate:
    """One request to a model. `model` is the literal or template of `model:`, or None for the default."""

    span: Span
    model: Template | None
    parameters: Mapping[str, Parameter]
    references: References | None


@dataclass(frozen=True, slots=True)
class LoopVariable:
    """One variable of `for_each`, or several that are paired by `zip`.

    `names` holds one name, or the zipped ones; `lists` one expression for each: a template that gives a list, or a
    tuple of item expressions for a list that is written out.
    """

    names: tuple[str, ...]
    lists: tuple[Expression, ...]
    span: Span
    zipped: bool = False
    key: str | None = None
    at_most: int | None = None
    unread: frozenset[str] = frozenset()
    """Which of the two stand there and could not be read."""


DEFAULT_ATTEMPTS = 3
"""How often a request is tried with `otherwise: retry` when nothing else is written."""
MOST_ATTEMPTS = 100
"""How often it may be tried at most."""
MOST_TAKES = 1_000
"""How often one request may be drawn."""
MOST_EXPECTED = 1_000_000
"""The greatest number of images or pixels that `expect` may ask for."""


class Otherwise(StrEnum):
    """What becomes of a result that is not as expected."""

    FAIL = "fail"
    ACCEPT = "accept"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Expect:
    """What a result must be, as written; values may be templates over inputs, values and `each`.

    `images` is a whole number, or a mapping with `min` and `max`; `min_width`, `min_height` are pixels; `aspect_ratio` is
    text such as `16:9`; `distinct` a boolean; `attempts` counts all attempts, the first included, and goes with
    `otherwise: retry`. None where not written.
    """

    span: Span
    images: Expression | None = None
    min_width: Template | None = None
    min_height: Template | None = None
    aspect_ratio: Template | None = None
    distinct: Template | None = None
    otherwise: Otherwise = Otherwise.FAIL
    attempts: Template | None = None


@dataclass(frozen=True, slots=True)
class Iterate:
    """Edits in a row: one pass for each item of `over`, known as `each.NAME`; `prev` is the image before, first `start`."""

    span: Span
    over: Expression
    name: str
    name_span: Span
    start: Template


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of a used recipe as its caller writes it under `with:`. `node` for literals, which the declared type reads."""

    name: str
    span: Span
    expression: Expression
    node: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A step that uses another recipe. `recipe` is None when it could not be read, which is reported.

    `target` is the text behind `recipe:`, at `target_span`. `empty` are the names behind which nothing stands, with their places.
    """

    span: Span
    target: str
    target_span: Span
    recipe: Recipe | None
    arguments: Mapping[str, Argument]
    empty: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `span` is its name as written. Exactly one of `generate` and `call` is there.

    `takes` None means one. `when` is one `{{ }}` that gives a boolean.
    """

    name: str
    span: Span
    generate: Generate | None = None
    for_each: tuple[LoopVariable, ...] = ()
    call: Call | None = None
    when: Template | None = None
    takes: Template | None = None
    expect: Expect | None = None
    iterate: Iterate | None = None
    needs: tuple[tuple[str, Span], ...] = ()
    description: str | None = None
    tags: tuple[str, ...] = ()
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One output: images, and where their files go. `file` None means the default layout."""

    name: str
    span: Span
    images: Template
    file: Template | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a recipe allows itself at most; only ever lowers what the project allows. `spans` are its keys as written."""

    cost_usd: Decimal | None = None
    images: int | None = None
    tasks: int | None = None
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefWords:
    """How references are worded in prompts; the numbers of one name always stand in a row."""

    one: str = "image {n}"
    many: str = "images {list}"
    last: str = " and "
    range: str = "{first} to {last}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A loaded recipe. `folder` is where its relative paths start; `digest` is of its source text.

    `partials` are the files below the folder that its templates include or import, by path, with the digest of their text.

    `unread` holds the paths of the parts that have errors and are left out: `("steps", "fox")` for one step, `("inputs",)`
    for all inputs. They exist, and nobody knows what they say, so that nothing follows from what is missing.
    """

    name: str
    source: Source
    folder: Path
    digest: str
    description: str | None
    inputs: Mapping[str, Input]
    values: Mapping[str, Template]
    value_spans: Mapping[str, Span]
    steps: Mapping[str, Step]
    outputs: Mapping[str, Output]
    limits: Limits = field(default_factory=Limits)
    ref_words: RefWords = field(default_factory=RefWords)
    name_scalar: Scalar | None = None
    unread: frozenset[tuple[str | int, ...]] = frozenset()
    partials: Mapping[str, str] = field(default_factory=dict)

    def may_have(self, part: str, name: str) -> bool:
        """Whether an entry of `inputs`, `values` or `steps` that could not be read has, or may have, this name."""
        return (part,) in self.unread or (part, name) in self.unread

    def list_unread(self, part: str) -> tuple[str, ...]:
        """The names of the entries of a part that could not be read, as far as they can be suggested."""
        names = (str(path[1]) for path in self.unread if len(path) == 2 and path[0] == part)
        return tuple(sorted(name for name in names if name == name.lower()))
