"""Names with a `-`: told once where they are declared and once where they are mentioned, and differences stay differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seedflow.diagnostics import Diagnostic
from tests.unit.checks.conftest import describe

CheckAll = Callable[[str], list[Diagnostic]]

PHOTO = "inputs: {NAME: {type: text, default: a fox}}\n"
LIGHT = "values: {NAME: dusk}\n"
ONE = 'steps: {a: {generate: {prompt: "PROMPT"}}}\n'
LOOP = 'steps: {a: {for_each: {NAME: [x, y]}, generate: {prompt: "PROMPT"}}}\n'
EDITS = (
    "inputs: {start: {type: image, default: 'https://example.com/a.png'}}\n"
    'steps: {a: {iterate: {over: [x, y], as: NAME, start: "{{ inputs.start }}"},'
    ' generate: {prompt: "PROMPT", image_input: ["{{ prev }}"]}}}\n'
)
NAMED = (
    "inputs: {start: {type: image, default: 'https://example.com/a.png'}}\n"
    'steps: {a: {generate: {prompt: "PROMPT", image_input: {NAME: "{{ inputs.start }}"}}}}\n'
)
PLACES = [
    (PHOTO + ONE, "inputs", "my-photo"),
    (PHOTO + ONE, "inputs", "photo-2"),
    (PHOTO + ONE, "inputs", "photo-of-cat-2"),
    (PHOTO + ONE, "inputs", "hero-image"),
    (PHOTO + ONE, "inputs", "check-in"),
    (LIGHT + ONE, "values", "b-c"),
    (LOOP, "each", "p-q"),
    (EDITS, "each", "my-edit"),
    (NAMED, "ref", "my-hero"),
]


@pytest.mark.parametrize(("text", "root", "name"), PLACES, ids=[f"{row[1]}.{row[2]}" for row in PLACES])
@pytest.mark.parametrize("end", ["", " | upper", " ~ 'x'"])
def test_a_dash_is_told_where_it_is_declared_and_where_it_is_mentioned_and_following_both_helps_mends_it(
    check_all: CheckAll, text: str, root: str, name: str, end: str
) -> None:
    better = name.replace("-", "_")
    broken = "seedflow: 1\n" + text.replace("PROMPT", f"A {{{{ {root}.NAME{end} }}}}").replace("NAME", name)
    found = {describe(one): one.help or "" for one in check_all(broken)}
    used = f"template-unknown-name «{root}.{name}»"
    assert found.keys() == {f"bad-name «{name}»", used}
    assert found[f"bad-name «{name}»"] == f"write `{better}`"
    assert found[used].startswith(f"write `{root}.{better}`")
    assert check_all(broken.replace(name, better)) == []


@pytest.mark.parametrize(("text", "root", "name"), PLACES[:-1], ids=[row[2] for row in PLACES[:-1]])
def test_a_dash_in_a_mention_alone_is_told_with_the_name_that_is_declared(
    check_all: CheckAll, text: str, root: str, name: str
) -> None:
    better = name.replace("-", "_")
    broken = text.replace("PROMPT", f"A {{{{ {root}.{name} }}}}").replace("NAME", better)
    (found,) = check_all("seedflow: 1\n" + broken)
    assert describe(found) == f"template-unknown-name «{root}.{name}»"
    assert found.help == f"write `{root}.{better}`"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{{ inputs.n-1 }} {{ inputs.m }}", []),
        ("{{ inputs.n-inputs.m }}", []),
        ("{% set m = 2 %}{{ inputs.n-m }} {{ inputs.m }}", []),
        ("{{ inputs.n-m }}", ["template-unknown-name «m»"]),
        ("{{ n-m }}", ["template-unknown-name «n»", "template-unknown-name «m»"]),
        ("{{ inputs.n - photo }} {{ inputs.m }}", ["template-unknown-name «photo»"]),
    ],
)
def test_a_difference_is_no_name(check_all: CheckAll, prompt: str, expected: list[str]) -> None:
    numbers = "inputs: {n: {type: integer, default: 3}, m: {type: integer, default: 1}}\n"
    found = check_all("seedflow: 1\n" + numbers + ONE.replace("PROMPT", f"{prompt} foxes"))
    assert [describe(one) for one in found] == expected


def test_a_step_is_told_by_the_name_that_it_has(check_all: CheckAll) -> None:
    text = (
        "steps: {line_art: {generate: {prompt: A fox}},"
        ' b: {generate: {prompt: A fox, image_input: ["{{ steps.line-art.images[0] }}"]}}}\n'
    )
    (found,) = check_all("seedflow: 1\n" + text)
    assert (describe(found), found.help) == (
        "template-step-reference «steps.line-art»",
        "write `steps.line_art`",
    )


def test_a_name_that_stands_alone_is_one_problem(check_all: CheckAll) -> None:
    (found,) = check_all(
        "seedflow: 1\n" + (PHOTO + ONE).replace("PROMPT", "{{ my-photo }}").replace("NAME", "my_photo")
    )
    assert (describe(found), found.help) == ("template-unknown-name «my-photo»", "write `inputs.my_photo`")


@pytest.mark.parametrize(
    ("prompt", "marked", "better"),
    [("{% set a-b = 1 %}{{ 2 }}", "a-b", "a_b"), ("{{ zip(a-b=['x']) | length }}", "a-b", "a_b")],
)
def test_what_gets_a_value_has_no_dash(check_all: CheckAll, prompt: str, marked: str, better: str) -> None:
    (found,) = check_all("seedflow: 1\n" + ONE.replace("PROMPT", prompt))
    assert (describe(found), found.help) == (f"template-syntax «{marked}»", f"write `{better}`")


TABLE = """seedflow: 1
inputs:
  goods: {type: table, key: sku-no, columns: {sku-no: text, title: text}, default: [{sku-no: a1, title: fox}]}
steps:
  a:
    for_each: {g: "{{ inputs.goods }}"}
    generate: {prompt: "A {{ each.g.sku-no }} {{ each.g.title }}"}
"""


def test_a_column_with_a_dash_is_told_without_what_follows_for_rows_and_key(check_all: CheckAll) -> None:
    declared, used = check_all(TABLE)
    assert describe(declared) == "bad-name «sku-no»"
    assert declared.help is not None
    assert declared.help.startswith("write `sku_no`, in rows and in `key:` as well")
    assert describe(used) == "template-unknown-name «sku-no»"
    assert used.help is not None
    assert used.help.endswith("a declared column is called `sku_no`")
    assert check_all(TABLE.replace("sku-no", "sku_no")) == []


def test_an_input_without_its_root_behind_a_column_is_subtracted(check_all: CheckAll) -> None:
    text = TABLE.replace("sku-no", "sku").replace("each.g.sku ", "each.g.sku-sale ")
    found = check_all(text.replace("inputs:\n", "inputs:\n  sale: {type: integer, default: 1}\n"))
    assert [(describe(one), one.help) for one in found] == [
        ("template-unknown-name «sale»", "write `inputs.sale`")
    ]


def test_a_key_of_a_record_with_a_dash_is_found_by_brackets(check_all: CheckAll) -> None:
    text = """seedflow: 1
steps:
  a:
    for_each: {g: {in: [{sku-no: a1}], key: sku-no}}
    generate: {prompt: "A {{ each.g.sku-no }}"}
"""
    (found,) = check_all(text)
    assert found.help is not None
    assert found.help.startswith("write `['sku-no']` in place of `.sku-no`")
    assert check_all(text.replace("g.sku-no", "g['sku-no']")) == []
