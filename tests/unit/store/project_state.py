"""A state with real pictures in it, for what reads everything: checks, collections, archives."""

import io
import json
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from PIL import Image

from seedflow.images.inspect import inspect_image
from seedflow.plan.fingerprint import digest_params, digest_request
from seedflow.store.base import PastRequest, RequestRecord, StoredImage
from seedflow.store.local import open_store

PRICE = Decimal("0.04")
REALM = "cloudflare"


def draw(color: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (16, 12), color).save(data, "PNG")
    return data.getvalue()


def request_for(address: str, take: int = 1, prompt: str | None = None) -> RequestRecord:
    params = {"prompt": prompt or f"a {address}"}
    params_digest = digest_params("m", params)
    return RequestRecord(
        REALM, digest_request(params_digest, None, ()), take, "book", address, address, "m", params, params_digest, None, ()
    )  # fmt: skip # a row a line


def keep(store, data: bytes, number: int = 1) -> StoredImage:
    path = store.new_blob_path()
    path.write_bytes(data)
    facts = inspect_image(path, decode=True)
    return StoredImage(number, facts, store.keep_blob(path, facts))


def ask(store, run_id: str, request: RequestRecord, *colors: str) -> str:
    """A paid call to its end; gives the digest of its first picture."""
    attempt = store.claim(run_id, request, PRICE, ()).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_answered(attempt.intent_id, json.dumps({"images": list(colors)}).encode(), PRICE)
    images = [keep(store, draw(color), number) for number, color in enumerate(colors, 1)]
    store.mark_done(attempt.intent_id, images, PRICE)
    return images[0].facts.digest


def make_state(root: Path, colors=("red", "green", "blue"), clock=None) -> list[str]:
    """A run that asked for a picture of each colour and ended well; the digests."""
    more = {} if clock is None else {"clock": clock}
    with open_store(root, **more) as store:
        run_id = f"run-{'-'.join(colors)}"
        store.begin_run(run_id, "book", REALM)
        digests = []
        for color in colors:
            request = request_for(color)
            digests.append(ask(store, run_id, request, color))
            store.record_past_requests(
                REALM, "book", {color: PastRequest(request.fingerprint, request.params_digest)}
            )
        store.end_run(run_id, "done")
    return digests


def blob(root: Path, digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    return root / "blobs" / "sha256" / name[:2] / name


def list_rows(root: Path, question: str, *values):
    if not root.exists():
        return []
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def change(root: Path, statement: str, *values) -> None:
    """Meddle with the ledger."""
    connection = sqlite3.connect(root / "ledger.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def other_take(request: RequestRecord, take: int) -> RequestRecord:
    return replace(request, take=take)
