"""Files made to harm: every one is refused with a reason, quickly, and without much memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from seedflow.errors import ImageError
from seedflow.images.facts import ImageFormat
from seedflow.images.header import MAX_PIXELS
from seedflow.images.inspect import inspect_image
from seedflow.images.thumbnail import load_thumbnail
from tests.unit.images.pictures import encode, jpeg_claiming, noise, png_chunk, png_claiming

JPEG, PNG, WEBP = encode(noise(), "JPEG"), encode(noise(), "PNG"), encode(noise(), "WEBP")


def webp_claiming(width_px: int, height_px: int) -> bytes:
    canvas = b"\0\0\0\0" + (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + WEBP[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animated(image_format: str) -> bytes:
    return encode(noise(), image_format, save_all=True, append_images=[noise().rotate(180)])


def kind_of(path: Path, data: bytes, *, decode: bool = True) -> str:
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        inspect_image(path, decode=decode)
    assert str(path) not in caught.value.message
    return caught.value.kind


@pytest.mark.parametrize(
    ("data", "kind", "word"),
    [
        (b"", "not-an-image", "empty"),
        (b"\0", "not-an-image", "not a JPEG, PNG or WebP"),
        (b"hello, I am a picture", "not-an-image", "not a JPEG, PNG or WebP"),
        (b"GIF89a" + b"\0" * 50, "format", "a GIF"),
        (b"BM" + b"\0" * 50, "format", "a BMP"),
        (b"II*\0" + b"\0" * 50, "format", "a TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "format", "a PostScript file"),
        (b"%PDF-1.7", "format", "a PDF"),
        (b"\xef\xbb\xbf\n  <svg onload='alert(1)'/>", "format", "an SVG drawing"),
        (b"<!DOCTYPE html><title>Sign in</title>", "format", "an HTML page"),
        (b'{"success": false}', "format", "a JSON text"),
        (b"\0\0\0\x1cftypavif" + b"\0" * 40, "format", "an AVIF"),
        (b"\0\0\0\x1cftypheic" + b"\0" * 40, "format", "a HEIC"),
        (b"\0\0\0\x1cftypisom" + b"\0" * 40, "format", "a video"),
        (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40, "not-an-image", "not a JPEG, PNG or WebP"),
        (zlib.compress(PNG), "not-an-image", "not a JPEG, PNG or WebP"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(tmp_path: Path, data: bytes, kind: str, word: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    for decode in (False, True):
        with pytest.raises(ImageError, match=word) as caught:
            inspect_image(path, decode=decode)
        assert caught.value.kind == kind


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(2_000_000_000, 2_000_000_000),
        png_claiming(10_000, 4_001),
        jpeg_claiming(65_535, 65_535, JPEG),
        jpeg_claiming(8_000, 5_001, JPEG),
        webp_claiming(16_384, 16_384),
        webp_claiming(16_777_216, 256),
    ],
)
def test_a_claim_of_too_many_pixels_is_refused_before_decoding(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    for decode in (False, True):
        tracemalloc.start()
        started = time.process_time()
        assert kind_of(path, data, decode=decode) == "too-large"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * 2**20
        assert time.process_time() - started < 1


def test_a_picture_of_just_as_many_pixels_as_accepted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.new("1", (10_000, MAX_PIXELS // 10_000)), "PNG"))
    facts = inspect_image(path, decode=True)
    assert facts.width_px * facts.height_px == MAX_PIXELS


@pytest.mark.parametrize(
    "data", [png_claiming(0, 5), png_claiming(5, 0), jpeg_claiming(0, 5, JPEG), jpeg_claiming(5, 0, JPEG)]
)
def test_a_picture_without_pixels_is_none(tmp_path: Path, data: bytes) -> None:
    assert kind_of(tmp_path / "a", data) == "not-an-image"


def test_a_single_pixel_is_a_picture(tmp_path: Path) -> None:
    for image_format in ("JPEG", "PNG", "WEBP"):
        path = tmp_path / image_format
        path.write_bytes(encode(Image.new("RGB", (1, 1), (9, 9, 9)), image_format))
        facts = inspect_image(path, decode=True)
        assert (facts.width_px, facts.height_px) == (1, 1)
        assert load_thumbnail(path, 50).size == (1, 1)


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(tmp_path: Path, image_format: str) -> None:
    for decode in (False, True):
        assert kind_of(tmp_path / "a", animated(image_format), decode=decode) == "format"


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(9, 9),
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"tEXt", b"x" * 40),
        png_claiming(9, 9).replace(b"IDAT", b"idat"),
        b"\xff\xd8\xff\xd9" + b"\0" * 40,
        b"\xff\xd8\xff\xda" + b"\0" * 40,
        b"\xff\xd8\xff\xe0\0\0" + b"\0" * 40,
        b"\xff\xd8\xff\xc0\0\x0b" + b"\0" * 4,
        b"\xff\xd8" + b"\xff" * 5000,
        b"\xff\xd8\xff" + b"\xd0\xff" * 5000,
        b"RIFF\x16\0\0\0WEBPVP8 " + b"\0" * 18,
        b"RIFF\x16\0\0\0WEBPVP8L" + b"\0" * 18,
        b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\0" * 18,
        PNG[:8] + b"\xff\xff\xff\xff" + PNG[12:],
    ],
)
def test_a_false_inside_is_found(tmp_path: Path, data: bytes) -> None:
    assert kind_of(tmp_path / "a", data) in {"cut", "not-an-image"}


def test_a_jpeg_with_two_sizes_is_refused(tmp_path: Path) -> None:
    at = JPEG.index(b"\xff\xc0")
    length = int.from_bytes(JPEG[at + 2 : at + 4], "big") + 2
    second = JPEG[at : at + 5] + struct.pack(">HH", 200, 200) + JPEG[at + 9 : at + length]
    assert kind_of(tmp_path / "a", JPEG[: at + length] + second + JPEG[at + length :]) == "not-an-image"


def test_bombs_in_text_chunks_do_not_go_off(tmp_path: Path) -> None:
    bomb = png_chunk(b"zTXt", b"comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9))
    path = tmp_path / "a.png"
    path.write_bytes(PNG[:33] + bomb * 4 + PNG[33:])
    started = time.process_time()
    with pytest.raises(ImageError):
        inspect_image(path, decode=True)
    assert time.process_time() - started < 2


def test_what_is_appended_is_part_of_the_file_and_nothing_else(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("run.sh", "#!/bin/sh")
    for data, image_format in ((JPEG, ImageFormat.JPEG), (PNG, ImageFormat.PNG)):
        for tail in (archive.getvalue(), b"<script>alert(1)</script>", b"GIF89a"):
            path = tmp_path / "a"
            path.write_bytes(data + tail)
            facts = inspect_image(path, decode=True)
            assert facts.format is image_format
            assert facts.size_bytes == len(data + tail)


def test_one_picture_in_front_of_another_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(JPEG + encode(noise(300, 10), "PNG"))
    assert inspect_image(path, decode=True).width_px == 120


def test_the_settings_of_the_decoder_stay_as_they_are(tmp_path: Path) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    path = tmp_path / "a"
    path.write_bytes(JPEG)
    inspect_image(path, decode=True)
    kind_of(path, JPEG[:-30])
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before
