"""Words that people write and that the schema has no key for: what to say of them.

The tables of what comes later tell what a key does; those of what belongs elsewhere tell what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LANGUAGE_VERSION: Final = 1
"""The version of the language that this seedflow reads."""

INPUT_LATER: Final[Mapping[str, str]] = {}

_WORDS_OF_TYPES: Final[Mapping[str, str]] = {
    "enum": "write `type: choice` with `options: […]`",
    "items": "write `of:` for the type of a list's items",
    "choices": "write `options:` for the texts of a choice",
    "values": "write `options:` for the texts of a choice",
    "min": "write `minimum:` for a number, `min_length:` for a text, `min_items:` for a list or table",
    "max": "write `maximum:` for a number, `max_length:` for a text, `max_items:` for a list or table",
}

ITEM_MEANT: Final[Mapping[str, str]] = {"items": "of", "choices": "options", "values": "options"}

ITEM_ELSEWHERE: Final[Mapping[str, str]] = {
    **_WORDS_OF_TYPES,
    "default": "an item of a list has no default: put `default:` beside `of:`",
    "optional": "an item of a list is always there: put `optional:` beside `of:`",
    "columns": "a table is an input of its own: `type: table` stands beside the input's name",
}

NEEDED_WORDS: Final = frozenset(("enum",))
"""Of these, those that say what a definition has to say by another key, so that without them it is not whole."""

COLUMN_ELSEWHERE: Final[Mapping[str, str]] = {
    **_WORDS_OF_TYPES,
    "required": "a column without `default` and `optional` is required: take `required` out",
    "name": "the name stands before the colon",
    "title": "write `header:` for the column's title in a file",
    "key": "`key: COLUMN` stands beside `columns:`, not inside",
}

INPUT_ELSEWHERE: Final[Mapping[str, str]] = {
    **_WORDS_OF_TYPES,
    "required": "an input without `default` and `optional` is required: take `required` out",
    "name": "the name stands before the colon",
    "header": "`header:` is the title of a column, and stands below `columns:`",
    "rows": "write `default:` for the rows of a table",
    "file": "write `default: FILE.csv` for a table that stands in a file",
    "separator": "write `delimiter:`",
    "sep": "write `delimiter:`",
}

INPUT_MEANT: Final[Mapping[str, str]] = {
    **ITEM_MEANT,
    "rows": "default",
    "separator": "delimiter",
    "sep": "delimiter",
}

STEP_LATER: Final[Mapping[str, str]] = {
    "choose": "lets a person pick images",
    "transform": "works on images locally",
}

STEP_ELSEWHERE: Final[Mapping[str, str]] = {
    "prompt": "the parameters of a model stand inside `generate:`",
    "model": "`model:` stands inside `generate:`",
    "foreach": "write `for_each:`",
    "depends_on": "write `needs:`; a mention of a step's images makes the step depend on it anyway",
    "if": 'write `when: "{{ … }}"`, which gives true or false',
    "uses": "write `recipe:`",
    "inputs": "write `with:` for the inputs of a used recipe",
    "retry": "write `expect: {…, otherwise: retry}`",
    "repeat": "write `takes:` for several draws of one request, `for_each:` for a list",
    "seeds": "write `takes:`; the model has no seed",
}

STEP_MEANT: Final[Mapping[str, str]] = {
    "foreach": "for_each",
    "depends_on": "needs",
    "uses": "recipe",
    "inputs": "with",
}

EXPECT_ELSEWHERE: Final[Mapping[str, str]] = {
    "width": "write `min_width:`, in pixels",
    "height": "write `min_height:`, in pixels",
    "count": "write `images:`",
    "ratio": "write `aspect_ratio:`",
    "unique": "write `distinct: true`",
    "retries": "write `otherwise: retry` and `attempts:`, which counts the first attempt, too",
    "retry": "write `otherwise: retry`",
}

EXPECT_MEANT: Final[Mapping[str, str]] = {"count": "images", "ratio": "aspect_ratio"}

_LISTS: Final = ("items", "list", "values", "each", "for", "of", "rows", "data", "edits")
"""What some write for the key of a list."""

LOOP_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_LISTS, "over", "from"), "write `in:`"),
    **dict.fromkeys(("max", "limit", "most"), "write `at_most:`"),
    **dict.fromkeys(("by", "id"), "write `key:`, which names a field of the records"),
}

LOOP_MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_LISTS, "over", "from"), "in"),
    **dict.fromkeys(("max", "limit", "most"), "at_most"),
    **dict.fromkeys(("by", "id"), "key"),
}

ITERATE_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_LISTS, "in", "for_each"), "write `over:`"),
    "from": "write `start:`",
    "name": "write `as:`",
}

ITERATE_MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_LISTS, "in", "for_each"), "over"),
    "from": "start",
    "name": "as",
}

REFERENCES_MEANT: Final = frozenset(
    ("references", "reference", "reference_images", "refs", "images", "image", "input_images", "image_urls")
)
"""What some write for the parameter of a model that takes images."""

LIMITS_ELSEWHERE: Final[Mapping[str, str]] = {
    "cost": "write `cost_usd:`, in US dollars",
    "budget": "write `cost_usd:`, in US dollars",
    "max_cost": "write `cost_usd:`, in US dollars",
    "max_cost_usd": "write `cost_usd:`, in US dollars",
    "max_images": "write `images:`",
    "max_tasks": "write `tasks:`",
}

LIMITS_MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("cost", "budget", "max_cost", "max_cost_usd"), "cost_usd"),
    "max_images": "images",
    "max_tasks": "tasks",
}

OUTPUT_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("path", "name", "filename", "file_name"), "write `file:` for where each file goes"),
    "image": "write `images:`",
}

OUTPUT_MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("path", "name", "filename", "file_name"), "file"),
    "image": "images",
}

REF_WORDS_ELSEWHERE: Final[Mapping[str, str]] = {
    "comma": "take it out: the images of one name always stand in a row, so that three and more are worded by `range:`",
    "two": "write `many:` for several images, and `last:` for what stands between two numbers",
    "and": "write `last:`",
    "to": "write `range:`",
}

RECIPE_ELSEWHERE: Final[Mapping[str, str]] = {
    "version": f"write `seedflow: {LANGUAGE_VERSION}`",
    "vars": "write `values:`",
    "variables": "write `values:`",
    "model": "`model:` stands inside `generate:` or `defaults:`",
    "provider": "`provider:` belongs into the project's file seedflow.yaml",
    "budget": "write `limits: {cost_usd: …}`; the project's budget stands in its file seedflow.yaml",
    "prices": "`prices:` belongs into the project's file seedflow.yaml",
    "libraries": "`libraries:` belongs into the project's file seedflow.yaml",
}

RECIPE_MEANT: Final[Mapping[str, str]] = {"vars": "values", "variables": "values"}

PARTS_MEANT: Final[Mapping[str, str]] = {**RECIPE_MEANT, "model": "defaults"}
"""Words on the top level that mean a part of the recipe."""

TYPES_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "str", "prompt"), "text"),
    **dict.fromkeys(("int", "count"), "integer"),
    **dict.fromkeys(("float", "decimal"), "number"),
    **dict.fromkeys(("bool", "flag"), "boolean"),
    **dict.fromkeys(("enum", "select", "option"), "choice"),
    **dict.fromkeys(("array", "sequence"), "list"),
    **dict.fromkeys(("csv", "records", "rows", "dataframe", "spreadsheet"), "table"),
    **dict.fromkeys(("img", "file", "path", "url", "picture"), "image"),
}
"""Other languages' words for types, and ours."""

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "one": ("{n}",),
    "many": ("{list}",),
    "range": ("{first}", "{last}"),
    "last": (),
}
"""What each wording of references must hold, and all that it may hold in braces."""
