"""Lengths that are compared with what they never are, or in a `when` always."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.checks.conftest import Check

AROUND = """
    inputs: {on: {type: boolean, default: false}, n: {type: integer, minimum: 1, maximum: 15, default: 3}, items: {type: list, of: text, default: [p]}}
    steps:
      a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
      e: {generate: {prompt: E, sequential_image_generation: auto, max_images: 4}, expect: {images: {min: 2}}}
      f: {generate: {prompt: F, sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}
      g: {takes: "{{ inputs.n }}", generate: {prompt: G}}
      b: {when: "{{ inputs.on }}", generate: {prompt: B}}
      t: {takes: 2, generate: {prompt: T}}
      p: {for_each: {i: "{{ inputs.items }}"}, generate: {prompt: "p {{ each.i }}"}}
      l: {for_each: {i: [x, y]}, generate: {prompt: "l {{ each.i }}"}}
      u: {recipe: ./sets.yaml}
      c: {WHEN generate: {prompt: "PROMPT"}}
"""
SETS = """\
seedflow: 1
inputs: {n: {type: integer, minimum: 1, maximum: 15, default: 3}}
steps: {x: {generate: {prompt: X, sequential_image_generation: auto, max_images: "{{ inputs.n }}"}}}
outputs: {images: "{{ steps.x.images }}"}
"""


def find(check: Check, tmp_path: Path, *, when: str | None = None, test: str | None = None) -> list[str]:
    (tmp_path / "sets.yaml").write_text(SETS)
    head = "" if when is None else f'when: "{{{{ {when} }}}}",'
    prompt = "C" if test is None else f"C {{% if {test} %}}x{{% endif %}}"
    found = check(AROUND.replace("WHEN", head).replace("PROMPT", prompt))
    return [f"{one.message} | {one.help}" for one in found if one.code == "never-equal"]


@pytest.mark.parametrize(
    ("test", "is_", "help_"),
    [
        ("steps.a.images | length > 3", "1 to 3", "write a smaller number, or let step `a` give more"),
        ("3 < steps.a.images | length", "1 to 3", "write a smaller number, or let step `a` give more"),
        ("steps.a.images | length == 7", "1 to 3", "write a smaller number, or let step `a` give more"),
        ("steps.a.images | length is gt(3)", "1 to 3", "write a smaller number, or let step `a` give more"),
        ("steps.a.images | length < 1", "1 to 3", "write a greater number: it is at least 1"),
        ("steps.a.images | length == 1.5", "1 to 3", "write a whole number"),
        ("steps.a.images | length in [4, 5]", "1 to 3", "write numbers that it may be: 1 to 3"),
        ("(steps.a.images | length) * 2 > 6", "2 to 6", "write a smaller number, or let step `a` give more"),
        ("steps.e.images | length == 1", "2 to 4", "write a greater number: it is at least 2"),
        ("steps.t.images | length != 2", "2", "write another number, or let step `t` give more or fewer"),
        ("steps.t.images | length < 2", "2", "write a greater number: it is at least 2"),
        ("steps.b.images | length > 1", "1", "write a smaller number, or let step `b` give more"),
        ("steps.a.images[:2] | length > 2", "1 to 2", "write a smaller number, or let step `a` give more"),
    ],
)
def test_a_length_that_never_comes_out_so_is_told_wherever_it_is_asked(
    check: Check, tmp_path: Path, test: str, is_: str, help_: str
) -> None:
    for found in (find(check, tmp_path, when=test), find(check, tmp_path, test=test)):
        (told,) = found
        assert told.endswith(f" is {is_}, so that this never holds | {help_}")


@pytest.mark.parametrize(
    "test",
    [
        "steps.a.images | length >= 1",
        "steps.a.images | length != 5",
        "steps.a.images | length < 4",
        "steps.a.images | length not in [4, 5]",
    ],
)
def test_a_length_that_always_comes_out_so_is_told_of_a_condition_alone(
    check: Check, tmp_path: Path, test: str
) -> None:
    (told,) = find(check, tmp_path, when=test)
    assert told.endswith("so that this always holds | take the `when` out")
    (told,) = find(check, tmp_path, when=f"inputs.on and {test}")
    assert told.endswith("so that this always holds | take this comparison out")
    assert find(check, tmp_path, test=test) == []


@pytest.mark.parametrize(
    "test",
    [
        "steps.a.images | length > 2",
        "steps.a.images | length in [3, 4]",
        "succeeded(steps.a.images) | length > 0",
        "steps.f.images | length > 3",
        "steps.g.images | length > 3",
        "steps.u.images | length > 3",
        "steps.p.images | length > 1",
        "steps.l.images | length > 2",
        "steps.b.images | length > 0",
        "steps.b.images | length == 0",
        "(optional(steps.b.images) or []) | length == 0",
        "steps.a.images | length > inputs.n",
        "steps.a.images[0].width > 3",
    ],
)
def test_what_may_come_out_so_or_be_another_number_tomorrow_is_left_alone(
    check: Check, tmp_path: Path, test: str
) -> None:
    assert find(check, tmp_path, when=test) == []
    assert find(check, tmp_path, test=test) == []
