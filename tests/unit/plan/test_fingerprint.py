"""Identity in one place, pinned by literal digests: when one of these changes, everything would be paid for again."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.images.facts import FileImage, ImageFacts, ImageFormat, UrlImage
from seedflow.plan.fingerprint import digest_params, digest_request
from seedflow.plan.model import Bounds, PendingImages, PlannedReference, StepImage

MODEL = "bytedance/seedream-4.5"
FACTS = ImageFacts("sha256:" + "ab" * 32, 10, 4, 3, ImageFormat.JPEG)
OTHER = ImageFacts("sha256:" + "cd" * 32, 10, 4, 3, ImageFormat.JPEG)


def fingerprint(params: dict[str, object], *images: object) -> str:
    references = [PlannedReference(None, image) for image in images]
    return digest_request(digest_params(MODEL, params), "image_input", references)


def test_digests_are_pinned() -> None:
    assert digest_params(MODEL, {"prompt": "An owl", "size": "2K"}) == PARAMS
    assert fingerprint({"prompt": "An owl", "size": "2K"}) == BARE
    assert (
        fingerprint({"prompt": "An owl"}, UrlImage("https://e.org/a?b=1"), StepImage("a", 1, 1, FACTS))
        == WITH
    )


def test_where_a_picture_comes_from_does_not_matter_its_bytes_do() -> None:
    file = FileImage(Path("x.jpg"), "x.jpg", FACTS)
    assert fingerprint({"prompt": "p"}, file) == fingerprint({"prompt": "p"}, StepImage("other", 3, 2, FACTS))
    assert fingerprint({"prompt": "p"}, file) != fingerprint({"prompt": "p"}, StepImage("other", 3, 2, OTHER))


def test_the_order_of_references_counts() -> None:
    one, other = StepImage("a", 1, 1, FACTS), StepImage("a", 1, 2, OTHER)
    assert fingerprint({"prompt": "p"}, one, other) != fingerprint({"prompt": "p"}, other, one)


def test_the_order_of_parameters_does_not_count_and_a_default_written_out_does() -> None:
    assert fingerprint({"prompt": "p", "size": "2K"}) == fingerprint({"size": "2K", "prompt": "p"})
    assert fingerprint({"prompt": "p"}) != fingerprint(
        {"prompt": "p", "sequential_image_generation": "disabled"}
    )


def test_what_is_not_known_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="not known yet"):
        fingerprint({"prompt": "p"}, PendingImages("sheet", Bounds(1, 1), "sheet image 1"))


PARAMS = "params/1:5af666d38d10a7205a240436b465152cd2ad42507a4ddba69c40dad048740ea8"
BARE = "request/1:06c2e7b5be4465cdc9eec5fdcf835326b195309794ced86d2ed0ee01beb34ed9"
WITH = "request/1:3f66c1ba737fba2fd12628166d21a59c220e17a81bb53a4cc5da46180888003c"
