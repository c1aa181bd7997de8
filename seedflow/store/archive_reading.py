"""Reading a file of results that nobody vouches for: everything in it is held against everything else before it counts."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from seedflow.errors import ImageError
from seedflow.failpoints import Step
from seedflow.images.facts import ImageFacts
from seedflow.images.inspect import inspect_image
from seedflow.store.archive import (
    HEAD,
    LARGEST_HEAD_BYTES,
    LARGEST_PICTURE_BYTES,
    LONGEST_LINE_BYTES,
    PICTURES,
    RESULTS,
    ArchivedResult,
    ArchiveError,
    damaged,
    name_of_picture,
    parse_head,
    parse_result,
)
from seedflow.store.check_files import OnProgress

_CHUNK_BYTES: Final = 1 << 20
_ENTRY: Final = b"PK\x03\x04"
_ENTRY_BYTES: Final = 30
"""Of a ZIP, what each entry begins with, and how many bytes come before its name."""

_MOST_ENTRIES: Final = 2_000_000
_LARGEST_LIST_BYTES: Final = 8 << 30

Judge = Callable[[ArchivedResult], str | None]
"""Says what is wrong with a result that fits together by itself, or None."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is open and was checked; `digest` is that of its list of results."""

    file: zipfile.ZipFile
    results: tuple[ArchivedResult, ...]
    pictures: Mapping[str, ImageFacts]
    digest: str

    def extract(self, facts: ImageFacts, target: Path) -> None:
        """Copy one picture out, held against its digest once more.

        Raises:
            ArchiveError: the file is another one by now.
            OSError: it cannot be read, or the target not be written.
        """
        name = name_of_picture(facts.digest)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with (
            Step.INCOMING_WRITE,
            os.fdopen(os.open(target, flags, 0o600), "wb") as output,
            _reading(name),
            self.file.open(name) as entry,
        ):
            if _copy(entry, output, facts.size_bytes) != facts.digest:
                raise damaged(f"{name} is not the picture that its name says")


@contextmanager
def open_archive(path: Path, judge: Judge, on_progress: OnProgress) -> Iterator[Archive]:
    """Open an archive for the block, after everything in it was checked; nothing is written but a temporary file.

    Raises:
        ArchiveError: it is not one, newer, damaged or made to harm.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ArchiveError(
            f"{path} cannot be read: {error.strerror}",
            kind="unreadable",
            help="name a file that `seedflow export` wrote",
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveError(
            f"{path} is not a file", kind="unreadable", help="name a file that `seedflow export` wrote"
        )
    with os.fdopen(descriptor, "rb") as raw, _explained(path):
        try:
            file = zipfile.ZipFile(raw)
        except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, OverflowError) as error:
            if _begins_like_one(raw):
                raise ArchiveError(
                    f"it is cut short: of a file that `seedflow export` wrote, {os.fstat(descriptor).st_size:,} bytes are here "
                    "and the end is missing",
                    kind="cut",
                    help="copy it again from where it was written; compare the sizes of both files",
                ) from None
            if not os.fstat(descriptor).st_size:
                raise ArchiveError(
                    "it is empty", kind="cut", help="copy it again from where it was written"
                ) from None
            raise ArchiveError(
                f"it is not a file that `seedflow export` wrote ({error})", kind="not-an-archive"
            ) from None
        with file:
            yield _check(file, os.fstat(descriptor).st_size, judge, on_progress)


def _begins_like_one(raw: IO[bytes]) -> bool:
    """Whether a file begins with the first entry of an export, as far as it goes; one without a byte tells nothing."""
    raw.seek(0)
    start = raw.read(_ENTRY_BYTES + len(HEAD))
    name = start[_ENTRY_BYTES:]
    return len(start) >= len(_ENTRY) and start.startswith(_ENTRY) and HEAD.encode().startswith(name)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Name the file in whatever is wrong with it."""
    try:
        yield
    except ArchiveError as error:
        if error.message.startswith(str(path)):
            raise
        raise ArchiveError(f"{path}: {error.message}", kind=error.kind, help=error.help) from None


def _check(file: zipfile.ZipFile, size_bytes: int, judge: Judge, on_progress: OnProgress) -> Archive:
    entries = _check_entries(file, size_bytes)
    head = parse_head(_read_whole(file, entries[HEAD], LARGEST_HEAD_BYTES))
    results = tuple(_read_results(file, head.results_digest))
    if len(results) != head.results:
        raise damaged(f"it says that it has {head.results:,} results, and has {len(results):,}")
    pictures: dict[str, ImageFacts] = {}
    for result in results:
        request = result.request
        wrong = judge(result)
        if wrong is not None:
            raise damaged(f"{request.address}: {wrong}")
        for facts in result.images:
            if pictures.setdefault(facts.digest, facts) != facts:
                raise damaged(f"two results say different things of picture {facts.digest}")
    named = {name_of_picture(digest) for digest in pictures}
    there = {name for name in entries if name.startswith(PICTURES)}
    for name in sorted(named - there)[:1]:
        raise damaged(f"{name} is missing")
    for name in sorted(there - named)[:1]:
        raise damaged(f"{name} belongs to no result")
    with tempfile.TemporaryDirectory(prefix="seedflow-import-") as folder:
        for number, facts in enumerate(pictures.values(), 1):
            _check_picture(file, entries[name_of_picture(facts.digest)], facts, Path(folder) / "picture")
            on_progress(number, len(pictures))
    return Archive(file, results, pictures, head.results_digest)


def _check_entries(file: zipfile.ZipFile, size_bytes: int) -> dict[str, zipfile.ZipInfo]:
    infos = file.infolist()
    if len(infos) > _MOST_ENTRIES:
        raise ArchiveError(
            f"it has {len(infos):,} entries; at most {_MOST_ENTRIES:,} are taken", kind="unsafe"
        )
    entries: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        name = info.filename
        if name not in (HEAD, RESULTS) and not _is_picture(name):
            raise ArchiveError(f"it has an entry {name[:80]!r}, which no export has", kind="unsafe")
        if name in entries:
            raise ArchiveError(f"{name} is in it twice", kind="unsafe")
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise ArchiveError(f"{name} is not a file but a link, a folder or a device", kind="unsafe")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 0x1:
            raise ArchiveError(f"{name} is compressed or encrypted; exports are neither", kind="unsafe")
        most = {HEAD: LARGEST_HEAD_BYTES, RESULTS: _LARGEST_LIST_BYTES}.get(name, LARGEST_PICTURE_BYTES)
        if info.file_size != info.compress_size or info.file_size > most:
            raise ArchiveError(f"{name} says that it has {info.file_size:,} bytes", kind="unsafe")
        total += info.file_size
        entries[name] = info
    if total > size_bytes:
        raise ArchiveError("its entries overlap: together they are larger than the file", kind="unsafe")
    for name in (HEAD, RESULTS):
        if name not in entries:
            raise ArchiveError(
                f"it is not a file that `seedflow export` wrote: {name} is missing", kind="not-an-archive"
            )
    return entries


def _is_picture(name: str) -> bool:
    digest = name.removeprefix(PICTURES)
    return name.startswith(PICTURES) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")


def _read_results(file: zipfile.ZipFile, digest: str) -> Iterator[ArchivedResult]:
    found = hashlib.sha256()
    number = 0
    with _reading(RESULTS), file.open(RESULTS) as entry:
        while line := entry.readline(LONGEST_LINE_BYTES + 1):
            number += 1
            if len(line) > LONGEST_LINE_BYTES:
                raise damaged(f"{RESULTS}, line {number} is longer than {LONGEST_LINE_BYTES:,} bytes")
            found.update(line)
            yield parse_result(line, number)
    if f"sha256:{found.hexdigest()}" != digest:
        raise damaged(f"{RESULTS} is not the one that {HEAD} names")


def _check_picture(file: zipfile.ZipFile, info: zipfile.ZipInfo, facts: ImageFacts, target: Path) -> None:
    if info.file_size != facts.size_bytes:
        raise damaged(f"{info.filename} has {info.file_size:,} bytes, not {facts.size_bytes:,}")
    with target.open("wb") as output, _reading(info.filename), file.open(info) as entry:
        if _copy(entry, output, facts.size_bytes) != facts.digest:
            raise damaged(f"{info.filename} is not the picture that its name says")
    try:
        found = inspect_image(target, decode=True)
    except ImageError as error:
        raise damaged(f"{info.filename} is no picture that can be used: {error.message}") from None
    if found != facts:
        raise damaged(
            f"{info.filename} is a {found.format.value} of {found.width_px}×{found.height_px}, not what its result says"
        )


def _read_whole(file: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    with _reading(info.filename), file.open(info) as entry:
        return entry.read(most + 1)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, EOFError, ValueError, RuntimeError) as error:
        raise damaged(f"{name} cannot be read: {error}") from None


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> str:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > most:
            raise damaged("a picture is longer than it says")
        digest.update(chunk)
        target.write(chunk)
    return f"sha256:{digest.hexdigest()}"
