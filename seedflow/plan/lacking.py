"""Tasks that a template names for certain and that there are not, told while other mentions in it still wait."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic
from seedflow.graph.always import find_always
from seedflow.graph.places import find_templates
from seedflow.plan.frames import Env
from seedflow.plan.picking import Absent, NotThere, diagnose_absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.recipe.model import Expression
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Skipped, Template
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named

_MAX_DEPTH = 20


class LackFinder:
    """Finds what `.at()` and `.where()` name that no task will ever be."""

    def __init__(self, resolver: Resolver, stander: Stander) -> None:
        self._resolver = resolver
        self._stander = stander

    def refuse(self, expression: Expression, env: Env) -> None:
        """Tell of the first such mention.

        Raises:
            Refused: there is one.
        """
        problem = self.find(expression, env)
        if problem is not None:
            raise Refused(problem)

    def find(self, expression: Expression, env: Env, depth: int = 0) -> Diagnostic | None:
        """The first such mention, through what callers give and through values; in a branch that may not be taken it says nothing."""
        if depth > _MAX_DEPTH:
            return None
        for template in find_templates(expression):
            for node in find_always(template) if template.references else ():
                problem = self._find_at(node, template, env, depth)
                if problem is not None:
                    return problem
        return None

    def _find_at(self, node: object, template: Template, env: Env, depth: int) -> Diagnostic | None:
        match node:
            case Mentioned(reference=mention):
                lack = self._find_lack(mention, env) if mention.selector is not None else None
                if lack is not None:
                    return diagnose_absent(lack, template, mention)
                return self._find_inside(mention, env, depth)
            case Named(root="inputs", name=name) if name in env.frame.later:
                argument, outer = env.frame.later[name]
                return self.find(argument.expression, self._resolver.refresh(outer), depth + 1)
            case Named(root="values", name=name) if name in env.frame.lazy_values:
                return self.find(env.frame.lazy_values[name], Env(env.frame), depth + 1)
            case _:
                return None

    def _find_inside(self, mention: StepReference, env: Env, depth: int) -> Diagnostic | None:
        """The same in outputs of used recipes that are mentioned, where no condition may leave out the use."""
        tasks = self._resolver.find_tasks(mention, env)
        if tasks.node.step.call is None or mention.collection not in ("images", "outputs") or mention.fail_ok:
            return None
        try:
            waits = self._stander.of_arguments(mention, env).waits
            selected = () if waits else self._resolver.select(mention, env)
        except (Absent, Refused, RenderError, Skipped):
            return None
        for use in () if isinstance(selected, NotThere) else selected:
            output = self._resolver.find_call_output(use, mention)
            if use.inner is None or use.inner.conditions or use.inner.sources or output is None:
                continue
            standing = self._stander.of_use(use, output)
            if standing.may_be_skipped or standing.skips is not None:
                continue
            problem = self.find(output.images, Env(use.inner), depth + 1)
            if problem is not None:
                return problem
        return None

    def _find_lack(self, mention: StepReference, env: Env) -> NotThere | None:
        try:
            arguments = self._stander.of_arguments(mention, env)
            if arguments.waits or arguments.failed is not None or arguments.skips is not None:
                return None
            selected = self._resolver.select(mention, env)
            if not isinstance(selected, NotThere):
                return None
            tasks = self._resolver.find_tasks(mention, env)
            wanted = self._resolver.find_wanted(mention, tasks, env)
        except (Absent, Refused, RenderError, Skipped):
            return None  # said where it is worked out
        return None if tasks.find_groups(wanted) or tasks.find_closed(wanted) else selected
