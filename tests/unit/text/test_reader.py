"""Text becomes a tree with places; every rule of language.md section 1 holds, under limits, by both parsers."""

from __future__ import annotations

import gc
import time

import pytest

from seedflow.diagnostics import Severity, Source
from seedflow.text.events import read_events_without_libyaml
from seedflow.text.nodes import Mapping, Scalar, Sequence
from seedflow.text.reader import LIBRARY_LIMITS, PROJECT_LIMITS, Limits, read_yaml

from .conftest import Read, to_data


def cut(text: str, node: object) -> str:
    assert isinstance(node, Scalar | Sequence | Mapping)
    assert (node.span.start, node.span.end) == (node.start, node.end)
    return text[node.start : node.end]


def test_scalars_follow_yaml_1_2(read: Read) -> None:
    text = "ratio: 16:9\nno: no\ndate: 2024-01-31\nn: 0o17\nt: true\nT: True\nempty:\nquoted: '7'\nblock: |\n  7\n"
    root, problems = read(text)
    assert not problems
    assert to_data(root) == {
        "ratio": "16:9", "no": "no", "date": "2024-01-31", "n": 15, "t": True, "T": "True", "empty": None,
        "quoted": "7", "block": "7\n",
    }  # fmt: skip # a row a line


def test_a_plain_scalar_keeps_its_spelling(read: Read) -> None:
    root, _ = read("a: 007\nb: 1.10\n")
    assert [entry.value.value for entry in root] == ["007", "1.10"]
    assert all(entry.value.plain for entry in root)


def test_every_node_knows_its_place(read: Read) -> None:
    text = "# top\nlist:\n  - one  # note\n  - {k: 'v'}\n  -\n\n# between\nblock: |\n  text\n\n\n# end\nlast: [a, b]\n"
    root, _ = read(text)
    assert cut(text, root) == text[6:-1]
    items, block, last = (entry.value for entry in root)
    assert cut(text, items) == "- one  # note\n  - {k: 'v'}\n  -"
    assert [cut(text, item) for item in items.items] == ["one", "{k: 'v'}", ""]
    assert items.items[2].start == text.index("  -\n\n") + 3
    assert cut(text, block) == "|\n  text"
    assert (block.value, block.style) == ("text\n", "|")
    assert cut(text, last) == "[a, b]"
    [entry] = items.items[1]
    assert (cut(text, entry.key), cut(text, entry.value), entry.value.style) == ("k", "'v'", "'")


def test_keys_are_found_and_iterated_in_written_order(read: Read) -> None:
    root, _ = read("b: 1\na: 2\n")
    assert [entry.key.value for entry in root] == ["b", "a"]
    assert root.find("a").value.resolve() == 2
    assert root.find("c") is None


@pytest.mark.parametrize(
    ("text", "code", "marked", "data"),
    [
        ("a: 1\nb: 2\na: 3\n", "repeated-key", "a", {"a": 1, "b": 2}),
        ("a: 1\n'a': 3\n", "repeated-key", "'a'", {"a": 1}),
        ("{a: 1, a: 2}", "repeated-key", "a", {"a": 1}),
        ("[x]: 1\nb: 2\n", "key-not-text", "[x]", {"b": 2}),
        ("? {x: 1}\n: 1\nb: 2\n", "key-not-text", "{x: 1}", {"b": 2}),
        ("{x: 1}: 1\nb: 2\n", "key-not-text", "{x: 1}", {"b": 2}),
        ("{: 1, b: 2}", "empty-key", ":", None),
        ("?\n: 1\nb: 2\n", "empty-key", "", {"b": 2}),
        ("b: 2\n: 1\n", "empty-key", ":", None),
        ("<<: {c: 1}\nb: 2\n", "merge-key", "<<", {"b": 2}),
        ("'<<': 1\n", None, "", {"<<": 1}),
        ("a: !!str 7\n", "tag", "!!str", {"a": 7}),
        ("a: ! 7\n", "tag", "!", {"a": 7}),
        ("a: !<tag:x,2000:y> [1]\n", "tag", "!<tag:x,2000:y>", {"a": [1]}),
        ("a: !!python/object/apply:os.system ['true']\n", "tag", "!!python/object/apply:os.system", {"a": ["true"]}),
        ("a: &here 7\n", "anchor", "&here", {"a": 7}),
        ("a: &here\n  b: 7\n", "anchor", "&here", {"a": {"b": 7}}),
        ("a: *gone\n", "alias", "*gone", None),
        ("a: 1\n---\nb: 2\n", "several-documents", "---", None),
        ("a: 1\n--- {b: 2}\n", "several-documents", "---", None),
        ("", "empty-file", "", None),
        ("# only a comment\n", "empty-file", "", None),
        ("---\n", "empty-file", "", None),
        ('a: "x\\0y"\n', "control-character", "\\0", {"a": "x\0y"}),
        ('a: "\\e[2J"\n', "control-character", "\\e", {"a": "\x1b[2J"}),
    ],
)  # fmt: skip # a row a line
def test_what_is_not_allowed_is_marked_and_the_rest_is_read(
    read: Read, text: str, code: str | None, marked: str, data: object
) -> None:
    root, problems = read(text)
    assert [found.code for found in problems] == ([code] if code else [])
    assert to_data(root) == data
    for found in problems:
        assert found.severity is Severity.ERROR
        assert found.help
        assert text[found.span.start : found.span.end] == marked


def test_a_repeated_key_shows_the_first(read: Read) -> None:
    _, [found] = read("a: 1\nb: 2\na: 3\n")
    assert (found.message, found.span.first) == ("the key `a` is given twice in this mapping", (3, 1))
    assert [(other.message, other.span.first) for other in found.related] == [("first given here", (1, 1))]


def test_properties_do_not_belong_to_the_node(read: Read) -> None:
    text = "a: &x !!str  # note\n  'seven'\nb: !t &y {k: 1}\n"
    root, problems = read(text)
    assert [found.code for found in problems] == ["anchor", "tag", "tag", "anchor"]
    assert [cut(text, entry.value) for entry in root] == ["'seven'", "{k: 1}"]


def test_an_alias_of_a_text_stands_for_it_and_one_of_a_collection_leaves_no_tree(read: Read) -> None:
    root, problems = read("a: &x 'two words'\nb: *x\n")
    assert to_data(root) == {"a": "two words", "b": "two words"}
    assert [found.code for found in problems] == ["anchor", "alias"]
    assert cut("a: &x 'two words'\nb: *x\n", root.find("b").value) == "*x"
    assert root.find("b").value.span_at(0, 3).start == 21
    root, problems = read("a: &x [1]\nb: [*x, *x]\n")
    assert root is None
    assert [found.code for found in problems] == ["anchor", "alias", "alias"]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("a: x #1 in line\n", "#1 in line"),
        ("a: #ff0000\n", "#ff0000"),
        ("- x  #y  \n- z", "#y"),
        ("a: [x, y #z\n  ]\n", "#z"),
        ("a: x\n  y #z\n", "#z"),
    ],
)
def test_a_text_that_loses_its_end_to_a_glued_comment_is_a_warning(read: Read, text: str, lost: str) -> None:
    _, [found] = read(text)
    assert (found.code, found.severity) == ("glued-comment", Severity.WARNING)
    assert text[found.span.start : found.span.end] == lost


@pytest.mark.parametrize(
    "text",
    ["a: x # y\n", "#x\na: 1\n", "a: 'x' #y\n", "a: x#y\n", "a:  #the steps\n  b: 1\n", "a: |\n  x #y\n", "a: x ## y\n", 'a: "x #y"\n'],
)  # fmt: skip # a row a line
def test_other_comments_are_no_warning(read: Read, text: str) -> None:
    assert read(text)[1] == []


CHARACTERS = [
    ("\0", "U+0000 (NUL)"), ("\x07", "U+0007 (control character)"), ("\x0b", "U+000B (vertical tab)"),
    ("\x1b", "U+001B (escape)"), ("\x7f", "U+007F (delete)"), ("\x85", "U+0085 (next line)"), ("\x9b", "U+009B (control character)"),
    ("\u2028", "U+2028 (line separator)"), ("\u2029", "U+2029 (paragraph separator)"), ("\ufeff", "U+FEFF (byte order mark)"),
    ("\ufffe", "U+FFFE (control character)"), ("\ud800", "U+D800 (half of a surrogate pair)"),
    ("\udcff", "U+DCFF (half of a surrogate pair)"),
]  # fmt: skip # a row a line


@pytest.mark.parametrize(("character", "name"), CHARACTERS)
@pytest.mark.parametrize(
    "frame", ["a: x{}y\nb: 2\n", "a: 'x{}y'\nb: 2\n", "a: x  # {}\nb: 2\n", "a: |\n  x{}y\nb: 2\n"]
)
def test_characters_that_no_text_may_hold_are_reported_once_each_and_reading_goes_on(
    read: Read, character: str, name: str, frame: str
) -> None:
    text = frame.format(character) + f"c: {character}\na: 3\n"
    root, problems = read(text)
    assert [found.code for found in problems] == ["control-character", "repeated-key"]
    assert (
        problems[0].message
        == f"found the character {name}, 2 times in this file, which is not allowed in a text file"
    )
    assert problems[0].span.start == text.index(character)
    assert root.find("b").value.resolve() == 2


def test_a_lone_carriage_return_is_an_error_and_ends_a_line(read: Read) -> None:
    root, [found] = read("a: 1\rb: 2\r\nc: 3\n")
    assert (found.code, found.span.start) == ("control-character", 4)
    assert to_data(root) == {"a": 1, "b": 2, "c": 3}


def test_windows_line_ends_are_fine(read: Read) -> None:
    text = "a: 1\r\nb: >\r\n  x\r\n  y\r\n"
    root, problems = read(text)
    assert not problems
    assert to_data(root) == {"a": 1, "b": "x y\n"}
    assert cut(text, root.find("b").value) == ">\r\n  x\r\n  y"


@pytest.mark.parametrize("nest", ["[", "{a: ", "- ", "? ", "- - ", "{? "])
def test_depth_is_judged_before_any_tree_is_built(read: Read, nest: str) -> None:
    began = time.process_time()
    root, problems = read(nest * 20_000)
    assert time.process_time() - began < 1
    assert root is None
    assert [found.code for found in problems] == ["too-deep"]
    assert problems[0].message == "lists and mappings are nested more than 64 levels deep here"


def test_sixty_four_levels_are_allowed_and_no_more(read: Read) -> None:
    assert read("[" * 64 + "]" * 64)[1] == []
    _, [found] = read("[" * 65 + "]" * 65)
    assert (found.code, found.span.start, found.span.end) == ("too-deep", 64, 65)


def test_nodes_are_counted(read: Read) -> None:
    limits = Limits(max_bytes=1000, max_nodes=5)
    assert read("[a, b, c, d]", limits)[1] == []
    root, [found] = read("[a, b, c, d, e]", limits)
    assert root is None
    assert (found.code, found.span.start) == ("too-many-nodes", 13)


def test_a_library_may_have_a_mebibyte_and_twenty_thousand_nodes() -> None:
    assert (LIBRARY_LIMITS.max_bytes, LIBRARY_LIMITS.max_nodes, LIBRARY_LIMITS.max_depth) == (
        1024 * 1024,
        20_000,
        64,
    )
    assert (PROJECT_LIMITS.max_bytes, PROJECT_LIMITS.max_depth) == (64 * 1024 * 1024, 64)


@pytest.mark.parametrize(
    ("text", "fits"), [("a: é", True), ("a: éé", False), ("a: xyz", False), ("a: x\ud800", False)]
)
def test_size_is_counted_in_bytes(read: Read, text: str, fits: bool) -> None:
    root, problems = read(text, Limits(max_bytes=5, max_nodes=100))
    assert (root is not None) == fits
    assert [found.code for found in problems] == ([] if fits else ["file-too-large"])


def test_all_problems_come_in_one_go_in_the_order_of_the_text(read: Read) -> None:
    text = "z: {{ x }}\na: !t 1\nb: &x y\nb: *x\n? [k]\n: 1\nc: v #w\nd: \x01\n<<: {}\n"
    _, problems = read(text)
    assert [found.code for found in problems] == [
        "unquoted-template", "tag", "anchor", "repeated-key", "alias", "key-not-text", "glued-comment", "control-character",
        "merge-key",
    ]  # fmt: skip # a row a line


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        for text in ("a: 1\n", "a: [\n"):
            read_yaml(Source("a.yaml", text))
            assert gc.isenabled() == enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_ten_thousand_steps_are_read_quickly() -> None:
    step = (
        "  step_{0}:\n    generate:\n      prompt: >-\n        Scene {0}, where the hero of {{{{ ref.hero }}}} walks\n"
        '        along the river\n      image_input:\n        - "{{{{ steps.step_0.images[0] }}}}"\n'
        '        - "{{{{ steps.step_1.images[0] }}}}"\n      aspect_ratio: 16:9\n'
    )
    source = Source("a.yaml", "steps:\n" + "".join(step.format(number) for number in range(10_000)))
    assert len(source.text) > 2_400_000
    began = time.process_time()
    root, problems = read_yaml(source)
    took_s = time.process_time() - began
    assert not problems
    assert isinstance(root, Mapping)
    assert len(root.entries[0].value.entries) == 10_000
    assert took_s < 1.2


def test_without_libyaml_the_limits_hold() -> None:
    began = time.process_time()
    for text in ("[" * 200_000, "{" * 200_000, "- " * 100_000):
        _, problems = read_yaml(Source("a.yaml", text), events=read_events_without_libyaml)
        assert problems[0].code in ("too-deep", "unquoted-template")
    _, problems = read_yaml(
        Source("a.yaml", "- a\n" * 30_000), LIBRARY_LIMITS, events=read_events_without_libyaml
    )
    assert [found.code for found in problems] == ["too-many-nodes"]
    assert time.process_time() - began < 10
