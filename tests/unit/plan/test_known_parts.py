"""Parts of a text that are printed whatever the run gives: what is wrong with them is told before anything is paid."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner, plan, problems_of
from playing import play

RECIPE = """\
inputs:
  t: {type: text, optional: true}
  l: {type: list, of: text, default: []}
  style: {type: image, optional: true}
  many: {type: boolean, default: true}
steps:
  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  %s
  a:
    %s
    generate:
      prompt: "%s"
      image_input: {a: "{{ steps.s.images }}", style: "{{ inputs.style }}", b: "https://pictures.example/fox.jpg"}
"""


def write(part: str, *, key: str = "", step: str = "") -> str:
    return RECIPE % (step, key, f"{{{{ ref.b }}}} beside {{{{ ref.a }}}}, {part}")


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("{{ inputs.t }}", "template-none-in-text"),
        ("{{ inputs.l[0] }}", "template-no-such-item"),
        ("{{ (inputs.l + ['x'])[2] }}", "template-no-such-item"),
        ("{{ 1 / (inputs.l | length) }}", "template-number"),
        ("{{ inputs.t }} {% if inputs.many %}x{% endif %}", "template-none-in-text"),
    ],
)
def test_what_is_wrong_with_a_known_part_is_told_by_the_plan(part: str, code: str) -> None:
    (problem,) = problems_of(write(part))
    assert problem.code == code
    span = problem.span
    assert span is not None
    text = span.source.text
    assert text[span.start : span.end] in text[text.index("beside {{ ref.a }}") :]


def test_a_reference_before_the_unknown_one_that_is_absent_is_told_by_the_plan() -> None:
    text = write("x").replace("beside {{ ref.a }}", "in {{ ref.style }} beside {{ ref.a }}")
    text = text.replace(
        '{a: "{{ steps.s.images }}", style: "{{ inputs.style }}"',
        '{style: "{{ inputs.style }}", a: "{{ steps.s.images }}"',
    )
    assert [one.code for one in problems_of(text)] == ["template-absent-reference"]
    plan(text.replace("optional: true}\n  many", 'default: "https://pictures.example/owl.jpg"}\n  many'))


def test_a_column_that_a_row_lacks_is_told_by_the_plan() -> None:
    text = (
        "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        "  a: {for_each: {r: {in: [{id: fox, name: fox}, {id: owl%s}], key: id}}, "
        'generate: {prompt: "{{ steps.s.images | length }} {{ each.r.name }}"}}\n'
    )
    plan(text % ", name: owl")
    assert {one.code for one in problems_of(text % "")} == {"template-undefined"}


@pytest.mark.parametrize(
    "part",
    [
        "{% if inputs.t %}{{ inputs.t }}{% endif %}",
        "{% for one in inputs.l %}{{ one }} {{ inputs.t }}{% endfor %}",
        "{{ inputs.t if inputs.t else 'x' }}",
        "{{ inputs.t | default('x') }}",
        "{% set who = 'fox' %}{{ who }}",
        "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(1) }}",
        "{% set t = ref.a %}{% if t %}x{% endif %}",
    ],
)
def test_parts_that_may_not_be_printed_or_print_well_are_no_problem(part: str) -> None:
    found, problems = open_planner(write(part)).start()
    assert (found is not None, problems) == (True, [])


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("when: '{{ steps.s.images | length > 2 }}'", ""),
        ("", "y: {when: '{{ steps.s.images | length > 2 }}', generate: {prompt: Y}}"),
    ],
)
def test_a_task_that_may_be_skipped_is_not_refused_for_what_it_would_print(key: str, step: str) -> None:
    text = write("{{ inputs.t }}", key=key, step=step)
    if step:
        text = text.replace("image_input: {", 'image_input: {y: "{{ steps.y.images }}", ')
    found, problems = open_planner(text).start()
    assert (found is not None, problems) == (True, [])
    assert play(text, gives={"s": 2}).addresses == ["s"]


def test_a_task_that_is_never_asked_is_not_refused_either() -> None:
    assert play(write("{{ inputs.t }}", key="when: '{{ not inputs.many }}'")).addresses == ["s"]


PART = """\
seedflow: 1
inputs: {line: {type: text}}
steps: {p: {generate: {prompt: "P {{ inputs.line }}"}}}
outputs: {images: "{{ steps.p.images }}"}
"""


def test_the_text_that_a_caller_gives_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(PART)
    text = (
        "inputs: {t: {type: text, optional: true}}\n"
        "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        "  u: {recipe: ./part.yaml, with: {line: '{{ steps.s.images | length }} of {{ inputs.t }}'}}\n"
    )
    found, problems = open_planner(text, folder=tmp_path).start()
    assert found is None
    assert [one.code for one in problems] == ["template-none-in-text"]
    assert open_planner(text, {"t": "foxes"}, folder=tmp_path).start()[0] is not None
