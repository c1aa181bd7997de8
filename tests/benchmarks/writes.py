"""What one call writes into the ledger, from its reservation to its end, without the network and the pictures.

Arguments: the state's folder; how many calls; `fill` to begin with that many rows of before, `all` for calls with every index,
`bare` for calls without those that only listings need.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import Granted, RequestRecord, StoredImage
from seedflow.store.local import open_store

LISTINGS = (
    "attempts_by_run",
    "attempts_by_payer",
    "attempts_by_time",
    "attempts_open",
    "requests_by_address",
)
PRICE = Decimal("0.04")


def main() -> None:
    folder, calls, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with open_store(folder) as store:
        if what == "fill":
            fill(folder, calls)
            return
        if what == "bare":
            drop(folder, LISTINGS)
        store.begin_run("now", "book", "cloudflare")
        path = store.new_blob_path()
        path.write_bytes(b"picture")
        facts = ImageFacts(
            "sha256:" + hashlib.sha256(b"picture").hexdigest(), 7, 2048, 2048, ImageFormat.JPEG
        )
        image = StoredImage(1, facts, store.keep_blob(path, facts))
        answer = b'{"result": {"images": ["https://pictures.example/%s"]}}' % (b"x" * 400)
        for number in range(calls):
            claim = store.claim("now", request_for(number, "new"), PRICE, ())
            assert isinstance(claim, Granted)
            intent_id = claim.attempt.intent_id
            store.mark_sending(intent_id, ())
            store.mark_answered(intent_id, answer, PRICE)
            store.mark_done(intent_id, [image], PRICE)
        store.end_run("now", "done")


def request_for(number: int, kind: str) -> RequestRecord:
    digest = hashlib.sha256(f"{kind} {number}".encode()).hexdigest()
    address = f"page[scene=scene-{number}]"
    params = {"prompt": f"Scene {number} of a long book, drawn in ink", "aspect_ratio": "1:1"}
    return RequestRecord(
        "cloudflare", f"request/1:{digest}", 1, "book", address, "page", "bytedance/seedream-4.5", params,
        f"params/1:{digest}", None, (),
    )  # fmt: skip # a row a line


def fill(folder: Path, rows: int) -> None:
    """Rows of earlier runs, so that the indexes have the depth of a ledger in use."""
    connection = sqlite3.connect(folder / "ledger.db")
    runs = max(1, rows // 200)
    connection.executemany(
        "INSERT INTO runs VALUES (?, 'book', 'cloudflare', ?, ?, 'done')",
        ((f"run-{number}", float(number), float(number)) for number in range(runs)),
    )
    connection.execute("INSERT INTO run_order (run_id) SELECT run_id FROM runs ORDER BY started_at")
    connection.executemany(
        """INSERT INTO attempts (intent_id, realm, fingerprint, take, attempt, state, claimed, run_id, payer_run_id, step, day,
             reserved_micros, cost_micros, counted_micros, reserved_at, sent_at, answered_at)
           VALUES (?, 'cloudflare', ?, 1, 1, 'done', 0, ?, ?, 'page', '2026-01-01', 40000, 40000, 40000, ?, 1, 1)""",
        (
            (f"old-{number}", request_for(number, "old").fingerprint, *[f"run-{number % runs}"] * 2, float(number))
            for number in range(rows)
        ),
    )  # fmt: skip # a row a line
    connection.execute(
        """INSERT INTO requests SELECT attempt_id, 'book', 'page[scene=old-' || attempt_id || ']', 'm', '{}', '', NULL, '[]'
             FROM attempts"""
    )
    connection.commit()
    connection.close()


def drop(folder: Path, indexes: Sequence[str]) -> None:
    connection = sqlite3.connect(folder / "ledger.db")
    for name in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.commit()
    connection.close()


main()
