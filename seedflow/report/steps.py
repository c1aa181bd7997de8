"""`StepGraph` to a drawing: the steps as written, each with what it repeats over, and used recipes as groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Final

from seedflow.diagnostics.printable import make_printable
from seedflow.graph.model import Edge, Frame, StepGraph, StepNode
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.report.drawing import Drawing, DrawnEdge, DrawnGroup, DrawnNode, NodeKind

MOST_CHARACTERS: Final = 60
"""Templates are quoted up to so many characters."""
NEEDS: Final = "needs"


def draw_steps(graph: StepGraph) -> Drawing:
    """All steps of a graph, in the order in which they could run. Takes time linear in steps and mentions."""
    published = _find_published(graph)
    nodes = tuple(_draw(graph.steps[step_id], published.get(step_id, ())) for step_id in graph.order)
    groups = tuple(
        DrawnGroup(step_id, _spell_target(graph.steps[step_id]), _find_group(graph.steps[step_id].frame))
        for step_id in graph.order
        if step_id in graph.frames
    )
    made = sum(1 for node in graph.steps.values() if node.step.call is None)
    notes = (_count(made, "step"), *((_count(len(groups), "used recipe"),) if groups else ()))
    return Drawing(make_printable(graph.recipe.name), "steps", notes, nodes, tuple(draw_edges(graph)), groups)


def _draw(node: StepNode, outputs: tuple[str, ...]) -> DrawnNode:
    kind = NodeKind.STEP if node.step.call is None else NodeKind.RECIPE
    notes = (*_describe(node), *(f"output {name}" for name in outputs))
    return DrawnNode(node.id, node.step.name, kind, _find_group(node.frame), notes)


def _describe(node: StepNode) -> Iterator[str]:
    """What is said of a step beside its name, in the words of the language."""
    step = node.step
    if step.call is not None:
        yield f"recipe {make_printable(step.call.target)}"
    if step.for_each:
        count = _count_written(step.for_each)
        yield (
            ("" if count is None else f"×{count} ")
            + "each "
            + " × ".join(map(_spell_variable, step.for_each))
        )
    if step.takes is not None:
        takes = step.takes
        number = quote_template(takes)
        yield f"{number} takes" if takes.form is TemplateForm.LITERAL else f"takes {number}"
    if step.iterate is not None:
        yield f"each {step.iterate.name} in a row"
    if step.when is not None:
        yield f"when {quote_template(step.when)}"
    if step.generate is not None and step.generate.model is not None:
        yield f"model {quote_template(step.generate.model)}"


def _spell_variable(variable: LoopVariable) -> str:
    names = " with ".join(variable.names)
    return names if variable.at_most is None else f"{names} (at most {variable.at_most:,})"


def _count_written(for_each: tuple[LoopVariable, ...]) -> int | None:
    """How many tasks that is, where every list is written out; None where only a plan can say."""
    counts = [_count_items(variable.lists[0]) for variable in for_each]
    return prod(count for count in counts if count is not None) if None not in counts else None


def _count_items(items: Expression) -> int | None:
    if not isinstance(items, tuple):
        return None
    return len(items) if all(map(_is_written, items)) else None


def _is_written(expression: Expression) -> bool:
    if isinstance(expression, Template):
        return expression.form is TemplateForm.LITERAL
    return isinstance(expression, Mapping)


def quote_template(template: Template) -> str:
    """What stands in a template, on one line, without the braces around a single expression, and not for ever."""
    text = " ".join(template.scalar.value.split())
    if template.form is TemplateForm.EXPRESSION:
        text = re.sub(r"\A\{\{[-+]?\s*|\s*[-+]?\}\}\Z", "", text)
    text = make_printable(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1].rstrip()}…"


def _spell_target(node: StepNode) -> str:
    target = node.step.call.target if node.step.call is not None else node.step.name
    return f"{node.step.name}: {make_printable(target)}"


def _find_group(frame: Frame) -> str | None:
    return frame.call.id if frame.call is not None else None


def _find_published(graph: StepGraph) -> dict[str, tuple[str, ...]]:
    """By step, the outputs of its recipe that its images go into."""
    found: dict[str, dict[str, None]] = {}
    inside = [(frame, frame.recipe.outputs) for frame in graph.frames.values()]
    for frame, outputs in [(graph.frame, graph.outputs), *inside]:
        for name, output in outputs.items():
            for reference in output.images.references:
                if isinstance(reference, StepReference):
                    found.setdefault(frame.step_id(reference.step), {})[name] = None
    return {step_id: tuple(names) for step_id, names in found.items()}


def draw_edges(graph: StepGraph) -> Iterator[DrawnEdge]:
    """One arrow for two steps, whatever one uses of the other."""
    drawn: dict[tuple[str, str], tuple[dict[str, None], bool]] = {}
    names: dict[str, dict[int, str]] = {}
    for edge in graph.edges:
        labels, order_only = drawn.get((edge.source, edge.target), ({}, True))
        if edge.target not in names:
            names[edge.target] = _name_references(graph.steps[edge.target])
        label = _label(edge, names[edge.target], graph.steps[edge.target])
        if label is not None:
            labels[label] = None
        drawn[edge.source, edge.target] = (labels, order_only and edge.parameter == NEEDS)
    for (source, target), (labels, order_only) in drawn.items():
        yield DrawnEdge(source, target, tuple(labels), order_only)


def _name_references(node: StepNode) -> dict[int, str]:
    """By the template's identity, the name that a reference goes by in the prompt."""
    generate = node.step.generate
    if generate is None or generate.references is None:
        return {}
    return {id(item.template): item.name for item in generate.references.items if item.name is not None}


def _label(edge: Edge, names: dict[int, str], target: StepNode) -> str | None:
    """As what the images are used: the reference's name, `for_each`, an argument; None for one without a name."""
    if edge.template is not None and id(edge.template) in names:
        return names[id(edge.template)]
    generate = target.step.generate
    field = generate.references.field if generate is not None and generate.references is not None else None
    return None if edge.parameter in (NEEDS, field) else edge.parameter


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
