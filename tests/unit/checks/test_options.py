"""`when`, `takes`, `expect`, `iterate`, and what goes around what is skipped."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check, Say

INPUTS = """
        inputs:
          b: {type: boolean, default: true}
          maybe: {type: boolean, optional: true}
          n: {type: integer, default: 2}
          t: {type: text, default: x}
          mode: {type: choice, options: [fast, fine], default: fast}
          p: {type: image, optional: true}
          ws: {type: list, of: text, default: []}
        values: {use: "{{ inputs.b }}{{ inputs.maybe or false }}{{ inputs.n }}{{ inputs.t }}{{ inputs.mode }}{{ inputs.ws | join }}"}
"""


def recipe(options: str, request: str = "{prompt: R}") -> str:
    return f"""{INPUTS}
        steps:
          one: {{generate: {{prompt: "{{{{ values.use }}}}", image_input: ["{{{{ inputs.p }}}}"]}}}}
          set: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 4}}}}
          some: {{when: "{{{{ inputs.b }}}}", generate: {{prompt: W}}}}
          s:
            generate: {request}
            {options}
    """


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("inputs.b", []),
        ("not inputs.b", []),
        ("inputs.n > 2", []),
        ("inputs.n > 2 and inputs.mode == 'fast'", []),
        ("inputs.t is defined", []),
        ("steps.set.images | length > 1", []),
        ("steps.one.images[0].width > 100", []),
        ("inputs.n", ["not-boolean"]),
        ("inputs.t", ["not-boolean"]),
        ("inputs.mode", ["not-boolean"]),
        ("steps.set.images", ["not-boolean"]),
        ("steps.set.images | length", ["not-boolean"]),
        ("inputs.t or inputs.b", ["not-boolean"]),
        ("inputs.b or steps.one.images[0].format", ["not-boolean"]),
        ("steps.one.images[0].format if inputs.b else true", ["not-boolean"]),
        ("steps.one.images[0].width > 9 and inputs.b", []),
        ("inputs.p", ["not-boolean"]),
        ("'true'", ["not-boolean"]),
        ("inputs.maybe", ["may-be-none"]),
    ],
)
def test_a_condition_is_true_or_false(check: Check, condition: str, said: list[str]) -> None:
    assert [found.code for found in check(recipe(f'when: "{{{{ {condition} }}}}"'))] == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('takes: "{{ inputs.n }}"', []),
        ('takes: "{{ inputs.t }}"', ['text-for-number «"{{ inputs.t }}"»']),
        ('expect: {images: "{{ inputs.n }}", distinct: "{{ inputs.b }}"}', []),
        ('expect: {distinct: "{{ inputs.n }}"}', ['wrong-shape «"{{ inputs.n }}"»']),
        ('expect: {min_width: "{{ inputs.b }}"}', ['wrong-shape «"{{ inputs.b }}"»']),
        ("expect: {images: 1}", []),
        ("expect: {images: 2}", ["expect-impossible «2»"]),
        ("expect: {images: {min: 2}}", ["expect-impossible «2»"]),
        ("expect: {images: {max: 9}}", []),
    ],
)
def test_settings(say: Say, options: str, said: list[str]) -> None:
    assert say(recipe(options)) == said


EDIT = '{prompt: "{{ each.w }}", image_input: ["{{ prev }}"]}'


@pytest.mark.parametrize(
    ("iterate", "request_", "said"),
    [
        ('over: [a, b], as: w, start: "{{ steps.one.images[0] }}"', EDIT, []),
        ('over: "{{ inputs.ws }}", as: w, start: "{{ steps.set.images[0] }}"', EDIT, []),
        ('over: "{{ inputs.t }}", as: w, start: "{{ steps.one.images[0] }}"', EDIT, ['not-a-list «"{{ inputs.t }}"»']),
        ('over: [a], as: w, start: "{{ steps.set.images }}"', EDIT, ['wrong-shape «"{{ steps.set.images }}"»']),
        ('over: [a], as: w, start: "{{ inputs.p }}"', EDIT, ['may-be-none? «"{{ inputs.p }}"»']),
        ('over: [a], as: w, start: "{{ steps.one.images[0] }}"', '{prompt: "{{ each.w }}"}', ["prev-unused? «iterate»"]),
        ('over: [a], as: w, start: "{{ steps.one.images[0] }}"', '{prompt: "{{ each.v }} {{ prev.width }}"}', ["unknown-variable «v»"]),
        (
            'over: [a], as: w, start: "{{ steps.one.images[0] }}"',
            '{prompt: "{{ each.w }}", image_input: ["{{ prev }}"], sequential_image_generation: auto, max_images: 3}',
            ["edits-of-a-set «generate»"],
        ),
    ],
)  # fmt: skip # a row a line
def test_edits_in_a_row(say: Say, iterate: str, request_: str, said: list[str]) -> None:
    assert say(recipe(f"iterate: {{{iterate}}}", request_)) == said


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("optional(steps.some.images[0])", []),
        ("optional(steps.one.images[0])", ["never-skipped? «steps.one.images[0]»"]),
        ("first_of(steps.some.images[0], steps.one.images[0])", []),
        ("first_of(steps.one.images[0], steps.some.images[0])", ["never-skipped? «steps.one.images[0]»"]),
        ("succeeded(steps.set.images)", []),
    ],
)
def test_a_way_around_needs_something_to_go_around(say: Say, expression: str, said: list[str]) -> None:
    assert say(recipe("", f'{{prompt: x, image_input: ["{{{{ {expression} }}}}"]}}')) == said


def test_takes_and_passes(say: Say) -> None:
    text = f"""{INPUTS}
        steps:
          one: {{takes: 3, generate: {{prompt: "{{{{ values.use }}}}", image_input: ["{{{{ inputs.p }}}}"]}}}}
          edit:
            iterate: {{over: [a, b], as: w, start: "{{{{ steps.one.images[:1] | first }}}}"}}
            generate: {{prompt: "{{{{ each.w }}}}", image_input: ["{{{{ prev }}}}"]}}
          use:
            generate:
              prompt: x
              image_input: ["{{{{ MENTION }}}}"]
    """
    said = {
        "steps.one.images": [],
        "steps.one.images[0]": ["index-of-many-tasks «steps.one.images[0]»"],
        "steps.one.images[2:]": [],
        "steps.one.images[3:]": ["empty-slice? «steps.one.images[3:]»"],
        "steps.edit.images[0]": [],
        "steps.edit.images[1]": ["no-such-image «steps.edit.images[1]»"],
        "steps.edit.passes[1]": [],
        "steps.edit.passes[2]": ["no-such-image «steps.edit.passes[2]»"],
        "steps.one.passes": ["no-passes «steps.one.passes»"],
        "steps.edit.outputs.x": ["unknown-output «steps.edit.outputs.x»"],
    }
    for mention, expected in said.items():
        assert say(text.replace("MENTION", mention)) == expected


def test_a_skipped_step_does_not_make_its_only_image_doubtful(say: Say) -> None:
    assert say(recipe("", '{prompt: x, image_input: ["{{ steps.some.images[0] }}"]}')) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("takes: '{{ inputs.n }}'", "{{ inputs.n }}"),
        ("takes: '{{ inputs.n or 2 }}'", None),
        ("takes: '{{ inputs.m }}'", None),
        ("when: '{{ inputs.n is not none }}', takes: '{{ inputs.n }}'", "{{ inputs.n }}"),
        ("expect: {images: '{{ inputs.n }}'}", "{{ inputs.n }}"),
        ("expect: {images: {min: '{{ inputs.n }}'}}", "{{ inputs.n }}"),
        ("expect: {min_width: '{{ inputs.n }}'}", "{{ inputs.n }}"),
        ("expect: {distinct: '{{ inputs.b }}'}", "{{ inputs.b }}"),
        ("expect: {images: '{{ inputs.n }}'}, when: '{{ inputs.n is not none }}'", None),
        ("expect: {images: '{{ inputs.n | default(2) }}'}", None),
        ("expect: {attempts: '{{ inputs.n }}', otherwise: retry, images: 1}", "{{ inputs.n }}"),
        ("expect: {aspect_ratio: '{{ inputs.r }}'}", "inputs.r"),
    ],
)
def test_takes_and_what_is_expected_may_not_be_none(say, step: str, said: str | None) -> None:
    text = f"""
        inputs:
          n: {{type: integer, optional: true}}
          m: {{type: integer, default: 2}}
          b: {{type: boolean, optional: true}}
          r: {{type: text, optional: true}}
        steps:
          used: {{generate: {{prompt: "{{{{ inputs.n or inputs.m or inputs.b or inputs.r or '' }}}}"}}}}
          a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 3}}, {step}}}
    """
    assert [one.replace("'", "") for one in say(text)] == ([] if said is None else [f"may-be-none? «{said}»"])


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("generate: {prompt: x}, expect: {distinct: true}", ["no-effect? «true»"]),
        ("generate: {prompt: x, max_images: 1, sequential_image_generation: auto}, expect: {distinct: true}", ["no-effect? «true»"]),
        ("takes: 3, generate: {prompt: x}, expect: {distinct: true, min_width: 9}", ["no-effect? «true»"]),
        ("generate: {prompt: x, max_images: 2, sequential_image_generation: auto}, expect: {distinct: true}", []),
        ("generate: {prompt: x}, expect: {distinct: false}", []),
        ("generate: {prompt: x}, expect: {min_width: 9}", []),
    ],
)  # fmt: skip # a row a line
def test_one_image_is_like_no_other(say: Say, step: str, said: list[str]) -> None:
    assert say(f"steps: {{a: {{{step}}}}}") == said


def test_that_takes_are_not_compared_is_said(check) -> None:
    (found,) = check("steps: {a: {takes: 3, generate: {prompt: x}, expect: {distinct: true}}}")
    assert "each of several `takes` is looked at by itself" in found.message
    assert found.help == "take `distinct` out, or ask for several images in one request"
