"""An image that does not exist stops nothing where a condition rules out that it comes to that: the task is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import FAILS, play

from seedflow.plan.model import Action, Bounds, Reason

NUMBER = "inputs: {k: {type: integer, default: 1}}\n"
SET = "sequential_image_generation: auto, max_images: '{{ inputs.k }}'"
COUNTED = "when: '{{ steps.a.images | length > 1 }}'"
INSIDE = (
    "seedflow: 1\ninputs: {p: {type: image}}\nsteps:\n"
    "  s: {generate: {prompt: S, image_input: '{{ inputs.p }}'}}\noutputs: {images: '{{ steps.s.images }}'}\n"
)
GUARDED = {
    "a reference": f"d: {{{COUNTED}, generate: {{prompt: D, image_input: '{{{{ steps.a.images[1] }}}}'}}}}",
    "from the end": f"d: {{{COUNTED}, generate: {{prompt: D, image_input: '{{{{ steps.a.images[-2] }}}}'}}}}",
    "a named one": (
        f"d: {{{COUNTED}, generate: {{prompt: 'D {{{{ ref.x }}}}', image_input: {{x: '{{{{ steps.a.images[1] }}}}'}}}}}}"
    ),
    "a loop": (
        f"d: {{for_each: {{v: [x]}}, {COUNTED}, generate: {{prompt: 'D {{{{ each.v }}}}',"
        " image_input: '{{ steps.a.images[1] }}'}}"
    ),
    "a test that nobody reads": (
        "d: {when: '{{ (steps.a.images | length) * 2 > 3 }}', generate: {prompt: D, image_input: '{{ steps.a.images[1] }}'}}"
    ),
    "a used recipe": f"d: {{recipe: ./inside.yaml, {COUNTED}, with: {{p: '{{{{ steps.a.images[1] }}}}'}}}}",
    "edits": (
        f"d: {{{COUNTED}, iterate: {{over: [x], as: e, start: '{{{{ steps.a.images[1] }}}}'}},"
        " generate: {prompt: 'D {{ each.e }}', image_input: '{{ prev }}'}}"
    ),
}


def recipe(step: str) -> str:
    return f"{NUMBER}steps:\n  a: {{generate: {{prompt: A, {SET}}}}}\n  {step}\n"


@pytest.mark.parametrize("step", GUARDED.values(), ids=GUARDED)
def test_a_condition_that_never_holds_skips_what_could_not_be_asked(tmp_path: Path, step: str) -> None:
    (tmp_path / "inside.yaml").write_text(INSIDE)
    played = play(recipe(step), folder=tmp_path)
    assert played.addresses == ["a"]
    assert [address.partition("[")[0].partition("/")[0] for address in played.skipped] == ["d"]
    assert not played.problems


def test_it_stands_in_the_plan_as_long_as_its_condition_is_not_known(tmp_path: Path) -> None:
    plan, found = open_planner(recipe(GUARDED["a reference"]), folder=tmp_path).start()
    assert plan is not None, found
    assert found == []
    (task,) = (task for task in plan.tasks if task.address == "d")
    assert (task.action, task.reason) == (Action.CALL, Reason.CONDITION_UNKNOWN)
    assert (task.images, task.cost_usd, task.needs) == ((0, 0), (0, 0), ("a",))
    assert plan.totals.cost_usd.low == plan.totals.cost_usd.high


def test_who_stands_on_it_is_not_refused_either(tmp_path: Path) -> None:
    behind = "\n  e: {generate: {prompt: E, image_input: '{{ steps.d.images[0] }}'}}"
    played = play(recipe(GUARDED["a reference"] + behind), folder=tmp_path)
    assert played.skipped == ["d", "e"]
    assert next(task for task in played.plan.tasks if task.address == "e").images == Bounds(0, 1)


def test_a_condition_over_what_failed_is_blocked_all_the_same(tmp_path: Path) -> None:
    played = play(recipe(GUARDED["a reference"]), gives={"a": FAILS}, folder=tmp_path)
    assert played.blocked == {"d": "a"}


@pytest.mark.parametrize(
    "when", ["steps.a.images | length > 0", "inputs.k > 0", "steps.b.images | length > 1"]
)
def test_a_condition_that_rules_nothing_out_leaves_it_an_error(when: str) -> None:
    step = (
        "b: {generate: {prompt: B, sequential_image_generation: auto, max_images: 3}}\n"
        f"  d: {{when: '{{{{ {when} }}}}', generate: {{prompt: D, image_input: '{{{{ steps.a.images[1] }}}}'}}}}"
    )
    plan, found = open_planner(recipe(step)).start()
    assert plan is None
    assert [problem.code for problem in found] == ["no-such-image"]


def test_a_step_of_the_same_name_around_it_rules_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "inside.yaml").write_text(
        f"seedflow: 1\n{NUMBER}steps:\n  t: {{generate: {{prompt: T, {SET}}}}}\n"
        "  u: {generate: {prompt: U, image_input: '{{ steps.t.images[1] }}'}}\n"
        "outputs: {images: '{{ steps.u.images }}'}\n"
    )
    text = (
        f"{NUMBER}steps:\n  t: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 3}}}}\n"
        "  d: {recipe: ./inside.yaml, when: '{{ steps.t.images | length > 1 }}', with: {k: '{{ inputs.k }}'}}\n"
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is None
    assert [problem.code for problem in found] == ["no-such-image"]


def test_one_item_of_a_list_by_its_number_is_one_reference_at_most(tmp_path: Path) -> None:
    text = (
        "steps:\n  a: {generate: {prompt: A}}\n  d: {when: '{{ steps.a.images | length > 1 }}',"
        " generate: {prompt: D, image_input: '{{ (steps.a.images | reverse | list)[1] }}'}}\n"
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is not None, found
    assert found == []
    (reference,) = next(task for task in plan.tasks if task.address == "d").references
    assert reference.image.count == (0, 1)
