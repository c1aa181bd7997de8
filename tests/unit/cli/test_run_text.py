"""What people see of a run's events: live with a clock of the test, plain without any."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from seedflow.cli.console import open_console
from seedflow.cli.live import LiveArea
from seedflow.cli.run_text import EventLines, LiveDisplay, PlainDisplay, find_column
from seedflow.plan.model import Bounds
from seedflow.run.events import Event, EventKind


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class RecordingArea(LiveArea):
    """Remembers what was drawn last, as plain text."""

    def __init__(self, columns: int = 60, rows: int = 12) -> None:
        super().__init__(io.StringIO(), size=lambda _: (columns, rows))
        self.bottom: list[str] = []
        self.fixed: list[str] = []

    def scroll(self, lines: list[Text], below: list[Text]) -> None:
        self.fixed += [line.plain for line in lines]
        self.paint(below)

    def paint(self, lines: list[Text]) -> None:
        self.bottom = [line.plain for line in lines]


def event(what: EventKind, address: str | None = None, /, **data: object) -> Event:
    return Event(what, 0.0, "run", address, data)


def test_a_task_from_its_start_to_its_end() -> None:
    clock, area = Clock(), RecordingArea()
    display = LiveDisplay(area, tasks=Bounds(2, 2), column=4, most_in_flight=16, clock=clock)
    with display:
        assert area.bottom == ["─" * 19 + "  0 of 2 · 0 s"]
        display.show(event(EventKind.TASK_STARTED, "page"))
        display.refresh()
        assert area.bottom == ["─" * 19 + "  0 of 2 · 0 s · 1 in line"]
        display.show(event(EventKind.CALL_SENT, "page"))
        clock.now_s += 3.7
        display.refresh()
        assert area.bottom[1] == "  page  asking 3 s"
        display.show(event(EventKind.CALL_ANSWERED, "page"))
        display.refresh()
        assert area.bottom[1] == "  page  fetching 0 s"
        clock.now_s += 0.4
        display.show(event(EventKind.TASK_FINISHED, "page", status="done", images=2, cost_usd=0.08))
    assert area.fixed == ["✓ page  2 images · $0.08 · 4.1 s"]
    assert area.bottom == ["━" * 9 + "─" * 10 + "  1 of 2 · $0.08 · 4 s"]


def test_a_wait_counts_down_and_says_why() -> None:
    clock, area = Clock(), RecordingArea()
    display = LiveDisplay(area, tasks=Bounds(1, 1), column=4, clock=clock)
    display.show(event(EventKind.CALL_SENT, "page"))
    display.show(event(EventKind.CALL_RETRIED, "page", kind="rate-limited", message="slow down", wait_s=5.0))
    display.refresh()
    assert area.bottom[1] == "  page  rate-limited, asking again in 6 s"
    clock.now_s += 4.5
    display.refresh()
    assert area.bottom[1] == "  page  rate-limited, asking again in 1 s"
    assert area.fixed == []


@pytest.mark.parametrize("rows", [3, 5, 12])
def test_many_at_work_are_counted_and_never_fill_the_terminal(rows: int) -> None:
    area = RecordingArea(rows=rows)
    display = LiveDisplay(area, tasks=Bounds(100, 100), clock=Clock())
    for number in range(40):
        display.show(event(EventKind.CALL_SENT, f"page[n={number}]"))
    display.refresh()
    assert len(area.bottom) <= rows - 1
    if rows > 3:
        shown = len(area.bottom) - 2
        assert area.bottom[-1] == f"  and {40 - shown} more at work"


def test_long_addresses_lose_their_middle_and_never_what_is_done_with_them() -> None:
    area = RecordingArea(columns=40)
    display = LiveDisplay(area, tasks=Bounds(1, 1), column=40, clock=Clock())
    display.show(event(EventKind.CALL_SENT, "page[scene=a-very-long-scene-indeed,time=night]"))
    display.refresh()
    assert area.bottom[1].endswith("time=night]  asking 0 s")
    assert "…" in area.bottom[1]
    assert len(area.bottom[1]) < 40


def test_a_slower_pace_is_said_while_it_lasts() -> None:
    area = RecordingArea(columns=100)
    display = LiveDisplay(area, tasks=Bounds(1, 1), most_in_flight=16, clock=Clock())
    display.show(event(EventKind.LIMIT_CHANGED, in_flight=8))
    display.refresh()
    assert "slowed down to 8 at once" in area.bottom[0]
    display.show(event(EventKind.LIMIT_CHANGED, in_flight=16))
    display.refresh()
    assert "slowed" not in area.bottom[0]


def test_waiting_for_the_pace_is_said_with_when_it_ends() -> None:
    area, clock = RecordingArea(columns=100), Clock()
    display = LiveDisplay(area, tasks=Bounds(1, 1), most_in_flight=16, clock=clock)
    display.show(event(EventKind.LIMIT_CHANGED, in_flight=16, hold_s=30))
    display.refresh()
    assert "at the service's pace, on in 31 s" in area.bottom[0]
    clock.now_s += 31
    display.refresh()
    assert "pace" not in area.bottom[0]


def spell(found: Event, width: int | None = None) -> list[str]:
    return [line.plain for line in EventLines(column=6).spell(found, width)]


@pytest.mark.parametrize("status", ["reused", "skipped", "blocked", "cancelled"])
def test_what_there_may_be_thousands_of_has_no_line(status: str) -> None:
    assert spell(event(EventKind.TASK_FINISHED, "a", status=status)) == []


def test_a_failure_names_its_kind_and_what_it_may_have_cost() -> None:
    problem = {"kind": "moderation", "message": "blocked"}
    found = event(EventKind.TASK_FINISHED, "a", status="failed", cost_usd=0.04, problem=problem)
    assert spell(found) == ["✗ a       failed · moderation · up to $0.04"]


def test_what_was_paid_for_certain_is_told_as_such() -> None:
    problem = {"kind": "lost-paid", "message": "it was answered and paid, but its URL is dead", "paid": True}
    found = event(EventKind.TASK_FINISHED, "a", status="failed", cost_usd=0.04, problem=problem)
    assert spell(found) == ["✗ a       failed · lost-paid · $0.04"]


def test_a_rate_limit_is_told_once_for_each_pace() -> None:
    lines = EventLines(column=6)

    def told(address: str) -> int:
        data = {"kind": "rate-limited", "message": "too many", "wait_s": 2}
        return len(lines.spell(event(EventKind.CALL_RETRIED, address, **data)))

    assert [told(address) for address in "abc"] == [1, 0, 0]
    lines.spell(event(EventKind.LIMIT_CHANGED, in_flight=8, hold_s=2))
    assert [told(address) for address in "abc"] == [1, 0, 0]
    reset = {"kind": "server-error", "message": "bad", "wait_s": 2}
    assert [len(lines.spell(event(EventKind.CALL_RETRIED, address, **reset))) for address in "ab"] == [1, 1]


def test_a_take_and_an_attempt_are_told_where_they_are_not_the_first() -> None:
    ended = {"status": "done", "images": 1, "take": 4, "attempt": 2}
    assert spell(event(EventKind.TASK_FINISHED, "page", **ended)) == [
        "✓ page    1 image · take 4 · attempt 2"
    ]
    own = {"status": "done", "images": 1, "take": 2, "attempt": 1}
    assert spell(event(EventKind.TASK_FINISHED, "page#2", **own)) == ["✓ page#2  1 image"]


def test_a_rejected_attempt_is_told_as_long_as_another_one_follows() -> None:
    data = {"take": 1, "attempts": 3, "complaint": "it gave 1 image"}
    told = spell(event(EventKind.ATTEMPT_REJECTED, "page", attempt=1, **data))
    assert told == ["~ page    not as expected, asking again (2 of 3): it gave 1 image"]
    assert spell(event(EventKind.ATTEMPT_REJECTED, "page", attempt=3, **data)) == []


def test_a_further_attempt_is_at_work() -> None:
    clock, area = Clock(), RecordingArea()
    display = LiveDisplay(area, tasks=Bounds(1, 1), column=4, clock=clock)
    display.show(event(EventKind.CALL_SENT, "page"))
    display.show(event(EventKind.ATTEMPT_REJECTED, "page", attempt=1, attempts=3, complaint="too small"))
    display.show(event(EventKind.CALL_SENT, "page"))
    display.refresh()
    assert area.bottom[1] == "  page  asking, attempt 2 0 s"


def test_pictures_that_are_not_as_expected_cost_what_they_cost() -> None:
    problem = {"kind": "unexpected", "message": "too small"}
    spent = {"attempts": 2, "calls": 2, "cost_usd": 0.08}
    found = event(
        EventKind.TASK_FINISHED, "a", status="failed", cost_usd=0.08, problem=problem, not_as_expected=spent
    )
    assert spell(found) == ["✗ a       failed · unexpected · $0.08"]
    problem = {"kind": "moderation", "message": "blocked", "paid": False}
    found = event(
        EventKind.TASK_FINISHED, "a", status="failed", cost_usd=0.12, problem=problem, not_as_expected=spent
    )
    assert spell(found) == ["✗ a       failed · moderation · $0.08 and up to $0.04"]


def test_the_count_grows_with_tasks_that_come_of_others() -> None:
    area = RecordingArea()
    display = LiveDisplay(area, tasks=Bounds(2, 4), clock=Clock())
    display.show(event(EventKind.TASK_PLANNED, "sheet"))
    display.show(event(EventKind.TASK_PLANNED, "page[p=?]", tasks=[1, 3]))
    display.refresh()
    assert area.bottom == ["─" * 19 + "  0 of 2–4 · 0 s"]
    display.show(event(EventKind.TASK_GROWN, "page[p=?]", tasks=["page[p=1]"]))
    display.show(event(EventKind.TASK_PLANNED, "page[p=1]"))
    display.show(event(EventKind.TASK_FINISHED, "sheet", status="done", images=1))
    assert area.bottom == ["━" * 9 + "─" * 10 + "  1 of 2 · 0 s"]


def test_a_line_that_is_too_long_becomes_two() -> None:
    found = event(EventKind.TASK_FINISHED, "a" * 30, status="done", images=1, cost_usd=0.04)
    assert spell(found, width=40) == ["✓ " + "a" * 30, "    1 image · $0.04"]


def test_why_a_call_is_repeated_is_broken_between_words_where_somebody_reads_it_in_columns() -> None:
    message = "Cloudflare: the model has no capacity at the moment (HTTP 429, code 3040)"
    found = event(EventKind.CALL_RETRIED, "fox", kind="overloaded", message=message, wait_s=400.0)
    lines = spell(found, width=40)
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).split()) == f"~ fox {message}; asking again in 6 min 40 s"
    assert len(spell(found)) == 1, "a line of a log stays whole"


def test_control_characters_of_a_message_reach_no_terminal() -> None:
    found = event(EventKind.CALL_RETRIED, "a\x1b[2J", message="gone\x1b]0;title\x07\nnext", wait_s=1.0)
    (line,) = spell(found)
    assert "\x1b" not in line
    assert "\n" not in line


def test_plain_lines_of_equal_runs_are_equal() -> None:
    stream = io.StringIO()
    with PlainDisplay(open_console(stream), column=4) as display:
        display.show(event(EventKind.CALL_SENT, "page"))
        display.show(event(EventKind.TASK_FINISHED, "page", status="done", images=1, cost_usd=0.0))
        display.say("a word")
        display.refresh()
    assert stream.getvalue() == "✓ page  1 image\na word\n"


def test_a_reader_who_went_away_does_not_stop_the_run() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    display = PlainDisplay(open_console(Gone()))
    for _ in range(3):
        display.show(event(EventKind.TASK_FINISHED, "page", status="done"))


def test_very_long_addresses_do_not_widen_the_column() -> None:
    assert find_column(["page", "a" * 200, "sheet"]) == 5
    assert find_column([]) == 0


def test_that_another_run_is_waited_for_is_said_once() -> None:
    lines = EventLines(column=4)
    said = [lines.spell(event(EventKind.CALL_AWAITED, address)) for address in ("page", "cover")]
    assert [[line.plain for line in found] for found in said] == [
        ["~ page  another run is asking for it; this one waits for the picture"],
        [],
    ]
