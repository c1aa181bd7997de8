"""Words that people write and that the schema has no key for: what to say of them.

The tables of what comes later tell what a key does; those of what belongs elsewhere tell what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LANGUAGE_VERSION: Final = 1
"""The version of the language that this seedflow reads."""

INPUT_LATER: Final[Mapping[str, str]] = {
    "columns": "describes the columns of a table",
    "key": "names the column that tells the rows of a table apart",
}

INPUT_ELSEWHERE: Final[Mapping[str, str]] = {
    "required": "an input without `default` and `optional` is required: take `required` out",
    "enum": "write `type: choice` with `options: […]`",
    "items": "write `of:` for the type of a list's items",
    "name": "the name stands before the colon",
}

STEP_LATER: Final[Mapping[str, str]] = {
    "recipe": "uses another recipe",
    "choose": "lets a person pick images",
    "transform": "works on images locally",
    "with": "gives inputs to another recipe",
    "takes": "draws the same request several times",
    "expect": "says what a result must be",
    "iterate": "applies edits in a row",
    "when": "runs a step on a condition",
}

STEP_ELSEWHERE: Final[Mapping[str, str]] = {
    "prompt": "the parameters of a model stand inside `generate:`",
    "model": "`model:` stands inside `generate:`",
    "foreach": "write `for_each:`",
    "depends_on": "write `needs:`; a mention of a step's images makes the step depend on it anyway",
    "if": "write `when:`, once this seedflow can",
}

LIMITS_ELSEWHERE: Final[Mapping[str, str]] = {
    "cost": "write `cost_usd:`, in US dollars",
    "budget": "write `cost_usd:`, in US dollars",
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

PARTS_MEANT: Final[Mapping[str, str]] = {"vars": "values", "variables": "values", "model": "defaults"}
"""Words on the top level that mean a part of the recipe."""

TYPES_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "str", "prompt"), "text"),
    **dict.fromkeys(("int", "count"), "integer"),
    **dict.fromkeys(("float", "decimal"), "number"),
    **dict.fromkeys(("bool", "flag"), "boolean"),
    **dict.fromkeys(("enum", "select", "option"), "choice"),
    **dict.fromkeys(("array", "sequence"), "list"),
    **dict.fromkeys(("img", "file", "path", "url", "picture"), "image"),
}
"""Other languages' words for types, and ours."""
