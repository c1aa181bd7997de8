"""Outputs name images, and each image gets a file of its own."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

STEPS = """
        inputs: {scenes: {type: list, of: text}, cover: {type: image}}
        steps:
          one: {generate: {prompt: O, image_input: ["{{ inputs.cover }}"]}}
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
          page:
            for_each: {scene: "{{ inputs.scenes }}", mood: [calm, wild]}
            generate: {prompt: "{{ each.scene }} {{ each.mood }}"}
          pages:
            for_each: {scene: "{{ inputs.scenes }}"}
            generate: {prompt: "{{ each.scene }}", sequential_image_generation: auto, max_images: 2}
        outputs:
"""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ('"{{ steps.one.images }}"', []),
        ('"{{ steps.one.images[0] }}"', []),
        ('"{{ inputs.cover }}"', []),
        ('"{{ steps.page.tasks }}"', ["output-without-images"]),
        ('"{{ inputs.scenes }}"', ["output-without-images"]),
        ('"{{ steps.one.images[0].width }}"', ["output-without-images"]),
    ],
)
def test_outputs_name_images(check, output: str, said: list[str]) -> None:
    assert [found.code for found in check(f"{STEPS}          x: {output}\n")] == said


def test_a_file_that_could_never_be_written_is_refused_without_inputs(say) -> None:
    assert say(f"""{STEPS}          x: {{images: "{{{{ steps.one.images }}}}", file: ../cover}}\n""") == [
        "bad-file-name «../cover»"
    ]


@pytest.mark.parametrize(
    ("images", "file", "said"),
    [
        ("steps.one.images", "cover", []),
        ("steps.one.images[0]", "cover", []),
        ("steps.set.images", "cover", ["same-file"]),
        ("steps.set.images", "{{ image.number }}", []),
        ("steps.set.images[:1]", "cover", []),
        ("steps.set.images[0]", "cover", []),
        ("steps.page.images", "{{ image.number }}", ["same-file"]),
        ("steps.page.images", "{{ image.width }}x{{ image.height }}", []),
        ("steps.page.images", "{{ each.scene }}", ["same-file"]),
        ("steps.page.images", "{{ each.scene }}/{{ each.mood }}", []),
        ("steps.page.images", "{{ image.name }}", []),
        ("steps.page.images", "{{ image.key }}", []),
        ("steps.page.where(mood='calm').images", "{{ each.scene }}", []),
        ("steps.page.at(scene='x', mood='calm').images", "page", []),
        ("steps.pages.images", "{{ each.scene }}", ["same-file"]),
        ("steps.pages.images", "{{ each.scene }}-{{ image.number }}", []),
        ("steps.pages.images[:3]", "{{ each.scene }}", ["same-file"]),
        ("steps.set.images | first", "cover", []),
        ("steps.one.images + steps.set.images", "{{ image.name }}", []),
    ],
)
def test_every_image_gets_a_file_of_its_own(check, images: str, file: str, said: list[str]) -> None:
    output = f'{{images: "{{{{ {images} }}}}", file: "{file}"}}'
    assert [found.code for found in check(f"{STEPS}          x: {output}\n")] == said


def test_what_is_missing_from_a_file_is_named(check) -> None:
    (found,) = check(
        f'{STEPS}          x: {{images: "{{{{ steps.page.images }}}}", file: "{{{{ each.scene }}}}"}}\n'
    )
    assert found.help == "add `{{ each.mood }}` to it, or use `{{ image.name }}`"


def test_two_outputs_with_one_name_may_have_pictures_that_tell_them_apart(say) -> None:
    """Whether they do is known when they are there: the plan warns."""
    assert (
        say(f"""{STEPS}
          a: {{images: "{{{{ steps.one.images }}}}", file: "all/{{{{ image.width }}}}"}}
          b: {{images: "{{{{ steps.set.images }}}}", file: "all/{{{{ image.width }}}}"}}
""")
        == []
    )


def test_two_outputs_do_not_share_a_file(say) -> None:
    assert say(
        STEPS
        + """
          a: {images: "{{ steps.one.images }}", file: all/cover}
          b: {images: "{{ steps.set.images[0] }}", file: all/cover}
          c: {images: "{{ steps.one.images }}", file: "{{ image.name }}"}
          d: {images: "{{ steps.set.images }}", file: "{{ image.name }}"}
"""
    ) == ["same-file «all/cover»"]


@pytest.mark.parametrize(
    ("output", "file", "said"),
    [
        ("stages", "{{ each.edit }}", []),
        ("images", "{{ each.edit }}", []),
        ("stages", "{{ each.look }}", ["unknown-variable «look»"]),
        ("stages", "{{ each.edits }}", ["unknown-variable «edits»"]),
    ],
)
def test_a_file_may_name_the_edits_inside_of_a_used_recipe(
    say, output: str, file: str, said: list[str]
) -> None:
    assert (
        say(f"""
        steps:
          room: {{recipe: retouch, with: {{picture: https://pictures.example/room.jpg}}}}
        outputs:
          x: {{images: "{{{{ steps.room.outputs.{output} }}}}", file: "{file}"}}
    """)
        == said
    )


ITEMS = """
        steps:
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
          word: {for_each: {w: [x, y]}, generate: {prompt: "{{ each.w }}"}}
          s: {for_each: {v: LOOP}, generate: {prompt: "{{ each.v.PROMPT }}"}}
        outputs: {x: {images: "{{ steps.s.images }}", file: "FILE"}}
"""


@pytest.mark.parametrize(
    ("loop", "prompt", "written", "not_text"),
    [
        ('"{{ steps.set.images }}"', "name", "each.v.name", "write `{{ each.v.name }}`"),
        ('"{{ steps.word.tasks }}"', "key", "each.v.key", "write `{{ each.v.key }}`"),
        ("{in: [{a: 1, b: 2}, {a: 2, b: 2}], key: a}", "a", "each.v.a", "name one of its fields: a, b"),
        (
            '{in: "{{ zip(i=steps.set.images, j=steps.set.images) }}", key: i}',
            "i.name",
            "each.v.i.name",
            "name one of its fields: i, j",
        ),
    ],
)
def test_what_tells_files_apart_is_something_that_has_a_text(
    check, loop: str, prompt: str, written: str, not_text: str
) -> None:
    text = ITEMS.replace("LOOP", loop).replace("PROMPT", prompt)
    (found,) = check(text.replace("FILE", "page"))
    assert found.code == "same-file"
    assert found.help == f"add `{{{{ {written} }}}}` to it, or use `{{{{ image.name }}}}`"
    assert check(text.replace("FILE", f"{{{{ {written} }}}}")) == []
    (found,) = check(text.replace("FILE", "p{{ each.v }}"))
    assert (found.code, found.help) == ("not-text", not_text)


def test_records_of_edits_have_no_key_that_could_tell_files_apart(check) -> None:
    (found,) = check("""
        steps:
          one: {generate: {prompt: O}}
          s:
            iterate: {over: [{a: 1}, {a: 2}], as: e, start: "{{ steps.one.images[0] }}"}
            generate: {prompt: "{{ each.e.a }}", image_input: ["{{ prev }}"]}
        outputs: {x: {images: "{{ steps.s.passes }}", file: page}}
    """)
    assert (found.code, found.help) == ("same-file", "use `{{ image.name }}`")


@pytest.mark.parametrize(
    ("images", "file", "said"),
    [
        ("steps.a.images + steps.b.images", "each.x", ["unknown-variable «x»"]),
        ("steps.b.images + steps.a.images", "each.x", ["unknown-variable «x»"]),
        ("steps.a.images + steps.b.images[0:1]", "each.x", ["unknown-variable «x»"]),
        ("steps.a.images + steps.b.images", "each.x | default('b')", []),
        ("steps.a.images + steps.b.images", "'b' if image.key == 'b' else each.x", []),
        ("steps.a.images + steps.d.images", "each.x", []),
        ("steps.a.images + steps.w.images", "each.x", ["template-undefined? «x»"]),
        ("steps.a.images + succeeded(steps.b.images)", "each.x", ["template-undefined? «x»"]),
        ("first_of(steps.wa.images, steps.b.images)", "each.x", ["template-undefined? «x»"]),
        ("first_of(steps.wa.images, steps.d.images)", "each.x", []),
        ("first_of(steps.w.images, steps.a.images)", "each.x", ["template-undefined? «x»"]),
        ("first_of(steps.wa.images, steps.a.images, steps.b.images)", "each.x", []),
        ("steps.a.images if inputs.on else steps.b.images", "each.x", ["template-undefined? «x»"]),
    ],
)
def test_a_file_is_named_by_what_the_images_of_all_steps_have(
    say, images: str, file: str, said: list[str]
) -> None:
    text = f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{for_each: {{x: [p, q]}}, generate: {{prompt: "A {{{{ each.x }}}}"}}}}
          b: {{generate: {{prompt: B}}}}
          d: {{for_each: {{x: [r, s]}}, generate: {{prompt: "D {{{{ each.x }}}}"}}}}
          w: {{when: "{{{{ inputs.on }}}}", generate: {{prompt: W}}}}
          wa: {{when: "{{{{ inputs.on }}}}", for_each: {{x: [p, q]}}, generate: {{prompt: "WA {{{{ each.x }}}}"}}}}
        outputs:
          o: {{images: "{{{{ {images} }}}}", file: "{{{{ {file} }}}}"}}
    """
    assert [one for one in say(text) if not one.startswith("never-skipped")] == said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("{{ each.shot }}", []),
        ("{{ each.name }}/{{ each.shot }}", []),
        ("{{ each.pose }}", ["same-file"]),
        ("{{ each.name }}", ["same-file"]),
    ],
)
def test_a_variable_made_of_an_earlier_one_may_tell_that_one_apart(check, file: str, said: list[str]) -> None:
    found = check(f"""
        steps:
          portrait:
            for_each:
              name: [Ada, Bo]
              pose: ["{{{{ each.name }}}} sitting", "{{{{ each.name }}}} standing"]
              shot: ["{{{{ each.pose }}}}, near", "{{{{ each.pose }}}}, far"]
            generate: {{prompt: "{{{{ each.shot }}}}, in ink"}}
        outputs: {{s: {{images: "{{{{ steps.portrait.images }}}}", file: "{file}"}}}}
    """)
    assert [one.code for one in found] == said


@pytest.mark.parametrize(
    ("second", "images", "advised"),
    [
        ('when: "{{ not inputs.on }}", ', "steps.b.images", True),
        ("", "steps.b.images", False),
        ('when: "{{ not inputs.on }}", ', "steps.b.images + steps.c.images", False),
    ],
)
def test_outputs_of_which_a_condition_leaves_one_may_be_one_output(
    check: Check, second: str, images: str, advised: bool
) -> None:
    found = check(f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{when: "{{{{ inputs.on }}}}", generate: {{prompt: A}}}}
          b: {{{second}generate: {{prompt: B}}}}
          c: {{generate: {{prompt: C}}}}
        outputs:
          a: {{images: "{{{{ steps.a.images }}}}", file: cover}}
          b: {{images: "{{{{ {images} }}}}", file: cover}}
          c: "{{{{ steps.c.images }}}}"
    """)
    (told,) = (one for one in found if one.code == "same-file" and "written alike" in one.message)
    assert ("`first_of(steps.a.images, steps.b.images)`" in str(told.help)) is advised
