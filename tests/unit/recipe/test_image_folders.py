"""Folders and patterns of images: which files they name, in which order, by which keys, and when that is nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe import image_folders
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.views import View

Resolve = Callable[..., "tuple[list[View] | None, list[Diagnostic]]"]

FILES = ["b.jpg", "a.PNG", "c.webp", "d.jpeg", ".hidden.jpg", "notes.txt", "jpg", "deep/a.jpg", "deep/er/a.jpg", ".git/a.jpg"]  # fmt: skip # a row a line


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    file = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    for name in FILES:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.getvalue())
    (tmp_path / "empty").mkdir()
    (tmp_path / "above" / "below").mkdir(parents=True)
    return tmp_path / "photos"


@pytest.fixture
def resolve(catalog: Catalog, photos: Path) -> Resolve:
    """The images of an input `i`, from `-i` or an `--inputs` file."""

    def run(
        arguments: Sequence[str] = (), *, file: str | None = None, declared: str = "{type: list, of: image}"
    ) -> tuple[list[View] | None, list[Diagnostic]]:
        text = f"seedflow: 1\ninputs: {{i: {declared}}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
        recipe, problems = parse_recipe(
            Source("r.yaml", text), catalog, folder=photos.parent, default_name="r"
        )
        assert recipe is not None
        assert not has_errors(problems), problems
        path = None
        if file is not None:
            path = photos.parent / "inputs.yaml"
            path.write_text(file)
        given, wrong = collect_inputs(arguments=[f"i={text}" for text in arguments], file=path)
        found, more = resolve_inputs(recipe, given, folder=photos.parent)
        return None if found is None else found["i"], [*wrong, *more]

    return run


def keys(result: tuple[list[View] | None, list[Diagnostic]]) -> list[object]:
    views, problems = result
    assert problems == []
    assert views is not None
    return [view.attributes["key"] for view in views]


def refused(result: tuple[list[View] | None, list[Diagnostic]]) -> Diagnostic:
    views, (found,) = result
    assert views is None
    assert found.help
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("photos", ["a.PNG", "b.jpg", "c.webp", "d.jpeg"]),
        ("./photos/", ["a.PNG", "b.jpg", "c.webp", "d.jpeg"]),
        ("photos/*", ["a.PNG", "b.jpg", "c.webp", "d.jpeg"]),
        ("photos/*.jp*g", ["b.jpg", "d.jpeg"]),
        ("photos/?.jpg", ["b.jpg"]),
        ("photos/[bc].*", ["b.jpg", "c.webp"]),
        ("photos/**", ["a.PNG", "b.jpg", "c.webp", "d.jpeg", "deep/a.jpg", "deep/er/a.jpg"]),
        ("photos/**/*.jpg", ["b.jpg", "deep/a.jpg", "deep/er/a.jpg"]),
        ("photos/**/er/*", ["deep/er/a.jpg"]),
        ("photos/*/*.jpg", ["deep/a.jpg"]),
        ("photos/**/**/a.jpg", ["deep/a.jpg", "deep/er/a.jpg"]),
        ("*/b.jpg", ["photos/b.jpg"]),
        ("photos/b.jpg", ["photos/b.jpg"]),
    ],
)
def test_which_images_a_text_names_sorted_and_by_which_keys(
    resolve: Resolve, text: str, expected: list[str]
) -> None:
    assert keys(resolve([text])) == expected
    assert keys(resolve(file=f"i: ['{text}']\n")) == expected
    assert keys(resolve(file=f"i: '{text}'\n")) == expected
    assert keys(resolve(declared=f"{{type: list, of: image, default: '{text}'}}")) == expected


def test_several_are_put_together_as_they_are_given(resolve: Resolve) -> None:
    assert keys(resolve(["photos/deep", "photos/b.jpg", "https://host.invalid/x.jpg"])) == [
        "a.jpg",
        "photos/b.jpg",
        "https://host.invalid/x.jpg",
    ]


def test_lists_of_lists_take_folders_too(resolve: Resolve) -> None:
    declared = "{type: list, of: {type: list, of: image}}"
    views, problems = resolve(file="i: [photos/deep, [photos/b.jpg, photos/c.webp]]\n", declared=declared)
    assert problems == []
    assert views is not None
    assert [len(inner) for inner in views] == [1, 2]


def test_a_file_with_a_sign_of_patterns_in_its_name_is_itself(resolve: Resolve, photos: Path) -> None:
    (photos / "b.jpg").rename(photos / "b[1].jpg")
    assert keys(resolve(["photos/b[1].jpg"])) == ["photos/b[1].jpg"]


def test_links_to_images_count_and_links_to_folders_are_not_walked(resolve: Resolve, photos: Path) -> None:
    (photos / "loop").symlink_to(photos)
    (photos / "e.jpg").symlink_to(photos / "b.jpg")
    assert keys(resolve(["photos/**/*.jpg"])) == ["b.jpg", "deep/a.jpg", "deep/er/a.jpg", "e.jpg"]


@pytest.mark.parametrize(
    ("text", "says", "advice"),
    [
        ("empty", "holds no image; it is empty", "put JPEG"),
        ("above", "holds no image; it holds 1 other file or folder", "`above/**`"),
        ("photos/*.gif", "fits no image", "looked in the folder"),
        ("photos/*.txt", "fits no image, but 1 other file or folder", "looked in the folder"),
        ("photos/.git/*.png", "fits no image", "begin with a dot"),
        ("photos/nowhere/*", "there is no folder `nowhere`, in which", "looked in the folder"),
        ("photos/b.jpg/*", "there is no folder `b.jpg`, in which", "looked in the folder"),
    ],
)
def test_what_names_no_image_is_an_error(resolve: Resolve, text: str, says: str, advice: str) -> None:
    found = refused(resolve([text]))
    assert says in found.message
    assert advice in (found.help or "")
    assert str(found.span) == "-i i=…:1:3"


def test_a_missing_folder_is_said_as_a_missing_file(resolve: Resolve) -> None:
    found = refused(resolve(["nowhere"]))
    assert (found.code, found.message) == ("image-missing", "there is no folder and no file `nowhere`")
    assert refused(resolve(["no.jpg"])).message == "there is no file `no.jpg`"


def test_broken_images_of_a_folder_are_named_together(resolve: Resolve, photos: Path) -> None:
    for number in range(5):
        (photos / f"x{number}.jpg").write_text("no picture")
    found = refused(resolve(["photos"]))
    assert found.code == "image-unreadable"
    assert found.message.startswith(
        "5 of the 9 images of `photos` are not sound: `photos/x0.jpg` cannot be used: "
    )
    assert found.message.endswith("and 2 more")


def test_a_link_that_leads_nowhere_is_said(resolve: Resolve, photos: Path) -> None:
    (photos / "gone.jpg").symlink_to(photos / "nowhere.jpg")
    found = refused(resolve(["photos"]))
    assert found.code == "image-unreadable"
    assert "`photos/gone.jpg`" in found.message


def test_the_only_image_of_a_folder_is_not_counted(resolve: Resolve, photos: Path) -> None:
    (photos.parent / "empty" / "x.jpg").write_text("no picture")
    found = refused(resolve(["empty"]))
    assert found.message == (
        "`empty/x.jpg` cannot be used: the file is not a JPEG, PNG or WebP; it is the only image of `empty`"
    )


def test_the_number_of_images_has_bounds(resolve: Resolve) -> None:
    declared = "{type: list, of: image, max_items: 3}"
    assert refused(resolve(["photos"], declared=declared)).message == "found 4 images, expected at most 3"
    assert keys(resolve(["photos/?.jpg"], declared=declared)) == ["b.jpg"]


def test_too_many_files_are_refused_before_any_is_opened(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_folders, "MOST_FILES", 3)
    assert refused(resolve(["photos"])).code == "too-many-files"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_said(resolve: Resolve, photos: Path) -> None:
    photos.chmod(0)
    try:
        assert refused(resolve(["photos"])).code == "image-unreadable"
    finally:
        photos.chmod(0o755)
