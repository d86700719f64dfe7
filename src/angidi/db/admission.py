"""AdmissionQueue at something of which there are few: so many at a time, the others in the order in which they came.

It stands before the queue of psycopg_pool, in which each who waits makes a condition, a task and a timer: 200 tasks on
10 connections got 0.8 times as much done as 10 tasks. Here they make a future and a timer.
"""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic

from psycopg_pool import PoolTimeout

from angidi.errors import ServerOverloaded


class AdmissionQueue:
    """`most` have a turn at a time, and `limit` at most have one or wait for one."""

    def __init__(self, most: int, limit: int) -> None:
        self.in_flight = 0
        self._most = most
        self._limit = limit
        self._free = most
        self._line: deque[asyncio.Future[None]] = deque()
        self._queued = self._failed = 0
        self._waited = 0.0

    async def wait(self, seconds: float) -> float:
        """Wait for a turn, to be ended with `release`; return what is left of the seconds.

        Raises `ServerOverloaded` at once beyond the limit, `PoolTimeout` when the turn does not come in time.
        """
        if self.in_flight >= self._limit:
            raise ServerOverloaded
        self.in_flight += 1
        if self._free:
            self._free -= 1
            return seconds
        return seconds - await self._queue(seconds)

    def release(self) -> None:
        """End one's turn: it is the next one's."""
        self.in_flight -= 1
        self._pass_on()

    def stats(self) -> dict[str, int]:
        """Return figures of who had to wait, under the names that psycopg_pool has for its own queue."""
        return {
            "requests_num": self._failed,
            "requests_waiting": max(0, self.in_flight - self._most),
            "requests_queued": self._queued,
            "requests_wait_ms": int(self._waited * 1000),
            "requests_errors": self._failed,
        }

    async def _queue(self, seconds: float) -> float:
        """Wait in the line for a turn; return for how long."""
        self._queued += 1
        loop, began = asyncio.get_running_loop(), monotonic()
        turn = loop.create_future()
        self._line.append(turn)
        timer = loop.call_later(seconds, _expire, turn, seconds)
        try:
            await turn
        except BaseException:
            self.in_flight -= 1
            self._failed += 1
            with suppress(ValueError):
                self._line.remove(turn)
            if turn.done() and not (turn.cancelled() or turn.exception()):  # it came as its owner was cancelled
                self._pass_on()
            raise
        finally:
            timer.cancel()
            self._waited += (took := monotonic() - began)
        return took

    def _pass_on(self) -> None:
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _expire(turn: asyncio.Future[None], seconds: float) -> None:
    if not turn.done():
        turn.set_exception(PoolTimeout(f"no connection was free within {seconds:g} s"))
