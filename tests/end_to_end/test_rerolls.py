"""`--reroll`: one more picture of the same request, current from then on and paid once; older takes stay."""

from __future__ import annotations

from typing import Any

import pytest
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
