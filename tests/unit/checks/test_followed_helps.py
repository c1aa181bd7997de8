"""Helps that are followed to the letter: the recipe is whole then, and means what was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

from seedflow.checks.run_all import check_graph, sort_diagnostics
from seedflow.diagnostics import Diagnostic, Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from tests.docs.used_recipes import write_used_recipes

CheckAll = Callable[[str], list[Diagnostic]]


@pytest.fixture
def check_all(catalog: Catalog, tmp_path: Path) -> CheckAll:
    """What loading, graph and checks say of a recipe's text together."""
    write_used_recipes(tmp_path)
    Image.new("RGB", (640, 640)).save(tmp_path / "photo.png")
    (tmp_path / "m.md").write_text("{% macro pose(name) %}{{ name }} standing{% endmacro %}")
    (tmp_path / "retouch.yaml").write_text(RETOUCH)

    def run(text: str) -> list[Diagnostic]:
        source = Source("recipe.yaml", "seedflow: 1\n" + text)
        recipe, found = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
        assert recipe is not None
        graph, wrong = build_graph(recipe, catalog)
        return sort_diagnostics([*found, *wrong, *check_graph(graph, catalog)])

    return run


RETOUCH = """
seedflow: 1
inputs:
  picture: {type: image, default: photo.png}
  edits: {type: list, of: text, default: [less light]}
  keep: {type: boolean, default: true}
steps:
  clean:
    iterate: {over: "{{ inputs.edits }}", as: edit, start: "{{ inputs.picture }}"}
    generate: {prompt: "{{ each.edit }}{% if inputs.keep %}, keep the rest{% endif %}", image_input: ["{{ prev }}"]}
outputs: {stages: "{{ steps.clean.passes }}"}
"""

WORDS = """
inputs: {{w: {{type: list, of: text, default: {}}}}}
steps: {{a: {{for_each: {{x: "{{{{ inputs.w }}}}"}}, generate: {{prompt: "{{{{ each.x }}}}"}}}}}}
"""
LOOP = """
steps: {{a: {{for_each: {{x: {}}}, generate: {{prompt: "{{{{ each.x }}}}"}}}}}}
"""
CAST = """
steps: {{a: {{for_each: {{h: [front, back]}}, recipe: ./parts/cast.yaml, with: {{who: "{{{{ each.h }}}}", poses: {}}}}}}}
outputs: {{o: "{{{{ steps.a.outputs.images }}}}"}}
"""
CHOICE = """
inputs: {{c: {{type: choice, options: {}, default: red}}}}
steps: {{a: {{generate: {{prompt: "{{{{ inputs.c }}}}"}}}}}}
"""
PHOTOS = """
inputs: {{p: {{type: list, of: image, default: {}}}}}
steps: {{a: {{generate: {{prompt: A fox, image_input: "{{{{ inputs.p }}}}"}}}}}}
"""
SCENES = """
steps:
  a:
    for_each:
      scene:
        - {}
        - {}
    generate: {{prompt: "{{{{ each.scene }}}}"}}
"""
EDITS = """
inputs: {{p: {{type: image, default: photo.png}}}}
steps:
  a:
    iterate:
      over:
        - less light
        - {}
      as: edit
      start: "{{{{ inputs.p }}}}"
    generate: {{prompt: "{{{{ each.edit }}}}", image_input: ["{{{{ prev }}}}"]}}
"""
NEEDS = """
steps:
  shot: {{generate: {{prompt: A}}}}
  base: {{generate: {{prompt: B}}}}
  last: {{needs: {}, generate: {{prompt: C}}}}
"""
INPUT = """
inputs: {{m: {{type: text, {}}}}}
steps: {{a: {{generate: {{prompt: "A fox{{% if inputs.m %}}, {{{{ inputs.m }}}}{{% endif %}}"}}}}}}
"""
OF = """
inputs: {{m: {{type: list, of: {}}}}}
steps: {{a: {{for_each: {{x: "{{{{ inputs.m }}}}"}}, generate: {{prompt: "{{{{ each.x }}}}"}}}}}}
"""
PROMPT = """
inputs: {{hero: {{type: text, default: owl}}, price: {{type: number, default: 3}}}}
values: {{manner: in ink}}
steps: {{a: {{generate: {{prompt: {}}}}}, b: {{generate: {{prompt: "{{{{ inputs.hero }}}} {{{{ inputs.price }}}} {{{{ values.manner }}}}"}}}}}}
"""
TWO = """
steps:
  a: {{for_each: {{time: [day, night]}}, generate: {{prompt: "A {{{{ each.time }}}}"}}}}
  b: {{generate: {{prompt: B}}}}
  c: {{generate: {{prompt: C, image_input: {}}}}}
"""
OUTPUT = """
steps:
  a: {{generate: {{prompt: A}}}}
  b: {{generate: {{prompt: B}}}}
outputs: {{o: {}}}
"""
FIX = """
inputs: {{p: {{type: image, default: photo.png}}}}
steps: {{fix: {{recipe: ./retouch.yaml, with: {{{}: "{{{{ inputs.p }}}}"}}}}}}
outputs: {{o: "{{{{ steps.fix.{} }}}}"}}
"""
JOINED = """
inputs: {{p: {{type: image, default: photo.png}}}}
steps: {{a: {{generate: {{prompt: A}}}}}}
outputs: {{o: {}}}
"""
EITHER = """
inputs: {{p: {{type: image, optional: true}}, q: {{type: image, default: photo.png}}}}
steps: {{a: {{generate: {{prompt: A, image_input: ["{{{{ {} }}}}"]}}}}}}
"""
WHEN = """
inputs: {{n: {{type: boolean, default: true}}}}
steps: {{a: {{when: {}, generate: {{prompt: A}}}}}}
"""
EXPECT = """
steps: {{a: {{expect: {{images: 2, otherwise: {}}}, generate: {{prompt: A, sequential_image_generation: auto, max_images: 3}}}}}}
"""
LIMITS = """
limits: {{{}: 1}}
steps: {{a: {{generate: {{prompt: A}}}}}}
"""
FILE = """
steps: {{a: {{generate: {{prompt: A}}}}}}
outputs: {{o: {{images: "{{{{ steps.a.images }}}}", {}: fox}}}}
"""
OPTIONS = """
inputs: {{c: {{type: choice, {}: [red, blue], default: red}}}}
steps: {{a: {{generate: {{prompt: "{{{{ inputs.c }}}}"}}}}}}
"""
EDIT_NAME = """
inputs: {{p: {{type: image, default: photo.png}}}}
steps:
  a:
    iterate: {{over: [x, y], as: {}, start: "{{{{ inputs.p }}}}"}}
    generate: {{prompt: "{{{{ each.edit }}}}", image_input: ["{{{{ prev }}}}"]}}
outputs: {{o: {{images: "{{{{ steps.a.passes }}}}", file: "{{{{ each.edit }}}}"}}}}
"""
PAIRS = """
inputs: {{n: {{type: list, of: text, default: [x, y]}}, t: {{type: list, of: text, default: [v, w]}}}}
steps:
  a: {{for_each: {}, generate: {{prompt: "{{{{ each.name }}}} {{{{ each.tone }}}}"}}}}
  b: {{generate: {{prompt: B, image_input: "{{{{ steps.a.at(name='x', tone='v').images }}}}"}}}}
outputs:
  o: {{images: "{{{{ steps.a.images }}}}", file: "{{{{ each.name }}}}"}}
  p: "{{{{ steps.b.images }}}}"
"""
MACRO = """
steps: {{a: {{generate: {{prompt: "{{% import 'm.md' as m %}}{{{{ {} }}}}"}}}}}}
"""
COUNT = """
inputs: {{n: {{type: {}}}}}
steps: {{a: {{generate: {{prompt: "{{% for i in range(inputs.n) %}}fox {{% endfor %}}"}}}}}}
"""


@pytest.mark.parametrize(
    ("recipe", "wrong", "code", "help_", "right"),
    [
        (WORDS, '"[red, blue]"', "wrong-type", "take the quotes away: `[red, blue]`", "[red, blue]"),
        (
            WORDS,
            '"[it\'s, a: b]"',
            "wrong-type",
            'take the quotes away: `["it\'s", "a: b"]`',
            '["it\'s", "a: b"]',
        ),
        (
            WORDS,
            '["[red, blue]"]',
            "brackets-in-text",
            "write an item for each: `red`, `blue`",
            "[red, blue]",
        ),
        (
            WORDS,
            "[Dawn: it wakes]",
            "wrong-type",
            'put quotes around it: `"Dawn: it wakes"`',
            '["Dawn: it wakes"]',
        ),
        (LOOP, '"[red, blue]"', "not-a-list", "take the quotes away: `[red, blue]`", "[red, blue]"),
        (LOOP, '["[red, blue]"]', "brackets-in-text", "write an item for each: `red`, `blue`", "[red, blue]"),
        (CAST, '"[side, top]"', "wrong-type", "take the quotes away: `[side, top]`", "[side, top]"),
        (CAST, '["[side, top]"]', "brackets-in-text", "write an item for each: `side`, `top`", "[side, top]"),
        (
            CAST,
            '"[{{ each.h }}, side]"',
            "wrong-shape",
            'take the quotes away: `["{{ each.h }}", side]`',
            '["{{ each.h }}", side]',
        ),
        (WORDS, '"[null, red]"', "wrong-type", 'take the quotes away: `["null", red]`', '["null", red]'),
        (CHOICE, '"[red, blue]"', "wrong-type", "take the quotes away: `[red, blue]`", "[red, blue]"),
        (
            PHOTOS,
            '"[photo.png, other.png]"',
            "wrong-type",
            "take the quotes away: `[photo.png, other.png]`",
            "[photo.png]",
        ),
        (NEEDS, '"shot, base"', "bad-name", "write `[shot, base]`", "[shot, base]"),
        (NEEDS, '"[shot, base]"', "bad-name", "write `[shot, base]`", "[shot, base]"),
        (INPUT, "required: false", "unknown-key", "write `optional: true`", "optional: true"),
        (
            INPUT,
            "required: false, default: grey",
            "unknown-key",
            "take it out: what has a default may be left out",
            "default: grey",
        ),
        (OF, "strings", "unknown-type", "did you mean `text`?", "text"),
        (OF, "blurb", "unknown-type", "write `text` for plain words", "text"),
        (
            PROMPT,
            '"An ${{ inputs.hero }}"',
            "dollar-before-braces",
            "take the `$` away: `{{ inputs.hero }}`",
            '"An {{ inputs.hero }}"',
        ),
        (
            PROMPT,
            "\"An ${{ inputs.hero or 'an }} owl' }} at night\"",
            "dollar-before-braces",
            "take the `$` away: `{{ inputs.hero or 'an }} owl' }}`",
            "\"An {{ inputs.hero or 'an owl' }} at night\"",
        ),
        (
            PROMPT,
            '"An ${{inputs.hero | upper}}"',
            "dollar-before-braces",
            "take the `$` away: `{{inputs.hero | upper}}`",
            '"An {{inputs.hero | upper}}"',
        ),
        (
            PROMPT,
            '"A fox {# at night #}"',
            "comment-in-text",
            "take it out, or write a comment of YAML on a line of its own: `# …`",
            '"A fox"',
        ),
        (
            PROMPT,
            '"{{ vars.manner }}"',
            "template-unknown-name",
            "write `values.manner`",
            '"{{ values.manner }}"',
        ),
        (
            LOOP.replace("each.x", "each"),
            "[day, night]",
            "template-unknown-name",
            "write `each.NAME`",
            None,
        ),
        (
            TWO,
            '"${{ steps.b.images }}"',
            "reference-is-text",
            'take the `$` away: `"{{ steps.b.images }}"`',
            '"{{ steps.b.images }}"',
        ),
        (
            TWO,
            "\"{{ steps.a.images[time='night'] }}\"",
            "template-syntax",
            "choose by a variable with `.where()`: `steps.a.where(time=…).images`",
            "\"{{ steps.a.where(time='night').images }}\"",
        ),
        (
            TWO,
            "\"{{ steps.a.where(time=='night').images }}\"",
            "template-selector",
            "write one `=`: `time=…` in place of `time == …`",
            "\"{{ steps.a.where(time='night').images }}\"",
        ),
        (
            TWO,
            '"{{ steps.a.images[0, 6] }}"',
            "template-syntax",
            "write a number, a name in quotes, or `FROM:TO`",
            None,
        ),
        (
            TWO,
            "\"{{ steps.a.images | selectattr('each.tim', 'equalto', 'day') | list }}\"",
            "template-undefined",
            "did you mean `each.time`?",
            "\"{{ steps.a.images | selectattr('each.time', 'equalto', 'day') | list }}\"",
        ),
        (
            OUTPUT,
            '["{{ steps.a.images }}", "{{ steps.b.images[0] }}"]',
            "wrong-type",
            'add them up: `"{{ steps.a.images + [steps.b.images[0]] }}"`',
            '"{{ steps.a.images + [steps.b.images[0]] }}"',
        ),
        (
            OUTPUT,
            '{images: ["{{ steps.a.images }}", "{{ steps.b.images }}"]}',
            "output-without-images",
            'add them up: `"{{ steps.a.images + steps.b.images }}"`',
            '{images: "{{ steps.a.images + steps.b.images }}"}',
        ),
        (
            OUTPUT,
            '"${{ steps.a.images + steps.b.images }}"',
            "output-without-images",
            'take the `$` away: `"{{ steps.a.images + steps.b.images }}"`',
            '"{{ steps.a.images + steps.b.images }}"',
        ),
        (
            JOINED,
            '["{{ steps.a.images }}", "{{ inputs.p }}"]',
            "wrong-type",
            'add them up: `"{{ steps.a.images + inputs.p }}"`, with `[inputs.p]` if that is a single image',
            '"{{ steps.a.images + [inputs.p] }}"',
        ),
        (
            JOINED,
            '["{{ steps.a.images }}"]',
            "wrong-type",
            'take the brackets away: `"{{ steps.a.images }}"`',
            None,
        ),
        (
            EITHER,
            "first_of([inputs.p, inputs.q])",
            "template-arguments",
            "take the brackets away: `first_of(…, …)`",
            "first_of(inputs.p, inputs.q)",
        ),
        (
            WHEN,
            '["{{ inputs.n }}"]',
            "not-a-condition",
            'take the brackets away: `when: "{{ inputs.n }}"`',
            '"{{ inputs.n }}"',
        ),
        (EXPECT, "ignore", "not-an-option", "did you mean `accept`?", "accept"),
        (LIMITS, "max_cost", "unknown-key", "write `cost_usd:`, in US dollars", "cost_usd"),
        (FILE, "path", "unknown-key", "write `file:` for where each file goes", "file"),
        (FILE, "name", "unknown-key", "write `file:` for where each file goes", "file"),
        (OPTIONS, "choices", "unknown-key", "write `options:` for the texts of a choice", "options"),
        (EDIT_NAME, "each.edit", "bad-name", "write `edit`", "edit"),
        (EDIT_NAME, '"{{ edit }}"', "bad-name", "write `edit`", "edit"),
        (
            PAIRS,
            '"{{ zip(inputs.n, inputs.t) }}"',
            "template-arguments",
            "name each list: `zip(name=…, tone=…)`",
            '"{{ zip(name=inputs.n, tone=inputs.t) }}"',
        ),
        (
            PAIRS,
            '"{{ inputs.n | zip(inputs.t) }}"',
            "template-unknown-filter",
            "it is a function of lists with names: `zip(name=…, tone=…)`",
            '"{{ zip(name=inputs.n, tone=inputs.t) }}"',
        ),
        (MACRO, "pose('Ann')", "template-unknown-function", "write `m.pose(…)`", "m.pose('Ann')"),
        (
            COUNT,
            "text",
            "template-type",
            "text never becomes a number: write one, or declare the input that gives it with `type: integer`",
            "integer",
        ),
        (
            '\nvalues: {{m: {}}}\nsteps: {{a: {{generate: {{prompt: "{{{{ values.m.hat }}}}"}}}}}}',
            "{hat: red}",
            "wrong-type",
            "a template can give a record: `\"{{ {'first': 1, 'second': 2} }}\"`",
            "\"{{ {'hat': 'red', 'second': 2} }}\"",
        ),
        (
            '\nsteps: {{a: {{for_each: {}, generate: {{prompt: "{{{{ each.hero }}}} {{{{ each.pose }}}}"}}}}}}',
            "[{hero: [a, b]}, {pose: [c, d]}]",
            "wrong-type",
            "write one mapping: `for_each: {hero: …, pose: …}`",
            "{hero: [a, b], pose: [c, d]}",
        ),
        (
            '\nsteps:\n  a:\n    for_each:\n{}\n    generate: {{prompt: "{{{{ each.hero }}}} {{{{ each.pose }}}}"}}',
            "      - hero: [a, b]\n      - pose: [c, d]",
            "wrong-type",
            "take the dashes away: `hero: …` on a line of its own below `for_each:`",
            "      hero: [a, b]\n      pose: [c, d]",
        ),
    ],
)
def test_a_help_is_the_only_one_and_leads_to_a_recipe_without_problems(
    check_all: CheckAll, recipe: str, wrong: str, code: str, help_: str, right: str | None
) -> None:
    found = check_all(recipe.format(wrong))
    assert [(one.code, one.help) for one in found if one.code not in FOLLOWING] == [(code, help_)]
    if right is not None:
        assert [one.code for one in check_all(recipe.format(right)) if one.code not in FOLLOWING] == []


FOLLOWING = ("unused-step", "unused-input")
"""Said of recipes that are written for something else."""


def test_a_list_in_a_block_of_text_is_to_be_written_as_one(check_all: CheckAll) -> None:
    (found,) = check_all("""
inputs:
  w:
    type: list
    of: text
    default: |
      [red,
       blue]
steps: {a: {for_each: {x: "{{ inputs.w }}"}, generate: {prompt: "{{ each.x }}"}}}
""")
    assert (found.code, found.help) == ("wrong-type", "write it as a list: `[red, blue]`")


def test_texts_with_a_colon_are_told_at_their_place(check_all: CheckAll) -> None:
    found = check_all(SCENES.format("Morning: the owl wakes", 'Evening: the "owl" flies'))
    assert [(one.code, one.help) for one in found] == [
        ("wrong-type", 'put quotes around it: `"Morning: the owl wakes"`'),
        ("wrong-type", "put quotes around it: `'Evening: the \"owl\" flies'`"),
    ]
    assert check_all(SCENES.format('"Morning: the owl wakes"', "'Evening: the \"owl\" flies'")) == []


def test_an_edit_with_a_colon_is_told_at_its_place(check_all: CheckAll) -> None:
    (found,) = check_all(EDITS.format("Sky: more clouds"))
    assert (found.code, str(found.span)) == ("wrong-type", "recipe.yaml:9:11")
    assert found.help == 'put quotes around it: `"Sky: more clouds"`'
    assert check_all(EDITS.format('"Sky: more clouds"')) == []


@pytest.mark.parametrize(
    "items",
    [("name: Ada", "name: Bo"), ("{Name: Ada}", "{Title: Bo}")],
    ids=["of one field", "in braces"],
)
def test_records_of_one_field_are_no_texts(check_all: CheckAll, items: tuple[str, str]) -> None:
    found = check_all(SCENES.format(*items))
    assert "put quotes" not in " ".join(str(one.help) for one in found)


def test_texts_in_brackets_that_spell_no_list_are_left_alone(check_all: CheckAll) -> None:
    assert check_all(LOOP.format('["[sigh]", "[laugh]", red]')) == []


@pytest.mark.parametrize(
    "written", ["${{ inputs.price }}", "\\\\${{ values.manner }}", "$ {{ inputs.hero }}"]
)
def test_a_dollar_before_a_price_is_no_slip(check_all: CheckAll, written: str) -> None:
    assert check_all(PROMPT.format(f'"Boots for {written}"')) == []


def test_a_dollar_before_texts_that_are_prices_is_no_slip(check_all: CheckAll) -> None:
    assert check_all(LOOP.replace("{{{{ each.x }}}}", "${{{{ each.x }}}}").format('["19.99", "24.99"]')) == []
    (found,) = check_all(LOOP.replace("{{{{ each.x }}}}", "${{{{ each.x }}}}").format("[boots, hat]"))
    assert (found.code, found.help) == ("dollar-before-braces", "take the `$` away: `{{ each.x }}`")


def test_a_comment_behind_raw_is_meant(check_all: CheckAll) -> None:
    assert check_all(PROMPT.format('"{% raw %}{# a sign #}{% endraw %}"')) == []


@pytest.mark.parametrize(
    ("text", "told"), [("by moonlight {# or sunlight #}", 1), ("{% macro a() %}{% endmacro %}{# a #}", 0)]
)
def test_a_comment_in_a_file_that_is_included_goes_to_the_model(
    check_all: CheckAll, tmp_path: Path, text: str, told: int
) -> None:
    (tmp_path / "light.md").write_text(text)
    found = check_all(PROMPT.format("\"A fox {% include 'light.md' %}\""))
    assert [(one.code, one.help) for one in found] == [
        ("comment-in-text", "take it out: what a file says is part of the prompt")
    ] * told


def test_a_name_that_a_used_recipe_has_not_is_answered_with_those_that_it_has(check_all: CheckAll) -> None:
    (found,) = check_all(FIX.format("photo", "outputs.stages"))
    assert (found.code, found.help) == (
        "no-such-input",
        "write `picture`, or another one that is meant: edits, keep",
    )
    assert check_all(FIX.format("picture", "outputs.stages")) == []


@pytest.mark.parametrize("inside", ["steps.clean.passes", "clean.images"])
def test_what_is_inside_of_a_used_recipe_is_no_output(check_all: CheckAll, inside: str) -> None:
    (found,) = check_all(FIX.format("picture", inside))
    assert (found.code, found.help) == (
        "template-step-reference",
        "the recipe that it uses gives `steps.fix.outputs.stages`",
    )


@pytest.mark.parametrize(
    ("word", "help_"), [("stages", "write `steps.fix.outputs.stages`"), ("imags", "did you mean `images`?")]
)
def test_an_output_of_a_used_recipe_is_named_behind_outputs(
    check_all: CheckAll, word: str, help_: str
) -> None:
    (found,) = check_all(FIX.format("picture", word))
    assert (found.code, found.help) == ("template-step-reference", help_)


def test_a_column_that_may_be_none_is_told_in_the_name_of_a_file(check_all: CheckAll) -> None:
    recipe = """
inputs: {{t: {{type: table, key: id, default: [{{id: x}}], columns: {{id: text, tag: {{type: text, optional: true}}}}}}}}
steps: {{a: {{for_each: {{r: "{{{{ inputs.t }}}}"}}, generate: {{prompt: "{{{{ each.r.id }}}}"}}}}}}
outputs: {{o: {{images: "{{{{ steps.a.images }}}}", file: "{}"}}}}
"""
    (found,) = check_all(recipe.format("{{ each.r.tag }}"))
    assert (found.code, found.help) == ("may-be-none", "give the column a default")
    tested = "{% if each.r.tag %}{{ each.r.tag }}{% endif %}{{ each.r.tag | default('x') }}{{ each.r.id }}"
    assert check_all(recipe.format(tested)) == []


@pytest.mark.parametrize(
    ("name", "text", "help_"),
    [
        (
            "rows.jsonl",
            '[\n {"id": "a"},\n {"id": "b"}\n]\n',
            "a list of rows is JSON as a whole: call the file `rows.json`",
        ),
        (
            "rows.jsonl",
            '[{"id": "a"}, {"id": "b"}]',
            "a list of rows is JSON as a whole: call the file `rows.json`",
        ),
    ],
)
def test_a_list_in_json_is_no_json_by_lines(
    catalog: Catalog, tmp_path: Path, name: str, text: str, help_: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "rows.json").write_text(text)
    source = Source(
        "r.yaml",
        "seedflow: 1\ninputs: {t: {type: table, columns: {id: text}}}\nsteps: {a: {generate: {prompt: x}}}\n",
    )
    recipe, _ = parse_recipe(source, catalog, folder=tmp_path, default_name="r")
    assert recipe is not None
    given, _ = collect_inputs(arguments=[f"t={name}"])
    _, (found,) = resolve_inputs(recipe, given, folder=tmp_path)
    assert (found.code, found.help) == ("wrong-type", help_)
    given, _ = collect_inputs(arguments=["t=rows.json"])
    values, problems = resolve_inputs(recipe, given, folder=tmp_path)
    assert problems == []
    assert values is not None
    rows = values["t"]
    assert isinstance(rows, Sequence)
    assert len(rows) == 2


def test_a_level_above_the_names_is_told_with_what_stands_below_it(catalog: Catalog, tmp_path: Path) -> None:
    source = Source(
        "r.yaml",
        "seedflow: 1\ninputs: {hero: {type: text}, mood: {type: text}}\nsteps: {a: {generate: {prompt: x}}}\n",
    )
    recipe, _ = parse_recipe(source, catalog, folder=tmp_path, default_name="r")
    assert recipe is not None
    path = tmp_path / "values.yaml"
    path.write_text("inputs:\n  hero: owl\n  mood: calm\n")
    given, _ = collect_inputs(file=path)
    _, (found,) = resolve_inputs(recipe, given, folder=tmp_path)
    assert found.code == "no-such-input"
    assert found.help == "write the names without `inputs:` above them: `hero: …`"
    path.write_text("hero: owl\nmood: calm\n")
    given, _ = collect_inputs(file=path)
    assert resolve_inputs(recipe, given, folder=tmp_path) == ({"hero": "owl", "mood": "calm"}, [])
