"""What templates mean: wherever ours give a text, Jinja's strict sandbox gives the same one; rendering is deterministic."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seedflow.diagnostics import Source
from seedflow.recipe.template import RenderError, Scope, parse_template
from seedflow.recipe.templating.rendering import to_text
from seedflow.text.nodes import Scalar

ROOTS = frozenset({"inputs", "values", "each"})
INPUTS = {
    "t": "Red fox, red hen",
    "u": "",
    "n": 3,
    "zero": 0,
    "xs": ["b", "a", "B", "a"],
    "ys": [3, 1, 2],
    "empty": [],
    "rows": [{"name": "Ann", "age": 40}, {"name": "bob", "age": 7}],
    "row": {"name": "lake", "deep": {"k": 5}},
}
JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, finalize=to_text)


GRAMMAR = {
    "whole": [
        "0", "1", "2", "17", "inputs.n", "inputs.zero", "inputs.ys[1]", "inputs.row.deep.k", "v0", "v1", "loop.index", "loop.length",
        "(<whole> + <whole>)", "(<whole> - <whole>)", "(<whole> * <whole>)", "(<whole> // <whole>)", "(<whole> % <whole>)", "(-<whole>)",
        "(<whole> | abs)", "(<text> | length)", "(<items> | length)", "(inputs.ys | sum)", "(inputs.ys | max)", "<whole> ** 2",
    ],
    "text": [
        "'a'", "'Red'", '"x y"', "inputs.t", "inputs.u", "inputs.row.name", "inputs.row['name']", "inputs.xs[0]", "inputs.xs[-1]", "v0", "v1",
        "(<text> ~ <text>)", "(<text> ~ <whole>)", "(<text> + <text>)", "(<text> | upper)", "(<text> | title)", "(<text> | capitalize)",
        "(<text> | trim)", "(<text> | replace(<text>, <text>))", "(<text> | replace(<text>, <text>, 1))", "(<text> * 2)",
        "(<text> | truncate(9, true, leeway=0))", "(<text> | truncate(12))", "(<text> | default(<text>))",
        "(inputs.nothing | default(<text>))", "(<items> | join(<text>))", "(<text> if <test> else <text>)", "(<items> | first)",
        "(<items> | last)", "(inputs.rows | map(attribute='name') | join(<text>))", "(<text> | reverse)",
        "(inputs.rows | selectattr('age', 'gt', <whole>) | map(attribute='name') | join)",
    ],
    "items": [
        "inputs.xs", "inputs.ys", "inputs.empty", "[1, 2]", "['a', 'b']", "(<items> | sort)", "(<items> | sort(reverse=true, case_sensitive=true))",
        "(<items> | unique | list)", "(<items> | reverse | list)", "(<items> + <items>)", "<items>[0:]", "<items>[1:]", "<items>[:-1]",
        "(range(3) | list)", "(range(inputs.n) | list)", "(range(1, 9, 2) | list)", "(range(5, 0, -2) | list)", "[<text>, <text>]",
        "(<items> | select('in', <items>) | list)", "(<items> | reject('eq', <whole>) | list)",
    ],
    "test": [
        "true", "false", "inputs.t", "inputs.u", "inputs.empty", "inputs.zero", "loop.last", "inputs.nothing is defined", "<whole> == <whole>",
        "(<whole> < <whole> <= <whole>)", "(<text> in <text>)", "(<text> not in <items>)", "(not <test>)", "(<test> and <test>)",
        "(<test> or <test>)", "(<whole> is odd)", "(<whole> is not divisibleby <whole>)", "(<text> is string)", "(<whole> is number)",
    ],
    "body": ["<statement>", "<statement><statement>", "<statement><statement><statement>"],
    "statement": [
        "a", " b\n", "  ", ", ", "{{ <text> }}", "{{ <whole> }}", "{{- <text> -}}", "{{ <text> }}",
        "{% if <test> %}<body>{% elif <test> %}<body>{% else %}<body>{% endif %}", "{%- if <test> -%}<body>{%- endif %}",
        "{% for v0 in <items> %}<body>{% endfor %}", "{% for v1 in <items> if <test> %}<body>{% else %}<body>{% endfor %}",
        "{% for v0, v1 in inputs.row | items %}<body>{% endfor %}", "{% set v0 = <text> %}", "{% set v1 = <whole> %}",
        "{% set v1 %}<body>{% endset %}", "{% set v1 | upper %}<body>{% endset %}", "{% with v0 = <text>, v1 = <whole> %}<body>{% endwith %}",
        "{% raw %}{{ y }}{% endraw %}", "{% raw -%}  {% if %} {%- endraw %}",
    ],
    "template": [
        "{% set v0 = <text> %}{% set v1 = <whole> %}<body><body>",
        "{% macro m(v0, v1=<text>) %}<body>{% endmacro %}<statement>{{ m(<text>) }}{{ m(<text>, v1=<whole>) }}",
    ],
}  # fmt: skip # a row a line
PART = re.compile(r"<(\w+)>")
SIMPLE = {
    name: [one for one in rules if not PART.search(one)] or rules[:1] for name, rules in GRAMMAR.items()
}


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template by the grammar above, at most some five levels deep."""

    def write(name: str, depth: int) -> str:
        rules = GRAMMAR[name] if depth > 0 else SIMPLE[name]
        rule = draw(st.sampled_from(rules))
        return PART.sub(lambda found: write(found[1], depth - 1), rule)

    return write("template", draw(st.integers(2, 5)))


def render(written: str) -> str | None:
    scalar = Scalar(Source("x", written), 0, len(written), written, "|")
    found, diagnostics = parse_template(scalar, roots=ROOTS)
    if diagnostics:
        return None
    try:
        return str(found.render(Scope(inputs=INPUTS), as_text=True))
    except RenderError:
        return None


@given(templates())
@settings(max_examples=500)
def test_what_renders_renders_as_in_jinja(written: str) -> None:
    ours = render(written)
    if ours is None:
        return
    try:
        theirs = JINJA.from_string(written).render(inputs=INPUTS, each={}, values={})
    except (TypeError, AttributeError):
        return  # numbers become text in every filter that wants text; some of Jinja's want nothing else than text
    assert ours == theirs


@given(templates())
@settings(max_examples=100)
def test_equal_scopes_give_equal_texts(written: str) -> None:
    assert render(written) == render(written)


def test_many_of_these_templates_do_render() -> None:
    """The comparison above compares something: a good part of what it draws renders."""
    rendered = []

    @given(templates())
    @settings(max_examples=300, database=None)
    def collect(written: str) -> None:
        rendered.append(render(written) is not None)

    collect()
    assert sum(rendered) > len(rendered) / 4


@given(st.text(max_size=200))
def test_an_input_reaches_the_prompt_as_it_is(given_text: str) -> None:
    written = "a {{ inputs.hero }} z"
    scalar = Scalar(Source("x", written), 0, len(written), written, "|")
    found, _ = parse_template(scalar, roots=ROOTS)
    assert found.render(Scope(inputs={"hero": given_text})) == f"a {given_text} z"
