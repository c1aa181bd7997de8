"""Files keep their names from run to run: what is stored already changes none of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from planning import KnownResults, done, open_planner
from playing import FAILS, HANDS_THROUGH, play

from seedflow.diagnostics import Diagnostic, Severity

SET = """\
steps:
  sheet: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}
outputs: {sheet: "{{ steps.sheet.images }}"}
"""


def test_a_set_that_turned_out_to_be_one_image_is_named_alike_before_and_after_it_is_stored() -> None:
    view = KnownResults()
    first = open_planner(SET, view=view)
    plan, _ = first.start()
    assert plan is not None
    first.advance(done("sheet", "aa"))
    view.keep(plan.tasks[0], "aa")
    second = open_planner(SET, view=view)
    second.start()
    names = [[file.path for file in planner.outputs()[0]["sheet"]] for planner in (first, second)]
    assert names == [["sheet/sheet-1.jpg"]] * 2


def test_keys_that_a_path_cannot_tell_apart_collide_aloud_with_a_way_out() -> None:
    _, problems = open_planner(
        """\
steps:
  page:
    for_each: {name: [a.b, ab]}
    generate: {prompt: "{{ each.name }}"}
outputs:
  pages: {images: "{{ steps.page.images }}", file: "{{ each.name }}"}
"""
    ).start()
    assert [(found.code, "image.key" in str(found.help)) for found in problems] == [("same-file", True)]


_BY_KEY = ', file: "{{ image.key }}-{{ image.number }}"'


@pytest.mark.parametrize(
    ("loops", "takes", "file"),
    [
        ("{a: [x, x y], b: [y z, z]}", 1, _BY_KEY),
        ("{a: [x, x y], b: [y z, z]}", 1, ""),
        ("{a: [x, x y], b: [y z, z]}", 2, ""),
        ("{a: {in: [{n: x}, {n: x y}], key: n}, b: [y z, z]}", 1, ""),
    ],
)
def test_the_file_that_a_collision_proposes_collides_no_more(loops: str, takes: int, file: str) -> None:
    start = f"""\
steps:
  p:
    for_each: {loops}
    takes: {takes}
    generate: {{prompt: A, sequential_image_generation: auto, max_images: 2}}
"""

    def look(file: str) -> list[Diagnostic]:
        text = f'{start}outputs: {{p: {{images: "{{{{ steps.p.images }}}}"{file}}}}}\n'
        return [found for found in open_planner(text).start()[1] if found.code == "same-file"]

    (problem,) = look(file)
    proposed = str(problem.help).partition("for example with `")[2].removesuffix("`")
    assert look(f', file: "{proposed}"') == []


MILLS = """\
inputs: {photo: {type: image, default: mill.png}}
steps:
  day: {generate: {prompt: Day}}
  set: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}
  each: {for_each: {v: "{{ steps.set.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
outputs:
"""


def _find_same_files(
    folder: Path, outputs: Sequence[tuple[str, str]], view: KnownResults | None = None
) -> list[Diagnostic]:
    Image.new("RGB", (300, 300)).save(folder / "mill.png")
    text = MILLS + "".join(
        f'  o{number}: {{images: "{{{{ {images} }}}}", file: "{file}"}}\n'
        for number, (images, file) in enumerate(outputs)
    )
    return [
        found
        for found in open_planner(text, view=view, folder=folder).start()[1]
        if found.code == "same-file"
    ]


@pytest.mark.parametrize(
    ("file", "folder", "severity"),
    [
        (("steps.day.images", "a"), ("steps.set.images", "a.jpg/{{ image.number }}"), Severity.WARNING),
        (("steps.day.images", "x/a"), ("steps.set.images", "X/A.WebP/{{ image.number }}"), Severity.WARNING),
        (("steps.each.images", "{{ each.v.number }}"), ("steps.day.images", "1.png/a"), Severity.WARNING),
        (("inputs.photo", "a"), ("steps.day.images", "a.png/x"), Severity.ERROR),
        (("inputs.photo", "a"), ("steps.each.images", "a.png/{{ image.name }}"), Severity.ERROR),
        (("inputs.photo", "a"), ("steps.day.images", "a.jpg/x"), None),
        (("steps.day.images", "a"), ("steps.set.images", "a/{{ image.number }}"), None),
        (("steps.day.images", "a"), ("steps.set.images", "a.gif/{{ image.number }}"), None),
        (("steps.day.images", "a"), ("steps.set.images", "b/a.jpg/{{ image.number }}"), None),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_file_that_may_be_the_folder_of_another_is_foreseen(
    file: tuple[str, str],
    folder: tuple[str, str],
    severity: Severity | None,
    turned: bool,
    tmp_path: Path,
) -> None:
    """Whichever of the two comes first: an error where the format of the picture is known, else a doubt."""
    found = _find_same_files(tmp_path, (folder, file) if turned else (file, folder))
    assert [one.severity for one in found] == ([] if severity is None else [severity])


def test_once_the_picture_is_there_its_format_decides(tmp_path: Path) -> None:
    view = KnownResults()
    plan, _ = open_planner(
        MILLS.replace("inputs: {photo: {type: image, default: mill.png}}\n", "")
        + '  o: "{{ steps.day.images }}"\n',
        view=view,
    ).start()
    assert plan is not None
    view.keep(next(task for task in plan.tasks if task.address == "day"), "aa")
    file = ("steps.day.images", "a")
    (certain,) = _find_same_files(tmp_path, (file, ("steps.set.images", "a.jpg/{{ image.number }}")), view)
    assert certain.severity is Severity.ERROR
    assert "`a.jpg`" in certain.message
    assert _find_same_files(tmp_path, (file, ("steps.set.images", "a.png/{{ image.number }}")), view) == []


def test_a_doubt_about_a_folder_hides_no_error_of_the_same_output(tmp_path: Path) -> None:
    found = _find_same_files(
        tmp_path, (("steps.day.images", "1"), ("steps.set.images + steps.day.images", "1.jpg/x"))
    )
    assert [one.severity for one in found] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("images", "files"),
    [
        ("steps.o.outputs.raw", 1),
        ("steps.o.outputs.raw[:1]", 0),
        ("steps.b.images[-1:]", 0),
        ("succeeded(steps.b.images)[-1:]", 1),
        ("succeeded(steps.o.outputs.raw)[:1]", 1),
        ("steps.o.images", 1),
        ("steps.b.images | reverse | list", 1),
        ("steps.b.images + steps.o.images", 2),
        ("steps.b.images + succeeded(steps.o.images)", 2),
        ("(steps.b.images | reverse | list)[0]", 0),
        ("steps.b.images | selectattr('number', 'eq', 1) | list", 0),
    ],
)
def test_what_came_is_published_whatever_failed_unless_images_are_picked_of_it(
    tmp_path: Path, images: str, files: int
) -> None:
    (tmp_path / "pass.yaml").write_text(HANDS_THROUGH)
    made = play(
        "steps:\n  b: {for_each: {y: [1, 2]}, generate: {prompt: 'B {{ each.y }}'}}\n"
        "  o: {recipe: ./pass.yaml, for_each: {y: [1, 2]}, with: {photo: '{{ steps.b.at(y=each.y).images[0] }}'}}\n"
        f'outputs: {{all: "{{{{ {images} }}}}"}}\n',
        gives={"b[y=2]": FAILS},
        folder=tmp_path,
    )
    assert len(made.files["all"]) == files
    assert made.missing == []


SHOTS = (
    "steps:\n"
    "  shot: {for_each: {n: [boots, hat]}, generate: {prompt: 'Shot {{ each.n }}'}}\n"
    "  card: {when: '{{ 1 > 2 }}', generate: {prompt: Card}}\n"
    "  late: {when: '{{ steps.shot.images | length > 1 }}', generate: {prompt: Late}}\n"
    'outputs: {o: "{{ SUM }}"}\n'
)


@pytest.mark.parametrize(
    ("images", "gives", "files"),
    [
        ("steps.shot.images + optional(steps.card.images)", {}, ["o/shot-boots.jpg", "o/shot-hat.jpg"]),
        ("optional(steps.card.images) + steps.shot.images", {}, ["o/shot-boots.jpg", "o/shot-hat.jpg"]),
        (
            "steps.shot.images + optional(steps.card.images) + optional(steps.late.images)",
            {},
            ["o/shot-boots.jpg", "o/shot-hat.jpg", "o/late.jpg"],
        ),
        (
            "steps.shot.images + optional(steps.late.images)",
            {"late": FAILS},
            ["o/shot-boots.jpg", "o/shot-hat.jpg"],
        ),
        (
            "steps.shot.images + optional(steps.card.images)",
            {"shot[n=boots]": FAILS},
            ["o/shot-hat.jpg"],
        ),
        ("optional(steps.card.images) + optional(steps.card.images)", {}, []),
    ],
)
def test_a_sum_publishes_what_was_not_skipped(images: str, gives: dict[str, int], files: list[str]) -> None:
    played = play(SHOTS.replace("SUM", images), gives=gives)
    assert (played.files, played.missing) == ({"o": files}, [])


@pytest.mark.parametrize(
    ("poses", "same"), [("{{ each.name }} sitting", 0), ("{{ each.name | length }} sitting", 1)]
)
def test_files_named_by_what_is_made_of_an_earlier_variable_collide_where_their_names_do(
    poses: str, same: int
) -> None:
    _, problems = open_planner(
        f"""\
steps:
  portrait:
    for_each: {{name: [Ada, Abe], pose: ["{poses}"]}}
    generate: {{prompt: "{{{{ each.pose }}}}, in ink"}}
outputs: {{s: {{images: "{{{{ steps.portrait.images }}}}", file: "{{{{ each.pose }}}}"}}}}
"""
    ).start()
    assert [found.code for found in problems] == ["same-file"] * same
