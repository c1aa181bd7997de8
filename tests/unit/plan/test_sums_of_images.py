"""References that are added up or put into brackets: the plan knows of them what it knows of a written list, and so does the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, open_planner
from playing import FAILS, Played, play

from seedflow.plan.model import Action, PendingImages, Plan, Task

STEPS = """
inputs:
  photo: {type: image, default: "https://example.com/owl.png"}
  pics: {type: list, of: image, default: ["https://example.com/one.png", "https://example.com/two.png"]}
  none_yet: {type: list, of: image, optional: true}
  no_photo: {type: image, optional: true}
  gift: {type: boolean, default: false}
values: {kept: "{{ inputs.pics }}"}
steps:
  a: {for_each: {s: [x, y]}, generate: {prompt: "A {{ each.s }}"}}
  b: {generate: {prompt: "B {{ ref.a }}", image_input: {a: "{{ steps.a.at(s='x').images[0] }}"}}}
  set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  late: {when: "{{ steps.set.images | length > 1 }}", generate: {prompt: Late}}
  some: {for_each: {i: "{{ steps.set.images }}"}, when: "{{ each.i.number > 1 }}", generate: {prompt: "{{ each.i.key }}"}}
  never: {when: "{{ inputs.gift }}", generate: {prompt: Never}}
  takes: {takes: 2, generate: {prompt: Takes}}
  both: {recipe: ./both.yaml, with: {w: w}}
  odd: {recipe: ./both.yaml, for_each: {w: [v, w]}, with: {w: "{{ each.w }}", late: true}}
"""
BOTH = """\
seedflow: 1
inputs: {w: {type: text}, late: {type: boolean, default: false}}
steps:
  p: {generate: {prompt: "P {{ inputs.w }}"}}
  set: {generate: {prompt: "S {{ inputs.w }}", sequential_image_generation: auto, max_images: 2}}
  q: {when: "{{ not inputs.late or steps.set.images | length > 1 }}", generate: {prompt: "Q {{ inputs.w }}"}}
outputs: {images: "{{ [steps.p.images[0]] + steps.q.images }}", one: "{{ steps.p.images }}"}
"""
INSIDE = """\
seedflow: 1
inputs: {x: {type: list, of: image}}
values: {v: "{{ inputs.x + inputs.x }}"}
steps:
  c: {generate: {prompt: "{{ ref.a }}", image_input: {a: "{{ inputs.x }}"}}}
  d: {generate: {prompt: "D {{ inputs.x | length }}", image_input: "{{ values.v }}"}}
outputs: {images: "{{ steps.c.images + steps.d.images }}"}
"""

SUMS = [
    ("steps.b.images + steps.a.images", ["steps.b.images", "steps.a.images"]),
    ("[steps.b.images[0], steps.a.at(s='y').images[0]]", ["steps.b.images[0]", "steps.a.at(s='y').images[0]"]),
    ("steps.a.images + [steps.b.images[0]]", ["steps.a.images", "steps.b.images[0]"]),
    ("steps.set.images + steps.a.images", ["steps.set.images", "steps.a.images"]),
    ("(steps.set.images + steps.some.images) + steps.a.images", ["steps.set.images", "steps.some.images", "steps.a.images"]),
    ("steps.set.images[:2] + steps.a.images", ["steps.set.images[:2]", "steps.a.images"]),
    ("[steps.set.images[1], steps.b.images[0]]", ["steps.set.images[1]", "steps.b.images[0]"]),
    ("steps.late.images + steps.a.images", ["steps.late.images", "steps.a.images"]),
    ("[steps.late.images[0], steps.b.images[0]]", ["steps.late.images[0]", "steps.b.images[0]"]),
    ("steps.never.images + steps.a.images", ["steps.never.images", "steps.a.images"]),
    ("optional(steps.never.images) + steps.a.images", ["optional(steps.never.images)", "steps.a.images"]),
    ("[optional(steps.never.images[0]), steps.b.images[0]]", ["optional(steps.never.images[0])", "steps.b.images[0]"]),
    ("first_of(steps.never.images, steps.b.images) + steps.a.images", ["first_of(steps.never.images, steps.b.images)", "steps.a.images"]),
    ("succeeded(steps.a.images) + steps.takes.images", ["succeeded(steps.a.images)", "steps.takes.images"]),
    ("succeeded(steps.a.images) + succeeded(steps.some.images)", ["succeeded(steps.a.images)", "succeeded(steps.some.images)"]),
    ("inputs.pics + steps.a.images", ["inputs.pics", "steps.a.images"]),
    ("inputs.none_yet + steps.a.images", ["inputs.none_yet", "steps.a.images"]),
    ("values.kept + steps.a.images", ["values.kept", "steps.a.images"]),
    ("[inputs.photo, steps.b.images[0]]", ["inputs.photo", "steps.b.images[0]"]),
    ("[steps.b.images[0], inputs.no_photo]", ["steps.b.images[0]", "inputs.no_photo"]),
    ("steps.a.images + [inputs.no_photo]", ["steps.a.images", "inputs.no_photo"]),
    ("steps.both.images + steps.a.images", ["steps.both.images", "steps.a.images"]),
    ("steps.both.outputs.one + steps.set.images", ["steps.both.outputs.one", "steps.set.images"]),
    ("succeeded(steps.odd.images) + steps.a.images", ["succeeded(steps.odd.images)", "steps.a.images"]),
]  # fmt: skip # a row a line
GIVES = [
    {},
    {"set": 3, "a[s=x]": FAILS},
    {"set": 2, "late": FAILS, "takes#2": FAILS},
    {"set": 2, "both/p": FAILS, "odd[w=v]/q": FAILS, "odd[w=v]/set": 2},
]


def spell(expression: str) -> str:
    return f'"{{{{ {expression} }}}}"'


def spell_list(expressions: list[str]) -> str:
    return f"[{', '.join(map(spell, expressions))}]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "both.yaml").write_text(BOTH)
    (tmp_path / "inside.yaml").write_text(INSIDE)
    return tmp_path


def use(references: str) -> str:
    return f"{STEPS}  c: {{generate: {{prompt: '{{{{ ref.a }}}}', image_input: {{a: {references}}}}}}}\n"


def hand_in(references: str) -> str:
    return f"{STEPS}  u: {{recipe: ./inside.yaml, with: {{x: {references}}}}}\n"


def describe(task: Task) -> object:
    images = [
        (item.image.mention, item.image.count) if isinstance(item.image, PendingImages) else item.image
        for item in task.references
    ]
    return task.address, task.action, task.reason, task.tasks, task.images, task.may_be_stored, images


def check_alike(one: Played, other: Played) -> None:
    assert one.plan.totals == other.plan.totals
    assert list(map(describe, one.plan.tasks)) == list(map(describe, other.plan.tasks))
    assert one.prompts == other.prompts
    assert {name: one.references(name) for name in one.asked} == {
        name: other.references(name) for name in other.asked
    }
    assert (one.skipped, one.blocked, one.problems) == (other.skipped, other.blocked, other.problems)


@pytest.mark.parametrize("gives", GIVES)
@pytest.mark.parametrize(("added", "written"), SUMS)
def test_a_sum_is_planned_and_run_as_a_written_list(
    added: str, written: list[str], gives: dict[str, int], folder: Path
) -> None:
    one, other = (
        play(use(references), gives=gives, folder=folder)
        for references in (spell(added), spell_list(written))
    )
    check_alike(one, other)


@pytest.mark.parametrize("gives", GIVES)
@pytest.mark.parametrize("added", [added for added, _ in SUMS])
def test_a_sum_that_a_caller_gives_is_run_as_one_that_only_the_run_works_out(
    added: str, gives: dict[str, int], folder: Path
) -> None:
    one, other = (
        play(hand_in(spell(sum_of)), gives=gives, folder=folder) for sum_of in (added, f"({added}) | list")
    )
    assert one.plan.totals.calls.low >= other.plan.totals.calls.low
    assert one.plan.totals.calls.high <= other.plan.totals.calls.high
    assert one.prompts == other.prompts
    assert {name: one.references(name) for name in one.asked} == {
        name: other.references(name) for name in other.asked
    }
    assert (set(one.skipped), set(one.blocked)) == (set(other.skipped), set(other.blocked))
    assert (one.problems, set(one.files)) == (other.problems, set(other.files))


def plan_after_a(references: str, folder: Path) -> Plan:
    """With the images of `a` stored, for which nothing else was ever asked."""
    view = KnownResults()
    first, found = open_planner(use(references), view=view, folder=folder).start()
    assert first is not None, found
    for number, task in enumerate(task for task in first.tasks if task.step == "a"):
        view.keep(task, f"a{number}")
    again, found = open_planner(use(references), view=view, folder=folder).start()
    assert again is not None, found
    return again


@pytest.mark.parametrize(
    "references",
    [
        spell("steps.b.images + steps.a.images"),
        spell_list(["steps.b.images", "steps.a.images"]),
        spell("[steps.a.at(s='x').images[0], steps.b.images[0]]"),
        spell("inputs.pics + steps.b.images"),
    ],
)
def test_what_was_never_asked_is_asked_for_certain_also_with_a_sum(references: str, folder: Path) -> None:
    (c,) = (task for task in plan_after_a(references, folder).tasks if task.step == "c")
    assert (c.action, c.may_be_stored, c.images) == (Action.CALL, False, (1, 1))
