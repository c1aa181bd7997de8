"""Reading YAML with libyaml and without it, and nodes as plain data."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.text.events import read_events, read_events_without_libyaml
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence
from seedflow.text.reader import PROJECT_LIMITS, Limits, read_yaml

Read = Callable[..., tuple[object, list[Diagnostic]]]


def to_data(node: Node | None) -> object:
    """A tree as dicts, lists and resolved scalars."""
    if node is None or isinstance(node, Scalar):
        return None if node is None else node.resolve()
    if isinstance(node, Sequence):
        return [to_data(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key.value: to_data(value) for key, value in node}


@pytest.fixture(params=[read_events, read_events_without_libyaml], ids=["libyaml", "without-libyaml"])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads a text by both parsers: gives the tree and the problems."""

    def read_text(text: str, limits: Limits = PROJECT_LIMITS) -> tuple[Node | None, list[Diagnostic]]:
        return read_yaml(Source("a.yaml", text), limits, events=request.param)

    return read_text
