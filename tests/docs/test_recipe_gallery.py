"""The page on shipped recipes names all of them, and tells how many pictures each makes."""

from __future__ import annotations

import json
import re

from seedflow.recipe.shipped import list_blocks, list_shipped
from tests.docs.pages import ROOT, get_page

PAGE = get_page("docs/recipes.md")
LINK = re.compile(r"\[`([a-z-]+)`\]\(\.\./(recipes/[a-z/-]+\.yaml)\)")


def read_table(title: str) -> dict[str, list[str]]:
    """The rows of a table whose first cell links to a recipe, by that recipe's name."""
    return {LINK.match(row[0])[1]: row for row in PAGE.rows(title) if LINK.match(row[0])}


def test_every_recipe_is_there_with_its_file() -> None:
    for title, shipped in (("Recipes to start from", list_shipped()), ("To build with", list_blocks())):
        links = [LINK.match(row[0]) for row in PAGE.rows(title)]
        told = {found[1]: found[2] for found in links if found is not None}
        names = {recipe.name: str(recipe.path.relative_to(ROOT)) for recipe in shipped}
        assert {name: path for name, path in told.items() if name in names} == names


def test_the_number_of_pictures_is_that_of_the_plan() -> None:
    for name, row in read_table("Recipes to start from").items():
        if name in {recipe.name for recipe in list_shipped()}:
            plan = json.loads((ROOT / "tests" / "golden" / "plans" / f"{name}.json").read_text())
            least, most = plan["totals"]["images"]
            assert row[2] == (str(least) if least == most else f"{least}–{most}"), name


def test_the_users_of_a_block_are_those_that_are_told() -> None:
    for name, row in read_table("To build with").items():
        using = {
            recipe.name
            for recipe in list_shipped()
            if re.search(rf"^    recipe: {name}$", recipe.path.read_text(), re.MULTILINE)
        }
        assert set(re.findall(r"`([a-z-]+)`", row[3])) == using, name
