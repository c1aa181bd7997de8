"""What templates of other tools mean by `${{ … }}` and `{# … #}`: here the dollar and the comment are text like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import Expression
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named
from seedflow.recipe.unbraced import find_comments, report_comment
from seedflow.text.nodes import Scalar, Sequence

_TEXTS: Final = frozenset(
    (Part.PARAMETER, Part.FOR_EACH, Part.ITERATE_OVER, Part.WITH, Part.VALUE, Part.OUTPUT_FILE)
)
_DOLLAR: Final = re.compile(r"\$\{\{[-+]?\s*$")
_TO_BRACES: Final = re.compile(r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?!\}\})[^'"])*\}\}""", re.DOTALL)
"""What is left of a template behind a part of it; braces in quotes are none."""


def check_other_syntax(subject: Subject) -> Iterator[Diagnostic]:
    """No text holds signs of another language of templates that would go to the model."""
    for place in chain(subject.places, subject.literals):
        if place.part in _TEXTS:
            yield from _check_comments(place)
    for place in subject.places:
        if place.part in _TEXTS and "${{" in place.template.scalar.value:
            yield from _check_dollars(place, subject)


def _check_comments(place: Place) -> Iterator[Diagnostic]:
    scalar = place.template.scalar
    for start, end in find_comments(scalar.value):
        yield report_comment(scalar.span_at(start, end))


def _check_dollars(place: Place, subject: Subject) -> Iterator[Diagnostic]:
    """A dollar before a price is right, so that it is told only of texts that are none."""
    flow, text = subject.flow, place.template.scalar.value
    for node, facts in flow.certain.find_printed(place.template, place.frame, flow.certain.at(place)):
        before = _DOLLAR.search(text, 0, node.start)
        if before is None or not isinstance(node, Named) or node.root not in ("inputs", "each"):
            continue
        shape = flow.shape_of_part(node, place.node, place.frame, facts=facts)
        examples = _list_examples(node.root, node.name, place)
        if shape.kind is Kind.TEXT and not any(one.lstrip()[:1].isdigit() for one in examples):
            rest = _TO_BRACES.match(text, node.end)
            end = node.end if rest is None else rest.end()
            written = " ".join(text[before.start() + 1 : end].split())
            yield Diagnostic(
                "dollar-before-braces",
                f"the `$` before `{written}` is no part of the template: it stays in the text",
                place.template.scalar.span_at(before.start(), end),
                Severity.WARNING,
                help=f"take the `$` away: `{written}`",
            )


def _list_examples(root: str, name: str, place: Place) -> Iterator[str]:
    """Texts that a name is known to stand for, such as an input's default."""
    if root == "inputs":
        declared = place.frame.recipe.inputs.get(name)
        if declared is not None:
            yield from declared.options
            yield from () if declared.of is None else declared.of.options
            default = declared.default
            listed = default.items if isinstance(default, Sequence) else (default,)
            yield from (item.value for item in listed if isinstance(item, Scalar))
        return
    for variable in place.node.step.for_each if place.node is not None else ():
        for one, items in zip(variable.names, variable.lists, strict=True):
            if one == name:
                yield from _list_items(items, place)


def _list_items(items: Expression, place: Place) -> Iterator[str]:
    if isinstance(items, tuple):
        values = (read_literal(item, as_text=True) for item in items)
        yield from (str(value) for value in values if value is not NOT_LITERAL)
    elif isinstance(items, Template) and isinstance(items.expression, Named):
        yield from _list_examples(items.expression.root, items.expression.name, place)
