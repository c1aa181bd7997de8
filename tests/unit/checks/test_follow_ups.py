"""Beside one error, nothing is told that is no longer so once it is mended: each recipe here has one thing wrong, and one is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seedflow.checks.run_all import check_graph, sort_diagnostics
from seedflow.diagnostics import Diagnostic, Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog
from seedflow.models.project import add_project_models
from seedflow.recipe.load import parse_recipe

Tell = Callable[[str], list[str]]


@pytest.fixture
def tell(catalog: Catalog, tmp_path: Path) -> Tell:
    """The codes of all that loading, graph and checks say, in the order of the text."""

    def run(text: str) -> list[str]:
        recipe, found = parse_recipe(
            Source("recipe.yaml", "seedflow: 1\n" + text), catalog, folder=tmp_path, default_name="recipe"
        )
        assert recipe is not None
        graph, wrong = build_graph(recipe, catalog)
        problems: list[Diagnostic] = sort_diagnostics([*found, *wrong, *check_graph(graph, catalog)])
        return list(dict.fromkeys(problem.code for problem in problems))

    return run


def in_a_file(generate: str, options: str = "") -> str:
    """A step whose images have files that are named by its variable alone, which is right for one image of each task."""
    return f"""
inputs: {{style: {{type: text, default: x}}}}
steps: {{a: {{for_each: {{x: [p, q]}}, {options}generate: {{{generate}, prompt: "{{{{ each.x }}}} {{{{ inputs.style }}}}"}}}}}}
outputs: {{a: {{images: "{{{{ steps.a.images }}}}", file: "{{{{ each.x }}}}"}}}}
"""


@pytest.mark.parametrize(
    ("generate", "code"),
    [
        ("model: seedream-4.5", "unknown-model"),
        ('model: "{{ inputs.nope }}"', "unknown-input"),
        ('model: "{{ each.nope }}"', "template-unknown-name"),
        ('model: "{{ [1] | nosuch }}"', "template-unknown-filter"),
        ("sequential_image_generation: auto, max_images: 99", "out-of-range"),
        ("sequential_image_generation: auto, max_images: many", "wrong-type"),
        ('sequential_image_generation: auto, max_images: "{{ inputs.nope }}"', "unknown-input"),
        ('sequential_image_generation: auto, max_images: "{{ inputs.style }}"', "text-for-number"),
        ("sequential_image_generation: auto, max_image: 1", "unknown-parameter"),
    ],
)
def test_no_name_of_a_file_is_wrong_by_a_number_of_images_that_is_to_be_mended(
    tell: Tell, generate: str, code: str
) -> None:
    assert tell(in_a_file(generate)) == [code]


def test_a_name_of_a_file_is_wrong_where_the_number_is_as_it_is_meant(tell: Tell) -> None:
    assert tell(in_a_file("sequential_image_generation: auto, max_images: 4")) == ["same-file"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ('takes: "{{ inputs.nope }}", ', "unknown-input"),
        ("takes: many, ", "wrong-type"),
        ('expect: {images: "{{ inputs.nope }}"}, ', "unknown-input"),
    ],
)
def test_nor_by_takes_or_by_what_is_expected(tell: Tell, options: str, code: str) -> None:
    generate = "sequential_image_generation: auto, max_images: 4" if "expect" in options else "size: 2K"
    assert tell(in_a_file(generate, options)) == [code]


def test_no_index_is_wrong_by_takes_that_are_to_be_mended(tell: Tell) -> None:
    text = """
steps:
  a: {takes: "{{ inputs.nope }}", generate: {prompt: A}}
  b: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.images[0] }}"}}}
"""
    assert tell(text) == ["unknown-input"]


@pytest.mark.parametrize("wrong", ["max_images: 99", 'max_images: "{{ inputs.nope }}"', "max_images: many"])
def test_edits_are_no_set_by_a_number_that_is_to_be_mended(tell: Tell, wrong: str) -> None:
    text = f"""
steps:
  a: {{generate: {{prompt: A}}}}
  b:
    iterate: {{over: [x, y], as: edit, start: "{{{{ steps.a.images[0] }}}}"}}
    generate:
      prompt: "{{{{ ref.i }}}} {{{{ each.edit }}}}"
      sequential_image_generation: auto
      {wrong}
      image_input: {{i: "{{{{ prev }}}}"}}
"""
    assert len(tell(text)) == 1


def test_what_goes_with_a_refused_value_is_not_judged(tell: Tell) -> None:
    """A switch that is misspelt does not turn off what stands beside it, and a number out of range is none to add up."""
    switch = """
steps:
  a:
    expect: {images: 3, distinct: true}
    generate: {prompt: A, sequential_image_generation: yes, max_images: 4}
  b: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.images[1] }}"}}}
"""
    assert tell(switch) == ["wrong-value"]
    number = """
inputs: {photo: {type: image}}
steps:
  a:
    generate:
      prompt: "{{ ref.i }}"
      image_input: {i: "{{ inputs.photo }}"}
      sequential_image_generation: auto
      max_images: 99
"""
    assert tell(number) == ["out-of-range"]


def test_references_are_not_counted_of_a_step_whose_number_is_to_be_mended(tell: Tell) -> None:
    text = """
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 99}}
  b: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.images }}"}}}
"""
    assert tell(text) == ["out-of-range"]


def test_nor_of_a_list_in_which_one_image_stands_twice(tell: Tell) -> None:
    text = """
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 6}}
  b:
    for_each: {i: "{{ steps.a.images + steps.a.images }}"}
    generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.i }}"}}
  c: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.b.images }}"}}}
"""
    assert tell(text) == ["equal-keys"]


def test_lists_that_do_not_fit_each_other_have_no_length(tell: Tell) -> None:
    text = """
steps:
  a: {for_each: "{{ zip(x=['p', 'q', 'r'], y=['s', 't']) }}", generate: {prompt: "{{ each.x }} {{ each.y }}"}}
  b: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.tasks[2].images }}"}}}
"""
    assert tell(text) == ["unequal-lists"]


def test_a_list_that_is_too_long_has_no_length(tell: Tell) -> None:
    text = """
steps:
  a: {for_each: {x: {in: [p, q, r], at_most: 2}}, generate: {prompt: "{{ each.x }}"}}
  b: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.tasks[2].images }}"}}}
"""
    assert tell(text) == ["too-many-items"]


def test_variables_that_could_not_be_read_are_not_missing(tell: Tell) -> None:
    text = """
steps:
  a: {for_each: abc, generate: {prompt: "{{ each.x }}"}}
  b: {for_each: {x: [p]}, generate: {prompt: "{{ ref.i }} {{ each.x }}", image_input: {i: "{{ steps.a.at(x=each.x).images[0] }}"}}}
outputs:
  a: {images: "{{ steps.a.images }}", file: "{{ each.x }}"}
  b: {images: "{{ steps.b.images + steps.a.images }}", file: "b/{{ each.x }}"}
"""
    assert tell(text) == ["wrong-type"]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("inputs.styl is not none", "unknown-input"),
        ("inputs.style is nonesuch", "template-unknown-test"),
        ("values.given", "unknown-value"),
        ("inputs.style is not none", None),
    ],
)
def test_behind_a_condition_that_is_to_be_mended_nothing_is_in_doubt(
    tell: Tell, when: str, code: str | None
) -> None:
    text = f"""
inputs: {{style: {{type: text, optional: true}}}}
steps: {{a: {{when: "{{{{ {when} }}}}", generate: {{prompt: "{{{{ inputs.style }}}}"}}}}}}
"""
    assert tell(text) == ([] if code is None else [code])


def test_nor_behind_a_test_in_the_text_itself(tell: Tell) -> None:
    text = """
inputs: {style: {type: text, optional: true}}
steps: {a: {generate: {prompt: "{% if inputs.styl %}{{ inputs.style }}{% endif %}"}}}
"""
    assert tell(text) == ["unknown-input"]
    columns = """
inputs: {rows: {type: table, key: n, columns: {n: text, note: {type: text, optional: true}}}}
steps:
  a:
    for_each: {row: "{{ inputs.rows }}"}
    generate: {prompt: "{{ each.row.n }} {% if each.row.notes %}{{ each.row.note }}{% endif %}"}
"""
    assert tell(columns) == ["unknown-attribute"]


def test_a_test_that_is_right_leaves_its_doubts(tell: Tell) -> None:
    text = """
inputs: {style: {type: text, optional: true}, mood: {type: text, optional: true}}
steps: {a: {when: "{{ inputs.mood is not none }}", generate: {prompt: "{{ inputs.style }}"}}}
"""
    assert tell(text) == ["may-be-none"]


def test_a_reference_that_a_misspelt_name_is_meant_for_is_not_forgotten(tell: Tell) -> None:
    text = """
inputs: {photo: {type: image, optional: true}}
steps:
  a:
    generate:
      prompt: "{% if ref.picture %}{{ ref.photo }}{% endif %} {{ ref.second }}"
      image_input: {photo: "{{ inputs.photo }}", other: "{{ inputs.photo }}"}
"""
    assert tell(text) == ["unknown-reference"]


def test_nor_is_an_input_called_unused(tell: Tell) -> None:
    text = """
inputs: {photo: {type: text, default: x}}
steps: {a: {generate: {prompt: "{{ inputs.subject }}"}}}
"""
    assert tell(text) == ["unknown-input"]


def test_a_first_choice_that_could_not_be_read_hides_what_may_be_skipped(tell: Tell) -> None:
    text = """
inputs: {on: {type: boolean, default: false}}
steps:
  a: {generate: {prompt: A}}
  b: {when: "{{ inputs.on }}", generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.a.images }}"}}}
  c: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ first_of(steps.b.imagess[0], steps.a.images[0]) }}"}}}
outputs: {c: "{{ steps.c.images }}", b: "{{ steps.b.images }}"}
"""
    assert tell(text) == ["template-step-reference"]


def test_a_slip_in_a_model_takes_no_reference_from_the_prompt_that_it_calls_otherwise(
    catalog: Catalog, tmp_path: Path
) -> None:
    url = {"type": "string", "format": "uri"}
    fact = {"sureness": "D", "source": "card"}
    card = {
        "model": "a/ink-3",
        "input": {"properties": {"words": {"type": "string"}, "photo": url}},
        "output": {"properties": {"image": url}},
    }
    profile = {
        "format": 1,
        "model": "a/ink-3",
        "version": "2026-11-27",
        "prompt": {"parameter": "words", **fact},
        "references": {"parameter": "photo", **fact},
    }
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "ink.json").write_text(json.dumps(card))
    (folder / "ink.profile.json").write_text(json.dumps(profile))
    catalog, problems = add_project_models(catalog, folder, "cards", None)
    assert problems == []
    text = 'steps: {fox: {generate: {prompt: A}}, ink: {generate: {model: a/ink, words: "{{ ref.fox }}", photo: {fox: "{{ steps.fox.images[0] }}"}}}}'
    _, found = parse_recipe(
        Source("r.yaml", f"seedflow: 1\n{text}"), catalog, folder=tmp_path, default_name="r"
    )
    assert found == []
