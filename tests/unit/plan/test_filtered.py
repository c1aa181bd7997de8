"""Filters by `number` and `take` leave as many images as pass of each task, and the plan says so before any is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import play

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe

SETS = """
inputs: {on: {type: boolean, default: true}, few: {type: integer, default: 2}}
steps:
  set:
    for_each: {t: [oak, elm]}
    OPTIONS
    generate: {prompt: "{{ each.t }}", sequential_image_generation: auto, max_images: 4}
"""


def pick(images: str, options: str = "", at_most: int = 99) -> str:
    return SETS.replace("OPTIONS", options) + (
        f'  pick: {{for_each: {{v: {{in: "{{{{ {images} }}}}", at_most: {at_most}}}}}, '
        'generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}\n'
    )


ALL = "steps.set.images"


@pytest.mark.parametrize(
    ("images", "options", "count"),
    [
        (f"{ALL} | selectattr('number', 'le', 2)", "", (2, 4)),
        (f"{ALL} | selectattr('number', 'eq', 1)", "", (2, 2)),
        (f"{ALL} | selectattr('number', '==', 3)", "", (0, 2)),
        (f"{ALL} | selectattr('number', 'lt', 4)", "", (2, 6)),
        (f"{ALL} | selectattr('number', 'ge', 3)", "", (0, 4)),
        (f"{ALL} | selectattr('number', 'gt', 9)", "", (0, 0)),
        (f"{ALL} | selectattr('number', 'ne', 1)", "", (0, 6)),
        (f"{ALL} | selectattr('number', 'in', [1, 3])", "", (2, 4)),
        (f"{ALL} | rejectattr('number', 'gt', 1)", "", (2, 2)),
        (f"{ALL} | rejectattr('number', 'in', [1, 2])", "", (0, 4)),
        (f"{ALL} | selectattr('number', 'gt', 1) | rejectattr('number', 'gt', 3) | list", "", (0, 4)),
        (f"{ALL} | selectattr('width', 'gt', 1) | selectattr('number', 'le', 2)", "", (0, 4)),
        (f"{ALL} | reverse | selectattr('number', 'le', 2)", "", (2, 4)),
        (f"({ALL} | selectattr('number', 'le', 2))[:3]", "", (2, 3)),
        (f"({ALL} | selectattr('number', 'eq', 1)) + ({ALL} | selectattr('number', 'eq', 2))", "", (2, 4)),
        (f"{ALL}[:5] | selectattr('number', 'le', 2)", "", (0, 4)),
        ("steps.set.where(t='oak').images | selectattr('number', 'le', 2)", "", (1, 2)),
        (f"{ALL} | selectattr('number', 'eq', 1)", 'when: "{{ inputs.on }}"', (2, 2)),
        (f"{ALL} | selectattr('number', 'eq', 2)", "expect: {images: 2}", (2, 2)),
        (f"{ALL} | selectattr('number', 'eq', 1)", "takes: 3", (6, 6)),
        (f"{ALL} | selectattr('take', 'eq', 1)", "takes: 3", (0, 8)),
        (f"{ALL} | selectattr('take', 'le', 2) | selectattr('number', 'eq', 1)", "takes: 3", (0, 4)),
        (f"{ALL} | selectattr('take', 'gt', 1)", "takes: 3", (0, 24)),
        (f"{ALL} | selectattr('number', 'le', inputs.few)", "", (0, 8)),
    ],
)
@pytest.mark.parametrize("given", [1, 2, 3, 4])
def test_a_loop_has_as_many_tasks_as_its_filters_leave(
    images: str, options: str, count: tuple[int, int], given: int
) -> None:
    text = pick(images, options)
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "pick" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == count
    if "expect" in options and given != 2:
        return
    played = play(text, gives={"set": given})
    made = len([address for address in played.addresses if address.startswith("pick")])
    assert count[0] <= made <= count[1]
    assert not played.problems


def warned(text: str, folder: Path = Path()) -> list[str]:
    """What the text alone is warned of."""
    catalog = load_catalog()
    recipe, _ = parse_recipe(
        Source("r.yaml", f"seedflow: 1\n{text}"), catalog, folder=folder, default_name="r"
    )
    assert recipe is not None
    graph, _ = build_graph(recipe, catalog)
    return [one.code for one in check_graph(graph, catalog) if one.code == "too-many-items"]


@pytest.mark.parametrize(
    ("images", "options", "at_most", "code"),
    [
        (f"{ALL} | selectattr('number', 'le', 2)", "", 4, []),
        (f"{ALL} | selectattr('number', 'le', 2)", "", 3, ["too-many-items"]),
        (f"{ALL} | selectattr('number', 'eq', 1)", "", 2, []),
        (f"{ALL} | selectattr('number', 'eq', 1)", "", 1, ["too-many-items"]),
        (f"{ALL} | selectattr('take', 'eq', 1)", "takes: 3", 8, []),
        (f"{ALL} | selectattr('take', 'eq', 1)", "takes: 3", 7, ["too-many-items"]),
    ],
)
def test_no_list_is_called_too_long_that_fits(
    images: str, options: str, at_most: int, code: list[str]
) -> None:
    assert warned(pick(images, options, at_most)) == code


def test_a_list_of_the_images_of_one_task_fits_as_well() -> None:
    text = """
steps:
  set: {for_each: {t: [oak, elm]}, generate: {prompt: "{{ each.t }}", sequential_image_generation: auto, max_images: 4}}
  pick:
    for_each:
      task: "{{ steps.set.tasks }}"
      v: {in: "{{ each.task.images | selectattr('number', 'le', 2) }}", at_most: 2}
    generate: {prompt: "{{ ref.v }} {{ each.task.key }}", image_input: {v: "{{ each.v }}"}}
"""
    assert warned(text) == []
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "pick" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == (2, 4)
    assert len([one for one in play(text, gives={"set": 4}).addresses if one.startswith("pick")]) == 4


def test_images_of_tasks_that_are_still_to_come_are_counted_by_each_of_them() -> None:
    text = """
steps:
  seed: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  set:
    for_each: {i: "{{ steps.seed.images }}"}
    generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.i }}"}, sequential_image_generation: auto, max_images: 4}
  pick:
    for_each: {v: {in: "{{ steps.set.images | selectattr('number', 'le', 2) }}", at_most: 6}}
    generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}
"""
    assert warned(text) == []
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "pick" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == (1, 6)
    played = play(text, gives={"seed": 3, "set": 4})
    assert len([one for one in played.addresses if one.startswith("pick")]) == 6


def test_images_of_a_used_recipe_are_counted_by_each_of_its_tasks(tmp_path: Path) -> None:
    (tmp_path / "sets.yaml").write_text(
        """\
seedflow: 1
inputs: {t: {type: text}}
steps:
  set:
    for_each: {tone: [warm, cold]}
    generate: {prompt: "{{ inputs.t }} {{ each.tone }}", sequential_image_generation: auto, max_images: 4}
outputs: {images: "{{ steps.set.images }}"}
"""
    )
    text = """
steps:
  use: {for_each: {t: [oak, elm]}, recipe: ./sets.yaml, with: {t: "{{ each.t }}"}}
  pick:
    for_each: {v: {in: "{{ steps.use.images | selectattr('number', 'le', 2) }}", at_most: 8}}
    generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}
"""
    assert warned(text, tmp_path) == []
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "pick" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == (4, 8)
    played = play(text, gives={"use/set": 4}, folder=tmp_path)
    assert len([one for one in played.addresses if one.startswith("pick")]) == 8


@pytest.mark.parametrize("last", [(), ("mood",), ("mood#2",)])
@pytest.mark.parametrize(
    ("passing", "count"), [("'eq', 1", 2), ("'eq', 2", 2), ("'le', 1", 2), ("'in', [1, 2]", 4)]
)
def test_a_take_that_came_before_the_others_leaves_as_many_to_come_as_were_counted(
    passing: str, count: int, last: tuple[str, ...]
) -> None:
    text = f"""
steps:
  mood: {{takes: 2, generate: {{prompt: M, sequential_image_generation: auto, max_images: 2}}}}
  view:
    for_each:
      pic: "{{{{ steps.mood.images }}}}"
      style: "{{{{ steps.mood.images | selectattr('take', {passing}) }}}}"
    generate: {{prompt: V, image_input: ["{{{{ each.pic }}}}", "{{{{ each.style }}}}"]}}
"""
    played = play(text, gives={"mood": 2}, last=last)
    assert played.ended == {}
    assert len([one for one in played.addresses if one.startswith("view")]) == 4 * count
