"""Bytes by digest: exactly as received, known to be whole, never led out of the state."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.blobs import Blobs, Wholeness
from seedflow.store.inspection import inspect_state
from seedflow.store.local import open_store

NOBODY = 65534


def test_a_blob_lies_where_its_digest_says_and_only_its_owner_reads_it(root, store, tools):
    image = tools.keep_picture(store, b"bytes")
    name = image.facts.digest.removeprefix("sha256:")
    assert image.path == root / "blobs" / "sha256" / name[:2] / name
    assert image.path.stat().st_mode & 0o777 == 0o600
    assert image.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "digest", ["sha256:../../../etc/passwd", "sha256:AB", "md5:" + "0" * 64, "sha256:" + "0" * 63]
)
def test_a_digest_that_is_none_leads_nowhere(tmp_path, digest):
    with pytest.raises(StoreError, match="not a digest"):
        Blobs(tmp_path).path_of(digest)


def test_a_blob_that_became_a_link_is_not_whole(store, tools, tmp_path):
    result = tools.finish(store, "run-1")
    path = result.images[0].path
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert store.find_result("cloudflare", "request/1:aa", 1) is None
    with pytest.raises(StoreError):
        store.verify_blob(result.images[0].facts)


def test_size_and_time_are_enough_and_the_digest_decides_when_the_time_differs(store, tools):
    image = tools.finish(store, "run-1", data=b"right").images[0]
    blobs = Blobs(image.path.parents[2])
    digest, time_ns = image.facts.digest, image.path.stat().st_mtime_ns
    look = (str(image.path), digest, 5)
    assert blobs.examine(*look, time_ns) == (Wholeness.AS_RECORDED, time_ns)
    assert blobs.examine(*look, time_ns - 1) == (Wholeness.TOUCHED, time_ns)
    image.path.write_bytes(b"wrong")
    os.utime(image.path, ns=(time_ns, time_ns))
    assert blobs.examine(*look, time_ns)[0] is Wholeness.AS_RECORDED, (
        "why bytes are verified before they are sent"
    )
    assert blobs.examine(*look, time_ns - 1)[0] is Wholeness.DAMAGED
    image.path.write_bytes(b"longer")
    assert blobs.examine(*look, time_ns)[0] is Wholeness.DAMAGED
    image.path.unlink()
    assert blobs.examine(*look, time_ns) == (Wholeness.MISSING, 0)


def test_a_time_found_to_be_harmless_is_recorded(root, store, tools):
    image = tools.finish(store, "run-1").images[0]
    os.utime(image.path, (1, 1))
    assert store.find_result("cloudflare", "request/1:aa", 1) is not None
    image.path.chmod(0o600)
    recorded = store.find_result("cloudflare", "request/1:aa", 1)
    with store._ledger.reading() as connection:
        assert connection.execute("SELECT mtime_ns FROM blobs").fetchall() == [(1_000_000_000,)]
    assert recorded is not None


def test_paths_for_arriving_bytes_are_never_the_same_in_two_stores(root, store):
    with open_store(root) as other:
        other.begin_run("run-2", "r", "sketch")
        paths = [store.new_blob_path(), store.new_blob_path(), other.new_blob_path()]
    assert len(set(paths)) == 3
    assert not any(path.exists() for path in paths)
    assert paths[0].parent.stat().st_dev == (root / "blobs" / "sha256").stat().st_dev


def test_bytes_on_their_way_survive_the_end_of_another_run_of_the_same_store(store):
    store.begin_run("run-2", "r", "sketch")
    path = store.new_blob_path()
    path.write_bytes(b"arriving")
    store.end_run("run-2", "done")
    assert path.read_bytes() == b"arriving"


def test_no_bytes_arrive_before_a_run(root):
    with open_store(root) as store, pytest.raises(ValueError, match="no run"):
        store.new_blob_path()


def test_what_arrives_through_a_link_is_not_kept(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    path = store.new_blob_path()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError):
        store.keep_blob(path, ImageFacts("sha256:" + "0" * 64, 6, 1, 1, ImageFormat.PNG))
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_a_name_is_durable_before_it_is_used(store, tools, monkeypatch):
    """File synced, then renamed, then its folder synced; a new folder's own name too."""
    steps = []
    sync = os.fsync

    def note_sync(descriptor):
        steps.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    class Noted(type(store.new_blob_path())):
        def replace(self, target):
            steps.append("rename")
            return super().replace(target)

    monkeypatch.setattr(os, "fsync", note_sync)
    path = Noted(store.new_blob_path())
    path.write_bytes(b"x")
    digest = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    store.keep_blob(path, ImageFacts(digest, 1, 1, 1, ImageFormat.PNG))
    assert [step for step in steps if step != "sync sha256"] == [f"sync {path.name}", "rename", "sync 2d"]
    assert steps.index("sync sha256") < steps.index("rename")


@pytest.mark.parametrize("place", ["sha256", "sha256/ab", "rejected", "incoming"])
def test_a_run_begins_only_where_what_it_pays_can_be_kept(tmp_path, place):
    home = Path(tempfile.mkdtemp())  # pytest's own folder is closed to others
    try:
        root = home / "state"
        open_store(root).close()
        (root / "blobs/sha256/ab").mkdir()
        for path in (home, root, *root.rglob("*")):
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        (root / "blobs" / place).chmod(0o555)
        assert _as_nobody(lambda: Blobs(root / "blobs").prepare_incoming("store-1")) == (
            f"{root}/blobs/{place}: what is paid could not be kept here: not writable"
        )
        assert _as_nobody(lambda: _raise_problem(root)).endswith("not writable"), "doctor says so, too"
        (root / "blobs" / place).chmod(0o700)
        assert _as_nobody(lambda: Blobs(root / "blobs").prepare_incoming("store-2")) == ""
    finally:
        shutil.rmtree(home)


@pytest.mark.parametrize("place", ["locks", "runs", "paid-runs", "ledger.db", "locks/ledger.lock"])
def test_a_run_begins_only_where_it_can_write_down_what_it_does(tmp_path, place):
    home = Path(tempfile.mkdtemp())
    try:
        root = home / "state"
        open_store(root).close()
        for path in (home, root, *root.rglob("*")):
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        closed = root / place
        mode = closed.stat().st_mode & 0o777
        closed.chmod(mode & 0o555)
        told = _as_nobody(lambda: _begin(root))
        assert f"{closed}: " in told, told
        assert told == f"{closed}: no run can begin without writing here: not writable"
        assert _as_nobody(lambda: _raise_problem(root)).startswith(f"{closed}: "), "doctor says so, too"
        for path in closed.parent.glob(f"{closed.name}*"):  # SQLite's files beside a ledger have its mode
            path.chmod(mode)
        assert _as_nobody(lambda: _begin(root)) == ""
    finally:
        shutil.rmtree(home)


def _begin(root):
    with open_store(root) as store:
        store.begin_run(f"run-{os.getpid()}", "recipe", "cloudflare")


def test_a_mark_that_cannot_be_made_is_told_with_its_own_name(root, tools):
    with open_store(root) as store:
        store.begin_run("run-1", "recipe", "cloudflare")
        request = tools.other_request(1)
        attempt = store.claim("run-1", request, tools.price, ()).attempt
        (root / "paid-runs").rmdir()
        (root / "paid-runs").write_text("")
        with pytest.raises(StoreError) as caught:
            store.mark_sending(attempt.intent_id, ())
        assert str(root / "paid-runs") in caught.value.message
        assert store.find_unfinished("cloudflare", request.fingerprint, 1) is None, "nothing was sent"


def test_a_file_in_place_of_a_shelf_is_found_before_anything_is_paid(root):
    with open_store(root) as store:
        (root / "blobs/sha256/ab").write_text("")
        with pytest.raises(StoreError, match="expected a folder, found a file"):
            store.begin_run("run-9", "recipe", "cloudflare")


def _raise_problem(root):
    found = inspect_state(root)
    assert found.writable == (found.problem is None)
    if found.problem is not None:
        raise found.problem


def _as_nobody(work):
    """What a `StoreError` says where root's rights are given up, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            work()
        except StoreError as error:
            os.write(writing, error.message.encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()
