"""`when`, skipping and failing: a skipped single reference skips its user, collections leave it out, a failure blocks."""

from __future__ import annotations

import pytest
from planning import KnownResults, open_planner, plan
from playing import FAILS, HANDS_THROUGH, play

from seedflow.plan.estimate import find_calls
from seedflow.plan.model import Action, Bounds, Reason

COLOURED = """\
inputs: {colour: {type: boolean, default: false}}
steps:
  drawing: {generate: {prompt: Drawing}}
  coloured: {when: "{{ inputs.colour }}", generate: {prompt: Coloured, image_input: ["{{ steps.drawing.images[0] }}"]}}
"""
SOME = """\
steps:
  page: {for_each: {n: [1, 2, 3]}, when: "{{ each.n != 2 }}", generate: {prompt: "P{{ each.n }}"}}
"""
ALL = SOME.replace('when: "{{ each.n != 2 }}", ', "")


def uses(name: str, *items: str) -> str:
    images = ", ".join('"{{ ' + item + ' }}"' for item in items)
    return f"  {name}: {{generate: {{prompt: {name}, image_input: [{images}]}}}}\n"


def test_a_condition_over_inputs_is_decided_when_planning() -> None:
    skipped = plan(COLOURED).tasks[1]
    assert (skipped.action, skipped.reason) == (Action.SKIP, Reason.CONDITION_FALSE)
    assert plan(COLOURED, {"colour": True}).tasks[1].action is Action.CALL
    assert plan(COLOURED).totals.calls == Bounds(1, 1)


def test_a_condition_over_results_is_decided_when_they_are_there_and_its_cost_is_a_range() -> None:
    text = (
        "steps:\n  sheet: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}\n"
        '  many: {when: "{{ steps.sheet.images | length > 1 }}", generate: {prompt: Many}}\n'
    )
    found = plan(text)
    assert (found.tasks[1].reason, found.tasks[1].images) == (Reason.CONDITION_UNKNOWN, Bounds(0, 1))
    assert play(text, gives={"sheet": 2}).addresses == ["sheet", "many"]
    assert play(text, gives={"sheet": 1}).skipped == ["many"]


def test_a_task_that_refers_to_a_single_skipped_task_is_skipped_and_so_on() -> None:
    played = play(
        COLOURED + uses("frame", "steps.coloured.images[0]") + uses("wall", "steps.frame.images[0]")
    )
    assert played.addresses == ["drawing"]
    assert played.skipped == ["coloured", "frame", "wall"]


def test_all_images_of_a_step_without_for_each_are_a_single_reference_too() -> None:
    played = play(COLOURED + uses("pair", "steps.coloured.images", "steps.drawing.images"))
    assert "pair" in played.skipped


def test_collections_leave_skipped_tasks_out() -> None:
    played = play(SOME + uses("cover", "steps.page.images"))
    assert played.references("cover") == ["page[n=1] 1", "page[n=3] 1"]


def test_a_loop_over_tasks_leaves_skipped_ones_out() -> None:
    played = play(
        SOME + '  stamp: {for_each: {t: "{{ steps.page.tasks }}"}, generate: {prompt: "{{ each.t.key }}"}}\n'
    )
    assert [address for address in played.addresses if "stamp" in address] == ["stamp[t=1]", "stamp[t=3]"]


def test_a_task_whose_every_reference_is_skipped_is_skipped() -> None:
    played = play(SOME.replace("!= 2", "> 3") + uses("cover", "steps.page.images"))
    assert "cover" in played.skipped
    one = play(SOME + uses("cover", "steps.page.where(n=2).images"))
    assert "cover" in one.skipped


def test_at_picks_the_one_task_and_is_skipped_with_it() -> None:
    played = play(
        SOME + '  next: {for_each: {n: [1, 2]}, generate: {prompt: "N{{ each.n }}", '
        'image_input: ["{{ steps.page.at(n=each.n).images[0] }}"]}}\n'
    )
    assert played.references("next[n=1]") == ["page[n=1] 1"]
    assert "next[n=2]" in played.skipped


def test_first_of_takes_the_first_that_was_not_skipped() -> None:
    text = COLOURED + uses("poster", "first_of(steps.coloured.images[0], steps.drawing.images[0])")
    assert play(text).references("poster") == ["drawing 1"]
    assert play(text, {"colour": True}).references("poster") == ["coloured 1"]


def test_first_of_collections_takes_the_first_that_has_a_task_which_was_not_skipped() -> None:
    text = "inputs: {a: {type: boolean, default: false}}\n" + SOME.replace("each.n != 2", "inputs.a").replace(
        "page", "night"
    )
    text += '  day: {for_each: {n: [1, 2]}, generate: {prompt: "D{{ each.n }}"}}\n'
    text += uses("wall", "first_of(steps.night.images, steps.day.images)")
    text += (
        '  print: {for_each: {i: "{{ first_of(steps.night.images, steps.day.images) }}"}, '
        'generate: {prompt: Print, image_input: ["{{ each.i }}"]}}\n'
    )
    assert play(text).references("wall") == ["day[n=1] 1", "day[n=2] 1"]
    assert [address for address in play(text).addresses if "print" in address] == [
        "print[i=1-1]",
        "print[i=2-1]",
    ]
    assert play(text, {"a": True}).references("wall") == [f"night[n={n}] 1" for n in (1, 2, 3)]


def test_first_of_does_not_go_around_a_failure() -> None:
    text = COLOURED + uses("poster", "first_of(steps.coloured.images[0], steps.drawing.images[0])")
    played = play(text, {"colour": True}, gives={"coloured": FAILS})
    assert played.blocked == {"poster": "coloured"}


def test_optional_turns_a_skipped_single_reference_into_none() -> None:
    text = (
        COLOURED + '  poster: {generate: {prompt: "Poster{% if ref.c %} of {{ ref.c }}{% endif %}", '
        'image_input: {c: "{{ optional(steps.coloured.images[0]) }}", d: "{{ steps.drawing.images[0] }}"}}}\n'
    ).replace('"Poster{%', '"{{ ref.d }}: poster{%')
    played = play(text)
    assert played.prompts["poster"] == "image 1: poster"
    assert played.references("poster") == ["drawing 1"]
    assert play(text, {"colour": True}).prompts["poster"] == "image 2: poster of image 1"


def test_a_failed_task_blocks_those_that_use_it_which_name_it_and_nothing_else() -> None:
    played = play(
        ALL
        + uses("cover", "steps.page.images")
        + uses("back", "steps.cover.images[0]")
        + '  next: {for_each: {n: [1, 2]}, generate: {prompt: "N{{ each.n }}", '
        'image_input: ["{{ steps.page.at(n=each.n).images[0] }}"]}}\n',
        gives={"page[n=2]": FAILS},
    )
    assert played.blocked == {"cover": "page[n=2]", "back": "cover", "next[n=2]": "page[n=2]"}
    assert "next[n=1]" in played.addresses


def test_succeeded_goes_on_without_what_failed() -> None:
    played = play(
        ALL + '  cover: {generate: {prompt: "{{ succeeded(steps.page.images) | length }}", '
        'image_input: ["{{ succeeded(steps.page.images) }}"]}}\n'
        + '  next: {for_each: {i: "{{ succeeded(steps.page.images) }}"}, generate: {prompt: N, image_input: ["{{ each.i }}"]}}\n',
        gives={"page[n=2]": FAILS},
    )
    assert played.prompts["cover"] == "2"
    assert played.references("cover") == ["page[n=1] 1", "page[n=3] 1"]
    assert [address for address in played.addresses if "next" in address] == ["next[i=1-1]", "next[i=3-1]"]
    assert played.blocked == {}


def test_needs_is_about_order_alone_what_was_skipped_holds_nobody_up_and_what_failed_does() -> None:
    text = COLOURED + "  poster: {needs: [drawing, coloured], generate: {prompt: Poster}}\n"
    played = play(text)
    assert played.addresses == ["drawing", "poster"]
    assert play(text, gives={"drawing": FAILS}).blocked == {"poster": "drawing"}


def test_skipping_comes_before_failing_whichever_was_known_first() -> None:
    text = (
        "steps:\n  bad: {generate: {prompt: Bad}}\n"
        '  no: {when: "{{ steps.bad2.images | length > 1 }}", generate: {prompt: No}}\n'
        "  bad2: {generate: {prompt: Also}}\n" + uses("both", "steps.bad.images[0]", "steps.no.images[0]")
    )
    for last in ((), ("bad",), ("bad2",)):
        played = play(text, gives={"bad": FAILS}, last=last)
        assert played.skipped == ["no", "both"]


def test_a_condition_over_a_skipped_step_is_skipped_and_over_a_failed_one_blocked() -> None:
    text = COLOURED + '  big: {when: "{{ steps.coloured.images[0].width > 3 }}", generate: {prompt: Big}}\n'
    assert "big" in play(text).skipped
    assert play(text, {"colour": True}, gives={"coloured": FAILS}).blocked == {"big": "coloured"}


def test_first_of_nothing_but_skipped_ones_skips_whoever_mentions_it() -> None:
    """Also where a loop over what was skipped has no task that could be."""
    steps = (
        "inputs: {on: {type: boolean, default: false}}\nsteps:\n"
        "  a: {when: '{{ inputs.on }}', generate: {prompt: A}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: '{{ each.i }}'}}\n"
        "  d: {generate: {prompt: D, image_input: '{{ first_of(steps.b.images, steps.a.images) }}'}}\n"
        "  e: {generate: {prompt: E, image_input: '{{ first_of(steps.a.images, steps.b.images) }}'}}\n"
        "  f: {generate: {prompt: F}}\n"
    )
    found = plan(steps)
    assert found.totals.calls == (1, 1)
    assert play(steps, {"on": True}).addresses == ["a", "b[i=a-1]", "d", "e", "f"]


def test_what_may_be_skipped_altogether_promises_nothing_of_a_first_of() -> None:
    steps = (
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
        "  b: {when: '{{ steps.a.images | length > 1 }}', generate: {prompt: B}}\n"
        "  c: {generate: {prompt: C, image_input: '{{ first_of(steps.b.images, steps.b.images) }}'}}\n"
        "  d: {generate: {prompt: D, image_input: '{{ first_of(steps.b.images, steps.a.images) }}'}}\n"
    )
    assert plan(steps).totals.calls == (2, 4)


SET = "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
NONE_OF_A_LOOP = """\
  b: {for_each: {i: "{{ steps.a.images }}", k: []}, generate: {prompt: B, image_input: ["{{ each.i }}"]}}
  c: {for_each: {i: "{{ steps.a.images }}"}, when: "{{ 1 > 2 }}", generate: {prompt: C, image_input: ["{{ each.i }}"]}}
"""
NONE_OF_EDITS = """\
  c:
    when: "{{ 1 > 2 }}"
    iterate: {over: "{{ steps.a.images }}", as: edit, start: "{{ steps.a.images[0] }}"}
    generate: {prompt: C, image_input: ["{{ each.edit }}", "{{ prev }}"]}
"""
EDITS_THAT_MAY_BE_SKIPPED = """\
  b: {for_each: {k: [x, y]}, when: "{{ steps.a.images | length > 7 }}", generate: {prompt: "B {{ each.k }}"}}
  c:
    iterate: {over: "{{ steps.b.images }}", as: edit, start: "{{ steps.a.images[0] }}"}
    generate: {prompt: C, image_input: ["{{ each.edit }}", "{{ prev }}"]}
"""


PAIRS_THAT_MAY_BE_SKIPPED = """\
  b: {for_each: {k: [x]}, when: "{{ steps.a.images | length > 7 }}", generate: {prompt: "B {{ each.k }}"}}
  c:
    for_each: "{{ zip(i=steps.b.images, j=steps.b.images[:2]) }}"
    generate: {prompt: C, image_input: ["{{ each.i }}", "{{ each.j }}"]}
"""


@pytest.mark.parametrize(
    ("before", "mentioned"),
    [
        (PAIRS_THAT_MAY_BE_SKIPPED, ("steps.c.images",)),
        (NONE_OF_A_LOOP, ("steps.b.images", "steps.c.images")),
        (NONE_OF_EDITS, ("steps.c.images",)),
        (EDITS_THAT_MAY_BE_SKIPPED, ("steps.c.images",)),
    ],
)
def test_what_mentions_only_what_is_skipped_or_empty_is_not_promised(
    before: str, mentioned: tuple[str, ...]
) -> None:
    played = play(SET + before + uses("d", *mentioned))
    assert "d" in played.skipped
    assert played.addresses == ["a"]
    assert played.plan.totals.calls.low == 1


def test_what_mentions_a_loop_that_may_be_empty_and_is_never_skipped_is_promised() -> None:
    rest = '  b: {for_each: {i: "{{ steps.a.images[1:] }}"}, generate: {prompt: B, image_input: ["{{ each.i }}"]}}\n'
    played = play(SET + rest + uses("d", "steps.b.images"))
    assert played.addresses == ["a", "d"]
    assert played.plan.totals.calls.low == 2


@pytest.mark.parametrize("most", [1, 2])
def test_an_image_that_a_loop_goes_through_is_given_before_and_after_it_is_there(most: int) -> None:
    """So that a task is the same whether its images were there when it was planned, or came to be."""
    text = (
        f"steps:\n  a: {{generate: {{prompt: A, sequential_image_generation: auto, max_images: {most}}}}}\n"
        '  none: {for_each: {k: [x]}, when: "{{ 1 > 2 }}", generate: {prompt: N}}\n'
        "  b:\n    for_each: {i: '{{ steps.a.images }}'}\n"
        '    generate: {prompt: "B {{ steps.none.images | length }}", image_input: ["{{ each.i }}"]}\n'
    )
    assert play(text, gives={"a": 1}).addresses == ["a", "b[i=a-1]"]
    view = KnownResults()
    view.keep(plan(text).tasks[0], "a")
    again = plan(text, view=view)
    assert [(task.address, task.action) for task in again.tasks if task.step == "b"] == [
        ("b[i=a-1]", Action.CALL)
    ]
    assert again.totals.calls == Bounds(1, 1)


@pytest.mark.parametrize("more", ["", " {{ each.v.name }}", " {{ each.v.key }} {{ each.v.number }}"])
@pytest.mark.parametrize("images", ["images[0]", "images"])
def test_one_of_several_that_may_be_skipped_is_not_promised_whatever_else_waits(
    more: str, images: str
) -> None:
    rest = (
        '  g: {for_each: {v: "{{ steps.a.images }}"}, when: "{{ each.v.number > 1 }}", '
        'generate: {prompt: G, image_input: ["{{ each.v }}"]}}\n'
        '  y: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: "Y {{ ref.i }}MORE", '
        'image_input: {i: "{{ steps.g.at(v=each.v).IMAGES }}"}}}\n'
    )
    played = play(SET + rest.replace("MORE", more).replace("IMAGES", images), gives={"a": 1})
    assert (played.addresses, played.plan.totals.calls.low) == (["a"], 1)


LEFT_OUT = (
    "inputs: {colour: {type: boolean, default: false}}\n"
    "steps:\n"
    "  none: {when: '{{ inputs.colour }}', generate: {prompt: None, sequential_image_generation: auto, max_images: 2}}\n"
    "  set: {generate: {prompt: Set, sequential_image_generation: auto, max_images: 2}}\n"
    "  pair: {for_each: {a: '{{ steps.set.images }}', b: LIST}, "
    "generate: {prompt: Pair, image_input: ['{{ each.a }}', '{{ each.b }}']}}\n"
    "  all: {generate: {prompt: All, image_input: ['{{ steps.pair.images }}']}}\n"
)


@pytest.mark.parametrize("later", ["'{{ steps.none.images }}'", "['{{ steps.none.images[0] }}']"])
def test_what_goes_through_a_later_list_that_is_skipped_is_skipped_by_the_plan(later: str) -> None:
    text = LEFT_OUT.replace("LIST", later)
    found = plan(text)
    assert {task.step: task.action for task in found.tasks} == {
        "none": Action.SKIP,
        "set": Action.CALL,
        "pair": Action.SKIP,
        "all": Action.SKIP,
    }
    assert (found.totals.calls, found.totals.tasks.low) == (Bounds(1, 1), 3)
    assert play(text).addresses == ["set"]
    assert plan(text, {"colour": True}).totals.calls.low > 2


def test_what_goes_through_a_later_list_that_is_skipped_may_have_no_item_at_all() -> None:
    text = LEFT_OUT.replace("LIST", "'{{ steps.none.images }}'").replace(
        "steps.set.images", "steps.set.images[1:]"
    )
    found = plan(text)
    assert (found.totals.calls, found.totals.tasks.low) == (Bounds(1, 2), 3)
    assert play(text, gives={"set": 2}).addresses == ["set"]
    assert play(text, gives={"set": 1}).addresses == ["set", "all"]


def test_tasks_that_a_condition_leaves_out_and_that_nobody_knows_yet_need_not_come_to_be(tmp_path) -> None:
    (tmp_path / "inner.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image}}\n"
        "steps: {x: {generate: {prompt: X}}}\noutputs: {images: '{{ inputs.photos }}'}\n"
    )
    (tmp_path / "outer.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image}}\nsteps:\n"
        "  in: {for_each: {k: [a]}, when: '{{ inputs.photos | length > 0 }}', recipe: ./inner.yaml, "
        "with: {photos: '{{ inputs.photos }}'}}\n"
        "  of: {for_each: {t: '{{ steps.in.tasks }}', i: '{{ each.t.images }}'}, "
        "generate: {prompt: Of, image_input: '{{ each.i }}'}}\n"
        "outputs: {images: '{{ steps.of.images }}'}\n"
    )
    text = (
        "inputs: {no: {type: boolean, default: false}}\nsteps:\n"
        "  two: {takes: 2, generate: {prompt: Two}}\n"
        "  use: {when: '{{ inputs.no }}', recipe: ./outer.yaml, with: {photos: '{{ steps.two.images }}'}}\n"
    )
    made = play(text, folder=tmp_path)
    assert made.plan.totals.tasks.low <= sum("?" not in address for address in {*made.asked, *made.ended})
    assert made.addresses == ["two", "two#2"]


LATE = (
    "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
    "  b: {for_each: {y: [1, 2]}, when: '{{ WHEN }}', generate: {prompt: 'B {{ each.y }}'}}\n"
)
NEVER = LATE.replace("WHEN", "steps.a.images | length > 1")
ONE = LATE.replace("WHEN", "each.y == 1 or steps.a.images | length > 1")


@pytest.mark.parametrize(
    "over", ["t: '{{ steps.b.images }}'", "t: '{{ steps.b.tasks }}'", "t: '{{ steps.b.images | reverse }}'"]
)
def test_a_loop_over_what_was_skipped_is_skipped_whenever_that_is_known(over: str) -> None:
    text = (
        f"{NEVER}  c: {{for_each: {{{over}}}, generate: {{prompt: 'C {{{{ each.t.key }}}}'}}}}\n"
        "  d: {generate: {prompt: 'D {{ steps.c.images | length }}'}}\n"
    )
    assert play(text, gives={"a": 1}).addresses == ["a"]
    view = KnownResults()
    view.keep(plan(text).tasks[0], "a1")
    again = plan(text, view=view)
    assert again.totals.calls == Bounds(0, 0)
    assert {task.action for task in again.tasks if task.step in ("c", "d")} == {Action.SKIP}


@pytest.mark.parametrize(
    "over", ["steps.b.images[:1]", "steps.b.images | reverse", "first_of(steps.b.images, steps.b.images)"]
)
@pytest.mark.parametrize("users", ["tasks", "images"])
def test_a_loop_over_a_loop_that_is_skipped_as_a_whole_is_skipped(over: str, users: str) -> None:
    text = (
        f"{NEVER}  c: {{for_each: {{t: '{{{{ {over} }}}}'}}, generate: {{prompt: C, image_input: '{{{{ each.t }}}}'}}}}\n"
        f"  e: {{for_each: {{z: '{{{{ steps.c.{users} }}}}'}}, generate: {{prompt: 'E {{{{ each.z.key }}}}'}}}}\n"
    )
    made = play(text, gives={"a": 1})
    assert (made.addresses, made.problems) == (["a"], {})


@pytest.mark.parametrize(
    ("text", "gives", "counts"),
    [
        (ONE, {"a": 1}, "1 1"),
        (ONE, {"a": 2}, "2 2"),
        (LATE.replace(", when: '{{ WHEN }}'", ""), {"b[y=2]": FAILS}, "1 1"),
    ],
)
def test_a_use_that_goes_through_a_picture_that_never_came_hands_nothing_through(
    tmp_path, text: str, gives: dict[str, int], counts: str
) -> None:
    (tmp_path / "pass.yaml").write_text(HANDS_THROUGH)
    text = (
        f"{text}  o: {{recipe: ./pass.yaml, for_each: {{t: '{{{{ steps.b.images }}}}'}}, with: {{photo: '{{{{ each.t }}}}'}}}}\n"
        "  d: {generate: {prompt: '{{ succeeded(steps.o.outputs.raw) | length }} {{ succeeded(steps.b.images) | length }}'}}\n"
        "  r: {generate: {prompt: R, image_input: '{{ succeeded(steps.o.outputs.raw) }}'}}\n"
    )
    made = play(text, gives=gives, folder=tmp_path)
    assert made.prompts["d"] == counts
    assert len(made.references("r")) == int(counts[0])
    assert made.problems == {}


def test_a_loop_over_the_first_of_lists_that_may_all_be_skipped_is_promised_nothing() -> None:
    text = (
        f"{NEVER}  c: {{for_each: {{t: '{{{{ first_of(steps.b.images, steps.b.images) }}}}'}}, "
        "generate: {prompt: C, image_input: '{{ each.t }}'}}\n"
        "  d: {generate: {prompt: D, image_input: '{{ steps.c.images }}'}}\n"
    )
    assert plan(text).totals.calls.low == 1
    assert play(text, gives={"a": 1}).addresses == ["a"]


def test_a_loop_whose_tasks_could_not_be_asked_is_skipped_when_its_condition_comes_to_be_false() -> None:
    text = (
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}\n"
        "  slow: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, when: '{{ steps.slow.images | length > 1 }}', "
        "generate: {prompt: 'B {{ each.i.key }}', image_input: '{{ steps.a.images * 8 }}'}}\n"
    )
    for last in ("slow", "a"):
        skipped = play(text, gives={"a": 2, "slow": 1}, last=(last,))
        assert (skipped.skipped, skipped.problems) == (["b[i=a-1]", "b[i=a-2]"], {})
        failed = play(text, gives={"a": 2, "slow": 2}, last=(last,))
        assert set(failed.problems.values()) == {"too-many-values"}
        assert all(name.startswith("b[") for name in failed.problems)


FIRST_OF = (
    "steps:\n  a: {%sgenerate: {prompt: A}}\n  b: {generate: {prompt: B}}\n  c: {generate: {prompt: C}}\n"
    "  u: {generate: {prompt: 'U {{ first_of(%s) }}'}}\n"
)
UNTAKEN = "when: '{{ 1 > 2 }}', "


@pytest.mark.parametrize(
    ("condition", "arguments", "failed"),
    [
        ("", "steps.a.images[0].width, steps.b.images[0].width", "b"),
        (UNTAKEN, "steps.a.images[0].width, steps.b.images[0].width, steps.c.images[0].width", "c"),
        ("", "steps.a.images[0].width | string, steps.b.images[0].width", "b"),
    ],
)
@pytest.mark.parametrize("last", [(), ("b",), ("c",)])
def test_what_fails_behind_the_one_that_is_taken_blocks_all_the_same(
    condition: str, arguments: str, failed: str, last: tuple[str, ...]
) -> None:
    played = play(FIRST_OF % (condition, arguments), gives={failed: FAILS}, last=last)
    assert played.blocked == {"u": failed}


def test_a_failure_behind_it_that_succeeded_leaves_out_does_not() -> None:
    arguments = "steps.a.images | length, succeeded(steps.b.images) | length"
    played = play(FIRST_OF % ("", arguments), gives={"b": FAILS})
    assert played.prompts["u"] == "U 1"


BRANCHES = """
inputs:
  clean: {type: boolean, default: false}
  photo: {type: image, default: "https://example.com/owl.png"}
steps:
  a: {when: "{{ inputs.clean }}", generate: {prompt: A, image_input: "{{ inputs.photo }}"}}
  b: {when: "{{ inputs.clean }}", generate: {prompt: B, image_input: "{{ inputs.photo }}"}}
  c: {generate: {prompt: C}}
  late: {when: "{{ steps.c.images[0].width > 1 }}", generate: {prompt: Late}}
  k: STEP
"""
EDIT = 'generate: {prompt: "K {{ each.e }}", image_input: "{{ prev }}"}'
FIRST = "first_of(steps.a.images[0], steps.b.images[0])"


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        (f'{{generate: {{prompt: K, image_input: "{{{{ {FIRST} if inputs.clean else inputs.photo }}}}"}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ inputs.photo if not inputs.clean else {FIRST} }}}}"}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ {FIRST} if inputs.clean else steps.c.images[0] }}}}"}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ {FIRST} if false else inputs.photo }}}}"}}}}', (1, 1)),
        (f"{{generate: {{prompt: \"K {{{{ {FIRST}.width if inputs.clean else 'none' }}}}\"}}}}", (1, 1)),
        (
            f'{{iterate: {{over: [x, y], as: e, start: "{{{{ {FIRST} if inputs.clean else inputs.photo }}}}"}}, {EDIT}}}',
            (2, 2),
        ),
        (f'{{generate: {{prompt: K, image_input: "{{{{ inputs.photo if inputs.clean else {FIRST} }}}}"}}}}', (0, 0)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ steps.c.images[0] if inputs.clean else {FIRST} }}}}"}}}}', (0, 0)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ inputs.clean and {FIRST} or inputs.photo }}}}"}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: ["{{{{ optional({FIRST}) }}}}", "{{{{ steps.c.images }}}}"]}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ first_of({FIRST}, inputs.photo) }}}}"}}}}', (1, 1)),
        (f'{{generate: {{prompt: K, image_input: "{{{{ first_of({FIRST}, steps.late.images[0]) }}}}"}}}}', (0, 1)),
        (f'{{generate: {{prompt: K, image_input: ["{{{{ {FIRST} }}}}", "{{{{ steps.c.images }}}}"]}}}}', (0, 0)),
        (
            '{generate: {prompt: K, image_input: "{{ first_of(steps.late.images[0], steps.a.images[0]) if inputs.clean else inputs.photo }}"}}',
            (1, 1),
        ),
        (
            f'{{generate: {{prompt: K, image_input: "{{{{ {FIRST} if steps.c.images[0].width > 1 else inputs.photo }}}}"}}}}',
            (0, 1),
        ),
    ],
)  # fmt: skip # a row a line
def test_a_first_of_in_a_branch_that_is_not_taken_leaves_nothing_open(
    step: str, calls: tuple[int, int]
) -> None:
    plan, problems = open_planner(BRANCHES.replace("STEP", step)).start()
    assert plan is not None, problems
    found = [find_calls(task) for task in plan.tasks if task.step == "k"]
    assert (sum(low for low, _ in found), sum(high for _, high in found)) == calls


@pytest.mark.parametrize("items", ["steps.s.images", "optional(steps.s.images)"])
def test_edits_of_tasks_to_come_whose_list_was_skipped_may_skip_who_adds_their_passes_up(items: str) -> None:
    text = (
        'inputs: {photo: {type: image, default: "https://example.com/owl.png"}}\nsteps:\n'
        "  off: {for_each: {r: [a, b]}, when: '{{ 1 > 2 }}', generate: {prompt: 'Off {{ each.r }}'}}\n"
        "  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}\n"
        f"  e: {{for_each: {{p: '{{{{ {items} }}}}'}}, "
        "iterate: {over: '{{ steps.off.images }}', as: edit, start: '{{ inputs.photo }}'}, "
        "generate: {prompt: 'E {{ each.p.name }}', image_input: ['{{ prev }}', '{{ each.edit }}']}}\n"
        "  u: {for_each: {p: '{{ steps.e.passes + [inputs.photo] }}'}, generate: {prompt: 'U {{ each.p.name }}'}}\n"
    )
    played = play(text, gives={"s": 2})
    assert played.addresses == ["s"]
    assert played.plan.totals.calls == Bounds(1, 2)
