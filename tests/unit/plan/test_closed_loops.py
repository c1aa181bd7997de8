"""Loops of which nothing comes, since what they go through was skipped or failed: what becomes of those that mention them."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, open_planner
from playing import FAILS, HANDS_THROUGH, Played, play

from seedflow.plan.model import Action, Bounds, Plan

EITHER = (
    "seedflow: 1\ninputs: {n: {type: integer}}\nsteps:\n"
    "  x: {when: '{{ inputs.n > 2 }}', generate: {prompt: X}}\n"
    "  y: {when: '{{ inputs.n > 1 }}', generate: {prompt: Y}}\n"
    "outputs: {images: '{{ first_of(steps.x.images, steps.y.images) }}'}\n"
)
SET = "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
KNOWN = (
    "inputs: {no: {type: boolean, default: false}}\nsteps:\n  a: {generate: {prompt: A}}\n"
    "  b: {for_each: {k: [1]}, when: '{{ inputs.no }}', generate: {prompt: B}}\n"
)
LATE = SET + (
    "  b: {for_each: {k: '{{ steps.a.images }}'}, when: '{{ steps.a.images | length > 1 }}', "
    "generate: {prompt: 'B {{ each.k.number }}'}}\n"
)
LOOPS = {
    "images": "for_each: {t: '{{ steps.b.images }}'}, generate: {prompt: 'C {{ each.t.key }}'}",
    "tasks": "for_each: {t: '{{ steps.b.tasks }}'}, generate: {prompt: 'C {{ each.t.key }}'}",
    "uses": "for_each: {t: '{{ steps.b.images }}'}, recipe: ./used.yaml, with: {photo: '{{ each.t }}'}",
    "uses of tasks": (
        "for_each: {t: '{{ steps.b.tasks }}'}, recipe: ./used.yaml, with: {photo: '{{ each.t.images[0] }}'}"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "used.yaml").write_text(HANDS_THROUGH)
    (tmp_path / "either.yaml").write_text(EITHER)
    return tmp_path


def plan(text: str, folder: Path, view: KnownResults | None = None) -> Plan:
    found, problems = open_planner(text, view=view, folder=folder).start()
    assert found is not None, problems
    return found


def counts(mention: str) -> str:
    return f"  d: {{generate: {{prompt: 'D {{{{ {mention} | length }}}}'}}}}\n"


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("what", ["images", "tasks"])
@pytest.mark.parametrize("before", [KNOWN, LATE], ids=["known", "late"])
def test_who_mentions_a_loop_that_was_skipped_is_skipped_whenever_that_is_known(
    folder: Path, before: str, what: str, loop: str
) -> None:
    text = f"{before}  c: {{{LOOPS[loop]}}}\n{counts(f'steps.c.{what}')}"
    made = play(text, gives={"a": 1}, folder=folder)
    assert (made.addresses, made.problems) == (["a"], {})
    assert "d" in made.skipped
    view = KnownResults()
    view.keep(plan(text, folder).tasks[0], "a1")
    again = plan(text, folder, view)
    assert again.totals.calls == Bounds(0, 0)
    assert {task.action for task in again.tasks if task.step == "d"} == {Action.SKIP}


@pytest.mark.parametrize("loop", LOOPS)
def test_first_of_goes_around_a_loop_that_was_skipped(folder: Path, loop: str) -> None:
    text = f"{LATE}  c: {{{LOOPS[loop]}}}\n"
    for what, other in (("images", "steps.a.images"), ("tasks", "steps.a.tasks")):
        made = play(text + counts(f"first_of(steps.c.{what}, {other})"), gives={"a": 1}, folder=folder)
        assert made.prompts["d"] == "D 1"


SOME = SET + (
    "  b: {for_each: {v: [1, 2]}, when: '{{ each.v == 1 or steps.a.images | length > 1 }}', generate: {prompt: 'B {{ each.v }}', "
    "sequential_image_generation: auto, max_images: 2}}\n"
    "  c: {for_each: {v: [1, 2], i: '{{ steps.b.where(v=each.v).images }}'}, USE}\n"
)
OWN = "generate: {prompt: 'C {{ each.v }} {{ each.i.key }}'}"
OF_RECIPE = "recipe: ./used.yaml, with: {photo: '{{ each.i }}'}"


def play_some(folder: Path, use: str, after: str, **gives: int) -> Played:
    found = {"a": 2, **{name.replace("_", "[v=") + "]" * ("_" in name): n for name, n in gives.items()}}
    return play(SOME.replace("USE", use) + after, gives=found, folder=folder)


@pytest.mark.parametrize("use", [OWN, OF_RECIPE])
@pytest.mark.parametrize("what", ["images", "tasks"])
class TestWhereOfALoop:
    """`c` has no task for `v=2`, since what its second list goes through failed, or was skipped."""

    def test_is_blocked_when_its_list_failed(self, folder: Path, use: str, what: str) -> None:
        d = f"  d: {{for_each: {{v: [1, 2]}}, generate: {{prompt: 'D {{{{ steps.c.where(v=each.v).{what} | length }}}}'}}}}\n"
        made = play_some(folder, use, d, b_2=FAILS)
        assert [name for name in made.addresses if name.startswith("d")] == ["d[v=1]"]
        assert made.blocked["d[v=2]"] == "b[v=2]"

    def test_goes_on_with_succeeded(self, folder: Path, use: str, what: str) -> None:
        d = f"  d: {{for_each: {{v: [1, 2]}}, generate: {{prompt: 'D {{{{ succeeded(steps.c.where(v=each.v).{what}) | length }}}}'}}}}\n"
        made = play_some(folder, use, d, b_2=FAILS)
        assert (made.prompts["d[v=1]"], made.prompts["d[v=2]"]) == ("D 1", "D 0")

    def test_is_skipped_when_its_list_was_skipped(self, folder: Path, use: str, what: str) -> None:
        d = f"  d: {{for_each: {{v: [1, 2]}}, generate: {{prompt: 'D {{{{ steps.c.where(v=each.v).{what} | length }}}}'}}}}\n"
        made = play_some(folder, use, d, a=1)
        assert [name for name in made.addresses if name.startswith("d")] == ["d[v=1]"]
        assert "d[v=2]" in made.skipped

    def test_loops_over_it_end_as_it_does(self, folder: Path, use: str, what: str) -> None:
        d = (
            f"  d: {{for_each: {{v: [1, 2], x: '{{{{ steps.c.where(v=each.v).{what} }}}}'}}, "
            "generate: {prompt: 'D {{ each.v }} {{ each.x.key }}'}}\n"
            "  e: {for_each: {v: [1, 2]}, generate: {prompt: 'E {{ steps.d.where(v=each.v).images | length }}'}}\n"
        )
        failed = play_some(folder, use, d, b_2=FAILS)
        assert [name for name in failed.addresses if name[0] in "de"][1:] == ["e[v=1]"]
        assert failed.blocked["e[v=2]"] == "b[v=2]"
        skipped = play_some(folder, use, d, a=1)
        assert [name for name in skipped.addresses if name[0] in "de"][1:] == ["e[v=1]"]
        assert "e[v=2]" in skipped.skipped


@pytest.mark.parametrize(("gives", "ends"), [({"b[v=2]": FAILS}, "blocked"), ({"a": 1}, "skipped")])
def test_at_of_a_loop_of_which_nothing_came_ends_as_that_did(gives: dict[str, int], ends: str) -> None:
    text = SOME.replace("USE", OWN).replace(
        "  c:", "  n: {for_each: {v: [2]}, generate: {prompt: 'N {{ each.v }}'}}\n  c:"
    )
    text = text.replace("steps.b.where(v=each.v).images", "steps.b.at(v=each.v).images")
    d = "  d: {for_each: {i: '{{ steps.n.images }}'}, generate: {prompt: D, image_input: '{{ steps.c.at(v=2, i=each.i).images }}'}}\n"
    made = play(text + d, gives={"a": 2, **gives})
    assert made.problems == {name: "bad-request" for name in made.problems if name.startswith("b")}
    assert [name for name in made.addresses if name.startswith("d")] == []
    assert {"blocked": set(made.blocked), "skipped": set(made.skipped)}[ends] >= {"d[i=2-1]"}


def test_a_task_of_a_loop_that_failed_or_was_skipped_is_not_looked_into() -> None:
    """Neither a condition over its images nor the start of edits may take it for one that gave none."""
    after = (
        "  w: {for_each: {t: '{{ steps.b.tasks }}'}, when: '{{ each.t.images | length == 0 }}', generate: {prompt: W}}\n"
        "  x: {for_each: {t: '{{ steps.b.tasks }}'}, when: '{{ each.t.images[0].width > 1 }}', generate: {prompt: X}}\n"
        "  y: {for_each: {t: '{{ steps.b.tasks }}'}, iterate: {over: [e], as: e, start: '{{ each.t.images[0] }}'}, "
        "generate: {prompt: 'Y {{ each.e }}', image_input: '{{ prev }}'}}\n"
    )
    after += (
        "  z: {for_each: {t: '{{ steps.b.tasks }}', i: '{{ first_of(each.t.images, each.t.images) }}'}, "
        "generate: {prompt: 'Z {{ each.i.key }}'}}\n"
    )
    text = SOME.partition("  c:")[0] + after
    failed = play(text, gives={"a": 2, "b[v=2]": FAILS})
    assert set(failed.blocked) == {"w[t=2]", "x[t=2]", "y[t=2,e=1]", "z[t=2,i=?]"}
    skipped = play(text, gives={"a": 1, "b[v=1]": 1})
    assert (skipped.problems, skipped.blocked) == ({}, {})
    assert {"w[t=2]", "x[t=2]", "y[t=2,e=1]", "z[t=2,i=?]"} <= set(skipped.skipped)
    asked = [name for name in skipped.addresses if name[0] in "wxyz"]
    assert asked == ["x[t=1]", "y[t=1,e=1]", "z[t=1,i=1-1]"]


def test_a_use_whose_first_of_turned_out_to_have_nothing_is_skipped(folder: Path) -> None:
    n = "{{ steps.a.images | length }}"
    text = SET + (
        f"  one: {{recipe: ./either.yaml, with: {{n: '{n}'}}}}\n"
        f"  all: {{for_each: {{v: [1, 2]}}, recipe: ./either.yaml, with: {{n: '{n}'}}}}\n"
        "  c: {for_each: {i: '{{ steps.one.images }}'}, generate: {prompt: C, image_input: '{{ each.i }}'}}\n"
        "  d: {generate: {prompt: 'D {{ steps.one.images | length }}'}}\n"
        "  e: {generate: {prompt: 'E {{ steps.all.images | length }}'}}\n"
    )
    assert plan(text, folder).totals.calls.low == 1
    assert play(text, gives={"a": 1}, folder=folder).addresses == ["a"]
    given = play(text, gives={"a": 2}, folder=folder)
    assert (given.prompts["d"], given.prompts["e"]) == ("D 1", "E 2")


def test_what_takes_a_picture_that_may_all_be_skipped_is_promised_nothing(folder: Path) -> None:
    text = SET + (
        "  s: {when: '{{ steps.a.images | length > 1 }}', generate: {prompt: S}}\n"
        "  u: {recipe: ./used.yaml, with: {photo: '{{ first_of(steps.s.images[0], steps.s.images[0]) }}'}}\n"
    )
    assert plan(text, folder).totals.calls.low == 1
    assert play(text, gives={"a": 1}, folder=folder).addresses == ["a"]


NESTED = SET + (
    "  b: {for_each: {k: [1, 2]}, when: '{{ steps.a.images | length > each.k }}', generate: {prompt: 'B {{ each.k }}'}}\n"
    "  o: {recipe: ./many.yaml, for_each: {k: [1, 2]}, with: {photos: '{{ steps.b.where(k=each.k).images }}'}}\n"
)
MANY = (
    "seedflow: 1\ninputs: {photos: {type: list, of: image}}\n"
    "steps: {x: {for_each: {i: '{{ inputs.photos }}'}, generate: {prompt: X, image_input: '{{ each.i }}'}}}\n"
    "outputs: {raw: '{{ inputs.photos }}', images: '{{ steps.x.images }}'}\n"
)


@pytest.mark.parametrize("stored", [False, True])
def test_a_use_all_of_whose_outputs_were_skipped_is_left_out_like_any_task(
    folder: Path, stored: bool
) -> None:
    (folder / "many.yaml").write_text(MANY)
    text = NESTED + (
        "  c: {generate: {prompt: 'C {{ steps.o.tasks | length }} {{ steps.o.images | length }}', image_input: '{{ steps.a.images }}'}}\n"
        "  d: {for_each: {k: [1, 2]}, generate: {prompt: 'D {{ first_of(steps.o.at(k=each.k).images, steps.a.images) | length }}'}}\n"
        "  e: {for_each: {t: '{{ steps.o.tasks }}'}, generate: {prompt: 'E {{ each.t.images | length }}'}}\n"
    )
    view = KnownResults()
    if stored:
        view.keep(plan(text, folder).tasks[0], "a1", "a2")
    made = play(text, gives={"a": 2}, folder=folder, view=view)
    prompts = {name: said for name, said in made.prompts.items() if name[0] in "cde"}
    assert prompts == {"c": "C 1 1", "d[k=1]": "D 1", "d[k=2]": "D 2", "e[t=1]": "E 1"}


def test_tasks_with_other_keys_are_none_of_its_business(folder: Path) -> None:
    text = (
        "steps:\n  b: {for_each: {v: [1, 2]}, generate: {prompt: 'B {{ each.v }}', sequential_image_generation: auto, max_images: 2}}\n"
        "  u: {for_each: {i: '{{ steps.b.images }}'}, generate: {prompt: 'U {{ each.i.name }}'}}\n"
        "  w: {for_each: {i: '{{ steps.b.images }}', k: [1, 2]}, generate: {prompt: 'W {{ each.i.name }} {{ each.k }}'}}\n"
        "  c: {for_each: {i: '{{ succeeded(steps.b.images) }}'}, generate: {prompt: 'C {{ each.i.name }}', "
        "image_input: '{{ steps.u.at(i=each.i).images[0] }}'}}\n"
        "  d: {for_each: {i: '{{ succeeded(steps.b.images) }}'}, generate: {prompt: "
        "'D {{ steps.u.where(i=each.i).images | length }} {{ steps.w.where(i=each.i).images | length }}'}}\n"
        "  e: {for_each: {i: '{{ succeeded(steps.b.images) }}', k: [1, 2]}, generate: {prompt: 'E {{ each.i.name }}', "
        "image_input: '{{ steps.w.at(i=each.i, k=each.k).images[0] }}'}}\n"
        "  f: {for_each: {k: [1, 2]}, generate: {prompt: 'F {{ steps.w.where(k=each.k).images | length }}'}}\n"
    )
    made = play(text, gives={"b[v=1]": 2, "b[v=2]": FAILS})
    assert sorted(name for name in made.addresses if name[0] in "cdef") == [
        *(f"{step}[i=1-{number}]" for step in "cd" for number in (1, 2)),
        *(f"e[i=1-{number},k={k}]" for number in (1, 2) for k in (1, 2)),
    ]
    assert made.prompts["d[i=1-1]"] == "D 1 2"
    assert {name: made.blocked[name] for name in ("f[k=1]", "f[k=2]")} == {
        "f[k=1]": "b[v=2]",
        "f[k=2]": "b[v=2]",
    }


PARTLY = (
    "seedflow: 1\ninputs: {n: {type: integer}}\nsteps:\n"
    "  x: {generate: {prompt: 'X {{ inputs.n }}'}}\n  z: {when: '{{ inputs.n > 1 }}', generate: {prompt: 'Z {{ inputs.n }}'}}\n"
    "outputs: {images: '{{ steps.x.images }}', more: '{{ steps.z.images }}'}\n"
)


@pytest.mark.parametrize(
    "number", ["{{ each.k }}", "{{ steps.a.images | length * each.k }}"], ids=["known", "late"]
)
def test_a_use_of_which_one_output_was_skipped_is_not_left_out(folder: Path, number: str) -> None:
    (folder / "partly.yaml").write_text(PARTLY)
    text = SET + (
        f"  o: {{for_each: {{k: [1, 2]}}, recipe: ./partly.yaml, with: {{n: '{number}'}}}}\n"
        "  c: {generate: {prompt: 'C {{ steps.o.tasks | length }} {{ steps.o.images | length }} {{ steps.o.outputs.more | length }}'}}\n"
        "  d: {for_each: {t: '{{ steps.o.tasks }}'}, generate: {prompt: 'D {{ each.t.images | length }}'}}\n"
        "  e: {for_each: {t: '{{ steps.o.tasks }}'}, generate: {prompt: 'E {{ each.t.outputs.more | length }}'}}\n"
        "  f: {for_each: {k: [1, 2]}, generate: {prompt: 'F {{ first_of(steps.o.at(k=each.k).outputs.more, steps.o.images) | length }}'}}\n"
    )
    made = play(text, gives={"a": 1}, folder=folder)
    prompts = {name: said for name, said in made.prompts.items() if name[0] in "cdef"}
    assert prompts == {
        "c": "C 2 2 1",
        "d[t=1]": "D 1",
        "d[t=2]": "D 1",
        "e[t=2]": "E 1",
        "f[k=1]": "F 2",
        "f[k=2]": "F 1",
    }
    assert made.skipped == ["o[k=1]/z", "e[t=1]"]


@pytest.mark.parametrize("last", ["o[k=1]/x", "o[k=2]/x", "other"])
@pytest.mark.parametrize("stored", [False, True])
def test_an_output_that_picks_what_is_not_there_fails_for_its_use_alone(
    folder: Path, stored: bool, last: str
) -> None:
    (folder / "second.yaml").write_text(
        "seedflow: 1\ninputs: {k: {type: integer}}\nsteps:\n"
        "  x: {generate: {prompt: 'X {{ inputs.k }}', sequential_image_generation: auto, max_images: 2}}\n"
        "outputs: {images: '{{ steps.x.images[1] }}'}\n"
    )
    text = (
        "steps:\n  o: {for_each: {k: [1, 2]}, recipe: ./second.yaml, with: {k: '{{ each.k }}'}}\n"
        "  s: {for_each: {a: '{{ steps.o.images }}', b: '{{ steps.o.images }}'}, generate: {prompt: S, "
        "image_input: ['{{ each.a }}', '{{ each.b }}']}}\n"
    )
    view = KnownResults()
    if stored:
        first, second = plan(text, folder).tasks[:2]
        view.keep(first, "x1")
        view.keep(second, "y1", "y2")
    made = play(text, gives={"o[k=1]/x": 1, "o[k=2]/x": 2}, last=(last,), view=view, folder=folder)
    assert [name for name in made.addresses if name.startswith("s")] == ["s[a=2.x-2,b=2.x-2]"]
    assert made.problems == {"s[a=1-?,b=?]": "no-such-image", "s[a=2.x-2,b=1-?]": "no-such-image"}


@pytest.mark.parametrize("before", [KNOWN, LATE], ids=["known", "late"])
@pytest.mark.parametrize("mention", ["steps.o.images", "steps.p.at(k=1).images", "steps.o.outputs.raw"])
def test_a_use_by_itself_is_single_also_where_its_output_is_a_collection(
    folder: Path, mention: str, before: str
) -> None:
    (folder / "many.yaml").write_text(MANY)
    text = before + (
        "  o: {recipe: ./many.yaml, with: {photos: '{{ steps.b.images }}'}}\n"
        "  p: {for_each: {k: [1]}, recipe: ./many.yaml, with: {photos: '{{ steps.b.images }}'}}\n"
        f"  c: {{generate: {{prompt: 'C {{{{ {mention} | length }}}}', image_input: '{{{{ steps.a.images }}}}'}}}}\n"
        f"  d: {{generate: {{prompt: 'D', image_input: ['{{{{ steps.a.images }}}}', '{{{{ optional({mention}) }}}}']}}}}\n"
        f"  e: {{generate: {{prompt: 'E', image_input: '{{{{ first_of({mention}, steps.a.images) }}}}'}}}}\n"
    )
    assert plan(text, folder).totals.calls.low == 3
    made = play(text, gives={"a": 1}, folder=folder)
    assert made.addresses == ["a", "d", "e"]
    assert "c" in made.skipped
    assert (made.references("d"), made.references("e")) == (["a 1"], ["a 1"])


def test_items_that_may_all_be_skipped_do_not_pass_at_most() -> None:
    text = (
        "steps:\n  a: {takes: 2, generate: {prompt: A}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, when: '{{ steps.a.images | length == 0 }}', generate: {prompt: B, image_input: '{{ each.i }}'}}\n"
        "  c: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: C, image_input: '{{ first_of(steps.b.at(i=each.i).images[0], steps.b.at(i=each.i).images[0]) }}'}}\n"
        "  d: {for_each: {i: {in: '{{ steps.c.images }}', at_most: 1}}, generate: {prompt: D, image_input: '{{ each.i }}'}}\n"
    )
    made = play(text.replace("takes: 2, ", ""), gives={"a": 1})
    assert (made.addresses, made.problems) == (["a"], {})
    dynamic = text.replace(
        "{takes: 2, generate: {prompt: A}}",
        "{generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}",
    )
    made = play(dynamic, gives={"a": 3})
    assert (made.addresses, made.problems) == (["a"], {})


def test_a_loop_of_which_a_part_was_skipped_and_another_one_failed_has_failed() -> None:
    text = (
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
        "  y: {when: '{{ steps.a.images | length > 1 }}', generate: {prompt: Y}}\n"
        "  j: {for_each: {k: [p, q], i: ['{{ steps.y.images[0] }}', '{{ steps.a.images[1] }}']}, generate: {prompt: 'J {{ each.k }}', image_input: '{{ each.i }}'}}\n"
        "  c: {generate: {prompt: 'C {{ steps.j.images | length }}'}}\n"
        "  k: {for_each: {k: [p, q]}, generate: {prompt: 'K {{ steps.j.where(k=each.k).images | length }}'}}\n"
        "  l: {for_each: {k: [p, q]}, generate: {prompt: 'L {{ succeeded(steps.j.where(k=each.k).images) | length }}'}}\n"
    )
    made = play(text, gives={"a": 1})
    assert set(made.blocked) == {"c", "k[k=p]", "k[k=q]"}
    assert {made.prompts[f"l[k={key}]"] for key in "pq"} == {"L 0"}


def test_an_output_that_goes_around_what_is_skipped_and_cannot_be_made_fails_its_users_alone(
    folder: Path,
) -> None:
    (folder / "maybe.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image, optional: true}, n: {type: integer}}\n"
        "steps: {x: {generate: {prompt: 'X {{ inputs.n }}'}}}\noutputs: {images: '{{ inputs.photo }}', x: '{{ steps.x.images }}'}\n"
    )
    text = SET + (
        "  u: {for_each: {k: [1, 2]}, recipe: ./maybe.yaml, with: {n: '{{ each.k }}', photo: '{{ first_of(steps.a.images[1], steps.a.images[1]) }}'}}\n"
        "  c: {for_each: {i: '{{ steps.u.images }}'}, generate: {prompt: C, image_input: '{{ each.i }}'}}\n"
        "  d: {generate: {prompt: 'D {{ steps.u.images | length }} {{ steps.u.tasks | length }}'}}\n"
        "  e: {generate: {prompt: 'E {{ steps.u.outputs.x | length }}'}}\n"
    )
    for stored in (False, True):
        view = KnownResults()
        if stored:
            view.keep(plan(text, folder).tasks[0], "a1")
        made = play(text, gives={"a": 1}, folder=folder, view=view)
        assert made.prompts["e"] == "E 2"
        assert set(made.problems.values()) == {"no-such-image"}
        assert not [name for name in made.addresses if name[0] in "cd"]


NOTHING = """
inputs:
  e: {type: list, of: text, default: []}
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
  late: {when: "{{ steps.a.images | length > 1 }}", generate: {prompt: Late, sequential_image_generation: auto, max_images: 3}}
"""
NO_TASKS = '  b: {for_each: {v: "{{ steps.a.images }}", e: "{{ inputs.e }}"}, generate: {prompt: B}}\n'
OPEN = 'when: "{{ steps.a.images | length > 2 }}"'


@pytest.mark.parametrize(
    ("steps", "least"),
    [
        (
            f'{NO_TASKS}  d: {{for_each: {{v: "{{{{ steps.b.tasks }}}}"}}, {OPEN}, generate: {{prompt: D}}}}\n',
            2,
        ),
        (
            f'{NO_TASKS}  d: {{for_each: {{v: "{{{{ steps.b.images }}}}"}}, {OPEN}, recipe: ./used.yaml, with: {{photo: "{{{{ each.v }}}}"}}}}\n',
            2,
        ),
        (
            f'  d: {{for_each: {{v: "{{{{ steps.a.images }}}}", e: "{{{{ inputs.e }}}}"}}, {OPEN}, generate: {{prompt: D}}}}\n',
            2,
        ),
        (
            f'  d: {{for_each: {{v: "{{{{ steps.a.images[5:] }}}}"}}, {OPEN}, generate: {{prompt: "D {{{{ each.v.name }}}}"}}}}\n',
            2,
        ),
        ('  d: {for_each: {v: "{{ steps.late.images }}", e: "{{ inputs.e }}"}, generate: {prompt: D}}\n', 2),
        ('  d: {for_each: {v: "{{ steps.late.images }}", w: "{{ steps.a.images[5:] }}"}, generate: {prompt: D}}\n', 2),
        ('  d: {for_each: {v: "{{ steps.late.images[5:] }}"}, generate: {prompt: D}}\n', 1),
        (f'  d: {{for_each: {{v: "{{{{ steps.a.images }}}}"}}, {OPEN}, generate: {{prompt: D}}}}\n', 1),
    ],
)  # fmt: skip # a row a line
def test_a_loop_without_items_is_not_skipped_whatever_its_condition_comes_to(
    folder: Path, steps: str, least: int
) -> None:
    text = f'{NOTHING}{steps}  f: {{generate: {{prompt: "F {{{{ steps.d.images | length }}}}"}}}}\n'
    plan, problems = open_planner(text, folder=folder).start()
    assert plan is not None, problems
    found = plan.totals.calls.low
    assert found == least
    billed = []
    for images in (1, 3):
        played = play(text, gives={"a": images, "late": images}, folder=folder)
        assert ("f" in played.addresses) or least == 1
        if "f" in played.addresses and least == 2:
            assert played.prompts["f"] == "F 0"
        billed.append(len(played.addresses))
    assert min(billed) == least


@pytest.mark.parametrize(("least", "problems"), [(9, []), (2, ["unequal-lists"])])
def test_pairs_that_cannot_be_made_wait_for_the_condition_that_may_leave_them_out(
    least: int, problems: list[str]
) -> None:
    played = play(
        "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        "  w: {for_each: {k: [a, b]}, generate: {prompt: 'W {{ each.k }} {{ steps.s.images | length }}'}}\n"
        "  e: {for_each: \"{{ zip(p=steps.s.images, k=['a', 'b']) }}\", "
        f"when: '{{{{ steps.w.images | length >= {least} }}}}', "
        "iterate: {over: '{{ steps.s.images[1:] }}', as: edit, start: '{{ steps.s.images[0] }}'}, "
        "generate: {prompt: 'E {{ each.p.name }} {{ each.k }}', image_input: ['{{ prev }}', '{{ each.edit }}']}}\n",
        gives={"s": 1},
    )
    assert list(played.problems.values()) == problems
    assert played.addresses == ["s", "w[k=a]", "w[k=b]"]
