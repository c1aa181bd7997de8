"""Lists of `for_each` are lists, and every item that is written out has a key of its own."""

from __future__ import annotations

import pytest


def loop(items: str) -> str:
    return f"""
        inputs:
          hero: {{type: text}}
          photo: {{type: image}}
          some: {{type: list, of: text}}
        values: {{pair: "{{{{ ['a', 'b'] }}}}"}}
        steps:
          used: {{generate: {{prompt: "{{{{ inputs.hero }}}}{{{{ inputs.photo.name }}}}{{{{ inputs.some | join }}}}{{{{ values.pair | join }}}}"}}}}
          a:
            for_each: {items}
            generate: {{prompt: A}}
    """


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ('{x: "{{ inputs.hero }}"}', ['not-a-list «"{{ inputs.hero }}"»']),
        ('{x: "{{ inputs.photo }}"}', ['not-a-list «"{{ inputs.photo }}"»']),
        ("{x: [a, b, a]}", ["equal-keys «a»"]),
        ("{x: [1, '1']}", ["equal-keys «'1'»"]),
        ("{x: [a b, a-b]}", ["equal-keys «a-b»"]),
        ("{x: [a, null]}", ["no-key «null»"]),
        ("{x: [[a]]}", ["no-key «a»"]),
        ("{x: [{n: 1}, {n: 2}]}", ["no-key «x»"]),
        ("{x: {in: [{n: 1}, {m: 2}], key: n}}", ["no-key «2»"]),
        ("{x: {in: [{n: 1, m: 2}, {n: 1, m: 3}], key: n}}", ["equal-keys «1, m: 3»"]),
        ("{x: {in: [{n: 1}, {n: [2]}], key: n}}", ["no-key «2»"]),
        ('{x: [a, "{{ inputs.hero }}", b]}', []),
        ("{x: [a, b], y: [a, b]}", []),
        ("{x: {in: [{n: 1}, {n: 2}], key: n}}", []),
        ('{x: "{{ inputs.some }}"}', []),
        ('{x: "{{ values.pair }}"}', []),
        ('"{{ zip(x=inputs.some, y=values.pair) }}"', []),
    ],
)
def test_lists(say, items: str, said: list[str]) -> None:
    assert say(loop(items)) == said


def test_two_equal_items_are_shown_both(check) -> None:
    (found,) = check(loop("{x: [asleep in a library, 'asleep in a library']}"))
    assert found.related[0].span.source.text[found.related[0].span.start :].startswith("asleep in a library,")
    assert "x=asleep-in-a-library" in found.message


def test_a_key_that_a_record_lacks_gets_a_suggestion(check) -> None:
    (found,) = check(loop("{x: {in: [{name: fox}], key: nam}}"))
    assert found.help == "did you mean `name`?"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("s: {generate: {prompt: S}, for_each: {t: [a, b, c]}}", ["too-many-items «x»"]),
        ("s: {generate: {prompt: S}, for_each: {t: [a, b]}}", []),
        ("s: {generate: {prompt: S}, for_each: {t: '{{ inputs.words }}'}}", []),
        ("s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}", ["too-many-items? «x»"]),
        ("s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}", []),
    ],
)  # fmt: skip
def test_a_list_that_is_longer_than_at_most(say, steps: str, said: list[str]) -> None:
    assert (
        say(
            "inputs: {words: {type: list, of: text, default: [a]}}\n"
            f"steps:\n  {steps}\n"
            "  u: {for_each: {x: {in: '{{ steps.s.images }}', at_most: 2}}, generate: {prompt: 'U {{ inputs.words | join }}', image_input: ['{{ each.x }}']}}\n"
        )
        == said
    )
