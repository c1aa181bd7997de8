"""Inputs: where values come from, how their declared type reads them, images, and everything that is wrong at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from seedflow.diagnostics import Diagnostic, Severity, Source, Span, has_errors
from seedflow.images.facts import FileImage, ImageFormat, UrlImage
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.views import IMAGE_ATTRIBUTES, View

Resolve = Callable[..., tuple[dict[str, object] | None, list[Diagnostic]]]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def resolve(catalog: Catalog, tmp_path: Path) -> Resolve:
    """Values of inputs: their YAML, `-i` texts, the text of an `--inputs` file, Python values."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "here").mkdir()

    def run(
        inputs: str,
        arguments: Sequence[str] = (),
        *,
        file: str | None = None,
        file_name: str = "values.yaml",
        values: Mapping[str, object] | None = None,
        images: ImageFiles | None = None,
    ) -> tuple[dict[str, object] | None, list[Diagnostic]]:
        source = Source(
            "r.yaml", f"seedflow: 1\ninputs: {inputs}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
        )
        recipe, problems = parse_recipe(source, catalog, folder=tmp_path / "recipes", default_name="r")
        assert recipe is not None
        assert not has_errors(problems), problems
        path = None
        if file is not None:
            path = tmp_path / "data" / file_name
            path.write_text(file)
        given, wrong = collect_inputs(arguments=arguments, file=path, values=values)
        found, more = resolve_inputs(recipe, given, folder=tmp_path / "here", images=images)
        return found, [*wrong, *more]

    return run


def picture(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    path.write_bytes(make_jpeg(size))
    return path


def make_jpeg(size: tuple[int, int]) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, "JPEG")
    return file.getvalue()


def codes(problems: list[Diagnostic]) -> list[str]:
    return [found.code for found in problems]


def marked(found: Diagnostic) -> str:
    assert found.span is not None
    return found.span.source.text[found.span.start : found.span.end]


def ok(result: tuple[dict[str, object] | None, list[Diagnostic]]) -> dict[str, object]:
    values, problems = result
    assert problems == []
    assert values is not None
    return values


# where a value comes from


def test_command_line_before_file_before_python_before_default(resolve: Resolve) -> None:
    inputs = "{a: {type: text, default: d}, b: {type: text, default: d}, c: {type: text, default: d}, d: {type: text, default: d}}"
    values = ok(
        resolve(
            inputs,
            ["a=line"],
            file="a: file\nb: file\n",
            values={"a": "python", "b": "python", "c": "python"},
        )
    )
    assert values == {"a": "line", "b": "file", "c": "python", "d": "d"}


def test_an_absent_optional_is_none(resolve: Resolve) -> None:
    assert ok(resolve("{a: {type: image, optional: true}, b: {type: list, of: text, optional: true}}")) == {
        "a": None,
        "b": None,
    }


def test_values_stand_in_declared_order(resolve: Resolve) -> None:
    assert list(ok(resolve("{b: {type: text}, a: {type: text}}", ["a=1", "b=2"]))) == ["b", "a"]


def test_null_in_a_file_and_none_in_python_mean_not_given(resolve: Resolve) -> None:
    inputs = "{a: {type: text, default: d}, b: {type: text, optional: true}}"
    assert ok(resolve(inputs, file="a: null\nb: ~\n")) == {"a": "d", "b": None}
    assert ok(resolve(inputs, values={"a": None})) == {"a": "d", "b": None}


def test_each_missing_input_is_named_with_what_to_type(resolve: Resolve) -> None:
    values, problems = resolve(
        "{hero: {type: text}, scenes: {type: list, of: text}, n: {type: integer, default: 1}}"
    )
    assert values is None
    assert [(found.code, marked(found)) for found in problems] == [
        ("missing-input", "hero"),
        ("missing-input", "scenes"),
    ]
    assert problems[0].help == "give it with `-i hero=…`"
    assert problems[1].help == "give it with `-i scenes=…`, once for each item"


def test_unknown_names_are_pointed_at_wherever_they_stand(resolve: Resolve) -> None:
    _, problems = resolve("{hero: {type: text, default: d}}", ["heor=x"], file="her: x\n", values={"zzz": 1})
    assert codes(problems) == ["no-such-input"] * 3
    assert {marked(found) for found in problems} == {"heor", "her", "zzz"}
    assert [found.help for found in problems if marked(found) != "zzz"] == ["did you mean `hero`?"] * 2


def test_an_argument_without_a_name_is_refused(resolve: Resolve) -> None:
    _, problems = resolve("{a: {type: text, default: d}}", ["hello", "=x", ""])
    assert codes(problems) == ["not-a-pair"] * 3


def test_an_argument_has_a_place_of_its_own(resolve: Resolve) -> None:
    _, problems = resolve("{count: {type: integer}}", ["count=many"])
    (found,) = problems
    assert found.span is not None
    assert str(found.span) == "-i count=…:1:7"
    assert marked(found) == "many"


def test_a_file_of_inputs_may_be_json_and_has_free_keys(resolve: Resolve) -> None:
    assert ok(resolve("{a: {type: list, of: integer}}", file='{"a": [1, 2], "x-note": {"b": 1}}')) == {
        "a": [1, 2]
    }


def test_a_json_file_is_read_as_json_whoever_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    path.write_text('{\n\t"a": "\\ud83e\\udd8a",\n\t"b": "x\\/y"\n}\n')
    given, problems = collect_inputs(file=path)
    assert problems == []
    assert {name: value.node.value for name, value in given.values.items()} == {"a": "🦊", "b": "x/y"}
    path.write_text("{'a': 1}")
    _, (found,) = collect_inputs(file=path, file_name="v.json")
    assert (found.code, str(found.span)) == ("not-json", "v.json:1:2")


@pytest.mark.parametrize(
    ("file", "written", "help_text"),
    [
        ("v.json", "[1]", "write `[…]` around it"),
        ("v.yaml", "[1]", "write `[…]` around it, or each item after `- `"),
        ("v.json", '{"a": 1}', "write a list of its values, without the keys: `[VALUE, …]`"),
        (
            "v.yaml",
            "{a: 1}",
            "write a list of its values, without the keys: `[VALUE, …]`, or each after `- `",
        ),
        ("v.json", "[null]", "take the item out, or write a value"),
    ],
)
def test_what_is_no_list_gets_advice_that_fits_the_file_and_the_value(
    resolve: Resolve, file: str, written: str, help_text: str
) -> None:
    declared = "{l: {type: list, of: {type: list, of: integer}}}"
    _, (found,) = resolve(declared, file=f'{{"l": {written}}}', file_name=file)
    assert found.help == help_text
    if written == '{"a": 1}':
        images = "{l: {type: list, of: image}}"
        _, (found,) = resolve(images, file=f'{{"l": {written}}}', file_name=file)
        assert found.help == help_text


def test_a_json_file_without_names_is_told_in_the_words_of_json(resolve: Resolve) -> None:
    _, (found, *_) = resolve("{l: {type: text}}", file="[1]", file_name="v.json")
    assert found.help == 'write `{"NAME": VALUE, …}`, an entry for each input'


def test_a_list_is_never_read_from_a_file(resolve: Resolve) -> None:
    _, (found,) = resolve("{a: {type: list, of: text}}", file="a: scenes.txt\n")
    assert found.code == "wrong-type"
    assert found.help is not None
    assert "an input of type `table` is" in found.help
    assert ok(resolve("{a: {type: list, of: text}}", ["a=scenes.txt"])) == {"a": ["scenes.txt"]}


@pytest.mark.parametrize(
    ("text", "code"), [("- a\n", "wrong-type"), ("a: [\n", None), ("a: 1\na: 2\n", None)]
)
def test_a_broken_file_of_inputs_is_reported(resolve: Resolve, text: str, code: str | None) -> None:
    _, problems = resolve("{a: {type: text, default: d}}", file=text)
    assert problems
    if code:
        assert codes(problems) == [code]


def test_a_missing_file_of_inputs_is_reported(tmp_path: Path) -> None:
    given, problems = collect_inputs(file=tmp_path / "nowhere.yaml", file_name="nowhere.yaml")
    assert codes(problems) == ["file-missing"]
    assert given.values == {}


def test_an_empty_file_of_inputs_is_reported(resolve: Resolve) -> None:
    values, problems = resolve("{a: {type: text, default: d}}", file="# nothing yet\n")
    assert values == {"a": "d"}
    assert codes(problems) == ["empty-file"]


# how a type reads a value


@pytest.mark.parametrize(
    ("declared", "argument", "value"),
    [
        ("{type: text}", "a fox, a cat", "a fox, a cat"),
        ("{type: text}", "007", "007"),
        ("{type: text}", "null", "null"),
        ("{type: text}", "", ""),
        ("{type: text}", "{{ inputs.b }} {# no #} {%", "{{ inputs.b }} {# no #} {%"),
        ("{type: text}", "a=b=c", "a=b=c"),
        ("{type: text}", " spaces ", " spaces "),
        ("{type: integer}", "3", 3),
        ("{type: integer}", " -3 ", -3),
        ("{type: integer}", "007", 7),
        ("{type: number}", "3", 3),
        ("{type: number}", "0.50", 0.5),
        ("{type: boolean}", "true", True),
        ("{type: boolean}", "false", False),
        ("{type: choice, options: [no, 1.10, '{{ x }}']}", "1.10", "1.10"),
        ("{type: choice, options: [no, 1.10, '{{ x }}']}", "{{ x }}", "{{ x }}"),
        ("{type: list, of: text}", "a, b", ["a, b"]),
        ("{type: list, of: integer}", "4", [4]),
    ],
)
def test_the_declared_type_reads_an_argument(
    resolve: Resolve, declared: str, argument: str, value: object
) -> None:
    found = ok(resolve(f"{{a: {declared}}}", [f"a={argument}"]))["a"]
    assert found == value
    assert type(found) is type(value)


def test_an_argument_repeated_makes_a_list(resolve: Resolve) -> None:
    assert ok(resolve("{a: {type: list, of: text}}", ["a=x", "a=y, z", "a="])) == {"a": ["x", "y, z", ""]}


def test_an_argument_repeated_for_anything_else_is_refused(resolve: Resolve) -> None:
    _, problems = resolve("{a: {type: text}}", ["a=x", "a=y"])
    assert codes(problems) == ["given-twice"]
    assert marked(problems[0]) == "y"


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("{type: text}", "007", "007"),
        ("{type: text}", "1.10", "1.10"),
        ("{type: text}", "no", "no"),
        ("{type: text}", "'null'", "null"),
        ("{type: text}", "'{{ inputs.b }}'", "{{ inputs.b }}"),
        ("{type: integer}", "0x10", 16),
        ("{type: number}", "1e3", 1000.0),
        ("{type: boolean}", "false", False),
        ("{type: list, of: text}", "[]", []),
        ("{type: list, of: text}", "[1.10, true]", ["1.10", "true"]),
        ("{type: list, of: {type: list, of: integer}}", "[[1, 2], []]", [[1, 2], []]),
        ("{type: list, of: {type: choice, options: [a, b]}}", "[b, a]", ["b", "a"]),
    ],
)
def test_the_declared_type_reads_a_file_and_a_default(
    resolve: Resolve, declared: str, text: str, value: object
) -> None:
    assert ok(resolve(f"{{a: {declared}}}", file=f"a: {text}\n")) == {"a": value}
    assert ok(resolve(f"{{a: {declared[:-1]}, default: {text}}}}}")) == {"a": value}


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("{type: text}", "null", "null"),
        ("{type: text}", 5, "5"),
        ("{type: text}", "line\nbreak \u2028", "line\nbreak \u2028"),
        ("{type: number}", 0.1, 0.1),
        ("{type: number}", 1e300, 1e300),
        ("{type: integer}", 3, 3),
        ("{type: boolean}", True, True),
        ("{type: list, of: text}", ("a", "b"), ["a", "b"]),
        ("{type: list, of: {type: list, of: boolean}}", [[True], []], [[True], []]),
    ],
)
def test_the_declared_type_reads_python_values(
    resolve: Resolve, declared: str, given: object, value: object
) -> None:
    assert ok(resolve(f"{{a: {declared}}}", values={"a": given})) == {"a": value}


@pytest.mark.parametrize(
    ("declared", "text", "code", "says"),
    [
        ("{type: integer}", "3.5", "wrong-type", "the number 3.5, expected a whole number"),
        ("{type: integer}", "'3'", "wrong-type", "the text `3`"),
        ("{type: integer}", "true", "wrong-type", "found true"),
        ("{type: integer}", "[3]", "wrong-type", "a list"),
        ("{type: integer}", "9007199254740992", "wrong-type", "up to 9,007,199,254,740,991"),
        ("{type: number}", ".inf", "wrong-type", "finite"),
        ("{type: number}", "1e999", "wrong-type", "finite"),
        ("{type: boolean}", "yes", "wrong-type", "true or false"),
        ("{type: boolean}", "1", "wrong-type", "true or false"),
        ("{type: choice, options: [red, blue]}", "rde", "not-an-option", "not one of the options"),
        (
            "{type: choice, options: [red, blue]}",
            '""',
            "not-an-option",
            "empty text is not one of the options",
        ),
        ("{type: text}", "[a]", "wrong-type", "expected text"),
        ("{type: text}", "{a: b}", "wrong-type", "a mapping"),
        ("{type: list, of: text}", "a", "wrong-type", "expected a list"),
        ("{type: list, of: text}", "[a, ~]", "wrong-type", "item 2"),
        ("{type: text, min_length: 2}", "a", "out-of-bounds", "1 character, expected at least 2"),
        ("{type: text, max_length: 2}", "abc", "out-of-bounds", "3 characters, expected at most 2"),
        ("{type: integer, minimum: 1, maximum: 3}", "4", "out-of-bounds", "found 4, expected 1 to 3"),
        ("{type: number, minimum: 0.5}", "0.25", "out-of-bounds", "at least 0.5"),
        (
            "{type: list, of: text, min_items: 2, max_items: 2}",
            "[a]",
            "out-of-bounds",
            "1 item, expected exactly 2",
        ),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    resolve: Resolve, declared: str, text: str, code: str, says: str
) -> None:
    values, problems = resolve(f"{{a: {declared}}}", file=f"a: {text}\n")
    assert values is None
    assert codes(problems) == [code]
    assert says in problems[0].message
    assert problems[0].help
    assert problems[0].span is not None
    assert problems[0].span.source.name.endswith("values.yaml")


def test_all_problems_of_a_list_come_in_one_go(resolve: Resolve) -> None:
    _, problems = resolve(
        "{a: {type: list, of: {type: integer, minimum: 2}, max_items: 3}}", file="a: [1, x, 3, ~]\n"
    )
    assert sorted(codes(problems)) == ["out-of-bounds", "out-of-bounds", "wrong-type", "wrong-type"]


def test_problems_of_a_file_come_in_the_order_of_its_lines(resolve: Resolve) -> None:
    _, problems = resolve(
        "{a: {type: list, of: text}, b: {type: text}, c: {type: integer}}", file="c: x\nb: [b]\na: 1\n"
    )
    assert [marked(found) for found in problems] == ["x", "[b]", "1"]


@pytest.mark.parametrize("argument", ["a=1", "a=[1]", "a=1,2"])
def test_a_list_within_a_list_is_given_by_a_file(resolve: Resolve, argument: str) -> None:
    _, problems = resolve("{a: {type: list, of: {type: list, of: text}}}", [argument])
    (found,) = problems
    assert found.code == "wrong-type"
    assert "`--inputs FILE`" in str(found.help)


def test_a_near_miss_of_an_option_is_suggested(resolve: Resolve) -> None:
    _, problems = resolve("{a: {type: choice, options: [watercolour, ink]}}", ["a=watercolor"])
    assert problems[0].help == "did you mean `watercolour`?"


def test_data_that_is_not_plain_is_refused(resolve: Resolve) -> None:
    endless: list[object] = []
    endless.append(endless)
    _, problems = resolve(
        "{a: {type: text}, b: {type: text}, c: {type: integer}}",
        values={"a": b"bytes", "b": endless, "c": 10**9999},
    )
    assert codes(problems)[:3] == ["not-plain-data"] * 3


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x9b"])
def test_control_characters_are_refused_wherever_a_value_comes_from(resolve: Resolve, character: str) -> None:
    text = f"a{character}b"
    _, problems = resolve("{a: {type: text}, b: {type: text}}", ["b=x", f"a={text}"])
    assert (codes(problems)[0], marked(problems[0])) == ("control-character", character)
    for value, kind in ((text, "text"), ([text], "{type: list, of: text}")):
        _, problems = resolve(f"{{a: {kind if kind != 'text' else '{type: text}'}}}", values={"a": value})
        assert codes(problems)[0] == "control-character"
        assert f"U+{ord(character):04X}" in problems[0].message
    _, problems = resolve("{a: {type: table, columns: {t: text}}}", values={"a": [{"t": "x"}, {"t": text}]})
    assert codes(problems)[0] == "control-character"


def test_line_ends_and_tabs_are_allowed_wherever_a_value_comes_from(resolve: Resolve) -> None:
    text = "a\n\tb\r\n"
    assert ok(resolve("{a: {type: text}}", [f"a={text}"]))["a"] == text
    assert ok(resolve("{a: {type: text}}", values={"a": text}))["a"] == text


def test_python_values_have_a_place_to_point_at(resolve: Resolve) -> None:
    _, problems = resolve(
        "{a: {type: list, of: integer}, b: {type: text}}", values={"b": "x\ny", "a": [1, "two"]}
    )
    (found,) = problems
    assert found.span is not None
    assert marked(found) == '"two"'
    assert found.span.first.line == 2


# images


def test_a_local_image_is_opened_and_measured(resolve: Resolve, tmp_path: Path) -> None:
    file = picture(tmp_path / "here" / "my cat.jpg")
    view = ok(resolve("{a: {type: image}}", ["a=my cat.jpg"]))["a"]
    assert isinstance(view, View)
    assert isinstance(view.subject, FileImage)
    assert view.subject.path == file
    facts = view.subject.facts
    assert (facts.width_px, facts.height_px, facts.format) == (64, 48, ImageFormat.JPEG)
    assert view.attributes["width"] == 64
    assert view.attributes["format"] == "jpeg"
    assert view.attributes["digest"] == facts.digest
    assert (view.attributes["name"], view.attributes["key"]) == ("my cat", "my cat.jpg")


def test_a_url_is_never_looked_at(resolve: Resolve) -> None:
    view = ok(resolve("{a: {type: image}}", ["a=https://host.invalid/a%20b/cat.png?token=1"]))["a"]
    assert isinstance(view, View)
    assert view.subject == UrlImage("https://host.invalid/a%20b/cat.png?token=1")
    assert view.attributes["name"] == "cat"
    assert "width" not in view.attributes
    assert view.missing is not None
    assert "width" in view.missing


@pytest.mark.parametrize("text", ["cat.jpg", "https://host.invalid/cat.jpg"])
def test_every_attribute_of_an_image_is_there_or_named_as_missing(
    resolve: Resolve, tmp_path: Path, text: str
) -> None:
    picture(tmp_path / "here" / "cat.jpg")
    view = ok(resolve("{a: {type: image}}", [f"a={text}"]))["a"]
    assert isinstance(view, View)
    assert set(view.attributes) | set(view.missing or ()) == set(IMAGE_ATTRIBUTES)


def test_a_path_is_relative_to_where_it_is_spelled(resolve: Resolve, tmp_path: Path) -> None:
    inputs = "{a: {type: image, default: x.jpg}}"
    for folder, kwargs in (
        ("recipes", {}),
        ("data", {"file": "a: x.jpg\n"}),
        ("here", {"values": {"a": "x.jpg"}}),
        ("here", {"values": {"a": Path("x.jpg")}}),
        ("here", {"arguments": ["a=x.jpg"]}),
    ):
        file = picture(tmp_path / folder / "x.jpg")
        view = ok(resolve(inputs, **kwargs))["a"]
        assert isinstance(view, View)
        assert isinstance(view.subject, FileImage)
        assert view.subject.path == file
        file.unlink()


def test_an_absolute_path_is_taken_as_it_is(resolve: Resolve, tmp_path: Path) -> None:
    file = picture(tmp_path / "x.jpg")
    view = ok(resolve("{a: {type: image}}", [f"a={file}"]))["a"]
    assert isinstance(view, View)
    assert isinstance(view.subject, FileImage)
    assert view.subject.path == file


def test_a_missing_image_says_where_it_was_looked_for(resolve: Resolve, tmp_path: Path) -> None:
    _, (found,) = resolve("{i: {type: image}}", ["i=a/nowhere.jpg"])
    assert found.help == f"looked in the folder {tmp_path / 'here' / 'a'}"


def test_each_file_is_opened_once(resolve: Resolve, tmp_path: Path) -> None:
    file = picture(tmp_path / "here" / "x.jpg")
    images = ImageFiles()
    inputs = "{a: {type: list, of: image}}"
    ok(resolve(inputs, ["a=x.jpg", "a=./x.jpg"], images=images))
    file.unlink()
    assert len(ok(resolve(inputs, ["a=x.jpg"], images=images))["a"]) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://host.invalid/x.jpg", "image-scheme"),
        ("ftp://host.invalid/x.jpg", "image-scheme"),
        ("data:image/png;base64,AAAA", "image-scheme"),
        ("file:///etc/passwd", "image-scheme"),
        ("javascript:alert(1)", "image-scheme"),
        ("https://", "image-url"),
        ("https:/x.jpg", "image-url"),
        ("https://host.invalid/a b.jpg", "image-url"),
        ("https://host.invalid:port/a.jpg", "image-url"),
        ("https://[::1/a.jpg", "image-url"),
        ("https://host.invalid/\n", "image-url"),
        ("https://a..b/x.jpg", "image-url"),
        ("https://.a/x.jpg", "image-url"),
        ("https://../x.jpg", "image-url"),
        (f"https://{'a' * 80}.invalid/x.jpg", "image-url"),
        (f"https://user@{'a' * 300}:443/x.jpg", "image-url"),
        ("nowhere.jpg", "image-missing"),
        ("", "empty-text"),
        ("folder", "image-path"),
        ("*.jpg", "image-path"),
        ("words.jpg", "image-unreadable"),
        ("cut.jpg", "image-unreadable"),
        ("empty.jpg", "image-unreadable"),
        ("pipe.jpg", "image-path"),
        ("secret.jpg/x", "image-unreadable"),
        ("n" * 5000, "image-unreadable"),
    ],
)
def test_what_cannot_be_used_is_a_diagnostic_at_its_place(
    resolve: Resolve, tmp_path: Path, text: str, code: str
) -> None:
    here = tmp_path / "here"
    (here / "folder").mkdir()
    (here / "words.jpg").write_text("not a picture")
    (here / "cut.jpg").write_bytes(make_jpeg((640, 480))[:-2000])
    (here / "empty.jpg").touch()
    (here / "secret.jpg").touch()
    os.mkfifo(here / "pipe.jpg")
    values, problems = resolve("{a: {type: image}}", [f"a={text}"])
    assert values is None
    assert codes(problems) == [code]
    assert marked(problems[0]) == text
    assert problems[0].help


def test_the_text_of_a_default_is_checked_when_loading(catalog: Catalog, tmp_path: Path) -> None:
    text = "seedflow: 1\ninputs: {a: {type: image, default: 'http://x.invalid/y'}}\nsteps: {a: {generate: {prompt: x}}}\n"
    _, problems = parse_recipe(Source("r.yaml", text), catalog, folder=tmp_path, default_name="r")
    assert codes(problems) == ["image-scheme"]


def test_a_list_without_any_item_is_given_by_an_empty_value(resolve: Resolve) -> None:
    for of in ("text", "integer", "image"):
        values, problems = resolve(f"{{names: {{type: list, of: {of}, optional: true}}}}", ["names="])
        assert (values, problems) == ({"names": []}, [])
    values, _ = resolve("{names: {type: list, of: text}}", ["names=", "names=a"])
    assert values == {"names": ["", "a"]}
    _, problems = resolve("{names: {type: list, of: text, min_items: 1}}", ["names="])
    assert codes(problems) == ["out-of-bounds"]


@pytest.mark.parametrize(
    ("declared", "advice"),
    [
        ("{type: number}", "write 1.5, with a point"),
        ("{type: integer}", "write a whole number, without a comma"),
    ],
)
def test_a_comma_in_a_number_is_explained_wherever_the_number_stands(
    resolve: Resolve, declared: str, advice: str
) -> None:
    _, problems = resolve(f"{{a: {declared}}}", arguments=["a=1,5"])
    assert [(one.code, one.help) for one in problems] == [("wrong-type", advice)]


def test_a_file_beside_the_one_that_is_not_there_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "fox.jpg").touch()
    (tmp_path / "in" / "foxx.txt").touch()
    text = "in/foxx.jpg"
    found = ImageFiles().open(text, Span(Source("r", text), 0, len(text)), tmp_path)
    assert isinstance(found, Diagnostic)
    assert found.help == f"did you mean `in/fox.jpg`? looked in the folder {tmp_path / 'in'}"


@pytest.mark.parametrize(
    ("of", "written", "help_text"),
    [
        ("integer", "1,5", "`-i i=1 -i i=5`"),
        ("integer", "1 5", "`-i i=1 -i i=5`"),
        ("integer", "[1; 5]", "`-i i=1 -i i=5`"),
        ("integer", "[5]", "`-i i=5`"),
        ("number", "1.5,2", "`-i i=1.5 -i i=2`"),
        ("number", "1,5", "`-i i=1 -i i=5`, or `1.5` with a point for one number"),
        ("number", "1,2,3,4", "`-i i=1 -i i=2 -i i=3 …`"),
        ("boolean", "true,false", "`-i i=true -i i=false`"),
        ("{type: choice, options: [red, dark blue]}", "red, dark blue", "`-i i=red -i 'i=dark blue'`"),
        ("{type: choice, options: [red, dark blue]}", '["red", "dark blue"]', "`-i i=red -i 'i=dark blue'`"),
        ("image", "a.jpg,my b.jpg", "`-i i=a.jpg -i 'i=my b.jpg'`"),
        ("image", "a.jpg b.jpg", "`-i i=a.jpg -i i=b.jpg`"),
        ("image", "[a.jpg,b.jpg]", "`-i i=a.jpg -i i=b.jpg`"),
    ],
)
def test_several_items_in_one_argument_are_told_how_they_are_given(
    resolve: Resolve, of: str, written: str, help_text: str
) -> None:
    found, problems = resolve(f"{{i: {{type: list, of: {of}}}}}", [f"i={written}"])
    assert found is None
    assert [one.help for one in problems] == [f"nothing splits a value: write {help_text}"]


@pytest.mark.parametrize(
    ("of", "written", "help_text"),
    [
        ("integer", "five", "write a whole number"),
        ("{type: choice, options: [red, blue]}", "dark blue", "write one of `red`, `blue`"),
        ("image", "my fox.jpg", "looked in the folder"),
    ],
)
def test_a_wrong_item_that_is_not_like_several_is_told_as_anywhere(
    resolve: Resolve, of: str, written: str, help_text: str
) -> None:
    _, (problem,) = resolve(f"{{i: {{type: list, of: {of}}}}}", [f"i={written}"])
    assert str(problem.help).startswith(help_text)


def test_a_text_of_a_list_keeps_its_commas_and_brackets(resolve: Resolve) -> None:
    found, problems = resolve("{i: {type: list, of: text}}", ["i=a, b", "i=[c]"])
    assert (found, problems) == ({"i": ["a, b", "[c]"]}, [])


@pytest.mark.parametrize(
    ("written", "help_text"),
    [
        ("[a, at night]", "write `-i i=a -i 'i=at night'`"),
        ('["a", "b"]', "write `-i i=a -i i=b`"),
        ("[a]", "write `-i i=a`"),
        ("[]", "write `-i i=` for an empty list"),
    ],
)
def test_brackets_around_a_single_text_of_a_list_are_warned_of(
    resolve: Resolve, written: str, help_text: str
) -> None:
    found, problems = resolve("{i: {type: list, of: text}}", [f"i={written}"])
    assert found == {"i": [written]}
    assert [(one.code, one.severity, one.help) for one in problems] == [
        ("brackets-in-text", Severity.WARNING, help_text)
    ]


@pytest.mark.parametrize(
    ("of", "arguments"),
    [
        ("{type: list, of: text}", ["i=[a]", "i=[b]"]),
        ("{type: list, of: text}", ["i=[a] and [b], or c"]),
        ("text", ["i=[a, b]"]),
    ],
    ids=["given-twice", "no-brackets-around", "no-list"],
)
def test_brackets_that_are_meant_are_not(resolve: Resolve, of: str, arguments: list[str]) -> None:
    declared = of if of.startswith("{") else f"{{type: {of}}}"
    found, problems = resolve(f"{{i: {declared}}}", arguments)
    assert found is not None
    assert problems == []
