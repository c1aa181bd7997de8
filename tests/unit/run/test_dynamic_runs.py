"""Runs of recipes whose tasks are only known while they go on, rule by rule of the language."""

from __future__ import annotations

from world import statuses

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
