"""The least of a plan where requests may turn out equal, and where nothing can make them so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from planning import plan

SET = "sequential_image_generation: auto, max_images: 3"


def least_calls(steps: str) -> int:
    return plan(f"steps:\n{steps}").totals.calls.low


def step(name: str, prompt: str, images: str = "", more: str = "", options: str = "") -> str:
    sent = f", image_input: [{images}]" if images else ""
    extra = f", {more}" if more else ""
    return f"  {name}: {{{options}generate: {{prompt: '{prompt}'{sent}{extra}}}}}\n"


A = step("a", "A", more=SET)
B = step("b", "B", more=SET)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'{{ first_of(steps.a.images, steps.a.images)[:2] }}'", "'{{ steps.a.images[:2] }}'"),
        ("'{{ steps.a.images[0] }}', '{{ steps.a.images[1] }}'", "'{{ steps.a.images }}'"),
        ("'{{ succeeded(steps.a.images) }}'", "'{{ steps.a.images }}'"),
        ("'{{ (steps.a.images + steps.b.images)[:1] }}'", "'{{ steps.a.images[0] }}'"),
        ("'{{ steps.a.images[-1] }}'", "'{{ steps.a.images[0] }}'"),
    ],
)
def test_images_that_may_be_the_same_ones_make_requests_that_may_be_the_same(one: str, other: str) -> None:
    assert least_calls(A + B + step("c", "C", one) + step("d", "C", other)) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'{{ steps.a.images[:2] }}'", "'{{ steps.b.images[:2] }}'"),
        ("'{{ steps.a.images[0] }}'", "'{{ steps.a.images[1] }}'"),
        ("'{{ steps.b.images }}', '{{ steps.a.images }}'", "'{{ steps.a.images }}', '{{ steps.b.images }}'"),
    ],
)
def test_images_that_cannot_be_the_same_ones_tell_requests_apart(one: str, other: str) -> None:
    assert least_calls(A + B + step("c", "C", one) + step("d", "C", other)) == 4


@pytest.mark.parametrize(
    ("one", "other", "calls"),
    [
        ("P {{ steps.a.images | length }}", "P 2", 2),
        ("P {{ steps.a.images | length }}", "P", 2),
        ("P {{ steps.a.images | length }}", "Pa", 3),
        ("P {{ steps.a.images | length }}", "Q 2", 3),
        ("{{ steps.a.images | length }} P", "3 Q", 3),
        ("{{ steps.a.images[0].width }}", "2", 2),
        ("P {{ steps.a.images | length }} x", "P {{ steps.a.images | length }} y", 3),
        ("P {{ steps.a.images | length }} x", "P {{ steps.a.images[0].width }} x", 2),
        ("{% if steps.a.images | length > 1 %}P{% else %}Q{% endif %}", "Q", 2),
    ],
)
def test_a_prompt_that_is_not_known_may_come_to_be_what_fits_it(one: str, other: str, calls: int) -> None:
    assert least_calls(A + step("c", one) + step("d", other)) == calls


def test_what_uses_requests_that_may_be_equal_may_be_equal_as_well() -> None:
    steps = A + step("b", "{{ steps.a.images | length }}") + step("c", "2")
    steps += step("d", "D", "'{{ steps.b.images[0] }}'") + step("e", "D", "'{{ steps.c.images[0] }}'")
    assert least_calls(steps) == 1 + 1 + 1


def test_what_becomes_equal_only_by_a_later_step_is_seen_too() -> None:
    """`b` and `c` are told apart, and either may be `f`: so may be what uses them."""
    steps = A + step("b", "x {{ steps.a.images | length }}") + step("c", "{{ steps.a.images | length }} y")
    assert least_calls(steps + step("d", "D", "'{{ steps.b.images[0] }}'")) == 3
    steps += step("d", "D", "'{{ steps.b.images[0] }}'") + step("e", "D", "'{{ steps.c.images[0] }}'")
    assert least_calls(steps) == 3


def test_words_around_what_is_not_known_tell_a_fan_out_apart() -> None:
    prompt = "{{ ref.hero }} in {{ each.scene }} like {{ ref.sheet }}"
    fan = (
        "  c: {for_each: {scene: [sea, seaside, sand]}, generate: {prompt: '"
        + prompt
        + "', image_input: {sheet: '{{ steps.a.images }}', hero: '{{ steps.b.images[0] }}'}}}\n"
    )
    assert least_calls(A + step("b", "B") + fan) == 5


def test_a_deep_chain_of_requests_that_may_be_equal_is_planned() -> None:
    steps = A + step("b0", "{{ steps.a.images | length }}") + step("c0", "2")
    for number in range(1, 60):
        for name in "bc":
            steps += step(f"{name}{number}", f"D{number}", f"'{{{{ steps.{name}{number - 1}.images[0] }}}}'")
    assert least_calls(steps) == 61


def test_images_behind_the_same_ones_stand_side_by_side_however_many_these_are() -> None:
    """All four have the words in common, and two each what stands first."""
    both = (
        "  a: {for_each: {w: [x, y]}, generate: {prompt: 'A {{ each.w }}', " + SET + "}}\n"
        "  b: {for_each: {v: '{{ steps.a.tasks }}', u: '{{ steps.a.tasks }}'}, "
        "generate: {prompt: B, image_input: ['{{ each.v.images }}', '{{ each.u.images }}', '{{ each.v.images[:2] }}']}}\n"
    )
    assert least_calls(both) == 6


FOXES = "  a: {for_each: {w: [at sea, on a hill, in town]}, generate: {prompt: 'A fox {{ each.w }}'}}\n"
LATE = "  e: {generate: {prompt: \"A fox {{ steps.a.images | map(attribute='key') | join(', ') }}\"}}\n"


EDITS = (
    step("z", "Z")
    + "  c: {iterate: {over: [p, q], as: e, start: '{{ steps.z.images[0] }}'}, "
    + "generate: {prompt: 'C {{ each.e }}', image_input: '{{ prev }}'}}\n"
)


@pytest.mark.parametrize(
    ("items", "least"),
    [
        ("steps.c.passes + steps.c.images", 4),
        ("steps.c.passes + steps.z.images", 6),
        ("steps.c.images + steps.z.images", 5),
    ],
)
def test_the_last_pass_and_the_image_of_edits_in_a_row_are_one_picture(items: str, least: int) -> None:
    loop = f"for_each: {{i: '{{{{ {items} }}}}'}}, "
    assert least_calls(EDITS + step("b", "B", "'{{ each.i }}'", options=loop)) == least


def test_what_may_turn_out_to_be_one_of_several_known_requests_makes_these_no_more_equal() -> None:
    assert least_calls(FOXES + LATE) == 3
    assert least_calls(LATE + FOXES) == 3
    assert least_calls(FOXES + LATE + step("f", "B fox {{ steps.e.images[0].width }}")) == 4


def test_pictures_of_requests_that_are_known_differ_whatever_a_late_one_turns_out_to_be() -> None:
    over = (
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: '{{ each.i }}'}}\n"
    )
    of_late = step("g", "B", "'{{ steps.e.images[0] }}'")
    assert least_calls(FOXES + LATE + over) == 6
    assert least_calls(FOXES + over + LATE + of_late) == 6
    assert least_calls(FOXES + LATE + of_late + over) == 6


def test_late_requests_that_differ_count_where_they_are_more_than_the_known_ones() -> None:
    late = "".join(step(f"e{n}", f"A {{{{ steps.s.images | length }}}} {n}") for n in range(4))
    known = step("k", "A 2 1") + step("l", "A 2 2")
    start = step("s", "S", more=SET)
    assert least_calls(start + late) == 5
    assert least_calls(start + known + late) == 5
    assert least_calls(start + known + late + step("m", "B")) == 6


def test_a_group_that_may_turn_out_to_be_known_requests_counts_as_they_or_as_itself() -> None:
    group = "  d: {for_each: {v: '{{ steps.s.images }}'}, generate: {prompt: 'A fox {{ each.v.number }}'}}\n"
    few = "  f: {for_each: {w: [at sea, on a hill]}, generate: {prompt: 'A fox {{ each.w }}'}}\n"
    start = step("s", "S", more=SET)
    assert least_calls(start + group) == 2
    assert least_calls(start + few + group) == 3
    assert least_calls(start + group + few) == 3


def test_a_budget_holds_against_what_is_known_whatever_comes_late() -> None:
    found = plan(f"steps:\n{FOXES}{LATE}")
    assert found.totals.cost_usd.low == Decimal("0.12")
