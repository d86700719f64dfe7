"""The connection pool of one process, based on psycopg_pool.

Two of its options are not used. `max_waiting`: clients that timed out stay in its queue, so after an outage the pool
refuses for ever; requests wait in the queue of `db.admission` before it instead. `check=` on every checkout: with ten
dead connections the first success took half a minute; instead, the first dead connection empties the pool once.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from angidi.db.admission import AdmissionQueue
from angidi.db.admission.heartbeat import Heartbeat
from angidi.db.conninfo import parse_conninfo
from angidi.db.errors import is_outdated, translated
from angidi.db.poolers import PREPARES_NOTHING, has_pooler, keeps_statements_apart
from angidi.db.query_counter import InstrumentedCursor, query_counter
from angidi.db.rows import Connection
from angidi.errors import ServerOverloaded, Unavailable

CHECKOUT_TIMEOUT = 1.0
"""Seconds that a request waits for its connections in all; then it is refused with 503."""

LEAST_CHECKOUT = 0.25
"""Seconds for a connection whose turn came in the last moment, or was noticed late by a busy event loop."""

RECONNECT_TIMEOUT = 0.5
"""Seconds until the pool gives up replacing a lost connection; the next request that needs one has it try at once.

An attempt that waits for its next turn is one connection less when the database is back.
"""

OPEN_TIMEOUT = 10.0
START_TIMEOUT = 3.0
"""Seconds that a process which serves waits for its connections at the start, before it answers without them."""

READ_ONLY_PAUSE = 5.0
"""Seconds between two attempts to find a server that takes changes, while the one that we have does not."""

SESSION_DEFAULTS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "5s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "2s",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "32MB",
}
"""Settings of every pooled session. `angidi db create` and `angidi db roles` set them for roles, who may use a pooler.

JIT compilation takes 14 to 136 ms and parallel workers 5 to 10 ms to start, longer than our statements; workers would
also take cores from other requests. work_mem keeps the bitmap of a search exact up to about 5 GB of products. With a
lossy bitmap every row is rechecked: a word in a tenth of a million products then took 5 s instead of 0.2 s.
"""

CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "cursor_factory": InstrumentedCursor,
    "client_encoding": "UTF8",
    "options": " ".join("-c" + f"{name}={value}".replace(" ", r"\ ") for name, value in SESSION_DEFAULTS.items()),
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connection_settings(conninfo: str) -> dict[str, Any]:
    """Return the connection parameters for `conninfo`. Its own parameters win; its `options` are appended to ours."""
    given = parse_conninfo(conninfo)
    ours = {name: value for name, value in CONNECTION.items() if name not in given}
    return ours | {"options": f"{CONNECTION['options']} {given.get('options', '')}"}


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Limits of a pool: connections (minimum, maximum), their lifetime and their idle time."""

    min_conns: int = 5
    max_conns: int = 25
    max_lifetime: timedelta = timedelta(hours=1)
    max_idle_time: timedelta = timedelta(minutes=15)

    def share(self, workers: int) -> "PoolSettings":
        """Return one worker's share, less its heartbeat, so that all workers together stay within `max_conns`.

        A worker needs two connections at least.
        """
        most = max(1, self.max_conns // workers - 1)
        return PoolSettings(min(self.min_conns // workers, most), most, self.max_lifetime, self.max_idle_time)


class Pool:
    """A `ConnectionSource` of pooled connections. Open it on the event loop that uses it.

    `pool` is psycopg_pool's, `admission` the queue before it, and `heartbeat` the circuit breaker: while it is not up,
    requests are refused at once. `lent` connections are in use; `used` is the total time of use in seconds.
    """

    def __init__(self, conninfo: str, settings: PoolSettings) -> None:
        self.used = 0.0
        self.lent = 0
        self.admission = AdmissionQueue(settings.max_conns)
        self._draining: asyncio.Task[None] | None = None
        self._drained_at = 0.0
        self.heartbeat = Heartbeat(conninfo, self._renew)
        self._conninfo = conninfo
        self._connection = connection_settings(conninfo)
        self._is_tested = False
        self._new_pool = partial(
            AsyncConnectionPool[Connection],
            conninfo,
            kwargs=self._connection,
            min_size=settings.min_conns,
            max_size=settings.max_conns,
            max_lifetime=settings.max_lifetime.total_seconds(),
            max_idle=settings.max_idle_time.total_seconds(),
            timeout=CHECKOUT_TIMEOUT,
            reconnect_timeout=RECONNECT_TIMEOUT,
            open=False,
            name="angidi",
        )
        self.pool = self._new_pool()

    async def open(self, *, must_answer: bool = True) -> None:
        """Connect and run a test statement. Raises `Unavailable` if the database `must_answer`, else connect later.

        Behind a pooler that mixes up prepared statements, none is prepared.
        """
        await self.pool.open()
        try:
            with translated():
                await self.pool.wait(OPEN_TIMEOUT if must_answer else START_TIMEOUT)
                await self._test()
        except Unavailable:
            await self.pool.close()
            if must_answer:
                raise
            self.pool = self._new_pool()  # one that was closed cannot be opened again
            await self.pool.open()
        except BaseException:
            await self.pool.close()
            raise
        self.heartbeat.start(is_up=self._is_tested)

    async def _test(self) -> None:
        """Run a statement, and find out whether statements can be prepared. Raises psycopg.Error."""
        async with self.pool.connection() as conn:
            is_pooled = await has_pooler(conn)
        if is_pooled and not await keeps_statements_apart(self._conninfo, self._connection):
            await self._prepare_nothing()
        self._is_tested = True

    async def close(self) -> None:
        """Close all connections. Requests in flight have a few seconds to release theirs."""
        await self.heartbeat.close()
        if self._draining:
            await self._draining
        await self.pool.close()

    def is_up(self) -> bool:
        """Tell whether the database answered the last ping."""
        return self.heartbeat.is_up

    async def ping(self) -> bool:
        """Tell whether the database answers now, even if all connections are in use."""
        if not (self.heartbeat.is_up and await self.heartbeat.check()):
            return False
        return self.heartbeat.is_connected() or await self._ping_on_pool()

    async def _ping_on_pool(self) -> bool:
        """Ping on a connection of the pool: the server accepts sessions, but the heartbeat got none."""
        with suppress(Unavailable), translated():
            async with self.connection() as conn:
                await conn.execute("SELECT 1")
                return True
        return False

    def stats(self) -> dict[str, int]:
        """Return the pool's statistics, with those of admission before it, and `up`: 1 or 0."""
        counted = Counter(self.pool.get_stats())
        counted.update(self.admission.stats())
        return {**counted, "usage_ms": int(self.used * 1000), "up": int(self.heartbeat.is_up)}

    def connection(self) -> "PooledConnection":
        """Return a context manager that provides a connection.

        Entering it raises `ServerOverloaded` if no connection becomes free in time, `Unavailable` while the database
        does not answer, and `PoolTimeout` if no connection can be made.
        """
        return PooledConnection(self)

    async def _renew(self) -> None:
        """Replace all connections, because the database was away. Raises psycopg.Error."""
        await self.drain_once()
        if not self._is_tested:
            await self._test()

    async def drain_once(self) -> None:
        """Replace all connections: one was dead, or had plans of an earlier schema. Concurrent calls share a drain."""
        if self._draining is None or self._draining.done():
            self._drained_at = monotonic()
            self._draining = asyncio.create_task(self.pool.drain())
        await asyncio.shield(self._draining)

    async def replace_lost(self, since: float) -> None:
        """Drain the pool after a connection acquired at `since` was lost, unless that has been done; then ping."""
        if since > self._drained_at:
            await self.drain_once()
        await self.heartbeat.check()

    async def replace_read_only(self) -> None:
        """Drain after a server refused a change, at most once in a while: another may have taken its place.

        After a failover the name leads to the new primary, but connections to the former one, now a standby, stay.
        """
        if monotonic() > self._drained_at + READ_ONLY_PAUSE:
            await self.drain_once()

    async def _prepare_nothing(self) -> None:
        """Replace all connections by some that prepare no statement, also where the caller asks for it."""
        logging.getLogger(__name__).warning("%s", PREPARES_NOTHING)
        self._connection["prepare_threshold"] = None
        await self.pool.drain()


class PooledConnection:
    """Context manager of one pooled connection. A generator-based one would cost 2 µs more.

    Unlike the context manager of psycopg_pool it does not commit: connections are in autocommit.
    """

    __slots__ = ("_conn", "_pool", "_since")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        """Acquire the connection. Raises as `Pool.connection` does."""
        pool = self._pool
        if not pool.heartbeat.is_up:
            raise Unavailable
        counter = query_counter.get()
        seconds = CHECKOUT_TIMEOUT - counter.waited if counter else CHECKOUT_TIMEOUT
        try:
            left = await pool.admission.wait(seconds)
        except PoolTimeout as error:
            if pool.lent:
                raise ServerOverloaded from error
            raise  # not an overload: there are no connections, because the server cannot be reached
        if counter and left < seconds:
            counter.waited += seconds - left
        if not pool.heartbeat.is_up:  # lost meanwhile
            pool.admission.release()
            raise Unavailable
        try:
            self._conn = await pool.pool.getconn(max(left, LEAST_CHECKOUT))
        except BaseException:
            pool.admission.release()
            raise
        pool.lent += 1
        self._since = monotonic()
        return self._conn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Release the connection."""
        pool, conn = self._pool, self._conn
        pool.used += monotonic() - self._since
        pool.lent -= 1
        try:
            if conn.broken:
                await pool.replace_lost(self._since)
            elif isinstance(error, psycopg.errors.FeatureNotSupported) and is_outdated(error):
                await pool.drain_once()
            elif isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                await pool.replace_read_only()
        finally:
            try:
                await pool.pool.putconn(conn)
            finally:
                pool.admission.release()
