"""How references are said to travel: as a run would send them, for each setting of `references`, with a bucket and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import facts

from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.plan.serialize import find_transports

URL = UrlImage("https://example.com/owl.png")
FILE = FileImage(Path("owl.jpg"), "owl.jpg", facts("a"))
STORED = StepImage("a", 1, 1, facts("b"))
TO_COME = PendingImages("a", Bounds(1, 1), "a image 1")


@pytest.mark.parametrize(
    ("references", "has_bucket", "ways"),
    [
        ("auto", False, [("url",), ("data",), ("data",), ("url", "data")]),
        ("auto", True, [("url",), ("data", "upload"), ("data", "upload"), ("url", "data", "upload")]),
        ("url", True, [("url",), ("data",), ("url",), ("url",)]),
        ("data", True, [("url",), ("data",), ("data",), ("data",)]),
        ("upload", True, [("url",), ("upload",), ("upload",), ("upload",)]),
        ("upload", False, [("url",), ("upload",), ("upload",), ("upload",)]),
    ],
)
def test_each_picture_travels_as_the_settings_say(
    references: str, has_bucket: bool, ways: list[tuple[str, ...]]
) -> None:
    images = (URL, FILE, STORED, TO_COME)
    assert [find_transports(one, references, has_bucket=has_bucket) for one in images] == ways
