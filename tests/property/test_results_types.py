"""What is said of expressions over results is true: with any results, rendering fails; and nothing right is called wrong."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from hypothesis import event, given
from hypothesis import strategies as st

from seedflow.checks.expressions import check_expressions
from seedflow.checks.subject import build_subject
from seedflow.diagnostics import Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope
from seedflow.recipe.views import View

GRAMMAR = {
    "value": ["<name>", "<written>", "<made>", "<made>", "<made>", "<picked>"],
    "name": [
        "steps.set.images", "steps.set.images[:2]", "steps.set.tasks", "steps.set.tasks", "steps.one.images[0]", "steps.one.images[0]",
        "steps.one.images[0].width", "steps.one.images[0].name", "steps.one.images[0].format", "steps.one.images[0].each",
        "steps.set.at(who='Ann', n=1)", "inputs.word", "inputs.whole", "inputs.number", "inputs.flag", "inputs.words", "inputs.maybe",
        "inputs.rows", "inputs.rows[0]", "inputs.plain", "inputs.season", "values.line", "v",
    ],
    "written": ["1", "0", "2.5", "'a'", "''", "'width'", "true", "none", "[]", "['b', 'a']", "[3, 1]", "{'width': 7}", "[<value>, <value>]", "{'k': <value>}"],
    "picked": [
        "(<value>)[0]", "(<value>)['width']", "(<value>).width", "(<value>).each.who", "(<value>).each", "(<value>).images", "(<value>).key",
        "(<value>).k", "(<value>).name", "(<value>)[0:]", "(<value>)[:9:<value>]", "(<value>)[<value>]", "(<value>).age", "(<value>).nmae",
    ],
    "attribute": [
        "'width'", "'widht'", "'name'", "'each.who'", "'each.whom'", "'images'", "'images.0'", "'key'", "'age'", "'format'", "0", "'each'", "'take'",
        "inputs.word", "<value>",
    ],
    "made": [
        "(<value> + <value>)", "(<value> - <value>)", "(<value> * <value>)", "(<value> / <value>)", "(<value> // <value>)",
        "(<value> % <value>)", "(<value> ** <value>)", "(<value> ~ <value>)", "(-<value>)", "(<value> < <value>)", "(<value> >= <value>)",
        "(<value> == <value>)", "(<value> in <value>)", "(not <value>)", "(<value> | upper)", "(<value> | length)", "(<value> | int)",
        "(<value> | round)", "(<value> | round(<value>))", "(<value> | round(1, method=<value>))", "(<value> | round(method='up'))",
        "(<value> | abs)", "(<value> | join(<value>))", "(<value> | join(attribute=<attribute>))", "(<value> | map(<attribute>))",
        "(<value> | map(attribute=<attribute>))", "(<value> | map(attribute=<attribute>, default=<value>))", "(<value> | first)",
        "(<value> | last)", "(<value> | sort)", "(<value> | sort(attribute=<attribute>))", "(<value> | unique(attribute=<attribute>))",
        "(<value> | max(attribute=<attribute>))", "(<value> | min)", "(<value> | sum)", "(<value> | sum(attribute=<attribute>))",
        "(<value> | reverse)", "(<value> | list)", "(<value> | items)", "(<value> | string)", "(<value> | truncate(<value>))",
        "(<value> | truncate(3, end=<value>, leeway=0))", "(<value> | replace(<value>, 'b'))", "(<value> | trim(<value>))", "(<value> | decimals(<value>))",
        "(<value> | default(<value>))", "(<value> | slug)", "(<value> is even)", "(<value> is divisibleby <value>)", "(<value> is defined)",
        "(<value> is gt <value>)", "(<value> is none)", "range(4)", "range(1, 9, <value>) | length", "zip(a=<value>, b=<value>)",
        "(optional(<value>))", "(<value> | reject(<value>) | length)", "(<value> | select('gt', <value>) | length)",
        "(<value> | selectattr(<attribute>, 'eq', <value>) | length)", "(<value> | rejectattr(<attribute>, 'lt', <value>) | length)",
    ],
    "template": [
        "{{ <value> }}", "{{ <value> }}", "{{ <value> }} x", "{% for v in <name> %}{{ <value> }}{% endfor %}", "{% set v = <value> %}{{ <value> }}",
        "{% for v in <value> %}{{ v }} {{ <picked> }}{{ loop.index + <value> }}{% endfor %}",
        "{% macro m(v, w=<value>) %}{{ v }}{{ <value> }}{% endmacro %}{{ m(<value>) }}", "{% set v %}{{ <value> }}{% endset %}{{ <made> }}",
        "{% macro m(v, w=<value>) %}{% if w %}{{ <value> }}{% else %}{{ w if v else <picked> }}{% endif %}{{ <made> }}{% endmacro %}{{ m(<value>) }}{{ m(1, <value>) }}",
        "{% macro m(v) %}{% for w in v %}{{ w and w.name }}{% endfor %}{{ v or <value> }}{% endmacro %}{{ m(<value>) }}",
        "{% with v = <value> %}{{ <made> }}{% endwith %}",
    ],
}  # fmt: skip # a row a line
PART = re.compile(r"<([a-z]+)>")
RECIPE = """
seedflow: 1
inputs:
  word: {{type: text, default: wood}}
  whole: {{type: integer, default: 3}}
  number: {{type: number, default: 2.5}}
  flag: {{type: boolean, default: true}}
  words: {{type: list, of: text, default: [red, blue]}}
  maybe: {{type: text, optional: true}}
  rows: {{type: table, key: name, columns: {{name: text, age: integer}}, default: [{{name: Ann, age: 40}}]}}
  plain: {{type: table, key: name, default: [{{name: Ann}}]}}
  season: {{type: choice, options: [winter, summer], default: winter}}
values:
  line: "In the {{{{ inputs.word }}}}"
steps:
  one: {{generate: {{prompt: One}}}}
  set: {{for_each: {{who: [Ann, Bob], n: [1, 2]}}, generate: {{prompt: Set, sequential_image_generation: auto, max_images: 3}}}}
  last: {{generate: {{prompt: {prompt}}}}}
"""
SIMPLE = {"value": GRAMMAR["name"], "made": ["(steps.one.images[0].width + 1)"], "picked": ["v"]}


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template by the grammar above, at most four levels deep."""

    def expand(name: str, depth: int) -> str:
        rules = (
            GRAMMAR[name] if depth < 4 else SIMPLE.get(name, [one for one in GRAMMAR[name] if "<" not in one])
        )
        return PART.sub(lambda part: expand(part[1], depth + 1), draw(st.sampled_from(rules)))

    return expand("template", 0)


@st.composite
def images(draw: st.DrawFn, each: dict[str, object]) -> View:
    """An image of some size."""
    return View(
        "image",
        {
            "width": draw(st.integers(min_value=1, max_value=9000)),
            "height": draw(st.integers(min_value=1, max_value=9000)),
            "format": draw(st.sampled_from(["jpeg", "png", "webp"])),
            "digest": "sha256:00",
            "name": draw(st.sampled_from(["set-Ann-1", "x", "1"])),
            "number": draw(st.integers(min_value=1, max_value=3)),
            "key": "Ann-1",
            "take": draw(st.integers(min_value=1, max_value=3)),
            "each": each,
        },
    )


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    """Results of the two steps, at least one of everything, and inputs."""
    tasks: list[View] = []
    for who, n in (("Ann", 1), ("Ann", 2), ("Bob", 1), ("Bob", 2)):
        each: dict[str, object] = {"who": who, "n": n}
        made = draw(st.lists(images(each), min_size=1, max_size=3))
        tasks.append(View("task", {"images": made, "each": each, "key": f"who={who},n={n}"}))
    of_set = [image for task in tasks for image in task.attributes["images"]]  # type: ignore[attr-defined] # a list
    single = draw(images({}))

    def resolve(mention: StepReference) -> object:
        if mention.step == "one":
            return single
        if mention.collection is None:
            return tasks[0]
        found: list[View] = tasks if mention.collection == "tasks" else of_set
        if isinstance(mention.index, int):
            return found[mention.index]
        return found if mention.index is None else found[:2]

    return Scope(
        inputs={
            "word": draw(st.sampled_from(["wood", "", "ceil", "width", "eq", "odd", "7"])),
            "whole": draw(st.integers(min_value=-3, max_value=5)),
            "number": draw(st.sampled_from([2.5, 3, 0, -1.5])),
            "flag": draw(st.booleans()),
            "words": draw(st.lists(st.sampled_from(["red", "blue", ""]), min_size=1, max_size=3)),
            "maybe": draw(st.sampled_from([None, "perhaps", "ceil"])),
            "rows": [{"name": "Ann", "age": 40, "more": "x"}, {"name": "Bob", "age": 7, "more": "y"}],
            "plain": [{"name": "Ann", "width": 3, "k": [1]}],
            "season": draw(st.sampled_from(["winter", "summer"])),
        },
        values={"line": "In the wood"},
        resolve=resolve,
    )


@cache
def catalog() -> Catalog:
    return load_catalog()


def read(prompt: str) -> Recipe | None:
    """The recipe around a prompt; None where the prompt cannot be read."""
    quoted = '"' + prompt.replace("\\", "\\\\").replace('"', '\\"') + '"'
    source = Source("recipe.yaml", RECIPE.format(prompt=quoted))
    recipe, problems = parse_recipe(source, catalog(), folder=Path(), default_name="recipe")
    return None if recipe is None or has_errors(problems) else recipe


@given(prompt=templates(), scope=scopes())
def test_what_is_called_wrong_fails_with_any_results(prompt: str, scope: Scope) -> None:
    recipe = read(prompt)
    if recipe is None:
        event("not read")
        return
    graph, _ = build_graph(recipe, catalog())
    said = list(check_expressions(build_subject(graph, catalog())))
    found = [one for one in said if one.code != "never-equal"]  # which fails nothing, and is a law of its own
    generate = recipe.steps["last"].generate
    assert generate is not None
    template = generate.parameters["prompt"].expression
    if not found:
        event("nothing said")
        return
    event(f"{found[0].code}")
    try:
        text = template.render(scope, as_text=True)  # type: ignore[union-attr] # it is one template
    except RenderError:
        return
    raise AssertionError(f"{prompt!r} gives {text!r}, and was called wrong: {found[0].message}")


SIDES = [
    *(one for one in GRAMMAR["name"] if one != "v"),
    *(one for one in GRAMMAR["written"] if "<" not in one),
    "(steps.one.images[0].width + 1)", "(inputs.words | length)", "(inputs.word | upper)", "(inputs.flag or inputs.maybe)",
]  # fmt: skip # a row a line


@given(
    sides=st.tuples(st.sampled_from(SIDES), st.sampled_from(SIDES)),
    operator=st.sampled_from(["==", "!="]),
    scope=scopes(),
)
def test_what_is_called_never_equal_is_not_equal_with_any_results(
    sides: tuple[str, str], operator: str, scope: Scope
) -> None:
    prompt = f"{{{{ {sides[0]} {operator} {sides[1]} }}}}"
    recipe = read(prompt)
    if recipe is None:
        event("not read")
        return
    graph, _ = build_graph(recipe, catalog())
    said = [one.code for one in check_expressions(build_subject(graph, catalog()))]
    event(", ".join(sorted(set(said))) or "nothing said")
    if set(said) != {"never-equal"}:
        return
    generate = recipe.steps["last"].generate
    assert generate is not None
    template = generate.parameters["prompt"].expression
    try:
        text = template.render(scope, as_text=True)  # type: ignore[union-attr] # it is one template
    except RenderError:
        return
    assert text == ("false" if operator == "==" else "true")
