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
            case Mentioned(reference=mention) if mention.selector is not None:
                lack = self._find_lack(mention, env)
                return None if lack is None else diagnose_absent(lack, template, mention)
            case Named(root="inputs", name=name) if name in env.frame.later:
                argument, outer = env.frame.later[name]
                return self.find(argument.expression, self._resolver.refresh(outer), depth + 1)
            case Named(root="values", name=name) if name in env.frame.lazy_values:
                return self.find(env.frame.lazy_values[name], Env(env.frame), depth + 1)
            case _:
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
