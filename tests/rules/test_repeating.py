"""The rules of `for_each`: what repeats, under which addresses, in which order, and what may be only known when running."""

from __future__ import annotations

import pytest

from seedflow.plan.model import Bounds
from seedflow.run.status import TaskStatus
from tests.rules.desk import Desk

SHEET = "sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}"


def test_variables_multiply_the_last_one_fastest_and_a_later_one_may_use_an_earlier(desk: Desk) -> None:
    asks = desk.asks("""
        steps:
          page:
            for_each: {who: [Ada, Bo], pose: ["{{ each.who }} sits", stands]}
            generate: {prompt: "{{ each.who }}: {{ each.pose }}"}
    """)
    assert list(asks.values()) == ["Ada: Ada sits", "Ada: stands", "Bo: Bo sits", "Bo: stands"]


def test_zip_pairs_and_unequal_lengths_are_an_error(desk: Desk) -> None:
    text = """
        steps:
          page:
            for_each: "{{ zip(name=['Ada', 'Bo'], tone=%s) }}"
            generate: {prompt: "{{ each.name }} {{ each.tone }}"}
    """
    assert list(desk.asks(text % "['warm', 'cold']").values()) == ["Ada warm", "Bo cold"]
    assert desk.codes(text % "['warm']") == ["unequal-lists"]


def test_overflow_of_at_most_fails_before_anything_is_paid(desk: Desk) -> None:
    """Known when planning it is an error; known only when running it is the end of those tasks, none of which is asked."""
    text = "steps: {page: {for_each: {n: {in: [1, 2, 3], at_most: 2}}, generate: {prompt: '{{ each.n }}'}}}"
    assert desk.codes(text) == ["too-many-items"]
    later = f"""
        steps:
          {SHEET}
          page:
            for_each: {{view: {{in: "{{{{ steps.sheet.images }}}}", at_most: 2}}}}
            generate: {{prompt: Page, image_input: "{{{{ each.view }}}}"}}
    """
    result = desk.run(later)
    assert result.calls == 1
    assert [task.status for task in result.tasks] == [TaskStatus.DONE, TaskStatus.FAILED]


def test_an_unknown_number_is_a_range_with_bounds_on_cost_and_never_an_error(desk: Desk) -> None:
    plan = desk.plan(f"""
        steps:
          {SHEET}
          page:
            for_each: {{view: "{{{{ steps.sheet.images }}}}"}}
            generate: {{prompt: Page, image_input: "{{{{ each.view }}}}"}}
    """)
    group = plan.tasks[1]
    assert (group.tasks, group.images) == (Bounds(1, 3), Bounds(1, 3))
    assert [float(bound) for bound in plan.totals.list_cost_usd] == pytest.approx([0.08, 0.24])


def test_zero_items_are_legal(desk: Desk) -> None:
    text = """
        inputs: {extras: {type: list, of: text, default: []}}
        steps:
          extra: {for_each: {what: "{{ inputs.extras }}"}, generate: {prompt: "{{ each.what }}"}}
          wall: {generate: {prompt: Wall, image_input: ["{{ steps.extra.images }}"]}}
    """
    assert desk.asks(text) == {"wall": "Wall"}


def test_equal_keys_are_an_error_and_adding_or_moving_an_item_renames_nothing(desk: Desk) -> None:
    text = "steps: {page: {for_each: {scene: [%s]}, generate: {prompt: '{{ each.scene }}'}}}"
    few, more = (set(desk.asks(text % scenes)) for scenes in ("at sea, home", "new, home, at sea"))
    assert few < more
    assert desk.codes(text % "home, home") == ["equal-keys"]


def test_a_whole_number_on_images_of_many_tasks_is_an_error_and_slices_are_fine(desk: Desk) -> None:
    text = """
        steps:
          page: {%s, generate: {prompt: "Page"}}
          cover: {generate: {prompt: Cover, image_input: "{{ steps.page.images%s }}"}}
    """
    for many in ("for_each: {n: [1, 2]}", "takes: 2"):
        assert desk.codes(text % (many, "[0]")) == ["index-of-many-tasks"]
        assert desk.codes(text % (many, "[:1]")) == []


def test_images_stand_in_the_order_of_for_each_then_take_then_number(desk: Desk) -> None:
    """Never in order of completion."""
    result = desk.run("""
        steps:
          page:
            for_each: {scene: [b, a]}
            takes: 2
            generate: {prompt: "{{ each.scene }}", sequential_image_generation: auto, max_images: 2}
          index: {generate: {prompt: "{{ steps.page.images | map(attribute='name') | join(' ') }}", image_input: "{{ steps.page.images }}"}}
    """)
    [index] = [task for task in result.tasks if task.address == "index"]
    assert index.status is TaskStatus.DONE
    order = [task.address for task in result.tasks if task.address != "index"]
    assert order == ["page[scene=b]", "page[scene=b]#2", "page[scene=a]", "page[scene=a]#2"]


def test_at_names_every_variable_and_where_some_and_both_depend_on_those_tasks_alone(desk: Desk) -> None:
    text = """
        steps:
          page: {for_each: {scene: [a, b], light: [day, night]}, generate: {prompt: "{{ each.scene }} {{ each.light }}"}}
          one: {generate: {prompt: One, image_input: "{{ steps.page.at(%s).images[0] }}"}}
          some: {generate: {prompt: Some, image_input: "{{ steps.page.where(light='night').images }}"}}
    """
    tasks = desk.tasks(text % "scene='a', light='day'")
    assert tasks["one"].needs == ("page[scene=a,light=day]",)
    assert tasks["some"].needs == ("page[scene=a,light=night]", "page[scene=b,light=night]")
    assert desk.codes(text % "scene='a'") == ["selector-incomplete"]
