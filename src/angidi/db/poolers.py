"""Poolers between us and the server, and whether one keeps the prepared statements of its clients apart.

PgBouncer before 1.22, and later ones with `max_prepared_statements = 0`, hand a connection of the server from client to
client with what others have prepared on it: a statement is missing there, exists already, or is another client's. All
clients of psycopg use the same names.
"""

import asyncio
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName

from angidi.db.rows import Connection

SERVER_PROCESS = "SELECT pg_backend_pid()"

STATEMENT_PAIRS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("SELECT 1", "SELECT 2"),
    ("SELECT 3", "SELECT 4"),
    ("SELECT 5", "SELECT 6"),
)
"""Statements of one client and of the other, which psycopg prepares under the same name."""

TIMEOUT = 2.0
"""Seconds for all of them. A pooler with a single connection lets the second client wait."""

PREPARES_NOTHING = (
    "the pooler does not keep prepared statements apart, so none is prepared, which costs speed; PgBouncer keeps them "
    "apart from 1.22 on, with max_prepared_statements = 200"
)


async def has_pooler(conn: Connection) -> bool:
    """Tell whether something between us and the server gives us connections of others.

    The server tells the process that serves a connection when it is made. A pooler tells a number of its own.
    """
    row = await (await conn.execute(SERVER_PROCESS)).fetchone()
    return row is None or row[0] != conn.info.backend_pid


async def keeps_statements_apart(conninfo: str, settings: dict[str, Any]) -> bool:
    """Try with two connections whether each has the statements that it prepared, and only those."""
    ours: dict[str, Any] = settings | {"prepare_threshold": 0}
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            await AsyncConnection.connect(conninfo, **ours) as one,
            await AsyncConnection.connect(conninfo, **ours) as other,
        ):
            for mine, others in STATEMENT_PAIRS:
                await _compare(one, mine, other, others)
    except (_Mixed, DuplicatePreparedStatement, InvalidSqlStatementName, TimeoutError):
        return False
    return True


class _Mixed(Exception):
    """A client got the row of another one's statement."""


async def _compare(one: Connection, mine: LiteralString, other: Connection, others: LiteralString) -> None:
    """Run a statement of each, one after the other, and while the other holds a connection of the server.

    Raises `_Mixed`, or the server's error about a prepared statement.
    """
    await _run(one, mine)
    await _run(other, others)
    async with one.transaction():
        await _run(one, mine)
        await _run(other, others)
    async with other.transaction():
        await _run(other, others)
        await _run(one, mine)


async def _run(conn: Connection, statement: LiteralString) -> None:
    row = await (await conn.execute(statement)).fetchone()
    if row is None or str(row[0]) != statement.removeprefix("SELECT "):
        raise _Mixed
