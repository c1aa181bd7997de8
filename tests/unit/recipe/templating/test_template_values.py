"""What values become: types are kept by a lone expression, scalars become text, everything else is refused with help."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Source
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Scope, TemplateForm, look_up, parse_template
from seedflow.recipe.views import View, is_absent
from seedflow.text.nodes import Scalar


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a fox", TemplateForm.LITERAL),
        ("{# no comment #} { } }} %} {", TemplateForm.LITERAL),
        ("", TemplateForm.LITERAL),
        ("{{ inputs.hero }}", TemplateForm.EXPRESSION),
        (" \n\t{{ inputs.hero }} ", TemplateForm.EXPRESSION),
        ("{{- inputs.hero -}}", TemplateForm.EXPRESSION),
        ("{{ '{{' ~ '}}' }}", TemplateForm.EXPRESSION),
        ("{{ inputs.count + 1 }}", TemplateForm.EXPRESSION),
        ("{{ inputs.hero }}.", TemplateForm.TEXT),
        ("{{ inputs.hero }}{{ inputs.hero }}", TemplateForm.TEXT),
        ("{{ inputs.hero }}{# #}", TemplateForm.TEXT),
        ("{% if true %}{{ inputs.hero }}{% endif %}", TemplateForm.TEXT),
        ("{% raw %}{% endraw %}{{ inputs.hero }}", TemplateForm.TEXT),
    ],
)
def test_the_form_follows_from_the_text_alone(parse, text, form) -> None:
    assert parse(text).form is form


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.count }}", 3),
        (" {{ inputs.ratio }} ", 2.5),
        ("{{ inputs.yes }}", True),
        ("{{ inputs.none }}", None),
        ("{{ inputs.words }}", ["red", "green", "blue"]),
        ("{{ inputs.words[1:] }}", ["green", "blue"]),
        ("{{ inputs.words[-1] }}", "blue"),
        ("{{ each.scene }}", {"name": "lake", "season": "winter"}),
        ("{{ steps.a.images[1].width }}", 200),
        ("{{ steps.a.images | length }}", 3),
        ("{{ steps.a.at(scene='x').key }}", "scene=lake"),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ {'a': [1]} }}", {"a": [1]}),
        ("{{ image.number }}", 7),
        ("{{ image.each.scene }}", "lake"),
        ("{{ inputs.none or inputs.hero }}", "fox"),
        ("{{ inputs.hero and inputs.count }}", 3),
        ("{{ not ref.style }}", True),
        ("{{ inputs.words + inputs.none }}", ["red", "green", "blue"]),
        ("{{ none + inputs.words[:1] + none + ['x'] }}", ["red", "x"]),
        ("{{ [] + none }}", []),
        ("{{ none + none }}", None),
    ],
)
def test_a_lone_expression_keeps_its_type(render, text, value) -> None:
    found = render(text)
    assert found == value
    assert type(found) is type(value)


def test_views_come_out_as_they_went_in(render, scope) -> None:
    photo = scope.inputs["photo"]
    assert render("{{ inputs.photo }}") is photo
    assert render("{{ [inputs.photo] }}") == [photo]
    assert [one.attributes["number"] for one in render("{{ steps.a.images }}")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ inputs.count }} foxes", "3 foxes"),
        ("{{ inputs.ratio }}", "2.5"),
        ("{{ inputs.yes }}", "true"),
        ("{{ not inputs.yes }}", "false"),
        ("{{ 6 / 2 }}", "3"),
        ("{{ 1 / 3 }}", "0.333333333333333"),
        ("{{ 0.1 + 0.2 }}", "0.3"),
        ("{{ 19.95 * 3 }}", "59.85"),
        ("{{ 0.1 * 3 ~ ' m' }}", "0.3 m"),
        ("{{ [0.7 + 0.1, 2] | join(' and ') }}", "0.8 and 2"),
        ("{{ 1e-7 }}", "1e-07"),
        ("{{ 123456789012345.67 }}", "123456789012346"),
        ("{{ 1234567890123456.5 }}", "1234567890123456.5"),
        ("{{ -0.0 }}", "0"),
        ("{{ 1e22 }}", "1e+22"),
        ("{{ 1e15 }}", "1000000000000000"),
        ("{{ inputs.hero ~ 1 ~ true ~ 0.5 }}", "fox1true0.5"),
        ("{{ ref.hero }}", "image 1"),
        ("see {{ ref.hero | upper }}", "see IMAGE 1"),
        ("  {{ inputs.hero }}  ", "fox"),
        ("  {{ inputs.hero }}, ", "  fox, "),
        ("a\n\n  {{ inputs.hero }}\n", "a\n\n  fox\n"),
        ("a\r\n{{ inputs.hero }}\r", "a\r\nfox\r"),
        ("a  {{- inputs.hero -}}  b", "afoxb"),
        ("{# {{ inputs.hero }} #}", "{# fox #}"),
        ("{{ inputs.braces }}!", "{{ inputs.hero }}!"),
        ("{{ '\\u00e9\\n\\'' }}.", "é\n'."),
    ],
)
def test_scalars_become_text_where_text_is_wanted(render, text, rendered) -> None:
    assert render(text, as_text=True) == rendered


FAILURES = [
    ("a {{ inputs.none }}", "template-none-in-text", "inputs.none", "{% if"),
    ("a {{ inputs.words }}", "template-not-text", "inputs.words", "join"),
    ("a {{ steps.x.images }}", "template-not-text", "steps.x.images", "ref.NAME"),
    ("a {{ steps.x.images[0] }}", "template-not-text", "steps.x.images[0]", "ref.NAME"),
    ("a {{ each.scene }}", "template-not-text", "each.scene", "COLUMN"),
    ("a {{ steps.x.at(n=1) }}", "template-not-text", "steps.x.at(n=1)", "key"),
    ("{% for x in inputs.words %}{{ loop }}{% endfor %}", "template-not-text", "loop", "COLUMN"),
    ("{{ inputs.words ~ 'x' }}", "template-not-text", "inputs.words ~ 'x'", "join"),
    ("{{ [inputs.words] | join(', ') }}", "template-not-text", "[inputs.words] | join(', ')", "join"),
    ("{{ ref.style }}", "template-absent-reference", "ref.style", "{% if ref.NAME %}"),
    ("x {{ ref.style }}", "template-absent-reference", "ref.style", "{% if ref.NAME %}"),
    ("x {{ ref.later }}", "template-not-known", "ref.later", None),
    ("{{ inputs.photo.width }}", "template-not-known", "width", None),
    ("{{ inputs.photo.width | default(1) }}", "template-not-known", "width", None),
    ("{{ inputs.photo.height }}", "template-undefined", "height", "`name`"),
    ("{{ inputs.her }}", "template-undefined", "her", "`hero`"),
    ("{{ each.scen.name }}", "template-undefined", "scen", "`scene`"),
    ("{{ each.scene.nam }}", "template-undefined", "nam", "`name`"),
    ("{{ each.scene['nam'] }}", "template-undefined", "'nam'", "`name`"),
    ("{{ each.scene.colour.red | default('x') }}", "template-undefined", "colour", None),
    ("{{ ref.her }}", "template-undefined", "her", "`hero`"),
    ("{{ inputs.words[3] }}", "template-no-such-item", "3", "from 0"),
    ("{{ inputs.words[-4] }}", "template-no-such-item", "-4", "from 0"),
    ("{{ inputs.nobody | first }}", "template-no-such-item", "inputs.nobody | first", "default"),
    ("{{ inputs.nobody | max }}", "template-no-such-item", "inputs.nobody | max", "default"),
    ("{{ inputs.words.length }}", "template-type", "length", "[0]"),
    ("{{ inputs.hero.length }}", "template-type", "length", "upper"),
    ("{{ inputs.hero[0] }}", "template-type", "0", None),
    ("{{ inputs.none.x }}", "template-type", "x", "{% if"),
    ("{{ inputs.count[0] }}", "template-type", "0", None),
    ("{{ inputs.words[inputs.ratio] }}", "template-type", "inputs.ratio", "`… | int`"),
    ("{{ inputs.words[true] }}", "template-type", "true", "from 0"),
    ("{{ inputs.hero[1:] }}", "template-type", "inputs.hero[1:]", None),
    ("{{ inputs.words[:inputs.hero] }}", "template-type", "inputs.words[:inputs.hero]", None),
    ("{{ inputs.words[::0] }}", "template-number", "inputs.words[::0]", "step"),
    ("{{ [1, inputs.none] | sort }}", "template-type", "[1, inputs.none] | sort", "`… | reject(\"none\") | …`"),
    ("{{ [1, inputs.none] | sum }}", "template-type", "[1, inputs.none] | sum", "`… | reject(\"none\") | …`"),
    ("{{ [1, inputs.none] | join }}", "template-none-in-text", "[1, inputs.none] | join", "`… | reject(\"none\") | …`"),
    ("{{ [{\"n\": inputs.none}] | max(attribute=\"n\") }}", "template-type", "[{\"n\": inputs.none}] | max(attribute=\"n\")", "`… | rejectattr(\"n\", \"none\") | …`"),
    ("{{ [{\"n\": []}] | max(attribute=\"n\") }}", "template-type", "[{\"n\": []}] | max(attribute=\"n\")", "another attribute"),
    ("{{ inputs.hero + 1 }}", "template-type", "inputs.hero + 1", "~"),
    ("{{ inputs.hero - 1 }}", "template-type", "inputs.hero - 1", "~"),
    ("{{ true + 1 }}", "template-type", "true + 1", None),
    ("{{ -inputs.hero }}", "template-type", "-inputs.hero", None),
    ("{{ 1 / 0 }}", "template-number", "1 / 0", None),
    ("{{ 1 // 0 }}", "template-number", "1 // 0", None),
    ("{{ 1 % 0 }}", "template-number", "1 % 0", None),
    ("{{ 0 ** -1 }}", "template-number", "0 ** -1", None),
    ("{{ (-8) ** 0.5 }}", "template-number", "(-8) ** 0.5", None),
    ("{{ ((1 + 2)) - ('a' ~ 'b') }}", "template-type", "((1 + 2)) - ('a' ~ 'b')", "~"),
    ("{{ [(inputs.hero + 1)] }}", "template-type", "(inputs.hero + 1)", "~"),
    ("{{ inputs.words | join((1 / 0)) }}", "template-number", "(1 / 0)", None),
    ("{{ range(1 / 0) }}", "template-number", "1 / 0", None),
    ("{{ 2 ** 63 }}", "template-number", "2 ** 63", None),
    ("{{ inputs.hero < 1 }}", "template-type", "inputs.hero < 1", None),
    ("{{ 1 in inputs.hero }}", "template-type", "1 in inputs.hero", None),
    ("{{ 1 in 2 }}", "template-type", "1 in 2", None),
    ("{{ inputs.hero | abs }}", "template-type", "inputs.hero | abs", None),
    ("{{ inputs.hero | int }}", "template-type", "inputs.hero | int", None),
    ("{{ inputs.hero | join }}", "template-type", "inputs.hero | join", None),
    ("{{ inputs.none | join }}", "template-type", "inputs.none | join", "[]"),
    ("{{ inputs.cast | sort }}", "template-type", "inputs.cast | sort", "attribute"),
    ("{{ [1, 'a'] | sort }}", "template-type", "[1, 'a'] | sort", None),
    ("{{ inputs.cast | map(attribute='nam') }}", "template-undefined", "inputs.cast | map(attribute='nam')", "`name`"),
    ("{{ inputs.numbers | map('string') }}", "template-type", "inputs.numbers | map('string')", "not a filter"),
    ("{{ inputs.cast | map('title') }}", "template-undefined", "inputs.cast | map('title')", "item | title"),
    ("{{ inputs.cast | selectattr('old') }}", "template-undefined", "inputs.cast | selectattr('old')", None),
    ("{{ inputs.words | select('evn') }}", "template-unknown-test", "inputs.words | select('evn')", "`even`"),
    ("{{ inputs.words | select('eq') }}", "template-arguments", "inputs.words | select('eq')", None),
    ("{{ '2.5' | decimals }}", "template-type", "'2.5' | decimals", None),
    ("{{ 2.5 | decimals(16) }}", "template-number", "2.5 | decimals(16)", None),
    ("{{ 2.5 | round(1.5) }}", "template-type", "2.5 | round(1.5)", None),
    ("{{ 2.5 | round(method='up') }}", "template-type", "2.5 | round(method='up')", "ceil"),
    ("{{ range(1, 5, 0) }}", "template-number", "range(1, 5, 0)", "step"),
    ("{{ zip(a=inputs.words, b=[1]) }}", "template-type", "zip(a=inputs.words, b=[1])", "equally"),
    ("{{ {1: 2} }}", "template-type", "1", "quotes"),
    ("{{ {'a': 1, 'a' ~ '': 2} }}", "template-type", "'a' ~ ''", "rename"),
    ("{{ 2.5 is odd }}", "template-type", "2.5 is odd", "`… | round` or `… | int`"),
    ("{{ true is even }}", "template-type", "true is even", None),
    ("{{ inputs.words[6 / 3] }}", "template-type", "6 / 3", "divide with `//`"),
]  # fmt: skip # a row a line


@pytest.mark.parametrize(("text", "code", "marked", "help_part"), FAILURES, ids=[row[0] for row in FAILURES])
def test_failures_are_placed_and_say_what_to_do(failure, text, code, marked, help_part) -> None:
    found = failure(text, as_text=True)
    assert (found.code, found.text) == (code, marked)
    assert help_part is None or help_part in (found.help or "")


def test_an_attribute_that_is_not_known_gives_the_reason(failure) -> None:
    assert "a URL" in failure("{{ inputs.photo.width }}").message
    assert "after sheet" in failure("x {{ ref.later }}").message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.missing | default('x') }}", "x"),
        ("{{ inputs.none | default('x') }}", "x"),
        ("{{ ref.style | default('x') }}", "x"),
        ("{{ inputs.words[9] | default('x') }}", "x"),
        ("{{ inputs.nobody | first | default('x') }}", "x"),
        ("{{ '' | default('x') }}", ""),
        ("{{ '' | default('x', true) }}", "x"),
        ("{{ 0 | d(1) }}", 0),
        ("{{ inputs.missing is defined }}", False),
        ("{{ inputs.none is defined }}", True),
        ("{{ inputs.words[9] is undefined }}", True),
        ("{% if false %}{% set x = 1 %}{% endif %}{{ x | default(2) }}", "2"),
    ],
)
def test_default_stands_in_for_nothing_none_and_absent_references(render, text, value) -> None:
    assert render(text) == value


def test_a_reference_view_is_there_absent_or_not_yet_worded() -> None:
    there = View("reference", {"text": "image 1"})
    absent = View("reference", {})
    later = View("reference", {}, missing={"text": "known after sheet"})
    assert [is_absent(view) for view in (there, absent, later)] == [False, True, False]


def test_exceptions_of_the_resolver_pass_through(parse) -> None:
    class NotThereYetError(Exception):
        pass

    def resolve(_: StepReference) -> object:
        raise NotThereYetError

    with pytest.raises(NotThereYetError):
        parse("a {{ steps.a.images | length }}").render(Scope(resolve=resolve))


def test_steps_without_a_resolver_are_an_error_with_a_place(failure) -> None:
    assert failure("a {{ steps.a.images | length }}", Scope()).text == "steps.a.images"


def test_finish_changes_each_value_and_no_text(parse, scope) -> None:
    template = parse(
        "{{ each.scene.name }}/{{ inputs.braces }}{% set x %}a{{ inputs.hero }}{% endset %}.{{ x }}"
    )
    assert template.render(scope, finish=lambda text: f"<{len(text)}>") == "<4>/<17>.<4>"
    assert parse("{{ inputs.hero }}").render(scope, as_text=True, finish=str.upper) == "FOX"


def test_a_literal_keeps_its_spelling_where_text_is_wanted(write) -> None:
    scalar = Scalar(Source("x", "007"), 0, 3, "007")
    template, diagnostics = parse_template(scalar, roots=frozenset())
    assert diagnostics == []
    assert (template.literal(as_text=True), template.literal(as_text=False)) == ("007", scalar.resolve())
    assert template.render(Scope()) == scalar.resolve()


def test_look_up_gives_what_a_mention_means(scope) -> None:
    assert look_up(NameReference("each", ("scene", "name"), 0, 5), scope) == "lake"
    assert look_up(NameReference("inputs", ("words", -1), 0, 5), scope) == "blue"
    for path in (("scen",), ("scene", "nam"), ("scene", "name", "x")):
        with pytest.raises(RenderError) as caught:
            look_up(NameReference("each", path, 3, 8), scope)
        assert (caught.value.start, caught.value.end) == (3, 8)


def test_zipped_lists_are_templates_of_their_own(parse, scope) -> None:
    lists = parse("{{ zip(name=inputs.words, tone=[inputs.hero, 'b', each.number]) }}").zipped
    assert lists is not None
    assert list(lists) == ["name", "tone"]
    assert lists["name"].render(scope) == ["red", "green", "blue"]
    assert lists["tone"].render(scope) == ["fox", "b", 2]
    assert [one.path for one in lists["tone"].references] == [("hero",), ("number",)]
    assert lists["name"].scalar is lists["tone"].scalar
    assert parse("{{ inputs.words }}").zipped is None
    assert parse("a fox").zipped is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 13.5 | decimals }}", "13.50"),
        ("{{ 3 | decimals(1) }}", "3.0"),
        ("{{ 2.5 | decimals(0) }}", "2"),
        ("{{ 999999999999999 | decimals }}", "999999999999999.00"),
        ("{{ -0.001 | decimals }}", "0.00"),
        ("{{ (-0.01) | decimals }}", "-0.01"),
        ("{{ 2.675 | decimals }}", "2.68"),
        ("{{ 12.345 | decimals }}", "12.34"),
        ("{{ 4.35 | decimals(1) }}", "4.4"),
    ],
)
def test_decimals_are_written_with_their_zeros(render, text: str, expected: str) -> None:
    assert render(f"{text} ") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 1.1 | round(2, method='ceil') }}", "1.1"),
        ("{{ 0.07 | round(2, method='ceil') }}", "0.07"),
        ("{{ 4.35 | round(2, method='floor') }}", "4.35"),
        ("{{ 0.571 | round(2, method='ceil') }}", "0.58"),
        ("{{ -0.571 | round(2, method='floor') }}", "-0.58"),
        ("{{ 2.345 | round(2) }}", "2.34"),
        ("{{ 2.355 | round(2) }}", "2.36"),
        ("{{ 2.5 | round }}", "2"),
        ("{{ -0.2 | round(method='ceil') }}", "0"),
        ("{{ 7 | round(2) }}", "7"),
        ("{{ 1e300 | round(2) }}", "1e+300"),
    ],
)
def test_numbers_are_rounded_as_they_are_spelled(render, text: str, expected: str) -> None:
    assert render(text, as_text=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "true == 1",
        "0 == false",
        "true in [1, 2]",
        "{'a': 1} == {'a': true}",
        "[[1]] == [[true]]",
        "1 is eq true",
    ],
)
def test_a_boolean_is_never_equal_to_a_number(render, text) -> None:
    assert render("{{ " + text + " }}") is False


@pytest.mark.parametrize(
    "text", ["1 == 1.0", "(1, [2]) == [1, (2,)]", "{'a': true} == {'a': true}", "true == true"]
)
def test_what_is_the_same_is_equal(render, text) -> None:
    assert render("{{ " + text + " }}") is True


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        (
            "{{ inputs.words + inputs.hero }}",
            "`+` takes two numbers, two texts or two lists, but these are a list and text",
            "put what is no list into brackets to add it as an item: `… + [ITEM]`",
        ),
        (
            "{{ inputs.count + inputs.none }}",
            "`+` takes two numbers, two texts or two lists, but these are a number and none",
            "test for none first, or say with `default(…)` what stands in its place",
        ),
        (
            "{{ inputs.none + inputs.hero }}",
            "`+` takes two numbers, two texts or two lists, but these are none and text",
            "test for none first, or say with `default(…)` what stands in its place",
        ),
        (
            "{{ inputs.count + inputs.hero }}",
            "`+` takes two numbers, two texts or two lists, but these are a number and text",
            "text is put together with `~`; to reckon with it, declare the input or the column that it comes from with `type: number`",
        ),
        (
            "{{ inputs.photo + inputs.photo }}",
            "`+` takes two numbers, two texts or two lists, but these are an image and an image",
            "make a list of them: `[A, B]`",
        ),
        (
            "{{ inputs.words * none }}",
            "`*` takes two numbers, or text or a list and a whole number, but these are a list and none",
            "test for none first, or say with `default(…)` what stands in its place",
        ),
    ],
)
def test_what_cannot_be_added_is_told_with_what_can(failure, text, message, help_) -> None:
    found = failure(text)
    assert (found.code, found.message, found.help) == ("template-type", message, help_)
