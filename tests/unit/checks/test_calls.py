"""What goes over the border of a used recipe fits the declared inputs; each problem shows call and declaration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog
from seedflow.recipe.load import load_recipe
from tests.unit.checks.conftest import WASTE, describe

INNER = """
seedflow: 1
inputs:
  who: {type: text}
  size: {type: integer, default: 2, minimum: 1, maximum: 9}
  wild: {type: boolean, default: false}
  mood: {type: choice, options: [calm, wild], default: calm}
  photo: {type: image, optional: true}
  photos: {type: list, of: image, max_items: 3, default: []}
  words: {type: list, of: text, default: []}
values: {all: "{{ inputs.size }} {{ inputs.wild }} {{ inputs.mood }} {{ inputs.words | join(' ') }}"}
steps:
  s: {generate: {prompt: "{{ inputs.who }} {{ values.all }}", image_input: ["{{ inputs.photo }}", "{{ inputs.photos }}"]}}
outputs: {images: "{{ steps.s.images }}"}
"""
OUTER = """
seedflow: 1
inputs:
  t: {type: text, default: x}
  n: {type: integer, default: 1}
  b: {type: boolean, default: true}
  c: {type: choice, options: [calm, loud], default: calm}
  p: {type: image, optional: true}
  ps: {type: list, of: image, default: []}
  ws: {type: list, of: text, default: []}
  o: {type: text, optional: true}
values: {use: "{{ inputs.t }} {{ inputs.n }} {{ inputs.b }} {{ inputs.c }} {{ inputs.ws | join }} {{ inputs.o or '' }}"}
steps:
  a: {generate: {prompt: "{{ values.use }}", image_input: ["{{ inputs.ps }}", "{{ inputs.p }}"]}}
  set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
  call: {recipe: ./inner.yaml, with: {WITH}}
"""

Call = Callable[[str], list[Diagnostic]]


@pytest.fixture
def call(catalog: Catalog, tmp_path: Path) -> Call:
    """The diagnostics of a call with these arguments."""

    def run(arguments: str) -> list[Diagnostic]:
        (tmp_path / "inner.yaml").write_text(INNER)
        (tmp_path / "main.yaml").write_text(OUTER.replace("WITH", arguments))
        recipe, problems = load_recipe(tmp_path / "main.yaml", catalog, name="main.yaml")
        assert not has_errors(problems), [str(problem) for problem in problems]
        assert recipe is not None
        graph, found = build_graph(recipe, catalog)
        assert found == []
        return [one for one in check_graph(graph, catalog) if one.code not in WASTE]

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("who: a fox", []),
        ("who: 007", []),
        ('who: "{{ inputs.n }}"', []),
        ('who: "a {{ inputs.t }}"', []),
        ('who: x, size: "{{ inputs.n }}", wild: "{{ inputs.b }}", photo: "{{ steps.a.images[0] }}"', []),
        ('who: x, photos: "{{ steps.a.images }}", words: [a, "{{ inputs.t }}"]', []),
        ('who: x, photos: ["{{ steps.a.images[0] }}", "https://h.invalid/a.png"]', []),
        ('who: x, photo: "{{ inputs.p }}"', []),
        ("", ["missing-input «./inner.yaml»"]),
        ("wo: x, who: x", ["no-such-input «wo»"]),
        ("who: [a]", ["wrong-type «[a]»"]),
        ("who: x, size: many", ["wrong-type «many»"]),
        ("who: x, size: 10", ["out-of-bounds «10»"]),
        ("who: x, wild: yes", ["wrong-type «yes»"]),
        ("who: x, mood: clam", ["not-an-option «clam»"]),
        ("who: x, photo: none.jpg", ["image-missing «none.jpg»"]),
        ("who: x, photos: [http://h.invalid/a.png]", ["image-scheme «http://h.invalid/a.png»"]),
        ('who: "{{ inputs.ws }}"', ['wrong-shape «"{{ inputs.ws }}"»']),
        ('who: "{{ steps.a.images[0] }}"', ['wrong-shape «"{{ steps.a.images[0] }}"»']),
        ('who: "{{ inputs.o }}"', ['may-be-none? «"{{ inputs.o }}"»']),
        ('who: x, size: "{{ inputs.t }}"', ['text-for-number «"{{ inputs.t }}"»']),
        ('who: x, wild: "{{ inputs.n }}"', ['wrong-shape «"{{ inputs.n }}"»']),
        ('who: x, mood: "{{ inputs.c }}"', ['option-not-allowed? «"{{ inputs.c }}"»']),
        ('who: x, photo: "{{ inputs.t }}"', ['text-for-image «"{{ inputs.t }}"»']),
        ('who: x, photo: "a{{ inputs.t }}.jpg"', ['text-for-image «"a{{ inputs.t }}.jpg"»']),
        ('who: x, photo: "{{ steps.set.images }}"', ['wrong-shape «"{{ steps.set.images }}"»']),
        ('who: x, photos: "{{ steps.a.images[0] }}"', ['wrong-shape «"{{ steps.a.images[0] }}"»']),
        ('who: x, photos: "{{ steps.set.tasks }}"', ['wrong-shape «"{{ steps.set.tasks }}"»']),
        ('who: x, words: "{{ inputs.ps }}"', ['wrong-shape «"{{ inputs.ps }}"»']),
        ('who: x, photos: ["{{ inputs.t }}"]', ['text-for-image «"{{ inputs.t }}"»']),
    ],
)  # fmt: skip # a row a line
def test_the_border(call: Call, arguments: str, said: list[str]) -> None:
    assert [describe(found) for found in call(arguments)] == said


SETS = """
seedflow: 1
steps:
  top: {{generate: {{prompt: T, sequential_image_generation: auto, max_images: {most}}}, expect: {expect}}}
  use:
    recipe: ./inner.yaml
    with: {{who: x, {given}}}{more}
"""
SIZE = 'size: "{{ steps.top.images | length }}"'


@pytest.mark.parametrize(
    ("most", "expect", "given", "more", "said"),
    [
        (12, "{images: 12}", SIZE, "", ["error: this is 12, and input `size` of recipe `inner` takes at most 9"]),
        (12, "{images: {min: 10}}", SIZE, "", ["error: this is 10 to 12, and input `size` of recipe `inner` takes at most 9"]),
        (12, "{distinct: true}", SIZE, "", ["warning: this may be 1 to 12, and input `size` of recipe `inner` takes at most 9"]),
        (9, "{distinct: true}", SIZE, "", []),
        (12, "{images: 12}", 'size: "{{ [steps.top.images | length, 9] | min }}"', "", []),
        (3, "{distinct: true}", 'size: "{{ (steps.top.images | length) - 1 }}"', "", ["warning: this may be 0 to 2, and input `size` of recipe `inner` takes at least 1"]),
        (12, "{images: 12}", SIZE, '\n    when: "{{ steps.top.images | length < 9 }}"', []),
        (12, "{images: 12}", 'photos: "{{ steps.top.images }}"', "", ["error: this is a list of 12 items, and input `photos` of recipe `inner` takes at most 3 items"]),
        (4, "{distinct: true}", 'photos: "{{ steps.top.images }}"', "", ["warning: this may be a list of 1 to 4 items, and input `photos` of recipe `inner` takes at most 3 items"]),
        (4, "{distinct: true}", 'photos: "{{ steps.top.images[:3] }}"', "", []),
    ],
)  # fmt: skip # a row a line
def test_what_only_the_run_counts_is_held_against_the_bounds_of_an_input(
    tmp_path: Path, catalog: Catalog, most: int, expect: str, given: str, more: str, said: list[str]
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "main.yaml").write_text(SETS.format(most=most, expect=expect, given=given, more=more))
    recipe, problems = load_recipe(tmp_path / "main.yaml", catalog)
    assert recipe is not None, problems
    graph, _ = build_graph(recipe, catalog)
    found = [
        one
        for one in check_graph(graph, catalog)
        if one.code not in {*WASTE, "image-may-be-missing", "never-equal"}
    ]
    assert [f"{one.severity}: {one.message.split(';')[0]}" for one in found] == said
    assert {one.code for one in found} <= {"out-of-bounds"}


def test_the_declaration_stands_beside_the_call(call: Call) -> None:
    (found,) = call("who: x, size: many")
    (place,) = found.related
    assert found.span is not None
    assert found.span.source.name == "main.yaml"
    assert place.span.source.name == "inner.yaml"
    assert place.span.source.text[place.span.start : place.span.end] == "size"
    (found,) = call("size: 2")
    assert found.related[0].span.source.name == "inner.yaml"


def test_a_set_for_one_picture_gets_a_way_out(call: Call) -> None:
    (found,) = call('who: x, photo: "{{ steps.set.images }}"')
    assert found.help is not None
    assert "`[0]`" in found.help
    assert "`for_each`" in found.help


def test_a_list_in_a_list_is_told_apart_from_a_list(call: Call) -> None:
    (found,) = call('who: x, photos: ["{{ steps.set.images }}"]')
    assert found.message.startswith("an item of input `photos`")
    assert found.help is not None
    assert "without the brackets" in found.help


def test_literal_paths_start_at_the_caller(call: Call, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "here.png")
    assert call("who: x, photo: here.png") == []


@pytest.mark.parametrize(
    "prompt",
    [
        "{{ inputs.x[0].each.k }}",
        "{{ inputs.x[0].each.i.each.k }} {{ inputs.y.each.k }}",
        "{% for i in inputs.x %}{{ i.each.k }}{% endfor %}",
        "{{ inputs.x | map(attribute='each.k') | join }}",
    ],
)
def test_what_the_each_of_an_image_from_outside_has_its_caller_knows(
    catalog: Catalog, tmp_path: Path, prompt: str
) -> None:
    path = tmp_path / "inner.yaml"
    path.write_text(
        f"""
seedflow: 1
inputs: {{x: {{type: list, of: image}}, y: {{type: image}}}}
steps:
  s: {{generate: {{prompt: "{prompt}", image_input: ["{{{{ inputs.x }}}}", "{{{{ inputs.y }}}}"]}}}}
  t: {{for_each: {{i: "{{{{ inputs.x }}}}"}}, generate: {{prompt: "{{{{ each.i.each.k }}}}", image_input: ["{{{{ each.i }}}}"]}}}}
outputs: {{images: "{{{{ steps.s.images }}}}", t: "{{{{ steps.t.images }}}}"}}
"""
    )
    recipe, problems = load_recipe(path, catalog)
    assert recipe is not None, problems
    graph, wrong = build_graph(recipe, catalog)
    assert not has_errors([*problems, *wrong, *check_graph(graph, catalog)])


TABLE = """
seedflow: 1
inputs:
  r: {type: table, columns: {a: text, b: integer, c: {type: integer, optional: true}, pic: {type: image, optional: true}}}
steps:
  s: {for_each: {i: {in: "{{ inputs.r }}", key: a}}, generate: {prompt: "{{ each.i.a }} {{ each.i.b }}"}}
outputs: {images: "{{ steps.s.images }}"}
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("\"{{ zip(a=['q'], c=[1]) }}\"", "has a column `b`, which must be given"),
        ('[{a: q, b: "{{ steps.sheet.images[0].name }}"}]', "column `b` of input `r`"),
        ('[{a: "{{ steps.sheet.images[0].name }}"}]', "has a column `b`, which must be given"),
        ('[{a: q, b: 1, pic: "{{ steps.sheet.images }}"}]', "column `pic` of input `r`"),
        ('[{a: "{{ steps.sheet.images[0].name }}", b: x}]', "b"),
        ("\"{{ zip(a=['q'], b=['w']) }}\"", "column `b` of input `r`"),
        ('"{{ zip(a=steps.sheet.images, b=[1]) }}"', "column `a` of input `r`"),
        ('[{a: q, b: "{{ steps.sheet.images[0].number }}"}]', None),
        ('[{a: "{{ steps.sheet.images[0].name }}", b: 1, pic: "{{ steps.sheet.images[0] }}", z: 4}]', None),
        ("\"{{ zip(a=['q'], b=[1], z=['w']) }}\"", None),
        ('"{{ inputs.rows }}"', None),
    ],
)
def test_the_columns_of_a_table_are_judged_before_anything_is_paid(
    catalog: Catalog, tmp_path: Path, given: str, said: str | None
) -> None:
    (tmp_path / "inner.yaml").write_text(TABLE)
    path = tmp_path / "main.yaml"
    path.write_text(
        f"""
seedflow: 1
inputs: {{rows: {{type: table, columns: {{a: text, b: integer}}, default: []}}}}
steps:
  sheet: {{generate: {{prompt: S}}}}
  u: {{recipe: ./inner.yaml, with: {{r: {given}}}}}
"""
    )
    recipe, problems = load_recipe(path, catalog)
    assert recipe is not None, problems
    graph, wrong = build_graph(recipe, catalog)
    found = [one for one in (*problems, *wrong, *check_graph(graph, catalog)) if one.code not in WASTE]
    assert [one.severity.value for one in found if has_errors([one])] == ([] if said is None else ["error"])
    assert said is None or said in next(one for one in found if has_errors([one])).message


@pytest.mark.parametrize(
    ("given", "said", "help_"),
    [
        (
            'who: "{{ none }}"',
            "this is none, and input `who` of recipe `inner` must be given",
            "give it something",
        ),
        (
            'who: x, size: "{{ none }}"',
            "this is none, and input `size` of recipe `inner` has its default only where it is left out",
            "leave it out here, so that it has its default",
        ),
        (
            'who: x, mood: "{{ inputs.o }}"',
            "this may be none, and input `mood` of recipe `inner` has its default only where it is left out",
            "give it something else for that case",
        ),
        ('who: x, photo: "{{ none }}"', None, ""),
        ('who: x, photo: "{{ inputs.p }}"', None, ""),
    ],
)
def test_none_for_an_input_says_what_becomes_of_it_and_what_to_do(
    call: Call, given: str, said: str | None, help_: str
) -> None:
    found = [one for one in call(given) if one.code == "may-be-none"]
    assert [one.message for one in found] == ([] if said is None else [said])
    assert all(help_ in str(one.help) for one in found)


COLUMNS = """
seedflow: 1
inputs: {r: {type: table, columns: {a: text, n: {type: integer, default: 1}, m: {type: text, optional: true}, w: text}}}
steps:
  s: {for_each: {x: "{{ inputs.r }}"}, generate: {prompt: "{{ each.x.a }} {{ each.x.n }} {{ each.x.w }}"}}
outputs: {images: "{{ steps.s.images }}"}
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('"{{ inputs.rows }}"', []),
        ('[{a: q, n: "{{ inputs.k }}", m: "{{ inputs.t }}", w: x}]', []),
        ("\"{{ [{'a': 'q', 'n': none, 'm': none, 'w': 'x'}] }}\"", []),
        (
            "\"{{ [{'a': 'q', 'n': 'two', 'w': inputs.t}] }}\"",
            [
                "column `n` of input `r` of recipe `inner` is a whole number, and this gives text: text never becomes a number",
                "this may be none, and column `w` of input `r` of recipe `inner` must be given",
            ],
        ),
    ],
)
def test_none_in_a_column_gives_its_default(
    catalog: Catalog, tmp_path: Path, given: str, said: list[str]
) -> None:
    (tmp_path / "inner.yaml").write_text(COLUMNS)
    path = tmp_path / "main.yaml"
    path.write_text(
        f"""
seedflow: 1
inputs:
  rows: {{type: table, columns: {{a: text, n: {{type: integer, optional: true}}, w: text}}, default: []}}
  k: {{type: integer, optional: true}}
  t: {{type: text, optional: true}}
steps:
  u: {{recipe: ./inner.yaml, with: {{r: {given}}}}}
"""
    )
    recipe, problems = load_recipe(path, catalog)
    assert recipe is not None, problems
    graph, wrong = build_graph(recipe, catalog)
    found = [
        one
        for one in (*problems, *wrong, *check_graph(graph, catalog))
        if one.code in ("may-be-none", "text-for-number")
    ]
    assert [one.message for one in found] == said
    assert all(
        "declare the column `optional` or with a `default`" in str(one.help)
        for one in found
        if one.code == "may-be-none"
    )
