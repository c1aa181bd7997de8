"""How many images a task was to give that is blocked: who loops over them has as many tasks, which are blocked by it."""

from __future__ import annotations

from seedflow.graph.model import StepNode
from seedflow.models.model import Model
from seedflow.plan.estimate import narrow_images
from seedflow.plan.frames import Env
from seedflow.plan.model import Bounds
from seedflow.plan.options import OptionReader
from seedflow.plan.picking import Absent
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.stander import Stander
from seedflow.recipe.template import Skipped, Template

_NOT_KNOWN = (Absent, Refused, Skipped)


class PromiseReader:
    """Reads what decides how many images a request gives, whatever is wrong with everything else that it mentions."""

    def __init__(
        self, options: OptionReader, ranges: RangeFinder, stander: Stander, renderer: Renderer
    ) -> None:
        self._options = options
        self._ranges = ranges
        self._stander = stander
        self._renderer = renderer

    def find(self, node: StepNode, model: Model, env: Env) -> Bounds[int]:
        """Bounds as they were while what failed was still to come."""
        try:
            env = self._renderer.refresh(env)
        except Absent:
            return Bounds(0, 0)
        known: dict[str, object] = {}
        unknown: list[str] = []
        greatest: dict[str, int] = {}
        for name in model.parameters_of_count:
            parameter = node.generate.parameters.get(name)
            if parameter is None:
                continue
            expression = parameter.expression
            try:
                if not isinstance(expression, Template) or not self._is_there(expression, env):
                    unknown.append(name)
                    between = self._ranges.find(expression, env).sure_number
                    if between is not None and between[1] is not None:
                        greatest[name] = between[1]
                    continue
                value = self._renderer.render(expression, env, as_text=model.wants_text(name))
            except _NOT_KNOWN:
                unknown.append(name)
                continue
            if value is not None:
                known[name] = value
        try:
            expectation = self._options.expectation(node, env)
        except _NOT_KNOWN:
            expectation = None
        return narrow_images(expectation, Bounds(*model.image_bounds(known, unknown, greatest)))

    def _is_there(self, template: Template, env: Env) -> bool:
        standing = self._stander.of([template], env)
        return not (standing.waits or standing.failed is not None or standing.skips is not None)
