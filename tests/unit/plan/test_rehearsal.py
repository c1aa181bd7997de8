"""Files of tasks that are not known when planning: what collides is said before anything is paid."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, done, open_planner
from playing import play

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.plan import rehearsal

TWO_SETS = """\
steps:
  a: {for_each: {p: [sea, hill]}, generate: {prompt: "{{ each.p }}", sequential_image_generation: auto, max_images: 3}}
  b: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
"""

ONE_SET = """\
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
  b: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
"""

USING = """\
steps:
  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
  u: {for_each: {v: "{{ steps.a.images }}"}, recipe: ./inner.yaml, with: {v: "{{ each.v }}"}}
"""

INNER = """\
seedflow: 1
inputs: {v: {type: image}}
steps:
  s: {for_each: {k: [x, y]}, generate: {prompt: "{{ ref.v }} {{ each.k }}", image_input: {v: "{{ inputs.v }}"}}}
outputs: {images: "{{ steps.s.images }}"}
"""


def find_same_files(text: str, folder: Path = Path(), view: KnownResults | None = None) -> list[Diagnostic]:
    found = open_planner(text, folder=folder, view=view).start()[1]
    return [one for one in found if one.code == "same-file"]


def publish(step: str, file: str) -> str:
    return f'outputs: {{o: {{images: "{{{{ steps.{step}.images }}}}", file: "{file}"}}}}\n'


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            TWO_SETS + publish("b", "{{ each.v.number }}"),
            "b[v=sea-1] image 1 and b[v=hill-1] image 1 would both be published as `1`",
        ),
        (
            ONE_SET
            + "outputs:\n"
            + '  b: {images: "{{ steps.b.images }}", file: "pics/{{ each.v.number }}"}\n'
            + '  c: {images: "{{ steps.a.images }}", file: "pics/{{ image.number }}"}\n',
            "b[v=a-1] image 1 and a image 1 would both be published as `pics/1`",
        ),
        (
            USING + publish("u", "{{ each.v.number }}"),
            "u[v=a-1]/s[k=x] image 1 and u[v=a-1]/s[k=y] image 1 would both be published as `1`",
        ),
        (
            TWO_SETS.replace("hill", "Sea") + 'outputs: {o: "{{ steps.b.images }}"}\n',
            "b[v=sea-1] image 1 and b[v=Sea-1] image 1 would be published as `o/sea-1` and `o/Sea-1`, which on many systems are one file",
        ),
        (
            ONE_SET + 'outputs: {o: {images: "{{ steps.a.images + steps.b.images }}", file: pic}}\n',
            "a image 1 and b[v=a-1] image 1 would both be published as `pic`",
        ),
    ],
)
def test_what_collides_with_however_few_images_is_an_error(recipe: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    (problem,) = find_same_files(recipe, tmp_path)
    assert (problem.severity, problem.message) == (Severity.ERROR, message)
    assert problem.help


@pytest.mark.parametrize(
    ("recipe", "images", "path"),
    [
        (
            TWO_SETS + publish("b", "{{ each.v.each.p }}"),
            "b[v=sea-1] image 1 and b[v=sea-2] image 1",
            "sea",
        ),
        (
            ONE_SET + publish("b", "{{ 'first' if each.v.number == 1 else 'more' }}"),
            "b[v=a-2] image 1 and b[v=a-3] image 1",
            "more",
        ),
    ],
)
def test_what_collides_only_if_more_images_come_is_a_warning(recipe: str, images: str, path: str) -> None:
    (problem,) = find_same_files(recipe)
    assert problem.severity is Severity.WARNING
    assert problem.message == (
        f"{images} would both be published as `{path}`, if both come to be, which is known only when they are paid"
    )


def test_a_condition_on_what_images_look_like_makes_nothing_certain() -> None:
    recipe = ONE_SET.replace(
        "b: {",
        'c: {for_each: {v: "{{ steps.a.images }}"}, when: "{{ each.v.width > 9 }}", '
        'generate: {prompt: "c {{ ref.v }}", image_input: {v: "{{ each.v }}"}}}\n  b: {',
        1,
    )
    both = recipe + (
        'outputs: {o: {images: "{{ steps.b.images + steps.c.images }}", file: "{{ each.v.number }}"}}\n'
    )
    assert [one.severity for one in find_same_files(both)] == [Severity.WARNING]


def test_what_was_only_feared_is_certain_once_the_images_are_there() -> None:
    recipe = ONE_SET + publish("b", "{{ 'first' if each.v.number == 1 else 'more' }}")
    view = KnownResults()
    plan, _ = open_planner(recipe, view=view).start()
    assert plan is not None
    view.keep(plan.tasks[0], "aa", "bb")
    assert find_same_files(recipe, view=view) == []
    view.keep(plan.tasks[0], "aa", "bb", "cc")
    assert [one.severity for one in find_same_files(recipe, view=view)] == [Severity.ERROR]


@pytest.mark.parametrize(
    "file",
    [
        "a-{{ each.v.number }}-{{ image.width }}x{{ image.height }}",
        "a-{{ image.key }}-{{ each.v.width }}-{{ image.take }}-{{ each.v.take }}",
        "{{ image.digest }}",
        "{{ image.format }}/{{ image.name }}",
    ],
)
def test_a_name_may_say_what_an_image_says_of_itself_whatever_is_stored(file: str) -> None:
    recipe = ONE_SET + publish("b", file)
    view = KnownResults()
    first = open_planner(recipe, view=view)
    plan, found = first.start()
    assert plan is not None
    assert found == []
    view.keep(plan.tasks[0], "aa", "bb")
    assert open_planner(recipe, view=view).start()[1] == []
    assert len(play(recipe, gives={"a": 2}).files["o"]) == 2


def test_what_only_the_pictures_tell_apart_is_a_doubt() -> None:
    single = "steps: {a: {generate: {prompt: A}}}\n" + publish("a", "{{ image.width }}")
    assert find_same_files(single) == []
    (problem,) = find_same_files(
        ONE_SET + publish("b", "{{ image.width }}x{{ image.height }}-{{ each.v.take }}")
    )
    assert problem.severity is Severity.WARNING
    assert problem.message == (
        "b[v=a-1] image 1 and b[v=a-2] image 1 would go into one file if their width and height are the same, "
        "which is known only when they are paid"
    )


TWO_STEPS = """\
steps:
  a: {generate: {prompt: A, aspect_ratio: "1:1"}}
  b: {for_each: {p: [x, y]}, generate: {prompt: "{{ each.p }}", aspect_ratio: "16:9"}}
"""


@pytest.mark.parametrize(
    ("outputs", "images"),
    [
        (publish("b", "{{ image.width }}"), "b[p=x] image 1 and b[p=y] image 1"),
        (
            (
                'outputs: {s: {images: "{{ steps.a.images }}", file: "{{ image.width }}"}, '
                't: {images: "{{ steps.b.images[:1] }}", file: "{{ image.width }}"}}\n'
            ),
            "a image 1 and b[p=x] image 1",
        ),
    ],
)
def test_what_the_pictures_may_tell_apart_is_left_to_the_plan_which_warns(outputs: str, images: str) -> None:
    (problem,) = find_same_files(TWO_STEPS + outputs)
    assert problem.severity is Severity.WARNING
    assert problem.message == (
        f"{images} would go into one file if their width is the same, which is known only when they are paid"
    )


def test_one_image_in_two_outputs_has_one_width_for_certain() -> None:
    (problem,) = find_same_files(
        TWO_STEPS
        + 'outputs: {s: {images: "{{ steps.a.images }}", file: "{{ image.width }}"}, '
        + 't: {images: "{{ steps.a.images }}", file: "{{ image.width }}"}}\n'
    )
    assert problem.severity is Severity.ERROR
    assert problem.message == "a image 1 would be published twice as `{{ image.width }}`, by two outputs"


def test_the_take_of_what_a_task_comes_from_is_known() -> None:
    recipe = """\
steps:
  idea: {takes: 2, generate: {prompt: A}}
  paint: {for_each: {i: "{{ steps.idea.images }}"}, generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.i }}"}}}
"""
    planner = open_planner(recipe + publish("paint", "draft-{{ each.i.take }}"))
    assert planner.start()[1] == []
    assert play(recipe + publish("paint", "draft-{{ each.i.take }}")).files["o"] == [
        "draft-1.jpg",
        "draft-2.jpg",
    ]
    assert [
        one.severity for one in find_same_files(recipe + publish("paint", "draft-{{ each.i.number }}"))
    ] == [Severity.ERROR]


def test_a_name_that_fails_with_a_certain_image_is_an_error_and_else_a_warning() -> None:
    def judge(file: str) -> list[tuple[str, Severity]]:
        return [(one.code, one.severity) for one in open_planner(ONE_SET + publish("b", file)).start()[1]]

    assert judge("{{ ['one'][each.v.number] }}") == [("template-no-such-item", Severity.ERROR)]
    assert judge("{{ ['one'][each.v.number - 1] }}") == [("template-no-such-item", Severity.WARNING)]


def test_what_collides_when_publishing_is_told_with_a_way_out() -> None:
    planner = open_planner(ONE_SET + publish("b", "{{ 'first' if each.v.number == 1 else 'more' }}"))
    plan, _ = planner.start()
    assert plan is not None
    planner.advance(done("a", "aa", "bb", "cc"))
    planner.settle("b[v=a-?]")
    for number in (1, 2, 3):
        planner.advance(done(f"b[v=a-{number}]", f"d{number}"))
    files, missing = planner.outputs()
    assert [file.path for file in files["o"]] == ["first.jpg", "more.jpg"]
    assert [(one.code, "{{ image.key }}" in str(one.help)) for one in missing] == [("same-file", True)]


def test_no_more_is_played_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = TWO_SETS + publish("b", "{{ each.v.number }}")
    monkeypatch.setattr(rehearsal, "MOST_REHEARSED", 3)
    assert find_same_files(recipe) == []


def test_a_list_that_may_pass_its_bound_hides_no_collision_of_a_shorter_one() -> None:
    recipe = TWO_SETS.replace('{v: "{{ steps.a.images }}"}', '{v: {in: "{{ steps.a.images }}", at_most: 2}}')
    (problem,) = find_same_files(recipe + publish("b", "{{ each.v.number }}"))
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    "when",
    [
        "each.v.width < 1500",
        "each.v.width < 2500",
        "each.v.width > 2200",
        "each.v.width != each.v.height",
        "each.v.format == 'png'",
        "each.v.format == 'jpeg' and each.v.width < 1500",
    ],
)
def test_what_a_picture_decides_is_played_with_several(when: str) -> None:
    text = ONE_SET + (
        f'  x: {{for_each: {{v: "{{{{ steps.a.images }}}}"}}, when: "{{{{ {when} }}}}", '
        'generate: {prompt: "X {{ ref.v }}", image_input: {v: "{{ each.v }}"}}}\n'
        'outputs: {o: {images: "{{ steps.b.images + steps.x.images }}", file: "{{ each.v.number }}"}}\n'
    )
    (problem,) = find_same_files(text)
    assert problem.severity is Severity.WARNING


def test_items_that_a_filter_picks_are_judged_by_what_it_picks() -> None:
    picked = "steps.a.images | selectattr('number', 'eq', {number}) | list"
    outputs = 'outputs: {{o: {{images: "{{{{ {images} }}}}", file: "{{{{ each.p }}}}"}}}}\n'
    first = TWO_SETS + outputs.format(images=picked.format(number=1))
    assert find_same_files(first) == []
    several = TWO_SETS + outputs.format(images="steps.a.images | selectattr('number', 'gt', 1) | list")
    assert [one.severity for one in find_same_files(several)] == [Severity.WARNING]
