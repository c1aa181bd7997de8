"""A model of a project's own, as its two files: a card and a profile that differ from those of shipped models in every name."""

from __future__ import annotations

CARD = {
    "model": "studio/pencil-1",
    "input": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "picture": {"type": "string", "format": "uri"},
            "paper": {"type": "string", "enum": ["a5", "a4"]},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "output": {
        "type": "object",
        "properties": {"drawing": {"type": "string", "format": "uri"}},
        "required": ["drawing"],
        "additionalProperties": False,
    },
}

PROFILE = {
    "format": 1,
    "model": "studio/pencil-1",
    "version": "2026-11-25",
    "prompt": {"parameter": "text", "sureness": "D", "source": "the card"},
    "references": {"parameter": "picture", "sureness": "D", "source": "the card"},
    "answer": {"images": "drawing", "formats": ["webp"], "sureness": "I", "source": "invented"},
    "pixels": {
        "tier": "paper",
        "sizes": {"a5": [420, 596], "a4": [596, 840]},
        "sureness": "I",
        "source": "invented",
    },
    "price": {
        "by": "paper",
        "usd_per_image": {"a5": "0.01", "a4": "0.02"},
        "as_of": "2026-11-25",
        "sureness": "I",
        "source": "the studio's list",
    },
}
