"""The rules of outputs and limits: which images become files, where, and what is never touched."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent

import pytest
from PIL import Image

from seedflow.pipeline.check import check_recipe
from seedflow.run.status import RunStatus
from tests.conftest import EmulatorProcess
from tests.end_to_end.project import Project
from tests.rules.desk import Desk

PAGES = """
    name: book
    steps:
      page: {for_each: {scene: [on a lake, "in: a/../library!"]}, generate: {prompt: "{{ each.scene }}"}}
      cover: {generate: {prompt: A cover}}
"""


def test_outputs_name_images_short_or_with_a_file(desk: Desk) -> None:
    """`{images, file}` where `file` is a template over `image`, `each` and `recipe.name`."""
    files = desk.files(
        PAGES
        + """
    outputs:
      cover: "{{ steps.cover.images[0] }}"
      pages: {images: "{{ steps.page.images }}", file: "pages/{{ recipe.name }} {{ image.number }} {{ each.scene }}"}
"""
    )
    assert [files[0], files[2]] == ["cover.jpg", "pages/book 1 on-a-lake.jpg"]


@pytest.mark.parametrize("name", ["inputs.hero", "values.look", "steps.cover.images", "ref.x", "prev.number"])
def test_a_file_is_a_template_over_nothing_else(desk: Desk, name: str) -> None:
    assert desk.codes(
        f"inputs: {{hero: {{type: text, default: A}}}}\nvalues: {{look: A}}\nsteps: {{cover: {{generate: {{prompt: A}}}}}}\n"
        f'outputs: {{cover: {{images: "{{{{ steps.cover.images }}}}", file: "a {{{{ {name} }}}}"}}}}'
    ) == ["template-unknown-name"]


def test_a_written_slash_makes_a_folder_and_every_value_becomes_a_slug(desk: Desk) -> None:
    """So no value leads out of the folder."""
    files = desk.files(
        PAGES + '    outputs: {pages: {images: "{{ steps.page.images }}", file: "a/b/{{ each.scene }}"}}\n'
    )
    assert files[1] == "a/b/on-a-lake.jpg"
    assert re.fullmatch(r"a/b/[\w~-]+\.jpg", files[0])


MOODS = """
    steps:
      page: {for_each: {time: [night, nigh], view: [front, tfront, 1.5, 15]}, generate: {prompt: "{{ each.time }} {{ each.view }}"}}
    outputs: {pages: {images: "{{ steps.page.images }}", file: "%s"}}
"""


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("{{ image.key }}", "{}-{}.jpg"),
        ("a/{{ image.key }}/b", "a/{}-{}/b.jpg"),
        ("{{ image.name }}", "page-{}-{}-1.jpg"),
    ],
)
def test_the_keys_of_a_task_are_told_apart_in_a_file_as_in_a_default_name(
    desk: Desk, file: str, named: str
) -> None:
    """Joined by `-`, a decimal whole: `night,front` and `nigh,tfront` were both `nightfront`, `1.5` and `15` both `15`."""
    keys = [(time, view) for time in ("night", "nigh") for view in ("front", "tfront", "1.5", "15")]
    assert desk.files(MOODS % file) == sorted(named.format(*key) for key in keys)


def test_keys_joined_with_something_else_stay_apart(desk: Desk) -> None:
    recipe = MOODS.replace(", 1.5, 15", "") % "{{ image.key ~ '-' ~ image.number }}"
    assert desk.files(recipe) == [
        f"{key}-1.jpg" for key in ("nigh-front", "nigh-tfront", "night-front", "night-tfront")
    ]


def test_what_a_file_says_of_the_key_of_another_image_or_task_is_told_apart_as_well(desk: Desk) -> None:
    """Of a loop over them: its own key joins theirs by dots; that of a picture has its path and its ending."""
    steps = """
        steps:
          page: {for_each: {time: [night, nigh], view: [front, tfront]}, generate: {prompt: "{{ each.time }} {{ each.view }}"}}
          again: {for_each: {v: "{{ steps.page.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
        outputs: {o: {images: "{{ steps.again.images }}", file: "%s"}}
    """
    keys = [(time, view) for time in ("night", "nigh") for view in ("front", "tfront")]
    for file, named in (
        ("{{ image.key }}", "{}.{}-1.jpg"),
        ("{{ each.v.key }}", "{}-{}.jpg"),
        ("{{ each.v.name }}", "page-{}-{}-1.jpg"),
    ):
        assert desk.files(steps % file) == sorted(named.format(*key) for key in keys), file
    desk.write("scans/a/fox.jpg", (desk.folder / "fox.jpg").read_bytes())
    photos = """
        inputs: {photos: {type: list, of: image, default: "scans/**"}}
        steps: {p: {for_each: {photo: "{{ inputs.photos }}"}, generate: {prompt: "{{ ref.p }}", image_input: {p: "{{ each.photo }}"}}}}
        outputs: {o: {images: "{{ steps.p.images }}", file: "%s"}}
    """
    for key in ("image.key", "each.photo.key"):
        assert desk.files(photos % f"{{{{ {key} }}}}") == ["a-fox-jpg.jpg"], key


def test_a_text_that_is_no_key_becomes_a_slug_as_before(desk: Desk) -> None:
    recipe = """
        steps: {page: {for_each: {say: ["Oh, no. 5!"]}, generate: {prompt: "{{ each.say }}"}}}
        outputs: {o: {images: "{{ steps.page.images }}", file: "{{ each.say }}"}}
    """
    assert desk.files(recipe) == ["Oh-no-5.jpg"]


PHOTOS = """
    inputs: {photos: {type: list, of: image, default: "scans/**"}}
    steps: {p: {for_each: {%s}, generate: {prompt: "{{ ref.p }}", image_input: {p: "{{ %s }}"}}}}
    outputs: {o: {images: "{{ %s }}", file: "%s"}}
"""


def take_photo(desk: Desk, path: str) -> None:
    """A picture whose file somebody named."""
    (desk.folder / path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (300, 200), "teal").save(desk.folder / path)


LOOP, RECORD = (
    'photo: "{{ inputs.photos }}"',
    'row: {in: [{id: a, photos: ["{{ inputs.photos[0] }}"]}], key: id}',
)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("My photo (1)", "My photo (1)"),
        ("$HOME", "$HOME"),
        ("a,b", "a,b"),
        ("größe 狐", "größe 狐"),
        ("IMG 12:30?", "IMG 1230"),
        ('a"b\\c|d*<e>', "abcde"),
        ("at\u202f10\u00a0am", "at-10-am"),
        ("wide\u200b", "wide"),
        ("fox.png", "fox-png"),
        ("fox...", "fox"),
        ("fox ", "fox"),
        ("???", "_"),
        ("é" * 120, "é" * 95 + "~bb658d"),
    ],
)
def test_the_name_of_a_local_image_stays_in_a_file_but_for_what_a_file_system_refuses(
    desk: Desk, name: str, file: str
) -> None:
    """Of the image itself, of what was made of it, and in a field of a record."""
    take_photo(desk, f"scans/{name}.jpg")
    for loop, image, images, written in (
        (LOOP, "each.photo", "inputs.photos", "image.name"),
        (LOOP, "each.photo", "steps.p.images", "each.photo.name"),
        (RECORD, "each.row.photos[0]", "steps.p.images", "each.row.photos[0].name"),
    ):
        found = desk.files(PHOTOS % (loop, image, images, f"x/{{{{ {written} }}}}"))
        assert found == [f"x/{file}.jpg"], written


def test_the_path_that_is_the_key_of_a_local_image_loses_the_same(desk: Desk) -> None:
    take_photo(desk, "scans/12:30/My fox.jpg")
    recipe = PHOTOS % (LOOP, "each.photo", "steps.p.images", "{{ each.photo.key }}")
    assert desk.files(recipe) == ["1230-My fox-jpg.jpg"]


def test_a_slug_of_a_name_is_a_slug(desk: Desk) -> None:
    take_photo(desk, "scans/My photo (1).jpg")
    recipe = PHOTOS % (LOOP, "each.photo", "steps.p.images", "{{ each.photo.name | slug }}")
    assert desk.files(recipe) == ["My-photo-1.jpg"]


def test_names_that_become_equal_are_an_error(desk: Desk) -> None:
    for name in ("12:30", "1230"):
        take_photo(desk, f"scans/{name}.jpg")
    for of in ("steps.p.images", "inputs.photos"):
        written = "each.photo.name" if of.startswith("steps") else "image.name"
        recipe = PHOTOS % (LOOP, "each.photo", of, f"{{{{ {written} }}}}")
        assert "same-file" in desk.codes(recipe), of


def test_names_that_are_equal_with_all_that_tells_two_tasks_apart_are_told_by_their_keys(desk: Desk) -> None:
    for folder in "ab":
        take_photo(desk, f"scans/{folder}/fox.jpg")
    loop = LOOP + ", look: [x, y]"
    recipe = PHOTOS % (loop, "each.photo", "steps.p.images", "{{ each.photo.name }}/{{ each.look }}")
    said = {found.help for found in desk.problems(recipe) if found.code == "same-file"}
    assert said == {
        "name them by `{{ image.key }}-{{ image.number }}`, or rename what they come from: not everything of a value stays in a path"
    }
    assert len(desk.files(PHOTOS % (loop, "each.photo", "steps.p.images", "{{ image.key }}"))) == 4


def test_the_name_of_an_image_behind_a_url_is_a_name_as_well(desk: Desk) -> None:
    recipe = PHOTOS.replace('"scans/**"', '["https://pictures.example/a%%3A%%20b.jpg?x=1"]')
    for written, file in (
        ("each.photo.name", "a b.jpg"),
        ("each.photo.key", "https--pictures.example-a%3A%20b.jpgx=1.jpg"),
    ):
        assert desk.files(recipe % (LOOP, "each.photo", "steps.p.images", f"{{{{ {written} }}}}")) == [file]


def test_numbers_in_a_file_keep_what_tells_them_apart(desk: Desk) -> None:
    recipe = """
        steps: {page: {for_each: {n: [-2, 2, -1.5, 1.5, 15, 1e+20, -1e+20]}, generate: {prompt: "{{ each.n }}"}}}
        outputs: {o: {images: "{{ steps.page.images }}", file: "n/{{ each.n }}"}}
    """
    assert set(desk.files(recipe)) == {
        f"n/{n}.jpg" for n in ("-2", "2", "-1.5", "1.5", "15", "1e+20", "-1e+20")
    }


@pytest.mark.parametrize(
    ("text", "much"),
    [
        ("x" * 201, "201 characters, and 200 is the most"),
        ("狐" * 84, "252 bytes, and 250 are the most"),
    ],
)
def test_a_name_that_is_too_long_says_of_which_image_before_it_is_paid(
    desk: Desk, text: str, much: str
) -> None:
    recipe = f"""
        steps: {{page: {{for_each: {{say: [{text}]}}, generate: {{prompt: "{{{{ each.say }}}}"}}}}}}
        outputs: {{o: {{images: "{{{{ steps.page.images }}}}", file: "{{{{ each.say }}}}"}}}}
    """
    (found,) = desk.problems(recipe)
    assert found.code == "bad-file-name"
    assert f"cannot be a file of page[say={text[:10]}" in found.message
    assert found.message.endswith(f"a name in it is too long: it has {much}")
    assert found.help == "shorten it, or print fewer values in it"


@pytest.mark.parametrize("written", ["lite", "lite.png", "lite.jpg", "lite.JPEG", "lite.webp"])
@pytest.mark.parametrize(("asked", "file"), [("png", "lite.png"), ("jpeg", "lite.jpg")])
def test_the_extension_follows_the_bytes(desk: Desk, written: str, asked: str, file: str) -> None:
    """Whatever ending of a picture is written, or none."""
    recipe = f"""
        steps:
          lite: {{generate: {{model: bytedance/seedream-5-lite, prompt: A, output_format: {asked}}}}}
        outputs: {{all: {{images: "{{{{ steps.lite.images }}}}", file: {written}}}}}
    """
    assert desk.files(recipe) == [file]


def test_endings_tell_no_two_files_apart(desk: Desk) -> None:
    """They would be one file, so that it is an error."""
    assert desk.codes("""
        steps: {a: {generate: {prompt: A}}, b: {generate: {prompt: B}}}
        outputs:
          one: {images: "{{ steps.a.images }}", file: one.jpg}
          two: {images: "{{ steps.b.images }}", file: one.png}
    """) == ["same-file"]


def test_two_results_for_one_path_are_an_error_when_checked(desk: Desk) -> None:
    """Within an output and between two; where only case tells them apart, too."""
    same = PAGES + '    outputs: {pages: {images: "{{ steps.page.images }}", file: "page"}}\n'
    assert "same-file" in [found.code for found in desk.open(same).check()]
    two = """
        steps: {a: {generate: {prompt: A}}, b: {generate: {prompt: B}}}
        outputs:
          one: {images: "{{ steps.a.images }}", file: one}
          two: {images: "{{ steps.b.images }}", file: %s}
    """
    assert "same-file" in [found.code for found in desk.open(two % "one").check()]
    assert desk.codes(two % "ONE") == ["same-file"]
    assert desk.codes(two % "two") == []


VIEWS = """
        seedflow: 1
        inputs: {who: {type: text, default: fox}}
        steps:
          front: {generate: {prompt: "front {{ inputs.who }}"}}
          back: {generate: {prompt: "back {{ inputs.who }}, {{ ref.f }}", image_input: {f: "{{ steps.front.images[0] }}"}}}
        outputs:
          images: "{{ [steps.front.images[0], steps.back.images[0]] }}"
"""


def test_where_several_steps_give_the_images_their_files_say_which(desk: Desk) -> None:
    """Whatever is there already, and also inside of a used recipe; with the whole path where two steps have one name."""
    desk.write("views.yaml", VIEWS)
    each = '{for_each: {w: [fox, owl]}, recipe: ./views.yaml, with: {who: "{{ each.w }}"}}'
    assert desk.files(f"""
        steps: {{u: {each}}}
        outputs: {{pics: "{{{{ steps.u.images }}}}"}}
    """) == ["pics/back-fox.jpg", "pics/back-owl.jpg", "pics/front-fox.jpg", "pics/front-owl.jpg"]


def test_steps_of_one_name_have_their_path_in_the_names_of_files(desk: Desk) -> None:
    desk.write("views.yaml", VIEWS)
    assert desk.files("""
        steps: {u: {recipe: ./views.yaml}, v: {recipe: ./views.yaml, with: {who: owl}}}
        outputs: {pics: "{{ steps.u.images[:1] + steps.v.images }}"}
    """) == ["pics/u-front.jpg", "pics/v-back.jpg", "pics/v-front.jpg"]


def test_every_pass_says_which_it_is_wherever_passes_are_published(desk: Desk) -> None:
    """Not the last edit alone, however they are mentioned."""
    row = """
        inputs: {p: {type: image, default: photo.jpg}}
        steps:
          row:
            iterate: {over: [one, two], as: e, start: "{{ inputs.p }}"}
            generate: {prompt: "{{ each.e }} {{ ref.p }}", image_input: {p: "{{ prev }}"}}
    """
    desk.write("row.yaml", "seedflow: 1\n" + dedent(row) + 'outputs: {stages: "{{ steps.row.passes }}"}\n')
    both = ["o/row-p1.jpg", "o/row-p2.jpg"]
    for images in ("passes", "passes | reverse", "passes + steps.row.images"):
        found = desk.files(dedent(row) + f'outputs: {{o: "{{{{ steps.row.{images} }}}}"}}\n')
        assert found == both, images
    used = "steps: {u: {recipe: ./row.yaml}}\n" + 'outputs: {o: "{{ steps.u.outputs.stages }}"}\n'
    assert desk.files(used) == both


def test_a_recipe_without_inputs_is_told_by_check_which_files_of_images_to_come_collide(desk: Desk) -> None:
    recipe = """
        steps:
          a: {for_each: {p: %s}, generate: {prompt: "{{ each.p }}", sequential_image_generation: auto, max_images: 3}}
          b: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
        outputs: {b: {images: "{{ steps.b.images }}", file: "{{ each.v.%s }}"}}
    """
    inputs = "        inputs: {l: {type: list, of: text, default: [x, y]}}"

    def check(text: str) -> list[str]:
        example = desk.open(text)
        checked = check_recipe(example.path, example.session, with_defaults=True)
        return [f"{one.code} {one.severity}" for one in checked.diagnostics]

    assert check(recipe % ("[sea, hill]", "number")) == ["same-file error"]
    assert check(recipe % ("[sea, hill]", "each.p")) == ["same-file warning"]
    assert check(recipe % ("[sea, hill]", "name")) == []
    asked = inputs + recipe % ('"{{ inputs.l }}"', "number")
    assert check(asked) == []
    assert desk.codes(asked) == ["same-file"]


def test_without_outputs_every_step_that_nothing_uses_is_one(desk: Desk) -> None:
    files = desk.files("""
        steps:
          sheet: {generate: {prompt: A sheet}}
          page: {generate: {prompt: A page, image_input: ["{{ steps.sheet.images[0] }}"]}}
          cover: {generate: {prompt: A cover}}
    """)
    assert files == ["cover.jpg", "page.jpg"]


def test_files_are_copies(desk: Desk) -> None:
    """What is done to a file never reaches the store: it is neither a link nor the stored file itself."""
    recipe = "steps: {cover: {generate: {prompt: A cover}}}"
    assert desk.files(recipe) == ["cover.jpg"]
    file = desk.folder / "outputs/sketch/recipe/cover.jpg"
    assert not file.is_symlink()
    assert file.stat().st_nlink == 1
    before = file.read_bytes()
    file.write_bytes(b"painted over")
    result = desk.run(recipe)
    assert (result.calls, file.read_bytes()) == (0, b"painted over")
    file.unlink()
    desk.run(recipe)
    assert file.read_bytes() == before


def test_a_file_that_is_not_ours_or_was_changed_is_never_overwritten_or_removed(desk: Desk) -> None:
    recipe = "steps: {cover: {generate: {prompt: %s}}, page: {generate: {prompt: A page}}}"
    ours = desk.write("outputs/sketch/recipe/cover.jpg", b"mine")
    result = desk.run(recipe % "A cover")
    assert (ours.read_bytes(), result.exit_code) == (b"mine", 3)
    assert (desk.folder / "outputs/sketch/recipe/page.jpg").is_file()
    changed = desk.folder / "outputs/sketch/recipe/page.jpg"
    changed.write_bytes(b"painted over")
    desk.run("steps: {other: {generate: {prompt: Another}}}")
    assert (ours.read_bytes(), changed.read_bytes()) == (b"mine", b"painted over")


def test_a_manifest_lists_the_files(desk: Desk) -> None:
    desk.run("steps: {cover: {generate: {prompt: A cover}}, page: {generate: {prompt: A page}}}")
    manifest = json.loads((desk.folder / "outputs/sketch/recipe/manifest.json").read_text())
    assert sorted(manifest["files"]) == ["cover.jpg", "page.jpg"]
    assert all(entry["digest"].startswith("sha256:") for entry in manifest["files"].values())


def test_what_succeeded_is_published_even_if_something_else_failed(desk: Desk) -> None:
    recipe = """
        steps:
          sheet: {generate: {prompt: A sheet}, expect: {min_width: 99999}}
          page: {generate: {prompt: A page, image_input: ["{{ steps.sheet.images[0] }}"]}}
          cover: {generate: {prompt: A cover}}
    """
    result = desk.run(recipe)
    assert result.status is not RunStatus.DONE
    assert sorted(path.name for path in (desk.folder / "outputs").rglob("*.jpg")) == ["cover.jpg"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [("images: 2", "over-limit"), ("tasks: 2", "limit-too-low"), ("images: 3, tasks: 3", None)],
)
def test_limits_bound_images_and_tasks(desk: Desk, limits: str, code: str | None) -> None:
    said = desk.codes(
        f'limits: {{{limits}}}\nsteps: {{page: {{for_each: {{n: [1, 2, 3]}}, generate: {{prompt: "{{{{ each.n }}}}"}}}}}}'
    )
    assert said == ([code] if code else [])


SETS = "\n".join(
    f"  s{number}: {{generate: {{prompt: Set {number}, sequential_image_generation: auto, max_images: 5}}}}"
    for number in range(4)
)


@pytest.mark.parametrize(
    ("recipe", "project", "command"), [("0.5", "9", "9"), ("9", "0.5", "9"), ("9", "9", "0.5")]
)
def test_limits_may_only_lower_what_the_project_allows(
    tmp_path: Path, emulator: EmulatorProcess, recipe: str, project: str, command: str
) -> None:
    """Of recipe, project and command line the smallest counts, on the bill."""
    here = Project(tmp_path)
    here.use(emulator.env)
    here.write("seedflow.yaml", f"budget: {{run_usd: {project}}}\n")
    here.write("sets.yaml", f"seedflow: 1\nlimits: {{cost_usd: {recipe}}}\nsteps:\n{SETS}\n")
    here.seedflow("run", "sets.yaml", "--yes", "--max-cost", command)
    assert emulator.bill()["cost_usd"] == pytest.approx(0.4)


@pytest.mark.parametrize(("limit", "refused"), [("0.15", True), ("0.16", False)])
def test_a_plan_that_costs_more_than_its_limit_for_certain_is_an_error(
    tmp_path: Path, emulator: EmulatorProcess, limit: str, *, refused: bool
) -> None:
    here = Project(tmp_path)
    here.use(emulator.env)
    here.write("sets.yaml", f"seedflow: 1\nlimits: {{cost_usd: {limit}}}\nsteps:\n{SETS}\n")
    ended = here.seedflow("plan", "sets.yaml")
    assert (ended.code == 1, "over-limit" in ended.err) == (refused, refused)


def test_what_the_plan_only_warned_of_is_refused_once_it_came_to_that_and_mended_for_nothing(
    desk: Desk,
) -> None:
    """The run publishes the first of the two, and the next plan is an error until `file` tells them apart."""
    recipe = """
        steps:
          a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}
          b: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: "{{ ref.v }}", image_input: {v: "{{ each.v }}"}}}
        outputs: {o: {images: "{{ steps.b.images }}", file: "%s"}}
    """
    colliding = recipe % "{{ 'first' if each.v.number == 1 else 'more' }}"
    assert desk.codes(colliding) == ["same-file?"]
    first = desk.run(colliding)
    assert first.status is RunStatus.FAILED
    assert [problem.kind for problem in first.problems] == ["same-file"]
    assert [file.path.name for file in first.outputs["o"]] == ["first.jpg", "more.jpg"]
    assert desk.codes(colliding) == ["same-file"]
    mended = desk.run(recipe % "{{ image.name }}")
    assert (mended.status, mended.calls) == (RunStatus.DONE, 0)
    assert len(mended.outputs["o"]) == 3


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("{{ each.w.a }}{{ '-' ~ each.w.b if each.w.b else '' }}", "Bo"),
        ("{{ each.w.b }}{{ each.w.a }}", "Bo"),
        ("{{ each.w.b }}", "_"),
        ("{{ each.w.b }}.jpg", "_"),
        ("{{ each.w.b }}{{ each.w.b }}", "_"),
        ("{{ each.w.b }}/{{ each.w.a }}", "_/Bo"),
        ("x{{ each.w.b }}/{{ each.w.a }}{{ each.w.c }}", "x/Bo"),
        ("{{ each.w.a }}{{ each.w.d }}", "Bo_"),
    ],
)
def test_an_empty_value_prints_nothing_into_a_file_unless_there_is_nothing_else(
    desk: Desk, file: str, named: str
) -> None:
    recipe = f"""
        steps:
          p:
            for_each: {{w: {{in: [{{a: Bo, b: "", c: "  ", d: "???"}}], key: a}}}}
            generate: {{prompt: "{{{{ each.w.a }}}}"}}
        outputs: {{o: {{images: "{{{{ steps.p.images }}}}", file: "{file}"}}}}
    """
    assert desk.files(recipe) == [f"{named}.jpg"]
