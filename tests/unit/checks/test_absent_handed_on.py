"""References that may be absent and are printed under another name: a variable, a parameter of a macro, a name in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.checks.conftest import Check

RECIPE = """
    inputs: {t: {type: boolean, default: true}}
    steps:
      set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
      end:
        generate:
          prompt: |
            TEXT
          image_input: {r: "{{ steps.set.images[1:] }}", s: "{{ steps.set.images }}"}
"""
FILES = {
    "plain.md": "Like {{ style }}",
    "tested.md": "{% if style %}Like {{ style }}{% endif %}",
    "default.md": "Like {{ style or 'nothing' }}",
    "macros.md": "{% macro m(x) %}as in {{ x }}{% endmacro %}{% macro n(x) %}{% if x %}{{ x }}{% endif %}{% endmacro %}",
}
M = "{% macro m(x) %}as in {{ x }}{% endmacro %}"
N = "{% macro n(x, y='-') %}{% if x %}{{ x }}{% else %}{{ y }}{% endif %}{% endmacro %}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% set z = ref.r %}{{ z }}", "z"),
        ("{% set z = ref.r %}{% set y = z %}{{ y | upper }}", "y"),
        ("{% set z = ref.s %}{{ z }}", None),
        ("{% set z = ref.r %}{% if z %}{{ z }}{% endif %}", None),
        ("{% set z = ref.r %}{% if ref.r %}{{ z }}{% endif %}", None),
        ("{% if ref.r %}{% set z = ref.r %}{% endif %}{% if z is defined %}{{ z }}{% endif %}", None),
        ("{% if ref.r %}{% set z = ref.r %}{% else %}{% set z = 'none' %}{% endif %}{{ z }}", None),
        ("{% set z = ref.r or 'none' %}{{ z }}", None),
        ("{% set z = ref.r if ref.r else 'none' %}{{ z }}", None),
        ("{% set z = ref.r if inputs.t else 'none' %}{{ z }}", "z"),
        ("{% set z = ref.r %}{{ z or 'none' }}", None),
        ("{% set z = ref.r %}{{ 'A' if z else 'B' }}", None),
        (M + "{{ m(ref.r) }}", "x"),
        (M + "{{ m(ref.s) }}", None),
        (M + "{% if ref.r %}{{ m(ref.r) }}{% endif %}", None),
        (M + "{{ m(ref.r) if ref.r else '' }}", None),
        (M + "{% set z = ref.r %}{{ m(z) | upper }}", "x"),
        (M + "{{ m(ref.s) }}{{ m(ref.r) }}", "x"),
        (M + "{{ m('A') }}", None),
        (N + "{{ n(ref.r) }}", None),
        (N + "{{ n('', ref.r) }}", "y"),
        ("{% macro k(x) %}{% set x = 'other' %}{{ x }}{% endmacro %}{{ k(ref.r) }}", None),
        ("{% with style = ref.r %}{% include 'plain.md' %}{% endwith %}", "style"),
        ("{% with style = ref.s %}{% include 'plain.md' %}{% endwith %}", None),
        ("{% if ref.r %}{% with style = ref.r %}{% include 'plain.md' %}{% endwith %}{% endif %}", None),
        ("{% with style = ref.r %}{% include 'tested.md' %}{% endwith %}", None),
        ("{% with style = ref.r %}{% include 'default.md' %}{% endwith %}", None),
        ("{% with style = ref.r %}{{ style }}{% endwith %}", "style"),
        ("{% from 'macros.md' import m %}{{ m(ref.r) }}", "x"),
        ("{% import 'macros.md' as lib %}{{ lib.n(ref.r) }}", None),
    ],
)  # fmt: skip # a row a line
def test_a_reference_is_followed_to_where_it_is_printed(
    check: Check, tmp_path: Path, text: str, said: str | None
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    found = [one for one in check(RECIPE.replace("TEXT", text)) if one.code == "may-be-none"]
    places = []
    for one in found:
        assert one.span is not None
        assert one.span.source.text[one.span.start : one.span.end] == "ref.r"
        place = one.related[-1].span
        places.append(place.source.text[place.start : place.end])
    assert places == [said] * (said is not None)


def test_one_that_is_printed_as_it_is_as_well_is_told_once(check: Check) -> None:
    text = M + "{% set z = ref.r %}{{ z }}{{ z }}{{ m(z) }}"
    found = [one for one in check(RECIPE.replace("TEXT", text)) if one.code == "may-be-none"]
    assert len(found) == 1
