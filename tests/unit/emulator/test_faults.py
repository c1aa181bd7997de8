"""Faults: read strictly, taken in order, and each with the answer, the bill and the log entry that it promises."""

from __future__ import annotations

import json

import pytest

from seedflow.emulator.faults import KINDS, FaultKind, WrongFaultError, parse_faults

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
            {"kind": "stall", "seconds": 1.0, "after_bytes": None, "match": {}, "times": 3}
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
        (fault,) = parse_faults(
            {"kind": kind.value, **{name: value for name, value in defaults.items() if value is not None}}
        )
        assert fault.to_json() == {"kind": kind.value, **defaults, "match": {}, "times": 1}
