"""Lists that are made of results: what can never work is said before anything is paid, and what may not, too."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

STEPS = """
        inputs:
          yes: {type: boolean, default: true}
          some: {type: list, of: text, default: [x]}
          more: {type: text, optional: true}
        steps:
          set: {generate: {prompt: "A{{ inputs.more | default('') }}", sequential_image_generation: auto, max_images: 3}}
          other: {generate: {prompt: "B{{ inputs.some | join }}", sequential_image_generation: auto, max_images: 3}}
          one: {when: "{{ inputs.yes }}", generate: {prompt: C}}
          two: {for_each: {k: [a, b]}, generate: {prompt: "D{{ each.k }}", sequential_image_generation: auto, max_images: 2}}
          sure: {for_each: {k: [a, b]}, generate: {prompt: "E{{ each.k }}"}}
          some: {for_each: {k: [a, b, c]}, when: "{{ each.k != 'b' }}", generate: {prompt: "F{{ each.k }}"}}
          every: {for_each: {i: "{{ steps.set.images }}"}, generate: {prompt: G, image_input: ["{{ each.i }}"]}}
          three: {generate: {prompt: H, sequential_image_generation: auto, max_images: 3}, expect: {images: 3}}
"""


def loop(items: str) -> str:
    return f"""{STEPS}          last:
            for_each: {items}
            generate: {{prompt: Last}}
    """


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ('{v: ["{{ steps.set.images }}"]}', ['no-key «"{{ steps.set.images }}"»']),
        ('{v: ["{{ steps.set.images[:1] }}", a]}', ['no-key «"{{ steps.set.images[:1] }}"»']),
        ("{v: [\"{{ steps.two.where(k='a').images }}\"]}", ["no-key"]),
        ('{t: "{{ steps.two.tasks }}", v: ["{{ each.t.images }}"]}', ['no-key «"{{ each.t.images }}"»']),
        ('{v: ["{{ steps.set.images[0] }}", "{{ steps.one.images[0] }}"]}', []),
        ('{v: "{{ [steps.set.images] }}"}', ['no-key «"{{ [steps.set.images] }}"»']),
        ("{v: \"{{ steps.two.tasks | map(attribute='images') | list }}\"}", ["no-key"]),
        ("{v: \"{{ steps.two.tasks | map(attribute='each') | list }}\"}", ["no-key"]),
        ("{v: \"{{ steps.two.tasks | map(attribute='key') | list }}\"}", []),
        ('{v: ["{{ inputs.more }}"]}', ['may-be-none? «"{{ inputs.more }}"»']),
        ('{v: ["{{ optional(steps.one.images[0]) }}"]}', []),
        ("{v: {in: \"{{ zip(a=steps.sure.images, b=['x', 'y']) }}\", at_most: 2}}", ["no-key"]),
        ("{v: {in: \"{{ zip(a=steps.sure.images, b=['x', 'y']) }}\", key: c, at_most: 2}}", ["no-key"]),
        ("{v: {in: \"{{ zip(a=steps.sure.images, b=['x', 'y']) }}\", key: a, at_most: 2}}", []),
        (
            '{v: {in: "{{ steps.set.images + steps.set.images }}", at_most: 9}}',
            ["equal-keys «steps.set.images»"],
        ),
        ('{v: "{{ [steps.one.images[0], steps.one.images[0]] }}"}', ["equal-keys «steps.one.images[0]»"]),
        ('{v: {in: "{{ steps.set.images + steps.other.images }}", at_most: 9}}', []),
    ],
)
def test_items_have_keys(say, items: str, said: list[str]) -> None:
    found = say(loop(items))
    assert len(found) == len(said), found
    for one, wanted in zip(found, said, strict=True):
        assert one == wanted or one.startswith(f"{wanted} ")


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ("a=['x'], b=['x', 'y']", ["unequal-lists"]),
        ("a=steps.set.images, b=['w', 'x', 'y', 'z']", ["unequal-lists"]),
        ("a=steps.set.images, b=['x', 'y']", ["unequal-lists?"]),
        ("a=steps.set.images, b=steps.other.images", ["unequal-lists?"]),
        ("a=steps.two.images, b=['w', 'x', 'y']", ["unequal-lists?"]),
        ("a=steps.set.images, b=steps.set.images", []),
        ("a=steps.set.images, b=steps.every.images", []),
        ("a=steps.sure.images, b=['x', 'y']", []),
        ("a=steps.some.images, b=['x', 'y']", []),
        ("a=steps.three.images, b=['x', 'y', 'z']", []),
        ("a=steps.set.images, b=inputs.some", []),
        ("a=steps.two.at(k='a').images, b=steps.two.at(k='b').images", ["unequal-lists?"]),
        ("a=steps.two.at(k='a').images, b=steps.two.at(k='a').images", []),
        ("a=steps.two.at(k='a').images[:2], b=steps.two.at(k='a').images[:1]", ["unequal-lists?"]),
    ],
)
def test_lists_that_are_paired_can_be_equally_long(say, pairs: str, said: list[str]) -> None:
    as_variables = say(loop(f'"{{{{ zip({pairs}) }}}}"'))
    assert [one.partition(" ")[0] for one in as_variables] == said
    as_records = say(loop(f'{{v: {{in: "{{{{ zip({pairs}) }}}}", key: b, at_most: 9}}}}'))
    assert [one.partition(" ")[0] for one in as_records] == said


@pytest.mark.parametrize(
    ("when", "pairs", "said"),
    [
        ("steps.set.images | length > each.n", "a=steps.odd.images, b=['x', 'y']", ["unequal-lists?"]),
        ("steps.set.images | length > each.n", "a=steps.odd.tasks, b=['x']", ["unequal-lists?"]),
        ("steps.set.images | length > each.n", "a=steps.odd.images, b=steps.odd.tasks", []),
        ("steps.set.images | length > each.n", "a=steps.odd.where(n=1).images, b=['x']", []),
        ("steps.set.images | length > 1", "a=steps.odd.images, b=['x', 'y']", []),
        ("each.n > 1", "a=steps.odd.images, b=['x', 'y']", []),
    ],
)
def test_a_condition_on_results_may_leave_out_some_of_a_list_that_is_paired(
    say, when: str, pairs: str, said: list[str]
) -> None:
    odd = f'          odd: {{for_each: {{n: [1, 2]}}, when: "{{{{ {when} }}}}", generate: {{prompt: O}}}}\n'
    found = say(loop(f'"{{{{ zip({pairs}) }}}}"').replace("          last:", f"{odd}          last:"))
    assert [one.partition(" ")[0] for one in found if "unequal" in one] == said


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("[]", ["nothing-to-apply"]),
        ("\"{{ steps.sure.at(k='a').images[1:] }}\"", ["nothing-to-apply", "empty-slice?"]),
        ('"{{ steps.set.images[1:] }}"', ["nothing-to-apply?"]),
        ("\"{{ steps.set.images | unique(attribute='width') }}\"", []),
        ("\"{{ steps.set.images[1:] | unique(attribute='width') }}\"", ["nothing-to-apply?"]),
        ("\"{{ steps.set.images | rejectattr('number', 'eq', 1) | list }}\"", ["nothing-to-apply?"]),
        ('"{{ steps.three.images[1:] }}"', []),
        ('"{{ steps.set.images }}"', []),
        ('"{{ inputs.some }}"', []),
        ('"{{ steps.some.images }}"', []),
        ('[]}, when: "{{ inputs.yes }}", x-nothing: {y: 1', []),
        ('"{{ steps.set.images[1:] }}"}, when: "{{ steps.set.images | length > 1 }}", x-nothing: {y: 1', []),
    ],
)
def test_edits_have_something_to_apply(say, over: str, said: list[str]) -> None:
    text = f"""{STEPS}          last: {{iterate: {{start: "{{{{ steps.one.images[0] }}}}", as: edit, over: {over}}}, generate: {{prompt: Last, image_input: ["{{{{ prev }}}}"]}}}}
    """
    assert [one.partition(" ")[0] for one in say(text)] == said


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ("steps.two.tasks[0].images[0]", []),
        ("steps.two.tasks[0].images[1]", ["image-may-be-missing? «steps.two.tasks[0].images[1]»"]),
        ("steps.two.tasks[0].images[2]", ["no-such-image «steps.two.tasks[0].images[2]»"]),
        ("steps.set.images | first", []),
        ("steps.some.images | first", []),
        ("steps.set.images[1:] | first", ["image-may-be-missing? «steps.set.images[1:] | first»"]),
        ("(steps.set.images | list)[2]", ["image-may-be-missing? «(steps.set.images | list)[2]»"]),
        ("(steps.set.images | list)[3]", ["no-such-image «(steps.set.images | list)[3]»"]),
        ("(steps.sure.images | list)[1]", []),
    ],
)
def test_what_is_picked_is_there(say, picked: str, said: list[str]) -> None:
    text = f"""{STEPS}          last: {{generate: {{prompt: Last, image_input: ["{{{{ {picked} }}}}"]}}}}
    """
    assert say(text) == said


def test_the_number_of_a_tasks_image_is_looked_at(say) -> None:
    text = f"""{STEPS}          last:
            for_each: {{t: "{{{{ steps.two.tasks }}}}"}}
            generate: {{prompt: Last, image_input: ["{{{{ each.t.images[1] }}}}"]}}
    """
    assert say(text) == ["image-may-be-missing? «each.t.images[1]»"]


FILTERED = (
    "inputs: {rooms: {type: table, key: r, columns: {r: text, sold: boolean}, default: [{r: a, sold: true}]}}\n"
    "steps:\n"
    '  look: {for_each: {r: "{{ inputs.rooms }}"}, generate: {prompt: "{{ each.r.r }}"}}\n'
    '  tour: {OPTIONS generate: {prompt: Tour, image_input: "{{ PICKED }}"}}\n'
)


@pytest.mark.parametrize(
    ("picked", "options", "said"),
    [
        ("steps.look.images | rejectattr('each.r.sold') | first", "", True),
        ("(steps.look.images | selectattr('each.r.sold', 'eq', false))[0]", "", True),
        ("steps.look.images | rejectattr('each.r.sold') | sort(attribute='name') | last", "", True),
        ("steps.look.images | first", "", False),
        ("steps.look.images | rejectattr('each.r.sold')", "", False),
        (
            "(steps.look.images | rejectattr('each.r.sold'))[0]",
            "when: \"{{ steps.look.images | rejectattr('each.r.sold') | length > 0 }}\",",
            False,
        ),
    ],
)
def test_what_is_picked_behind_a_filter_may_not_be_there(say, picked: str, options: str, said: bool) -> None:
    text = FILTERED.replace("PICKED", picked).replace("OPTIONS", options)
    found = [one for one in say(text) if one.startswith("image-may-be-missing")]
    assert found == ([f"image-may-be-missing? «{picked}»"] if said else [])


@pytest.mark.parametrize("rows", ['"{{ inputs.rooms }}"', "[b, c]"])
@pytest.mark.parametrize("guard", ["", "{% if ref.x %}"])
def test_a_reference_that_a_filter_may_leave_empty_is_not_printed_without_a_test(
    say, rows: str, guard: str
) -> None:
    looks = f"  look: {{for_each: {{r: {rows}}}, generate: {{prompt: L}}}}\n"
    prompt = f"T {guard}{{{{ ref.x }}}}{'{% endif %}' if guard else ''}"
    some = "{{ steps.look.images | selectattr('each.r', 'eq', 'a') }}"
    text = (
        f"{FILTERED.partition('  look:')[0]}{looks}"
        f'  tour: {{generate: {{prompt: "{prompt}", image_input: {{x: "{some}"}}}}}}\n'
    )
    found = [one for one in say(text) if one.startswith("may-be-none")]
    assert found == ([] if guard else ["may-be-none? «ref.x»"])


@pytest.mark.parametrize(
    ("pairs", "when", "said"),
    [
        (
            "a=steps.set.images, b=optional(steps.cap.images)",
            "",
            "`a` has 1 to 3, `b` has 1 or none: whether",
        ),
        ("a=['x', 'y'], b=optional(steps.cap.images)", "", "but `a` has 2, `b` has 1 or none"),
        ("a=steps.one.images, b=optional(steps.cap.images)", "", "`b` is empty where step `cap` is skipped"),
        ("a=['x'], b=optional(steps.cap.images)", "", "`b` is empty where step `cap` is skipped"),
        ("a=['x'], b=optional(steps.cap.images)", "optional(steps.cap.images) is not none", ""),
        ("a=['x'], b=steps.cap.images", "", ""),
        ("a=optional(steps.cap.images), b=optional(steps.hat.images)", "", ""),
        ("a=steps.hat.images, b=optional(steps.cap.images)", "", ""),
        ("a=['x', 'y'], b=optional(steps.each.images)", "", ""),
        ("a=steps.set.images, b=optional(steps.cap.images) or steps.set.images", "", ""),
    ],
)
def test_lists_that_optional_may_leave_empty_are_paired_with_care(
    check: Check, pairs: str, when: str, said: str
) -> None:
    condition = f'when: "{{{{ {when} }}}}", ' if when else ""
    found = check(f"""
        steps:
          one: {{generate: {{prompt: One}}}}
          set: {{generate: {{prompt: Set, sequential_image_generation: auto, max_images: 3}}}}
          cap: {{when: "{{{{ steps.set.images | length > 1 }}}}", generate: {{prompt: Cap}}}}
          hat: {{when: "{{{{ steps.set.images | length > 1 }}}}", generate: {{prompt: Hat}}}}
          each: {{for_each: {{k: [a, b]}}, when: "{{{{ steps.set.images | length > 1 }}}}", generate: {{prompt: "{{{{ each.k }}}}"}}}}
          j: {{{condition}for_each: "{{{{ zip({pairs}) }}}}", generate: {{prompt: J, image_input: "{{{{ each.b }}}}"}}}}
    """)
    messages = [one.message for one in found if one.code == "unequal-lists"]
    assert len(messages) == bool(said)
    assert all(said in message for message in messages)
