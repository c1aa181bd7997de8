"""Thumbnails are made anew from pixels: small, upright, RGB, and free of whatever else a file holds."""

from __future__ import annotations

import gc
import io
import weakref
from pathlib import Path

import pytest
from PIL import Image

from seedflow.errors import ImageError
from seedflow.images.thumbnail import load_thumbnail, render_thumbnail
from tests.unit.images.pictures import EXIF_TURNED, encode, noise

RED = Image.new("RGB", (400, 200), (220, 30, 30))


def test_a_thumbnail_fits_and_keeps_the_ratio(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(noise(1200, 800), "JPEG"))
    thumbnail = Image.open(io.BytesIO(render_thumbnail(path, 90)))
    assert (thumbnail.format, thumbnail.size, thumbnail.mode) == ("JPEG", (90, 60), "RGB")


def test_small_pictures_are_not_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(30, 20), "PNG"))
    assert load_thumbnail(path, 90).size == (30, 20)


@pytest.mark.parametrize(
    ("image", "image_format", "color"),
    [
        (RED, "JPEG", (220, 30, 30)),
        (RED.convert("CMYK"), "JPEG", (220, 30, 30)),
        (RED.quantize(4), "PNG", (220, 30, 30)),
        (RED.convert("L"), "PNG", (87, 87, 87)),
        (Image.new("I;16", (400, 200), 0x8000), "PNG", (128, 128, 128)),
        (Image.new("RGBA", (400, 200), (220, 30, 30, 0)), "PNG", (255, 255, 255)),
        (Image.new("RGBA", (400, 200), (0, 0, 0, 128)), "WEBP", (127, 127, 127)),
        (Image.new("LA", (400, 200), (0, 0)), "PNG", (255, 255, 255)),
        (Image.new("1", (400, 200), 1), "PNG", (255, 255, 255)),
    ],
)
def test_every_mode_becomes_what_a_person_would_see(
    tmp_path: Path, image: Image.Image, image_format: str, color: tuple[int, int, int]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(encode(image, image_format))
    for side_px in (100, 1000):
        found = load_thumbnail(path, side_px)
        assert found.mode == "RGB"
        pixel = found.getpixel((found.width // 2, found.height // 2))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) <= 3 for a, b in zip(pixel, color, strict=True)), pixel


def test_a_turned_photograph_stands_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(RED, "JPEG", exif=EXIF_TURNED))
    assert load_thumbnail(path, 100).size == (50, 100)


@pytest.mark.parametrize("length", [6, 10, 14, 20, 24])
def test_broken_metadata_is_passed_over_in_silence(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(RED, "JPEG", exif=EXIF_TURNED[:length]))
    assert load_thumbnail(path, 100).size == (100, 50)


def test_nothing_of_the_file_but_pixels_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(RED, "JPEG", exif=EXIF_TURNED, comment=b"SECRET-PLACE") + b"SECRET-PLACE")
    found = render_thumbnail(path, 100)
    assert b"SECRET" not in found
    assert b"Exif" not in found


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(300, 200), "PNG"))
    assert load_thumbnail(path, 100).size == (100, 67)
    path.write_bytes(encode(noise(200, 300), "PNG"))
    assert load_thumbnail(path, 100).size == (67, 100)


def test_what_is_no_picture_has_no_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(), "PNG")[:-40])
    with pytest.raises(ImageError):
        load_thumbnail(path, 100)
    with pytest.raises(ImageError):
        load_thumbnail(tmp_path / "missing", 100)


def test_the_last_ones_are_kept_as_far_as_their_pixels_go(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(noise(1000, 1000), "JPEG"))
    assert load_thumbnail(path, 500) is load_thumbnail(path, 500)
    seen = [weakref.ref(load_thumbnail(path, side_px)) for side_px in range(500, 560)]
    gc.collect()
    alive = [found() for found in seen]
    kept = [image for image in alive if image is not None]
    assert alive[-1] is not None, "the last one is asked for again most likely"
    assert 8 <= len(kept) < 20
    assert sum(image.width * image.height for image in kept) <= 4_000_000


def test_a_thumbnail_above_the_bound_is_given_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(RED.resize((2400, 2400)), "JPEG"))
    small = load_thumbnail(path, 100)
    assert load_thumbnail(path, 2400).size == (2400, 2400)
    assert load_thumbnail(path, 2400) is not load_thumbnail(path, 2400)
    assert load_thumbnail(path, 100) is small
