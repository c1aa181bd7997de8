"""Reading templates: both ways agree, the lexer is Jinja's, nothing makes it crash, every problem has a place."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seedflow.diagnostics import Source
from seedflow.recipe.functions import FILTERS, FORMS, FUNCTIONS, TESTS
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped, Template
from seedflow.recipe.templating.fast import read_fast
from seedflow.recipe.templating.lexing import tokenize
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.problems import Misread
from seedflow.recipe.templating.program import Program
from seedflow.recipe.templating.reading import read_full
from seedflow.recipe.templating.statements import Statement
from seedflow.recipe.views import View
from seedflow.text.nodes import Scalar

ROOTS = frozenset({"inputs", "values", "steps", "each", "ref", "recipe", "image", "prev"})


def resolve(mention: StepReference) -> object:
    """Of the step `gone` nothing is there."""
    if mention.step == "gone":
        raise Skipped("gone")
    return [View("image", {"width": 1})] if mention.index is None else View("image", {"width": 2})


SCOPE = Scope(
    inputs={"hero": "fox", "list": ["a", {"hero": 1}], "none": None, "n": 3},
    values={"hero": True},
    each={"hero": {"list": [1, 2.5, "x"]}},
    recipe={"name": "r"},
    ref={"hero": View("reference", {"text": "image 1"}), "list": View("reference", {})},
    resolve=resolve,
    image=View("image", {"number": 1}),
    prev=View("image", {"width": 3}),
)

names = st.sampled_from(
    [
        "hero",
        "heros",
        "list",
        "none",
        "n",
        "name",
        "images",
        "image",
        "tasks",
        "outputs",
        "passes",
        "width",
        "at",
        "each",
        "if",
    ]
)
numbers = st.sampled_from(["0", "-1", "7", "12", "007", "-0", "1_0"])
links = st.one_of(
    names.map(lambda name: f".{name}"),
    numbers.map(lambda number: f"[{number}]"),
    st.tuples(st.one_of(st.just(""), numbers), st.one_of(st.just(""), numbers)).map(
        lambda two: f"[{two[0]}:{two[1]}]"
    ),
    names.map(lambda name: f'["{name}"]'),
    st.just(".0"),
    st.just(" .hero"),
)
roots = st.sampled_from([*sorted(ROOTS), "input", "hero", "inputsx", "true", "not"])
spaces = st.sampled_from(["", " ", "  ", "\n", "\t", "\r\n", " "])
dashes = st.sampled_from(["", "", "", "-"])
paths = st.tuples(dashes, spaces, roots, st.lists(links, max_size=5).map("".join), spaces, dashes).map(
    lambda six: "{{" + "".join(six) + "}}"
)
plain_links = st.one_of(
    names.map(lambda name: f".{name}"),
    st.sampled_from(["[0]", "[-1]", "[7]", "[1]", "[:]", "[1:]", "[:2]", "[0:-1]"]),
)
plain_paths = st.tuples(
    st.sampled_from(["", "-"]),
    spaces,
    st.sampled_from(sorted(ROOTS)),
    names.map(lambda name: f".{name}"),
    st.lists(plain_links, max_size=3).map("".join),
    spaces,
    st.sampled_from(["", "-"]),
).map(lambda parts: "{{" + "".join(parts) + "}}")
pieces = st.sampled_from(
    ["", " ", "a", "text, ", "\n ", " \t x ", "  {# c #} ", "}}", "%}", "{", "}", "{ {", " é\r\n"]
)
odd_pieces = st.sampled_from(["{{ 1 }}", "{{", "{%", "{{+ inputs.n }}"])
path_texts = st.one_of(
    st.lists(st.one_of(plain_paths, pieces), min_size=1, max_size=5).map("".join),
    st.tuples(pieces, plain_paths, pieces).map("".join),
    st.lists(st.one_of(paths, plain_paths, pieces, odd_pieces), min_size=1, max_size=4).map("".join),
)


def shape(node: object) -> object:
    """Everything that there is in a node, nodes below it included."""
    if isinstance(node, tuple | list):
        return tuple(shape(one) for one in node)
    if not isinstance(node, Expression | Statement):
        return node
    slots = sorted(name for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ()))
    return (type(node), *(shape(getattr(node, name)) for name in slots))


def outcome(program: Program, text: str) -> object:
    """What rendering gives or raises, for comparison."""
    template = Template(Scalar(Source("x", text), 0, len(text), text, "|"), program)
    try:
        return repr(template.render(SCOPE)), repr(template.render(SCOPE, as_text=True))
    except Skipped as skipped:
        return skipped.cause
    except RenderError as error:
        found = error
    assert 0 <= found.start < found.end <= len(text), (text, found.message)
    return found.code, found.message, found.start, found.end, found.help


@given(path_texts)
@settings(max_examples=400)
@example("{{inputs.hero}}")
@example(" {{- inputs.hero -}} \n")
@example("{{ inputs.list[0:] }}")
@example("{{ steps.x.images[:4] }}")
@example("{{ inputs }}")
@example("{{ steps.x.image }}")
def test_the_short_way_means_what_the_long_way_means(text: str) -> None:
    fast = read_fast(text, ROOTS)
    if fast is None:
        return
    full = read_full(text, ROOTS)
    assert (fast.form, fast.references, fast.problems) == (full.form, full.references, full.problems)
    if not full.problems:
        assert (shape(fast.expression), shape(fast.body)) == (shape(full.expression), shape(full.body))
    assert outcome(fast, text) == outcome(full, text)


def test_the_short_way_is_taken() -> None:
    for text in (
        "{{ steps.x.images[0] }}",
        "{{ each.scene.name }}",
        "a {{ inputs.hero }}, {{- values.look }}.",
        "{{ steps.x.images[:4] }}",
    ):
        assert read_fast(text, ROOTS) is not None, text


code = st.text(alphabet="abn_019.+-*/%~()[]{}<>=!|,:;'\"\\ \n$#&é", max_size=24)
snippets = st.sampled_from(
    [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{{-", "-}}", "{#", "#}", " if ", " else ", " endif ", " for ", " in ", " endfor ", " set ",
        " endset ", " macro ", " endmacro ", " raw ", " endraw ", " with ", " endwith ", " elif ", " is ", " not ", " and ", " or ",
        "inputs.hero", "each", "steps.x.images", ".at(", "scene=", "| join(', ')", "| default(1)", "(", ")", "[", "]", "x", "loop.index", "1",
        "'a'", "=", ",", "~", "+", "==", "range(3)", "\n", "text", "**", ":", "none", "true", "m(1)", "m(a)",
    ]
)  # fmt: skip # a row a line
template_texts = st.one_of(
    st.lists(snippets, max_size=16).map("".join),
    st.lists(snippets, max_size=12).map(lambda parts: "{{ " + " ".join(parts) + " }}"),
    st.lists(code, max_size=4).map(lambda parts: "{{ " + " }} {{ ".join(parts) + " }}"),
    st.lists(st.one_of(code, snippets), max_size=8).map("".join),
)


@given(template_texts)
@settings(max_examples=600)
def test_any_text_is_read_without_a_crash_and_every_problem_has_a_place(text: str) -> None:
    program = read_full(text, ROOTS)
    for problem in program.problems:
        assert 0 <= problem.start < problem.end <= len(text), (problem, text)
        assert problem.message
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", problem.code)
    for reference in program.references:
        assert 0 <= reference.start < reference.end <= len(text)
        assert text[reference.start :].startswith(
            ("inputs", "values", "steps", "each", "ref", "recipe", "image")
        )
    if not program.problems:
        outcome(program, text)


@given(template_texts)
@settings(max_examples=400)
def test_tokens_are_those_of_jinja(text: str) -> None:
    if "{#" in text or "\r" in text or re.search(r"\\|\d_|[^\x00-\x7f]", text):
        return  # comments, line ends, escapes and odd digits are where ours differs on purpose
    try:
        ours = [(token.kind, token.value) for token in tokenize(text)[0]]
    except Misread:
        ours = None
    jinja = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    try:
        theirs = [
            (token.type, token.value.rstrip() if token.type.endswith("_end") else token.value)
            for token in jinja._tokenize(text, None)
        ]
    except TemplateSyntaxError:
        theirs = None
    if ours is None:
        # Ours also refuses what Jinja's parser would refuse next: an opener that never ends, and empty braces.
        if theirs is not None:
            with pytest.raises(TemplateSyntaxError):
                jinja.parse(text)
        return
    assert ours == theirs


values = st.sampled_from(
    ["1", "-1", "0", "2.5", "1e300", "9223372036854775807", "'a'", "''", "'2'", "none", "true", "[]", "[1, 'a']", "[2, 1]", "['b', 'A']", "{}", "{'hero': 1}",
     "inputs.list", "inputs.hero", "inputs.none", "each.hero", "ref.hero", "ref.list", "steps.x.images", "steps.x.images[0]", "steps.gone.images[0]", "steps.gone.images", "prev", "prev.width", "image", "inputs.list[9]",
     "[[1], [2]]", "[{'hero': 2}, {'hero': 1}]", "'x' * 99", "range(9)", "-2.0"]
)  # fmt: skip # a row a line
keywords = st.sampled_from(
    ["attribute", "reverse", "case_sensitive", "default", "d", "boolean", "count", "old", "new", "length", "end", "killwords", "leeway", "precision", "method",
     "start", "chars", "first", "stop", "step", "num", "other", "value", "rendering", "self", "_", "test"]
)  # fmt: skip # a row a line
arguments = st.lists(st.one_of(values, values, st.tuples(keywords, values).map("=".join)), max_size=3).map(
    lambda given: "(" + ", ".join(sorted(given, key=lambda one: re.match(r"\w+=", one) is not None)) + ")"
)
calls = st.one_of(
    st.tuples(values, st.sampled_from(sorted(FILTERS)), arguments).map(lambda three: "{} | {}{}".format(*three)),
    st.tuples(values, st.sampled_from(sorted(FILTERS))).map(" | ".join),
    st.tuples(values, st.sampled_from(sorted(FILTERS)), arguments, st.sampled_from(sorted(FILTERS))).map(
        lambda four: "({} | {}{}) | {}".format(*four)
    ),
    st.tuples(values, st.sampled_from(sorted(name for name in TESTS if name.isidentifier())), arguments).map(
        lambda three: "{} is {}{}".format(*three)
    ),
    st.tuples(st.sampled_from(sorted(FUNCTIONS)), arguments).map("".join),
    st.tuples(st.sampled_from(FORMS), arguments).map("".join),
    st.tuples(st.sampled_from(FORMS), arguments, st.sampled_from(sorted(FILTERS))).map(lambda three: "{}{} | {}".format(*three)),
    st.tuples(
        values, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"]), values
    ).map(" ".join),
    st.tuples(values, values).map(lambda two: "({})[{}]".format(*two)),
    st.tuples(values, values, values).map(lambda three: "({})[{}:{}]".format(*three)),
    st.tuples(values, st.sampled_from(sorted(TESTS)), values).map(lambda three: "{} | select({!r}, {})".format(*three)),
)  # fmt: skip # a row a line


@given(calls)
@settings(max_examples=800)
def test_any_value_may_meet_any_filter_test_function_or_operator(written: str) -> None:
    """Whatever is put together is a value, a problem or a RenderError with a place; never another exception."""
    text = "{{ " + written + " }}"
    program = read_full(text, ROOTS)
    if not program.problems:
        outcome(program, text)
        outcome(read_full("a " + text, ROOTS), "a " + text)
