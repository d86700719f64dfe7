"""Connections and transactions for services.

`read` and `write` run one statement in autocommit, so a read is one round trip. `transaction` is for actions of several
statements. Errors of the driver leave as `AngidiError`.
"""

import asyncio
import functools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Concatenate, Literal, LiteralString, ParamSpec, Protocol, TypeVar
from uuid import UUID

import psycopg

from angidi.db.admission import AdmissionQueue, RowQueues
from angidi.db.admission.lanes import LONGEST_ACCOUNT_WAIT, LONGEST_BULK_WAIT, LONGEST_WAIT, Connections, Lane
from angidi.db.errors import translate, translated
from angidi.db.rows import Connection
from angidi.errors import ConnectionLost, StatementTimeout, TransactionConflict

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 4
"""Total attempts of work that the server rolled back."""

DEFAULT_LANE_SIZE = 3
"""Connections of the lane of a database whose number of connections is not given."""

Isolation = Literal["read committed", "repeatable read", "serializable"]


class ConnectionSource(Connections, Protocol):
    """Provides connections: the pool, or a single connection in tests."""

    async def open(self, *, must_answer: bool = True) -> None:
        """Open the source. Raises `Unavailable` if the database cannot be reached and `must_answer`."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    def is_up(self) -> bool:
        """Tell whether the database answered the last ping."""
        ...

    async def ping(self) -> bool:
        """Tell whether the database answers now, even if all connections are in use."""
        ...

    def stats(self) -> dict[str, int]:
        """Return connection statistics by name."""
        ...


class DatabaseAccess:
    """Statements and transactions on the connections of `source`; reads that may be stale on those of `replica`."""

    def __init__(self, source: Connections, replica: Connections) -> None:
        self._connections = source
        self._stale_connections = replica
        self._rows = RowQueues()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Provide a connection in autocommit. Raises `AngidiError`."""
        with translated():
            async with self._connections.connection() as conn:
                yield conn

    @asynccontextmanager
    async def transaction(
        self,
        *,
        isolation: Isolation = "read committed",
        read_only: bool = False,
        deadline: float | None = None,
        rollback: bool = False,
        row: UUID | None = None,
    ) -> AsyncGenerator[Connection]:
        """Provide a connection in a transaction: commit at the end of the block, roll back on any exception.

        A block of `conn.transaction()` inside is a savepoint. `deadline` is the time for the whole block in seconds;
        after it the statement that runs is cancelled, and `StatementTimeout` raised; a COMMIT never is. With `rollback`
        it always rolls back (dry run). `row` is the id of the row that the block locks first: such transactions on one
        row wait for each other in arrival order, before they take a connection. Raises `LockWaitTimeout` if that takes
        too long.
        """
        with translated():
            async with (
                _time_limit(deadline),
                self._rows.turn(row),
                self._connections.connection() as conn,
                _begun(conn, rollback=rollback),
            ):
                if isolation != "read committed" or read_only:
                    await conn.execute(_mode(isolation, read_only=read_only))
                yield conn

    async def read(
        self, query: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading `query`. Retries it once after a lost connection or a rollback by the server."""
        return await _read(self._connections, query, *args, **kwargs)

    async def read_stale(
        self, query: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading `query` on the replica, if there is one: the result may be stale."""
        return await _read(self._stale_connections, query, *args, **kwargs)

    async def write(
        self, statement: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a writing repository function of one statement, which commits when it ends."""
        return await _once(self._connections, statement, *args, **kwargs)


class Database(DatabaseAccess):
    """The services' access to the database. `replica`, if given, serves reads that may be stale.

    At most `max_expensive` connections are used at a time through `expensive`, `account_expensive` and `bulk`.
    """

    def __init__(
        self, source: ConnectionSource, replica: ConnectionSource | None = None, max_expensive: int = DEFAULT_LANE_SIZE
    ) -> None:
        super().__init__(source, replica or source)
        self._source = source
        self._replica = replica or source
        lane = AdmissionQueue(max_expensive)
        self.expensive = self._through(lane, LONGEST_WAIT)
        """Access for expensive reads by anybody: deep pages and exact counts."""
        self.account_expensive = self._through(lane, LONGEST_ACCOUNT_WAIT)
        """Access for expensive reads of what only accounts may read."""
        self.bulk = self._through(lane, LONGEST_BULK_WAIT)
        """Access for transfers of many rows."""

    async def open(self, *, must_answer: bool = True) -> None:
        """Open all sources. Raises `Unavailable` if one cannot be reached and `must_answer`; else it is used later."""
        await self._source.open(must_answer=must_answer)
        if self._replica is not self._source:
            await self._replica.open(must_answer=must_answer)

    async def close(self) -> None:
        """Close all sources."""
        await self._source.close()
        if self._replica is not self._source:
            await self._replica.close()

    def is_up(self) -> bool:
        """Tell whether the main database answered the last ping."""
        return self._source.is_up()

    async def ping(self) -> bool:
        """Tell whether the main database answers now, even if all connections are in use."""
        return await self._source.ping()

    def stats(self) -> dict[str, int]:
        """Return the pool's statistics by name, as psycopg_pool documents them."""
        return self._source.stats()

    def _through(self, queue: AdmissionQueue, seconds: float) -> DatabaseAccess:
        return DatabaseAccess(Lane(self._source, queue, seconds), Lane(self._replica, queue, seconds))


async def _read(
    source: Connections,
    query: Callable[Concatenate[Connection, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    try:
        async with source.connection() as conn:
            return await query(conn, *args, **kwargs)
    except psycopg.Error as error:  # as `translated` does, without its three calls
        ours = translate(error)
        if ours is None:
            raise
        if not isinstance(ours, ConnectionLost | TransactionConflict):
            raise ours from error
    return await _once(source, query, *args, **kwargs)  # a standby also cancels reads in favour of recovery


async def _once(
    source: Connections,
    statement: Callable[Concatenate[Connection, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    with translated():
        async with source.connection() as conn:
            return await statement(conn, *args, **kwargs)


@asynccontextmanager
async def _begun(conn: Connection, *, rollback: bool) -> AsyncGenerator[None]:
    """Begin a transaction; end it with the block. A cancellation that comes during the COMMIT is dropped."""
    transaction = conn.transaction(force_rollback=rollback)
    await transaction.__aenter__()
    try:
        yield
    except BaseException as error:
        if not await transaction.__aexit__(type(error), error, error.__traceback__):
            raise
    else:
        await _uncancelled(asyncio.create_task(transaction.__aexit__(None, None, None)))


async def _uncancelled(task: asyncio.Task[T]) -> T:
    """Wait for the end of the task, whoever wants this to end meanwhile."""
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()


@asynccontextmanager
async def _time_limit(deadline: float | None) -> AsyncGenerator[None]:
    """Raise `StatementTimeout` after `deadline` seconds."""
    try:
        async with asyncio.timeout(deadline):
            yield
    except TimeoutError:
        raise StatementTimeout from None


def _mode(isolation: Isolation, *, read_only: bool) -> LiteralString:
    """Return the statement that begins a transaction of another kind than usual."""
    level: dict[Isolation, LiteralString] = {
        "read committed": "READ COMMITTED",
        "repeatable read": "REPEATABLE READ",
        "serializable": "SERIALIZABLE",
    }
    return f"SET TRANSACTION ISOLATION LEVEL {level[isolation]}, {'READ ONLY' if read_only else 'READ WRITE'}"


def retried(action: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Retry a whole business action that the server rolled back, with jitter.

    Raises `TransactionConflict` after `ATTEMPTS` attempts.
    """

    @functools.wraps(action)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for turn in range(1, ATTEMPTS):
            try:
                return await action(*args, **kwargs)
            except TransactionConflict:
                await asyncio.sleep(random.uniform(0, 0.02 * 2**turn))  # noqa: S311 - jitter, not a secret
        return await action(*args, **kwargs)

    return attempt
