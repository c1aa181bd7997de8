"""Files keep their names from run to run: what is stored already changes none of them."""

from __future__ import annotations

from planning import KnownResults, done, open_planner

SET = """\
steps:
  sheet: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}
outputs: {sheet: "{{ steps.sheet.images }}"}
"""


def test_a_set_that_turned_out_to_be_one_image_is_named_alike_before_and_after_it_is_stored() -> None:
    view = KnownResults()
    first = open_planner(SET, view=view)
    plan, _ = first.start()
    assert plan is not None
    first.advance(done("sheet", "aa"))
    view.keep(plan.tasks[0], "aa")
    second = open_planner(SET, view=view)
    second.start()
    names = [[file.path for file in planner.outputs()[0]["sheet"]] for planner in (first, second)]
    assert names == [["sheet/sheet-1.jpg"]] * 2


def test_keys_that_a_path_cannot_tell_apart_collide_aloud_with_a_way_out() -> None:
    _, problems = open_planner(
        """\
steps:
  page:
    for_each: {name: [a.b, ab]}
    generate: {prompt: "{{ each.name }}"}
outputs:
  pages: {images: "{{ steps.page.images }}", file: "{{ each.name }}"}
"""
    ).start()
    assert [(found.code, "image.key" in str(found.help)) for found in problems] == [("same-file", True)]
