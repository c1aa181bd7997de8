"""Any recipe of the whole language: a run stays inside its plan's bounds, in any order of answers, and is paid for once.

`SEEDFLOW_MORE_EXAMPLES=50` makes so many times as many of each.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "run"), str(HERE.parent / "unit" / "plan")]

from more_examples import laws  # noqa: E402 - found by the path above
from planning import CATALOG  # noqa: E402 - found by the path above
from whole_language import NEW_WORD, Case, SeededProvider, cases  # noqa: E402 - found by the path above
from world import World  # noqa: E402 - found by the path above

from seedflow.checks.run_all import check_graph  # noqa: E402 - found by the path above
from seedflow.diagnostics import Source, has_errors  # noqa: E402 - found by the path above
from seedflow.graph.build import build_graph  # noqa: E402 - found by the path above
from seedflow.plan.model import Plan  # noqa: E402 - found by the path above
from seedflow.recipe.load import parse_recipe  # noqa: E402 - found by the path above
from seedflow.run.events import EventKind  # noqa: E402 - found by the path above
from seedflow.run.status import RunResult, RunStatus, TaskResult, TaskStatus  # noqa: E402 - found by the path above

PRICE = Decimal("0.04")

LEGITIMATE = {
    "blocked",  # uses what failed
    "bad-request",  # what the provider says by chance
    "no-such-image",  # `images[1]` of a set of one
    "no-such-task",
    "too-many-items",  # `at_most`
    "unequal-lists",  # pairs with a set
    "equal-keys",  # the same image in a list twice
    "unexpected",  # attempts are exhausted
    "nothing-to-apply",  # `iterate` over nothing
    "too-many-values",  # more references than the model takes
    "too-many-together",  # references and images
    "wrong-shape",
    "not-an-image",
    "not-text",
    "output-without-images",
    "template-cost",  # more items than a list may have
    "same-file",
}
"""What may be wrong with a task or an output once everything is known."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run with its plan, and what its provider saw and billed."""

    plan: Plan
    result: RunResult
    asked: dict[str, tuple[Any, ...]]
    outputs: dict[str, list[tuple[str, str]]]
    calls: int
    images: int

    @property
    def done(self) -> bool:
        return self.result.status is RunStatus.DONE


class Stage:
    """A project with a recipe of the case, whose provider's answers depend on the request alone."""

    def __init__(self, case: Case, folder: str, provider: SeededProvider) -> None:
        path = Path(folder)
        case.write(path)
        self.case = case
        self.provider = provider
        self.world = World(path, case.spell(), provider=provider)
        self.world.wrap = self._see

    def _see(self, planner: Any, _: Any) -> Any:
        self._planner = planner
        return planner

    def can_be_read(self) -> bool:
        """Whether the text is that of a recipe in which nothing is wrong."""
        source = Source("r.yaml", f"seedflow: 1\n{self.world.text}")
        recipe, found = parse_recipe(source, CATALOG, folder=self.world.folder, default_name="r")
        if recipe is None or has_errors(found):
            event("cannot be read")
            return False
        graph, wrong = build_graph(recipe, CATALOG)
        if has_errors([*wrong, *check_graph(graph, CATALOG)]):
            event("does not check")
            return False
        return True

    def can_be_planned(self) -> bool:
        """Whether the recipe is one; what is wrong with others is no business of these laws."""
        if not self.can_be_read():
            return False
        try:
            self.world.plan()
        except AssertionError as error:
            for found in error.args[0] if error.args and isinstance(error.args[0], list) else ():
                event(f"cannot be planned: {found.code}")
            return False
        return True

    def run(self, most_in_flight: int = 16) -> Done:
        world, provider = self.world, self.provider
        calls, bill = len(provider.calls), len(provider.bill)
        plan = world.plan()
        result = world.run(most_in_flight=most_in_flight)
        event(f"a run ends {result.status.value}")
        outputs, _ = self._planner.outputs()
        done = Done(
            plan,
            result,
            {
                task.address: _fingerprints(self._planner, task.address)
                for task in result.tasks
                if _came_to_a_request(task)
                and _fingerprints(self._planner, task.address)[:1] not in ((), (None,))
            },
            {
                name: [(one.path, one.image.facts.digest) for one in images]
                for name, images in outputs.items()
            },
            len(provider.calls) - calls,
            sum(entry.images for entry in provider.bill[bill:]),
        )
        self._check(done)
        return done

    def _check(self, done: Done) -> None:
        """What holds after any run."""
        plan, result = done.plan, done.result
        assert result.status in (RunStatus.DONE, RunStatus.FAILED)
        ended = Counter(one.address for one in self.world.events if one.kind is EventKind.TASK_FINISHED)
        addresses = [task.address for task in result.tasks]
        count = sum("?" not in address for address in addresses)
        assert len(set(addresses)) == len(addresses), "two tasks have one address"
        assert ended == Counter(addresses), "a task did not end, or ended twice"
        planned = [one.address for one in self.world.events if one.kind is EventKind.TASK_PLANNED]
        assert len(set(planned)) == len(planned), "a task was told of twice"
        if any(task.status is TaskStatus.SKIPPED for task in result.tasks):
            event("something is skipped")
        if any(
            task.status is TaskStatus.SKIPPED and result.calls for task in result.tasks if "?" in task.address
        ):
            event("a list is skipped")
        problems = [*(task.problem for task in result.tasks if task.problem is not None), *result.problems]
        for problem in problems:
            event(f"problem: {problem.kind}")
            assert problem.kind in LEGITIMATE, problem
        totals = plan.totals
        assert done.calls <= totals.calls.high, "more calls than planned"
        assert done.images <= totals.images.high, "more images than planned"
        assert done.images * PRICE <= totals.cost_usd.high, "more than planned"
        assert count <= totals.tasks.high, "more tasks than planned"
        if done.done:
            assert count >= totals.tasks.low, "fewer tasks than planned"
            assert done.calls >= totals.calls.low, "fewer calls than planned"
            assert done.images >= totals.images.low, "fewer images than planned"
            assert done.images * PRICE >= totals.cost_usd.low, "less than planned"


def _came_to_a_request(task: TaskResult) -> bool:
    """Whether a task got as far as to be asked, by itself or by another one with the same request."""
    return task.problem is None or task.problem.kind in ("bad-request", "unexpected")


COUNTED = re.compile(r"<(succeeded\()?steps\.(\w+)(?:\.where\(([^()]*)\))?\.(images|tasks)\)?=(\d+)>")


def check_counts(done: Done) -> None:
    """What prompts say of how many there are is how many there were in the end."""
    for address, (_, _, params) in done.asked.items():
        frame, _, _ = address.rpartition("/")
        for succeeded, step, where, what, said in COUNTED.findall(str(params.get("prompt", ""))):
            start = re.escape(f"{frame}/{step}" if frame else step)
            own = [one for one in done.result.tasks if re.fullmatch(rf"{start}(\[[^/]*)?", one.address)]
            others = [
                one for one in done.result.tasks if re.match(rf"{start}(\[[^/]*)?([/#]|.*edit=)", one.address)
            ]
            if not own or others:
                continue  # tasks of a used recipe, of several takes, or edits in a row
            own = [one for one in own if _matches(one.address, where)]
            event("a prompt says how many there are")
            wanting = [one.address for one in own if one.status in (TaskStatus.FAILED, TaskStatus.BLOCKED)]
            assert succeeded or not wanting, f"{address} was asked without {wanting}"
            given = [one for one in own if one.status.has_images]
            count = len(given) if what == "tasks" else sum(len(one.images) for one in given)
            assert int(said) == count, (
                f"{address} was told of {said} {what} of {step}, and there were {count}"
            )


def _matches(address: str, where: str) -> bool:
    """Whether a task may be meant by `.where()` with these keys."""
    keys = dict(re.findall(r"[\[,](\w+)=([^,\]]*)", address.rpartition("/")[2]))
    wanted = dict(one.split("=") for one in where.split(",")) if where else {}
    return all(keys[name] in (key, "?") for name, key in wanted.items())


def _fingerprints(planner: Any, address: str) -> tuple[Any, ...]:
    task = planner._unfolder.tasks.get(address)
    return () if task is None else (task.fingerprint, task.take, task.params)


SEEDS = st.integers(0, 3)


@laws(25)
@given(cases(), SEEDS, st.sampled_from(["any", "one", "full"]), st.sampled_from([0, 0, 0, 15]))
def test_a_run_stays_inside_its_plan_and_a_further_one_makes_no_request(
    case: Case, seed: int, how_many: str, failing_percent: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(case, folder, SeededProvider(seed, how_many, failing_percent, order=seed))
        assume(stage.can_be_planned())
        first = stage.run()
        if not first.done and not stage.can_be_planned():
            return  # what is known by now does not fit
        again = stage.run()
        stage.world.assert_nothing_paid_twice_within_attempts()
        assert again.images == 0, "a further run pays for nothing"
        left = first.result.left
        assert again.calls <= (0 if left is None else left.calls.high), "more than was said to be left"
        if first.done:
            assert again.done
            assert again.calls == 0
            totals = again.plan.totals
            assert (totals.calls.high, totals.images.high, totals.cost_usd.high) == (0, 0, 0)
            # Of results of one request that several steps judge, each may find a better one that another one had made.
            assert again.outputs == first.outputs or "expect" in f"{case.recipe}{case.files}"


@laws(15)
@given(cases(), SEEDS, st.sampled_from([0, 0, 15]), st.integers(1, 9), st.sampled_from([1, 2, 16]))
def test_the_order_of_completion_changes_no_request_and_no_output(
    case: Case, seed: int, failing_percent: int, order: int, most_in_flight: int
) -> None:
    compare_orders(case, seed, failing_percent, order, most_in_flight)


@laws(15)
@given(
    cases(doubtful=True), SEEDS, st.sampled_from([0, 0, 30]), st.integers(1, 9), st.sampled_from([1, 2, 16])
)
def test_what_is_skipped_or_fails_on_the_way_is_counted_alike_in_any_order_and_by_a_further_run(
    case: Case, seed: int, failing_percent: int, order: int, most_in_flight: int
) -> None:
    compare_orders(case, seed, failing_percent, order, most_in_flight)


def compare_orders(case: Case, seed: int, failing_percent: int, order: int, most_in_flight: int) -> None:
    """Runs it twice from the start, in two orders of completion, and the second one once more."""
    seen = []
    for pace, most in ((0, 16), (order, most_in_flight)):
        with tempfile.TemporaryDirectory() as folder:
            stage = Stage(case, folder, SeededProvider(seed, "any", failing_percent, order=pace))
            assume(stage.can_be_planned())
            done = stage.run(most)
            check_counts(done)
            if pace == order and (done.done or stage.can_be_planned()):
                again = stage.run(most)
                check_counts(again)
                assert again.images == 0, "a further run pays for nothing"
                assert not done.done or (again.done and again.calls == 0)
                # Of results of one request that several steps judge, each may find a better one that another one had made.
                if "retry" not in f"{case.recipe}{case.files}":
                    assert again.asked == done.asked
                    assert again.outputs == done.outputs
            statuses = {
                task.address: (
                    task.status.has_images or task.status.value,
                    [one.facts.digest for one in task.images],
                )
                for task in done.result.tasks
                # What never came to be may be told of in one place or in several.
                if "?" not in task.address
                and task.status not in (TaskStatus.BLOCKED, TaskStatus.SKIPPED)
                and (task.status is not TaskStatus.FAILED or task.address in done.asked)
            }
            seen.append((statuses, done.asked, done.outputs, list(statuses)))
    for one, other in zip(*seen, strict=True):
        assert one == other


@laws(15)
@given(SEEDS, st.sampled_from(["one", "full"]), st.data())
def test_sets_of_one_cost_the_minimum_and_full_ones_the_maximum(
    seed: int, how_many: str, data: st.DataObject
) -> None:
    case = data.draw(cases(sharp=True))
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(case, folder, SeededProvider(seed, how_many, 0, order=seed))
        assume(stage.can_be_planned())
        done = stage.run()
        if not done.done:
            return
        totals = done.plan.totals
        which = 0 if how_many == "one" else 1
        assert done.images == totals.images[which]
        assert done.images * PRICE == totals.cost_usd[which]
        assert done.calls == totals.calls[which]
        assert sum("?" not in task.address for task in done.result.tasks) == totals.tasks[which]


@laws(15)
@given(cases(), SEEDS, st.data())
def test_adding_or_moving_an_item_pays_for_that_item_only(case: Case, seed: int, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(case, folder, SeededProvider(seed, "any", 0, order=seed))
        assume(case.lists)
        assume(stage.can_be_planned())
        first = stage.run()
        name = data.draw(st.sampled_from(sorted(case.lists)))
        items = data.draw(st.permutations(case.lists[name]))
        if data.draw(st.booleans()):
            items.insert(data.draw(st.integers(0, len(items))), NEW_WORD)
        stage.world.text = case.spell({**case.lists, name: items})
        assume(first.done and stage.can_be_planned())
        calls = len(stage.provider.calls)
        stage.run()
        for call in stage.provider.calls[calls:]:
            address = call.context.address
            step = re.split(r"[\[/#]", address)[0]
            mixed = name in case.mixes[step]  # it uses items together, and so has another request now
            assert NEW_WORD in address or mixed, f"{address} has nothing to do with what was changed"
