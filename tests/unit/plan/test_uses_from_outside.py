"""What the step around a used recipe says holds inside of it: what it needs, and what it was called before."""

from __future__ import annotations

from pathlib import Path

from playing import FAILS, play

CAT = """\
seedflow: 1
steps: {sheet: {generate: {prompt: Sheet}}}
outputs: {images: "{{ steps.sheet.images }}"}
"""


def test_what_a_used_recipe_needs_holds_up_everything_inside(tmp_path: Path) -> None:
    (tmp_path / "cat.yaml").write_text(CAT)
    text = "steps:\n  first: {generate: {prompt: First}}\n  cat: {recipe: ./cat.yaml, needs: first}\n"
    assert play(text, folder=tmp_path).addresses == ["first", "cat/sheet"]
    assert play(text, folder=tmp_path, gives={"first": FAILS}).blocked == {"cat/sheet": "first"}


def test_the_values_of_a_task_that_has_not_ended_are_waited_for_as_far_as_they_are_not_known() -> None:
    played = play(
        "steps:\n  sketch: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 2}}\n"
        '  painted: {for_each: {view: "{{ steps.sketch.images }}"}, generate: {prompt: P, image_input: ["{{ each.view }}"]}}\n'
        '  stamp: {for_each: {part: "{{ steps.painted.tasks }}", cents: ["{{ each.part.each.view.number * 50 }}"]}, '
        'generate: {prompt: "{{ each.cents }} {{ each.part.each.view.number }}", image_input: "{{ each.part.images }}"}}\n',
        gives={"sketch": 2},
    )
    assert played.prompts["stamp[part=sketch-2,cents=100]"] == "100 2"
