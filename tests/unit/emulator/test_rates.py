"""Limits of the service: what is refused, in which words, for how long, and that nothing refused is billed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from seedflow.emulator.options import SetSize
from seedflow.emulator.rates import Meter, Rate, ServiceLimits, parse_rate
from seedflow.errors import UsageError
from seedflow.providers.failures import ApiError, find_row


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_window_slides():
    clock = Clock()
    meter = Meter(Rate(2, 10.0), clock)
    assert meter.take() is None
    clock.now_s += 4
    assert meter.take() is None
    assert meter.take() == 6
    clock.now_s += 6
    assert meter.take() is None
    assert meter.take() == 4


def test_several_at_once_wait_until_there_is_room_for_all():
    clock = Clock()
    meter = Meter(Rate(3, 10.0), clock)
    meter.take()
    clock.now_s += 1
    meter.take()
    assert meter.take(2) == 9
    assert meter.take(3) == 10
    clock.now_s += 9
    assert meter.take(2) is None


def test_a_block_refuses_everything_until_its_end_and_then_starts_anew():
    clock = Clock()
    meter = Meter(Rate(1, 10.0, 30.0), clock)
    assert meter.take() is None
    assert meter.take() == 30
    clock.now_s += 29
    assert meter.take() == 1
    clock.now_s += 1
    assert meter.take() is None


def test_limits_as_they_are_written():
    assert parse_rate("--x", None) is None
    assert parse_rate("--x", "200/60") == Rate(200, 60.0)
    assert parse_rate("--x", "12/3/0.5", blocks=True) == Rate(12, 3.0, 0.5)


@pytest.mark.parametrize("text", ["", "200", "0/60", "-1/60", "a/60", "5/0", "5/nan", "5/inf", "5/1/1", "5/"])
def test_other_limits_are_refused(text):
    with pytest.raises(UsageError, match="is not a limit"):
        parse_rate("--x", text)


LIMITED = [
    (ServiceLimits(gateway=Rate(2, 10.0)), 429, 2003, "10", "rate-limited"),
    (ServiceLimits(api=Rate(2, 10.0, 7.0)), 429, 971, "7", "api-blocked"),
    (ServiceLimits(upstream_calls=Rate(2, 10.0)), 429, 3040, "10", "overloaded"),
    (ServiceLimits(upstream_images=Rate(5, 10.0)), 429, 3040, "10", "overloaded"),
    (ServiceLimits(spend_usd=Decimal("0.1")), 429, 3036, None, "spend-limit"),
    (ServiceLimits(credit_usd=Decimal("0.1")), 402, 2021, None, "no-credit"),
]


@pytest.mark.parametrize(("limits", "status", "code", "wait", "kind"), LIMITED)
async def test_a_call_beyond_a_limit_is_refused_in_words_that_are_understood(
    running, limits, status, code, wait, kind
):
    clock = Clock()
    given = {"prompt": "a", "sequential_image_generation": "auto", "max_images": 2}
    async with running(service=limits, clock=clock, sets=SetSize.MAX) as caller:
        assert [(await caller.generate(given)).status for _ in range(2)] == [200, 200]
        answer = await caller.generate(given)
        assert (answer.status, answer.errors[0][0]) == (status, code)
        assert answer.headers.get("retry-after") == wait
        assert find_row(status, [ApiError(answer.errors[0][1])]).kind == kind
        assert caller.emulator.bill.to_json()["calls"] == 2
        if wait is not None:
            clock.now_s += float(wait)
            assert (await caller.generate(given)).status == 200


async def test_the_whole_api_is_closed_for_the_log_too(running):
    async with running(service=ServiceLimits(api=Rate(1, 10.0, 30.0)), clock=Clock()) as caller:
        await caller.logs()
        assert (await caller.logs()).status == 429
        assert (await caller.generate({"prompt": "a"})).status == 429
        assert (await caller.ask("GET", "/_emulator/bill")).status == 200
        assert (await caller.ask("POST", "/_emulator/reset")).status == 200
        assert (await caller.logs()).status == 200


async def test_gateways_are_counted_apart(running):
    async with running(service=ServiceLimits(gateway=Rate(1, 10.0)), clock=Clock()) as caller:
        assert (await caller.generate({"prompt": "a"})).status == 200
        assert (await caller.generate({"prompt": "a"})).status == 429
        assert (await caller.generate({"prompt": "a"}, cf_aig_gateway_id="other")).status == 200


async def test_a_refusal_may_leave_the_wait_out(running):
    limits = ServiceLimits(gateway=Rate(1, 10.0), tells_wait=False)
    async with running(service=limits, clock=Clock()) as caller:
        await caller.generate({"prompt": "a"})
        assert "retry-after" not in (await caller.generate({"prompt": "a"})).headers
