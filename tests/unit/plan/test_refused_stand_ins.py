"""Tasks to come that cannot be asked with the results that are there: the plan tells of them, as it does of known ones."""

from __future__ import annotations

import pytest
from planning import KnownResults, open_planner

from seedflow.diagnostics import Diagnostic, Severity

POSTERS = """\
steps:
  hero: {for_each: {who: [a, b, c, d, e, f, g, h]}, generate: {prompt: "Hero {{ each.who }}"}}
  page:
    for_each: {who: [a, b, c, d, e, f, g, h]}
    when: "{{ steps.hero.images | length > 1 }}"
    generate: {prompt: "Page {{ each.who }}"}
  poster:
    for_each: {pic: "{{ first_of(steps.page.images, steps.hero.images) }}"}
    generate: {prompt: Poster, image_input: ["{{ each.pic }}", "{{ steps.page.images }}", "{{ steps.hero.images }}"]}
"""


def plan_behind_heroes(text: str) -> list[Diagnostic]:
    view = KnownResults()
    plan, _ = open_planner(text, view=view).start()
    assert plan is not None
    for number, task in enumerate(plan.tasks):
        if task.step == "hero":
            view.keep(task, f"h{number}")
    again, found = open_planner(text, view=view).start()
    assert again is not None
    return found


def test_too_many_references_of_tasks_to_come_are_told_once_results_decide_how_many() -> None:
    (found,) = plan_behind_heroes(POSTERS)
    assert (found.code, found.severity) == ("too-many-values", Severity.WARNING)
    assert found.message == (
        "tasks to come cannot be asked with the results that are there: 17 references were given, and the model "
        "takes at most 14 (in poster[pic=?])"
    )


@pytest.mark.parametrize(
    "text",
    [
        POSTERS.replace('steps.page.images }}", "', 'steps.page.images[:1] }}", "'),
        POSTERS.replace(
            "    for_each: {pic", '    when: "{{ steps.page.images | length < 6 }}"\n    for_each: {pic'
        ),
        POSTERS.replace("first_of(steps.page.images, steps.hero.images)", "steps.page.images[8:]"),
    ],
)
def test_nothing_is_told_where_they_fit_or_where_there_may_be_none(text: str) -> None:
    assert [one for one in plan_behind_heroes(text) if one.code == "too-many-values"] == []
