"""The plan says what will be asked, reused and paid, with bounds for what is unknown; a run stays inside it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from planning import KnownResults, done, open_planner, plan, problems_of

from seedflow.plan.model import Action, Bounds, PendingImages, Reason, StepImage, Task, Unknown, Unsettled
from seedflow.store.base import AttemptState

SET = """\
steps:
  sheet: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}
  last: {generate: {prompt: "After {{ ref.all }}", image_input: {all: "{{ steps.sheet.images }}"}}}
  third: {generate: {prompt: Third, image_input: ["{{ steps.sheet.images[2] }}"]}}
"""
PAGES = """\
inputs: {scenes: {type: list, of: text, default: [at sea, at home]}}
steps:
  hero: {generate: {prompt: The hero}}
  page:
    for_each: {scene: "{{ inputs.scenes }}"}
    generate: {prompt: "{{ each.scene }} with {{ ref.hero }}", image_input: {hero: "{{ steps.hero.images[0] }}"}}
  close:
    for_each: {scene: "{{ inputs.scenes }}"}
    generate: {prompt: Closer, image_input: ["{{ steps.page.at(scene=each.scene).images[0] }}"]}
  cover: {generate: {prompt: "All of {{ ref.pages }}", image_input: {pages: "{{ steps.page.images }}"}}}
"""


def by_address(tasks: tuple[Task, ...]) -> dict[str, Task]:
    return {task.address: task for task in tasks}


def test_addresses_needs_and_hubs() -> None:
    tasks = by_address(plan(PAGES).tasks)
    assert list(tasks) == [
        "hero",
        "page[scene=at-sea]",
        "page[scene=at-home]",
        "close[scene=at-sea]",
        "close[scene=at-home]",
        "cover",
    ]
    assert tasks["page[scene=at-sea]"].needs == ("hero",)
    assert tasks["close[scene=at-home]"].needs == ("page[scene=at-home]",)
    assert tasks["cover"].needs == ("page",)


def test_references_whose_number_is_known_have_words_before_they_exist() -> None:
    tasks = by_address(plan(PAGES).tasks)
    assert tasks["page[scene=at-sea]"].params["prompt"] == "at sea with image 1"
    assert tasks["cover"].params["prompt"] == "All of images 1 and 2"


def test_a_set_of_unknown_size_makes_what_counts_it_unknown_and_nothing_else() -> None:
    found = plan(SET)
    tasks = by_address(found.tasks)
    assert tasks["sheet"].images == Bounds(1, 3)
    assert tasks["last"].params["prompt"] == Unknown(("sheet",))
    (all_of_it,) = tasks["last"].references
    assert isinstance(all_of_it.image, PendingImages)
    assert all_of_it.image.count == Bounds(1, 3)
    assert tasks["third"].params["prompt"] == "Third"
    assert {task.reason for task in (tasks["last"], tasks["third"])} == {Reason.UPSTREAM_UNKNOWN}
    assert found.totals.images == Bounds(3, 5)
    assert found.totals.cost_usd == Bounds(Decimal("0.12"), Decimal("0.20"))


def test_a_provider_that_is_free_costs_nothing_and_tells_the_models_price() -> None:
    totals = plan(SET, paid=False).totals
    assert totals.cost_usd == Bounds(Decimal(0), Decimal(0))
    assert totals.list_cost_usd == Bounds(Decimal("0.12"), Decimal("0.20"))


def test_facts_settle_what_was_unknown() -> None:
    planner = open_planner(SET)
    assert planner.start()[0] is not None
    planner.advance(done("sheet", "a", "b"))
    settled = planner.settle("last")
    assert isinstance(settled, Task)
    assert settled.params["prompt"] == "After images 1 and 2"
    assert [image.image.number for image in settled.references if isinstance(image.image, StepImage)] == [
        1,
        2,
    ]
    assert settled.fingerprint is not None


def test_an_image_that_does_not_come_fails_that_task_alone_at_its_place() -> None:
    planner = open_planner(SET)
    planner.start()
    planner.advance(done("sheet", "a", "b"))
    found = planner.settle("third")
    assert isinstance(found, Unsettled)
    assert found.span is not None
    assert found.span.source.text[found.span.start : found.span.end] == "steps.sheet.images[2]"
    assert "there are 2" in found.message


def test_what_would_pass_the_plan_is_not_asked_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    planner = open_planner(SET)
    planner.start()
    planner.advance(done("sheet", "a", "b"))
    monkeypatch.setattr("seedflow.plan.planner._find_most_usd", lambda _: Decimal("0.01"))
    found = planner.settle("last")
    assert isinstance(found, Unsettled)
    assert (found.code, found.message) == ("beyond-plan", "would pass what the plan said it may cost")
    assert found.help is not None
    assert "nothing was paid beyond it: run again" in found.help


def test_what_is_stored_is_reused_and_what_follows_is_known() -> None:
    view = KnownResults()
    view.keep(plan(SET).tasks[0], "a", "b")
    tasks = by_address(plan(SET.replace("  third", "  # third"), view=view).tasks)
    assert (tasks["sheet"].action, tasks["sheet"].reason) == (Action.REUSE, Reason.STORED)
    assert tasks["last"].params["prompt"] == "After images 1 and 2"
    assert (tasks["last"].action, tasks["last"].reason) == (Action.CALL, Reason.NEW)


def test_reasons_tell_a_changed_prompt_from_a_changed_picture_and_a_missing_file() -> None:
    text = "steps:\n  a: {generate: {prompt: A}}\n  b: {generate: {prompt: B, image_input: ['{{ steps.a.images[0] }}']}}\n"
    view = KnownResults()
    view.keep(plan(text).tasks[0], "a")
    view.keep(plan(text, view=view).tasks[1], "b")
    assert [task.reason for task in plan(text, view=view).tasks] == [Reason.STORED, Reason.STORED]
    changed = plan(text.replace("prompt: B", "prompt: C"), view=view).tasks
    assert [task.reason for task in changed] == [Reason.STORED, Reason.CHANGED]
    view.keep(plan(text.replace("prompt: A", "prompt: Z")).tasks[0], "z")
    other = plan(text.replace("prompt: A", "prompt: Z"), view=view).tasks
    assert [task.reason for task in other] == [Reason.STORED, Reason.REFERENCE_CHANGED]
    (first, _) = plan(text, view=view).tasks
    assert first.fingerprint is not None
    del view.results[first.fingerprint]
    view.lost.add(first.fingerprint)
    assert plan(text, view=view).tasks[0].reason is Reason.ARTIFACT_MISSING


def test_equal_requests_are_paid_once_known_or_not() -> None:
    twins = "steps:\n  a: {generate: {prompt: Same}}\n  b: {generate: {prompt: Same}}\n"
    found = plan(twins)
    assert found.tasks[1].shares_with == "a"
    assert found.totals.calls == Bounds(1, 1)
    pending = plan(
        "steps:\n  a: {generate: {prompt: First}}\n"
        "  b: {for_each: {n: [1, 2]}, generate: {prompt: Same, image_input: ['{{ steps.a.images[0] }}']}}\n"
    )
    assert pending.totals.calls == Bounds(2, 2)


def test_limits_of_the_recipe_are_errors_before_anything_is_sent() -> None:
    for limits, said in (("{tasks: 5}", "tasks"), ("{images: 5}", "images"), ("{cost_usd: 0.2}", "cost")):
        found = problems_of(f"limits: {limits}\n{PAGES}")
        assert any(said in problem.message for problem in found), found


def test_the_same_problem_of_many_tasks_is_said_once_with_their_number() -> None:
    found = problems_of(
        "inputs: {n: {type: list, of: integer, default: [20, 21, 22]}}\n"
        "steps:\n  a: {for_each: {n: '{{ inputs.n }}'}, generate: "
        "{prompt: 'P{{ each.n }}', sequential_image_generation: auto, max_images: '{{ inputs.n[0] }}'}}\n"
    )
    (problem,) = [problem for problem in found if problem.code == "out-of-range"]
    assert "a[n=20] and 2 more" in problem.message


def test_files_are_named_by_key_and_number_where_a_task_may_give_several() -> None:
    planner = open_planner(
        PAGES + "outputs: {pages: '{{ steps.page.images }}', cover: '{{ steps.cover.images[0] }}'}\n"
    )
    planner.start()
    for address in ("hero", "page[scene=at-sea]", "page[scene=at-home]", "cover"):
        planner.advance(done(address, address[-4:].strip("[]")))
    files, missing = planner.outputs()
    assert missing == ()
    assert [file.path for file in files["pages"]] == ["pages/at-sea.jpg", "pages/at-home.jpg"]
    assert [file.path for file in files["cover"]] == ["cover.jpg"]


def test_values_in_file_names_become_slugs_and_cannot_leave_the_folder() -> None:
    planner = open_planner(
        "inputs: {where: {type: list, of: text, default: ['../../etc/passwd']}}\n"
        "steps:\n  a: {for_each: {w: '{{ inputs.where }}'}, generate: {prompt: '{{ each.w }}'}}\n"
        "outputs: {o: {images: '{{ steps.a.images }}', file: 'x/{{ each.w }}'}}\n"
    )
    found, _ = planner.start()
    assert found is not None
    planner.advance(done(found.tasks[0].address, "a"))
    files, _ = planner.outputs()
    assert [file.path for file in files["o"]] == ["x/etcpasswd.jpg"]


def test_two_results_for_one_path_are_an_error_when_planning_also_where_only_case_tells_them_apart() -> None:
    found = problems_of(
        "inputs: {where: {type: list, of: text, default: [Sea, sea]}}\n"
        "steps:\n  a: {for_each: {w: '{{ inputs.where }}'}, generate: {prompt: '{{ each.w }}'}}\n"
        "outputs: {o: {images: '{{ steps.a.images }}', file: 'x/{{ each.w }}'}}\n"
    )
    (problem,) = found
    assert problem.message == (
        "a[w=Sea] image 1 and a[w=sea] image 1 would be published as `x/Sea` and `x/sea`, which on many systems are one file"
    )


SETS = (
    "inputs: {photo: {type: image, default: photo.png}, last: {type: boolean, default: true}}\n"
    "steps:\n"
    "  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}\n"
    "  b: {for_each: {n: [1, 2]}, generate: {prompt: 'B{{ each.n }} of {{ inputs.photo.name }}'}}\n"
)


def published(output: str, tmp_path: Path, **inputs: object) -> list[tuple[str, str]]:
    """Path and digest of each file of one output, of a set of two and two tasks."""
    Image.new("RGB", (8, 6), "teal").save(tmp_path / "photo.png")
    planner = open_planner(f"{SETS}outputs: {{o: {output}}}\n", inputs, folder=tmp_path)
    plan, found = planner.start()
    assert plan is not None, found
    planner.advance(done("a", "a1", "a2"))
    planner.advance(done("b[n=1]", "b1"))
    planner.advance(done("b[n=2]", "b2"))
    files, missing = planner.outputs()
    assert missing == ()
    return [(file.path, file.image.facts.digest[7:9]) for file in files["o"]]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ("{{ steps.a.images | first }}", [("o/a-1.jpg", "a1")]),
        (
            "{{ steps.b.images + steps.a.images[:1] }}",
            [("o/b-1.jpg", "b1"), ("o/b-2.jpg", "b2"), ("o/a-1.jpg", "a1")],
        ),
        ("{{ steps.b.images | reverse }}", [("o/2.jpg", "b2"), ("o/1.jpg", "b1")]),
        ("{{ steps.a.images[-1] if inputs.last else steps.b.images }}", [("o.jpg", "a2")]),
    ],
)
def test_an_output_publishes_what_its_expression_gives(
    images: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert published(f"'{images}'", tmp_path) == expected


def test_an_output_may_publish_a_local_image_of_an_input(tmp_path: Path) -> None:
    ((path, _),) = published("'{{ inputs.photo }}'", tmp_path)
    assert path == "o.png"
    ((path, _),) = published("{images: '{{ inputs.photo }}', file: 'in/{{ image.name }}'}", tmp_path)
    assert path == "in/photo.png"


def test_an_output_of_an_image_behind_a_url_is_an_error_when_planning() -> None:
    planner = open_planner(
        SETS + "outputs: {o: '{{ inputs.photo }}'}\n", {"photo": "https://pictures.example/a.jpg"}
    )
    plan, found = planner.start()
    assert plan is None
    assert [problem.code for problem in found] == ["output-without-images"]


def test_an_expression_over_images_that_are_not_all_there_publishes_nothing_yet(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6), "teal").save(tmp_path / "photo.png")
    planner = open_planner(SETS + "outputs: {o: '{{ steps.b.images | last }}'}\n", folder=tmp_path)
    planner.start()
    planner.advance(done("b[n=1]", "b1"))
    files, missing = planner.outputs()
    assert (files["o"], missing) == ((), ())


def test_a_request_that_was_sent_before_and_has_no_result_is_said_so_and_may_cost_nothing() -> None:
    text = "steps:\n  a: {generate: {prompt: A}}\n"
    view = KnownResults()
    fingerprint = plan(text).tasks[0].fingerprint
    assert fingerprint is not None
    view.unfinished[fingerprint] = AttemptState.UNKNOWN
    found = plan(text, view=view)
    assert found.tasks[0].reason is Reason.ASKED_BEFORE
    assert found.totals.calls == Bounds(0, 1)
    assert found.totals.cost_usd == Bounds(Decimal(0), Decimal("0.04"))


def test_a_model_whose_template_gives_none_is_the_default_one() -> None:
    (task,) = plan(
        "inputs: {m: {type: text, optional: true}}\n"
        'steps: {a: {generate: {model: "{{ inputs.m }}", prompt: A fox}}}\n'
    ).tasks
    assert task.model == "bytedance/seedream-4.5"
