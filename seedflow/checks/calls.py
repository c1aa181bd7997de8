"""Steps that use a recipe: what goes in fits the declared inputs, and each of them that must be given is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from seedflow.checks.absent_items import doubt_items
from seedflow.checks.declared import name_source
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.borders import judge_bounds, name_input
from seedflow.graph.flow import Flow
from seedflow.graph.growth import Growth, Where
from seedflow.graph.input_shapes import shape_of_input
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import Kind, Shape, list_of
from seedflow.recipe.image_folders import has_image_ending
from seedflow.recipe.input_images import ImageFiles, is_url
from seedflow.recipe.input_types import read_value
from seedflow.recipe.inputs import FilesFrom
from seedflow.recipe.leaves import LOST_WORDS, is_nothing, quote
from seedflow.recipe.listed_texts import doubt_brackets
from seedflow.recipe.lost_forms import advise_unquoting
from seedflow.recipe.model import Argument, Call, Expression, Input, InputType, Recipe
from seedflow.recipe.template import Template, may_leave_out
from seedflow.text.nodes import Mapping as WrittenMapping
from seedflow.text.nodes import Node, Sequence

_FITTING: Mapping[InputType, frozenset[Kind]] = {
    InputType.TEXT: frozenset({Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}),
    InputType.CHOICE: frozenset({Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}),
    InputType.NUMBER: frozenset({Kind.NUMBER, Kind.INTEGER}),
    InputType.INTEGER: frozenset({Kind.NUMBER, Kind.INTEGER}),
    InputType.BOOLEAN: frozenset({Kind.BOOLEAN}),
    InputType.IMAGE: frozenset({Kind.IMAGE}),
    InputType.LIST: frozenset({Kind.LIST}),
    InputType.TABLE: frozenset({Kind.LIST}),
}


def check_calls(subject: Subject) -> Iterator[Diagnostic]:
    """What goes over the border of a used recipe is what its inputs are declared to be."""
    files, growth = ImageFiles(), Growth(subject.graph)
    for node, call in subject.calls:
        if call.recipe is not None:
            border = _Border(node, call, call.recipe, subject.flow, growth, files)
            yield from border.check()


class _Border:
    """One call: the caller's arguments against the declared inputs."""

    def __init__(
        self, node: StepNode, call: Call, recipe: Recipe, flow: Flow, growth: Growth, files: ImageFiles
    ) -> None:
        self._node = node
        self._call = call
        self._recipe = recipe
        self._flow = flow
        self._growth = growth
        folder = node.frame.recipe.folder
        self._files = FilesFrom(
            folder, files, recipe_folder=recipe.folder, current_folder=folder, braces=True
        )

    def check(self) -> Iterator[Diagnostic]:
        """Everything that is wrong with the arguments, each shown in the call with the declaration beside it."""
        for argument in self._call.arguments.values():
            declared = self._recipe.inputs.get(argument.name)
            if declared is not None:
                yield from self._check(declared, argument)
            elif not self._recipe.may_have("inputs", argument.name):
                yield self._unknown(argument.name, argument.span, argument)
        for name, span in self._call.empty.items():
            if name not in self._recipe.inputs and not self._recipe.may_have("inputs", name):
                yield self._unknown(name, span)
        meant = {find_near(name, self._recipe.inputs) for name in (*self._call.arguments, *self._call.empty)}
        meant.update(
            fitting[0]
            for argument in self._call.arguments.values()
            if argument.name not in self._recipe.inputs
            and read_literal(argument.expression) is NOT_LITERAL
            and len(fitting := self._find_fitting(argument)) == 1
        )
        for name, declared in self._recipe.inputs.items():
            if name in meant and name not in self._call.arguments:
                continue  # a misspelt name is meant for it, and that is said of the name
            if name not in self._call.arguments and not declared.optional and declared.default is None:
                yield self._missing(declared)

    def _find_fitting(self, argument: Argument) -> list[str]:
        """The inputs that a value under a wrong name may be meant for: not given otherwise, and of its type."""
        shape = self._flow.shape_of_expression(argument.expression, self._node)
        literal = read_literal(argument.expression)
        picture = isinstance(literal, str) and (is_url(literal) or has_image_ending(literal))
        return [
            name
            for name, declared in self._recipe.inputs.items()
            if name not in self._call.arguments
            and (
                declared.type is InputType.IMAGE
                if picture
                else shape.known and shape.kind in _FITTING[declared.type]
            )
        ]

    def _advise(self, argument: Argument) -> str:
        """Which input is written in place of a name that the recipe has not, and which is like none that it has."""
        free = [name for name in self._recipe.inputs if name not in self._call.arguments]
        fitting = self._find_fitting(argument)
        others = [name for name in free if name not in fitting]
        if not free:
            return "take it out"
        if not fitting:
            return f"write the name of the input that is meant: {' or '.join(f'`{name}`' for name in others)}"
        meant = " or ".join(f"`{name}`" for name in fitting)
        return f"write {meant}" + (f", or another one that is meant: {', '.join(others)}" if others else "")

    def _unknown(self, name: str, span: Span, argument: Argument | None = None) -> Diagnostic:
        known = (*self._recipe.inputs, *self._recipe.list_unread("inputs"))
        near = find_near(name, known)
        names = ", ".join(known)
        return Diagnostic(
            "no-such-input",
            f"recipe {quote(self._recipe.name)} has no input {quote(name)}"
            + (f"; it has {names}" if names else "; it has none"),
            span,
            help=f"did you mean `{near}`?"
            if near
            else f"take it out; {LOST_WORDS}"
            if argument is None
            else self._advise(argument),
        )

    def _missing(self, declared: Input) -> Diagnostic:
        return Diagnostic(
            "missing-input",
            f"step `{self._node.step.name}` gives no value to input `{declared.name}` of recipe {quote(self._recipe.name)}, which has "
            "no default",
            self._call.target_span,
            help=f"write `with: {{{declared.name}: …}}`",
            related=(_declared(declared),),
        )

    def _check(self, declared: Input, argument: Argument) -> Iterator[Diagnostic]:
        name = name_input(declared, self._recipe)
        found = list(self._check_value(declared, argument.expression, argument.node, name))
        yield from (replace(one, related=(*one.related, _declared(declared))) for one in found)

    def _check_value(
        self, declared: Input, expression: Expression, node: Node, name: str
    ) -> Iterator[Diagnostic]:
        if read_literal(expression) is not NOT_LITERAL:
            if not is_nothing(node):
                yield from read_value(declared, node, self._files)[1]
                if declared.of is not None and declared.of.type is InputType.TEXT:
                    yield from doubt_brackets(node)
        elif isinstance(expression, Template):
            certain = self._flow.certain.of_step(self._node)
            shape = self._flow.shape_of_template(expression, self._node, facts=certain)
            span = expression.scalar.span
            if may_leave_out(expression) and name.startswith("an item"):
                shape = replace(shape, optional=False)
            unquoted = advise_unquoting(expression.scalar)
            for found in _check_shape(declared, shape, span, name):
                misfit = found.code == "wrong-shape" and declared.type is InputType.LIST
                advice = unquoted if misfit else None
                if found.code == "text-for-image":
                    source = name_source(expression)
                    advice = f"declare {source} with `type: image`" if source else None
                yield replace(found, help=advice or found.help)
            if declared.type is InputType.LIST and not (declared.of is not None and declared.of.optional):
                yield from doubt_items(
                    expression, self._node, self._flow, f"and items of {name} must be given", certain
                )
            if not self._is_guarded():
                dynamic = self._growth.is_dynamic(expression, Where(self._node.frame, self._node))
                yield from judge_bounds(declared, shape, span, name, dynamic=dynamic)
        elif (
            isinstance(expression, tuple)
            and declared.type is InputType.LIST
            and declared.of is not None
            and isinstance(node, Sequence)
        ):
            for inner, inner_node in zip(expression, node.items, strict=True):
                yield from self._check_value(
                    replace(declared.of, name=declared.name), inner, inner_node, f"an item of {name}"
                )
        elif (
            isinstance(expression, tuple) and declared.type is InputType.TABLE and isinstance(node, Sequence)
        ):
            for row, row_node in zip(expression, node.items, strict=True):
                yield from self._check_row(declared, row, row_node, name)
        else:
            shape = self._flow.shape_of_expression(expression, self._node)
            yield from _check_shape(declared, shape, node.span, name)

    def _check_row(self, declared: Input, row: Expression, node: Node, name: str) -> Iterator[Diagnostic]:
        """One row of a table that is written out."""
        if isinstance(row, tuple | Template) or not isinstance(node, WrittenMapping):
            shape = self._flow.shape_of_expression(row, self._node)
            if shape.known:
                yield from _check_shape(declared, list_of(shape), node.span, name)
            return
        for column in declared.columns.values():
            entry = node.find(column.name)
            if entry is not None and column.name in row:
                of_column = f"column `{column.name}` of {name}"
                yield from self._check_value(_as_taken(column), row[column.name], entry.value, of_column)
            elif _is_needed(column):
                yield _without_column(column, node.span, name)

    def _is_guarded(self) -> bool:
        """Whether a condition may keep from it what does not fit."""
        at: StepNode | None = self._node
        while at is not None and at.step.when is None:
            at = at.frame.call
        return at is not None


def _declared(declared: Input) -> Related:
    return Related(declared.span, f"input `{declared.name}` is declared here")


def _check_shape(declared: Input, shape: Shape, span: Span, name: str) -> Iterator[Diagnostic]:
    if not shape.known:
        return
    wanted = shape_of_input(declared)
    if (shape.kind is Kind.NONE or shape.optional) and not declared.optional:
        is_none = "this is none" if shape.kind is Kind.NONE else "this may be none"
        has_default = declared.default is not None
        leave_out = "leave it out here, so that it has its default" if shape.kind is Kind.NONE else ""
        instead = "give it something else for that case: `… | default(…)`"
        column = name.startswith("column ")
        declare = "the column `optional` or with a `default`" if column else "the input `optional`"
        yield Diagnostic(
            "may-be-none",
            f"{is_none}, and {name} {'has its default only where it is left out' if has_default else 'must be given'}",
            span,
            Severity.WARNING,
            help=f"{(has_default and leave_out) or instead}, or declare {declare}",
        )
    if shape.kind is Kind.NONE:
        return
    if shape.kind not in _FITTING[declared.type]:
        yield _misfit(declared, wanted, shape, span, name)
    elif declared.type in (InputType.LIST, InputType.TABLE):
        yield from _check_items(declared, shape, span, name)
    elif declared.type is InputType.CHOICE and shape.options:
        refused = [option for option in shape.options if option not in declared.options]
        if refused:
            yield Diagnostic(
                "option-not-allowed",
                f"this may be {', '.join(map(quote, refused))}, which {name} does not take",
                span,
                Severity.ERROR if len(refused) == len(shape.options) else Severity.WARNING,
                help=f"it takes {', '.join(map(quote, declared.options))}",
            )


def _misfit(declared: Input, wanted: Shape, shape: Shape, span: Span, name: str) -> Diagnostic:
    holds = shape.item.kind if shape.kind is Kind.LIST and shape.item is not None else None
    if declared.type is InputType.IMAGE and shape.kind is Kind.TEXT:
        return Diagnostic(
            "text-for-image",
            f"{name} is an image, and this gives text: a rendered text is never a path",
            span,
            help="write the path or URL itself, or use an input of type image",
        )
    if declared.type in (InputType.NUMBER, InputType.INTEGER) and shape.kind is Kind.TEXT:
        return Diagnostic(
            "text-for-number",
            f"{name} is {wanted.describe()}, and this gives text: text never becomes a number",
            span,
            help="use a number, and write nothing beside the `{{ }}`",
        )
    help_text = f"give it {wanted.describe().removesuffix(', or none')}"
    if name.startswith("an item") and holds is not None and holds in _FITTING[declared.type]:
        help_text = (
            "write this list by itself, without the brackets around it: lists are not put together here"
        )
    elif declared.type is InputType.IMAGE and holds is Kind.IMAGE:
        help_text = "choose one, such as `[0]`; or repeat this step with `for_each`; or declare the input as a list of images"
    elif declared.type is InputType.LIST and holds is None and not isinstance(shape.item, Shape):
        help_text = "put it into a list: `[…]`"
    elif Kind.TASK in (shape.kind, holds):
        help_text = "add `.images` for its images"
    return Diagnostic(
        "wrong-shape", f"{name} is {wanted.describe()}, and this is {shape.describe()}", span, help=help_text
    )


def _check_items(declared: Input, shape: Shape, span: Span, name: str) -> Iterator[Diagnostic]:
    if shape.item is None or not shape.item.known or shape.item.kind is Kind.NONE:
        return
    if shape.item.kind in _fitting_items(declared):
        if declared.type is InputType.TABLE and shape.item.fields is not None:
            yield from _check_columns(declared, shape.item, span, name)
        return
    wanted = shape_of_input(declared)
    yield Diagnostic(
        "wrong-shape",
        f"{name} is {wanted.describe()}, and this is {shape.describe()}",
        span,
        help="add `.images` to use their images"
        if shape.item.kind is Kind.TASK
        else f"give it {wanted.describe()}",
    )


def _check_columns(declared: Input, row: Shape, span: Span, name: str) -> Iterator[Diagnostic]:
    """The columns of a table against the fields that records have which only expressions give."""
    for column in declared.columns.values():
        found = (row.fields or {}).get(column.name)
        if found is not None:
            yield from _check_shape(_as_taken(column), found, span, f"column `{column.name}` of {name}")
        elif not row.open and _is_needed(column):
            yield _without_column(column, span, name)


def _as_taken(column: Input) -> Input:
    """A column as it takes what a row has: where that is none, its default stands."""
    return replace(column, optional=column.optional or column.default is not None)


def _is_needed(column: Input) -> bool:
    return not column.optional and column.default is None


def _without_column(column: Input, span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "wrong-shape",
        f"{name} has a column `{column.name}`, which must be given in each row, and there is none here",
        span,
        help=f"add `{column.name}`, or declare the column `optional` or with a `default`",
    )


def _fitting_items(declared: Input) -> frozenset[Kind]:
    if declared.type is InputType.TABLE:
        return frozenset({Kind.RECORD})
    return frozenset(Kind) if declared.of is None else _FITTING[declared.of.type]
