"""Thumbnails: small pictures made anew from pixels, so that nothing of a foreign file is shown as it came."""

from __future__ import annotations

import io
import struct
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final

from PIL import Image

from seedflow.images.decode import decode_image
from seedflow.images.header import read_header
from seedflow.images.inspect import ALL_FORMATS, open_image_file

_MOST_KEPT_PX: Final = 4_000_000
"""Of all kept thumbnails together: some 16 MB, enough for every reference of one picture at 4K."""
_WHITE = (255, 255, 255, 255)
_ORIENTATION_TAG = 0x0112
# By EXIF orientation: how the stored pixels are turned to stand upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _Kept:
    """The thumbnails that were used last, as many as fit a number of pixels. For any number of threads."""

    def __init__(self, most_px: int) -> None:
        self._most_px = most_px
        self._lock = Lock()
        self._images: OrderedDict[_Key, Image.Image] = OrderedDict()
        self._px = 0

    def find(self, key: _Key) -> Image.Image | None:
        with self._lock:
            found = self._images.get(key)
            if found is not None:
                self._images.move_to_end(key)
            return found

    def keep(self, key: _Key, image: Image.Image) -> None:
        size_px = image.width * image.height
        with self._lock:
            if size_px > self._most_px or key in self._images:  # another thread was quicker
                return
            self._images[key] = image
            self._px += size_px
            while self._px > self._most_px:
                _, oldest = self._images.popitem(last=False)
                self._px -= oldest.width * oldest.height


_Key = tuple[Path, int, tuple[int, int]]
_KEPT: Final = _Kept(_MOST_KEPT_PX)


def render_thumbnail(path: Path, side_px: int, *, quality: int = 82) -> bytes:
    """A JPEG of an image file, at most `side_px` wide and high, never enlarged; deterministic.

    Raises:
        ImageError: the file is not an image that we accept.
    """
    buffer = io.BytesIO()
    load_thumbnail(path, side_px).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def load_thumbnail(path: Path, side_px: int) -> Image.Image:
    """The pixels of a thumbnail: RGB, upright, transparent parts on white. Shared between callers: do not draw on it.

    The last ones are kept, since the same reference goes into many pictures.

    Raises:
        ImageError: the file is not an image that we accept.
    """
    try:
        found = path.stat()
        version = (found.st_size, found.st_mtime_ns)
    except OSError:
        version = (0, 0)
    key = (path, side_px, version)  # a file that changed is another one
    image = _KEPT.find(key)
    if image is None:
        image = _load(path, side_px)
        _KEPT.keep(key, image)
    return image


def _load(path: Path, side_px: int) -> Image.Image:
    with open_image_file(path) as (file, size_bytes):
        header = read_header(file, size_bytes, ALL_FORMATS)
        image = decode_image(file, header, size_bytes, about_px=(side_px, side_px))
    turn = _UPRIGHT.get(_orientation(image.info.get("exif", b"")))
    image = _simplify(image)
    scale = side_px / max(image.size)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image)
    # Pixels alone: what a file says of itself would be written again when the thumbnail is saved.
    clean = Image.new("RGB", image.size)
    clean.paste(image.convert("RGB"))
    return clean.transpose(turn) if turn is not None else clean


def _simplify(image: Image.Image) -> Image.Image:
    """Any mode as one that can be resized well."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey; Pillow's own conversion would clip them.
        return image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _orientation(exif: object) -> int:
    """The orientation of raw EXIF bytes, 1 (upright) when it is absent or broken.

    Read by ourselves: Pillow's reader prints warnings about broken data, which a library must not do.
    """
    if not isinstance(exif, bytes):
        return 1
    data = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    try:
        if order is not None:
            (start,) = struct.unpack_from(f"{order}I", data, 4)
            (count,) = struct.unpack_from(f"{order}H", data, start)
            for at in range(start + 2, start + 2 + 12 * count, 12):
                tag, kind, _, value = struct.unpack_from(f"{order}HHIH", data, at)
                if tag == _ORIENTATION_TAG and kind == 3:
                    return int(value)
    except struct.error:
        pass
    return 1
