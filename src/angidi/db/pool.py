"""The connection pool of one process, on psycopg_pool.

What it leaves unused, and why: `max_waiting` (clients that timed out stay in its queue, so that after an outage the
pool refuses for ever; the limit in `db.turns` stands before the queue instead) and `check=` on every checkout (with ten
dead connections the first success took half a minute; the first broken one empties the pool instead, once).
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from angidi.db.admission import AdmissionQueue
from angidi.db.conninfo import parts_of
from angidi.db.errors import is_outdated, translated
from angidi.db.query_counter import InstrumentedCursor
from angidi.db.rows import Connection
from angidi.errors import ServerOverloaded

CHECK_INTERVAL = 60.0
"""Seconds between two checks of the idle connections."""

ADMITTED_PER_CONNECTION = 8
"""Requests in flight per connection; whoever comes beyond is told to come back rather than queued."""

CHECKOUT_TIMEOUT = 2.0
OPEN_TIMEOUT = 10.0

SESSION_DEFAULTS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "5s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "2s",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "32MB",
}
"""What every pooled connection starts with. `angidi db create` sets the same for the role, for use behind a pooler.

JIT compiles a plan that is thought dear, for 14 to 136 ms, and our statements are shorter. They are shorter, too, than
the 5 to 10 ms in which parallel workers start, on cores that other requests would have. work_mem keeps the bitmap of
what a search found exact up to some 5 GB of products; in a lossy one every row is looked at again, which took a word in
a tenth of a million products from 0.2 to 5 seconds.
"""

_OPTIONS = ("-c" + f"{name}={value}".replace(" ", r"\ ") for name, value in SESSION_DEFAULTS.items())

CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "cursor_factory": InstrumentedCursor,
    "client_encoding": "UTF8",
    "options": " ".join(_OPTIONS),
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connection_settings(conninfo: str) -> dict[str, Any]:
    """Return what to connect to `conninfo` with. What that says itself wins, and its `options` join ours."""
    given = parts_of(conninfo)
    ours = {name: value for name, value in CONNECTION.items() if name not in given}
    return ours | {"options": f"{CONNECTION['options']} {given.get('options', '')}"}


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Bounds of a pool: connections (at least, at most), and how old and how idle one may grow."""

    min_conns: int = 5
    max_conns: int = 25
    max_lifetime: timedelta = timedelta(hours=1)
    max_idle_time: timedelta = timedelta(minutes=15)

    def share(self, workers: int) -> "PoolSettings":
        """Return one worker's part, so that all workers together stay within `max_conns`."""
        most = max(1, self.max_conns // workers)
        return PoolSettings(min(self.min_conns // workers, most), most, self.max_lifetime, self.max_idle_time)


class Pool:
    """A `Source` of pooled connections; `open` it on the event loop that uses it."""

    def __init__(self, conninfo: str, settings: PoolSettings) -> None:
        self._used = 0.0
        self._lent = 0
        self._admission = AdmissionQueue(settings.max_conns, settings.max_conns * ADMITTED_PER_CONNECTION)
        self._draining: asyncio.Task[None] | None = None
        self._checker: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo,
            kwargs=connection_settings(conninfo),
            min_size=settings.min_conns,
            max_size=settings.max_conns,
            max_lifetime=settings.max_lifetime.total_seconds(),
            max_idle=settings.max_idle_time.total_seconds(),
            timeout=CHECKOUT_TIMEOUT,
            reconnect_timeout=2,
            open=False,
            name="angidi",
        )

    async def open(self) -> None:
        """Connect, and see that a statement works; raises `Unavailable`."""
        await self._pool.open()
        try:
            with translated():
                await self._pool.wait(OPEN_TIMEOUT)
                async with self._pool.connection() as conn:
                    await conn.execute("SELECT 1")
        except BaseException:
            await self._pool.close()
            raise
        self._checker = asyncio.create_task(self._check_regularly())

    async def close(self) -> None:
        """Close all connections; requests in flight get a few seconds to give theirs back."""
        for task in filter(None, (self._checker, self._draining)):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._pool.close()

    def stats(self) -> dict[str, int]:
        """Return the pool's statistics, `admitted` (requests in flight) among them."""
        counted = Counter(self._pool.get_stats())
        counted.update(self._admission.stats())
        return {**counted, "usage_ms": int(self._used * 1000), "admitted": self._admission.in_flight}

    def connection(self) -> "PooledConnection":
        """Lend a connection.

        Entering it raises `ServerOverloaded` beyond the admission limit and when none is free in time, `PoolTimeout`
        when none can be made.
        """
        return PooledConnection(self)

    async def acquire(self) -> Connection:
        """Take a connection out, to be given back; raises as `connection` does."""
        left = await self._wait_for_admission()
        try:
            conn = await self._pool.getconn(left)
        except BaseException:
            self._admission.release()
            raise
        self._lent += 1
        return conn

    async def _wait_for_admission(self) -> float:
        try:
            return await self._admission.wait(CHECKOUT_TIMEOUT)
        except PoolTimeout as error:
            if self._lent:
                raise ServerOverloaded from error
            raise  # the others do not use their connections: they have none, for the server cannot be reached

    async def release(self, conn: Connection, seconds: float, error: BaseException | None) -> None:
        """Give back a connection that was used for so long; `error` is what its use ended with."""
        self._used += seconds
        self._lent -= 1
        try:
            if conn.broken or (isinstance(error, psycopg.errors.FeatureNotSupported) and is_outdated(error)):
                await self._drain_once()
        finally:
            try:
                await self._pool.putconn(conn)
            finally:
                self._admission.release()

    async def _drain_once(self) -> None:
        """Replace all connections, since one was found dead, or with the plans of an earlier schema.

        A drain under way is joined, not repeated.
        """
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._pool.drain())
        await asyncio.shield(self._draining)

    async def _check_regularly(self) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL)
            with suppress(psycopg.Error, PoolTimeout, TimeoutError):
                await asyncio.wait_for(self._pool.check(), CHECK_INTERVAL)


class PooledConnection:
    """A connection of a pool, for as long as a block takes. A generator in its place would cost 2 µs more.

    Unlike the context of psycopg_pool it commits nothing, for connections are in autocommit.
    """

    __slots__ = ("_conn", "_pool", "_since")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        """Take it."""
        self._conn = await self._pool.acquire()
        self._since = monotonic()
        return self._conn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back."""
        await self._pool.release(self._conn, monotonic() - self._since, error)
