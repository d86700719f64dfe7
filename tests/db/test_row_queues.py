"""Transactions on one row wait for each other in arrival order, without a connection."""

import asyncio
from uuid import UUID, uuid4

import pytest

from angidi.db import Database
from angidi.db.admission import RowQueues
from angidi.db.admission import queues as module
from angidi.db.rows import fetch_value
from angidi.errors import LockWaitTimeout

ROW = uuid4()


async def hold(queues: RowQueues, row: UUID | None, entered: list[int], number: int, end: asyncio.Event) -> None:
    async with queues.turn(row):
        entered.append(number)
        await end.wait()


async def test_those_of_one_row_take_their_turns_and_others_do_not_wait() -> None:
    queues, entered, ends = RowQueues(), list[int](), [asyncio.Event() for _ in range(4)]
    rows = [ROW, ROW, uuid4(), None]
    async with asyncio.TaskGroup() as group:
        for number, (row, end) in enumerate(zip(rows, ends, strict=True)):
            group.create_task(hold(queues, row, entered, number, end))
        await asyncio.sleep(0)
        assert entered == [0, 2, 3]
        for end in ends:
            end.set()
    assert entered == [0, 2, 3, 1]


async def test_a_row_is_forgotten_when_nobody_holds_it_or_waits() -> None:
    queues = RowQueues()
    async with queues.turn(ROW):
        waiting = asyncio.create_task(hold(queues, ROW, [], 1, asyncio.Event()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert len(queues) == 1
    assert len(queues) == 0


@pytest.mark.parametrize(("name", "value"), [("LONGEST_ROW_WAIT", 0.01), ("WAITING_PER_ROW", 1)])
async def test_who_would_wait_for_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: float) -> None:
    monkeypatch.setattr(module, name, value)
    queues = RowQueues()
    async with queues.turn(ROW):
        with pytest.raises(LockWaitTimeout):
            async with queues.turn(ROW):
                pass
    async with queues.turn(ROW):
        pass


async def test_transactions_that_wait_for_a_row_hold_no_connection(pool_db: Database) -> None:
    async def change() -> None:
        async with pool_db.transaction(row=ROW):
            pass

    async with asyncio.TaskGroup() as group, pool_db.transaction(row=ROW):
        waiting = [group.create_task(change()) for _ in range(20)]
        assert await pool_db.read(fetch_value, "SELECT 1") == 1
        assert pool_db.stats()["admitted"] == 1
        assert not any(task.done() for task in waiting)
