"""The rules of inputs and values: types, where a value comes from and how it is read, tables, images."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from seedflow.images.facts import FileImage
from tests.rules.desk import Desk

SHOW = 'steps: {page: {generate: {prompt: "{{ inputs.it }}"}}}'


@pytest.mark.parametrize(
    ("declared", "good", "shown", "bad"),
    [
        ("{type: text}", "a fox", "a fox", None),
        ("{type: text, min_length: 2, max_length: 3}", "abc", "abc", "abcd"),
        ("{type: number}", "2.50", "2.5", "two"),
        ("{type: number, minimum: 0, maximum: 1}", "1", "1", "1.1"),
        ("{type: integer}", "3", "3", "3.5"),
        ("{type: integer, minimum: 1}", "1", "1", "0"),
        ("{type: boolean}", "true", "true", "yes"),
        ("{type: choice, options: [calm, 007]}", "007", "007", "7"),
    ],
)
def test_the_declared_type_decides_how_a_value_is_read(
    desk: Desk, declared: str, good: str, shown: str, bad: str | None
) -> None:
    """`text`, `number`, `integer`, `boolean`, `choice` with `options`, and bounds where they make sense."""
    recipe = f"inputs: {{it: {declared}}}\n{SHOW}"
    assert desk.asks(recipe, f"it={good}") == {"page": shown}
    if bad is not None:
        assert len(desk.codes(recipe, f"it={bad}")) == 1


@pytest.mark.parametrize(
    ("declared", "file", "shown"),
    [
        ("{type: list, of: text}", "it: [007, no]", "007 no"),
        ("{type: list, of: integer}", "it: [1, 2]", "1 2"),
        ("{type: list, of: {type: choice, options: [a, b]}}", "it: [b, a]", "b a"),
        ("{type: list, of: {type: number, minimum: 0}, min_items: 2}", "it: [1, 0.5]", "1 0.5"),
    ],
)
def test_a_list_is_of_a_type_or_of_a_full_definition(
    desk: Desk, declared: str, file: str, shown: str
) -> None:
    desk.write("given.yaml", file)
    recipe = f"inputs: {{it: {declared}}}\nsteps: {{page: {{generate: {{prompt: \"{{{{ inputs.it | join(' ') }}}}\"}}}}}}"
    assert desk.asks(recipe, file="given.yaml") == {"page": shown}


def test_a_list_may_be_of_lists(desk: Desk) -> None:
    recipe = """
        inputs: {it: {type: list, of: {type: list, of: text}, default: [[a, b], [c]]}}
        steps: {page: {for_each: {row: [0, 1]}, generate: {prompt: "{{ inputs.it[each.row] | join(' ') }}"}}}
    """
    assert list(desk.asks(recipe).values()) == ["a b", "c"]


def test_an_absent_optional_is_none(desk: Desk) -> None:
    """Of every type, and a parameter or reference that it would give is left out."""
    recipe = """
        inputs: {a: {type: %s, optional: true}, size: {type: choice, options: [4K], optional: true}, style: {type: image, optional: true}}
        steps:
          page:
            generate:
              prompt: "{{ inputs.a is none }}"
              size: "{{ inputs.size }}"
              image_input: ["{{ inputs.style }}"]
    """
    for declared in (
        "text",
        "number",
        "integer",
        "boolean",
        "choice, options: [a]",
        "image",
        "list, of: text",
        "table",
    ):
        task = desk.tasks(recipe % declared)["page"]
        assert (dict(task.params), task.references) == ({"prompt": "true"}, ())


def test_an_input_without_default_that_is_not_optional_must_be_given(desk: Desk) -> None:
    assert desk.codes(f"inputs: {{it: {{type: text}}}}\n{SHOW}") == ["missing-input"]


def test_a_default_is_data_and_not_a_template(desk: Desk) -> None:
    """Braces in it reach the prompt as they are."""
    assert desk.asks(f"inputs: {{it: {{type: text, default: '{{{{ values.x }}}} {{% if'}}}}\n{SHOW}") == {
        "page": "{{ values.x }} {% if"
    }


def test_values_come_from_the_command_line_then_the_file_then_the_default(desk: Desk) -> None:
    """`-i name=value`, `--inputs file.yaml`, the caller's `with:`, or the default, in that order."""
    recipe = f"inputs: {{it: {{type: text, default: default}}}}\n{SHOW}"
    desk.write("given.yaml", "it: file")
    assert desk.asks(recipe) == {"page": "default"}
    assert desk.asks(recipe, file="given.yaml") == {"page": "file"}
    assert desk.asks(recipe, "it=argument", file="given.yaml") == {"page": "argument"}


def test_with_comes_before_the_default(desk: Desk) -> None:
    desk.write(
        "inner.yaml",
        f'seedflow: 1\ninputs: {{it: {{type: text, default: default}}}}\n{SHOW}\noutputs: {{images: "{{{{ steps.page.images }}}}"}}\n',
    )
    recipe = "steps:\n  a: {recipe: ./inner.yaml}\n  b: {recipe: ./inner.yaml, with: {it: called}}\n"
    assert desk.asks(recipe) == {"a/page": "default", "b/page": "called"}


def test_an_argument_is_repeated_for_lists_and_commas_never_split(desk: Desk) -> None:
    recipe = "inputs: {it: {type: list, of: text}}\nsteps: {page: {generate: {prompt: \"{{ inputs.it | join(' | ') }}\"}}}"
    assert desk.asks(recipe, "it=a, b", "it=c") == {"page": "a, b | c"}
    assert desk.codes(f"inputs: {{it: {{type: text}}}}\n{SHOW}", "it=a", "it=b") == ["given-twice"]


ROWS = """
    inputs:
      products:
        type: table
        key: sku
        columns:
          sku: text
          title: {type: text, header: Product name}
          price: {type: number, minimum: 0}
          colour: {type: text, optional: true}
    steps:
      photo:
        for_each: {row: "{{ inputs.products }}"}
        generate: {prompt: "{{ each.row.title }} {{ each.row.price }}{% if each.row.colour is none %} plain{% endif %}"}
"""
FROM_FILES = {
    "p.csv": "sku,Product name,price,colour\n007,boots,19.50,\n012,hat,8,red\n",
    "p.jsonl": '{"sku": "007", "Product name": "boots", "price": 19.5}\n{"sku": "012", "Product name": "hat", "price": 8, "colour": "red"}\n',
    "p.json": json.dumps([{"sku": "007", "Product name": "boots", "price": 19.5}, {"sku": "012", "Product name": "hat", "price": 8, "colour": "red"}]),
    "p.yaml": "- {sku: 007, Product name: boots, price: 19.5}\n- {sku: 012, Product name: hat, price: 8, colour: red}\n",
}  # fmt: skip # a row a line


@pytest.mark.parametrize("name", FROM_FILES)
def test_the_rows_of_a_table_come_from_csv_jsonl_json_and_yaml(desk: Desk, name: str) -> None:
    """Records, with `columns`, `key` and `header`; the declared type reads each cell, and an empty optional one is none."""
    desk.write(name, FROM_FILES[name])
    assert desk.asks(ROWS, f"products={name}") == {
        "photo[row=007]": "boots 19.5 plain",
        "photo[row=012]": "hat 8",
    }


def test_the_rows_of_a_table_may_stand_inline(desk: Desk) -> None:
    desk.write(
        "given.yaml",
        "products: [{sku: 007, title: boots, price: 19.5}, {sku: 012, title: hat, price: 8, colour: red}]",
    )
    assert desk.asks(ROWS, file="given.yaml") == {
        "photo[row=007]": "boots 19.5 plain",
        "photo[row=012]": "hat 8",
    }


def test_how_csv_is_read(desk: Desk) -> None:
    """Byte order mark dropped, delimiter declared or comma, undeclared columns are text."""
    desk.write("p.csv", b'\xef\xbb\xbfsku,Product name,price,colour,extra\n007,"boots, red",1,x,1.10\n')
    recipe = ROWS.replace("{{ each.row.price }}", "{{ each.row.extra }}")
    assert desk.asks(recipe, "products=p.csv") == {"photo[row=007]": "boots, red 1.10"}
    desk.write("p.csv", "sku;Product name;price\n007;boots, red;1\n")
    assert desk.asks(ROWS.replace("key: sku", "key: sku\n        delimiter: ;"), "products=p.csv") == {
        "photo[row=007]": "boots, red 1 plain"
    }


def test_wrong_cells_are_reported_by_file_row_and_column(desk: Desk) -> None:
    """All of them in one go, each at its cell."""
    desk.write("p.csv", "sku,Product name,price\n007,boots,cheap\n012,hat,-1\n013,,3\n")
    found = desk.problems(ROWS, "products=p.csv")
    assert [(str(one.span), one.code) for one in found] == [
        ("p.csv:2:11", "wrong-type"), ("p.csv:3:9", "out-of-bounds"), ("p.csv:4:5", "empty-cell"),
    ]  # fmt: skip # a row a line
    said = [one.message for one in found]
    assert [("row 1" in said[0], "price" in said[0]), ("row 2" in said[1], "price" in said[1])] == [
        (True, True)
    ] * 2
    assert ("row 3" in said[2], "Product name" in said[2]) == (True, True)


IMAGES = """
    inputs: {it: {type: image%s}}
    steps: {page: {generate: {prompt: "A {{ inputs.it.name }}", image_input: ["{{ inputs.it }}"]}}}
"""


def test_an_image_is_an_https_url_or_a_path(desk: Desk) -> None:
    """And nothing else: neither http nor another scheme."""
    recipe = 'inputs: {it: {type: image}}\nsteps: {page: {generate: {prompt: A, image_input: ["{{ inputs.it }}"]}}}'
    assert len(desk.tasks(recipe, "it=https://pictures.example/a.jpg")["page"].references) == 1
    assert len(desk.tasks(recipe, "it=fox.jpg")["page"].references) == 1
    for wrong in (
        "http://pictures.example/a.jpg",
        "ftp://pictures.example/a.jpg",
        "data:image/png;base64,AAAA",
        "nowhere.jpg",
        "",
    ):
        assert len(desk.codes(recipe, f"it={wrong}")) == 1, wrong


def test_a_path_is_relative_to_the_file_that_spells_it(desk: Desk) -> None:
    """Or to the current folder on the command line."""
    desk.write("there/given.yaml", "it: near.jpg")
    Image.new("RGB", (7, 5)).save(desk.folder / "there" / "near.jpg")
    assert desk.asks(IMAGES % "", file="there/given.yaml") == {"page": "A near"}
    assert desk.asks(IMAGES % "", "it=there/near.jpg") == {"page": "A near"}
    assert desk.asks(IMAGES % ", default: fox.jpg") == {"page": "A fox"}
    assert desk.codes(IMAGES % "", "it=near.jpg") == ["image-missing"]


@pytest.mark.parametrize(
    "expression", ["inputs.text", "'fox.jpg'", "values.path", "'https://pictures.example/a.jpg'"]
)
def test_a_rendered_text_is_never_a_path(desk: Desk, expression: str) -> None:
    said = desk.codes(f"""
        inputs: {{text: {{type: text, default: fox.jpg}}}}
        values: {{path: "{{{{ inputs.text }}}}"}}
        steps: {{page: {{generate: {{prompt: A, image_input: ["{{{{ {expression} }}}}"]}}}}}}
    """)
    assert said in (["text-for-image"], ["reference-is-text"], ["not-an-image"])


def test_a_list_of_images_takes_a_folder_or_a_glob(desk: Desk) -> None:
    """Sorted, keyed by relative path."""
    for name in ("b.jpg", "a.png", "deep/c.jpg"):
        path = desk.folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (7, 5), (len(name), 0, 0)).save(path)
    recipe = """
        inputs: {it: {type: list, of: image}}
        steps: {page: {for_each: {photo: "{{ inputs.it }}"}, generate: {prompt: A, image_input: ["{{ each.photo }}"]}}}
    """
    assert list(desk.tasks(recipe, "it=photos")) == ["page[photo=a.png]", "page[photo=b.jpg]"]
    assert list(desk.tasks(recipe, "it=photos/**/*.jpg")) == ["page[photo=b.jpg]", "page[photo=deep/c.jpg]"]


def test_local_images_are_opened_hashed_and_measured_before_anything_is_planned(desk: Desk) -> None:
    """What cannot be decoded is an error, also where no task would use it."""
    desk.open("steps: {}")
    Image.new("RGB", (70, 50)).save(desk.folder / "good.png")
    task = desk.tasks(
        'inputs: {it: {type: image, default: good.png}}\nsteps: {page: {generate: {prompt: "{{ inputs.it.width }}", image_input: ["{{ inputs.it }}"]}}}'
    )["page"]
    [reference] = task.references
    assert isinstance(reference.image, FileImage)
    assert (reference.image.facts.width_px, reference.image.facts.height_px, task.params["prompt"]) == (
        70,
        50,
        "70",
    )
    assert reference.image.facts.digest.startswith("sha256:")
    desk.write("broken.png", (desk.folder / "good.png").read_bytes()[:40])
    recipe = 'inputs: {it: {type: image}}\nsteps: {page: {when: "{{ false }}", generate: {prompt: A, image_input: ["{{ inputs.it }}"]}}}'
    assert desk.codes(recipe, "it=broken.png") == ["image-unreadable"]


def test_values_name_templates_over_inputs_and_other_values(desk: Desk) -> None:
    """So that a phrase stands once. In any order, never in a circle, and over nothing else."""
    assert (
        desk.prompt(
            '"{{ values.a }}."',
            "{hero: {type: text, default: a fox}}",
            '{a: "{{ values.b }} at dawn", b: "{{ inputs.hero }}"}',
        )
        == "a fox at dawn."
    )
    assert desk.prompt_says('"{{ values.a }}"', values='{a: "{{ values.b }}", b: "{{ values.a }}"}') == [
        "value-cycle"
    ]
    assert desk.prompt_says('"{{ values.a }}"', values='{a: "{{ steps.page.images | length }}"}') == [
        "template-unknown-name"
    ]
    assert desk.prompt_says('"{{ values.a }}"', values='{a: "{{ each.x }}"}') == ["template-unknown-name"]
    assert desk.prompt("\"{{ values.a | join('-') }}\"", values="{a: \"{{ ['x', 'y'] }}\"}") == "x-y"


def test_too_many_items_and_what_is_wrong_with_each_of_them_come_in_one_go(desk: Desk) -> None:
    declared = "{type: list, of: {type: number, minimum: 0, maximum: 1}, max_items: 2}"
    recipe = f"inputs: {{it: {declared}}}\n" + SHOW.replace("inputs.it", "inputs.it | join(' ')")
    found = desk.problems(recipe, "it=2", "it=nan", "it=3")
    assert [(one.code, one.message) for one in found] == [
        ("out-of-bounds", "found 3 items, expected at most 2"),
        ("out-of-bounds", "found 2, expected 0 to 1"),
        ("wrong-type", "found the text `nan`, expected a number"),
        ("out-of-bounds", "found 3, expected 0 to 1"),
    ]
