"""The rules of `when`, skipping and failing, of `expect`, `takes` and `iterate`, and of `defaults`."""

from __future__ import annotations

import pytest

from seedflow.plan.model import Action
from seedflow.run.status import TaskStatus
from tests.rules.desk import Desk

BRANCHES = """
    inputs: {painted: {type: boolean, default: false}}
    steps:
      draft: {generate: {prompt: Draft}}
      painted: {when: "{{ inputs.painted }}", generate: {prompt: Painted, image_input: "{{ steps.draft.images[0] }}"}}
      frame: {generate: {prompt: Frame, image_input: "{{ steps.painted.images[0] }}"}}
      best: {generate: {prompt: Best, image_input: "{{ first_of(steps.painted.images[0], steps.draft.images[0]) }}"}}
      both: {generate: {prompt: Both, image_input: ["{{ optional(steps.painted.images[0]) }}", "{{ steps.draft.images[0] }}"]}}
"""
FAILING = """
    steps:
      page:
        for_each: {{ratio: ["1:1", "16:9"]}}
        generate: {{prompt: "{{{{ each.ratio }}}}", aspect_ratio: "{{{{ each.ratio }}}}"}}
        expect: {{min_height: 2048{more}}}
      book: {{generate: {{prompt: Book, image_input: "{{{{ {mention} }}}}"}}}}
"""


def test_a_task_that_refers_to_a_single_skipped_task_is_skipped(desk: Desk) -> None:
    assert set(desk.asks(BRANCHES)) == {"draft", "best", "both"}
    assert set(desk.asks(BRANCHES, "painted=true")) == {"draft", "painted", "frame", "best", "both"}


def test_first_of_merges_branches_and_optional_turns_a_skipped_reference_into_none(desk: Desk) -> None:
    tasks = desk.tasks(BRANCHES)
    assert [one.image.mention for one in tasks["best"].references] == ["draft image 1"]
    assert [one.image.mention for one in tasks["both"].references] == ["draft image 1"]


def test_collections_omit_skipped_tasks(desk: Desk) -> None:
    tasks = desk.tasks("""
        steps:
          page: {for_each: {n: [1, 2, 3]}, when: "{{ each.n != 2 }}", generate: {prompt: "{{ each.n }}"}}
          book: {generate: {prompt: Book, image_input: "{{ steps.page.images }}"}}
    """)
    assert [one.image.after for one in tasks["book"].references] == ["page[n=1]", "page[n=3]"]


def test_a_failed_task_blocks_those_that_use_it(desk: Desk) -> None:
    result = desk.run(FAILING.format(mention="steps.page.images", more=""))
    assert [task.status for task in result.tasks] == [TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.BLOCKED]


def test_succeeded_goes_on_without_it_and_the_plan_notes_that(desk: Desk) -> None:
    text = FAILING.format(mention="succeeded(steps.page.images)", more="")
    assert dict(desk.plan(text).goes_on_without) == {"book": ("page",)}
    result = desk.run(text)
    assert [task.status for task in result.tasks] == [TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.DONE]


def test_accept_uses_what_is_not_as_expected_and_warns(desk: Desk) -> None:
    result = desk.run(FAILING.format(mention="steps.page.images", more=", otherwise: accept"))
    assert [task.status for task in result.tasks] == [TaskStatus.DONE] * 3
    assert [bool(task.warnings) for task in result.tasks] == [False, True, False]


def test_attempts_are_counted_within_a_take_each_paid_and_bounded_and_stay_a_failure(desk: Desk) -> None:
    """Exhausted attempts stay a failure until somebody rerolls: running again asks for nothing."""
    text = FAILING.format(mention="succeeded(steps.page.images)", more=", otherwise: retry, attempts: 2")
    assert desk.plan(text).totals.calls == (3, 5)
    assert desk.run(text).calls == 4
    again = desk.run(text)
    assert again.calls == 0
    assert [task.status for task in again.tasks][1] is TaskStatus.FAILED


def test_changing_expect_judges_stored_results_again_for_free(desk: Desk) -> None:
    text = FAILING.format(mention="steps.page.images", more="")
    desk.run(text)
    tasks = desk.tasks(text.replace("2048", "1000"))
    assert {task.action for address, task in tasks.items() if address != "book"} == {Action.REUSE}


def test_takes_draw_the_same_request_and_all_of_them_flow_on(desk: Desk) -> None:
    tasks = desk.tasks("""
        steps:
          idea: {takes: 3, generate: {prompt: Idea}}
          wall: {generate: {prompt: "{{ ref.all }}", image_input: {all: "{{ steps.idea.images }}"}}}
    """)
    assert list(tasks) == ["idea", "idea#2", "idea#3", "wall"]
    assert tasks["wall"].params["prompt"] == "images 1 to 3"


def test_iterate_applies_edits_in_a_row_and_a_changed_one_pays_for_itself_and_the_later(desk: Desk) -> None:
    text = """
        steps:
          house: {generate: {prompt: House}}
          edit:
            iterate: {over: [snow, %s, light], as: change, start: "{{ steps.house.images[0] }}"}
            generate: {prompt: "{{ each.change }}", image_input: "{{ prev }}"}
    """
    desk.run(text % "night")
    actions = [task.action for task in desk.tasks(text % "evening").values()]
    assert actions == [Action.REUSE, Action.REUSE, Action.CALL, Action.CALL]


@pytest.mark.parametrize(
    ("defaults", "step", "said"),
    [
        ("size: 2K", "prompt: A", []),
        ("resolution: 2K", "prompt: A", ["unused-default"]),
        ("size: 2K", "prompt: A, size: 4K", ["unused-default?"]),
    ],
)
def test_a_default_that_no_step_can_use_is_an_error(
    desk: Desk, defaults: str, step: str, said: list[str]
) -> None:
    assert desk.codes(f"defaults: {{{defaults}}}\nsteps: {{page: {{generate: {{{step}}}}}}}") == said


def test_null_removes_a_default_and_defaults_never_cross_into_another_recipe(desk: Desk) -> None:
    desk.write(
        "part.yaml",
        "seedflow: 1\nsteps: {a: {generate: {prompt: A}}}\noutputs: {a: '{{ steps.a.images }}'}\n",
    )
    tasks = desk.tasks("""
        defaults: {size: 4K}
        steps:
          own: {generate: {prompt: Own}}
          bare: {generate: {prompt: Bare, size: null}}
          used: {recipe: ./part.yaml}
    """)
    assert {address: task.params.get("size") for address, task in tasks.items()} == {
        "own": "4K", "bare": None, "used/a": None,
    }  # fmt: skip # a row a line


def test_a_recipe_that_is_used_must_declare_outputs(desk: Desk) -> None:
    desk.write("part.yaml", "seedflow: 1\nsteps: {a: {generate: {prompt: A}}}\n")
    assert desk.codes("steps: {used: {recipe: ./part.yaml}}") == ["used-without-outputs"]


def test_a_list_of_for_each_that_is_optional_and_was_skipped_has_no_items(desk: Desk) -> None:
    result = desk.run("""
        steps:
          s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
          a: {when: "{{ steps.s.images | length > 9 }}", generate: {prompt: A, image_input: "{{ steps.s.images }}"}}
          f: {for_each: {v: "{{ optional(steps.a.images) }}"}, generate: {prompt: F, image_input: "{{ each.v }}"}}
    """)
    assert {task.address: task.status for task in result.tasks} == {
        "s": TaskStatus.DONE,
        "a": TaskStatus.SKIPPED,
    }
