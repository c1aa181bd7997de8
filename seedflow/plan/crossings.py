"""What only the run knows of what a used recipe is given, held against what its inputs allow, before anything is paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from seedflow.diagnostics import Diagnostic, Related
from seedflow.graph.borders import judge_bounds, name_input
from seedflow.graph.places import find_templates
from seedflow.plan.border import spot
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.picking import Absent
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.recipe.model import Argument, Input
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Skipped, Template
from seedflow.recipe.views import View


class CrossingJudge:
    """Judges what crosses the borders of used recipes."""

    def __init__(self, ranges: RangeFinder, stander: Stander, renderer: Renderer) -> None:
        self._ranges = ranges
        self._stander = stander
        self._renderer = renderer
        self._judged: set[tuple[int, str]] = set()

    def judge(self, inner: FrameInstance) -> Iterator[Diagnostic]:
        """What is wrong with inputs that templates give: for certain, or perhaps with those that are still to come.

        Nothing is said of a use that a condition may leave out: it may be there for that.
        """
        recipe = inner.frame.recipe
        for name, (argument, outer) in inner.later.items():
            declared = recipe.inputs[name]
            alike = (id(argument), outer.frame.prefix)  # the same for every item of the step's `for_each`
            if alike in self._judged:
                continue
            env = self._renderer.refresh(outer)
            try:
                standing = self._stander.of([argument.expression], env)
            except (Absent, Refused, RenderError):
                continue  # said where it is worked out
            if not standing.waits and not _rests_on_results(argument, standing, env):
                if not _mentions_each(argument):
                    self._judged.add(alike)
                yield from self._work_out(inner, name)
                continue
            if not standing.waits or not _is_bounded(declared) or not self._is_certain(inner):
                continue
            if not _mentions_each(argument):
                self._judged.add(alike)
            given = self._ranges.find(argument.expression, env)
            found = judge_bounds(declared, given, spot(argument), name_input(declared, recipe), dynamic=True)
            beside = Related(declared.span, f"input `{declared.name}` is declared here")
            yield from (replace(one, related=(beside,)) for one in found)

    def _work_out(self, inner: FrameInstance, name: str) -> Iterator[Diagnostic]:
        """What is wrong with an input that is known, before anything is paid for the others."""
        if not self._is_certain(inner):
            return
        try:
            _ = inner.inputs[name]
        except Refused as refused:
            yield refused.diagnostic
        except (Skipped, Absent, RenderError):
            return

    def _is_certain(self, inner: FrameInstance) -> bool:
        """Whether no condition may leave a use out, whatever results there are: what a run did not mind is no error of the next plan."""
        return all(self._is_true(template, outer) for template, outer in inner.conditions)

    def _is_true(self, template: Template, outer: Env) -> bool:
        env = self._renderer.refresh(outer)
        standing = self._stander.of([template], env)
        if standing.waits or standing.needs or standing.failed is not None or standing.skips is not None:
            return False
        try:
            return self._renderer.render(template, env) is True
        except (Refused, Skipped):
            return False


def _rests_on_results(argument: Argument, standing: Standing, env: Env) -> bool:
    """Whether results have a part in an argument, be they there or not."""
    mentioned = {
        mention.name
        for template in find_templates(argument.expression)
        for mention in template.references
        if isinstance(mention, NameReference) and mention.root == "each"
    }
    given = any(isinstance(env.each.get(name), View) for name in mentioned)
    return given or bool(standing.needs) or standing.failed is not None or standing.skips is not None


def _mentions_each(argument: Argument) -> bool:
    return any(
        (isinstance(mention, NameReference) and mention.root == "each")
        or (isinstance(mention, StepReference) and mention.selector is not None)
        for template in find_templates(argument.expression)
        for mention in template.references
    )


def _is_bounded(declared: Input) -> bool:
    bounds = (declared.minimum, declared.maximum, declared.min_items, declared.max_items)
    return any(bound is not None for bound in bounds)
