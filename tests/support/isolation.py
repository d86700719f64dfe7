"""A database for one test that leaves no trace: all that is done through it is rolled back at the end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, sql
from tests.support.roles import app_role
from tests.support.server import owner_url

from angidi.db import Connection, Database
from angidi.db.pool import CONNECTION

SERVE = sql.SQL("SET SESSION AUTHORIZATION {}")
OWN = "RESET SESSION AUTHORIZATION"


async def as_owner(database: Database, *statements: str) -> None:
    """Run statements that only the owner of the database may, where `database` sees what they do."""
    async with database.connection() as conn:
        url = owner_url(conn.info.dbname)
        role = app_role(url)
        if conn.info.user != role:  # a shared connection
            await conn.execute(OWN)
            for statement in statements:
                await conn.execute(statement.encode())
            await conn.execute(SERVE.format(sql.Identifier(role)))
            return
    async with await AsyncConnection.connect(url, autocommit=True) as owner, owner.transaction():
        for statement in statements:
            await owner.execute(statement.encode())


class OneConnection:
    """A `ConnectionSource` of one connection inside a transaction. What would commit becomes a savepoint."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._free = asyncio.Lock()

    async def open(self, *, must_answer: bool = True) -> None:
        """Do nothing: the connection is open."""

    async def close(self) -> None:
        """Do nothing: the test closes it."""

    def is_up(self) -> bool:
        return True

    async def ping(self) -> bool:
        return True

    def stats(self) -> dict[str, int]:
        return {"pool_size": 1}

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        async with self._free, self._conn.transaction():
            yield self._conn


class SharedConnection:
    """A connection that many tests use, one after the other: to open one for each takes longer than most of them.

    The owner of the database has made it, and it has the rights of the application: see `as_owner`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: Connection | None = None

    @asynccontextmanager
    async def rolled_back(self) -> AsyncGenerator[Database]:
        """Give the database, whose changes nobody else sees and nobody keeps."""
        if self._conn is None or self._conn.closed:
            self._conn = await AsyncConnection.connect(self._url, **CONNECTION)
            await self._conn.execute(SERVE.format(sql.Identifier(app_role(self._url))))
        async with self._conn.transaction(force_rollback=True):
            yield Database(OneConnection(self._conn))

    def close(self) -> None:
        """Close the connection, whatever event loop it was last used in."""
        if self._conn is not None:
            self._conn.pgconn.finish()
