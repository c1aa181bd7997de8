"""Steps of a graph as a drawing: what is said of each, as what images are used, where recipes are used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

from seedflow.diagnostics import Source, Span
from seedflow.graph.build import build_graph
from seedflow.graph.model import Edge, Frame, StepGraph, StepNode
from seedflow.models.catalog import load_catalog
from seedflow.recipe.expressions import STEP_ROOTS
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Call, Iterate, Step
from seedflow.recipe.template import Template, parse_template
from seedflow.report.drawing import DrawnGroup, DrawnNode, NodeKind
from seedflow.report.steps import draw_steps, quote_template
from seedflow.text.nodes import Scalar

CATALOG = load_catalog()
PLACE = Span(Source("r.yaml", ""), 0, 0)


def build(text: str) -> StepGraph:
    recipe, _ = parse_recipe(
        Source("r.yaml", "seedflow: 1\n" + dedent(text)), CATALOG, folder=Path(), default_name="r"
    )
    assert recipe is not None
    return build_graph(recipe, CATALOG)[0]


def template(text: str, *, style: str = '"') -> Template:
    return parse_template(Scalar(Source("t", text), 0, len(text), text, style), roots=STEP_ROOTS)[0]


def with_step(graph: StepGraph, name: str, **changes: object) -> StepGraph:
    node = graph.steps[name]
    changed = replace(node, step=replace(node.step, **changes))
    return replace(graph, steps={**graph.steps, name: changed})


BOOK = """
    inputs:
      scenes: {type: list, of: text}
    steps:
      sheet: {generate: {prompt: A sheet}}
      logo: {generate: {prompt: A logo}}
      page:
        for_each: {scene: "{{ inputs.scenes }}", tone: [dark, light]}
        generate:
          prompt: "{{ each.scene }} {{ each.tone }} {{ ref.hero }} {{ steps.sheet.images[0].name }}"
          image_input: {hero: "{{ steps.sheet.images[0] }}"}
        needs: logo
      night:
        for_each: {hour: [one, two], where: [sea, land, sky]}
        generate: {prompt: "{{ each.hour }} {{ each.where }}", image_input: ["{{ steps.logo.images }}"]}
    outputs:
      pages: "{{ steps.page.images }}"
      all: "{{ steps.page.images + steps.night.images }}"
"""


def test_what_steps_repeat_over_and_which_outputs_they_are_in() -> None:
    drawing = draw_steps(build(BOOK))
    assert {node.name: node.notes for node in drawing.nodes} == {
        "sheet": (),
        "logo": (),
        "page": ("each scene × tone", "output pages", "output all"),
        "night": ("×6 each hour × where", "output all"),
    }
    assert (drawing.title, drawing.notes) == ("r", ("4 steps",))


def test_edges_say_as_what_images_are_used_and_what_only_waits() -> None:
    edges = {
        (edge.source, edge.target): (edge.labels, edge.order_only) for edge in draw_steps(build(BOOK)).edges
    }
    assert edges == {
        ("sheet", "page"): (("prompt", "hero"), False),
        ("logo", "page"): ((), True),
        ("logo", "night"): ((), False),
    }


def test_takes_conditions_edits_in_a_row_and_models_are_told() -> None:
    graph = build("steps: {a: {generate: {prompt: A, model: bytedance/seedream-4.5}}}")
    graph = with_step(
        graph,
        "a",
        takes=template("4", style=""),
        when=template("{{ inputs.wanted  and\n not inputs.quick }}"),
        iterate=Iterate(PLACE, (), "edit", PLACE, template("{{ inputs.start }}")),
    )
    (node,) = draw_steps(graph).nodes
    assert node.notes == (
        "4 takes",
        "each edit in a row",
        "when inputs.wanted and not inputs.quick",
        "model bytedance/seedream-4.5",
        "output a",
    )
    counted = draw_steps(with_step(graph, "a", takes=template("{{ inputs.takes }}"), when=None, iterate=None))
    assert counted.nodes[0].notes[0] == "takes inputs.takes"


def test_a_long_template_is_cut_and_control_characters_are_shown() -> None:
    assert quote_template(template("{{- inputs.a -}}")) == "inputs.a"
    assert quote_template(template("{{ a }} and {{ b }}")) == "{{ a }} and {{ b }}"
    cut = quote_template(template("{{ " + "inputs.word or " * 20 + "true }}"))
    assert len(cut) <= 60
    assert cut.endswith("…")
    assert quote_template(template("a\x1b[31mb")) == "a\\x1b[31mb"


def test_a_used_recipe_is_a_group_behind_its_step() -> None:
    inner = build(
        """
        steps: {portrait: {generate: {prompt: A}}, side: {generate: {prompt: B}}}
        outputs: {images: "{{ steps.side.images }}"}
        """
    ).recipe
    outer = build("steps: {hero: {generate: {prompt: H}}, page: {generate: {prompt: P}}}")
    call = Step("cast", PLACE, call=Call(PLACE, "./cast.yaml", PLACE, inner, {}))
    cast = StepNode("cast", call, outer.frame)
    frame = Frame("cast/", inner, cast)
    inside = {
        frame.step_id(name): StepNode(frame.step_id(name), step, frame) for name, step in inner.steps.items()
    }
    graph = StepGraph(
        outer.recipe,
        {**outer.steps, "cast": cast, **inside},
        (
            Edge("hero", "cast", "sitter", needs_span=PLACE),
            Edge("cast/portrait", "cast/side", "image_input", needs_span=PLACE),
            Edge("cast/side", "page", "prompt", needs_span=PLACE),
        ),
        ("hero", "cast", "cast/portrait", "cast/side", "page"),
        outer.outputs,
        {"cast": frame},
    )  # fmt: skip # a row a line
    drawing = draw_steps(graph)
    assert drawing.notes == ("4 steps", "1 used recipe")
    assert drawing.groups == (DrawnGroup("cast", "cast: ./cast.yaml"),)
    assert DrawnNode("cast", "cast", NodeKind.RECIPE, None, ("recipe ./cast.yaml",)) in drawing.nodes
    assert {node.id: node.group for node in drawing.nodes if node.group} == {
        "cast/portrait": "cast",
        "cast/side": "cast",
    }
    assert drawing.edges[0].labels == ("sitter",)
    assert next(node for node in drawing.nodes if node.id == "cast/side").notes == ("output images",)
