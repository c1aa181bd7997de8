"""`first_of` and `optional` around what is never skipped, seen through the uses of recipes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog
from seedflow.recipe.load import parse_recipe
from tests.unit.checks.conftest import Check, Say

INNER = """\
seedflow: 1
inputs: {p: {type: list, of: image}}
steps:
  a: {generate: {prompt: A}}
  c: {when: "{{ inputs.p | length > 1 }}", generate: {prompt: C}}
  d: {when: "{{ inputs.p | length > 2 }}", generate: {prompt: D}}
  e: {generate: {prompt: E, image_input: ["{{ first_of(steps.c.images, steps.d.images) }}"]}}
outputs:
  a: "{{ steps.a.images }}"
  c: "{{ steps.c.images }}"
  either: "{{ first_of(steps.c.images, steps.d.images) }}"
  surely: "{{ first_of(steps.c.images, steps.a.images) }}"
  given: "{{ first_of(steps.c.images, inputs.p) }}"
  none: "{{ optional(steps.c.images) }}"
  e: "{{ steps.e.images }}"
"""
AROUND = """\
seedflow: 1
inputs: {p: {type: list, of: image}}
steps:
  in: {recipe: ./inner.yaml, with: {p: "{{ inputs.p }}"}}
  after: {generate: {prompt: After, image_input: "{{ steps.in.outputs.c }}"}}
outputs: {a: "{{ steps.in.outputs.a }}", c: "{{ steps.in.outputs.c }}", after: "{{ steps.after.images }}"}
"""


@pytest.mark.parametrize("around", ["optional(steps.u.{})", "first_of(steps.u.{}, steps.s.images)"])
@pytest.mark.parametrize(
    ("recipe", "output", "may_skip"),
    [
        ("inner", "a", False),
        ("inner", "c", True),
        ("inner", "either", True),
        ("inner", "surely", False),
        ("inner", "given", False),
        ("inner", "none", False),
        ("inner", "e", True),
        ("around", "a", False),
        ("around", "c", True),
        ("around", "after", True),
    ],
)
def test_what_an_output_names_says_whether_it_may_be_skipped(
    say: Say, tmp_path: Path, recipe: str, output: str, may_skip: bool, around: str
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "around.yaml").write_text(AROUND)
    mention = around.format(f"outputs.{output}")
    found = say(
        f"""
        steps:
          s: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 2}}}}
          u: {{recipe: ./{recipe}.yaml, with: {{p: "{{{{ steps.s.images }}}}"}}}}
          y: {{generate: {{prompt: y, image_input: ["{{{{ {mention} }}}}"]}}}}
        """
    )
    assert [one.partition(" ")[0] for one in found] == ([] if may_skip else ["never-skipped?"])


@pytest.mark.parametrize(
    ("mention", "told"),
    [
        ("first_of(each.t.images, steps.s.images)", []),
        ("first_of(inputs.p, steps.s.images)", []),
        ("first_of(steps.s.images, each.t.images)", ["never-skipped"]),
    ],
)
def test_what_a_loop_goes_through_or_a_caller_gives_may_be_skipped(
    say: Say, mention: str, told: list[str]
) -> None:
    found = say(f"""
        inputs: {{p: {{type: list, of: image, default: []}}}}
        steps:
          s: {{generate: {{prompt: S}}}}
          u: {{generate: {{prompt: "{{{{ inputs.p | length }}}}"}}}}
          o: {{for_each: {{t: "{{{{ steps.s.tasks }}}}"}}, generate: {{prompt: "{{{{ {mention} | length }}}}", image_input: "{{{{ each.t.images }}}}"}}}}
    """)
    assert [one.partition("?")[0] for one in found if one.startswith("never-skipped")] == told


def test_what_mentions_nothing_but_what_may_all_be_skipped_may_be_skipped(say: Say) -> None:
    found = say(
        """
        inputs: {n: {type: integer, default: 1}}
        steps:
          a: {when: "{{ inputs.n > 1 }}", generate: {prompt: A}}
          b: {when: "{{ inputs.n > 2 }}", generate: {prompt: B}}
          c: {generate: {prompt: C, image_input: ["{{ first_of(steps.a.images, steps.b.images) }}"]}}
          d: {generate: {prompt: D, image_input: ["{{ optional(steps.c.images) }}"]}}
        """
    )
    assert found == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("optional(steps.a.images) + optional(steps.b.images)", ["a", "b"]),
        ("[optional(steps.a.images[0]), optional(steps.b.images[0])]", ["a", "b"]),
        ("optional(steps.a.images) + optional(steps.c.images)", ["a"]),
        ("optional(steps.c.images) + optional(steps.a.images)", ["a"]),
        ("first_of(steps.a.images, steps.c.images) + first_of(steps.c.images, steps.b.images)", ["a"]),
        ("first_of(steps.c.images, optional(steps.a.images))", ["a"]),
        ("first_of(optional(steps.a.images), steps.c.images)", ["a"]),
        ("optional(first_of(steps.c.images, steps.a.images))", []),
        ("optional(steps.a.images + steps.b.images)", ["a"]),
        ("optional(steps.a.images + steps.c.images)", []),
    ],
)
def test_each_way_around_in_one_template_is_told_for_itself(say: Say, value: str, told: list[str]) -> None:
    found = say(f"""
        inputs: {{night: {{type: boolean, default: true}}}}
        steps:
          a: {{generate: {{prompt: A}}}}
          b: {{generate: {{prompt: B}}}}
          c: {{when: "{{{{ inputs.night }}}}", generate: {{prompt: C}}}}
          d: {{generate: {{prompt: D, image_input: "{{{{ {value} }}}}"}}}}
          e: {{generate: {{prompt: "{{{{ {value} | length }}}} foxes"}}}}
    """)
    assert [one.partition(".")[2][0] for one in found if one.startswith("never-skipped?")] == told * 2


ALIKE = """
    inputs:
      night: {type: boolean, default: true}
      stars: {type: boolean, default: true}
      mood: {type: choice, options: [calm, wild], default: calm}
    values: {dark: "{{ inputs.night }}"}
    steps:
      set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
      other: {when: "{{ inputs.stars }}", generate: {prompt: "O {{ inputs.mood }} {{ values.dark }}"}}
      sky: {SKY, generate: {prompt: Sky}}
      moon: {generate: {prompt: Moon, image_input: ["{{ steps.sky.images[0] }}"]}}
      both: {generate: {prompt: Both, image_input: ["{{ steps.sky.images[0] }}", "{{ steps.other.images[0] }}"]}}
      poster:
        POSTER
        generate: {prompt: "{{ ref.one }}", image_input: {one: "{{ optional(steps.ASKED.images[0]) }}"}}
"""


def when(test: str) -> str:
    return f'when: "{{{{ {test} }}}}"'


@pytest.mark.parametrize("asked", ["sky", "moon"])
@pytest.mark.parametrize(
    ("sky", "poster"),
    [
        ("inputs.night", "inputs.night"),
        ("inputs.night", "inputs.night and inputs.stars"),
        ("inputs.night or inputs.stars", "inputs.stars"),
        ("inputs.night", "values.dark"),
        ("inputs.mood == 'wild'", "inputs.mood == 'wild'"),
        ("inputs.mood in ['wild', 'calm']", "inputs.mood == 'wild'"),
        ("steps.set.images | length > 2", "steps.set.images | length > 3"),
    ],
)
def test_where_the_condition_holds_as_well_nothing_is_skipped_or_missing(
    say: Say, sky: str, poster: str, asked: str
) -> None:
    text = ALIKE.replace("SKY", when(sky)).replace("POSTER", when(poster)).replace("ASKED", asked)
    assert say(text) == [f"never-skipped? «steps.{asked}.images[0]»"]


@pytest.mark.parametrize(
    ("sky", "poster", "asked"),
    [
        ("inputs.night", "inputs.stars", "sky"),
        ("inputs.night and inputs.stars", "inputs.night", "sky"),
        ("inputs.night", "inputs.night or inputs.stars", "sky"),
        ("inputs.night", "not inputs.night", "sky"),
        ("inputs.mood == 'wild'", "inputs.mood != 'wild'", "sky"),
        ("steps.set.images | length > 3", "steps.set.images | length > 2", "sky"),
        ("inputs.night", "inputs.night", "both"),
        ("inputs.night", None, "sky"),
    ],
)
def test_where_the_condition_may_not_hold_the_doubt_is_told(
    say: Say, sky: str, poster: str | None, asked: str
) -> None:
    text = ALIKE.replace("SKY", when(sky)).replace("POSTER", when(poster) if poster else "tags: [x]")
    assert say(text.replace("ASKED", asked)) == ["may-be-none? «ref.one»"]


def test_conditions_of_tasks_are_not_those_of_other_tasks(say: Say) -> None:
    text = """
    inputs: {good: {type: list, of: text, default: [a, b]}}
    steps:
      sky:
        for_each: {n: [a, b]}
        when: "{{ each.n in inputs.good }}"
        generate: {prompt: "Sky {{ each.n }}"}
      poster:
        for_each: {n: [a, c]}
        when: "{{ each.n in inputs.good }}"
        generate: {prompt: "P {{ each.n }}{{ ref.one }}", image_input: {one: "{{ optional(steps.sky.at(n='b').images[0]) }}"}}
    """
    assert say(text) == ["may-be-none? «ref.one»"]


@pytest.mark.parametrize(("length", "proved"), [(400, True), (1500, False)])
def test_a_long_chain_of_steps_is_followed_as_far_as_that_takes_little(
    check: Check, length: int, proved: bool
) -> None:
    chain = "".join(
        f"""
      s{number}: {{generate: {{prompt: "S{number}", image_input: ["{{{{ steps.s{number - 1}.images[0] }}}}"]}}}}"""
        for number in range(1, length)
    )
    text = f"""
    inputs: {{night: {{type: boolean, default: true}}}}
    steps:
      s0: {{when: "{{{{ inputs.night }}}}", generate: {{prompt: S}}}}{chain}
      poster:
        when: "{{{{ inputs.night }}}}"
        generate: {{prompt: P, image_input: ["{{{{ optional(steps.s{length - 1}.images[0]) }}}}"]}}
    """
    assert [found.code for found in check(text)] == (["never-skipped"] if proved else [])


PART = """\
seedflow: 1
inputs: {go: {type: boolean, default: false}}
steps:
  x: {when: "{{ inputs.go }}", generate: {prompt: x}}
  y: {generate: {prompt: y}}
outputs: {images: "{{ IMAGES }}", y: "{{ steps.y.images }}"}
"""
OUTER = """\
seedflow: 1
inputs: {go: {type: boolean, default: false}}
steps: {v: {recipe: ./part.yaml, with: {go: "{{ inputs.go }}"}}}
outputs: {images: "{{ steps.v.images }}", y: "{{ steps.v.outputs.y }}"}
"""
USING = """
inputs: {{night: {{type: boolean, default: true}}}}
steps:
  u: {{recipe: ./{recipe}.yaml}}
  b: {{generate: {{prompt: b}}}}
  c: {{{c}}}
  d: {{when: "{{{{ inputs.night }}}}", generate: {{prompt: d, image_input: ["{{{{ optional(steps.c.images) }}}}", "{{{{ steps.b.images }}}}"]}}}}
outputs: {{d: "{{{{ steps.d.images }}}}", c: "{{{{ optional(steps.c.images) }}}}"}}
"""


@pytest.mark.parametrize("recipe", ["part", "outer"])
@pytest.mark.parametrize("images", ["steps.x.images", "steps.x.images + steps.y.images"])
@pytest.mark.parametrize(
    "c",
    [
        'generate: {prompt: c, image_input: "{{ steps.u.images }}"}',
        'when: "{{ inputs.night }}", generate: {prompt: c, image_input: "{{ steps.u.images }}"}',
        'for_each: {i: "{{ steps.u.images }}"}, generate: {prompt: "c {{ each.i.name }}", image_input: "{{ each.i }}"}',
        "generate: {prompt: c, image_input: \"{{ steps.u.tasks | map(attribute='images') | first }}\"}",
    ],
)
def test_what_uses_an_output_that_may_be_skipped_may_be_skipped(
    say: Say, tmp_path: Path, recipe: str, images: str, c: str
) -> None:
    (tmp_path / "part.yaml").write_text(PART.replace("IMAGES", images))
    (tmp_path / "outer.yaml").write_text(OUTER)
    assert [one for one in say(USING.format(recipe=recipe, c=c)) if one.startswith("never-skipped")] == []


@pytest.mark.parametrize("recipe", ["part", "outer"])
def test_what_uses_an_output_that_is_never_skipped_is_never_skipped(
    say: Say, tmp_path: Path, recipe: str
) -> None:
    (tmp_path / "part.yaml").write_text(PART.replace("IMAGES", "steps.x.images"))
    (tmp_path / "outer.yaml").write_text(OUTER)
    c = 'when: "{{ inputs.night }}", generate: {prompt: c, image_input: "{{ steps.u.outputs.y }}"}'
    found = say(USING.format(recipe=recipe, c=c))
    assert [one for one in found if one.startswith("never-skipped")] == ["never-skipped? «steps.c.images»"]


def test_nobody_knows_what_is_skipped_in_a_recipe_that_cannot_be_found(
    catalog: Catalog, tmp_path: Path
) -> None:
    text = """
        seedflow: 1
        steps:
          cast: {recipe: ./missing.yaml}
          page: {generate: {prompt: P, image_input: ["{{ steps.cast.outputs.bonus }}"]}}
          plain: {generate: {prompt: Q}}
          end:
            generate:
              prompt: E
              image_input:
                - "{{ optional(steps.cast.outputs.bonus) }}"
                - "{{ optional(steps.page.images[0]) }}"
                - "{{ optional(steps.plain.images[0]) }}"
    """
    source = Source("recipe.yaml", dedent(text))
    recipe, problems = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
    assert [one.code for one in problems] == ["recipe-missing"]
    assert recipe is not None
    graph, _ = build_graph(recipe, catalog)
    found = [one.message for one in check_graph(graph, catalog) if one.code == "never-skipped"]
    assert [one.split("`")[1] for one in found] == ["plain"]
