"""`takes`, `expect` and `model`: what no input can make right is told by the text alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    inputs: {n: {type: integer, minimum: 1}, ratio: {type: choice, options: ["1:1", "16:9"]}}
    values: {few: 2, many: 2000, none: 0, wide: "16:9", long: wide, given: "{{ inputs.n }} {{ inputs.ratio }}"}
    steps:
      s:
        OPTIONS
        generate: {prompt: "{{ values.given }}"}
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('takes: "{{ values.few }}"', []),
        ('takes: "{{ values.many }}"', ["`takes` is 2000, expected a whole number from 1 to 1,000"]),
        ('takes: "{{ values.none }}"', ["`takes` is 0, expected a whole number from 1 to 1,000"]),
        ('takes: "{{ values.few - 5 }}"', ["`takes` is -3, expected a whole number from 1 to 1,000"]),
        ('takes: "{{ inputs.n }}"', []),
        ('takes: "{{ inputs.n + 500 }}"', []),
        (
            'takes: "{{ inputs.n + 1000 }}"',
            ["`takes` is 1001 or more, expected a whole number from 1 to 1,000"],
        ),
        (
            'expect: {images: 1, otherwise: retry, attempts: "{{ values.many }}"}',
            ["`attempts` is 2000, expected a whole number from 1 to 100"],
        ),
        ('expect: {images: {min: "{{ values.none }}"}}', []),
        ('expect: {images: {min: "{{ -1 }}"}}', ["`min` is -1, expected a whole number from 0 to 1,000,000"]),
        (
            'expect: {images: "{{ values.none }}"}',
            ["`images` is 0, expected a whole number from 1 to 1,000,000"],
        ),
        (
            'expect: {min_width: "{{ values.none }}"}',
            ["`min_width` is 0, expected a whole number from 1 to 1,000,000"],
        ),
        ('expect: {aspect_ratio: "{{ values.wide }}"}', []),
        ('expect: {aspect_ratio: "{{ inputs.ratio }}"}', []),
        (
            'expect: {aspect_ratio: "{{ values.long }}"}',
            ["`aspect_ratio` is wide, expected a ratio such as 16:9"],
        ),
    ],
)
def test_what_lies_outside_of_its_bounds_whatever_the_inputs_are(
    check: Check, options: str, said: list[str]
) -> None:
    found = [one for one in check(RECIPE.replace("OPTIONS", options)) if one.code != "unused-value"]
    assert [one.message for one in found] == said


INNER = """seedflow: 1
inputs: {n: {type: integer, default: 2}, m: {type: text, default: bytedance/seedream-4.5}}
values: {v: "{{ inputs.n + 1 }}"}
steps:
  t: {SETTING, generate: {model: "{{ inputs.m }}", prompt: "A {{ values.v }} {{ inputs.n }}"}}
outputs: {images: "{{ steps.t.images }}", first: "{{ steps.t.images[0] }}"}
"""
OUTER = """
    inputs: {words: {type: list, of: text, default: []}, b: {type: boolean, default: true}}
    steps:
      set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
      many: {for_each: {w: "{{ inputs.words }}"}, generate: {prompt: "{{ each.w }}"}}
      some: {when: "{{ inputs.b }}", generate: {prompt: W}}
      inner: {recipe: ./inner.yaml}
      use: {recipe: ./inner.yaml, with: {GIVEN}}
"""


@pytest.mark.parametrize(
    ("setting", "given", "said"),
    [
        ("takes: '{{ inputs.n }}'", "n: '{{ steps.set.images | length }}'", True),
        ("takes: '{{ values.v }}'", "n: '{{ steps.set.images | length }}'", True),
        ("expect: {images: {min: '{{ inputs.n }}'}}", "n: '{{ steps.set.images | length }}'", True),
        ("expect: {min_width: '{{ inputs.n }}'}", "n: '{{ steps.set.images[0].width }}'", True),
        ("takes: 2", "m: '{{ steps.set.images[0].name }}'", True),
        ("takes: '{{ inputs.n }}'", "n: '{{ steps.inner.images | length }}'", True),
        ("takes: '{{ inputs.n }}'", "n: '{{ inputs.words | length + 1 }}'", False),
        ("takes: '{{ inputs.n }}'", "n: '{{ steps.many.images | length + 1 }}'", False),
        (
            "takes: '{{ inputs.n }}'",
            "n: '{{ 1 if optional(steps.some.images[0]) is none else 2 }}'",
            False,
        ),
        ("takes: 2", "n: '{{ steps.set.images | length }}'", False),
    ],
)
def test_what_depends_on_results_through_an_input_is_known_too_late(
    check: Check, setting: str, given: str, said: bool, tmp_path: Path
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER.replace("SETTING", setting))
    found = [one for one in check(OUTER.replace("GIVEN", given)) if one.code == "known-too-late"]
    assert len(found) == said
    name = given[0]
    for one in found:
        assert one.help == f"give `{name}` a value that depends on no result"
        assert [note.message for note in one.related] == [f"`{name}` is given here"]


def test_a_number_that_a_caller_gives_is_shown(check: Check, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER.replace("SETTING", "takes: '{{ inputs.n }}'"))
    (found,) = [one for one in check(OUTER.replace("GIVEN", "n: 2000")) if one.code == "out-of-range"]
    assert found.message == "`takes` is 2000, expected a whole number from 1 to 1,000"
    (note,) = found.related
    assert note.span.source.name == "recipe.yaml"
    assert note.span.source.text[note.span.start : note.span.end] == "2000"
