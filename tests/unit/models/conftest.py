"""A catalog as shipped, and a small invented model that shares nothing with it: what is data must not be code."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from seedflow.models.catalog import build_catalog, load_catalog
from seedflow.models.model import Model

OTHER_CARD: dict[str, Any] = {
    "model": "studio/pencil-1",
    "input": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 3},
            "picture": {
                "anyOf": [{"type": "string"}, {"type": "array", "maxItems": 2, "items": {"type": "string"}}],
            },
            "scale": {"type": "number", "exclusiveMinimum": 0},
            "strokes": {"type": ["integer", "null"]},
            "tone": {"enum": ["light", "dark"]},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "output": {
        "type": "object",
        "properties": {"image": {"type": "string", "format": "uri"}},
        "required": ["image"],
        "additionalProperties": False,
    },
    "price_per_image_usd": 0.035,
}

OTHER_PROFILE: dict[str, Any] = {
    "format": 1,
    "model": "studio/pencil-1",
    "version": "2026-11-01",
    "references": {"parameter": "picture", "sureness": "I", "source": "invented"},
    "rules": [
        {
            "kind": "most-characters",
            "parameter": "text",
            "limit": 10,
            "severity": "error",
            "message": "{count} characters, {limit} fit",
            "help": "drop {excess}",
            "sureness": "I",
            "source": "invented",
        }
    ],
}


@pytest.fixture
def seedream() -> Model:
    model = load_catalog().find("bytedance/seedream-4.5")
    assert model is not None
    return model


@pytest.fixture
def card() -> dict[str, Any]:
    return copy.deepcopy(OTHER_CARD)


@pytest.fixture
def profile() -> dict[str, Any]:
    return copy.deepcopy(OTHER_PROFILE)


@pytest.fixture
def pencil(card: dict[str, Any], profile: dict[str, Any]) -> Model:
    model = build_catalog([("pencil", card)], [("pencil", profile)], card["model"]).find(card["model"])
    assert model is not None
    return model
