"""A write that has begun is finished, whoever loses patience meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest

from seedflow.errors import StoreError
from seedflow.run.disk import Disk


@pytest.fixture
def disk():
    disk = Disk(threads=2)
    yield disk
    disk.close()


async def test_work_gives_its_result_or_its_error(disk) -> None:
    assert await disk.run(lambda left, right: left + right, 1, right=2) == 3
    with pytest.raises(ZeroDivisionError):
        await disk.run(lambda: 1 // 0)


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_cancelled_task_goes_only_after_its_write_is_done(disk, times) -> None:
    began, go, done = threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        began.set()
        go.wait(10)
        done.set()

    task = asyncio.create_task(disk.run(write))
    await asyncio.to_thread(began.wait, 10)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert done.is_set()
    assert caught.value.__cause__ is None


async def test_what_went_wrong_with_the_write_is_the_cause_of_the_cancellation(disk) -> None:
    began, go = threading.Event(), threading.Event()
    error = StoreError("no room", kind="disk-full")

    def write() -> None:
        began.set()
        go.wait(10)
        raise error

    task = asyncio.create_task(disk.run(write))
    await asyncio.to_thread(began.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert caught.value.__cause__ is error
