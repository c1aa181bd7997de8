"""Writing results into a file for another machine. Reads the state, changes nothing in it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from seedflow.errors import StoreError, UsageError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.archive import (
    HEAD,
    RESULTS,
    ArchivedResult,
    ArchiveHead,
    name_of_picture,
    render_head,
    render_result,
)
from seedflow.store.base import RequestRecord
from seedflow.store.blobs import digest_file
from seedflow.store.check_files import OnProgress, path_of
from seedflow.store.durable import sync_folder
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors, explain_os_error
from seedflow.store.ledger import open_for_reading
from seedflow.store.state import StateFolder
from seedflow.version import __version__

_CHUNK_BYTES: Final = 1 << 20
_NOT_HERE: Final = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG)
_IN_MEMORY_BYTES: Final = 8 << 20
_RESULTS: Final = """SELECT attempt_id, realm, fingerprint, take, recipe, address, step, model, params, params_digest,
  references_field, "references", attempt, intent_id, cost_micros, sent_at, answered_at, run_id, payer_run_id
  FROM attempts JOIN requests USING (attempt_id) WHERE state = 'done' ORDER BY attempt_id"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a result: the addresses of recipes, by the ledger, and the runs that worked on it."""

    realm: str
    addresses: frozenset[tuple[str, str]]
    runs: frozenset[str]


Wanted = Callable[[Asked], bool]


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into the file, and which results did not because a picture of theirs is not whole."""

    results: int
    pictures: int
    size_bytes: int
    cost_micros: int
    realms: tuple[str, ...]
    left_out: tuple[str, ...]


def export_results(root: Path, target: Path, wanted: Wanted, on_progress: OnProgress) -> Exported:
    """Write every wanted result with its pictures to a new file, whole or not at all.

    Raises:
        UsageError: there is no state, nothing is wanted that is there, or the file exists already.
        StoreError: the state cannot be read, or the file not be written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", help="name a file that is not there yet")
    place = target.absolute().parent
    if not place.is_dir():
        raise UsageError(
            f"{target} cannot be written: {place} is not a folder", help="make it, or name another place"
        )
    folder = find_state(root)
    if folder is None:
        raise UsageError(
            f"{root}: there is no state yet, so there is nothing to export", help="run a recipe first"
        )
    results, left_out = _choose(folder, wanted, on_progress)
    if not results:
        more = f"; of {len(left_out)} that would be, pictures are missing" if left_out else ""
        raise UsageError(
            f"no stored result is meant{more}",
            help="`seedflow ledger --state done` lists recipes, tasks and runs with results",
        )
    sizes = {facts.digest: facts.size_bytes for result in results for facts in result.images}
    try:
        size_bytes = _write(folder, target, results, sorted(sizes), on_progress)
    except OSError as error:
        raise explain_os_error(error, target) from error
    return Exported(
        len(results),
        len(sizes),
        size_bytes,
        sum(result.cost_micros for result in results),
        tuple(sorted({result.request.realm for result in results})),
        tuple(left_out),
    )


def _choose(
    folder: StateFolder, wanted: Wanted, on_progress: OnProgress
) -> tuple[list[ArchivedResult], list[str]]:
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            connection.execute("BEGIN")
            chosen = list(_load_results(connection, wanted))
    finally:
        connection.close()
    whole: dict[str, bool] = {}
    results, left_out = [], []
    for number, result in enumerate(chosen, 1):
        for facts in result.images:
            if facts.digest not in whole:
                whole[facts.digest] = _is_whole(folder, facts)
        if all(whole[facts.digest] for facts in result.images):
            results.append(result)
        else:
            left_out.append(result.request.address)
        on_progress(number, len(chosen))
    return results, left_out


def _load_results(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[ArchivedResult]:
    asked: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for realm, fingerprint, recipe, address in connection.execute(
        "SELECT realm, fingerprint, recipe, address FROM past_requests"
    ):
        asked.setdefault((realm, fingerprint), set()).add((recipe, address))
    images: dict[int, list[ImageFacts]] = {}
    for attempt_id, digest, size, width, height, form in connection.execute(
        """SELECT attempt_id, digest, size_bytes, width_px, height_px, format FROM images JOIN blobs USING (digest)
           ORDER BY attempt_id, number"""
    ):
        images.setdefault(attempt_id, []).append(ImageFacts(digest, size, width, height, ImageFormat(form)))
    for row in connection.execute(_RESULTS):
        attempt_id, realm, fingerprint, take, recipe, address = row[:6]
        mine = images.get(attempt_id)
        addresses = frozenset({(recipe, address), *asked.get((realm, fingerprint), ())})
        if not mine or not wanted(Asked(realm, addresses, frozenset(row[17:]))):
            continue
        params, params_digest, references_field, references = row[8:12]
        request = RequestRecord(
            realm, fingerprint, take, recipe, address, row[6], row[7], json.loads(params), params_digest,
            references_field, json.loads(references),
        )  # fmt: skip # as the columns stand
        answered_at = row[16] or 0.0
        sent_at = answered_at if row[15] is None else row[15]
        yield ArchivedResult(request, row[12], row[13], row[14], sent_at, answered_at, tuple(mine))


def _is_whole(folder: StateFolder, facts: ImageFacts) -> bool:
    path = path_of(folder, facts.digest)
    try:
        return path.lstat().st_size == facts.size_bytes and digest_file(path) == facts.digest
    except (OSError, StoreError):
        return False


def _write(
    folder: StateFolder,
    target: Path,
    results: Iterable[ArchivedResult],
    digests: Collection[str],
    on_progress: OnProgress,
) -> int:
    arriving = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        descriptor = _make(arriving, target)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                _fill(archive, folder, results, digests, on_progress)
            file.flush()
            os.fsync(file.fileno())
            size_bytes = os.fstat(file.fileno()).st_size
        os.link(arriving, target)  # unlike a rename, it never replaces what came there meanwhile
        arriving.unlink()
        sync_folder(target.absolute().parent)
    except BaseException:
        with suppress(OSError):
            arriving.unlink(missing_ok=True)
        raise
    return size_bytes


def _make(arriving: Path, target: Path) -> int:
    try:
        return os.open(arriving, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        raise UsageError(
            f"{target} cannot be written here: {error.strerror}", help="name a file in another folder"
        ) from error


def _fill(
    archive: zipfile.ZipFile,
    folder: StateFolder,
    results: Iterable[ArchivedResult],
    digests: Collection[str],
    on_progress: OnProgress,
) -> None:
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as lines:
        digest, count = hashlib.sha256(), 0
        for result in results:
            line = render_result(result)
            digest.update(line)
            lines.write(line)
            count += 1
        head = ArchiveHead(count, len(digests), f"sha256:{digest.hexdigest()}", f"seedflow {__version__}")
        archive.writestr(zipfile.ZipInfo(HEAD), render_head(head))
        lines.seek(0)
        with archive.open(zipfile.ZipInfo(RESULTS), "w", force_zip64=True) as entry:
            _copy(lines, entry)
    for number, name in enumerate(digests, 1):
        path = path_of(folder, name)
        with path.open("rb") as source, archive.open(zipfile.ZipInfo(name_of_picture(name)), "w") as entry:
            if f"sha256:{_copy(source, entry)}" != name:
                raise StoreError(
                    f"{path}: the picture changed while it was copied",
                    kind="damaged",
                    help="`seedflow verify --repair`, then export again",
                )
        on_progress(number, len(digests))


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
