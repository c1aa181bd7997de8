"""Loops over pictures that tasks share: what they ask of each counts once in the most of a plan, unless something may tell it apart."""

from __future__ import annotations

import pytest
from planning import open_planner
from playing import play

from seedflow.plan.context import CurrentTakes

SETS = """
inputs:
  on: {type: boolean, default: true}
  owl: {type: image, default: "https://example.com/owl.png"}
steps:
  q: {generate: {prompt: q, sequential_image_generation: auto, max_images: 3}}
  r: {for_each: {i: [1, 2]}, generate: {prompt: r, sequential_image_generation: auto, max_images: 3}}
"""
LOOP = 'for_each: {v: "{{ steps.r.images }}"}'
USED = 'generate: {prompt: w, image_input: "{{ each.v }}"}'


@pytest.mark.parametrize(
    ("steps", "most", "paid"),
    [
        (f"w: {{{LOOP}, {USED}}}", 5, 5),
        (f"w: {{{LOOP}, takes: 2, {USED}}}", 8, 8),
        (f'w: {{{LOOP}, generate: {{prompt: "w {{{{ steps.q.images | length }}}}", image_input: "{{{{ each.v }}}}"}}}}', 5, 5),
        (f'w: {{{LOOP}, generate: {{prompt: "w {{{{ ref.a }}}}", image_input: {{o: "{{{{ inputs.owl }}}}", a: "{{{{ each.v }}}}"}}}}}}', 5, 5),
        (f'w: {{{LOOP}, when: "{{{{ inputs.on }}}}", {USED}}}', 5, 5),
        (f'w: {{{LOOP}, expect: {{min_width: 2, otherwise: retry, attempts: 2}}, {USED}}}', 8, 5),
        (
            f'w: {{{LOOP}, {USED}}}\n  x: {{for_each: {{v: "{{{{ steps.w.images }}}}"}}, generate: {{prompt: x, image_input: "{{{{ each.v }}}}"}}}}',
            8,
            8,
        ),
        (f'w: {{for_each: {{t: "{{{{ steps.r.tasks }}}}", v: "{{{{ each.t.images }}}}"}}, {USED}}}', 5, 5),
        ('w: {for_each: {v: "{{ steps.r.images }}", k: [a, b]}, generate: {prompt: "w {{ each.k }}", image_input: "{{ each.v }}"}}', 8, 8),
    ],
)  # fmt: skip # a row a line
@pytest.mark.parametrize("last", [(), ("r[i=1]",), ("r[i=2]",)])
def test_what_is_asked_of_shared_pictures_counts_once(
    steps: str, most: int, paid: int, last: tuple[str, ...]
) -> None:
    text = f"{SETS}  {steps}\n"
    full = play(text, gives={"q": 3, "r": 3}, last=last, shared=True)
    assert full.problems == {}
    assert full.paid == paid
    assert full.plan.totals.calls.high == most
    alone = play(text, last=last, shared=True)
    assert alone.problems == {}
    assert alone.paid == full.plan.totals.calls.low


@pytest.mark.parametrize(
    "steps",
    [
        f'w: {{{LOOP}, generate: {{prompt: "w {{{{ each.v.key }}}}", image_input: "{{{{ each.v }}}}"}}}}',
        f'w: {{{LOOP}, generate: {{prompt: "w {{{{ each.v.each.i }}}}", image_input: "{{{{ each.v }}}}"}}}}',
        f"w: {{{LOOP}, when: \"{{{{ each.v.key == '2-1' }}}}\", {USED}}}",
        f'w: {{{LOOP}, expect: {{images: {{max: "{{{{ each.v.each.i }}}}"}}}}, {USED}}}',
        ('m: {for_each: {i: [1, 3]}, expect: {images: {max: "{{ each.i }}"}, otherwise: accept}, generate: {prompt: r, sequential_image_generation: auto, max_images: 3}}\n'
        '  w: {for_each: {v: "{{ steps.m.images }}"}, generate: {prompt: w, image_input: "{{ each.v }}"}}'),
        (f'k: {{{LOOP}, generate: {{prompt: "{{{{ each.v.key }}}}"}}}}\n'
        f'  w: {{{LOOP}, generate: {{prompt: w, image_input: "{{{{ steps.k.at(v=each.v).images[0] }}}}"}}}}'),
        ('m: {for_each: {i: [1, 2]}, when: "{{ steps.q.images | length > each.i }}", generate: {prompt: m, sequential_image_generation: auto, max_images: 3}}\n'
        '  w: {for_each: {v: "{{ steps.m.images }}"}, generate: {prompt: w, image_input: "{{ each.v }}"}}'),
    ],
)  # fmt: skip # a row a line
def test_what_may_tell_them_apart_counts_apart(steps: str) -> None:
    text = f"{SETS}  {steps}\n"
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    assert [
        task.address for task in plan.tasks if task.tasks is not None and task.shares_with is not None
    ] == []
    for images in (1, 2, 3):
        played = play(text, gives={"q": images, "r": 3, "m": 3}, shared=True)
        assert played.problems == {}
        assert plan.totals.calls.low <= played.paid <= plan.totals.calls.high


class _Picked:
    """Somebody rerolled something."""

    def has_any(self, realm: str) -> bool:
        return bool(realm)

    def find_take(self, realm: str, address: str, fingerprint: str) -> int | None:
        del realm, fingerprint
        return 2 if address == "w[v=2-1]" else None


@pytest.mark.parametrize("rerolled", [True, False])
def test_another_take_is_another_picture(rerolled: bool) -> None:
    picks: CurrentTakes = _Picked()
    text = f"{SETS}  w: {{{LOOP}, {USED}}}\n"
    planner = (
        open_planner(text, rerolls=lambda address: address == "w[v=2-1]")
        if rerolled
        else open_planner(text, picks=picks)
    )
    plan, problems = planner.start()
    assert plan is not None, problems
    assert plan.totals.calls.high == 8
