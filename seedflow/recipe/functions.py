"""The filters, tests and functions that templates may call; `docs/reference/templates.md` shows each with an example.

A closed list: what is not in the tables here cannot be called. Each takes the rendering, which it pays for its
work, and values; it raises a `Refusal` for values that it does not take. Names and arguments are those of Jinja.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seedflow.recipe.templating import list_filters, scalar_filters
from seedflow.recipe.templating.callees import Callee
from seedflow.recipe.templating.predicates import TESTS
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.templating.rendering import MISSING, Rendering, is_true
from seedflow.recipe.views import View, is_absent

__all__ = ["FILTERS", "FORMS", "FUNCTIONS", "TESTS"]


def default(_: Rendering, value: object, default_value: object = "", boolean: object = False) -> object:
    """`default_value` in place of nothing, none or an absent reference; with `boolean`, of everything that does not hold."""
    absent = value is MISSING or value is None or (isinstance(value, View) and is_absent(value))
    return default_value if absent or (is_true(boolean) and not is_true(value)) else value


def build_range(rendering: Rendering, first: object, stop: object = None, step: object = 1) -> list[object]:
    """Whole numbers from `first`, or 0, up to and without `stop`."""
    bounds = (0, first) if stop is None else (first, stop)
    start, end, by = (
        scalar_filters.check_whole(bounds[0], "the start"),
        scalar_filters.check_whole(bounds[1], "the end"),
        scalar_filters.check_whole(step, "the step"),
    )
    if by == 0:
        raise Refusal(code="template-number", message="the step is not 0", help="leave the step out")
    numbers = range(start, end, by)
    rendering.check_items(max(0, (end - start + by - (1 if by > 0 else -1)) // by))
    return list(numbers)


def zip_lists(rendering: Rendering, /, **lists: object) -> list[object]:
    """Records with one item of each list: `zip(name=A, tone=B)`."""
    columns = {name: list_filters.read_items(rendering, value) for name, value in lists.items()}
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"`{name}` has {len(column)}" for name, column in columns.items())
        raise Refusal(
            code="template-type",
            message=f"`zip` pairs lists of the same length, but {lengths}",
            help="make the lists equally long",
        )
    rows: list[object] = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    rendering.weigh(rows)
    return rows


def map_items(rendering: Rendering, value: object, attribute: object, default: object = None) -> list[object]:
    """The attribute of every item; `default` stands in where an item has none."""
    try:
        return list_filters.map_items(rendering, value, attribute, default)
    except Refusal as refusal:
        if not isinstance(attribute, str) or attribute not in FILTERS:
            raise
        advice = f"`map` takes an attribute, not a filter: write `{{% for item in … %}}{{{{ item | {attribute} }}}}{{% endfor %}}`"
        raise Refusal(code=refusal.code, message=refusal.message, help=advice) from None


FILTERS: Final[Mapping[str, Callee]] = {
    "abs": Callee(scalar_filters.absolute),
    "capitalize": Callee(scalar_filters.capitalize),
    "count": Callee(list_filters.length_of),
    "d": Callee(default, takes_missing=True),
    "decimals": Callee(scalar_filters.write_decimals),
    "default": Callee(default, takes_missing=True),
    "first": Callee(list_filters.first),
    "int": Callee(scalar_filters.integer),
    "items": Callee(list_filters.items_of),
    "join": Callee(list_filters.join),
    "last": Callee(list_filters.last),
    "length": Callee(list_filters.length_of),
    "list": Callee(list_filters.to_list),
    "lower": Callee(scalar_filters.lower),
    "map": Callee(map_items),
    "max": Callee(list_filters.largest),
    "min": Callee(list_filters.smallest),
    "reject": Callee(list_filters.reject),
    "rejectattr": Callee(list_filters.rejectattr),
    "replace": Callee(scalar_filters.replace),
    "reverse": Callee(list_filters.reverse),
    "round": Callee(scalar_filters.round_number),
    "select": Callee(list_filters.select),
    "selectattr": Callee(list_filters.selectattr),
    "slug": Callee(scalar_filters.slug),
    "sort": Callee(list_filters.sort),
    "string": Callee(scalar_filters.string),
    "sum": Callee(list_filters.total),
    "title": Callee(scalar_filters.title),
    "trim": Callee(scalar_filters.trim),
    "truncate": Callee(scalar_filters.truncate),
    "unique": Callee(list_filters.unique),
    "upper": Callee(scalar_filters.upper),
}
"""What may follow `|`."""

FUNCTIONS: Final[Mapping[str, Callee]] = {
    "range": Callee(build_range),
    "zip": Callee(zip_lists),
}
"""What may be called by itself."""

FORMS: Final = ("first_of", "optional", "succeeded")
"""What looks like a function and is syntax: arguments are evaluated one by one, as needed (`forms.py`)."""
