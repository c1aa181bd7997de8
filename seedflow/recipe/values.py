"""`values:`: templates over inputs and other values, each worked out once, after those that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seedflow.diagnostics import Diagnostic, Related
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import RenderError, Scope, Template, TemplateForm


@dataclass(frozen=True, slots=True)
class ValueOrder:
    """The names of values, each after those that it uses. Values of a cycle, and those that use one, are not in it."""

    names: tuple[str, ...]
    problems: tuple[Diagnostic, ...]


def resolve_values(
    recipe: Recipe, inputs: Mapping[str, object]
) -> tuple[dict[str, object] | None, list[Diagnostic]]:
    """Every value of a recipe, in written order, or None and all problems; also those that nothing uses."""
    order = order_values(recipe.values)
    problems = list(order.problems)
    found: dict[str, object] = {}
    failed: set[str] = set()
    scope = Scope(inputs=inputs, values=found, recipe={"name": recipe.name})
    for name in order.names:
        template = recipe.values[name]
        if failed.intersection(_find_uses(template, recipe.values)):
            failed.add(name)
            continue
        if template.form is TemplateForm.LITERAL:
            found[name] = template.literal(as_text=False)
            continue
        try:
            found[name] = template.render(scope)
        except RenderError as error:
            failed.add(name)
            problems.append(template.diagnose(error))
    if problems:
        return None, problems
    return {name: found[name] for name in recipe.values}, []


def order_values(values: Mapping[str, Template]) -> ValueOrder:
    """An order in which values can be worked out, and a diagnostic for each cycle. Linear in values and mentions."""
    uses = {name: _find_uses(template, values) for name, template in values.items()}
    used_by: dict[str, list[str]] = {name: [] for name in values}
    for name, others in uses.items():
        for other in others:
            used_by[other].append(name)
    waiting = {name: len(others) for name, others in uses.items()}
    ready = [name for name in values if waiting[name] == 0]
    order = _take_ready(ready, waiting, used_by)
    problems = []
    left = {name: None for name in values if waiting[name] > 0}
    while left:
        cycle = _find_cycle(next(iter(left)), uses, left)
        problems.append(_describe_cycle(cycle, values))
        for name in cycle:
            waiting[name] = 0
        broken = _take_ready(list(cycle), waiting, used_by)
        for name in broken:
            left.pop(name, None)
    return ValueOrder(tuple(order), tuple(problems))


def _find_uses(template: Template, values: Mapping[str, Template]) -> tuple[str, ...]:
    """The values that a template mentions, each once; unknown names are the checks' business."""
    mentioned = (
        found for found in template.references if isinstance(found, NameReference) and found.root == "values"
    )
    return tuple(dict.fromkeys(found.name for found in mentioned if found.path and found.name in values))


def _take_ready(ready: list[str], waiting: dict[str, int], used_by: Mapping[str, list[str]]) -> list[str]:
    """Takes out what waits for nothing, and then what waited only for that; first come, first served."""
    at = 0
    while at < len(ready):
        for other in used_by[ready[at]]:
            if waiting[other] > 0:
                waiting[other] -= 1
                if waiting[other] == 0:
                    ready.append(other)
        at += 1
    return ready


def _find_cycle(start: str, uses: Mapping[str, tuple[str, ...]], left: Mapping[str, None]) -> list[str]:
    """A cycle that one comes to from `start`, each value before the one that it uses; what is left always uses what is left."""
    path: dict[str, int] = {}
    name = start
    while name not in path:
        path[name] = len(path)
        name = next(other for other in uses[name] if other in left)
    return list(path)[path[name] :]


def _describe_cycle(cycle: list[str], values: Mapping[str, Template]) -> Diagnostic:
    first = min(range(len(cycle)), key=lambda at: values[cycle[at]].scalar.start)
    cycle = cycle[first:] + cycle[:first]
    spelled = " → ".join([*cycle, cycle[0]])
    related = []
    for name, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        template = values[name]
        mention = next(
            found
            for found in template.references
            if isinstance(found, NameReference)
            and found.root == "values"
            and found.path
            and found.name == other
        )
        related.append(Related(template.span_of(mention), f"`{name}` uses `{other}` here"))
    return Diagnostic(
        "value-cycle",
        f"these values use each other, so that none could ever be known: {spelled}"
        if len(cycle) > 1
        else f"value `{cycle[0]}` uses itself",
        related[0].span,
        help="take out one of these mentions",
        related=tuple(related) if len(cycle) > 1 else (),
    )
