"""Templates look up data and nothing else: no Python attribute, no method, no import, whatever is tried."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from jinja2 import Environment

from seedflow.recipe.template import RenderError, Scope, parse_template
from seedflow.recipe.views import View

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ inputs.__class__ }}",
    "{{ inputs.hero.__class__.__init__.__globals__ }}",
    "{{ inputs.words.append(1) }}",
    "{{ inputs.photo.subject }}",
    "{{ inputs.photo.attributes }}",
    "{{ inputs.photo.__class__ }}",
    "{{ each.scene.keys() }}",
    "{{ each.scene.get('name') }}",
    "{{ each.scene.keys }}",
    "{{ each.scene['__class__'] }}",
    "{{ inputs.hero | attr('__class__') }}",
    "{{ inputs.cast | map(attribute='__class__') }}",
    "{{ inputs.words | map(attribute='__class__') }}",
    "{{ inputs.cast | map(attribute='name.__class__') }}",
    "{{ inputs.cast | selectattr('__class__') | list }}",
    "{{ inputs.cast | sort(attribute='__len__') }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}' % 1 }}",
    "{{ ('{0.__class__}' | string).format_map({}) }}",
    "{{ inputs.hero.format }}",
    "{% set f = inputs.hero.format %}{{ f(1) }}",
    "{{ cycler.__init__.__globals__.os.popen('id') }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ lipsum.__globals__ }}",
    "{{ range.__class__ }}",
    "{{ range(3).__class__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__class__ }}",
    "{% macro m() %}{{ caller() }}{{ varargs }}{{ kwargs }}{% endmacro %}",
    "{% for x in inputs.words %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in inputs.words %}{{ loop._iterator }}{% endfor %}",
    "{{ joiner }}{{ namespace() }}{{ dict() }}{{ config }}{{ request }}{{ url_for }}",
    "{{ inputs.hero | format(1) }}",
    "{{ inputs.hero | xmlattr }}",
    "{{ inputs.words | map('attr', '__class__') | list }}",
    "{{ inputs.words | select('callable') | list }}",
    "{% import 'os' as os %}",
    "{% include '/etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% set x = inputs %}",
    "{{ steps.a.images[0].subject }}",
    "{{ steps.a.at(n=1).subject }}",
    "{{ ref.hero.subject }}",
    "{{ inputs['__class__'] }}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_no_way_leads_out(write, scope, text) -> None:
    roots = frozenset({"inputs", "values", "steps", "each", "ref", "recipe"})
    template, diagnostics = parse_template(write(text), roots=roots)
    if not diagnostics:
        with pytest.raises(RenderError):
            template.render(scope)


class Trap:
    """An object that notices whether anybody looks at it."""

    touched = False

    def __getattribute__(self, name: str) -> object:
        if name in ("secret", "__getitem__", "__html__", "__str__", "__call__"):
            Trap.touched = True
        return object.__getattribute__(self, name)

    secret = "secret"

    def __getitem__(self, key: object) -> str:
        Trap.touched = True
        return "secret"


@pytest.mark.parametrize(
    "text", ["{{ inputs.trap.secret }}", "{{ inputs.trap['secret'] }}", "{{ inputs.trap[0] }}", "a {{ inputs.trap }}", "{{ [inputs.trap] | map(attribute='secret') }}"]
)  # fmt: skip # a row a line
def test_an_object_that_gets_in_by_mistake_is_never_touched(failure, text) -> None:
    Trap.touched = False
    failure(text, Scope(inputs={"trap": Trap()}))
    assert not Trap.touched


def test_views_show_attributes_and_never_their_subject(render, failure) -> None:
    view = View("image", {"name": "x"}, subject="secret")
    scope = Scope(inputs={"image": view})
    assert render("{{ inputs.image.name }}", scope) == "x"
    assert failure("{{ inputs.image.subject }}", scope).code == "template-undefined"
    assert failure("a {{ inputs.image }}", scope).code == "template-not-text"


def test_nothing_in_scope_is_changed(render) -> None:
    words = ["b", "a"]
    scope = Scope(inputs={"words": words, "row": {"x": 1}})
    assert render("{{ inputs.words | sort | reverse }}", scope) == ["b", "a"]
    assert render("{{ inputs.words + ['c'] }}", scope) == ["b", "a", "c"]
    assert words == ["b", "a"]


def test_rendered_text_is_never_read_again(render) -> None:
    scope = Scope(inputs={"a": "{{ inputs.b }}{% if %}", "b": "secret"})
    assert render("{{ inputs.a }}.", scope) == "{{ inputs.b }}{% if %}."
    assert render("{% set x %}{{ inputs.a }}{% endset %}{{ x | upper }}", scope) == "{{ INPUTS.B }}{% IF %}"
    assert render("{{ '{{ inputs.b }}' }}.", scope) == "{{ inputs.b }}."


def test_jinja2_is_imported_only_when_a_template_needs_it() -> None:
    program = textwrap.dedent(
        """
        import sys
        from seedflow.diagnostics import Source
        from seedflow.recipe.template import Scope, parse_template
        from seedflow.text.nodes import Scalar

        def read(text):
            template, problems = parse_template(Scalar(Source("x", text), 0, len(text), text, "|"), roots=frozenset({"inputs", "steps"}))
            assert not problems
            return template

        for text in ("plain", "{{ steps.x.images[0] }}", "a {{ inputs.hero }}, {{ inputs.hero }}"):
            read(text)
        assert read("a {{ inputs.hero }}").render(Scope(inputs={"hero": "fox"})) == "a fox"
        assert "jinja2" not in sys.modules
        read("{{ inputs.hero | upper }}")
        assert "jinja2" in sys.modules
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_jinja_never_compiles_a_template(monkeypatch, render) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("a template became Python code")

    monkeypatch.setattr(Environment, "compile", refuse)
    monkeypatch.setattr(Environment, "generate", refuse, raising=False)
    monkeypatch.setattr(Environment, "_generate", refuse)
    assert (
        render("{% for word in inputs.words %}{{ word | upper }}{% endfor %}, compiled by nobody")
        == "REDGREENBLUE, compiled by nobody"
    )
