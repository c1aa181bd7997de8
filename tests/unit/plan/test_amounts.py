"""Fan-outs that explode are doubted by what the plan counts, whatever their lists are made of."""

from __future__ import annotations

import pytest
from planning import KnownResults, open_planner, plan

from seedflow.diagnostics import Severity


def say(text: str, inputs: dict[str, object] | None = None) -> list[str]:
    found = open_planner(text, inputs or {}).start()[1]
    assert all(one.severity is Severity.WARNING for one in found if one.code == "many-requests")
    return [one.message for one in found if one.code == "many-requests"]


@pytest.mark.parametrize(
    ("loops", "prompt", "said"),
    [
        ("{x: [1, 2, 3], y: '{{ range(100) }}', z: [a, b, c, d]}", "{{ each.x }} {{ each.y }} {{ each.z }}", "1,200 requests, for 1,200 images"),
        ("{x: '{{ inputs.n }}', y: '{{ inputs.n }}'}", "{{ each.x }} {{ each.y }}", "400 requests, for 400 images"),
        ("{x: '{{ inputs.n }}'}, takes: 10", "{{ each.x }}", "200 requests, for 200 images"),
        ("{x: '{{ inputs.n }}'}, takes: 9", "{{ each.x }}", None),
        ("{x: '{{ range(500) }}'}", "{{ each.x }}", "500 requests, for 500 images"),
        ("{x: '{{ range(499) }}'}", "{{ each.x }}", None),
        ("{x: '{{ range(100) }}'}, expect: {min_width: 9, otherwise: retry, attempts: 5}", "{{ each.x }}", "100 to 500 requests, for up to 500 images"),
        ("{x: '{{ range(99) }}'}, expect: {min_width: 9, otherwise: retry, attempts: 5}", "{{ each.x }}", None),
        ("{x: '{{ steps.s.images }}'}, takes: 100", "{{ each.x.digest }}", "100 to 1,500 requests, for up to 1,500 images"),
        ("{x: '{{ steps.s.images }}'}, takes: 33", "{{ each.x.digest }}", None),
    ],
)  # fmt: skip # a row a line
def test_a_step_of_many_requests_is_a_doubt(loops: str, prompt: str, said: str | None) -> None:
    text = (
        "inputs: {n: {type: list, of: integer}}\n"
        "steps:\n"
        "  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 15}}\n"
        f"  a: {{for_each: {loops}, generate: {{prompt: '{prompt}'}}}}\n"
    )
    numbers: dict[str, object] = {"n": list(range(20))}
    assert say(text, numbers) == ([] if said is None else [f"step `a` becomes {said}"])
    assert say(text + "limits: {cost_usd: 100000}\n", numbers) == []


def test_what_is_stored_is_not_asked_and_counts_for_nothing() -> None:
    text = "steps: {a: {for_each: {x: '{{ range(500) }}'}, generate: {prompt: '{{ each.x }}'}}}\n"
    known = KnownResults()
    known.keep(plan(text).tasks[0], "a")
    assert open_planner(text).start()[1] != []
    assert open_planner(text, view=known).start()[1] == []


def test_all_that_a_use_of_a_recipe_asks_is_said_once_where_it_is_used(tmp_path) -> None:
    (tmp_path / "hero.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {who: {type: integer}}\n"
        "steps:\n"
        "  p: {generate: {prompt: 'P {{ inputs.who }}'}}\n"
        "  q: {generate: {prompt: 'Q {{ inputs.who }}', image_input: '{{ steps.p.images }}'}}\n"
        "outputs: {q: '{{ steps.q.images }}'}\n"
    )
    text = (
        "steps: {u: {for_each: {n: '{{ range(300) }}'}, recipe: ./hero.yaml, with: {who: '{{ each.n }}'}}}\n"
    )
    found = open_planner(text, folder=tmp_path).start()[1]
    assert [one.message for one in found] == ["step `u` becomes 600 requests, for 600 images"]
