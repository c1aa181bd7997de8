"""What the store's tests share: a request, a way to keep a picture, and processes that can be killed."""

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import RequestRecord, StoredImage
from seedflow.store.local import open_store

REPOSITORY = Path(__file__).parents[3]

REQUEST = RequestRecord(
    realm="cloudflare",
    fingerprint="request/1:aa",
    take=1,
    recipe="storybook",
    address="page",
    step="page",
    model="m",
    params={"prompt": "a fox"},
    params_digest="params/1:bb",
    references_field=None,
    references=(),
)
PRICE = Decimal("0.04")

_PRELUDE = f"""
import sys, os, signal, time
from pathlib import Path
from decimal import Decimal
sys.path.insert(0, {str(REPOSITORY)!r})
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import REQUEST, PRICE, keep_picture
from dataclasses import replace
from seedflow.store.local import open_store
from seedflow.store.view import open_view
root = Path(sys.argv[1])
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def wait_for_line():
    print("ready", flush=True)
    sys.stdin.readline()
"""


def keep_picture(store, data=b"picture", number=1):
    path = store.new_blob_path()
    path.write_bytes(data)
    facts = ImageFacts("sha256:" + hashlib.sha256(data).hexdigest(), len(data), 8, 6, ImageFormat.PNG)
    return StoredImage(number, facts, store.keep_blob(path, facts))


def finish(store, run_id, request=REQUEST, data=b"picture"):
    attempt = store.claim(run_id, request, PRICE, ()).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_answered(attempt.intent_id, b"answer", PRICE)
    return store.mark_done(attempt.intent_id, [keep_picture(store, data)], PRICE)


class Processes:
    """Python programs on one state folder, in processes of their own; a start of their text is given."""

    def __init__(self, root):
        self.root = root
        self.started = []

    def start(self, script, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + script, str(self.root), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": ""},
        )
        self.started.append(process)
        return process

    def run_until_killed(self, script):
        process = self.start(script)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, errors

    def close(self):
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def root(tmp_path):
    return tmp_path / ".seedflow"


@pytest.fixture
def processes(root):
    processes = Processes(root)
    yield processes
    processes.close()


@pytest.fixture
def store(root):
    with open_store(root) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        yield store


@pytest.fixture
def request_record():
    return REQUEST


@pytest.fixture
def tools():
    """The functions above, for tests that cannot import this file."""
    return Tools()


class Tools:
    price = PRICE
    keep_picture = staticmethod(keep_picture)
    finish = staticmethod(finish)

    def other_request(self, number):
        return replace(REQUEST, fingerprint=f"request/1:{number:064x}")
