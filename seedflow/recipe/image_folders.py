"""A folder, or a pattern such as `photos/**/*.jpg`, to the image files that it names: sorted, and never a hidden one.

Only names are looked at here. `*` and `?` stand for characters of one name, `[ab]` for one of several characters, and
`**` as a whole name for any number of folders, links to folders left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import Final

from seedflow.text.files import is_there

MOST_FILES: Final = 10_000
"""Images that one folder or pattern may name; also the most items that a template takes in a list."""

_MOST_ENTRIES: Final = 1_000_000
_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp")
_PATTERN: Final = re.compile(r"[*?\[]")
_ANY_DEPTH: Final = "**"


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What a folder or pattern names.

    `base` is the folder from which `names` go, as it is spelled; `others` counts what stands there and is no image;
    `too_many` when looking ended early.
    """

    base: str
    names: tuple[str, ...]
    others: int = 0
    too_many: bool = False


def is_pattern(text: str) -> bool:
    """Whether a text may stand for several files."""
    return _PATTERN.search(text) is not None


def has_image_ending(text: str) -> bool:
    """Whether a file is called as images are."""
    return text.lower().endswith(_ENDINGS)


def find_files(text: str, folder: Path) -> FoundFiles:
    """The image files that a folder or a pattern names.

    Args:
        text: the path of a folder, or a pattern.
        folder: where relative ones start.

    Raises:
        OSError: a folder cannot be read.
    """
    base, parts = _split(text)
    search = _Search(folder / base)
    for name in search.walk(parts):
        if len(search.found) >= MOST_FILES or search.entries > _MOST_ENTRIES:
            return FoundFiles(base, (), search.others, too_many=True)
        search.found.append(name)
    names = sorted(set(search.found), key=lambda name: PurePosixPath(name).parts)
    return FoundFiles(base, tuple(names), search.others)


def _split(text: str) -> tuple[str, list[str]]:
    """The folder before the first name with a pattern, as spelled, and the names from there; of a folder all its files."""
    if not is_pattern(text):
        return text, ["*"]
    start = text.rfind("/", 0, _first_sign(text)) + 1
    return text[:start] or ".", [part for part in text[start:].split("/") if part not in ("", ".")]


def _first_sign(text: str) -> int:
    found = _PATTERN.search(text)
    return found.start() if found else len(text)


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    """Whether an image is meant that is not there: whoever opens it says so, where it would be left out without a word."""
    return entry.is_symlink() and not is_there(Path(entry.path))


class _Search:
    """One look through folders. `found` are paths below the base, `entries` counts everything that was seen."""

    def __init__(self, base: Path) -> None:
        self.found: list[str] = []
        self.entries = 0
        self.others = 0
        self._base = base

    def walk(self, parts: list[str]) -> Iterator[str]:
        return self._walk("", parts)

    def _walk(self, below: str, parts: list[str]) -> Iterator[str]:
        first, *rest = parts
        if not rest and first == _ANY_DEPTH:
            rest = ["*"]
        if first == _ANY_DEPTH:
            yield from self._walk(below, rest)
            for entry in self._scan(below):
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(f"{below}{entry.name}/", parts)
            return
        if first == "..":
            yield from self._walk(f"{below}../", rest) if rest else ()
            return
        matches = re.compile(translate(first)).match
        for entry in self._scan(below):
            if not matches(entry.name):
                continue
            if rest:
                if entry.is_dir():
                    yield from self._walk(f"{below}{entry.name}/", rest)
            elif has_image_ending(entry.name) and (entry.is_file() or _leads_nowhere(entry)):
                yield f"{below}{entry.name}"
            else:
                self.others += 1

    def _scan(self, below: str) -> list[os.DirEntry[str]]:
        with os.scandir(self._base / below) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
        self.entries += len(found)
        return sorted(found, key=lambda entry: entry.name)
