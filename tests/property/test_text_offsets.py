"""For any scalar, each character of its value is found at the character or escape sequence that wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedflow.text.events import BrokenYaml, Event, EventReader, read_events, read_events_without_libyaml
from seedflow.text.offsets import locate

PIECES = [
    "a", "b", " ", "  ", "\n", "\n\n", "\n  ", "\n   ", "\n     ", "\t", "\r\n", "\r", "'", "''", "\\", "\\n", "\\x41", "\\u00e9", "\\U0001F600",
    "\\\n", "\\\n  ", "\\ ", "\\\t", '\\"', "\\N", "\\L", "\\_", "\\e", "é", "😀", "#", " #", ":", "-", "{{", "}}", "|", ">", "+",
]  # fmt: skip # a row a line
BODIES = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
FRAMES = st.sampled_from(["", "k: ", "- ", "a:\n  b: ", "- - ", "[", "a:\n - b: "])
HEADERS = st.builds(
    "{}{}{}\n".format, st.sampled_from("|>"), st.sampled_from(["", "-", "+", "1", "2", "2-", "+3", "3"]), st.sampled_from(["", " ", " # c"])
)  # fmt: skip # a row a line
PARSERS = pytest.mark.parametrize(
    "events", [read_events, read_events_without_libyaml], ids=["libyaml", "without-libyaml"]
)


@st.composite
def flow_texts(draw: st.DrawFn) -> str:
    quote = draw(st.sampled_from(["", "'", '"']))
    return draw(FRAMES) + quote + draw(BODIES) + quote + draw(st.sampled_from(["", "\n", " # c\n", "\nz"]))


@st.composite
def block_texts(draw: st.DrawFn) -> str:
    indent = " " * draw(st.sampled_from([0, 1, 2, 3, 4, 6]))
    lines = (
        indent + line if draw(st.booleans()) or draw(st.booleans()) else line
        for line in draw(BODIES).split("\n")
    )
    return (
        draw(FRAMES)
        + draw(HEADERS)
        + "\n".join(lines)
        + draw(st.sampled_from(["", "\n", "\n\n", "\n  \n", "\n# c\n\nz: 1"]))
    )


def scalars(events: EventReader, text: str) -> Iterator[Event]:
    try:
        yield from (event for event in events(text) if event.kind == "scalar" and event.tag is None)
    except BrokenYaml:
        return


def is_written_as(character: str, written: str, style: str) -> bool:
    """Whether a piece of source is how a character of a value may be written."""
    if character == written:
        return True
    if character in " \n" and re.fullmatch(r"\r\n|\r|\n", written):
        return True
    if style == "'":
        return character == "'" and written == "''"
    escapes = {
        "a": "\a",
        "b": "\b",
        "n": "\n",
        "N": "\x85",
        "L": "\u2028",
        "_": "\xa0",
        "e": "\x1b",
        '"': '"',
        "\\": "\\",
        " ": " ",
        "\t": "\t",
        "'": "'",
    }
    if style == '"' and (number := re.fullmatch(r"\\[xuU]([0-9a-fA-F]+)", written)):
        return character == chr(int(number[1], 16))
    if style == '"' and written.startswith("\\"):
        return character == escapes.get(written[1:])
    return False


@PARSERS
@given(text=flow_texts() | block_texts())
@example(text="- - >+\n\r\n  x\t\n")
@example(text="a:\n - b: >+1  # c\n   \n   \n   {{")
@example(text='"a\\   \n b"')
@example(text="|3  # c\n      ")
def test_each_character_is_found_where_it_was_written(events: EventReader, text: str) -> None:
    if re.search("[\x85\u2028\u2029]", text):
        return
    for scalar in scalars(events, text):
        value, style = scalar.text, scalar.style
        end = (
            scalar.start + len(text[scalar.start : scalar.end].rstrip())
            if style in ("|", ">")
            else scalar.end
        )
        before = scalar.start
        for at, character in enumerate(value):
            start, stop = locate(text, scalar.start, end, style, value, at, at + 1)
            assert before <= start < stop
            assert is_written_as(character, text[start:stop], style), (at, text[start:stop])
            assert locate(text, scalar.start, end, style, value, at, at) == (start, start)
            before = stop
        if value:
            first, last = (
                locate(text, scalar.start, end, style, value, at, at + 1) for at in (0, len(value) - 1)
            )
            assert locate(text, scalar.start, end, style, value, 0, len(value)) == (first[0], last[1])


@given(
    text=flow_texts() | block_texts(), start=st.integers(0, 30), length=st.integers(0, 30), style=st.sampled_from(["", "'", '"', "|", ">"]),
    value=BODIES, first=st.integers(-3, 30), last=st.integers(-3, 30),
)  # fmt: skip # a row a line
def test_it_never_fails_on_what_does_not_belong_together(
    text: str, start: int, length: int, style: str, value: str, first: int, last: int
) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    found = locate(text, start, end, style, value, first, last)
    assert 0 <= found[0] <= found[1] <= max(len(text), end)
