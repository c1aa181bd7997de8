"""References that are printed and may not be there: behind filters, in parts of lists, through loops and used recipes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    steps:
      w: {generate: {prompt: W, sequential_image_generation: auto, max_images: 2}}
      v: {for_each: {x: [a, b]}, when: "{{ WHEN }}", generate: {prompt: "V {{ each.x }}"}}
      end: {generate: {prompt: "{{ ref.p }}{{ ref.q }}", image_input: {q: "{{ steps.w.images }}", p: "{{ ITEMS }}"}}}
"""
SOME, OPEN = "each.x == 'a'", "steps.w.images | length > 1"
PART = "there may be no image in this part of them"
FILTER = "a filter may leave none of the images"
SKIPPED = "all tasks of step `one` may be skipped"
FIRST = "steps.v.images | selectattr('number', 'eq', 1)"


@pytest.mark.parametrize(
    ("when", "items", "why"),
    [
        (SOME, FIRST, None),
        (SOME, FIRST.replace("1", "2"), "a filter may leave none of the images"),
        (SOME, f"({FIRST} | list)[1:]", PART),
        (OPEN, FIRST, "all tasks of step `v` may be skipped"),
        (OPEN, FIRST.replace("1", "2"), "a filter may leave none of the images"),
    ],
)
def test_a_filter_that_leaves_some_of_each_task_leaves_none_only_where_all_were_skipped(
    check: Check, when: str, items: str, why: str | None
) -> None:
    found = check(RECIPE.replace("WHEN", when).replace("ITEMS", items))
    said = [one.message.rpartition(": ")[2] for one in found if one.code == "may-be-none"]
    assert said == [why] * (why is not None)


def ask(check: Check, items: str, more: str = "", loop: str = "", when: str = "") -> list[str]:
    """Why `ref.p`, which is made of these items, may not be there, beside a picture that always is."""
    found = check(f"""
        inputs:
          places: {{type: list, of: text, default: [sea, hill]}}
          photo: {{type: image, default: fox.jpg}}
          both: {{type: boolean, default: true}}
        steps:
          set: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 3}}}}
          word: {{for_each: {{w: [a, b]}}, takes: 2, generate: {{prompt: "W {{{{ each.w }}}}"}}}}
          view: {{for_each: {{p: "{{{{ inputs.places }}}}"}}, generate: {{prompt: "V {{{{ each.p }}}}"}}}}
          oil: {{for_each: {{v: "{{{{ steps.set.images[1:] }}}}"}}, generate: {{prompt: O, image_input: ["{{{{ each.v }}}}"]}}}}
          late: {{for_each: {{x: [1, 2]}}, when: "{{{{ steps.set.images | length > 1 }}}}", generate: {{prompt: "L {{{{ each.x }}}}"}}}}
          copy: {{for_each: {{v: "{{{{ steps.late.images }}}}"}}, generate: {{prompt: C, image_input: ["{{{{ each.v }}}}"]}}}}
          {more or "other: {generate: {prompt: O}}"}
          end:
            {loop and "for_each: {t: " + repr(loop) + "}"}
            {when and "when: '{{ " + when + " }}'"}
            generate: {{prompt: "{{{{ ref.p }}}}{{{{ ref.q }}}}", image_input: {{q: "{{{{ steps.set.images }}}}", p: "{{{{ {items} }}}}"}}}}
    """)
    return [one.message.rpartition(": ")[2] for one in found if one.code == "may-be-none"]


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ("steps.word.images | selectattr('take', 'eq', 1)", None),
        ("steps.word.where(w='a').images | selectattr('take', 'in', [1, 2])", None),
        ("steps.word.images | selectattr('take', 'eq', 3)", FILTER),
        ("steps.view.images | selectattr('number', 'eq', 1)", None),
        ("(steps.view.images + steps.word.images) | selectattr('number', 'eq', 1)", None),
        ("(steps.view.images + steps.word.images) | selectattr('number', 'eq', 2)", FILTER),
        ("steps.view.images | selectattr('number', 'eq', 2)", FILTER),
        ("steps.set.images | selectattr('number', 'eq', 2)", FILTER),
        ("steps.set.images[:2] | selectattr('number', 'eq', 1)", None),
        ("steps.set.images[1:] | selectattr('number', 'eq', 1)", FILTER),
        ("(steps.set.images if inputs.both else steps.word.images) | selectattr('number', 'eq', 1)", None),
        ("(steps.set.images if inputs.both else steps.word.images) | selectattr('number', 'eq', 2)", FILTER),
        (
            "succeeded(steps.word.images) | selectattr('number', 'eq', 1)",
            "all that `succeeded` goes on without may fail",
        ),
        ("steps.word.images | selectattr('each.w', 'eq', 'a')", None),
        ("steps.word.images | reverse | rejectattr('each.w', 'eq', 'a')", None),
        ("steps.word.images | selectattr('each.w', 'in', ['c', 'b'])", None),
        ("steps.word.images | selectattr('each.w', 'ne', 'c')", None),
        ("steps.word.images | selectattr('each.w', 'eq', 'c')", FILTER),
        ("steps.word.images | selectattr('each.w', 'in', ['c', 'd'])", FILTER),
        ("steps.late.images | selectattr('each.x', 'eq', 1)", FILTER),
        ("steps.set.images[1:] | reverse", PART),
        ("(steps.set.images | reverse)[1:]", PART),
        ("steps.word.images[1:] | reverse", None),
        ("steps.set.images[1:] + steps.word.images", None),
        ("steps.set.images[1:] + steps.set.images[2:]", PART),
        ("steps.set.images[1:] or steps.set.images", None),
        ("steps.set.images[1:] or steps.set.images[2:]", PART),
        ("steps.set.images[1:] if steps.set.images | length > 1 else steps.set.images", None),
        ("steps.set.images[1:] if steps.set.images | length > 0 else steps.set.images", PART),
        ("steps.set.images[1:] if inputs.both else steps.set.images", None),
        ("first_of(steps.late.images, steps.set.images[1:])", PART),
        ("steps.late.images", "all tasks of step `late` may be skipped"),
        ("steps.late.at(x=1).images", None),
        ("steps.oil.images", "the list of step `oil` may be empty"),
        ("steps.copy.images", "all tasks of step `late` may be skipped"),
        ("steps.oil.images | selectattr('number', 'eq', 1)", "the list of step `oil` may be empty"),
    ],
)
def test_what_a_list_is_made_of_says_why_it_may_be_empty(check: Check, items: str, why: str | None) -> None:
    assert ask(check, items) == [why] * (why is not None)


@pytest.mark.parametrize(
    ("items", "loop", "said"),
    [
        ("each.t.images[1:]", "{{ steps.set.tasks }}", [PART]),
        ("each.t.images[1:]", "{{ steps.word.tasks }}", []),
        ("each.t.images | selectattr('number', 'eq', 2)", "{{ steps.set.tasks }}", [FILTER]),
        ("each.t.images | selectattr('number', 'eq', 1)", "{{ steps.set.tasks }}", []),
    ],
)
def test_of_each_task_of_a_loop(check: Check, items: str, loop: str, said: list[str]) -> None:
    assert ask(check, items, loop=loop) == said


@pytest.mark.parametrize(
    ("items", "when"),
    [
        ("steps.set.images[1:] | reverse", "steps.set.images | length > 1"),
        ("(steps.set.images | reverse)[1:]", "steps.set.images[1:]"),
        ("steps.set.images | selectattr('number', 'eq', 2)", "steps.set.images | length > 1"),
        ("steps.oil.images", "steps.oil.images | length > 0"),
        ("steps.oil.images", "steps.set.images | length > 1"),
        ("steps.oil.images", "steps.oil.images"),
    ],
)
def test_a_condition_that_makes_sure_of_it_silences_it(check: Check, items: str, when: str) -> None:
    assert ask(check, items) != []
    assert ask(check, items, when=when) == []


USED = """
    seedflow: 1
    inputs: {photos: {type: list, of: image}, n: {type: integer, default: 1, minimum: 1, maximum: 3}}
    steps:
      some: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}, expect: {images: {min: "{{ inputs.n }}"}}}
      one: {WHEN, generate: {prompt: O, image_input: "{{ inputs.photos }}"}}
    outputs: {rest: "{{ ITEMS }}"}
"""
OPEN_INSIDE = 'when: "{{ inputs.photos | length > 1 }}"'
EACH_OPEN = 'for_each: {p: "{{ inputs.photos }}"}, ' + OPEN_INSIDE


@pytest.mark.parametrize(
    ("when", "items", "use", "mention", "said"),
    [
        ("takes: 1", "steps.some.images[1:]", "", "", [PART]),
        ("takes: 1", "steps.some.images[1:]", "n: 2", "", []),
        ("takes: 1", "steps.some.images | selectattr('width', 'gt', 99)", "", "", [FILTER]),
        ("takes: 1", "steps.some.images", "", "", []),
        (OPEN_INSIDE, "steps.one.images", "", "", []),
        (OPEN_INSIDE, "steps.one.images", "LOOP", "", [SKIPPED]),
        (EACH_OPEN, "steps.one.images", "", "", []),
        (EACH_OPEN, "steps.one.images", "LOOP", "", [SKIPPED]),
        (EACH_OPEN, "steps.one.images", "LOOP", ".where(s='a')", [SKIPPED]),
        (EACH_OPEN, "steps.one.images", "LOOP", ".at(s='a')", []),
        ('for_each: {p: "{{ inputs.photos }}"}', "steps.one.images", "LOOP", "", []),
    ],
)  # fmt: skip # a row a line
def test_an_output_of_a_used_recipe_is_looked_into(
    check: Check, tmp_path: Path, when: str, items: str, use: str, mention: str, said: list[str]
) -> None:
    (tmp_path / "parts").mkdir(exist_ok=True)
    (tmp_path / "parts" / "used.yaml").write_text(dedent(USED.replace("WHEN", when).replace("ITEMS", items)))
    loop, given = ("for_each: {s: [a, b]}, ", "") if use == "LOOP" else ("", use and f", {use}")
    photos = 'photos: "{{ steps.set.images }}"'
    more = f"u: {{recipe: ./parts/used.yaml, {loop}with: {{{photos}{given}}}}}"
    assert ask(check, f"steps.u{mention}.outputs.rest", more=more) == said


ASKED = """
    inputs: {{cover: {{type: boolean, default: true}}, more: {{type: boolean, default: false}}}}
    steps:
      cover: {{when: "{{{{ inputs.cover }}}}", generate: {{prompt: A cover, sequential_image_generation: auto, max_images: 3}}}}
      other: {{when: "{{{{ inputs.more }}}}", generate: {{prompt: Another}}}}
      each: {{for_each: {{x: [a, b]}}, when: "{{{{ inputs.more }}}}", generate: {{prompt: "{{{{ each.x }}}}"}}}}
      cast: {{recipe: ./parts/cast.yaml, when: "{{{{ inputs.cover }}}}", with: {{who: a hen}}}}
      back: {{{when}generate: {{prompt: "{prompt}", image_input: {{c: "{{{{ {items} }}}}"}}}}}}
"""
OPTIONAL = "what `optional` stands around may be skipped"


@pytest.mark.parametrize(
    ("test", "items", "why"),
    [
        ("optional(steps.cover.images) is not none", "optional(steps.cover.images[0])", None),
        ("optional(steps.cover.images[0]) is not none", "optional(steps.cover.images)", None),
        ("optional(steps.cover.images[0].width)", "optional(steps.cover.images[0])", None),
        ("optional(steps.cover.images)", "optional(steps.cover.tasks[0].images)", None),
        ("optional(steps.cover.images) is none", "optional(steps.cover.images[0])", OPTIONAL),
        ("optional(steps.other.images) is not none", "optional(steps.cover.images[0])", OPTIONAL),
        (
            "optional(steps.cover.images) is not none or inputs.more",
            "optional(steps.cover.images[0])",
            OPTIONAL,
        ),
        (
            "optional(steps.cover.images) is not none",
            "optional(steps.cover.images + steps.other.images)",
            OPTIONAL,
        ),
        (
            "optional(steps.each.at(x='a').images) is not none",
            "optional(steps.each.at(x='b').images)",
            OPTIONAL,
        ),
        ("optional(steps.cover.images) | length > 1", "optional(steps.cover.images[1:])", None),
        (
            "optional(steps.cover.images) is not none and optional(steps.cover.images) | length >= 2",
            "optional(steps.cover.images[1:])",
            None,
        ),
        ("optional(steps.cover.images) is not none", "optional(steps.cover.images[1:])", PART),
        ("optional(steps.cover.images)", "optional(steps.cover.images[1:])", PART),
        ("optional(steps.cast.outputs.sheet) is not none", "optional(steps.cast.outputs.sheet[0])", None),
        ("optional(steps.cast.outputs.sheet) is not none", "optional(steps.cast.outputs.images)", OPTIONAL),
        ("optional(steps.cast.outputs.images) is not none", "optional(steps.cast.images)", None),
    ],
)
def test_a_reference_is_there_where_the_recipe_asks_for_anything_that_its_step_gives(
    check: Check, test: str, items: str, why: str | None
) -> None:
    around = ASKED.format(when="", prompt=f"{{% if {test} %}}{{{{ ref.c }}}}{{% endif %}}", items=items)
    before = ASKED.format(when=f'when: "{{{{ {test} }}}}", ', prompt="{{ ref.c }}", items=items)
    if "| length" in test and "is not none" not in test:
        around = before  # which is told of the length as well
    for text in (around, before):
        said = [one.message.rpartition(": ")[2] for one in check(text) if "`ref.c`" in one.message]
        assert said == [why] * (why is not None)


@pytest.mark.parametrize(
    ("output", "doubted"),
    [("outputs.sheet", False), ("outputs.images", True), ("tasks", True)],
)
def test_an_output_of_a_used_recipe_is_asked_for_by_itself(check: Check, output: str, doubted: bool) -> None:
    prompt = f"{{% if optional(steps.cast.{output}) %}}{{{{ optional(steps.cast.outputs.sheet[0]).height }}}}{{% endif %}}"
    found = check(ASKED.format(when="", prompt=prompt, items="steps.cover.images"))
    assert [one.code for one in found if "`optional(" in one.message] == ["may-be-none"] * doubted


EITHER = """
    inputs:
      logo: {{type: image, optional: true}}
      mark: {{type: image, optional: true}}
      sign: {{type: image, optional: true}}
      on: {{type: boolean, default: false}}
      title: {{type: text, optional: true}}
      name: {{type: text, optional: true}}
    steps:
      a: {{when: "{{{{ inputs.on }}}}", generate: {{prompt: A}}}}
      b: {{generate: {{prompt: B, sequential_image_generation: auto, max_images: 3}}}}
      c: {{generate: {{prompt: C, sequential_image_generation: auto, max_images: 3}}}}
      e: {{when: "{{{{ {when} }}}}", generate: {{prompt: "{prompt}"{more}}}}}
"""
LOGO_OR_MARK = "inputs.logo is not none or inputs.mark is not none"
NEITHER_IS_MISSING = "not (inputs.logo is none and inputs.mark is none)"
A_OR_LOGO = "optional(steps.a.images[0]) is not none or inputs.logo is not none"
REST_OF_EITHER = "steps.b.images | length > 1 or steps.c.images | length > 1"


@pytest.mark.parametrize(
    ("when", "items", "doubted"),
    [
        (LOGO_OR_MARK, ["inputs.logo", "inputs.mark"], False),
        (NEITHER_IS_MISSING, ["inputs.logo", "inputs.mark"], False),
        (LOGO_OR_MARK, ["inputs.sign", "inputs.mark", "inputs.logo"], False),
        (LOGO_OR_MARK, ["inputs.logo or inputs.mark"], False),
        (f"({LOGO_OR_MARK}) and inputs.on", ["inputs.logo or inputs.mark"], False),
        (A_OR_LOGO, ["optional(steps.a.images[0])", "inputs.logo"], False),
        (A_OR_LOGO, ["optional(steps.a.images)", "inputs.logo"], False),
        (REST_OF_EITHER, ["steps.b.images[1:] + steps.c.images[1:]"], False),
        (REST_OF_EITHER, ["steps.b.images[1:]", "steps.c.images[1:]"], False),
        ("inputs.on or inputs.logo is not none", ["first_of(steps.a.images[0], inputs.logo)"], False),
        (LOGO_OR_MARK, ["inputs.logo"], True),
        (LOGO_OR_MARK, ["inputs.logo", "inputs.sign"], True),
        (LOGO_OR_MARK, ["inputs.logo or inputs.sign"], True),
        (f"{LOGO_OR_MARK} or inputs.on", ["inputs.logo", "inputs.mark"], True),
        (f"inputs.on and ({LOGO_OR_MARK}) or not inputs.on", ["inputs.logo", "inputs.mark"], True),
        (A_OR_LOGO, ["optional(steps.a.images[0])", "inputs.mark"], True),
        (REST_OF_EITHER, ["steps.b.images[1:] + steps.c.images[2:]"], True),
        (f"{REST_OF_EITHER} or inputs.on", ["steps.b.images[1:]", "steps.c.images[1:]"], True),
        ("inputs.on or inputs.mark is not none", ["first_of(steps.a.images[0], inputs.logo)"], True),
        (LOGO_OR_MARK, ["first_of(steps.a.images[0], inputs.logo)"], True),
    ],
)
def test_one_of_several_is_there_whichever_way_a_condition_came_true(
    check: Check, when: str, items: list[str], doubted: bool
) -> None:
    written = ", ".join(f'"{{{{ {item} }}}}"' for item in items)
    text = EITHER.format(when=when, prompt="{{ ref.p }}", more=f", image_input: {{p: [{written}]}}")
    assert [one.code for one in check(text) if "`ref.p`" in one.message] == ["may-be-none"] * doubted


@pytest.mark.parametrize(
    ("when", "prompt", "doubted"),
    [
        (LOGO_OR_MARK, "{{ (inputs.logo or inputs.mark).width }}", False),
        (LOGO_OR_MARK, "{{ (inputs.logo or inputs.sign).width }}", True),
        (LOGO_OR_MARK, "{{ (inputs.logo if inputs.logo is not none else inputs.mark).width }}", False),
        ("inputs.title or inputs.name", "{{ inputs.title or inputs.name }}", False),
        # An empty text is a title, and stands for none here.
        (
            "inputs.title is not none or inputs.name is not none",
            "{{ inputs.title or inputs.name }}",
            True,
        ),
    ],
)
def test_the_same_of_what_is_printed_or_worked_out(
    check: Check, when: str, prompt: str, doubted: bool
) -> None:
    found = check(EITHER.format(when=when, prompt=prompt, more=""))
    assert [one.code for one in found if one.code == "may-be-none"] == ["may-be-none"] * doubted


def test_more_ways_than_are_told_apart_leave_the_doubt(check: Check) -> None:
    inputs = "\n".join(f"      i{number}: {{type: image, optional: true}}" for number in range(9))
    ways = " or ".join(f"inputs.i{number} is not none" for number in range(9))
    items = ", ".join(f'"{{{{ inputs.i{number} }}}}"' for number in range(9))
    found = check(f"""
    inputs:
{inputs}
    steps:
      e: {{when: "{{{{ {ways} }}}}", generate: {{prompt: "{{{{ ref.p }}}}", image_input: {{p: [{items}]}}}}}}
    """)
    assert [one.code for one in found if "`ref.p`" in one.message] == ["may-be-none"]


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("{% set n = steps.w.images | length %}{% if n > 1 %}{{ ref.p }}{% endif %}", None),
        ("{% with n = steps.w.images | length %}{% if 2 <= n %}{{ ref.p }}{% endif %}{% endwith %}", None),
        ("{% set n = steps.w.images | length %}{{ 'then ' ~ ref.p if n > 1 else n }}", None),
        ("{% set v = steps.w.images %}{% set n = v | count %}{% if n == 2 %}{{ ref.p }}{% endif %}", None),
        ("{% set least = 2 %}{% if steps.w.images | length >= least %}{{ ref.p }}{% endif %}", None),
        ("{% if steps.w.images | length >= values.two %}{{ ref.p }}{% endif %}", None),
        ("{% set n = steps.w.images | length %}{% if n > 0 %}{{ ref.p }}{% endif %}", PART),
        ("{% set n = steps.w.images | length %}{% if n > 1 %}w{% else %}{{ ref.p }}{% endif %}", PART),
        ("{% set n = steps.v.images | length %}{% if n > 1 %}{{ ref.p }}{% endif %}", PART),
        ("{% set least = 1 %}{% if steps.w.images | length >= least %}{{ ref.p }}{% endif %}", PART),
    ],
)
def test_a_variable_that_holds_a_length_or_a_number_is_followed(
    check: Check, prompt: str, why: str | None
) -> None:
    found = check(f"""
        values: {{two: "{{{{ 2 }}}}"}}
        steps:
          w: {{generate: {{prompt: W, sequential_image_generation: auto, max_images: 4}}}}
          v: {{for_each: {{x: [1, 2]}}, generate: {{prompt: "V {{{{ each.x }}}}"}}}}
          end:
            generate:
              prompt: "{{{{ values.two }}}} {prompt}"
              image_input: {{p: "{{{{ steps.w.images[1:] }}}}"}}
          list: {{generate: {{prompt: "{{{{ steps.v.images | length }}}}"}}}}
    """)
    said = [one.message.rpartition(": ")[2] for one in found if one.code == "may-be-none"]
    assert said == [why] * (why is not None)
