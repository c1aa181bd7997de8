"""`--reroll`: one more picture of the same request, current from then on and paid once; older takes stay."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from kill_trial import wait_for
from project import Project

BOOK = """\
seedflow: 1
name: book
steps:
  fox:
    generate: {prompt: A fox}
  page:
    for_each: {scene: [sea, home]}
    generate: {prompt: "The fox, {{ each.scene }}", image_input: ["{{ steps.fox.images[0] }}"]}
"""


@pytest.fixture
def book(project: Project, emulator: Any) -> Project:
    """A book whose pages were all paid for."""
    project.use(emulator.env)
    project.write("book.yaml", BOOK)
    project.run("book.yaml")
    return project


def pictures(result: Any) -> dict[str, str]:
    return {task["address"]: task["images"][0]["digest"] for task in result["tasks"]}


def test_a_reroll_asks_again_and_makes_the_new_take_current(book: Project, emulator: Any) -> None:
    before = pictures(book.run("book.yaml"))
    rerolled = book.run("book.yaml", "--reroll", "page[scene=sea]")
    assert emulator.bill()["calls"] == 4
    after = pictures(rerolled)
    assert {address for address in before if before[address] != after[address]} == {"page[scene=sea]"}
    assert (
        '"page[scene=sea]": {take: 2, request: "request/1:' in (book.folder / "book.picks.yaml").read_text()
    )
    assert pictures(book.run("book.yaml")) == after
    assert emulator.bill()["calls"] == 4


def test_older_takes_stay_and_come_back_for_nothing(book: Project, emulator: Any) -> None:
    before = pictures(book.run("book.yaml"))
    book.run("book.yaml", "--reroll", "page[scene=sea]")
    (book.folder / "book.picks.yaml").unlink()
    assert pictures(book.run("book.yaml")) == before
    assert emulator.bill()["calls"] == 4


def test_what_uses_a_rerolled_picture_is_asked_again_too(book: Project, emulator: Any) -> None:
    book.run("book.yaml", "--reroll", "fox")
    assert emulator.bill()["calls"] == 6


def test_several_tasks_need_all_and_the_price_is_shown(book: Project, emulator: Any) -> None:
    ended = book.seedflow("run", "book.yaml", "--yes", "--reroll", "page")
    assert ended.code == 1
    assert "2 tasks would be asked anew, for $0.08: page[scene=sea], page[scene=home]" in ended.err
    assert emulator.bill()["calls"] == 3
    book.run("book.yaml", "--reroll", "page", "--all")
    assert emulator.bill()["calls"] == 5


def test_a_take_of_a_changed_request_is_not_current_for_it(book: Project, emulator: Any) -> None:
    book.run("book.yaml", "--reroll", "page[scene=sea]")
    book.write("book.yaml", BOOK.replace("The fox,", "The fox and the owl,"))
    takes = {task["address"]: task["take"] for task in book.run("book.yaml")["tasks"]}
    assert takes["page[scene=sea]"] == 1
    book.write("book.yaml", BOOK)
    takes = {task["address"]: task["take"] for task in book.run("book.yaml")["tasks"]}
    assert takes["page[scene=sea]"] == 2


def test_a_renamed_step_that_says_so_keeps_its_takes(book: Project, emulator: Any) -> None:
    book.run("book.yaml", "--reroll", "page[scene=sea]")
    book.write("book.yaml", BOOK.replace("  page:\n", "  leaf:\n    was: page\n"))
    takes = {task["address"]: task["take"] for task in book.run("book.yaml")["tasks"]}
    assert takes["leaf[scene=sea]"] == 2
    assert emulator.bill()["calls"] == 4


def test_one_of_several_takes_is_named_by_its_number(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("idea.yaml", "seedflow: 1\nsteps:\n  idea: {takes: 2, generate: {prompt: An idea}}\n")
    before = [task["images"][0]["digest"] for task in project.run("idea.yaml")["tasks"]]
    result = project.run("idea.yaml", "--reroll", "idea#2")
    after = [task["images"][0]["digest"] for task in result["tasks"]]
    assert [task["take"] for task in result["tasks"]] == [1, 3]
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    assert emulator.bill()["calls"] == 3


IDEA = "seedflow: 1\nsteps:\n  idea: {takes: 2, generate: {prompt: An idea}}\n"


def test_more_takes_after_a_reroll_pay_for_the_new_ones_and_change_none(
    project: Project, emulator: Any
) -> None:
    project.use(emulator.env)
    shown: dict[str, str] = {}
    bills = []
    for takes, words in [(2, []), (2, ["idea#1"]), (3, []), (4, []), (4, ["idea#1"]), (1, []), (7, [])]:
        project.write("idea.yaml", IDEA.replace("takes: 2", f"takes: {takes}"))
        before = shown
        shown = pictures(project.run("idea.yaml", *(["--reroll", *words] if words else [])))
        bills.append(emulator.bill()["calls"])
        assert len(set(shown.values())) == takes
        changed = {name for name in shown.keys() & before.keys() if shown[name] != before[name]}
        assert changed == ({"idea"} if words else set())
    assert bills == [2, 3, 4, 5, 6, 6, 9]
    picks = (project.folder / "idea.picks.yaml").read_text()
    assert '"idea#3": {take: 6, request: "request/1:' in picks
    (project.folder / "idea.picks.yaml").unlink()
    takes = [task["take"] for task in project.run("idea.yaml")["tasks"]]
    assert takes == [1, 2, 3, 4, 5, 6, 7]
    assert emulator.bill()["calls"] == 9


def test_a_take_that_moved_and_was_refused_leaves_no_note(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("idea.yaml", IDEA)
    project.run("idea.yaml")
    project.run("idea.yaml", "--reroll", "idea#1")
    before = (project.folder / "idea.picks.yaml").read_text()
    project.write("idea.yaml", IDEA.replace("takes: 2", "takes: 3"))
    emulator.set_faults({"kind": "moderation"})
    assert project.seedflow("run", "idea.yaml", "--yes").code
    emulator.set_faults()
    assert (project.folder / "idea.picks.yaml").read_text() == before
    assert [task["take"] for task in project.run("idea.yaml")["tasks"]] == [3, 2, 6]


def test_a_task_inside_a_used_recipe_is_named_by_its_path(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write(
        "part.yaml",
        "seedflow: 1\ninputs: {who: {type: text}}\nsteps: {one: {generate: {prompt: 'A {{ inputs.who }}'}}}\n"
        'outputs: {images: "{{ steps.one.images }}"}\n',
    )
    project.write(
        "all.yaml",
        "seedflow: 1\nsteps:\n  part: {recipe: ./part.yaml, for_each: {who: [fox, owl]}, with: {who: '{{ each.who }}'}}\n",
    )
    project.run("all.yaml")
    result = project.run("all.yaml", "--reroll", "part[who=owl]/one")
    assert {task["address"]: task["take"] for task in result["tasks"]} == {
        "part[who=fox]/one": 1,
        "part[who=owl]/one": 2,
    }
    assert '"part[who=owl]/one": {take: 2' in (project.folder / "all.picks.yaml").read_text()
    assert emulator.bill()["calls"] == 3


ONE = "seedflow: 1\nname: one\nsteps: {fox: {generate: {prompt: A fox}}}\noutputs: {fox: '{{ steps.fox.images }}'}\n"


def kill_while_calling(project: Project, emulator: Any, *words: str) -> None:
    requests = len(emulator.requests())
    emulator.set_faults({"kind": "bill-then-drop", "seconds": 30})
    process = project.start("run", "one.yaml", "--yes", *words)
    wait_for(lambda: len(emulator.requests()) > requests)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    emulator.set_faults()


def test_a_reroll_that_was_killed_and_given_again_goes_on_with_its_take(
    project: Project, emulator: Any
) -> None:
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    before = project.run("one.yaml")
    kill_while_calling(project, emulator, "--reroll", "fox")
    planned = project.seedflow("plan", "one.yaml", "--reroll", "fox", "--json").json
    assert [(task["reason"], task["take"], task["cost_usd"][0]) for task in planned["tasks"]] == [
        ("asked-before", 2, 0)
    ]
    result = project.run("one.yaml", "--reroll", "fox")
    assert [(task["take"], task["status"]) for task in result["tasks"]] == [(2, "done")]
    assert (result["calls"], emulator.bill()["calls"]) == (0, 2)
    assert pictures(result) != pictures(before)
    assert project.run("one.yaml", "--reroll", "fox")["tasks"][0]["take"] == 3
    assert emulator.bill()["calls"] == 3


def test_a_reroll_of_what_was_lost_takes_up_what_is_paid_already(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    kill_while_calling(project, emulator)
    result = project.run("one.yaml", "--reroll", "fox")
    assert [(task["take"], task["status"]) for task in result["tasks"]] == [(1, "done")]
    assert (result["calls"], emulator.bill()["calls"]) == (0, 1)


def test_a_reroll_of_what_was_never_asked_asks_once_for_its_own_take(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    result = project.run("one.yaml", "--reroll", "fox")
    assert [(task["take"], task["status"]) for task in result["tasks"]] == [(1, "done")]
    assert emulator.bill()["calls"] == 1


def test_a_picture_that_a_killed_run_published_gives_way_to_another_take(
    project: Project, emulator: Any
) -> None:
    project.use(emulator.env)
    project.write("one.yaml", ONE)
    first = project.run("one.yaml")
    project.run("one.yaml", "--reroll", "fox")
    manifest = project.folder / "outputs/emulated/one/manifest.json"
    listed = manifest.read_text()
    project.run("one.yaml", "--reroll", "fox")
    manifest.write_text(listed)  # as if it had been killed before it could list what it had published
    (project.folder / "one.picks.yaml").unlink()
    result = project.run("one.yaml")
    assert result["problems"] == []
    assert pictures(result) == pictures(first)
    (picture,) = (project.folder / "outputs/emulated/one").glob("*.jpg")
    picture.write_bytes(b"somebody's own")
    ended = project.seedflow("run", "one.yaml", "--yes")
    assert "was not overwritten" in " ".join(ended.out.split())
    assert picture.read_bytes() == b"somebody's own"


ROW = """\
seedflow: 1
name: row
steps:
  fox: {generate: {prompt: A fox}}
  edited:
    iterate: {over: [add snow, make it night, add a moon], as: edit, start: "{{ steps.fox.images[0] }}"}
    generate: {prompt: "In {{ ref.picture }}, {{ each.edit }}", image_input: {picture: "{{ prev }}"}}
"""


@pytest.mark.parametrize(("words", "asked"), [(["edited", "--all"], [1, 2, 3]), (["edited[edit=2]"], [2, 3])])
def test_a_row_of_edits_is_asked_anew_from_the_pass_that_is_named(
    project: Project, emulator: Any, words: list[str], asked: list[int]
) -> None:
    project.use(emulator.env)
    project.write("row.yaml", ROW)
    before = pictures(project.run("row.yaml"))
    after = pictures(project.run("row.yaml", "--reroll", *words))
    assert [address for address in after if after[address] != before[address]] == [
        f"edited[edit={number}]" for number in asked
    ]
    assert emulator.bill()["calls"] == 4 + len(asked)
