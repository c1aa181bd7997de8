"""One limiter for the whole run: bounded, fair, halved for everybody by a rate limit."""

from __future__ import annotations

import asyncio

import pytest

from seedflow.run.limits import Limiter


async def hold(limiter: Limiter, entered: list[int], number: int, release: asyncio.Event) -> None:
    async with limiter.slot():
        entered.append(number)
        await release.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_never_more_in_flight_than_allowed_and_in_order() -> None:
    limiter, entered, release = Limiter(2), list[int](), asyncio.Event()
    tasks = [asyncio.create_task(hold(limiter, entered, number, release)) for number in range(4)]
    await settle()
    assert entered == [0, 1]
    release.set()
    await asyncio.gather(*tasks)
    assert entered == [0, 1, 2, 3]


async def test_a_rate_limit_halves_the_window_and_success_opens_it_again() -> None:
    changes: list[tuple[int, float]] = []
    limiter = Limiter(8, lambda window, hold_s: changes.append((window, hold_s)))
    limiter.slow_down(0, 0)
    limiter.slow_down(3, 1)
    assert changes == [(4, 0), (2, 3)]
    for _ in range(100):
        limiter.succeeded()
    assert limiter.window == 8
    assert changes[-1] == (8, 0)


async def test_the_window_never_closes() -> None:
    limiter = Limiter(4)
    for cut in range(10):
        limiter.slow_down(0, cut)
    assert limiter.window == 1


async def test_nothing_starts_while_held_back() -> None:
    limiter, entered, release = Limiter(2), list[int](), asyncio.Event()
    release.set()
    limiter.slow_down(0.05, 0)
    started = asyncio.get_running_loop().time()
    await hold(limiter, entered, 1, release)
    assert asyncio.get_running_loop().time() - started >= 0.045


async def test_a_cancelled_waiter_leaves_its_place_to_the_next() -> None:
    limiter, entered, release = Limiter(1), list[int](), asyncio.Event()
    tasks = [asyncio.create_task(hold(limiter, entered, number, release)) for number in range(3)]
    await settle()
    tasks[1].cancel()
    tasks[0].cancel()
    await settle()
    assert entered == [0, 2]
    release.set()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_no_call_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Limiter(0)
