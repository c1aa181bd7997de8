"""The gateway's log: what it keeps, how it is searched, and when it says nothing."""

from __future__ import annotations

import json

import pytest


def _value_is(*values):
    return json.dumps([{"key": "metadata.value", "operator": "eq", "value": list(values)}])


async def _found(caller, **query):
    answer = await caller.logs(**query)
    assert answer.status == 200, answer.body
    return [json.loads(entry["metadata"])["intent"] for entry in answer.json["result"]]


async def _make_calls(caller, count=4):
    for number in range(count):
        await caller.generate(
            {"prompt": f"page {number}"}, {"intent": f"i{number}", "task": "page", "take": number + 1}
        )


async def test_a_lost_answer_is_found_by_its_intent(running):
    async with running() as caller:
        await caller.ask(
            "POST", "/_emulator/faults", body=b'{"kind": "bill-then-drop", "match": {"intent": "i1"}}'
        )
        await caller.generate({"prompt": "0"}, {"intent": "i0"})
        line = await caller.line()
        await line.say(caller.build_call({"prompt": "1"}, {"intent": "i1"}))
        assert await line.rest() == b""
        line.close()
        (entry,) = (await caller.logs(filters=_value_is("i1"))).json["result"]
        assert (entry["success"], entry["status_code"], entry["cost"]) == (True, 200, 0.04)
        stored = await caller.ask(
            "GET", f"{caller.logs_path}/{entry['id']}/response", headers=caller.authorization
        )
        assert stored.status == 200
        assert (await caller.get_image(stored.images[0])).status == 200
        detail = await caller.ask("GET", f"{caller.logs_path}/{entry['id']}", headers=caller.authorization)
        assert detail.json["result"] == entry


async def test_the_stored_answer_is_the_answer_that_was_given(running):
    async with running() as caller:
        answer = await caller.generate({"prompt": "a"}, {"intent": "i"})
        stored = await caller.ask(
            "GET",
            f"{caller.logs_path}/{answer.headers['cf-aig-log-id']}/response",
            headers=caller.authorization,
        )
        assert stored.body == answer.body


async def test_only_calls_that_ask_for_it_are_logged(running):
    async with running() as caller:
        for said in ("true", "TRUE", "false", "", "1"):
            await caller.generate({"prompt": said}, {"intent": said or "none"}, cf_aig_collect_log=said)
        assert await _found(caller) == ["TRUE", "true"]


async def test_failed_calls_are_logged_at_no_cost(running):
    async with running() as caller:
        await caller.ask(
            "POST", "/_emulator/faults", body=b'{"kind": "status", "status": 503, "match": {"intent": "b"}}'
        )
        await caller.generate({"prompt": 3}, {"intent": "a"})
        await caller.generate({"prompt": "x"}, {"intent": "b"})
        entries = (await caller.logs(order_by_direction="asc")).json["result"]
        assert [(entry["success"], entry["status_code"], entry["cost"]) for entry in entries] == [
            (False, 400, 0),
            (False, 503, 0),
        ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("metadata.value", "eq", ["i2"])], ["i2"]),
        ([("metadata.value", "eq", ["i"])], []),
        ([("metadata.value", "eq", ["i0", "i3"])], ["i3", "i0"]),
        ([("metadata.value", "eq", [2])], ["i1"]),
        ([("metadata.value", "contains", ["i"])], ["i3", "i2", "i1", "i0"]),
        ([("metadata.key", "eq", ["take"]), ("metadata.value", "eq", ["i2"])], ["i2"]),
        ([("metadata.key", "eq", ["color"])], []),
        ([("model", "eq", ["bytedance/seedream-4.5"]), ("success", "eq", [True])], ["i3", "i2", "i1", "i0"]),
        ([("model", "neq", ["bytedance/seedream-4.5"])], []),
        ([("cost", "gt", [0.03])], ["i3", "i2", "i1", "i0"]),
        ([("cost", "lt", [0.03])], []),
        ([("metadata.value", "eq", [])], []),
    ],
)
async def test_filters_select_as_the_real_log_does(running, filters, expected):
    async with running() as caller:
        await _make_calls(caller)
        given = [{"key": key, "operator": operator, "value": value} for key, operator, value in filters]
        assert await _found(caller, filters=json.dumps(given)) == expected


async def test_bracketed_filters_are_ignored_without_a_word(running):
    async with running() as caller:
        await _make_calls(caller, 2)
        query = {"filters[0][key]": "metadata.value", "filters[0][operator]": "eq", "filters[0][value]": "i1"}
        assert await _found(caller, **query) == ["i1", "i0"]


@pytest.mark.parametrize(
    "query",
    [
        {"filters": "x"},
        {"filters": "{}"},
        {"filters": "[1]"},
        {"filters": '[{"key": "metadata.value", "operator": "eq", "value": "i1"}]'},
        {"filters": '[{"key": "secret", "operator": "eq", "value": ["i1"]}]'},
        {"filters": '[{"key": "model", "operator": "like", "value": ["i1"]}]'},
        {"per_page": "51"},
        {"per_page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"order_by_direction": "up"},
    ],
)
async def test_wrong_queries_are_7001(running, query):
    async with running() as caller:
        answer = await caller.logs(**query)
        assert (answer.status, answer.errors[0][0]) == (400, 7001)


async def test_pages(running):
    async with running() as caller:
        await _make_calls(caller, 5)
        assert await _found(caller, per_page="2", page="1") == ["i4", "i3"]
        assert await _found(caller, per_page="2", page="3") == ["i0"]
        assert await _found(caller, per_page="2", page="1", order_by_direction="asc") == ["i0", "i1"]
        info = (await caller.logs(per_page="2", page="3")).json["result_info"]
        assert info == {"count": 1, "page": 3, "per_page": 2, "total_count": 5}


async def test_entries_show_after_the_delay_that_was_set(running):
    now = [0.0]
    async with running(clock=lambda: now[0], log_delay_s=5.0) as caller:
        answer = await caller.generate({"prompt": "a"}, {"intent": "i"})
        path = f"{caller.logs_path}/{answer.headers['cf-aig-log-id']}/response"
        now[0] = 4.9
        assert await _found(caller) == []
        assert (await caller.ask("GET", path, headers=caller.authorization)).status == 404
        now[0] = 5.0
        assert await _found(caller) == ["i"]
        assert (await caller.ask("GET", path, headers=caller.authorization)).status == 200


async def test_a_log_that_is_off_answers_as_without_permission(running):
    async with running(log=False) as caller:
        await caller.generate({"prompt": "a"}, {"intent": "i"})
        answer = await caller.logs()
        assert (answer.status, answer.errors[0][0]) == (403, 10000)


async def test_gateways_have_logs_of_their_own(running):
    async with running() as caller:
        await caller.generate({"prompt": "a"}, {"intent": "here"})
        await caller.generate({"prompt": "a"}, {"intent": "there"}, cf_aig_gateway_id="other")
        assert await _found(caller) == ["here"]
        other = caller.logs_path.replace("default", "other")
        (entry,) = (await caller.ask("GET", other, headers=caller.authorization)).json["result"]
        assert json.loads(entry["metadata"]) == {"intent": "there"}
        here = await caller.ask("GET", f"{caller.logs_path}/{entry['id']}", headers=caller.authorization)
        assert here.status == 404


async def test_the_log_wants_the_token(running):
    async with running() as caller:
        assert (await caller.ask("GET", caller.logs_path)).status == 401


async def test_metadata_beyond_five_entries_and_scalars_are_dropped(running):
    async with running() as caller:
        given = {
            "intent": "i",
            "list": [1],
            "none": None,
            "a": 1,
            "b": True,
            "c": 1.5,
            "d": "x",
            "e": "too many",
        }
        await caller.generate({"prompt": "a"}, given)
        (entry,) = (await caller.logs()).json["result"]
        assert json.loads(entry["metadata"]) == {"intent": "i", "a": 1, "b": True, "c": 1.5, "d": "x"}


@pytest.mark.parametrize("said", ["", "{", "[]", "3", "[" * 50_000])
async def test_broken_metadata_is_ignored(running, said):
    async with running() as caller:
        answer = await caller.generate({"prompt": "a"}, cf_aig_metadata=said)
        assert answer.status == 200
        (entry,) = (await caller.logs()).json["result"]
        assert entry["metadata"] == "{}"
