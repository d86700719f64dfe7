"""FIFO admission queues in front of the connection pool: of all requests, and of those on one row.

psycopg_pool has a queue of its own, but it creates a condition, a task and a timer for every waiter: with 10
connections, 200 tasks completed 0.8 times the calls of 10 tasks. This queue creates one future and one timer.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from uuid import UUID

from psycopg_pool import PoolTimeout

from angidi.errors import LockWaitTimeout, ServerOverloaded

WAITING_PER_ROW = 200
"""Transactions that hold or wait for one row; more are refused with 503."""

LONGEST_ROW_WAIT = 5.0
"""Seconds that a transaction waits for the others of its row."""


class AdmissionQueue:
    """FIFO admission queue: at most `most` holders; others wait in arrival order.

    At most `limit` tasks hold or wait. All methods must be called on one event loop.
    """

    def __init__(self, most: int, limit: int = sys.maxsize) -> None:
        self.in_flight = 0
        self._most = most
        self._limit = limit
        self._free = most
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._queued = self._failed = 0
        self._waited = 0.0

    async def wait(self, seconds: float) -> float:
        """Acquire a slot, to be freed by `release`; return how many of the seconds are left.

        Raises `ServerOverloaded` at once when the limit is reached, and `PoolTimeout` after `seconds` without a slot.
        """
        if self.in_flight >= self._limit:
            raise ServerOverloaded
        self.in_flight += 1
        if self._free:
            self._free -= 1
            return seconds
        return seconds - await self._queue(seconds)

    @asynccontextmanager
    async def slot(self, seconds: float) -> AsyncGenerator[None]:
        """Hold a slot for the length of the block. Raises `ServerOverloaded` also after `seconds` without one."""
        try:
            await self.wait(seconds)
        except PoolTimeout as error:
            raise ServerOverloaded from error
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Free the slot and pass it to the first waiter."""
        self.in_flight -= 1
        if self._waiters:
            self._pass_on()
        else:
            self._free += 1

    def stats(self) -> dict[str, int]:
        """Return statistics of waiting, under the names that psycopg_pool uses for its own queue."""
        return {
            "requests_num": self._failed,
            "admitted": self.in_flight,
            "requests_waiting": max(0, self.in_flight - self._most),
            "requests_queued": self._queued,
            "requests_wait_ms": int(self._waited * 1000),
            "requests_errors": self._failed,
        }

    async def _queue(self, seconds: float) -> float:
        """Wait for a slot in arrival order; return the seconds waited."""
        self._queued += 1
        loop, began = asyncio.get_running_loop(), monotonic()
        slot = loop.create_future()
        self._waiters.append(slot)
        timer = loop.call_later(seconds, _expire, slot, seconds)
        try:
            await slot
        except BaseException:
            self.in_flight -= 1
            self._failed += 1
            with suppress(ValueError):
                self._waiters.remove(slot)
            if slot.done() and not (slot.cancelled() or slot.exception()):  # granted while being cancelled
                self._pass_on()
            raise
        finally:
            timer.cancel()
            self._waited += (took := monotonic() - began)
        return took

    def _pass_on(self) -> None:
        while self._waiters:
            slot = self._waiters.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1


class RowQueues:
    """FIFO queues of the transactions on one row each, by the row's id.

    Who waits here needs no connection. In the database each would hold one for up to `lock_timeout`, and who comes
    next there is a matter of chance: of fifty changes at once on a busy machine, a fifth were given up.
    """

    def __init__(self) -> None:
        self._queues: dict[UUID, AdmissionQueue] = {}

    def __len__(self) -> int:
        """Return how many rows have a queue."""
        return len(self._queues)

    @asynccontextmanager
    async def turn(self, row: UUID | None) -> AsyncGenerator[None]:
        """Hold the turn of the row for the length of the block. Raises `LockWaitTimeout`. None is no row."""
        if row is None:
            yield
            return
        queue = self._queues.setdefault(row, AdmissionQueue(1, WAITING_PER_ROW))
        try:
            async with _waited_for(queue):
                yield
        finally:
            if not queue.in_flight:
                del self._queues[row]


@asynccontextmanager
async def _waited_for(queue: AdmissionQueue) -> AsyncGenerator[None]:
    try:
        await queue.wait(LONGEST_ROW_WAIT)
    except (PoolTimeout, ServerOverloaded) as error:
        raise LockWaitTimeout from error
    try:
        yield
    finally:
        queue.release()


def _expire(slot: asyncio.Future[None], seconds: float) -> None:
    if not slot.done():
        slot.set_exception(PoolTimeout(f"no connection was free within {seconds:g} s"))
