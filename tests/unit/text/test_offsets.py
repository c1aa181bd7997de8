"""Characters of a value are found again in the source, whatever stands between the two."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics import Source
from seedflow.text.nodes import Mapping, Scalar
from seedflow.text.offsets import locate
from seedflow.text.reader import read_yaml


def find_scalar(text: str) -> Scalar:
    root, problems = read_yaml(Source("a.yaml", text))
    assert not problems
    assert isinstance(root, Mapping)
    value = root.entries[0].value
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "wanted", "written"),
    [
        ("k: a {{ x }} b", "{{ x }}", "{{ x }}"),
        ("k: a b\n   {{ x }}\n\n   c", "{{ x }}", "{{ x }}"),
        ("k: a\n  b", "a b", "a\n  b"),
        ("k: 'it''s {{ x }}'", "{{ x }}", "{{ x }}"),
        ("k: 'it''s'", "'", "''"),
        ("k: 'a\n\n   {{ x }}'", "{{ x }}", "{{ x }}"),
        ('k: "\\u00e9\\t{{ x }}"', "{{ x }}", "{{ x }}"),
        ('k: "a\\u00e9b"', "é", "\\u00e9"),
        ('k: "a\\\n   b {{ x }}"', "{{ x }}", "{{ x }}"),
        ('k: "a\\\n   b"', "ab", "a\\\n   b"),
        ("k: |\n  a\n\n    {{ x }}\n", "{{ x }}", "{{ x }}"),
        ("k: >-\n  a\n  {{ x }}\n\n  b\n", "{{ x }}", "{{ x }}"),
        ("k: >-\n  {{ a\n  b }}\n", "{{ a b }}", "{{ a\n  b }}"),
        ("k: >2\n   a\n  {{ x }}\n", "{{ x }}", "{{ x }}"),
        ("k: |+\n  a\n\n\nj: 1", "a\n\n\n", "a\n\n\n"),
        ("k: >\r\n  a\r\n  {{ x }}\r\n", "{{ x }}", "{{ x }}"),
        ("k: >-  # note\n\n  a\n\n   b\n  {{ x }}", "{{ x }}", "{{ x }}"),
    ],
)
def test_a_piece_of_the_value_is_found_in_the_source(text: str, wanted: str, written: str) -> None:
    scalar = find_scalar(text)
    start = scalar.value.index(wanted)
    span = scalar.span_at(start, start + len(wanted))
    assert text[span.start : span.end] == written


def test_an_empty_range_is_a_point() -> None:
    text = "k: >-\n  ab\n  cd\n"
    scalar = find_scalar(text)
    assert [scalar.span_at(at, at).start for at in range(6)] == [8, 9, 10, 13, 14, 15]
    assert all(scalar.span_at(at, at).end == scalar.span_at(at, at).start for at in range(6))


def test_offsets_outside_of_the_value_are_moved_to_its_ends() -> None:
    scalar = find_scalar("k: 'abc'")
    assert (scalar.span_at(-5, 99).start, scalar.span_at(-5, 99).end) == (4, 7)
    assert (scalar.span_at(2, 1).start, scalar.span_at(2, 1).end) == (6, 6)


@pytest.mark.parametrize("style", ["", "'", '"', "|", ">"])
def test_a_value_that_is_not_from_the_source_gets_the_whole_scalar(style: str) -> None:
    assert locate("k: abc\n", 3, 6, style, "something else", 1, 4) == (3, 6)


@pytest.mark.parametrize(
    "text",
    [
        'k: "' + "a \\\n  " * 40_000 + '"',
        "k: '" + "''" * 100_000 + "\n x'",
        "k: >-\n" + "  a\n" * 60_000,
        "k: a" + " " * 200_000 + "b\n  c",
        "k: |+\n" + "\n" * 200_000,
    ],
    ids=["double", "single", "folded", "plain", "blank"],
)
def test_large_scalars_are_mapped_in_linear_time(text: str) -> None:
    scalar = find_scalar(text)
    began = time.process_time()
    for _ in range(2000):
        scalar.span_at(len(scalar.value) - 1, len(scalar.value))
    assert time.process_time() - began < 5
