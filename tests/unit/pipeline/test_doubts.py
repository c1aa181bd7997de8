"""Doubts of the check that a plan settles are not said a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import WASTE, Desk

TEXT = """
    inputs: {mood: {type: text, optional: true}}
    steps: {page: {generate: {prompt: "A fox {{ inputs.mood }}"}}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_optional_input_that_is_given_is_no_doubt_any_more(desk: Desk) -> None:
    assert desk.codes(TEXT, "mood=calm") == []


def test_one_that_is_not_given_is_the_error_alone(desk: Desk) -> None:
    assert desk.codes(TEXT) == ["template-none-in-text"]


def test_a_doubt_about_another_input_stays(desk: Desk) -> None:
    text = """
        inputs: {mood: {type: text, optional: true}, hat: {type: text, optional: true}, night: {type: boolean, default: false}}
        steps:
          page: {when: "{{ inputs.night }}", generate: {prompt: "A fox {{ inputs.hat }}"}}
          other: {generate: {prompt: "An owl {{ inputs.mood }}"}}
    """
    assert desk.codes(text, "mood=calm") == ["may-be-none?"]


PRINTED = """
    inputs: {style: {type: image, optional: true}}
    steps: {page: {generate: {prompt: "A fox like {{ ref.style }}", image_input: {style: "{{ inputs.style }}"}}}}
"""


def test_a_reference_to_an_image_that_is_given_is_no_doubt_any_more(desk: Desk) -> None:
    assert desk.codes(PRINTED, "style=https://pictures.example/1.jpg") == []


def test_a_reference_to_one_that_is_not_given_is_the_error_alone(desk: Desk) -> None:
    assert desk.codes(PRINTED) == ["template-absent-reference"]


COUNTED = """
    inputs:
      places: {type: list, of: text, default: [sea, hill]}
      n: {type: integer, minimum: 1, maximum: 3, default: 2}
    steps:
      set: {for_each: {p: "{{ inputs.places }}"}, generate: {prompt: "Views {{ each.p }}"}}
      row:
        generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}
        expect: {images: {min: "{{ inputs.n }}"}}
      end: {generate: {prompt: "{{ ref.x }}", image_input: {x: "{{ ITEMS }}"}}}
"""


@pytest.mark.parametrize(
    ("items", "given", "found"),
    [
        ("steps.set.images[1:]", [], []),
        ("steps.set.images[1:]", ["places=sea"], ["template-absent-reference"]),
        ("steps.set.images | selectattr('number', 'eq', 1)", [], []),
        ("steps.set.images | selectattr('number', 'eq', 1)", ["places="], ["template-absent-reference"]),
        ("steps.row.images[1:]", [], []),
        ("steps.row.images[1:] | reverse", [], []),
        ("steps.row.images[1:]", ["n=1"], ["may-be-none?"]),
        ("steps.row.images[1:] | reverse", ["n=1"], ["may-be-none?"]),
        ("steps.row.images | selectattr('number', 'eq', 2)", ["n=1"], ["may-be-none?"]),
    ],
)
def test_a_reference_of_which_the_plan_counts_an_image_is_no_doubt_any_more(
    desk: Desk, items: str, given: list[str], found: list[str]
) -> None:
    assert desk.codes(COUNTED.replace("ITEMS", items), *given) == found


@pytest.mark.parametrize("inside", [True, False])
def test_uses_of_a_recipe_that_may_all_be_skipped_stay_a_doubt(desk: Desk, inside: bool) -> None:
    condition = 'when: "{{ inputs.photos | length > 1 }}", '
    desk.write(
        "used.yaml",
        f"""
        seedflow: 1
        inputs: {{photos: {{type: list, of: image}}, s: {{type: text}}}}
        steps:
          one: {{{condition if inside else ""}generate: {{prompt: "One {{{{ inputs.s }}}}", image_input: "{{{{ inputs.photos }}}}"}}}}
        outputs: {{ones: "{{{{ steps.one.images }}}}"}}
        """,
    )
    when = "" if inside else 'when: "{{ steps.raw.images | length > 1 }}", '
    text = f"""
        steps:
          raw: {{generate: {{prompt: Views, sequential_image_generation: auto, max_images: 3}}}}
          u: {{recipe: ./used.yaml, for_each: {{s: [a, b]}}, {when}with: {{photos: "{{{{ steps.raw.images }}}}", s: "{{{{ each.s }}}}"}}}}
          end:
            generate:
              prompt: "{{{{ ref.raw }}}}, {{{{ ref.ones }}}}"
              image_input: {{raw: "{{{{ steps.raw.images }}}}", ones: "{{{{ steps.u.outputs.ones }}}}"}}
    """
    assert desk.codes(text) == ["may-be-none?"]


def test_counts_are_told_with_what_the_plan_knows(desk: Desk) -> None:
    text = """
        inputs: {words: {type: list, of: text, max_items: 20}}
        steps:
          word: {for_each: {word: "{{ inputs.words }}"}, generate: {prompt: "{{ each.word }}"}}
          all: {generate: {prompt: All, image_input: "{{ steps.word.images }}"}}
    """
    assert desk.codes(text, "words=a", "words=b") == []
    assert desk.codes(text, *(f"words={number}" for number in range(15))) == ["too-many-values"]


KEPT = """
    inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 2}}
    steps:
      s: {generate: {prompt: A street, sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}
      a:
        for_each: {v: {in: "{{ steps.s.images }}", at_most: 2}}
        generate: {prompt: In oil, image_input: ["{{ each.v }}"]}
"""
NESTED = """
    inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 2}}
    steps:
      s: {generate: {prompt: A street, sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}
      t: {generate: {prompt: A lane, sequential_image_generation: auto, max_images: 2}}
      a:
        for_each: {v: "{{ steps.t.images }}", w: {in: "{{ steps.s.images }}", at_most: 2}}
        generate: {prompt: Both, image_input: ["{{ each.v }}", "{{ each.w }}"]}
"""


@pytest.mark.parametrize("text", [KEPT, NESTED])
def test_a_list_that_fits_with_the_numbers_of_the_plan_is_no_doubt_any_more(text: str, desk: Desk) -> None:
    assert desk.codes(text) == []
    assert desk.codes(text, "n=3") == ["too-many-items?"]


def test_tasks_that_are_skipped_for_certain_do_not_count(desk: Desk) -> None:
    text = """
        steps:
          s: {for_each: {i: [1, 2, 3]}, when: "{{ each.i < LEAST }}", generate: {prompt: "Street {{ each.i }}"}}
          a:
            for_each: {v: {in: "{{ steps.s.images }}", at_most: 2}}
            generate: {prompt: In oil, image_input: ["{{ each.v }}"]}
    """
    assert desk.codes(text.replace("LEAST", "3")) == []
    assert desk.codes(text.replace("LEAST", "9")) == ["too-many-items"]


def test_what_a_used_recipe_gives_is_counted_with_what_it_is_given(desk: Desk) -> None:
    desk.write(
        "set.yaml",
        """
        seedflow: 1
        inputs: {n: {type: integer, minimum: 1, maximum: 15}}
        steps: {s: {generate: {prompt: "{{ inputs.n }}", sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}}
        outputs: {images: "{{ steps.s.images }}"}
        """,
    )
    text = """
        steps:
          r: {for_each: {k: [1, 2]}, recipe: ./set.yaml, with: {n: "{{ each.k }}"}}
          a:
            for_each: {v: {in: "{{ steps.r.images }}", at_most: MOST}}
            generate: {prompt: In oil, image_input: ["{{ each.v }}"]}
    """
    assert desk.codes(text.replace("MOST", "3")) == []
    assert desk.codes(text.replace("MOST", "2")) == ["too-many-items?"]


@pytest.mark.parametrize("least", [2, 3])
def test_what_expect_wants_by_an_input_is_counted_on(least: int, desk: Desk) -> None:
    text = f"""
        inputs: {{n: {{type: integer, minimum: {least}, maximum: 4, default: 4}}}}
        steps:
          s:
            generate: {{prompt: A street, sequential_image_generation: auto, max_images: 4}}
            expect: {{images: "{{{{ inputs.n }}}}"}}
          a: {{generate: {{prompt: In oil, image_input: ["{{{{ steps.s.images[2] }}}}"]}}}}
    """
    assert desk.codes(text) == []


@pytest.mark.parametrize(("n", "found"), [("4", []), ("1", ["no-such-image"]), ("2", [])])
def test_an_image_that_there_is_with_these_values_is_no_doubt_any_more(
    n: str, found: list[str], desk: Desk
) -> None:
    text = """
        inputs: {n: {type: integer, minimum: 1, maximum: 4}}
        steps:
          s:
            generate: {prompt: A street, sequential_image_generation: auto, max_images: 4}
            expect: {images: "{{ inputs.n }}"}
          a: {generate: {prompt: In oil, image_input: ["{{ steps.s.images[1] }}"]}}
    """
    assert desk.codes(text, f"n={n}") == found


def test_an_image_that_only_some_tasks_are_sure_of_stays_a_doubt(desk: Desk) -> None:
    text = """
        inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 2}}
        steps:
          s:
            generate: {prompt: A street, sequential_image_generation: auto, max_images: 4}
            expect: {images: {min: "{{ inputs.n }}"}}
          a: {generate: {prompt: In oil, image_input: ["{{ steps.s.images[1] }}", "{{ steps.s.images[2] }}"]}}
    """
    assert desk.codes(text) == ["image-may-be-missing?"]
    assert desk.codes(text, "n=3") == []


COLUMN = """
    inputs: {rows: {type: table, key: name, columns: {name: {type: text}, note: {type: text, optional: true}}}}
    steps: {page: {for_each: {row: "{{ inputs.rows }}"}, generate: {prompt: "{{ each.row.name }}, {{ each.row.note }}"}}}
"""


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("name,note\nfox,red\nowl,grey\n", []),
        ("name,note\nfox,red\nowl,\n", ["template-none-in-text"]),
    ],
)
def test_a_column_that_every_row_has_is_no_doubt_any_more(rows: str, found: list[str], desk: Desk) -> None:
    desk.write("rows.csv", rows)
    assert desk.codes(COLUMN, "rows=rows.csv") == found


def test_a_list_that_is_given_is_no_doubt_any_more_and_one_that_is_not_is_the_error_alone(desk: Desk) -> None:
    text = """
        inputs: {words: {type: list, of: text, optional: true}}
        values: {same: "{{ inputs.words }}"}
        steps:
          page: {for_each: {word: "{{ inputs.words }}"}, generate: {prompt: "{{ each.word }}"}}
          other: {for_each: {word: "{{ values.same }}"}, generate: {prompt: "Other {{ each.word }}"}}
    """
    assert desk.codes(text, "words=a") == []
    assert desk.codes(text) == ["not-a-list", "not-a-list"]


def test_a_condition_that_bounds_the_references_bounds_them_in_the_plan(desk: Desk) -> None:
    text = """
        steps:
          s: {generate: {prompt: A street, sequential_image_generation: auto, max_images: 10}}
          a:
            when: "{{ steps.s.images | length <= MOST }}"
            generate: {prompt: All, sequential_image_generation: auto, max_images: 10, image_input: "{{ steps.s.images }}"}
    """
    assert desk.codes(text.replace("MOST", "5")) == []
    assert desk.codes(text.replace("MOST", "6")) == ["too-many-together?"]


def test_edits_of_branches_that_are_all_skipped_are_skipped_and_no_doubt(desk: Desk) -> None:
    text = """
        steps:
          s: {generate: {prompt: A street, sequential_image_generation: auto, max_images: 3}}
          a: {when: "{{ steps.s.images | length > 1 }}", generate: {prompt: A, image_input: ["{{ steps.s.images }}"]}}
          b: {when: "{{ steps.s.images | length > 2 }}", generate: {prompt: B, image_input: ["{{ steps.s.images }}"]}}
          c:
            iterate: {over: "{{ first_of(steps.a.images, steps.b.imagesPART) }}", as: e, start: "{{ steps.s.images[0] }}"}
            generate: {prompt: C, image_input: ["{{ prev }}", "{{ each.e }}"]}
    """
    assert desk.codes(text.replace("PART", "")) == []
    assert desk.codes(text.replace("PART", " | list")) == ["nothing-to-apply?"]


EDITS = """
    inputs: {photo: {type: image, optional: true}, words: {type: list, of: text, optional: true}}
    steps:
      page: {generate: {prompt: A fox}}
      edited:
        when: "{{ inputs.photo is not none and inputs.words is not none }}"
        iterate: {over: OVER, as: e, start: "{{ inputs.photo }}"}
        generate: {prompt: "{{ each.e }}{{ inputs.words | default([]) | length }}", image_input: ["{{ prev }}"]}
"""


@pytest.mark.parametrize("over", ["[a, b]", '"{{ inputs.words }}"'])
def test_a_condition_leaves_edits_out_before_what_they_need_is_looked_at(over: str, desk: Desk) -> None:
    text = EDITS.replace("OVER", over)
    photo = "photo=https://pictures.example/1.jpg"
    assert desk.codes(text) == []
    assert desk.codes(text, photo) == []
    assert desk.codes(text, photo, "words=a", "words=b") == []


def test_edits_that_begin_with_none_are_one_problem(desk: Desk) -> None:
    text = EDITS.replace("OVER", "[a, b]").replace("inputs.photo is not none and ", "")
    assert desk.codes(text, "words=a") == ["not-an-image"]


def test_what_does_not_fit_an_input_is_said_of_what_is_given_alone(desk: Desk) -> None:
    desk.write(
        "used.yaml",
        """
        seedflow: 1
        inputs: {pics: {type: list, of: image, min_items: 1, max_items: 2}}
        steps:
          a: {generate: {prompt: "A {{ ref.x }}", image_input: {x: "{{ inputs.pics }}"}}}
          b: {generate: {prompt: "B {{ ref.x }}", image_input: {x: "{{ inputs.pics }}"}}}
        outputs: {images: "{{ steps.a.images + steps.b.images }}"}
        """,
    )
    text = """
        inputs: {words: {type: list, of: text}}
        steps:
          y: {for_each: {word: "{{ inputs.words }}"}, generate: {prompt: "Y {{ each.word }}"}}
          c: {recipe: ./used.yaml, with: {pics: "{{ steps.y.images }}"}}
    """
    assert desk.codes(text, "words=a", "words=b") == []
    assert desk.codes(text, "words=") == ["out-of-bounds"]
    assert desk.codes(text, "words=a", "words=b", "words=c") == ["out-of-bounds"]


def test_a_picked_image_that_may_be_missing_is_one_of_as_many_as_the_plan_knows(desk: Desk) -> None:
    text = """
        inputs: {n: {type: integer, default: 2}}
        steps:
          a: {generate: {prompt: A, sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}
          c: {generate: {prompt: "c {{ ref.i }}", image_input: {i: "{{ steps.a.images[1] }}"}}}
    """
    for given, said in (((), "gives 1 to 2 images"), (("n=5",), "gives 1 to 5 images")):
        (doubt,) = desk.problems(text, *given)
        assert doubt.code == "image-may-be-missing"
        assert said in doubt.message
    assert "gives 1 to 15 images" in desk.open(text).check()[0].message


TAKEN = """
    inputs: {n: {type: integer, optional: true}}
    steps: {page: {takes: "{{ (inputs.n or none) }}", generate: {prompt: "A fox"}}}
"""


def test_takes_that_may_be_none_are_no_doubt_once_they_are_given(desk: Desk) -> None:
    assert desk.codes(TAKEN, "n=2") == []
    assert desk.codes(TAKEN) == ["wrong-type"]


MIXED = """
    inputs: {on: {type: boolean, default: true}}
    steps:
      s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
      a: {when: "{{ CONDITION }}", for_each: {x: [p, q]}, generate: {prompt: "A {{ each.x }}"}}
      c: {generate: {prompt: C}}
    outputs:
      s: "{{ steps.s.images }}"
      o: {images: "{{ first_of(steps.a.images, steps.c.images) }}", file: "o-{{ each.x }}"}
"""


def test_a_file_of_one_of_several_steps_is_no_doubt_once_it_is_known_which(desk: Desk) -> None:
    text = MIXED.replace("CONDITION", "inputs.on")
    assert desk.codes(text) == []
    assert desk.codes(text, "on=false") == ["template-undefined"]
    assert desk.codes(MIXED.replace("CONDITION", "steps.s.images | length > 1")) == ["template-undefined?"]


REPEATED = """
    inputs: {e: {type: list, of: text, default: []}}
    steps:
      a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
      b: {for_each: {v: "{{ steps.a.images }}", e: "{{ inputs.e }}"}, generate: {prompt: B}}
      d: {for_each: {v: "{{ steps.b.tasks }}"}, generate: {prompt: D}}
      o: {for_each: {e: "{{ inputs.e }}"}, generate: {prompt: O}}
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], []),
        (["e=x"], ["same-request"] * 3),  # of `o` there is one task
        (["e=x", "e=y"], ["same-request"] * 4),
    ],
)
def test_loops_ask_the_same_again_only_where_they_have_several_tasks(
    desk: Desk, given: list[str], said: list[str]
) -> None:
    found = desk.problems(REPEATED, *given, without=frozenset())
    assert [one.code for one in found] == said


@pytest.mark.parametrize(("moods", "said"), [("calm", []), ("calm wild", ["same-request"])])
def test_a_variable_with_one_item_is_no_repetition_beside_one_with_several(
    desk: Desk, moods: str, said: list[str]
) -> None:
    text = """
        inputs: {moods: {type: list, of: text, max_items: 5}}
        steps: {page: {for_each: {x: [4, 7], mood: "{{ inputs.moods }}"}, generate: {prompt: "{{ each.x }}"}}}
    """
    found = desk.problems(
        text, *(f"moods={one}" for one in moods.split()), without=frozenset(("unused-step",))
    )
    assert [one.code for one in found] == said


@pytest.mark.parametrize(
    ("items", "said"), [("range(each.x - 1, each.x)", []), ("range(each.x)", ["same-request"])]
)
def test_the_plan_knows_whether_a_list_made_of_an_earlier_variable_repeats(
    desk: Desk, items: str, said: list[str]
) -> None:
    text = f"""
        steps: {{page: {{for_each: {{x: [1, 2], y: "{{{{ {items} }}}}"}}, generate: {{prompt: "{{{{ each.x }}}}"}}}}}}
    """
    assert [one.code for one in desk.open(text).check()] == []
    assert [one.code for one in desk.problems(text, without=frozenset(("unused-step",)))] == said


PICKED = """
    inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 2}, on: {type: boolean, default: false}}
    steps:
      set:
        generate: {prompt: Views, sequential_image_generation: auto, max_images: 4}
        expect: {images: {min: "{{ inputs.n }}"}}
      x: {generate: {prompt: "One PROMPT", image_input: ["{{ IMAGE }}"]}}
"""
ONE, OTHER = "steps.set.images[2]", "steps.set.images[0]"


@pytest.mark.parametrize(
    ("prompt", "image"),
    [
        ("", f"{ONE} if inputs.on else {OTHER}"),
        ("", f"{OTHER} if not inputs.on else {ONE}"),
        ("", f"[{OTHER}, {ONE}] if inputs.on else [{OTHER}]"),
        ("", f"(steps.set.images | list)[2] if inputs.on else {OTHER}"),
        ("", f"(inputs.on and {ONE}) or {OTHER}"),
        ("", f"{ONE} if (inputs.on and steps.set.images | length > 1) else {OTHER}"),
        (f"{{{{ {ONE}.width if inputs.on else 4 }}}}", OTHER),
        (f"{{% if inputs.on %}}{{{{ {ONE}.width }}}}{{% else %}}no{{% endif %}}", OTHER),
        (f"{{% if not inputs.on %}}no{{% else %}}{{{{ {ONE}.width }}}}{{% endif %}}", OTHER),
    ],
)
def test_an_image_behind_a_test_that_the_inputs_decide_is_no_doubt_any_more(
    prompt: str, image: str, desk: Desk
) -> None:
    text = PICKED.replace("PROMPT", prompt).replace("IMAGE", image)
    assert "image-may-be-missing" in [one.code for one in desk.open(text).check()]
    assert desk.codes(text) == []
    assert desk.codes(text, "on=true") == ["image-may-be-missing?"]
    assert desk.codes(text, "on=true", "n=3") == []


def test_a_doubt_behind_a_test_that_only_the_run_decides_stays(desk: Desk) -> None:
    text = PICKED.replace("PROMPT", "").replace("IMAGE", f"{ONE} if {OTHER}.width > 9 else {OTHER}")
    assert desk.codes(text) == ["image-may-be-missing?"]
    assert "gives 2 to 4 images" in desk.problems(text)[0].message
    assert desk.codes(text, "n=3") == []


def test_a_test_of_a_loop_leaves_out_what_no_item_comes_to(desk: Desk) -> None:
    text = """
        inputs: {views: {type: list, of: text, default: [front, back]}}
        steps:
          set: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}
          x:
            for_each: {v: "{{ inputs.views }}"}
            generate: {prompt: "{{ each.v }}", image_input: ["{{ steps.set.images[1] if each.v == 'top' else steps.set.images[0] }}"]}
    """
    assert desk.codes(text) == []
    assert desk.codes(text, "views=top", "views=back") == ["image-may-be-missing?"]


@pytest.mark.parametrize(
    "use",
    [
        'x: {when: "{{ inputs.on }}", generate: {prompt: One, image_input: ["{{ steps.set.images[2] }}"]}}',
        'x: {when: "{{ inputs.on }}", recipe: ./used.yaml, with: {photo: "{{ steps.set.images[2] }}"}}',
        'x: {recipe: ./used.yaml, with: {photo: "{{ steps.set.images[2] if inputs.on else steps.set.images[0] }}"}}',
    ],
)
def test_who_is_skipped_picks_nothing(use: str, desk: Desk) -> None:
    desk.write(
        "used.yaml",
        """
        seedflow: 1
        inputs: {photo: {type: image}}
        steps: {s: {generate: {prompt: "Like {{ ref.p }}", image_input: {p: "{{ inputs.photo }}"}}}}
        outputs: {images: "{{ steps.s.images }}"}
        """,
    )
    text = f"""
        inputs: {{on: {{type: boolean, default: false}}}}
        steps:
          set: {{generate: {{prompt: Views, sequential_image_generation: auto, max_images: 3}}}}
          {use}
    """
    assert desk.codes(text) == []
    assert desk.codes(text, "on=true") == ["image-may-be-missing?"]


def test_an_output_picks_by_what_the_inputs_decide(desk: Desk) -> None:
    text = """
        inputs: {on: {type: boolean, default: false}}
        steps: {set: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}}
        outputs: {one: "{{ steps.set.images[2] if inputs.on else steps.set.images[0] }}"}
    """
    assert desk.codes(text) == []
    assert desk.codes(text, "on=true") == ["image-may-be-missing?"]


def test_who_is_blocked_picks_nothing(desk: Desk) -> None:
    text = """
        steps:
          set:
            generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}
            expect: {images: {min: "{{ 3 - 1 }}"}, min_width: 9000}
          x: {generate: {prompt: One, image_input: ["{{ steps.set.images[2] }}"]}}
    """
    assert desk.codes(text) == ["image-may-be-missing?"]
    desk.run(text)
    assert desk.codes(text) == []


SMALL = """
    inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 1}, on: {type: boolean, default: true}}
    steps:
      set:
        generate: {prompt: Views, sequential_image_generation: auto, max_images: 4}
        expect: {images: {min: "{{ inputs.n }}"}}
      x: {when: "{{ inputs.on }}", generate: {prompt: X, sequential_image_generation: auto, max_images: "{{ MOST }}"}}
"""


@pytest.mark.parametrize("most", ["(steps.set.images | length) - 1", "(steps.set.images | length) * 2 - 3"])
def test_a_number_that_may_be_too_small_stays_a_doubt_unless_the_plan_knows_better(
    most: str, desk: Desk
) -> None:
    text = SMALL.replace("MOST", most)
    assert [one.code for one in desk.open(text).check()].count("out-of-range") == 1
    (found,) = desk.problems(text)
    assert (found.code, found.message[:12]) == ("out-of-range", "at the least")
    assert desk.codes(text, "n=2") == []
    assert desk.codes(text, "on=false") == []


def test_a_number_that_a_test_keeps_from_being_too_small_is_no_doubt(desk: Desk) -> None:
    tested = SMALL.replace("inputs.on }}", "steps.set.images | length > 1 }}")
    for text, most in (
        (SMALL, "[1, (steps.set.images | length) - 1] | max"),
        (tested, "(steps.set.images | length) - 1"),
    ):
        assert desk.codes(text.replace("MOST", most)) == []


def test_a_number_that_a_used_recipe_makes_too_small_of_what_it_is_given_is_told_of_the_plan(
    desk: Desk,
) -> None:
    desk.write(
        "used.yaml",
        """
        seedflow: 1
        inputs: {n: {type: integer, minimum: 1, maximum: 9}}
        steps: {s: {generate: {prompt: More, sequential_image_generation: auto, max_images: "{{ inputs.n - 1 }}"}}}
        outputs: {images: "{{ steps.s.images }}"}
        """,
    )
    text = """
        inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 1}}
        steps:
          set:
            generate: {prompt: Views, sequential_image_generation: auto, max_images: 4}
            expect: {images: {min: "{{ inputs.n }}"}}
          u: {recipe: ./used.yaml, with: {n: "{{ NUMBER }}"}}
    """
    given = text.replace("NUMBER", "steps.set.images | length")
    assert desk.codes(given) == ["out-of-range?"]
    assert desk.codes(given, "n=2") == []
    assert desk.codes(text.replace("NUMBER", "3")) == []


GIVEN = """
    inputs: {n: {type: integer, minimum: 1, maximum: 4, default: 1}, on: {type: boolean, default: true}}
    steps:
      set:
        generate: {prompt: Views, sequential_image_generation: auto, max_images: 4}
        expect: {images: {min: "{{ inputs.n }}"}}
      u: {recipe: ./used.yaml, with: {photos: "{{ steps.set.images }}"}}
"""
INSIDE = """
    seedflow: 1
    inputs: {photos: {type: list, of: image, min_items: 1}}
    values: {rest: "{{ inputs.photos[1:] }}"}
    steps:
      s: {generate: {prompt: "Like {{ ref.p }}", image_input: {p: "{{ IMAGE }}"}}}
    outputs: {images: "{{ steps.s.images }}"}
"""


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("inputs.photos[1]", "image-may-be-missing"),
        ("(inputs.photos | list)[1]", "image-may-be-missing"),
        ("inputs.photos[1:] | first", "image-may-be-missing"),
        ("values.rest[0]", "image-may-be-missing"),
        ("inputs.photos[1:]", "may-be-none"),
    ],
)
def test_an_image_of_a_list_that_a_caller_may_make_too_short_is_a_doubt(
    image: str, said: str, desk: Desk
) -> None:
    desk.write("used.yaml", INSIDE.replace("IMAGE", image))
    assert [one.code for one in desk.open(GIVEN).check() if one.code not in WASTE] == [said]
    assert desk.codes(GIVEN) == [f"{said}?"]
    assert desk.codes(GIVEN, "n=2") == []


@pytest.mark.parametrize(
    "image",
    [
        "inputs.photos[0]",
        "inputs.photos[:2]",
        "inputs.photos[1] if inputs.photos | length > 1 else inputs.photos[0]",
    ],
)
def test_one_that_is_there_or_tested_is_none(image: str, desk: Desk) -> None:
    desk.write("used.yaml", INSIDE.replace("IMAGE", image))
    assert desk.codes(GIVEN) == []


def test_a_condition_of_the_caller_or_a_bound_of_the_input_makes_sure_of_it(desk: Desk) -> None:
    desk.write("used.yaml", INSIDE.replace("IMAGE", "inputs.photos[1]"))
    assert desk.codes(GIVEN.replace("u: {", 'u: {when: "{{ steps.set.images | length > 1 }}", ')) == []
    assert desk.codes(GIVEN.replace("u: {", 'u: {when: "{{ inputs.on }}", '), "on=false") == []
    desk.write(
        "used.yaml", INSIDE.replace("IMAGE", "inputs.photos[1]").replace("min_items: 1", "min_items: 2")
    )
    assert desk.codes(GIVEN) == ["out-of-bounds?"]


def test_it_is_followed_through_several_uses_and_told_with_the_call(desk: Desk) -> None:
    desk.write(
        "used.yaml",
        INSIDE.replace(
            's: {generate: {prompt: "Like {{ ref.p }}", image_input: {p: "{{ IMAGE }}"}}}',
            's: {recipe: ./inner.yaml, with: {photos: "{{ inputs.photos }}"}}',
        ),
    )
    desk.write("inner.yaml", INSIDE.replace("IMAGE", "inputs.photos[1]"))
    (found,) = desk.problems(GIVEN)
    assert (found.code, found.span and found.span.source.name) == ("image-may-be-missing", "inner.yaml")
    assert "picks from 1 to 4 images" in found.message
    assert [one.message for one in found.related] == ["`photos` is given here"]
    assert desk.codes(GIVEN, "n=2") == []


def test_each_use_is_looked_at_for_itself(desk: Desk) -> None:
    desk.write("used.yaml", INSIDE.replace("IMAGE", "inputs.photos[1]"))
    text = GIVEN.replace("u: {", "v: {recipe: ./used.yaml, with: {photos: [fox.jpg, owl.jpg]}}\n      u: {")
    assert desk.codes(text.replace('"{{ steps.set.images }}"', "[fox.jpg, style.jpg]")) == []
    assert desk.codes(text) == ["image-may-be-missing?"]
    assert desk.codes(text, "n=3") == []
