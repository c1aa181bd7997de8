"""Checks of the state's files: every picture read and decoded as when it was stored; strays; who may read them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from seedflow.errors import ImageError, StoreError
from seedflow.images.facts import ImageFacts
from seedflow.images.inspect import inspect_image
from seedflow.store.blobs import digest_file
from seedflow.store.durable import FILE_MODE, FOLDER_MODE, name_kind
from seedflow.store.findings import Finding, FindingKind
from seedflow.store.state import KNOWN_NAMES, TEMPORARY_NAME, StateFolder

OnProgress = Callable[[int, int], None]
"""Told how many pictures of how many were looked at."""

MOST_THREADS = 4
_NAME = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
_LOCK = re.compile(r"run-(.+)\.lock")
_LEDGER_COPY = re.compile(r"ledger\.schema-[0-9]+\.db")
_BLOB_FOLDERS = ("sha256", "incoming", "rejected")


class BlobRow(NamedTuple):
    """A picture as the ledger knows it."""

    size_bytes: int
    mtime_ns: int
    width_px: int
    height_px: int
    format: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one picture that was looked at."""

    digest: str
    kind: FindingKind | None
    message: str = ""
    facts: ImageFacts | None = None
    mtime_ns: int = 0


def list_blobs(folder: StateFolder) -> dict[str, int]:
    """The pictures that lie in the state, by digest, with their sizes; whatever has another name is no picture."""
    found: dict[str, int] = {}
    for shard in _scan(folder.blobs / "sha256"):
        if _SHARD.fullmatch(shard.name) and shard.is_dir(follow_symlinks=False):
            for entry in _scan(Path(shard.path)):
                if _NAME.fullmatch(entry.name) and entry.name.startswith(shard.name):
                    found[f"sha256:{entry.name}"] = entry.stat(follow_symlinks=False).st_size
    return found


def path_of(folder: StateFolder, digest: str) -> Path:
    """Where a picture lies or would lie."""
    name = digest.removeprefix("sha256:")
    return folder.blobs / "sha256" / name[:2] / name


def look_at_blobs(
    folder: StateFolder, rows: Mapping[str, BlobRow | None], on_progress: OnProgress
) -> list[Seen]:
    """Read and decode every one of these pictures, several at a time, and hold each against its row, if it has one."""
    seen = []
    total = len(rows)
    on_progress(0, total)
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        looks = pool.map(lambda item: look_at_blob(path_of(folder, item[0]), *item), rows.items())
        for number, one in enumerate(looks, 1):
            seen.append(one)
            on_progress(number, total)
    return seen


def look_at_blob(path: Path, digest: str, row: BlobRow | None) -> Seen:
    """Read and decode one picture."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return Seen(digest, FindingKind.PICTURE_MISSING, "it is not there")
    except OSError as error:
        return Seen(digest, FindingKind.PICTURE_UNREADABLE, f"it cannot be read: {error.strerror}")
    if not stat.S_ISREG(found.st_mode):
        return Seen(digest, FindingKind.PICTURE_DAMAGED, "it is not a regular file")
    try:
        facts = inspect_image(path, decode=True)
    except ImageError as error:
        return _name_failure(path, digest, error)
    if facts.digest != digest:
        what = (
            f"it has {facts.size_bytes:,} bytes and is a picture, but they were changed since it was received"
        )
        return Seen(digest, FindingKind.PICTURE_DAMAGED, what)
    if row is None:
        return Seen(digest, None, facts=facts, mtime_ns=found.st_mtime_ns)
    there = (facts.size_bytes, facts.width_px, facts.height_px, facts.format.value)
    told = (row.size_bytes, row.width_px, row.height_px, row.format)
    if there != told:
        message = f"it is {_spell(*there)}; the ledger says {_spell(*told)}"
        return Seen(digest, FindingKind.WRONG_FACTS, message, facts, found.st_mtime_ns)
    if found.st_mtime_ns != row.mtime_ns:
        message = "its bytes are right, its time is not the one recorded"
        return Seen(digest, FindingKind.OTHER_TIME, message, facts, found.st_mtime_ns)
    return Seen(digest, None, facts=facts, mtime_ns=found.st_mtime_ns)


def _name_failure(path: Path, digest: str, error: ImageError) -> Seen:
    try:
        if digest_file(path) == digest:
            message = f"its bytes are as received, but {error.message}"
        else:
            return Seen(
                digest,
                FindingKind.PICTURE_DAMAGED,
                f"its bytes are not those that were received: {error.message}",
            )
    except FileNotFoundError:
        return Seen(digest, FindingKind.PICTURE_MISSING, "it is not there")
    except (OSError, StoreError):
        message = f"it cannot be read: {error.message}"
    return Seen(digest, FindingKind.PICTURE_UNREADABLE, message)


def check_strays(folder: StateFolder, living: Collection[str]) -> Iterator[Finding]:
    """Files that nobody works with any more, and files that are not seedflow's."""
    for entry in _scan(folder.root):
        if TEMPORARY_NAME.fullmatch(entry.name):
            yield _half(folder, entry)
        elif entry.name not in KNOWN_NAMES and not _LEDGER_COPY.fullmatch(entry.name):
            yield _unknown(folder, entry)
    for entry in _scan(folder.blobs):
        if entry.name not in _BLOB_FOLDERS:
            yield _unknown(folder, entry)
    for shard in _scan(folder.blobs / "sha256"):
        if not (_SHARD.fullmatch(shard.name) and shard.is_dir(follow_symlinks=False)):
            yield _unknown(folder, shard)
            continue
        for entry in _scan(Path(shard.path)):
            if not (_NAME.fullmatch(entry.name) and entry.name.startswith(shard.name)):
                yield _unknown(folder, entry)
    for place in (folder.blobs / "incoming", folder.runs):
        for entry in _scan(place):
            if not entry.is_dir(follow_symlinks=False):
                yield _unknown(folder, entry)
            elif entry.name not in living:
                yield _half(folder, entry)
    for entry in _scan(folder.locks):
        lock = _LOCK.fullmatch(entry.name)
        if lock is not None and lock[1] not in living:
            yield _half(folder, entry)


def check_folders(folder: StateFolder) -> Iterator[Finding]:
    """Whatever stands where a folder of the state belongs; a folder that is not there is made by the next run."""
    for path in find_obstacles(folder):
        yield Finding(
            FindingKind.NO_FOLDER,
            _below(folder, str(path)),
            f"expected a folder, found {name_kind(path)}; no run begins before it is moved away, or the folder itself put there",
        )


def find_obstacles(folder: StateFolder) -> Iterator[Path]:
    """The same as paths."""
    for path in (*folder.list_folders(), folder.damaged):
        try:
            mode = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(mode):
            yield path


def check_permissions(folder: StateFolder) -> Iterator[Finding]:
    """Whatever others than its owner may read or write."""
    for path, mode in _walk(folder.root):
        wanted = FOLDER_MODE if stat.S_ISDIR(mode) else FILE_MODE
        if stat.S_IMODE(mode) & ~wanted:
            message = f"others may use it: its mode is {stat.S_IMODE(mode):04o}, not {wanted:04o}"
            yield Finding(FindingKind.PERMISSIONS, _below(folder, path), message)


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    try:
        yield str(root), root.lstat().st_mode
    except OSError:
        return
    waiting = [root]
    while waiting:
        for entry in _scan(waiting.pop()):
            try:
                mode = entry.stat(follow_symlinks=False).st_mode
            except OSError:
                continue
            if not stat.S_ISLNK(mode):
                yield entry.path, mode
            if stat.S_ISDIR(mode):
                waiting.append(Path(entry.path))


def _scan(folder: Path) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return ()


def _half(folder: StateFolder, entry: os.DirEntry[str]) -> Finding:
    return Finding(
        FindingKind.HALF_FILE,
        _below(folder, entry.path),
        "a run that was killed left it; the next one takes it up",
    )


def _unknown(folder: StateFolder, entry: os.DirEntry[str]) -> Finding:
    return Finding(FindingKind.UNKNOWN_FILE, _below(folder, entry.path), "seedflow did not put it there")


def _below(folder: StateFolder, path: str) -> str:
    return path.removeprefix(f"{folder.root}/") if path != str(folder.root) else "."


def _spell(size_bytes: int, width_px: int, height_px: int, form: str) -> str:
    return f"a {form} of {width_px}×{height_px} in {size_bytes:,} bytes"
