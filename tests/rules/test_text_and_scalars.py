"""The rules of the file: YAML first, its scalars, what is refused, limits, places. Each test says which rule it holds."""

from __future__ import annotations

import pytest

from seedflow.diagnostics.render import render_diagnostics
from seedflow.text.reader import LIBRARY_LIMITS, PROJECT_LIMITS
from tests.rules.desk import Desk

HERO = "inputs: {hero: {type: text, default: a fox}}\n"


def test_templates_live_only_inside_string_scalars(desk: Desk) -> None:
    """YAML first, templates second: what stands outside of a text, in a comment or in a key is never a template."""
    assert desk.asks(
        """\
        # {{ nonsense | {% of a template
        inputs: {hero: {type: text, default: a fox}}
        x-{{ free }}: {% also not
        steps: {page: {generate: {prompt: "{{ inputs.hero }}"}}}
        """.replace("{% also not", "free")
    ) == {"page": "a fox"}
    assert desk.say(HERO + 'steps: {"{{ inputs.hero }}": {generate: {prompt: A fox}}}')[0] == (
        'bad-name «"{{ inputs.hero }}"»'
    )


def test_jinja_never_sees_the_text_of_the_file(desk: Desk) -> None:
    """A template cannot write YAML: what it gives, line ends and colons included, stays within its own value."""
    text = r"""
        inputs: {hero: {type: text, default: "a fox\n  other:\n    generate: {prompt: A bear}"}}
        steps:
          page:
            generate:
              prompt: "{{ inputs.hero }}"
    """
    assert desk.asks(text) == {"page": "a fox\n  other:\n    generate: {prompt: A bear}"}
    looping = 'steps:\n  {% for n in [1, 2] %}\n  page{{ n }}: {generate: {prompt: "A"}}\n  {% endfor %}\n'
    assert desk.codes(looping) != []


@pytest.mark.parametrize(
    "written",
    ["16:9", "4:3", "1:1", "no", "on", "off", "yes", "True", "FALSE", "2024-01-31", "2024-01-31 10:00:00", "1_000", "12:30:45"],
)  # fmt: skip # a row a line
def test_what_other_yaml_misreads_is_text(desk: Desk, written: str) -> None:
    """`16:9`, `no`, `on`, `off` and dates are strings, and only `true` and `false` are booleans; also where nothing wants text."""
    assert (
        desk.prompt('"{{ values.it == text }}"'.replace("text", f"'{written}'"), values=f"{{it: {written}}}")
        == "true"
    )
    boolean = (
        f"inputs: {{it: {{type: boolean, default: {written}}}}}\nsteps: {{page: {{generate: {{prompt: A}}}}}}"
    )
    assert desk.codes(boolean) == ["wrong-type"]


@pytest.mark.parametrize("written", ["true", "false"])
def test_only_true_and_false_are_booleans(desk: Desk, written: str) -> None:
    assert desk.prompt('"{% if inputs.it %}yes{% else %}no{% endif %}"', f"{{it: {{type: boolean, default: {written}}}}}") == (
        "yes" if written == "true" else "no"
    )  # fmt: skip # a row a line


@pytest.mark.parametrize("written", ["007", "1.10", "0x1F", "1e3", "-0", "true", "no", ".5"])
def test_a_plain_scalar_whose_destination_is_text_keeps_its_spelling(desk: Desk, written: str) -> None:
    """In a prompt, in the default of a text, in a choice, in a list of texts and in a cell of a table."""
    assert desk.prompt(written) == written
    assert desk.prompt('"{{ inputs.it }}"', f"{{it: {{type: text, default: {written}}}}}") == written
    assert (
        desk.prompt(
            '"{{ inputs.it }}"', f"{{it: {{type: choice, options: [{written}], default: {written}}}}}"
        )
        == written
    )
    assert (
        desk.prompt('"{{ inputs.it[0] }}"', f"{{it: {{type: list, of: text, default: [{written}]}}}}")
        == written
    )
    assert (
        desk.prompt(
            '"{{ inputs.it[0].a }}"',
            f"{{it: {{type: table, columns: {{a: text}}, default: [{{a: {written}}}]}}}}",
        )
        == written
    )


REFUSED = {
    "a key twice": ("name: one\nname: two\nsteps: {page: {generate: {prompt: A}}}", "repeated-key «name»"),
    "a parameter twice": ("steps: {page: {generate: {prompt: A, prompt: B}}}", "repeated-key «prompt»"),
    "a tag": ("steps: {page: {generate: {prompt: !!str A}}}", "tag «!!str»"),
    "an anchor": ("steps: {page: {generate: {prompt: &a A}}}", "anchor «&a»"),
    "an alias": ("x-a: &a A\nsteps: {page: {generate: {prompt: *a}}}", "alias «*a»"),
    "a merge key": ("steps: {page: {generate: {<<: {prompt: A}}}}", "merge-key «<<»"),
    "an unknown key": ("nmae: one\nsteps: {page: {generate: {prompt: A}}}", "unknown-key «nmae»"),
    "an unknown key of a step": ("steps: {page: {generate: {prompt: A}, fro_each: []}}", "unknown-key «fro_each»"),
    "an unknown key of an input": ("inputs: {a: {type: text, defualt: A}}\nsteps: {page: {generate: {prompt: A}}}", "unknown-key «defualt»"),
    "an unknown parameter": ("steps: {page: {generate: {prompt: A, szie: 2K}}}", "unknown-parameter «szie»"),
}  # fmt: skip # a row a line


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_recipe_may_not_have_is_an_error(desk: Desk, name: str) -> None:
    """Duplicate keys, tags, anchors with aliases, merge keys (`<<`) and unknown keys are errors."""
    text, expected = REFUSED[name]
    assert expected in desk.say(text)


def test_keys_that_begin_with_x_are_free(desk: Desk) -> None:
    """In every mapping, with anything behind them."""
    assert (
        desk.say("""
        x-owner: {team: [a, b], deep: {deeper: 1}}
        inputs: {hero: {type: text, default: A, x-note: n}}
        defaults: {x-note: n, size: 2K}
        limits: {images: 9, x-note: n}
        steps:
          x-later: {anything: true}
          page:
            x-note: n
            for_each: {n: {in: [1, 2], x-note: n}}
            expect: {min_width: 9, x-note: n}
            generate: {prompt: "{{ inputs.hero }} {{ each.n }}", x-note: n}
        outputs: {all: {images: "{{ steps.page.images }}", x-note: n}}
        """)
        == []
    )


def test_a_projects_own_file_has_at_most_64_mib(desk: Desk) -> None:
    """Each limit has a clear error; a library's file has 1 MiB and 20,000 nodes, and both have 64 levels."""
    assert (PROJECT_LIMITS.max_bytes, PROJECT_LIMITS.max_depth) == (64 * 2**20, 64)
    assert (LIBRARY_LIMITS.max_bytes, LIBRARY_LIMITS.max_nodes, LIBRARY_LIMITS.max_depth) == (
        2**20,
        20_000,
        64,
    )
    example = desk.open("steps: {}")
    with example.path.open("ab") as file:
        file.truncate(65 * 2**20)
    [found] = example.check()
    assert (found.code, found.help is not None) == ("file-too-large", True)
    assert "64 MiB" in found.message


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
@pytest.mark.parametrize("closed", [True, False])
def test_200_kb_of_brackets_are_refused_before_any_tree_is_built(
    desk: Desk, opening: str, closing: str, *, closed: bool
) -> None:
    """64 levels, checked on the event stream: nothing crashes, and the error says how deep a file may be."""
    text = "x-deep: " + opening * 200_000 + (closing * 200_000 if closed else "")
    found = desk.problems(text)
    assert "too-deep" in [one.code for one in found]
    assert "64" in next(one.message for one in found if one.code == "too-deep")


PLACES = {
    "plain": ("      prompt: A fox {{ inputs.hreo }} by night", "inputs.hreo"),
    "single quotes": ("      prompt: 'It''s {{ inputs.hreo }}'", "inputs.hreo"),
    "double quotes with escapes": (r'      prompt: "\u00e9\t\"x\" {{ inputs.hreo }}"', "inputs.hreo"),
    "double quotes, folded": (
        '      prompt: "one\n        two \\\n        {{ inputs.hreo }}"',
        "inputs.hreo",
    ),
    "folded": ("      prompt: >-\n        one\n        two\n\n        {{ inputs.hreo }}", "inputs.hreo"),
    "literal": ("      prompt: |\n        one\n          {{ inputs.hreo }}", "inputs.hreo"),
    "many lines without quotes": ("      prompt: one\n        two {{ inputs.hreo }}", "inputs.hreo"),
}


@pytest.mark.parametrize("name", PLACES)
def test_every_template_token_remembers_its_place(desk: Desk, name: str) -> None:
    """Inside text every template token does, folded and quoted scalars included: line and column, start and end."""
    written, token = PLACES[name]
    text = f"seedflow: 1\n{HERO}steps:\n  page:\n    generate:\n{written}\n"
    found = next(one for one in desk.problems(text) if one.code == "unknown-input")
    assert found.span is not None
    lines = text.splitlines()
    line = next(number for number, one in enumerate(lines, 1) if token in one)
    first = lines[line - 1].index(token) + 1
    start, end = found.span.first, found.span.last
    assert (start.line, start.column) == (line, first + len("inputs."))
    assert (end.line, end.column) == (line, first + len(token))


def test_a_problem_is_shown_with_its_line_carets_and_what_was_meant(desk: Desk) -> None:
    """Every problem is reported with file, line and column, the source line, carets and, for a near miss, "did you mean"."""
    text = f'seedflow: 1\n{HERO}steps:\n  page:\n    generate:\n      prompt: "{{{{ inputs.hreo }}}}"\n'
    found = next(one for one in desk.problems(text) if one.code == "unknown-input")
    shown = render_diagnostics([found], color=False, width=100)
    assert "recipe.yaml:6:26" in shown
    assert '      prompt: "{{ inputs.hreo }}"' in shown
    assert "^^^^" in shown
    assert "did you mean `hero`?" in shown


def test_all_problems_of_a_file_come_in_one_go(desk: Desk) -> None:
    """YAML, keys, names, templates and parameters, in the order of the text."""
    found = desk.say("""
        nmae: one
        nmae: two
        inputs: {hero: {type: txet}}
        steps:
          page: {generate: {prompt: "{{ inputs.hreo | uper }}", aspect_ratio: 5:7, szie: 2K}}
          Other: {generate: {prompt: A}}
          third: {generate: {prompt: "{{ steps.pgae.images }}"}}
    """)
    assert {one.partition(" ")[0] for one in found} >= {
        "unknown-key", "repeated-key", "unknown-type", "template-unknown-filter", "wrong-value", "unknown-parameter",
        "bad-name", "unknown-step",
    }  # fmt: skip # a row a line


def test_a_template_without_quotes_is_told_to_put_them(desk: Desk) -> None:
    """`{{` unquoted at the start of a value is YAML's flow mapping: "put quotes around the template"."""
    [found] = desk.problems(HERO + "steps:\n  page:\n    generate:\n      prompt: {{ inputs.hero }}\n")
    assert (found.code, "put quotes around the template" in (found.help or "")) == ("unquoted-template", True)


def test_a_text_that_loses_its_end_to_a_glued_comment_is_a_warning(desk: Desk) -> None:
    """Only where the comment has no space after `#`."""
    recipe = "steps:\n  page:\n    generate:\n      prompt: A fox in {}\n"
    assert desk.codes(recipe.format("#ff8800")) == ["glued-comment?"]
    assert desk.codes(recipe.format("red # a comment")) == []
    assert desk.codes(recipe.format("C#")) == []
    assert desk.codes(recipe.format('x\n      # "#ff8800"')) == []
