"""Whatever the bytes, an image is measured or refused: no other exception, no warning, no claim that is not so."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seedflow.errors import ImageError
from seedflow.images.header import MAX_PIXELS
from seedflow.images.inspect import inspect_image
from seedflow.images.placeholder import PlaceholderReference, PlaceholderSpec, draw_placeholder
from seedflow.images.spelling import COVERED, spell
from seedflow.images.thumbnail import render_thumbnail
from tests.unit.images.pictures import EXIF_TURNED, encode, noise

PICTURES = (
    encode(noise(40, 30), "JPEG", exif=EXIF_TURNED),
    encode(noise(40, 30), "JPEG", progressive=True),
    encode(noise(40, 30), "PNG"),
    encode(noise(40, 30).quantize(8), "PNG"),
    encode(noise(40, 30), "WEBP"),
    encode(noise(40, 30).convert("RGBA"), "WEBP", lossless=True, exif=EXIF_TURNED),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A picture with some bytes changed, left out or put in."""
    data = bytearray(draw(st.sampled_from(PICTURES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, min(len(data) - 1, draw(st.sampled_from((40, 400, 10_000)))))))
        match draw(st.sampled_from(("change", "cut", "drop", "add"))):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 50))]
            case "add":
                data[at:at] = draw(st.binary(max_size=50))
    return bytes(data)


@settings(deadline=None)  # the disk takes the time it takes
@given(st.one_of(st.binary(max_size=200), damaged()))
def test_any_bytes_are_measured_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(data)
        refused, facts = None, None
        try:
            facts = inspect_image(path, decode=True)
        except ImageError as error:
            refused = error
        if facts is None:
            assert refused is not None
            assert refused.message
            assert refused.kind in {"not-an-image", "format", "cut", "too-large"}
            return
        assert facts == inspect_image(path, decode=False)
        assert facts.size_bytes == len(data)
        assert 0 < facts.width_px * facts.height_px <= MAX_PIXELS
        assert render_thumbnail(path, 20).startswith(b"\xff\xd8\xff")


@given(st.text())
def test_any_text_is_spelled_in_characters_that_can_be_drawn(text: str) -> None:
    assert set(spell(text)) <= COVERED | {"\n"}


@settings(deadline=None, max_examples=40)  # a card takes its time, and many processes share the machine
@given(
    st.integers(1, 700),
    st.integers(1, 700),
    st.text(max_size=60),
    st.text(max_size=400),
    st.lists(st.text(max_size=20), max_size=20),
)
def test_any_card_is_drawn(width_px: int, height_px: int, title: str, prompt: str, notes: list[str]) -> None:
    references = tuple(PlaceholderReference(note, None, note) for note in notes)
    spec = PlaceholderSpec(width_px, height_px, title, prompt, tuple(notes[:3]), references, seed=title)
    assert draw_placeholder(spec) == draw_placeholder(spec)
