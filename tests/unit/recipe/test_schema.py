"""The JSON Schema that editors complete with: every key described, models from their cards, all that binds accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from seedflow.diagnostics import Source
from seedflow.models.catalog import Catalog, build_catalog, load_catalog
from seedflow.recipe.binding import bind_recipe
from seedflow.recipe.schema import build_json_schema
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import read_yaml


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return build_json_schema()


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(schema)


def plain(node: Node) -> Any:
    """What an editor's YAML reader makes of a node."""
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node}
    return [plain(item) for item in node.items]


def read(text: str) -> Node:
    root, problems = read_yaml(Source("r.yaml", text))
    assert problems == []
    assert root is not None
    return root


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object in a schema, without the rules about some of its keys alone."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict) and {"patternProperties", "description"} & set(value):
            yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_it_is_a_schema_of_draft_2020_12(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


def test_every_key_has_a_description(schema: dict[str, Any]) -> None:
    keys = [(name, key) for block in objects(schema) for name, key in block["properties"].items()]
    assert len(keys) > 50
    assert [name for name, key in keys if "description" not in key] == []


def test_nothing_of_pydantic_shows(schema: dict[str, Any]) -> None:
    assert re.search(r"Block|Title|title\": \"(?!A seedflow)", repr(schema)) is None


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    targets = set(re.findall(r"'\$ref': '#/\$defs/(\w+)'", repr(schema)))
    assert targets
    assert targets <= set(schema["$defs"])


def test_parameters_come_from_the_card_of_the_default_model(schema: dict[str, Any]) -> None:
    card = load_catalog().find("bytedance/seedream-4.5")
    assert card is not None
    generate = schema["$defs"]["Generate"]
    assert set(generate["properties"]) == {"model", *card.parameters}
    assert generate["additionalProperties"] is False
    ratio = generate["properties"]["aspect_ratio"]["anyOf"]
    assert ratio[0]["enum"] == card.parameters["aspect_ratio"]["enum"]
    assert re.search(ratio[1]["pattern"], "{{ inputs.ratio }}")


GOOD = [
    "seedflow: 1\nsteps: {a: {generate: {prompt: x, size: 2K, max_images: 3}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x, size: '{{ inputs.s }}', max_images: '{{ inputs.n }}'}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x, size: ~}}}\ndefaults: {size: 4K}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: 7, image_input: [a.jpg, '{{ inputs.i }}']}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x, image_input: {hero: a.jpg, others: [b.jpg]}}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, for_each: {b: [1], c: '{{ inputs.l }}', d: {in: [2], at_most: 3}}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, for_each: '{{ zip(a=inputs.l, b=inputs.m) }}'}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, needs: [b], tags: t, was: old, description: d}}\n",
    "seedflow: 1\ninputs: {l: {type: list, of: {type: list, of: text}, min_items: 1}}\nsteps: {a: {generate: {prompt: x}}}\n",
    "seedflow: 1\ninputs: {t: {type: table, key: a, delimiter: ';', columns: {a: text, b: {type: list, of: text, default: [x], header: B}}, max_items: 9, default: t.csv}}\nsteps: {a: {generate: {prompt: x}}}\n",
    "seedflow: 1\ninputs: {t: {type: table, default: [{a: 1}]}}\nsteps: {a: {generate: {prompt: x}}}\n",
    "seedflow: 1\nx-mine: 1\nsteps: {a: {generate: {prompt: x, x-mine: 1}, x-mine: 1}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}}}\noutputs: {o: '{{ steps.a.images }}', p: {images: '{{ steps.a.images }}', file: x}}\n",
    "seedflow: 1\ndefaults: {model: google/nano-banana-2, resolution: 2K}\nsteps: {a: {generate: {prompt: x, output_format: png}}}\n",
    "seedflow: 1\ndefaults: {size: 3K}\nsteps: {a: {generate: {model: bytedance/seedream-5-lite, prompt: x}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {model: bytedance/seedream-5-pro, prompt: x, size: 1536x864, image: a.jpg}}}\n",
    "seedflow: 1\nsteps: {a: {recipe: ./b.yaml, with: {x: 3, y: [a], z: '{{ inputs.z }}'}, for_each: {b: [1]}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, when: '{{ inputs.b }}', takes: 3}, b: {generate: {prompt: x}, takes: '{{ inputs.n }}'}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, expect: {images: 2, min_width: '{{ inputs.n }}', aspect_ratio: 16:9, otherwise: accept}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, expect: {images: {min: 1, max: 2}, distinct: true, otherwise: retry, attempts: 2}}}\n",
    "seedflow: 1\nsteps: {a: {generate: {prompt: x}, iterate: {over: [a, b], as: edit, start: '{{ inputs.p }}'}}}\n",
    "seedflow: 1\nname: 3\nlimits: {cost_usd: 0.5, images: 3}\nref_words: {one: 'bild {n}'}\nsteps: {a: {generate: {prompt: x}}}\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_it_accepts_what_binds(text: str, validator: jsonschema_rs.Validator) -> None:
    root = read(text)
    bound = bind_recipe(root)
    assert bound.problems == []
    assert bound.document is not None
    assert [str(error) for error in validator.iter_errors(plain(root))] == []


@pytest.mark.parametrize(
    "text",
    [
        "steps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 2\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x}, recipe: storybook}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x}, expect: {otherwise: again}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x}, iterate: {over: [a]}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x}, when: true}}\n",
        "seedflow: 1\nstep: {}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x, size: 3K}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x, sise: 2K}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x, max_images: 99}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x, image_input: {Hero: a.jpg}}}}\n",
        "seedflow: 1\nsteps: {A: {generate: {prompt: x}}}\n",
        "seedflow: 1\nsteps: {a: {}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x}, for_each: text}}\n",
        "seedflow: 1\ninputs: {a: text}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\ninputs: {a: {type: list, of: table}}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\nlimits: {images: 0}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\noutputs: {a: words}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {model: google/nano-banana-2, prompt: x, size: 2K}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {model: google/nano-banana-2, prompt: x, resolution: 3K}}}\n",
        "seedflow: 1\ndefaults: {sise: 2K}\nsteps: {a: {generate: {prompt: x}}}\n",
        "seedflow: 1\nsteps: {a: {generate: {prompt: x, resolution: 2K}}}\n",
    ],
)
def test_it_refuses_what_an_editor_should_underline(text: str, validator: jsonschema_rs.Validator) -> None:
    assert not validator.is_valid(plain(read(text)))


@pytest.fixture(scope="module")
def two_models() -> Catalog:
    def card(model: str, sizes: list[str]) -> tuple[str, object]:
        properties = {"prompt": {"type": "string"}, "size": {"type": "string", "enum": sizes}}
        given = {
            "type": "object",
            "properties": properties,
            "required": ["prompt"],
            "additionalProperties": False,
        }
        images = {"type": "array", "items": {"type": "string", "format": "uri"}}
        output = {"type": "object", "properties": {"images": images}, "required": ["images"]}
        return model, {"model": model, "input": given, "output": output}

    return build_catalog([card("a/one", ["2K"]), card("b/two", ["9K"])], [], "a/one")


def test_another_model_brings_its_own_parameters(two_models: Catalog) -> None:
    validator = jsonschema_rs.Draft202012Validator(build_json_schema(two_models))

    def accepts(generate: dict[str, Any]) -> bool:
        return validator.is_valid({"seedflow": 1, "steps": {"a": {"generate": generate}}})

    assert accepts({"prompt": "x", "size": "2K"})
    assert not accepts({"prompt": "x", "size": "9K"})
    assert accepts({"prompt": "x", "size": "2K", "model": "a/one"})
    assert accepts({"prompt": "x", "size": "9K", "model": "b/two"})
    assert not accepts({"prompt": "x", "size": "2K", "model": "b/two"})
    assert accepts({"prompt": "x", "size": "anything", "model": "{{ inputs.model }}"})
    assert not accepts({"prompt": "x", "model": "c/three"})
