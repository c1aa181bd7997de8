"""One call: who may make it, what is refused and in which words, and what an answer looks like."""

from __future__ import annotations

import json

import pytest

from seedflow.emulator.options import Latency, SetSize
from seedflow.models.catalog import load_catalog

SEQUENCE = {"prompt": "a fox", "sequential_image_generation": "auto", "max_images": 9}


async def test_an_answer_has_exactly_the_envelope_of_the_contract(running):
    async with running() as caller:
        answer = await caller.generate({"prompt": "a fox"})
        value = answer.json
        urls = value["result"]["result"].pop("images")
        assert value == {
            "success": True,
            "errors": [],
            "messages": [],
            "result": {
                "state": "Completed",
                "gatewayMetadata": {"keySource": "Unified"},
                "result": {},
            },
        }
        assert answer.headers["content-type"] == "application/json"
        assert load_catalog().find("bytedance/seedream-4.5").judge_output({"images": urls}) == []
        assert urls[0].startswith(f"{caller.emulator.origin}/images/")
        assert "?" in urls[0]


async def _refuse(caller, *, body=None, account=None, headers=None):
    path = caller.run_path if account is None else f"/client/v4/accounts/{account}/ai/run"
    said = {"Content-Type": "application/json", **caller.authorization, **(headers or {})}
    given = json.dumps({"model": "bytedance/seedream-4.5", "input": {"prompt": "a"}}).encode()
    answer = await caller.ask("POST", path, headers=said, body=given if body is None else body)
    assert answer.json["success"] is False
    assert answer.json["result"] is None
    assert (await caller.ask("GET", "/_emulator/bill")).json["calls"] == 0
    return answer.status, answer.errors[0][0]


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer wrong", "Basic emulated-token", "Bearer emulated-token2"]
)
async def test_a_wrong_token_is_401(running, said):
    async with running() as caller:
        assert await _refuse(caller, headers={"Authorization": said}) == (401, 10000)


async def test_another_account_is_403_and_an_impossible_one_404(running):
    async with running() as caller:
        assert await _refuse(caller, account="f" * 32) == (403, 9109)
        assert await _refuse(caller, account="me") == (404, 7003)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"model": "bytedance/seedream-4.5", "input": {"prompt": NaN}}',
        b'{"model": "bytedance/seedream-4.5", "input": {"prompt": "\\ud800"}}',
        b'{"model": "bytedance/seedream-4.5", "input": {"prompt": "a", "\\udfff": 1}}',
        b'{"model": 4, "input": {}}',
        b'{"input": {"prompt": "a"}}',
        b'{"model": "bytedance/seedream-4.5"}',
        b'{"model": "bytedance/seedream-4.5", "input": [1]}',
    ],
)
async def test_a_body_of_another_form_is_5004(running, body):
    async with running() as caller:
        assert await _refuse(caller, body=body) == (400, 5004)


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}])
async def test_a_body_in_another_wrapping_is_5004(running, headers):
    async with running() as caller:
        assert await _refuse(caller, headers=headers) == (400, 5004)


async def test_an_unknown_model_is_5007(running):
    async with running() as caller:
        answer = await caller.generate({"prompt": "a"}, model="bytedance/seedream-9")
        assert (answer.status, answer.errors[0][0]) == (400, 5007)
        assert "bytedance/seedream-9" in answer.errors[0][1]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": "a", "size": "8K"}, "size"),
        ({"prompt": "a", "seed": 3}, "seed"),
        ({"prompt": "a", "max_images": 16}, "max_images"),
        ({"prompt": "a", "image_input": "https://example.com/a.png"}, "image_input"),
        ({"prompt": "a", "image_input": ["not a url"]}, "image_input"),
        ({"prompt": "a", "image_input": [7]}, "image_input"),
        ({"prompt": "a", "image_input": ["data:image/png;base64,AAAA"] * 15}, "15 references"),
        ({"prompt": "a", "max_images": 2**60}, "max_images"),
    ],
)
async def test_an_input_that_the_card_does_not_allow_is_5006(running, given, named):
    async with running() as caller:
        answer = await caller.generate(given)
        assert (answer.status, answer.errors[0][0]) == (400, 5006)
        assert named in answer.errors[0][1]
        requests = (await caller.ask("GET", "/_emulator/requests")).json
        assert [(one["status"], one["code"], one["billed_images"]) for one in requests] == [(400, 5006, 0)]


async def test_other_addresses_and_methods_are_refused_in_the_envelope(running):
    async with running() as caller:
        for method, path, expected in [
            ("GET", "/", (404, 7003)),
            ("GET", "/client/v4/accounts", (404, 7003)),
            ("POST", "/client/v5/accounts/x/ai/run", (404, 7003)),
            ("GET", caller.run_path, (405, 7001)),
            ("DELETE", caller.logs_path, (405, 7001)),
            ("POST", "/images/x.jpg", (405, 7001)),
            ("POST", "/_emulator/bill", (405, 7001)),
            ("GET", "/_emulator/secrets", (404, 7003)),
        ]:
            answer = await caller.ask(method, path, headers=caller.authorization, body=b"")
            assert (answer.status, answer.errors[0][0]) == expected, path


@pytest.mark.parametrize(
    ("sets", "expected"), [(SetSize.MIN, {1}), (SetSize.MAX, {9}), (SetSize.RANDOM, set(range(1, 10)))]
)
async def test_sets_have_the_size_that_was_set(running, sets, expected):
    async with running(sets=sets) as caller:
        sizes = [len((await caller.generate({**SEQUENCE, "prompt": f"fox {n}"})).images) for n in range(80)]
        assert set(sizes) == expected
        again = [len((await caller.generate({**SEQUENCE, "prompt": f"fox {n}"})).images) for n in range(80)]
        assert again == sizes


async def test_one_image_is_one_image_whatever_the_set_size(running):
    async with running(sets=SetSize.MAX) as caller:
        assert len((await caller.generate({"prompt": "a fox", "max_images": 5})).images) == 1


async def test_the_input_is_kept_exactly_as_received(running):
    given = {"prompt": '  ünï\u2028 "{{ }}" 🦊\n', "max_images": 1, "disable_safety_checker": False}
    async with running() as caller:
        await caller.generate(given, {"run": "r", "task": "page", "take": 2, "attempt": 1, "intent": "i"})
        (request,) = (await caller.ask("GET", "/_emulator/requests")).json
        assert request["input"] == given
        assert list(request["input"]) == list(given)
        assert request["headers"]["authorization"] == "(hidden)"
        assert caller.emulator.options.token not in json.dumps(request)
        assert json.loads(request["headers"]["cf-aig-metadata"])["take"] == 2


async def test_the_bill_says_who_asked_for_what(running):
    async with running(sets=SetSize.MAX) as caller:
        await caller.generate(SEQUENCE, {"task": "page[scene=a]", "take": 2, "attempt": 3, "intent": "i-1"})
        await caller.generate({"prompt": "b"})
        bill = (await caller.ask("GET", "/_emulator/bill")).json
        assert (bill["calls"], bill["images"], bill["cost_usd"]) == (2, 10, 0.4)
        first, second = bill["entries"]
        assert first.pop("input_digest") != second.pop("input_digest")
        assert first == {
            "intent": "i-1",
            "task": "page[scene=a]",
            "take": 2,
            "attempt": 3,
            "model": "bytedance/seedream-4.5",
            "images": 9,
            "cost_usd": 0.36,
        }
        assert (second["intent"], second["take"], second["attempt"]) == (None, 1, 1)


async def test_a_call_takes_as_long_as_was_set(running):
    async with running(latency=Latency(0.02, 0.06)) as caller:
        for prompt in ("a", "b", "c"):
            await caller.generate({"prompt": prompt})
        entries = (await caller.logs()).json["result"]
        assert len(entries) == 3
        assert all(entry["duration"] >= 20 for entry in entries)


async def test_a_call_that_brings_a_cache_key_is_answered_again_for_nothing(running):
    async with running() as caller:
        keyed = {"cf_aig_cache_key": "k1", "cf_aig_cache_ttl": "60"}
        first = await caller.generate({"prompt": "a"}, {"intent": "1"}, **keyed)
        second = await caller.generate({"prompt": "a"}, {"intent": "2"}, **keyed)
        third = await caller.generate({"prompt": "a"}, {"intent": "3"})
        assert [a.headers["cf-aig-cache-status"] for a in (first, second, third)] == ["MISS", "HIT", "MISS"]
        assert second.body == first.body
        assert (await caller.ask("GET", "/_emulator/bill")).json["calls"] == 2
        entries = (await caller.logs(order_by_direction="asc")).json["result"]
        assert [(entry["cached"], entry["cost"]) for entry in entries] == [
            (False, 0.04),
            (True, 0),
            (False, 0.04),
        ]


async def test_a_cached_answer_dies_with_its_time(running):
    now = [1000.0]
    async with running(clock=lambda: now[0]) as caller:
        keyed = {"cf_aig_cache_key": "k1", "cf_aig_cache_ttl": "60"}
        await caller.generate({"prompt": "a"}, **keyed)
        now[0] += 61
        assert (await caller.generate({"prompt": "a"}, **keyed)).headers["cf-aig-cache-status"] == "MISS"
