"""How many tasks a loop has at most inside a used recipe: its list may come through values and inputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner
from playing import FAILS, play

SHEET = """
steps:
  sheet: {generate: {prompt: A sheet, sequential_image_generation: auto, max_images: 3}}
"""


IMAGES = "{x: {type: list, of: image}}"


def count_tasks(folder: Path, inner: str, given: str, *, steps: str = SHEET) -> tuple[int, int]:
    (folder / "inner.yaml").write_text(f"seedflow: 1\n{inner}")
    caller = f"{steps}  inner: {{recipe: ./inner.yaml, with: {given}}}\n"
    plan, problems = open_planner(caller, folder=folder).start()
    assert plan is not None, problems
    found = plan.tasks[-1].tasks
    return (1, 1) if found is None else (found.low, found.high)


def loop(items: str, values: str = "{}", inputs: str = IMAGES, prompt: str = "each.i.key") -> str:
    return f"""
inputs: {inputs}
values: {values}
steps:
  use: {{for_each: {{i: {items}}}, generate: {{prompt: "Again {{{{ {prompt} }}}}"}}}}
outputs: {{images: "{{{{ steps.use.images }}}}"}}
"""


@pytest.mark.parametrize(
    ("value", "items", "count"),
    [
        ("{{ inputs.x }}", "{{ values.v }}", (1, 3)),
        ("{{ inputs.x }}", "{{ values.v[:2] }}", (1, 2)),
        ("{{ inputs.x[:2] }}", "{{ values.v }}", (1, 2)),
        ("{{ inputs.x[:2] }}", "{{ values.v | reverse }}", (1, 2)),
        ("{{ inputs.x | reverse | list }}", "{{ values.v }}", (1, 3)),
        ("{{ inputs.x | reverse | list }}", "{{ values.v[:1] }}", (1, 1)),
        ("{{ inputs.x + inputs.x[1:] }}", "{{ values.v | reverse | list }}", (1, 5)),
        ("{{ values.w }}", "{{ values.v }}", (1, 3)),
    ],
)
def test_a_list_through_a_value_is_as_long_as_what_is_given(
    value: str, items: str, count: tuple[int, int], tmp_path: Path
) -> None:
    inner = loop(f'"{items}"', f'{{v: "{value}", w: "{{{{ inputs.x }}}}"}}')
    assert count_tasks(tmp_path, inner, '{x: "{{ steps.sheet.images }}"}') == count


PAIR = """
steps:
  card: {for_each: {q: [x, y]}, generate: {prompt: "Card {{ each.q }}"}}
"""
INNER = """seedflow: 1
inputs: {x: {type: list, of: image}}
values: {v: "{{ inputs.x | reverse | list }}"}
steps:
  k: {generate: {prompt: K}}
  use: {LOOP, generate: {prompt: "Again {{ each.i.name }}", image_input: "{{ each.i }}"}}
outputs: {images: "{{ steps.use.images + steps.k.images }}"}
"""


@pytest.mark.parametrize("given", ["{{ steps.card.images }}", "{{ steps.card.images | reverse | list }}"])
@pytest.mark.parametrize(
    ("loop", "count"),
    [
        ("for_each: {i: '{{ steps.k.images + inputs.x }}'}", 3),
        ("for_each: {i: '{{ inputs.x | reverse | list }}'}", 2),
        ("for_each: {i: '{{ values.v + steps.k.images }}'}", 3),
        ("for_each: {i: '{{ (inputs.x + steps.k.images)[1:] }}'}", 2),
        ("for_each: {i: {in: '{{ steps.k.images + inputs.x }}', at_most: 3}}", 3),
    ],
)
def test_lists_of_a_used_recipe_with_what_it_is_given_are_as_long_as_they_will_be(
    given: str, loop: str, count: int, tmp_path: Path
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER.replace("LOOP", loop))
    caller = f'{PAIR}  u: {{recipe: ./inner.yaml, with: {{x: "{given}"}}}}\n'
    plan, problems = open_planner(caller, folder=tmp_path).start()
    assert plan is not None, problems
    assert problems == []
    assert plan.totals.tasks == plan.totals.calls == (3 + count, 3 + count)
    assert [address for address in play(caller, folder=tmp_path).addresses if "use" in address] != []


@pytest.mark.parametrize(
    ("loop", "code"),
    [
        ("for_each: \"{{ zip(i=steps.k.images + inputs.x, n=['1', '2']) }}\"", "unequal-lists"),
        ("for_each: {i: {in: '{{ steps.k.images + inputs.x }}', at_most: 2}}", "too-many-items"),
    ],
)
def test_lists_of_a_used_recipe_that_cannot_fit_are_an_error_before_anything_is_asked(
    loop: str, code: str, tmp_path: Path
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER.replace("LOOP", loop))
    caller = f'{PAIR}  u: {{recipe: ./inner.yaml, with: {{x: "{{{{ steps.card.images }}}}"}}}}\n'
    plan, problems = open_planner(caller, folder=tmp_path).start()
    assert (plan, [found.code for found in problems]) == (None, [code])


ROWS = "{x: [{k: a}, {k: b}, {k: '{{ steps.sheet.images[0].key }}'}]}"
TABLE = "{x: {type: table, key: k, columns: {k: text}}}"


@pytest.mark.parametrize(
    ("items", "count"),
    [
        ("{{ inputs.x }}", (3, 3)),
        ("{{ values.v }}", (3, 3)),
        ("{{ values.v[1:] }}", (2, 2)),
        ("{{ values.v | selectattr('k') | list }}", (0, 3)),
        ("{{ inputs.x | selectattr('k') | list }}", (0, 3)),
    ],
)
def test_written_rows_are_counted_before_their_cells_are_known(
    items: str, count: tuple[int, int], tmp_path: Path
) -> None:
    inner = loop(f'"{items}"', '{v: "{{ inputs.x }}"}', TABLE, "each.i.k")
    assert count_tasks(tmp_path, inner, ROWS) == count


@pytest.mark.parametrize(
    "given",
    [
        "steps.sheet.images[:2]",
        "steps.sheet.images | reverse",
        "steps.sheet.images | selectattr('number') | list",
        "first_of(steps.sheet.images, steps.sheet.images)",
    ],
)
def test_records_of_a_zip_are_as_many_as_its_first_list_has(given: str, tmp_path: Path) -> None:
    inner = loop('{in: "{{ zip(i=inputs.x, j=inputs.x) }}", key: i}', prompt="each.i.i.key")
    assert count_tasks(tmp_path, inner, f'{{x: "{{{{ {given} }}}}"}}')[1] == (2 if "[:2]" in given else 3)


def test_lists_within_lists_bound_what_is_taken_out_of_them(tmp_path: Path) -> None:
    nested = "{x: {type: list, of: {type: list, of: text}}}"
    inner = loop('"{{ inputs.x | first }}"', inputs=nested, prompt="each.i")
    given = "{x: [[a, b, c, d, '{{ steps.sheet.images[0].key }}']]}"
    assert count_tasks(tmp_path, inner, given) == (0, 5)


def test_items_through_a_value_start_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("seedflow: 1\n" + loop('"{{ values.v }}"', '{v: "{{ inputs.x }}"}'))
    caller = """
steps:
  quick: {generate: {prompt: Quick}}
  slow: {generate: {prompt: Slow}}
  made:
    for_each: {m: ["{{ steps.quick.images[0] }}", "{{ steps.slow.images[0] }}"]}
    generate: {prompt: More, image_input: ["{{ each.m }}"], sequential_image_generation: auto, max_images: 3}
  inner: {recipe: ./inner.yaml, with: {x: "{{ steps.made.images }}"}}
"""
    order = play(caller, folder=tmp_path, last=("slow",), gives={"made": 2}).addresses
    first = next(address for address in order if address.startswith("inner/use"))
    second = next(address for address in order if address.startswith("made[m=slow"))
    assert order.index(first) < order.index(second)


def test_one_that_failed_blocks_the_items_of_no_other(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("seedflow: 1\n" + loop('"{{ values.v }}"', '{v: "{{ inputs.x }}"}'))
    caller = """
steps:
  made: {for_each: {m: [a, b]}, generate: {prompt: "{{ each.m }}"}}
  inner: {recipe: ./inner.yaml, with: {x: "{{ steps.made.images }}"}}
"""
    played = play(caller, folder=tmp_path, gives={"made": 1, "made[m=b]": FAILS})
    assert "inner/use[i=a-1]" in played.addresses
