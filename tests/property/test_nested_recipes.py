"""Recipes inside of recipes: a run stays inside its plan's bounds, is paid for once, and comes out alike in any order and after edits.

`SEEDFLOW_MORE_EXAMPLES=50` makes so many times as many of each.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import assume, event, given, note
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "run"), str(HERE.parent / "unit" / "plan")]

from more_examples import laws  # noqa: E402 - found by the path above
from nested_expressions import Choices  # noqa: E402 - found by the path above
from nested_recipes import MAIN, PICTURE, PICTURE_URL, Case, choices, nested_cases  # noqa: E402 - found by the path above
from recipe_edits import edit  # noqa: E402 - found by the path above
from whole_language import SeededProvider  # noqa: E402 - found by the path above
from world import Bill, World  # noqa: E402 - found by the path above

from seedflow.diagnostics import Diagnostic, has_errors  # noqa: E402 - found by the path above
from seedflow.plan.model import Plan  # noqa: E402 - found by the path above
from seedflow.run.status import RunResult, RunStatus, TaskStatus  # noqa: E402 - found by the path above

PRICE = Decimal("0.04")
MOST_IMAGES = 60
LEAST_TASKS = 3

HOW_MANY = st.sampled_from(["one", "full", "any"])
"""How many pictures a set has: one, all that it may have, or a number that depends on the request alone."""

Ends = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """A run with its plan, and what it paid for."""

    plan: Plan
    result: RunResult
    bill: list[Bill]

    @property
    def ends(self) -> Ends:
        return tell_ends(self.result)


class Project:
    """A folder in which a recipe is planned and run, with a provider whose answers depend on the request alone."""

    def __init__(self, folder: str, texts: Mapping[str, str], how_many: str, order: int = 0) -> None:
        provider = SeededProvider(seed=0, how_many=how_many, failing_percent=0, order=order)
        provider.pictures_by_url[PICTURE_URL] = PICTURE
        self.world = World(Path(folder), texts[MAIN], provider=provider)
        self.write(texts)

    def write(self, texts: Mapping[str, str]) -> None:
        """Write these files instead of those before."""
        for name, text in texts.items():
            (self.world.folder / name).write_text(f"seedflow: 1\n{text}")
        self.world.text = texts[MAIN]

    def find_plan(self) -> Plan | None:
        """The plan, if the recipe is one; what is wrong with others is no business of these laws."""
        try:
            return self.world.plan()
        except AssertionError as refused:
            found = refused.args[0] if refused.args else None
            if not isinstance(found, list) or not all(isinstance(one, Diagnostic) for one in found):
                raise
            for code in sorted({one.code for one in found if has_errors([one])}):
                event(f"is refused: {code}")
            return None

    def is_worth_a_run(self) -> bool:
        """Whether there is a plan, of more than a task or two and not of more images than anybody would wait for."""
        plan = self.find_plan()
        if plan is None:
            event("left out: refused")
        elif plan.totals.images.high > MOST_IMAGES:
            event("left out: too many images")
        elif len(plan.tasks) < LEAST_TASKS:
            event("left out: too few tasks")
        else:
            event("remains")
            return True
        return False

    def run(self, most_in_flight: int = 16) -> Done:
        """Runs it as it is, and checks the bounds of the plan."""
        bill = self.world.provider.bill
        before = len(bill)
        plan = self.world.plan()
        result = self.world.run(most_in_flight=most_in_flight)
        done = Done(plan, result, bill[before:])
        _say_what_came_up(done)
        check_bounds(done)
        return done


def _say_what_came_up(done: Done) -> None:
    event(f"a run ends {done.result.status.value}")
    inside = [task for task in done.result.tasks if "/" in task.address]
    for status in sorted({task.status.value for task in inside}):
        event(f"a task of a used recipe is {status}")
    if inside:
        event(f"recipes are used {max(task.address.count('/') for task in inside)} deep")
    if any(one.attempt > 1 for one in done.bill):
        event("something is asked again")


def check_bounds(done: Done) -> None:
    """What holds between any plan and its run."""
    status, totals = done.result.status, done.plan.totals
    assert status in (RunStatus.DONE, RunStatus.FAILED)
    for task in done.result.tasks:
        assert task.problem is None or task.problem.kind != "beyond-plan", task
    calls, images = len(done.bill), sum(one.images for one in done.bill)
    assert calls <= totals.calls.high, "more calls than planned"
    assert images <= totals.images.high, "more images than planned"
    assert images * PRICE <= totals.cost_usd.high, "more than planned"
    if status is RunStatus.DONE:
        assert calls >= totals.calls.low, "fewer calls than planned"
        assert images >= totals.images.low, "fewer images than planned"
        assert images * PRICE >= totals.cost_usd.low, "less than planned"


def tell_ends(result: RunResult) -> Ends:
    """How each task ended and with which pictures; of tasks that may not have come to be known, the step alone.

    What is skipped may be told of in one place or in several, beside others of its step or not at all.
    """
    ends: Ends = {}
    without_images: dict[str, set[str]] = {}
    for task in result.tasks:
        if task.status.has_images or task.status is TaskStatus.FAILED:
            pictures = tuple(image.facts.digest for image in task.images)
            ends[task.address] = (task.status.has_images, pictures)
        elif task.status is not TaskStatus.SKIPPED:
            step = re.sub(r"\[[^\]]*\]", "", task.address).partition("#")[0]
            without_images.setdefault(f"step {step}", set()).add(task.status.value)
    return {**ends, **without_images}


def tell_requests(bill: list[Bill]) -> Counter[tuple[str, int, int]]:
    """What was paid for, whoever of those that share a request it was asked for."""
    return Counter((one.fingerprint, one.take, one.attempt) for one in bill)


@laws(8)
@given(nested_cases(), HOW_MANY)
def test_a_run_stays_between_the_least_and_the_most_and_a_further_one_asks_for_nothing(
    case: Case, how_many: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder, case.spell(), how_many)
        assume(project.is_worth_a_run())
        first = project.run()
        assert max(tell_requests(first.bill).values(), default=1) == 1, "paid for twice"
        calls = len(project.world.provider.calls)
        again = project.run()
        assert tuple(again.plan.totals.calls) == (0, 0)
        assert len(project.world.provider.calls) == calls
        assert again.ends == first.ends
        assert again.result.status is first.result.status


@laws(6)
@given(nested_cases(), choices(), HOW_MANY, st.integers(1, 9), st.sampled_from([1, 2, 16]))
def test_neither_the_order_of_steps_nor_that_of_answers_changes_anything(
    case: Case, chosen: Choices, how_many: str, order: int, most_in_flight: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other_folder:
        project = Project(folder, case.spell(), how_many)
        assume(project.is_worth_a_run())
        shuffled = Project(other_folder, case.shuffle(chosen).spell(), how_many, order)
        one, other = project.run(), shuffled.run(most_in_flight)
        assert other.plan.totals == one.plan.totals
        assert other.ends == one.ends
        assert tell_requests(other.bill) == tell_requests(one.bill)


@laws(6)
@given(nested_cases(), choices(), HOW_MANY)
def test_an_edit_pays_for_what_is_new_alone_and_going_back_for_nothing(
    case: Case, chosen: Choices, how_many: str
) -> None:
    texts = case.spell()
    edited = edit(texts, chosen)
    assume(edited is not None and edited != texts)
    assert edited is not None
    note("edited:\n" + "\n".join(text for name, text in edited.items() if text != texts[name]))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as fresh_folder:
        project = Project(folder, texts, how_many)
        assume(project.is_worth_a_run())
        fresh = Project(fresh_folder, edited, how_many)
        assume(fresh.is_worth_a_run())
        before, wanted = project.run(), fresh.run()
        project.write(edited)
        found = project.run()
        assert found.ends == wanted.ends
        assert set(tell_requests(found.bill)) == set(tell_requests(wanted.bill)) - set(
            tell_requests(before.bill)
        )
        asked = {(one.fingerprint, one.take) for one in before.bill}
        if any((one.fingerprint, one.take) in asked for one in found.bill):
            event("the edit paid for further attempts")
            return  # the expectation of before judges these, too, and may be content with one
        project.write(texts)
        back = project.run()
        assert back.bill == []
        assert back.ends == before.ends
