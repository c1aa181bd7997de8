"""How many tasks a loop over `.where()` or `.at()` has while tasks of the step that it picks from are still to come."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import play

DYN = """
steps:
  sheet: {generate: {prompt: A sheet, sequential_image_generation: auto, max_images: 3}}
  dyn:
    for_each: {v: "{{ steps.sheet.images }}", m: [p, q]}
    generate: {prompt: "{{ each.m }}", image_input: ["{{ each.v }}"]}
"""
INNER = """\
seedflow: 1
inputs: {x: {type: list, of: image}}
steps:
  dyn:
    for_each: {v: "{{ inputs.x }}", m: [p, q]}
    generate: {prompt: "{{ each.m }}", image_input: ["{{ each.v }}"]}
outputs: {images: "{{ steps.dyn.where(m='q').images }}"}
"""


def loop(items: str, before: str = "") -> str:
    prompt = "{{ each.i.key }}"
    return f"""
  use:
    for_each: {{{before}i: "{{{{ {items} }}}}"}}
    generate: {{prompt: "Use {prompt}"}}
"""


@pytest.mark.parametrize(
    ("items", "before", "count", "made"),
    [
        ("steps.dyn.where(m='q').images", "", (1, 3), 3),
        ("steps.dyn.where(m='q').images[:2]", "", (1, 2), 2),
        ("steps.dyn.where(m='q').tasks", "", (1, 3), 3),
        ("steps.dyn.where(m='q').images | reverse", "", (0, 3), 3),
        ("steps.dyn.where(v=each.v).images", 'v: "{{ steps.sheet.images }}", ', (0, 6), 6),
        ("steps.dyn.at(v=each.v, m='p').images", 'v: "{{ steps.sheet.images }}", ', (0, 3), 3),
    ],
)
def test_a_selection_is_no_longer_than_what_may_match(
    items: str, before: str, count: tuple[int, int], made: int
) -> None:
    text = DYN + loop(items, before)
    plan, problems = open_planner(text).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "use" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == count
    played = play(text, gives={"sheet": 3})
    assert len([address for address in played.addresses if address.startswith("use")]) == made


def test_an_output_that_is_a_selection_is_no_longer_either(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    sheet = (
        "\nsteps:\n  sheet: {generate: {prompt: A sheet, sequential_image_generation: auto, max_images: 3}}\n"
    )
    use = '  inner: {recipe: ./inner.yaml, with: {x: "{{ steps.sheet.images }}"}}\n'
    plan, problems = open_planner(sheet + use + loop("steps.inner.images"), folder=tmp_path).start()
    assert plan is not None, problems
    assert plan.tasks[-1].tasks == (1, 3)


USED = """\
seedflow: 1
inputs: {flag: {type: boolean}}
steps:
  s: {generate: {prompt: "S {{ inputs.flag }}", sequential_image_generation: auto, max_images: 2}}
  x: {for_each: {i: "{{ steps.s.images }}"}, when: "{{ inputs.flag }}", generate: {prompt: "X {{ each.i.number }}"}}
outputs: {images: "{{ steps.x.images }}"}
"""


@pytest.mark.parametrize(
    ("cut", "count", "made"), [("[1:]", (0, 1), 0), ("[:1]", (1, 1), 1), ("[-1:]", (1, 1), 1)]
)
def test_a_part_of_uses_counts_none_that_may_be_skipped(
    tmp_path: Path, cut: str, count: tuple[int, int], made: int
) -> None:
    (tmp_path / "used.yaml").write_text(USED)
    text = (
        "steps:\n  u: {for_each: {w: [a, b]}, recipe: ./used.yaml, with: {flag: \"{{ each.w == 'a' }}\"}}\n"
        f'  q: {{for_each: {{t: "{{{{ steps.u.tasks{cut} }}}}"}}, generate: {{prompt: "Q {{{{ each.t.key }}}}"}}}}\n'
    )
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is not None, problems
    found = [task.tasks for task in plan.tasks if task.step == "q" and task.tasks is not None]
    assert (sum(one.low for one in found), sum(one.high for one in found)) == count
    played = play(text, gives={"u[w=a]/s": 2, "u[w=b]/s": 2}, folder=tmp_path)
    assert len([address for address in played.addresses if address.startswith("q")]) == made
