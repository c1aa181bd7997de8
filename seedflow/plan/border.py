"""The border of a used recipe: what its caller gives, read as the recipe declares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seedflow.canonical import build_key
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.graph.places import find_templates
from seedflow.plan.frames import Env
from seedflow.plan.refused import Refused
from seedflow.recipe.given import GivenInputs, GivenValue
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.input_types import Files, read_value
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Argument, Call, Input, InputType, Recipe
from seedflow.recipe.references import NameReference
from seedflow.recipe.tables import spell_key
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.views import Row, View

TOO_LATE: Final = "known-too-late"
"""The code of what must be known when planning, and depends on results."""


def is_later(argument: Argument) -> bool:
    """Whether templates give an argument; what is written out is read at once."""
    return any(template.form is not TemplateForm.LITERAL for template in find_templates(argument.expression))


def read_known(
    call: Call, recipe: Recipe, caller: Recipe, images: ImageFiles
) -> tuple[dict[str, object], list[Diagnostic]]:
    """The inputs of a used recipe that do not come later: what its caller writes out, else defaults, else none."""
    later = {name for name, argument in call.arguments.items() if is_later(argument)}
    given = {
        name: GivenValue(argument.span, argument.node, caller.folder)
        for name, argument in call.arguments.items()
        if name not in later
    }
    values, problems = resolve_inputs(
        recipe, GivenInputs(given), folder=caller.folder, images=images, later=frozenset(later)
    )
    # The checks read the same and said all of it already; with errors there would be no plan.
    return values or {}, [problem for problem in problems if problem.severity is Severity.ERROR]


def admit(declared: Input, value: object, argument: Argument, files: Files) -> object:
    """A value that a template of the caller gave, as the recipe declares it; `files` are those that the recipe's defaults name.

    Raises:
        Refused: it is something else.
    """
    try:
        rows = _find_records(value) if declared.type is InputType.TABLE else None
        return _admit(declared, value) if rows is None else _admit_table(declared, rows, files)
    except _Misfit as misfit:
        raise Refused(
            Diagnostic(
                misfit.code,
                f"`{argument.name}` is {misfit.found}, expected {misfit.expected}",
                spot(argument),
                help=_advise(declared, value),
                related=(Related(declared.span, f"`{declared.name}` is declared here"),),
            )
        ) from None


def known_too_late(template: Template, env: Env, message: str) -> Diagnostic:
    """What decides about the plan depends on results: within a recipe no text can say so, so that a caller gives them."""
    mentioned = {name.name for name in template.references if isinstance(name, NameReference)}
    given = [argument for name, (argument, _) in env.frame.later.items() if name in mentioned]
    related = tuple(Related(spot(argument), f"`{argument.name}` is given here") for argument in given)
    return Diagnostic(
        TOO_LATE,
        f"{message}, but it must be known when planning",
        template.scalar.span,
        help=f"give `{given[0].name}` a value that depends on no result"
        if given
        else "take it from inputs and values",
        related=related,
    )


class _Misfit(Exception):  # noqa: N818 - not an error of the program: told to the user by whoever knows the place
    def __init__(self, found: str, expected: str, code: str = "wrong-shape") -> None:
        super().__init__(found)
        self.code = code
        self.found = found
        self.expected = expected


def _advise(declared: Input, value: object) -> str:
    if value is not None:
        return "give what the recipe declares"
    if declared.default is not None:
        return f"leave `{declared.name}` out, so that it has its default, or give `… | default(…)`"
    return f"leave the step out then, with `when:`, or declare `{declared.name}` as `optional: true`"


def _admit(declared: Input, value: object) -> object:
    if value is None:
        if declared.optional:
            return None
        raise _Misfit("none", f"{_spell(declared)}, since it is not optional")
    match declared.type:
        case InputType.TEXT:
            return _check_length(declared, _as_text(declared, value))
        case InputType.CHOICE:
            text = _as_text(declared, value)
            if text not in declared.options:
                raise _Misfit(quote(text), f"one of {', '.join(declared.options)}")
            return text
        case InputType.NUMBER | InputType.INTEGER:
            return _admit_number(declared, value)
        case InputType.BOOLEAN if isinstance(value, bool):
            return value
        case InputType.IMAGE:
            if isinstance(value, (list, tuple)) and len(value) == 1:
                (value,) = value
            if isinstance(value, View) and value.kind == "image":
                return value
        case InputType.LIST if isinstance(value, Sequence) and not isinstance(value, str):
            _check_count(declared, len(value))
            return list(value) if declared.of is None else _admit_items(declared.of, value)
        case _:
            pass
    raise _Misfit(_describe(value), _spell(declared))


def _admit_items(of: Input, value: Sequence[object]) -> list[object]:
    admitted = []
    for number, item in enumerate(value, 1):
        try:
            admitted.append(_admit(of, item))
        except _Misfit as misfit:
            raise _Misfit(
                f"a list whose item {number} is {misfit.found}", misfit.expected, misfit.code
            ) from None
    return admitted


def _find_records(value: object) -> list[Mapping[str, object]] | None:
    """The items of a list of records, None for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    rows = [row for row in value if isinstance(row, Mapping)]
    return rows if len(rows) == len(value) else None


def _admit_table(declared: Input, value: Sequence[Mapping[str, object]], files: Files) -> list[Row]:
    _check_count(declared, len(value))
    defaults = {
        name: read_value(column, column.default, files)[0]
        for name, column in declared.columns.items()
        if column.default is not None
    }
    rows = [_admit_row(declared, row, number, defaults) for number, row in enumerate(value, 1)]
    first: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if row.key is not None and first.setdefault(build_key(row.key), number) != number:
            raise _Misfit(
                f"a table whose rows {first[build_key(row.key)]} and {number} have the same `{declared.key}`, `{row.key}`",
                "another one in each row",
            )
    return rows


def _admit_row(
    declared: Input, row: Mapping[str, object], number: int, defaults: Mapping[str, object]
) -> Row:
    """A row of a caller's table or records, as this table's columns declare it; other columns stay as they are."""
    values = dict(row)
    for name, column in declared.columns.items():
        found = values.get(name)
        try:
            values[name] = defaults[name] if found is None and name in defaults else _admit(column, found)
        except _Misfit as misfit:
            raise _Misfit(
                f"a table with {misfit.found} under `{name}` in row {number}", misfit.expected, misfit.code
            ) from None
    if declared.key is None:
        return Row(values)
    key = values.get(declared.key)
    if not isinstance(key, (str, int, float)) or not spell_key(key).strip():
        raise _Misfit(f"a table with no `{declared.key}` in row {number}", "one in every row: it is the key")
    return Row(values, spell_key(key))


def _as_text(declared: Input, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise _Misfit(_describe(value), _spell(declared))


def _check_length(declared: Input, text: str) -> str:
    if declared.min_length is not None and len(text) < declared.min_length:
        raise _Misfit(f"{len(text)} characters long", f"at least {declared.min_length}", "out-of-bounds")
    if declared.max_length is not None and len(text) > declared.max_length:
        raise _Misfit(f"{len(text)} characters long", f"at most {declared.max_length}", "out-of-bounds")
    return text


def _admit_number(declared: Input, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Misfit(_describe(value), _spell(declared))
    if declared.type is InputType.INTEGER and isinstance(value, float):
        if not value.is_integer():
            raise _Misfit(f"{value}", "a whole number")
        value = int(value)
    if declared.minimum is not None and value < declared.minimum:
        raise _Misfit(f"{value}", f"at least {declared.minimum}", "out-of-bounds")
    if declared.maximum is not None and value > declared.maximum:
        raise _Misfit(f"{value}", f"at most {declared.maximum}", "out-of-bounds")
    return value


def _check_count(declared: Input, count: int) -> None:
    if declared.min_items is not None and count < declared.min_items:
        raise _Misfit(f"a list of {count}", f"at least {declared.min_items} items", "out-of-bounds")
    if declared.max_items is not None and count > declared.max_items:
        raise _Misfit(f"a list of {count}", f"at most {declared.max_items} items", "out-of-bounds")


def _spell(declared: Input) -> str:
    match declared.type:
        case InputType.TEXT:
            return "text"
        case InputType.CHOICE:
            return f"one of {', '.join(declared.options)}"
        case InputType.NUMBER:
            return "a number"
        case InputType.INTEGER:
            return "a whole number"
        case InputType.BOOLEAN:
            return "true or false"
        case InputType.IMAGE:
            return "an image"
        case InputType.LIST:
            return "a list"
        case InputType.TABLE:
            return "a list of records"


def _describe(value: object) -> str:
    match value:
        case View():
            return "an image" if value.kind == "image" else f"a {value.kind}"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a record"
        case _:
            return f"a list of {len(value)}" if isinstance(value, Sequence) else "something else"


def spot(argument: Argument) -> Span:
    """Where what a caller gives stands."""
    if isinstance(argument.expression, Template):
        return argument.expression.scalar.span
    return argument.node.span
