"""Which steps an output publishes by its text: what stands beside each other, and whose passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph
from seedflow.graph.published import find_published_steps

Build = Callable[[str], tuple[StepGraph, list[Diagnostic]]]

RECIPE = """
        inputs: {{p: {{type: image}}, flag: {{type: boolean, default: true}}}}
        steps:
          a: {{generate: {{prompt: A}}}}
          b: {{for_each: {{x: [1, 2]}}, generate: {{prompt: "B {{{{ each.x }}}}"}}}}
          row:
            iterate: {{over: [one, two], as: e, start: "{{{{ inputs.p }}}}"}}
            generate: {{prompt: "{{{{ each.e }}}} {{{{ ref.p }}}}", image_input: {{p: "{{{{ prev }}}}"}}}}
          u: {{recipe: ./inner.yaml, for_each: {{i: "{{{{ steps.b.images }}}}"}}, with: {{given: "{{{{ each.i }}}}"}}}}
          v: {{recipe: ./inner.yaml, with: {{given: "{{{{ steps.a.images[0] }}}}"}}}}
        outputs: {{o: "{{{{ {images} }}}}"}}
"""

INNER = """seedflow: 1
inputs: {given: {type: image}}
values: {same: "{{ inputs.given }}"}
steps:
  front: {generate: {prompt: F}}
  row:
    iterate: {over: [one, two], as: e, start: "{{ inputs.given }}"}
    generate: {prompt: "{{ each.e }} {{ ref.p }}", image_input: {p: "{{ prev }}"}}
outputs:
  images: "{{ steps.front.images }}"
  stages: "{{ steps.row.passes }}"
  through: "{{ [inputs.given, steps.front.images[0]] }}"
  value: "{{ [values.same, steps.front.images[0]] }}"
"""


@pytest.mark.parametrize(
    ("images", "labels", "passes"),
    [
        ("steps.a.images", {}, []),
        ("steps.b.images[:1]", {}, []),
        ("[steps.a.images, inputs.p]", {}, []),
        ("steps.a.images + steps.b.images", {"a": "a", "b": "b"}, []),
        ("(steps.a.images + steps.b.images) | reverse", {"a": "a", "b": "b"}, []),
        ("first_of(steps.a.images, steps.b.images)", {}, []),
        ("steps.a.images if inputs.flag else steps.b.images", {}, []),
        (
            "[first_of(steps.a.images, steps.b.images), steps.row.images]",
            {"a": "a", "b": "b", "row": "row"},
            [],
        ),
        ("steps.row.passes | reverse", {}, ["row"]),
        ("steps.row.images", {}, []),
        ("steps.u.images", {}, []),
        ("steps.u.outputs.stages", {}, ["u/row"]),
        ("steps.u.outputs.through", {"b": "b", "u/front": "front"}, []),
        ("steps.v.outputs.value", {"a": "a", "v/front": "front"}, []),
        ("steps.u.images + steps.v.images", {"u/front": "u-front", "v/front": "v-front"}, []),
    ],
)
def test_steps_that_stand_beside_each_other_have_labels(
    build: Build, tmp_path: Path, images: str, labels: Mapping[str, str], passes: list[str]
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    graph, problems = build(RECIPE.format(images=images))
    assert problems == []
    found = find_published_steps(graph.outputs["o"], graph)
    assert dict(found.labels) == labels
    assert sorted(found.passes) == passes
