"""Tasks inside of used recipes that are not known yet: under which address the plan shows them, and when nothing will come of them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from planning import open_planner
from playing import play

from seedflow.plan.model import Action, Reason

INNER = """\
seedflow: 1
inputs: {shots: {type: list, of: image}}
steps:
  s: {for_each: {i: "{{ inputs.shots }}"}, generate: {prompt: Inner, image_input: ["{{ each.i }}"]}}
outputs: {images: "{{ steps.s.images }}"}
"""
MIDDLE = """\
seedflow: 1
inputs: {shots: {type: list, of: image}}
steps:
  r: {recipe: ./inner.yaml, with: {shots: "{{ inputs.shots }}"}}
  q: {for_each: {i: "{{ steps.r.images }}"}, generate: {prompt: Q, image_input: ["{{ each.i }}"]}}
outputs: {images: "{{ steps.r.images }}", more: "{{ steps.q.images }}"}
"""
SET = "sequential_image_generation: auto, max_images: 2"
NESTED = f"""\
steps:
  a: {{for_each: {{w: [sun]}}, generate: {{prompt: A, {SET}}}}}
  m: {{recipe: ./middle.yaml, for_each: {{h: [k, l]}}, with: {{shots: "{{{{ steps.a.images }}}}"}}}}
  z: {{for_each: {{i: "{{{{ steps.m.outputs.images }}}}"}}, generate: {{prompt: Z, image_input: ["{{{{ each.i }}}}"]}}}}
"""
LEFT_OUT = f"""\
inputs: {{go: {{type: boolean, default: false}}}}
steps:
  a: {{generate: {{prompt: A, {SET}}}}}
  off: {{when: "{{{{ inputs.go }}}}", recipe: ./inner.yaml, with: {{shots: "{{{{ steps.a.images }}}}"}}}}
  some: {{for_each: {{w: [x, y]}}, when: "{{{{ each.w == 'x' }}}}", recipe: ./inner.yaml, with: {{shots: "{{{{ steps.a.images }}}}"}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "middle.yaml").write_text(MIDDLE)
    return tmp_path


def test_they_are_shown_under_the_addresses_that_they_will_have(folder: Path) -> None:
    plan, _ = open_planner(NESTED, folder=folder).start()
    assert plan is not None
    shown = [task.address for task in plan.tasks if task.tasks is not None]
    assert shown[:2] == ["m[h=k]/r/s[i=sun-?]", "m[h=k]/q[i=k.sun-?-?]"]
    assert shown[-2:] == ["z[i=k.sun-?-?]", "z[i=l.sun-?-?]"]
    patterns = [re.escape(address).replace(r"\?", "[0-9]+") for address in shown]
    made = play(NESTED, folder=folder, gives={"a[w=sun]": 2}).addresses
    inside = [address for address in made if address != "a[w=sun]"]
    assert [
        sum(re.fullmatch(pattern, address) is not None for pattern in patterns) for address in inside
    ] == [1] * 12


def test_those_of_a_use_that_is_left_out_are_skipped_and_make_no_calls(folder: Path) -> None:
    plan, _ = open_planner(LEFT_OUT, folder=folder).start()
    assert plan is not None
    found = {task.address: (task.will_be, task.reason) for task in plan.tasks}
    skipped = (Action.SKIP, Reason.CONDITION_FALSE)
    assert found["off/s[i=a-?]"] == found["some[w=y]/s[i=a-?]"] == skipped
    assert found["some[w=x]/s[i=a-?]"][0] is Action.CALL
    assert plan.totals.calls == (2, 3)
    played = play(LEFT_OUT, folder=folder, gives={"a": 2})
    assert sorted(played.addresses) == ["a", "some[w=x]/s[i=a-1]", "some[w=x]/s[i=a-2]"]


def test_of_tasks_to_come_in_a_used_recipe_those_that_a_condition_leaves_out_make_no_calls(
    tmp_path: Path,
) -> None:
    (tmp_path / "either.yaml").write_text(
        "seedflow: 1\ninputs: {v: {type: image}, f: {type: boolean}}\nsteps:\n"
        '  a: {when: "{{ inputs.f }}", generate: {prompt: A, image_input: ["{{ inputs.v }}"]}}\n'
        '  b: {when: "{{ not inputs.f }}", generate: {prompt: B, image_input: ["{{ inputs.v }}"]}}\n'
        'outputs: {images: "{{ first_of(steps.a.images, steps.b.images) }}"}\n'
    )
    text = (
        "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        '  u: {for_each: {v: "{{ steps.s.images }}"}, recipe: ./either.yaml, with: {v: "{{ each.v }}", f: true}}\n'
    )
    plan, _ = open_planner(text, folder=tmp_path).start()
    assert plan is not None
    assert (plan.totals.calls, plan.totals.images) == ((2, 4), (2, 6))
    assert len(play(text, gives={"s": 3}, folder=tmp_path).addresses) == 4


def test_steps_of_a_used_recipe_to_come_without_further_attempts_are_asked_once_each(tmp_path: Path) -> None:
    (tmp_path / "pair.yaml").write_text(
        "seedflow: 1\ninputs: {v: {type: image}}\nsteps:\n"
        '  a: {generate: {prompt: A, image_input: "{{ inputs.v }}"}, expect: {min_width: 9, otherwise: retry}}\n'
        '  b: {generate: {prompt: B, image_input: "{{ inputs.v }}"}}\n'
        'outputs: {images: "{{ steps.a.images + steps.b.images }}"}\n'
    )
    text = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n"
        '  u: {for_each: {v: "{{ steps.s.images }}"}, recipe: ./pair.yaml, with: {v: "{{ each.v }}"}}\n'
    )
    most = 2 + 2 * (3 + 1)
    plan, problems = open_planner(f"{text}limits: {{images: {most}}}\n", folder=tmp_path).start()
    assert plan is not None, problems
    assert plan.totals.images == (3, most)
    assert plan.totals.cost_usd.high == most * Decimal("0.04")
    plan, problems = open_planner(f"{text}limits: {{images: {most - 1}}}\n", folder=tmp_path).start()
    assert (plan, [one.code for one in problems]) == (None, ["over-limit"])


def test_attempts_that_tasks_to_come_may_take_are_calls(tmp_path: Path) -> None:
    text = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n"
        '  y: {for_each: {v: "{{ steps.s.images }}"}, expect: {otherwise: retry, attempts: 3, min_width: 100}, '
        'generate: {prompt: Y, image_input: ["{{ each.v }}"]}}\n'
    )
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is not None, problems
    assert plan.totals.calls == (2, 1 + 2 * 3)
