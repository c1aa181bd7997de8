"""Whether a task is done at all: `when` of its step and of the steps around it, and what the task stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seedflow.diagnostics import Diagnostic
from seedflow.graph.places import find_templates
from seedflow.plan.fallbacks import may_all_be_skipped
from seedflow.plan.frames import Env, Later
from seedflow.plan.instances import ImageSource, Instance, StepTasks, Unit
from seedflow.plan.lacking import LackFinder
from seedflow.plan.model import PendingImages, StepImage
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.views import PendingImage, PendingTask
from seedflow.recipe.model import Expression
from seedflow.recipe.template import RenderError, Skipped, Template
from seedflow.recipe.templating.bare_operands import advise_inside, find_outcomes, is_bare
from seedflow.recipe.views import View


@dataclass(slots=True)
class Verdict:
    """What is known of whether a task is done.

    `standing` is what all of it stands on, its conditions included. `refused` when a condition is false; `open` when one is
    not known yet; `lack` names a task that an open one needs and that there never will be,
    which counts unless what one mentions `may_skip`.
    """

    standing: Standing
    refused: bool = False
    open: bool = False
    lack: Refused | None = None
    may_skip: bool = False


class Judge:
    """Judges tasks of one plan."""

    def __init__(self, resolver: Resolver, stander: Stander, renderer: Renderer) -> None:
        self._resolver = resolver
        self._stander = stander
        self._renderer = renderer
        self._lacks = LackFinder(resolver, stander)

    def has_conditions(self, unit: Unit) -> bool:
        """Whether a task depends on anything but what its request mentions."""
        tasks = unit.instance.tasks
        step = tasks.node.step
        return bool(
            tasks.frame.conditions
            or tasks.frame.needs
            or tasks.frame.sources
            or unit.instance.sources
            or step.when is not None
            or step.needs
            or step.iterate is not None
        )

    def begin(self, unit: Unit, env: Env) -> Verdict:
        """What holds before anything else is read: a task stands on the images and tasks that its loops go through."""
        instance = unit.instance
        standing = Standing()
        for name in instance.each:
            self._need_value(env.each[name], standing)
        for value in instance.tasks.frame.each.values():
            self._need_value(value, standing)
        standing.need((*instance.tasks.frame.behind, *instance.behind))
        return Verdict(standing)

    def judge(self, unit: Unit, env: Env, expressions: tuple[Expression, ...]) -> Verdict:
        """How far everything is that a task depends on.

        Raises:
            Refused: a condition gives something else than true or false.
        """
        instance = unit.instance
        step = instance.tasks.node.step
        verdict = self.begin(unit, env)
        standing = verdict.standing
        wrong: Refused | None = None
        try:
            if self._leave_out(instance, env, verdict):
                return verdict
        except Refused as refused:  # but skipping comes before failing
            wrong = refused
        for source in (*instance.tasks.frame.sources, *instance.sources):
            self._stander.add_source(source, standing)
        for value in (*instance.tasks.frame.each.values(), *instance.each.values()):
            _add_value(value, standing)
        if unit.before is not None:
            self._stander.add_source(ImageSource(instance, unit.before), standing)
        if step.iterate is not None:
            self._need_value(env.each.get(step.iterate.name), standing)
        for expression in expressions:
            self._stander.add_expression(expression, env, standing)
        if standing.failed is not None and standing.skips is None:
            standing.skipped = self._find_skip(expressions, env)
        frame = instance.tasks.frame
        for step_id in (*frame.needs, *(frame.prefix + name for name, _ in step.needs)):
            tasks = self._resolver.steps.get(step_id)
            if tasks is not None:
                self._add_need(tasks, standing)
        if verdict.lack is not None and not (verdict.may_skip or standing.may_be_skipped):
            wrong = wrong or verdict.lack
        if wrong is not None and standing.skips is None:
            raise wrong
        return verdict

    def refuses(self, instance: Instance, env: Env) -> bool:
        """Whether a condition of an instance is known to be false, whatever else is wrong with it.

        Raises:
            Refused: a condition gives something else than true or false.
        """
        verdict = Verdict(Standing())
        return self._leave_out(instance, env, verdict) and verdict.refused

    def _leave_out(self, instance: Instance, env: Env, verdict: Verdict) -> bool:
        """Take all conditions into a verdict; whether that is all there is to it, since one leaves the instance out.

        What is wrong with a condition counts for nothing inside of a use that is left out: skipping comes before failing.
        """
        wrong: Refused | None = None
        for template, where in self._conditions(instance, env):
            try:
                self._judge_condition(template, where, verdict, ghost=instance.stands_for_others)
            except Refused as refused:
                wrong = wrong or refused
            if verdict.refused:
                return True
        if wrong is not None and verdict.standing.skipped is None:
            raise wrong
        return wrong is not None

    def _conditions(self, instance: Instance, env: Env) -> Iterator[tuple[Template, Env]]:
        """Those of the uses around it, then its own."""
        for template, outer in instance.tasks.frame.conditions:
            yield template, self._resolver.refresh(outer)
        when = instance.tasks.node.step.when
        if when is not None:
            yield when, env

    def _judge_condition(self, template: Template, env: Env, verdict: Verdict, *, ghost: bool) -> None:
        own = Standing()
        self._stander.add(template.references, env, own)
        verdict.standing.include(own)
        verdict.may_skip = verdict.may_skip or own.may_be_skipped
        verdict.standing.failed = verdict.standing.failed or own.failed
        verdict.standing.skipped = verdict.standing.skipped or own.skips
        if own.waits or own.failed is not None or own.skips is not None:
            certain = not (verdict.open or own.may_be_skipped or own.failed is not None or own.skips)
            problem = self._lacks.find(template, env) if certain and not ghost else None
            if problem is not None:
                verdict.lack = verdict.lack or Refused(problem)
            verdict.open = True
            return
        try:
            value = self._renderer.render(template, env)
        except Skipped as skipped:
            verdict.standing.skipped = skipped.cause
            return
        if not isinstance(value, bool):
            raise Refused(_not_a_boolean(template, value))
        verdict.refused = not value

    def _find_skip(self, expressions: tuple[Expression, ...], env: Env) -> str | None:
        """What was skipped so that a `first_of` has nothing to give: that comes before what failed, whichever is known first."""
        for template in (one for expression in expressions for one in find_templates(expression)):
            own = self._stander.of([template], env)
            if own.waits or own.failed is not None or not may_all_be_skipped(template, env, self._stander):
                continue
            try:
                self._renderer.render(template, env)
            except Skipped as skipped:
                return skipped.cause
            except (Absent, Refused, RenderError):
                continue  # what is wrong is said of whom nothing keeps from being asked
        return None

    def _add_need(self, tasks: StepTasks, standing: Standing) -> None:
        """Take in an entry of `needs:`: it is about order alone, so that what was skipped stands in nobody's way."""
        if tasks.node.step.call is not None:
            inside = [
                other
                for hub, other in self._resolver.steps.items()
                if any(one.inner is not None and hub.startswith(one.inner.prefix) for one in tasks.instances)
                and other.frame.ghost == tasks.frame.ghost  # what stands for others never ends
            ]
            for other in inside:
                self._add_need(other, standing)
            for group in tasks.groups.values():
                standing.wait((group.address,), tasks.node.id)
        elif tasks.ended:
            standing.need(tasks.needs())
        else:
            standing.wait(tasks.needs(), tasks.node.id)
        standing.failed = standing.failed or tasks.failed

    def _need_value(self, value: object, standing: Standing) -> None:
        """What is still to come is waited for by its source, so that only what is there is taken in."""
        if isinstance(value, str):
            return  # most values, which stand on nothing
        match value.subject if isinstance(value, View) else value:
            case StepImage(address=address):
                standing.need((address,))
            case Instance() as instance:
                found = Standing()
                self._stander.add_instance(instance, found)
                standing.need(found.needs)
            case Mapping() as record:
                for part in record.values():
                    self._need_value(part, standing)
            case list() | tuple() as parts:
                for part in parts:
                    self._need_value(part, standing)
            case _:
                return


def _add_value(value: object, standing: Standing) -> None:
    """What a loop goes through is given, whether its step has ended or not: a task that has it is not without any result."""
    subject = value.subject if isinstance(value, View) else None
    if isinstance(value, Later):
        standing.given += 1
        standing.failed = standing.failed or value.failed
        standing.skipped = standing.skipped or value.skipped
    elif isinstance(subject, (PendingImage, PendingTask)):
        standing.given += 1  # its source, if it has one, says whether it is certain
    elif isinstance(subject, (StepImage, PendingImages, Instance)):
        standing.given += 1
        standing.certain += 1


def _not_a_boolean(template: Template, value: object) -> Diagnostic:
    found = (
        "none"
        if value is None
        else "text"
        if isinstance(value, str)
        else "a number"
        if isinstance(value, (int, float))
        else "a list"
        if isinstance(value, (list, tuple))
        else "something else"
    )
    expression, text = template.expression, template.scalar.value
    parts = (one for one in find_outcomes(expression) if is_bare(one))
    part = next((one for one in parts if type(one.value) is type(value) and one.value == value), None)
    if part is None or part is expression:
        return Diagnostic(
            "not-boolean",
            f"`when` is true or false, but this is {found}",
            template.scalar.span,
            help="compare: `… == …`, or count: `… | length > 0`",
        )
    return Diagnostic(
        "not-boolean",
        f"`when` is true or false, but comes to this part, which is {found}",
        template.scalar.span_at(part.start, part.end),
        help=advise_inside(expression, part, text) or "write a comparison in its place",
    )
