"""AdmissionQueue: who waits, in which order, and what is left when somebody gives up."""

import asyncio
from collections.abc import Callable

import pytest
from psycopg_pool import PoolTimeout

from angidi.db.admission import AdmissionQueue
from angidi.errors import ServerOverloaded, Unavailable


async def test_slots_are_granted_in_arrival_order() -> None:
    queue, order = AdmissionQueue(1, 10), list[int]()

    async def take(number: int) -> None:
        await queue.wait(1)
        order.append(number)
        await asyncio.sleep(0)
        queue.release()

    await asyncio.gather(*(take(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_no_more_hold_a_slot_than_there_are() -> None:
    queue, having = AdmissionQueue(3, 100), 0
    seen: list[int] = []

    async def take() -> None:
        nonlocal having
        await queue.wait(1)
        having += 1
        seen.append(having)
        await asyncio.sleep(0.001)
        having -= 1
        queue.release()

    await asyncio.gather(*(take() for _ in range(30)))
    assert max(seen) == 3
    assert queue.in_flight == 0


async def test_beyond_the_limit_nobody_waits() -> None:
    queue = AdmissionQueue(1, 2)
    await queue.wait(1)
    waiting = asyncio.create_task(queue.wait(1))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await queue.wait(1)
    queue.release()
    await waiting


@pytest.mark.parametrize("give_up", [None, asyncio.Task[float].cancel], ids=["out of time", "cancelled"])
async def test_one_who_gives_up_waiting_leaves_the_slot_to_the_next(
    give_up: Callable[[asyncio.Task[float]], object] | None,
) -> None:
    queue = AdmissionQueue(1, 10)
    await queue.wait(1)
    first, second = asyncio.create_task(queue.wait(0.02)), asyncio.create_task(queue.wait(1))
    await asyncio.sleep(0)
    if give_up:
        give_up(first)
    with pytest.raises((PoolTimeout, asyncio.CancelledError)):
        await first
    queue.release()
    assert await second <= 1
    queue.release()
    assert queue.in_flight == 0


async def test_one_who_is_cancelled_as_the_slot_is_granted_leaves_it_to_the_next() -> None:
    queue = AdmissionQueue(1, 10)
    await queue.wait(1)
    first, second = asyncio.create_task(queue.wait(1)), asyncio.create_task(queue.wait(1))
    await asyncio.sleep(0)
    queue.release()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    queue.release()
    assert queue.in_flight == 0
    assert await queue.wait(1) == 1


async def test_a_slot_released_while_all_give_up_is_free() -> None:
    queue = AdmissionQueue(1, 10)
    await queue.wait(1)
    waiting = asyncio.create_task(queue.wait(1))
    await asyncio.sleep(0)
    waiting.cancel()
    queue.release()
    assert await queue.wait(1) == 1
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_waited_is_taken_from_the_seconds() -> None:
    queue = AdmissionQueue(1, 10)
    assert await queue.wait(1) == 1
    asyncio.get_running_loop().call_later(0.02, queue.release)
    assert 0.5 < await queue.wait(1) < 0.99


async def test_who_has_to_wait_is_counted() -> None:
    queue = AdmissionQueue(1, 10)
    await queue.wait(1)
    waiting = asyncio.create_task(queue.wait(0.01))
    await asyncio.sleep(0)
    assert queue.stats()["requests_waiting"] == 1
    with pytest.raises(PoolTimeout):
        await waiting
    counted = queue.stats()
    assert counted.pop("requests_wait_ms") >= 10
    expected = {"admitted": 1, "requests_num": 1, "requests_waiting": 0, "requests_queued": 1, "requests_errors": 1}
    assert counted == expected


async def test_a_slot_that_does_not_come_in_time_is_an_overload() -> None:
    queue = AdmissionQueue(1, 10)
    async with queue.slot(1):
        with pytest.raises(ServerOverloaded):
            async with queue.slot(0):
                pass
    assert queue.in_flight == 0
