"""The files that defaults name are opened by a check, and only there: who gives a value may plan without them."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedflow
from tests.golden.harness import PICTURES

_RECIPE = """\
seedflow: 1
inputs:
  photo: {type: image, default: nowhere.jpg}
steps:
  page:
    generate: {prompt: The same fox, image_input: "{{ inputs.photo }}"}
outputs:
  page: "{{ steps.page.images }}"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(_RECIPE)
    (tmp_path / "fox.jpg").write_bytes((PICTURES / "fox.jpg").read_bytes())
    return tmp_path


def test_a_check_opens_what_a_default_names() -> None:
    assert [found.code for found in seedflow.check_recipe("one.yaml").diagnostics] == ["image-missing"]


def test_with_a_value_the_default_is_not_needed() -> None:
    planned = seedflow.plan_recipe("one.yaml", {"photo": "fox.jpg"}, provider="sketch")
    assert planned.plan.totals.calls == (1, 1)


def test_a_default_of_a_used_recipe_counts_where_its_user_gives_no_value(project: Path) -> None:
    use = "seedflow: 1\nsteps:\n  one: {recipe: ./one.yaml, with: {photo: fox.jpg}}\n"
    (project / "use.yaml").write_text(use)
    assert seedflow.check_recipe("use.yaml").ok
    (project / "use.yaml").write_text(use.replace(", with: {photo: fox.jpg}", ""))
    assert [found.code for found in seedflow.check_recipe("use.yaml").diagnostics] == ["image-missing"]


TABLE = """\
seedflow: 1
inputs:
  rows: {type: table, key: sku, columns: {sku: text, price: {type: number, optional: true}}, default: rows.csv}
steps:
  page:
    for_each: {row: "{{ inputs.rows }}"}
    generate: {prompt: "PROMPT"}
"""


@pytest.mark.parametrize(
    ("prompt", "codes"),
    [
        ("{{ each.row.sku }} {{ each.row.title }}", []),
        ("{{ each.row.sku }} {{ each.row.colour }}", ["unknown-attribute"]),
        ("{{ each.row.sku }} {{ each.row.colour | default('red') }}", []),
        ("{{ each.row.sku }} {% if each.row.price %}{{ each.row.price }}{% endif %}", []),
    ],
)
def test_a_printed_column_is_declared_or_in_the_default_table(
    project: Path, prompt: str, codes: list[str]
) -> None:
    (project / "rows.csv").write_text("sku,title\na,Chair\nb,Table\n")
    (project / "two.yaml").write_text(TABLE.replace("PROMPT", prompt))
    checked = seedflow.check_recipe("two.yaml")
    assert checked.ok
    assert [found.code for found in checked.diagnostics] == codes
    (project / "more.csv").write_text("sku,title,colour\na,Chair,red\n")
    planned = seedflow.plan_recipe("two.yaml", {"rows": "more.csv"}, provider="sketch")
    assert planned.plan.totals.calls == (1, 1)


GOODS = """\
seedflow: 1
inputs:
  goods:
    type: table
    key: id
    columns: {id: text, photo: image, photos: {type: list, of: image}}
    default: [{id: "1", photo: fox.jpg, photos: [fox.jpg]}]
steps:
  page:
    for_each: {it: ITEMS}
    generate: {prompt: "PROMPT", image_input: "IMAGE"}
"""


@pytest.mark.parametrize(
    ("items", "image"),
    [
        ("inputs.goods | map(attribute='photo')", "each.it"),
        ("inputs.goods | selectattr('photo') | map(attribute='photo')", "each.it"),
        ("(inputs.goods | first).photos", "each.it"),
        ("inputs.goods[0].photos", "each.it"),
        (
            "zip(n=inputs.goods | map(attribute='id'), p=inputs.goods | map(attribute='photos') | map(attribute=0))",
            "each.it.p",
        ),
    ],
)
@pytest.mark.parametrize("attribute", ["name", "width", "key"])
def test_the_items_of_a_column_are_no_rows(project: Path, items: str, image: str, attribute: str) -> None:
    listed = f'"{{{{ {items} }}}}"'
    listed = f"{{in: {listed}, key: n}}" if items.startswith("zip") else listed
    text = GOODS.replace("ITEMS", listed).replace("PROMPT", f"Restore {{{{ {image}.{attribute} }}}}")
    (project / "three.yaml").write_text(text.replace("IMAGE", f"{{{{ {image} }}}}"))
    assert seedflow.check_recipe("three.yaml").diagnostics == ()


@pytest.mark.parametrize(
    "items",
    [
        "inputs.goods",
        "inputs.goods[:1]",
        "inputs.goods | selectattr('photo') | sort(attribute='id') | list",
        "inputs.goods + []",
        "inputs.goods or []",
        "inputs.goods if inputs.goods | length > 0 else []",
    ],
)
def test_some_of_the_rows_are_still_rows(project: Path, items: str) -> None:
    text = GOODS.replace("ITEMS", f'"{{{{ {items} }}}}"')
    text = text.replace("    columns: {id: text, photo: image, photos: {type: list, of: image}}\n", "")
    text = text.replace("PROMPT", "A {{ each.it.colour }}").replace(', image_input: "IMAGE"', "")
    (project / "three.yaml").write_text(text)
    assert [found.code for found in seedflow.check_recipe("three.yaml").diagnostics] == ["unknown-attribute"]


def test_what_is_wrong_with_a_default_table_is_said_by_a_check(project: Path) -> None:
    (project / "rows.csv").write_text("sku,price\na,cheap\n")
    (project / "two.yaml").write_text(TABLE.replace("PROMPT", "{{ each.row.sku }}"))
    assert not seedflow.check_recipe("two.yaml").ok


def test_the_column_that_tells_rows_apart_is_declared_or_in_the_default_table(project: Path) -> None:
    (project / "rows.csv").write_text("sku,price,colour\nA-1,3,red\nA-2,4,blue\n")
    text = TABLE.replace('row: "{{ inputs.rows }}"', 'row: {in: "{{ inputs.rows }}", key: KEY}')
    for key, told in (("colour", None), ("sku", None), ("color", "did you mean `colour`?")):
        (project / "key.yaml").write_text(text.replace("KEY", key).replace("PROMPT", "A {{ each.row.sku }}"))
        found = [one for one in seedflow.check_recipe("key.yaml").diagnostics if one.code != "unused-step"]
        assert [(one.code, one.help) for one in found] == (
            [] if told is None else [("unknown-attribute", told)]
        )
    with pytest.raises(seedflow.RecipeError) as raised:
        seedflow.plan_recipe("key.yaml", provider="sketch")
    assert [(one.code, one.help) for one in raised.value.diagnostics if one.code == "no-key"] == [
        ("no-key", "did you mean `key: colour`?")
    ]


@pytest.mark.parametrize(("rows", "codes"), [("[]", []), ("[{sku: A-1}]", ["no-key"])])
def test_a_table_of_no_rows_needs_no_key(project: Path, rows: str, codes: list[str]) -> None:
    (project / "rows.yaml").write_text(
        f"seedflow: 1\ninputs: {{rows: {{type: table, default: {rows}}}}}\n"
        'steps: {page: {for_each: {row: "{{ inputs.rows }}"}, generate: {prompt: "{{ each.row.sku }}"}}}\n'
        'outputs: {o: "{{ steps.page.images }}"}\n'
    )
    assert [one.code for one in seedflow.check_recipe("rows.yaml").diagnostics] == codes
