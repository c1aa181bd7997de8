"""Names that mean nothing are shown at the name, once, with what may have been meant."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check


def test_an_unknown_input_is_shown_at_its_name(check) -> None:
    (found,) = check("""
        inputs: {hero: {type: text}}
        steps: {a: {generate: {prompt: "{{ inputs.hero }} and {{ inputs.herro }}"}}}
    """)
    assert found.code == "unknown-input"
    assert str(found.span) == "recipe.yaml:4:65"
    assert found.message == "there is no input `herro`"
    assert found.help == "did you mean `hero`?"


def test_what_there_is_instead_is_told(check) -> None:
    (found,) = check("""
        inputs: {hero: {type: text}, place: {type: text}}
        steps: {a: {generate: {prompt: "{{ inputs.hero }} {{ inputs.place }} {{ inputs.qqqqqq }}"}}}
    """)
    assert found.help == "there are hero, place"


def test_a_recipe_without_inputs_says_what_to_do(check) -> None:
    (found,) = check("""
        steps: {a: {generate: {prompt: "{{ inputs.hero }}"}}}
    """)
    assert found.help == "declare it under `inputs:`"


TABLE = """
        inputs:
          shop: {type: table, key: sku, columns: {sku: text, title: text, price: {type: number, header: Price}}}
          free: {type: table}
"""


def test_a_slip_in_the_name_of_a_column_is_found(check) -> None:
    (found,) = check(f"""{TABLE}
        steps:
          a:
            for_each: {{row: "{{{{ inputs.shop }}}}"}}
            generate: {{prompt: "{{{{ each.row.titel }}}} {{{{ each.row.price }}}} {{{{ inputs.free | length }}}}"}}
    """)
    assert (found.code, found.help) == ("unknown-attribute", "did you mean `title`?")


def test_columns_that_only_a_file_knows_are_no_mistake(check) -> None:
    assert (
        check(f"""{TABLE}
        steps:
          a:
            for_each: {{row: "{{{{ inputs.shop }}}}", other: {{in: "{{{{ inputs.free }}}}", key: name}}}}
            generate: {{prompt: "{{{{ each.row.material }}}} {{{{ each.other.name }}}} {{{{ inputs.free[0].anything }}}}"}}
    """)
        == []
    )


def test_what_a_column_is_decides_what_may_be_asked_of_it(say) -> None:
    assert say(f"""{TABLE}
        steps:
          a:
            for_each: {{row: "{{{{ inputs.shop }}}}"}}
            generate: {{prompt: "{{{{ each.row.price.euros }}}} {{{{ inputs.free | length }}}}", max_images: "{{{{ each.row.title }}}}"}}
    """) == ["unknown-attribute «each.row.price.euros»", 'text-for-number «"{{ each.row.title }}"»']


def test_unknown_values(say) -> None:
    assert say("""
        values: {tone: warm, twice: "{{ values.tome }}"}
        steps: {a: {generate: {prompt: "{{ values.twice }} {{ values.tone }} {{ values.x }}"}}}
    """) == ["unknown-value «tome»", "unknown-value «x»"]


def test_unknown_loop_variables(say) -> None:
    assert say("""
        steps:
          a:
            for_each: {scene: [one, two]}
            generate: {prompt: "{{ each.scen }}"}
    """) == ["unknown-variable «scen»"]


def test_a_later_variable_has_no_value_in_an_earlier_list(check) -> None:
    (found,) = check("""
        inputs: {moods: {type: list, of: text}, books: {type: list, of: text}}
        steps:
          a:
            for_each: {book: "{{ inputs.books }}", mood: ["{{ each.pose }}"], pose: "{{ inputs.moods }}"}
            generate: {prompt: "{{ each.book }} {{ each.pose }} {{ each.mood }}"}
    """)
    assert found.code == "each-too-early"
    assert found.help == "write `pose` before `mood` under `for_each`"


def test_selector_arguments_are_names_too(say) -> None:
    assert say("""
        inputs: {pose: {type: text}}
        steps:
          a: {for_each: {pose: [front, back]}, generate: {prompt: "{{ each.pose }}"}}
          b: {generate: {prompt: B, image_input: ["{{ steps.a.at(pose=inputs.pos).images[0] }}"]}}
    """) == ["unknown-input «pos»"]


def test_unknown_references(check) -> None:
    (found,) = check("""
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: "As {{ ref.heroo }}", image_input: {hero: "{{ steps.a.images[0] }}"}}}
    """)
    assert found.code == "unknown-reference"
    assert found.help == "did you mean `hero`?"
    assert found.related[0].span.source.text[found.related[0].span.start :].startswith("image_input")


@pytest.mark.parametrize(
    ("mention", "message"),
    [
        ("steps.a.images[0].each.scene", "`each` has no `scene` here: step `a` has no `for_each`"),
        ("inputs.photo.hight", "`photo` is an image and has no `hight`"),
        ("inputs.hero.name", "`hero` is text and has no `name`"),
        ("inputs.scenes.images", "`scenes` is a list of texts and has no `images`"),
        ("each.pet.colour", "`pet` is a record and has no `colour`"),
        ("each.pet.name.first", "`name` is text and has no `first`"),
    ],
)
def test_attributes_that_certainly_are_not_there(check, mention: str, message: str) -> None:
    problems = check(f"""
        inputs:
          hero: {{type: text}}
          photo: {{type: image}}
          scenes: {{type: list, of: text}}
        steps:
          a: {{generate: {{prompt: "{{{{ inputs.hero }}}} {{{{ inputs.photo.width }}}} {{{{ inputs.scenes | join }}}}"}}}}
          b:
            for_each: {{pet: {{in: [{{name: fox, age: 3}}, {{name: owl}}], key: name}}}}
            generate: {{prompt: "{{{{ each.pet.age }}}} {{{{ {mention} }}}}"}}
    """)
    (found,) = problems
    assert (found.code, found.message) == ("unknown-attribute", message)


def test_attributes_that_are_there_say_nothing(check) -> None:
    assert (
        check("""
        inputs: {photo: {type: image}}
        steps:
          a: {for_each: {scene: [x, y]}, generate: {prompt: "{{ each.scene }} {{ inputs.photo.width }}"}}
          b: {generate: {prompt: "{{ steps.a.at(scene='x').images[0].each.scene }} {{ steps.a.at(scene='x').key }}"}}
    """)
        == []
    )


def test_each_in_a_file_is_that_of_the_images(say) -> None:
    assert say("""
        steps:
          a: {for_each: {scene: [x, y]}, generate: {prompt: "{{ each.scene }}"}}
        outputs:
          a: {images: "{{ steps.a.images }}", file: "{{ each.scene }}-{{ image.number }}-{{ each.pose }}"}
    """) == ["unknown-variable «pose»"]


def test_was_names_a_step_that_is_gone(say) -> None:
    assert say("""
        steps:
          a: {generate: {prompt: A}, was: old}
          b: {generate: {prompt: B}, was: old}
          c: {generate: {prompt: C}, was: a}
    """) == ["was-exists «b»", "was-exists «c»"]


def test_was_with_its_own_name_needs_no_other_step(check) -> None:
    (found,) = check("steps: {e: {generate: {prompt: E}, was: e}}")
    assert (found.code, found.related) == ("was-exists", ())
    assert found.message.startswith("step `e` carries on its own results anyway")
    assert found.help == "take the name out of `was:`"


@pytest.mark.parametrize("template", ["{{ inputs.h[0] }}", "{{ inputs.h.0 }}", "{{ inputs.n[0] }}"])
def test_text_and_numbers_have_no_items(check, template: str) -> None:
    (found,) = check(f"""
        inputs: {{h: {{type: text, default: red}}, n: {{type: integer, default: 1}}}}
        steps: {{a: {{generate: {{prompt: "{template} {{{{ inputs.h }}}} {{{{ inputs.n }}}}"}}}}}}
    """)
    assert found.code == "unknown-attribute"
    assert found.message.endswith(" and has no item 0")
    assert found.help == "take the number away"


@pytest.mark.parametrize(
    ("text", "message", "help_text"),
    [
        ("{{ {}.x }}", "this record has no `x`", "it has no field at all"),
        (
            "{{ 'abc'[7] }}",
            "this is text, which has no numbered items",
            "take the number away: only lists have numbered items",
        ),
        (
            "{{ none[0] }}",
            "this is none, which has no numbered items",
            "an absent list is none; test it first: `{% if … %}…{% endif %}`",
        ),
        (
            "{{ 'abc' | join }}",
            "expected a list, but this is text",
            "give it a list, such as `[…]`, or take the filter away",
        ),
    ],
)
def test_what_is_no_list_and_has_no_fields_comes_with_help(
    check, text: str, message: str, help_text: str
) -> None:
    (found,) = check(f'steps: {{a: {{generate: {{prompt: "{text}"}}}}}}')
    assert (found.message, found.help) == (message, help_text)


def test_a_misspelt_prompt_may_mention_references(check) -> None:
    (found,) = check("""
        inputs: {hero: {type: image}}
        steps: {a: {generate: {promt: "{{ ref.hero }}", image_input: {hero: "{{ inputs.hero }}"}}}}
    """)
    assert (found.code, found.help) == ("unknown-parameter", "did you mean `prompt`?")


def test_a_misspelt_references_field_is_read_as_the_one_that_its_help_names(check) -> None:
    (found,) = check("""
        inputs: {hero: {type: image}}
        steps: {a: {generate: {prompt: "{{ ref.hero }}", image_inputs: {hero: "{{ inputs.hero }}"}}}}
    """)
    assert (found.code, found.help) == ("unknown-parameter", "did you mean `image_input`?")


@pytest.mark.parametrize("option", ["takes: 2", "when: '{{ true }}'", "expect: {images: 1}"])
def test_options_of_the_step_among_the_parameters_are_sent_beside_generate(check_all, option: str) -> None:
    (found,) = check_all(f"seedflow: 1\nsteps: {{a: {{generate: {{prompt: A, {option}}}}}}}")
    name = option.partition(":")[0]
    assert (found.code, found.help) == (
        "unknown-parameter",
        f"`{name}:` stands beside `generate:`, as a key of the step",
    )


def test_a_broken_name_has_no_follow_up(say) -> None:
    assert say("""
        steps:
          a: {generate: {prompt: "{{ inputs.x.y.z }} {{ steps.gone.images[3].name }}", size: "{{ inputs.x }}"}}
    """) == ["unknown-step «gone»", "unknown-input «x»", "unknown-input «x»"]


LOOPLESS = """
    steps:
      sheet:
        generate: {prompt: Some views, sequential_image_generation: auto, max_images: 4}
      other:
        generate: {prompt: Some further views, sequential_image_generation: auto, max_images: 4}
"""


@pytest.mark.parametrize(
    ("loop", "template", "owner"),
    [
        ("view: '{{ steps.sheet.images }}'", "each.view.each.pose", "step `sheet` has"),
        ("view: '{{ steps.sheet.tasks }}'", "each.view.each.pose", "step `sheet` has"),
        (
            "task: '{{ steps.sheet.tasks }}', view: '{{ each.task.images }}'",
            "each.view.each.pose",
            "step `sheet` has",
        ),
        (
            "view: {in: '{{ steps.sheet.images or steps.other.images }}', at_most: 8}",
            "each.view.each.pose",
            "steps `sheet` and `other` have",
        ),
        ("view: [a, b]", "steps.sheet.images[0].each.pose", "step `sheet` has"),
        (
            "view: [a, b]",
            "(steps.sheet.images | first).each.pose",
            "the step that gave this has",
        ),
    ],
)
def test_names_of_a_step_without_loops_are_told_as_a_matter_of_that_step(
    check: Check, loop: str, template: str, owner: str
) -> None:
    text = f"""{LOOPLESS}
      page:
        for_each: {{{loop}}}
        generate: {{prompt: "A page with {{{{ {template} }}}}"}}
    """
    (found,) = [one for one in check(text) if one.code != "image-may-be-missing"]
    assert found.code == "unknown-attribute"
    assert found.message == f"`each` has no `pose` here: {owner} no `for_each`"
    assert found.help is not None
    assert "a variable `pose` under `for_each`" in found.help
