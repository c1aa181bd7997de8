"""Outputs to files: copies, never links to what was paid for. A file that is not ours, or was changed, stays as it is.

Runs that publish into one folder take turns. Files arrive in a folder of their own beside the others and are moved into
place whole; what a killed run left there is removed by the next.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedflow.canonical import digest_bytes
from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.images.facts import FileImage, ImageFacts
from seedflow.plan.model import PublishedImage, StepImage
from seedflow.run.status import Problem, PublishedFile
from seedflow.store.base import Store

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
TURN_WITHIN_S = 30.0
_TURN_POLL_S = 0.02
_ARRIVING = ".seedflow-"


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and what was left alone and why."""

    files: Mapping[str, tuple[PublishedFile, ...]]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class RunNote:
    """What the manifest says of the run that wrote it."""

    run_id: str
    recipe: str
    provider: str
    realm: str


def publish_outputs(
    outputs: Mapping[str, Sequence[PublishedImage]], folder: Path, store: Store, note: RunNote
) -> Published:
    """Copy every image of every output below `folder`, and list them in `manifest.json`.

    Blocks; call it from a thread. A file that cannot be written is among the problems; the others are published all the
    same. Files of earlier runs that no output names any more are kept and stay listed.
    """
    if not any(outputs.values()) and not folder.exists():
        return Published(dict.fromkeys(outputs, ()), ())
    files: dict[str, tuple[PublishedFile, ...]] = {}
    problems: list[Problem] = []
    try:
        with Step.OUTPUT_FOLDER:
            folder.mkdir(parents=True, exist_ok=True)
        with _taking_turns(folder), _arriving_in(folder) as arriving:
            listed = _read_manifest(folder)
            entries: dict[str, dict[str, Any]] = {}
            for name, images in outputs.items():
                published: list[PublishedFile] = []
                for image in images:
                    place = _Place(image, folder, folder / image.path, listed.get(image.path), note.recipe)
                    problem = place.fill(store, arriving)
                    if problem is not None:
                        problems.append(problem)
                        continue
                    facts = image.image.facts
                    entries[image.path] = place.describe()
                    published.append(
                        PublishedFile(name, place.target, facts.digest, facts.width_px, facts.height_px)
                    )
                files[name] = tuple(published)
            for path, entry in listed.items():
                if path not in entries and (folder / path).is_file():
                    ours = entry.get("recipe") == note.recipe
                    entries[path] = {**entry, "current": False} if ours else entry
            _write_manifest(folder, arriving, entries, note)
    except OSError as error:
        problems.append(_refused(folder, error))
    unpublished = tuple(replace(problem, unpublished=True) for problem in problems)
    return Published({name: files.get(name, ()) for name in outputs}, unpublished)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one image of an output of `recipe` goes. `listed` is what the last manifest says of that path."""

    image: PublishedImage
    folder: Path
    target: Path
    listed: Mapping[str, Any] | None
    recipe: str

    def fill(self, store: Store, arriving: Path) -> Problem | None:
        """See that the image stands there, and say why not otherwise."""
        target, facts = self.target, self.image.image.facts
        try:
            escape = _find_link(target, self.folder)
            if escape is not None:
                return Problem(
                    "not-published",
                    f"{target} was not written: {escape} is a link that leads out of the output folder",
                )
            found = _look(target)
            if found is not None:
                if stat.S_ISREG(found.st_mode) and self._holds(found, facts.digest):
                    return None
                published = self._is_published(found)
                if published and self.listed is not None and self.listed["recipe"] != self.recipe:
                    return Problem(
                        "not-published",
                        f"{target} was not overwritten: recipe `{self.listed['recipe']}` published it, and this is `{self.recipe}`",
                        help="give one of the two another `name:`, or choose another folder with --out",
                    )
                if not published and not self._is_kept(found, store):
                    return Problem(
                        "not-published",
                        f"{target} was not overwritten: it is not a file that seedflow published, or it was changed since",
                        help="move it away, or choose another folder with --out",
                    )
            with Step.OUTPUT_FOLDER:
                target.parent.mkdir(parents=True, exist_ok=True)
            source = self._find_source(store)
            if isinstance(source, Problem):
                return source
            copy = arriving / "picture"
            with Step.OUTPUT_COPY:
                shutil.copyfile(source, copy)
            with Step.OUTPUT_RENAME:
                copy.replace(target)
        except StoreError as error:
            return Problem(error.kind, f"{target} was not written: {error.message}", error.help)
        except OSError as error:
            return _refused(target, error)
        return None

    def describe(self) -> dict[str, Any]:
        """Its entry in the manifest."""
        image = self.image.image
        facts: ImageFacts = image.facts
        found = self.target.stat()
        origin = (
            {"task": image.address, "take": image.take, "number": image.number}
            if isinstance(image, StepImage)
            else {"file": image.name}
        )
        return {
            "recipe": self.recipe,
            "output": self.image.output,
            **origin,
            "digest": facts.digest,
            "width_px": facts.width_px,
            "height_px": facts.height_px,
            "size_bytes": found.st_size,
            "mtime_ns": found.st_mtime_ns,
            "current": True,
        }

    def _holds(self, found: os.stat_result, digest: str) -> bool:
        """Whether the very bytes that are wanted stand there, whoever put them."""
        if self._is_untouched(found):
            return self.listed is not None and self.listed.get("digest") == digest
        return _digest(self.target) == digest

    def _is_published(self, found: os.stat_result) -> bool:
        """Whether what stands there was published by some run and is as it was then."""
        if self.listed is None or not stat.S_ISREG(found.st_mode):
            return False
        return self._is_untouched(found) or _digest(self.target) == self.listed.get("digest")

    def _is_kept(self, found: os.stat_result, store: Store) -> bool:
        """Whether what stands there is in the store as well: a run that was killed put it there before it could list it."""
        return stat.S_ISREG(found.st_mode) and store.blob_path(_digest(self.target)).is_file()

    def _is_untouched(self, found: os.stat_result) -> bool:
        if self.listed is None:
            return False
        return (found.st_size, found.st_mtime_ns) == (
            self.listed.get("size_bytes"),
            self.listed.get("mtime_ns"),
        )

    def _find_source(self, store: Store) -> Path | Problem:
        image = self.image.image
        if not isinstance(image, FileImage):
            return store.verify_blob(image.facts)
        if _digest(image.path) == image.facts.digest:
            return image.path
        return Problem(
            "not-published",
            f"{self.target} was not written: {image.name} was changed after it was planned",
            help="run again to plan with the new picture",
        )


def _refused(path: Path, error: OSError) -> Problem:
    return Problem(
        "not-published",
        f"{path} cannot be written: {error.strerror or error}",
        help="see that there is room and that the folder may be written, or choose another with --out; then run again",
    )


def _look(path: Path) -> os.stat_result | None:
    """What stands at a path itself, a link included; None for nothing."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _taking_turns(folder: Path) -> Iterator[None]:
    """Wait for other runs that publish here. Where the file system has no locks, or one does not end, go on without."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + TURN_WITHIN_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_TURN_POLL_S)
            except OSError:
                break
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _arriving_in(folder: Path) -> Iterator[Path]:
    for left in folder.glob(f"{_ARRIVING}*"):
        if left.is_dir() and not left.is_symlink():
            with Step.OUTPUT_TIDY:
                shutil.rmtree(left, ignore_errors=True)
    with Step.OUTPUT_ARRIVING:
        arriving = Path(tempfile.mkdtemp(prefix=_ARRIVING, dir=folder))
    try:
        yield arriving
    finally:
        with Step.OUTPUT_TIDY:
            shutil.rmtree(arriving, ignore_errors=True)


def _find_link(target: Path, folder: Path) -> Path | None:
    """A folder on the way to the target that is a link."""
    for part in target.relative_to(folder).parents:
        if part != Path() and (folder / part).is_symlink():
            return folder / part
    return None


def _digest(path: Path) -> str:
    return digest_bytes(path.read_bytes())


def _read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Entries of an earlier manifest; a file that is not one counts as absent, so that nothing is overwritten on its word."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = found["files"]
        return {
            path: {"recipe": found.get("recipe"), **entry}
            for path, entry in files.items()
            if isinstance(entry, dict)
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write_manifest(
    folder: Path, arriving: Path, entries: Mapping[str, Mapping[str, Any]], note: RunNote
) -> None:
    text = json.dumps(
        {
            "seedflow_manifest": MANIFEST_VERSION,
            "run": note.run_id,
            "recipe": note.recipe,
            "provider": note.provider,
            "realm": note.realm,
            "files": {path: entries[path] for path in sorted(entries)},
        },
        ensure_ascii=False,
        indent=1,
    )
    written = arriving / MANIFEST
    with Step.MANIFEST_WRITE, written.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    with Step.MANIFEST_RENAME:
        written.replace(folder / MANIFEST)
