"""Whoever finds no room in a budget waits while somebody holds money that may come free, and not a moment longer."""

from __future__ import annotations

import asyncio

import pytest
from virtual_clock import run_virtually

from seedflow.errors import BudgetError
from seedflow.run.options import RunControl
from seedflow.run.room import Room


def test_with_nobody_holding_there_is_nothing_to_wait_for() -> None:
    async def ask() -> bool:
        room = Room(RunControl())
        return await room.wait_freed(room.freed)

    assert run_virtually(ask())[0] is False


def test_money_that_comes_free_ends_the_wait() -> None:
    async def ask() -> bool:
        room = Room(RunControl())

        async def hold() -> None:
            with room.holding():
                await asyncio.sleep(5)

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0)
        freed = await room.wait_freed(room.freed)
        await holder
        return freed

    assert run_virtually(ask()) == (True, 5.0)


def test_money_that_came_free_between_asking_and_waiting_is_not_missed() -> None:
    async def ask() -> bool:
        room = Room(RunControl())
        since = room.freed
        with room.holding():
            pass
        return await room.wait_freed(since)

    assert run_virtually(ask())[0] is True


def test_one_who_is_only_asking_is_waited_for_and_frees_nothing_by_failing() -> None:
    async def ask() -> bool:
        room = Room(RunControl())

        async def fail() -> None:
            with room.asking():
                await asyncio.sleep(2)

        asking = asyncio.create_task(fail())
        await asyncio.sleep(0)
        freed = await room.wait_freed(room.freed)
        await asking
        return freed

    assert run_virtually(ask()) == (False, 2.0)


def test_a_block_that_ends_for_want_of_room_frees_none() -> None:
    room = Room(RunControl())
    with pytest.raises(BudgetError), room.holding():
        raise BudgetError("no room")
    assert room.freed == 0
    with pytest.raises(ZeroDivisionError), room.holding():
        raise ZeroDivisionError
    assert room.freed == 1


def test_a_run_that_stops_keeps_nobody_waiting() -> None:
    async def ask() -> bool:
        control = RunControl()
        room = Room(control)
        asyncio.get_running_loop().call_later(3, control.stop)
        with room.asking():
            return await room.wait_freed(room.freed)

    assert run_virtually(ask()) == (False, 3.0)
