"""How many tasks a loop has over lists that are put together, or taken out of others, of what is still to come."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import play

from seedflow.plan.estimate import find_calls

SETS = """
inputs:
  words: {type: list, of: text, default: [x, y]}
  owls: {type: list, of: image, default: ["https://example.com/owl.png", "https://example.com/two.png"]}
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}
  b: {generate: {prompt: B, sequential_image_generation: auto, max_images: 3}}
"""
LOOP = '  use: {for_each: {i: "{{ ITEMS }}"}, generate: {prompt: "Use {{ KEY }}"}}\n'


@pytest.mark.parametrize(
    ("items", "count", "made"),
    [
        ("steps.a.images + steps.b.images", (2, 5), 5),
        ("(steps.a.images + steps.b.images)[1:]", (1, 4), 4),
        ("(steps.a.images | reverse)[:1]", (1, 1), 1),
        ("(steps.a.images | sort(attribute='key'))[:2] + steps.b.images[:1]", (2, 3), 3),
        ("steps.a.images + steps.b.images[:1]", (2, 3), 3),
        ("steps.a.images[1:] + steps.b.images[-2:]", (1, 3), 3),
        ("(steps.a.images + steps.b.images) | selectattr('number')", (0, 5), 5),
        ("(steps.a.images | reverse | list) + [steps.b.images[0]]", (2, 3), 3),
        ("(steps.a.images + steps.b.images) if inputs.words else steps.b.images", (2, 5), 5),
        ("steps.a.images if not inputs.words else steps.b.images[:1]", (1, 1), 1),
        ("steps.a.images if steps.b.images | length > 1 else steps.b.images", (1, 3), 2),
        ("steps.a.images if inputs.words else []", (1, 2), 2),
        ("[] if inputs.words else steps.a.images", (0, 0), 0),
        ("(steps.a.images + steps.b.images)[:inputs.words | length]", (2, 2), 2),
        ("[steps.a.images[0], inputs.owls[1]]", (2, 2), 2),
        ("inputs.owls + steps.b.images[:1]", (3, 3), 3),
        ("inputs.words + (steps.b.images | map(attribute='name') | list)", (0, 5), 5),
        ("[steps.a.images, steps.b.images] | last", (0, 3), 3),
        ("[[steps.a.images, steps.b.images]] | first | first", (0, 3), 2),
    ],
)
def test_lists_together_are_as_long_as_all_of_them(items: str, count: tuple[int, int], made: int) -> None:
    text = SETS + LOOP.replace("ITEMS", items).replace(
        "KEY", "each.i" if "words +" in items else "each.i.key"
    )
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "use" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == count
    played = play(text, gives={"a": 2, "b": 3})
    assert len([address for address in played.addresses if address.startswith("use")]) == made
    assert played.problems == {}


def test_a_list_within_one_that_a_value_gives_counts_by_itself(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {x: {type: list, of: image}}\n"
        "values: {v: '{{ [inputs.x] }}'}\n"
        "steps: {use: {for_each: {i: '{{ values.v | first }}'}, generate: {prompt: '{{ each.i.key }}'}}}\n"
        "outputs: {images: '{{ steps.use.images }}'}\n"
    )
    text = SETS + '  inner: {recipe: ./inner.yaml, with: {x: "{{ steps.a.images + steps.b.images }}"}}\n'
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is not None, problems
    assert plan.tasks[-1].tasks == (0, 5)
    played = play(text, gives={"a": 2, "b": 3}, folder=tmp_path)
    assert len([address for address in played.addresses if address.startswith("inner")]) == 5


def test_edits_in_a_row_may_be_lists_together() -> None:
    text = SETS + (
        '  use:\n    iterate: {over: "{{ steps.a.images + steps.b.images }}", as: e, start: "{{ steps.a.images[0] }}"}\n'
        '    generate: {prompt: U, image_input: ["{{ prev }}", "{{ each.e }}"]}\n'
    )
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    assert plan.tasks[-1].tasks == (2, 5)
    played = play(text, gives={"a": 2, "b": 3})
    assert len([address for address in played.addresses if address.startswith("use")]) == 5


def test_a_sum_with_a_slice_is_as_long_for_the_plan_as_for_the_warning_of_an_input(tmp_path: Path) -> None:
    (tmp_path / "few.yaml").write_text(
        "seedflow: 1\ninputs: {x: {type: list, of: image, max_items: 3}}\n"
        "steps: {use: {for_each: {i: '{{ inputs.x }}'}, generate: {prompt: '{{ each.i.key }}'}}}\n"
        "outputs: {images: '{{ steps.use.images }}'}\n"
    )
    given = "{{ steps.b.images + steps.p.images[:1] }}"
    text = (
        f"{SETS}  p: {{for_each: {{w: [v, w]}}, generate: {{prompt: '{{{{ each.w }}}}'}}}}\n"
        f'  few: {{recipe: ./few.yaml, with: {{x: "{given}"}}}}\n'
    )
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is not None, problems
    assert ["this may be a list of 2 to 4 items" in problem.message for problem in problems] == [True]
    assert plan.tasks[-1].tasks == (2, 3)


SKIPPED = """
inputs:
  gift: {type: boolean, default: false}
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}
  shot: {for_each: {n: [x, y]}, generate: {prompt: "Shot {{ each.n }}"}}
  card: {when: "{{ inputs.gift }}", generate: {prompt: Card}}
  late: {when: "{{ steps.a.images | length > 1 }}", generate: {prompt: Late}}
"""


@pytest.mark.parametrize(
    ("items", "gift", "count", "made"),
    [
        ("steps.shot.images + optional(steps.card.images)", "false", (2, 2), (2, 2)),
        ("optional(steps.card.images) + steps.shot.images", "true", (3, 3), (3, 3)),
        ("steps.shot.images + optional(steps.late.images)", "false", (2, 3), (2, 3)),
        ("steps.shot.images + optional(steps.card.images) + optional(steps.late.images)", "true", (3, 4), (3, 4)),
        ("optional(steps.card.images) + optional(steps.late.images)", "false", (0, 1), (0, 1)),
        ("(optional(steps.card.images) + optional(steps.late.images)) or []", "false", (0, 1), (0, 1)),
        ("steps.shot.images + (optional(steps.late.images) if inputs.gift else none)", "true", (2, 3), (2, 3)),
        ("steps.shot.images + none", "false", (0, 2), (2, 2)),
    ],
)  # fmt: skip # a row a line
def test_what_was_skipped_adds_nothing(
    items: str, gift: str, count: tuple[int, int], made: tuple[int, int]
) -> None:
    text = SKIPPED.replace("default: false", f"default: {gift}") + LOOP.replace("ITEMS", items).replace(
        "KEY", "each.i.key"
    )
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "use" and task.tasks is not None]
    known = len([task for task in plan.tasks if task.step == "use" and task.tasks is None])
    assert (known + sum(one.low for one in found), known + sum(one.high for one in found)) == count
    for images, most in zip((1, 2), made, strict=True):
        played = play(text, gives={"a": images})
        assert len([address for address in played.addresses if address.startswith("use")]) == most
        assert played.problems == {}


KNOWN = """
inputs: {photo: {type: image, default: "https://example.com/owl.png"}}
steps:
  a: {for_each: {x: [p, q, r]}, when: "{{ each.x != 'q' }}", generate: {prompt: "A {{ each.x }}"}}
  b: {for_each: {x: [p, q, r]}, when: "{{ each.x == 'q' }}", generate: {prompt: "B {{ each.x }}"}}
  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
"""


@pytest.mark.parametrize(
    ("loop", "images", "tasks", "calls"),
    [
        ("for_each: {i: {in: \"{{ zip(p=steps.a.images, n=['u', 'v']) }}\", key: n}}", "each.i.p", (2, 2), (1, 2)),
        ("for_each: {i: {in: \"{{ zip(p=steps.s.images, n=['u', 'v']) }}\", key: n}}", "each.i.p", (2, 2), (1, 2)),
        ("for_each: {i: {in: '{{ zip(p=steps.s.images, q=steps.a.images[:1]) }}', key: q}}", "each.i.p", (1, 1), (1, 1)),
        ("for_each: {i: '{{ (steps.a.images | reverse)[:1] }}'}", "each.i", (1, 1), (1, 1)),
        ("for_each: {i: '{{ (steps.s.images | reverse)[:2] }}'}", "each.i", (1, 2), (1, 2)),
        ("for_each: {i: '{{ steps.a.images + steps.b.images }}'}", "each.i", (3, 3), (3, 3)),
        ("for_each: {i: '{{ (steps.b.images + steps.a.images)[1:] }}'}", "each.i", (2, 2), (2, 2)),
        (
            "iterate: {over: \"{{ zip(p=steps.a.images, n=['u', 'v']) }}\", as: i, start: '{{ inputs.photo }}'}",
            "prev",
            (2, 2),
            (2, 2),
        ),
    ],
)  # fmt: skip # a row a line
def test_what_is_known_of_the_lists_that_one_is_made_of_is_known_of_it(
    loop: str, images: str, tasks: tuple[int, int], calls: tuple[int, int]
) -> None:
    text = f'{KNOWN}  use: {{{loop}, generate: {{prompt: Use, image_input: "{{{{ {images} }}}}"}}}}\n'
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    assert [found.code for found in problems if found.code == "nothing-to-apply"] == []
    (use,) = [task for task in plan.tasks if task.step == "use"]
    assert use.tasks == tasks
    assert find_calls(use) == calls


CHOSEN = """
inputs:
  flag: {type: boolean, default: false}
  words: {type: list, of: text, default: []}
  photo: {type: image, default: "https://example.com/owl.png"}
steps:
  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  a: {when: "{{ steps.s.images | length > 1 }}", takes: 2, generate: {prompt: A}}
  p: {for_each: {x: [u, v]}, generate: {prompt: "P {{ each.x }}"}}
"""


@pytest.mark.parametrize(
    ("items", "tasks", "made"),
    [
        ("optional(steps.a.images) or steps.s.images", (1, 3), (1, 2)),
        ("optional(steps.a.images) or steps.p.images", (2, 2), (2, 2)),
        ("optional(steps.a.images[1:]) or steps.p.images", (1, 2), (2, 1)),
        ("steps.s.images[1:] or steps.p.images", (1, 2), (2, 2)),
        ("steps.p.images or steps.s.images", (2, 2), (2, 2)),
        ("inputs.words or steps.s.images", (1, 3), (1, 3)),
        ("inputs.flag or steps.s.images", (1, 3), (1, 3)),
        ("inputs.photo and steps.s.images", (1, 3), (1, 3)),
        ("steps.s.images[1:] and steps.p.images", (0, 2), (0, 2)),
        ("steps.s.images and steps.p.images", (2, 2), (2, 2)),
        ("(optional(steps.a.images) or steps.s.images) + steps.p.images", (3, 5), (3, 4)),
        ("first_of(steps.a.images, steps.s.images) + optional(steps.a.images[1:])", (1, 4), (1, 3)),
        ("(first_of(steps.a.images, steps.s.images) | reverse)[:1]", (1, 1), (1, 1)),
        ("steps.s.images | unique(attribute='width')", (1, 3), (1, 1)),
        ("(steps.s.images[1:] | unique(attribute='width')) + steps.p.images", (2, 4), (2, 3)),
        ("succeeded(steps.s.images) + steps.p.images", (2, 5), (3, 5)),
        ("succeeded(steps.p.images) or steps.s.images", (1, 3), (2, 2)),
    ],
)  # fmt: skip # a row a line
def test_a_list_in_place_of_an_empty_one_has_as_many_items_as_either(
    items: str, tasks: tuple[int, int], made: tuple[int, int]
) -> None:
    text = CHOSEN + (
        f'  use:\n    iterate: {{over: "{{{{ {items} }}}}", as: e, start: "{{{{ inputs.photo }}}}"}}\n'
        '    generate: {prompt: "Use {{ each.e.name }}", image_input: "{{ prev }}"}\n'
    )
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    doubts = [found.message for found in problems if found.code == "nothing-to-apply"]
    assert bool(doubts) is (tasks[0] == 0), doubts
    (use,) = [task for task in plan.tasks if task.step == "use"]
    assert use.tasks == tasks
    assert find_calls(use) == tasks
    for images, most in zip((1, 3), made, strict=True):
        played = play(text, gives={"s": images})
        assert len([address for address in played.addresses if address.startswith("use")]) == most
