"""Requests: what is none is left out, and the images of one picked task are known by number before they exist."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.plan.context import PlanContext
from seedflow.plan.model import PendingImages, Plan
from seedflow.plan.planner import Planner
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.values import resolve_values
from seedflow.store.memory import MemoryState, MemoryStore


def make_plan(text: str, folder: Path, **inputs: object) -> tuple[Plan | None, list[Diagnostic]]:
    catalog = load_catalog()
    source = Source("recipe.yaml", "seedflow: 1\n" + dedent(text))
    recipe, problems = parse_recipe(source, catalog, folder=folder, default_name="recipe")
    assert problems == []
    assert recipe is not None
    graph, problems = build_graph(recipe, catalog)
    assert problems == []
    given, _ = collect_inputs(values=inputs)
    values, problems = resolve_inputs(recipe, given, folder=folder)
    assert problems == []
    assert values is not None
    named, _ = resolve_values(recipe, values)
    assert named is not None
    context = PlanContext(
        "sketch", "sketch", False, recipe.name, MemoryStore(MemoryState(folder)), catalog, ImageFiles()
    )
    return Planner(graph, values, named, context).start()


OPTIONAL = """
    inputs:
      size: {type: choice, options: [2K, 4K], optional: true}
      many: {type: integer, optional: true}
      photo: {type: image, optional: true}
    defaults: {size: 2K, sequential_image_generation: auto}
    steps:
      page:
        generate:
          prompt: a fox
          size: "{{ inputs.size }}"
          max_images: "{{ inputs.many }}"
          image_input: {photo: "{{ inputs.photo }}"}
      other: {generate: {prompt: an owl}}
"""


def test_prompts_lose_white_space_at_their_ends_only(tmp_path: Path) -> None:
    plan, _ = make_plan(
        """
        inputs: {hero: {type: text}}
        steps:
          written: {generate: {prompt: "\\n  a fox  runs \\n"}}
          rendered: {generate: {prompt: "\\n  a {{ inputs.hero }}  runs\\n\\n"}}
        """,
        tmp_path,
        hero="hen",
    )
    assert plan is not None
    assert [task.params["prompt"] for task in plan.tasks] == ["a fox  runs", "a hen  runs"]


def test_parameters_and_references_that_are_none_are_left_out(tmp_path: Path) -> None:
    plan, _ = make_plan(OPTIONAL, tmp_path)
    assert plan is not None
    assert plan.tasks[0].params == {"sequential_image_generation": "auto", "prompt": "a fox"}
    assert plan.tasks[0].references == ()


def test_parameters_that_are_given_are_sent(tmp_path: Path) -> None:
    plan, _ = make_plan(OPTIONAL, tmp_path, size="4K", many=2)
    assert plan is not None
    assert plan.tasks[0].params["size"] == "4K"
    assert plan.tasks[0].params["max_images"] == 2


def test_none_inside_an_expression_that_makes_text_is_an_error(tmp_path: Path) -> None:
    recipe = """
        inputs: {tone: {type: text, optional: true}}
        steps: {page: {generate: {prompt: "{{ inputs.tone ~ ' colours' }}"}}}
    """
    plan, problems = make_plan(recipe, tmp_path)
    assert plan is None
    assert [problem.code for problem in problems] == ["template-none-in-text"]


@pytest.mark.parametrize(
    "pick", ["at(name=each.name, pose='sitting').images[0]", "at(name=each.name, pose='sitting').images"]
)
def test_one_image_of_a_picked_task_has_its_number_before_it_exists(pick: str, tmp_path: Path) -> None:
    recipe = f"""
        steps:
          study:
            for_each: {{name: [Ada, Bo], pose: [sitting, standing]}}
            generate: {{prompt: "{{{{ each.name }}}} {{{{ each.pose }}}}"}}
          page:
            for_each: {{name: [Ada, Bo]}}
            generate:
              prompt: "{{{{ each.name }}}} of {{{{ ref.who }}}} in {{{{ ref.place }}}}"
              image_input: {{who: "{{{{ steps.study.{pick} }}}}", place: "https://example.com/a.jpg"}}
    """
    plan, _ = make_plan(recipe, tmp_path)
    assert plan is not None
    task = next(task for task in plan.tasks if task.address == "page[name=Bo]")
    assert task.params["prompt"] == "Bo of image 1 in image 2"
    pending = task.references[0].image
    assert isinstance(pending, PendingImages)
    assert (pending.after, pending.count) == ("study[name=Bo,pose=sitting]", (1, 1))
