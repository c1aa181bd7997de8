"""Loops over what failed: what becomes of their tasks is the same in the run that finds out and in every later one."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import FakeProvider, World, statuses

START = """
inputs: {no: {type: boolean, default: false}, none: {type: list, of: text, default: []}}
steps:
  one: {generate: {prompt: One}}
  a: {for_each: {p: [x, y, z]}, expect: {min_width: "{{ 9999 if each.p == 'y' else 1 }}"}, generate: {prompt: "A {{ each.p }}"}}
  set:
    for_each: {p: [x, y]}
    expect: {min_width: "{{ 9999 if each.p == 'y' else 1 }}"}
    generate: {prompt: "Set {{ each.p }}", sequential_image_generation: auto, max_images: 2}
  off: {for_each: {p: [x, y]}, when: "{{ steps.one.images[0].width < 1 }}", generate: {prompt: "Off {{ each.p }}"}}
  never: {for_each: {p: [x, y]}, when: "{{ inputs.no }}", generate: {prompt: "Never {{ each.p }}"}}
"""
USED = (
    "seedflow: 1\ninputs: {photo: {type: image}}\n"
    "steps: {x: {generate: {prompt: X, image_input: '{{ inputs.photo }}'}}}\n"
    "outputs: {images: '{{ steps.x.images }}'}\n"
)
ASK = 'generate: {prompt: "B"'
FALSE = {"known": "{{ inputs.no }}", "late": "{{ steps.one.images[0].width < 1 }}"}


def run_twice(folder: Path, steps: str, sets: str = "max") -> dict[str, str]:
    """The statuses after a run, which a further one, whose plan knows of every failure, only repeats."""
    (folder / "used.yaml").write_text(USED)
    world = World(folder, START + steps, provider=FakeProvider(sets=sets))
    first = statuses(world.run())
    calls = len(world.provider.calls)
    again = statuses(world.run())
    assert len(world.provider.calls) == calls, "a further run asks for nothing"
    assert _by_step(first) == _by_step(
        {one: status.replace("reused", "done") for one, status in again.items()}
    )
    return {address: status for address, status in first.items() if address[0] in "bcd"}


def _by_step(ended: dict[str, str]) -> set[tuple[str, str]]:
    """The same, with the step of what was skipped or never came to be: nobody knows how many there would have been."""
    return {
        (address.partition("[")[0] if status == "skipped" or "?" in address else address, status)
        for address, status in ended.items()
    }


def count(mention: str) -> str:
    return f'  c: {{generate: {{prompt: "C {{{{ {mention} | length }}}}"}}}}\n'


def test_lists_that_zip_pairs_fail_item_by_item(tmp_path: Path) -> None:
    ended = run_twice(
        tmp_path,
        "  b: {for_each: \"{{ zip(v=steps.a.images, n=['l', 'm', 'n']) }}\", "
        'generate: {prompt: "B {{ each.n }}", image_input: "{{ each.v }}"}}\n' + count("steps.b.images"),
    )
    assert ended == {
        "b[v=x-1,n=l]": "done",
        "b[v=y-1,n=m]": "blocked",
        "b[v=z-1,n=n]": "done",
        "c": "blocked",
    }


@pytest.mark.parametrize("when", FALSE)
@pytest.mark.parametrize(
    "loop",
    [
        f"for_each: {{v: '{{{{ steps.a.images }}}}'}}, {ASK}, image_input: '{{{{ each.v }}}}'}}",
        f"for_each: {{v: '{{{{ steps.set.images }}}}'}}, {ASK}, image_input: '{{{{ each.v }}}}'}}",
        f"for_each: {{v: '{{{{ steps.a.tasks }}}}'}}, {ASK}, image_input: '{{{{ each.v.images }}}}'}}",
        f"for_each: {{v: '{{{{ steps.a.images[1:] }}}}'}}, {ASK}}}",
        f"for_each: {{v: ['{{{{ steps.a.at(p=\"y\").images[0] }}}}']}}, {ASK}}}",
        f"for_each: {{v: ['{{{{ steps.a.at(p=\"y\").images | length }}}}']}}, {ASK}}}",
        f"iterate: {{over: '{{{{ steps.set.images }}}}', as: e, start: '{{{{ steps.one.images[0] }}}}'}}, {ASK}}}",
        f"iterate: {{over: '{{{{ steps.a.images }}}}', as: e, start: '{{{{ steps.one.images[0] }}}}'}}, {ASK}}}",
        "for_each: {v: '{{ steps.a.images }}'}, recipe: ./used.yaml, with: {photo: '{{ each.v }}'}",
        "for_each: {v: '{{ steps.set.images }}'}, recipe: ./used.yaml, with: {photo: '{{ each.v }}'}",
    ],
)
def test_a_condition_leaves_out_what_failed_as_well(tmp_path: Path, loop: str, when: str) -> None:
    ended = run_twice(tmp_path, f'  b: {{when: "{FALSE[when]}", {loop}}}\n' + count("steps.b.images"))
    assert set(ended.values()) == {"skipped"}


def test_passes_before_the_edit_that_failed_are_made(tmp_path: Path) -> None:
    ended = run_twice(
        tmp_path,
        '  b: {iterate: {over: "{{ steps.a.images }}", as: e, start: "{{ steps.one.images[0] }}"}, '
        'generate: {prompt: B, image_input: ["{{ prev }}", "{{ each.e }}"]}}\n'
        + count("succeeded(steps.b.passes)"),
    )
    assert ended == {"b[e=1]": "done", "b[e=2]": "blocked", "b[e=3]": "blocked", "c": "done"}


@pytest.mark.parametrize("failed", ["steps.set.images", "steps.a.images[1:]", "steps.a.at(p='y').images"])
@pytest.mark.parametrize("late", ["off", "never"])
def test_of_lists_of_which_one_failed_and_one_was_skipped_the_step_is_skipped(
    tmp_path: Path, failed: str, late: str
) -> None:
    for lists in ([failed, f"steps.{late}.images"], [f"steps.{late}.images", failed]):
        one, other = lists
        ended = run_twice(
            tmp_path,
            f'  b: {{for_each: {{v: "{{{{ {one} }}}}", w: "{{{{ {other} }}}}"}}, {ASK}}}}}\n'
            + count("steps.b.images"),
        )
        assert set(ended.values()) == {"skipped"}, lists


@pytest.mark.parametrize("other", ["steps.set.images", "steps.off.images", "steps.a.images[1:]"])
def test_of_lists_of_which_one_is_empty_there_are_no_tasks_whatever_became_of_the_other(
    tmp_path: Path, other: str
) -> None:
    for lists in ([other, "inputs.none"], ["inputs.none", other], [other, "steps.one.images[1:]"]):
        one, last = lists
        ended = run_twice(
            tmp_path,
            f'  b: {{for_each: {{v: "{{{{ {one} }}}}", w: "{{{{ {last} }}}}"}}, {ASK}}}}}\n'
            + count("steps.b.images"),
        )
        assert ended == {"c": "done"}, lists


def test_a_loop_over_a_part_that_failed_waits_for_what_may_yet_skip_it(tmp_path: Path) -> None:
    ended = run_twice(
        tmp_path,
        "  b: {for_each: {v: \"{{ steps.set.at(p='y').images }}\"}, "
        'generate: {prompt: B, image_input: ["{{ each.v }}", "{{ steps.off.at(p=\'x\').images[0] }}"]}}\n'
        + count("steps.b.images"),
    )
    assert set(ended.values()) == {"skipped"}


@pytest.mark.parametrize("known", [True, False])
def test_the_inside_of_a_loop_over_what_its_uses_hand_through_is_skipped_with_it(
    tmp_path: Path, known: bool
) -> None:
    (tmp_path / "part.yaml").write_text(
        "seedflow: 1\ninputs: {n: {type: text}, photo: {type: image}}\nsteps:\n"
        '  q: {generate: {prompt: "Q {{ inputs.n }}", image_input: "{{ inputs.photo }}"}}\n'
        f'  z: {{when: "{{{{ {"false" if known else "steps.q.images[0].width < 1"} }}}}", generate: {{prompt: Z}}}}\n'
        'outputs: {images: "{{ steps.q.images }}", z: "{{ steps.z.images }}"}\n'
    )
    ended = run_twice(
        tmp_path,
        '  u: {for_each: {n: [k, l]}, recipe: ./part.yaml, with: {n: "{{ each.n }}", photo: "{{ steps.one.images[0] }}"}}\n'
        f'  b: {{for_each: {{t: "{{{{ steps.u.tasks }}}}", w: "{{{{ each.t.outputs.z }}}}"}}, {ASK}}}}}\n'
        + count("steps.b.images"),
    )
    assert set(ended.values()) == {"skipped"}


@pytest.mark.parametrize(("bounds", "sets"), [("max_items: 1", "max"), ("min_items: 2", "min")])
def test_a_loop_over_an_input_begins_once_it_is_known_that_the_input_takes_as_many(
    tmp_path: Path, bounds: str, sets: str
) -> None:
    (tmp_path / "few.yaml").write_text(
        f"seedflow: 1\ninputs: {{photos: {{type: list, of: image, {bounds}}}}}\nsteps:\n"
        "  x: {for_each: {v: '{{ inputs.photos }}'}, generate: {prompt: X, image_input: '{{ each.v }}'}}\n"
        "outputs: {images: '{{ steps.x.images }}'}\n"
    )
    world = World(
        tmp_path,
        "steps:\n  set: {generate: {prompt: Set, sequential_image_generation: auto, max_images: 2}}\n"
        '  u: {recipe: ./few.yaml, with: {photos: "{{ steps.set.images }}"}}\n',
        provider=FakeProvider(sets=sets),
    )
    for _ in range(2):
        result = world.run()
        assert [task.problem.kind for task in result.tasks if task.problem is not None] == ["out-of-bounds"]
        assert len(world.provider.calls) == 1


@pytest.mark.parametrize(
    ("loop", "guard", "fitting"),
    [
        ("\"{{ zip(v=steps.many.images, w=['l', 'm']) }}\"", "== 2", {2}),
        ('{v: {in: "{{ steps.many.images }}", at_most: 2}}', "< 3", {1, 2}),
        ('{v: "{{ steps.many.images + steps.many.images[2:] }}"}', "< 3", {1, 2}),
        ('{v: ["{{ steps.many.images[1] }}"]}', "> 1", {2, 3}),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_condition_leaves_out_lists_that_cannot_be_made(
    tmp_path: Path, loop: str, guard: str, fitting: set[int], number: int
) -> None:
    text = START + "  many: {generate: {prompt: Many, sequential_image_generation: auto, max_images: 3}}\n"
    text += (
        f'  b: {{for_each: {loop}, when: "{{{{ steps.many.images | length {guard} }}}}", '
        f'{ASK}, image_input: "{{{{ each.v }}}}"}}}}\n'
    )
    world = World(tmp_path, text + count("steps.b.images"), provider=FakeProvider(sets="min"))
    world.provider.count = lambda _: number
    low, high = world.plan().totals.tasks
    ended = statuses(world.run())
    assert low <= len([one for one in ended if "?" not in one]) <= high
    found = {status for address, status in ended.items() if address[0] in "bc"}
    assert found == ({"done"} if number in fitting else {"skipped"})


def test_a_list_behind_an_item_that_cannot_be_made_fails_for_that_item_alone(tmp_path: Path) -> None:
    ended = run_twice(
        tmp_path,
        "  many: {for_each: {p: [x, y]}, generate: {prompt: 'Many {{ each.p }}', sequential_image_generation: auto, "
        "max_images: \"{{ 2 if each.p == 'x' else 3 }}\"}}\n"
        f'  b: {{for_each: {{p: [x, y], v: {{in: "{{{{ steps.many.at(p=each.p).images }}}}", at_most: 2}}}}, {ASK}, image_input: "{{{{ each.v }}}}"}}}}\n'
        + count("succeeded(steps.b.images)"),
    )
    assert ended == {"b[p=x,v=x-1]": "done", "b[p=x,v=x-2]": "done", "b[p=y,v=?]": "failed", "c": "done"}


@pytest.mark.parametrize(
    ("when", "ends"),
    [("{{ each.v.number == 1 }}", "blocked"), ("{{ steps.one.images[0].width < 1 }}", "skipped")],
)
def test_edits_of_items_that_failed_end_as_one(tmp_path: Path, when: str, ends: str) -> None:
    ended = run_twice(
        tmp_path,
        "  b: {for_each: {v: \"{{ steps.set.at(p='y').images }}\"}, "
        f'when: "{when}", iterate: {{over: [e, f], as: e, start: "{{{{ each.v }}}}"}}, '
        'generate: {prompt: "B {{ each.e }}", image_input: "{{ prev }}"}}\n' + count("steps.b.images"),
    )
    assert ended == {"b[v=y-?]": ends, "c": ends}


@pytest.mark.parametrize("what", ["tasks", "images"])
@pytest.mark.parametrize(
    "loop",
    [
        'for_each: {t: "{{ steps.both.tasks }}"}, recipe: ./used.yaml, with: {photo: "{{ each.t.images[0] }}"}',
        'for_each: {p: [x, y]}, recipe: ./used.yaml, with: {photo: "{{ steps.both.at(p=each.p).images[0] }}"}',
        "for_each: {p: [x, y], v: \"{{ steps.set.at(p='y').images }}\"}, when: \"{{ each.p == 'y' }}\", generate: {prompt: B}",
        "for_each: {v: \"{{ steps.set.at(p='y').images }}\", p: [x, y]}, when: \"{{ each.p == 'y' }}\", generate: {prompt: B}",
    ],
)
@pytest.mark.parametrize("late", [True, False])
def test_what_was_skipped_in_part_and_failed_in_all_other_parts_was_not_skipped(
    tmp_path: Path, loop: str, what: str, late: bool
) -> None:
    test = FALSE["late" if late else "known"].strip("{} ")
    both = (
        f"  both: {{for_each: {{p: [x, y]}}, when: \"{{{{ each.p == 'y' or {test} }}}}\", "
        "expect: {min_width: 9999}, generate: {prompt: 'Both {{ each.p }}'}}\n"
    )
    world = World(
        tmp_path,
        f"{START}{both}  b: {{{loop}}}\n"
        f'  c: {{generate: {{prompt: "C {{{{ optional(succeeded(steps.b.{what}) | length) | default(9) }}}}"}}}}\n',
    )
    (tmp_path / "used.yaml").write_text(USED)
    for _ in range(2):
        ended = statuses(world.run())
        assert ended["c"] in ("done", "reused")
    asked = [call.params["prompt"] for call in world.provider.calls if call.context.address == "c"]
    assert asked == ["C 0"]


def test_edits_that_start_with_what_was_skipped_are_skipped_also_without_any(tmp_path: Path) -> None:
    ended = run_twice(
        tmp_path,
        "  b: {iterate: {over: \"{{ steps.set.at(p='x').images[1:] }}\", as: e, start: \"{{ steps.off.at(p='x').images[0] }}\"}, "
        'generate: {prompt: B, image_input: "{{ prev }}"}}\n' + count("steps.b.images"),
        sets="min",
    )
    assert set(ended.values()) == {"skipped"}


def test_what_a_place_of_nothing_would_expect_is_no_matter(tmp_path: Path) -> None:
    """While a loop over what failed waits for what may yet skip it, there is nothing whose `expect` could be read."""
    ended = run_twice(
        tmp_path,
        '  b: {for_each: {t: "{{ steps.set.tasks }}", v: "{{ steps.set.images }}"}, '
        'generate: {prompt: B, image_input: ["{{ each.t.images }}", "{{ each.v }}"]}}\n'
        '  slow: {for_each: {p: [x]}, needs: [set], generate: {prompt: "{{ steps.set.images | length }}"}}\n'
        '  c: {for_each: {t: "{{ steps.b.tasks }}", v: "{{ each.t.images[:2] }}"}, needs: [slow], '
        'when: "{{ steps.set.images | length > 0 }}", generate: {prompt: C, image_input: "{{ each.v }}"}}\n'
        '  d: {for_each: {v: "{{ steps.c.images }}", k: [l]}, '
        'expect: {min_width: "{{ 9999 if each.k == \'l\' else 1 }}"}, generate: {prompt: D, image_input: "{{ each.v }}"}}\n',
    )
    assert {status for address, status in ended.items() if address[0] in "cd"} == {"blocked"}


def test_a_loop_over_an_input_waits_for_what_may_yet_be_skipped_of_it(tmp_path: Path) -> None:
    (tmp_path / "few.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image, min_items: 2}}\nsteps:\n"
        "  x: {for_each: {v: '{{ inputs.photos }}'}, generate: {prompt: X, image_input: '{{ each.v }}'}}\n"
        "outputs: {images: '{{ steps.x.images }}'}\n"
    )
    ended = run_twice(
        tmp_path,
        "  late: {for_each: {p: [x, y]}, when: \"{{ each.p == 'x' or steps.one.images[0].width < 1 }}\", "
        "generate: {prompt: 'Late {{ each.p }}'}}\n"
        '  b: {recipe: ./few.yaml, with: {photos: "{{ steps.late.images }}"}}\n'
        + count("succeeded(steps.b.images)"),
    )
    assert ended == {"b/x[v=?]": "failed", "c": "done"}
