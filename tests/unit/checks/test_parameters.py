"""Literal parameters are judged by the card, templates by what they give, each problem at its place."""

from __future__ import annotations

import pytest

INPUTS = """
        inputs:
          n: {type: integer}
          ratio: {type: number}
          text: {type: text}
          flag: {type: boolean}
          scenes: {type: list, of: text}
          photo: {type: image}
          size: {type: choice, options: [1K, 2K]}
          wrong: {type: choice, options: [huge, tiny]}
          may: {type: text, optional: true}
        steps:
          used:
            generate:
              prompt: "{{ inputs.n }}{{ inputs.ratio }}{{ inputs.text }}{{ inputs.flag }}{{ inputs.scenes | join }}"
              image_input: ["{{ inputs.photo }}"]
          used_too: {generate: {prompt: "{{ inputs.size }}{{ inputs.wrong }}{% if inputs.may %}{{ inputs.may }}{% endif %}"}}
"""


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("prompt: A, size: 2K, aspect_ratio: 16:9", []),
        ("prompt: A, size: 8K", ["wrong-value «8K»"]),
        ("prompt: A, sise: 2K", ["unknown-parameter «sise»"]),
        ('prompt: A, sise: "{{ inputs.text }}"', ["unknown-parameter «sise»"]),
        ("size: 2K", ["missing-parameter «generate»"]),
        ("prompt: 7", []),
        ("prompt: [a]", ["wrong-type «a»"]),
        ("prompt: A, max_images: '3', sequential_image_generation: auto", ["wrong-type «'3'»"]),
        ("prompt: A, max_images: 99, sequential_image_generation: auto", ["out-of-range «99»"]),
        ("prompt: A, max_images: 3", ["no-effect? «3»"]),
        ("prompt: A, sequential_image_generation: auto", ["parameter-expected? «auto»"]),
        ("prompt: A, aspect_ratio: match_input_image", ["too-few-values «match_input_image»"]),
        ('prompt: A, aspect_ratio: match_input_image, image_input: ["{{ inputs.photo }}"]', []),
        (
            'prompt: A, aspect_ratio: match_input_image, image_input: ["{{ inputs.photo }}", "{{ inputs.photo }}"]',
            ["too-many-values? «image_input»"],
        ),
    ],
)
def test_literals_are_judged_at_their_place(say, parameters: str, said: list[str]) -> None:
    assert say(f"{INPUTS}          a: {{generate: {{{parameters}}}}}\n") == said


@pytest.mark.parametrize(
    ("name", "template", "said"),
    [
        ("max_images", "{{ inputs.n }}", []),
        ("max_images", "{{ inputs.ratio }}", []),
        ("max_images", "{{ inputs.text }}", ["text-for-number"]),
        ("max_images", "{{ inputs.n }} ", []),
        ("max_images", "x{{ inputs.n }}", ["text-for-number"]),
        ("max_images", "{{ inputs.flag }}", ["wrong-shape"]),
        ("max_images", "{{ inputs.scenes }}", ["wrong-shape"]),
        ("disable_safety_checker", "{{ inputs.flag }}", []),
        ("disable_safety_checker", "{{ inputs.text }}", ["wrong-shape"]),
        ("size", "{{ inputs.text }}", []),
        ("size", "{{ inputs.n }}K", []),
        ("size", "{{ inputs.scenes }}", ["not-text"]),
        ("size", "{{ inputs.photo }}", ["not-text"]),
        ("size", "{{ inputs.size }}", ["option-not-allowed?"]),
        ("size", "{{ inputs.wrong }}", ["option-not-allowed"]),
        ("size", "{{ inputs.scenes | first }}", []),
        ("size", "{{ inputs.n }}x{{ inputs.n }}", ["option-not-allowed"]),
        ("size", "{{ inputs.n ~ 'x' ~ inputs.n }}", ["option-not-allowed"]),
        ("size", "{{ inputs.text }}x{{ inputs.text }}", ["option-not-allowed"]),
        ("size", "{{ inputs.text }}K", []),
        ("size", "{% if inputs.flag %}2K{% else %}4K{% endif %}", []),
        ("size", "{% if inputs.flag %} 2K {% else %} 9K {% endif %}", ["option-not-allowed?"]),
        ("size", "{% if inputs.flag %}8K{% else %}9K{% endif %}", ["option-not-allowed"]),
        ("size", "{{ '2K' if inputs.flag else none }}", []),
        ("size", "{{ '9' if inputs.flag else '2' }}K", ["option-not-allowed?"]),
        ("size", "{% for s in inputs.scenes %}{{ s }}{% endfor %}", []),
        ("aspect_ratio", "{{ inputs.n }}:{{ inputs.n }}", []),
        ("aspect_ratio", "{{ inputs.n }}/{{ inputs.n }}", ["option-not-allowed"]),
    ],
)
def test_templates_must_be_able_to_fit(check, name: str, template: str, said: list[str]) -> None:
    problems = check(
        f"{INPUTS}          a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 2, {name}: X}}}}\n".replace(
            "max_images: 2, max_images", "max_images"
        ).replace(": X}", f': "{template}"}}')
    )
    assert [found.code + ("" if found.severity == "error" else "?") for found in problems] == said


def test_more_references_than_the_model_takes(say) -> None:
    photos = ", ".join(['"{{ inputs.photo }}"'] * 15)
    assert say(f"{INPUTS}          a: {{generate: {{prompt: A, image_input: [{photos}]}}}}\n") == [
        "too-many-values «image_input»"
    ]


def test_a_number_of_references_that_inputs_decide_is_judged_only_as_far_as_it_is_certain(say) -> None:
    recipe = """
        inputs: {{photos: {{type: list, of: image, min_items: {low}}}}}
        steps: {{a: {{generate: {{prompt: A, image_input: ["{{{{ inputs.photos }}}}"]}}}}}}
    """
    assert say(recipe.format(low=0)) == []
    assert say(recipe.format(low=10)) == []
    assert say(recipe.format(low=11)) == ["too-many-values? «image_input»"]
    assert say(recipe.format(low=15)) == ["too-many-values «image_input»"]
    assert say(recipe.format(low=9_000_000_000)) == ["too-many-values «image_input»"]


def test_a_default_is_judged_once_where_it_stands(say) -> None:
    assert say("""
        defaults: {size: 9K}
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: B}}
          c: {generate: {prompt: C, size: 4K}}
    """) == ["wrong-value «9K»"]


def test_unknown_models(check) -> None:
    (found,) = check("""
        steps: {a: {generate: {model: bytedance/seedream-4.6, prompt: A, whatever: 1}}}
    """)
    assert found.code == "unknown-model"
    assert found.help == "did you mean `bytedance/seedream-4.5`?"


def test_models_that_an_input_chooses(say) -> None:
    assert say("""
        inputs: {model: {type: choice, options: [bytedance/seedream-4.5, seedream]}, n: {type: integer}}
        steps:
          a: {generate: {model: "{{ inputs.model }}", prompt: A, whatever: 1}}
          b: {generate: {model: "{{ inputs.n }}", prompt: B}}
    """) == ['unknown-model «"{{ inputs.model }}"»', 'wrong-shape «"{{ inputs.n }}"»']


LITE = "model: bytedance/seedream-5-lite"
SET = "sequential_image_generation: auto, max_images"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            "{generate: {prompt: S, SET: 5}, takes: 3}",
            ["there may be 15 references, and `bytedance/seedream-4.5` takes at most 14"],
        ),
        ("{generate: {prompt: S, SET: 4}, takes: 2}", []),
        (
            "{generate: {prompt: S, SET: 12}}",
            ["with as many as there may be, 12 references were given"],
        ),
    ],
)
def test_a_set_that_may_be_more_than_the_model_takes(check, steps: str, said: list[str]) -> None:
    found = check(
        f"steps:\n  s: {steps}\n".replace("SET", SET)
        + "  r: {generate: {prompt: R, image_input: '{{ steps.s.images }}'}}\n"
    )
    assert [(str(one.severity), one.code) for one in found] == [("warning", "too-many-values")] * len(said)
    for one, text in zip(found, said, strict=True):
        assert text in one.message


def test_references_and_images_that_may_be_too_many_together(check) -> None:
    (found,) = check(
        f"steps:\n  d: {{generate: {{{LITE}, prompt: D, {SET}: 13}}}}\n"
        "  p: {for_each: {x: '{{ steps.d.images }}'}, generate: {prompt: P, image_input: ['{{ each.x }}']}}\n"
        f"  q: {{generate: {{{LITE}, prompt: Q, {SET}: 3, image_input: '{{{{ steps.p.images }}}}'}}}}\n"
    )
    assert (str(found.severity), found.code) == ("warning", "too-many-together")
    assert "13 references and 3 images are 16 together, and the model takes at most 15" in found.message


def test_a_number_that_only_the_run_knows_lies_within_what_the_model_takes(check) -> None:
    recipe = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}: 3}}}}\n"
        "  r: {generate: {prompt: R, SET: '{{ (steps.s.images | length) * MANY }}'}}\n"
    ).replace("SET", SET)
    assert [(str(one.severity), one.code) for one in check(recipe.replace("MANY", "16"))] == [
        ("error", "out-of-range")
    ]
    assert [(str(one.severity), one.code) for one in check(recipe.replace("MANY", "6"))] == [
        ("warning", "out-of-range")
    ]
    assert check(recipe.replace("MANY", "5")) == []


def test_of_what_may_come_what_fails_is_said_before_what_is_only_unwise(check) -> None:
    first, _ = check(
        f"steps:\n  s: {{takes: 3, generate: {{prompt: S, {SET}: 6}}}}\n"
        "  v: {generate: {prompt: V, image_input: '{{ steps.s.images }}', aspect_ratio: match_input_image}}\n"
    )
    assert "there may be 18 references" in first.message


@pytest.mark.parametrize(
    ("number", "when", "said"),
    [
        (
            "4 - (steps.a.images | length)",
            "true",
            ["at the least, `max_images` is 0, but must be at least 1"],
        ),
        (
            "(steps.a.images | length) // 2",
            "true",
            ["at the least, `max_images` is 0, but must be at least 1"],
        ),
        ("[1, 4 - (steps.a.images | length)] | max", "true", []),
        ("5 - (steps.a.images | length)", "true", []),
        ("4 - (steps.a.images | length)", "steps.a.images | length < 4", []),
        ("(steps.a.images | length) * 4", "steps.a.images | length < 4", []),
        (
            "(steps.a.images | length) * 4",
            "true",
            ["with as many as there may be, `max_images` is 16, but must be at most 15"],
        ),
        ("steps.p.images | length", "true", []),
        (
            "3 - (steps.p.images | length)",
            "true",
            ["at the least, `max_images` is 0, but must be at least 1"],
        ),
    ],
)
def test_a_number_is_held_against_both_ends_as_far_as_results_may_take_it(
    check, number: str, when: str, said: list[str]
) -> None:
    found = check(f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 4}}}}
          p: {{for_each: {{n: [1, 2, 3]}}, when: "{{{{ inputs.on }}}}", generate: {{prompt: "P {{{{ each.n }}}}"}}}}
          b:
            when: "{{{{ {when} }}}}"
            generate: {{prompt: B, sequential_image_generation: auto, max_images: "{{{{ {number} }}}}"}}
    """)
    assert [one.message for one in found if one.code == "out-of-range"] == said
    if said and said[0].startswith("at the least"):
        assert found[0].help == "write `[1, …] | max` around it; with less this task fails"


@pytest.mark.parametrize(("number", "said"), [("20", ["error"]), ("20 if inputs.on else none", [])])
def test_a_number_that_may_be_none_instead_is_not_wrong_for_certain(
    check, number: str, said: list[str]
) -> None:
    found = check(f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          b: {{generate: {{prompt: "{{{{ inputs.on }}}}", sequential_image_generation: auto, max_images: "{{{{ {number} }}}}"}}}}
    """)
    assert [str(one.severity) for one in found if one.code == "out-of-range"] == said


LEFT = "(4 - (steps.a.images | length))"
INNER = """seedflow: 1
inputs: {n: {type: integer}}
values: {less: "{{ inputs.n - 0 }}"}
steps: {i: {WHEN generate: {prompt: "I {{ values.less }}", sequential_image_generation: auto, max_images: "{{ NUMBER }}"}}}
outputs: {images: "{{ steps.i.images }}"}
"""


@pytest.mark.parametrize(
    ("when", "number", "doubted"),
    [
        (f"{LEFT} > 0", LEFT, False),
        (f"{LEFT} * 2 >= 2", LEFT, False),
        (LEFT, LEFT, False),
        ("steps.a.images | length != 4", LEFT, False),
        ("not (steps.a.images | length == 4)", LEFT, False),
        ("true", f"{LEFT} if {LEFT} > 0 else 1", False),
        ("true", f"{LEFT} if {LEFT} else 1", False),
        ("true", f"{LEFT} or 9", False),
        ("true", f"{LEFT} | default(9, true)", False),
        ("true", f"{LEFT} | default(9, boolean=true)", False),
        ("true", LEFT, True),
        ("true", f"{LEFT} | default(9)", True),
        ("true", f"{LEFT} | default(9, false)", True),
        ("steps.a.images | length != 3", LEFT, True),
        ("steps.a.images | length > 1", LEFT, True),
        ("steps.z.images | length != 4", LEFT, True),
        ("inputs.on", LEFT, True),
        ("true", f"{LEFT} if inputs.on else 1", True),
    ],
)
def test_a_number_is_not_doubted_where_a_test_looks_at_what_it_is_made_of(
    check, when: str, number: str, doubted: bool
) -> None:
    found = check(f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 4}}}}
          z: {{generate: {{prompt: Z, sequential_image_generation: auto, max_images: 4}}}}
          b:
            when: "{{{{ {when} }}}}"
            generate: {{prompt: B, sequential_image_generation: auto, max_images: "{{{{ {number} }}}}"}}
    """)
    assert [one.message[:12] for one in found if one.code == "out-of-range"] == ["at the least"] * doubted


@pytest.mark.parametrize(
    ("outside", "inside", "number", "doubted"),
    [
        ("true", "true", "inputs.n", True),
        (f"{LEFT} > 0", "true", "inputs.n", False),
        ("true", "inputs.n > 0", "inputs.n", False),
        ("true", "values.less > 0", "values.less", False),
        ("true", "values.less > 0", "inputs.n", False),
        ("true", "inputs.n > 0", "values.less", False),
        ("true", "inputs.n is not none", "inputs.n", True),
    ],
)
def test_a_test_around_a_used_recipe_or_in_it_looks_at_what_is_given(
    check, tmp_path, outside: str, inside: str, number: str, doubted: bool
) -> None:
    (tmp_path / "inner.yaml").write_text(
        INNER.replace("WHEN", f'when: "{{{{ {inside} }}}}",').replace("NUMBER", number)
    )
    found = check(f"""
        steps:
          a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: 4}}}}
          u:
            when: "{{{{ {outside} }}}}"
            recipe: ./inner.yaml
            with: {{n: "{{{{ {LEFT} }}}}"}}
    """)
    assert [one.message[:12] for one in found if one.code == "out-of-range"] == ["at the least"] * doubted


WIDTH, HEIGHT = "{{ steps.s.images[0].width }}", "{{ steps.s.images[0].height }}"
REFERENCE = "image_input: '{{ steps.s.images }}', "
OF_REFERENCE = "write `match_input_image` for the ratio of the first reference"


@pytest.mark.parametrize(
    ("references", "ratio", "word", "advice"),
    [
        (REFERENCE, f"{WIDTH}:{HEIGHT}", "becomes `…:…`", OF_REFERENCE),
        (
            "",
            f"{WIDTH}:{HEIGHT}",
            "becomes `…:…`",
            f"make the picture a reference, `image_input:`, and {OF_REFERENCE}",
        ),
        (
            REFERENCE,
            "{{ (steps.s.images | first).width ~ ':' ~ steps.s.images[0].height }}",
            "becomes `…:…`",
            OF_REFERENCE,
        ),
        (
            REFERENCE,
            f"{{% if inputs.on %}}1:1{{% else %}}{WIDTH}:{HEIGHT}{{% endif %}}",
            "may become `…:…`",
            OF_REFERENCE,
        ),
        (REFERENCE, "{{ steps.s.images[0].width // 1024 }}:{{ steps.s.images[0].height // 1024 }}", None, ""),
        (REFERENCE, "{{ inputs.across }}:9", None, ""),
    ],
)
def test_the_pixels_of_a_picture_are_hardly_a_ratio_that_a_model_takes(
    check, references: str, ratio: str, word: str | None, advice: str
) -> None:
    found = check(f"""
        inputs: {{on: {{type: boolean, default: true}}, across: {{type: integer, default: 16}}}}
        steps:
          s: {{generate: {{prompt: "S {{{{ inputs.on }}}} {{{{ inputs.across }}}}", size: 2K}}}}
          t: {{generate: {{prompt: T, {references}aspect_ratio: "{ratio}"}}}}
    """)
    assert [(str(one.severity), one.help) for one in found] == [("warning", advice)] * (word is not None)
    assert all(one.message.startswith(f"`aspect_ratio` {word} here") for one in found)
