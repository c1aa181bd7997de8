"""Faults: read strictly, taken in order, and each with the answer, the bill and the log entry that it promises."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from seedflow.emulator.fault_plan import parse_faults
from seedflow.emulator.faults import KINDS, FaultKind, WrongFaultError, parse_fault

WHO = {"intent": "i", "task": "page[scene=a]", "take": 2, "attempt": 1}
DROPPED = None


async def _meet(caller, fault, metadata=WHO):
    """The raw answer to one call that meets a fault, or None when the connection just ended."""
    answer = await caller.ask("POST", "/_emulator/faults", body=json.dumps(fault).encode())
    assert answer.status == 200, answer.body
    line = await caller.line()
    await line.say(caller.build_call({"prompt": "a"}, metadata))
    line.writer.write_eof()
    try:
        data = await line.rest()
    except ConnectionResetError:
        data = b""
    line.close()
    if not data:
        return DROPPED
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode().lower(), body


async def _books(caller):
    """(billed calls, [(success, cost) of each log entry])."""
    entries = (await caller.logs()).json["result"]
    calls = (await caller.ask("GET", "/_emulator/bill")).json["calls"]
    return calls, [(entry["success"], entry["cost"]) for entry in entries]


PAID = (1, [(True, 0.04)])
FREE = (0, [(False, 0)])
FREE_SUCCESS = (0, [(True, 0)])
NOTHING = (0, [])


@pytest.mark.parametrize(
    ("fault", "status", "said", "books"),
    [
        ({"kind": "status"}, 500, b'"code":7000', FREE),
        ({"kind": "status", "status": 429, "code": 3040, "retry_after_s": 7}, 429, b'"code":3040', FREE),
        ({"kind": "status", "status": 402, "code": 2021, "message": "no credit"}, 402, b"no credit", FREE),
        ({"kind": "status", "status": 504, "billed": True}, 504, b'"code":7000', PAID),
        ({"kind": "status", "shape": "error-list"}, 500, b'"error":[{', FREE),
        ({"kind": "status", "shape": "error-object"}, 500, b'"error":{', FREE),
        (
            {"kind": "status", "status": 520, "shape": "text", "message": "error code: 520"},
            520,
            b"error code: 520",
            FREE,
        ),
        ({"kind": "html"}, 200, b"<!doctype html>", FREE),
        ({"kind": "html", "billed": True}, 200, b"<!doctype html>", PAID),
        ({"kind": "wrong-schema"}, 200, b'"result":{"pictures":[]}', PAID),
        ({"kind": "state-failed"}, 200, b'"state":"Failed","error":{"code":"InternalError"', FREE),
        ({"kind": "state-failed", "code": 9, "billed": True}, 200, b'"code":9', PAID),
        ({"kind": "moderation"}, 400, b"InputTextSensitiveContentDetected", FREE),
        ({"kind": "moderation", "side": "output", "billed": True}, 400, b"OutputImageSensitiveContent", PAID),
        ({"kind": "cut-body"}, 200, b'{"success":true', PAID),
        ({"kind": "stall", "seconds": 0.01}, 200, b'"state":"Completed"', PAID),
        ({"kind": "broken-picture"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "dead-url"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "stall", "seconds": 0.01, "stage": "before-reading"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "stall", "seconds": 0.01, "stage": "after-reading"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "drip", "bytes_per_s": 5000}, 200, b'"state":"Completed"', PAID),
        ({"kind": "cut-json"}, 200, b'{"success":true', PAID),
        ({"kind": "long-body", "size_bytes": 9000}, 200, b" " * 8000, PAID),
        ({"kind": "long-body", "size_bytes": 9000, "announced": False}, 200, b"}}}" + b" " * 9000, PAID),
        ({"kind": "compressed"}, 200, b"\x1f\x8b", PAID),
        ({"kind": "few-images"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "few-images", "images": 0}, 200, b'"images":[]', FREE_SUCCESS),
        ({"kind": "redirect"}, 307, b"", NOTHING),
        ({"kind": "wrong-schema", "logged_right": True}, 200, b'{"pictures":[]}', PAID),
        ({"kind": "early-expiry"}, 200, b'"state":"Completed"', PAID),
        ({"kind": "bad-download"}, 200, b'"state":"Completed"', PAID),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_an_answer_that_went_wrong(running, fault, status, said, books):
    async with running() as caller:
        answer = await _meet(caller, fault)
        assert answer is not DROPPED
        assert answer[0] == status
        assert said in answer[2]
        assert await _books(caller) == books
        (request,) = (await caller.ask("GET", "/_emulator/requests")).json
        assert request["fault"] == fault["kind"]
        assert request["status"] == status


@pytest.mark.parametrize(
    ("fault", "books"),
    [
        ({"kind": "close-before-reading"}, (0, [])),
        ({"kind": "close-before-reading", "reset": True}, (0, [])),
        ({"kind": "close-after-reading"}, FREE),
        ({"kind": "close-after-reading", "logged": False}, (0, [])),
        ({"kind": "bill-then-drop"}, PAID),
        ({"kind": "bill-then-drop", "reset": True}, PAID),
        ({"kind": "cut-body", "reset": True}, PAID),
    ],
    ids=str,
)
async def test_a_connection_that_ends(running, fault, books):
    async with running() as caller:
        answer = await _meet(caller, fault)
        assert answer is DROPPED or fault["kind"] == "cut-body"
        assert await _books(caller) == books
        assert (await caller.generate({"prompt": "b"})).status == 200


async def test_a_server_can_ask_to_wait(running):
    async with running() as caller:
        for seconds, said in [(7, "retry-after: 7"), (0.5, "retry-after: 0.5")]:
            answer = await _meet(caller, {"kind": "status", "status": 429, "retry_after_s": seconds})
            assert said in answer[1]


async def test_faults_strike_in_order_and_as_often_as_they_should(running):
    async with running() as caller:
        await caller.ask(
            "POST",
            "/_emulator/faults",
            body=json.dumps([{"kind": "status", "status": 503, "times": 2}, {"kind": "html"}]).encode(),
        )
        seen = []
        for _ in range(4):
            answer = await caller.generate({"prompt": "a"})
            seen.append((answer.status, answer.headers["content-type"].partition(";")[0]))
        assert seen == [
            (503, "application/json"),
            (503, "application/json"),
            (200, "text/html"),
            (200, "application/json"),
        ]


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({}, [0]),
        ({"intent": "i1"}, [1]),
        ({"task": "page[scene=b]"}, [1]),
        ({"step": "cover"}, [2]),
        ({"step": "cover", "take": 2}, [3]),
        ({"step": "cast/pose"}, [4]),
        ({"step": "cast"}, [4]),
        ({"step": "cov"}, []),
        ({"step": "page", "take": 2}, [1]),
        ({"attempt": 2}, []),
    ],
)
async def test_a_fault_strikes_the_calls_that_it_matches(running, match, struck):
    async with running() as caller:
        fault = {"kind": "status", "status": 500, "match": match}
        await caller.ask("POST", "/_emulator/faults", body=json.dumps(fault).encode())
        callers = [
            {"intent": "i0", "task": "page[scene=a]", "take": 1},
            {"intent": "i1", "task": "page[scene=b]", "take": "2"},
            {"intent": "i2", "task": "cover"},
            {"intent": "i3", "task": "cover#2", "take": 2},
            {"intent": "i4", "task": "cast[hero=ada]/pose[side=left]#2"},
        ]
        statuses = [(await caller.generate({"prompt": "a"}, metadata)).status for metadata in callers]
        assert [place for place, status in enumerate(statuses) if status == 500] == struck


async def test_a_refused_call_uses_no_fault_up(running):
    async with running() as caller:
        await caller.ask("POST", "/_emulator/faults", body=b'{"kind": "html"}')
        await caller.ask("POST", caller.run_path, body=b"{}")
        assert len((await caller.ask("GET", "/_emulator/faults")).json) == 1


async def test_the_queue_can_be_seen_and_cleared(running):
    async with running() as caller:
        await caller.ask("POST", "/_emulator/faults", body=b'{"faults": [{"kind": "stall", "times": 3}]}')
        assert (await caller.ask("GET", "/_emulator/faults")).json == [
            {"kind": "stall", "seconds": 1.0, "stage": "head", "after_bytes": None, "match": {}, "times": 3}
        ]
        assert (await caller.ask("DELETE", "/_emulator/faults")).json == []
        assert (await caller.generate({"prompt": "a"})).status == 200


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (3, "an object"),
        ({}, "is not a kind"),
        ({"kind": "earthquake"}, "is not a kind"),
        ({"kind": []}, "is not a kind"),
        ({"kind": "html", "color": 1}, "has no 'color'"),
        ({"kind": "status", "status": 20}, "from 200 to 999"),
        ({"kind": "status", "status": True}, "whole number"),
        ({"kind": "status", "retry_after_s": -1}, "seconds"),
        ({"kind": "status", "shape": "round"}, "one of errors"),
        ({"kind": "status", "message": None}, "text"),
        ({"kind": "stall", "seconds": "long"}, "seconds"),
        ({"kind": "stall", "after_bytes": 1.5}, "whole number"),
        ({"kind": "html", "billed": 1}, "true or false"),
        ({"kind": "html", "times": 0}, "`times`"),
        ({"kind": "html", "match": {"color": "red"}}, "`match`"),
        ({"kind": "html", "match": []}, "`match`"),
    ],
    ids=str,
)
async def test_a_wrong_fault_is_refused_with_what_is_wrong(running, fault, said):
    with pytest.raises(WrongFaultError, match=said):
        parse_faults(fault)
    async with running() as caller:
        answer = await caller.ask("POST", "/_emulator/faults", body=json.dumps(fault).encode())
        assert answer.status == 400
        assert said in answer.errors[0][1]
    with pytest.raises(WrongFaultError):
        parse_faults([{"kind": "html"}, fault])


async def test_faults_that_are_not_json_are_refused(running):
    async with running() as caller:
        assert (await caller.ask("POST", "/_emulator/faults", body=b"{")).status == 400


def test_every_kind_has_its_parameters_and_can_be_queued_with_them():
    assert set(KINDS) == set(FaultKind)
    for kind, defaults in KINDS.items():
        given = {name: value for name, value in defaults.items() if value is not None}
        fault = parse_fault({"kind": kind.value, **given})
        assert fault.to_json() == {"kind": kind.value, **defaults}


async def _post(caller, *faults):
    answer = await caller.ask("POST", "/_emulator/faults", body=json.dumps(faults).encode())
    assert answer.status == 200, answer.body


async def test_a_bomb_is_small_on_the_wire_and_says_how_often_it_is_compressed(running):
    async with running() as caller:
        await _post(caller, {"kind": "compressed", "layers": 2, "bomb_bytes": 50_000_000})
        answer = await caller.generate({"prompt": "a"})
        assert answer.headers["content-encoding"] == "gzip, gzip"
        assert len(answer.body) < 2000
        unpacked = gzip.decompress(gzip.decompress(answer.body))
        assert len(unpacked) == 50_000_000
        assert json.loads(unpacked)["success"] is True


async def test_fewer_images_are_billed_as_fewer(running):
    async with running() as caller:
        await _post(caller, {"kind": "few-images", "images": 2})
        given = {"prompt": "a", "sequential_image_generation": "auto", "max_images": 5}
        assert len((await caller.generate(given)).images) == 2
        assert caller.emulator.bill.entries[0].images == 2
        assert len((await caller.generate(given)).images) == 5


async def test_an_image_may_die_before_its_time_and_the_others_do_not(running):
    now_s = [1000.0]
    async with running(clock=lambda: now_s[0]) as caller:
        await _post(caller, {"kind": "early-expiry", "seconds": 5, "number": 2})
        given = {"prompt": "a", "sequential_image_generation": "auto", "max_images": 2}
        urls = (await caller.generate(given)).images
        now_s[0] += 6
        assert [(await caller.get_image(url)).status for url in urls] == [200, 403]


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        ({"way": "redirect"}, 302, "location"),
        ({"way": "redirect", "to": "file:///etc/passwd"}, 302, "location"),
        ({"way": "status", "status": 502}, 502, "content-type"),
        ({"way": "compressed"}, 200, "content-encoding"),
        ({"way": "bomb"}, 200, "content-encoding"),
        ({"way": "stall", "seconds": 0.01}, 200, "content-type"),
        ({"way": "drip", "seconds": 0.2}, 200, "content-type"),
        ({"way": "overlong"}, 200, "content-type"),
    ],
    ids=str,
)
async def test_a_download_goes_wrong_as_often_as_it_should(running, fault, status, header):
    async with running() as caller:
        await _post(caller, {"kind": "bad-download", "tries": 1, **fault})
        (url,) = (await caller.generate({"prompt": "a"})).images
        wrong = await caller.get_image(url)
        assert wrong.status == status
        if header == "location":
            expected = fault.get("to", url.removeprefix(caller.emulator.origin))
            assert wrong.headers[header] == expected
        assert header in wrong.headers
        right = await caller.get_image(url)
        assert right.status == 200
        assert right.body.startswith(b"\xff\xd8")


@pytest.mark.parametrize("way", ["cut", "reset"])
async def test_a_download_breaks_off(running, way):
    async with running() as caller:
        await _post(caller, {"kind": "bad-download", "tries": 1, "way": way})
        (url,) = (await caller.generate({"prompt": "a"})).images
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await caller.get_image(url)
        assert (await caller.get_image(url)).status == 200
