"""`for_each`: one step to its instances, each with its values, its keys and a stable, readable address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seedflow.canonical import build_key
from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepNode
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.views import Row, View

_PATH_LIKE = re.compile(r"[\w./-]+")
"""Relative paths of images stay readable in addresses; anything else goes through a slug."""

RenderList = Callable[[Expression, Mapping[str, object]], "Sequence[object] | Diagnostic"]
"""Renders one list of `for_each` with the `each` of earlier variables."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One set of `for_each` values. `keys` has a pair of variable and key for each variable, in written order."""

    step: str
    address: str
    each: Mapping[str, object]
    keys: tuple[tuple[str, str], ...]


def expand_step(
    node: StepNode, render_list: RenderList, *, limit: int
) -> tuple[tuple[Instance, ...], list[Diagnostic]]:
    """All instances of a step, the last variable fastest. A step without `for_each` has one.

    `limit` bounds how many instances are made before giving up with a diagnostic.
    """
    rows: list[tuple[dict[str, object], tuple[tuple[str, str], ...]]] = [({}, ())]
    problems: list[Diagnostic] = []
    for variable in node.step.for_each:
        longer: list[tuple[dict[str, object], tuple[tuple[str, str], ...]]] = []
        for each, keys in rows:
            values = _loop_values(variable, each, render_list)
            if isinstance(values, Diagnostic):
                problems.append(values)
                continue
            if variable.at_most is not None and len(values) > variable.at_most:
                problems.append(_too_many(variable, len(values)))
                continue
            longer.extend(
                ({**each, **more}, keys + added) for more, added in _keyed(variable, values, problems)
            )
            if len(longer) > limit:
                problems.append(_explodes(node, variable.span, limit))
                return (), problems
        if problems:
            return (), problems
        rows = longer
    if not node.step.for_each:
        return (Instance(node.id, node.id, {}, ()),), problems
    return tuple(
        Instance(node.id, f"{node.id}[{','.join(f'{name}={key}' for name, key in keys)}]", each, keys)
        for each, keys in rows
    ), problems


def find_key(value: object, key_field: str | None = None) -> str | None:
    """The key of one value, or None for a record or list that declares none."""
    if isinstance(value, View):
        key = value.attributes.get("key")
        if key is None:
            return None
        return str(key) if _PATH_LIKE.fullmatch(str(key)) else build_key(str(key))
    if isinstance(value, Row) and key_field is None:
        return build_key(value.key) if value.key is not None else None
    if isinstance(value, Mapping):
        return build_key(value[key_field]) if key_field is not None and key_field in value else None
    if isinstance(value, (str, int, float)):
        return build_key(value)
    return None


def _loop_values(
    variable: LoopVariable, each: Mapping[str, object], render_list: RenderList
) -> list[tuple[object, ...]] | Diagnostic:
    columns: list[Sequence[object]] = []
    for expression in variable.lists:
        column = render_list(expression, each)
        if isinstance(column, Diagnostic):
            return column
        columns.append(column)
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        found = ", ".join(
            f"`{name}` has {len(column)}" for name, column in zip(variable.names, columns, strict=True)
        )
        return Diagnostic(
            "unequal-lists",
            f"`zip` pairs lists of the same length, but {found}",
            variable.span,
            help="make the lists equally long",
        )
    return list(zip(*columns, strict=True))


def _keyed(
    variable: LoopVariable, rows: Sequence[tuple[object, ...]], problems: list[Diagnostic]
) -> list[tuple[dict[str, object], tuple[tuple[str, str], ...]]]:
    found: list[tuple[dict[str, object], tuple[tuple[str, str], ...]]] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, 1):
        keys: list[str] = []
        for name, value in zip(variable.names, row, strict=True):
            key = find_key(value, variable.key)
            if key is None:
                problems.append(_no_key(variable, name, number, value))
                return []
            keys.append(key)
        first = seen.setdefault(tuple(keys), number)
        if first != number:
            problems.append(_equal_keys(variable, keys, first, number))
            return []
        found.append(
            (dict(zip(variable.names, row, strict=True)), tuple(zip(variable.names, keys, strict=True)))
        )
    return found


def _no_key(variable: LoopVariable, name: str, number: int, value: object) -> Diagnostic:
    if variable.key is not None:
        return Diagnostic(
            "no-key",
            f"item {number} of `{name}` has no `{variable.key}` to make its key from",
            variable.span,
            help="name a field that every item has, under `key:`",
        )
    kind = (
        "a record"
        if isinstance(value, Mapping)
        else "none"
        if value is None
        else "not text, a number or an image"
    )
    return Diagnostic(
        "no-key",
        f"item {number} of `{name}` is {kind}, which has no key of its own",
        variable.span,
        help=f"write `{name}: {{in: …, key: FIELD}}` and name the field that tells the items apart"
        if isinstance(value, Mapping)
        else "loop over text, numbers, images or records",
    )


def _equal_keys(variable: LoopVariable, keys: Sequence[str], first: int, number: int) -> Diagnostic:
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    return Diagnostic(
        "equal-keys",
        f"items {first} and {number} of `{', '.join(variable.names)}` have the same key ({named}); "
        "a task's address would stand for two",
        variable.span,
        help="remove one of the two, or tell them apart",
    )


def _too_many(variable: LoopVariable, count: int) -> Diagnostic:
    return Diagnostic(
        "too-many-items",
        f"`{', '.join(variable.names)}` has {count} items, but `at_most` is {variable.at_most}",
        variable.span,
        help="shorten the list or raise `at_most`",
    )


def _explodes(node: StepNode, span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        "too-many-tasks",
        f"step `{node.id}` would become more than {limit:,} tasks",
        span,
        help="shorten the lists, or raise `limits.tasks` if you mean it",
    )
