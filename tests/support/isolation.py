"""A database for one test that leaves no trace: all that is done through it is rolled back at the end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from angidi.db import Connection, Database
from angidi.db.pool import CONNECTION


class OneConnection:
    """A `Source` of one connection inside a transaction. What would commit becomes a savepoint."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._free = asyncio.Lock()

    async def open(self) -> None:
        """Do nothing: the connection is open."""

    async def close(self) -> None:
        """Do nothing: the test closes it."""

    def stats(self) -> dict[str, int]:
        return {"pool_size": 1}

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        async with self._free, self._conn.transaction():
            yield self._conn


@asynccontextmanager
async def rolled_back(url: str) -> AsyncGenerator[Database]:
    """Give a database whose changes nobody else sees and nobody keeps."""
    async with (
        await AsyncConnection.connect(url, **CONNECTION) as conn,
        conn.transaction(force_rollback=True),
    ):
        yield Database(OneConnection(conn))
