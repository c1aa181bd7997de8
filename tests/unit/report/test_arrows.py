"""Arrows between tasks of real plans: used recipes within used recipes, takes, rows, lists that only the run knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.pipeline.check import check_recipe
from seedflow.pipeline.plan import plan_recipe
from seedflow.pipeline.session import open_session
from seedflow.recipe.given import GivenInputs
from seedflow.report.drawing import Drawing, NodeKind
from seedflow.report.growth import grow_tree
from seedflow.report.tasks import draw_tasks
from seedflow.settings.load import load_settings

PAGES = """\
seedflow: 1
inputs: {who: {type: text}}
steps:
  page: {for_each: {n: [one, two]}, generate: {prompt: "{{ inputs.who }} {{ each.n }}"}}
  cover: {generate: {prompt: "cover {{ ref.pages }}", image_input: {pages: "{{ steps.page.images }}"}}}
outputs: {images: "{{ steps.cover.images }}"}
"""
CAST = """\
seedflow: 1
inputs: {who: {type: text}}
steps:
  inner: {recipe: ./pages.yaml, for_each: {j: [u, v]}, with: {who: "{{ inputs.who }} {{ each.j }}"}}
  sum: {takes: 2, generate: {prompt: "sum {{ ref.covers }}", image_input: {covers: "{{ steps.inner.images }}"}}}
outputs: {images: "{{ steps.sum.images }}"}
"""
USED = """\
  use: {recipe: ./cast.yaml, for_each: {k: [x, y]}, with: {who: "{{ each.k }}"}, needs: [early]}
  early: {generate: {prompt: early}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages.yaml").write_text(PAGES)
    (tmp_path / "cast.yaml").write_text(CAST)
    return tmp_path


def draw(folder: Path, steps: str) -> Drawing:
    (folder / "r.yaml").write_text(f"seedflow: 1\nsteps:\n{steps}")
    session = open_session(
        load_settings(folder, provider="sketch", environment={}, user_file=folder / "none"), folder
    )
    planned = plan_recipe(check_recipe(folder / "r.yaml", session), GivenInputs(), session)
    assert planned.plan is not None, planned.diagnostics
    drawing = draw_tasks(planned.plan, planned.checked.graph, everything=True)
    see_that_nothing_is_lost(drawing)
    return drawing


def see_that_nothing_is_lost(drawing: Drawing) -> None:
    """Every task is in the tree, whatever is used stands before its users, and every whole has its tasks."""
    rows = [grown.node.id for grown in grow_tree(drawing, most_levels=50)]
    assert sorted(rows) == sorted(node.id for node in drawing.nodes if node.kind is not NodeKind.HUB)
    position = {node.id: number for number, node in enumerate(drawing.nodes)}
    assert all(position[edge.source] < position[edge.target] for edge in drawing.edges)
    targets = {edge.target for edge in drawing.edges}
    assert [node.id for node in drawing.nodes if node.kind is NodeKind.HUB and node.id not in targets] == []


def spell(drawing: Drawing) -> list[str]:
    return [
        f"{edge.source} {'~' if edge.order_only else '>'} {edge.target}: {', '.join(edge.labels)}".rstrip(
            ": "
        )
        for edge in drawing.edges
    ]


def test_tasks_of_a_used_recipe_lead_to_what_uses_them_there(folder: Path) -> None:
    arrows = spell(
        draw(folder, '  cast: {recipe: ./pages.yaml, for_each: {k: [x, y]}, with: {who: "{{ each.k }}"}}\n')
    )
    assert sorted(arrows) == [
        f"{one} > {other}"
        for one, other in sorted(
            pair
            for k in "xy"
            for pair in (
                (f"all of cast[k={k}]/page", f"cast[k={k}]/cover: pages"),
                (f"cast[k={k}]/page[n=one]", f"all of cast[k={k}]/page"),
                (f"cast[k={k}]/page[n=two]", f"all of cast[k={k}]/page"),
            )
        )
    ]


def test_recipes_within_recipes_with_takes_and_a_row(folder: Path) -> None:
    row = """\
  row:
    iterate: {over: [red, blue], as: edit, start: "{{ steps.use.at(k='x').images[0] }}"}
    generate: {prompt: "{{ ref.it }} {{ each.edit }}", image_input: {it: "{{ prev }}"}}
  end:
    when: "{{ steps.row.passes | count > 0 }}"
    generate: {prompt: "{{ ref.first }} {{ ref.uses }}", image_input: {first: "{{ steps.row.images }}", uses: "{{ steps.use.images }}"}}
"""
    drawing = draw(folder, USED + row)
    arrows = spell(drawing)
    assert {node.name: node.notes for node in drawing.nodes if node.kind is NodeKind.HUB} == {
        f"all of use[k={k}]/inner[j={j}]/page": ("2 tasks",) for k in "xy" for j in "uv"
    }
    for expected in (
        "early ~ use[k=y]/inner[j=v]/page[n=two]",
        "early ~ use[k=x]/sum#2",
        "use[k=y]/inner[j=u]/page[n=one] > all of use[k=y]/inner[j=u]/page",
        "use[k=x]/inner[j=v]/cover > use[k=x]/sum#2: covers",
        "use[k=x]/sum > row[edit=1]: it",
        "row[edit=1] > row[edit=2]: it",
        "row[edit=1] > end: when",
        "row[edit=2] > end: first",
        "use[k=y]/sum#2 > end: uses",
    ):
        assert expected in arrows


def test_each_task_is_told_by_its_own_references(folder: Path) -> None:
    steps = """\
  page: {for_each: {n: [1, 2, 3]}, generate: {prompt: "{{ each.n }}"}}
  end:
    generate:
      prompt: "{{ ref.one }} {{ ref.rest }} {{ steps.page.at(n=3).images | count }}"
      image_input: {one: "{{ steps.page.at(n=1).images }}", rest: ["{{ steps.page.at(n=1).images }}", "{{ steps.page.at(n=2).images }}"]}
  plain: {generate: {prompt: p, image_input: "{{ steps.page.at(n=3).images }}"}}
"""
    assert sorted(spell(draw(folder, steps))) == [
        "page[n=1] > end: one, rest",
        "page[n=2] > end: rest",
        "page[n=3] > end: prompt",
        "page[n=3] > plain",
    ]


def test_what_tasks_to_come_will_use_is_drawn_already(folder: Path) -> None:
    steps = """\
  set: {generate: {prompt: a set, sequential_image_generation: auto, max_images: 3}}
  style: {for_each: {s: [a, b]}, generate: {prompt: "{{ each.s }}"}}
  early: {generate: {prompt: early}}
  one:
    for_each: {img: {in: "{{ steps.set.images }}", at_most: 3}}
    needs: [early]
    generate: {prompt: "{{ ref.x }} {{ ref.style }}", image_input: {x: "{{ each.img }}", style: "{{ steps.style.images }}"}}
  end: {generate: {prompt: "{{ ref.all }}", image_input: {all: "{{ steps.one.images }}"}}}
"""
    assert spell(draw(folder, steps)) == [
        "set > one[img=set-?]: x",
        "all of style > one[img=set-?]: style",
        "early ~ one[img=set-?]",
        "all of one > end: all",
        "style[s=a] > all of style",
        "style[s=b] > all of style",
        "one[img=set-?] > all of one",
    ]


def test_of_edits_in_a_row_the_last_alone_leads_to_what_uses_their_image(folder: Path) -> None:
    arrows = spell(
        draw(
            folder,
            "  first: {generate: {prompt: First}}\n"
            '  room: {iterate: {over: [a, b, c], as: e, start: "{{ steps.first.images[0] }}"}, '
            'generate: {prompt: "{{ each.e }}", image_input: "{{ prev }}"}}\n'
            '  card: {generate: {prompt: "Card of {{ ref.r }}", image_input: {r: "{{ steps.room.images }}"}}}\n',
        )
    )
    assert [arrow for arrow in arrows if "> card" in arrow] == ["room[e=3] > card: r"]
