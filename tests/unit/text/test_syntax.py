"""Broken YAML is explained in plain words at the place where the author mends it, with libyaml and without it."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.text.events import BrokenYaml
from seedflow.text.reader import read_yaml
from seedflow.text.syntax import explain_error

from .conftest import Read

SLIPS = [
    ("- :", "empty-key", "1:3", ":", "there is no key before this `:`"),
    (
        "a:\n\tb: 1\n",
        "yaml-tab",
        "2:1",
        "\t",
        "found a tab in the indentation, where only spaces are allowed",
    ),
    (
        "a:\n  b: 1\n\tc: 2\n",
        "yaml-tab",
        "3:1",
        "\t",
        "found a tab in the indentation, where only spaces are allowed",
    ),
    (
        "a:\n  - x\n \t- y\n",
        "yaml-tab",
        "3:2",
        "\t",
        "found a tab in the indentation, where only spaces are allowed",
    ),
    ("a: b\n\tc\n", "yaml-tab", "2:1", "\t", "found a tab in the indentation, where only spaces are allowed"),
    ("a: 1\nfoo\nb: 2\n", "yaml-colon", "2:1", "foo", "`foo` has no `:`, expected `key: value`"),
    ("a: 1\nfoo\n", "yaml-colon", "2:1", "foo", "`foo` has no `:`, expected `key: value`"),
    ("a: 1\nsize:2K\nb: 2\n", "yaml-colon", "2:1", "size:2K", "there is no space after the `:` of `size`"),
    ("a: 1\nsize:2K\n", "yaml-colon", "2:1", "size:2K", "there is no space after the `:` of `size`"),
    ("size:2K\nb: 2\n", "yaml-colon", "1:1", "size:2K", "there is no space after the `:` of `size`"),
    (
        "p: A fox: hero\n",
        "yaml-colon",
        "1:4",
        "A fox: hero",
        "the value of `p` contains `: `, so it needs quotes",
    ),
    (
        "generate: prompt: A fox\n",
        "yaml-colon",
        "1:11",
        "prompt: A fox",
        "the value of `generate` contains `: `, so it needs quotes, or lines of its own",
    ),
    (
        "p: hello\n  size: 2K\n",
        "yaml-indentation",
        "2:3",
        "size",
        "`size` is indented deeper than `p`, which has its value already",
    ),
    (
        'a: "hello\nb: 2\n',
        "yaml-quote",
        "1:4",
        '"hello',
        'the quote `"` that starts this text is never closed',
    ),
    (
        "a: 'hello\nb: 2\n",
        "yaml-quote",
        "1:4",
        "'hello",
        "the quote `'` that starts this text is never closed",
    ),
    ("a: 'it's a fox'\nb: 1\n", "yaml-quote", "1:8", "s a fox'", "found text after the closing quote `'`"),
    ('a: "{{ x["a"] }}"\n', "yaml-quote", "1:11", 'a"] }}"', 'found text after the closing quote `"`'),
    ('a: "hero" walks\nb: 1\n', "yaml-quote", "1:11", "walks", 'found text after the closing quote `"`'),
    ('a: "hero" walks\n', "yaml-quote", "1:11", "walks", 'found text after the closing quote `"`'),
    ("a: {p: 'a fox's den'}\n", "yaml-quote", "1:15", "s den'}", "found text after the closing quote `'`"),
    ('a: {p: "say "hi" to"}\n', "yaml-quote", "1:14", 'hi" to"}', 'found text after the closing quote `"`'),
    (
        "a: ['the foxes' den', x]\n",
        "yaml-quote",
        "1:17",
        "den', x]",
        "found text after the closing quote `'`",
    ),
    ("a: {p: 'x' q: 'y'}\n", "yaml-bracket", "1:12", "q: 'y'}", "expected a comma or `}` before this"),
    ("a: ['x' 'y']\n", "yaml-bracket", "1:9", "'y']", "expected a comma or `]` before this"),
    ("a: ['x' y]\n", "yaml-bracket", "1:9", "y]", "expected a comma or `]` before this"),
    ("a: [1, 2\nb: 3\n", "yaml-bracket", "1:4", "[", "this `[` is never closed"),
    ("a: [1, 2\n", "yaml-bracket", "1:4", "[", "this `[` is never closed"),
    ("a: {x: 1\nb: 3\n", "yaml-bracket", "1:4", "{", "this `{` is never closed"),
    ("a: 1]\nb: ]\n", "yaml-bracket", "2:4", "]", "this `]` closes nothing"),
    ("a: [1]]\nb: 2\n", "yaml-bracket", "1:7", "]", "this `]` closes nothing"),
    ("a: [1, 2}\nb: 1\n", "yaml-bracket", "1:9", "}", "found `}`, expected the `]` that closes `[`"),
    (
        "a:\n    b: 1\n  c: 2\n",
        "yaml-indentation",
        "3:3",
        "c: 2",
        "this line is indented by 2 spaces, expected 0 or 4",
    ),
    (
        "a:\n  b: 1\n   c: 2\n",
        "yaml-indentation",
        "3:4",
        "c",
        "`c` is indented deeper than `b`, which has its value already",
    ),
    (
        "a:\n  - x\n - y\n",
        "yaml-indentation",
        "3:2",
        "- y",
        "this line is indented by 1 space, expected 0 or 2",
    ),
    (
        "a: 1\n- x\n",
        "yaml-indentation",
        "2:1",
        "- x",
        "found a list item among the keys of a mapping, expected `key: value`",
    ),
    ("- x\na: 1\n", "yaml-indentation", "2:1", "a: 1", "found a line without `- ` among the items of a list"),
    ("a: - x\n", "yaml-list", "1:4", "- x", "a list cannot start on the line of its key"),
    ("a: @foo\n", "yaml-character", "1:4", "@foo", "a text without quotes cannot start with `@`"),
    ("a: `foo`\n", "yaml-character", "1:4", "`foo`", "a text without quotes cannot start with a backtick"),
    ("a: %foo\n", "yaml-character", "1:4", "%foo", "a text without quotes cannot start with `%`"),
    ("a: * foo\n", "yaml-character", "1:4", "* foo", "a text without quotes cannot start with `*`"),
    ("a: & foo\n", "yaml-character", "1:4", "& foo", "a text without quotes cannot start with `&`"),
    ("a: !foo!bar\n", "tag", "1:4", "!foo!bar", "a text without quotes cannot start with `!`"),
    ("a: !<x\n", "tag", "1:4", "!<x", "a text without quotes cannot start with `!`"),
    (
        "a: | text\n  x\n",
        "yaml-block",
        "1:6",
        "text",
        "found text on the line of `|`, and it must begin on the next line",
    ),
    ("a: |0\n  x\n", "yaml-block", "1:5", "0", "the indentation after `|` must be a number from 1 to 9"),
    ("a: |\n\tx\n", "yaml-tab", "2:1", "\t", "found a tab in the indentation, where only spaces are allowed"),
    (
        "a:\n  b: |\n x\n",
        "yaml-block",
        "3:2",
        "x",
        "this line is indented less than the text that it follows or begins",
    ),
    (
        "a: >\n    x\n  y\nb: 1\n",
        "yaml-block",
        "3:3",
        "y",
        "this line is indented less than the text that it follows or begins",
    ),
    ('a: "\\q"\n', "yaml-escape", "1:5", "\\q", "`\\q` is not an escape sequence in double quotes"),
    ('a: "\\xZZ"\n', "yaml-escape", "1:5", "\\xZ", "`\\xZ` is not an escape sequence in double quotes"),
    ('a: "C:\\path"\n', "yaml-escape", "1:7", "\\p", "`\\p` is not an escape sequence in double quotes"),
    ('a: "x\n---\ny"\n', "yaml-quote", "1:4", '"x', 'the quote `"` that starts this text is never closed'),
    (
        "%YAML 2.0\n---\na: 1\n",
        "yaml-directive",
        "1:1",
        "%YAML 2.0",
        "this line starts with `%`, which makes it a directive that is not known",
    ),
    ("%YAML 1.2\na: 1\n", "yaml-directive", "2:1", "a: 1", "found more text after the end of the document"),
    (
        "%TAG ! a\n%TAG ! b\n---\na: 1",
        "yaml-directive",
        "2:1",
        "%TAG ! b",
        "this line starts with `%`, which makes it a directive that is not known",
    ),
    ("a: !x!y z\n", "tag", "1:4", "!x!y z", "a text without quotes cannot start with `!`"),
    # differs uri
    # differs uri2
    ("a: &é x\n", "yaml-character", "1:4", "&é x", "a text without quotes cannot start with `&`"),
    ("a: ? b\n", "yaml-character", "1:4", "? b", "a text without quotes cannot start with `?`"),
    ("a: [x,,y]\n", "yaml-bracket", "1:7", ",", "there is no item before this comma"),
    ("a: [,x]\n", "yaml-bracket", "1:5", ",", "there is no item before this comma"),
    (
        "a: 1\n...\nfoo: 2\n",
        "yaml-directive",
        "3:1",
        "foo: 2",
        "found more text after the end of the document",
    ),
    ("hello\nworld: 1\n", "yaml-colon", "1:1", "hello", "`hello` has no `:`, expected `key: value`"),
    ('"a\nb": 1\n', "yaml-colon", "1:1", '"a', '`"a` has no `:`, expected `key: value`'),
    (
        "- a: 1\n   b: 2\n",
        "yaml-indentation",
        "2:4",
        "b",
        "`b` is indented deeper than `a`, which has its value already",
    ),
    *[
        (
            f"a: {value}\n  b: 2\n",
            "yaml-indentation",
            "2:3",
            "b",
            "`b` is indented deeper than `a`, which has its value already",
        )
        for value in ("'x'", '"x"', "[x, y]", "{x: y}")
    ],
    ("a: x\n'b: 1\n", "yaml-quote", "2:1", "'b: 1", "the quote `'` that starts this text is never closed"),
    (
        "a:\n- - x\n  y: 1\n",
        "yaml-indentation",
        "3:3",
        "y: 1",
        "found a line without `- ` among the items of a list",
    ),
    (
        'a: "C:\\Users\\x"\n',
        "yaml-escape",
        "1:7",
        "\\Us",
        "`\\Us` is not an escape sequence in double quotes",
    ),
    ("a: b:\n", "yaml-colon", "1:4", "b:", "the value of `a` contains `: `, so it needs quotes"),
    (
        "a:\n  - x\n  b: 1\n",
        "yaml-indentation",
        "3:3",
        "b: 1",
        "found a line without `- ` among the items of a list",
    ),
    ("a: {\n", "yaml-bracket", "1:4", "{", "this `{` is never closed"),
    ('a: "', "yaml-quote", "1:4", '"', 'the quote `"` that starts this text is never closed'),
    ('"a: 1\nb: 2\n', "yaml-quote", "1:1", '"a: 1', 'the quote `"` that starts this text is never closed'),
    *[
        (text, "yaml-colon", place, marked, f"the value of `{key}` contains `: `, so it needs quotes")
        for text, place, key, marked in [
            ("a: {p: A fox: in snow}\n", "1:8", "p", "A fox: in snow"),
            ("a: {p: The sea: calm, r: 16:9}\n", "1:8", "p", "The sea: calm"),
            ("a: {h: {type: text, default: ratio: 3}}\n", "1:30", "default", "ratio: 3"),
            ("x: [at sea: calm, b: c: d]\n", "1:22", "b", "c: d"),
            ("{hero: Note: a fox}\n", "1:8", "hero", "Note: a fox"),
            ("a: {'k': it's a: fox # note\n}\n", "1:10", "'k'", "it's a: fox"),
            ("a: {p: 'x, y: z', q: A {{ b, c }}: {{ d }} e}\n", "1:22", "q", "A {{ b, c }}: {{ d }} e"),
            ("a: {b: c:}\n", "1:8", "b", "c:"),
            ("a: {p: A fox: in snow\nb: 1\n", "1:8", "p", "A fox: in snow"),
        ]
    ],
    ("a: {p: [c]: d}\n", "yaml-colon", "1:11", ":", "a `:` is not expected after `[c]`"),
    ("a: {p: 'x': y}\n", "yaml-quote", "1:11", ": y}", "found text after the closing quote `'`"),
    ("a: {\n  p: x\n  b: y\n  }\n", "yaml-bracket", "3:3", "b: y", "expected a comma or `}` before this"),
    ("a: {p: x # one}\n  b: y\n  }\n", "yaml-bracket", "2:3", "b: y", "expected a comma or `}` before this"),
    *[
        (
            text,
            "yaml-bracket",
            place,
            marked,
            f"`{marked}` is a comment to YAML, so the `{opening}` before it is not closed on this line",
        )
        for text, place, opening, marked in [
            ("a: {p: A # fox, size: 2K}\n", "1:10", "{", "# fox, size: 2K}"),
            ("a:\n  b: {p: A # fox}\n  c: [d]\n", "2:12", "{", "# fox}"),
            ("- {p: {q: A # b #c}}\n- {p: x}\n", "1:13", "{", "# b #c}}"),
            ("a: [b #c, d]\ne: 1\n", "1:7", "[", "#c, d]"),
            ("a: ['b' # c]\nd: e: f\n", "1:9", "[", "# c]"),
        ]
    ],
    *[
        (text, "yaml-character", place, marked, f"a text without quotes cannot start with {shown}")
        for text, place, shown, marked in [
            ("a: {p: @x}\n", "1:8", "`@`", "@x"),
            ("a: {p: `x`, size: 2K}\n", "1:8", "a backtick", "`x`"),
            ("a: [@x, y]\n", "1:5", "`@`", "@x"),
            ("a: [x,\n  @y, z]\n", "2:3", "`@`", "@y"),
            ("- {@x: 1}\n", "1:4", "`@`", "@x"),
            ("a: {p: * foo # b\n}\n", "1:8", "`*`", "* foo"),
            ("a: {p: @{{ b }} c}\n", "1:8", "`@`", "@{{ b }} c"),
            ("a: @x, [y]\n", "1:4", "`@`", "@x, [y]"),
        ]
    ],
]


@pytest.mark.parametrize(("text", "code", "place", "marked", "message"), SLIPS)
def test_a_slip_is_explained(read: Read, text: str, code: str, place: str, marked: str, message: str) -> None:
    root, problems = read(text)
    assert root is None
    [found] = problems
    assert found.span is not None
    line, column = found.span.first
    shown = text[found.span.start : found.span.end]
    assert (found.code, f"{line}:{column}", shown, found.message) == (code, place, marked, message)
    assert found.help


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a:\n  - x\n  b: 1\n", "indent `b` like `a`, or start the line with `- ` if it is an item"),
        ("- x\na: 1\n", "start the line with `- `, or indent it like what it belongs to"),
        ("p: 'x'\n  b: 1\n", "indent `b` like `p`"),
        ("a: {p: A # fox, size: 2K}\n", 'put quotes around the text: `"A # fox"`'),
        ("a: {p: A # b #c}\n", 'put quotes around the text: `"A # b #c"`'),
        (
            "a: {p: 'A' # fox}\n",
            "write `}` before the comment, or put quotes around the text if the `#` belongs to it",
        ),
        ("a: {p: A fox: in snow}\n", 'put quotes around the text: `"A fox: in snow"`'),
        ("a: {p: @{{ b }} c}\n", 'put quotes around the text: `"@{{ b }} c"`'),
        ("a: [`x`, y]\n", 'put quotes around the text: `"`x`"`'),
    ],
)
def test_the_help_quotes_the_text_alone(read: Read, text: str, advice: str) -> None:
    [found] = read(text)[1]
    assert found.help == advice


@pytest.mark.parametrize("filling", ["x: ", "# }\n", "'", "a # b}\n", "{{ x }} ", "  ", "[", ",", '"x": '])
def test_long_brackets_are_explained_in_linear_time(filling: str) -> None:
    began = time.process_time()
    _, problems = read_yaml(Source("a.yaml", "a: {b: c: " + filling * 30_000))
    assert problems
    assert time.process_time() - began < 2


LIBYAML_ONLY = [
    ("a: [b:}", "yaml-colon", ":"),
    ("%FOO bar\n---\na: 1\n", "yaml-directive", "%FOO bar"),
    ('a: "\\ud800"\n', "yaml-escape", "\\ud800"),
    ('a: "\\ud83e\\udd8a"\n', "yaml-escape", "\\ud83e\\udd8a"),
    ("a" * 1030 + ": 1\n", "yaml-colon", ":"),
]


@pytest.mark.parametrize(("text", "code", "marked"), LIBYAML_ONLY)
def test_what_only_libyaml_refuses_is_explained(text: str, code: str, marked: str) -> None:
    [found] = read_yaml(Source("a.yaml", text))[1]
    assert found.span is not None
    assert (found.code, text[found.span.start : found.span.end]) == (code, marked)


def explain(text: str, problem: str, at: int | None) -> Diagnostic:
    return explain_error(Source("a.yaml", text), text, BrokenYaml(problem, at, "", None), 2, None)


def test_what_nobody_foresaw_keeps_libyamls_words_and_place() -> None:
    found = explain("a: b\n", "found a riddle", 3)
    assert (found.code, found.message) == ("yaml-syntax", "this is not YAML: found a riddle")
    assert found.span is not None
    assert (found.span.start, found.span.end) == (3, 4)


def test_an_error_without_place_is_where_the_reading_got_to() -> None:
    found = explain("a: b\n", "", None)
    assert found.message == "this is not YAML: it cannot be read"
    assert found.span is not None
    assert found.span.start == 2


def test_a_place_behind_the_end_is_moved_to_it() -> None:
    found = explain("a", "odd", 99)
    assert found.span is not None
    assert (found.span.start, found.span.end) == (1, 1)


def test_what_follows_a_value_on_its_line_is_shown(read: Read) -> None:
    _, problems = read("a: &b &c d\n")
    assert [found.code for found in problems] == ["anchor", "yaml-syntax"]
    assert problems[1].message == "found `&c d` where the line should end"


def test_related_places_show_what_the_slip_refers_to(read: Read) -> None:
    text = "list: [1, 2}\n"
    [found] = read(text)[1]
    [opening] = found.related
    assert (text[opening.span.start : opening.span.end], opening.message) == ("[", "the `[` stands here")


def test_what_stands_before_a_slip_is_reported_with_it(read: Read) -> None:
    text = "a: 1\na: 2\nb: x #y\nc: &d 1\ne:\n\tf: 1\n"
    root, problems = read(text)
    assert root is None
    assert has_errors(problems)
    assert [found.code for found in problems] == ["repeated-key", "glued-comment", "anchor", "yaml-tab"]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> autumn\nc: 4\n",
        "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> autumn\n",
        "a:\n<<<<<<< HEAD\n  b: 2\n=======\n>>>>>>> autumn\n",
    ],
)
def test_an_unfinished_merge_is_called_that(read: Read, text: str) -> None:
    root, problems = read(text)
    assert root is None
    [found] = problems
    assert found.span is not None
    assert (found.code, text[found.span.start : found.span.end]) == ("yaml-syntax", "<<<<<<< HEAD")
    assert "unfinished merge" in found.message


def test_arrows_without_their_end_are_no_merge(read: Read) -> None:
    _, problems = read("a: 1\n<<<<<<< HEAD\nb: 2\n")
    assert ["unfinished merge" in found.message for found in problems] == [False]


@pytest.mark.parametrize("text", ["[b: ", "[b: # x", "{a: [b: ", "a: [b: x, c: # y\n"])
def test_a_pair_in_a_list_has_no_bracket_of_its_own(read: Read, text: str) -> None:
    assert [one.code for one in read(text)[1]] == ["yaml-bracket"]


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        (r'a: "\uD83E\uDD8A"', r"write the character itself, 🦊, or `\U0001F98A`"),
        (r'a: "\ud83e x"', r"write the character itself, or `\U` and its eight digits"),
    ],
)
def test_half_a_character_is_told_how_it_is_written(text: str, help_: str) -> None:
    [found] = read_yaml(Source("a.yaml", text))[1]
    assert found.help == help_
