"""The reader takes any text and any bytes: it never raises, every place is in the text, every tree is PyYAML's."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.diagnostics.render import render_diagnostics
from seedflow.text.events import EventReader, read_events, read_events_without_libyaml
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence
from seedflow.text.reader import Limits, load_source, read_yaml
from seedflow.text.scalars import resolve_plain

PIECES = [
    "{{", "}}", "{{ x }}", "{%", "%}", "{#", "[", "]", "{", "}", ": ", ":", "- ", "\n", "\n  ", "\n    ", "\t", " #x", " # x", "'",
    '"', "|\n", ">-\n", "|2\n", "&a ", "*a", "!t ", "!%ED%A0%80 ", "!<", "<<: ", "?", "? ", "\\", "\\x", "\\ud800", "\\U00110000",
    "%", "---\n", "...\n", "\0", "\x85", "\u2028", "\ufeff", "\ud800", "😀", "é", "a", "b: ", "c: 1\n", "1", "@", "`", ",", "\r", "\r\n",
    "%YAML 1.1\n", "%TAG ! x\n", "null", "16:9", "  ",
]  # fmt: skip # a row a line
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60)
PARSERS = pytest.mark.parametrize(
    "events", [read_events, read_events_without_libyaml], ids=["libyaml", "without-libyaml"]
)


def judge_places(text: str, problems: list[Diagnostic]) -> None:
    for found in problems:
        assert found.help
        for span in [found.span, *(other.span for other in found.related)]:
            assert span is None or 0 <= span.start <= span.end <= len(text)


def judge_tree(node: Node, start: int, end: int) -> None:
    assert start <= node.start <= node.end <= end
    if isinstance(node, Scalar):
        node.resolve()
        place = node.span_at(0, len(node.value))
        assert 0 <= place.start <= place.end <= len(node.source.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            judge_tree(item, node.start, node.end)
    else:
        assert len({entry.key.value for entry in node}) == len(node.entries)
        for key, value in node:
            judge_tree(key, node.start, node.end)
            judge_tree(value, node.start, node.end)


@PARSERS
@given(
    text=TEXTS,
    max_nodes=st.sampled_from([3, 1000]),
    max_depth=st.sampled_from([2, 64]),
    width=st.sampled_from([1, 50, 200]),
)
@example(text="a: !%ED%A0%80 x", max_nodes=9, max_depth=9, width=80)
@example(text='a: "\\U00110000"', max_nodes=9, max_depth=9, width=80)
@example(text='a: "\\Uffffffff"', max_nodes=9, max_depth=9, width=80)
def test_any_text_gives_a_tree_or_problems_with_places(
    events: EventReader, text: str, max_nodes: int, max_depth: int, width: int
) -> None:
    root, problems = read_yaml(Source("a.yaml", text), Limits(10_000, max_nodes, max_depth), events=events)
    judge_places(text, problems)
    assert root is not None or has_errors(problems)
    if root is not None:
        judge_tree(root, 0, len(text))
    shown = render_diagnostics(problems, color=False, width=width)
    assert shown.encode("utf-8").count(b"a.yaml:") >= len(problems)


def load_plainly(node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else resolve_plain(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [load_plainly(item) for item in node.value]
    return {key.value: load_plainly(value) for key, value in node.value}


def to_data(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Sequence):
        return [to_data(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key.value: to_data(value) for key, value in node}


@PARSERS
@given(text=TEXTS)
def test_a_text_without_problems_is_the_tree_that_pyyaml_composes(events: EventReader, text: str) -> None:
    root, problems = read_yaml(Source("a.yaml", text), events=events)
    if not has_errors(problems):
        assert root is not None
        loader = yaml.CBaseLoader if events is read_events else yaml.BaseLoader
        assert repr(to_data(root)) == repr(load_plainly(yaml.compose(text, Loader=loader)))


# PyYAML leaves what YAML 1.1 takes for text without quotes, such as 0E0, which is a number in YAML 1.2.
WORDS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), exclude_characters="\ufeff"
    ),
    max_size=20,
).filter(lambda text: isinstance(resolve_plain(text), str))
KEYS = st.from_regex("[a-z]{1,6}", fullmatch=True)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@PARSERS
@given(
    data=st.dictionaries(KEYS, DATA, min_size=1),
    flow=st.booleans(),
    width=st.integers(20, 90),
)
@example(data={"a": {"a": None, "aa": [None, "\xa0"]}}, flow=True, width=20)
@example(data={"a": ["fox", "and: \xa0owl", "b:\xa0c"]}, flow=True, width=20)
def test_what_pyyaml_writes_is_read_back(
    events: EventReader, data: dict[str, object], flow: bool, width: int
) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, width=width, allow_unicode=True)
    root, problems = read_yaml(Source("a.yaml", text), events=events)
    # PyYAML breaks long lines before texts that begin with an odd space, which at the beginning of a line is refused.
    odd = [found for found in problems if found.code == "yaml-space"]
    for found in odd:
        assert found.span is not None
        assert (
            not text[: found.span.start].rpartition("\n")[2].strip(" ") or text[found.span.start - 1] == ":"
        )
    assert not has_errors([found for found in problems if found not in odd])
    if not odd:
        assert root is not None
        assert to_data(root) == data


@given(st.binary(max_size=80) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xff\xfea\0")
@example(b"\xef\xbb\xbf")
@example(b"a: \xed\xa0\x80")
def test_any_bytes_in_a_file_give_a_text_or_a_problem(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_bytes(data)
        found = load_source(path, "a.yaml", max_bytes=70)
        if isinstance(found, Diagnostic):
            assert found.code in ("not-utf8", "file-too-large")
            assert render_diagnostics([found], color=True, width=80)
            return
        assert found.text.encode() in (data, data.removeprefix(b"\xef\xbb\xbf"))
        judge_places(found.text, read_yaml(found)[1])
