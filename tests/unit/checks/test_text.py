"""Lists, records, images and nothing have no text; what may be none needs a test around it."""

from __future__ import annotations

import pytest


def recipe(prompt: str) -> str:
    return f"""
        inputs:
          hero: {{type: text}}
          n: {{type: integer}}
          scenes: {{type: list, of: text}}
          photo: {{type: image}}
          style: {{type: text, optional: true}}
        values: {{all: "{{{{ inputs.scenes }}}}", line: "On {{{{ inputs.hero }}}}"}}
        steps:
          used:
            generate:
              prompt: "{{{{ inputs.n }}}}{{{{ inputs.photo.name }}}}{{{{ values.all | join }}}}{{{{ values.line }}}}"
          styled: {{generate: {{prompt: "{{% if inputs.style %}}{{{{ inputs.style }}}}{{% endif %}}"}}}}
          a:
            for_each: {{pet: {{in: [{{name: fox}}, {{name: owl}}], key: name}}}}
            generate: {{prompt: "{prompt}"}}
    """


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("A {{ inputs.hero }} {{ inputs.n }} {{ values.line }} {{ each.pet.name }}", []),
        ("A {{ inputs.scenes }}", ["not-text «inputs.scenes»"]),
        ("{{ inputs.scenes }}", ["not-text «inputs.scenes»"]),
        ("A {{ values.all }}", ["not-text «values.all»"]),
        ("A {{ inputs.scenes | join(', ') }}", []),
        ("A {{ inputs.scenes[0] }}", []),
        ("A {% for scene in inputs.scenes %}{{ scene }}{% endfor %}", []),
        ("A {{ inputs.photo }}", ["not-text «inputs.photo»"]),
        ("A {{ each.pet }}", ["not-text «each.pet»"]),
        ("A {{ steps.used.images }}", ["not-text «steps.used.images»"]),
        ("A {{ steps.used.images[0] }}", ["not-text «steps.used.images[0]»"]),
        ("A {{ steps.used.images[0].name }}", []),
        ("A {{- inputs.photo -}} b", ["not-text «inputs.photo»"]),
        ("A {{ inputs.style }}", ["may-be-none? «inputs.style»"]),
        ("A {% if inputs.style %}{{ inputs.style }}{% endif %}", []),
        ("A {{ 'x' if inputs.photo else 'y' }}", []),
    ],
)
def test_what_stands_inside_text(say, prompt: str, said: list[str]) -> None:
    assert say(recipe(prompt)) == said


@pytest.mark.parametrize(
    ("prompt", "help_text"),
    [
        ("A {{ inputs.scenes }}", "write `{{ inputs.scenes | join(', ') }}`"),
        (
            "A {{ inputs.photo }}",
            "give the image a name among the step's references, and write {{ ref.NAME }} here",
        ),
        ("A {{ each.pet }}", "name one of its fields: name"),
    ],
)
def test_the_help_fits_what_was_printed(check, prompt: str, help_text: str) -> None:
    (found,) = check(recipe(prompt))
    assert found.help == help_text


def test_values_and_files_are_text_too(say) -> None:
    assert say("""
        inputs: {scenes: {type: list, of: text}}
        values: {line: "In {{ inputs.scenes }}"}
        steps:
          a: {for_each: {scene: "{{ inputs.scenes }}"}, generate: {prompt: "{{ values.line }} {{ each.scene }}"}}
        outputs: {a: {images: "{{ steps.a.images }}", file: "{{ image.name }}-{{ image.each }}"}}
    """) == ["not-text «inputs.scenes»", "not-text «image.each»"]


def test_what_may_be_none_is_no_problem_where_the_model_can_do_without(say) -> None:
    assert say("""
        inputs: {size: {type: choice, options: [2K, 4K], optional: true}, what: {type: text, optional: true}}
        steps:
          a: {generate: {prompt: A fox, size: "{{ inputs.size }}"}}
          b: {generate: {prompt: "{{ inputs.what }}"}}
    """) == ["may-be-none? «inputs.what»"]


@pytest.mark.parametrize(
    ("loop", "when", "said"),
    [
        ("inputs.rows", "each.row.tag is not none", []),
        ("inputs.rows | rejectattr('tag', 'none')", "true", []),
        ("inputs.rows", "each.row.id != 'a'", ["may-be-none? «each.row.tag»"]),
    ],
)
def test_what_a_condition_makes_certain_holds_for_names_of_files(
    say, loop: str, when: str, said: list[str]
) -> None:
    assert (
        say(f"""
            inputs: {{rows: {{type: table, key: id, columns: {{id: text, tag: {{type: text, optional: true}}}}}}}}
            steps:
              p:
                for_each: {{row: "{{{{ {loop} }}}}"}}
                when: "{{{{ {when} }}}}"
                generate: {{prompt: "{{{{ each.row.id }}}}"}}
            outputs: {{s: {{images: "{{{{ steps.p.images }}}}", file: "{{{{ each.row.tag }}}}/{{{{ each.row.id }}}}"}}}}
        """)
        == said
    )
