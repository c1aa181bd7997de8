"""Files that templates include and import: what they see and give, where they are found, and what goes wrong in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.template import RenderError, Template, parse_template
from seedflow.recipe.templating import limits
from tests.unit.recipe.templating.conftest import EVERYWHERE, SCOPE, scalar

Read = Callable[..., tuple[Template, list[Diagnostic]]]


class Said(NamedTuple):
    """A problem: its code, where it is, the characters that it points at, and the places beside it."""

    code: str
    file: str
    text: str
    related: tuple[tuple[str, str], ...]
    message: str
    help: str | None


def said(found: Diagnostic) -> Said:
    def cut(span: Span) -> tuple[str, str]:
        return span.source.name, span.source.text[span.start : span.end].replace("''", "'")

    assert found.span is not None
    return Said(
        found.code,
        *cut(found.span),
        tuple(cut(other.span) for other in found.related),
        found.message,
        found.help,
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a template beside files."""

    def read_beside(
        text: str, files: Mapping[str, str | bytes] | None = None
    ) -> tuple[Template, list[Diagnostic]]:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return parse_template(
            scalar(text), roots=EVERYWHERE, files=PartialFiles(tmp_path, "recipes/story.yaml")
        )

    return read_beside


@pytest.fixture
def render(read: Read) -> Callable[..., str]:
    def render_beside(text: str, files: Mapping[str, str | bytes]) -> str:
        template, problems = read(text, files)
        assert problems == []
        return str(template.render(SCOPE))

    return render_beside


@pytest.fixture
def problem(read: Read) -> Callable[..., Said]:
    def find(text: str, files: Mapping[str, str | bytes] | None = None) -> Said:
        (only,) = read(text, files)[1]
        return said(only)

    return find


@pytest.fixture
def failure(read: Read) -> Callable[..., Said]:
    def find(text: str, files: Mapping[str, str | bytes]) -> Said:
        template, problems = read(text, files)
        assert problems == []
        with pytest.raises(RenderError) as caught:
            template.render(SCOPE)
        return said(template.diagnose(caught.value))

    return find


POSES = """{% set look = "in ink" %}
{% macro pose(name, side="left") %}{{ name }} from the {{ side }}, {{ look }}{% endmacro %}
{% macro twice(name) %}{{ pose(name) }} and {{ pose(name, side="right") }}{% endmacro %}
"""


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        ("{% include 'a.txt' %}", {"a.txt": "a fox\n"}, "a fox"),
        ("{% include './a.txt' %}", {"a.txt": "a fox\n\n"}, "a fox\n"),
        ("a {% include 'b/c/a.txt' %}!", {"b/c/a.txt": "fox"}, "a fox!"),
        ("{% include 'a.txt' %}", {"a.txt": ""}, ""),
        ("{% include 'a.txt' %}", {"a.txt": b"\xef\xbb\xbfone\r\ntwo\r\n"}, "one\ntwo"),
        ("{% include 'a.txt' %}", {"a.txt": "{# not a comment #} {{ '{{' }}"}, "{# not a comment #} {{"),
        ("x\n  {%- include 'a.txt' -%}\n y", {"a.txt": " fox "}, "x fox y"),
        ("{% with who = inputs.hero %}{% include 'a.txt' %}{% endwith %}", {"a.txt": "a {{ who }}"}, "a fox"),
        ("{% set who = 'hen' %}{% include 'a.txt' %}", {"a.txt": "a {{ who | upper }}"}, "a HEN"),
        (
            "{% for one in inputs.words %}{% include 'a.txt' %}{% endfor %}",
            {"a.txt": "<{{ one }}>"},
            "<red><green><blue>",
        ),
        (
            "{% macro m(who) %}{% include 'a.txt' %}{% endmacro %}{{ m('hen') }}{{ m('ox') }}",
            {"a.txt": "a {{ who }},"},
            "a hen,a ox,",
        ),
        # what is set inside ends with the file, and what it takes does not have to be text
        (
            "{% set n = 1 %}{% include 'a.txt' %}{{ n }}",
            {"a.txt": "{{ n }}{% set n = n + 1 %}{{ n }}{% set other = 5 %}"},
            "121",
        ),
        (
            "{% with people = inputs.cast %}{% include 'a.txt' %}{% endwith %}",
            {"a.txt": "{% for one in people %}{{ loop.index }}{{ one.name }}{% endfor %}"},
            "1Ann2Bob",
        ),
        # files in files, with names that go through
        (
            "{% with who = 'hen' %}{% include 'a.txt' %}{% endwith %}",
            {"a.txt": "({% include 'b/b.txt' %})", "b/b.txt": "{{ who }}{% with who = 'ox' %}{% include 'c.txt' %}{% endwith %}", "c.txt": " {{ who }}"},
            "(hen ox)",
        ),
        ("{% include 'a.txt' %}{% include 'a.txt' %}", {"a.txt": "x"}, "xx"),
        ("{% if inputs.none %}{% include 'a.txt' %}{% endif %}b", {"a.txt": "{{ 1 // 0 }}"}, "b"),
        ("{% for prev in steps.a.images %}{% include 'a.txt' %}{% endfor %}", {"a.txt": "{{ prev.number }}"}, "123"),
        ("{% set t %}{% include 'a.txt' %}{% endset %}{{ t | upper }}", {"a.txt": "fox"}, "FOX"),
        # imports
        ("{% import 'p.txt' as p %}{{ p.pose('Ann') }}", {"p.txt": POSES}, "Ann from the left, in ink"),
        ("{% import 'p.txt' as p %}{{ p['pose']('Ann', side='top') }}", {"p.txt": POSES}, "Ann from the top, in ink"),
        ("{% import 'p.txt' as p %}{{ p.look | upper }}", {"p.txt": POSES}, "IN INK"),
        (
            "{% from 'p.txt' import twice, look as l %}{{ twice(name='Bob') }} {{ l }}",
            {"p.txt": POSES},
            "Bob from the left, in ink and Bob from the right, in ink in ink",
        ),
        ("{% import 'p.txt' as p %}{% import 'p.txt' as q %}{{ p.look ~ q.look }}", {"p.txt": POSES}, "in inkin ink"),
        (
            "{% import 'p.txt' as p %}{% macro m() %}{{ p.pose('x') }}{% endmacro %}{{ m() | length }}",
            {"p.txt": POSES},
            "23",
        ),
        (
            "{% import 'a.txt' as a %}{{ a.m('hen') }}",
            {"a.txt": "{% from 'p.txt' import pose %}{% macro m(x) %}[{{ pose(x) }}]{% endmacro %}", "p.txt": POSES},
            "[hen from the left, in ink]",
        ),
        (
            "{% import 'a.txt' as a %}{{ a.m('hen') }}",
            {"a.txt": "{% macro m(who) %}{% include 'b.txt' %}{% endmacro %}", "b.txt": "a {{ who }}"},
            "a hen",
        ),
        ("{% import 'p.txt' as p %}{{ first_of(optional(p.look), 1) }}", {"p.txt": POSES}, "in ink"),
        ("{% import 'p.txt' as p %}{% include 'a.txt' %}", {"p.txt": POSES, "a.txt": "{% import 'p.txt' as p %}{{ p.look }}"}, "in ink"),
        ("{% import 'rows.txt' as r %}{{ r.rows[1].name }}", {"rows.txt": "{% set rows = [{'name': 'a'}, {'name': 'b'}] %}"}, "b"),
        ("{% import 'a.txt' as a %}x", {"a.txt": "text that nobody sees" + "{{ 'y' * 9 }}"}, "x"),
    ],
)  # fmt: skip # a row a line
def test_what_files_give(render, text: str, files: dict[str, str | bytes], expected: str) -> None:
    assert render(text, files) == expected


@pytest.mark.parametrize("root", ["inputs", "values", "steps", "each", "ref", "recipe"])
def test_a_file_sees_no_root(problem, root: str) -> None:
    found = problem("{% include 'a.txt' %}", {"a.txt": "one\ntwo {{ " + root + ".x }}"})
    assert (found.code, found.file, found.text) == ("template-unknown-name", "recipes/a.txt", root)
    assert found.related == (("recipes/story.yaml", "'a.txt'"),) or found.related[0][1] == "'a.txt'"
    assert f"{{% with NAME = {root}.… %}}" in found.help


def test_mentions_stand_in_the_recipe_alone(read: Read) -> None:
    template, _ = read(
        "{% with who = inputs.hero %}{% include 'a.txt' %}{% endwith %}", {"a.txt": "{{ who.name }}"}
    )
    (only,) = template.references
    assert (only.start, only.end) == (14, 25)


def test_a_name_that_is_not_passed_is_reported_where_the_file_is_included(problem) -> None:
    found = problem("{% set whom = 1 %}{% include 'a.txt' %}", {"a.txt": "a {{ who }} and {{ who }}"})
    assert (found.code, found.text) == ("template-not-passed", "'a.txt'")
    assert found.help == "did you mean `whom`?"
    assert found.related == (("recipes/a.txt", "who"),)
    found = problem("{% include 'b.txt' %}", {"b.txt": "{% include 'a.txt' %}"})
    assert (found.code, found.text) == ("template-not-passed", "'b.txt'")
    assert "with who" in found.help


def test_all_names_that_are_not_passed_are_told_in_one_go(problem) -> None:
    found = problem("{% include 'a.txt' %}", {"a.txt": "{{ a }} {{ b }} {{ it | default('x') }} {{ c }}"})
    assert found.message == "`a.txt` uses `a`, `b` and `c`, which are not set here"
    assert found.help == "set them around the file: `{% with a = …, b = …, c = … %}…{% endwith %}`"
    assert found.related == (("recipes/a.txt", "a"), ("recipes/a.txt", "b"), ("recipes/a.txt", "c"))
    text = "{% set whom = 1 %}{% include 'a.txt' %}"
    found = problem(text, {"a.txt": "{{ who }} {{ look }}"})
    assert found.help == (
        "did you mean `whom` for `who`? set `look` around the file: `{% with look = … %}…{% endwith %}`"
    )
    many = "".join(f"{{{{ name{number} }}}}" for number in range(10))
    found = problem("{% include 'a.txt' %}", {"a.txt": many})
    assert found.message.endswith("`name7` and 2 more, which are not set here")


OPTIONAL = [
    ("{{ it | default('x') }}", "x", "y"),
    ("{{ it | default('x') | upper }}", "X", "Y"),
    ("{% if it is defined %}{{ it }}{{ it | upper }}{% endif %}", "", "yY"),
    ("{% if it is not defined %}x{% else %}{{ it }}{% endif %}", "x", "y"),
    ("{% if it is undefined %}x{% elif it == 'y' %}{{ it }}{% endif %}", "x", "y"),
    ("{% if it is defined and it == 'y' %}{{ it }}{% else %}x{% endif %}", "x", "y"),
    ("{% if it is not defined or it == 'z' %}x{% else %}{{ it }}{% endif %}", "x", "y"),
    ("{{ it if it is defined else 'x' }}", "x", "y"),
    ("{% set it = it | default('x') %}{{ it }}", "x", "y"),
    ("{% if it is defined %}{% include 'b.txt' %}{% endif %}", "", "y"),
    ("{% include 'c.txt' %}", "x", "y"),
    ("{% include 'c.txt' %}{{ it | default('x') }}", "xx", "yy"),
]
OPTIONAL_FILES = {"b.txt": "{{ it }}", "c.txt": "{{ it | default('x') }}"}


@pytest.mark.parametrize(("file", "without", "with_it"), OPTIONAL, ids=[one[0] for one in OPTIONAL])
def test_a_name_behind_default_or_a_test_may_be_left_out(
    render, file: str, without: str, with_it: str
) -> None:
    files = {**OPTIONAL_FILES, "a.txt": file}
    assert render("{% include 'a.txt' %}.", files) == f"{without}."
    assert render("{% with it = 'y' %}{% include 'a.txt' %}{% endwith %}.", files) == f"{with_it}."


@pytest.mark.parametrize(
    "file",
    [
        "{{ it | default('x') }} {{ it }}",
        "{{ it }} {{ it | default('x') }}",
        "{% if it is defined %}{{ it }}{% endif %}{{ it }}",
        "{% if it is defined %}x{% else %}{{ it }}{% endif %}",
        "{% if it is defined or 1 == 1 %}{{ it }}{% endif %}",
        "{% if it is not defined and 1 == 1 %}x{% else %}{{ it }}{% endif %}",
        "{{ it.name | default('x') }}",
        "{% if other is defined %}{{ it }}{% endif %}",
        "{% include 'c.txt' %}{% include 'b.txt' %}",
    ],
)
def test_a_name_that_is_used_anywhere_else_is_passed(problem, file: str) -> None:
    found = problem("{% include 'a.txt' %}", {**OPTIONAL_FILES, "a.txt": file})
    assert (found.code, found.text) == ("template-not-passed", "'a.txt'")


def test_a_file_does_not_see_the_macros_around_it(problem) -> None:
    found = problem("{% macro m() %}{% endmacro %}{% include 'a.txt' %}", {"a.txt": "{{ m() }}"})
    assert (found.code, found.file) == ("template-unknown-function", "recipes/a.txt")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{% include '/etc/passwd' %}", "not a path below"),
        ("{% include '~/x' %}", "not a path below"),
        ("{% include 'https://x.org/a' %}", "not a path below"),
        ("{% include 'C:x' %}", "not a path below"),
        ("{% include '../x.txt' %}", "would leave"),
        ("{% include 'a/../../x.txt' %}", "would leave"),
        ("{% include 'a/../x.txt' %}", "it holds `..`"),
        ("{% include '.env' %}", "hidden"),
        ("{% import 'a/.git/config' as x %}", "hidden"),
        ("{% from '..' import x %}", "would leave"),
        ("{% include '' %}", "empty"),
        ("{% include ' ' %}", "empty"),
        ("{% include '.' %}", "folder itself"),
        ("{% include 'a\\\\b' %}", "`\\`"),
        ('{% include "a\\u200bb" %}', "cannot be printed"),
        ("{% include 'a\\nb' %}", "cannot be printed"),
    ],
)
def test_names_that_no_file_can_have(problem, text: str, part: str) -> None:
    found = problem(text)
    assert found.code == "template-file-name"
    assert part in found.message
    assert found.text[0] in "'\""


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{% include inputs.hero %}", "inputs.hero"),
        ("{% include ['a.txt'] %}", "['a.txt']"),
        ("{% include 'a' ~ '.txt' %}", "'a' ~ '.txt'"),
        ("{% import 5 as x %}{{ x.y() }}", "5"),
        ("{% from inputs.hero import x %}{{ x() }}", "inputs.hero"),
    ],
)
def test_names_are_written_out(read: Read, text: str, marked: str) -> None:
    found = [said(one) for one in read(text, {"a.txt": "x"})[1]]
    assert [(one.code, one.text) for one in found] == [("template-file-name", marked)]


def test_links_may_not_lead_out(read: Read, problem, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (tmp_path / ".hidden").write_text("secret")
    (tmp_path / "inside.txt").write_text("fine")
    (tmp_path / "out.txt").symlink_to(outside / "secret.txt")
    (tmp_path / "folder").symlink_to(outside)
    (tmp_path / "hidden.txt").symlink_to(tmp_path / ".hidden")
    (tmp_path / "round.txt").symlink_to(tmp_path / "round.txt")
    (tmp_path / "alias.txt").symlink_to(tmp_path / "inside.txt")
    for name in ("out.txt", "folder/secret.txt", "hidden.txt"):
        found = problem("{% include '" + name + "' %}")
        assert (found.code, found.text) == ("template-file-name", f"'{name}'")
        assert "link" in found.message
    assert problem("{% include 'round.txt' %}").code == "file-unreadable"
    assert read("{% include 'alias.txt' %}")[0].render(SCOPE) == "fine"


def test_files_that_cannot_be_read(problem, tmp_path: Path) -> None:
    found = problem("a {% include 'prompts/stile.txt' %}", {"prompts/style.txt": "x"})
    assert (found.code, found.text) == ("file-missing", "'prompts/stile.txt'")
    assert found.message == "there is no file `recipes/prompts/stile.txt`"
    assert found.help == "did you mean `style.txt`?"
    assert "recipe's folder" in problem("{% include 'none/a.txt' %}").help
    assert problem("{% include 'prompts' %}").code == "not-a-file"
    os.mkfifo(tmp_path / "pipe")
    assert problem("{% include 'pipe' %}").code == "not-a-file"
    found = problem("{% include 'latin.txt' %}", {"latin.txt": b"ok\ncaf\xe9"})
    assert (found.code, found.file, found.text) == ("not-utf8", "recipes/latin.txt", "�")
    assert found.related[0][1] == "'latin.txt'"
    found = problem("{% include 'null.txt' %}", {"null.txt": "a\0b"})
    assert (found.code, found.file) == ("control-character", "recipes/null.txt")
    assert problem("{% include 'large.txt' %}", {"large.txt": "x" * 1_048_577}).code == "file-too-large"


def test_a_file_with_templates_is_no_longer_than_a_text_with_templates(problem, render) -> None:
    found = problem("{% include 'a.txt' %}", {"a.txt": "{{ 1 }}" + "x" * 65_536})
    assert (found.code, found.file, found.help) == ("template-too-large", "recipes/a.txt", "split the file")
    assert len(render("{% include 'c.txt' %}", {"c.txt": "x" * 65_536})) == 65_536


def test_missing_names_are_listed_up_to_a_bound(read: Read) -> None:
    names = "".join(f"{{{{ n{n} }}}}" for n in range(900))
    assert len(read("{% import 'a.txt' as a %}", {"a.txt": names})[1]) == limits.MAX_PROBLEMS
    (problem,) = read("{% include 'a.txt' %}", {"a.txt": names})[1]
    assert len(problem.related) == 8


def test_all_files_together_are_bounded(read: Read) -> None:
    count = limits.MAX_FILES_BYTES // limits.MAX_FILE_BYTES + 1
    files = {f"{n}.txt": "x" * limits.MAX_FILE_BYTES for n in range(count)}
    text = "".join(f"{{% include '{name}' %}}" for name in files)
    assert [said(one).code for one in read(text, files)[1]] == ["file-too-large"]


def test_files_that_use_each_other(problem) -> None:
    found = problem(
        "{% include 'a.txt' %}",
        {"a.txt": "{% include 'b.txt' %}", "b.txt": "x {% import 'c/c.txt' as c %}", "c/c.txt": "{% include './a.txt' %}"},
    )  # fmt: skip # a row a line
    assert (found.code, found.file, found.text) == ("template-file-cycle", "recipes/c/c.txt", "'./a.txt'")
    assert "`a.txt` → `b.txt` → `c/c.txt` → `a.txt`" in found.message
    assert [file for file, _ in found.related] == ["recipes/b.txt", "recipes/a.txt", "recipe.yaml"]
    found = problem("{% include 'a.txt' %}", {"a.txt": "{% include 'a.txt' %}"})
    assert (found.code, found.message.split(",")[0]) == ("template-file-cycle", "`a.txt` uses itself")


@pytest.mark.parametrize("turned", [False, True])
def test_files_behind_each_other_are_bounded(read: Read, turned: bool) -> None:
    most = limits.MAX_FILES_DEEP
    files = {f"{n}.txt": f"{{% include '{n + 1}.txt' %}}" for n in range(most + 1)} | {f"{most + 1}.txt": "x"}
    names = [f"{n}.txt" for n in range(2, most + 2)]
    shallow = "".join(f"{{% include '{name}' %}}" for name in (reversed(names) if turned else names))
    template, problems = read(shallow, files)
    assert problems == []
    assert template.render(SCOPE) == "x" * most
    _, problems = read(shallow + "{% include '0.txt' %}" if turned else "{% include '0.txt' %}")
    assert {one.code for one in problems} == {"template-too-deep"}


def test_deep_blocks_around_deep_files_do_not_crash(read: Read) -> None:
    def nest(inner: str) -> str:
        return "{% if 1 %}" * 16 + inner + "{% endif %}" * 16

    files = {f"{n}.txt": nest(f"{{% include '{n + 1}.txt' %}}") for n in range(15)} | {"15.txt": nest("x")}
    template, problems = read(nest("{% include '0.txt' %}"), files)
    assert problems == []
    assert template.render(SCOPE) == "x"


def test_the_work_of_files_is_bounded(failure) -> None:
    files = {f"{n}.txt": (f"{{% include '{n + 1}.txt' %}}" * 30) for n in range(10)} | {"10.txt": "x"}
    assert failure("{% include '0.txt' %}", files).code == "template-cost"
    assert failure("{% include 'a.txt' %}", {"a.txt": "{{ 'x' * 65536 }}!"}).code == "template-cost"
    assert failure("{% include 'b.txt' %}!", {"b.txt": "x" * 65_536}).code == "template-cost"
    found = failure(
        "{% import 'c.txt' as c %}", {"c.txt": "{% set x = range(9999) | length + [range(9999)] %}"}
    )
    assert found.file == "recipes/c.txt"


def test_problems_in_a_file_are_reported_there(read: Read) -> None:
    files = {"a.txt": "one\n{{ who | uper }}\n{% if %}{% endif %}", "b.txt": "{{ x | uper }}{{ x is evn }}"}
    (only,) = read("{% set who = 1 %}{% include 'a.txt' %}", files)[1]
    assert said(only)[:3] == ("template-syntax", "recipes/a.txt", "%}")
    assert only.span is not None
    assert only.span.first == (3, 7)
    assert [one.message for one in only.related] == ["`a.txt` is used here"]
    found = [said(one) for one in read("{% set x = 1 %}{% include 'b.txt' %}", files)[1]]
    assert [(one.code, one.text) for one in found] == [
        ("template-unknown-filter", "uper"),
        ("template-unknown-test", "evn"),
    ]


def test_a_broken_file_makes_no_noise_behind_it(read: Read) -> None:
    files = {"a.txt": "{% macro m( %}"}
    for text in (
        "{% import 'a.txt' as a %}{{ a.m() }}{{ a.x }}",
        "{% from 'a.txt' import m, x as y %}{{ m() }}{{ y }}",
        "{% import 'none.txt' as a %}{{ a.m(1)[0] }}",
        "{% from 'none.txt' import m %}{{ m() | upper }}",
    ):
        assert len(read(text, files)[1]) == 1


def test_a_template_with_a_broken_file_cannot_be_rendered(read: Read) -> None:
    template, (only,) = read("{% include 'a.txt' %}", {"a.txt": "{{ 1 | uper }}"})
    with pytest.raises(RenderError) as caught:
        template.render(SCOPE)
    assert template.diagnose(caught.value) == only


def test_what_goes_wrong_when_rendering_is_placed_in_the_file(failure) -> None:
    found = failure(
        "{% with who = inputs.none %}{% include 'a.txt' %}{% endwith %}", {"a.txt": "a\nb {{ who }} c"}
    )
    assert found[:3] == ("template-none-in-text", "recipes/a.txt", "who")
    assert found.related == (("recipe.yaml", "'a.txt'"),)
    found = failure(
        "{% import 'm.txt' as m %}x {{ m.outer(inputs.cast) }}",
        {
            "m.txt": "{% from 'n.txt' import inner as i %}{% macro outer(x) %}{{ i(x[5]) }}{% endmacro %}",
            "n.txt": "{% macro inner(x) %}{{ x }}{% endmacro %}",
        },
    )
    assert found[:3] == ("template-no-such-item", "recipes/m.txt", "5")
    found = failure(
        "{% import 'm.txt' as m %}x {{ m.outer(inputs.cast) }}",
        {"m.txt": "{% from 'n.txt' import inner as i %}{% macro outer(x) %}{{ i(x[1]) }}{% endmacro %}"},
    )
    assert found[:3] == ("template-not-text", "recipes/n.txt", "x")
    assert found.related == (("recipes/m.txt", "i(x[1])"), ("recipe.yaml", "m.outer(inputs.cast)"))
    found = failure("{{ inputs.none }}{% include 'a.txt' %}", {"a.txt": "x"})
    assert (found.file, found.related) == ("recipe.yaml", ())
    found = failure("{% import 'm.txt' as m %}{{ m.x }}", {"m.txt": "{% if 0 %}{% set x = 1 %}{% endif %}"})
    assert (found.code, found.text) == ("template-undefined", "m.x")


@pytest.mark.parametrize("tag", ["import 'm.txt' as m", "from 'm.txt' import x"])
@pytest.mark.parametrize("before", ["{% if 1 %}", "{% if 0 %}{% else %}", "{% for i in [1] %}{% if 1 %}"])
def test_nothing_is_imported_inside_a_block(read: Read, before: str, tag: str) -> None:
    after = "{% endif %}" + "{% endfor %}" * ("for" in before)
    _, problems = read(before + "{% " + tag + " %}" + after, {"m.txt": "{% set x = 1 %}"})
    assert [problem.code for problem in problems] == ["template-syntax"]
    assert "not inside another block" in problems[0].message


@pytest.mark.parametrize(
    ("text", "code", "marked", "part"),
    [
        ("{% import 'p.txt' as p %}{{ p.pos('x') }}", "template-unknown-name", "pos", "`pose`"),
        ("{% import 'p.txt' as p %}{{ p }}", "template-unknown-name", "p", "p.NAME"),
        ("{% import 'p.txt' as p %}{{ p.pose }}", "template-unknown-name", "p.pose", "p.pose(…)"),
        ("{% import 'p.txt' as p %}{{ p[0] }}", "template-unknown-name", "0", "p.NAME"),
        ("{% import 'p.txt' as p %}{{ p.pose() }}", "template-arguments", "p.pose()", "add it"),
        ("{% import 'p.txt' as p %}{{ p.pose('a', sid=1) }}", "template-arguments", "p.pose('a', sid=1)", "only"),
        ("{% from 'p.txt' import pos %}", "template-unknown-name", "pos", "`pose`"),
        ("{% from 'p.txt' import pose %}{{ pose }}", "template-unknown-name", "pose", "pose(…)"),
        ("{% from 'p.txt' import pose as p %}{{ p(1, 2, 3) }}", "template-arguments", "p(1, 2, 3)", "only"),
        ("{% from 'p.txt' import pose as inputs %}", "template-name-taken", "inputs", "another"),
        ("{% import 'p.txt' as range %}", "template-name-taken", "range", "another"),
        ("{% import 'p.txt' as p %}{% set p = 1 %}", "template-name-taken", "p", "another"),
        ("{% set p = 1 %}{% import 'p.txt' as p %}", "template-name-taken", "p", "another"),
        ("{% from 'p.txt' import pose %}{% macro pose() %}{% endmacro %}", "template-name-taken", "pose", "another"),
        ("{% for x in [1] %}{% import 'p.txt' as p %}{% endfor %}", "template-syntax", "import", "beginning"),
        ("{% from 'p.txt' import %}", "template-syntax", "%}", "before"),
        ("{% import 'p.txt' %}", "template-syntax", "%}", "before"),
        ("{% include %}", "template-syntax", "%}", "before"),
        ("{% include 'p.txt' ignore missing %}", "template-syntax", "ignore missing", "leave it out"),
        ("{% include 'p.txt' without context %}", "template-syntax", "without context", "leave it out"),
        ("{% import 'p.txt' as p with context %}", "template-syntax", "with context", "leave it out"),
        ("{% from 'p.txt' import pose with context %}", "template-syntax", "with context", "leave it out"),
    ],
)  # fmt: skip # a row a line
def test_what_is_wrong_with_a_tag(problem, text: str, code: str, marked: str, part: str) -> None:
    found = problem(text, {"p.txt": POSES})
    assert (found.code, found.text) == (code, marked)
    assert part in found.help


def test_an_imported_file_sees_nothing(problem) -> None:
    found = problem("{% set tone = 1 %}{% import 'a.txt' as a %}", {"a.txt": "{% macro m() %}{{ tone }}{% endmacro %}"})  # fmt: skip # a row a line
    assert found[:3] == ("template-unknown-name", "recipes/a.txt", "tone")
    assert found.related[0][1] == "'a.txt'"


def test_files_need_a_folder(write) -> None:
    _, (only,) = parse_template(write("{% include 'a.txt' %}"), roots=EVERYWHERE)
    assert said(only)[:3] == ("template-unknown-tag", "recipe.yaml", "include")


def test_each_file_is_read_once_and_never_when_rendering(read: Read, tmp_path: Path) -> None:
    files = PartialFiles(tmp_path, "r.yaml")
    (tmp_path / "a.txt").write_text("one")
    text = "{% include 'a.txt' %}"
    first, _ = parse_template(scalar(text), roots=EVERYWHERE, files=files)
    digests = files.digests
    (tmp_path / "a.txt").unlink()
    second, problems = parse_template(scalar(f"{text}!"), roots=EVERYWHERE, files=files)
    assert problems == []
    assert (first.render(SCOPE), second.render(SCOPE)) == ("one", "one!")
    assert files.digests == digests
    assert list(digests) == ["a.txt"]
    assert digests["a.txt"].startswith("sha256:")


def test_the_same_text_in_another_folder_means_another_file(tmp_path: Path) -> None:
    text = "{% include 'a.txt' %}"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    given = []
    for name in ("one", "two", "one"):
        files = PartialFiles(tmp_path / name, "r.yaml")
        given.append(parse_template(scalar(text), roots=EVERYWHERE, files=files)[0].render(SCOPE))
    assert given == ["one", "two", "one"]
