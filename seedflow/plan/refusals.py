"""Tasks that cannot be asked with the results that are there: each fails by itself, when planning as when running.

What is wrong with a recipe whatever its results are is an error of the plan. What is wrong with the results of one run, such as
`images[2]` of a set that has two, concerns the tasks that use them, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, has_errors
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.instances import Instance
from seedflow.plan.judge import Findings
from seedflow.plan.model import StepImage, Unsettled
from seedflow.plan.picking import Absent
from seedflow.plan.rows import Row
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.recipe.model import Expression, Iterate, LoopVariable, Step
from seedflow.recipe.references import Reference, StepReference
from seedflow.recipe.template import RenderError, Template
from seedflow.recipe.views import View

_MOST_FIELDS: Final = 8
"""So many fields of a record are named."""


class Refusals:
    """What is wrong, by the address of the task or group that it concerns.

    Of a task that may yet turn out to be skipped, or that what it uses failed, it is `open` whether it comes to that.
    """

    def __init__(self) -> None:
        self._found: dict[str, Diagnostic] = {}
        self._open: set[str] = set()
        self._suspected: list[Diagnostic] = []
        self._of_others: list[tuple[str, Diagnostic]] = []

    def add(self, address: str, problem: Diagnostic, *, is_open: bool = False) -> None:
        """Take in why something cannot be asked."""
        self._found[address] = problem
        (self._open.add if is_open else self._open.discard)(address)

    def suspect(self, problem: Diagnostic) -> None:
        """Take in what is wrong where nothing is asked yet: with tasks that stand for others, or while it may come to nothing."""
        self._suspected.append(problem)

    def suspect_others(self, address: str, problem: Diagnostic) -> None:
        """The same with those that one task stands for, which no condition may leave out."""
        self.suspect(problem)
        self._of_others.append((address, problem))

    @contextmanager
    def of_none(self) -> Iterator[None]:
        """For the block, what is taken in is of tasks that stand for none."""
        before = len(self._of_others)
        yield
        del self._of_others[before:]

    def blame(self, problems: Sequence[Diagnostic], findings: Findings, *, suspicious: bool) -> bool:
        """Whether what was found before anything of it is asked is wrong for certain; where results are known, that is to be seen without them."""
        if not suspicious:
            findings.extend(problems)
            return has_errors(problems)
        for problem in problems:
            (self.suspect if has_errors([problem]) else findings.add)(problem)
        return False

    def problems(self) -> Iterator[Diagnostic]:
        """Everything that was taken in."""
        yield from self._found.values()
        yield from self._suspected

    def as_doubts(self) -> Findings:
        """The same as warnings: they fail some tasks, and stop nothing else."""
        findings = Findings()
        for address, problem in self._found.items():
            message = f"a task cannot be asked with the results that are there: {problem.message}"
            findings.add(replace(problem, message=message, severity=Severity.WARNING), address)
        for address, problem in self._of_others:
            message = f"tasks to come cannot be asked with the results that are there: {problem.message}"
            findings.add(replace(problem, message=message, severity=Severity.WARNING), address)
        return findings

    def find(self, address: str) -> Unsettled | None:
        """The same as the end of a task."""
        problem = self._found.get(address)
        if problem is None or address in self._open:
            return None
        return Unsettled(address, problem.message, problem.span, problem.code, problem.help)


def find_open(instance: Instance, stander: Stander, env: Env) -> Sequence[str] | None:
    """What an instance still waits for when what it asks may depend on what some task gave; None when it depends on nobody.

    What is wrong before any results are there is wrong whatever they will be, and best said before they are paid for.
    """
    tasks = instance.tasks
    expressions = _list_expressions(tasks.node.step)
    if not stander.knows_results or not _depends_on_tasks(expressions, instance, tasks.frame):
        return None
    standing = _stand(stander, expressions, env)
    for condition, outer in tasks.frame.conditions:
        standing.include(_stand(stander, [condition], stander.refresh(outer)))
    for source in (*instance.sources, *tasks.frame.sources):
        stander.add_source(source, standing)
    return list(standing.waits)


def rest_on_results(lists: Sequence[Expression], row: Row, stander: Stander, frame: FrameInstance) -> bool:
    """Whether lists of `for_each` may depend on what some task gave."""
    return stander.knows_results and _depends_on_tasks(lists, row, frame)


def _depends_on_tasks(expressions: Sequence[Expression], place: Row | Instance, frame: FrameInstance) -> bool:
    """Whether there would be nothing of the sort, or not the same, without some task."""
    around = place.sources or place.behind or frame.sources or frame.behind
    values = (*place.each.values(), *frame.each.values())
    if around or any(map(_is_result, values)) or mentions_results(expressions, frame):
        return True
    return any(mentions_results([condition], outer.frame) for condition, outer in frame.conditions)


def mentions_results(expressions: Iterable[Expression], frame: FrameInstance) -> bool:
    """Whether templates mention a step, by themselves or through the inputs and values of a used recipe."""
    return any(
        _mentions_result(mention, frame)
        for expression in expressions
        for template in find_templates(expression)
        for mention in template.references
    )


def _mentions_result(mention: Reference, frame: FrameInstance) -> bool:
    if isinstance(mention, StepReference):
        return True
    if mention.root == "inputs" and mention.name in frame.later:
        argument, outer = frame.later[mention.name]
        return any(map(_is_result, outer.each.values())) or mentions_results(
            [argument.expression], outer.frame
        )
    if mention.root == "values" and frame.later and mention.name in frame.frame.recipe.values:
        return mentions_results([frame.frame.recipe.values[mention.name]], frame)
    return False


def _list_expressions(step: Step) -> list[Expression]:
    found: list[Expression] = [] if step.when is None else [step.when]
    if step.iterate is not None:
        found.extend((step.iterate.over, step.iterate.start))
    if step.generate is not None:
        found.extend(parameter.expression for parameter in step.generate.parameters.values())
        references = step.generate.references
        found.extend(item.template for item in (references.items if references is not None else ()))
    return found


def _stand(stander: Stander, expressions: list[Expression], env: Env) -> Standing:
    try:
        return stander.of(expressions, env)
    except Absent:
        return Standing()
    except RenderError:  # it looks something up by a value of `each` that there is none of
        standing = Standing()
        for expression in expressions:
            for template in find_templates(expression):
                steps = (one for one in template.references if isinstance(one, StepReference))
                stander.add([replace(one, selector=None) for one in steps], env, standing)
        return standing


def _is_result(value: object) -> bool:
    return isinstance(value, View) and isinstance(value.subject, (StepImage, Instance))


def refuse_nothing(instance: Instance, iterate: Iterate) -> Diagnostic:
    """A row of edits without any."""
    return Diagnostic(
        "nothing-to-apply",
        f"`iterate` of {instance.address} has no item, so that the step would give no image",
        iterate.span,
        help="give at least one, or leave the step out with `when`",
    )


def doubt_edits(instance: Instance, iterate: Iterate, most: int, findings: Findings) -> None:
    """A row of edits that may turn out to have none, and that no condition leaves out then."""
    if instance.stands_for_others or instance.tasks.node.step.when is not None:
        return
    if not most and findings.has_errors:
        return  # what is wrong with a step before it leaves nothing to come of it
    message = (
        f"`iterate` may have nothing to apply: its list has 0 to {most} items, and how many is known only when they are paid"
        if most
        else "`iterate` will have nothing to apply: its list has no item, however many images there will be"
    )
    doubt = Diagnostic(
        "nothing-to-apply",
        message,
        iterate.over.scalar.span if isinstance(iterate.over, Template) else iterate.span,
        Severity.WARNING,
        help="go through what is there for certain, or leave the step out when there is none, with `when:`",
    )
    findings.add(doubt, instance.address)


def refuse_same_address(address: str, node: StepNode) -> Diagnostic:
    """Two items of one key, which come at different times."""
    return Diagnostic(
        "equal-keys",
        f"two items have the same key: {address} would stand for both",
        node.step.for_each[-1].span if node.step.for_each else None,
        help="give what they come from keys that differ; several keys are joined by dots, so that `1.5` and `5` make what `1` and `5.5` make",
    )


def refuse_no_key(variable: LoopVariable, name: str, number: int, value: object) -> Diagnostic:
    """The words for an item of a loop that nothing tells apart from others; items count from 1."""
    if variable.key is not None:
        fields = list(value) if isinstance(value, Mapping) else []
        near = find_near(variable.key, fields)
        there = f": it has {', '.join(f'`{field}`' for field in fields[:_MOST_FIELDS])}" if fields else ""
        return Diagnostic(
            "no-key",
            f"item {number} of `{name}` has no `{variable.key}` to make its key from",
            variable.span,
            help=f"did you mean `key: {near}`?"
            if near
            else f"name a field that every item has, under `key:`{there}",
        )
    kind = (
        "a record"
        if isinstance(value, Mapping)
        else "none"
        if value is None
        else "not text, a number or an image"
    )
    return Diagnostic(
        "no-key",
        f"item {number} of `{name}` is {kind}, which has no key of its own",
        variable.span,
        help=f"write `{name}: {{in: …, key: FIELD}}` and name the field that tells the items apart"
        if isinstance(value, Mapping)
        else "loop over text, numbers, images or records",
    )
