"""Connections and transactions as services use them.

`read` and `write` run one statement in autocommit, so a read is a single round trip; `transaction` is for the
business action that needs several. Wherever connections come from (`Source`), errors leave as `AngidiError`.
"""

import asyncio
import functools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from angidi.db.errors import translated
from angidi.db.rows import Connection
from angidi.errors import ConnectionLost, TransactionConflict

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 4
"""How often work that the server rolled back is run in all."""


class Source(Protocol):
    """Where connections come from: the pool, or a single connection in tests."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection in autocommit."""
        ...

    async def open(self) -> None:
        """Make ready; raises `Unavailable` when the database cannot be reached."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...

    def stats(self) -> dict[str, int]:
        """Return figures about the connections, by name."""
        ...


class Database:
    """What services hold. `replica`, where given, serves reads that may be a moment old."""

    def __init__(self, source: Source, replica: Source | None = None) -> None:
        self._source = source
        self._replica = replica or source

    async def open(self) -> None:
        """Open the sources; raises `Unavailable` when one cannot be reached."""
        await self._source.open()
        if self._replica is not self._source:
            await self._replica.open()

    async def close(self) -> None:
        """Close the sources."""
        await self._source.close()
        if self._replica is not self._source:
            await self._replica.close()

    def stats(self) -> dict[str, int]:
        """Return the pool's figures (see `psycopg_pool`'s statistics), by name."""
        return self._source.stats()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection in autocommit; raises `AngidiError`."""
        with translated():
            async with self._source.connection() as conn:
                yield conn

    @asynccontextmanager
    async def transaction(self, *, undo: bool = False) -> AsyncGenerator[Connection]:
        """Lend a connection inside a transaction: committed at the end of the block, rolled back on any error.

        With `undo` it is rolled back in any case: a dry run.
        """
        with translated():
            async with self._source.connection() as conn, conn.transaction(force_rollback=undo):
                yield conn

    async def read(
        self, query: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading `query`; once more when the connection was dead or the server rolled it back."""
        return await _read(self._source, query, *args, **kwargs)

    async def read_stale(
        self, query: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading `query` whose answer may be a moment old: on the replica, where there is one."""
        return await _read(self._replica, query, *args, **kwargs)

    async def write(
        self, statement: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a writing repository function of one statement, which commits as it ends."""
        return await _once(self._source, statement, *args, **kwargs)


async def _read(
    source: Source,
    query: Callable[Concatenate[Connection, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    try:
        return await _once(source, query, *args, **kwargs)
    except (ConnectionLost, TransactionConflict):  # a standby, too, gives reads up so that its recovery can go on
        return await _once(source, query, *args, **kwargs)


async def _once(
    source: Source,
    statement: Callable[Concatenate[Connection, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    with translated():
        async with source.connection() as conn:
            return await statement(conn, *args, **kwargs)


def retried(action: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Run a whole business action again when the server rolled it back, a few times and with jitter.

    Raises `TransactionConflict` when every attempt collided.
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
