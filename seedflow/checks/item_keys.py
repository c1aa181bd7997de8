"""Keys of the items of `for_each`: what has none, and items that are written out and could not be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from seedflow.canonical import build_key
from seedflow.checks.absent_items import doubt_items
from seedflow.checks.declared import advise_default
from seedflow.checks.request import span_of
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.flow import Flow
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import SAME_ITEMS, Kind, Shape
from seedflow.graph.table_rows import list_tables
from seedflow.recipe.model import Expression, Input, InputType, LoopVariable
from seedflow.recipe.template import Template, may_leave_out
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Binary, ListOf
from seedflow.text.nodes import Sequence

_WITH_OWN_KEYS: Final = {
    **dict.fromkeys((Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN), "told apart by what they are"),
    Kind.IMAGE: "told apart by the keys of their tasks and their numbers, or by their paths",
    Kind.TASK: "told apart by the keys of their own loops",
}
_SAME_KEYS: Final = SAME_ITEMS | {"unique"}
"""Filters that leave the keys of a list's items as they are."""

_TELLING: Final = (InputType.TEXT, InputType.INTEGER, InputType.CHOICE)
"""Types of columns that tell rows apart most likely."""


def check_keys(variable: LoopVariable, node: StepNode, flow: Flow) -> Iterator[Diagnostic]:
    """Each item has a key, and no two that are written out have the same."""
    if "key" in variable.unread:
        return
    yield from _check_written(variable)
    yield from _check_field(variable, node, flow)
    for name, items in zip(variable.names, variable.lists, strict=True):
        if isinstance(items, Template):
            shape = flow.shape_of_template(items, node)
            item = shape.item if shape.kind is Kind.LIST and shape.count.high != 0 else None
            if item is not None and not item.known:
                item = _find_mapped(items.expression, node, flow)
            if item is not None:
                yield from _check_items(name, item, items, variable)
            yield from _check_rows(name, items, variable, node)
            yield from doubt_items(items, node, flow, "which has no key to make a task's address from")
            twice = _find_twice(items.expression, node, flow)
            if twice is not None:
                yield _same_images(name, items, *twice)
            continue
        for item_template in items if isinstance(items, tuple) else ():
            if isinstance(item_template, Template) and read_literal(item_template) is NOT_LITERAL:
                shape = flow.shape_of_template(item_template, node)
                yield from _check_item(name, shape, item_template, variable, alone=len(items) == 1)


def _check_field(variable: LoopVariable, node: StepNode, flow: Flow) -> Iterator[Diagnostic]:
    """`key:` names a field of records: where no item is one, it would do nothing."""
    if variable.key is None:
        return
    kinds = {kind for items in variable.lists for kind in _find_kinds(items, node, flow)}
    words = [_WITH_OWN_KEYS.get(kind) for kind in kinds]
    if len(kinds) == 1 and words[0] is not None:
        (kind,) = kinds
        yield Diagnostic(
            "no-key",
            f"`key: {variable.key}` names a field of records, and the items of `{variable.names[0]}` are {kind.value[1]}, "
            f"which are {words[0]}",
            variable.span,
            help="take `key:` out",
        )


def _find_kinds(items: Expression, node: StepNode, flow: Flow) -> Iterator[Kind]:
    if isinstance(items, Template):
        shape = flow.shape_of_template(items, node)
        if shape.kind is Kind.LIST and shape.item is not None and shape.count.high != 0:
            yield shape.item.kind
    for item in items if isinstance(items, tuple) else ():
        if isinstance(item, Template) and read_literal(item) is NOT_LITERAL:
            yield flow.shape_of_template(item, node).kind
        else:
            value = read_literal(item)
            yield Kind.TEXT if isinstance(value, (str, int, float)) else Kind.RECORD


def _check_items(name: str, item: Shape, template: Template, variable: LoopVariable) -> Iterator[Diagnostic]:
    """What is true of all items of a list that a template gives."""
    span = _span_of_list(template, variable)
    if item.kind in (Kind.LIST, Kind.NONE):
        yield Diagnostic(
            "no-key",
            f"each item of `{name}` is {_describe(item)}, which has no key to make a task's address from",
            span,
            help="loop over text, numbers, images or records",
        )
    elif _is_record(item):
        yield from _check_record(name, item, span, variable)


def _span_of_list(template: Template, variable: LoopVariable) -> Span:
    if not variable.zipped:
        return template.scalar.span
    node = template.expression
    return template.scalar.span_at(
        *((0, len(template.scalar.value)) if node is None else (node.start, node.end))
    )


def _check_rows(
    name: str, template: Template, variable: LoopVariable, node: StepNode
) -> Iterator[Diagnostic]:
    """Rows have the key that their own table declares, whatever table a used recipe is given them from."""
    if variable.key is not None or template.expression is None:
        return
    tables = [_find_keyless(table, node) for table in dict.fromkeys(list_tables(template.expression))]
    table = next(iter(tables), None)
    if table is None or None in tables or table.max_items == 0:
        return
    column = next((one.name for one in table.columns.values() if one.type in _TELLING), "COLUMN")
    yield Diagnostic(
        "no-key",
        f"the items of `{name}` are rows of the table `{table.name}`, and nothing says which of their columns tells them apart",
        _span_of_list(template, variable),
        help=f"write `key: {column}` in the declaration of `{table.name}`",
        related=(Related(table.span, "this table has no `key`"),),
    )


def _is_empty(declared: Input) -> bool:
    """Whether a table is a list of no rows unless another one is given."""
    return isinstance(declared.default, Sequence) and not declared.default.items


def _find_keyless(name: str | None, node: StepNode) -> Input | None:
    """The table of that name, if no row of it has a key."""
    declared = None if name is None else node.frame.recipe.inputs.get(name)
    return (
        declared
        if declared is not None
        and declared.type is InputType.TABLE
        and declared.key is None
        and not _is_empty(declared)
        else None
    )


def _check_item(
    name: str, shape: Shape, template: Template, variable: LoopVariable, *, alone: bool
) -> Iterator[Diagnostic]:
    """One item that is written out as a template."""
    span = template.scalar.span
    if shape.kind in (Kind.LIST, Kind.NONE):
        if shape.kind is Kind.NONE:
            help_text = "write text, a number, or a record"
        elif alone:
            help_text = f'take the brackets around it away: `{name}: "{template.scalar.value.strip()}"`'
        else:
            help_text = (
                "name single items of it, such as `[0]`, or give the list itself, without brackets around it"
            )
        yield Diagnostic(
            "no-key",
            f"an item of `{name}` is {_describe(shape)}, which has no key to make a task's address from",
            span,
            help=help_text,
        )
    elif _is_record(shape):
        yield from _check_record(name, shape, span, variable)
    elif shape.optional and not may_leave_out(template):
        yield Diagnostic(
            "may-be-none",
            f"this item of `{name}` may be none, which has no key to make a task's address from",
            span,
            Severity.WARNING,
            help=advise_default(template, "go through a list that leaves it out"),
        )


def _find_mapped(node: Node | None, flow_node: StepNode, flow: Flow) -> Shape | None:
    """What `map(attribute="NAME")` takes of each item, lists included, behind filters that leave items as they are."""
    while isinstance(node, Applied) and node.name in _SAME_KEYS and node.arguments:
        node = node.arguments[0]
    if not isinstance(node, Applied) or node.name != "map" or not node.arguments or len(node.keywords) != 1:
        return None
    name = node.keywords.get("attribute")
    base = flow.shape_of_part(node.arguments[0], flow_node)
    if base.item is None or not isinstance(name, Constant) or not isinstance(name.value, str):
        return None
    return base.item.find(name.value)


def _find_twice(node: Node | None, flow_node: StepNode, flow: Flow) -> tuple[Mentioned, Mentioned] | None:
    """Two mentions of the very same images in one list, of which there is at least one for certain."""
    seen: dict[object, Mentioned] = {}
    for part in _list_parts(node):
        if not isinstance(part, Mentioned):
            continue
        bare = replace(part.reference, start=0, end=0, name_start=0, name_end=0, skip_ok=False)
        first = seen.setdefault(bare, part)
        if first is part or (first.reference.skip_ok and part.reference.skip_ok):
            continue
        shape = flow.shape_of_part(part, flow_node)
        if shape.kind in (Kind.IMAGE, Kind.TASK) or (shape.kind is Kind.LIST and shape.count.low > 0):
            return first, part
    return None


def _list_parts(node: Node | None) -> Iterator[Node]:
    """What a list is put together from, by `+` and brackets."""
    if isinstance(node, Binary) and node.operator is operators.add:
        yield from _list_parts(node.left)
        yield from _list_parts(node.right)
    elif isinstance(node, ListOf):
        for item in node.items:
            yield from _list_parts(item)
    elif isinstance(node, OrNone):
        yield from _list_parts(node.argument)
    elif node is not None:
        yield node


def _same_images(name: str, template: Template, first: Mentioned, second: Mentioned) -> Diagnostic:
    return Diagnostic(
        "equal-keys",
        f"the same images stand twice in the list of `{name}`; a task's address would stand for two",
        template.scalar.span_at(second.start, second.end),
        help="take one of them out",
        related=(Related(template.scalar.span_at(first.start, first.end), "the first one"),),
    )


def _is_record(shape: Shape) -> bool:
    """Whether it is a record that brings no key of its own, as a row of a table may."""
    return shape.kind is Kind.RECORD and shape.fields is not None and not shape.open


def _check_record(name: str, shape: Shape, span: Span, variable: LoopVariable) -> Iterator[Diagnostic]:
    fields = shape.fields or {}
    if variable.key is None:
        yield Diagnostic(
            "no-key",
            f"the items of `{name}` are records, and nothing says which of their fields tells them apart",
            span,
            help=f"write `{name}: {{in: …, key: {next(iter(fields), 'FIELD')}}}`"
            if not variable.zipped
            else "pair texts, numbers or images",
        )
        return
    field = fields.get(variable.key)
    if field is None:
        near = find_near(variable.key, fields)
        yield Diagnostic(
            "no-key",
            f"the items of `{name}` have no field `{variable.key}`, which is to be their key",
            span,
            help=f"did you mean `{near}`?" if near else f"their fields are {', '.join(fields)}",
        )
    elif field.kind in (Kind.LIST, Kind.NONE) or _is_record(field):
        yield Diagnostic(
            "no-key",
            f"`{variable.key}`, the key of the items of `{name}`, is {_describe(field)}",
            span,
            help="name a field that is text, a number or an image",
        )


def _describe(shape: Shape) -> str:
    return "nothing" if shape.kind is Kind.NONE else shape.describe()


def _check_written(variable: LoopVariable) -> Iterator[Diagnostic]:
    columns = [items for items in variable.lists if isinstance(items, tuple)]
    if len(columns) != len(variable.lists):
        return
    seen: dict[tuple[str, ...], Span] = {}
    for row in zip(*columns, strict=False):
        keys: list[str] = []
        for name, item in zip(variable.names, row, strict=True):
            key = _find_key(name, item, variable)
            if isinstance(key, Diagnostic):
                yield key
            elif key is not None:
                keys.append(key)
        if len(keys) < len(row):
            continue
        span = span_of(row[0]) or variable.span
        first = seen.setdefault(tuple(keys), span)
        if first is not span:
            yield _equal_keys(variable, keys, span, first)


def _find_key(name: str, item: Expression, variable: LoopVariable) -> str | Diagnostic | None:
    """The key of a literal item, what is wrong with it, or None when it is known only with the inputs."""
    value = read_literal(item)
    if isinstance(value, Mapping) or (value is NOT_LITERAL and isinstance(item, Mapping)):
        return _find_record_key(name, item, variable)
    if value is NOT_LITERAL:
        return None
    if isinstance(value, (str, int, float)):
        return build_key(value)
    kind = "nothing" if value is None else "a list"
    return Diagnostic(
        "no-key",
        f"an item of `{name}` is {kind}, which has no key to make a task's address from",
        span_of(item) or variable.span,
        help="write text, a number, or a record",
    )


def _find_record_key(name: str, item: Expression, variable: LoopVariable) -> str | Diagnostic | None:
    record = item if isinstance(item, Mapping) else {}
    if variable.key is None:
        return Diagnostic(
            "no-key",
            f"the items of `{name}` are records, and nothing says which of their fields tells them apart",
            variable.span,
            help=f"write `{name}: {{in: […], key: {next(iter(record), 'FIELD')}}}`",
        )
    if variable.key not in record:
        near = find_near(variable.key, record)
        return Diagnostic(
            "no-key",
            f"this item of `{name}` has no field `{variable.key}`, which is to be its key",
            span_of(item) or variable.span,
            help=f"did you mean `{near}`?" if near else f"add `{variable.key}:` to it",
        )
    value = read_literal(record[variable.key])
    if value is NOT_LITERAL:
        return None
    if isinstance(value, (str, int, float)):
        return build_key(value)
    return Diagnostic(
        "no-key",
        f"the key of this item of `{name}` is {'nothing' if value is None else 'not text or a number'}",
        span_of(record[variable.key]) or variable.span,
        help="give it text or a number",
    )


def _equal_keys(variable: LoopVariable, keys: list[str], span: Span, first: Span) -> Diagnostic:
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    return Diagnostic(
        "equal-keys",
        f"two items have the same key ({named}); a task's address would stand for both",
        span,
        help="take one of them out, or tell them apart",
        related=(Related(first, "the first one"),),
    )
