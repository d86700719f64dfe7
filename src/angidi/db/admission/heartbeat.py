"""The heartbeat: a connection of its own on which the database is asked, again and again, whether it answers.

It opens and closes the circuit breaker of the pool beside it, and tells whether the process is ready to serve. The
question is sent by libpq itself: a statement of psycopg that times out is first cancelled politely, which a frozen
server does not answer either.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.pq import ExecStatus, PGconn, Ping, abc

from angidi.db.errors import error_reason

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.database")

PERIOD = 2.0
"""Seconds between two questions while the database answers."""

RETRY = 0.25
"""Seconds between two questions while it does not: requests fail for that much longer than they have to."""

DEADLINE = 1.5
"""Seconds that the database has to answer, and to accept the connection."""

CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 2,
    "fallback_application_name": "angidi heartbeat",
}
QUESTION = b"SELECT 1"


class Heartbeat:
    """Asks the database whether it answers, on a connection that nobody else uses.

    `is_up` is what the last question showed; it is true before the first. `reconnected` is called whenever a lost
    connection was replaced, before `is_up` is true again: what other connections there were is dead, too. All methods
    must be called on one event loop.
    """

    def __init__(self, conninfo: str, reconnected: Callable[[], Awaitable[object]]) -> None:
        self.is_up = True
        self._conninfo = conninfo
        self._reconnected = reconnected
        self._conn: AsyncConnection | None = None
        self._has_connected = False
        self._checking: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._since = monotonic()

    def start(self) -> None:
        """Ask from now on."""
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Stop asking, and close the connection."""
        for task in filter(None, (self._beating, self._checking)):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._disconnect()

    async def check(self) -> bool:
        """Ask now; return whether the database answers. Calls at the same time share one question."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._run_check())
        await asyncio.shield(self._checking)
        return self.is_up

    def is_connected(self) -> bool:
        """Tell whether the question can be asked: if not, `is_up` is what the server says to all, not to us."""
        return self._conn is not None

    async def _beat(self) -> None:
        while True:
            await self.check()
            await asyncio.sleep(PERIOD if self.is_up else RETRY)

    async def _run_check(self) -> None:
        """Ask on the connection, and on a new one if that broke. One that only does not answer is not replaced yet."""
        try:
            if not await self._is_answered():
                await self._connect()
        except (psycopg.Error, OSError, TimeoutError) as error:
            await self._disconnect()
            # It may only have no session left for this one, or be slow to make the first one at a busy start.
            is_unsure = isinstance(error, psycopg.Error) or not self._has_connected
            is_up = is_unsure and await asyncio.to_thread(_accepts, self._conninfo)
            self._note(is_up=is_up, reason=error_reason(error) or "no answer in time")
        else:
            self._note(is_up=True)

    async def _is_answered(self) -> bool:
        """Tell whether the connection answers; False if there is none any more. Raises TimeoutError."""
        if self._conn is None:
            return False
        try:
            await _answer(self._conn.pgconn)
        except psycopg.Error:
            await self._disconnect()
            return False
        return True

    async def _connect(self) -> None:
        """Replace the connection. Raises psycopg.Error, OSError and TimeoutError."""
        async with asyncio.timeout(DEADLINE):
            self._conn = await AsyncConnection.connect(self._conninfo, **CONNECTION)
        await _answer(self._conn.pgconn)
        if self._has_connected:
            await self._reconnected()
        self._has_connected = True

    async def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    def _note(self, *, is_up: bool, reason: str = "") -> None:
        if is_up == self.is_up:
            return
        self.is_up = is_up
        now = monotonic()
        if is_up:
            log.warning("database answers again", seconds=round(now - self._since, 2))
        else:
            log.error("database does not answer", reason=reason)
        self._since = now


def _accepts(conninfo: str) -> bool:
    """Tell whether the server would accept sessions."""
    return PGconn.ping(make_conninfo(conninfo, connect_timeout=2).encode()) == Ping.OK


async def _answer(pgconn: abc.PGconn) -> None:
    """Ask, and wait for the answer. Raises psycopg.OperationalError, and TimeoutError after `DEADLINE`."""
    statuses: list[int] = []
    pgconn.send_query(QUESTION)
    pgconn.flush()
    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE):
            while not _is_complete(pgconn, statuses):
                await _readable(pgconn.socket)
    if not _is_complete(pgconn, statuses):  # a busy event loop finds the answer and the deadline at the same time
        raise TimeoutError
    if statuses != [ExecStatus.TUPLES_OK]:
        raise psycopg.OperationalError("the session was ended")


def _is_complete(pgconn: abc.PGconn, statuses: list[int]) -> bool:
    """Add the statuses of the results that have arrived; tell whether those were all. Does not wait."""
    pgconn.consume_input()
    while not pgconn.is_busy():  # else libpq would wait for the next one, and hold up the event loop
        if (result := pgconn.get_result()) is None:
            return True
        statuses.append(result.status)
    return False


async def _readable(descriptor: int) -> None:
    """Wait for input. libpq closes the socket of a broken connection, so it is not watched while libpq reads."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(descriptor)
