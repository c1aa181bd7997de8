"""The wire: framing, limits, keep-alive, and answers that stop at any byte."""

from __future__ import annotations

import asyncio
import json

import pytest

from seedflow.emulator.http import WireLimits

BILL = "/_emulator/bill"


async def test_a_connection_carries_one_request_after_another(running):
    async with running() as caller:
        line = await caller.line()
        for number in range(1, 4):
            await line.say(caller.build_call({"prompt": f"a fox {number}"}))
            assert (await line.hear()).status == 200
        line.close()
        assert (await caller.ask("GET", BILL)).json["calls"] == 3


async def test_requests_sent_ahead_are_answered_in_order(running):
    async with running() as caller:
        line = await caller.line()
        prompts = [f"page {number}" for number in range(5)]
        await line.say(b"".join(caller.build_call({"prompt": prompt}) for prompt in prompts))
        answers = [await line.hear() for _ in prompts]
        line.close()
        assert [answer.status for answer in answers] == [200] * 5
        requests = (await caller.ask("GET", "/_emulator/requests")).json
        assert [request["input"]["prompt"] for request in requests] == prompts
        assert len({answer.images[0] for answer in answers}) == 5


async def test_a_request_may_arrive_byte_by_byte(running):
    async with running() as caller:
        line = await caller.line()
        for byte in caller.build_call({"prompt": "slow"}):
            await line.say(bytes([byte]))
            await asyncio.sleep(0)
        assert (await line.hear()).status == 200
        line.close()


async def test_a_body_may_come_in_chunks_without_a_length(running):
    async with running() as caller:
        body = json.dumps({"model": "bytedance/seedream-4.5", "input": {"prompt": "in chunks"}}).encode()
        headers = {
            "Content-Type": "application/json",
            "Transfer-Encoding": "chunked",
            **caller.authorization,
        }
        line = await caller.line()
        await line.say(caller.head("POST", caller.run_path, headers))
        for start in range(0, len(body), 7):
            piece = body[start : start + 7]
            await line.say(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        await line.say(b"0\r\n\r\n")
        assert (await line.hear()).status == 200
        line.close()


async def test_a_client_that_waits_for_permission_gets_it(running):
    async with running() as caller:
        body = json.dumps({"model": "bytedance/seedream-4.5", "input": {"prompt": "may I?"}}).encode()
        headers = {"Content-Type": "application/json", "Expect": "100-continue", **caller.authorization}
        line = await caller.line()
        await line.say(caller.head("POST", caller.run_path, headers, len(body)))
        assert (await line.hear()).status == 100
        await line.say(body)
        assert (await line.hear()).status == 200
        line.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / SMTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -4\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        b"GET //[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n\r\n\r\n\r\nhello?\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_with_400_and_an_end(running, sent):
    async with running() as caller:
        line = await caller.line()
        await line.say(sent)
        answer = await line.hear()
        assert answer.status == 400
        assert answer.json["success"] is False
        assert await line.rest() == b""
        line.close()
        assert (await caller.ask("GET", BILL)).status == 200


async def test_a_head_without_end_is_refused(running):
    async with running(limits=WireLimits(head_bytes=2048)) as caller:
        line = await caller.line()
        await line.say(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Long: y\r\n" * 500)
        assert (await line.hear()).status == 431
        line.close()


async def test_a_head_that_stalls_is_refused(running):
    async with running(limits=WireLimits(head_s=0.05)) as caller:
        line = await caller.line()
        await line.say(b"GET / HTTP/1.1\r\nHo")
        assert (await line.hear()).status == 408
        assert await line.rest() == b""
        line.close()


async def test_a_body_that_stalls_is_refused(running):
    async with running(limits=WireLimits(body_s=0.05)) as caller:
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "half"})[:-5])
        answer = await line.hear()
        assert (answer.status, answer.errors[0][0]) == (408, 3007)
        line.close()


async def test_a_silent_connection_is_ended(running):
    async with running(limits=WireLimits(idle_s=0.05)) as caller:
        line = await caller.line()
        assert await line.rest() == b""
        line.close()


async def test_a_head_request_gets_no_body(running):
    async with running() as caller:
        image = (await caller.generate({"prompt": "a fox"})).images[0].removeprefix(caller.emulator.origin)
        whole = await caller.ask("GET", image)
        line = await caller.line()
        await line.say(caller.head("HEAD", image, {"Connection": "close"}))
        head = await line.hear(body=False)
        assert head.status == 200
        assert head.headers["content-length"] == str(len(whole.body))
        assert await line.rest() == b""
        line.close()


async def test_a_body_over_the_limit_is_refused_though_the_client_goes_on_sending(running):
    async with running(body_limit_bytes=100_000) as caller:
        line = await caller.line()
        data = b'{"x":"' + b"y" * 3_000_000 + b'"}'
        head = caller.head(
            "POST", caller.run_path, {"Content-Type": "application/json", **caller.authorization}, len(data)
        )
        sending = asyncio.ensure_future(line.say(head + data))
        answer = await line.hear()
        assert (answer.status, answer.errors[0][0]) == (413, 3006)
        await asyncio.wait([sending])
        line.close()
        assert (await caller.ask("GET", BILL)).json["calls"] == 0


async def test_a_length_over_the_limit_is_refused_before_the_body(running):
    async with running(body_limit_bytes=1000) as caller:
        headers = {"Content-Type": "application/json", "Expect": "100-continue", **caller.authorization}
        line = await caller.line()
        await line.say(caller.head("POST", caller.run_path, headers, 1001))
        assert (await line.hear()).status == 413
        assert await line.rest() == b""
        line.close()


async def test_a_client_that_leaves_in_the_middle_of_a_body_harms_nobody(running):
    async with running() as caller:
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "gone"}, {"intent": "i1"})[:-4])
        line.writer.write_eof()
        assert await line.rest() == b""
        line.close()
        assert (await caller.ask("GET", BILL)).json["calls"] == 0
        (request,) = (await caller.ask("GET", "/_emulator/requests")).json
        assert (request["status"], request["billed_images"]) == (None, 0)
        (entry,) = (await caller.logs()).json["result"]
        assert (entry["success"], entry["cost"], entry["status_code"]) == (False, 0, 499)


async def test_a_client_that_leaves_while_the_model_works_is_billed(running):
    async with running() as caller:
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "impatient"}))
        line.writer.transport.abort()
        while (await caller.ask("GET", BILL)).json["calls"] == 0:
            pass


@pytest.mark.parametrize("after_bytes", [0, 1, 17, 100, 241])
async def test_an_answer_can_end_at_any_byte_of_its_body(running, after_bytes):
    async with running() as caller:
        await _set_faults(caller, {"kind": "cut-body", "after_bytes": after_bytes})
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "cut"}))
        head, _, body = (await line.rest()).partition(b"\r\n\r\n")
        line.close()
        promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert len(body) == after_bytes < promised
        assert (await caller.ask("GET", BILL)).json["calls"] == 1


async def test_a_reset_is_seen_as_a_reset(running):
    async with running() as caller:
        await _set_faults(caller, {"kind": "bill-then-drop", "reset": True})
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "reset"}))
        with pytest.raises(ConnectionResetError):
            await line.rest()
        line.close()


async def test_a_stall_in_the_body_lets_the_first_bytes_out_and_holds_the_rest(running):
    async with running() as caller:
        await _set_faults(caller, {"kind": "stall", "seconds": 3600, "after_bytes": 10})
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "slow"}))
        await line.reader.readuntil(b"\r\n\r\n")
        assert await line.reader.readexactly(10) == b'{"success"'
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.reader.read(1), 0.05)
        line.close()


@pytest.mark.parametrize("after_bytes", [None, 0, 10])
async def test_a_stall_that_is_over_goes_on_with_the_rest(running, after_bytes):
    async with running() as caller:
        fault = {"kind": "stall", "seconds": 0.05}
        await _set_faults(caller, fault if after_bytes is None else {**fault, "after_bytes": after_bytes})
        started = asyncio.get_running_loop().time()
        answer = await caller.generate({"prompt": "slow"})
        assert asyncio.get_running_loop().time() - started >= 0.05
        assert answer.status == 200
        assert len(answer.images) == 1


async def test_a_stall_ends_when_the_client_leaves(running):
    async with running() as caller:
        await _set_faults(caller, {"kind": "stall", "seconds": 3600})
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "for ever"}))
        while (await caller.ask("GET", BILL)).json["calls"] == 0:
            pass
        line.close()
        started = asyncio.get_running_loop().time()
        await caller.emulator.aclose(grace_s=30)
        assert asyncio.get_running_loop().time() - started < 5


async def _set_faults(caller, *faults):
    answer = await caller.ask("POST", "/_emulator/faults", body=json.dumps(faults).encode())
    assert answer.status == 200, answer.body
