"""`if`, `for`, `set`, `with`, macros and `raw`: what they write, what their variables mean, and where they fail."""

from __future__ import annotations

import pytest

from seedflow.recipe.template import parse_template

RENDERED = [
    ("{% if inputs.count > 5 %}a{% elif inputs.count > 2 %}b{% else %}c{% endif %}", "b"),
    ("{% if inputs.nobody %}a{% endif %}", ""),
    ("{% if ref.hero %}{{ ref.hero }}{% endif %}{% if ref.style %}{{ ref.style }}{% endif %}", "image 1"),
    ("{% if ref.later %}there{% endif %}", "there"),
    ("a\n{%- if true %} b{% endif -%}\n c", "a bc"),
    ("{% for w in inputs.words %}{{ loop.index }}{{ w }}{% if not loop.last %}, {% endif %}{% endfor %}", "1red, 2green, 3blue"),
    ("{% for w in inputs.words %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.first }};{% endfor %}", "0323true;1213false;2103false;"),
    ("{% for w in inputs.words %}{{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }} {% endfor %}", "-green redblue green- "),
    ("{% for w in inputs.words if 'e' in w %}{{ loop.index }}{{ w }}{% endfor %}", "1red2green3blue"),
    ("{% for w in inputs.words if 'r' in w %}{{ w }}{{ loop.length }}{% endfor %}", "red2green2"),
    ("{% for w in inputs.nobody %}{{ w }}{% else %}nobody{% endfor %}", "nobody"),
    ("{% for w in inputs.words if false %}{{ w }}{% else %}none{% endfor %}", "none"),
    ("{% for name in each.scene %}{{ name }} {% endfor %}", "name season "),
    ("{% for name, value in each.scene | items %}{{ name }}={{ value }} {% endfor %}", "name=lake season=winter "),
    ("{% for a in range(2) %}{% for b in range(2) %}{{ a }}{{ b }}{{ loop.index }} {% endfor %}{{ loop.index }}{% endfor %}", "001 012 1101 112 2"),
    ("{% for a in inputs.words %}{% set long = a | length > 3 %}{{ long }} {% endfor %}", "false true true "),
    ("{% for a in [1, 2] %}{% if a == 1 %}{% set x = 'set' %}{% endif %}{{ x | default('unset') }} {% endfor %}", "set unset "),
    ("{% for one in steps.a.images %}{{ one.width }} {% endfor %}", "100 200 300 "),
    ("{% set x = 1 %}{% set x = x + 1 %}{{ x }}", "2"),
    ("{% set a, b = [1, 2] %}{{ b }}{{ a }}", "21"),
    ("{% set x %}  a {{ inputs.hero }}{% endset %}[{{ x }}]", "[  a fox]"),
    ("{% set x | trim | upper %}  a {{ inputs.hero }}{% endset %}[{{ x }}]", "[A FOX]"),
    ("{% set x | replace(old='a', new='b') %}a{% endset %}{{ x }}", "b"),
    ("{% with a = 1, b = inputs.hero %}{{ a }}{{ b }}{% endwith %}{% with %}{% endwith %}", "1fox"),
    ("{% set a = 1 %}{% with a = a + 1 %}{{ a }}{% endwith %}{{ a }}", "21"),
    ("{% macro m(a, b='x') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}", "<1x><12><43>"),
    ("{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "7"),
    ("{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "2"),
    ("{% macro a() %}a{% endmacro %}{% macro b() %}{{ a() }}b{% endmacro %}{{ b() | upper }}", "AB"),
    ("{% macro m(w) %}{% set long = w | length > 3 %}{{ long }}{% endmacro %}{{ m('abcd') }}{{ m('a') }}", "truefalse"),
    ("{% macro m(w) %}{% for c in w %}{{ c }}{% endfor %}{% endmacro %}{{ m([1, 2]) }}{{ m([m([3])]) }}", "123"),
    ("{% raw %}{{ a }} {% if %}{% endraw %}", "{{ a }} {% if %}"),
    ("a {%- raw -%} b {%- endraw -%} c", "abc"),
    ("{% if inputs.hero: %}colon{% endif %}", "colon"),
    ("{{ '{%' }}.", "{%."),
    ("", ""),
]  # fmt: skip # a row a line


@pytest.mark.parametrize(("text", "rendered"), RENDERED, ids=[row[0] for row in RENDERED])
def test_what_is_written(render, text, rendered) -> None:
    assert render(text, as_text=True) == rendered


FAILURES = [
    ("{% if false %}{% set x = 1 %}{% endif %}{{ x }}", "template-undefined", "x", "before"),
    ("{% for a in inputs.hero %}{% endfor %}", "template-type", "inputs.hero", None),
    ("{% for a in inputs.none %}{% endfor %}", "template-type", "inputs.none", "or []"),
    ("{% for a in image.number %}{% endfor %}", "template-type", "image.number", None),
    ("{% for a, b in inputs.words %}{% endfor %}", "template-type", "inputs.words", "items"),
    ("{% for a, b in [[1, 2], [1]] %}{% endfor %}", "template-type", "[[1, 2], [1]]", None),
    ("{% set a, b = 1 %}", "template-type", "1", None),
    ("{% for w in inputs.words %}{{ loop.previtem }}{% endfor %}", "template-undefined", "previtem", None),
    ("{% for w in inputs.words %}{{ loop.cycle }}{% endfor %}", "template-undefined", "cycle", "`"),
    ("{% macro m(a) %}{{ a.b }}{% endmacro %}x{{ m(1) }}", "template-type", "b", None),
]


@pytest.mark.parametrize(("text", "code", "marked", "help_part"), FAILURES, ids=[row[0] for row in FAILURES])
def test_what_fails(failure, text, code, marked, help_part) -> None:
    found = failure(text)
    assert (found.code, found.text) == (code, marked)
    assert help_part is None or help_part in (found.help or "")


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in inputs.words %}{% macro m() %}{% endmacro %}{% endfor %}",
        "{% macro a() %}{% macro b() %}{% endmacro %}{% endmacro %}",
    ],
)
def test_macros_stand_by_themselves(problem, text) -> None:
    assert problem(text).code == "template-syntax"


@pytest.mark.parametrize(
    "text",
    [
        "{% set n = 1 %}{% for a in inputs.words %}{% set n = 2 %}{% endfor %}",
        "{% set n = 1 %}{% with %}{% set n = 2 %}{% endwith %}",
        "{% set n = 1 %}{% macro m() %}{% set n = 2 %}{% endmacro %}",
        "{% set n = 1 %}{% set t %}{% set n = 2 %}{% endset %}",
        "{% set n = 1 %}{% for a in inputs.words %}{% else %}{% set n = 2 %}{% endfor %}",
    ],
)
def test_a_block_cannot_change_what_was_set_outside(problem, text) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-set-outside", "n")


def test_two_loops_may_set_the_same_name(render) -> None:
    text = "{% for a in [1] %}{% set n = a %}{{ n }}{% endfor %}{% for a in [2] %}{% set n = a %}{{ n }}{% endfor %}"
    assert render(text) == "12"


def test_a_loop_may_call_its_item_image_where_that_name_is_free(write, scope, problem) -> None:
    text = "{% for image in steps.a.images %}{{ image.width }} {% endfor %}"
    template, diagnostics = parse_template(write(text), roots=frozenset({"steps"}))
    assert diagnostics == []
    assert template.render(scope) == "100 200 300 "
    assert problem(text, frozenset({"steps", "image"})).code == "template-name-taken"
    assert problem("{{ image.width }}", frozenset({"steps"})).code == "template-unknown-name"


def test_the_prompt_of_the_storybook(render, scope) -> None:
    prompt = (
        "Character design of {{ inputs.hero }}: front view, side view, back view"
        " {%- if ref.STYLE %}, drawn in the style of {{ ref.STYLE }}{% endif %}"
    )
    assert (
        render(prompt.replace("STYLE", "style"))
        == "Character design of fox: front view, side view, back view"
    )
    assert render(prompt.replace("STYLE", "hero")).endswith("back view, drawn in the style of image 1")


@pytest.mark.parametrize(
    ("text", "marked", "part"),
    [
        ("{% if true %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}", "m", "inside another block"),
        (
            "{% if false %}{% else %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}",
            "m",
            "inside another block",
        ),
        ("{% macro m(a, a) %}{{ a }}{% endmacro %}", "a", "a parameter of this macro already"),
        ("{{ {'a': 1, 'b': 2, 'a': 3} }}", "'a'", "stands twice in this record"),
    ],
)
def test_what_would_have_two_meanings_is_refused(problem, text, marked, part) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-syntax", marked)
    assert part in found.message


def test_what_is_set_in_a_branch_stays_and_what_is_set_in_a_loop_ends(render, problem) -> None:
    assert render("{% if true %}{% set q = 1 %}{% endif %}{{ q }}") == "1"
    assert problem("{% for i in [1] %}{% set q = 1 %}{% endfor %}{{ q }}").code == "template-unknown-name"
