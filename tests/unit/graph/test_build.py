"""The mention is the edge, unknown steps and cycles are shown at their places, and the order is one that can run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import Edge, StepGraph

Build = Callable[[str], tuple[StepGraph, list[Diagnostic]]]


def pointed(span: Span | None) -> str:
    assert span is not None
    return span.source.text[span.start : span.end]


STORY = """
    inputs: {scenes: {type: list, of: text}}
    steps:
      cover:
        generate:
          prompt: "Of {{ steps.page.images[0].name }} and {{ steps.page.tasks }}"
          image_input: ["{{ steps.sheet.images }}", "{{ steps.page.where(scene='a').images }}"]
        needs: [logo]
      logo: {generate: {prompt: A logo}}
      page:
        for_each: {scene: "{{ inputs.scenes }}"}
        generate: {prompt: "{{ each.scene }}", image_input: {hero: "{{ steps.sheet.images[0] }}"}}
      sheet: {generate: {prompt: A sheet}}
"""


def test_every_mention_is_an_edge_with_its_place(build: Build) -> None:
    graph, problems = build(STORY)
    assert problems == []
    found = [(edge.source, edge.target, edge.parameter, pointed(edge.span)) for edge in graph.edges]
    assert found == [
        ("page", "cover", "prompt", "steps.page.images[0]"),
        ("page", "cover", "prompt", "steps.page.tasks"),
        ("sheet", "cover", "image_input", "steps.sheet.images"),
        ("page", "cover", "image_input", "steps.page.where(scene='a').images"),
        ("logo", "cover", "needs", "logo"),
        ("sheet", "page", "image_input", "steps.sheet.images[0]"),
    ]


def test_a_step_needs_each_other_step_once_in_order_of_mention(build: Build) -> None:
    graph, _ = build(STORY)
    assert graph.needs("cover") == ("page", "sheet", "logo")
    assert graph.needs("page") == ("sheet",)
    assert graph.needs("sheet") == ()


def test_the_order_is_the_written_one_as_far_as_needs_allow(build: Build) -> None:
    graph, _ = build(STORY)
    assert list(graph.steps) == ["cover", "logo", "page", "sheet"]
    assert graph.order == ("logo", "sheet", "page", "cover")


def test_mentions_in_branches_that_are_not_taken_count(build: Build) -> None:
    graph, _ = build("""
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: "{% if false %}{{ steps.a.images[0].name }}{% endif %}B"}}
    """)
    assert graph.needs("b") == ("a",)


def test_an_edge_without_any_place_is_a_bug(build: Build) -> None:
    with pytest.raises(ValueError, match="no place"):
        _ = Edge("a", "b", "prompt").span


def test_an_unknown_step_is_shown_at_its_name_with_what_was_meant(build: Build) -> None:
    graph, problems = build("""
        steps:
          sheet: {generate: {prompt: A}}
          page:
            generate: {prompt: B, image_input: ["{{ steps.shet.images[0] }}"]}
            needs: [sheets]
        outputs:
          all: "{{ steps.sheeet.images }}"
          none: "{{ steps.quite_other.images }}"
    """)
    assert [(found.code, pointed(found.span), found.help) for found in problems] == [
        ("unknown-step", "shet", "did you mean `sheet`?"),
        ("unknown-step", "sheets", "did you mean `sheet`?"),
        ("unknown-step", "sheeet", "did you mean `sheet`?"),
        ("unknown-step", "quite_other", "name a step that stands under `steps:`"),
    ]
    assert graph.edges == ()
    assert graph.order == ("sheet", "page")


def test_outputs_are_no_steps_of_the_graph(build: Build) -> None:
    graph, problems = build("""
        steps: {a: {generate: {prompt: A}}}
        outputs: {a: "{{ steps.a.images }}"}
    """)
    assert problems == []
    assert graph.edges == ()


def test_a_cycle_is_one_diagnostic_with_every_mention_that_makes_it_the_first_as_its_place(
    build: Build,
) -> None:
    graph, problems = build("""
        steps:
          a: {generate: {prompt: A, image_input: ["{{ steps.c.images }}"]}}
          b: {generate: {prompt: "{{ steps.a.images[0].name }}"}}
          c: {generate: {prompt: C}, needs: b}
          d: {generate: {prompt: D}}
          e: {generate: {prompt: E}, needs: [c, d]}
    """)
    (cycle,) = problems
    assert cycle.code == "cycle"
    assert "a → b → c → a" in cycle.message
    assert pointed(cycle.span) == "steps.a.images[0]"
    assert [(pointed(found.span), found.message) for found in cycle.related] == [
        ("b", "c uses b here"),
        ("steps.c.images", "a uses c here"),
    ]
    assert graph.order == ("d", "a", "b", "c", "e")


def test_a_step_that_uses_itself_is_told_so(build: Build) -> None:
    _, problems = build("""
        steps:
          page: {generate: {prompt: A, image_input: ["{{ steps.page.images[0] }}"]}}
    """)
    (cycle,) = problems
    assert cycle.code == "cycle"
    assert "page → page" in cycle.message
    assert pointed(cycle.span) == "steps.page.images[0]"


def test_each_set_of_steps_that_wait_for_each_other_has_one_cycle(build: Build) -> None:
    _, problems = build("""
        steps:
          a: {generate: {prompt: A}, needs: [b, c]}
          b: {generate: {prompt: B}, needs: [a, c]}
          c: {generate: {prompt: C}, needs: [a, b]}
          y: {generate: {prompt: Y}, needs: [z, a]}
          z: {generate: {prompt: Z}, needs: y}
    """)
    assert [found.message.rpartition(": ")[2] for found in problems] == ["a → b → a", "y → z → y"]


def test_a_recipe_without_outputs_publishes_the_steps_that_nothing_uses(build: Build) -> None:
    graph, problems = build("""
        steps:
          sheet: {generate: {prompt: A sheet}}
          page: {generate: {prompt: "A page like {{ steps.sheet.images[0].name }}"}}
          logo: {generate: {prompt: A logo}, needs: page}
    """)
    assert problems == []
    assert {
        name: (pointed(output.span), output.images.scalar.value) for name, output in graph.outputs.items()
    } == {
        "page": ("page", "{{ steps.page.images }}"),
        "logo": ("logo", "{{ steps.logo.images }}"),
    }


def test_outputs_that_are_written_are_the_only_ones(build: Build) -> None:
    graph, _ = build("""
        steps:
          sheet: {generate: {prompt: A sheet}}
          page: {generate: {prompt: A page}}
        outputs: {first: "{{ steps.sheet.images[0] }}"}
    """)
    assert list(graph.outputs) == ["first"]
