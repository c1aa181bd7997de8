"""Facts of image files: format from the bytes, size from the header, digest of the bytes as they are."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from seedflow.errors import ImageError
from seedflow.images.facts import ImageFormat
from seedflow.images.header import MAX_BYTES, sniff_format
from seedflow.images.inspect import inspect_image
from tests.unit.images.pictures import EXIF_TURNED, encode, noise

GOOD = {
    "baseline.jpg": (encode(noise(), "JPEG"), ImageFormat.JPEG),
    "progressive.jpg": (encode(noise(), "JPEG", progressive=True), ImageFormat.JPEG),
    "grey.jpg": (encode(noise().convert("L"), "JPEG"), ImageFormat.JPEG),
    "cmyk.jpg": (encode(noise().convert("CMYK"), "JPEG"), ImageFormat.JPEG),
    "turned.jpg": (encode(noise(), "JPEG", exif=EXIF_TURNED), ImageFormat.JPEG),
    "comment.jpg": (encode(noise(), "JPEG", comment=b"\xff\xc0" * 500), ImageFormat.JPEG),
    "rgb.png": (encode(noise(), "PNG"), ImageFormat.PNG),
    "palette.png": (encode(noise().quantize(16), "PNG"), ImageFormat.PNG),
    "alpha.png": (encode(noise().convert("RGBA"), "PNG"), ImageFormat.PNG),
    "sixteen.png": (encode(Image.new("I;16", (120, 80), 40_000), "PNG"), ImageFormat.PNG),
    "bits.png": (encode(noise().convert("1"), "PNG"), ImageFormat.PNG),
    "lossy.webp": (encode(noise(), "WEBP"), ImageFormat.WEBP),
    "lossless.webp": (encode(noise(), "WEBP", lossless=True), ImageFormat.WEBP),
    "extended.webp": (encode(noise().convert("RGBA"), "WEBP", exif=EXIF_TURNED), ImageFormat.WEBP),
}


@pytest.fixture(params=sorted(GOOD))
def good(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bytes, ImageFormat]:
    data, image_format = GOOD[request.param]
    path = tmp_path / request.param
    path.write_bytes(data)
    return path, data, image_format


@pytest.mark.parametrize("decode", [False, True])
def test_every_usual_kind_of_picture_is_measured(
    good: tuple[Path, bytes, ImageFormat], *, decode: bool
) -> None:
    path, data, image_format = good
    facts = inspect_image(path, decode=decode)
    assert (facts.width_px, facts.height_px, facts.format) == (120, 80, image_format)
    assert facts.size_bytes == len(data)
    assert facts.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_every_cut_is_found_when_decoding(good: tuple[Path, bytes, ImageFormat]) -> None:
    path, data, _ = good
    step = max(1, len(data) // 60)
    lengths = {*range(0, len(data), step), *(len(data) - short for short in (1, 2, 3, 4, 8, 12))}
    for length in sorted(lengths):
        path.write_bytes(data[:length])
        with pytest.raises(ImageError) as caught:
            inspect_image(path, decode=True)
        assert caught.value.kind in {"cut", "not-an-image"}, (length, caught.value)


def test_a_changed_byte_of_a_png_is_found(tmp_path: Path) -> None:
    data = bytearray(GOOD["rgb.png"][0])
    path = tmp_path / "a.png"
    for at in range(41, len(data) - 16, max(1, len(data) // 40)):
        changed = data.copy()
        changed[at] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(ImageError):
            inspect_image(path, decode=True)


def test_the_name_of_a_file_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(GOOD["baseline.jpg"][0])
    assert inspect_image(path, decode=True).format is ImageFormat.JPEG


def test_only_the_formats_that_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(GOOD["rgb.png"][0])
    with pytest.raises(ImageError, match="the file is a PNG, and JPEG or WebP was expected") as caught:
        inspect_image(path, formats=(ImageFormat.JPEG, ImageFormat.WEBP), decode=False)
    assert caught.value.kind == "format"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "missing.png", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ImageError, match=reason) as caught:
            inspect_image(path, decode=False)
        assert caught.value.kind == "unreadable"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    failed: list[ImageError] = []

    def look() -> None:
        with pytest.raises(ImageError, match="not a regular file") as caught:
            inspect_image(pipe, decode=True)
        failed.append(caught.value)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(5)
    assert [error.kind for error in failed] == ["unreadable"]


def test_broken_metadata_neither_hides_a_picture_nor_prints(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    for length in (6, 10, 14, 20, 26):
        path.write_bytes(encode(noise(), "JPEG", exif=EXIF_TURNED[:length]))
        assert inspect_image(path, decode=True).width_px == 120


def test_a_phones_pair_of_pictures_is_its_first(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(noise(), "MPO", save_all=True, append_images=[noise(40, 40)]))
    facts = inspect_image(path, decode=True)
    assert (facts.width_px, facts.height_px, facts.format) == (120, 80, ImageFormat.JPEG)


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    with path.open("wb") as file:
        file.write(GOOD["baseline.jpg"][0])
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImageError, match="at most 64 MiB") as caught:
        inspect_image(path, decode=False)
    assert caught.value.kind == "too-large"


def test_magic_bytes_need_no_more_than_twelve() -> None:
    for data, image_format in GOOD.values():
        assert sniff_format(data[:12]) is image_format
        assert sniff_format(data[:2]) is None


def test_many_threads_look_at_once(tmp_path: Path) -> None:
    for name, (data, _) in GOOD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "cut.png").write_bytes(GOOD["rgb.png"][0][:-20])

    def look(name: str) -> str:
        try:
            return inspect_image(tmp_path / name, decode=True).format
        except ImageError as error:
            return error.kind

    names = [*GOOD, "cut.png"] * 12
    expected = [GOOD[name][1] if name in GOOD else "cut" for name in names]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, names)) == expected


def test_a_header_is_read_without_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(encode(Image.new("RGB", (4096, 4096), (20, 90, 160)), "JPEG"))
    inspect_image(path, decode=False)
    started = time.process_time()
    for _ in range(100):
        inspect_image(path, decode=False)
    assert time.process_time() - started < 0.2, "2 ms each, of which nearly all is hashing; decoding takes 40"


def test_a_segment_is_found_behind_bytes_that_fill_and_markers_that_stand_alone(tmp_path: Path) -> None:
    """The usual head of four bytes is read at once; what JPEG allows besides is read byte by byte."""
    data = encode(noise(), "JPEG")
    path = tmp_path / "odd.jpg"
    for odd in (b"", b"\xff\xff\xff\xfe\x00\x05abc", b"\xff\x01", b"\xff\xd0\xff\xff\xfe\x00\x02"):
        path.write_bytes(data[:2] + odd + data[2:])
        facts = inspect_image(path, decode=True)
        assert (facts.width_px, facts.height_px, facts.format) == (*noise().size, ImageFormat.JPEG)
    for cut in range(20, data.index(b"\xff\xc0") + 9):
        path.write_bytes(data[:cut])
        with pytest.raises(ImageError) as caught:
            inspect_image(path, decode=False)
        assert caught.value.kind == "cut"
    path.write_bytes(data[:2] + b"\xff\xfe\x00\x01" + data[2:])
    with pytest.raises(ImageError) as caught:
        inspect_image(path, decode=False)
    assert caught.value.kind == "not-an-image"
