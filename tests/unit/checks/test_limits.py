"""A limit that the recipe passes whatever its inputs are is an error."""

from __future__ import annotations


def test_tasks_that_are_certain_count(check) -> None:
    (found,) = check("""
        steps:
          a: {generate: {prompt: A}}
          b: {for_each: {x: [a, b], y: [a, b, c]}, generate: {prompt: "{{ each.x }}{{ each.y }}"}}
        limits: {tasks: 6}
    """)
    assert found.code == "limit-too-low"
    assert found.message == "the recipe has at least 7 tasks, 6 of them in step `b`, and its limits allow 6"
    assert str(found.span) == "recipe.yaml:5:3"


def test_tasks_that_inputs_decide_prove_nothing(check) -> None:
    assert (
        check("""
        inputs: {xs: {type: list, of: text}}
        steps:
          a: {generate: {prompt: A}}
          b: {for_each: {x: "{{ inputs.xs }}"}, generate: {prompt: "{{ each.x }}"}}
        limits: {tasks: 1}
    """)
        == []
    )
