"""Any guards over inputs that may be none: a recipe without a warning fails for no value, and one with a warning fails for some.

`SEEDFLOW_MORE_EXAMPLES=50` makes so many times as many.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Recipe
from seedflow.recipe.template import RenderError, Scope

TIMES = int(os.environ.get("SEEDFLOW_MORE_EXAMPLES", "1"))
CATALOG = load_catalog()
NAMES = st.sampled_from(["inputs.a", "inputs.b", "values.same"])
TEXTS = (None, "", "ink", "oil", "owl")
"""What each of the two inputs may be."""

ATOMS = st.one_of(
    st.sampled_from(["inputs.on", "values.both", "true", "false"]),
    st.builds(
        "({} {})".format,
        NAMES,
        st.sampled_from(["is none", "is not none", "== none", "!= none", "== 'ink'"]),
    ),
    st.builds("({} in ['ink', 'oil'])".format, NAMES),
)


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


CONDITIONS = st.recursive(ATOMS, combine, max_leaves=4)
TESTS = st.recursive(st.one_of(ATOMS, NAMES), combine, max_leaves=4)


def nest(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} if {} else {})".format, inner, TESTS, inner),
        st.builds("({} or {})".format, NAMES, inner),
        st.builds("({} and {})".format, NAMES, inner),
        st.builds("('x' ~ {})".format, inner),
        st.builds("({} | default({}))".format, NAMES, inner),
        st.builds("({} | upper)".format, inner),
    )


PRINTED = st.recursive(st.one_of(NAMES, st.just("'plain'")), nest, max_leaves=3)


def write_block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% endif %}}".format, TESTS, inner),
        st.builds("{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format, TESTS, inner, TESTS, inner, inner),
        st.builds("{{% set V = {} %}}{{% if V %}}{}{{% endif %}}".format, TESTS, inner),
        st.builds("{}, {}".format, inner, inner),
    )  # fmt: skip # a row a line


PROMPTS = st.recursive(st.builds("A {{{{ {} }}}}".format, PRINTED), write_block, max_leaves=3)
SET = re.compile(r"set V = (.*?) %}{% if V ")


def number_variables(prompt: str) -> str:
    """Each variable under a name of its own: of one that is set twice nobody here knows what it is."""
    numbers = itertools.count()
    return SET.sub(lambda found: "set v{0} = {1} %}}{{% if v{0} ".format(next(numbers), found[1]), prompt)


RECIPE = """seedflow: 1
inputs: {{a: {{type: text, optional: true}}, b: {{type: text, optional: true}}, on: {{type: boolean}}}}
values: {{same: "{{{{ inputs.a }}}}", both: "{{{{ inputs.a is not none and inputs.b is not none }}}}"}}
steps:
  page:
    when: "{{{{ {} }}}}"
    generate: {{prompt: "{}"}}
"""


def read(text: str) -> tuple[Recipe, list[str]]:
    """A recipe, and the warnings that something in it may be none."""
    recipe, problems = parse_recipe(Source("r.yaml", text), CATALOG, folder=Path(), default_name="r")
    assert recipe is not None
    assert not has_errors(problems), problems
    graph, found = build_graph(recipe, CATALOG)
    found = [*found, *check_graph(graph, CATALOG)]
    assert not has_errors(found), found
    return recipe, [one.message for one in found if one.code == "may-be-none"]


def find_failures(recipe: Recipe) -> Iterator[tuple[object, ...]]:
    """The values of the inputs with which the step is asked for and has no prompt."""
    step = recipe.steps["page"]
    assert step.when is not None
    prompt = step.generate.parameters["prompt"].expression if step.generate is not None else None
    for a, b, on in itertools.product(TEXTS, TEXTS, (True, False)):
        values = {"same": a, "both": a is not None and b is not None}
        scope = Scope(inputs={"a": a, "b": b, "on": on}, values=values, recipe={"name": "r"})
        if step.when.render(scope) is not True:
            continue
        try:
            prompt.render(scope, as_text=True)
        except RenderError:
            yield a, b, on


@settings(
    max_examples=200 * TIMES, deadline=None, derandomize=TIMES == 1, suppress_health_check=list(HealthCheck)
)
@given(CONDITIONS, PROMPTS)
def test_a_warning_means_that_a_value_fails_and_none_that_no_value_does(condition: str, prompt: str) -> None:
    recipe, warnings = read(RECIPE.format(condition, number_variables(prompt)))
    failures = list(find_failures(recipe))
    assert bool(warnings) == bool(failures), (failures, warnings)
