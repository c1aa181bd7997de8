"""The state folder: what lies where, who may read it, and whether we may touch it at all."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.durable import (
    FOLDER_MODE,
    make_folder,
    name_kind,
    open_private,
    refuse_instead_of_folder,
    sync_folder,
    write_durably,
)
from seedflow.store.failures import build_closed_error, build_store_error, disk_errors

FORMAT_VERSION = 1
"""The layout of the folder. The tables have a version of their own (`schema.SCHEMA_VERSION`)."""

KNOWN_NAMES = frozenset(
    {
        "VERSION",
        "ledger.db",
        "ledger.db-wal",
        "ledger.db-shm",
        "ledger.db-journal",  # while another process switches the new file to WAL
        "blobs",
        "runs",
        "paid-runs",
        "locks",
        "damaged",
        "endpoint.json",
        ".gitignore",
    }
)
TEMPORARY_NAME = re.compile(
    r"((VERSION|\.gitignore|endpoint\.json|ledger\.db)\.\d+\.new(\.(padded|listed)(-\w+)?)?|ledger\.schema-\d+\.db\.new|ledger\.db\.rebuilt)"
)
_LONGEST_VERSION_BYTES = 32

_NETWORK_FILE_SYSTEMS = re.compile(
    r"nfs\d?|cifs|smb\w*|ncpfs|afs|coda|davfs|fuse\.(sshfs|davfs2?|s3fs|rclone|gcsfuse|goofys|curlftpfs|smbnetfs|glusterfs)"
)
_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths of one state; `root` is the folder itself (usually `PROJECT/.seedflow`)."""

    root: Path

    @property
    def version(self) -> Path:
        """Text file: the format's number. It is written last, so whoever finds it finds a whole state."""
        return self.root / "VERSION"

    @property
    def ledger(self) -> Path:
        """The SQLite database."""
        return self.root / "ledger.db"

    def ledger_copy(self, version: int) -> Path:
        """The copy of the ledger that was made before it was upgraded from this version of its tables."""
        return self.root / f"ledger.schema-{version}.db"

    @property
    def ledger_rebuilt(self) -> Path:
        """The ledger that a repair has rebuilt, until it takes the old one's place."""
        return self.root / "ledger.db.rebuilt"

    @property
    def blobs(self) -> Path:
        """Bytes by digest, and `incoming/SESSION/` for bytes that are still arriving."""
        return self.root / "blobs"

    @property
    def runs(self) -> Path:
        """A folder for each living run: its emergency journal."""
        return self.root / "runs"

    @property
    def paid_runs(self) -> Path:
        """A small file for each run that sent something that costs money: how far it came."""
        return self.root / "paid-runs"

    @property
    def locks(self) -> Path:
        """Lock files."""
        return self.root / "locks"

    @property
    def damaged(self) -> Path:
        """What a repair moved aside: made when it is needed, never emptied."""
        return self.root / "damaged"

    @property
    def endpoint(self) -> Path:
        """Text file: what probes found out about endpoints."""
        return self.root / "endpoint.json"

    def list_folders(self) -> tuple[Path, ...]:
        """Every folder that a state has, those that hold others first."""
        blobs = self.blobs
        return (
            self.locks, blobs, self.runs, self.paid_runs, blobs / "sha256", blobs / "incoming", blobs / "rejected",
        )  # fmt: skip # as the columns stand

    @property
    def write_lock(self) -> Path:
        """The one lock under which the ledger is written, checkpointed and closed."""
        return self.locks / "ledger.lock"


def look_at_state(folder: StateFolder) -> bool:
    """Whether a folder is there that may be read, and holds more than nothing. Changes nothing.

    Raises:
        StoreError: a newer format, damaged, or not safe to read.
    """
    if not _check_root(folder.root):
        return False
    if os.path.lexists(folder.version):
        _check_version(folder)
    _refuse_links(folder)
    return True


def is_begun(folder: StateFolder) -> bool:
    """Whether a ledger must be there: the state was finished once, whether or not its VERSION is there still.

    Pictures tell that, and so do the marks of runs that paid.
    """
    return os.path.lexists(folder.version) or _has_pictures(folder) or count_marks(folder) > 0


def count_marks(folder: StateFolder) -> int:
    """How many runs, and imports, left a mark that they paid."""
    try:
        with os.scandir(folder.paid_runs) as marks:
            return sum(mark.is_file(follow_symlinks=False) for mark in marks)
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _has_pictures(folder: StateFolder) -> bool:
    try:
        with os.scandir(folder.blobs / "sha256") as shelves:
            return any(shelf.is_dir() and any(Path(shelf).iterdir()) for shelf in shelves)
    except (FileNotFoundError, NotADirectoryError):
        return False


def prepare_state(root: Path) -> StateFolder:
    """The state at `root` for writing, its folders made as needed (`finish_state` completes a new one).

    Any number of processes may do this at once, and be killed at any moment.

    Raises:
        StoreError: a newer format (nothing was touched), damaged, not ours, on a network file system, or not writable.
    """
    folder = StateFolder(root)
    with disk_errors(root):
        exists = _check_root(root)
        if exists and os.path.lexists(folder.version):
            _check_version(folder)
        elif exists:
            refuse_foreign_contents(root)
        _refuse_network(root)
        _refuse_links(folder)
        _make_root(root)
        for path in folder.list_folders():
            make_folder(path)
    return folder


def finish_state(folder: StateFolder) -> None:
    """Write what makes a state a state. Called with the write lock held, after the ledger was made."""
    with disk_errors(folder.root):
        if os.path.lexists(folder.version):
            _check_version(folder)
            return
        for path in folder.root.iterdir():
            if TEMPORARY_NAME.fullmatch(path.name):  # of a maker that was killed: the lock is ours
                with Step.STATE_TIDY:
                    path.unlink()
        write_durably(
            folder.root / ".gitignore", b"# Made by seedflow: everything here stays on this machine.\n*\n"
        )
        sync_folder(folder.root)
        write_durably(folder.version, f"{FORMAT_VERSION}\n".encode())


def require_open(folder: StateFolder) -> None:
    """See that everything can be written that a run writes beside pictures: what is found out later may be found out after paying.

    Raises:
        StoreError: a folder cannot, or is none, or a file cannot.
    """
    for place in (folder.locks, folder.runs, folder.paid_runs):
        refuse_instead_of_folder(place)
        if os.path.lexists(place) and not os.access(place, os.W_OK | os.X_OK):
            raise build_closed_error(place, "no run can begin without writing here: not writable")
    sides = (folder.ledger.with_name(f"{folder.ledger.name}{suffix}") for suffix in ("-wal", "-shm"))
    for path in (folder.ledger, *sides, folder.write_lock):
        if path.is_file() and not os.access(path, os.R_OK | os.W_OK):
            raise build_closed_error(path, "no run can begin without writing here: not writable", what="file")


def mend_version(root: Path) -> list[str]:
    """Write the number of the format anew where the file has none, and a ledger is there; gives what was done.

    Raises:
        StoreError: not safe to touch.
    """
    folder = StateFolder(root)
    with disk_errors(root):
        if not _check_root(root) or not os.path.lexists(folder.version) or not folder.ledger.exists():
            return []
        if _read_version(folder) is not None:
            return []
        write_durably(folder.version, f"{FORMAT_VERSION}\n".encode())
    return [f"wrote {folder.version.name} anew: it had no number of a format"]


def _check_root(root: Path) -> bool:
    try:
        found = root.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(found.st_mode):
        raise StoreError(
            f"{root}: the state folder is a symbolic link",
            kind="unsafe",
            help="put the folder itself here, or name its real place with SEEDFLOW_HOME",
        )
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(
            f"{root}: expected the state folder, found {name_kind(root)}",
            kind="unsafe",
            help="move it away, and the next run makes the folder, or name another one with SEEDFLOW_HOME",
        )
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise StoreError(
            f"{root}: the state folder belongs to another user (number {found.st_uid})",
            kind="not-ours",
            help="run as that user, or name a folder of your own with SEEDFLOW_HOME",
        )
    return True


def _check_version(folder: StateFolder) -> None:
    number = _read_version(folder)
    if number is None:
        raise build_store_error(f"{folder.version}: expected the number of a format", "damaged")
    if number > FORMAT_VERSION:
        raise StoreError(
            f"{folder.root}: the state has format {number}; this seedflow knows formats up to {FORMAT_VERSION}",
            kind="newer",
            help="use the newer seedflow that wrote it; nothing was changed",
        )


def _read_version(folder: StateFolder) -> int | None:
    """The number of the format, or None where something else stands in its place."""
    descriptor = open_private(folder.version, os.O_RDONLY)
    try:
        text = os.read(descriptor, _LONGEST_VERSION_BYTES).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    return int(text) if text.isascii() and text.isdigit() and int(text) else None


def refuse_foreign_contents(root: Path) -> None:
    """See that a folder without a state holds nothing else, so that nobody's files get mixed with ours.

    Raises:
        StoreError: (`unsafe`) it does.
    """
    strange = sorted(
        entry.name
        for entry in root.iterdir()
        if entry.name not in KNOWN_NAMES and not TEMPORARY_NAME.fullmatch(entry.name)
    )
    if strange:
        raise StoreError(
            f"{root}: not a state folder: it has no VERSION and holds {strange[0]!r}",
            kind="unsafe",
            help="name an empty or new folder as the state",
        )


def _refuse_links(folder: StateFolder) -> None:
    for name in KNOWN_NAMES:
        path = folder.root / name
        if path.is_symlink():
            raise build_store_error(f"{path}: a symbolic link in the state folder", "unsafe")


def _refuse_network(root: Path) -> None:
    nearest = root
    while not nearest.exists():
        nearest = nearest.parent
    kind = find_file_system(nearest)
    if is_network(kind):
        raise build_store_error(
            f"{root}: a network file system ({kind}), whose locks cannot be relied on", "no-locks"
        )


def is_network(file_system: str | None) -> bool:
    """Whether a kind of file system is one whose locks cannot be relied on."""
    return file_system is not None and _NETWORK_FILE_SYSTEMS.fullmatch(file_system) is not None


def find_file_system(path: Path) -> str | None:
    """The kind of file system at an existing path, as the kernel names it (`ext4`, `nfs4`); None where it does not say."""
    try:
        mounts = _MOUNTS.read_text(errors="replace")
    except OSError:
        return None
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted and after:
            return after.split()[0]
    return None


def _make_root(root: Path) -> None:
    missing = []
    parent = root.parent
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    try:
        for folder in reversed(missing):
            with Step.STATE_FOLDER:
                folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
        make_folder(root)
    except (
        FileNotFoundError
    ) as error:  # what stands above it was there a moment ago: nothing can be made in it
        raise StoreError(
            f"{root}: the state cannot be written here: {error.strerror}",
            kind="read-only",
            help="name another folder with SEEDFLOW_HOME",
        ) from error
    found = root.lstat()
    if stat.S_IMODE(found.st_mode) != FOLDER_MODE:
        with Step.STATE_MODE:
            root.chmod(FOLDER_MODE)
