"""The JSON Schema and the language over small documents: an editor underlines what the language refuses, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.schema import build_json_schema
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import read_yaml

A_STEP = "steps: {a: {generate: {prompt: x}}}\n"

STEPS = [
    "",
    "steps:\n",
    "steps: {}\n",
    "steps: {a: }\n",
    "steps: {a: {}}\n",
    "steps: {x-a: {generate: {prompt: x}}}\n",
    "steps: {a: {generate: }}\n",
    "steps: {a: {generate: {}}}\n",
    "steps: {a: {generate: {prompt: }}}\n",
    'steps: {a: {generate: {prompt: ""}}}\n',
    'steps: {a: {generate: {prompt: " "}}}\n',
    "defaults: {prompt: x}\nsteps: {a: {generate: {}}}\n",
    "defaults: {prompt: x}\nsteps: {a: {generate: }}\n",
    "steps: {a: {generate: {size: 2K}}}\n",
    "steps: {a: {generate: {x-y: 2K}}}\n",
    "steps: {a: {generate: {prompt: x, model: google/nano-banana-2}}}\n",
    "steps: {a: {generate: {model: google/nano-banana-2}}}\n",
    "steps: {a: {generate: {model: '{{ inputs.m }}'}}}\ninputs: {m: {type: text}}\n",
    "steps: {a: {generate: {model: }}}\n",
    "defaults: {model: google/nano-banana-2}\nsteps: {a: {generate: {resolution: 2K}}}\n",
    "steps: {a: {recipe: }}\n",
    'steps: {a: {recipe: ""}}\n',
    "steps: {a: {recipe: storybook, with: }}\n",
    "steps: {a: {recipe: {}}}\n",
    "steps: {a: {recipe: storybook, with: {}}}\n",
    "steps: {a: {recipe: [b]}}\n",
    "steps: {a: {generate: , recipe: storybook}}\n",
    "steps: {a: {recipe: storybook, takes: 2}}\n",
    "steps: {a: {recipe: storybook, expect: {images: 1}}}\n",
    "steps: {a: {recipe: storybook, iterate: {over: [a], as: b, start: '{{ inputs.p }}'}}}\n",
]
"""All that stands below the version."""

OPTIONS = [
    "recipe: ",
    "with: {x: 1}",
    "with: {}",
    "with: ",
    "for_each: ",
    "for_each: {}",
    "for_each: []",
    "for_each: {b: }",
    "for_each: {b: []}",
    "for_each: {b: {}}",
    "for_each: {b: {in: }}",
    "for_each: {b: {in: []}}",
    "for_each: {b: {in: [1], key: }}",
    'for_each: {b: {in: [1], key: ""}}',
    "for_each: {b: {in: [1], at_most: }}",
    "for_each: {b: {in: [1], at_most: -1}}",
    "for_each: {b: 3}",
    "for_each: {b: text}",
    'for_each: {b: ""}',
    'for_each: ""',
    "for_each: {b: {in: text}}",
    "for_each: {b: {in: {}}}",
    "for_each: {b: {in: 3}}",
    "for_each: {b: {key: x}}",
    "for_each: {b: [{}]}",
    "for_each: {b: [[]]}",
    "for_each: {b: [null]}",
    "for_each: {x-b: [1]}",
    "when: ",
    "when: ''",
    "when: true",
    "when: []",
    "takes: ",
    "takes: 0",
    "takes: 1001",
    "takes: -1",
    "takes: 1.5",
    "takes: true",
    "takes: x",
    "takes: ''",
    "takes: []",
    "expect: ",
    "expect: {}",
    "expect: []",
    "expect: {images: }",
    "expect: {images: {}}",
    "expect: {images: 0}",
    "expect: {images: -1}",
    "expect: {images: []}",
    "expect: {images: true}",
    "expect: {images: {min: }}",
    "expect: {images: {min: true}}",
    "expect: {images: {min: []}}",
    "expect: {images: {min: text}}",
    "expect: {min_width: 0}",
    "expect: {min_width: -1}",
    "expect: {min_width: true}",
    "expect: {min_width: 1.5}",
    "expect: {min_width: x}",
    "expect: {distinct: 3}",
    "expect: {distinct: x}",
    "expect: {aspect_ratio: }",
    "expect: {aspect_ratio: ''}",
    "expect: {aspect_ratio: wide}",
    "expect: {aspect_ratio: 16:9}",
    "expect: {aspect_ratio: 3}",
    "expect: {aspect_ratio: true}",
    "expect: {otherwise: }",
    "expect: {otherwise: retry}",
    "expect: {otherwise: retry, images: 1, attempts: 0}",
    "expect: {otherwise: retry, images: 1, attempts: 101}",
    "expect: {otherwise: retry, images: 1, attempts: 1.5}",
    "expect: {otherwise: retry, images: 1, attempts: true}",
    "expect: {attempts: 2}",
    "expect: {images: 1, attempts: 2}",
    "expect: {images: 1, otherwise: accept, attempts: 2}",
    "expect: {images: 1, attempts: }",
    "expect: {x-a: 1}",
    "iterate: ",
    "iterate: {}",
    "iterate: []",
    "iterate: {over: , as: e, start: '{{ inputs.p }}'}",
    "iterate: {over: [], as: e, start: a.jpg}",
    "iterate: {over: [a], as: e}",
    "iterate: {over: [a], as: e, start: }",
    "iterate: {over: [a], as: , start: '{{ inputs.p }}'}",
    "iterate: {over: text, as: e, start: '{{ inputs.p }}'}",
    "iterate: {over: {}, as: e, start: '{{ inputs.p }}'}",
    "iterate: {over: 3, as: e, start: '{{ inputs.p }}'}",
    "iterate: {over: [a], as: e, start: 'text'}",
    "iterate: {over: [a], as: e, start: []}",
    "needs: ",
    "needs: []",
    "needs: {}",
    "needs: ''",
    "needs: ['']",
    "needs: [null]",
    "tags: ",
    "tags: []",
    "tags: ''",
    "tags: ['']",
    "tags: {}",
    "was: ",
    "was: ''",
    "was: []",
    "description: ",
    "description: ''",
    "description: []",
    "for_each: {b: [1, x, true, 1.5]}",
    "for_each: {b: {in: [{n: 1}], key: n}}",
    "for_each: {b: {in: [{n: 1}], key: }}",
    "for_each: {b: ['{{ 1 }}']}",
    "takes: '3'",
    "takes: '{{ 1 + 1 }}'",
    "takes: 'x {{ 1 }}'",
    "expect: {images: '{{ 2 }}'}",
    "expect: {aspect_ratio: '{{ 2 }}:1'}",
    "expect: {images: {min: 1, max: 2}}",
    "expect: {distinct: true}",
    "expect: {images: 1, otherwise: retry, attempts: 3}",
    "expect: {min_width: '9'}",
    "when: '{{ true }}'",
    "iterate: {over: [a], as: e, start: 3}",
    "recipe: storybook",
]
"""Beside the request of a step."""

INPUTS = [
    "",
    "{}",
    "{type: }",
    "{type: text}",
    "{type: text, default: }",
    "{type: text, default: ''}",
    "{type: text, default: []}",
    "{type: text, default: 3}",
    "{type: text, optional: }",
    "{type: text, optional: x}",
    "{type: text, min: 1}",
    "{type: text, of: text}",
    "{type: text, choices: [a]}",
    "{type: text, min_length: 0}",
    "{type: text, max_length: 0}",
    "{type: text, pattern: ''}",
    "{type: choice}",
    "{type: choice, choices: }",
    "{type: choice, choices: []}",
    "{type: choice, choices: ['']}",
    "{type: choice, choices: [a, a]}",
    "{type: choice, choices: {}}",
    "{type: choice, choices: [a], default: b}",
    "{type: choice, options: [a]}",
    "{type: choice, values: [a]}",
    "{type: list}",
    "{type: list, of: }",
    "{type: list, of: {}}",
    "{type: list, of: list}",
    "{type: list, of: text, default: }",
    "{type: list, of: text, default: []}",
    "{type: list, of: text, default: a}",
    "{type: list, of: text, default: {}}",
    "{type: list, of: text, min_items: 0}",
    "{type: list, of: text, min_items: -1}",
    "{type: list, of: text, max_items: 0}",
    "{type: list, of: choice}",
    "{type: number, min: }",
    "{type: number, min: x}",
    "{type: number, min: 3, max: 2}",
    "{type: integer, min: 1.5}",
    "{type: integer, default: 1.5}",
    "{type: number, default: x}",
    "{type: boolean, default: x}",
    "{type: boolean, default: 3}",
    "{type: boolean, min: 1}",
    "{type: image, default: ''}",
    "{type: image, default: 3}",
    "{type: image, default: []}",
    "{type: image, min: 3}",
    "{type: table}",
    "{type: table, columns: }",
    "{type: table, columns: {}}",
    "{type: table, columns: {a: }}",
    "{type: table, columns: {a: {}}}",
    "{type: table, columns: {a: {type: }}}",
    "{type: table, columns: {a: table}}",
    "{type: table, columns: {a: list}}",
    "{type: table, key: }",
    "{type: table, delimiter: ''}",
    "{type: table, delimiter: ab}",
    "{type: table, default: 3}",
    "{type: table, default: {}}",
    "{type: table, default: []}",
    "{type: table, of: text}",
    "{type: text, columns: {a: text}}",
    "{type: text, key: a}",
    "{type: text, delimiter: ','}",
    "{type: list, of: text, default: [a]}",
    "{type: list, of: image, default: ./scans}",
    "{type: list, of: {type: image}, default: ./scans}",
    "{type: list, of: {type: text}, default: a}",
    "{type: list, of: {type: list}}",
    "{type: list, of: {type: choice, options: [a]}}",
    "{type: number, default: '3'}",
    "{type: number, default: 3}",
    "{type: text, default: 007}",
    "{type: text, default: true}",
    "{type: text, minimum: 1}",
    "{type: integer, minimum: 1, maximum: 3, default: 2}",
    "{type: choice, options: [a], default: a}",
    "{type: choice, options: [a], default: [a]}",
    "{type: table, columns: {a: {type: integer, default: x}}}",
    "{type: table, columns: {a: {type: integer, default: 3, header: A}}}",
    "{type: table, columns: {a: choice}}",
    "{type: table, columns: {a: {type: text, minimum: 3}}}",
    "{type: table, default: rows.csv}",
    "{type: table, columns: {a: {type: list, of: text, default: [x]}}}",
    "{type: table, columns: {a: {type: list, of: text, default: x}}}",
    "{type: image, default: fox.jpg}",
    "{type: boolean, default: true}",
    "{type: boolean, default: 'true'}",
    "{type: list, of: number, minimum: 3}",
    "{type: list, of: {type: number, minimum: 3}}",
    "{type: text, key: }",
]
"""The definition of an input."""

RECIPES = [
    "outputs: \n",
    "outputs: {}\n",
    "outputs: []\n",
    "outputs: {o: }\n",
    "outputs: {o: {}}\n",
    "outputs: {o: []}\n",
    "outputs: {o: {images: }}\n",
    "outputs: {o: {images: x}}\n",
    "outputs: {o: {images: []}}\n",
    "outputs: {o: {images: 3}}\n",
    "outputs: {o: {images: '{{ steps.a.images }}', file: }}\n",
    "outputs: {o: {images: '{{ steps.a.images }}', file: ''}}\n",
    "outputs: {o: {images: '{{ steps.a.images }}', file: []}}\n",
    "outputs: {o: {images: '{{ steps.a.images }}', file: {}}}\n",
    "outputs: {o: {images: '{{ steps.a.images }}', file: 3}}\n",
    "outputs: {o: {file: x}}\n",
    "outputs: {x-o: 3}\n",
    "name: \n",
    "name: ''\n",
    "name: []\n",
    "description: \n",
    "description: ''\n",
    "description: {}\n",
    "limits: \n",
    "limits: {}\n",
    "limits: {cost_usd: }\n",
    "limits: {cost_usd: 0}\n",
    "limits: {cost_usd: -1}\n",
    "limits: {images: 0}\n",
    "limits: {tasks: 1.5}\n",
    "limits: {tasks: ''}\n",
    "ref_words: \n",
    "ref_words: {}\n",
    "ref_words: {one: }\n",
    "ref_words: {one: ''}\n",
    "ref_words: {one: x}\n",
    "ref_words: {last: ''}\n",
    "ref_words: {one: []}\n",
    "values: \n",
    "values: {}\n",
    "values: {v: }\n",
    "values: {v: ''}\n",
    "values: {v: []}\n",
    "values: {v: {}}\n",
    "defaults: \n",
    "defaults: {}\n",
    "defaults: {size: }\n",
    "defaults: {model: }\n",
    "inputs: \n",
    "inputs: {}\n",
    "ref_words: {one: 'bild {n}'}\n",
    "ref_words: {many: x}\n",
    "ref_words: {range: '{first}'}\n",
    "ref_words: {range: '{first} bis {last}'}\n",
    "ref_words: {last: ' '}\n",
    "ref_words: {last: ' und '}\n",
]
"""Beside the steps of a recipe."""

BEYOND_A_SCHEMA = [
    "seedflow: 1.0\n" + A_STEP,
    "seedflow: 1\nsteps: {a: {recipe: 3}}\n",
    "seedflow: 1\nname: '!'\n" + A_STEP,
    "seedflow: 1\ndefaults: {size: ''}\n" + A_STEP,
    "seedflow: 1\ninputs: {i: {type: text, min_length: 3, max_length: 2}}\n" + A_STEP,
    "seedflow: 1\ninputs: {i: {type: integer, minimum: 3, default: 2}}\n" + A_STEP,
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, for_each: {b: {in: [1], at_most: 0}}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, expect: {images: {min: 3, max: 2}}}}\n",
]
"""Refused by the language alone: it compares two numbers, looks at files or knows how a number is spelled."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def validator(catalog: Catalog) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(build_json_schema(catalog))


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Mapping):
        return {entry.key.value: _plain(entry.value) for entry in node}
    return [_plain(item) for item in node.items]


def _judge(text: str, catalog: Catalog, validator: jsonschema_rs.Validator) -> tuple[bool, bool]:
    """Whether the schema takes it, and whether the language does."""
    source = Source("r.yaml", text)
    root, problems = read_yaml(source)
    assert root is not None, text
    assert problems == [], text
    recipe, found = parse_recipe(source, catalog, folder=Path(), default_name="r")
    if recipe is not None:
        graph, wrong = build_graph(recipe, catalog)
        found = [*found, *wrong, *check_graph(graph, catalog)]
    return validator.is_valid(_plain(root)), not has_errors(found)


@pytest.mark.parametrize(
    "text",
    [
        *(f"seedflow: 1\n{text}" for text in STEPS),
        *(f"seedflow: 1\nsteps: {{a: {{generate: {{prompt: x}}, {text}}}}}\n" for text in OPTIONS),
        *(f"seedflow: 1\ninputs: {{i: {text}}}\n{A_STEP}" for text in INPUTS),
        *(f"seedflow: 1\n{text}{A_STEP}" for text in RECIPES),
        f"seedflow:\n{A_STEP}",
        f"seedflow: '1'\n{A_STEP}",
    ],
)
def test_the_schema_and_the_language_say_the_same(
    text: str, catalog: Catalog, validator: jsonschema_rs.Validator
) -> None:
    schema, language = _judge(text, catalog, validator)
    assert schema == language, text


@pytest.mark.parametrize("text", BEYOND_A_SCHEMA)
def test_what_no_schema_can_say_is_left_to_the_language(
    text: str, catalog: Catalog, validator: jsonschema_rs.Validator
) -> None:
    assert _judge(text, catalog, validator) == (True, False)
