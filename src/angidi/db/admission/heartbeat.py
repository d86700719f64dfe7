"""The heartbeat: a connection of its own on which the database is pinged at intervals.

It is the circuit breaker of the pool beside it, and tells whether the process is ready to serve. The ping is sent by
libpq itself: psycopg cancels a statement that times out by a request to the server, which a frozen server does not
answer either.
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

INTERVAL = 2.0
"""Seconds between two pings while the database answers."""

RETRY_INTERVAL = 0.25
"""Seconds between two pings while it does not: for that long, requests are refused though it is back."""

DEADLINE = 1.5
"""Seconds that the database has to answer a ping, and to accept the connection."""

CONNECTION_SETTINGS: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 2,
    "fallback_application_name": "angidi heartbeat",
}
PING = b"SELECT 1"


class Heartbeat:
    """Pings the database on a connection that nobody else uses.

    `is_up` is the result of the last ping. `reconnected` is called whenever a lost connection was replaced, before
    `is_up` is true again: other connections are dead then, too. All methods must be called on one event loop.
    """

    def __init__(self, conninfo: str, reconnected: Callable[[], Awaitable[object]]) -> None:
        self.is_up = True
        self._conninfo = conninfo
        self._reconnected = reconnected
        self._conn: AsyncConnection | None = None
        self._has_connected = False
        self._check_task: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._since = monotonic()

    def start(self, *, is_up: bool = True) -> None:
        """Ping at intervals from now on. If it is not up, the first connection counts as one that replaces another."""
        self._has_connected = not is_up
        self._record(is_up=is_up, reason="not reached at the start")
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop, and close the connection."""
        for task in filter(None, (self._task, self._check_task)):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._disconnect()

    async def check(self) -> bool:
        """Ping now; return whether the database answers. Calls at the same time share one ping."""
        if self._check_task is None or self._check_task.done():
            self._check_task = asyncio.create_task(self._run_check())
        await asyncio.shield(self._check_task)
        return self.is_up

    def is_connected(self) -> bool:
        """Tell whether there is a connection to ping on; else `is_up` tells only that the server accepts sessions."""
        return self._conn is not None

    async def _run(self) -> None:
        while True:
            await self.check()
            await asyncio.sleep(INTERVAL if self.is_up else RETRY_INTERVAL)

    async def _run_check(self) -> None:
        """Ping on the connection, or on a new one if it is lost. After a time-out the next check makes a new one."""
        try:
            if not await self._ping():
                await self._connect()
        except (psycopg.Error, OSError, TimeoutError) as error:
            await self._disconnect()
            # The server may have no session left for this connection, or be slow to create the first at a busy start.
            is_unsure = isinstance(error, psycopg.Error) or not self._has_connected
            is_up = is_unsure and await asyncio.to_thread(_accepts_sessions, self._conninfo)
            self._record(is_up=is_up, reason=error_reason(error) or "no answer in time")
        else:
            self._record(is_up=True)

    async def _ping(self) -> bool:
        """Tell whether the connection answers; return False if it is lost. Raises TimeoutError."""
        if self._conn is None:
            return False
        try:
            await _exchange_ping(self._conn.pgconn)
        except psycopg.Error:
            await self._disconnect()
            return False
        return True

    async def _connect(self) -> None:
        """Replace the connection. Raises psycopg.Error, OSError and TimeoutError."""
        async with asyncio.timeout(DEADLINE):
            self._conn = await AsyncConnection.connect(self._conninfo, **CONNECTION_SETTINGS)
        await _exchange_ping(self._conn.pgconn)
        if self._has_connected:
            await self._reconnected()
        self._has_connected = True

    async def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    def _record(self, *, is_up: bool, reason: str = "") -> None:
        if is_up == self.is_up:
            return
        self.is_up = is_up
        now = monotonic()
        if is_up:
            log.warning("database answers again", seconds=round(now - self._since, 2))
        else:
            log.error("database does not answer", reason=reason)
        self._since = now


def _accepts_sessions(conninfo: str) -> bool:
    """Tell whether the server accepts sessions; blocks."""
    return PGconn.ping(make_conninfo(conninfo, connect_timeout=2).encode()) == Ping.OK


async def _exchange_ping(pgconn: abc.PGconn) -> None:
    """Send the ping and wait for the answer. Raises psycopg.OperationalError, and TimeoutError after `DEADLINE`."""
    statuses: list[int] = []
    pgconn.send_query(PING)
    pgconn.flush()
    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE):
            while not _is_complete(pgconn, statuses):
                await _wait_until_readable(pgconn.socket)
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


async def _wait_until_readable(descriptor: int) -> None:
    """Wait for input. libpq closes the socket of a broken connection, so it is not watched while libpq reads."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(descriptor)
