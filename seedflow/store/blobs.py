"""Bytes by digest, exactly as received: `blobs/sha256/ab/abcd…`; bytes on their way in `blobs/incoming/SESSION/`."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.images.facts import ImageFacts
from seedflow.store.base import StoredImage
from seedflow.store.durable import (
    FILE_MODE,
    make_folder,
    open_private,
    refuse_instead_of_folder,
    sync_descriptor,
    sync_folder,
)
from seedflow.store.failures import build_closed_error, build_store_error, disk_errors

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_SHARD = re.compile(r"[0-9a-f]{2}")
_CHUNK_BYTES = 1 << 20


class Wholeness(Enum):
    """What a look at a blob says about it."""

    AS_RECORDED = auto()
    """Size and time are as recorded."""
    TOUCHED = auto()
    """The time differs, the bytes are right."""
    DAMAGED = auto()
    MISSING = auto()

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are right."""
        return self in (Wholeness.AS_RECORDED, Wholeness.TOUCHED)


class Blobs:
    """The blobs of one state. Safe for threads; writes need no lock, since a name says what its bytes are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sha256 = f"{folder}/sha256"
        self._known_shards: set[str] = set()
        self._numbers = itertools.count(1)
        self._unnamed: dict[str, ImageFacts] = {}

    def path_of(self, digest: str) -> str:
        """Where the bytes with this digest (`sha256:HEX`) lie or would lie.

        Raises:
            StoreError: (`damaged`) not such a digest: it came from a ledger that somebody changed.
        """
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise build_store_error(f"{self._folder}: {digest!r} is not a digest of a blob", "damaged")
        name = match[1]
        return f"{self._sha256}/{name[:2]}/{name}"

    def prepare_incoming(self, session: str) -> None:
        """Make the folder for what one opened store receives, after a look whether it could be kept.

        Raises:
            StoreError: what is received could not be kept, or the disk refuses.
        """
        with disk_errors(self._folder):
            require_writable(self._folder)
            make_folder(self._incoming(session))

    def new_path(self, session: str) -> Path:
        """A name that nobody uses, for bytes that are being received. Nothing is created."""
        return self._incoming(session) / f"{next(self._numbers)}.part"

    def remove_incoming(self, session: str) -> None:
        """Forget what was received and not kept. Only for a store that is closed or whose process has ended."""
        with disk_errors(self._folder), Step.INCOMING_REMOVE:
            shutil.rmtree(self._incoming(session), ignore_errors=True)

    def find_incoming(self) -> tuple[str, ...]:
        """The stores that have a folder for what they receive."""
        with disk_errors(self._folder):
            return tuple(
                entry.name
                for entry in os.scandir(self._folder / "incoming")
                if entry.is_dir(follow_symlinks=False)
            )

    def keep(self, path: Path, facts: ImageFacts) -> Path:
        """Move received bytes to the place that their digest names, durably. The same bytes twice are kept once.

        Raises:
            StoreError: the file is not as long as `facts` say, or the disk refuses.
        """
        target = Path(self.path_of(facts.digest))
        with disk_errors(path):
            size_bytes = _sync_file(path)
        if size_bytes != facts.size_bytes:
            raise build_store_error(
                f"{path}: expected {facts.size_bytes} bytes, found {size_bytes}", "io-error"
            )
        with disk_errors(target):
            self._prepare_shard(target.parent)
            if _is_good(target, facts):
                with Step.BLOB_TWICE:
                    path.unlink()
            else:
                with Step.BLOB_RENAME:
                    path.replace(target)  # over a damaged one, too: these bytes are the right ones
            sync_folder(target.parent)
        self._unnamed[facts.digest] = facts
        return target

    def keep_rejected(self, path: Path) -> Path:
        """Move received bytes that are no usable picture to `blobs/rejected/HEX`, durably; nothing refers to them.

        Raises:
            StoreError: the disk refuses.
        """
        with disk_errors(path):
            _sync_file(path)
            target = self._folder / "rejected" / digest_file(path).removeprefix("sha256:")
            with Step.REJECTED_RENAME:
                path.replace(target)
            sync_folder(target.parent)
        return target

    def verify(self, facts: ImageFacts) -> Path:
        """The path of a blob whose bytes were read just now and are right.

        Raises:
            StoreError: kind `missing` or `damaged`.
        """
        path = Path(self.path_of(facts.digest))
        with disk_errors(path):
            if _is_good(path, facts):
                return path
        kind, word = ("damaged", "is damaged") if os.path.lexists(path) else ("missing", "is missing")
        raise StoreError(
            f"{path}: a stored picture {word}",
            kind=kind,
            help="run again: it is fetched again, or paid again if you agree",
        )

    def locate(self, images: Sequence[StoredImage]) -> tuple[tuple[StoredImage, ...], tuple[int, ...]]:
        """The images of a result where they lie in the store, and their files' modification times (ns).

        Raises:
            StoreError: kind `missing` or `damaged`: not there, or not as long as its facts say.
        """
        located, times_ns = [], []
        for image in images:
            path = Path(self.path_of(image.facts.digest))
            with disk_errors(path):
                found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_size != image.facts.size_bytes:
                message = f"{path}: expected {image.facts.size_bytes} bytes, found {found.st_size}"
                raise build_store_error(message, "damaged")
            self._unnamed.pop(image.facts.digest, None)
            located.append(StoredImage(image.number, image.facts, path))
            times_ns.append(found.st_mtime_ns)
        return tuple(located), tuple(times_ns)

    def note_unnamed(self, connection: sqlite3.Connection) -> None:
        """Write down what was kept here for calls that ended without a result, so that the ledger knows where it is from."""
        for facts in self._unnamed.values():
            with suppress(FileNotFoundError):
                mtime_ns = os.lstat(self.path_of(facts.digest)).st_mtime_ns
                connection.execute(
                    "INSERT OR IGNORE INTO blobs (digest, size_bytes, mtime_ns, width_px, height_px, format) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (facts.digest, facts.size_bytes, mtime_ns, facts.width_px, facts.height_px, facts.format.value),
                )  # fmt: skip # as the columns stand
        self._unnamed.clear()

    def examine(self, path: str, digest: str, size_bytes: int, mtime_ns: int) -> tuple[Wholeness, int]:
        """Look at a blob as cheaply as possible: size and time, and the bytes when only the time differs.

        Returns:
            What was seen, and the time found (nanoseconds, 0 when missing).
        """
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return Wholeness.MISSING, 0
        if found.st_size != size_bytes or not stat.S_ISREG(found.st_mode):
            return Wholeness.DAMAGED, found.st_mtime_ns
        if found.st_mtime_ns == mtime_ns:
            return Wholeness.AS_RECORDED, mtime_ns
        with disk_errors(Path(path)):
            right = digest_file(Path(path)) == digest
        return (Wholeness.TOUCHED if right else Wholeness.DAMAGED), found.st_mtime_ns

    def _incoming(self, session: str) -> Path:
        return self._folder / "incoming" / session

    def _prepare_shard(self, shard: Path) -> None:
        if shard.name in self._known_shards:
            return
        make_folder(shard)
        # Another process may have made it and been killed before its name was durable.
        sync_folder(shard.parent)
        self._known_shards.add(shard.name)


def require_writable(folder: Path) -> None:
    """See that every place of `blobs` where bytes end up can be written: what is found out later is found out after paying.

    Raises:
        OSError: it cannot be looked at.
        StoreError: one cannot, or is no folder.
    """
    shelves = folder / "sha256"
    places = [folder / "incoming", folder / "rejected", shelves]
    if shelves.is_dir():
        places += [Path(entry) for entry in os.scandir(shelves) if _SHARD.fullmatch(entry.name)]
    for place in places:
        refuse_instead_of_folder(place)
        if os.path.lexists(place) and not os.access(place, os.W_OK | os.X_OK):
            raise build_closed_error(place, "what is paid could not be kept here: not writable")


def _sync_file(path: Path) -> int:
    """Make a received file durable and private; its size in bytes."""
    descriptor = open_private(path, os.O_RDONLY)
    try:
        with Step.BLOB_SYNC:
            os.fchmod(descriptor, FILE_MODE)
            sync_descriptor(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _is_good(path: Path, facts: ImageFacts) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == facts.size_bytes
        and digest_file(path) == facts.digest
    )


def digest_file(path: Path) -> str:
    """`sha256:HEX` of a regular file's bytes.

    Raises:
        OSError: it cannot be read.
        StoreError: it is not a regular file.
    """
    digest = hashlib.sha256()
    descriptor = open_private(path, os.O_RDONLY)
    try:
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            digest.update(chunk)
    finally:
        os.close(descriptor)
    return f"sha256:{digest.hexdigest()}"
