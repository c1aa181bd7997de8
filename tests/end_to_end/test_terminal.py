"""What a person sees in a terminal: the plan and a question before paying, a calm display, an orderly end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from project import ROOT, Project
from terminal import Terminal

BOOK = """\
seedflow: 1
name: book
steps:
  sheet:
    generate: {prompt: A fox, sequential_image_generation: auto, max_images: 3}
  page:
    for_each: {scene: [冬の湖, a quiet library, at sea, on a roof, in the wood, under a bridge], time: [day, night]}
    generate:
      prompt: "{{ each.scene }} by {{ each.time }}, {{ ref.fox }}"
      image_input: {fox: "{{ steps.sheet.images[0] }}"}
"""

Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(project: Project) -> Iterator[Open]:
    """Starts `seedflow WORDS` in a terminal."""
    opened: list[Terminal] = []
    project.write("book.yaml", BOOK)

    def start(*words: str, **size: int) -> Terminal:
        opened.append(Terminal(project.folder, project.env, *words, **size))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def slow(project: Project, start_emulator: Any) -> Any:
    """An emulator that takes its time."""
    emulator = start_emulator("--latency-ms", "300..900")
    project.use(emulator.env)
    return emulator


def test_the_first_command_of_the_readme(project: Project, open_terminal: Open) -> None:
    terminal = open_terminal("run", str(ROOT / "recipes/reading-nook.yaml"))
    assert terminal.end() == 0
    assert terminal.lines[0] == "reading-nook · sketch: placeholders drawn here; no model is asked or paid"
    assert any(line.startswith("✓ nook  1 image") for line in terminal.lines)
    assert (project.folder / "outputs/sketch/reading-nook/nook.jpg").is_file()
    assert b"\x1b[?25h" in terminal.raw, "the cursor was left hidden"


def test_it_shows_the_plan_and_asks_before_paying(open_terminal: Open, slow: Any) -> None:
    terminal = open_terminal("run", "book.yaml")
    terminal.wait_for("13 calls, up to $0.60. Continue? [y/N]:")
    assert any(line.startswith("+ sheet") for line in terminal.lines)
    assert slow.requests() == []
    terminal.type("n\n")
    assert terminal.end() == 4
    assert terminal.lines[-1] == "Nothing was asked, nothing was paid."
    assert slow.requests() == []


def test_after_yes_it_runs(open_terminal: Open, slow: Any) -> None:
    terminal = open_terminal("run", "book.yaml")
    terminal.wait_for("Continue?")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert terminal.lines[-1].startswith("Done: 13 done · 15 new images · 13 calls · $0.60 · ")
    assert slow.bill()["calls"] == 13


def test_ctrl_c_at_the_question_asks_nobody(open_terminal: Open, slow: Any) -> None:
    terminal = open_terminal("run", "book.yaml")
    terminal.wait_for(lambda: terminal.raw.endswith(b"[y/N]: "))
    terminal.type("\x03")
    assert terminal.end() == 4
    assert "Nothing was asked, nothing was paid." in terminal.lines
    assert slow.requests() == []


@pytest.mark.parametrize(("columns", "rows"), [(40, 8), (80, 24), (200, 50)])
def test_the_display_stays_within_the_terminal_and_leaves_nothing_behind(
    columns: int, rows: int, open_terminal: Open, slow: Any
) -> None:
    terminal = open_terminal("run", "book.yaml", "--yes", columns=columns, rows=rows)
    assert terminal.end() == 0
    at_work = [sum(" asking " in line for line in frame) for frame in terminal.frames]
    assert max(at_work) >= 1
    assert max(at_work) <= rows - 2
    assert not any("asking" in line or "━" in line for line in terminal.lines)
    ended = [line for line in terminal.lines if line.startswith("✓ ")]
    assert len(ended) == 13
    assert terminal.lines[-1].startswith(("Done: 13 done", "·", "$", "13 calls"))


def test_a_window_that_gets_smaller_while_it_runs(open_terminal: Open, slow: Any) -> None:
    terminal = open_terminal("run", "book.yaml", "--yes", columns=100, rows=30)
    terminal.wait_for("asking")
    terminal.resize(60, 20)
    assert terminal.end() == 0
    assert terminal.lines[-1].startswith(("Done: 13 done", "·"))


def test_ctrl_c_once_finishes_what_is_in_flight_and_goes_on_later(open_terminal: Open, slow: Any) -> None:
    terminal = open_terminal("run", "book.yaml", "--yes")
    terminal.wait_for("asking")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert any(line.startswith("Stopping.") for line in terminal.lines)
    assert any(line.startswith("Interrupted: ") for line in terminal.lines)
    paid = slow.bill()["calls"]
    assert 1 <= paid < 13
    assert open_terminal("run", "book.yaml", "--yes").end() == 0
    assert slow.bill()["calls"] == 13


def test_ctrl_c_twice_lets_go_and_says_what_may_have_been_paid(
    project: Project, open_terminal: Open, start_emulator: Any
) -> None:
    emulator = start_emulator("--latency-ms", "4000")
    project.use(emulator.env)
    terminal = open_terminal("run", "book.yaml", "--yes")
    terminal.wait_for("asking")
    terminal.type("\x03")
    terminal.wait_for("Stopping.")
    terminal.type("\x03")
    assert terminal.end() == 130
    text = "\n".join(terminal.lines)
    assert "? sheet" in text
    assert "up to $0.12 without a picture" in text


def test_no_color_draws_no_colour_and_moves_the_cursor_all_the_same(
    project: Project, open_terminal: Open, slow: Any
) -> None:
    project.use({"NO_COLOR": "1"})
    terminal = open_terminal("run", "book.yaml", "--yes")
    assert terminal.end() == 0
    assert re.search(rb"\x1b\[[0-9;]*m", terminal.raw) is None
    assert b"\x1b[?25l" in terminal.raw


def test_without_colour_a_plan_is_the_same_text(project: Project, open_terminal: Open) -> None:
    terminal = Terminal(project.folder, project.env, "plan", "book.yaml")
    assert terminal.end() == 0
    colored = b"\x1b[" in terminal.raw
    project.use({"NO_COLOR": "1"})
    plain = open_terminal("plan", "book.yaml")
    assert plain.end() == 0
    assert colored
    assert b"\x1b" not in plain.raw
    assert plain.lines == terminal.lines


def test_a_window_that_is_closed_loses_nothing_that_is_under_way(
    project: Project, open_terminal: Open, start_emulator: Any
) -> None:
    emulator = start_emulator("--latency-ms", "1500", "--no-log")
    project.use(emulator.env)
    project.write("seedflow.yaml", "provider: {concurrency: 4, timeouts: {log_s: 1}}\n")
    terminal = open_terminal("run", "book.yaml", "--yes")
    terminal.wait_for(lambda: len(emulator.requests()) > 3, within_s=60)
    assert terminal.hang_up() == 130
    billed = emulator.bill()["calls"]
    assert 3 < billed < 13
    ended = project.run("book.yaml")
    assert ended["calls"] == 13 - billed
    assert emulator.bill()["calls"] == 13
