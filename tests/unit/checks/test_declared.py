"""Helps that name what is to be changed: the column, the input, the `optional` that is meant."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

INPUTS = """
    inputs:
      n: {type: integer, default: 2}
      w: {type: text, default: "2"}
      b: {type: boolean, optional: true}
      rows: {type: table, key: id, columns: {id: text, t: text, min: {type: integer, optional: true}, b: {type: boolean, optional: true}}, default: [{id: a, t: x}]}
      photos: {type: list, of: image, default: []}
    steps:
      s: {generate: {prompt: "S{{ inputs.n }}{{ inputs.w }}{% if inputs.b %}{{ inputs.photos | length }}{% endif %}", sequential_image_generation: auto, max_images: 3}}
      cap: {when: "{{ steps.s.images | length > 1 }}", generate: {prompt: Cap}}
"""


@pytest.mark.parametrize(
    ("step", "code", "help_"),
    [
        ('expect: {min_width: "{{ each.r.min }}"}', "may-be-none", "give the column `min` a default"),
        ('when: "{{ each.r.b }}"', "may-be-none", "give the column `b` a default"),
        ('when: "{{ inputs.b }}"', "may-be-none", "give the input a default"),
        (
            'iterate: {over: [x], as: e, start: "{{ optional(steps.cap.images[0]) }}"}',
            "may-be-none",
            "mention it without `optional`, so that this step is skipped then as well",
        ),
        (
            'MAX "{{ each.r.t }}"',
            "text-for-number",
            "declare the column `t` with `type: integer` or `type: number`, and write nothing beside the `{{ }}`",
        ),
        (
            'MAX "{{ inputs.w }}"',
            "text-for-number",
            "declare the input `w` with `type: integer` or `type: number`, and write nothing beside the `{{ }}`",
        ),
        (
            'MAX "{% if inputs.n > 1 %}{{ inputs.n }}{% else %}1{% endif %}"',
            "text-for-number",
            "write it as one value, with nothing beside it: `{{ A if … else B }}`",
        ),
        ('MAX "{{ inputs.n }}0"', "text-for-number", "write nothing beside the `{{ }}`"),
        ('MAX "{{ (inputs.n if inputs.n > 1 else 1) }}"', "text-for-number", None),
        (
            'PROMPT "{{ inputs.rows.t }}"',
            "unknown-attribute",
            "name one of its items, `inputs.rows[0].t`, or all of them, `inputs.rows | map(attribute='t') | join(', ')`",
        ),
        (
            'PROMPT "{{ inputs.photos.nam }}"',
            "unknown-attribute",
            "name one of its items, `inputs.photos[0].name`, or all of them, `inputs.photos | map(attribute='name') | join(', ')`",
        ),
        ('PROMPT "{{ inputs.w.t }}"', "unknown-attribute", "take the attribute away"),
        ('IMAGES "{{ each.r.t }}"', "text-for-image", "declare the column `t` with `type: image`"),
    ],
)
def test_a_help_names_what_is_to_be_changed(check: Check, step: str, code: str, help_: str | None) -> None:
    for word, key in (("MAX", "max_images"), ("PROMPT", "prompt"), ("IMAGES", "image_input")):
        if step.startswith(word):
            others = {"prompt": "P {{ each.r.id }}", "sequential_image_generation": "auto"}
            rest = "".join(f', {name}: "{value}"' for name, value in others.items() if name != key)
            step = f"generate: {{{key}: {step.removeprefix(word)}{rest}}}"
            break
    else:
        prompt = '{prompt: "P {{ each.r.id }}' + (" {{ each.e }}" if "as: e" in step else "") + '"'
        step += f", generate: {prompt}" + (', image_input: "{{ prev }}"}' if "as: e" in step else "}")
    found = check(INPUTS + '      p: {for_each: {r: "{{ inputs.rows }}"}, ' + step + "}\n")
    assert [one.help for one in found if one.code == code] == ([] if help_ is None else [help_])


def test_a_row_is_named_as_it_is_written(check: Check) -> None:
    (found,) = check(INPUTS + '      p: {generate: {prompt: "{{ inputs.rows[0].tt }}"}}\n')
    assert found.message == "`inputs.rows[0]` is a record and has no `tt`"
    assert found.help == "did you mean `t`?"
