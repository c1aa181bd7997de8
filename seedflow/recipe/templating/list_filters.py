"""Filters of lists and records. Every item that they look at is paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from seedflow.recipe.templating.callees import Callee, explain_mismatch
from seedflow.recipe.templating.limits import MAX_TEXT_CHARACTERS
from seedflow.recipe.templating.lookups import find_path
from seedflow.recipe.templating.operators import Number, check_number, is_number
from seedflow.recipe.templating.predicates import TESTS
from seedflow.recipe.templating.problems import Refusal, suggest
from seedflow.recipe.templating.rendering import MISSING, Rendering, describe, is_true, to_text
from seedflow.recipe.templating.scalar_filters import read_text
from seedflow.recipe.views import View


def read_items(rendering: Rendering, value: object) -> Sequence[object]:
    """The items of a list, paid for by their number.

    Raises:
        Refusal: it is no list.
    """
    if not isinstance(value, list | tuple):
        raise Refusal(
            code="template-type",
            message=f"expected a list, but this is {describe(value)}",
            help="an absent list is none; write `(… or [])`"
            if value is None
            else "give it a list, such as `[…]`, or take the filter away",
        )
    rendering.spend(len(value))
    return value


def _attribute_of(rendering: Rendering, attribute: object) -> Callable[[object], object]:
    if attribute is None:
        return lambda item: item
    path = _path(attribute)

    def look(item: object) -> object:
        rendering.spend(1)
        found = find_path(item, path)
        if found is MISSING:
            raise _refuse_path(item, path)
        return found

    return look


def _path(attribute: object) -> str | int:
    if isinstance(attribute, str | int) and not isinstance(attribute, bool):
        return attribute
    raise Refusal(
        code="template-type", message=f"an attribute is named by text, but this is {describe(attribute)}"
    )


def _refuse_path(item: object, path: str | int) -> Refusal:
    value, before = item, ""
    last = str(path)
    while isinstance(path, str) and "." in last:  # what is missing may be a part of what is there
        first, rest = last.split(".", 1)
        inner = find_path(value, first)
        if inner is MISSING:
            last = first
            break
        value, last, before = inner, rest, f"{before}{first}."
    known = value.attributes if isinstance(value, View) else value if isinstance(value, Mapping) else ()
    names = [f"{before}{name}" for name in known]
    return Refusal(
        code="template-undefined",
        message=f"{describe(item)} of this list has no `{path}`",
        help=suggest(f"{before}{last}", names),
    )


def _order(
    rendering: Rendering, items: Sequence[object], case_sensitive: object, attribute: object
) -> list[object]:
    """What to sort the items by: numbers, or texts, never both."""
    look, exact = _attribute_of(rendering, attribute), is_true(case_sensitive)
    keys: list[object] = []
    for item in items:
        key = look(item)
        if isinstance(key, str):
            rendering.spend(1 + (len(key) >> 4))
            keys.append(key if exact else key.lower())
        elif is_number(key):
            keys.append(key)
        elif key is None:
            raise _refuse_none("only numbers and texts have an order", attribute)
        else:
            raise Refusal(
                code="template-type",
                message=f"only numbers and texts have an order, but this list holds {describe(key)}",
                help='name what to go by: `attribute="NAME"`'
                if attribute is None
                else "name another attribute, which is a number or a text",
            )
    if len({isinstance(key, str) for key in keys}) > 1:
        raise Refusal(
            code="template-type", message="this list holds both numbers and texts, which have no common order"
        )
    return keys


def _refuse_none(why: str, attribute: object, code: str = "template-type") -> Refusal:
    """An item, or the attribute of one, is none where something is needed."""
    if attribute is None:
        return Refusal(
            code=code,
            message=f"{why}, and an item of this list is none",
            help='leave such items out first: `… | reject("none") | …`',
        )
    return Refusal(
        code=code,
        message=f"{why}, and `{attribute}` of an item of this list is none",
        help=f'leave such items out first: `… | rejectattr("{attribute}", "none") | …`',
    )


def join(rendering: Rendering, value: object, d: object = "", attribute: object = None) -> str:
    """The texts of the items, or of their attributes, with `d` in between."""
    look, separator, texts, length = _attribute_of(rendering, attribute), to_text(d), [], 0
    for item in read_items(rendering, value):
        found = look(item)
        if found is None:
            raise _refuse_none("only what has a text is joined", attribute, "template-none-in-text")
        text = to_text(found)
        length += len(text) + len(separator)
        if length > MAX_TEXT_CHARACTERS:
            rendering.check_length(length - len(separator))
        texts.append(text)
    rendering.spend(length >> 3)
    return separator.join(texts)


def length_of(_: Rendering, value: object) -> int:
    """How many characters, items or names."""
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise Refusal(code="template-type", message=f"this is {describe(value)}, which has no length")


def first(rendering: Rendering, value: object) -> object:
    """The first item; nothing of an empty list."""
    items = read_items(rendering, value)
    return items[0] if items else MISSING


def last(rendering: Rendering, value: object) -> object:
    """The last item; nothing of an empty list."""
    items = read_items(rendering, value)
    return items[-1] if items else MISSING


def to_list(rendering: Rendering, value: object) -> list[object]:
    """The items of a list, or the names in a record."""
    return list(value) if isinstance(value, Mapping) else list(read_items(rendering, value))


def items_of(rendering: Rendering, value: object) -> list[object]:
    """A record as a list of `[name, value]`."""
    if not isinstance(value, Mapping):
        raise Refusal(code="template-type", message=f"`items` takes a record, but this is {describe(value)}")
    rendering.weigh(value)
    return [[name, item] for name, item in value.items()]


def reverse(rendering: Rendering, value: object) -> object:
    """A list or text from its end."""
    if isinstance(value, str):
        return read_text(rendering, value)[::-1]
    return list(read_items(rendering, value))[::-1]


def sort(
    rendering: Rendering,
    value: object,
    reverse: object = False,
    case_sensitive: object = False,
    attribute: object = None,
) -> list[object]:
    """In order, texts without regard to case unless `case_sensitive`; equal ones stay in the order they had."""
    items = read_items(rendering, value)
    keys = _order(rendering, items, case_sensitive, attribute)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=is_true(reverse))  # type: ignore[arg-type] # all numbers or all texts
    return [items[index] for index in order]


def unique(
    rendering: Rendering, value: object, case_sensitive: object = False, attribute: object = None
) -> list[object]:
    """Without repetitions; the first of equal ones stays."""
    items = read_items(rendering, value)
    seen: dict[object, object] = {}
    for item, key in zip(items, _order(rendering, items, case_sensitive, attribute), strict=True):
        seen.setdefault(key, item)
    return list(seen.values())


def smallest(
    rendering: Rendering, value: object, case_sensitive: object = False, attribute: object = None
) -> object:
    """The smallest item; nothing of an empty list."""
    items = read_items(rendering, value)
    keys = _order(rendering, items, case_sensitive, attribute)
    return min(zip(keys, items, strict=True), key=itemgetter(0))[1] if items else MISSING


def largest(
    rendering: Rendering, value: object, case_sensitive: object = False, attribute: object = None
) -> object:
    """The largest item; nothing of an empty list."""
    items = read_items(rendering, value)
    keys = _order(rendering, items, case_sensitive, attribute)
    return max(zip(keys, items, strict=True), key=itemgetter(0))[1] if items else MISSING


def total(rendering: Rendering, value: object, attribute: object = None, start: object = 0) -> Number:
    """The sum of numbers, or of attributes that are numbers."""
    look, result = _attribute_of(rendering, attribute), check_number(start)
    for item in read_items(rendering, value):
        found = look(item)
        if found is None:
            raise _refuse_none("only numbers have a sum", attribute)
        result = check_number(result + check_number(found))
    return result


def map_items(rendering: Rendering, value: object, attribute: object, default: object = None) -> list[object]:
    """The attribute of every item; `default` stands in where an item has none."""
    look, found = _attribute_of(rendering, attribute), []
    for item in read_items(rendering, value):
        try:
            found.append(look(item))
        except Refusal as refusal:
            if default is None or refusal.code != "template-undefined":
                raise
            found.append(default)
    rendering.weigh(found)
    return found


def _chosen(
    rendering: Rendering,
    value: object,
    attribute: object,
    test: object,
    arguments: tuple[object, ...],
    *,
    wanted: bool,
) -> list[object]:
    callee = None if test is None else _find_test(test, len(arguments))
    kept: list[object] = []
    for item in read_items(rendering, value):
        rendering.spend(2)
        found = item if attribute is None else find_path(item, _path(attribute))
        if found is MISSING and (callee is None or not callee.takes_missing):
            raise _refuse_path(item, _path(attribute))
        holds = is_true(found) if callee is None else bool(callee.apply(rendering, found, *arguments))
        if holds is wanted:
            kept.append(item)
    return kept


def _find_test(name: object, arguments: int) -> Callee:
    callee = TESTS.get(name) if isinstance(name, str) else None
    if callee is None:
        raise Refusal(
            code="template-unknown-test",
            message=f"there is no test `{name}`"
            if isinstance(name, str)
            else f"a test is named by text, but this is {describe(name)}",
            help=suggest(str(name), TESTS),
        )
    mismatch = explain_mismatch(callee, 1 + arguments, (), piped=True)
    if mismatch is not None:
        raise Refusal(code="template-arguments", message=f"test `{name}`: {mismatch}")
    return callee


def select(rendering: Rendering, value: object, test: object = None, *arguments: object) -> list[object]:
    """The items that pass a test, or that hold."""
    return _chosen(rendering, value, None, test, arguments, wanted=True)


def reject(rendering: Rendering, value: object, test: object = None, *arguments: object) -> list[object]:
    """The items that do not pass a test, or do not hold."""
    return _chosen(rendering, value, None, test, arguments, wanted=False)


def selectattr(
    rendering: Rendering, value: object, attribute: object, test: object = None, *arguments: object
) -> list[object]:
    """The items whose attribute passes a test, or holds."""
    return _chosen(rendering, value, attribute, test, arguments, wanted=True)


def rejectattr(
    rendering: Rendering, value: object, attribute: object, test: object = None, *arguments: object
) -> list[object]:
    """The items whose attribute does not pass a test, or does not hold."""
    return _chosen(rendering, value, attribute, test, arguments, wanted=False)
