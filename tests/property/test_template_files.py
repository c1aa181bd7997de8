"""Files that templates include and import: they mean what Jinja means, and whatever is in them makes nothing crash."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seedflow.diagnostics import Diagnostic, Source
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped, Template, parse_template
from seedflow.recipe.templating.rendering import to_text
from seedflow.recipe.views import View
from seedflow.text.nodes import Scalar
from tests.property.test_template_meaning import GRAMMAR, INPUTS, PART, ROOTS, SIMPLE


def read(text: str, files: Mapping[str, str], roots: frozenset[str]) -> tuple[Template, list[Diagnostic]]:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content.encode("utf-8", "surrogatepass"))
        scalar = Scalar(Source("recipe.yaml", text), 0, len(text), text, "|")
        return parse_template(scalar, roots=roots, files=PartialFiles(Path(folder), "recipe.yaml"))


# --- meaning

PASSED = ", ".join(f"i_{name}=inputs.{name}" for name in INPUTS)
SET = "".join(f"{{% set i_{name} = {value!r} %}}" for name, value in INPUTS.items())
INCLUDES = ("{% include 'a' %}", " {%- include 'a' -%} ", "{% include 'b' %}", "{% include './a' %}")
CALLS = (
    "{{ m.k(<text>) }}",
    "{{ m.k(v0=<text>, v1=<whole>) }}",
    "{{ l(<text>, <text>) | upper }}",
    "{{ m.c }}",
)


@st.composite
def file_sets(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A template that includes `a` and `b` and imports `m`; `b` includes `a` and imports `m` as well."""

    def write(name: str, depth: int) -> str:
        rules = GRAMMAR[name] if depth > 0 else SIMPLE[name]
        return fill(draw(st.sampled_from(rules)), depth)

    def fill(rule: str, depth: int) -> str:
        return PART.sub(lambda found: write(found[1], depth - 1), rule)

    def write_mixed(tags: tuple[str, ...], depth: int) -> str:
        tag = st.sampled_from(tags).map(lambda rule: fill(rule, 1))
        return "".join(draw(tag) if draw(st.booleans()) else write("statement", depth) for _ in range(4))

    def inside(text: str) -> str:
        """What stands in a file looks at what it is passed."""
        return re.sub(r"inputs\.(\w+)", r"i_\1", text.replace("inputs.nothing", "inputs.row.nothing"))

    depth = draw(st.integers(1, 3))
    head = "{% import 'm' as m %}{% from 'm' import k as l %}"
    main = (
        f"{head}{{% set v0 = {write('text', 1)} %}}{{% set v1 = {write('whole', 1)} %}}{{% with {PASSED} %}}"
    )
    main += write_mixed(INCLUDES + CALLS, depth) + "{% endwith %}"
    macro = "{% set c = <text> %}{% macro k(v0, v1=<text>) %}<body>{% endmacro %}"
    files = {
        "a": inside(write("body", depth)) + draw(st.sampled_from(["", "\n", "\n\n"])),
        "b": head + inside(write_mixed(("{% include 'a' %}", *CALLS), depth)),
        "m": SET + inside(fill(macro, depth)),
    }
    return main, files


def render(written: str, files: Mapping[str, str]) -> str | None:
    found, problems = read(written, files, ROOTS)
    if problems:
        return None
    try:
        return str(found.render(Scope(inputs=INPUTS), as_text=True))
    except RenderError:
        return None


@given(file_sets())
@settings(max_examples=300, deadline=None)
def test_what_renders_renders_as_in_jinja(case: tuple[str, dict[str, str]]) -> None:
    written, files = case
    ours = render(written, files)
    if ours is None:
        return
    # Jinja would drop the line end behind the template, too; of ours that is left to YAML.
    jinja = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=to_text, loader=DictLoader({**files, "./a": files["a"]})
    )
    try:
        theirs = jinja.from_string(written + "|").render(inputs=INPUTS, each={}, values={})
    except (TypeError, AttributeError):
        return  # as in test_template_meaning
    assert ours + "|" == theirs


def test_many_of_these_templates_do_render() -> None:
    rendered = []

    @given(file_sets())
    @settings(max_examples=200, database=None, deadline=None)
    def collect(case: tuple[str, dict[str, str]]) -> None:
        rendered.append(render(*case) is not None)

    collect()
    assert sum(rendered) > len(rendered) / 8


# --- nothing crashes

EVERYWHERE = frozenset({"inputs", "values", "steps", "each", "ref", "recipe", "prev"})
LAST = View("image", {"width": 1, "number": 1})


def resolve(mention: StepReference) -> object:
    if mention.step == "gone":
        raise Skipped("gone")
    return [LAST, LAST] if mention.index is None else LAST


SCOPE = Scope(inputs={"x": "fox", "rows": [{"x": 1}]}, each={"x": [1, "a"]}, resolve=resolve, prev=LAST)

names = st.sampled_from(["x", "y", "m", "l", "k", "prev", "image", "optional", "loop", "inputs", "é"])
files_named = st.sampled_from(["'a'", "'b'", "'c'", "'./a'", "'d'", "'../a'", "'a' 'b'", "1", "x", "'.a'"])
atoms = st.one_of(
    names,
    st.sampled_from(
        ["inputs.x", "inputs.rows[0].x", "steps.gone.images[0]", "steps.ok.images", "steps.gone.images[0].width", "prev", "prev.width", "each.x", "1", "'a'",
         "none", "[x, 1]", "loop.index", "m.k('a')", "m.x", "k(1, v1=2)", "x.y", "steps.ok.passes[1:]", "1 // 0"]
    ),
)  # fmt: skip # a row a line
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["first_of", "optional", "succeeded", "m.k", "k"]), st.lists(inner, max_size=3)).map(
            lambda two: f"{two[0]}({', '.join(two[1])})"
        ),
        st.tuples(inner, st.sampled_from(["[0]", ".width", "[:2]", " | length", " | default('d')", " | string", " is none", " + 1"])).map("".join),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=5,
)  # fmt: skip # a row a line
tags = st.one_of(
    files_named.map(lambda name: f"{{% include {name} %}}"),
    st.tuples(files_named, names).map(lambda two: "{{% import {} as {} %}}".format(*two)),
    st.tuples(files_named, names, names).map(lambda three: "{{% from {} import {} as {} %}}".format(*three)),
    files_named.map(lambda name: f"{{% from {name} import k, m %}}"),
    st.tuples(names, expressions).map(lambda two: "{{% set {} = {} %}}".format(*two)),
    st.tuples(names, expressions, names).map(lambda three: "{{% with {} = {} %}}{{{{ {} }}}}{{% include 'a' %}}{{% endwith %}}".format(*three)),
    st.tuples(names, expressions).map(lambda two: "{{% for {} in {} %}}{{% include 'b' %}}{{% endfor %}}".format(*two)),
    st.tuples(names, names, expressions).map(lambda three: "{{% macro {}({}, v1=1) %}}{{{{ {} }}}}{{% endmacro %}}".format(*three)),
    expressions.map(lambda one: f"{{{{ {one} }}}}"),
    expressions.map(lambda one: f"{{% if {one} %}}{{% include 'c' %}}{{% endif %}}"),
    st.sampled_from(["text", "\n", "{#", "{{", "{% include", "{% import 'a' as", "%}", "\r\n", "{% from 'a' import %}", "{% include 'a' ignore missing %}", "\0", ""]),
)  # fmt: skip # a row a line
texts = st.lists(tags, max_size=5).map("".join)


def check_place(source: Source, start: int, end: int) -> None:
    assert 0 <= start <= end <= len(source.text)


@given(texts, st.fixed_dictionaries({"a": texts, "b": texts, "c": texts}))
@settings(max_examples=500, deadline=None)
@example("{% include 'a' %}", {"a": "{% include 'a' %}", "b": "", "c": ""})
@example("{% import 'a' as m %}{{ m.k() }}", {"a": "{% macro k( %}", "b": "", "c": ""})
@example("{{ first_of(optional(steps.gone.images[0]), 1) }}", {"a": "", "b": "", "c": ""})
def test_whatever_is_in_files_is_a_text_a_problem_or_an_error_with_a_place(
    text: str, files: dict[str, str]
) -> None:
    template, problems = read(text, files, EVERYWHERE)
    for one in problems:
        assert one.span is not None
        for span in (one.span, *(other.span for other in one.related)):
            check_place(span.source, span.start, span.end)
            assert span.source.name in ("recipe.yaml", "a", "b", "c")
    try:
        template.render(SCOPE)
    except Skipped:
        assert not problems
    except RenderError as error:
        found = template.diagnose(error)
        assert found.span is not None
        check_place(found.span.source, found.span.start, found.span.end)
        assert found.help is not None or not problems
    else:
        assert not problems


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
@example("../x")
@example("a/./../..")
@example("")
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "recipes"
        inside.mkdir()
        (Path(folder) / "x").write_text("secret")
        written = "{% include " + repr(name) + " %}"
        scalar = Scalar(Source("recipe.yaml", written), 0, len(written), written, "|")
        _, problems = parse_template(scalar, roots=frozenset(), files=PartialFiles(inside, "recipe.yaml"))
        assert len(problems) >= 1
        assert {one.code for one in problems} <= {
            "template-file-name",
            "file-missing",
            "file-unreadable",
            "not-a-file",
            "template-syntax",
        }
