"""`optional(…)` in the brackets of a list, or as an item of a written one: where it gives none, there is no item."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import FakeProvider, World, statuses

from seedflow.diagnostics import Severity, has_errors

STEPS = (
    "inputs: {g: {type: boolean, default: false}, extra: {type: image, optional: true}}\n"
    "steps:\n"
    "  shot: {generate: {prompt: S}}\n"
    "  set: {generate: {prompt: Set, sequential_image_generation: auto, max_images: 3}}\n"
    '  card: {when: "{{ COND }}", generate: {prompt: C}}\n'
)
USED = (
    "seedflow: 1\ninputs: {pics: {type: list, of: image}}\n"
    'steps: {x: {generate: {prompt: "X {{ ref.a }} of {{ inputs.pics | length }}", image_input: {a: "{{ inputs.pics }}"}}}}\n'
    'outputs: {o: "{{ steps.x.images }}"}\n'
)
BRACES = "{{ [steps.shot.images[0], optional(steps.card.images[0])] }}"
SUM = "{{ steps.shot.images + [optional(steps.card.images[0])] }}"
WRITTEN = ["{{ steps.shot.images[0] }}", "{{ optional(steps.card.images[0]) }}"]
LISTS = [f'"{BRACES}"', f'"{SUM}"', str(WRITTEN).replace("'", '"')]
CONDITIONS = {
    "known to be skipped": ("inputs.g", False),
    "found to be skipped": ("steps.set.images | length > 5", False),
    "found to be made": ("steps.set.images | length > 2", True),
}


def open_world(folder: Path, condition: str, step: str) -> World:
    (folder / "b.yaml").write_text(USED)
    return World(folder, STEPS.replace("COND", condition) + step, provider=FakeProvider(sets="max"))


def run_twice(world: World) -> list[str]:
    """The prompts of `u`, if the bill lies between the bounds of the plan, and a further run asks for nothing."""
    calls = world.plan().totals.calls
    first = world.run()
    paid = len(world.provider.calls)
    assert calls.low <= paid <= calls.high
    assert "failed" not in statuses(first).values()
    again = {address: status.replace("reused", "done") for address, status in statuses(world.run()).items()}
    assert (again, len(world.provider.calls)) == (statuses(first), paid)
    return sorted(
        str(call.params["prompt"]) for call in world.provider.calls if call.context.address[0] == "u"
    )


@pytest.mark.parametrize("items", LISTS)
@pytest.mark.parametrize("name", CONDITIONS)
def test_for_each_goes_through_what_is_there(tmp_path: Path, name: str, items: str) -> None:
    condition, made = CONDITIONS[name]
    step = f'  u: {{for_each: {{p: {items}}}, generate: {{prompt: "U {{{{ each.p.key }}}}", image_input: "{{{{ each.p }}}}"}}}}\n'
    world = open_world(tmp_path, condition, step)
    assert not has_errors(world.find_problems())
    assert run_twice(world) == (["U card", "U shot"] if made else ["U shot"])


@pytest.mark.parametrize("items", LISTS)
@pytest.mark.parametrize("name", CONDITIONS)
def test_a_used_recipe_is_given_what_is_there(tmp_path: Path, name: str, items: str) -> None:
    condition, made = CONDITIONS[name]
    world = open_world(tmp_path, condition, f"  u: {{recipe: ./b.yaml, with: {{pics: {items}}}}}\n")
    assert run_twice(world) == (["X images 1 and 2 of 2"] if made else ["X image 1 of 1"])


@pytest.mark.parametrize("name", CONDITIONS)
def test_templates_count_what_is_there(tmp_path: Path, name: str) -> None:
    condition, made = CONDITIONS[name]
    inside = BRACES.strip("{} ")
    step = f"  u: {{generate: {{prompt: \"{{{{ {inside} | length }}}} {{{{ {inside} | map(attribute='name') | join('+') }}}}\"}}}}\n"
    assert run_twice(open_world(tmp_path, condition, step)) == ["2 shot-1+card-1" if made else "1 shot-1"]


@pytest.mark.parametrize("name", CONDITIONS)
def test_edits_in_a_row_are_those_that_are_there(tmp_path: Path, name: str) -> None:
    condition, made = CONDITIONS[name]
    step = (
        f'  u: {{iterate: {{over: "{BRACES}", as: e, start: "{{{{ steps.set.images[0] }}}}"}}, '
        'generate: {prompt: "E {{ each.e.key }}", image_input: ["{{ prev }}", "{{ each.e }}"]}}\n'
    )
    world = open_world(tmp_path, condition, step)
    assert world.find_problems() == []
    assert run_twice(world) == (["E card", "E shot"] if made else ["E shot"])


def test_lists_that_a_zip_pairs_are_as_long_as_what_is_there(tmp_path: Path) -> None:
    step = f"  u: {{for_each: \"{{{{ zip(a={BRACES.strip('{} ')}, b=['x', 'y']) }}}}\", generate: {{prompt: 'U {{{{ each.b }}}}', image_input: '{{{{ each.a }}}}'}}}}\n"
    found = open_world(tmp_path, "inputs.g", step).find_problems()
    assert [(one.code, one.severity) for one in found] == [("unequal-lists", Severity.ERROR)]
    assert run_twice(open_world(tmp_path, "steps.set.images | length > 2", step)) == ["U x", "U y"]


def test_an_input_that_is_none_is_an_error_of_the_plan_where_items_need_keys(tmp_path: Path) -> None:
    step = '  u: {for_each: {p: "{{ steps.shot.images + [ITEM] }}"}, generate: {prompt: "U {{ each.p.key }}", image_input: "{{ each.p }}"}}\n'
    world = open_world(tmp_path, "inputs.g", step.replace("ITEM", "inputs.extra"))
    errors = [one for one in world.find_problems() if one.severity is Severity.ERROR]
    assert [one.code for one in errors] == ["no-key"]
    assert errors[0].span is not None
    assert errors[0].span.source.text[errors[0].span.start : errors[0].span.end] == "inputs.extra"
    world = open_world(tmp_path, "inputs.g", step.replace("ITEM", "optional(inputs.extra)"))
    assert run_twice(world) == ["U shot"]
