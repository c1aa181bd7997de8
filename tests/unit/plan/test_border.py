"""What a caller gives a used recipe: tables keep the declared columns and key; prompts include files beside their own recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from planning import open_planner

from seedflow.diagnostics import Diagnostic
from seedflow.plan.model import Plan

INNER = """\
seedflow: 1
inputs:
  goods:
    type: table
    key: sku
    columns: {sku: text, count: {type: integer, default: 3}, note: {type: text, optional: true}}
steps:
  shot:
    for_each: {item: "{{ inputs.goods }}"}
    generate: {prompt: "{{ each.item.sku }} {{ each.item.count }} {{ each.item.note or '-' }}"}
outputs: {images: "{{ steps.shot.images }}"}
"""
ROWS = [{"id": "a", "sku": "x", "count": 1}, {"id": "b", "sku": "y", "note": "wet"}]

Start = Callable[..., tuple[Plan | None, list[Diagnostic]]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """The plan of a call of `INNER` with `goods`, and what is wrong."""
    (tmp_path / "inner.yaml").write_text(INNER)

    def run(goods: str, rows: object = ROWS) -> tuple[Plan | None, list[Diagnostic]]:
        inputs: Mapping[str, object] = {"rows": rows}
        text = (
            "inputs: {rows: {type: table, key: id, columns: {id: text, count: {type: integer, optional: true}}}, who: {type: text, default: me}}\n"
            f"steps: {{u: {{recipe: ./inner.yaml, with: {{goods: {goods}}}}}}}\n"
            'outputs: {o: "{{ steps.u.images }}"}\n'
        )
        return open_planner(text, inputs, folder=tmp_path).start()

    return run


def asked(plan: Plan | None) -> dict[str, object]:
    assert plan is not None
    return {task.address: task.params["prompt"] for task in plan.tasks}


def test_a_callers_table_becomes_the_declared_one(start: Start) -> None:
    plan, problems = start('"{{ inputs.rows }}"')
    assert problems == []
    assert asked(plan) == {"u/shot[item=x]": "x 1 -", "u/shot[item=y]": "y 3 wet"}


def test_records_that_are_written_out_with_templates_become_rows(start: Start) -> None:
    plan, _ = start('[{sku: "{{ inputs.who }}"}, {sku: "007", count: 2}]')
    assert asked(plan) == {"u/shot[item=me]": "me 3 -", "u/shot[item=007]": "007 2 -"}


def test_a_path_starts_in_the_callers_folder(start: Start, tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_text("sku,count\nx,1\ny,\n")
    plan, problems = start("goods.csv")
    assert problems == []
    assert asked(plan) == {"u/shot[item=x]": "x 1 -", "u/shot[item=y]": "y 3 -"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "a"}], "a table with none under `sku` in row 1, expected text, since it is not optional"),
        (
            [{"id": "a", "sku": "x"}, {"id": "b", "sku": "x"}],
            "a table whose rows 1 and 2 have the same `sku`, `x`, expected another one in each row",
        ),
        (
            [{"id": "a", "sku": ""}],
            "a table with no `sku` in row 1, expected one in every row: it is the key",
        ),
    ],
)
def test_rows_that_do_not_fit_are_told_by_column_and_row(start: Start, rows: object, said: str) -> None:
    plan, problems = start('"{{ inputs.rows }}"', rows)
    assert plan is None
    assert [(found.code, found.message) for found in problems] == [("wrong-shape", f"`goods` is {said}")]


def test_prompts_of_a_used_recipe_include_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "tone.md").write_text("outer")
    (tmp_path / "parts/tone.md").write_text("inner {{ name }}")
    prompt = "{% set name = inputs.name %}{% include 'tone.md' %}"
    (tmp_path / "parts/inner.yaml").write_text(
        "seedflow: 1\ninputs: {name: {type: text}}\n"
        f'steps: {{s: {{generate: {{prompt: "{prompt}"}}}}}}\noutputs: {{images: "{{{{ steps.s.images }}}}"}}\n'
    )
    plan, problems = open_planner(
        "steps:\n"
        "  u: {recipe: ./parts/inner.yaml, with: {name: fox}}\n"
        "  o: {generate: {prompt: \"{% include 'tone.md' %}\"}}\n"
        'outputs: {u: "{{ steps.u.images }}", o: "{{ steps.o.images }}"}\n',
        folder=tmp_path,
    ).start()
    assert problems == []
    assert asked(plan) == {"u/s": "inner fox", "o": "outer"}


SKIPPED = (
    'steps:\n  a: {{when: "{{{{ inputs.go }}}}", generate: {{prompt: a}}}}\n'
    '  u: {{recipe: ./inner.yaml, with: {{pic: "{{{{ {given} }}}}"}}}}\n'
)


@pytest.mark.parametrize(
    "references",
    [
        '["{{ inputs.pic }}"]',
        '{pic: "{{ inputs.pic }}"}',
        '["{{ values.same }}"]',
        '["{{ inputs.pic or inputs.other }}"]',
    ],
)
@pytest.mark.parametrize(
    "given", ["optional(steps.a.images[0])", "optional(steps.a.images[0]) or optional(steps.a.images[0])"]
)
def test_an_image_that_must_be_given_is_not_left_out_when_it_was_skipped(
    tmp_path: Path, references: str, given: str
) -> None:
    def plan(declared: str) -> tuple[Plan | None, list[Diagnostic]]:
        prompt = "{% if ref.pic %}{{ ref.pic }}{% endif %} x" if references.startswith("{") else "x"
        (tmp_path / "inner.yaml").write_text(
            f"seedflow: 1\ninputs: {{pic: {declared}, other: {{type: image, optional: true}}}}\n"
            'values: {same: "{{ inputs.pic }}"}\n'
            f'steps: {{s: {{generate: {{prompt: "{prompt}", image_input: {references}}}}}}}\n'
            'outputs: {o: "{{ steps.s.images }}"}\n'
        )
        text = "inputs: {go: {type: boolean, default: false}}\n" + SKIPPED.format(given=given)
        return open_planner(text, folder=tmp_path).start()

    found, problems = plan("{type: image}")
    assert found is None
    assert [(one.code, one.message) for one in problems] == [
        ("wrong-shape", "`pic` is none, expected an image, since it is not optional")
    ]
    span = problems[0].span
    assert span is not None
    assert span.source.text[span.start : span.end].strip('"') == f"{{{{ {given} }}}}"
    found, problems = plan("{type: image, optional: true}")
    assert found is not None
    assert [(task.address, task.params.get("prompt")) for task in found.tasks] == [("a", None), ("u/s", "x")]
    assert problems == []


@pytest.mark.parametrize(
    ("of", "given", "message"),
    [
        ("{type: integer, maximum: 50}", 60, "`l` is a list whose item 2 is 60, expected at most 50"),
        ("{type: text, max_length: 1}", 60, "`l` is a list whose item 2 is 2 characters long, expected at most 1"),
        ("{type: choice, options: [a, b]}", "", "`l` is a list whose item 2 is empty text, expected one of a, b"),
    ],
)  # fmt: skip # a row a line
def test_of_a_list_the_item_is_named_that_does_not_fit(
    tmp_path: Path, of: str, given: object, message: str
) -> None:
    (tmp_path / "inner.yaml").write_text(
        f"seedflow: 1\ninputs: {{l: {{type: list, of: {of}}}}}\n"
        'steps: {s: {for_each: {p: "{{ inputs.l }}"}, generate: {prompt: "{{ each.p }}"}}}\n'
        'outputs: {o: "{{ steps.s.images }}"}\n'
    )
    kind = "integer" if isinstance(given, int) else "text"
    first = '"a"' if "choice" in of else "3"
    text = (
        f"inputs: {{n: {{type: {kind}}}}}\n"
        f'steps: {{u: {{recipe: ./inner.yaml, with: {{l: [{first}, "{{{{ inputs.n }}}}"]}}}}}}\n'
    )
    plan, problems = open_planner(text, {"n": given}, folder=tmp_path).start()
    assert plan is None
    assert [one.message for one in problems] == [message]
