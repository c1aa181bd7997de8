"""Dots and brackets look up data, and only data: keys of records, items of lists, attributes of views."""

from __future__ import annotations

from collections.abc import Mapping

from seedflow.recipe.templating.problems import Refusal, suggest
from seedflow.recipe.templating.rendering import MISSING, describe
from seedflow.recipe.views import View


def find_attribute(value: object, name: str) -> object:
    """The value of a record's key or a view's attribute, or `MISSING`.

    Raises:
        Refusal: the value has no names, or the attribute is there but not known.
    """
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    if isinstance(value, View) and value.kind != "reference":
        found = value.attributes.get(name, MISSING)
        if found is MISSING and value.missing is not None and name in value.missing:
            raise Refusal(
                code="template-not-known",
                message=f"`{name}` of this {value.kind} is not known: {value.missing[name]}",
                help="leave the attribute out; the size of a local file is known",
            )
        return found
    raise Refusal(
        code="template-type",
        message=f"this is {describe(value)}, which has no `{name}`",
        help=_help_nameless(value),
    )


def find_item(value: object, key: object) -> object:
    """The item of a list at a whole number, or what `find_attribute` gives for text; `MISSING` when there is none.

    Raises:
        Refusal: such a value has no such items.
    """
    if isinstance(key, str):
        return find_attribute(value, key)
    if not isinstance(value, list | tuple):
        raise Refusal(
            code="template-type",
            message=f"this is {describe(value)}, which has no numbered items",
            help="an absent list is none; test it first: `{% if … %}…{% endif %}`"
            if value is None
            else "take the number away: only lists have numbered items",
        )
    if isinstance(key, bool) or not isinstance(key, int):
        raise refuse_part(key, "the number of an item", "items are counted from 0")
    return value[key] if -len(value) <= key < len(value) else MISSING


def find_path(value: object, path: str | int) -> object:
    """What a dotted path such as `each.scene.name` or `images.0` leads to; only its last part may be `MISSING`.

    Raises:
        Refusal: the path leads through something that has no such names.
    """
    if isinstance(path, int):
        return find_item(value, path)
    for part in path.split("."):
        if value is MISSING:
            raise Refusal(
                code="template-undefined",
                message=f"nothing is there before `.{part}`",
                help="look at the names of the path",
            )
        value = (
            find_item(value, int(part))
            if part.isdecimal() and len(part) < _MAX_INDEX_DIGITS
            else find_attribute(value, part)
        )
    return value


def refuse_part(value: object, what: str, advice: str | None = None) -> Refusal:
    """The words for something else where a whole number belongs; `what` is what a message calls it."""
    if isinstance(value, float):
        written = repr(value)
        message = f"{what} is a whole number, but this is {written}"
        advice = (
            "divide with `//`, or write `… | int`" if value.is_integer() else "write `… | round` or `… | int`"
        )
        return Refusal(code="template-type", message=message, help=advice)
    if advice is None and isinstance(value, str):
        advice = (
            "text never becomes a number: write one, or declare the input that gives it with `type: integer`"
        )
    return Refusal(
        code="template-type", message=f"{what} is a whole number, but this is {describe(value)}", help=advice
    )


def refuse_missing(value: object, key: object) -> Refusal:
    """The words for a look-up that found nothing."""
    if isinstance(value, list | tuple):
        count = f"{len(value)} items" if len(value) != 1 else "1 item"
        return Refusal(
            code="template-no-such-item",
            message=f"there is no item {key}: the list has {count}",
            help="items are counted from 0",
        )
    if isinstance(value, View):
        return Refusal(
            code="template-undefined",
            message=f"{describe(value)} has no `{key}`",
            help=suggest(str(key), value.attributes),
        )
    names = [str(name) for name in value] if isinstance(value, Mapping) else []
    return Refusal(
        code="template-undefined",
        message=f"this record has no `{key}`",
        help=suggest(str(key), names) or "it has no field at all",
    )


_MAX_INDEX_DIGITS = 9


def _help_nameless(value: object) -> str | None:
    if value is None:
        return "test it first: `{% if … %}…{% endif %}`"
    if isinstance(value, list | tuple):
        return "name one item, `…[0]`, or loop over them: `{% for item in … %}`"
    if isinstance(value, str):
        return "text has no parts; filters change it, such as `… | upper`"
    return None
