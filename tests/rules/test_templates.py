"""The rules of templates: what is dynamic, types, names, references, blocks, and what nobody gets out of them."""

from __future__ import annotations

import pytest

from seedflow.plan.model import PlannedReference
from tests.rules.desk import Desk

HERO = "{hero: {type: text, default: a fox}}"
MANY = """{
  hero: {type: text, default: a fox},
  count: {type: integer, default: 3},
  ratio: {type: number, default: 2.50},
  night: {type: boolean, default: true},
  words: {type: list, of: text, default: [red, green]},
  rows: {type: table, key: id, columns: {id: text}, default: [{id: a}]},
  style: {type: image, default: style.jpg},
  absent: {type: text, optional: true}
}""".replace("\n", " ")


@pytest.mark.parametrize(
    "written", ["inputs.hero", "$hero ${hero} $(hero)", "%s {0} {hero}", "{ inputs.hero }", "}} %} {#- x -#}"]
)
def test_everything_that_does_not_stand_in_braces_is_literal(desk: Desk, written: str) -> None:
    """One rule: everything dynamic stands in `{{ }}`; everything else is literal."""
    assert desk.prompt(f"'{written}'", HERO) == written


@pytest.mark.parametrize("around", ["{}", "  {}  ", "\\n{}\\n\\t"])
def test_a_lone_expression_keeps_its_type(desk: Desk, around: str) -> None:
    """A scalar that is exactly one `{{ expression }}`, white space around it ignored, keeps the expression's type."""
    lone = around.format("{{ inputs.count }}")
    found = desk.params(f'sequential_image_generation: auto, max_images: "{lone}"', MANY)["max_images"]
    assert found == 3
    assert isinstance(found, int)
    switch = around.format("{{ inputs.night }}")
    assert desk.params(f'disable_safety_checker: "{switch}"', MANY)["disable_safety_checker"] is True


@pytest.mark.parametrize("written", ["{{ inputs.count }}0", "{% if true %}{{ inputs.count }}{% endif %}", "{{ inputs.count }}{{ inputs.count }}"])  # fmt: skip # a row a line
def test_any_other_text_and_any_block_makes_it_text(desk: Desk, written: str) -> None:
    """And text never becomes a number."""
    said = desk.codes(
        f"inputs: {MANY}\n"
        f'steps: {{page: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: "{written}"}}}}}}'
    )
    assert said == ["text-for-number"]


@pytest.mark.parametrize(
    "written", ['"3"', "\"{{ '3' }}\"", '"{{ inputs.hero }}"', "\"{{ inputs.count ~ '' }}\""]
)
def test_text_never_becomes_a_number(desk: Desk, written: str) -> None:
    said = desk.codes(
        "inputs: {hero: {type: text, default: '3'}, count: {type: integer, default: 3}}\n"
        f"steps: {{page: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: {written}}}}}}}"
    )
    assert said in (["text-for-number"], ["wrong-type"])


@pytest.mark.parametrize(
    ("expression", "text"),
    [("inputs.count", "3"), ("inputs.ratio", "2.5"), ("inputs.night", "true"), ("not inputs.night", "false"), ("6 / 2", "3")],
)  # fmt: skip # a row a line
def test_a_scalar_converts_to_text_where_text_is_wanted(desk: Desk, expression: str, text: str) -> None:
    """Alone in a prompt, and among other text."""
    assert desk.prompt(f'"{{{{ {expression} }}}}"', MANY) == text
    assert desk.prompt(f'"of {{{{ {expression} }}}}."', MANY) == f"of {text}."


@pytest.mark.parametrize(
    ("expression", "advice"),
    [("inputs.words", "join"), ("inputs.rows", ""), ("inputs.rows[0]", ""), ("inputs.style", "ref"), ("inputs.absent", "")],
)  # fmt: skip # a row a line
def test_what_has_no_text_is_an_error_inside_text(desk: Desk, expression: str, advice: str) -> None:
    """A list, record, image or none inside text is an error that suggests `join` or `ref`."""
    for prompt in (f"{{{{ {expression} }}}}!", f"{{% if true %}}{{{{ {expression} }}}}{{% endif %}}"):
        found = desk.problems(f'inputs: {MANY}\nsteps: {{page: {{generate: {{prompt: "{prompt}"}}}}}}')[-1]
        assert found.severity == "error"
        assert found.code in ("template-not-text", "template-none-in-text", "not-text", "may-be-none")
        assert found.help
        assert advice in found.help


def test_prompts_are_stripped_at_their_ends_and_nothing_inside(desk: Desk) -> None:
    assert desk.prompt('"\\n  a   fox\\n\\n  asleep \\t\\n"') == "a   fox\n\n  asleep"
    assert desk.prompt("\"{{ '  a  ' }}{{ inputs.hero }}  \"", HERO) == "a  a fox"


@pytest.mark.parametrize(
    "given", ["{{ inputs.hero }}", "{% for", "{# x #}", "}}", "{{", "!!int 3", "16:9 # no", "a: b"]
)
def test_rendered_text_is_never_parsed_again(desk: Desk, given: str) -> None:
    """An input that contains `{{` reaches the prompt as it is, through values and macros, too."""
    text = """
        inputs: {hero: {type: text}}
        values: {phrase: "{{ inputs.hero }}"}
        steps: {page: {generate: {prompt: "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(values.phrase) }}"}}}
    """
    assert desk.asks(text, f"hero={given}") == {"page": given}


def test_the_names_in_scope(desk: Desk) -> None:
    """`inputs`, `values`, `steps`, `each` inside `for_each`, `ref` in a prompt with named references, and `recipe.name`."""
    assert desk.asks("""
        name: storybook
        inputs: {hero: {type: text, default: a fox}}
        values: {light: at dawn}
        steps:
          sheet: {generate: {prompt: A sheet}}
          page:
            for_each: {scene: [lake]}
            generate:
              prompt: >-
                {{ inputs.hero }} {{ values.light }} {{ each.scene }} {{ ref.sheet }} {{ recipe.name }}
              image_input: {sheet: "{{ steps.sheet.images[0] }}"}
    """) == {"sheet": "A sheet", "page[scene=lake]": "a fox at dawn lake image 1 storybook"}


@pytest.mark.parametrize(
    "prompt",
    ["{{ each.scene }}", "{{ ref.hero }}", "{{ hero }}", "{{ prev }}", "{{ image.number }}", "{{ recipe.folder }}", "{{ env.HOME }}", "{{ self }}", "{{ loop.index }}"],
)  # fmt: skip # a row a line
def test_no_other_name_is_in_scope(desk: Desk, prompt: str) -> None:
    [said] = desk.prompt_says(f'"{prompt}"', HERO)
    assert said.startswith(("template-not-known", "template-unknown-name", "template-undefined", "unknown-"))


@pytest.mark.parametrize(
    "expression", ["inputs.hero.upper()", "inputs.words.append('x')", "inputs.words.index('red')", "'a'.join(inputs.words)", "inputs.rows[0].keys()", "inputs.style.open()"]
)  # fmt: skip # a row a line
def test_dots_and_brackets_look_up_data_and_only_data(desk: Desk, expression: str) -> None:
    """No methods, except `.at()` and `.where()`, which are syntax."""
    assert desk.prompt_says(f'"{{{{ {expression} }}}}"', MANY) == ["template-no-methods"]
    assert desk.prompt("\"{{ inputs.rows[0].id }} {{ inputs['rows'][0]['id'] }}\"", MANY) == "a a"


def test_references_are_found_in_every_branch_taken_or_not(desk: Desk) -> None:
    """By walking the template's syntax tree: an edge may stand in a branch, a loop, a macro or an argument that never runs."""
    tasks = desk.tasks("""
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: B}}
          c: {generate: {prompt: C}}
          d: {generate: {prompt: D}}
          page:
            generate:
              prompt: >-
                {% if false %}{{ steps.a.images | length }}{% endif %}
                {% for x in [] %}{{ steps.b.images | length }}{% endfor %}
                {% macro m() %}{{ steps.c.images | length }}{% endmacro %}
                {{ "x" if true else steps.d.images | length }}
    """)
    assert set(tasks["page"].needs) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    "expression", ["steps[inputs.hero].images", "steps['a' ~ 'b'].images", "inputs[inputs.hero]", "steps"]
)
def test_step_names_are_literal(desk: Desk, expression: str) -> None:
    """`steps[expression]` is an error: nobody could tell from the text what depends on what."""
    [said] = desk.prompt_says(f'"{{{{ {expression} | length }}}}"', HERO)
    assert said in ("template-step-reference", "template-syntax", "template-unknown-name")
    assert desk.prompt_says("\"{{ steps['other'].images | length }}\"", HERO) == ["unknown-step"]


def test_blocks_are_welcome_in_a_prompt(desk: Desk) -> None:
    """`if`, `for`, `set`, macros, and `include` and `import` of files below the recipe's own folder."""
    desk.write("words/manner.md", "in ink{% if night %} by night{% endif %}")
    desk.write("parts/macros.md", "{% macro loud(x) %}{{ x | upper }}!{% endmacro %}")
    prompt = (
        "{% import 'parts/macros.md' as m %}{% from 'parts/macros.md' import loud %}{% set who = inputs.hero %}"
        "{% macro twice(x) %}{{ x }} {{ x }}{% endmacro %}{% if inputs.count > 2 %}{{ twice(who) }}{% else %}no{% endif %}"
        "{% for w in inputs.words %} {{ loop.index }}{{ w }}{% endfor %} {{ m.loud('a') }} {{ loud('b') }} "
        "{% with night = true %}{% include 'words/manner.md' %}{% endwith %}"
    )
    assert desk.prompt(f'"{prompt}"', MANY) == "a fox a fox 1red 2green A! B! in ink by night"


@pytest.mark.parametrize(
    "name", ["../secret.md", "/etc/hostname", "parts/../../secret.md", "https://pictures.example/a.md"]
)
def test_included_files_lie_below_the_recipes_own_folder(desk: Desk, name: str) -> None:
    (desk.folder.parent / "secret.md").write_text("secret")
    assert desk.prompt_says(f"\"{{% include '{name}' %}}\"") == ["template-file-name"]


def test_included_files_see_only_what_they_are_passed(desk: Desk) -> None:
    """Not `inputs`, not `steps`, nor any other name of the recipe; a name that they need must be set where they are included."""
    desk.write("root.md", "{{ inputs.hero }}")
    desk.write("name.md", "{{ who }}")
    assert desk.prompt_says("\"{% include 'root.md' %}\"", HERO) == ["template-unknown-name"]
    assert desk.prompt_says("\"{% include 'name.md' %}\"", HERO) == ["template-not-passed"]
    assert desk.prompt("\"{% set who = inputs.hero %}{% include 'name.md' %}\"", HERO) == "a fox"


def test_blocks_cannot_create_keys_or_steps(desk: Desk) -> None:
    """A block in the place of a key is no key, and one around a mapping makes it a text."""
    said = desk.codes('steps:\n  page:\n    generate: "{% if true %}{prompt: A}{% endif %}"\n')
    assert said == ["wrong-type"]
    assert desk.codes('steps: "{% for n in [1] %}page: {}{% endfor %}"')[0] == "wrong-type"


def test_there_are_no_template_comments(desk: Desk) -> None:
    """`{#` is text, `#}` too, and what stands between them is a template like any other."""
    assert desk.prompt('"a {# {{ inputs.hero }} #} b"', HERO) == "a {# a fox #} b"


@pytest.mark.parametrize("expression", ["inputs.rows[0].nothing", "inputs.words[5]", "inputs.rows[0]['x'].y", "nothing", "inputs.hreo"])  # fmt: skip # a row a line
def test_undefined_is_an_error(desk: Desk, expression: str) -> None:
    """Strict: never an empty text."""
    [said] = desk.prompt_says(f'"a {{{{ {expression} }}}}"', MANY)
    assert not said.endswith("?")


@pytest.mark.parametrize(
    "expression",
    [
        "inputs.hero.__class__", "inputs.hero['__class__']", "inputs.words.__class__.__mro__", "inputs.__init__",
        "inputs.style.__dict__", "inputs.hero | attr('__class__')", "(1).__class__", "recipe.__globals__",
    ],
)  # fmt: skip # a row a line
def test_templates_are_sandboxed(desk: Desk, expression: str) -> None:
    """Only plain data and frozen views enter: no way leads to Python."""
    assert desk.prompt_says(f'"{{{{ {expression} }}}}"', MANY) != []


@pytest.mark.parametrize(
    "block",
    ["{% set inputs.hero = 'x' %}", "{% do inputs.words.append('x') %}", "{% set ns = namespace(a=1) %}"],
)
def test_templates_change_nothing(desk: Desk, block: str) -> None:
    """Immutable: no statement changes what entered."""
    assert desk.prompt_says(f'"{block}"', MANY) != []


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("inputs.hero | random", "template-unknown-filter"), ("inputs.words | shuffle", "template-unknown-filter"),
        ("inputs.hero is callable", "template-unknown-test"), ("now()", "template-unknown-function"),
        ("cycler(1, 2)", "template-unknown-function"), ("open('x')", "template-unknown-function"),
        ("env('HOME')", "template-unknown-function"), ("random()", "template-unknown-function"),
        ("lipsum()", "template-unknown-function"), ("dict(a=1)", "template-unknown-function"),
    ],
)  # fmt: skip # a row a line
def test_syntax_filters_tests_and_functions_are_a_short_list(desk: Desk, expression: str, code: str) -> None:
    """Everything else is a check error. So there is no clock, no randomness, no environment, and there are no files."""
    assert desk.prompt_says(f'"{{{{ {expression} }}}}"', MANY) == [code]


@pytest.mark.parametrize(
    "tag",
    [
        "extends 'a.md'",
        "block a",
        "filter upper",
        "autoescape true",
        "trans",
        "continue",
        "debug",
        "call m()",
    ],
)
def test_other_tags_are_errors(desk: Desk, tag: str) -> None:
    assert [said.startswith("template-") for said in desk.prompt_says(f'"{{% {tag} %}}"', HERO)][:1] == [True]


DEAR = {
    "loops in loops": "{% for a in range(9) %}" * 4 + "{% endfor %}" * 4,
    "a large list": "{{ range(10001) | list | length }}",
    "text times a number": "{{ ('a' * 100000) | length }}",
    "a list times a number": "{{ ([0] * 100000) | length }}",
    "a power": "{{ 10 ** 1000 }}",
    "a sum that doubles": "{% set x = 'ab' %}" + "{% set x = x + x %}" * 40 + "{{ x | length }}",
    "a formatted width": "{{ '%100000d' % 1 }}",
    "an argument of a filter": "{{ 'aaaaaaaaaa' | replace('a', 'a' * 60000) | length }}",
    "rendered text": "{% for a in range(3000) %}a sentence of some length {% endfor %}",
}


@pytest.mark.parametrize("name", DEAR)
def test_cost_is_bounded(desk: Desk, name: str) -> None:
    """Loop nesting, list sizes, results of `*` `**` `+` `%`, filter arguments, rendered text (64 KiB)."""
    [said] = desk.prompt_says(f'"{DEAR[name]}"')
    assert said in ("template-cost", "template-too-deep", "template-number", "template-type")


def test_rendered_text_may_have_64_kib_and_no_more(desk: Desk) -> None:
    given = "a" * 65_536
    recipe = 'inputs: {a: {type: text}}\nsteps: {page: {generate: {prompt: "{{ inputs.a }}%s"}}}'
    assert "template-cost" not in desk.codes(recipe % "", f"a={given}")
    assert "template-cost" in desk.codes(recipe % ".", f"a={given}")


def test_equal_inputs_render_equal_requests(desk: Desk) -> None:
    """Whenever and however often it is planned."""
    text = f"""
        inputs: {MANY}
        steps:
          page:
            for_each: {{word: "{{{{ inputs.words }}}}"}}
            generate:
              prompt: "{{{{ inputs.hero }}}} {{{{ each.word }}}} {{{{ inputs.words | join }}}} {{{{ ref.style }}}}"
              image_input: {{style: "{{{{ inputs.style }}}}"}}
    """
    first, second = desk.tasks(text), desk.tasks(text)
    assert {key: task.fingerprint for key, task in first.items()} == {
        key: task.fingerprint for key, task in second.items()
    }
    assert all(task.fingerprint for task in first.values())
    assert all(isinstance(one, PlannedReference) for one in first["page[word=red]"].references)


@pytest.mark.parametrize(
    "written",
    [
        "{% import 'hi.md' as m %}A{% if m.hi('Ann') %}: {{ m.hi('Ann') }}{% endif %}",
        "{% import 'hi.md' as m %}A{% if m.look %}: Hello Ann{% endif %}",
        "{% from 'hi.md' import hi %}A{% if hi('Ann') != 'x' %}: {{ hi('Ann') or 'x' }}{% endif %}",
        "{% from 'hi.md' import hi %}A{{ ': Hello Ann' if hi('Ann') | length > 3 else '' }}",
        "{% import 'hi.md' as m %}{% set w = m.hi('Ann') %}A{% if w %}: {{ w }}{% endif %}",
    ],
)
def test_what_an_imported_file_gives_may_be_tested(desk: Desk, written: str) -> None:
    """Imported macros and variables stand in tests as they stand in braces."""
    desk.write("hi.md", "{% set look = 'ink' %}{% macro hi(who) %}Hello {{ who }}{% endmacro %}")
    assert desk.prompt(f'"{written}"') == "A: Hello Ann"


@pytest.mark.parametrize(
    "written",
    [
        "{{ {'a fox': 'red', 'an owl': 'grey'}[inputs.hero] }}",
        "{{ {'a fox': 'red'}[inputs.absent or 'a fox'] }}",
        "{{ {'A FOX': 'red'}[inputs.hero | upper] }}",
        "{% set looks = {'a fox': 'red'} %}{% if inputs.hero in looks %}{{ looks[inputs.hero] }}{% endif %}",
        "{{ {'an owl': 'grey'}[inputs.hero] | default('red') }}",
    ],
)
def test_a_record_is_looked_up_by_what_a_text_says(desk: Desk, written: str) -> None:
    """Which text that is only its value tells: a written record is no mistake before."""
    assert desk.prompt(f'"{written}"', MANY) == "red"


@pytest.mark.parametrize("printed", ["inputs.title or inputs.name", "(inputs.title or inputs.name)"])
def test_the_test_for_the_last_of_several_is_one_for_all_of_them(desk: Desk, printed: str) -> None:
    """The help of `may-be-none` leaves out what would be printed of nothing, and no more than that."""
    found = desk.problems(
        "inputs: {title: {type: text, optional: true}, name: {type: text, optional: true}}\n"
        f'steps: {{sign: {{generate: {{prompt: "It says {{{{ {printed} }}}}"}}}}}}'
    )
    helps = [one.help for one in found if one.code == "may-be-none"]
    assert helps == [f"write `{{% if {printed} %}}…{{% endif %}}` around it, or give it a default"]
