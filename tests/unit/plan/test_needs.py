"""What tasks of loops come of, before it is there and once it is stored: plans say it, and drawings have an arrow for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, open_planner
from playing import digest_of, play

from seedflow.plan.model import Action, Plan
from seedflow.report.tasks import draw_tasks
from seedflow.run.status import TaskStatus

SETS = """
steps:
  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}
  t: {for_each: {x: [a, b]}, generate: {prompt: "T {{ each.x }}"}}
"""
INNER = """\
seedflow: 1
inputs: {photo: {type: image}, photos: {type: list, of: image}}
steps:
  one: {generate: {prompt: "one {{ ref.p }}", image_input: {p: "{{ inputs.photo }}"}}}
  all: {for_each: {p: "{{ inputs.photos }}"}, generate: {prompt: "all {{ ref.p }}", image_input: {p: "{{ each.p }}"}}}
outputs: {it: "{{ steps.all.images }}"}
"""
ASKS = 'generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}'


def replan(text: str, folder: Path) -> tuple[Plan, Plan]:
    """The plan of a recipe before a run and after it."""
    (folder / "inner.yaml").write_text(INNER)
    view = KnownResults()
    played = play(text, gives={"s": 2}, view=view, folder=folder)
    for task in played.asked.values():
        view.keep(task, *(digest_of(task, number) for number in range(1, 3 if task.step == "s" else 2)))
    after, found = open_planner(text, view=view, folder=folder).start()
    assert after is not None, found
    return played.plan, after


def needs_of(plan: Plan, *steps: str) -> dict[str, tuple[str, ...]]:
    return {task.address: task.needs for task in plan.tasks if task.step in steps}


@pytest.mark.parametrize(
    ("steps", "needs"),
    [
        (
            f'd: {{for_each: {{v: "{{{{ steps.s.images }}}}"}}, {ASKS}}}',
            {"d[v=s-1]": ("s",), "d[v=s-2]": ("s",)},
        ),
        (
            'd: {for_each: {v: "{{ steps.s.images }}"}, generate: {prompt: "{{ each.v.number }}"}}',
            {"d[v=s-1]": ("s",), "d[v=s-2]": ("s",)},
        ),
        (
            'd: {for_each: {k: "{{ steps.t.tasks }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.k.images }}"}}}',
            {"d[k=a]": ("t[x=a]",), "d[k=b]": ("t[x=b]",)},
        ),
        (
            'd: {for_each: "{{ zip(v=steps.s.images, w=steps.t.images) }}", generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}',
            {"d[v=s-1,w=a-1]": ("s", "t[x=a]"), "d[v=s-2,w=b-1]": ("s", "t[x=b]")},
        ),
        (
            f"""d: {{for_each: {{v: ["{{{{ steps.s.images[0] }}}}", "{{{{ steps.t.at(x='b').images[0] }}}}"]}}, {ASKS}}}""",
            {"d[v=s-1]": ("s",), "d[v=b-1]": ("t[x=b]",)},
        ),
        (
            """d: {for_each: {v: "{{ steps.s.images | map(attribute='number') }}"}, generate: {prompt: "{{ each.v }}"}}""",
            {"d[v=1]": ("s",), "d[v=2]": ("s",)},
        ),
        (
            """d: {for_each: {v: ["{{ steps.s.images | length }}", 7]}, generate: {prompt: "{{ each.v }}"}}""",
            {"d[v=2]": ("s",), "d[v=7]": ()},
        ),
        (
            'd: {for_each: {v: "{{ steps.s.images }}"}, when: "{{ each.v.number == 1 }}", generate: {prompt: "{{ each.v.number }}"}}',
            {"d[v=s-1]": ("s",), "d[v=s-2]": ("s",)},
        ),
        (
            'd: {iterate: {over: "{{ steps.t.images }}", as: v, start: "{{ steps.s.images[0] }}"}, generate: {prompt: "{{ ref.p }} {{ ref.v }}", image_input: {p: "{{ prev }}", v: "{{ each.v }}"}}}',
            {"d[v=1]": ("t[x=a]", "s"), "d[v=2]": ("d[v=1]", "t[x=b]")},
        ),
    ],
    ids=[
        "images",
        "a-number-of-images",
        "tasks",
        "pairs",
        "written-out",
        "worked-out",
        "one-of-them-worked-out",
        "left-out",
        "edits",
    ],
)
def test_what_a_loop_goes_through_is_needed_also_once_it_is_stored(
    steps: str, needs: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    _, after = replan(f"{SETS}  {steps}\n", tmp_path)
    assert needs_of(after, "d") == needs
    assert {task.action for task in after.tasks if task.step == "d"} <= {Action.REUSE, Action.SKIP}


def test_so_it_is_in_used_recipes_and_of_what_they_give(tmp_path: Path) -> None:
    steps = """\
  u: {for_each: {v: "{{ steps.s.images }}"}, recipe: ./inner.yaml, with: {photo: "{{ each.v }}", photos: "{{ steps.t.images }}"}}
  d: {for_each: {k: "{{ steps.u.tasks }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.k.images[0] }}"}}}
"""
    _, after = replan(SETS + steps, tmp_path)
    assert needs_of(after, "u/one", "u/all", "d") == {
        "u[v=s-1]/one": ("s",),
        "u[v=s-1]/all[p=a-1]": ("t[x=a]", "s"),
        "u[v=s-1]/all[p=b-1]": ("t[x=b]", "s"),
        "u[v=s-2]/one": ("s",),
        "u[v=s-2]/all[p=a-1]": ("t[x=a]", "s"),
        "u[v=s-2]/all[p=b-1]": ("t[x=b]", "s"),
        "d[k=s-1]": ("u[v=s-1]/all",),
        "d[k=s-2]": ("u[v=s-2]/all",),
    }


def test_drawings_keep_the_arrow(tmp_path: Path) -> None:
    before, after = replan(f'{SETS}  d: {{for_each: {{v: "{{{{ steps.s.images }}}}"}}, {ASKS}}}\n', tmp_path)
    for plan, tasks in ((before, ["d[v=s-?]"]), (after, ["d[v=s-1]", "d[v=s-2]"])):
        edges = [(edge.source, edge.target, edge.labels) for edge in draw_tasks(plan).edges]
        assert edges == [("s", task, ("v",)) for task in tasks]


def test_what_is_stored_holds_nobody_up() -> None:
    text = f'{SETS}  d: {{for_each: {{v: "{{{{ steps.s.images }}}}"}}, {ASKS}}}\n'
    view = KnownResults()
    first = play(text, gives={"s": 2}, view=view)
    view.keep(first.asked["s"], digest_of(first.asked["s"], 1), digest_of(first.asked["s"], 2))
    again = play(text, view=view)
    assert again.addresses == ["d[v=s-1]", "d[v=s-2]", "t[x=a]", "t[x=b]"]
    assert again.with_status(TaskStatus.REUSED) == ["s"]
