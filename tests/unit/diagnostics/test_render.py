"""Diagnostics look exactly like this: narrow and wide, with tabs, wide characters, long lines and many lines."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from seedflow.diagnostics import Diagnostic, Related, Severity, Source, Span
from seedflow.diagnostics.cells import count_cells
from seedflow.diagnostics.excerpt import build_excerpt
from seedflow.diagnostics.render import render_diagnostics, render_summary

STORY = Source(
    "story.yaml",
    """\
steps:
  sheet:
    generate:
      prompt: A fox
\tbad: 日本語 {{ ref.x }} 👩‍🚀 ok
  page:
    needs: [cover]
    a: 1
    b: 2
    c: 3
    d: 4
""",
)


def find(piece: str, source: Source = STORY) -> Span:
    start = source.text.index(piece)
    return Span(source, start, start + len(piece))


def render(*found: Diagnostic, width: int = 80, color: bool = False) -> str:
    return render_diagnostics(found, color=color, width=width)


def test_a_diagnostic_shows_place_message_line_carets_and_help() -> None:
    found = Diagnostic(
        "unknown-key", "`generat` is not known", find("generate"), help="did you mean `generate`?"
    )
    assert (
        render(found)
        == """\
story.yaml:3:5: error: `generat` is not known [unknown-key]
  3 |     generate:
    |     ^^^^^^^^
  help: did you mean `generate`?
"""
    )


def test_related_places_follow_in_their_order_and_share_the_gutter() -> None:
    found = Diagnostic(
        "cycle",
        "steps wait for each other",
        find("d: 4"),
        related=(
            Related(find("cover"), "`page` uses `cover` here"),
            Related(find("sheet"), "and `cover` uses `page`"),
        ),
    )
    assert (
        render(found)
        == """\
story.yaml:11:5: error: steps wait for each other [cycle]
  11 |     d: 4
     |     ^^^^
  story.yaml:7:13: note: `page` uses `cover` here
   7 |     needs: [cover]
     |             -----
  story.yaml:2:3: note: and `cover` uses `page`
   2 |   sheet:
     |   -----
"""
    )


def test_tabs_and_wide_characters_do_not_move_the_carets() -> None:
    assert render(Diagnostic("x", "tab", find("bad"))).splitlines()[1:] == [
        "  5 |     bad: 日本語 {{ ref.x }} 👩‍🚀 ok",
        "    |     ^^^",
    ]
    assert render(Diagnostic("x", "wide", find("本"))).splitlines()[2] == "    |            ^^"
    assert render(Diagnostic("x", "after", find("ref.x"))).splitlines()[2] == "    |                    ^^^^^"
    assert (
        render(Diagnostic("x", "after emoji", find("ok"))).splitlines()[2]
        == "    |                                ^^"
    )


def test_severities_and_diagnostics_without_place_are_worded() -> None:
    found = [
        Diagnostic("a", "one", severity=Severity.WARNING),
        Diagnostic("b", "two", severity=Severity.NOTE, help="three"),
    ]
    assert render(*found) == "warning: one [a]\n\nnote: two [b]\n  help: three\n"
    assert render() == ""


def test_a_point_has_one_caret_even_at_the_end_of_the_text() -> None:
    end = len(STORY.text)
    assert render(Diagnostic("x", "end", Span(STORY, end, end))).splitlines()[1:] == ["  12 |", "     | ^"]
    at = STORY.text.index("A fox") + 5
    assert render(Diagnostic("x", "end", Span(STORY, at, at))).splitlines()[2] == "    |                    ^"
    assert (
        render(Diagnostic("x", "empty", Span(Source("e", ""), 0, 0)))
        == "e:1:1: error: empty [x]\n  1 |\n    | ^\n"
    )


def test_spans_over_lines_mark_each_line_and_leave_out_the_middle_of_many() -> None:
    some = Span(STORY, find("a: 1").start, find("b: 2").end)
    assert render(Diagnostic("x", "two lines", some)).splitlines()[1:] == [
        "  8 |     a: 1",
        "    |     ^^^^",
        "  9 |     b: 2",
        "    |     ^^^^",
    ]
    many = Span(STORY, find("page:").start, len(STORY.text))
    assert render(Diagnostic("x", "many", many)).splitlines()[1:] == [
        "   6 |   page:",
        "     |   ^^^^^",
        "     :",
        "  11 |     d: 4",
        "     |     ^^^^",
    ]
    whole = Span(STORY, find("    a: 1").start, find("    b: 2").start)
    assert render(Diagnostic("x", "with its line end", whole)).splitlines()[1:] == [
        "  8 |     a: 1",
        "    | ^^^^^^^^",
    ]


LONG = Source("long.yaml", "prompt: " + " ".join(f"word{number}" for number in range(60)) + " END")


@pytest.mark.parametrize("piece", ["word0", "word30", "END"])
def test_long_lines_show_what_stands_around_the_mark(piece: str) -> None:
    span = find(piece, LONG)
    _, shown, marked = render(Diagnostic("x", "long", span), width=48).splitlines()
    at = marked.index("^")
    assert shown[at : at + len(piece)] == piece
    assert len(shown) <= 48
    assert marked[at:] == "^" * len(piece)
    assert ("…" in shown[:8]) == (piece != "word0")
    assert shown.endswith("…") == (piece != "END")


def test_a_mark_longer_than_the_line_is_cut_with_it() -> None:
    _, shown, marked = render(Diagnostic("x", "long", Span(LONG, 8, 300)), width=48).splitlines()
    assert len(shown) <= 48
    assert count_cells(marked) == len(shown) - 1
    assert marked.split("|")[1].strip() == "^" * (len(shown) - len("  1 | ") - 2)


def test_a_huge_line_costs_little() -> None:
    source = Source("huge.yaml", "a: " + "x" * 5_000_000)
    [row] = build_excerpt(Span(source, 2_500_000, 2_500_003), 60)
    assert row.text == "…" + "x" * 58 + "…"
    assert row.mark_end - row.mark_start == 3


def test_lines_break_between_words_below_forty_columns_not_at_all() -> None:
    found = Diagnostic(
        "some-code", "one two three four five six seven eight nine", find("sheet"), help="a b c " * 11 + "d"
    )
    for width in (1, 40):
        assert (
            render(found, width=width)
            == """\
story.yaml:2:3: error: one two three
  four five six seven eight nine
  [some-code]
  2 |   sheet:
    |   ^^^^^
  help: a b c a b c a b c a b c a b c a
        b c a b c a b c a b c a b c a b
        c d
"""
        )


def test_what_users_write_cannot_imitate_our_lines() -> None:
    source = Source("evil\x1b[2J\n.yaml", "a: \x1b[31m\u202ex\n")
    found = Diagnostic(
        "x", "found `a\nfake.yaml:1:1: error: b`\t\x07", Span(source, 3, 8), help="\x1b]8;;http://x\x07"
    )
    assert (
        render(found, width=200)
        == r"""evil\x1b[2J\n.yaml:1:4: error: found `a\nfake.yaml:1:1: error: b`\t\x07 [x]
  1 | a: \x1b[31m\u202ex
    |    ^^^^^^^^
  help: \x1b]8;;http://x\x07
"""
    )


def test_colour_adds_nothing_but_colour() -> None:
    found = [
        Diagnostic(
            "x",
            "a long enough message to be broken somewhere",
            find("sheet"),
            severity,
            "do this",
            (Related(find("cover"), "b"),),
        )
        for severity in Severity
    ]
    colored = render(*found, color=True, width=50)
    assert "\x1b[31m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == render(*found, width=50)
    for line in colored.splitlines():
        assert line.count("\x1b[0m") == len(re.findall(r"(?:\x1b\[[1-9]\d*m)+", line))


@pytest.mark.parametrize(
    ("severities", "words"),
    [
        ([], "no problems"),
        ([Severity.ERROR], "1 error"),
        ([Severity.WARNING, Severity.ERROR, Severity.ERROR], "2 errors, 1 warning"),
        ([Severity.NOTE, Severity.WARNING, Severity.WARNING, Severity.NOTE], "2 warnings, 2 notes"),
    ],
)
def test_the_summary_counts_the_worst_first(severities: list[Severity], words: str) -> None:
    assert render_summary(Diagnostic("x", "y", severity=severity) for severity in severities) == words


def test_rendering_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; import seedflow.diagnostics.render; "
        "print([name for name in sys.modules if name.split('.')[0] not in sys.stdlib_module_names"
        " and name.split('.')[0] not in ('seedflow', '__main__')])"
    )
    loaded = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
