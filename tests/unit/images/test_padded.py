"""Pictures of any weight that decode."""

from __future__ import annotations

import pytest

from seedflow.images.facts import ImageFormat
from seedflow.images.inspect import inspect_image
from seedflow.images.padded import build_padded_png


@pytest.mark.parametrize("size_bytes", [4_000, 1_000_000, 10_000_000])
def test_it_weighs_what_was_asked_and_decodes(tmp_path, size_bytes):
    path = tmp_path / "grey.png"
    path.write_bytes(build_padded_png(size_bytes))
    facts = inspect_image(path, decode=True)
    assert (facts.size_bytes, facts.format) == (size_bytes, ImageFormat.PNG)
    assert build_padded_png(size_bytes) == path.read_bytes()


def test_there_is_a_smallest(tmp_path):
    path = tmp_path / "grey.png"
    path.write_bytes(build_padded_png(0))
    assert inspect_image(path, decode=True).size_bytes == len(build_padded_png(1))
