"""The process: one ready line, a clean end, a bill that survives a kill, and clear words when it cannot start."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from seedflow.emulator.options import EmulatorOptions, Latency
from seedflow.emulator.server import Emulator
from seedflow.errors import UsageError


def _post(emulator, value, **headers):
    """The status of one call, or None when the connection ended without an answer."""
    connection = http.client.HTTPConnection(urlsplit(emulator.origin).netloc, timeout=30)
    try:
        said = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {emulator.env['CLOUDFLARE_API_TOKEN']}",
            **headers,
        }
        path = f"/client/v4/accounts/{emulator.env['CLOUDFLARE_ACCOUNT_ID']}/ai/run"
        connection.request("POST", path, json.dumps(value), said)
        return connection.getresponse().status
    except ConnectionError:
        return None
    finally:
        connection.close()


CALL = {"model": "bytedance/seedream-4.5", "input": {"prompt": "a fox"}}


def test_the_fixture_counts_in_another_process(emulator):
    assert emulator.pid != os.getpid()
    assert emulator.base_url == f"{emulator.origin}/client/v4" == emulator.env["SEEDFLOW_CLOUDFLARE_BASE_URL"]
    assert emulator.bill()["calls"] == 0
    emulator.set_faults({"kind": "status", "status": 503})
    emulator.set_faults({"kind": "status", "status": 429}, {"kind": "bill-then-drop"})
    assert [_post(emulator, CALL) for _ in range(3)] == [429, None, 200]
    assert emulator.faults() == []
    assert emulator.bill()["calls"] == 2
    assert [request["status"] for request in emulator.requests()] == [429, None, 200]
    assert emulator.downloads() == []
    assert emulator.expire() == 2


def test_the_next_test_starts_with_an_empty_bill(emulator):
    assert (emulator.bill()["calls"], emulator.requests(), emulator.faults()) == (0, [], [])


def test_a_test_may_end_the_shared_process(emulator):
    emulator.close()
    assert not emulator.running


def test_options_reach_the_process(start_emulator, tmp_path):
    emulator = start_emulator("--token", "t1", "--account", "a1", "--no-log")
    assert emulator.env["CLOUDFLARE_API_TOKEN"] == "t1"
    assert emulator.env["CLOUDFLARE_ACCOUNT_ID"] == "a1"
    assert _post(emulator, CALL) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_0_and_frees_the_port(start_emulator, number):
    emulator = start_emulator()
    connection = http.client.HTTPConnection(urlsplit(emulator.origin).netloc, timeout=30)
    connection.request("GET", "/_emulator/bill")
    connection.getresponse().read()
    os.kill(emulator.pid, number)
    emulator.close()
    connection.close()
    again = start_emulator("--port", str(urlsplit(emulator.origin).port))
    assert again.origin == emulator.origin


def test_a_second_signal_does_not_wait(start_emulator):
    emulator = start_emulator("--latency-ms", "60000")
    with socket.create_connection(("127.0.0.1", urlsplit(emulator.origin).port)) as connection:
        body = json.dumps(CALL).encode()
        head = (
            f"POST /client/v4/accounts/{emulator.env['CLOUDFLARE_ACCOUNT_ID']}/ai/run HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {emulator.env['CLOUDFLARE_API_TOKEN']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        while not any(request["input_digest"] for request in emulator.requests()):
            pass
        started = time.monotonic()
        os.kill(emulator.pid, signal.SIGTERM)
        while _is_listening(emulator):
            pass
        os.kill(emulator.pid, signal.SIGTERM)
        while emulator.running and time.monotonic() - started < 2.0:
            pass  # a third signal, which `close` sends, may meet it after it let go of its handlers
        emulator.close()
        assert time.monotonic() - started < 2.0


def _is_listening(emulator):
    try:
        socket.create_connection(("127.0.0.1", urlsplit(emulator.origin).port)).close()
    except OSError:
        return False
    return True


def test_a_killed_emulator_leaves_its_bill(start_emulator, tmp_path):
    path = tmp_path / "bill.jsonl"
    emulator = start_emulator("--bill-file", str(path))
    assert [_post(emulator, CALL) for _ in range(3)] == [200] * 3
    before = emulator.bill()
    emulator.kill()
    again = start_emulator("--bill-file", str(path))
    assert again.bill() == before
    assert _post(again, CALL) == 200
    assert again.bill()["calls"] == 4
    assert len(path.read_bytes().splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "loopback only"),
        (["--latency-ms", "slow"], "is not a latency"),
        (["--serve", "https://h/a=missing.png"], "there is no file"),
        (["--bill-file", "/"], "cannot be opened"),
    ],
)
def test_wrong_usage_is_said_in_one_line_with_exit_code_2(arguments, said):
    found = subprocess.run(
        [sys.executable, "-m", "seedflow", "emulate", *arguments], capture_output=True, text=True, timeout=30
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("error: ")
    assert said in found.stderr
    assert "Traceback" not in found.stderr


async def test_a_port_in_use_is_a_usage_error():
    async with Emulator() as first:
        with pytest.raises(UsageError, match="address already in use") as caught:
            await Emulator(EmulatorOptions(port=first.port)).start()
        assert str(first.port) in caught.value.message
        assert caught.value.help


async def test_ipv6_loopback_works_too(running):
    async with running(host="::1") as caller:
        answer = await caller.generate({"prompt": "a"})
        assert answer.images[0].startswith(f"http://[::1]:{caller.emulator.port}/images/")
        assert (await caller.get_image(answer.images[0])).status == 200
        assert (await caller.generate({"prompt": "b", "image_input": answer.images})).status == 200


async def test_closing_lets_a_call_that_is_under_way_end(running):
    async with running(latency=Latency(0.1, 0.1)) as caller:
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "a"}))
        while not any(one["input_digest"] for one in (await caller.ask("GET", "/_emulator/requests")).json):
            pass
        closing = asyncio.ensure_future(caller.emulator.aclose(grace_s=30))
        assert (await line.hear()).status == 200
        line.close()
        await closing
        assert len(caller.emulator.bill.entries) == 1


async def test_closing_cuts_a_call_that_takes_too_long_and_bills_nothing(running):
    async with running(latency=Latency(60, 60)) as caller:
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "a"}))
        while not any(one["input_digest"] for one in (await caller.ask("GET", "/_emulator/requests")).json):
            pass
        await caller.emulator.aclose(grace_s=0.01)
        assert await line.rest() == b""
        line.close()
        assert caller.emulator.bill.entries == []


async def test_a_bug_is_not_swallowed(running, monkeypatch):
    async def fail():
        async with running() as caller:
            monkeypatch.setattr(caller.emulator.bill, "add", None)
            line = await caller.line()
            await line.say(caller.build_call({"prompt": "a"}))
            assert await line.rest() == b""
            line.close()

    with pytest.raises(TypeError):
        await fail()
