"""What a shell offers behind `--reroll`: the addresses of a recipe's tasks if its plan is quick, else the names of its steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType
from typing import Final, Never

import click
from click.shell_completion import CompletionItem

from seedflow.cli.completion_values import MOST_NAMES, find_named, offer_silently, read_part, read_text
from seedflow.cli.named_recipe import check_named
from seedflow.cli.session import start
from seedflow.errors import SeedflowError
from seedflow.pipeline.plan import plan_recipe
from seedflow.plan.model import Action, Task
from seedflow.plan.selection import strip_keys
from seedflow.recipe.given import collect_inputs

MOST_SECONDS: Final = 0.5
"""A plan that takes longer is not waited for, since somebody is typing."""


@offer_silently
def complete_selectors(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    """Steps and the tasks of the recipe on the line; without a plan those steps that the recipe names itself."""
    try:
        tasks = _plan(ctx)
    except (SeedflowError, OSError, _TooLateError):
        tasks = []
    if not tasks:
        yield from _list_steps(ctx, incomplete)
        return
    counts: dict[str, int] = {}
    for task in tasks:
        step = strip_keys(task.address)
        counts[step] = counts.get(step, 0) + 1
    told = {step: f"all {count:,} tasks" if count > 1 else "task" for step, count in counts.items()}
    told |= {task.address: told.get(task.address, "task") for task in tasks}
    offered = [name for name in told if name.startswith(incomplete)]
    for name in offered[:MOST_NAMES]:
        yield CompletionItem(name, help=told[name])


def _list_steps(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    for name, step in read_part(ctx, "steps").items():
        if name.startswith(incomplete) and not name.startswith("x-"):
            about = " ".join((read_text(step, "description") or "").split())
            yield CompletionItem(name, help=about or ("all its tasks" if step.find("for_each") else "step"))


def _plan(ctx: click.Context) -> list[Task]:
    """The tasks that could be asked anew with what stands on the line; none if there is no plan.

    Raises:
        _TooLateError: planning takes too long.
        SeedflowError: it cannot be planned.
    """
    named = find_named(ctx)
    if named is None:
        return []
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        session = start(ctx.params.get("provider"), quiet=True)
        given, wrong = collect_inputs(
            arguments=ctx.params.get("inputs") or (), file=ctx.params.get("inputs_file")
        )
        plan = None if wrong else plan_recipe(check_named(named, session), given, session).plan
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    tasks = () if plan is None else plan.tasks
    return [task for task in tasks if task.tasks is None and task.action not in (Action.SKIP, Action.BLOCKED)]


class _TooLateError(BaseException):
    """Time is up; not to be caught on the way."""


def _stop(number: int, frame: FrameType | None) -> Never:
    del number, frame
    raise _TooLateError
