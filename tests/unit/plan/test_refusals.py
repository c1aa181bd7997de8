"""What is wrong with the results of one run concerns the tasks that use them, when planning as when running, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, done, open_planner, problems_of
from playing import play

from seedflow.diagnostics import Severity
from seedflow.plan.model import Action, Grown, Plan, Reason, Task, Unsettled
from seedflow.plan.planner import Planner

SET = "sequential_image_generation: auto, max_images: 3"
USERS = {
    "no-such-image": "third: {generate: {prompt: T, image_input: ['{{ steps.s.images[2] }}']}}",
    "unequal-lists": (
        "third: {for_each: '{{ zip(a=steps.s.images, b=[1, 2, 3]) }}',"
        " generate: {prompt: 'T {{ each.b }}', image_input: ['{{ each.a }}']}}"
    ),
    "too-many-items": (
        "third: {for_each: {a: {in: '{{ steps.s.images }}', at_most: 1}},"
        " generate: {prompt: T, image_input: ['{{ each.a }}']}}"
    ),
    "nothing-to-apply": (
        "third: {iterate: {over: '{{ steps.s.images[2:] }}', as: e, start: '{{ steps.s.images[0] }}'},"
        " generate: {prompt: T, image_input: ['{{ prev }}', '{{ each.e }}']}}"
    ),
}


def plan_again(user: str) -> tuple[Plan, Planner]:
    """The plan of a recipe whose set is stored with two pictures, and its planner."""
    text = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n  {user}\n  other: {{generate: {{prompt: O}}}}\n"
    )
    view = KnownResults()
    first, _ = open_planner(text, view=view).start()
    assert first is not None
    view.keep(next(task for task in first.tasks if task.address == "s"), "a1", "a2")
    planner = open_planner(text, view=view)
    plan, found = planner.start()
    assert plan is not None, found
    return plan, planner


@pytest.mark.parametrize("code", USERS)
def test_results_that_do_not_fit_fail_their_task_and_leave_the_others_alone(code: str) -> None:
    plan, planner = plan_again(USERS[code])
    (refused,) = [task for task in plan.tasks if task.step == "third"]
    assert (refused.action, refused.reason) == (Action.BLOCKED, Reason.REFUSED)
    assert refused.cause
    ended = planner.settle(refused.address)
    assert isinstance(ended, Unsettled)
    assert (ended.code, ended.message) == (code, refused.cause)
    assert ended.help
    (other,) = [task for task in plan.tasks if task.step == "other"]
    assert other.action is Action.CALL
    assert plan.totals.calls == (1, 1)


@pytest.mark.parametrize("code", USERS)
def test_the_same_comes_of_it_when_it_shows_while_running(code: str) -> None:
    text = f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n  {USERS[code]}\n"
    planner = open_planner(text)
    plan, _ = planner.start()
    assert plan is not None
    planner.advance(done("s", "a1", "a2"))
    (later,) = [task for task in plan.tasks if task.step == "third"]
    ended = planner.settle(later.address)
    assert isinstance(ended, Unsettled)
    assert ended.code == code


OPEN = ("no-such-image", "too-many-values", "nothing-to-apply")
"""What is wrong with a task, and not with the list of its loop, which is there before any condition is asked."""


def while_open(code: str) -> str:
    """The same under a condition that rests on another step, which is not stored."""
    users = {
        **USERS,
        "too-many-values": "third: {generate: {prompt: T, image_input: '{{ steps.s.images * 8 }}'}}",
    }
    user = users[code].replace("third: {", "third: {when: '{{ steps.slow.images | length > 1 }}', ")
    return f"slow: {{generate: {{prompt: L, {SET}}}}}\n  {user}\n  sum: {{generate: {{prompt: 'N {{{{ steps.third.images | length }}}}'}}}}"


@pytest.mark.parametrize("code", OPEN)
def test_what_may_yet_be_skipped_does_not_fail_before_that_is_known(code: str) -> None:
    plan, planner = plan_again(while_open(code))
    (third,) = [task for task in plan.tasks if task.step == "third"]
    assert (third.action, third.images, third.cost_usd) == (Action.CALL, (0, 0), (0, 0))
    (last,) = [task for task in plan.tasks if task.step == "sum"]
    assert last.images == (0, 1)
    planner.advance(done("slow", "l1"))
    skipped = planner.settle(third.address)
    assert isinstance(skipped, Task)
    assert (skipped.action, skipped.reason) == (Action.SKIP, Reason.CONDITION_FALSE)


@pytest.mark.parametrize("code", OPEN)
def test_what_turned_out_not_to_be_skipped_fails_then(code: str) -> None:
    plan, planner = plan_again(while_open(code))
    (third,) = [task for task in plan.tasks if task.step == "third"]
    planner.advance(done("slow", "l1", "l2"))
    ended = planner.settle(third.address)
    assert isinstance(ended, Unsettled)
    assert ended.code == code


@pytest.mark.parametrize("stored", [1, 3])
def test_a_plan_warns_of_what_may_yet_be_skipped(stored: int) -> None:
    text = f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n  {while_open('no-such-image')}\n"
    view = KnownResults()
    first, _ = open_planner(text, view=view).start()
    assert first is not None
    view.keep(next(task for task in first.tasks if task.address == "s"), *["a1", "a2", "a3"][:stored])
    plan, found = open_planner(text, view=view).start()
    assert plan is not None
    problems = [(one.code, one.severity) for one in found]
    assert problems == ([("no-such-image", Severity.WARNING)] if stored == 1 else [])


def test_what_uses_a_refused_task_waits_for_it() -> None:
    user = (
        USERS["no-such-image"]
        + "\n  last: {generate: {prompt: L, image_input: ['{{ steps.third.images[0] }}']}}"
    )
    plan, _ = plan_again(user)
    (last,) = [task for task in plan.tasks if task.step == "last"]
    assert (last.action, last.reason, last.cause) == (Action.BLOCKED, Reason.UPSTREAM_FAILED, "third")


def test_what_is_wrong_whatever_the_results_are_is_an_error_of_the_plan() -> None:
    many = ", ".join(["'{{ steps.s.images[0] }}'"] * 4)
    found = problems_of(
        f"inputs: {{m: {{type: text, default: google/nano-banana-2}}}}\n"
        f"steps:\n  s: {{generate: {{prompt: S}}}}\n"
        f"  r: {{generate: {{model: '{{{{ inputs.m }}}}', prompt: R, image_input: [{many}]}}}}\n"
    )
    assert "too-many-values" in {problem.code for problem in found}


def test_what_is_wrong_whatever_the_results_are_is_the_same_error_when_they_are_there() -> None:
    text = (
        "inputs: {words: {type: list, of: text, default: [x, y, z]}}\n"
        "steps:\n  s: {for_each: {w: '{{ inputs.words }}'}, generate: {prompt: 'S {{ each.w }}'}}\n"
        "  r: {for_each: {v: {in: '{{ steps.s.images }}', at_most: 2}}, generate: {prompt: R, image_input: ['{{ each.v }}']}}\n"
        "  last: {generate: {prompt: L, image_input: '{{ steps.r.images }}'}}\n"
    )
    before = problems_of(text)
    view = KnownResults()
    plan, _ = open_planner(text, {"words": ["x"]}).start()
    assert plan is not None
    view.keep(plan.tasks[0], "x")
    made = [open_planner(text, {"words": [word]}).start()[0] for word in "xyz"]
    for number, one in enumerate(made):
        assert one is not None
        view.keep(one.tasks[0], f"s{number}")
    after, problems = open_planner(text, view=view).start()
    assert after is None
    assert [(one.code, str(one.span), one.help) for one in problems] == [
        (one.code, str(one.span), one.help) for one in before
    ]
    assert [str(one.severity) for one in problems] == ["error"]


ABSENT = (
    "inputs: {dark: {type: boolean, default: false}}\n"
    "steps:\n  top: {generate: {prompt: T, sequential_image_generation: auto, max_images: 3}}\n"
    "  s: {when: '{{ WHEN }}', generate: {prompt: S}}\n"
    "  r: {generate: {prompt: 'R {{ ref.v }}', image_input: {v: '{{ optional(steps.s.images[0]) }}'}}}\n"
)


@pytest.mark.parametrize("nothing", ["~", "[]"])
def test_a_name_with_nothing_behind_it_is_a_reference_that_is_absent(nothing: str) -> None:
    text = f"steps: {{r: {{generate: {{prompt: 'A fox{{% if ref.v %}} {{{{ ref.v }}}}{{% endif %}}', image_input: {{v: {nothing}}}}}}}}}\n"
    plan, problems = open_planner(text).start()
    assert plan is not None
    assert plan.tasks[0].params["prompt"] == "A fox"
    assert problems == [] or problems == ()
    printed = text.replace("{% if ref.v %}", "").replace("{% endif %}", "")
    _, problems = open_planner(printed).start()
    assert [one.code for one in problems] == ["template-absent-reference"]


def test_a_reference_that_is_known_to_be_absent_is_an_error_at_its_place() -> None:
    plan, problems = open_planner(ABSENT.replace("WHEN", "inputs.dark")).start()
    assert plan is None
    (problem,) = problems
    assert (problem.code, str(problem.severity)) == ("template-absent-reference", "error")
    assert problem.span is not None
    assert problem.span.source.text[problem.span.start : problem.span.end] == "ref.v"
    assert problem.help is not None


def test_a_reference_that_is_absent_with_the_results_that_are_there_is_a_warning() -> None:
    text = ABSENT.replace("WHEN", "steps.top.images | length > 2")
    view = KnownResults()
    first, before = open_planner(text).start()
    assert first is not None
    assert before == []
    view.keep(first.tasks[0], "t")
    plan, problems = open_planner(text, view=view).start()
    assert plan is not None
    assert [(one.code, str(one.severity)) for one in problems] == [("template-absent-reference", "warning")]


def test_what_is_wrong_with_the_results_that_are_there_is_a_warning_with_its_place() -> None:
    _, planner = plan_again(USERS["no-such-image"])
    _, problems = planner.start()
    (doubt,) = [one for one in problems if one.code == "no-such-image"]
    assert str(doubt.severity) == "warning"
    assert doubt.span is not None
    assert doubt.help is not None


def test_a_set_that_may_be_more_than_a_model_takes_is_a_warning_before_it_is_paid() -> None:
    text = (
        "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 15}}\n"
        "  r: {generate: {prompt: R, image_input: ['{{ steps.s.images }}']}}\n"
    )
    plan, found = open_planner(text).start()
    assert plan is not None
    (warning,) = [problem for problem in found if problem.code == "too-many-values"]
    assert "there may be 15 references" in warning.message


def test_a_place_in_which_nothing_came_has_ended_for_who_goes_on_without_it() -> None:
    from planning import failed

    planner = open_planner(
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n"
        "  p: {for_each: {x: '{{ steps.s.images }}'}, generate: {prompt: P, image_input: ['{{ each.x }}']}}\n"
        "  r: {generate: {prompt: R, image_input: '{{ succeeded(steps.p.images) }}'}}\n"
    )
    plan, _ = planner.start()
    assert plan is not None
    planner.advance(failed("s"))
    place = planner.settle("p[x=s-?]")
    assert isinstance(place, Task)
    assert place.action is Action.BLOCKED
    planner.advance(failed("p[x=s-?]"))
    settled = planner.settle("r")
    assert isinstance(settled, Task)
    assert settled.settled


LATER_LIST = (
    "steps:\n  s: {generate: {prompt: S, SET}}\n  t: {generate: {prompt: T, SET}}\n"
    "  u: {for_each: {a: '{{ steps.s.images }}', b: ['{{ LAST }}']}, "
    "generate: {prompt: U, image_input: ['{{ each.a }}', '{{ each.b }}']}}\n"
).replace("SET", SET)


def test_a_later_list_that_can_never_be_made_is_an_error_of_the_plan_however_many_items_the_first_has(
    tmp_path: Path,
) -> None:
    (tmp_path / "block.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image, optional: true}}\n"
        "steps: {x: {generate: {prompt: X}}}\noutputs: {images: '{{ inputs.photo }}'}\n"
    )
    text = LATER_LIST.replace("LAST", "steps.block.images[0]") + "  block: {recipe: ./block.yaml}\n"
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is None
    assert [problem.code for problem in problems if problem.severity is Severity.ERROR] == ["no-such-image"]


def test_a_later_list_that_cannot_be_made_of_what_is_stored_fails_what_goes_through_it() -> None:
    text = LATER_LIST.replace("LAST", "steps.t.images[2]")
    view = KnownResults()
    first, _ = open_planner(text, view=view).start()
    assert first is not None
    view.keep(next(task for task in first.tasks if task.address == "t"), "b1", "b2")
    planner = open_planner(text, view=view)
    plan, problems = planner.start()
    assert plan is not None
    assert "no-such-image" in {problem.code for problem in problems}
    planner.advance(done("s", "a1"))
    (later,) = [task for task in plan.tasks if task.step == "u"]
    grown = planner.settle(later.address)
    assert isinstance(grown, Grown)
    (one,) = grown.tasks
    ended = planner.settle(one.address)
    assert isinstance(ended, Unsettled)
    assert ended.code == "no-such-image"


def test_an_item_that_cannot_be_made_fails_and_leaves_the_others_of_its_list_alone() -> None:
    text = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n"
        "  u: {for_each: {a: ['{{ steps.s.images[0] }}', '{{ steps.s.images[1] }}']}, "
        "generate: {prompt: U, image_input: ['{{ each.a }}']}}\n"
    )
    made = play(text, gives={"s": 1})
    assert (made.addresses, made.problems) == (["s", "u[a=s-1]"], {"u[a=2?]": "no-such-image"})
    view = KnownResults()
    first, _ = open_planner(text).start()
    assert first is not None
    view.keep(first.tasks[0], "s1")
    plan, _ = open_planner(text, view=view).start()
    assert plan is not None
    found = {task.address: (task.action, task.reason) for task in plan.tasks if task.step == "u"}
    assert found == {"u[a=s-1]": (Action.CALL, Reason.NEW), "u[a=2?]": (Action.BLOCKED, Reason.REFUSED)}


def test_a_condition_over_what_a_use_hands_through_fails_where_that_does_not_exist(tmp_path: Path) -> None:
    """By an input of an input, in a written list: it is worked out when somebody asks, and what it says then ends nothing else."""
    (tmp_path / "hand.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image}}\nsteps: {x: {generate: {prompt: X}}}\n"
        "outputs: {images: '{{ inputs.photos }}', x: '{{ steps.x.images }}'}\n"
    )
    (tmp_path / "outer.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image}}\nsteps:\n"
        "  one: {recipe: ./hand.yaml, with: {photos: ['{{ inputs.photo }}']}}\n"
        "  two: {when: '{{ steps.one.outputs.images | length > 0 }}', recipe: ./hand.yaml, with: {photos: '{{ steps.one.outputs.images }}'}}\n"
        "  last: {generate: {prompt: Last, image_input: '{{ steps.two.outputs.images[:2] }}'}}\n"
        "outputs: {images: '{{ steps.last.images }}'}\n"
    )
    made = play(
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
        "  u: {recipe: ./outer.yaml, with: {photo: '{{ steps.a.images[1] }}'}}\n  z: {generate: {prompt: Z}}\n",
        gives={"a": 1},
        folder=tmp_path,
    )
    assert "z" in made.addresses
    assert "u/last" not in made.addresses
    assert set(made.problems.values()) <= {"no-such-image", "blocked"}
    assert "no-such-image" in made.problems.values()
