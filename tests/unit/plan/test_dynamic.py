"""What a plan says of tasks that are only known when running: at least and at most, rule by rule of the language."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from planning import KnownResults, open_planner, plan, problems_of

from seedflow.diagnostics import Severity
from seedflow.plan import unfold
from seedflow.plan.model import Plan

SET = "sequential_image_generation: auto, max_images: 3"
IMAGE_OF_V = "image_input: ['{{ each.v }}']"


def bounds(found: Plan) -> tuple[tuple[int, int], tuple[int, int]]:
    """Calls and images, at least and at most."""
    return tuple(found.totals.calls), tuple(found.totals.images)


def test_a_number_that_the_model_decides_is_a_range_with_bounds_on_all_of_it() -> None:
    found = plan(
        f"steps:\n  a: {{generate: {{prompt: A, {SET}}}}}\n"
        f"  b: {{for_each: {{v: '{{{{ steps.a.images }}}}'}}, generate: {{prompt: B, {IMAGE_OF_V}}}}}\n"
    )
    assert bounds(found) == ((2, 4), (2, 6))
    assert found.totals.tasks == (2, 4)
    assert found.totals.cost_usd == (Decimal("0.08"), Decimal("0.24"))


def test_requests_that_differ_only_in_what_is_expected_may_share_a_payment() -> None:
    found = plan(
        "steps:\n  a: {generate: {prompt: P}}\n  b: {generate: {prompt: P}, expect: {min_width: 1}}\n"
    )
    assert bounds(found) == ((1, 2), (1, 2))


def test_tasks_that_nothing_tells_apart_share_a_payment_even_across_variables() -> None:
    found = plan(
        "steps:\n  a: {for_each: {w: [x, y]}, takes: 2, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b:\n"
        "    for_each: {v: '{{ steps.a.images[:3] }}', u: '{{ steps.a.images[:2] }}'}\n"
        f"    generate: {{prompt: B, {IMAGE_OF_V}}}\n"
    )
    assert bounds(found) == ((4 + 3, 4 + 6), (4 + 3, 4 + 6))


def test_tasks_of_several_groups_that_nothing_tells_apart_share_a_payment() -> None:
    found = plan(
        f"steps:\n  a: {{for_each: {{w: [x, y]}}, generate: {{prompt: 'A {{{{ each.w }}}}', {SET}}}}}\n"
        "  b: {for_each: {v: '{{ steps.a.images }}'}, generate: {prompt: B}}\n"
    )
    assert bounds(found) == ((2 + 1, 2 + 6), (2 + 1, 6 + 6))


def test_what_uses_pictures_of_a_shared_payment_may_share_one_as_well() -> None:
    use = "generate: {prompt: U, image_input: ['{{ steps.%s.images[0] }}']}"
    found = plan(
        "steps:\n  a: {generate: {prompt: P}}\n  b: {generate: {prompt: P}}\n"
        f"  c: {{{use % 'a'}}}\n  d: {{{use % 'b'}}}\n"
    )
    assert found.totals.calls.low == 2


def test_the_first_image_of_a_set_and_the_whole_set_may_be_the_same_request() -> None:
    found = plan(
        f"steps:\n  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {generate: {prompt: U, image_input: ['{{ steps.a.images[0] }}']}}\n"
        "  c: {generate: {prompt: U, image_input: ['{{ steps.a.images }}']}}\n"
    )
    assert bounds(found) == ((2, 3), (2, 5))


def test_the_same_words_in_two_uses_of_a_recipe_are_two_requests(tmp_path: Path) -> None:
    (tmp_path / "count.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {word: {type: text}}\n"
        "steps:\n"
        f"  a: {{generate: {{prompt: '{{{{ inputs.word }}}}', {SET}}}}}\n"
        "  b: {generate: {prompt: 'of {{ steps.a.images | length }}'}}\n"
        "outputs: {images: '{{ steps.b.images }}'}\n"
    )
    planner = open_planner(
        "steps:\n  use: {for_each: {w: [x, y]}, recipe: ./count.yaml, with: {word: '{{ each.w }}'}}\n",
        folder=tmp_path,
    )
    found, problems = planner.start()
    assert found is not None, problems
    assert bounds(found) == ((3, 4), (3, 8))


@pytest.mark.parametrize("at_most", [1, 3])
def test_at_most_below_what_is_certain_is_an_error_of_the_plan(at_most: int) -> None:
    problems = problems_of(
        "inputs: {ws: {type: list, of: text, default: [x, y]}}\n"
        "steps:\n  a: {for_each: {w: '{{ inputs.ws }}'}, takes: 2, generate: {prompt: 'A {{ each.w }}'}}\n"
        f"  b: {{for_each: {{v: {{in: '{{{{ steps.a.images[:4] }}}}', at_most: {at_most}}}}}, "
        f"generate: {{prompt: B, {IMAGE_OF_V}}}}}\n"
    )
    assert [found.code for found in problems] == ["too-many-items"]


def test_at_most_below_what_may_come_is_a_warning_of_the_plan_with_the_number() -> None:
    found, problems = open_planner(
        "inputs: {ws: {type: list, of: text, default: [x, y]}}\n"
        f"steps:\n  a: {{for_each: {{w: '{{{{ inputs.ws }}}}'}}, generate: {{prompt: 'A {{{{ each.w }}}}', {SET}}}}}\n"
        f"  b: {{for_each: {{v: {{in: '{{{{ steps.a.images }}}}', at_most: 5}}}}, generate: {{prompt: B, {IMAGE_OF_V}}}}}\n"
    ).start()
    assert found is not None
    (doubt,) = problems
    assert (doubt.code, doubt.severity) == ("too-many-items", Severity.WARNING)
    assert "up to 6 items, but `at_most` is 5" in doubt.message


def test_tasks_to_come_may_make_a_request_that_is_known_and_made_by_another_step() -> None:
    found = plan(
        f"steps:\n  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {generate: {prompt: B}}\n"
        "  c: {for_each: {v: '{{ steps.a.images }}'}, generate: {prompt: B}}\n"
    )
    assert bounds(found) == ((2, 5), (2, 7))


def test_tasks_to_come_may_make_a_request_that_is_stored() -> None:
    view = KnownResults()
    (made,) = plan("steps:\n  b: {generate: {prompt: B}}\n").tasks
    view.keep(made, "b")
    found = plan(
        f"steps:\n  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  c: {for_each: {v: '{{ steps.a.images }}'}, generate: {prompt: B}}\n",
        view=view,
    )
    assert bounds(found) == ((1, 4), (1, 6))


def test_a_slice_of_outputs_of_used_recipes_is_counted_exactly(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "seedflow: 1\ninputs: {word: {type: text}}\n"
        "steps: {a: {generate: {prompt: '{{ inputs.word }}'}}}\n"
        "outputs: {images: '{{ steps.a.images }}'}\n"
    )
    planner = open_planner(
        "steps:\n  use: {for_each: {w: [x, y, z]}, recipe: ./one.yaml, with: {word: '{{ each.w }}'}}\n"
        f"  c: {{for_each: {{v: '{{{{ steps.use.outputs.images[1:] }}}}'}}, generate: {{prompt: C, {IMAGE_OF_V}}}}}\n",
        folder=tmp_path,
    )
    found, problems = planner.start()
    assert found is not None, problems
    assert bounds(found) == ((5, 5), (5, 5))


def test_the_argument_of_a_selector_tells_no_requests_apart() -> None:
    found = plan(
        "inputs: {words: {type: list, of: text, default: [x, y, z]}}\n"
        f"steps:\n  a: {{for_each: {{w: '{{{{ inputs.words }}}}'}}, generate: {{prompt: 'A {{{{ each.w }}}}', {SET}}}}}\n"
        "  b: {for_each: {w: '{{ inputs.words }}'}, "
        "generate: {prompt: 'B {{ steps.a.at(w=each.w).images | length }}'}}\n"
    )
    assert bounds(found) == ((3 + 1, 3 + 3), (3 + 1, 9 + 3))


def test_the_same_images_in_another_order_are_another_request() -> None:
    images = "image_input: ['{{ each.v }}', '{{ each.u }}', '{{ steps.a.images[:2] }}']"
    found = plan(
        "steps:\n  a: {for_each: {w: [x, y]}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {v: '{{ steps.a.images }}', u: '{{ steps.a.images }}'}, "
        f"generate: {{prompt: B, {images}}}}}\n"
    )
    assert bounds(found) == ((6, 6), (6, 6))


def test_a_fan_out_of_what_is_to_come_that_explodes_is_an_error_before_it_takes_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unfold, "MOST_GHOSTS", 20)
    loops = ", ".join(f"v{number}: '{{{{ steps.a.images }}}}'" for number in range(3))
    text = (
        f"steps:\n  a: {{for_each: {{w: [x, y, z]}}, generate: {{prompt: '{{{{ each.w }}}}', {SET}}}}}\n"
        f"  b: {{for_each: {{{loops}}}, generate: {{prompt: B}}}}\n"
    )
    (found,) = [one for one in problems_of(text) if one.code == "too-many-tasks"]
    assert found.message == "step `b` would become more than 20 tasks"
    monkeypatch.setattr(unfold, "MOST_GHOSTS", 27)
    assert plan(text).totals.tasks.high == 3 + 9**3


def test_a_part_of_a_list_in_which_nothing_can_be_is_a_place_for_no_tasks() -> None:
    found = plan(
        "inputs: {ws: {type: list, of: text, default: [x]}}\n"
        "steps:\n  a: {for_each: {w: '{{ inputs.ws }}'}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {v: '{{ steps.a.images[1:] }}', w: '{{ inputs.ws }}'}, generate: {prompt: 'B {{ each.w }}', "
        "image_input: ['{{ each.v }}', '{{ steps.a.at(w=each.w).images }}']}}\n"
    )
    assert bounds(found) == ((1, 1), (1, 1))
