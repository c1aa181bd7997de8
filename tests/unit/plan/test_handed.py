"""Files of images that only go through a used recipe: their names know the `each` of the use, and what the image says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from planning import open_planner
from playing import FAILS, play

FIX = """\
seedflow: 1
inputs: {photo: {type: image}, do: {type: boolean, default: true}}
steps:
  fix: {when: "{{ inputs.do }}", generate: {prompt: "Fix {{ ref.p }}", image_input: {p: "{{ inputs.photo }}"}}}
outputs: {images: "{{ first_of(steps.fix.images, inputs.photo) }}", raw: "{{ inputs.photo }}"}
"""
AROUND = """\
seedflow: 1
inputs: {photo: {type: image}, do: {type: boolean}}
steps:
  inner: {recipe: ./fix.yaml, for_each: {q: [day]}, with: {photo: "{{ inputs.photo }}", do: "{{ inputs.do }}"}}
outputs: {images: "{{ steps.inner.images }}", raw: "{{ steps.inner.outputs.raw }}"}
"""
LOCAL = """\
inputs: {photos: {type: list, of: image, default: pics}}
steps:
  o: {recipe: ./USED.yaml, for_each: {p: "{{ inputs.photos }}"}, with: {photo: "{{ each.p }}", do: "{{ each.p.name == 'two' }}"}}
"""
MADE = """\
steps:
  b: {for_each: {y: [1, 2]}, generate: {prompt: "B {{ each.y }}"}}
  o: {recipe: ./fix.yaml, for_each: {z: [1, 2]}, with: {photo: "{{ steps.b.at(y=each.z).images[0] }}", do: "{{ each.z == 2 }}"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fix.yaml").write_text(FIX)
    (tmp_path / "around.yaml").write_text(AROUND)
    (tmp_path / "pics").mkdir()
    for number, name in enumerate(("one", "two")):
        Image.new("RGB", (64, 64), (number * 90, 40, 40)).save(tmp_path / "pics" / f"{name}.png")
    return tmp_path


def publishing(images: str, file: str) -> str:
    return f'outputs: {{r: {{images: "{{{{ {images} }}}}", file: "r/{{{{ {file} }}}}"}}}}\n'


@pytest.mark.parametrize("used", ["fix", "around"])
@pytest.mark.parametrize("images", ["steps.o.images", "steps.o.outputs.raw", "succeeded(steps.o.images)"])
def test_local_images_that_go_through_are_named_by_the_use(folder: Path, used: str, images: str) -> None:
    played = play(LOCAL.replace("USED", used) + publishing(images, "each.p.name"), folder=folder)
    assert played.files == {"r": ["r/one.png", "r/two.png" if "raw" in images else "r/two.jpg"]}
    assert not played.missing


def test_and_by_the_uses_within_it(folder: Path) -> None:
    text = LOCAL.replace("USED", "around") + publishing("steps.o.images", "each.p.name }}-{{ each.q")
    played = play(text, folder=folder)
    assert played.files == {"r": ["r/one-day.png", "r/two-day.jpg"]}


@pytest.mark.parametrize(
    ("part", "names"),
    [("[1:]", ["r/two.png"]), ("[::-1]", ["r/two.png", "r/one.png"])],
)
@pytest.mark.parametrize("name", ["each.p.name", "image.name"])
def test_a_part_of_them_has_the_names_of_that_part(
    folder: Path, part: str, names: list[str], name: str
) -> None:
    text = LOCAL.replace("USED", "fix") + publishing(f"steps.o.outputs.raw{part}", name)
    assert play(text, folder=folder).files == {"r": names}


def test_what_local_images_say_of_themselves_names_them(folder: Path) -> None:
    text = LOCAL.replace("USED", "fix") + publishing("steps.o.outputs.raw", "image.name }}-{{ image.width")
    assert play(text, folder=folder).files == {"r": ["r/one-64.png", "r/two-64.png"]}


@pytest.mark.parametrize("name", ["each.z", "each.y"])
def test_images_of_steps_that_go_through_know_their_own_each_as_well(folder: Path, name: str) -> None:
    played = play(MADE + publishing("steps.o.outputs.raw", name), folder=folder)
    assert played.files == {"r": ["r/1.jpg", "r/2.jpg"]}


def test_one_that_is_picked_by_its_number_is_named_by_its_use(folder: Path) -> None:
    played = play(MADE + publishing("steps.o.at(z=2).outputs.raw[0]", "each.z"), folder=folder)
    assert played.files == {"r": ["r/2.jpg"]}


def test_what_is_there_is_published_though_others_failed(folder: Path) -> None:
    images = "succeeded(steps.o.outputs.raw)"
    played = play(MADE + publishing(images, "each.z"), gives={"b[y=1]": FAILS}, folder=folder)
    assert played.files == {"r": ["r/2.jpg"]}
    assert not played.missing


def test_names_of_uses_that_collide_are_foreseen(folder: Path) -> None:
    text = LOCAL.replace("USED", "around") + publishing("steps.o.outputs.raw", "each.q")
    _, problems = open_planner(text, folder=folder).start()
    assert [problem.code for problem in problems] == ["same-file"]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ("steps.page.images + [inputs.photo]", "`each` has no `w` for `pics/one.png`: no step made"),
        (
            "steps.page.images + succeeded(steps.cover.images)",
            "`each` has no `w` for cover image 1: step `cover` has no",
        ),
    ],
)
def test_an_image_without_such_a_name_is_told_with_what_to_write(
    folder: Path, images: str, said: str
) -> None:
    text = (
        "inputs: {photo: {type: image, default: pics/one.png}}\nsteps:\n  cover: {generate: {prompt: C}}\n"
        "  page: {for_each: {w: [x, y]}, generate: {prompt: 'P {{ each.w }}'}}\n"
    )
    _, problems = open_planner(text + publishing(images, "each.w"), folder=folder).start()
    (problem,) = problems
    assert problem.code == "template-undefined"
    assert said in problem.message
    assert "{{ image.name }}" in str(problem.help)
