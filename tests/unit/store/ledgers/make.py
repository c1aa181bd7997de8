"""Makes a state folder with everything that a ledger may hold, by the seedflow that runs it, and packs it.

Once for each version of the schema, by the last seedflow that writes it: `python make.py PACKED.tar.xz`. The tests of upgrades
unpack it. It holds a run of `book.yaml` against the emulator, and a run that was killed with attempts in every state.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import Attempt, JudgedAttempts, PastRequest, RequestRecord, StoredImage
from seedflow.store.journal import JournaledAnswer
from seedflow.store.local import LocalStore, open_store

PRICE = Decimal("0.04")
RUN = "killed-run"


def main(packed: Path) -> None:
    """Make it and pack it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "book.yaml").write_text((Path(__file__).parent / "book.yaml").read_text())
        run_the_recipe(project)
        child = os.fork()
        if child == 0:
            leave_every_state(project / ".seedflow")
            os._exit(0)  # as a kill would end it: nothing is closed, and the write-ahead log stays
        os.waitpid(child, 0)
        with tarfile.open(packed, "w:xz") as archive:
            archive.add(project / ".seedflow", ".seedflow")


def run_the_recipe(project: Path) -> None:
    """A run against the emulator: later versions must find its results and ask for nothing."""
    seedflow = [sys.executable, "-m", "seedflow"]
    emulator = subprocess.Popen(
        [*seedflow, "emulate", "--json", "--pictures", "tiny"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert emulator.stdout is not None
        told: dict[str, Any] = json.loads(emulator.stdout.readline())
        subprocess.run(
            [*seedflow, "run", "book.yaml", "--yes"], cwd=project, env=os.environ | told["env"], check=True
        )
    finally:
        emulator.terminate()
        emulator.wait()


def leave_every_state(root: Path) -> None:
    """A run's attempts, each left in another state; one answer stands in the run's journal alone."""
    store = open_store(root)
    store.begin_run(RUN, "atlas", "cloudflare")
    claim(store, "reserved")
    send(store, "sending")
    answer(store, "answered")
    fetched = answer(store, "fetched")
    store.mark_done(fetched.intent_id, [keep(store, b"of the fetched one")], PRICE)
    done = answer(store, "done")
    store.mark_done(done.intent_id, [keep(store, b"one"), keep(store, b"two", 2)], 2 * PRICE)
    store.mark_failed(send(store, "failed").intent_id, "refused", "the prompt was refused", Decimal(0))
    store.mark_unknown(send(store, "unknown").intent_id, "the connection broke")
    store.mark_lost_paid(answer(store, "lost-paid").intent_id, "the address is dead", PRICE)
    journaled = send(store, "journaled")
    store._journals[RUN].append(  # as when the disk is full
        JournaledAnswer(journaled.intent_id, b'{"kept": "in the journal"}', 40_000, 1_790_000_000.0)
    )
    store.record_past_requests(
        "cloudflare",
        "atlas",
        {"done": PastRequest("request/1:done", "params/1:x")},
        [JudgedAttempts("done", "request/1:done", 1, 2)],
    )
    # A state that shares its commit with the one after it, so that no kill leaves it.
    with sqlite3.connect(root / "ledger.db") as connection:
        connection.execute(
            "UPDATE attempts SET state = 'fetched', claimed = 1 WHERE intent_id = ?", (fetched.intent_id,)
        )


def claim(store: LocalStore, name: str) -> Attempt:
    """Reserve an attempt at an address of this name."""
    params = {"prompt": f"a {name} fox ü"}
    request = RequestRecord(
        "cloudflare", f"request/1:{name}", 1, "atlas", name, name, "m", params, "params/1:x", None, ()
    )
    granted = store.claim(RUN, request, PRICE, ())
    attempt = getattr(granted, "attempt", None)
    assert isinstance(attempt, Attempt)
    return attempt


def send(store: LocalStore, name: str) -> Attempt:
    """The same, sent."""
    attempt = claim(store, name)
    store.mark_sending(attempt.intent_id, (), 1_790_000_000.0)
    return attempt


def answer(store: LocalStore, name: str) -> Attempt:
    """The same, answered."""
    attempt = send(store, name)
    store.mark_answered(attempt.intent_id, b'{"answer": "raw"}', PRICE)
    return attempt


def keep(store: LocalStore, data: bytes, number: int = 1) -> StoredImage:
    """A picture in the store; nobody looks into it."""
    path = store.new_blob_path()
    path.write_bytes(data)
    facts = ImageFacts("sha256:" + hashlib.sha256(data).hexdigest(), len(data), 8, 6, ImageFormat.PNG)
    return StoredImage(number, facts, store.keep_blob(path, facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
