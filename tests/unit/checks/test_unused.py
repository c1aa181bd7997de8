"""What nothing mentions is a warning at its declaration."""

from __future__ import annotations

import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.recipe.load import parse_recipe


def test_unused_inputs_and_values(check) -> None:
    problems = check("""
        inputs: {hero: {type: text}, villain: {type: text}}
        values: {tone: warm, place: "{{ inputs.hero }}"}
        steps: {a: {generate: {prompt: "{{ values.place }}"}}}
    """)
    assert [(found.code, str(found.span)) for found in problems] == [
        ("unused-input", "recipe.yaml:3:30"),
        ("unused-value", "recipe.yaml:4:10"),
    ]
    assert problems[0].help == "use it as `{{ inputs.villain }}`, or take it out"


def test_every_place_that_mentions_counts(check) -> None:
    assert (
        check("""
        inputs:
          list: {type: list, of: text}
          model: {type: choice, options: [bytedance/seedream-4.5]}
          size: {type: text}
          photo: {type: image}
          pose: {type: text}
          value: {type: text}
        values: {phrase: "{{ inputs.value }}"}
        steps:
          a:
            for_each: {item: "{{ inputs.list }}"}
            generate:
              model: "{{ inputs.model }}"
              prompt: "{% if false %}{{ values.phrase }}{% endif %}{{ each.item }}"
              size: "{{ inputs.size }}"
              image_input: ["{{ inputs.photo }}"]
        outputs: {a: "{{ steps.a.at(item=inputs.pose).images }}"}
    """)
        == []
    )


def test_what_a_broken_template_meant_to_mention_is_not_unused_on_top(catalog, tmp_path) -> None:
    source = Source(
        "recipe.yaml",
        'seedflow: 1\ninputs: {a: {type: text}}\nsteps: {s: {generate: {prompt: "{{ inputs.a"}}}\n',
    )
    recipe, problems = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
    assert [problem.code for problem in problems] == ["template-unclosed"]
    assert recipe is not None
    graph, found = build_graph(recipe, catalog)
    assert [*found, *check_graph(graph, catalog)] == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{{ hero }}", ["template-unknown-name"]),
        ("{{ heroo }}", ["template-unknown-name"]),
        ("{{ inputs.mood }} {{ hero }}", ["template-unknown-name"]),
        ('{{ "hero" }}', ["unused-input"]),
        ("{{ 'A hero' | upper }}", ["unused-input"]),
        ("{{ zebra }}", ["template-unknown-name", "unused-input"]),
        ('{{ zebra ~ "hero" }}', ["template-unknown-name", "unused-input"]),
    ],
)
def test_only_a_name_that_stands_bare_or_nearly_so_was_meant(catalog, tmp_path, prompt, expected) -> None:
    text = (
        "seedflow: 1\ninputs: {hero: {type: text}, mood: {type: text}}\nsteps:\n  s:\n    generate:\n"
        f"      prompt: |\n        {prompt}\n        {{{{ inputs.mood }}}}\n"
    )
    recipe, problems = parse_recipe(
        Source("recipe.yaml", text), catalog, folder=tmp_path, default_name="recipe"
    )
    assert recipe is not None
    graph, found = build_graph(recipe, catalog)
    assert [one.code for one in (*problems, *found, *check_graph(graph, catalog))] == expected


@pytest.mark.parametrize(
    ("default", "codes"),
    [
        ('"{{ inputs.hero }} at night"', ["braces-in-default"]),
        ('"{% if inputs.hero %}night{% endif %}"', ["braces-in-default"]),
        ('"write {{ inputs.unknown }} as it is"', ["unused-input"]),
        ('"write {{ each.hero }} as it is"', []),
        ('"{ night }"', ["unused-input"]),
        ('"{{ 1 + 1 }}"', ["unused-input"]),
        ('"inputs.heroes"', ["missing-braces", "unused-input"]),
    ],
)
def test_what_a_default_mentions_in_braces_is_told_once_and_not_called_unused(
    check, default: str, codes: list[str]
) -> None:
    problems = check(f"""
        inputs: {{hero: {{type: text, default: a fox}}, line: {{type: text, default: {default}}}}}
        steps: {{a: {{generate: {{prompt: "{{{{ inputs.line }}}}"}}}}}}
    """)
    assert sorted(found.code for found in problems) == codes


def test_a_default_in_braces_is_marked_and_answered_with_values(check) -> None:
    (found,) = check("""
        inputs: {hero: {type: text, default: a fox}, line: {type: text, default: "{{ inputs.hero }} at night"}}
        steps: {a: {generate: {prompt: "{{ inputs.line }} of {{ inputs.hero }}"}}}
    """)
    assert found.span.source.text[found.span.start : found.span.end] == "{{ inputs.hero }}"
    assert "under `values:`" in found.help
    assert "`{{ values.line }}`" in found.help
