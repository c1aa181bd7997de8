"""What a template mentions is found in every branch, with exact offsets, as far as it is literal."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.recipe.references import Argument, NameReference, Selector, Slice, StepReference
from seedflow.recipe.template import parse_template
from seedflow.text.nodes import Mapping, Scalar
from seedflow.text.reader import read_yaml


def mentioned(parse, text: str) -> list[str]:
    return [text[one.start : one.end] for one in parse(text).references]


def test_a_name_reference_has_the_literal_path_and_its_place(parse) -> None:
    (found,) = parse("  {{ each.scene.name }}").references
    assert found == NameReference("each", ("scene", "name"), 5, 20)
    assert found.name == "scene"


def test_brackets_with_literals_are_dots(parse) -> None:
    (found,) = parse('{{ each["scene"].tags[-1].name }}').references
    assert found == NameReference("each", ("scene", "tags", -1, "name"), 3, 30)


def test_a_path_ends_where_it_is_no_longer_literal(parse) -> None:
    found = parse("{{ each.scene[inputs.key].name }}").references
    assert found == (NameReference("each", ("scene",), 3, 13), NameReference("inputs", ("key",), 14, 24))


def test_a_step_reference_has_every_part_and_its_place(parse) -> None:
    text = '{{ steps.page.at(scene=each.scene, size="big", n=-2, on=true).images[0].width }}'
    step, scene = parse(text).references
    assert step == StepReference(
        step="page",
        selector=Selector(
            "at",
            (
                Argument("scene", scene, 17, 33),
                Argument("size", "big", 35, 45),
                Argument("n", -2, 47, 51),
                Argument("on", True, 53, 60),
            ),
        ),
        collection="images",
        output=None,
        index=0,
        start=3,
        end=71,
        name_start=9,
        name_end=13,
    )
    assert scene == NameReference("each", ("scene",), 23, 33)
    assert text[step.start : step.end].endswith("images[0]")


@pytest.mark.parametrize(
    ("written", "selector", "collection", "output", "index"),
    [
        ("steps.a.images", None, "images", None, None),
        ('steps["a"]["images"]', None, "images", None, None),
        ("steps.a.images[0]", None, "images", None, 0),
        ("steps.a.images.0", None, "images", None, 0),
        ("steps.a.images[-1]", None, "images", None, -1),
        ("steps.a.images[:4]", None, "images", None, Slice(None, 4, None)),
        ("steps.a.images[1:-1:2]", None, "images", None, Slice(1, -1, 2)),
        ("steps.a.tasks", None, "tasks", None, None),
        ("steps.a.tasks[2]", None, "tasks", None, 2),
        ("steps.a.outputs.cover", None, "outputs", "cover", None),
        ("steps.a.outputs.cover[1]", None, "outputs", "cover", 1),
        ("steps.a.where(n=1).images", Selector("where", (Argument("n", 1, 11, 14),)), "images", None, None),
        ("steps.a.where(n=1).tasks", Selector("where", (Argument("n", 1, 11, 14),)), "tasks", None, None),
        ("steps.a.at(n=1).images[0]", Selector("at", (Argument("n", 1, 8, 11),)), "images", None, 0),
        ("steps.a.at(n=1).outputs.x", Selector("at", (Argument("n", 1, 8, 11),)), "outputs", "x", None),
        ("steps.a.at(n=1)", Selector("at", (Argument("n", 1, 8, 11),)), None, None, None),
    ],
)
def test_every_form_of_a_step_mention(parse, written, selector, collection, output, index) -> None:
    (found,) = parse("{{" + written + "}}").references
    if selector is not None:
        shifted = tuple(
            Argument(one.variable, one.value, one.start + 5, one.end + 5) for one in selector.arguments
        )
        selector = Selector(selector.kind, shifted)
    assert (found.step, found.selector, found.collection, found.output, found.index) == (
        "a",
        selector,
        collection,
        output,
        index,
    )
    assert (found.start, found.end) == (2, 2 + len(written))


def test_what_follows_a_task_is_looked_up_when_rendered(parse) -> None:
    (found,) = parse("{{ steps.a.at(n=1).each.scene }}").references
    assert (found.collection, found.start, found.end) == (None, 3, 18)


@pytest.mark.parametrize(
    "text",
    [
        "{% if inputs.a %}{{ inputs.b }}{% elif inputs.c %}{{ inputs.d }}{% else %}{{ inputs.e }}{% endif %}",
        "{% for x in inputs.a if inputs.b %}{{ inputs.c }}{% else %}{{ inputs.d }}{% endfor %}{{ inputs.e }}",
        "{% macro m(x=inputs.a) %}{{ inputs.b }}{% endmacro %}{{ m(inputs.c) }}{{ m(x=inputs.d) }}{{ inputs.e }}",
        "{% set x = inputs.a %}{% set y %}{{ inputs.b }}{% endset %}{% with z = inputs.c %}{{ inputs.d }}{% endwith %}{{ inputs.e }}",
        "{{ inputs.a if inputs.b else inputs.c }}{{ [inputs.d, {'k': inputs.e}] | length }}",
        "{{ inputs.a | default(inputs.b) }}{{ inputs.c is eq inputs.d }}{{ (inputs.e ~ '')}}",
        "{{ inputs.a < inputs.b < inputs.c }}{{ -inputs.d + 2 ** inputs.e }}",
        "{{ inputs.a and inputs.b or not inputs.c }}{{ inputs.d[inputs.e] }}",
        "{{ inputs.a in [inputs.b] }}{{ range(inputs.c, inputs.d) | length }}{{ inputs.e is not none }}",
    ],
)
def test_every_branch_counts_taken_or_not(parse, text) -> None:
    assert mentioned(parse, text) == ["inputs.a", "inputs.b", "inputs.c", "inputs.d", "inputs.e"]


def test_references_stand_in_text_order_however_deep(parse) -> None:
    text = "{{ steps.b.at(n=inputs.x).images }}{{ values.v ~ steps.a.images[0].width }}{% if ref.hero %}{{ recipe.name }}{% endif %}"
    assert mentioned(parse, text) == [
        "steps.b.at(n=inputs.x).images",
        "inputs.x",
        "values.v",
        "steps.a.images[0]",
        "ref.hero",
        "recipe.name",
    ]


def test_names_of_the_template_itself_are_no_references(parse) -> None:
    text = "{% for word in inputs.words %}{{ word }}{{ loop.index }}{% set long = word | length %}{{ long }}{% endfor %}"
    assert mentioned(parse, text) == ["inputs.words"]


def test_a_span_leads_to_the_source_through_folds_and_escapes(parse) -> None:
    written = 'prompt: >-\n  a fox\n  called {{\n    inputs.hero }}\n\n  and\nother: "tab\\t{{ inputs.n }}"\n'
    source = Source("recipe.yaml", written)
    root, diagnostics = read_yaml(source)
    assert diagnostics == []
    assert isinstance(root, Mapping)
    for key, expected in (("prompt", "inputs.hero"), ("other", "inputs.n")):
        entry = root.find(key)
        assert entry is not None
        assert isinstance(entry.value, Scalar)
        template, problems = parse_template(entry.value, roots=frozenset({"inputs"}))
        assert problems == []
        (reference,) = template.references
        span = template.span_of(reference)
        assert written[span.start : span.end] == expected


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("{{ steps.a.images['0'] }}", "write `images[0]`"),
        ("{{ steps.a.images.first }}", "write `… | first`"),
        ("{{ steps.a.tasks.length }}", "write `… | length`"),
        ("{{ steps.a.images.width }}", 'choose one, `images[0].width`, or take it of all: `… | map(attribute="width")`'),
        ("{{ steps.a.tasks.size }}", "choose one, `tasks[0]`, which has "),
    ],
)  # fmt: skip # a row a line
def test_what_a_list_does_not_have_is_answered_with_what_works(problem, text: str, advice: str) -> None:
    found = problem(text)
    assert found.code == "template-step-reference"
    assert str(found.help).startswith(advice)


@pytest.mark.parametrize(
    ("test", "asks"),
    [
        ("steps.b is defined", "is not none"),
        ("steps.b is not defined", "is none"),
        ("steps.b is undefined", "is none"),
        ("steps.b is none", "is none"),
    ],
)
def test_whether_a_step_is_there_is_answered_with_what_asks_whether_it_was_made(
    problem, test: str, asks: str
) -> None:
    found = problem("{% if " + test + " %}x{% endif %}")
    assert found.code == "template-step-reference"
    assert str(found.help).endswith(f"asks `optional(steps.b.images) {asks}`")
