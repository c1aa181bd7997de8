"""Used recipes inside the graph: frames, the order of their steps, and what leads in and out."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.graph.build import build_graph
from seedflow.graph.flow import Flow
from seedflow.graph.model import EdgeKind, StepGraph
from seedflow.graph.outputs import find_main_output, find_output
from seedflow.graph.shapes import Count
from seedflow.models.catalog import Catalog
from seedflow.recipe.load import load_recipe
from seedflow.recipe.references import StepReference

CAST = """
seedflow: 1
inputs:
  who: {type: text}
  poses: {type: list, of: text, default: [standing, sitting]}
  style: {type: image, optional: true}
values: {phrase: "{{ inputs.who }}, painted"}
steps:
  portrait:
    for_each: {pose: "{{ inputs.poses }}"}
    generate: {prompt: "{{ values.phrase }}, {{ each.pose }}", image_input: ["{{ steps.sheet.images }}"]}
  sheet:
    generate: {prompt: "{{ values.phrase }}", image_input: ["{{ inputs.style }}"]}
outputs:
  images: "{{ steps.portrait.images }}"
  sheet: "{{ steps.sheet.images[0] }}"
"""
MAIN = """
seedflow: 1
steps:
  poster:
    generate: {prompt: P, image_input: ["{{ steps.cast.images }}", "{{ steps.cast.outputs.sheet }}"]}
  cast:
    recipe: ./cast.yaml
    for_each: {who: [fox, owl, hare]}
    with: {who: "{{ each.who }}", style: "{{ steps.style.images[0] }}"}
  style: {generate: {prompt: S}}
"""


@pytest.fixture
def graph(tmp_path: Path, catalog: Catalog) -> StepGraph:
    return build(tmp_path, catalog, main=MAIN, cast=CAST)


def build(folder: Path, catalog: Catalog, **texts: str) -> StepGraph:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    recipe, problems = load_recipe(folder / "main.yaml", catalog, name="main.yaml")
    assert problems == []
    assert recipe is not None
    graph, found = build_graph(recipe, catalog)
    assert found == []
    return graph


def test_the_inside_of_a_used_recipe_follows_the_step_that_uses_it(graph: StepGraph) -> None:
    assert graph.order == ("style", "cast", "cast/sheet", "cast/portrait", "poster")
    assert list(graph.steps) == ["poster", "cast", "cast/portrait", "cast/sheet", "style"]


def test_a_frame_knows_its_recipe_and_its_call(graph: StepGraph) -> None:
    frame = graph.frames["cast"]
    assert (frame.path, frame.call) == ("cast/", graph.steps["cast"])
    assert graph.steps["cast/sheet"].frame == frame
    assert [node.id for node in graph.list_steps(frame)] == ["cast/sheet", "cast/portrait"]
    assert [node.id for node in graph.list_steps(graph.frame)] == ["style", "cast", "poster"]


def test_edges_stay_within_a_frame(graph: StepGraph) -> None:
    assert [(edge.source, edge.target, edge.parameter) for edge in graph.edges] == [
        ("cast", "poster", "image_input"),
        ("cast", "poster", "image_input"),
        ("style", "cast", "with"),
        ("cast/sheet", "cast/portrait", "image_input"),
    ]
    assert graph.find_target(graph.steps["cast/portrait"], "sheet") is graph.steps["cast/sheet"]
    assert graph.find_target(graph.steps["cast/portrait"], "style") is None


def test_crossings_lead_in_by_inputs_and_out_by_outputs(graph: StepGraph) -> None:
    found = [(edge.kind, edge.source, edge.target, edge.parameter) for edge in graph.crossings]
    assert found == [
        (EdgeKind.INTO, "cast", "cast/portrait", "poses"),
        (EdgeKind.INTO, "cast", "cast/portrait", "who"),
        (EdgeKind.INTO, "cast", "cast/sheet", "who"),
        (EdgeKind.INTO, "cast", "cast/sheet", "style"),
        (EdgeKind.OUT_OF, "cast/portrait", "cast", "images"),
        (EdgeKind.OUT_OF, "cast/sheet", "cast", "sheet"),
    ]
    assert all(edge.span.source.name == "cast.yaml" for edge in graph.crossings)


def test_outputs_are_shapes_of_lists_whose_counts_multiply(graph: StepGraph, catalog: Catalog) -> None:
    flow = Flow(graph, catalog)
    cast, poster = graph.steps["cast"], graph.steps["poster"]
    references = [item.template.references[0] for item in poster.generate.references.items]
    images, sheet = (flow.shape_of_mention(reference, poster) for reference in references)
    assert (images.describe(), images.count) == ("a list of images", Count(0, None))
    assert sheet.count == Count(3, 3)
    assert flow.tasks(cast) == Count(3, 3)
    assert flow.counts.all_tasks(graph.steps["cast/sheet"]) == Count(3, 3)
    assert images.item is not None
    each = images.item.find("each")
    assert each is not None
    assert each.attributes() == ("who", "pose")


def test_the_main_output_is_the_one_named_images_else_the_only_one(graph: StepGraph) -> None:
    recipe = graph.frames["cast"].recipe
    main = find_main_output(recipe)
    assert main is not None
    assert main.name == "images"
    mention = StepReference("cast", None, "outputs", "sheet", None, 0, 0, 0, 0)
    assert find_output(recipe, mention) is recipe.outputs["sheet"]
    assert find_output(recipe, StepReference("cast", None, "tasks", None, None, 0, 0, 0, 0)) is None


def test_frames_stand_in_frames(tmp_path: Path, catalog: Catalog) -> None:
    outer = 'seedflow: 1\nsteps: {inner: {recipe: ./cast.yaml, with: {who: x}}}\noutputs: {o: "{{ steps.inner.images }}"}\n'
    main = "seedflow: 1\nsteps: {a: {recipe: ./outer.yaml}, b: {recipe: ./outer.yaml}}\n"
    graph = build(tmp_path, catalog, main=main, outer=outer, cast=CAST)
    assert graph.order[:4] == ("a", "a/inner", "a/inner/sheet", "a/inner/portrait")
    assert list(graph.frames) == ["a", "a/inner", "b", "b/inner"]
    assert graph.frames["a/inner"].path == "a/inner/"
    assert list(graph.outputs) == ["a", "b"]


def test_a_recipe_with_several_outputs_is_published_as_each_of_them(tmp_path: Path, catalog: Catalog) -> None:
    cast = CAST.replace("  images: ", "  pictures: ")
    graph = build(
        tmp_path, catalog, main="seedflow: 1\nsteps: {a: {recipe: ./cast.yaml, with: {who: x}}}\n", cast=cast
    )
    assert list(graph.outputs) == ["a_pictures", "a_sheet"]


def test_what_is_wrong_inside_is_said_once(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "main.yaml").write_text(
        "seedflow: 1\nsteps: {a: {recipe: ./b.yaml}, c: {recipe: ./b.yaml}}\n"
    )
    (tmp_path / "b.yaml").write_text(
        'seedflow: 1\nsteps: {s: {generate: {prompt: "{{ steps.t.images[0].name }}"}}}\noutputs: {o: "{{ steps.s.images }}"}\n'
    )
    recipe, _ = load_recipe(tmp_path / "main.yaml", catalog, name="main.yaml")
    assert recipe is not None
    _, found = build_graph(recipe, catalog)
    assert [(problem.code, problem.span and problem.span.source.name) for problem in found] == [
        ("unknown-step", "b.yaml")
    ]


def test_a_cycle_is_one_of_steps_of_one_recipe(tmp_path: Path, catalog: Catalog) -> None:
    text = (
        'seedflow: 1\nsteps:\n  a: {recipe: ./cast.yaml, with: {who: x, style: "{{ steps.b.images[0] }}"}}\n'
    )
    text += '  b: {generate: {prompt: x, image_input: ["{{ steps.a.outputs.sheet }}"]}}\n'
    (tmp_path / "main.yaml").write_text(text)
    (tmp_path / "cast.yaml").write_text(CAST)
    recipe, _ = load_recipe(tmp_path / "main.yaml", catalog, name="main.yaml")
    assert recipe is not None
    _, (found,) = build_graph(recipe, catalog)
    assert found.code == "cycle"
    assert "b → a → b" in found.message or "a → b → a" in found.message
