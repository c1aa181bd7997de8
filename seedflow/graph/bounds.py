"""Which mentions bound the length of the list that a template gives, when only the run knows how long it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from seedflow.recipe.references import NameReference, Root, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Either, ListOf, Or

Source: TypeAlias = StepReference | NameReference

NEVER_LENGTHEN: Final = frozenset(
    (
        "first",
        "last",
        "list",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
        "unique",
    )
)
"""Filters that give at most as many items as stand before them."""


def bound_source(template: Template) -> Source | None:
    """The mention that bounds the length of what a template gives, when there is exactly one."""
    sources = find_bound_sources(template)
    return sources[0] if sources is not None and len(sources) == 1 else None


def find_bound_sources(template: Template) -> tuple[Source, ...] | None:
    """The mentions of which the longest bounds the length of what a template gives; None when nothing bounds it.

    A list that is written out is bounded by itself and has no sources. A source of `inputs`, `values` or `each` gives a list by
    itself, or images or tasks of something in it; how long that may be, is for its own declaration, list or template to say.
    """
    node = template.expression
    if template.form is not TemplateForm.EXPRESSION or node is None:
        return None
    found = _find(node, template)
    return None if found is None else tuple(dict.fromkeys(found))


def find_written_length(template: Template) -> int:
    """How long the longest list is that stands in a template itself; 0 without any."""
    return 0 if template.expression is None else _measure(template.expression)


def _measure(node: Expression) -> int:
    match node:
        case ListOf():
            return len(node.items)
        case Constant():
            return len(node.value) if isinstance(node.value, list | tuple) else 0
        case Either():
            return max(_measure(node.then), _measure(node.otherwise))
        case And() | Or():
            return max(_measure(node.left), _measure(node.right))
        case FirstOf():
            return max(map(_measure, node.arguments), default=0)
        case OrNone() | WithoutFailed():
            return _measure(node.argument)
        case Part():
            return _measure(node.base)
        case Applied() if node.arguments:
            return max(map(_measure, node.arguments))
        case _:
            return 0


def _find(node: Expression, template: Template) -> tuple[Source, ...] | None:
    match node:
        case Mentioned():
            return (node.reference,)
        case Named() | Attribute() | Item():
            return _find_chain(node, template)
        case Part():
            return _find(node.base, template)
        case ListOf():
            return ()
        case Constant():
            return () if node.value is None or isinstance(node.value, list | tuple) else None
        case Either():
            return _join((node.then, node.otherwise), template)
        case And() | Or():
            return _join((node.left, node.right), template)
        case FirstOf():
            return _join(node.arguments, template)
        case OrNone() | WithoutFailed():
            return _find(node.argument, template)
        case Applied() if node.name in NEVER_LENGTHEN and node.arguments:
            return _find(node.arguments[0], template)
        case Applied() if node.name in ("default", "d"):
            others = [*node.arguments, *(value for name, value in node.keywords.items() if name != "boolean")]
            return _join(others, template)
        case Applied() if node.name == "zip" and node.keywords:
            return _find(next(iter(node.keywords.values())), template)
        case _:
            return None


def _join(nodes: Iterable[Expression], template: Template) -> tuple[Source, ...] | None:
    found: list[Source] = []
    for node in nodes:
        sources = _find(node, template)
        if sources is None:
            return None
        found.extend(sources)
    return tuple(found)


def _find_chain(node: Expression, template: Template) -> tuple[Source, ...] | None:
    """The mention at the bottom of dots and brackets: `each.page.images`, `steps.page.tasks[0].images`."""
    bottom = node
    while isinstance(bottom, Attribute | Item):
        bottom = bottom.base
    if isinstance(bottom, Mentioned):
        return (bottom.reference,)
    if not isinstance(bottom, Named):
        return None
    root: Root = bottom.root
    return next(
        (
            (reference,)
            for reference in template.references
            if isinstance(reference, NameReference)
            and reference.root == root
            and (reference.start, reference.name) == (bottom.start, bottom.name)
        ),
        None,
    )
