"""`or`, `default`, `if` and `is defined` around what may be skipped, which skip with it whoever writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.unit.checks.conftest import Check

Helps: TypeAlias = Callable[..., list[str | None]]
CODE = "skipped-all-the-same"
INNER = """\
seedflow: 1
inputs: {on: {type: boolean, default: false}}
steps: {x: {when: "{{ inputs.on }}", generate: {prompt: x}}}
outputs: {images: "{{ steps.x.images }}"}
"""
AROUND = """
    inputs: {on: {type: boolean, default: false}, other: {type: boolean, default: false}}
    steps:
      a: {generate: {prompt: A}}
      b: {when: "{{ inputs.on }}", generate: {prompt: B}}
      bs: {when: "{{ inputs.on }}", generate: {prompt: Bs, sequential_image_generation: auto, max_images: 3}}
      p: {for_each: {i: [p, q]}, when: "{{ inputs.on }}", generate: {prompt: "{{ each.i }}"}}
      u: {recipe: ./inner.yaml, with: {on: "{{ inputs.on }}"}}
      c: {HEAD generate: {prompt: "PROMPT", image_input: "{{ IMAGES }}"}}
    outputs: {c: "{{ OUTPUT }}"}
"""


@pytest.fixture
def helps(check: Check, tmp_path: Path) -> Helps:
    """What is advised of a recipe whose step `c` is written in one of its parts."""
    (tmp_path / "inner.yaml").write_text(INNER)

    def find(
        *,
        images: str = "steps.a.images",
        prompt: str = "C",
        when: str | None = None,
        output: str = "steps.c.images",
    ) -> list[str | None]:
        head = "" if when is None else f'when: "{{{{ {when} }}}}",'
        text = AROUND.replace("HEAD", head).replace("PROMPT", prompt)
        text = text.replace("IMAGES", images).replace("OUTPUT", output)
        return [one.help for one in check(text) if one.code == CODE]

    return find


@pytest.mark.parametrize(
    ("images", "write"),
    [
        ("steps.b.images[0] or steps.a.images[0]", "first_of(steps.b.images[0], steps.a.images[0])"),
        (
            "steps.b.images or steps.u.images or steps.a.images",
            "first_of(steps.b.images, steps.u.images, steps.a.images)",
        ),
        ("steps.b.images | default(steps.a.images)", "first_of(steps.b.images, steps.a.images)"),
        ("steps.b.images if steps.b.images else steps.a.images", "first_of(steps.b.images, steps.a.images)"),
        ("steps.a.images if not inputs.on else steps.b.images", "first_of(steps.b.images, steps.a.images)"),
        ("steps.b.images if inputs.on else steps.a.images", "first_of(steps.b.images, steps.a.images)"),
        (
            "steps.bs.images if steps.bs.images | length > 0 else steps.a.images",
            "first_of(steps.bs.images, steps.a.images)",
        ),
        (
            "steps.a.images if steps.b.images is none else steps.b.images",
            "first_of(steps.b.images, steps.a.images)",
        ),
        (
            "steps.b.images if optional(steps.b.images) else steps.a.images",
            "first_of(steps.b.images, steps.a.images)",
        ),
        (
            "steps.b.images | first or steps.a.images[0]",
            "first_of(steps.b.images | first, steps.a.images[0])",
        ),
        (
            "steps.p.at(i='p').images or steps.a.images",
            "first_of(steps.p.at(i='p').images, steps.a.images)",
        ),
        ("steps.u.images or steps.a.images", "first_of(steps.u.images, steps.a.images)"),
    ],
)
def test_another_image_that_is_never_taken_is_told_and_first_of_takes_it(
    helps: Helps, images: str, write: str
) -> None:
    assert helps(images=images)[:1] == [f"write `{write}`"]
    assert helps(images=write) == []
    assert helps(output=images)[:1] == [f"write `{write}`"]


@pytest.mark.parametrize(
    ("prompt", "help_", "applied"),
    [
        (
            "C{% if steps.b.images is defined %} in colour{% endif %}",
            "ask `optional(steps.b.images) is not none`",
            "C{% if optional(steps.b.images) is not none %} in colour{% endif %}",
        ),
        (
            "C{% if not steps.b.images %} in ink{% endif %}",
            "ask `optional(steps.b.images) is none`",
            "C{% if optional(steps.b.images) is none %} in ink{% endif %}",
        ),
        (
            "C{% set x = steps.b.images[0].name or 'ink' %}{{ x }}",
            "write `first_of(steps.b.images[0].name, 'ink')`",
            "C{% set x = first_of(steps.b.images[0].name, 'ink') %}{{ x }}",
        ),
        (
            "C{% if inputs.on %} like {{ steps.b.images[0].name }}{% endif %}",
            "write `optional(steps.b.images[0].name) | default('')`",
            "C{% if inputs.on %} like {{ optional(steps.b.images[0].name) | default('') }}{% endif %}",
        ),
        (
            "C{% if steps.b.images %} like {{ steps.b.images[0].name }}{% endif %}",
            "ask `optional(steps.b.images) is not none`, and write `optional(…) | default(…)` around what else is mentioned of it here",
            "C{% if optional(steps.b.images) is not none %} like {{ optional(steps.b.images[0].name) | default('') }}{% endif %}",
        ),
    ],
)
def test_a_question_that_has_one_answer_is_told(helps: Helps, prompt: str, help_: str, applied: str) -> None:
    assert helps(prompt=prompt) == [help_]
    assert helps(prompt=applied) == []


@pytest.mark.parametrize(
    ("when", "help_"),
    [
        ("steps.b.images is defined", None),
        ("steps.b.images | length > 0 and inputs.other", None),
        ("inputs.on and steps.b.images[0].width > 1000", None),
        ("steps.b.images | length == 0", "ask `optional(steps.b.images) is none`"),
        ("steps.b.images is undefined", "ask `optional(steps.b.images) is none`"),
        ("steps.p.images | length == 0", "ask `optional(steps.p.images) is none`"),
        ("inputs.other and not steps.p.images", "ask `optional(steps.p.images) is none`"),
        ("steps.p.images | length > 0", None),
        ("steps.p.images | length < 2", None),
        ("steps.p.images | length == 0 and steps.a.images[0].width > 9", None),
        ("optional(steps.p.images) is none", None),
        ("succeeded(steps.p.images) | length == 0", None),
        ("steps.b.images is defined or inputs.other", "ask `optional(steps.b.images) is not none`"),
        (
            "not inputs.on or steps.b.images[0].width > 1000",
            "write `optional(steps.b.images[0].width) | default(…)`",
        ),
    ],
)
def test_a_condition_without_an_answer_skips_as_a_false_one_does(
    helps: Helps, when: str, help_: str | None
) -> None:
    assert helps(when=when) == ([] if help_ is None else [help_])


@pytest.mark.parametrize(
    "images",
    [
        "optional(steps.b.images[0]) or steps.a.images[0]",
        "optional(steps.b.images) | default(steps.a.images)",
        "steps.p.images or steps.a.images",
        "steps.p.where(i='p').images or steps.a.images",
        "steps.a.images or steps.b.images",
        "steps.b.images if steps.b.images[0].width > 1000 else steps.a.images",
        "steps.bs.images if steps.bs.images | length > 1 else steps.a.images",
        "steps.b.images if inputs.other else steps.a.images",
        "succeeded(steps.b.images) or steps.a.images",
    ],
)
def test_nothing_is_said_where_the_other_way_may_be_taken(helps: Helps, images: str) -> None:
    assert helps(images=images) == []


def test_nothing_is_said_where_the_condition_of_the_step_rules_skipping_out(helps: Helps) -> None:
    assert helps(images="steps.b.images or steps.a.images", when="inputs.on") == []


def test_who_is_skipped_with_it_on_purpose_is_left_alone(helps: Helps) -> None:
    named = "C{% if inputs.on %} like {{ steps.b.images[0].name }}{% endif %}"
    assert helps(images="steps.b.images", prompt=named) == []


@pytest.mark.parametrize("never", ["none", "None"])
def test_nothing_instead_is_what_optional_gives(helps: Helps, never: str) -> None:
    images = "steps.b.images[0] if inputs.on else {}"
    assert helps(images=images.format(never)) == ["write `optional(steps.b.images[0])`"]
    assert helps(images="optional(steps.b.images[0])") == []


def test_a_question_beside_a_reference_names_the_reference_as_well(helps: Helps) -> None:
    asks = "C{% if steps.b.images is defined %} in colour{% endif %}"
    assert helps(prompt=asks, images="steps.b.images[0]") == [
        "ask `optional(steps.b.images) is not none`, and write `optional(…)` around `steps.b.images[0]`, which the same step mentions as well"
    ]
    assert helps(prompt=asks, images="optional(steps.b.images[0])") == [
        "ask `optional(steps.b.images) is not none`"
    ]


def test_of_a_collection_all_tasks_are_skipped(check: Check) -> None:
    found = check("""
        steps:
          p: {for_each: {i: [1, 2]}, when: "{{ each.i > 5 }}", generate: {prompt: "{{ each.i }}"}}
          d: {generate: {prompt: D}}
          e: {when: "{{ steps.p.images | length == 0 }}", generate: {prompt: E, image_input: "{{ steps.d.images }}"}}
    """)
    assert [one.message for one in found] == [
        "`steps.p.images | length == 0` never holds: where all tasks of step `p` are skipped, step `e` is skipped with it"
    ]


@pytest.mark.parametrize(
    ("use", "skipped"),
    [
        ("", "output `some` of step `u` is"),
        ('when: "{{ inputs.on }}", ', "step `u` is"),
    ],
)
def test_of_a_used_recipe_it_is_the_output_that_may_be_skipped(
    check: Check, tmp_path: Path, use: str, skipped: str
) -> None:
    (tmp_path / "inner.yaml").write_text(
        INNER.replace("steps: {", "steps: {y: {generate: {prompt: y}}, ").replace(
            'images: "', 'some: "{{ steps.x.images }}", all: "{{ steps.y.images }}", images: "'
        )
    )
    found = check(f"""
        inputs: {{on: {{type: boolean, default: false}}}}
        steps:
          u: {{{use}recipe: ./inner.yaml, with: {{on: "{{{{ inputs.on }}}}"}}}}
          c: {{generate: {{prompt: C, image_input: "{{{{ steps.u.outputs.some[0] or steps.u.outputs.all[0] }}}}"}}}}
    """)
    (told,) = (one for one in found if one.code == CODE)
    assert told.message.endswith(f": where {skipped} skipped, step `c` is skipped with it")
