"""Columns that are not declared and tested as if `false` in a cell were false: told in checks and in plans, where it is certain."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedflow
from seedflow.diagnostics import Diagnostic

RECIPE = """\
seedflow: 1
inputs:
  rows: {type: table, key: id, columns: {id: text, COLUMN}, default: rows.csv}
steps:
  page:
    for_each: {row: "ITEMS"}
    generate: {prompt: "{{ each.row.id }} PROMPT"}
"""
IF = "{% if each.row.sale %} on sale{% endif %}"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,sale\na,true\nb,FALSE\n")
    return tmp_path


def write(
    folder: Path,
    prompt: str,
    items: str = "{{ inputs.rows }}",
    column: str = "note: {type: text, optional: true}",
) -> None:
    text = RECIPE.replace("PROMPT", prompt).replace("ITEMS", items).replace("COLUMN", column)
    (folder / "one.yaml").write_text(text)


def find(diagnostics: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    return [found for found in diagnostics if found.code == "text-for-boolean"]


@pytest.mark.parametrize(
    "prompt",
    [
        IF,
        "{{ 'on sale' if each.row.sale else 'full' }}",
        "{{ 'full' if not each.row.sale else 'sale' }}",
        "{{ 'sale' if each.row.id and each.row.sale else '' }}",
        "{{ 'sale' if each.row.sale | default(false) else '' }}",
        "{{ each.row.sale and 'on sale' }}",
        "{% if each.row.sale is defined and each.row.sale %}sale{% endif %}",
        "{% for row in inputs.rows if row.sale %}{{ row.id }}{% endfor %}",
        "{{ inputs.rows | selectattr('sale') | map(attribute='id') | join(', ') }}",
    ],
)
def test_a_test_of_text_that_says_false_is_told_by_check_and_plan(project: Path, prompt: str) -> None:
    write(project, prompt)
    checked = seedflow.check_recipe("one.yaml")
    assert checked.ok
    (found,) = find(checked.diagnostics)
    assert "column `sale` of the table `rows`" in found.message
    assert "`FALSE` in row 2" in found.message
    assert found.help == "declare `sale: boolean` under `columns:`"
    (planned,) = find(seedflow.plan_recipe("one.yaml", provider="sketch").warnings)
    assert (planned.message, str(planned.span)) == (found.message, str(found.span))


@pytest.mark.parametrize(
    "prompt",
    [
        "{% if each.row.sale == 'true' %} on sale{% endif %}",
        "{% if each.row.sale == 'true' or (each.row.id == 'a' and not each.row.sale) %} on sale{% endif %}",
        "{% if each.row.sale is defined %} on sale{% endif %}",
        "{% if each.row.sale %} sale: {{ each.row.sale }}{% endif %}",
        "{{ each.row.sale or 'not known' }}",
        "{{ inputs.rows | selectattr('sale', 'equalto', 'true') | map(attribute='id') | join(', ') }}",
    ],
)
def test_whoever_looks_at_the_text_means_it(project: Path, prompt: str) -> None:
    write(project, prompt)
    assert find(seedflow.check_recipe("one.yaml").diagnostics) == []


@pytest.mark.parametrize(
    ("prompt", "items"),
    [
        ("{{ inputs.rows | selectattr('sale') | map(attribute='sale') | join(', ') }}", "{{ inputs.rows }}"),
        (
            "{{ inputs.rows | selectattr('sale') | length }} {{ each.row.sale }}",
            "{{ inputs.rows | selectattr('sale') }}",
        ),
    ],
)
def test_what_a_filter_chose_may_be_printed(project: Path, prompt: str, items: str) -> None:
    write(project, prompt, items)
    assert find(seedflow.check_recipe("one.yaml").diagnostics) == []


def test_what_a_name_of_a_file_prints_is_meant_as_text(project: Path) -> None:
    write(project, IF)
    text = (project / "one.yaml").read_text()
    files = (
        'outputs: {o: {images: "{{ steps.page.images }}", file: "{{ each.row.id }}-{{ each.row.sale }}"}}\n'
    )
    (project / "one.yaml").write_text(text + files)
    assert find(seedflow.check_recipe("one.yaml").diagnostics) == []
    (project / "one.yaml").write_text(text + files.replace("-{{ each.row.sale }}", ""))
    assert len(find(seedflow.check_recipe("one.yaml").diagnostics)) == 1


def test_a_row_that_never_comes_to_the_test_is_not_told(project: Path) -> None:
    write(project, IF, items="{{ inputs.rows | selectattr('sale', 'equalto', 'true') }}")
    assert find(seedflow.check_recipe("one.yaml").diagnostics) == []


def test_the_help_can_be_followed(project: Path) -> None:
    write(project, IF, column="sale: boolean")
    assert seedflow.check_recipe("one.yaml").diagnostics == ()
    plan = seedflow.plan_recipe("one.yaml", provider="sketch").plan
    assert [task.params["prompt"] for task in plan.tasks] == ["a  on sale", "b"]


@pytest.mark.parametrize(
    ("cells", "help_"),
    [
        (("true", "false", ""), "declare `sale: {type: boolean, optional: true}` under `columns:`"),
        (("3", "0"), "declare `sale: number` under `columns:`"),
        (("yes", "no"), "declare `sale: boolean` under `columns:`, and write `true` or `false` in its cells"),
        (
            ("no", "red ribbon"),
            (
                "declare `sale: boolean` under `columns:`, and write `true` or `false` in its cells; or leave the cells empty that are not to "
                "hold"
            ),
        ),
    ],
)
def test_the_help_fits_what_the_cells_say(project: Path, cells: tuple[str, ...], help_: str) -> None:
    rows = "".join(f"k{number},{cell}\n" for number, cell in enumerate(cells))
    (project / "rows.csv").write_text(f"id,sale\n{rows}")
    write(project, IF)
    (found,) = find(seedflow.check_recipe("one.yaml").diagnostics)
    assert found.help == help_


def test_the_help_for_a_table_without_columns_declares_the_key_as_well(project: Path) -> None:
    write(project, IF)
    text = (project / "one.yaml").read_text()
    columns = "columns: {id: text, note: {type: text, optional: true}}, "
    assert columns in text
    (project / "one.yaml").write_text(text.replace(columns, ""))
    (found,) = find(seedflow.check_recipe("one.yaml").diagnostics)
    assert found.help == "write `columns: {id: text, sale: boolean}`"
    (project / "one.yaml").write_text(text.replace(columns, "columns: {id: text, sale: boolean}, "))
    assert seedflow.check_recipe("one.yaml").diagnostics == ()
    plan = seedflow.plan_recipe("one.yaml", provider="sketch").plan
    assert [task.params["prompt"] for task in plan.tasks] == ["a  on sale", "b"]


def test_rows_without_any_such_text_are_not_told(project: Path) -> None:
    (project / "rows.csv").write_text("id,sale\na,true\nb,\n")
    write(project, IF)
    assert find(seedflow.check_recipe("one.yaml").diagnostics) == []


def test_a_table_that_is_given_is_looked_at_in_the_plan_and_through_used_recipes(project: Path) -> None:
    (project / "rows.csv").write_text("id,sale\na,true\n")
    (project / "more.csv").write_text("id,sale\na,true\nb,off\n")
    write(project, IF)
    text = (project / "one.yaml").read_text() + 'outputs: {page: "{{ steps.page.images }}"}\n'
    (project / "one.yaml").write_text(text)
    assert find(seedflow.plan_recipe("one.yaml", provider="sketch").warnings) == []
    planned = seedflow.plan_recipe("one.yaml", {"rows": "more.csv"}, provider="sketch")
    assert ["`off` in row 2" in found.message for found in find(planned.warnings)] == [True]
    (project / "use.yaml").write_text(
        "seedflow: 1\ninputs: {goods: {type: table, key: id}}\n"
        "steps: {it: {recipe: ./one.yaml, with: {rows: '{{ inputs.goods }}'}}}\n"
    )
    planned = seedflow.plan_recipe("use.yaml", {"goods": "more.csv"}, provider="sketch")
    assert ["`off` in row 2" in found.message for found in find(planned.warnings)] == [True]
