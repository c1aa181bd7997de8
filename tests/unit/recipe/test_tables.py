"""Tables: rows from everywhere, cells read by their columns, and everything that is wrong by file, row and column."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from seedflow.diagnostics import Diagnostic, Severity, Source, has_errors
from seedflow.images.facts import FileImage
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.plan.resolve import Resolver
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.views import Row, View

Resolve = Callable[..., "tuple[list[Row] | None, list[Diagnostic]]"]

PRODUCTS = """{type: table, key: sku, columns: {
  sku: text, name: {type: text, header: Product Name}, price: {type: number, minimum: 0}, colour: {type: text, optional: true},
  stock: {type: integer, default: 1}, sale: {type: boolean, optional: true}, kind: {type: choice, options: [shoe, hat], default: hat}}}"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def declare(catalog: Catalog, tmp_path: Path) -> Callable[[str], list[Diagnostic]]:
    """What is wrong with the declaration of an input `t`."""

    def run(declared: str) -> list[Diagnostic]:
        source = Source(
            "r.yaml", f"seedflow: 1\ninputs: {{t: {declared}}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
        )
        return parse_recipe(source, catalog, folder=tmp_path, default_name="r")[1]

    return run


@pytest.fixture
def resolve(catalog: Catalog, tmp_path: Path) -> Resolve:
    """The rows of an input `t`, from a file that is given by `-i` or from the text of an `--inputs` file."""

    def run(
        declared: str,
        *,
        name: str = "t.csv",
        file: str | bytes | None = None,
        inputs: str | None = None,
        values: Mapping[str, object] | None = None,
    ) -> tuple[list[Row] | None, list[Diagnostic]]:
        source = Source(
            "r.yaml", f"seedflow: 1\ninputs: {{t: {declared}}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
        )
        recipe, problems = parse_recipe(source, catalog, folder=tmp_path, default_name="r")
        assert recipe is not None
        assert not has_errors(problems), problems
        if file is not None:
            (tmp_path / name).write_bytes(file.encode() if isinstance(file, str) else file)
        path = None
        if inputs is not None:
            path = tmp_path / "inputs.yaml"
            path.write_text(inputs)
        given, wrong = collect_inputs(
            arguments=[f"t={name}"] if file is not None else [], file=path, values=values
        )
        found, more = resolve_inputs(recipe, given, folder=tmp_path)
        return None if found is None else found["t"], [*wrong, *more]

    return run


def ok(result: tuple[list[Row] | None, list[Diagnostic]]) -> list[Row]:
    rows, problems = result
    assert problems == []
    assert rows is not None
    return rows


def wrong(result: tuple[list[Row] | None, list[Diagnostic]]) -> list[tuple[str, str, str]]:
    """Code, place and message of each problem, all of which say what to do."""
    rows, problems = result
    assert rows is None
    assert all(found.help for found in problems)
    return [(found.code, str(found.span), found.message) for found in problems]


# rows from everywhere


def test_a_row_is_a_record_with_a_key() -> None:
    row = Row({"sku": "007", "price": 1.5}, "007")
    assert dict(row) == {"sku": "007", "price": 1.5}
    assert row.key == "007"
    assert row == Row({"sku": "007", "price": 1.5})
    assert row != Row({"sku": "007", "price": 2})
    find_key = Resolver().find_key
    assert (find_key(row), find_key(row, "price"), find_key(Row({"a": 1}))) == ("007", "1.5", None)
    with pytest.raises(TypeError):
        row["sku"] = "008"


CSV = '\ufeffsku,Product Name,price,stock,sale\n007,"Boot, red",10,,TRUE\n008,Cap,0.5,3,false\n,,,,\n'
JSONL = '{"sku": "007", "Product Name": "Boot, red", "price": 10, "sale": true}\n\n{"sku": "008", "Product Name": "Cap", "price": 0.5, "stock": 3, "sale": false, "colour": null}\n'
EXPECTED = [
    {"sku": "007", "name": "Boot, red", "price": 10, "colour": None, "stock": 1, "sale": True, "kind": "hat"},
    {"sku": "008", "name": "Cap", "price": 0.5, "colour": None, "stock": 3, "sale": False, "kind": "hat"},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", CSV),
        ("T.CSV", CSV.replace("\n", "\r\n")),
        ("t.tsv", CSV.replace(",", "\t").replace("Boot\t", "Boot,")),
        ("t.jsonl", JSONL),
        ("t.ndjson", JSONL),
        ("t.json", "[" + ", ".join(JSONL.split("\n\n")) + "]"),
        ("t.yaml", "- {sku: 007, Product Name: 'Boot, red', price: 10, sale: true}\n- {sku: 008, Product Name: Cap, price: 0.5, stock: 3, sale: false}\n"),
        ("t.yml", "[{sku: 007, Product Name: 'Boot, red', price: 10, sale: true}, {sku: 008, Product Name: Cap, price: 0.5, stock: 3, sale: false}]\n"),
    ],
)  # fmt: skip # a row a line
def test_every_kind_of_file_gives_the_same_rows(resolve: Resolve, name: str, text: str) -> None:
    rows = ok(resolve(PRODUCTS, name=name, file=text))
    assert rows == EXPECTED
    assert [row.key for row in rows] == ["007", "008"]
    assert [type(row["price"]) for row in rows] == [int, float]


def test_rows_may_stand_in_an_inputs_file_a_default_and_python(resolve: Resolve) -> None:
    text = "[{sku: 007, name: 'Boot, red', price: 10, sale: true}, {sku: 008, name: Cap, price: 0.5, stock: 3, sale: false}]"
    assert ok(resolve(PRODUCTS, inputs=f"t: {text}\n")) == EXPECTED
    assert ok(resolve(f"{PRODUCTS[:-1]}, default: {text}}}")) == EXPECTED
    values = [
        {"sku": "007", "name": "Boot, red", "price": 10, "sale": True},
        {"sku": "008", "name": "Cap", "price": 0.5, "stock": 3, "sale": False},
    ]
    assert ok(resolve(PRODUCTS, values={"t": values})) == EXPECTED


def test_a_path_starts_where_it_is_spelled(resolve: Resolve, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "t.csv").write_text("a\n1\n")
    for result in (
        resolve("{type: table, default: data/t.csv}"),
        resolve("{type: table}", inputs="t: data/t.csv\n"),
        resolve("{type: table}", values={"t": Path("data/t.csv")}),
    ):
        assert ok(result) == [{"a": "1"}]


def test_without_columns_all_is_text(resolve: Resolve) -> None:
    assert ok(resolve("{type: table}", file="sku,Two Words,\n007,,x\n")) == [
        {"sku": "007", "Two Words": None}
    ]
    assert ok(
        resolve("{type: table}", name="t.json", file='[{"a": 1.50, "b": true, "c": null, "d": [1]}]')
    ) == [{"a": "1.50", "b": "true", "c": None}]


def test_columns_that_are_not_declared_are_text_beside_those_that_are(resolve: Resolve) -> None:
    assert ok(resolve("{type: table, columns: {n: integer}}", file="n,note\n1,007\n2,\n")) == [
        {"n": 1, "note": "007"},
        {"n": 2, "note": None},
    ]


def test_a_declared_delimiter_parts_cells(resolve: Resolve) -> None:
    declared = '{type: table, delimiter: ";", columns: {a: text, b: text}}'
    assert ok(resolve(declared, file='a;b\n"x;y";z,z\n')) == [{"a": "x;y", "b": "z,z"}]


@pytest.mark.parametrize(
    ("delimiter", "note", "help_"),
    [
        (";", "sep=;", "take that line out of the file"),
        (";", '"sep=;"', "take that line out of the file"),
        (
            None,
            "sep=;",
            'take that line out of the file, and declare `delimiter: ";"` in the recipe',
        ),
        (
            None,
            "SEP=\t",
            r'take that line out of the file, and declare `delimiter: "\t"` in the recipe',
        ),
        (None, "sep=,", "take that line out of the file"),
    ],
)
def test_a_note_for_spreadsheets_above_the_titles_is_told(
    resolve: Resolve, delimiter: str | None, note: str, help_: str
) -> None:
    parted = "" if delimiter is None else f'delimiter: "{delimiter}", '
    for column in ("text", "{type: text, optional: true}"):
        declared = f"{{type: table, {parted}columns: {{a: {column}}}}}"
        rows, (problem,) = resolve(declared, file=f"{note}\na;b\nx;y\n")
        assert rows is None
        assert (problem.code, str(problem.span), problem.help) == ("missing-column", "t.csv:1:1", help_)
        assert "note for spreadsheets" in problem.message


def test_lists_stand_in_rows_of_json_and_yaml(resolve: Resolve) -> None:
    declared = "{type: table, columns: {tags: {type: list, of: text, optional: true}}}"
    assert ok(resolve(declared, name="t.jsonl", file='{"tags": ["a", "b"]}\n{}\n')) == [
        {"tags": ["a", "b"]},
        {"tags": None},
    ]
    ((code, place, message),) = wrong(resolve(declared, file="tags\na\n"))
    assert (code, place) == ("wrong-type", "t.csv:1:1")
    assert "holds lists" in message


def test_a_table_may_have_no_rows(resolve: Resolve) -> None:
    assert ok(resolve("{type: table, columns: {a: text}}", file="a\n")) == []
    assert ok(resolve("{type: table}", name="t.json", file="[]")) == []
    assert ok(resolve("{type: table}", inputs="t: []\n")) == []


def test_images_of_a_row_start_in_the_folder_of_the_table(resolve: Resolve, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for path in (tmp_path / "data" / "a.png", tmp_path / "blank.png"):
        file = BytesIO()
        Image.new("RGB", (8, 8), "teal").save(file, "PNG")
        path.write_bytes(file.getvalue())
    declared = "{type: table, columns: {n: text, photo: {type: image, default: blank.png}}}"
    rows = ok(
        resolve(declared, name="data/t.csv", file="n,photo\n1,a.png\n2,\n3,https://host.invalid/x.png\n")
    )
    views = [row["photo"] for row in rows]
    assert all(isinstance(view, View) for view in views)
    paths = [view.subject.path for view in views if isinstance(view.subject, FileImage)]
    assert paths == [tmp_path / "data" / "a.png", tmp_path / "blank.png"]
    ((code, place, message),) = wrong(resolve(declared, name="data/t.csv", file="n,photo\n1,b.png\n"))
    assert (code, place) == ("image-missing", "data/t.csv:2:3")
    assert message == "row 1, column `photo`: there is no file `b.png`"


def test_a_key_is_the_text_of_its_value(resolve: Resolve) -> None:
    declared = "{type: table, key: n, columns: {n: integer}}"
    assert [row.key for row in ok(resolve(declared, file="n\n007\n8\n"))] == ["7", "8"]
    assert [row.key for row in ok(resolve("{type: table, key: n}", file="n\n007\n8\n"))] == ["007", "8"]


def test_a_key_says_something(resolve: Resolve) -> None:
    _, (found,) = resolve("{type: table, key: n, columns: {n: text}}", name="t.json", file='[{"n": " "}]')
    assert (found.code, found.message) == ("empty-cell", "row 1, column `n`: there is no value")
    assert found.help == "write a value: the key tells rows apart"


def test_a_row_without_its_key_is_told_to_have_one(resolve: Resolve) -> None:
    declared = "{type: table, key: n, columns: {n: text, p: integer}}"
    _, (found,) = resolve(declared, name="t.json", file='[{"n": "a", "p": 1}, {"p": 2}]')
    assert (found.code, found.message) == ("empty-cell", "row 2, column `n`: there is no value")
    assert found.help == "write `n`: the key tells rows apart"


# what is wrong


def test_all_problems_of_a_csv_file_come_by_row_and_column(resolve: Resolve) -> None:
    text = (
        "sku,Product Name,price,colour,stock,sale,kind\n"
        "1,Boot,ten,,1,,shoe\n"
        "2,,2,,1.5,yes,shoo\n"
        '3,"Two\nlines","1,5",,,,\n'
        "4,Cap\n"
        "5,Cap,-1,,,,,more,cells\n"
        "1,Cap,1,,,,\n"
        ",Cap,1,,,,\n"
    )
    assert wrong(resolve(PRODUCTS, file=text)) == [
        ("wrong-type", "t.csv:2:8", "row 1, column `price`: found the text `ten`, expected a number"),
        ("empty-cell", "t.csv:3:3", "row 2, column `Product Name`: there is no value"),
        ("wrong-type", "t.csv:3:7", "row 2, column `stock`: found the number 1.5, expected a whole number"),
        ("wrong-type", "t.csv:3:11", "row 2, column `sale`: found the text `yes`, expected true or false"),
        ("not-an-option", "t.csv:3:15", "row 2, column `kind`: `shoo` is not one of the options of `kind`"),
        ("wrong-type", "t.csv:5:8", "row 3, column `price`: found the text `1,5`, expected a number"),
        ("ragged-row", "t.csv:6:1", "row 4 has 2 cells, but the header has 7"),
        ("ragged-row", "t.csv:7:14", "row 5 has 9 cells, but the header has 7"),
        ("equal-keys", "t.csv:8:1", "rows 1 and 6 have the same key (sku=1)"),
        ("empty-cell", "t.csv:9:1", "row 7, column `sku`: there is no value"),
    ]


def test_a_comma_in_a_number_is_told_by_what_the_column_takes(resolve: Resolve) -> None:
    for column, advice in (
        ("price", "write 1.5, with a point"),
        ("stock", "write a whole number, without a comma"),
    ):
        _, problems = resolve(PRODUCTS, file=f'sku,Product Name,{column}\n1,Boot,"1,5"\n')
        assert [found.help for found in problems if found.code == "wrong-type"] == [advice]


def test_bounds_hold_for_cells(resolve: Resolve) -> None:
    ((code, place, message),) = wrong(resolve(PRODUCTS, file="sku,Product Name,price\n1,Boot,-1\n"))
    assert (code, place) == ("out-of-bounds", "t.csv:2:8")
    assert message == "row 1, column `price`: found -1, expected at least 0"


def test_rows_are_counted_as_they_stand_in_the_file_broken_ones_too(resolve: Resolve) -> None:
    rows, problems = resolve(PRODUCTS, file='sku,Product Name,price\n1,"a"b,3\n2,Lamp,3,4\n')
    assert rows is None
    assert [found.code for found in problems] == ["csv-cell", "ragged-row"]
    assert problems[1].message.startswith("row 2 has 4 cells")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("sku,price", [("missing-column", "t.csv:1:1", "Product Name")]),
        (
            "sku,product name,price",
            [
                (
                    "missing-column",
                    "t.csv:1:1",
                    "the file has `product name`: if that is `Product Name`, declare `header: product name`",
                )
            ],
        ),
        (
            "Product Name",
            [("missing-column", "t.csv:1:1", "the columns `sku` and `price` of `t` are missing")],
        ),
        ("sku;Product Name;price", [("missing-column", "t.csv:1:1", 'delimiter: ";"')]),
        ("sku,Product Name,price,sku", [("repeated-column", "t.csv:1:24", "stands in this header twice")]),
        (
            "sku,Product Name,price,name",
            [("repeated-column", "t.csv:1:24", "whose own title is `Product Name`")],
        ),
        (
            "sku,name,price",
            [
                (
                    "missing-column",
                    "t.csv:1:1",
                    "the file has `name`: if that is `Product Name`, declare `header: name`",
                )
            ],
        ),
    ],
)
def test_a_header_that_does_not_fit(
    resolve: Resolve, header: str, expected: list[tuple[str, str, str]]
) -> None:
    rows, problems = resolve(PRODUCTS, file=header + "\n")
    assert rows is None
    assert [(found.code, str(found.span)) for found in problems] == [one[:2] for one in expected]
    for found, (_, _, says) in zip(problems, expected, strict=True):
        assert says in f"{found.message} {found.help}"


def test_a_slip_in_the_title_of_an_optional_column_is_a_warning(resolve: Resolve) -> None:
    rows, problems = resolve(PRODUCTS, file="sku,Product Name,price,coluor\n1,Boot,1,red\n")
    assert rows is not None
    assert [(found.code, found.severity, found.help) for found in problems] == [
        ("unknown-column", Severity.WARNING, "did you mean `colour`?")
    ]


def test_a_slip_in_a_row_that_is_written_out_is_an_error(resolve: Resolve) -> None:
    found = wrong(
        resolve(
            PRODUCTS,
            inputs="t:\n- {sku: 1, nmae: Boot, price: 1}\n- {sku: 2, name: Cap, price: 1, coluor: red}\n",
        )
    )
    assert [(code, message) for code, _, message in found] == [
        ("empty-cell", "row 1, column `name`: there is no value"),
        ("unknown-column", "`coluor` is not a column of `t`, and `colour` has no value here"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "code", "place"),
    [
        ("t.jsonl", '{"sku": "1"}\n', "empty-cell", "t.jsonl:1:1"),
        ("t.jsonl", '{"sku": "1", "Product Name": "a", "price": "1"}\n', "wrong-type", "t.jsonl:1:44"),
        ("t.jsonl", "\n[1]\n", "wrong-type", "t.jsonl:2:1"),
        ("t.jsonl", "\n{oops}\n", "not-json", "t.jsonl:2:2"),
        ("t.json", '{"rows": []}', "wrong-type", "t.json:1:1"),
        ("t.json", "[1,]", "not-json", "t.json:1:4"),
        ("t.json", "", "empty-file", "t.json:1:1"),
        ("t.yaml", "- sku: 1\n  price: x\n  Product Name: a\n", "wrong-type", "t.yaml:2:10"),
        ("t.yaml", "rows: []\n", "wrong-type", "t.yaml:1:1"),
        ("t.csv", "", "empty-file", "t.csv:1:1"),
        ("t.csv", 'sku,Product Name,price\n1,"open,1\n', "csv-cell", "t.csv:2:3"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_where_it_stands(
    resolve: Resolve, name: str, text: str, code: str, place: str
) -> None:
    found = wrong(resolve(PRODUCTS, name=name, file=text))
    assert (code, place) in [one[:2] for one in found]


@pytest.mark.parametrize("text", ["", "\n", " \n\n", "\ufeff"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "ndjson", "json", "yaml"])
def test_an_empty_file_is_no_table_in_whatever_form(resolve: Resolve, ending: str, text: str) -> None:
    _, problems = resolve(PRODUCTS, name=f"t.{ending}", file=text)
    assert [(found.code, found.message) for found in problems] == [
        ("empty-file", "this file is empty, expected a table")
    ]


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_null_is_no_table(resolve: Resolve, ending: str) -> None:
    _, problems = resolve(PRODUCTS, name=f"t.{ending}", file="null")
    assert [found.code for found in problems] == ["wrong-type"]


@pytest.mark.parametrize(
    ("data", "says"),
    [("sku\nK\u00e4se\n".encode("cp1252"), "Windows-1252"), ("sku\n".encode("utf-16"), "UTF-16")],
)
def test_a_file_that_is_not_utf8_is_refused(resolve: Resolve, data: bytes, says: str) -> None:
    ((code, place, message),) = wrong(resolve("{type: table}", file=data))
    assert code == "not-utf8"
    assert place.startswith("t.csv:")
    assert says in message


def test_a_file_that_is_not_there_is_said_where_it_is_named(resolve: Resolve, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("a\n")
    _, (found,) = resolve("{type: table}", inputs="t: product.csv\n")
    assert (found.code, found.help) == ("file-missing", "did you mean `products.csv`?")
    assert str(found.span).endswith("inputs.yaml:1:4")
    _, (found,) = resolve("{type: table}", inputs="t: elsewhere.csv\n")
    assert found.help == f"looked in the folder {tmp_path}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("products.xlsx", "not-a-table"),
        ("a red shoe", "not-a-table"),
        ("https://host.invalid/products.csv", "not-a-table"),
        ("2024", "not-a-table"),
        ("''", "empty-text"),
        ("{a: 1}", "wrong-type"),
        ("[1]", "wrong-type"),
    ],
)
def test_what_is_no_table_is_refused_when_declared_and_when_given(
    resolve: Resolve, declare: Callable[[str], list[Diagnostic]], text: str, code: str
) -> None:
    assert [found.code for found in declare(f"{{type: table, default: {text}}}")] == [code]
    assert [found[0] for found in wrong(resolve("{type: table}", inputs=f"t: {text}\n"))] == [code]


def test_the_number_of_rows_has_bounds(resolve: Resolve) -> None:
    declared = "{type: table, min_items: 2, max_items: 3}"
    assert wrong(resolve(declared, file="a\n1\n"))[0] == (
        "out-of-bounds",
        "-i t=…:1:3",
        "found 1 row, expected 2 to 3",
    )
    assert wrong(resolve(declared, inputs="t: [{a: 1}]\n"))[0][0] == "out-of-bounds"


def test_two_files_for_one_table_are_refused(resolve: Resolve, catalog: Catalog, tmp_path: Path) -> None:
    recipe, _ = parse_recipe(
        Source("r.yaml", "seedflow: 1\ninputs: {t: {type: table}}\nsteps: {a: {generate: {prompt: x}}}\n"),
        catalog,
        folder=tmp_path,
        default_name="r",
    )
    assert recipe is not None
    _, (found,) = resolve_inputs(recipe, collect_inputs(arguments=["t=a.csv", "t=b.csv"])[0], folder=tmp_path)
    assert (found.code, found.help) == ("given-twice", "give one file that holds all rows")
    _, (found,) = resolve_inputs(recipe, collect_inputs()[0], folder=tmp_path)
    assert (found.code, found.help) == ("missing-input", "give it with `-i t=FILE.csv`")


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("{type: table, key: nr, columns: {sku: text}}", "bad-key-column"),
        ("{type: table, key: Sku, columns: {sku: {type: text, header: Sku}}}", "bad-key-column"),
        ("{type: table, key: a, columns: {a: image}}", "bad-key-column"),
        ("{type: table, key: a, columns: {a: {type: text, optional: true}}}", "bad-key-column"),
        ("{type: table, key: a, columns: {a: {type: text, default: x}}}", "bad-key-column"),
        ("{type: table, columns: {a: text, b: {type: text, header: a}}}", "repeated-column"),
        ("{type: table, columns: {a: table}}", "table-inside"),
        ("{type: list, of: table}", "table-inside"),
        ("{type: list, of: text, columns: {a: text}}", "key-not-for-type"),
        ("{type: text, delimiter: ';'}", "key-not-for-type"),
        ("{type: table, of: text}", "key-not-for-type"),
        ("{type: table, columns: {a: list}}", "missing-key"),
        ("{type: table, columns: {a: {type: integer, default: x}}}", "wrong-type"),
        ("{type: table, columns: {a: {type: text, optional: true, default: x}}}", "optional-with-default"),
        ("{type: table, columns: {a: integer}, default: [{a: x}]}", "wrong-type"),
    ],
)
def test_a_declaration_that_does_not_fit(
    declare: Callable[[str], list[Diagnostic]], declared: str, code: str
) -> None:
    problems = declare(declared)
    assert [found.code for found in problems] == [code]
    assert problems[0].help


# many rows


def test_what_is_wrong_in_every_row_is_said_a_few_times_and_counted(resolve: Resolve) -> None:
    text = "sku,Product Name,price,stock\n" + "".join(f"{n},x,cheap,\n" for n in range(5000))
    found = wrong(resolve(PRODUCTS, file=text))
    assert len(found) == 4
    assert found[-1][2].endswith("and 4,996 more like this below")
    found = wrong(resolve("{type: table}", name="t.jsonl", file="oops\n" * 5000))
    assert len(found) == 3
    assert found[-1][2].endswith("and 4,997 more lines are not JSON")


def test_lines_that_are_not_json_are_told_among_the_others_in_order(resolve: Resolve) -> None:
    text = '{"n": "x"}\n{"n":\n{"n": 1.5}\n[1]\n'
    found = wrong(resolve("{type: table, columns: {n: integer}}", name="t.jsonl", file=text))
    assert [one[1] for one in found] == ["t.jsonl:1:7", "t.jsonl:2:6", "t.jsonl:3:7", "t.jsonl:4:1"]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_ten_thousand_rows_are_read_soon(resolve: Resolve, name: str) -> None:
    if name == "t.csv":
        text = "sku,Product Name,price,stock,sale,note\n" + "".join(
            f'{n},"Boot, number {n}",{n}.5,{n},TRUE,a note\n' for n in range(10_000)
        )
    else:
        lines = [
            f'{{"sku": "{n}", "Product Name": "Boot", "price": {n}.5, "stock": {n}, "sale": true, "note": "a"}}'
            for n in range(10_000)
        ]
        text = "\n".join(lines) if name == "t.jsonl" else "[" + ",\n".join(lines) + "]"
    start = time.process_time()
    rows = ok(resolve(PRODUCTS, name=name, file=text))
    assert len(rows) == 10_000
    assert time.process_time() - start < 5  # about half a second on an idle machine


@pytest.mark.parametrize(
    ("name", "text", "help_"),
    [
        ("t.json", '{"sku": 1}', 'write `[{"COLUMN": VALUE, …}, …]`, a mapping for each row'),
        ("t.yaml", "sku: 1\n", "write `- COLUMN: VALUE` for each row"),
        ("t.json", "[1]", 'write `{"COLUMN": VALUE, …}`'),
        ("t.jsonl", "[1]\n", 'write `{"COLUMN": VALUE, …}`'),
        ("t.yaml", "[1]\n", "write `COLUMN: VALUE` for each column"),
    ],
)
def test_how_rows_are_written_is_told_in_the_form_of_the_file(
    resolve: Resolve, name: str, text: str, help_: str
) -> None:
    _, problems = resolve(PRODUCTS, name=name, file=text)
    assert [found.help for found in problems] == [help_]
