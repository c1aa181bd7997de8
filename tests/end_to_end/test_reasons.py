"""The plan says why a picture is asked for: nothing was asked yet, the request changed, or only a picture that it uses."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from project import Project

RECIPE = """\
seedflow: 1
steps:
  page:
    for_each: {scene: [lake, library]}
    generate:
      prompt: "A fox, {{ each.scene }}"
      image_input: [style.png]
  cover:
    generate:
      prompt: A cover
      image_input: ["{{ steps.page.images }}"]
"""


def paint(folder: Path, color: str) -> None:
    Image.new("RGB", (64, 48), color).save(folder / "style.png")


def reasons(project: Project, name: str = "book.yaml") -> dict[str, str]:
    ended = project.seedflow("plan", name, "--json")
    assert ended.code == 0, ended.err
    return {task["address"]: task["reason"] for task in ended.json["tasks"]}


def test_what_was_never_asked_is_new_and_what_was_asked_is_stored(project: Project) -> None:
    paint(project.folder, "teal")
    project.write("book.yaml", RECIPE)
    assert reasons(project) == {
        "page[scene=lake]": "new",
        "page[scene=library]": "new",
        "cover": "upstream-unknown",
    }
    project.run("book.yaml")
    assert set(reasons(project).values()) == {"stored"}


def test_a_changed_prompt_and_a_changed_picture_are_told_apart(project: Project) -> None:
    paint(project.folder, "teal")
    project.write("book.yaml", RECIPE)
    project.run("book.yaml")
    project.write("book.yaml", RECIPE.replace("A fox", "An owl"))
    assert reasons(project)["page[scene=lake]"] == "changed"
    project.write("book.yaml", RECIPE)
    paint(project.folder, "navy")
    assert reasons(project)["page[scene=lake]"] == "reference-changed"


def test_a_renamed_step_that_says_so_knows_what_changed(project: Project) -> None:
    paint(project.folder, "teal")
    project.write("book.yaml", RECIPE)
    project.run("book.yaml")
    renamed = RECIPE.replace("page", "leaf").replace("A fox", "An owl")
    project.write("book.yaml", renamed)
    assert reasons(project)["leaf[scene=lake]"] == "new"
    project.write("book.yaml", renamed.replace("  leaf:\n", "  leaf:\n    was: page\n"))
    assert reasons(project)["leaf[scene=lake]"] == "changed"


def test_a_task_after_a_changed_one_is_asked_for_certain(project: Project) -> None:
    paint(project.folder, "teal")
    project.write("book.yaml", RECIPE)
    project.run("book.yaml")
    project.write("book.yaml", RECIPE.replace("library", "lighthouse"))
    totals = project.seedflow("plan", "book.yaml", "--json").json["totals"]
    assert totals["calls"] == [2, 2]
