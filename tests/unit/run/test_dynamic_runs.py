"""Runs of recipes whose tasks are only known while they go on, rule by rule of the language."""

from __future__ import annotations

import pytest
from world import reject, statuses

SET = "sequential_image_generation: auto, max_images: 3"


def test_a_list_of_which_everything_was_skipped_skips_the_step(make_world):
    world = make_world(
        "inputs: {yes: {type: boolean, default: true}}\n"
        "steps:\n"
        "  a: {when: '{{ not inputs.yes }}', generate: {prompt: A}}\n"
        "  b: {for_each: {v: '{{ first_of(steps.a.images, steps.a.images) }}'}, generate: {prompt: B}}\n"
    )
    result = world.run()
    assert result.status.value == "done"
    assert statuses(result) == {"a": "skipped", "b[v=?]": "skipped"}


def test_the_images_of_a_task_that_uses_a_recipe_can_be_looped_over(make_world, tmp_path):
    (tmp_path / "two.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {word: {type: text}}\n"
        "steps:\n"
        f"  a: {{generate: {{prompt: '{{{{ inputs.word }}}}', {SET}}}}}\n"
        "  late: {generate: {prompt: 'late {{ inputs.word }}', image_input: ['{{ steps.a.images[0] }}']}}\n"
        "outputs: {images: '{{ steps.a.images }}'}\n"
    )
    world = make_world(
        "steps:\n"
        "  use: {for_each: {w: [x, y]}, recipe: ./two.yaml, with: {word: '{{ each.w }}'}}\n"
        "  each: {for_each: {t: '{{ steps.use.tasks }}', i: '{{ each.t.images }}'}, generate: {prompt: B, "
        "image_input: ['{{ each.i }}']}}\n"
        "  whole: {for_each: {t: '{{ steps.use.tasks }}'}, generate: {prompt: '{{ each.t.key }}', "
        "image_input: ['{{ each.t.images[1] }}', '{{ each.t.outputs.images[2] }}']}}\n"
    )
    result = world.run()
    assert result.status.value == "done"
    found = statuses(result)
    assert found["each[t=x,i=x.a-3]"] == found["each[t=y,i=y.a-1]"] == "done"
    assert sum(address.startswith("each") for address in found) == 6


def test_images_come_in_for_each_order_then_take_then_number(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{for_each: {{w: [y, x], u: [p, q]}}, takes: 2, generate: {{prompt: '{{{{ each.w }}}} {{{{ each.u }}}}', {SET}}}}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
    )
    result = world.run()
    found = [task.address for task in result.tasks if task.address.startswith("b")]
    keys = [
        f"{w}.{u}{take}-{number}" for w in "yx" for u in "pq" for take in ("", "-t2") for number in (1, 2, 3)
    ]
    assert found == [f"b[i={key}]" for key in keys]


def test_stages_do_not_wait_for_each_other(make_world):
    world = make_world(
        "steps:\n"
        "  a: {for_each: {w: [x, y, z]}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
    )
    world.run(most_in_flight=1)
    sent = [call.context.address for call in world.provider.calls]
    assert sent.index("b[i=x-1]") < sent.index("a[w=z]")


def test_zero_items_are_legal(make_world):
    world = make_world(
        "inputs: {words: {type: list, of: text, default: []}}\n"
        "steps:\n"
        "  a: {for_each: {w: '{{ inputs.words }}'}, generate: {prompt: '{{ each.w }}'}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
        "  c: {generate: {prompt: 'C {{ steps.b.images | length }}'}}\n"
    )
    result = world.run()
    assert result.status.value == "done"
    assert statuses(result) == {"c": "done"}
    assert world.provider.calls[0].params["prompt"] == "C 0"


def test_overflow_of_at_most_fails_before_paying(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {for_each: {i: {in: '{{ steps.a.images }}', at_most: 2}}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
    )
    result = world.run()
    assert result.status.value == "failed"
    (failed,) = [task for task in result.tasks if task.status.value == "failed"]
    assert failed.problem.kind == "too-many-items"
    assert [call.context.address for call in world.provider.calls] == ["a"]


def test_equal_keys_that_show_when_running_fail_without_paying(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {for_each: {i: {in: '{{ steps.a.images + steps.a.images[1:] }}', at_most: 9}}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
    )
    result = world.run()
    (failed,) = [task for task in result.tasks if task.status.value == "failed"]
    assert failed.problem.kind == "equal-keys"
    assert len(world.provider.calls) == 1


def test_a_condition_is_decided_when_its_values_are_there(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, when: '{{ each.i.number != 2 }}', "
        "generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
        "  c: {when: '{{ steps.a.images | length > 3 }}', generate: {prompt: C}}\n"
    )
    assert statuses(world.run()) == {
        "a": "done",
        "b[i=a-1]": "done",
        "b[i=a-2]": "skipped",
        "b[i=a-3]": "done",
        "c": "skipped",
    }


SKIPPING = (
    "inputs: {yes: {type: boolean, default: true}}\n"
    "steps:\n"
    "  off: {when: '{{ not inputs.yes }}', generate: {prompt: Off}}\n"
    "  on: {generate: {prompt: On}}\n"
    "  some: {for_each: {w: [x, y]}, when: \"{{ each.w == 'x' }}\", generate: {prompt: 'S {{ each.w }}'}}\n"
    "  none: {for_each: {w: [x, y]}, when: '{{ not inputs.yes }}', generate: {prompt: 'N {{ each.w }}'}}\n"
    "  user: {generate: {prompt: U, image_input: [%s]}}\n"
)


@pytest.mark.parametrize(
    ("images", "status", "sent"),
    [
        ("'{{ steps.off.images[0] }}'", "skipped", 0),
        ("'{{ steps.off.images[0] }}', '{{ steps.on.images[0] }}'", "skipped", 0),
        ("'{{ steps.some.images }}'", "done", 1),
        ("'{{ steps.none.images }}'", "skipped", 0),
        ("'{{ steps.none.images }}', '{{ steps.on.images }}'", "done", 1),
        ("'{{ steps.some.at(w=\"y\").images[0] }}'", "skipped", 0),
        ("'{{ first_of(steps.off.images[0], steps.on.images[0]) }}'", "done", 1),
        ("'{{ optional(steps.off.images[0]) }}', '{{ steps.on.images[0] }}'", "done", 1),
        ("'{{ optional(steps.off.images[0]) }}'", "done", 0),
    ],
)
def test_a_single_skipped_result_skips_and_collections_omit_it(make_world, images, status, sent):
    world = make_world(SKIPPING % images)
    result = world.run()
    assert statuses(result)["user"] == status
    calls = [call for call in world.provider.calls if call.context.address == "user"]
    assert [len(call.references) for call in calls] == ([sent] if status == "done" else [])


def test_a_failed_task_blocks_those_that_use_it_and_succeeded_goes_on(make_world):
    world = make_world(
        "steps:\n"
        "  a: {for_each: {w: [x, y]}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  item: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: I, image_input: ['{{ each.i }}']}}\n"
        "  all: {generate: {prompt: All, image_input: ['{{ steps.a.images }}']}}\n"
        "  after: {generate: {prompt: After, image_input: ['{{ steps.all.images[0] }}']}}\n"
        "  rest: {generate: {prompt: Rest, image_input: ['{{ succeeded(steps.a.images) }}']}}\n"
    )
    world.provider.meet("a[w=x]", reject())
    result = world.run()
    assert result.status.value == "failed"
    found = statuses(result)
    assert (found["a[w=x]"], found["item[i=y-1]"], found["all"], found["after"], found["rest"]) == (
        "failed", "done", "blocked", "blocked", "done",
    )  # fmt: skip # a row a line
    causes = {task.address: task.cause for task in result.tasks if task.status.value == "blocked"}
    assert causes == {"item[i=x-1]": "a[w=x]", "all": "a[w=x]", "after": "all"}


def test_takes_that_failed_and_tasks_that_did_are_left_out_and_a_further_run_pays_for_nothing(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{takes: 3, expect: {{images: 3}}, generate: {{prompt: A, {SET}}}}}\n"
        "  b: {for_each: {w: [x, y]}, generate: {prompt: 'B {{ each.w }}'}}\n"
        "  item: {for_each: {i: '{{ succeeded(steps.a.images) }}'}, generate: {prompt: I, image_input: ['{{ each.i }}']}}\n"
        "  task: {for_each: {t: '{{ succeeded(steps.b.tasks) }}'}, generate: {prompt: T, image_input: ['{{ each.t.images }}']}}\n"
        "  all: {generate: {prompt: '{{ succeeded(steps.a.images) | length }} of {{ steps.task.images | length }}'}}\n"
    )
    world.provider.count = lambda context: 3 if context.address in ("a", "a#3") else 1
    world.provider.meet("b[w=y]", reject())
    result = world.run()
    found = statuses(result)
    assert {address: status for address, status in found.items() if status != "done"} == {
        "a#2": "failed",
        "b[w=y]": "failed",
    }
    assert [one for one in found if one.startswith("item")] == [
        f"item[i=a-{take}{number}]" for take in ("", "t3-") for number in (1, 2, 3)
    ]
    assert "task[t=x]" in found
    prompts = [call.params["prompt"] for call in world.provider.calls if call.context.address == "all"]
    assert prompts == ["6 of 1"]
    sent = len(world.provider.calls)
    world.provider.meet("b[w=y]", reject())
    again = statuses(world.run())
    assert (again["a#2"], again["all"], len(world.provider.calls)) == ("failed", "reused", sent + 1)


def test_an_index_that_does_not_exist_fails_that_task_alone(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {generate: {prompt: B, image_input: ['{{ steps.a.images[2] }}']}}\n"
        "  c: {generate: {prompt: C, image_input: ['{{ steps.a.images[0] }}']}}\n",
        sets="min",
    )
    result = world.run()
    assert statuses(result) == {"a": "done", "b": "failed", "c": "done"}
    assert next(task for task in result.tasks if task.address == "b").problem.kind == "no-such-image"


def test_all_takes_flow_on(make_world):
    world = make_world(
        "steps:\n"
        "  a: {takes: 3, generate: {prompt: A}}\n"
        "  b: {generate: {prompt: B, image_input: ['{{ steps.a.images }}']}}\n"
    )
    result = world.run()
    assert list(statuses(result)) == ["a", "a#2", "a#3", "b"]
    assert len(world.provider.calls[-1].references) == 3


def edits(*words: str) -> str:
    return (
        "steps:\n"
        "  a: {generate: {prompt: A}}\n"
        f"  b: {{iterate: {{over: [{', '.join(words)}], as: edit, start: '{{{{ steps.a.images[0] }}}}'}}, "
        "generate: {prompt: '{{ each.edit }}', image_input: ['{{ prev }}']}}\n"
        "  last: {generate: {prompt: L, image_input: ['{{ steps.b.images }}']}}\n"
        "  every: {generate: {prompt: E, image_input: ['{{ steps.b.passes }}']}}\n"
    )


def test_edits_go_in_a_row_and_images_are_the_last_pass(make_world):
    world = make_world(edits("snow", "night", "fog"))
    result = world.run()
    assert list(statuses(result)) == ["a", "b[edit=1]", "b[edit=2]", "b[edit=3]", "last", "every"]
    sent = {call.context.address: len(call.references) for call in world.provider.calls}
    assert (sent["last"], sent["every"]) == (1, 3)


def test_changing_an_edit_pays_for_it_and_later_ones_only(make_world):
    world = make_world(edits("snow", "night", "fog"))
    world.run()
    before = len(world.provider.calls)
    world.text = edits("snow", "dusk", "fog")
    world.run()
    asked = {call.context.address for call in world.provider.calls[before:]}
    assert asked == {"b[edit=2]", "b[edit=3]", "last", "every"}


def test_edits_may_come_from_results(make_world):
    world = make_world(
        "steps:\n"
        f"  looks: {{generate: {{prompt: Looks, {SET}}}}}\n"
        "  a: {generate: {prompt: A}}\n"
        "  b: {iterate: {over: '{{ steps.looks.images }}', as: look, start: '{{ steps.a.images[0] }}'}, "
        "generate: {prompt: B, image_input: ['{{ prev }}', '{{ each.look }}']}}\n"
    )
    plan = world.plan()
    assert tuple(plan.totals.calls) == (3, 5)
    result = world.run()
    assert list(statuses(result)) == ["looks", "a", "b[look=1]", "b[look=2]", "b[look=3]"]


def test_adding_and_moving_items_renames_and_pays_for_no_other(make_world):
    text = (
        "steps:\n"
        "  a: {for_each: {w: [%s]}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {t: '{{ steps.a.tasks }}'}, generate: {prompt: B, image_input: ['{{ each.t.images }}']}}\n"
    )
    world = make_world(text % "x, y")
    world.run()
    before = len(world.provider.calls)
    world.text = text % "y, new, x"
    world.run()
    assert {call.context.address for call in world.provider.calls[before:]} == {"a[w=new]", "b[t=new]"}


def test_of_two_tasks_that_share_a_payment_the_one_that_is_ready_first_makes_it(make_world):
    world = make_world(
        "steps:\n"
        "  a: {generate: {prompt: A}}\n"
        "  slow: {generate: {prompt: S, image_input: ['{{ steps.a.images[0] }}']}}\n"
        "  b: {needs: slow, generate: {prompt: U, image_input: ['{{ steps.a.images[0] }}']}}\n"
        "  c: {generate: {prompt: U, image_input: ['{{ steps.a.images[0] }}']}}\n"
    )
    assert {task.address: task.shares_with for task in world.plan().tasks}["c"] == "b"
    result = world.run()
    assert (result.status.value, result.calls) == ("done", 3)
    assert statuses(result) == {"a": "done", "slow": "done", "b": "reused", "c": "done"}


def test_items_of_a_written_list_come_one_by_one(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {generate: {prompt: B}}\n"
        "  c:\n"
        "    for_each: {v: ['{{ steps.a.images[2] }}', '{{ steps.b.images[0] }}', '{{ steps.a.images[0] }}']}\n"
        "    generate: {prompt: C, image_input: ['{{ each.v }}']}\n"
    )
    result = world.run()
    assert statuses(result) == dict.fromkeys(["a", "b", "c[v=a-3]", "c[v=b-1]", "c[v=a-1]"], "done")
    assert list(statuses(result)) == ["a", "b", "c[v=a-3]", "c[v=b-1]", "c[v=a-1]"]


def test_a_request_that_another_address_made_before_may_cost_nothing(make_world):
    text = (
        "steps:\n"
        "  a: {for_each: {w: [%s]}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: 'as wide as {{ each.i.width }}'}}\n"
    )
    world = make_world(text % "x, y")
    assert tuple(world.plan().totals.calls) == (3, 4)
    world.run()
    world.text = text % "x, y, z"
    assert tuple(world.plan().totals.calls) == (1, 2)
    assert world.run().calls == 1


@pytest.mark.parametrize("mention", ["at(w=each.w).images[0]", "where(w=each.w).images"])
def test_at_and_where_depend_on_those_tasks_alone(make_world, mention):
    world = make_world(
        "inputs: {words: {type: list, of: text, default: [x, y]}}\n"
        "steps:\n"
        "  a: {for_each: {w: '{{ inputs.words }}'}, generate: {prompt: 'A {{ each.w }}'}}\n"
        "  b: {for_each: {w: '{{ inputs.words }}'}, generate: {prompt: B, "
        f"image_input: ['{{{{ steps.a.{mention} }}}}']}}}}\n"
    )
    world.provider.meet("a[w=x]", reject())
    world.run()
    assert [call.context.address for call in world.provider.calls] == ["a[w=x]", "a[w=y]", "b[w=y]"]


def test_nothing_waits_at_the_border_of_a_used_recipe(make_world, tmp_path):
    (tmp_path / "two.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {look: {type: image}, word: {type: text}}\n"
        "steps:\n"
        "  free: {generate: {prompt: 'Free {{ inputs.word }}'}}\n"
        "  bound: {generate: {prompt: Bound, image_input: ['{{ inputs.look }}', '{{ steps.free.images[0] }}']}}\n"
        "outputs: {free: '{{ steps.free.images }}', bound: '{{ steps.bound.images }}'}\n"
    )
    world = make_world(
        "steps:\n"
        "  a: {generate: {prompt: A}}\n"
        "  use: {recipe: ./two.yaml, with: {look: '{{ steps.a.images[0] }}', word: w}}\n"
        "  early: {generate: {prompt: Early, image_input: ['{{ steps.use.outputs.free }}']}}\n"
    )
    world.provider.meet("a", reject())
    found = statuses(world.run())
    assert found == {"a": "failed", "use/free": "done", "use/bound": "blocked", "early": "done"}


def test_a_condition_around_a_used_recipe_skips_all_inside(make_world, tmp_path):
    (tmp_path / "one.yaml").write_text(
        "seedflow: 1\nsteps: {in: {generate: {prompt: In}}}\noutputs: {images: '{{ steps.in.images }}'}\n"
    )
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  use: {when: '{{ steps.a.images | length > 3 }}', recipe: ./one.yaml}\n"
        "  after: {generate: {prompt: After, image_input: ['{{ steps.use.images }}']}}\n"
    )
    assert statuses(world.run()) == {"a": "done", "use/in": "skipped", "after": "skipped"}


def test_a_condition_that_gives_no_boolean_fails_when_it_shows(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {when: '{{ ([steps.a.images[0].number] + [true]) | first }}', generate: {prompt: B}}\n"
    )
    result = world.run()
    assert [task.problem.kind for task in result.tasks if task.problem is not None] == ["not-boolean"]
    assert len(world.provider.calls) == 1


def test_later_variables_use_earlier_ones(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{for_each: {{w: [x, y]}}, generate: {{prompt: 'A {{{{ each.w }}}}', {SET}}}}}\n"
        "  b: {for_each: {t: '{{ steps.a.tasks }}', i: '{{ each.t.images[1:] }}'}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"
    )
    found = [address for address in statuses(world.run()) if address.startswith("b")]
    assert found == ["b[t=x,i=x-2]", "b[t=x,i=x-3]", "b[t=y,i=y-2]", "b[t=y,i=y-3]"]


def test_pairs_of_unequal_length_fail_without_paying(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {generate: {prompt: B}}\n"
        "  c: {for_each: '{{ zip(x=steps.a.images, y=steps.b.images) }}', generate: {prompt: C, image_input: ['{{ each.x }}', '{{ each.y }}']}}\n"
    )
    result = world.run()
    assert [task.problem.kind for task in result.tasks if task.problem is not None] == ["unequal-lists"]
    assert len(world.provider.calls) == 2


def test_images_of_each_task_of_a_used_recipe_grow_one_source_at_a_time(make_world, tmp_path):
    """`each.t.images` of a use that is still at work: what one of its tasks gave begins, and is not read again with the others."""
    (tmp_path / "inner.yaml").write_text(
        "seedflow: 1\n"
        "steps:\n"
        "  s: {for_each: {w: [x, y]}, generate: {prompt: '{{ each.w }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        "outputs: {images: '{{ steps.s.images }}'}\n"
    )
    world = make_world(
        "steps:\n"
        "  use: {recipe: ./inner.yaml}\n"
        "  after:\n"
        "    for_each: {t: '{{ steps.use.tasks }}', v: '{{ each.t.images }}'}\n"
        "    generate: {prompt: A, image_input: ['{{ each.v }}']}\n",
    )
    result = world.run(most_in_flight=1)
    assert result.status.value == "done"
    after = [task.address for task in result.tasks if task.address.startswith("after")]
    assert after == [f"after[t=use,v={w}-{n}]" for w in "xy" for n in (1, 2)]


def test_all_passes_of_a_row_that_is_still_to_come_have_room_in_the_plan(make_world):
    world = make_world(
        "steps:\n"
        "  s: {for_each: {w: [x, y]}, generate: {prompt: '{{ each.w }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        "  row:\n"
        "    iterate: {over: '{{ steps.s.images }}', as: edit, start: '{{ steps.s.at(w=\"x\").images[0] }}'}\n"
        "    generate: {prompt: B, image_input: ['{{ each.edit }}', '{{ prev }}']}\n"
        "  after: {for_each: {v: '{{ steps.row.passes }}'}, generate: {prompt: C, image_input: ['{{ each.v }}']}}\n"
    )
    planned = world.plan().totals
    result = world.run()
    assert result.status.value == "done"
    assert sum(task.address.startswith("after") for task in result.tasks) == 4
    assert planned.tasks == (2 + 2 + 2, 2 + 4 + 4)


def test_the_same_image_twice_among_what_came_fails_behind_that_item_and_blocks_who_uses_it(make_world):
    world = make_world(
        "steps:\n"
        f"  a: {{generate: {{prompt: A, {SET}}}}}\n"
        "  b: {for_each: {i: '{{ steps.a.images[:2] }}', k: ['{{ each.i }}', '{{ steps.a.images[0] }}']}, "
        "generate: {prompt: B, image_input: ['{{ each.i }}', '{{ each.k }}']}}\n"
        "  c: {for_each: {i: '{{ steps.b.images }}'}, generate: {prompt: C, image_input: ['{{ each.i }}']}}\n"
    )
    result = world.run()
    assert [(task.address, task.problem.kind) for task in result.tasks if task.problem is not None] == [
        ("b[i=a-1,k=?]", "equal-keys"),
        ("c[i=a-1.?-?]", "blocked"),
    ]
    assert [call.context.address for call in world.provider.calls] == [
        "a",
        "b[i=a-2,k=a-2]",
        "b[i=a-2,k=a-1]",
        "c[i=a-2.a-2-1]",
        "c[i=a-2.a-1-1]",
    ]


def test_what_is_stored_is_given_only_once_what_its_task_stands_on_is(make_world, tmp_path):
    """Its request may be stored by another task, while the image that its loop goes through failed again."""
    (tmp_path / "sub.yaml").write_text(
        "seedflow: 1\ninputs: {i: {type: image}}\n"
        "steps:\n  s: {generate: {prompt: The same}}\noutputs: {images: '{{ steps.s.images }}'}\n"
    )
    world = make_world(
        "steps:\n"
        "  a: {for_each: {k: [x, y]}, generate: {prompt: 'A {{ each.k }}'}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, recipe: ./sub.yaml, with: {i: '{{ each.i }}'}}\n"
        "  c: {generate: {prompt: C, image_input: ['{{ steps.b.images }}']}}\n"
    )
    for _ in range(2):
        world.provider.meet("a[k=x]", reject())
        result = world.run()
        found = statuses(result)
        assert found["c"] == "blocked", found
        assert found["b[i=x-1]/s"] == "blocked"
    assert [call.context.address for call in world.provider.calls].count("c") == 0
