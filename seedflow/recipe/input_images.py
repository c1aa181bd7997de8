"""The images that people name: an `https` URL, or a path relative to where it is spelled.

A local image is opened, decoded, hashed and measured once, before anything is planned. A URL is never looked at.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from seedflow.diagnostics import Diagnostic, Span
from seedflow.errors import ImageError
from seedflow.images.facts import FileImage, ImageFacts, UrlImage
from seedflow.images.inspect import inspect_image
from seedflow.recipe.leaves import quote
from seedflow.recipe.views import View

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_GLOB = re.compile(r"[*?\[]")
_NOT_OF_A_STEP = "an input's image comes from no step"
_NEVER_OPENED = "the image stands behind a URL, and seedflow does not look at it"


def check_image_text(text: str, span: Span) -> Diagnostic | None:
    """What is wrong with the spelling of an image, without looking for it."""
    if not text.strip():
        return Diagnostic(
            "empty-text", "found empty text, expected a path or an https URL", span, help="write one"
        )
    scheme = _SCHEME.match(text)
    if scheme is None:
        if "\0" in text:
            return Diagnostic(
                "image-path", "a path cannot hold a NUL character", span, help="write the path of an image"
            )
        return None
    name = scheme[1].lower()
    if name != "https":
        hint = (
            "write https: in place of http:, if the server offers it"
            if name == "http"
            else "save the image to a file and write its path"
        )
        return Diagnostic(
            "image-scheme",
            f"found a URL that begins with `{name}:`, expected an https URL or a path",
            span,
            help=hint,
        )
    if not _is_url(text):
        return Diagnostic(
            "image-url",
            "this is not a whole URL; expected https://, a host, and no spaces",
            span,
            help="write spaces and other special characters as %20 and the like",
        )
    return None


def _is_url(text: str) -> bool:
    if re.search(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]", text) or not text[6:].startswith("//"):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class ImageFiles:
    """Opens the images that inputs and recipes name, each file once, and decodes every pixel to find broken ones."""

    def __init__(self) -> None:
        self._known: dict[Path, ImageFacts | Diagnostic] = {}

    def open(self, text: str, span: Span, folder: Path) -> View | Diagnostic:
        """The view of the image that a text names; a path starts in `folder`."""
        wrong = check_image_text(text, span)
        if wrong is not None:
            return wrong
        if _SCHEME.match(text):
            return build_url_view(UrlImage(text))
        found = self._open_file(folder / text, text, span)
        return found if isinstance(found, Diagnostic) else build_file_view(found)

    def _open_file(self, path: Path, name: str, span: Span) -> FileImage | Diagnostic:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._inspect(path, name, span)
        if isinstance(known, Diagnostic):
            return Diagnostic(known.code, known.message, span, help=known.help)
        return FileImage(path, name, known)

    def _inspect(self, path: Path, name: str, span: Span) -> ImageFacts | Diagnostic:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return _not_found(path, name, span)
        except OSError as error:
            return _unreadable(name, span, error)
        if stat.S_ISDIR(mode):
            return Diagnostic(
                "not-yet",
                f"{quote(name)} is a folder; a list of images may take a folder, but this seedflow cannot do it yet",
                span,
                help="name the files of the folder one by one",
            )
        if not stat.S_ISREG(mode):
            return Diagnostic(
                "image-path", f"{quote(name)} is not a file", span, help="write the path of an image"
            )
        try:
            return inspect_image(path, decode=True)
        except ImageError as error:
            help_text = error.help or "give a whole JPEG, PNG or WebP file"
            return Diagnostic(
                "image-unreadable", f"{quote(name)} cannot be used: {error.message}", span, help=help_text
            )
        except OSError as error:
            return _unreadable(name, span, error)


def build_file_view(image: FileImage) -> View:
    """What templates see of a local image."""
    facts = image.facts
    return View(
        "image",
        {
            "width": facts.width_px,
            "height": facts.height_px,
            "format": facts.format.value,
            "digest": facts.digest,
            "name": PurePosixPath(image.name).stem,
            "key": image.name,
        },
        image,
        dict.fromkeys(("number", "take", "each"), _NOT_OF_A_STEP),
    )


def build_url_view(image: UrlImage) -> View:
    """What templates see of an image behind a URL: where it stands, not what it shows."""
    parts = urlsplit(image.url)
    missing = dict.fromkeys(("width", "height", "format", "digest"), _NEVER_OPENED)
    missing.update(dict.fromkeys(("number", "take", "each"), _NOT_OF_A_STEP))
    name = PurePosixPath(unquote(parts.path)).stem or parts.hostname or image.url
    return View("image", {"name": name, "key": image.url}, image, missing)


def _not_found(path: Path, name: str, span: Span) -> Diagnostic:
    if _GLOB.search(name):
        return Diagnostic(
            "not-yet",
            f"{quote(name)} is a pattern of file names; a list of images may take one, but this seedflow cannot do it yet",
            span,
            help="name the files one by one",
        )
    message = f"there is no file {quote(name)}"
    return Diagnostic("image-missing", message, span, help=f"looked in the folder {path.absolute().parent}")


def _unreadable(name: str, span: Span, error: OSError) -> Diagnostic:
    return Diagnostic(
        "image-unreadable",
        f"{quote(name)} cannot be read: {error.strerror or error}",
        span,
        help="check the path and its permissions",
    )
