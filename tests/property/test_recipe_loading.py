"""Any tree of nodes binds to a recipe or to diagnostics, and any given value is read or refused; nothing is raised."""

from __future__ import annotations

import copy
import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.schema import build_json_schema
from seedflow.recipe.values import resolve_values
from seedflow.recipe.views import Row
from seedflow.text.characters import find_control
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import read_yaml

WORDS = [
    "seedflow",
    "name",
    "description",
    "inputs",
    "values",
    "defaults",
    "steps",
    "outputs",
    "limits",
    "ref_words",
    "type",
    "of",
    "options",
    "optional",
    "default",
    "header",
    "columns",
    "delimiter",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "generate",
    "for_each",
    "needs",
    "tags",
    "was",
    "in",
    "key",
    "at_most",
    "images",
    "file",
    "cost_usd",
    "tasks",
    "one",
    "many",
    "comma",
    "last",
    "range",
    "prompt",
    "size",
    "image_input",
    "model",
    "recipe",
    "choose",
    "transform",
    "takes",
    "expect",
    "iterate",
    "when",
    "with",
    "over",
    "as",
    "start",
    "otherwise",
    "attempts",
    "distinct",
    "min_width",
    "columns",
    "a",
    "b",
    "hero",
    "x-free",
    "Bad-Name",
    "sise",
    "genrate",
    "recipes",
    "x-generate",
    "gterate",
    "for_eech",
    "neds",
    "optoins",
]
SCALARS = [
    "1", "2", "-1", "0", "007", "1.10", "1e999", ".nan", "true", "no", "~", "''", "text", "integer", "image", "list",
    "choice", "table", "2K", "a", "Bad-Name", "https://h.invalid/a.png", "http://h.invalid", "a.jpg", "'x y'",
    "'{{ inputs.a }}'", "'{{ values.a }}'", "'{{ steps.a.images[0] }}'", "'{{ each.a }} x'", "'{{ zip(a=inputs.a, b=[1]) }}'",
    "'{{'", "'{{ ref.a }}'", "'{% if x %}'", "'{{ image.number }}'", "99999999999999999999",
]  # fmt: skip # a row a line


def write(value: Any) -> str:
    """A tree as YAML in flow style; scalars are spelled already."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    return str(value)


def trees(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = st.sampled_from(SCALARS)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=12,
    )


ANY = trees(st.sampled_from(WORDS))


WHOLE: Any = {
    "seedflow": "1",
    "name": "tale",
    "description": "1.10",
    "x-free": {"a": "b"},
    "inputs": {
        "a": {"type": "text", "default": "'{{ x'", "max_length": "80"},
        "n": {"type": "integer", "minimum": "1", "maximum": "9", "default": "3"},
        "c": {"type": "choice", "options": ["a", "1.10"], "default": "a"},
        "p": {"type": "image", "optional": "true", "description": "a"},
        "l": {
            "type": "list",
            "of": {"type": "list", "of": "number", "max_items": "2"},
            "default": [["1"], []],
        },
        "k": {"type": "list", "of": "text", "default": ["x", "y"]},
        "r": {
            "type": "table",
            "key": "sku",
            "delimiter": ";",
            "columns": {"sku": "text", "n": {"type": "integer", "header": "N", "default": 1}},
            "default": [{"sku": "x"}],
        },
    },
    "values": {"a": "'{{ inputs.a }}!'", "b": "'{{ values.a }} {{ recipe.name }}'", "c": "3"},
    "defaults": {"size": "2K", "aspect_ratio": "'4:3'"},
    "steps": {
        "a": {
            "generate": {"prompt": "'{{ values.b }}'", "size": "~"},
            "description": "a",
            "tags": ["a", "b"],
            "takes": "'{{ inputs.n }}'",
            "expect": {
                "images": {"min": "1", "max": "2"},
                "distinct": "true",
                "otherwise": "retry",
                "attempts": "2",
            },
        },
        "b": {
            "for_each": {
                "s": "'{{ inputs.k }}'",
                "t": ["1", "'{{ inputs.n }}'"],
                "u": {"in": ["a"], "at_most": "3"},
            },
            "generate": {
                "model": "bytedance/seedream-4.5",
                "prompt": "'{{ each.s }} {{ ref.h }}'",
                "image_input": {
                    "h": "'{{ steps.a.images[:1] }}'",
                    "o": ["https://h.invalid/a.png", "'{{ inputs.p }}'"],
                },
            },
            "needs": ["a"],
            "was": "old",
        },
        "c": {
            "for_each": "'{{ zip(x=inputs.k, y=[1, 2]) }}'",
            "generate": {"prompt": "'{{ each.x }}'", "image_input": ["'{{ steps.b.images }}'", "~"]},
            "when": "'{{ inputs.n > 2 }}'",
        },
        "d": {
            "iterate": {"over": ["a", "'{{ inputs.a }}'"], "as": "edit", "start": "'{{ inputs.p }}'"},
            "generate": {"prompt": "'{{ each.edit }}'", "image_input": ["'{{ prev }}'"]},
            "expect": {"images": "1", "min_width": "64", "aspect_ratio": "'4:3'"},
        },
        "e": {
            "recipe": "storybook",
            "for_each": {"x": "'{{ steps.b.tasks }}'"},
            "with": {"hero": "'{{ each.x.key }}'", "style": "'{{ steps.d.passes[0] }}'"},
        },
    },
    "outputs": {
        "a": "'{{ steps.a.images }}'",
        "b": {"images": "'{{ steps.b.images }}'", "file": "'{{ image.number }}/{{ each.s }}'"},
    },
    "limits": {"cost_usd": "0.50", "images": "40"},
    "ref_words": {"one": "'Bild {n}'", "last": "' und '"},
}
"""A recipe with everything in it; scalars as they are spelled."""


def paths(tree: Any) -> list[tuple[str | int, ...]]:
    """Where there is anything below a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, item in pairs for found in ((key,), *((key, *rest) for rest in paths(item)))]


@st.composite
def recipes(draw: st.DrawFn) -> Any:
    """The whole recipe with a few things left out, renamed, replaced or moved."""
    tree = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(0, 3))):
        where = draw(st.sampled_from(paths(tree)))
        holder = tree
        for key in where[:-1]:
            holder = holder[key]
        change = draw(st.sampled_from(["remove", "rename", "replace", "spell", "add", "swap"]))
        if change == "remove":
            del holder[where[-1]]
        elif change == "replace":
            holder[where[-1]] = draw(ANY)
        elif change == "spell":
            holder[where[-1]] = draw(st.sampled_from(SCALARS))
        elif change == "swap":
            holder[where[-1]] = copy.deepcopy(
                draw(st.sampled_from([*WHOLE.values(), *WHOLE["steps"].values()]))
            )
        elif isinstance(holder, dict):
            taken = holder.pop(where[-1]) if change == "rename" else draw(ANY)
            holder[draw(st.sampled_from(WORDS))] = taken
        if not tree:
            break
    return tree


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(build_json_schema())


def check_words(problems: list[Diagnostic]) -> None:
    """Every diagnostic is ours, whole, and points into its text."""
    for found in problems:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", found.code)
        assert found.message
        assert found.help
        assert not re.search(
            r"pydantic|[Ii]nput should|Field required|<class|object at 0x", found.message + found.help
        )
        assert found.span is not None
        assert 0 <= found.span.start <= found.span.end <= len(found.span.source.text)


def plain(node: Node) -> Any:
    """What an editor sees; JSON has no infinity."""
    if isinstance(node, Scalar):
        value = node.resolve()
        return node.value if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node}
    return [plain(item) for item in node.items]


def test_the_whole_recipe_is_without_a_fault(catalog: Catalog, validator: jsonschema_rs.Validator) -> None:
    source = Source("r.yaml", write(WHOLE) + "\n")
    recipe, problems = parse_recipe(source, catalog, folder=Path(), default_name="r")
    assert problems == []
    assert recipe is not None
    root, _ = read_yaml(source)
    assert root is not None
    assert [str(error) for error in validator.iter_errors(plain(root))] == []


@given(tree=st.one_of(recipes(), recipes(), recipes(), ANY))
@settings(max_examples=300, deadline=None)
def test_any_tree_binds_to_a_recipe_or_to_diagnostics(tree: Any, catalog: Catalog) -> None:
    recipe, problems = parse_recipe(
        Source("r.yaml", write(tree) + "\n"), catalog, folder=Path(), default_name="r"
    )
    assert recipe is not None or has_errors(problems)
    check_words(problems)


@given(tree=recipes())
@settings(max_examples=200, deadline=None)
def test_whatever_is_left_of_a_recipe_can_be_checked(tree: Any, catalog: Catalog) -> None:
    recipe, _ = parse_recipe(Source("r.yaml", write(tree) + "\n"), catalog, folder=Path(), default_name="r")
    if recipe is not None:
        graph, wrong = build_graph(recipe, catalog)
        assert sorted(graph.order) == sorted(graph.steps)
        for found in [*wrong, *check_graph(graph, catalog)]:
            assert found.span is not None
            assert found.message


@given(tree=recipes())
@settings(max_examples=200, deadline=None)
def test_what_is_read_without_a_fault_is_accepted_by_the_json_schema(
    tree: Any, catalog: Catalog, validator: jsonschema_rs.Validator
) -> None:
    source = Source("r.yaml", write(tree) + "\n")
    root, _ = read_yaml(source)
    assert root is not None
    recipe, problems = parse_recipe(source, catalog, folder=Path(), default_name="r")
    if recipe is None or has_errors(problems):
        return
    event("without a fault")
    graph, wrong = build_graph(recipe, catalog)
    # What is wrong with requests, items without a key and names of files is found by the checks, not by reading.
    found_by_checks = has_errors([*wrong, *check_graph(graph, catalog)])
    later = {"generate", "defaults", "for_each", "outputs"} if found_by_checks else set()
    refused = [
        error
        for error in validator.iter_errors(plain(root))
        if not later & set(map(str, error.instance_path))
    ]
    assert [str(error) for error in refused] == []


PYTHON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=3)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=6,
)
DECLARED = "{n: {type: number, maximum: 3}, i: {type: integer}, b: {type: boolean}, t: {type: text}, c: {type: choice, options: [a, b]}, p: {type: image}, l: {type: list, of: {type: list, of: text}}, m: {type: list, of: image}, r: {type: table, key: a, columns: {a: text, n: {type: number, default: 1}}}}"


@given(
    values=st.dictionaries(st.sampled_from(list("nibtcplmrx")), PYTHON, max_size=4),
    arguments=st.lists(
        st.tuples(st.sampled_from(list("nibtcplmrx")), st.text(max_size=12)).map("=".join), max_size=4
    ),
    noise=st.lists(st.text(max_size=5), max_size=1),
)
@settings(max_examples=300, deadline=None)
def test_any_given_value_is_read_or_refused(
    values: dict[str, object],
    arguments: list[str],
    noise: list[str],
    catalog: Catalog,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = f"seedflow: 1\ninputs: {DECLARED}\nvalues: {{v: '{{{{ inputs.t }}}}'}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
    recipe, _ = parse_recipe(Source("r.yaml", text), catalog, folder=Path(), default_name="r")
    assert recipe is not None
    given_inputs, wrong = collect_inputs(arguments=[*arguments, *noise], values=values)
    check_words(wrong)
    folder = tmp_path_factory.getbasetemp()
    found, problems = resolve_inputs(recipe, given_inputs, folder=folder, images=ImageFiles())
    check_words(problems)
    assert (found is None) == has_errors(problems)
    if found is not None:
        assert list(found) == list(recipe.inputs)
        resolved, problems = resolve_values(recipe, found)
        assert resolved == {"v": found["t"]}


@given(text=st.text(max_size=60))
def test_text_given_for_text_stays_as_it_is_or_is_refused(text: str, catalog: Catalog) -> None:
    source = Source("r.yaml", "seedflow: 1\ninputs: {t: {type: text}}\nsteps: {a: {generate: {prompt: x}}}\n")
    recipe, _ = parse_recipe(source, catalog, folder=Path(), default_name="r")
    assert recipe is not None
    for kwargs in ({"arguments": [f"t={text}"]}, {"values": {"t": text}}):
        given_inputs, wrong = collect_inputs(**kwargs)
        if find_control(text) is not None:
            assert [found.code for found in wrong] == ["control-character"]
        else:
            assert wrong == []
            assert resolve_inputs(recipe, given_inputs, folder=Path()) == ({"t": text}, [])


ROWS = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from('ab,;"\n\r {}[]:1.-\t\ufeff'), max_size=60).map(str.encode),
    st.lists(st.lists(st.text(st.sampled_from("ab1, "), max_size=3), max_size=3), max_size=4).map(
        lambda rows: ("a,n\n" + "\n".join(",".join(row) for row in rows)).encode()
    ),
    st.lists(st.dictionaries(st.sampled_from(["a", "n", "N", "x"]), PYTHON, max_size=3), max_size=3).map(
        lambda rows: json.dumps(rows, default=str).encode()
    ),
)


@given(data=ROWS, ending=st.sampled_from(["csv", "tsv", "jsonl", "json", "yaml"]))
@settings(max_examples=400, deadline=None)
def test_any_file_of_a_table_is_read_or_refused(
    data: bytes, ending: str, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> None:
    declared = "{type: table, key: a, columns: {a: text, n: {type: number, optional: true}}}"
    source = Source(
        "r.yaml", f"seedflow: 1\ninputs: {{t: {declared}}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
    )
    recipe, _ = parse_recipe(source, catalog, folder=Path(), default_name="r")
    assert recipe is not None
    folder = tmp_path_factory.getbasetemp()
    (folder / f"t.{ending}").write_bytes(data)
    given_inputs, _ = collect_inputs(arguments=[f"t=t.{ending}"])
    found, problems = resolve_inputs(recipe, given_inputs, folder=folder)
    check_words(problems)
    assert (found is None) == has_errors(problems)
    if found is not None:
        rows = found["t"]
        assert isinstance(rows, list)
        assert all(isinstance(row, Row) and row.key == row["a"] for row in rows)
        assert all(row["n"] is None or isinstance(row["n"], int | float) for row in rows)
