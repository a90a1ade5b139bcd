"""席位: who waits for something else does not keep the others waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest
from anyio.to_thread import current_default_thread_limiter, run_sync

from console.places import AT_A_SERVER, BY_ITSELF, Room, lent, open_places


def test_who_waits_lends_his_place_to_another() -> None:
    called = threading.Event()

    def waits() -> bool:
        with lent():
            return called.wait(20)

    async def all_places_taken_by_who_waits() -> list[bool]:
        open_places(BY_ITSELF)
        waiting = [asyncio.create_task(run_sync(waits)) for _ in range(BY_ITSELF.places)]
        await asyncio.wait_for(run_sync(called.set), 10)
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_places_taken_by_who_waits()) == [True] * BY_ITSELF.places


def test_who_only_works_keeps_his_place() -> None:
    let_go, done = threading.Event(), []

    async def all_places_taken_by_who_works() -> None:
        open_places(BY_ITSELF)
        working = [asyncio.create_task(run_sync(let_go.wait, 20)) for _ in range(BY_ITSELF.places)]
        await asyncio.sleep(0)  # theirs come first
        another = asyncio.create_task(run_sync(done.append, 1))
        await asyncio.sleep(0.2)
        assert not done
        let_go.set()
        await asyncio.gather(*working, another)

    asyncio.run(all_places_taken_by_who_works())
    assert done == [1]


@pytest.mark.parametrize("room", [BY_ITSELF, AT_A_SERVER])
def test_however_many_lend_theirs_there_are_so_many_threads_and_no_more(room: Room) -> None:
    called, inside = threading.Event(), threading.Semaphore(0)

    def waits() -> None:
        with lent():
            inside.release()
            called.wait(20)

    async def a_hundred() -> tuple[int, float]:
        open_places(room)
        waiting = [asyncio.create_task(run_sync(waits)) for _ in range(100)]
        for _ in range(room.most):
            while not inside.acquire(blocking=False):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        more = inside.acquire(blocking=False)
        called.set()
        await asyncio.gather(*waiting)
        await asyncio.sleep(0)  # the last one's is given back in the loop
        return more, current_default_thread_limiter().total_tokens

    assert asyncio.run(a_hundred()) == (False, room.places)


def test_outside_a_server_nobody_has_a_place_to_lend() -> None:
    with lent():
        pass
