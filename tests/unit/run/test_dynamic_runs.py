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
