"""A template without quotes gets one clear sentence, and everything around it is still read."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics import Source
from seedflow.text.reader import read_yaml

from .conftest import Read, to_data


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: {{ x }}\n", ["{{ x }}"]),
        ("a: {{ x }} and, then: more # note\n", ["{{ x }} and, then: more"]),
        ("a: {{ x.y[0] | join(', ') }}\n", ["{{ x.y[0] | join(', ') }}"]),
        ("a: {% if x %}y{% endif %}\n", ["{% if x %}y{% endif %}"]),
        ("a: {# note #} y\n", ["{# note #} y"]),
        ("- {{ x }}\n- - {{ y }}\n", ["{{ x }}", "{{ y }}"]),
        ("{{ x }}\n", ["{{ x }}"]),
        ("a: [{{ x }}, {{ y[0] }} z]\n", ["{{ x }}", "{{ y[0] }} z"]),
        ("a: [x {{ y }}, '{{ z }}']\n", ["x {{ y }}"]),
        ("a: {b: {{ x }}, c: 1}\n", ["{{ x }}"]),
        ("a: {{ x }}\n   {{ y }}\n", ["{{ x }}\n   {{ y }}"]),
        ("a: {{ x }\nb: 1\n", ["{{ x }"]),
        ("a: {{ x\n  }}\nb: 1\n", ["{{ x"]),
        ("a:\n  {{ x }}\n", ["{{ x }}"]),
    ],
)
def test_it_is_marked_from_start_to_end(read: Read, text: str, written: list[str]) -> None:
    _, problems = read(text)
    assert [found.code for found in problems] == ["unquoted-template"] * len(written)
    assert [text[found.span.start : found.span.end] for found in problems] == written
    assert all(found.help.startswith("put quotes around the template") for found in problems)


def test_what_stands_around_it_is_read_and_its_own_text_is_kept(read: Read) -> None:
    text = """\
a: {{ x[0] }}
b: "{{ y }}, z: {{ y }}"
c: |
  {{ z }}: [
  {{ z }}
d: it is {{ fine }} here, {{ too }}
e: {{ x }} # {{ comment }}
a: 2
"""
    root, problems = read(text)
    assert [found.code for found in problems] == ["unquoted-template", "unquoted-template", "repeated-key"]
    assert to_data(root) == {
        "a": "{{ x[0] }}", "b": "{{ y }}, z: {{ y }}", "c": "{{ z }}: [\n{{ z }}\n", "d": "it is {{ fine }} here, {{ too }}",
        "e": "{{ x }}",
    }  # fmt: skip # a row a line
    assert root.find("a").value.span_at(3, 4).start == 6


def test_a_slip_behind_it_is_found_too(read: Read) -> None:
    _, problems = read("a: {{ x[0] }}\nb: 'open\n")
    assert [found.code for found in problems] == ["unquoted-template", "yaml-quote"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a: {{ x }}", 'put quotes around the template: `"{{ x }}"`'),
        ('a: {{ x["y"] }}', "put quotes around the template: `'{{ x[\"y\"] }}'`"),
        ("a: {{ x[\"y\"] + 'z' }}", "put quotes around the template"),
        ("a: {{ " + "x" * 80 + " }}", "put quotes around the template"),
        ("a: {{ x", "put quotes around the template"),
    ],
)
def test_the_help_shows_the_quotes_that_fit(read: Read, text: str, advice: str) -> None:
    _, [found] = read(text)
    assert found.help == advice


@pytest.mark.parametrize(
    "text",
    ["a: it is {{ fine }}\n", 'a: "{{ x }}"\n', "a: >-\n  {{ x }}\n", "a: 'b\n  {{ x }}'\n", "a: b\n  {{ x }}\n", "# {{ x }}\na: 1\n"],
)  # fmt: skip # a row a line
def test_templates_where_yaml_leaves_them_alone_are_fine(read: Read, text: str) -> None:
    assert read(text)[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        "{{ x " * 30_000,
        "a: {{ x }}\n" * 10_000,
        "[" + "{{ x }}, " * 10_000 + "]",
        "{{ }} " * 30_000,
    ],
)
def test_many_of_them_take_linear_time(text: str) -> None:
    began = time.process_time()
    _, problems = read_yaml(Source("a.yaml", text))
    assert problems[0].code == "unquoted-template"
    assert time.process_time() - began < 2
