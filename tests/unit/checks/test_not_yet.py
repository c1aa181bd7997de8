"""What the language will have is answered with "not yet"."""

from __future__ import annotations


def test_outputs_of_a_used_recipe(say) -> None:
    assert say("""
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: B, image_input: ["{{ steps.a.outputs.sheet[3] }}"]}}
        outputs: {x: "{{ steps.a.outputs.sheet }}"}
    """) == ["not-yet «steps.a.outputs.sheet[3]»", "not-yet «steps.a.outputs.sheet»"]


def test_lists_that_are_known_only_when_running(say) -> None:
    assert say("""
        inputs: {tones: {type: list, of: text}}
        steps:
          a: {generate: {prompt: A}}
          b:
            for_each: {image: "{{ steps.a.images }}", name: ["{{ steps.a.images[0].name }}", x]}
            generate: {prompt: "{{ each.image.name }} {{ each.name }}"}
          c:
            for_each: "{{ zip(task=steps.b.tasks, tone=inputs.tones) }}"
            generate: {prompt: "{{ each.task.key }} {{ each.tone }} {{ each.tone.x }}"}
    """) == [
        "not-yet «steps.a.images»",
        "not-yet «steps.a.images[0]»",
        "not-yet «steps.b.tasks»",
    ]
