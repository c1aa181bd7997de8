"""Whatever the service answers: a task of its own that says so, everything else done, no command stopped, no image thrown away."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from project import Ended, Project

TWO = """\
seedflow: 1
steps:
  odd: {generate: {prompt: Odd}}
  good: {generate: {prompt: Good}}
outputs: {good: "{{ steps.good.images[0] }}"}
"""
LONG = "a" * 80

Spoil = Callable[[str, str, bytes], bytes]
"""What becomes of an answer's body, by the request's line and body."""


@contextmanager
def standing_between(origin: str, spoil: Spoil) -> Iterator[str]:
    """The base URL of a server that hands everything on to the emulator, and spoils what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def handle_all(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, sent or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            body = spoil(f"{self.command} {self.path}", sent.decode(), body)
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = handle_all

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/client/v4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def paid(project: Project, emulator: Any) -> Project:
    project.use(emulator.env)
    project.write("two.yaml", TWO)
    project.write("seedflow.yaml", "provider: {timeouts: {log_s: 0.2}}\n")
    return project


def problems(result: dict[str, Any]) -> dict[str, str]:
    return {task["address"]: task["problem"]["kind"] for task in result["tasks"] if "problem" in task}


def say(project: Project, *words: str) -> Ended:
    ended = project.seedflow(*words)
    assert ended.code != 70, ended.err
    assert "Traceback" not in ended.err
    return ended


def rejected(project: Project) -> list[Path]:
    return list((project.folder / ".seedflow" / "blobs" / "rejected").iterdir())


@pytest.mark.parametrize("to", ["http://a..b/x", f"http://{LONG}.example/x", "//["])
def test_a_redirect_to_nowhere_loses_one_picture_and_stops_nothing(
    paid: Project, emulator: Any, to: str
) -> None:
    emulator.set_faults({"kind": "bad-download", "way": "redirect", "to": to, "match": {"task": "odd"}})
    result = paid.run("two.yaml", code=3)
    assert problems(result) == {"odd": "lost-paid"}
    assert len(result["outputs"]["good"]) == 1
    assert say(paid, "ledger", "reconcile").code == 0
    again = paid.run("two.yaml", code=3)
    assert (problems(again), again["calls"], emulator.bill()["calls"]) == ({"odd": "lost-paid"}, 0, 2)


def put_beside(text: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b'"success"', text.encode() + b', "success"', 1)


def put_within(text: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b'{"images"', b"{" + text.encode() + b', "images"', 1)


def name(url: str) -> Callable[[bytes], bytes]:
    def spoil(body: bytes) -> bytes:
        answer = json.loads(body)
        answer["result"]["result"]["images"] = [url]
        return json.dumps(answer).encode()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (name("http://a..b/x"), "lost-paid"),
        (name("http://..../x"), "lost-paid"),
        (name(f"http://{'a' * 300}.example/x"), "lost-paid"),
        (name("http://127.0.0.1:99999999/x"), "lost-paid"),
        (name("http://example.com/\ud800"), "wrong-answer"),
        (put_within('"\\ud800": 1'), "wrong-answer"),
        (put_within('"x": ' + "[" * 400 + "]" * 400), "wrong-answer"),
        (put_within('"x": ' + "9" * 4000), "wrong-answer"),
        (put_within('"x": ' + "9" * 5000), "unknown-outcome"),
        (put_within('"x": ' + "[" * 9000 + "]" * 9000), "unknown-outcome"),
        (put_beside('"x": "\\ud800"'), None),
        (put_beside('"\\udfff": 1e999'), None),
    ],
)
def test_an_answer_that_nobody_can_read_is_a_problem_of_its_own_task(
    paid: Project, emulator: Any, spoil: Callable[[bytes], bytes], kind: str | None
) -> None:
    """Not of the other, nor of any later command; the log has the same answer."""
    spoiled = set()

    def spoil_odd(line: str, sent: str, body: bytes) -> bytes:
        if line.startswith("POST") and '"Odd"' in sent:
            spoiled.add(json.loads(body)["result"]["result"]["images"][0].encode())
            return spoil(body)
        is_odd = line.split("?", maxsplit=1)[0].endswith("/response") and any(url in body for url in spoiled)
        return spoil(body) if is_odd else body

    with standing_between(emulator.origin, spoil_odd) as base_url:
        paid.use({"SEEDFLOW_CLOUDFLARE_BASE_URL": base_url})
        code = {None: 0, "lost-paid": 3}.get(kind, 6)
        expected = {} if kind is None else {"odd": kind}
        for _ in range(2):
            result = paid.run("two.yaml", code=code)
            assert problems(result) == expected
            assert len(result["outputs"]["good"]) == 1
            say(paid, "ledger", "reconcile")
    assert emulator.bill()["calls"] == 2


def test_a_cost_beyond_measure_in_the_log_is_a_cost_that_nobody_knows(paid: Project, emulator: Any) -> None:
    emulator.set_faults({"kind": "bill-then-drop", "match": {"task": "odd"}})

    def spoil(line: str, _: str, body: bytes) -> bytes:
        if "/logs?" not in line:
            return body
        listed = json.loads(body)
        for entry in listed["result"]:
            entry |= {"cost": 1e300, "success": False}
        return json.dumps(listed).encode()

    with standing_between(emulator.origin, spoil) as base_url:
        paid.use({"SEEDFLOW_CLOUDFLARE_BASE_URL": base_url})
        for _ in range(2):
            assert problems(paid.run("two.yaml", code=6)) == {"odd": "unknown-outcome"}
            assert say(paid, "ledger", "reconcile").code == 6
    paid.use({"SEEDFLOW_CLOUDFLARE_BASE_URL": emulator.base_url})
    assert problems(paid.run("two.yaml")) == {}
    assert emulator.bill()["calls"] == 2


def test_images_that_nobody_asked_for_are_kept_counted_and_told(paid: Project, emulator: Any) -> None:
    paid.write("one.yaml", "seedflow: 1\nsteps: {odd: {generate: {prompt: Odd}}}\n")

    def spoil(line: str, _: str, body: bytes) -> bytes:
        if not line.startswith("POST"):
            return body
        answer = json.loads(body)
        answer["result"]["result"]["images"] *= 3
        return json.dumps(answer).encode()

    with standing_between(emulator.origin, spoil) as base_url:
        paid.use({"SEEDFLOW_CLOUDFLARE_BASE_URL": base_url})
        ended = say(paid, "run", "one.yaml", "--max-cost", "0.04", "--json")
        assert ended.code == 0, ended.err
        (task,) = ended.json["tasks"]
        assert (task["status"], len(task["images"]), task["cost_usd"]) == ("done", 1, 0.12)
        assert "3 images came, and at most 1 was asked for" in task["warnings"][0]
        assert len(rejected(paid)) == 1, "the same picture twice"
        again = paid.run("one.yaml")
    assert (again["calls"], emulator.bill()["calls"]) == (0, 1)
    assert say(paid, "verify").code == 0


def test_a_row_that_an_earlier_run_left_is_taken_up_whatever_its_answer_names(
    paid: Project, emulator: Any
) -> None:
    """The odd one and a good one lie there, answered, since their server was away."""
    emulator.set_faults(
        {"kind": "bad-download", "way": "status", "status": 503, "tries": 5, "match": {"task": "good"}},
        {"kind": "bad-download", "way": "status", "status": 503, "tries": 5, "match": {"task": "odd"}},
    )
    result = paid.run("two.yaml", code=3)
    assert problems(result) == {"odd": "not-fetched", "good": "not-fetched"}
    poison(paid, "odd", "http://a..b/x")
    ended = say(paid, "ledger", "reconcile", "--json")
    findings = {call["address"]: call["finding"] for call in ended.json["calls"]}
    assert findings == {"odd": "lost", "good": "recovered"}
    assert problems(paid.run("two.yaml", code=3)) == {"odd": "lost-paid"}
    assert emulator.bill()["calls"] == 2


def poison(project: Project, address: str, url: str) -> None:
    """Let the stored answer of a task name another address, and the log not know better."""
    connection = sqlite3.connect(project.folder / ".seedflow" / "ledger.db")
    with connection:
        (attempt_id, raw) = connection.execute(
            "SELECT attempt_id, answer FROM answers JOIN requests USING (attempt_id) WHERE address = ?",
            (address,),
        ).fetchone()
        answer = json.loads(raw)
        answer["result"]["result"]["images"] = [url]
        connection.execute(
            "UPDATE answers SET answer = ? WHERE attempt_id = ?", (json.dumps(answer).encode(), attempt_id)
        )
    connection.close()
    project.env.pop("CLOUDFLARE_GATEWAY_ID", None)


@pytest.mark.parametrize("host", ["a..b", ".a", LONG])
def test_a_base_url_that_nobody_can_look_up_is_told_before_anything_else(project: Project, host: str) -> None:
    project.write("two.yaml", TWO)
    account = {"CLOUDFLARE_ACCOUNT_ID": "account", "CLOUDFLARE_API_TOKEN": "token"}
    project.use({**account, "SEEDFLOW_CLOUDFLARE_BASE_URL": f"https://{host}/client/v4"})
    ended = say(project, "run", "two.yaml", "--yes")
    assert ended.code == 2
    assert "SEEDFLOW_CLOUDFLARE_BASE_URL cannot be used: its host has" in " ".join(ended.err.split())


@pytest.mark.parametrize("host", ["a..b", ".a", LONG])
def test_a_reference_that_nobody_can_look_up_is_told_by_check(project: Project, host: str) -> None:
    project.write(
        "one.yaml",
        f'seedflow: 1\nsteps: {{a: {{generate: {{prompt: A, image_input: ["https://{host}/x.jpg"]}}}}}}\n',
    )
    ended = say(project, "check", "one.yaml")
    assert (ended.code, "[image-url]" in ended.out + ended.err) == (1, True)
