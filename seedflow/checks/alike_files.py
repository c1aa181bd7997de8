"""Items written out whose results would go into files that differ by capital letters alone, which some systems take for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from seedflow.canonical import build_key, build_slug
from seedflow.checks.request import span_of
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.outputs import find_outputs
from seedflow.recipe.model import Expression, LoopVariable, Output
from seedflow.recipe.references import NameReference
from seedflow.recipe.templating.lookup_nodes import Mentioned

_SAME_FOR_BOTH = frozenset(("name", "key", "number", "take"))
"""Attributes of an image that tell two tasks apart by their keys, if at all."""


def check_alike_files(subject: Subject) -> Iterator[Diagnostic]:
    """No two items of a list that is written out name files that differ by capital letters alone."""
    seen: set[int] = set()
    graph = subject.graph
    for output in find_outputs(graph.recipe, graph.steps, graph.edges).values():
        node = _find_step(output, subject)
        if node is None or node.step.when is not None or node.step.call is not None:
            continue
        for number, variable in enumerate(node.step.for_each):
            others = [at for at in range(len(node.step.for_each)) if at != number]
            certain = all(subject.flow.loop_items(node, at).low > 0 for at in others)
            spell = _find_spelling(output, variable)
            if certain and spell is not None and id(variable) not in seen:
                seen.add(id(variable))
                yield from _check_items(variable, output, spell)


def _find_step(output: Output, subject: Subject) -> StepNode | None:
    """The step of which an output is all images."""
    node = output.images.expression
    if not isinstance(node, Mentioned) or node.reference.selector is not None:
        return None
    if node.reference.index is not None or node.reference.collection not in ("images", "passes"):
        return None
    return subject.flow.find_target(node.reference, None)


def _find_spelling(output: Output, variable: LoopVariable) -> Callable[[object], str] | None:
    """How a value of a variable stands in the names of files; None where these say something else as well."""
    if output.file is None:
        return build_key
    mentions = [one for one in output.file.references if isinstance(one, NameReference) and one.path]
    if any(one.root == "image" and one.name not in _SAME_FOR_BOTH for one in mentions):
        return None
    own = [one for one in mentions if one.root == "each" and one.name in variable.names]
    if any(one.root == "image" and one.name in ("name", "key") for one in mentions):
        return build_key
    return (lambda value: build_slug(str(value))[0]) if any(len(one.path) == 1 for one in own) else None


def _check_items(
    variable: LoopVariable, output: Output, spell: Callable[[object], str]
) -> Iterator[Diagnostic]:
    items = variable.lists[0] if len(variable.lists) == 1 else None
    first: dict[str, tuple[Expression, str]] = {}
    for item in items if isinstance(items, tuple) else ():
        value = read_literal(item)
        value = value.get(variable.key or "", NOT_LITERAL) if isinstance(value, Mapping) else value
        if not isinstance(value, str | int | float):
            continue
        text = str(value)
        other, known = first.setdefault(spell(value).casefold(), (item, text))
        if known != text and known.casefold() == text.casefold():
            yield Diagnostic(
                "same-file",
                f"`{known}` and `{text}` differ by capital letters alone, and the files of output `{output.name}` are named by them: "
                "on many systems they would be one",
                span_of(item) or variable.span,
                help="rename one of them, or name the files otherwise, for example by `{{ image.digest }}`",
                related=(Related(span_of(other) or variable.span, "the other one"),),
            )
