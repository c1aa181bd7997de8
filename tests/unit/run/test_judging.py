"""What is said of an answer that is not what its card promises: once, with the place inside it, and short."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from seedflow.models.catalog import build_catalog
from seedflow.run.judging import judge_answer

CARD: dict[str, Any] = {
    "model": "studio/pencil-1",
    "input": {"properties": {"prompt": {"type": "string"}}},
    "output": {
        "properties": {"drawing": {"type": "string", "pattern": "^https://cdn"}},
        "required": ["drawing"],
    },
}
MODEL = build_catalog([("pencil", CARD)], [], CARD["model"]).models[CARD["model"]]
PROVIDER: Any = SimpleNamespace(read_answer=json.loads)
PREFIX = "the answer is not what the card of studio/pencil-1 promises: "


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"drawing": 1}, 'in `drawing`, 1 is not of type "string"'),
        ({}, '"drawing" is a required property'),
        (
            {"drawing": "https://pictures.invalid/" + "x" * 500},
            f'in `drawing`, "https://pictures.invalid/{"x" * 33}… does not match "^https://cdn"',
        ),
    ],
)
def test_a_complaint_says_where_and_what(answer: object, said: str) -> None:
    assert judge_answer(json.dumps(answer).encode(), PROVIDER, MODEL).complaint == PREFIX + said


def test_a_place_is_printable() -> None:
    model = build_catalog(
        [("pencil", {**CARD, "output": {**CARD["output"], "additionalProperties": {"type": "integer"}}})],
        [],
        CARD["model"],
    ).models[CARD["model"]]
    answer = {"drawing": "https://cdn.invalid/1", "\x1b[31m": "red"}
    complaint = judge_answer(json.dumps(answer).encode(), PROVIDER, model).complaint
    assert complaint is not None
    assert complaint.isprintable()
