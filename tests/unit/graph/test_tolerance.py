"""Which steps go on without what fails: those that mention it inside `succeeded()` and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph
from seedflow.graph.tolerance import find_tolerated

Build = Callable[[str], tuple[StepGraph, list[Diagnostic]]]

STORY = """
    steps:
      page: {for_each: {n: [1, 2]}, generate: {prompt: "{{ each.n }}"}}
      other: {for_each: {n: [1, 2]}, generate: {prompt: "{{ each.n }}"}}
      tolerant:
        generate:
          prompt: A grid
          image_input: ["{{ succeeded(steps.page.images) }}", "{{ succeeded(steps.other.images)[:2] }}"]
      strict: {generate: {prompt: A grid, image_input: ["{{ steps.page.images }}"]}}
      both:
        generate:
          prompt: "A grid of {{ steps.page.images | length }}"
          image_input: ["{{ succeeded(steps.page.images) }}"]
      after: {generate: {prompt: Later}, needs: [page]}
"""


def test_only_what_is_never_mentioned_outside_of_it_is_gone_on_without(build: Build) -> None:
    graph, problems = build(STORY)
    assert problems == []
    assert find_tolerated(graph) == {"tolerant": ("page", "other")}
