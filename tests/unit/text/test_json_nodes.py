"""JSON: the nodes that YAML would give, each with its place, and what is not JSON said where it stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.diagnostics import Source
from seedflow.text.json_nodes import read_json
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {entry.key.value: plain(entry.value) for entry in node}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from("ab€😀"), max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip # a row a line


@given(VALUES, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_whatever_is_written_as_json_is_read(
    value: object, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    node, problems = read_json(Source("t.json", text))
    assert problems == []
    assert node is not None
    assert plain(node) == value


def test_every_node_knows_its_place() -> None:
    text = '{"a": [1, "x\\n"], "b": {}}'
    root, _ = read_json(Source("t.json", text))
    assert isinstance(root, Mapping)
    (a, b) = root.entries
    assert isinstance(a.value, Sequence)
    assert [text[node.start : node.end] for node in (a.key, a.value, *a.value.items, b.value)] == [
        '"a"', '[1, "x\\n"]', "1", '"x\\n"', "{}",
    ]  # fmt: skip # a row a line


def test_a_part_of_a_text_is_read_alone() -> None:
    text = '{"a": 1}\n{"b": 2}\n'
    node, problems = read_json(Source("t.jsonl", text), 9, 17)
    assert problems == []
    assert isinstance(node, Mapping)
    assert node.entries[0].value.span.first == (2, 7)


@pytest.mark.parametrize(
    ("text", "says", "place", "advice"),
    [
        ("{'a': 1}", "found `'`, expected a key", "1:2", "double quotes"),
        ('{"a": 1,}', "found `}`, expected a key", "1:9", "comma before it"),
        ("[1,]", "found `]`, expected a value", "1:4", "comma before it"),
        ('{"a" 1}', "expected `:`", "1:6", "`:`"),
        ('[1 2]', "expected `,` or `]`", "1:4", "`,` or `]`"),
        ('{"a": 1', "the text ends here", "1:8", "rest"),
        ("", "the text ends here", "1:1", "write"),
        ("[True]", "found `True`", "1:2", "`true`"),
        ("[NaN]", "found `NaN`", "1:2", "finite"),
        ("[007]", "found `007`", "1:2", "write"),
        ('["a\nb"]', "never closed", "1:2", "`\\n`"),
        ('["a\tb"]', "control character", "1:4", "`\\t`"),
        ('["\\d"]', "no escape sequence", "1:3", "`\\\\`"),
        ("[1] [2]", "expected the end", "1:5", "one value"),
        ("[1] // one", "expected the end", "1:5", "comment"),
    ],
)  # fmt: skip # a row a line
def test_what_is_not_json_is_said_where_it_stands(text: str, says: str, place: str, advice: str) -> None:
    node, (found,) = read_json(Source("t.json", text))
    assert node is None
    assert found.code == "not-json"
    assert says in found.message
    assert str(found.span) == f"t.json:{place}"
    assert found.help is not None
    assert advice in found.help


def test_a_key_twice_is_refused_and_reading_goes_on() -> None:
    node, (found,) = read_json(Source("t.json", '{"a": 1, "a": 2, "b": 3}'))
    assert found.code == "repeated-key"
    assert node is not None
    assert plain(node) == {"a": 1, "b": 3}


@pytest.mark.parametrize(("text", "code"), [("[" * 100_000, "too-deep"), ('["\\u0000"]', "control-character"), ('["\\ud800"]', "control-character")])  # fmt: skip # a row a line
def test_what_is_no_text_for_anybody_is_refused(text: str, code: str) -> None:
    _, problems = read_json(Source("t.json", text))
    assert [found.code for found in problems] == [code]
