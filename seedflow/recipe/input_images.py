"""The images that people name: an `https` URL, a path relative to where it is spelled, in lists also a folder or a pattern.

A local image is opened, decoded, hashed and measured once, before anything is planned. A URL is never looked at.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from seedflow.diagnostics import Diagnostic, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import ImageError
from seedflow.images.facts import FileImage, ImageFacts, UrlImage
from seedflow.images.hosts import find_host_problem
from seedflow.images.inspect import inspect_image
from seedflow.recipe.image_folders import MOST_FILES, FoundFiles, find_files, has_image_ending, is_pattern
from seedflow.recipe.leaves import quote
from seedflow.recipe.unbraced import find_expression, suggest_braces
from seedflow.recipe.views import View
from seedflow.text.characters import describe, find_control

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_MOST_NAMED = 3
_MOST_NEIGHBOURS = 1000
_NO_TEMPLATE = "what an input is given or falls back on is data, so no template can stand here: write a path or an https URL"
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
    problem = find_host_problem(urlsplit(text).hostname or "")
    if problem is not None:
        return Diagnostic(
            "image-url",
            f"nobody can look this URL up: {problem}",
            span,
            help="write the host as it stands in a browser's address line",
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


def is_url(text: str) -> bool:
    """Whether a text is spelled like a URL and not like a path."""
    return _SCHEME.match(text) is not None


class ImageFiles:
    """Opens the images that inputs and recipes name, each file once, and decodes every pixel to find broken ones."""

    def __init__(self) -> None:
        self._known: dict[Path, ImageFacts | Diagnostic] = {}

    def open(self, text: str, span: Span, folder: Path, *, braces: bool = False) -> View | Diagnostic:
        """The view of the image that a text names; a path starts in `folder`. `braces` where a template could stand as well."""
        wrong = check_image_text(text, span)
        if wrong is not None:
            return wrong
        if _SCHEME.match(text):
            return build_url_view(UrlImage(text))
        found = self._open_file(folder / text, text, span)
        if isinstance(found, FileImage):
            return build_file_view(found)
        if found.code == "image-missing" and find_expression(text) is not None:
            return replace(found, help=suggest_braces(text) if braces else _NO_TEMPLATE)
        return found

    def find(self, text: str, span: Span, folder: Path) -> list[View] | Diagnostic:
        """The views of all images that a text names: one image, those of a folder, or those that a pattern fits.

        A file that is there is meant, whatever characters its name has. In a folder, and with a pattern, an image's key is
        its path from that folder, or from the folder before the pattern.
        """
        wrong = check_image_text(text, span)
        if wrong is not None:
            return wrong
        path = folder / text
        try:
            one = is_url(text) or path.is_file() or not (is_pattern(text) or path.is_dir())
            if one:
                if not is_url(text) and not has_image_ending(text) and not path.exists():
                    return _not_there(path, text, span)
                view = self.open(text, span, folder)
                return view if isinstance(view, Diagnostic) else [view]
            files = find_files(text, folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            return _no_folder(text, span, error)
        except OSError as error:
            return _unreadable(text, span, error)
        if files.too_many:
            return Diagnostic(
                "too-many-files",
                f"{quote(text)} names more than {MOST_FILES:,} images, or too much else to look through",
                span,
                help="name a smaller folder, or a pattern that fits fewer files",
            )
        if not files.names:
            return _no_images(text, span, folder, files)
        return self._open_all(text, span, folder, files)

    def _open_all(self, text: str, span: Span, folder: Path, files: FoundFiles) -> list[View] | Diagnostic:
        base = "" if files.base == "." else files.base.rstrip("/") + "/"
        views: list[View] = []
        broken: list[str] = []
        for key in files.names:
            name = f"{base}{key}"
            found = self._open_file(folder / name, name, span)
            if isinstance(found, Diagnostic):
                broken.append(found.message)
            else:
                views.append(build_file_view(found, key=key))
        if not broken:
            return views
        if len(files.names) == 1:
            said = f"{broken[0]}; it is the only image of {quote(text)}"
            return Diagnostic("image-unreadable", said, span, help="give a whole JPEG, PNG or WebP file")
        verb = "is" if len(broken) == 1 else "are"
        said = "; ".join(broken[:_MOST_NAMED])
        more = f"; and {len(broken) - _MOST_NAMED:,} more" if len(broken) > _MOST_NAMED else ""
        return Diagnostic(
            "image-unreadable",
            f"{len(broken):,} of the {len(files.names):,} images of {quote(text)} {verb} not sound: {said}{more}",
            span,
            help="give whole JPEG, PNG or WebP files, or take these away",
        )

    def _open_file(self, path: Path, name: str, span: Span) -> FileImage | Diagnostic:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._inspect(path, name, span)
        if isinstance(known, Diagnostic):
            return Diagnostic(known.code, known.message, span, help=known.help)
        return FileImage(path, name, known)

    def _inspect(self, path: Path, name: str, span: Span) -> ImageFacts | Diagnostic:
        control = find_control(name)
        if control is not None:
            return Diagnostic(
                "image-path",
                f"the name {quote(name)} holds {describe(name[control])}, which is not allowed in a text",
                span,
                help="rename the file; prompts may use its name",
            )
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return _not_found(path, name, span)
        except OSError as error:
            return _unreadable(name, span, error)
        if stat.S_ISDIR(mode):
            return Diagnostic(
                "image-path",
                f"{quote(name)} is a folder, and one image is wanted here",
                span,
                help="write the path of an image; a list of images takes a whole folder",
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


def build_file_view(image: FileImage, *, key: str | None = None) -> View:
    """What templates see of a local image. Its key is its path as spelled unless another one is given."""
    facts = image.facts
    return View(
        "image",
        {
            "width": facts.width_px,
            "height": facts.height_px,
            "format": facts.format.value,
            "digest": facts.digest,
            "name": PurePosixPath(image.name).stem,
            "key": image.name if key is None else key,
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
    if is_pattern(name) and find_expression(name) is None:
        return Diagnostic(
            "image-path",
            f"{quote(name)} is a pattern of file names, and one image is wanted here",
            span,
            help="write the path of an image; a list of images takes a pattern",
        )
    message = f"there is no file {quote(name)}"
    return Diagnostic("image-missing", message, span, help=_suggest_file(path, name))


def _suggest_file(path: Path, name: str) -> str:
    """A file beside it that may have been meant, else where it was looked for."""
    looked = f"looked in the folder {path.absolute().parent}"
    try:
        with os.scandir(path.parent) as entries:
            beside = sorted(entry.name for entry in islice(entries, _MOST_NEIGHBOURS))
    except (OSError, ValueError):
        return looked
    near = find_near(path.name, [one for one in beside if has_image_ending(one)])
    return looked if near is None else f"did you mean `{name.removesuffix(path.name)}{near}`? {looked}"


def _not_there(path: Path, name: str, span: Span) -> Diagnostic:
    """A name that says neither file nor folder, where both could stand, and neither does."""
    return Diagnostic(
        "image-missing",
        f"there is no folder and no file {quote(name)}",
        span,
        help=_suggest_file(path, name),
    )


def _no_folder(text: str, span: Span, error: OSError) -> Diagnostic:
    """A pattern in a folder that is not there."""
    folder = Path(str(error.filename))
    return Diagnostic(
        "image-missing",
        f"there is no folder {quote(folder.name)}, in which {quote(text)} looks for images",
        span,
        help=f"looked in the folder {folder.absolute().parent}",
    )


def _no_images(text: str, span: Span, folder: Path, files: FoundFiles) -> Diagnostic:
    looked = folder / files.base
    others = f"{files.others:,} other file{'' if files.others == 1 else 's'} or folder{'' if files.others == 1 else 's'}"
    if not is_pattern(text):
        what = f"; it holds {others}" if files.others else "; it is empty"
        return Diagnostic(
            "no-images",
            f"the folder {quote(text)} holds no image{what}",
            span,
            help="put JPEG, PNG or WebP files there"
            + (f", or take those of folders in it too: `{text.rstrip('/')}/**`" if files.others else ""),
        )
    what = f", but {others}" if files.others else ""
    return Diagnostic(
        "no-images",
        f"the pattern {quote(text)} fits no image{what}",
        span,
        help=f"looked in the folder {looked.absolute()}; upper and lower case differ, and names that begin with a dot are left out",
    )


def _unreadable(name: str, span: Span, error: OSError) -> Diagnostic:
    return Diagnostic(
        "image-unreadable",
        f"{quote(name)} cannot be read: {error.strerror or error}",
        span,
        help="check the path and its permissions",
    )
