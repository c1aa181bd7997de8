"""Full decoding of image bytes that nobody vouches for: Pillow, with one decoder allowed and every failure named.

Sets nothing global; may be called from several threads, each with its own file.
"""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from seedflow.errors import ImageError
from seedflow.images.facts import ImageFormat
from seedflow.images.header import Header, check_whole
from seedflow.images.jpeg import copy_without_metadata

# Importing the decoders by name spares Pillow's search, which would load all of its forty.
_DECODERS: dict[ImageFormat, str] = {
    ImageFormat.JPEG: JpegImagePlugin.JpegImageFile.format,
    ImageFormat.PNG: PngImagePlugin.PngImageFile.format,
    ImageFormat.WEBP: WebPImagePlugin.WebPImageFile.format,
}


def decode_image(
    file: BinaryIO, header: Header, size_bytes: int, *, about_px: tuple[int, int] | None = None
) -> Image.Image:
    """Every pixel of an image whose header was read, in the mode in which it is stored.

    `info` may hold the raw `exif`, `transparency`, and whatever else the file says of itself.

    Args:
        file: the open file; the image keeps no hold of it.
        header: what `read_header` said of it.
        size_bytes: its length.
        about_px: a JPEG may come scaled down by a power of two, not below this size (for thumbnails).

    Raises:
        ImageError: cut, damaged, or not what its header said.
    """
    check_whole(file, size_bytes, header.format)
    try:
        exif, source = b"", file
        if header.format is ImageFormat.JPEG:
            source, exif = copy_without_metadata(file)
        source.seek(0)
        image = Image.open(source, formats=[_DECODERS[header.format]])
        if image.size != (header.width_px, header.height_px):
            raise ImageError("the picture says two different sizes of itself", kind="not-an-image")
        if about_px is not None:
            image.draft(None, about_px)
        image.load()
        if exif:
            image.info["exif"] = exif
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("there is not enough memory for the picture", kind="too-large") from error
    except Exception as error:  # Its decoders raise a dozen kinds, SyntaxError and struct.error among them.
        raise _name_failure(error, header) from error
    return image


def _name_failure(error: Exception, header: Header) -> ImageError:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return ImageError("the picture unpacks to more than is accepted", kind="too-large")
    name = header.format.value.upper()
    said = str(error).lower()
    if "truncated" in said or "unexpected end" in said or isinstance(error, EOFError):
        return ImageError(f"the {name} is cut: it ends before its last pixel", kind="cut")
    return ImageError(f"the {name} is damaged and cannot be decoded", kind="not-an-image")
