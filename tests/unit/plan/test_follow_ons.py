"""A step that cannot be planned: whoever rests on it is told nothing that comes only of that, and everything that is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk

INPUTS = """
inputs:
  n: {type: integer}
  m: {type: text, default: nope}
  same: {type: list, of: text, default: [a, a]}
  none: {type: list, of: text, default: []}
steps:
  z: {generate: {prompt: Z}}
  s: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}
"""
LATE = 'expect: {min_width: "{{ 5000 if each.v.number == 2 else 10 }}"}'
"""What must be known when planning, and is not."""
MANY = {
    "expect-of-images": (
        f'c: {{for_each: {{v: "{{{{ steps.s.images }}}}"}}, generate: {{prompt: "C{{{{ each.v.number }}}}", image_input: ["{{{{ each.v }}}}"]}}, {LATE}}}',
        "known-too-late «{{ 5000 if each.v.number == 2 else 10 }}»",
    ),
    "prompt": (
        'c: {for_each: {x: [a, b]}, generate: {prompt: "C{{ each.x }}{{ 12 // inputs.n }}"}}',
        "template-number «12 // inputs.n»",
    ),
    "takes": (
        'c: {for_each: {x: [a, b]}, generate: {prompt: "C{{ each.x }}"}, takes: "{{ inputs.n }}"}',
        "out-of-range «{{ inputs.n }}»",
    ),
    "model": (
        'c: {for_each: {x: [a, b]}, generate: {model: "{{ inputs.m }}", prompt: "C{{ each.x }}"}}',
        "unknown-model «{{ inputs.m }}»",
    ),
    "keys": (
        'c: {for_each: {x: "{{ inputs.same }}"}, generate: {prompt: "C{{ each.x }}"}}',
        "equal-keys «x»",
    ),
    "list": (
        'c: {for_each: {x: "{{ range(12 // inputs.n) }}"}, generate: {prompt: "C{{ each.x }}"}}',
        "template-number «12 // inputs.n»",
    ),
    "used-recipe": (
        'c: {for_each: {x: [a, b]}, recipe: ./used.yaml, with: {m: "{{ inputs.m }}", x: "{{ each.x }}"}}',
        "unknown-model «{{ inputs.m }}»",
    ),
}
ONE = {
    "prompt": (
        'c: {generate: {prompt: "C{{ 12 // inputs.n }}", sequential_image_generation: auto, max_images: 3}}',
        "template-number «12 // inputs.n»",
    ),
    "model": ('c: {generate: {model: "{{ inputs.m }}", prompt: C}}', "unknown-model «{{ inputs.m }}»"),
    "edits": (
        'c: {iterate: {over: "{{ inputs.none }}", as: k, start: "{{ steps.z.images[0] }}"}, generate: {prompt: "C {{ each.k }}", image_input: ["{{ prev }}"]}}',
        None,
    ),
    "edit": (
        'c: {iterate: {over: [a, b], as: k, start: "{{ steps.z.images[0] }}"}, generate: {prompt: "C {{ each.k }}{{ 12 // inputs.n }}", image_input: ["{{ prev }}"]}}',
        "template-number «12 // inputs.n»",
    ),
}
NAMED = 'd: {generate: {prompt: "D {{ ref.a }}", image_input: {a: "{{ %s }}"}}}'
AFTER = 'e: {generate: {prompt: "E {{ ref.a }}", image_input: {a: "{{ steps.d.images }}"}}}'
RESTING = {
    "reference": NAMED % "IMAGES",
    "succeeded": NAMED % "succeeded(IMAGES)",
    "first-of": NAMED % "first_of(IMAGES, steps.z.images)",
    "optional": NAMED % "optional(IMAGES)",
    "first": NAMED % "IMAGES | first",
    "slice": NAMED % "IMAGES[:1]",
    "when": 'd: {when: "{{ IMAGES | length > 0 }}", generate: {prompt: D}}\n  ' + AFTER,
    "when-of-one": 'd: {when: "{{ (IMAGES | first).width > 0 }}", generate: {prompt: D}}\n  ' + AFTER,
    "loop": 'd: {for_each: {i: "{{ IMAGES }}"}, generate: {prompt: "D {{ ref.a }}", image_input: {a: "{{ each.i }}"}}}\n  '
    + AFTER,
    "length": 'd: {generate: {prompt: D, sequential_image_generation: auto, max_images: "{{ IMAGES | length }}"}}',
    "length-in-text": 'd: {generate: {prompt: "D {{ 12 // (IMAGES | length) }}"}}',
    "text": 'd: {generate: {prompt: "D {{ (IMAGES | first).format }}"}}',
    "edits": 'd: {iterate: {over: "{{ IMAGES }}", as: e, start: "{{ steps.z.images[0] }}"}, generate: {prompt: "D {{ ref.a }}", image_input: {a: ["{{ prev }}", "{{ each.e }}"]}}}',
    "start": 'd: {iterate: {over: [x, y], as: e, start: "{{ IMAGES | first }}"}, generate: {prompt: "D {{ each.e }}", image_input: ["{{ prev }}"]}}',
    "used-recipe": 'd: {recipe: ./using.yaml, with: {p: "{{ IMAGES | first }}", ps: "{{ IMAGES }}"}}',
    "output": 'outputs: {o: {images: "{{ IMAGES }}", file: "a/{{ image.name }}"}}',
}
USED = """
seedflow: 1
inputs: {m: {type: text}, x: {type: text}}
steps:
  i: {generate: {model: "{{ inputs.m }}", prompt: "C{{ inputs.x }}"}}
outputs: {o: "{{ steps.i.images }}"}
"""
USING = """
seedflow: 1
inputs: {p: {type: image}, ps: {type: list, of: image}}
steps:
  i: {for_each: {q: "{{ inputs.ps }}"}, generate: {prompt: "V {{ ref.a }} {{ ref.b }} {{ inputs.ps | length }}", image_input: {a: "{{ inputs.p }}", b: "{{ each.q }}"}}}
outputs: {o: "{{ steps.i.images }}"}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("used.yaml", USED)
    desk.write("using.yaml", USING)
    return desk


def errors(desk: Desk, wrong: str, resting: str) -> list[str]:
    images = resting.replace("IMAGES", "steps.c.images")
    indent = "" if images.startswith("outputs:") else "  "
    said = desk.say(f"{INPUTS}  {wrong}\n{indent}{images}\n", "n=0")
    return [one.replace('"', "") for one in said if not one.partition(" ")[0].endswith("?")]


@pytest.mark.parametrize("resting", RESTING.values(), ids=RESTING)
@pytest.mark.parametrize(("wrong", "error"), MANY.values(), ids=MANY)
def test_what_rests_on_tasks_that_cannot_be_planned_has_no_error_of_its_own(
    desk: Desk, wrong: str, error: str, resting: str
) -> None:
    assert errors(desk, wrong, resting) == [error]


@pytest.mark.parametrize("resting", RESTING.values(), ids=RESTING)
@pytest.mark.parametrize(("wrong", "error"), ONE.values(), ids=ONE)
def test_nor_has_what_rests_on_a_single_one(desk: Desk, wrong: str, error: str | None, resting: str) -> None:
    said = errors(desk, wrong, resting)
    assert said == ([error] if error is not None else said[:1])
    assert said[0].partition(" ")[0] == ("nothing-to-apply" if error is None else error.partition(" ")[0])


@pytest.mark.parametrize(
    "resting",
    [
        'd: {generate: {prompt: "D {{ 7 // inputs.n }}", image_input: ["{{ IMAGES | first }}"]}}',
        'd: {generate: {prompt: D, image_input: ["{{ IMAGES | first }}"], max_images: "{{ 7 // inputs.n }}"}}',
        'd: {for_each: {i: "{{ IMAGES }}"}, generate: {prompt: "D {{ 7 // inputs.n }}", image_input: ["{{ each.i }}"]}}',
        'd: {generate: {prompt: D, image_input: ["{{ IMAGES | first }}"]}, takes: "{{ 7 // inputs.n }}"}',
    ],
)
@pytest.mark.parametrize(("wrong", "error"), [*MANY.values(), ONE["prompt"], ONE["model"], ONE["edit"]])
def test_what_is_wrong_with_it_whatever_comes_is_told_beside(
    desk: Desk, wrong: str, error: str, resting: str
) -> None:
    assert errors(desk, wrong, resting) == [error, "template-number «7 // inputs.n»"]


@pytest.mark.parametrize("wrong", ["takes", "model", "keys", "list", "used-recipe"])
def test_a_task_that_is_chosen_by_its_key_is_missed_by_nobody(desk: Desk, wrong: str) -> None:
    step, error = MANY[wrong]
    values = "[a, b]" if wrong != "list" else "[1, 2]"
    chosen = f'd: {{for_each: {{x: {values}}}, generate: {{prompt: "D {{{{ ref.a }}}}", image_input: {{a: "{{{{ steps.c.at(x=each.x).images }}}}"}}}}}}'
    assert errors(desk, step, chosen) == [error]
