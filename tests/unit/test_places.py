"""席位: who waits for something else does not keep the others waiting."""

from __future__ import annotations

import asyncio
import threading

from anyio.to_thread import run_sync

from console.places import MOST, PLACES, lent, open_places


def test_who_waits_lends_his_place_to_another() -> None:
    called = threading.Event()

    def waits() -> bool:
        with lent():
            return called.wait(20)

    async def all_places_taken_by_who_waits() -> list[bool]:
        open_places()
        waiting = [asyncio.create_task(run_sync(waits)) for _ in range(PLACES)]
        await asyncio.wait_for(run_sync(called.set), 10)
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_places_taken_by_who_waits()) == [True] * PLACES


def test_who_only_works_keeps_his_place() -> None:
    let_go, done = threading.Event(), []

    async def all_places_taken_by_who_works() -> None:
        open_places()
        working = [asyncio.create_task(run_sync(let_go.wait, 20)) for _ in range(PLACES)]
        await asyncio.sleep(0)  # theirs come first
        another = asyncio.create_task(run_sync(done.append, 1))
        await asyncio.sleep(0.2)
        assert not done
        let_go.set()
        await asyncio.gather(*working, another)

    asyncio.run(all_places_taken_by_who_works())
    assert done == [1]


def test_however_many_lend_theirs_there_are_so_many_threads_and_no_more() -> None:
    called, inside = threading.Event(), threading.Semaphore(0)

    def waits() -> None:
        with lent():
            inside.release()
            called.wait(20)

    async def a_hundred() -> int:
        open_places()
        waiting = [asyncio.create_task(run_sync(waits)) for _ in range(100)]
        await asyncio.sleep(0.5)
        began = 0
        while inside.acquire(blocking=False):
            began += 1
        called.set()
        await asyncio.gather(*waiting)
        return began

    assert asyncio.run(a_hundred()) == MOST


def test_outside_a_server_nobody_has_a_place_to_lend() -> None:
    with lent():
        pass
