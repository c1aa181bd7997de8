"""Outputs of which some failed, was skipped or did not come: the rest is published, and each file is what it would be otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image
from planning import KnownResults, open_planner
from playing import FAILS, play

from seedflow.diagnostics import Severity

PICTURES = {"aunt": (300, 200), "boat": (200, 300), "cat": (256, 256), "1": (300, 200)}

WIDE_ONES = """\
seedflow: 1
inputs: {photo: {type: image}, on: {type: boolean, default: true}}
steps:
  wide:
    when: "{{ inputs.on and inputs.photo.width > inputs.photo.height }}"
    generate: {prompt: "Wide {{ inputs.photo.name }}", image_input: "{{ inputs.photo }}"}
outputs:
  images: "{{ first_of(steps.wide.images, inputs.photo) }}"
  both: "{{ steps.wide.images + [inputs.photo] }}"
"""
FRAMED = """\
seedflow: 1
inputs: {photo: {type: image}, style: {type: image}}
steps:
  set: {generate: {prompt: "Set {{ inputs.photo.name }}", sequential_image_generation: auto, max_images: 2}}
  one: {generate: {prompt: "One {{ inputs.photo.name }}"}}
outputs:
  images: "{{ steps.one.images + [inputs.photo] }}"
  sets: "{{ [inputs.photo] + steps.set.images + [inputs.style] }}"
  picked: "{{ (steps.one.images + steps.set.images)[:1] }}"
"""
RECIPE = """\
inputs:
  style: {type: image, default: cat.jpg}
  photos: {type: list, of: image, default: [aunt.jpg, boat.jpg, cat.jpg]}
  on: {type: boolean, default: false}
steps:
  page: {for_each: {n: [lake, hill]}, generate: {prompt: "P {{ each.n }}"}}
  set: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}
  front: {generate: {prompt: F}}
  card: {when: "{{ inputs.on }}", generate: {prompt: Gift}}
  late: {when: "{{ steps.front.images[0].width > 0 }}", generate: {prompt: Late}}
  wide: {for_each: {photo: "{{ inputs.photos }}"}, recipe: ./wide.yaml, with: {photo: "{{ each.photo }}"}}
  frame: {for_each: {photo: "{{ inputs.photos[:2] }}"}, recipe: ./framed.yaml, with: {photo: "{{ each.photo }}", style: "{{ inputs.style }}"}}
  again: {for_each: {page: "{{ steps.page.images }}"}, recipe: ./framed.yaml, with: {photo: "{{ each.page }}", style: "{{ inputs.style }}"}}
outputs:
  x: OUTPUT
  rest: "{{ steps.page.images + steps.set.images + steps.front.images + steps.card.images + steps.late.images + steps.wide.images + steps.frame.images + steps.again.images }}"
"""
OUTPUTS = [
    "steps.page.images + [inputs.style]",
    "[inputs.style] + steps.page.images + inputs.photos",
    "(steps.page.images + [inputs.style]) | reverse | list",
    "(steps.page.images + [inputs.style]) | sort(attribute='name')",
    "steps.set.images + [inputs.style]",
    "[inputs.style] + steps.set.images",
    "[steps.front.images[0], steps.set.images[0], inputs.style]",
    "[steps.front.images[0], steps.set.images[-1]]",
    "[steps.front.images[0], steps.late.images[0]]",
    "steps.late.images + [inputs.style]",
    "steps.front.images + [optional(steps.card.images[0]), inputs.style]",
    "steps.card.images + [inputs.style]",
    "steps.page.images if inputs.on else steps.front.images + [inputs.style]",
    "(steps.page.images if steps.front.images[0].width > 0 else steps.front.images) + [inputs.style]",
    "first_of(steps.card.images, steps.page.images, inputs.photos) + [inputs.style]",
    "first_of(steps.late.images, inputs.photos) + [inputs.style]",
    "first_of(steps.late.images, steps.front.images) + [inputs.style]",
    "succeeded(steps.page.images) + [inputs.style]",
    "(steps.page.images + [inputs.style])[:2]",
    "(steps.page.images + [inputs.style]) | last",
    "steps.page.images[1:] + [inputs.style]",
    "steps.wide.images",
    "steps.wide.outputs.both",
    "steps.wide.images[1:]",
    "steps.wide.images + steps.frame.outputs.sets",
    "steps.frame.outputs.sets + [inputs.style]",
    "steps.frame.outputs.picked + [inputs.style]",
    "steps.frame.images | reverse | list",
    "steps.again.images + [inputs.style]",
    "steps.again.outputs.sets + [inputs.style]",
]
FRAME, AGAIN = "frame[photo={}.jpg]", "again[page={}-1]"
FAILING = [
    "page[n=lake]",
    "page[n=hill]",
    "set",
    "front",
    "late",
    "wide[photo=aunt.jpg]/wide",
    FRAME.format("aunt") + "/one",
    FRAME.format("boat") + "/set",
    AGAIN.format("lake") + "/one",
    AGAIN.format("hill") + "/set",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, size in PICTURES.items():
        Image.new("RGB", size, (len(name), 9, 9)).save(tmp_path / f"{name}.jpg")
    (tmp_path / "wide.yaml").write_text(WIDE_ONES)
    (tmp_path / "framed.yaml").write_text(FRAMED)
    return tmp_path


def look(
    folder: Path,
    output: str,
    gives: Mapping[str, int] | None = None,
    inputs: Mapping[str, object] | None = None,
) -> tuple[dict[str, str], list[str]]:
    """What the files show of one output, and what is said of others."""
    made = play(RECIPE.replace("OUTPUT", output), inputs, gives=gives, folder=folder)
    missing = [one for one in made.missing if "output `rest`" not in one]
    return {path: made.pictures[path] for path in made.files["x"]}, missing


def find_failing(images: str) -> list[str]:
    """The tasks whose failing may matter to an output."""
    behind = {"late": "front", "again": "page"}
    steps = {
        step
        for step in ("page", "set", "front", "late", "wide", "frame", "again")
        if f"steps.{step}." in images
    }
    steps |= {behind[step] for step in steps & behind.keys()}
    return [address for address in FAILING if address.partition("/")[0].partition("[")[0] in steps]


@pytest.mark.parametrize("images", OUTPUTS)
@pytest.mark.parametrize("on", [False, True])
def test_whatever_fails_no_file_shows_another_picture(folder: Path, images: str, on: bool) -> None:
    if on and not any(name in images for name in ("inputs.on", "card", "wide")):
        return
    output, may_fail = f'"{{{{ {images} }}}}"', find_failing(images)
    for size in (1, 2) if "set" in images else (1,):
        gives = {"set": size}
        all_of_it, missing = look(folder, output, gives, {"on": on})
        assert missing == []
        for failing in (*combinations(may_fail, 1), *combinations(may_fail, 2)):
            found, _ = look(folder, output, gives | dict.fromkeys(failing, FAILS), {"on": on})
            assert found.items() <= all_of_it.items(), failing


WAITS = "nobody knows yet how many images come before"


@pytest.mark.parametrize(
    ("images", "failing", "files", "waits"),
    [
        ("steps.page.images + [inputs.style]", "page[n=lake]", "x/hill x/3", 0),
        ("steps.page.images + inputs.photos", "page[n=hill]", "x/lake x/3 x/4 x/5", 0),
        ("[inputs.style] + steps.page.images", "page[n=hill]", "x/1 x/lake", 0),
        ("steps.set.images + [inputs.style]", "set", "", 1),
        ("steps.set.images + inputs.photos", "set", "", 3),
        ("[inputs.style] + steps.set.images", "set", "x/1", 0),
        ("[steps.front.images[0], steps.set.images[0]]", "front", "x/set-1", 0),
        ("[steps.front.images[0], steps.set.images[0]]", "set", "x/front", 0),
        ("steps.page.images if inputs.on else steps.front.images", "page[n=hill]", "x/front", 0),
        ("steps.front.images if inputs.on else steps.page.images", "page[n=hill]", "x/lake", 0),
        ("steps.page.images + steps.card.images", "page[n=hill]", "x/page-lake", 0),
        ("[steps.front.images[0], steps.card.images[0], inputs.style]", "late", "x/front x/2", 0),
        ("steps.late.images + [inputs.style]", "front", "", 1),
        ("first_of(steps.late.images, steps.front.images) + [inputs.style]", "front", "x/2", 0),
        ("steps.wide.images", "wide[photo=aunt.jpg]/wide", "x/2 x/3", 0),
        ("steps.wide.images[1:]", "wide[photo=aunt.jpg]/wide", "", 0),
        (
            "steps.frame.outputs.picked + [inputs.style]",
            FRAME.format("aunt") + "/one",
            "x/one-boat.jpg.jpg",
            1,
        ),
        ("steps.again.images", "page[n=lake]", "x/one-hill-1 x/page-hill", 0),
        ("(steps.page.images + [inputs.style])[:2]", "page[n=hill]", "", 0),
    ],
)
def test_what_came_is_published_unless_its_name_could_be_that_of_another(
    folder: Path, images: str, failing: str, files: str, waits: int
) -> None:
    found, missing = look(folder, f'"{{{{ {images} }}}}"', {failing: FAILS})
    assert list(found) == [one if one.endswith(".jpg") else f"{one}.jpg" for one in files.split()]
    assert len(missing) == bool(waits)
    assert all(WAITS in one and (waits == 1) == (" waits in output `x`" in one) for one in missing)
    named, none = look(
        folder, f'{{file: "{{{{ image.name }}}}", images: "{{{{ {images} }}}}"}}', {failing: FAILS}
    )
    assert none == []
    assert len(named) == len(found) + waits


COLLIDES = """\
inputs:
  photos:
    {type: table, key: name, columns: {name: text, file: image, damaged: boolean},
     default: [{name: x, file: aunt.jpg, damaged: true}, {name: c, file: cat.jpg, damaged: false}, {name: "1", file: 1.jpg, damaged: true}]}
steps:
  fix: {for_each: {p: "{{ inputs.photos }}"}, recipe: ./wide.yaml, with: {photo: "{{ each.p.file }}", on: "{{ each.p.damaged }}"}}
outputs: {album: "{{ steps.fix.images }}"}
"""


@pytest.mark.parametrize("failing", [{}, {"fix[p=x]/wide": FAILS}])
def test_a_key_that_is_a_number_collides_with_no_place_because_another_failed(
    folder: Path, failing: dict[str, int]
) -> None:
    made = play(COLLIDES, gives=failing, folder=folder)
    assert made.missing == []
    shown = {"album/x.jpg": "fix[p=x]/wide 1", "album/2.jpg": "cat.jpg", "album/1.jpg": "fix[p=1]/wide 1"}
    assert made.pictures == {path: what for path, what in shown.items() if not (failing and "x" in path)}


INNER = """\
inputs: {gift: {type: boolean, default: false}}
steps:
  front: {generate: {prompt: "Front"}}
  card: {when: "{{ inputs.gift }}", generate: {prompt: "Card"}}
outputs: {images: "{{ steps.front.images + steps.card.images }}"}
"""


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        (INNER, ()),
        (INNER.replace("steps.front.images + ", ""), ("images",)),
        ('steps: {u: {recipe: ./inner.yaml}}\noutputs: {all: "{{ steps.u.images }}"}\n', ("all",)),
        (
            'steps: {u: {recipe: ./inner.yaml, with: {gift: true}}}\noutputs: {all: "{{ steps.u.images }}"}\n',
            (),
        ),
        (
            'steps: {s: {for_each: {n: "{{ inputs.l }}"}, generate: {prompt: "{{ each.n }}"}}}\ninputs: {l: {type: list, of: text, default: []}}\n',
            ("s",),
        ),
    ],
)
def test_the_plan_says_which_outputs_nothing_will_come_to(
    folder: Path, text: str, empty: tuple[str, ...]
) -> None:
    (folder / "inner.yaml").write_text(f"seedflow: 1\n{INNER}")
    plan, _ = open_planner(text, folder=folder).start()
    assert plan is not None
    assert plan.empty_outputs == empty
    made = play(text, folder=folder)
    assert tuple(name for name, files in made.files.items() if not files) == empty


@pytest.mark.parametrize(
    ("images", "files"),
    [("steps.page.images + [inputs.style]", ["x/3.jpg"]), ("steps.set.images + [inputs.style]", [])],
)
def test_what_is_late_keeps_its_places_as_what_failed_does(
    folder: Path, images: str, files: list[str]
) -> None:
    planner = open_planner(RECIPE.replace("OUTPUT", f'"{{{{ {images} }}}}"'), folder=folder)
    planner.start()
    outputs, missing = planner.outputs()
    assert [file.path for file in outputs["x"]] == files
    assert [one.code for one in missing if one.address == "x"] == ["place-not-known"] * (not files)


PICKS = """\
seedflow: 1
steps: {page: {for_each: {n: [1, 2]}, generate: {prompt: "P {{ each.n }}"}}}
outputs: {images: "{{ PICKED }}"}
"""


@pytest.mark.parametrize("picked", ["steps.page.images[:1]", "(steps.page.images + steps.page.images)[:1]"])
def test_a_used_recipe_that_picks_of_what_failed_publishes_no_other(folder: Path, picked: str) -> None:
    (folder / "picks.yaml").write_text(PICKS.replace("PICKED", picked))
    text = 'steps: {u: {recipe: ./picks.yaml}}\noutputs: {x: "{{ steps.u.images }}"}\n'
    assert play(text, folder=folder).pictures == {"x/1.jpg": "u/page[n=1] 1"}
    assert play(text, gives={"u/page[n=1]": FAILS}, folder=folder).pictures == {}


@pytest.mark.parametrize(
    ("images", "gives", "files"),
    [
        ("[steps.front.images[0], steps.set.images[2], inputs.style]", 1, ["x/3", "x/front"]),
        ("steps.front.images + [steps.set.images[2]] + [inputs.style]", 1, ["x/3", "x/front"]),
        ("[steps.front.images[0], steps.set.images[2], inputs.style]", 3, ["x/3", "x/front", "x/set-3"]),
        ("[steps.front.images[0]] + steps.page.images", 1, ["x/front", "x/page-hill", "x/page-lake"]),
        ("[steps.front.images[0]]", 1, ["x"]),
        ("steps.front.images[0] if inputs.on else steps.page.images", 1, ["x/hill", "x/lake"]),
    ],
)
def test_an_image_that_a_set_did_not_give_takes_nothing_from_the_rest(
    folder: Path, images: str, gives: int, files: list[str]
) -> None:
    shown, missing = look(folder, f'"{{{{ {images} }}}}"', {"set": gives})
    assert sorted(path.removesuffix(".jpg") for path in shown) == files
    assert len(missing) == (gives == 1 and "images[2]" in images)
    assert all("`steps.set.images[2]` does not exist: there is 1" in one for one in missing)


@pytest.mark.parametrize("images", ["inputs.photos", "steps.page.images + inputs.photos"])
@pytest.mark.parametrize("what", ["number", "take"])
def test_what_no_local_image_says_of_itself_is_an_error_of_the_plan_in_a_file(
    folder: Path, images: str, what: str
) -> None:
    output = f'{{images: "{{{{ {images} }}}}", file: "before/{{{{ image.name }}}}-{{{{ image.{what} }}}}"}}'
    plan, found = open_planner(RECIPE.replace("OUTPUT", output), folder=folder).start()
    assert plan is None
    assert [one.code for one in found if one.severity is Severity.ERROR] == ["template-not-known"]


def test_local_images_with_one_name_are_told_apart_by_their_keys(folder: Path) -> None:
    output = '{images: "{{ inputs.photos }}", file: "before"}'
    _, found = open_planner(RECIPE.replace("OUTPUT", output), folder=folder).start()
    assert [(one.code, one.help) for one in found if one.code == "same-file"] == [
        ("same-file", "tell them apart in `file:`, for example with `{{ image.key }}`")
    ]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ('{images: "{{ inputs.photos }}", file: "before"}', "`aunt.jpg` and `boat.jpg` would both be published as `before`"),
        (
            '{images: "{{ inputs.photos + [inputs.photos[0]] }}", file: "x/{{ image.name }}"}',
            "`aunt.jpg` would be published twice by this output, as `x/aunt`",
        ),
        (
            '{images: "{{ steps.page.images + inputs.photos[:1] }}", file: "{{ each.n if each.n is defined else \'hill\' }}"}',
            "page[n=hill] image 1 and `aunt.jpg` would both be published as `hill`",
        ),
        (
            '{images: "{{ steps.front.images }}", file: "x"}\n  y: {images: "{{ steps.front.images }}", file: "{{ \'X\' }}"}',
            "front image 1 would be published twice by two outputs, as `x` and `X`, which on many systems are one file",
        ),
    ],
)  # fmt: skip # a row a line
def test_which_images_would_be_one_file_is_said_by_their_names(folder: Path, output: str, told: str) -> None:
    _, found = open_planner(RECIPE.replace("OUTPUT", output), folder=folder).start()
    (problem, *_) = (one.message for one in found if one.code == "same-file")
    assert problem.removesuffix(", if both come to be, which is known only when they are paid") == told


def test_an_output_that_wants_what_a_stored_set_does_not_have_has_no_images(folder: Path) -> None:
    text = (
        "steps: {s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}}\n"
        'outputs: {x: "{{ steps.s.images[2] }}", y: "{{ steps.s.images }}"}\n'
    )
    view = KnownResults()
    plan, _ = open_planner(text, view=view, folder=folder).start()
    assert plan is not None
    assert plan.empty_outputs == ()
    view.keep(plan.tasks[0], "a1")
    again, _ = open_planner(text, view=view, folder=folder).start()
    assert again is not None
    assert again.empty_outputs == ("x",)
