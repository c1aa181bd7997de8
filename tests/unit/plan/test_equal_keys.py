"""Items of a list that only the run knows: equal keys that are certain are said before anything is paid, others as a doubt."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import open_planner, plan
from playing import play

from seedflow.diagnostics import Severity
from seedflow.plan.model import Bounds

SET = "sequential_image_generation: auto, max_images: 3"
STEPS = (
    "steps:\n"
    "  s: {generate: {prompt: S, SET}}\n"
    "  one: {generate: {prompt: One}}\n"
    "  a: {for_each: {p: [x, y]}, generate: {prompt: 'A {{ each.p }}'}}\n"
    "  b: {for_each: {p: [y, x]}, generate: {prompt: 'B {{ each.p }}'}}\n"
    "  z: {for_each: {p: [v, w]}, generate: {prompt: 'Z {{ each.p }}'}}\n"
    "  set: {for_each: {p: [x, y]}, generate: {prompt: 'Set {{ each.p }}', SET}}\n"
    "  when: {for_each: {p: [x, y]}, when: '{{ steps.s.images | length > 1 }}', generate: {prompt: 'When {{ each.p }}'}}\n"
    "  else: {for_each: {p: [x, y]}, when: '{{ steps.s.images | length == 1 }}', generate: {prompt: 'Else {{ each.p }}'}}\n"
    "  never: {for_each: {p: [x, y]}, when: '{{ 1 > 2 }}', generate: {prompt: 'Never {{ each.p }}'}}\n"
    "  of: {for_each: {i: '{{ steps.s.images }}'}, generate: {prompt: 'Of', image_input: '{{ each.i }}'}}\n"
    "  too: {for_each: {i: '{{ steps.s.images }}'}, generate: {prompt: 'Too', image_input: '{{ each.i }}'}}\n"
    "  rest: {for_each: {i: '{{ steps.s.images[1:] }}'}, generate: {prompt: 'Rest', image_input: '{{ each.i }}'}}\n"
).replace("SET", SET)


def loop(over: str) -> str:
    return f"{STEPS}  end: {{for_each: {over}, generate: {{prompt: '{{{{ recipe.name }}}}'}}}}\n"


def say(text: str) -> list[str]:
    """Codes and severities of what the planner says of keys, with the names of what they are of."""
    found = open_planner(text).start()[1]
    return [f"{one.severity.value}: {one.message}" for one in found if one.code == "equal-keys"]


@pytest.mark.parametrize(
    "over",
    [
        '{i: {in: "{{ steps.a.images + steps.b.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.z.images + steps.a.images + steps.b.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.a.images + steps.set.images }}", at_most: 99}}',
        '{i: {in: "{{ steps.set.images[:1] + steps.a.images }}", at_most: 99}}',
        '{i: {in: "{{ (steps.a.images + steps.b.images) | reverse }}", at_most: 99}}',
        '{i: {in: "{{ steps.a.tasks + steps.b.tasks }}", at_most: 99}}',
        '{i: {in: "{{ steps.of.images + steps.too.images }}", at_most: 99}}',
        '{i: {in: "{{ steps.a.images + optional(steps.b.images) }}", at_most: 9}}',
        "{i: \"{{ [steps.a.at(p='x').images[0], steps.set.at(p='x').images[0]] }}\"}",
        "{i: [\"{{ steps.a.at(p='x').images[0] }}\", \"{{ steps.set.at(p='x').images[0] }}\"]}",
        "{i: \"{{ (steps.one.images + steps.a.images)[1:] + [steps.b.at(p='x').images[0]] }}\"}",
        "\"{{ zip(i=[steps.a.at(p='x').images[0], steps.b.at(p='x').images[0]], j=['m', 'm']) }}\"",
    ],
)
def test_equal_keys_that_are_certain_are_an_error_of_the_plan(over: str) -> None:
    (said,) = say(loop(over))
    assert said.startswith("error: ")
    assert "have the same key" in said


@pytest.mark.parametrize(
    "over",
    [
        '{i: {in: "{{ steps.a.images + steps.z.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.a.images + steps.one.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.a.images + optional(steps.never.images) }}", at_most: 9}}',
        '{i: {in: "{{ steps.when.images + steps.else.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.of.images + steps.rest.images }}", at_most: 9}}',
        '{i: {in: "{{ steps.a.images if steps.s.images | length > 1 else steps.b.images }}", at_most: 9}}',
        '{i: "{{ first_of(steps.when.images, steps.a.images) }}"}',
        '{i: {in: "{{ steps.s.images[1:] + steps.s.images[:1] }}", at_most: 9}}',
        "\"{{ zip(i=[steps.a.at(p='x').images[0], steps.b.at(p='x').images[0]], j=['m', 'n']) }}\"",
    ],
)
def test_keys_that_differ_or_never_meet_are_silent(over: str) -> None:
    assert say(loop(over)) == []


def test_a_key_that_is_equal_only_if_a_condition_holds_is_a_doubt_that_names_it() -> None:
    text = loop('{i: {in: "{{ steps.a.images + steps.when.images }}", at_most: 9}}')
    (said,) = say(text)
    assert said.startswith("warning: ")
    assert "if `when[p=x]` gives any" in said
    assert play(text, gives={"s": 1}).problems == {}
    assert play(text, gives={"s": 2}).problems == {"end[i=?]": "equal-keys"}


def test_a_key_of_what_optional_stands_around_is_a_doubt() -> None:
    text = loop('{i: {in: "{{ steps.a.images + optional(steps.when.images) }}", at_most: 9}}')
    (said,) = say(text)
    assert said.startswith("warning: ")
    assert play(text, gives={"s": 1}).problems == {}
    assert play(text, gives={"s": 2}).problems == {"end[i=?]": "equal-keys"}


def test_the_help_of_equal_keys_can_be_followed() -> None:
    (found,) = open_planner(loop('{i: {in: "{{ steps.a.images + steps.b.images }}", at_most: 9}}')).start()[1]
    assert found.severity is Severity.ERROR
    assert "in a step of its own" in str(found.help)
    apart = (
        loop('{i: "{{ steps.a.images }}"}')
        + "  other: {for_each: {i: '{{ steps.b.images }}'}, generate: {prompt: O}}\n"
        + "  all: {generate: {prompt: All, image_input: '{{ steps.end.images + steps.other.images }}'}}\n"
    )
    assert open_planner(apart).start()[0] is not None


def test_the_images_of_two_uses_of_a_recipe_have_equal_keys(tmp_path) -> None:
    (tmp_path / "hero.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {who: {type: text}}\n"
        f"steps: {{p: {{generate: {{prompt: '{{{{ inputs.who }}}}', {SET}}}}}}}\n"
        "outputs: {p: '{{ steps.p.images }}'}\n"
    )
    (tmp_path / "loop.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {all: {type: list, of: image, max_items: 9}}\n"
        "steps: {k: {for_each: {i: '{{ inputs.all }}'}, generate: {prompt: K, image_input: '{{ each.i }}'}}}\n"
        "outputs: {k: '{{ steps.k.images }}'}\n"
    )
    uses = (
        "steps:\n  u: {recipe: ./hero.yaml, with: {who: fox}}\n  v: {recipe: ./hero.yaml, with: {who: owl}}\n"
    )
    for end in (
        "  c: {for_each: {i: {in: '{{ steps.u.images + steps.v.images }}', at_most: 9}}, generate: {prompt: C}}\n",
        "  c: {recipe: ./loop.yaml, with: {all: '{{ steps.u.outputs.p + steps.v.images }}'}}\n",
        "  c: {recipe: ./loop.yaml, with: {all: ['{{ steps.u.images[0] }}', '{{ steps.v.images[0] }}']}}\n",
    ):
        found = open_planner(uses + end, folder=tmp_path).start()[1]
        assert [(one.code, one.severity) for one in found] == [("equal-keys", Severity.ERROR)], end
        assert "`u/p` and `v/p`" in found[0].message


@pytest.mark.parametrize(
    ("over", "tasks"),
    [
        ('{i: {in: "{{ steps.a.images + steps.z.images }}", at_most: 9}}', (4, 4)),
        ('{i: {in: "{{ steps.a.images + steps.z.images + steps.s.images }}", at_most: 9}}', (5, 7)),
        ('{i: {in: "{{ steps.a.images + steps.s.images[1:] }}", at_most: 3}}', (2, 3)),
        ('{i: {in: "{{ steps.when.tasks + steps.z.tasks }}", at_most: 9}}', (2, 4)),
        ('{i: {in: "{{ steps.when.images + steps.z.images }}", at_most: 9}}', (2, 4)),
        ('{i: {in: "{{ steps.a.images + (steps.z.images | list) }}", at_most: 9}}', (4, 4)),
        ('{i: "{{ steps.a.images | reverse }}"}', (2, 2)),
        ('{i: {in: "{{ (steps.a.images + steps.s.images) | list }}", at_most: 9}}', (3, 5)),
        ('{i: "{{ [steps.s.images[0], steps.one.images[0]] }}"}', (2, 2)),
    ],
)
def test_a_sum_of_collections_has_as_many_items_as_these(over: str, tasks: tuple[int, int]) -> None:
    (group,) = [task for task in plan(loop(over)).tasks if task.step == "end"]
    assert group.tasks == Bounds(*tasks)


@pytest.mark.parametrize(
    ("over", "images"),
    [
        ('{i: {in: "{{ steps.a.images + steps.z.images }}", at_most: 9}}', (4, 4)),
        ('{i: {in: "{{ steps.a.images + steps.s.images }}", at_most: 9}}', (3, 5)),
        ('{i: {in: "{{ steps.a.images | reverse }}", at_most: 9}}', (2, 2)),
        ('{i: {in: "{{ steps.of.images + steps.one.images }}", at_most: 9}}', (2, 4)),
        ('{i: {in: "{{ steps.when.images + steps.z.images }}", at_most: 9}}', (1, 4)),
    ],
)
def test_a_loop_over_a_sum_whose_pictures_differ_asks_for_each_of_them(
    over: str, images: tuple[int, int]
) -> None:
    text = loop(over).replace("'{{ recipe.name }}'", "End, image_input: '{{ each.i }}'")
    (group,) = [task for task in plan(text).tasks if task.step == "end"]
    assert (sum(one.images for one in group.least), group.images.high) == images


def test_outputs_of_a_used_recipe_have_the_keys_of_the_tasks_inside(tmp_path: Path) -> None:
    (tmp_path / "sides.yaml").write_text(
        "seedflow: 1\ninputs: {v: {type: image}}\nsteps:\n"
        '  front: {generate: {prompt: Front, image_input: ["{{ inputs.v }}"]}}\n'
        '  back: {generate: {prompt: Back, image_input: ["{{ inputs.v }}"]}}\n'
        'outputs: {a: "{{ steps.front.images }}", b: "{{ steps.back.images }}"}\n'
    )
    text = (
        f"steps:\n  s: {{generate: {{prompt: S, {SET}}}}}\n"
        '  u: {for_each: {v: "{{ steps.s.images }}"}, recipe: ./sides.yaml, with: {v: "{{ each.v }}"}}\n'
        '  c: {for_each: {v: {in: "{{ steps.u.outputs.a + steps.u.outputs.b }}", at_most: 12}}, '
        'generate: {prompt: C, image_input: ["{{ each.v }}"]}}\n'
    )
    found, problems = open_planner(text, folder=tmp_path).start()
    assert (found is not None, [one.code for one in problems if one.code == "equal-keys"]) == (True, [])
    made = play(text, gives={"s": 2}, folder=tmp_path).addresses
    assert sorted(made)[:4] == [
        f"c[v=s-{number}.{side}-1]" for number in (1, 2) for side in ("back", "front")
    ]


HANDS_THROUGH = (
    "seedflow: 1\n"
    "inputs: {photos: {type: list, of: image}, fix: {type: boolean, default: true}}\n"
    "steps:\n"
    "  check: {generate: {prompt: Check, image_input: '{{ inputs.photos }}', SET}}\n"
    "  own: {when: CONDITION, generate: {prompt: Own, image_input: '{{ inputs.photos }}'}}\n"
    "outputs: {images: '{{ first_of(steps.own.images, inputs.photos) }}'}\n"
).replace("SET", SET)


def use_twice(
    folder: Path,
    condition: str,
    *,
    over: str = "style: [m, n], photo: '{{ steps.a.images }}'",
    given: str = "",
) -> str:
    """Two styles of two photos, retouched by a recipe that hands through what needs nothing; a loop over what it gives."""
    (folder / "retouch.yaml").write_text(HANDS_THROUGH.replace("CONDITION", f'"{{{{ {condition} }}}}"'))
    return (
        f"{STEPS}  u: {{for_each: {{{over}}}, recipe: ./retouch.yaml, "
        f"with: {{photos: ['{{{{ each.photo }}}}']{given}}}}}\n"
        "  end: {for_each: {i: '{{ steps.u.images }}', t: '{{ steps.z.tasks }}'}, "
        "generate: {prompt: End, image_input: '{{ each.i }}'}}\n"
    )


ONE_WAY = "steps.check.images | length == 1"


def test_an_image_that_two_uses_may_hand_through_is_a_doubt_and_never_two_tasks(tmp_path: Path) -> None:
    text = use_twice(tmp_path, ONE_WAY)
    found = [one for one in open_planner(text, folder=tmp_path).start()[1] if one.code == "equal-keys"]
    assert [(one.severity, one.message) for one in found] == [
        (
            Severity.WARNING,
            (
                "`a[p=x]` may stand twice in the list of `i`, with the same key (`x-1`), which is known only when the others "
                "are paid; a task's address would stand for two"
            ),
        )
    ]
    assert "hands an image through gives it once for each" in str(found[0].help)
    checks = [f"u[style={style},photo={photo}-1]/check" for style in "mn" for photo in "xy"]
    made = play(text, gives=dict.fromkeys(checks, 1), folder=tmp_path)
    assert made.problems == {}
    assert len([one for one in made.addresses if one.startswith("end")]) == 8
    handed = play(text, gives=dict.fromkeys(checks, 2), folder=tmp_path)
    assert handed.problems == {"end[i=?,t=?]": "equal-keys"}


@pytest.mark.parametrize("last", [0, 1, 2, 3])
def test_whichever_use_is_done_last_none_of_two_equal_images_is_gone_through(
    tmp_path: Path, last: int
) -> None:
    text = use_twice(tmp_path, ONE_WAY)
    checks = [f"u[style={style},photo={photo}-1]/check" for style in "mn" for photo in "xy"]
    gives = dict.fromkeys(checks, 1) | {checks[last]: 2} | {checks[(last + 2) % 4]: 2}
    made = play(text, gives=gives, folder=tmp_path)
    assert made.problems == {"end[i=?,t=?]": "equal-keys"}
    assert not [one for one in made.addresses if one.startswith("end")]


def test_an_image_that_two_uses_hand_through_for_certain_is_an_error(tmp_path: Path) -> None:
    text = use_twice(tmp_path, "inputs.fix", given=", fix: false")
    found = [one for one in open_planner(text, folder=tmp_path).start()[1] if one.code == "equal-keys"]
    assert [one.severity for one in found] == [Severity.ERROR]
    assert "`a[p=x]` stands twice in the list of `i`" in found[0].message


FIX = """\
seedflow: 1
inputs: {photo: {type: image}, n: {type: integer, default: 1}}
steps:
  look: {generate: {prompt: Look, image_input: "{{ inputs.photo }}", sequential_image_generation: auto, max_images: 2}}
  fix: {when: "{{ CONDITION }}", generate: {prompt: Fix, image_input: "{{ inputs.photo }}"}}
outputs: {images: "{{ first_of(steps.fix.images[0], inputs.photo) }}"}
"""


@pytest.mark.parametrize(
    ("condition", "before", "said"),
    [
        ("inputs.n > 1", "steps.s.images", [Severity.ERROR]),
        ("inputs.n > 1", "steps.s.where(k='b').images", [Severity.ERROR]),
        ("steps.look.images | length > 1", "steps.s.images", [Severity.WARNING]),
        ("inputs.n > 0", "steps.s.images", []),
        ("inputs.n > 1", "steps.s.images[9:]", []),
        ("inputs.n > 1", "[]", []),
    ],
)
def test_the_first_image_of_a_set_that_a_recipe_hands_through_beside_it_is_told(
    tmp_path: Path, condition: str, before: str, said: list[Severity]
) -> None:
    (tmp_path / "fix.yaml").write_text(FIX.replace("CONDITION", condition), encoding="utf-8")
    text = (
        "steps:\n"
        '  s: {for_each: {k: [a, b]}, generate: {prompt: "{{ each.k }}", sequential_image_generation: auto, max_images: 2}}\n'
        '  u: {recipe: ./fix.yaml, for_each: {p: "{{ steps.s.images }}"}, with: {photo: "{{ each.p }}"}}\n'
        f'  v: {{for_each: {{i: "{{{{ {before} + steps.u.images }}}}"}}, generate: {{prompt: V, image_input: "{{{{ each.i }}}}"}}}}\n'
    )
    found = [one for one in open_planner(text, folder=tmp_path).start()[1] if one.code == "equal-keys"]
    assert [one.severity for one in found] == said


@pytest.mark.parametrize(
    ("condition", "over", "given"),
    [
        ("inputs.fix", "style: [m, n], photo: '{{ steps.a.images }}'", ", fix: \"{{ each.style == 'm' }}\""),
        ("inputs.fix", "photo: '{{ steps.a.images }}'", ", fix: false"),
        (ONE_WAY, "photo: '{{ steps.a.images }}'", ""),
    ],
)
def test_an_image_that_one_use_hands_through_waits_for_no_other(
    tmp_path: Path, condition: str, over: str, given: str
) -> None:
    text = use_twice(tmp_path, condition, over=over, given=given)
    found, problems = open_planner(text, folder=tmp_path).start()
    assert found is not None
    assert [one for one in problems if one.code == "equal-keys"] == []
    assert all(task.address != "end[i=?,t=?]" for task in found.tasks)
    assert play(text, folder=tmp_path).problems == {}


def test_uses_that_nobody_knows_yet_and_that_hand_through_the_same_are_waited_for(tmp_path: Path) -> None:
    over = "style: '{{ steps.s.images }}', photo: '{{ steps.a.images }}'"
    text = use_twice(tmp_path, "inputs.fix", over=over, given=", fix: false")
    found, _ = open_planner(text, folder=tmp_path).start()
    assert found is not None
    assert [task.address for task in found.tasks if task.step == "end"] == ["end[i=?,t=?]"]
    assert play(text, gives={"s": 1}, folder=tmp_path).problems == {}
    assert play(text, gives={"s": 2}, folder=tmp_path).problems == {"end[i=?,t=?]": "equal-keys"}


def test_images_that_go_through_two_borders_are_waited_for_as_well(tmp_path: Path) -> None:
    (tmp_path / "outer.yaml").write_text(
        "seedflow: 1\n"
        "inputs: {all: {type: list, of: image}}\n"
        "steps: {in: {for_each: {p: '{{ inputs.all }}'}, recipe: ./retouch.yaml, with: {photos: ['{{ each.p }}']}}}\n"
        "outputs: {images: '{{ steps.in.images }}'}\n"
    )
    text = use_twice(tmp_path, ONE_WAY)
    text = text.replace("retouch", "outer").replace("photos:", "all:")
    found, _ = open_planner(text, folder=tmp_path).start()
    assert found is not None
    assert [task.address for task in found.tasks if task.step == "end"] == ["end[i=?,t=?]"]
    inside = [f"u[style={style},photo={photo}-1]/in[p={photo}-1]/check" for style in "mn" for photo in "xy"]
    made = play(text, gives=dict.fromkeys(inside, 1) | {inside[0]: 2}, folder=tmp_path)
    assert made.problems == {}
    assert len([one for one in made.addresses if one.startswith("end")]) == 8
    handed = play(text, gives=dict.fromkeys(inside, 2), folder=tmp_path)
    assert handed.problems == {"end[i=?,t=?]": "equal-keys"}


def test_keys_of_several_parts_that_run_together_are_refused() -> None:
    text = (
        f"steps:\n  a: {{for_each: {{x: [1, 1.5], y: [5, 5.5]}}, generate: {{prompt: 'A {{{{ each.x }}}}', {SET}}}}}\n"
        "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: '{{ each.i }}'}}\n"
    )
    found, problems = open_planner(text).start()
    assert found is None
    (said,) = [one for one in problems if one.code == "equal-keys"]
    assert "b[i=1.5.5-?] would stand for both" in said.message
    assert "`1.5` and `5`" in str(said.help)


def use_over_set(folder: Path, over: str, photo: str = "{{ each.p }}") -> str:
    (folder / "print.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image}, n: {type: integer}}\n"
        "steps: {x: {generate: {prompt: 'X {{ inputs.n }}', image_input: '{{ inputs.photo }}'}}}\n"
        "outputs: {images: '{{ steps.x.images }}', photo: '{{ inputs.photo }}'}\n"
    )
    return (
        f"{STEPS}  u: {{recipe: ./print.yaml, for_each: {{{over}}}, with: {{photo: '{photo}', n: '{{{{ each.k }}}}'}}}}\n"
        "  end: {for_each: {i: '{{ steps.u.outputs.photo }}'}, generate: {prompt: End, image_input: '{{ each.i }}'}}\n"
    )


@pytest.mark.parametrize(
    "over", ["p: '{{ steps.s.images }}', k: [1, 2]", "k: [1, 2], p: '{{ steps.s.images }}'"]
)
def test_a_set_that_goes_through_uses_twice_is_an_error_before_it_is_paid_for(
    tmp_path: Path, over: str
) -> None:
    plan_, problems = open_planner(use_over_set(tmp_path, over), folder=tmp_path).start()
    assert plan_ is None
    (said,) = [one for one in problems if one.code == "equal-keys"]
    assert "`s` stands twice in the list of `i`" in said.message


def test_a_part_of_a_set_that_goes_through_uses_twice_if_there_is_any_is_a_doubt(tmp_path: Path) -> None:
    text = use_over_set(tmp_path, "k: [1, 2], p: '{{ steps.s.images[1:] }}'")
    assert [said.partition(" in the list")[0] for said in say_in(text, tmp_path)] == [
        "warning: `s` may stand twice"
    ]
    assert play(text, gives={"s": 1}, folder=tmp_path).problems == {}
    assert play(text, gives={"s": 2}, folder=tmp_path).problems == {"end[i=?]": "equal-keys"}


@pytest.mark.parametrize(
    "over",
    [
        "p: '{{ steps.s.images }}', k: [1]",
        "k: [1, 2], p: '{{ [steps.s.images[0]] if each.k == 1 else [steps.one.images[0]] }}'",
        "k: [1, 2], p: \"{{ steps.set.at(p='x').images if each.k == 1 else steps.set.at(p='y').images }}\"",
    ],
)
def test_a_set_that_goes_through_once_is_silent(tmp_path: Path, over: str) -> None:
    text = use_over_set(tmp_path, over)
    assert say_in(text, tmp_path) == []
    assert play(text, folder=tmp_path).problems == {}


def test_a_set_that_goes_through_once_is_gone_through_one_by_one(tmp_path: Path) -> None:
    text = use_over_set(tmp_path, "p: '{{ steps.s.images }}', k: [1]")
    found, _ = open_planner(text, folder=tmp_path).start()
    assert found is not None
    assert [task.address for task in found.tasks if task.step == "end"] == ["end[i=s-?-?]"]


def say_in(text: str, folder: Path) -> list[str]:
    found = open_planner(text, folder=folder).start()[1]
    return [f"{one.severity.value}: {one.message}" for one in found if one.code == "equal-keys"]


def test_a_sum_in_a_used_recipe_counts_what_its_caller_gives(tmp_path: Path) -> None:
    (tmp_path / "add.yaml").write_text(
        "seedflow: 1\ninputs: {extra: {type: list, of: image, default: []}}\n"
        "steps: {made: {generate: {prompt: Made}}}\noutputs: {all: '{{ steps.made.images + inputs.extra }}'}\n"
    )
    text = (
        f"{STEPS}  u: {{recipe: ./add.yaml, with: {{extra: '{{{{ steps.a.images }}}}'}}}}\n"
        "  d: {generate: {prompt: D, image_input: '{{ steps.u.outputs.all }}', "
        "sequential_image_generation: auto, max_images: 10}}\n"
        "  end: {for_each: {i: {in: '{{ steps.u.outputs.all }}', at_most: 9}}, "
        "generate: {prompt: End, image_input: '{{ each.i }}'}}\n"
    )
    found, problems = open_planner(text, folder=tmp_path).start()
    assert found is not None
    assert not [one for one in problems if "together" in one.message or "too-many" in one.code]
    (group,) = [task for task in found.tasks if task.step == "end"]
    assert group.tasks is not None
    assert group.tasks.high == 3
    assert len([one for one in play(text, folder=tmp_path).addresses if one.startswith("end")]) == 3


TWICE = (
    "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}\n"
    "  t: {for_each: {x: [1]}, generate: {prompt: T}}\n"
    "  u: {for_each: {a: '{{ steps.LOOP.tasks }}', b: [ITEMS]}, generate: {prompt: 'U {{ each.b.key }}', image_input: '{{ each.b }}'}}\n"
)


@pytest.mark.parametrize(
    ("loop", "items"),
    [
        ("s", "'{{ each.a.images[0] }}', '{{ steps.s.images[0] }}'"),
        ("t", "'{{ each.a.images[0] }}', '{{ steps.t.at(x=1).images[0] }}'"),
        ("t", "'{{ steps.t.at(x=1).images[0] }}', '{{ steps.s.images[0] }}', '{{ each.a.images[0] }}'"),
    ],
)
def test_a_written_list_that_may_name_one_image_twice_is_refused_as_a_whole_in_every_run(
    loop: str, items: str
) -> None:
    text = TWICE.replace("LOOP", loop).replace("ITEMS", items)
    for last in ((), ("s",), ("t",)):
        made = play(text, gives={"s": 2}, last=last)
        assert [name for name in made.addresses if name.startswith("u")] == []
        assert set(made.problems.values()) == {"equal-keys"}


@pytest.mark.parametrize(
    ("items", "asked"),
    [
        ("'{{ steps.s.images[0] }}', '{{ steps.t.at(x=1).images[0] }}'", ["u[a=1,b=1-1]"]),
        ("'{{ each.a.images[0] }}', '{{ steps.s.images[0] }}'", ["u[a=1,b=1-1]"]),
        (
            "'{{ steps.s.images[0] }}', '{{ steps.s.images[1] }}', '{{ steps.t.at(x=1).images[0] }}'",
            ["u[a=1,b=1-1]"],
        ),
    ],
)
def test_what_is_told_apart_by_where_it_comes_from_waits_for_nothing_else(
    items: str, asked: list[str]
) -> None:
    text = TWICE.replace("LOOP", "t").replace("ITEMS", items)
    made = play(text, gives={"s": 2}, last=("s",))
    before = made.addresses[: made.addresses.index("u[a=1,b=s-1]")]
    assert [name for name in before if name.startswith("u")] == asked
    assert made.problems == {}


LOCAL = """inputs: {pics: {type: list, of: image, default: ["https://example.com/owl.png"]}, words: {type: list, of: text, default: [y, y]}}
steps:
  a: {for_each: {p: [x, y]}, generate: {prompt: 'A {{ each.p }}'}}
"""


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("steps.a.images + inputs.pics + inputs.pics", True),
        ("(steps.a.images + inputs.pics + inputs.pics)[2:]", True),
        ("(steps.a.images + inputs.pics + inputs.pics)[:3]", False),
        ("steps.a.images + inputs.pics", False),
        ("(steps.a.images | map(attribute='name') | list) + inputs.words", True),
    ],
)
def test_what_is_known_before_may_have_equal_keys_beside_results(items: str, told: bool) -> None:
    text = f"{LOCAL}  end: {{for_each: {{i: \"{{{{ {items} }}}}\"}}, generate: {{prompt: 'End {{{{ each.i }}}}'}}}}\n"
    text = text.replace("{{ each.i }}", "{{ each.i.name }}") if "words" not in items else text
    found = [one for one in open_planner(text).start()[1] if one.code == "equal-keys"]
    assert [one.severity for one in found] == [Severity.ERROR] * told


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("succeeded(steps.b.images)", ["warning"]),
        ("steps.b.images", ["warning"]),
        ("succeeded(steps.when.images)", []),
        ("succeeded(steps.z.images)", []),
    ],
)
def test_of_what_goes_on_without_what_fails_equal_keys_are_a_doubt(other: str, said: list[str]) -> None:
    found = say(loop(f'{{i: {{in: "{{{{ succeeded(steps.a.images) + {other} }}}}", at_most: 99}}}}'))
    assert [one.partition(":")[0] for one in found] == said


def test_an_image_that_a_slice_hands_through_twice_is_an_error_before_anything_is_paid(
    tmp_path: Path,
) -> None:
    (tmp_path / "used.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image}, w: {type: text}}\n"
        'steps: {a: {generate: {prompt: "A {{ inputs.w }}"}}}\n'
        'outputs: {o: "{{ inputs.photos[:2] }}", x: "{{ steps.a.images }}"}\n'
    )
    text = (
        "steps:\n  s: {generate: {prompt: S}}\n"
        '  u: {for_each: {w: [b, c]}, recipe: ./used.yaml, with: {photos: "{{ steps.s.images }}", w: "{{ each.w }}"}}\n'
        '  r: {for_each: {p: "{{ steps.u.outputs.o }}"}, generate: {prompt: R, image_input: "{{ each.p }}"}}\n'
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is None
    assert [(one.code, one.severity) for one in found] == [("equal-keys", Severity.ERROR)]


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ("succeeded(steps.row.passes)", "steps.u.outputs.o"),
        ("succeeded(steps.row.passes)", "steps.u.outputs.o + steps.u.outputs.last"),
        ("succeeded(steps.row.passes)", "steps.u.outputs.o + []"),
        ("succeeded(steps.row.passes)", "succeeded(steps.u.outputs.o)"),
        ("steps.row.passes", "succeeded(steps.u.outputs.o)"),
        ("steps.row.passes", "succeeded(steps.u.outputs.o) + []"),
    ],
)
def test_passes_that_a_used_recipe_gives_have_keys_of_their_own(
    tmp_path: Path, given: str, items: str
) -> None:
    (tmp_path / "used.yaml").write_text(
        "seedflow: 1\ninputs: {start: {type: image}}\nsteps:\n"
        "  t: {generate: {prompt: T}}\n"
        "  row: {iterate: {over: [x, y], as: e, start: '{{ inputs.start }}'}, "
        "generate: {prompt: '{{ each.e }}', image_input: '{{ prev }}'}}\n"
        f"outputs: {{o: '{{{{ {given} }}}}', last: '{{{{ steps.t.images }}}}'}}\n"
    )
    text = (
        "steps:\n  s: {generate: {prompt: S}}\n"
        "  u: {recipe: ./used.yaml, with: {start: '{{ steps.s.images[0] }}'}}\n"
        f"  b: {{for_each: {{v: '{{{{ {items} }}}}'}}, generate: {{prompt: B, image_input: '{{{{ each.v }}}}'}}}}\n"
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is not None
    assert [one.code for one in found if one.code == "equal-keys"] == []


def test_a_pass_that_stands_twice_in_a_list_of_a_used_recipe_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "used.yaml").write_text(
        "seedflow: 1\ninputs: {start: {type: image}}\nsteps:\n"
        "  row: {iterate: {over: [x, y], as: e, start: '{{ inputs.start }}'}, "
        "generate: {prompt: '{{ each.e }}', image_input: '{{ prev }}'}}\n"
        "outputs: {o: '{{ steps.row.passes }}', n: '{{ steps.row.passes }}'}\n"
    )
    text = (
        "steps:\n  s: {generate: {prompt: S}}\n"
        "  u: {recipe: ./used.yaml, with: {start: '{{ steps.s.images[0] }}'}}\n"
        "  b: {for_each: {v: '{{ steps.u.outputs.o + steps.u.outputs.n }}'}, "
        "generate: {prompt: B, image_input: '{{ each.v }}'}}\n"
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is None
    assert {(one.code, one.severity) for one in found} == {("equal-keys", Severity.ERROR)}
