"""`when`, `takes`, `expect`, `iterate` as written to the model of recipes; what is written out is judged at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Otherwise, Step
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template

CATALOG = load_catalog()


def read(options: str, generate: str = "{prompt: x}") -> tuple[Step, list[str]]:
    text = f"seedflow: 1\nsteps:\n  a:\n    generate: {generate}\n{options}\n"
    recipe, problems = parse_recipe(Source("r.yaml", text), CATALOG, folder=Path(), default_name="r")
    assert recipe is not None
    return recipe.steps["a"], [describe(found) for found in problems]


def describe(found: Diagnostic) -> str:
    assert found.span is not None
    return f"{found.code} «{found.span.source.text[found.span.start : found.span.end]}»"


def test_a_step_has_no_options_unless_they_are_written() -> None:
    step, problems = read("")
    assert problems == []
    assert (step.when, step.takes, step.expect, step.iterate, step.call) == (None,) * 5


def test_all_options_are_read() -> None:
    step, problems = read(
        """
    when: "{{ inputs.b }}"
    takes: "{{ inputs.n }}"
    expect: {images: {min: 1, max: 3}, min_width: 1024, aspect_ratio: 16:9, distinct: true, otherwise: retry, attempts: 5}
    iterate: {over: [snow, "{{ inputs.t }}"], as: edit, start: "{{ inputs.p }}"}
""",
        '{prompt: "{{ each.edit }}", image_input: ["{{ prev }}"]}',
    )
    assert problems == []
    assert step.when is not None
    assert step.when.references[0].root == "inputs"
    assert step.expect is not None
    assert step.expect.otherwise is Otherwise.RETRY
    assert isinstance(step.expect.images, dict)
    assert step.iterate is not None
    assert step.iterate.name == "edit"
    assert isinstance(step.iterate.over, tuple)
    assert len(step.iterate.over) == 2
    assert step.generate is not None
    assert step.generate.references is not None
    (mention,) = step.generate.references.items[0].template.references
    assert isinstance(mention, NameReference)
    assert (mention.root, mention.path) == ("prev", ())


def test_a_number_of_images_stands_for_exactly_so_many() -> None:
    step, problems = read("    expect: {images: 2}")
    assert problems == []
    assert step.expect is not None
    assert isinstance(step.expect.images, Template)
    assert step.expect.images.literal(as_text=False) == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("when: true", "not-a-condition «true»"),
        ("when: inputs.b", "not-a-condition «inputs.b»"),
        ('when: "{{ inputs.b }} and more"', "not-a-condition «\"{{ inputs.b }} and more\"»"),
        ("when: [a]", "not-a-condition «[a]»"),
        ("takes: 0", "out-of-bounds «0»"),
        ("takes: 1001", "out-of-bounds «1001»"),
        ("takes: two", "wrong-type «two»"),
        ("takes: 1.5", "wrong-type «1.5»"),
        ('takes: "{{ each.x }}"', "template-unknown-name «each»"),
        ('takes: "{{ steps.a.images | length }}"', "template-unknown-name «steps»"),
        ("expect: {images: 0}", "out-of-bounds «0»"),
        ("expect: {images: {min: 3, max: 2}}", "empty-bounds «min»"),
        ("expect: {images: {most: 2}}", "unknown-key «most»"),
        ("expect: {min_width: big}", "wrong-type «big»"),
        ("expect: {aspect_ratio: wide}", "not-a-ratio «wide»"),
        ("expect: {aspect_ratio: 0:3}", "not-a-ratio «0:3»"),
        ("expect: {distinct: yes}", "wrong-type «yes»"),
        ("expect: {images: 1, otherwise: retri}", "not-an-option «retri»"),
        ("expect: {attempts: 3}", "attempts-without-retry «attempts»"),
        ("expect: {otherwise: retry, attempts: 0}", "out-of-bounds «0»"),
        ("expect: {otherwise: retry, attempts: 101}", "out-of-bounds «101»"),
        ("expect: {images: 1000001}", "out-of-bounds «1000001»"),
        ("expect: {otherwise: retry, retries: 3}", "unknown-key «retries»"),
        ('iterate: {over: snow, as: edit, start: "{{ inputs.p }}"}', "not-a-list «snow»"),
        ("iterate: {over: [snow], as: edit, start: a.jpg}", "not-an-image «a.jpg»"),
        ('iterate: {over: [snow], as: Edit, start: "{{ inputs.p }}"}', "bad-name «Edit»"),
        ('iterate: {over: [snow], start: "{{ inputs.p }}"}', "missing-key «iterate»"),
    ],
)  # fmt: skip # a row a line
def test_what_is_wrong_is_said_at_its_place(options: str, expected: str) -> None:
    text = f"seedflow: 1\nsteps:\n  a:\n    generate: {{prompt: x}}\n    {options}\n"
    _, problems = parse_recipe(Source("r.yaml", text), CATALOG, folder=Path(), default_name="r")
    assert [describe(found) for found in problems] == [expected]
    assert all(found.help for found in problems)


def test_the_variable_of_iterate_is_one_of_its_own() -> None:
    _, problems = read("    for_each: {x: [a]}\n    iterate: {over: [b], as: x, start: '{{ inputs.p }}'}")
    assert problems == ["variable-taken «x»"]


def test_prev_and_the_edit_are_known_in_the_request_alone() -> None:
    _, problems = read("", '{prompt: x, image_input: ["{{ prev }}"]}')
    assert problems == ["template-unknown-name «prev»"]
    _, problems = read("    iterate: {over: [b], as: x, start: '{{ prev }}'}")
    assert problems == ["template-unknown-name «prev»"]
    _, problems = read("    iterate: {over: [b], as: x, start: '{{ inputs.p }}'}\n    when: '{{ each.x }}'")
    assert problems == ["template-unknown-name «each»"]


def test_the_image_before_has_the_attributes_of_an_image() -> None:
    _, problems = read(
        "    iterate: {over: [b], as: x, start: '{{ inputs.p }}'}", '{prompt: "{{ prev.widht }}"}'
    )
    assert problems == ["template-unknown-name «widht»"]
