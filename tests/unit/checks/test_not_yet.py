"""What the language will have is answered with "not yet"."""

from __future__ import annotations


def test_outputs_of_a_used_recipe(say) -> None:
    assert say("""
        steps:
          a: {generate: {prompt: A}}
          b: {generate: {prompt: B, image_input: ["{{ steps.a.outputs.sheet[3] }}"]}}
        outputs: {x: "{{ steps.a.outputs.sheet }}"}
    """) == ["not-yet «steps.a.outputs.sheet[3]»", "not-yet «steps.a.outputs.sheet»"]
