"""The files that the templates of one recipe include or import: found below its folder, read once, kept with what was read of them."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from seedflow.canonical import digest_bytes
from seedflow.diagnostics import Diagnostic, Source
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import quote
from seedflow.recipe.templating.limits import MAX_FILE_BYTES, MAX_FILES_BYTES
from seedflow.recipe.templating.partials import Partial
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.templating.program import ProgramCache
from seedflow.text.characters import check_characters
from seedflow.text.files import load_source

_MOST_NEIGHBOURS: Final = 1000
_MACRO: Final = re.compile(r"\{%-?\s*macro\b")


class PartialFiles:
    """The files of one recipe. A file is known by its path below the recipe's folder, its key.

    `programs` are those templates that use files, `partials` the files as read, `reading` those that are being read.
    """

    def __init__(self, folder: Path, recipe_name: str) -> None:
        """`recipe_name` is what messages call the recipe's file; its files are called after it."""
        self._folder = folder
        self._shown = PurePath(recipe_name).parent
        self._opened: dict[str, tuple[Source | None, list[Diagnostic]]] = {}
        self._bytes_left = MAX_FILES_BYTES
        self.programs = ProgramCache()
        self.partials: dict[str, Partial] = {}
        self.reading: list[str] = []

    @property
    def digests(self) -> Mapping[str, str]:
        """The digest of each file's text, by key."""
        return {
            key: digest_bytes(source.text.encode(errors="surrogatepass"))
            for key, (source, _) in sorted(self._opened.items())
            if source is not None
        }

    @property
    def texts(self) -> Iterator[Source]:
        """The files that are written as a whole where they are included: those with macros in them are left out."""
        for _, (source, _) in sorted(self._opened.items()):
            if source is not None and not _MACRO.search(source.text):
                yield source

    def get_key(self, name: str) -> str:
        """The key of a file as a template names it.

        Raises:
            Refusal: no file below the folder can have this name, or a link leads out of it.
        """
        problem = _find_problem(name)
        key = "/".join(PurePosixPath(name).parts)
        if problem is None and key not in self._opened and self._leads_out(key):
            problem = ("a link in it leads out of the recipe's folder", "put the file itself into the folder")
        if problem is not None:
            raise Refusal(
                code="template-file-name",
                message=f"{quote(name)} cannot be a file below the recipe's folder: {problem[0]}",
                help=problem[1],
            )
        return key

    def open(self, key: str) -> tuple[Source | None, list[Diagnostic]]:
        """The text of a file, and what is wrong with it. It is read at most once. Its lines end as those of YAML do."""
        if key not in self._opened:
            self._opened[key] = self._read(key)
        return self._opened[key]

    def _read(self, key: str) -> tuple[Source | None, list[Diagnostic]]:
        name = str(self._shown / key)
        path = self._folder / key
        found = load_source(path, name, max_bytes=MAX_FILE_BYTES)
        if isinstance(found, Diagnostic):
            return None, [self._report_missing(path, name) if found.code == "file-missing" else found]
        self._bytes_left -= len(found.text.encode(errors="surrogatepass"))
        if self._bytes_left < 0:
            most = MAX_FILES_BYTES // (1024 * 1024)
            message = (
                f"the files that the templates of this recipe use have more than {most} MiB with `{name}`"
            )
            return None, [Diagnostic("file-too-large", message, help="use fewer or smaller files")]
        source = Source(name, found.text.replace("\r\n", "\n"))
        return source, check_characters(source)[1]

    def _report_missing(self, path: Path, name: str) -> Diagnostic:
        try:
            with os.scandir(path.parent) as entries:
                neighbours = sorted(entry.name for entry in islice(entries, _MOST_NEIGHBOURS))
        except OSError:
            neighbours = []
        near = find_near(path.name, [one for one in neighbours if not one.startswith(".")])
        return Diagnostic(
            "file-missing",
            f"there is no file `{name}`",
            help=f"did you mean `{near}`?" if near else "write a path that begins in the recipe's folder",
        )

    def _leads_out(self, key: str) -> bool:
        folder = os.path.realpath(self._folder)
        real = os.path.realpath(self._folder / key)
        below = os.path.relpath(real, folder)
        return any(part.startswith(".") for part in PurePath(below).parts)


def _find_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with a name, whatever there is in the folder, and what to do."""
    if not name.strip():
        return "it is empty", "write the path of a text file, such as `prompts/style.txt`"
    if not name.isprintable():
        return "a character in it cannot be printed", "rename the file"
    if "\\" in name:
        return "it holds `\\`", "write `/` between folders"
    if name.startswith(("/", "~")) or ":" in name:
        return "it is not a path below that folder", "write a path that begins in the recipe's folder"
    parts = PurePosixPath(name).parts
    inside = posixpath.normpath(name)
    if ".." in parts and not inside.startswith("..") and inside != ".":
        return "it holds `..`", f"write `{inside}`"
    if ".." in parts:
        return "it would leave the folder", "take `..` away, and move the file into the recipe's folder"
    hidden = next((part for part in parts if part.startswith(".")), None)
    if hidden is not None:
        return f"{quote(hidden)} is hidden", "give the file a name that does not begin with a dot"
    if not parts:
        return "it is the folder itself", "write the path of a text file, such as `prompts/style.txt`"
    return None
