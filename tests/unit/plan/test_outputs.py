"""Files keep their names from run to run: what is stored already changes none of them."""

from __future__ import annotations

import pytest
from planning import KnownResults, done, open_planner

from seedflow.diagnostics import Diagnostic

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


_BY_KEY = ', file: "{{ image.key }}-{{ image.number }}"'


@pytest.mark.parametrize(
    ("loops", "takes", "file"),
    [
        ("{a: [x, x y], b: [y z, z]}", 1, _BY_KEY),
        ("{a: [x, x y], b: [y z, z]}", 1, ""),
        ("{a: [x, x y], b: [y z, z]}", 2, ""),
        ("{a: {in: [{n: x}, {n: x y}], key: n}, b: [y z, z]}", 1, ""),
    ],
)
def test_the_file_that_a_collision_proposes_collides_no_more(loops: str, takes: int, file: str) -> None:
    start = f"""\
steps:
  p:
    for_each: {loops}
    takes: {takes}
    generate: {{prompt: A, sequential_image_generation: auto, max_images: 2}}
"""

    def look(file: str) -> list[Diagnostic]:
        text = f'{start}outputs: {{p: {{images: "{{{{ steps.p.images }}}}"{file}}}}}\n'
        return [found for found in open_planner(text).start()[1] if found.code == "same-file"]

    (problem,) = look(file)
    proposed = str(problem.help).partition("for example with `")[2].removesuffix("`")
    assert look(f', file: "{proposed}"') == []
