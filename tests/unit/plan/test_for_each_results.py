"""`for_each` over what earlier steps give: tasks come as results come, under stable addresses, within what the plan said."""

from __future__ import annotations

import pytest
from planning import open_planner, plan, problems_of
from playing import FAILS, play

from seedflow.diagnostics import Severity
from seedflow.plan.model import Bounds, Reason

SHEET = "steps:\n  sheet: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}\n"
PAINTED = '  painted: {for_each: {view: "{{ steps.sheet.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.view }}"}}}\n'


def test_each_image_of_a_set_becomes_a_task_known_by_its_tasks_key_and_its_number() -> None:
    played = play(SHEET + PAINTED, gives={"sheet": 2})
    assert played.addresses == ["sheet", "painted[view=sheet-1]", "painted[view=sheet-2]"]
    assert played.references("painted[view=sheet-2]") == ["sheet 2"]
    assert played.files == {"painted": ["painted/sheet-1.jpg", "painted/sheet-2.jpg"]}


def test_an_unknown_number_of_tasks_is_a_range_with_bounds_on_images_and_never_an_error() -> None:
    found = plan(SHEET + PAINTED)
    place = found.tasks[1]
    assert (place.address, place.tasks, place.reason) == (
        "painted[view=sheet-?]",
        Bounds(1, 3),
        Reason.UPSTREAM_UNKNOWN,
    )
    assert found.totals.tasks == Bounds(2, 4)
    assert found.totals.images == Bounds(2, 6)


def test_lists_over_results_nest_and_their_bounds_multiply() -> None:
    text = (
        SHEET
        + PAINTED.replace(
            'prompt: "{{ ref.v }}"',
            'prompt: "{{ ref.v }}", sequential_image_generation: auto, max_images: 2',
        )
        + '  stamp: {for_each: {part: "{{ steps.painted.images }}", light: [day, night]}, '
        'generate: {prompt: "{{ each.light }}", image_input: ["{{ each.part }}"]}}\n'
    )
    found = plan(text)
    assert found.tasks[-1].tasks == Bounds(2, 12)
    played = play(text, gives={"sheet": 2, "painted": 1})
    assert [address for address in played.addresses if address.startswith("stamp")] == [
        "stamp[part=sheet-1-1,light=day]",
        "stamp[part=sheet-1-1,light=night]",
        "stamp[part=sheet-2-1,light=day]",
        "stamp[part=sheet-2-1,light=night]",
    ]


def test_stages_do_not_wait_for_each_other() -> None:
    text = (
        "steps:\n  sketch: {for_each: {s: [sea, home]}, generate: {prompt: '{{ each.s }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        '  page: {for_each: {p: "{{ steps.sketch.images }}"}, generate: {prompt: Page, image_input: ["{{ each.p }}"]}}\n'
        '  print: {for_each: {q: "{{ steps.page.images }}"}, generate: {prompt: Print, image_input: ["{{ each.q }}"]}}\n'
    )
    played = play(text, gives={"sketch": 2})
    assert played.addresses.index("print[q=sea-2-1]") < played.addresses.index("sketch[s=home]")


def test_a_task_of_a_step_is_an_item_with_its_images_values_and_key() -> None:
    played = play(
        "steps:\n  sketch: {for_each: {s: [sea, home]}, generate: {prompt: '{{ each.s }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        '  page: {for_each: {t: "{{ steps.sketch.tasks }}"}, generate: '
        '{prompt: "{{ each.t.key }} {{ each.t.each.s }} {{ ref.all }}", image_input: {all: "{{ each.t.images }}"}}}\n',
        gives={"sketch": 2},
    )
    assert played.prompts["page[t=sea]"] == "sea sea images 1 and 2"
    assert played.references("page[t=home]") == ["sketch[s=home] 1", "sketch[s=home] 2"]


def test_a_later_variable_may_use_each_of_an_image_that_only_the_run_knows() -> None:
    played = play(
        SHEET + '  page: {for_each: {v: "{{ steps.sheet.images }}", t: ["{{ each.v.number }}a", b]}, '
        'generate: {prompt: "{{ each.t }}", image_input: ["{{ each.v }}"]}}\n',
        gives={"sheet": 2},
    )
    assert played.addresses[1:] == [
        "page[v=sheet-1,t=1a]",
        "page[v=sheet-1,t=b]",
        "page[v=sheet-2,t=2a]",
        "page[v=sheet-2,t=b]",
    ]


def test_keys_of_images_join_several_variables_by_dots_and_spell_takes_from_the_second_on() -> None:
    found = plan(
        "steps:\n  draft: {takes: 2, for_each: {scene: [sea], light: [calm, wild]}, "
        "generate: {prompt: '{{ each.scene }} {{ each.light }}'}}\n"
        '  page: {for_each: {p: "{{ steps.draft.images }}"}, generate: {prompt: Page, image_input: ["{{ each.p }}"]}}\n'
    )
    assert [task.address for task in found.tasks if task.step == "page"] == [
        "page[p=sea.calm-1]",
        "page[p=sea.calm-t2-1]",
        "page[p=sea.wild-1]",
        "page[p=sea.wild-t2-1]",
    ]


def test_the_order_is_that_of_the_lists_and_never_that_of_completion() -> None:
    text = (
        "steps:\n  sketch: {for_each: {s: [sea, home]}, generate: {prompt: '{{ each.s }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        '  page: {for_each: {p: "{{ steps.sketch.images }}"}, generate: {prompt: Page, image_input: ["{{ each.p }}"]}}\n'
        '  book: {generate: {prompt: Book, image_input: ["{{ steps.page.images }}"]}}\n'
    )
    soon = play(text, gives={"sketch": 2})
    late = play(text, gives={"sketch": 2}, last=("sketch", "page"))
    assert soon.addresses != late.addresses
    assert soon.references("book") == late.references("book")
    assert soon.references("book") == [f"page[p={key}] 1" for key in ("sea-1", "sea-2", "home-1", "home-2")]


def test_more_items_than_at_most_fail_before_anything_is_asked_for_them() -> None:
    text = (
        SHEET + '  page: {for_each: {v: {in: "{{ steps.sheet.images }}", at_most: 2}}, '
        'generate: {prompt: Page, image_input: ["{{ each.v }}"]}}\n'
    )
    assert plan(text).totals.tasks == Bounds(2, 3)
    assert play(text, gives={"sheet": 2}).addresses[1:] == ["page[v=sheet-1]", "page[v=sheet-2]"]
    over = play(text, gives={"sheet": 3})
    assert over.addresses == ["sheet"]
    assert over.problems == {"page[v=?]": "too-many-items"}


def test_at_most_bounds_a_list_that_is_made_of_a_number_of_images() -> None:
    text = (
        SHEET + '  page: {for_each: {n: {in: "{{ range(steps.sheet.images | length) }}", at_most: 2}}, '
        "generate: {prompt: 'Page {{ each.n }}'}}\n"
    )
    assert plan(text).tasks[-1].tasks == Bounds(0, 2)
    assert play(text, gives={"sheet": 2}).addresses[1:] == ["page[n=0]", "page[n=1]"]


@pytest.mark.parametrize(
    "step",
    [
        '{for_each: {s: "{{ inputs.none }}"}, generate: {prompt: "{{ each.s }}"}}',
        '{for_each: {s: "{{ steps.sheet.images[5:] }}"}, generate: {prompt: Page, image_input: ["{{ each.s }}"]}}',
    ],
)
def test_zero_items_are_legal_and_whoever_uses_them_gets_no_images(step: str) -> None:
    played = play(
        "inputs: {none: {type: list, of: text, default: []}}\n"
        "steps:\n  sheet: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 9}}\n"
        f"  page: {step}\n"
        '  all: {generate: {prompt: "All {{ steps.page.images | length }}", image_input: ["{{ steps.page.images }}"]}}\n',
        gives={"sheet": 2},
    )
    assert played.prompts["all"] == "All 0"
    assert played.references("all") == []


def test_zip_pairs_images_with_what_is_known_and_unequal_lengths_fail() -> None:
    text = (
        SHEET + "  page: {for_each: \"{{ zip(view=steps.sheet.images, tone=['warm', 'cold']) }}\", "
        'generate: {prompt: "{{ each.tone }}", image_input: ["{{ each.view }}"]}}\n'
    )
    assert play(text, gives={"sheet": 2}).addresses[1:] == [
        "page[view=sheet-1,tone=warm]",
        "page[view=sheet-2,tone=cold]",
    ]
    assert play(text, gives={"sheet": 3}).problems == {"page[view=?,tone=?]": "unequal-lists"}


def test_a_zip_of_what_may_be_skipped_altogether_may_have_no_pairs() -> None:
    text = (
        SHEET
        + "  extra: {for_each: {s: [sea, home]}, when: '{{ steps.sheet.images | length > 2 }}', "
        + "generate: {prompt: 'Extra {{ each.s }}'}}\n"
        + "  page: {for_each: \"{{ zip(view=steps.extra.images[:1], tone=['warm']) }}\", "
        + 'generate: {prompt: "{{ each.tone }}", image_input: ["{{ each.view }}"]}}\n'
    )
    found = plan(text)
    assert found.tasks[-1].tasks == Bounds(0, 1)
    assert found.totals.calls == Bounds(1, 4)
    assert [len(play(text, gives={"sheet": number}).prompts) for number in (2, 3)] == [1, 4]


def test_adding_or_moving_an_item_renames_no_other_and_changes_no_other_request() -> None:
    text = "inputs: {s: {type: list, of: text}}\nsteps:\n  page: {for_each: {s: '{{ inputs.s }}'}, generate: {prompt: 'P {{ each.s }}'}}\n"
    before = plan(text, {"s": ["at sea", "at home"]}).tasks
    after = plan(text, {"s": ["a roof", "at home", "at sea"]}).tasks
    now = {task.address: task.fingerprint for task in after}
    assert [now[task.address] for task in before] == [task.fingerprint for task in before]


def test_where_and_at_depend_on_the_tasks_that_they_pick_alone() -> None:
    text = (
        "steps:\n  draft: {for_each: {s: [sea, home], l: [day, night]}, generate: {prompt: '{{ each.s }} {{ each.l }}'}}\n"
        "  nights: {generate: {prompt: Nights, image_input: [\"{{ steps.draft.where(l='night').images }}\"]}}\n"
        "  one: {generate: {prompt: One, image_input: [\"{{ steps.draft.at(s='sea', l='day').images[0] }}\"]}}\n"
    )
    needs = {task.address: task.needs for task in plan(text).tasks}
    assert needs["nights"] == ("draft[s=sea,l=night]", "draft[s=home,l=night]")
    assert needs["one"] == ("draft[s=sea,l=day]",)
    failed = play(text, gives={"draft[s=home,l=day]": FAILS})
    assert {"nights", "one"} <= set(failed.addresses)


def test_the_images_of_a_failed_task_become_no_tasks_and_those_of_others_do() -> None:
    text = (
        "steps:\n  sketch: {for_each: {s: [sea, home]}, generate: {prompt: '{{ each.s }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        '  page: {for_each: {p: "{{ steps.sketch.images }}"}, generate: {prompt: Page, image_input: ["{{ each.p }}"]}}\n'
    )
    played = play(text, gives={"sketch[s=sea]": FAILS, "sketch[s=home]": 2})
    assert [address for address in played.addresses if address.startswith("page")] == [
        "page[p=home-1]",
        "page[p=home-2]",
    ]
    assert played.blocked == {"page[p=sea-?]": "sketch[s=sea]"}


def test_a_loop_over_what_succeeded_has_nothing_of_a_place_where_no_task_will_come() -> None:
    """The inner loop waits for the images of what fails, so that nobody knows its tasks; the outer one goes on without."""
    played = play(
        SHEET
        + '  page: {for_each: {v: "{{ steps.sheet.images }}", w: [x, y]}, generate: {prompt: "{{ each.w }}", image_input: "{{ each.v }}"}}\n'
        '  stamp: {for_each: {p: "{{ succeeded(steps.page.images) }}"}, generate: {prompt: S, image_input: "{{ each.p }}"}}\n'
        "  last: {generate: {prompt: Last}}\n",
        gives={"sheet": FAILS},
    )
    assert played.addresses == ["sheet", "last"]
    assert played.blocked == {"page[v=sheet-?,w=?]": "sheet"}


PAIRS = """\
inputs: {tones: {type: list, of: text, default: [warm, cold]}}
steps:
  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}
  pair:
    for_each: "{{ zip(view=steps.sheet.images, tone=inputs.tones) }}"
    generate: {prompt: "{{ each.tone }}", image_input: "{{ each.view }}"}
"""


def test_known_numbers_tell_when_lists_can_never_be_paired_and_when_they_may_not() -> None:
    (never,) = problems_of(PAIRS, {"tones": ["a", "b", "c", "d"]})
    assert (never.code, never.severity) == ("unequal-lists", Severity.ERROR)
    assert "`view` has 1 to 3, `tone` has 4" in never.message
    _, (perhaps,) = open_planner(PAIRS).start()
    assert (perhaps.code, perhaps.severity) == ("unequal-lists", Severity.WARNING)
    sure = PAIRS.replace("max_images: 3}", "max_images: 3}, expect: {images: 2}")
    assert open_planner(sure).start()[1] == []


def test_one_image_or_none_of_an_optional_step_fits_no_set_by_number() -> None:
    text = """\
steps:
  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}
  cap: {when: "{{ steps.sheet.images | length > 1 }}", generate: {prompt: Cap}}
  pair:
    for_each: "{{ zip(view=steps.sheet.images, cap=optional(steps.cap.images)) }}"
    generate: {prompt: Pair, image_input: ["{{ each.view }}", "{{ each.cap }}"]}
"""
    _, (perhaps,) = open_planner(text).start()
    assert (perhaps.code, perhaps.severity) == ("unequal-lists", Severity.WARNING)
    assert "`view` has 1 to 3, `cap` has 0 to 1" in perhaps.message
    _, found = open_planner(
        text.replace("view=steps.sheet.images", "view=optional(steps.sheet.images)")
    ).start()
    assert found == []


def test_a_record_whose_key_is_an_image_has_that_images_key() -> None:
    played = play(
        "steps:\n  sheet: {for_each: {k: [x, y]}, generate: {prompt: '{{ each.k }}'}}\n"
        "  pair:\n    for_each:\n"
        "      p: {in: \"{{ zip(view=steps.sheet.images, tone=['warm', 'cold']) }}\", key: view, at_most: 2}\n"
        "    generate: {prompt: '{{ each.p.tone }}', image_input: '{{ each.p.view }}'}\n"
    )
    assert [address for address in played.addresses if "pair" in address] == ["pair[p=x-1]", "pair[p=y-1]"]


def test_pairs_of_lists_whose_lengths_are_known_are_tasks_of_the_plan() -> None:
    sketch = "steps:\n  s: {for_each: {k: [a, b]}, %sgenerate: {prompt: 'S{{ each.k }}'}}\n"
    pairs = (
        "  p: {for_each: \"{{ zip(t=steps.s.tasks, w=['x', 'y']) }}\", "
        'generate: {prompt: "{{ each.w }}", image_input: "{{ each.t.images }}"}}\n'
    )
    found = plan(sketch % "" + pairs)
    assert [task.address for task in found.tasks][2:] == ["p[t=a,w=x]", "p[t=b,w=y]"]
    assert found.totals.calls == Bounds(4, 4)
    # What may be skipped leaves the list, and each of the others would have another partner.
    skipping = sketch % "when: '{{ steps.q.images[0].width > 99999 }}', " + "  q: {generate: {prompt: Q}}\n"
    assert [task.address for task in plan(skipping + pairs).tasks][-1] == "p[t=?,w=?]"


ODD = """\
inputs: {n: {type: list, of: integer, default: [1, 2]}, tones: {type: list, of: text, default: [warm, cold]}}
steps:
  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}
  odd: {for_each: {n: "{{ inputs.n }}"}, when: "{{ steps.sheet.images | length > each.n }}", generate: {prompt: "{{ each.n }}"}}
  pair:
    for_each: "{{ zip(view=steps.odd.images, tone=inputs.tones) }}"
    generate: {prompt: "{{ each.tone }}", image_input: "{{ each.view }}"}
"""


def test_a_condition_that_may_leave_out_some_of_a_list_that_is_paired_is_a_doubt_of_the_plan() -> None:
    _, (perhaps,) = open_planner(ODD).start()
    assert (perhaps.code, perhaps.severity) == ("unequal-lists", Severity.WARNING)
    assert "`view` has 0 to 2, `tone` has 2" in perhaps.message
    assert "`when` of step `odd`" in perhaps.message
    assert play(ODD, gives={"sheet": 2}).problems == {"pair[view=?,tone=?]": "unequal-lists"}
    assert open_planner(ODD, {"n": [1], "tones": ["warm"]}).start()[1] == []  # that or nothing at all
    assert open_planner(ODD.replace("> each.n", "> 1")).start()[1] == []


def test_sets_of_tasks_that_are_paired_may_not_fit_also_within_a_used_recipe(tmp_path) -> None:
    (tmp_path / "pair.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {x: {type: list, of: image, max_items: 9}, y: {type: list, of: image, max_items: 9}}\n"
        "steps:\n  p: {for_each: '{{ zip(x=inputs.x, y=inputs.y) }}', generate: {prompt: P, image_input: '{{ each.x }}'}}\n"
        "outputs: {p: '{{ steps.p.images }}'}\n"
    )
    text = (
        "steps:\n"
        "  s: {for_each: {k: [a, b]}, generate: {prompt: '{{ each.k }}', sequential_image_generation: auto, max_images: 3}}\n"
        "  u: {recipe: ./pair.yaml, with: {x: '{{ steps.s.at(k=\"a\").images }}', y: '{{ steps.s.at(k=\"%s\").images }}'}}\n"
    )
    _, (perhaps,) = open_planner(text % "b", folder=tmp_path).start()
    assert (perhaps.code, perhaps.severity) == ("unequal-lists", Severity.WARNING)
    assert "say in step `s` how many" in str(perhaps.help)
    assert open_planner(text % "a", folder=tmp_path).start()[1] == []
