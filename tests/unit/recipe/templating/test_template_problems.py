"""Every mistake in a template is one problem at the exact place, in plain words, with something to do about it."""

from __future__ import annotations

import pytest

from seedflow.recipe.template import RenderError, parse_template

INPUTS = frozenset({"inputs"})

SYNTAX = [
    ("a {{ inputs.hero", "template-unclosed", "{{", "}}"),
    ("a {{ inputs.hero }", "template-syntax", "}", "}}"),
    ("a {{ inputs.hero and {{ inputs.x }}", "template-unclosed", "{{", "}}"),
    ("a {% if inputs.x and {{ inputs.x }}", "template-unclosed", "{%", "%}"),
    ("a {{ }}", "template-syntax", "{{ }}", "inputs.NAME"),
    ("a {%  %}", "template-syntax", "{%  %}", "if"),
    ("{{ (1 + 2 }}", "template-unclosed", "(", ")"),
    ("{{ [1, (2] }}", "template-unclosed", "(", ")"),
    ("{{ 1) }}", "template-syntax", ")", ")"),
    (
        "{% if inputs.a %}x{% else if inputs.b %}y{% endif %}",
        "template-syntax",
        "if",
        "write `{% elif CONDITION %}`",
    ),
    ("{{ steps.a.at(s='x')[0] }}", "template-step-reference", "0", "write `steps.a.at(…).images[0]`"),
    ("{{ steps.a.where(s='x')[0] }}", "template-step-reference", "0", "write `steps.a.where(…).images`"),
    ("{{ 'abc }}", "template-unclosed", "'", "'"),
    ("{{ inputs.a && inputs.b }}", "template-syntax", "&", "and"),
    ("{{ !inputs.a }}", "template-syntax", "!", "not"),
    ("{{ inputs.a ? 1 : 2 }}", "template-syntax", "?", "else"),
    ("{{ inputs.a || inputs.b }}", "template-syntax", "|", "or"),
    ("{{ inputs.a = 1 }}", "template-syntax", "=", "=="),
    ("{{ “a” }}", "template-syntax", "“", "straight"),
    ("{{ inputs.my hero }}", "template-syntax", "hero", "quotes"),
    ("{{ if inputs.a }}", "template-syntax", "if", "{% if"),
    ("{{ for x in inputs.a }}", "template-syntax", "for", "{% for"),
    ("{{ inputs. }}", "template-syntax", "}}", "before"),
    ("{{ inputs.hero | }}", "template-syntax", "}}", "before"),
    ("{{ inputs.hero + }}", "template-syntax", "}}", "before"),
    ("{{ '\\d' }}", "template-syntax", "\\d", "backslash"),
    ("{{ '\\x00' }}", "template-syntax", "\\x00", "itself"),
    ("{{ 1e309 }}", "template-syntax", "1e309", "smaller"),
    ("{{ 12345678901234567890 }}", "template-syntax", "12345678901234567890", "shorter"),
    ("{{ '\\x07' }}", "template-syntax", "\\x07", "remove it"),
    ("{{ 'a\\u001b' }}", "template-syntax", "\\u001b", "remove it"),
    ("{{ '\\f' }}", "template-syntax", "\\f", "remove it"),
    ("{{ 12345678901234567890123 }}", "template-syntax", "12345678901234567890123", "shorter"),
    ("{{ 1_a }}", "template-syntax", "_a", "quotes"),
    ("{{ x² }}", "template-syntax", "x²", "quotes"),
    ("{{ inputs.x[] }}", "template-syntax", "[]", "number"),
    ("{{ inputs.x[1, 2] }}", "template-syntax", "[1, 2]", "number"),
    ("{{ 'a' if inputs.x }}", "template-syntax", "'a' if inputs.x", "else"),
    ("{{ range(*inputs.x) }}", "template-syntax", "(*inputs.x)", "leave out"),
    ("{% if inputs.a %}x", "template-unclosed", "if", "{% endif %}"),
    ("{% for x in inputs.a %}{% endif %}", "template-syntax", "endif", "{% endfor %}"),
    ("x{% endif %}", "template-syntax", "endif", "remove"),
    ("x{% else %}", "template-syntax", "else", "remove"),
    ("{% if inputs.a, inputs.b %}{% endif %}", "template-syntax", "inputs.a, inputs.b", "and"),
    ("{% fro x in inputs.a %}{% endfor %}", "template-unknown-tag", "fro", "`for`"),
    ("{% inputs.hero %}", "template-unknown-tag", "inputs", "{{"),
    ("{% 'x' %}", "template-unknown-tag", "'x'", "{{"),
    ("{% extends 'x' %}", "template-unknown-tag", "extends", "inherit"),
    ("{% break %}", "template-unknown-tag", "break", "if CONDITION"),
    ("{% raw x %}", "template-unknown-tag", "raw", "{% raw %}"),
    ("{% raw %}x", "template-unclosed", "{% raw %}", "endraw"),
    ("{% for x in inputs.a recursive %}{% endfor %}", "template-syntax", "for", "recursive"),
    ("{% set a.b = 1 %}", "template-syntax", "a", "NAME"),
    ("{% set 1 = 1 %}", "template-syntax", "1", "quotes"),
    ("{% for x in %}{% endfor %}", "template-syntax", "%}", "before"),
    ("{% macro %}{% endmacro %}", "template-syntax", "%}", "before"),
]


@pytest.mark.parametrize(("text", "code", "marked", "help_part"), SYNTAX, ids=[row[0] for row in SYNTAX])
def test_syntax(problem, text, code, marked, help_part) -> None:
    found = problem(text)
    assert (found.code, found.text) == (code, marked)
    assert found.help is not None
    assert help_part in found.help


NAMES = [
    ("{{ input.hero }}", "template-unknown-name", "input", "`inputs`"),
    ("{{ hero }}", "template-unknown-name", "hero", "`inputs.hero`"),
    ("{{ steps.a.images | map(attribute=width) }}", "template-unknown-name", "width", "quotes"),
    ("{% for word in inputs.words %}{{ wrod }}{% endfor %}", "template-unknown-name", "wrod", "`word`"),
    (
        "{% for word in inputs.words %}{% endfor %}{{ word }}",
        "template-unknown-name",
        "word",
        "`inputs.word`",
    ),
    ("{{ loop.index }}", "template-unknown-name", "loop", "endfor"),
    ("{{ inputs }}", "template-unknown-name", "inputs", "inputs.NAME"),
    ("{{ inputs | length }}", "template-unknown-name", "inputs", "inputs.NAME"),
    ("{{ inputs[each.x] }}", "template-unknown-name", "each.x", "inputs.NAME"),
    ("{{ inputs[0] }}", "template-unknown-name", "0", "inputs.NAME"),
    ("{{ recipe.nam }}", "template-unknown-name", "nam", "`name`"),
    ("{{ image.numbr }}", "template-unknown-name", "numbr", "`number`"),
    ("{{ ref.hero.text }}", "template-unknown-name", "hero", "`ref.hero`"),
    ("{{ range }}", "template-unknown-name", "range", "range(…)"),
    ("{{ self }}", "template-unknown-name", "self", "quotes"),
    ("{{ cycler('a') }}", "template-unknown-function", "cycler", "`range`"),
    ("{{ upper(inputs.x) }}", "template-unknown-function", "upper", "| upper"),
    ("{% macro m() %}{{ m() }}{% endmacro %}", "template-unknown-function", "m", "for"),
    ("{{ inputs.x | uper }}", "template-unknown-filter", "uper", "`upper`"),
    ("{{ inputs.x | tojson }}", "template-unknown-filter", "tojson", "join"),
    ("{{ inputs.x is evn }}", "template-unknown-test", "evn", "`even`"),
    ("{{ inputs.x is not callable }}", "template-unknown-test", "callable", "defined"),
    ("{% set inputs = 1 %}", "template-name-taken", "inputs", "another"),
    ("{% set prev, steps = [1, 2] %}", "template-name-taken", "steps", "another"),
    ("{% for each in inputs.x %}{% endfor %}", "template-name-taken", "each", "another"),
    ("{% macro range() %}{% endmacro %}", "template-name-taken", "range", "another"),
    ("{% macro m(ref) %}{% endmacro %}", "template-name-taken", "ref", "another"),
    ("{% with loop = 1 %}{% endwith %}", "template-name-taken", "loop", "another"),
    ("{% macro m() %}{% endmacro %}{% set m = 1 %}", "template-name-taken", "m", "another"),
    (
        "{% set n = 0 %}{% for x in inputs.x %}{% set n = n + 1 %}{% endfor %}",
        "template-set-outside",
        "n",
        "filter",
    ),
    ("{{ inputs.x.upper() }}", "template-no-methods", "upper()", "| upper"),
    ("{{ 'a'.format(1) }}", "template-no-methods", "format(1)", "filters"),
    ("{{ inputs.x() }}", "template-no-methods", "x()", "filters"),
    ("{{ (1)(2) }}", "template-no-methods", "(2)", "filters"),
    ("{{ loop() }}", "template-unknown-function", "loop", "`range`"),
]


@pytest.mark.parametrize(("text", "code", "marked", "help_part"), NAMES, ids=[row[0] for row in NAMES])
def test_names(problem, text, code, marked, help_part) -> None:
    found = problem(text)
    assert (found.code, found.text) == (code, marked)
    assert help_part is None or help_part in (found.help or "")


STEPS = [
    ("{{ steps }}", "steps", "steps.NAME.images"),
    ("{{ steps.a }}", "steps.a", "steps.a.images"),
    ("{% set a = steps.a %}{{ a.images }}", "steps.a", "steps.a.images"),
    ("{% for s in steps %}{% endfor %}", "steps", "steps.NAME.images"),
    ("{{ steps[each.x].images }}", "each.x", "steps.NAME.images"),
    ("{{ steps[0].images }}", "0", "steps.NAME.images"),
    ("{{ steps.a.image }}", "image", "`images`"),
    ("{{ steps.a.width }}", "width", "steps.a.images"),
    ("{{ steps.a[0] }}", "0", "steps.a.images[0]"),
    ("{{ steps.a() }}", "()", "steps.a.images"),
    ("{{ steps.a.images.width }}", "width", "images[0].width"),
    ("{{ steps.a.images[:2].width }}", "width", "images[0].width"),
    ("{{ steps.a.images[0].widht }}", "widht", "`width`"),
    ("{{ steps.a.images[0].size }}", "size", "`width`"),
    ("{{ steps.a.tasks[0].image }}", "image", "`images`"),
    ("{{ steps.a.images[inputs.n] }}", "inputs.n", "for image in"),
    ("{{ steps.a.images[1:inputs.n] }}", "1:inputs.n", "for image in"),
    ("{{ steps.a.outputs }}", "outputs", ".outputs.NAME"),
    ("{{ steps.a.at }}", "at", ".at(NAME=each.NAME)"),
    ("{{ steps.a.where(n=1) }}", "steps.a.where(n=1)", ".images"),
    ("{{ steps.a.at(n=1).tasks }}", "tasks", "write `steps.a.at(…).images`"),
    (
        "{{ steps.a.sheet }}",
        "sheet",
        "write `steps.a.images`, or `steps.a.outputs.sheet` for the output `sheet`",
    ),
    ("{{ steps.a.at(n=1).sheet }}", "sheet", "or `steps.a.at(…).outputs.sheet` for"),
    ("{{ steps.line-art.images }}", "steps.line-art", "call the step `line_art`, and write `steps.line_art`"),
    ("{{ steps.line-art-2 }}", "steps.line-art-2", "call the step `line_art_2`"),
    ("{{ steps.a.at(n=1)[0] }}", "0", "images[0]"),
    ("{{ steps.a.at(n=1).keys }}", "keys", "`key`"),
]


@pytest.mark.parametrize(("text", "marked", "help_part"), STEPS, ids=[row[0] for row in STEPS])
def test_step_mentions(problem, text, marked, help_part) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-step-reference", marked)
    assert help_part in (found.help or "")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{{ steps.a.at().images }}", "()"),
        ("{{ steps.a.at(each.scene).images }}", "each.scene"),
        ("{{ steps.a.where(n=values.n).images }}", "values.n"),
        ("{{ steps.a.where(n=[1]).images }}", "[1]"),
        ("{{ steps.a.where(n=none).images }}", "none"),
        ("{{ steps.a.where(n=inputs.n + 1).images }}", "inputs.n + 1"),
        ("{{ steps.a.where(n=inputs.list[each.n]).images }}", "inputs.list[each.n]"),
        ("{% for x in inputs.x %}{{ steps.a.at(n=x).images[0].name }}{% endfor %}", "x"),
    ],
)
def test_tasks_are_chosen_by_literals_inputs_and_each_only(problem, text, marked) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-selector", marked)


@pytest.mark.parametrize(
    ("chosen", "what", "remedy"),
    [
        (
            "[1, 2]",
            "a list",
            "write `.where(n=1)` and `.where(n=2)`, and put together what they give with `+`",
        ),
        ("['ada']", "a list", "write `n='ada'`"),
        (
            "[1, 2, 3, 4]",
            "a list",
            "write a `.where(n=…)` for each of them, and put together what they give with `+`",
        ),
        (
            "[each.a, 2]",
            "a list",
            "write a `.where(n=…)` for each of them, and put together what they give with `+`",
        ),
        ("{'a': 1}", "a record", "write one of its fields, `n=…`"),
        ("none", "none", "leave `n` out of a `.where()` that does not choose by it"),
        ("values.n", "data of `values`", "write the text or number itself, or make it an input"),
        ("steps.b.images[0]", "what a step gives", "repeat this step over that, and write `n=each.NAME`"),
        ("inputs.list[each.n]", "worked out", "work it out in a list of `for_each`, and write `n=each.NAME`"),
        ("1 + 1", "worked out", "work it out in a list of `for_each`, and write `n=each.NAME`"),
    ],
)
@pytest.mark.parametrize("kind", ["at", "where"])
def test_what_cannot_choose_tasks_is_named_with_what_to_write_instead(
    problem, kind: str, chosen: str, what: str, remedy: str
) -> None:
    found = problem(f"{{{{ steps.a.{kind}(n={chosen}).images }}}}")
    assert found.message == (
        f"`n` is chosen by one text or number, or by data of `inputs` or `each`, and this is {what}"
    )
    assert found.help == remedy


def test_a_variable_of_the_text_does_not_choose_tasks(problem) -> None:
    found = problem("{% for x in inputs.x %}{{ steps.a.at(n=x).images[0].name }}{% endfor %}")
    assert found.message.endswith("and this is a variable of the text")
    assert found.help == "go through its values in `for_each`, and write `n=each.NAME`"


ARGUMENTS = [
    ("{{ inputs.x | replace('a') }}", "replace('a')", "`new` is missing"),
    ("{{ inputs.x | replace('a', 'b', 1, 2) }}", "replace('a', 'b', 1, 2)", "but 4 are given"),
    ("{{ inputs.x | upper(1) }}", "upper(1)", "no arguments"),
    ("{{ inputs.x | join(sep=', ') }}", "join(sep=', ')", "no `sep`"),
    ("{{ inputs.x | join('a', d='b') }}", "join('a', d='b')", "twice"),
    ("{{ inputs.x | join(d='a', d='b') }}", "d", "twice"),
    ("{{ inputs.x is divisibleby }}", "divisibleby", "`num` is missing"),
    ("{{ range() }}", "range()", "`first` is missing"),
    ("{{ zip(inputs.x) }}", "zip(inputs.x)", "named lists"),
    ("{% macro m(a, b=1) %}{% endmacro %}{{ m() }}", "m()", "`a` is missing"),
    ("{% macro m(a, b=1) %}{% endmacro %}{{ m(1, 2, 3) }}", "m(1, 2, 3)", "but 3 are given"),
    ("{% macro m(a, b=1) %}{% endmacro %}{{ m(1, c=2) }}", "m(1, c=2)", "no `c`"),
    ("{% macro m(a, b=1) %}{% endmacro %}{{ m(1, a=2) }}", "m(1, a=2)", "twice"),
]


@pytest.mark.parametrize(("text", "marked", "part"), ARGUMENTS, ids=[row[0] for row in ARGUMENTS])
def test_arguments(problem, text, marked, part) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-arguments", marked)
    assert part in found.message


def test_all_problems_come_in_one_go(problems) -> None:
    found = problems("{{ inptus.x }} {{ inputs.x | uper }} {{ steps.a.image }} {{ 'a'.b() }}")
    assert [one.text for one in found] == ["inptus", "uper", "image", "b()"]


def test_no_more_problems_than_anybody_reads(problems) -> None:
    assert len(problems("{{ inptus.x }}" * 100)) == 50
    assert len(problems("{{ 1 | uper }}" * 100)) == 50
    assert len(problems("{% fi %}" * 100)) == 50


@pytest.mark.parametrize(
    ("root", "where"),
    [
        ("each.x", "for_each"),
        ("ref.hero", "references have names"),
        ("image.number", "`file`"),
        ("steps.a.images", "steps"),
        ("values.x", "values"),
        ("recipe.name", "recipe"),
    ],
)
def test_a_root_that_is_not_known_here_is_said_where_it_is(problem, root, where) -> None:
    found = problem("{{ " + root + " }}", INPUTS)
    assert (found.code, found.text) == ("template-unknown-name", root.split(".")[0])
    assert where in (found.help or "")
    assert "here is `inputs`" in (found.help or "")


def test_a_template_with_problems_raises_the_first_one_when_rendered(write, scope) -> None:
    template, diagnostics = parse_template(write("{{ hero }}"), roots=INPUTS)
    with pytest.raises(RenderError) as caught:
        template.render(scope)
    assert template.diagnose(caught.value) == diagnostics[0]


def test_what_a_test_takes_is_given_in_its_place(problem) -> None:
    found = problem("{{ inputs.words | selectattr(attribute='a', test='eq', value=3) | length }}")
    assert found.code == "template-arguments"
    assert (
        "it has no `value`; it takes `attribute`, `test` and, in its place, what the test takes"
        in found.message
    )


@pytest.mark.parametrize(
    ("brackets", "message", "help_"),
    [
        ("[0:2:0]", "the step of this slice is 0, which leads from nothing to nothing", "leave the step out, or write another, such as `[::2]`"),
        ("[1.5:]", "the number of one of the images is a whole number, and this is 1.5", "write a whole number: the first is 0, and the last -1"),
        ("[-2.5]", "the number of one of the images is a whole number, and this is -2.5", "write a whole number: the first is 0, and the last -1"),
        ("[:none]", "the number of one of the images is a whole number, and this is none", "write a whole number: the first is 0, and the last -1"),
        ("[:'2']", "the number of one of the images is a whole number, and this is text", "write a whole number: the first is 0, and the last -1"),
        (
            "[1 + 1:2:0]",
            "the number of one of the images is written out, never worked out: it decides what is waited for",
            "write a number, or loop over them: `{% for image in steps.a.images %}`",
        ),
    ],
)  # fmt: skip # a row a line
def test_what_is_no_number_of_an_image_is_told_as_what_it_is(
    problem, brackets: str, message: str, help_: str
) -> None:
    found = problem(f"{{{{ steps.a.images{brackets} }}}}")
    assert (found.code, found.message, found.help) == ("template-step-reference", message, help_)
