"""An output's `file` is folders and a name below the output folder; what is wrong with it is said in words."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.recipe import file_paths
from seedflow.recipe.expressions import FILE_ROOTS
from seedflow.recipe.file_paths import check_file_path, read_file_path
from seedflow.recipe.template import Template, parse_template
from seedflow.run import publish
from seedflow.text.nodes import Scalar


def file(text: str) -> Template:
    scalar = Scalar(Source("r.yaml", f'"{text}"'), 0, len(text) + 2, text)
    template, _ = parse_template(scalar, roots=FILE_ROOTS)
    return template


@pytest.mark.parametrize(
    "text", ["cover", "book/the fox/1", "a.b/c.d", " book / page ", "größe/狐", "~a1b2c3/x", "x" * 200]
)
def test_folders_and_names_are_paths(text: str) -> None:
    assert read_file_path(file("{{ image.name }}"), text) == "/".join(
        part.strip() for part in text.split("/")
    )


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "png", "webp", "JPG"])
def test_a_written_ending_of_a_picture_gives_way_to_the_pictures_own(ending: str) -> None:
    assert read_file_path(file("x"), f" book/cover.{ending} ") == "book/cover"
    assert read_file_path(file("x"), f"cover.v2.{ending}") == "cover.v2"


@pytest.mark.parametrize("text", ["cover.v2", "coverjpg", "cover.jpg/page", "cover.gif"])
def test_anything_else_behind_a_dot_is_part_of_the_name(text: str) -> None:
    assert read_file_path(file("x"), text) == text


WRONG = [
    ("", "it is empty"),
    (" ", "it is empty"),
    ("/cover", "it begins with `/`"),
    ("/", "it begins with `/`"),
    ("book/", "it ends with `/`"),
    ("a//b", "it has an empty part"),
    ("a/ /b", "it has an empty part"),
    ("../cover", "it would leave the output folder"),
    ("a/../../b", "it would leave the output folder"),
    ("a/./b", "`.` begins with a dot"),
    (".seedflow/x", "`.seedflow` begins with a dot"),
    ("a/.cover", "`.cover` begins with a dot"),
    ("a./b", "`a.` ends with a dot"),
    (".jpg", "`.jpg` begins with a dot"),
    ("a/b..jpg", "`b.` ends with a dot"),
    ("manifest.json/a", "`manifest.json` lists the files"),
    ("Manifest.JSON/a/b", "`manifest.json` lists the files"),
    ("a:b", "refuse `:` in a name"),
    ("a\\b", "refuse `\\` in a name"),
    ("a\0b", "in a name"),
    ("x" * 201, "too long: it has 201 characters, and 200 is the most"),
    ("é" * 126, "too long: it has 252 bytes, and 250 are the most"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_cannot_be_a_path_is_said_in_words(text: str, says: str) -> None:
    found = read_file_path(file("{{ image.name }}"), text)
    assert isinstance(found, Diagnostic)
    assert found.code == "bad-file-name"
    assert says in found.message
    assert found.help


@pytest.mark.parametrize(("text", "says"), [*WRONG, ("~/x", "begins with `~`"), ("a/~b", "begins with `~`")])
def test_a_literal_path_is_checked_as_it_is_written(text: str, says: str) -> None:
    found = check_file_path(file(text))
    assert found is not None
    assert says in found.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/{{ image.name }}", "it begins with `/`"),
        ("{{ image.name }}/", "it ends with `/`"),
        ("{{ image.name }}//{{ image.number }}", "it has an empty part"),
        ("../{{ image.name }}", "it would leave the output folder"),
        (".{{ image.name }}", "begins with a dot"),
        ("~{{ image.name }}/a", "begins with `~`"),
    ],
)
def test_what_stands_around_values_is_checked_too(text: str, says: str) -> None:
    found = check_file_path(file(text))
    assert found is not None
    assert says in found.message
    assert text in found.message


@pytest.mark.parametrize(
    "text",
    [
        "{{ image.name }}",
        "{{ image.name | default('/') }}",
        "a/{{ image.name | default(':') }}",
        "a {{ image.name }}/{{ image.number }}.final",
        "a/{{ '}}/' }}{{ image.name }}",
        "{% if image.number %}a/{% endif %}{{ image.name }}",
        "{{ broken",
    ],
)
def test_what_only_values_decide_is_left_to_the_plan(text: str) -> None:
    assert check_file_path(file(text)) is None


def test_the_list_of_the_files_is_what_a_run_calls_it() -> None:
    assert file_paths.LIST_OF_FILES == publish.MANIFEST
