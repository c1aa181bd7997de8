"""`takes` and `iterate`: several draws of one request, and edits in a row."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, done, open_planner, plan, problems_of
from playing import FAILS, play

from seedflow.diagnostics import Severity
from seedflow.plan.model import Action, Bounds, Task

HOUSE = """\
inputs:
  photo: {type: image, default: "https://pictures.example/house.jpg"}
  edits: {type: list, of: text, default: [snow, night, lights]}
steps:
  house:
    iterate: {over: "{{ inputs.edits }}", as: edit, start: "{{ inputs.photo }}"}
    generate: {prompt: "Add {{ each.edit }}", image_input: ["{{ prev }}"]}
outputs:
  final: "{{ steps.house.images }}"
  stages: {images: "{{ steps.house.passes }}", file: "stages/{{ each.edit }}"}
"""


def test_takes_ask_so_many_times_and_all_of_them_flow_on() -> None:
    played = play(
        "inputs: {n: {type: integer, default: 3}}\n"
        "steps:\n  idea: {takes: '{{ inputs.n }}', generate: {prompt: Idea}}\n"
        '  wall: {generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ steps.idea.images }}"}}}\n'
    )
    assert played.addresses == ["idea", "idea#2", "idea#3", "wall"]
    assert len({(task.fingerprint, task.take) for task in played.asked.values()}) == 4
    assert len({task.fingerprint for task in played.asked.values()}) == 2
    assert played.prompts["wall"] == "images 1 to 3"


def test_images_come_in_for_each_order_then_take_then_number() -> None:
    played = play(
        "steps:\n  idea: {takes: 2, for_each: {a: [x, y], b: [p, q]}, generate: "
        "{prompt: '{{ each.a }}{{ each.b }}', sequential_image_generation: auto, max_images: 2}}\n"
        '  wall: {generate: {prompt: Wall, image_input: ["{{ steps.idea.images[:6] }}"]}}\n',
        gives={"idea": 2},
        last=("idea",),
    )
    first, second = "idea[a=x,b=p]", "idea[a=x,b=q]"
    assert played.references("wall") == [
        f"{first} 1",
        f"{first} 2",
        f"{first}#2 1",
        f"{first}#2 2",
        f"{second} 1",
        f"{second} 2",
    ]


def test_asking_for_more_takes_renames_and_repays_nothing() -> None:
    view = KnownResults()
    text = "steps:\n  idea: {takes: 1, generate: {prompt: Idea}}\n"
    view.keep(plan(text).tasks[0], "a")
    found = plan(text.replace("takes: 1", "takes: 3"), view=view)
    assert found.totals.calls == Bounds(2, 2)


def test_each_edit_is_applied_to_the_image_of_the_pass_before() -> None:
    played = play(HOUSE)
    assert played.prompts == {
        "house[edit=1]": "Add snow",
        "house[edit=2]": "Add night",
        "house[edit=3]": "Add lights",
    }
    assert [played.references(address) for address in played.addresses] == [
        ["https://pictures.example/house.jpg"],
        ["house[edit=1] 1"],
        ["house[edit=2] 1"],
    ]


def test_images_are_the_last_pass_and_passes_are_all() -> None:
    played = play(HOUSE)
    assert played.files == {
        "final": ["final.jpg"],
        "stages": ["stages/snow.jpg", "stages/night.jpg", "stages/lights.jpg"],
    }


def test_changing_an_edit_pays_for_it_and_later_ones_only() -> None:
    view = KnownResults()
    planner = open_planner(HOUSE, view=view)
    planner.start()
    for number, digest in enumerate("abc", 1):
        address = f"house[edit={number}]"
        task = planner.settle(address)
        assert isinstance(task, Task)
        view.keep(task, digest)
        planner.advance(done(address, digest))
    assert plan(HOUSE, view=view).totals.calls == Bounds(0, 0)
    changed = plan(HOUSE, {"edits": ["snow", "dusk", "lights"]}, view=view).tasks
    assert [task.action for task in changed] == [Action.REUSE, Action.CALL, Action.CALL]
    assert plan(HOUSE, {"edits": ["snow", "night", "lights", "smoke"]}, view=view).totals.calls == Bounds(
        1, 1
    )


def test_a_failed_pass_blocks_the_later_ones_and_the_earlier_stay() -> None:
    played = play(HOUSE, gives={"house[edit=2]": FAILS})
    assert played.blocked == {"house[edit=3]": "house[edit=2]"}
    assert played.files == {"final": [], "stages": ["stages/snow.jpg"]}


def test_an_empty_list_of_edits_is_an_error() -> None:
    (found,) = problems_of(HOUSE, {"edits": []})
    assert found.code == "nothing-to-apply"


def test_edits_may_be_images_whose_number_only_the_run_knows() -> None:
    text = (
        "steps:\n  sheet: {generate: {prompt: Stamps, sequential_image_generation: auto, max_images: 3}}\n"
        "  base: {generate: {prompt: A letter}}\n"
        "  letter:\n"
        '    iterate: {over: "{{ steps.sheet.images }}", as: stamp, start: "{{ steps.base.images[0] }}"}\n'
        '    generate: {prompt: Put it on, image_input: ["{{ prev }}", "{{ each.stamp }}"]}\n'
    )
    assert plan(text).totals.tasks == Bounds(3, 5)
    played = play(text, gives={"sheet": 2})
    assert played.references("letter[stamp=2]") == ["letter[stamp=1] 1", "sheet 2"]


def test_with_for_each_and_takes_each_has_a_row_of_passes_of_its_own() -> None:
    played = play(
        "steps:\n  hero: {for_each: {h: [fox, owl]}, generate: {prompt: '{{ each.h }}'}}\n"
        "  dressed:\n    for_each: {h: [fox, owl]}\n    takes: 2\n"
        '    iterate: {over: [hat, scarf], as: edit, start: "{{ steps.hero.at(h=each.h).images[0] }}"}\n'
        '    generate: {prompt: "{{ each.h }}: {{ each.edit }}", image_input: ["{{ prev }}"]}\n'
        '  print: {for_each: {i: "{{ steps.dressed.passes }}"}, generate: '
        '{prompt: "{{ each.i.each.edit }} {{ each.i.take }}", image_input: ["{{ each.i }}"]}}\n'
    )
    assert played.references("dressed[h=owl,edit=1]#2") == ["hero[h=owl] 1"]
    assert played.references("dressed[h=owl,edit=2]#2") == ["dressed[h=owl,edit=1]#2 1"]
    assert played.prompts["print[i=owl-t2-p1-1]"] == "hat 2"


NO_START = (
    "inputs: {photo: {type: image, optional: true}}\n"
    "steps:\n  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 3}}\n"
    '  edit: {iterate: {over: "{{ steps.sheet.images%s }}", as: part, start: "{{ inputs.photo }}"}, '
    'generate: {prompt: Edit, image_input: ["{{ each.part }}", "{{ prev }}"]}}\n'
)


def test_passes_to_come_that_have_no_image_to_begin_with_are_an_error_of_the_plan() -> None:
    assert [found.code for found in problems_of(NO_START % "")] == ["not-an-image"]


def test_passes_that_may_not_come_at_all_fail_for_what_they_lack_once_they_do() -> None:
    played = play(NO_START % "[2:]", gives={"sheet": 3})
    assert played.plan.totals.tasks == (1, 2)
    assert played.problems == {"edit[part=1]": "not-an-image"}
    assert play(NO_START % "[2:]", gives={"sheet": 2}).problems == {"edit[part=?]": "nothing-to-apply"}


def test_edits_by_pictures_of_which_some_may_be_skipped_are_made_once_it_is_known_which() -> None:
    played = play(
        "inputs: {photo: {type: image, default: 'https://pictures.example/house.jpg'}}\n"
        "steps:\n  guest: {for_each: {who: [owl, hare, fox]}, generate: {prompt: '{{ each.who }}', "
        "sequential_image_generation: auto, max_images: 2}}\n"
        "  cut: {for_each: {who: [owl, hare, fox]}, when: '{{ steps.guest.at(who=each.who).images | length > 1 }}', "
        "generate: {prompt: 'Cut {{ each.who }}'}}\n"
        '  party: {iterate: {over: "{{ steps.cut.images }}", as: g, start: "{{ inputs.photo }}"}, '
        'generate: {prompt: Party, image_input: ["{{ prev }}", "{{ each.g }}"]}}\n',
        gives={"guest": 2, "guest[who=hare]": 1},
    )
    assert played.skipped == ["cut[who=hare]"]
    assert [address for address in played.addresses if "party" in address] == ["party[g=1]", "party[g=2]"]
    assert played.references("party[g=2]") == ["party[g=1] 1", "cut[who=fox] 1"]


GUARDED = """\
inputs: {edits: {type: list, of: text, default: []}}
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}
  b:
    when: "{{ %s | length > %s }}"
    iterate: {over: "{{ %s }}", as: edit, start: "{{ steps.a.images[0] }}"}
    generate: {prompt: "B {{ prev.number }}", image_input: ["{{ prev }}"]}
  c: {generate: {prompt: C, image_input: ["{{ steps.b.images }}"]}}
"""


@pytest.mark.parametrize(
    ("counted", "most", "over"),
    [("inputs.edits", 0, "inputs.edits"), ("steps.a.images", 1, "steps.a.images[1:]")],
)
def test_when_decides_about_edits_before_their_number_does(counted: str, most: int, over: str) -> None:
    played = play(GUARDED % (counted, most, over))
    assert played.addresses == ["a"]
    assert played.skipped == ["b[edit=?]", "c"]
    assert not played.problems
    assert played.plan.totals.calls.low == 1


def test_edits_of_which_there_may_be_none_are_a_warning_of_the_plan() -> None:
    text = (
        "inputs: {l: {type: list, of: text, default: [x]}}\nsteps:\n"
        "  q: {generate: {prompt: Q}}\n"
        "  s: {for_each: {k: '{{ inputs.l }}'}, generate: {prompt: '{{ each.k }}', sequential_image_generation: auto, max_images: 2}}\n"
        "  p: {iterate: {over: '{{ steps.s.images[1:] }}', as: e, start: '{{ steps.q.images[0] }}'}, "
        "generate: {prompt: P, image_input: ['{{ prev }}', '{{ each.e }}']}}\n"
    )
    _, found = open_planner(text).start()
    assert [(one.code, one.severity) for one in found] == [("nothing-to-apply", Severity.WARNING)]
    _, found = open_planner(text, {"l": ["x", "y"]}).start()
    assert not found


EDITED = (
    "steps:\n"
    "  s: {generate: {prompt: s}}\n"
    '  it: {iterate: {over: [snow, night, day], as: e, start: "{{ steps.s.images[0] }}"}, '
    'generate: {prompt: "{{ each.e }}", image_input: ["{{ prev }}"]}}\n'
)


@pytest.mark.parametrize(
    ("items", "keys"),
    [
        ("'{{ steps.it.passes }}'", ["it-p1-1", "it-p2-1", "it-p3-1"]),
        ("'{{ steps.it.passes[:2] }}'", ["it-p1-1", "it-p2-1"]),
        ("'{{ steps.it.passes[1:2] }}'", ["it-p2-1"]),
        ("'{{ steps.it.passes | reverse | list }}'", ["it-p3-1", "it-p2-1", "it-p1-1"]),
        ("'{{ steps.it.passes | sort(attribute=\"name\") }}'", ["it-p3-1", "it-p1-1", "it-p2-1"]),
        ('\'{{ steps.it.passes | rejectattr("each.e", "eq", "night") }}\'', ["it-p1-1", "it-p3-1"]),
        ("'{{ first_of(steps.it.passes, steps.it.images) }}'", ["it-p1-1", "it-p2-1", "it-p3-1"]),
        ("'{{ succeeded(steps.it.passes)[1:] }}'", ["it-p2-1", "it-p3-1"]),
        ("['{{ steps.it.passes[1] }}', '{{ steps.it.images[0] }}']", ["it-p2-1", "it-1"]),
        ("'{{ steps.it.images[:1] + steps.it.passes[:1] }}'", ["it-1", "it-p1-1"]),
    ],
)
def test_keys_of_passes_say_so_whichever_way_their_list_was_made(items: str, keys: list[str]) -> None:
    played = play(
        f"{EDITED}  u: {{for_each: {{i: {{in: {items}, at_most: 4}}}}, generate: {{prompt: u, image_input: ['{{{{ each.i }}}}']}}}}\n"
    )
    made = sorted(one for one in played.addresses if one.startswith("u["))
    assert made == sorted(f"u[i={key}]" for key in keys)
    assert not played.problems


def test_one_pass_by_its_number_is_a_task_of_the_plan() -> None:
    found = plan(
        EDITED + "  u: {for_each: {i: ['{{ steps.it.passes[1] }}']}, "
        "generate: {prompt: u, image_input: ['{{ each.i }}']}}\n"
    )
    assert [task.address for task in found.tasks[4:]] == ["u[i=it-p2-1]"]
    assert found.tasks[4].needs == ("it[e=2]",)


def test_records_and_tasks_of_passes_are_told_apart_by_them() -> None:
    played = play(
        EDITED + '  u: {for_each: {p: {in: "{{ zip(i=steps.it.passes, w=[1, 2, 3]) }}", key: i}}, '
        "generate: {prompt: '{{ each.p.w }}', image_input: ['{{ each.p.i }}']}}\n"
        '  v: {for_each: {i: "{{ steps.it.passes }}"}, generate: {prompt: v, image_input: ["{{ each.i }}"]}}\n'
        '  w: {for_each: {i: "{{ steps.it.passes[:2] }}"}, generate: '
        '{prompt: w, image_input: ["{{ steps.v.at(i=each.i).images[0] }}"]}}\n'
    )
    assert not played.problems
    assert [one for one in played.addresses if one[0] == "u"] == [
        f"u[p=it-p{number}-1]" for number in (1, 2, 3)
    ]
    assert played.references("w[i=it-p2-1]") == ["v[i=it-p2-1] 1"]


def test_passes_go_through_used_recipes_with_their_keys(tmp_path: Path) -> None:
    (tmp_path / "u.yaml").write_text(
        "seedflow: 1\ninputs: {pics: {type: list, of: image}}\n"
        "values: {two: '{{ inputs.pics | reverse | list }}'}\nsteps:\n"
        '  a: {for_each: {i: "{{ values.two[:2] }}"}, generate: {prompt: a, image_input: ["{{ each.i }}"]}}\n'
        "outputs: {back: '{{ inputs.pics }}', made: '{{ steps.a.images }}'}\n"
    )
    played = play(
        EDITED
        + "  r: {recipe: ./u.yaml, with: {pics: '{{ steps.it.passes }}'}}\n"
        + '  z: {for_each: {i: "{{ steps.r.outputs.back[1:] }}"}, generate: {prompt: z, image_input: ["{{ each.i }}"]}}\n',
        folder=tmp_path,
    )
    assert not played.problems
    assert sorted(played.addresses[4:]) == [
        "r/a[i=it-p2-1]",
        "r/a[i=it-p3-1]",
        "z[i=it-p2-1]",
        "z[i=it-p3-1]",
    ]


def test_what_goes_through_edits_that_are_refused_adds_nothing_to_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "edited.yaml").write_text(
        "seedflow: 1\ninputs: {first: {type: image, optional: true}, more: {type: list, of: image, default: []}}\n"
        'steps: {s: {for_each: {k: [x]}, iterate: {over: "{{ inputs.more }}", as: edit, start: "{{ inputs.first }}"}, '
        'generate: {prompt: "S {{ each.k }}", image_input: ["{{ each.edit }}", "{{ prev }}"]}}}\n'
        'outputs: {images: "{{ steps.s.images }}"}\n'
    )
    text = (
        "steps:\n  a: {for_each: {i: [p], j: [q]}, recipe: ./edited.yaml}\n"
        '  b: {for_each: {v: "{{ steps.a.outputs.images }}"}, recipe: ./edited.yaml, '
        'with: {first: "{{ each.v }}", more: "{{ steps.a.outputs.images }}"}}\n'
    )
    plan, problems = open_planner(text, folder=tmp_path).start()
    assert plan is None
    assert {one.code for one in problems if one.severity is Severity.ERROR} == {"nothing-to-apply"}


ROWS = (
    "inputs: {n: {type: integer, default: 2}, p: {type: image, default: 'https://pictures.example/1.jpg'}}\nsteps:\n"
    "  f: {iterate: {over: '{{ range(inputs.n) }}', as: e, start: '{{ inputs.p }}'},"
    " generate: {prompt: 'F {{ each.e }}', image_input: '{{ prev }}'}}\n"
    "  g: {iterate: {over: '{{ steps.f.%s }}', as: e, start: '{{ inputs.p }}'},"
    " generate: {prompt: G, image_input: ['{{ prev }}', '{{ each.e }}']}}\n"
)


def test_a_row_after_one_without_edits_is_not_told_of_as_well() -> None:
    plan, found = open_planner(ROWS % "passes", {"n": 0}).start()
    assert plan is None
    assert [(one.code, one.message) for one in found] == [
        ("nothing-to-apply", "`iterate` of f has no item, so that the step would give no image")
    ]


def test_a_row_that_never_has_edits_is_told_so() -> None:
    text = (
        "inputs: {n: {type: integer, default: 1}, p: {type: image, default: 'https://pictures.example/1.jpg'}}\nsteps:\n"
        "  f: {generate: {prompt: F, sequential_image_generation: auto, max_images: '{{ inputs.n }}'}}\n"
        "  g: {iterate: {over: '{{ steps.f.images[2:] }}', as: e, start: '{{ inputs.p }}'},"
        " generate: {prompt: G, image_input: ['{{ prev }}', '{{ each.e }}']}}\n"
    )
    plan, found = open_planner(text).start()
    assert plan is not None
    assert [one.message for one in found] == [
        "`iterate` will have nothing to apply: its list has no item, however many images there will be"
    ]
