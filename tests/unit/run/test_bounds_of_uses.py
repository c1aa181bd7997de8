"""What a plan says of used recipes at least and at most, where some uses are still to come and others turn out equal."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import FakeProvider, World, statuses

OF_A_PHOTO = """\
seedflow: 1
inputs: {photo: {type: image}}
steps: {paint: {generate: {prompt: Paint, image_input: ["{{ inputs.photo }}"]}}}
outputs: {images: "{{ steps.paint.images }}"}
"""
OF_NOTHING = """\
seedflow: 1
steps: {paint: {generate: {prompt: Paint}}}
outputs: {images: "{{ steps.paint.images }}"}
"""
BY_KEY = """\
seedflow: 1
steps:
  paint: {generate: {prompt: Paint}}
  stamp: {for_each: {t: "{{ steps.paint.tasks }}"}, generate: {prompt: "Stamp {{ each.t.key }}"}}
outputs: {images: "{{ steps.paint.images }}"}
"""
TITLED = """\
seedflow: 1
inputs: {title: {type: text}}
steps: {paint: {generate: {prompt: "Paint {{ inputs.title }}"}}}
outputs: {images: "{{ steps.paint.images }}"}
"""
SHEET = "  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}\n"
OF_EACH = "recipe: ./used.yaml, with: {photo: '{{ each.v }}'}"


class Project:
    """Steps that may use `./used.yaml`, run by a provider whose sheets have so many images."""

    def __init__(self, folder: Path, used: str, steps: str, images: int = 1) -> None:
        (folder / "used.yaml").write_text(used)
        provider = FakeProvider()
        provider.count = lambda context: images if context.address == "sheet" else 1
        world = World(folder, f"steps:\n{SHEET}{steps}", provider=provider)
        totals = world.plan().totals
        self.planned = (totals.calls.low, totals.calls.high)
        self.result = world.run()
        self.asked = [call.context.address for call in provider.calls]
        self.prompts = [call.params["prompt"] for call in provider.calls]
        world.assert_nothing_paid_twice()


def test_what_needs_uses_that_are_still_to_come_waits_for_all_that_is_inside(tmp_path: Path) -> None:
    steps = (
        f"  uses: {{for_each: {{v: '{{{{ steps.sheet.images }}}}'}}, {OF_EACH}}}\n"
        "  last: {needs: uses, generate: {prompt: Last}}\n"
    )
    project = Project(tmp_path, OF_A_PHOTO, steps, images=2)
    assert project.asked == ["sheet", "uses[v=sheet-1]/paint", "uses[v=sheet-2]/paint", "last"]
    assert project.planned == (3, 5)


def test_two_loops_of_uses_over_the_same_images_are_promised_and_paid_once(tmp_path: Path) -> None:
    use = f"{{for_each: {{v: '{{{{ steps.sheet.images }}}}'}}, {OF_EACH}}}"
    project = Project(tmp_path, OF_A_PHOTO, f"  one: {use}\n  two: {use}\n", images=3)
    assert (len(project.asked), project.planned) == (4, (2, 7))


def test_a_request_inside_of_a_use_may_be_that_of_a_step_outside(tmp_path: Path) -> None:
    steps = "  same: {generate: {prompt: Paint}}\n  uses: {recipe: ./used.yaml}\n"
    project = Project(tmp_path, OF_NOTHING, steps)
    assert sorted(project.prompts) == ["Paint", "Sheet"]
    assert project.planned == (2, 2)


def test_equal_pictures_of_uses_in_a_loop_promise_one_edit_of_them_all(tmp_path: Path) -> None:
    steps = (
        "  uses: {for_each: {v: '{{ steps.sheet.images }}'}, recipe: ./used.yaml}\n"
        "  edit: {for_each: {p: '{{ steps.uses.outputs.images }}'}, "
        "generate: {prompt: Edit, image_input: ['{{ each.p }}']}}\n"
    )
    project = Project(tmp_path, OF_NOTHING, steps, images=3)
    assert sorted(project.prompts) == ["Edit", "Paint", "Sheet"]
    assert project.planned[0] == 3


def test_keys_inside_of_uses_to_come_tell_nothing_apart_before_they_are_there(tmp_path: Path) -> None:
    """The second loop runs over images of the first: then its keys are those of the first, and so are its requests."""
    steps = (
        "  one: {for_each: {v: '{{ steps.sheet.images }}'}, recipe: ./used.yaml}\n"
        "  two: {for_each: {v: '{{ steps.sheet.images[:2] }}'}, recipe: ./used.yaml}\n"
    )
    project = Project(tmp_path, BY_KEY, steps, images=2)
    assert sorted(project.prompts) == ["Paint", "Sheet", "Stamp sheet-1", "Stamp sheet-2"]
    assert project.planned[0] == 3


def test_words_that_a_caller_gives_around_what_is_not_known_tell_its_uses_apart(tmp_path: Path) -> None:
    steps = (
        "  one: {recipe: ./used.yaml, with: {title: one}}\n"
        "  two: {for_each: {v: '{{ steps.sheet.images }}'}, recipe: ./used.yaml, with: {title: 'two {{ each.v.key }}'}}\n"
    )
    project = Project(tmp_path, TITLED, steps)
    assert sorted(project.prompts) == ["Paint one", "Paint two sheet", "Sheet"]
    assert project.planned[0] == 3


def test_at_picks_by_an_image_to_come_in_a_loop_with_at_most(tmp_path: Path) -> None:
    project = Project(tmp_path, OF_NOTHING, pick_by_image(at_most=3), images=2)
    assert statuses(project.result)["stamp[v=sheet-2]"] == "done"
    assert project.planned == (3, 7)


def test_more_images_than_at_most_fail_both_loops_and_nothing_else(tmp_path: Path) -> None:
    steps = pick_by_image(at_most=1) + "  other: {generate: {prompt: Other}}\n"
    project = Project(tmp_path, OF_NOTHING, steps, images=2)
    assert sorted(project.asked) == ["other", "sheet"]
    problems = {task.problem.kind for task in project.result.tasks if task.problem is not None}
    assert "too-many-items" in problems


def pick_by_image(at_most: int) -> str:
    """Two loops over the same images, of which one picks from the tasks of the other."""
    loop = f"for_each: {{v: {{in: '{{{{ steps.sheet.images }}}}', at_most: {at_most}}}}}"
    return (
        f"  page: {{{loop}, generate: {{prompt: Page, image_input: ['{{{{ each.v }}}}']}}}}\n"
        f"  stamp: {{{loop}, generate: {{prompt: Stamp, image_input: ['{{{{ steps.page.at(v=each.v).images }}}}']}}}}\n"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("steps.pair.where(w=each.u).images[:2]", None),
        ("steps.pair.images[:2]", "succeeded(steps.pair.images)[:2]"),
        ("steps.row.images[:2]", "steps.row.passes[:2]"),
    ],
)
def test_requests_of_different_parts_are_counted_and_made_each(
    tmp_path: Path, one: str, other: str | None
) -> None:
    """Parts of what is still to come: by what somebody picks among the tasks, of edits or of what they end with."""
    steps = (
        "  pair: {for_each: {w: [x, y], n: [1, 2]}, generate: {prompt: 'Pair {{ each.w }} {{ each.n }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        "  row: {for_each: {w: [x, y]}, iterate: {over: '{{ steps.sheet.images }}', as: edit, "
        "start: '{{ steps.sheet.images[0] }}'}, "
        "generate: {prompt: 'Row {{ each.w }}', image_input: ['{{ each.edit }}', '{{ prev }}']}}\n"
    )
    if other is None:
        steps += f"  use: {{for_each: {{u: [x, y]}}, generate: {{prompt: Use, image_input: ['{{{{ {one} }}}}']}}}}\n"
    else:
        for number, part in enumerate((one, other)):
            steps += f"  use{number}: {{generate: {{prompt: Use, image_input: ['{{{{ {part} }}}}']}}}}\n"
    project = Project(tmp_path, OF_NOTHING, steps, images=3)
    uses = sum(prompt == "Use" for prompt in project.prompts)
    assert project.planned[1] >= len(project.asked)
    assert uses == (1 if other is not None and "succeeded" in other else 2)


def test_a_task_that_picks_by_an_image_to_come_may_be_skipped_with_the_one_that_it_picks(
    tmp_path: Path,
) -> None:
    loop = "for_each: {i: '{{ steps.sheet.images }}'}"
    steps = (
        f"  some: {{{loop}, when: '{{{{ each.i.number != 1 }}}}', generate: {{prompt: Some, image_input: ['{{{{ each.i }}}}']}}}}\n"
        f"  use: {{{loop}, generate: {{prompt: Use, image_input: ['{{{{ steps.some.at(i=each.i).images[0] }}}}']}}}}\n"
    )
    project = Project(tmp_path, OF_NOTHING, steps, images=1)
    assert project.asked == ["sheet"]
    assert project.planned == (1, 7)


def test_a_loop_over_an_output_of_a_task_has_as_many_items_as_that_may_give(tmp_path: Path) -> None:
    used = OF_NOTHING.replace("Paint", "Paint, sequential_image_generation: auto, max_images: 2")
    steps = (
        "  uses: {for_each: {w: [x, y]}, recipe: ./used.yaml}\n"
        "  edit: {for_each: {t: '{{ steps.uses.tasks }}', p: '{{ each.t.outputs.images }}'}, "
        "generate: {prompt: 'Edit {{ each.t.key }}', image_input: ['{{ each.p }}']}}\n"
    )
    project = Project(tmp_path, used, steps)
    assert project.planned[1] == 1 + 1 + 4
    assert len(project.asked) == 1 + 1 + 2
