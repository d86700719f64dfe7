"""Many rows at once: into the database by COPY, out of it as a stream."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import LiteralString, NamedTuple

from angidi.csvfile import Reason, Refused
from angidi.db.rows import Connection, Parameters, execute

BLOCK = 64 * 1024
"""Bytes in a block of what is copied out, about."""

COPY_OUT = "COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)"

# Rows that come along an index come at once, and need no temporary file to be sorted in.
PREFER_INDEXES = "SELECT set_config('enable_sort', 'off', true)"


class Block(NamedTuple):
    """A part of a CSV file in UTF-8, and how many rows it has; the first begins with the header."""

    data: bytes
    rows: int


# For this transaction alone. Whoever keeps one of its rows locked is waited for longer than a request would wait,
# and still not for ever. The pending list of a GIN index may grow to what a batch adds, and is merged after the batch.
DISABLE_TIMEOUTS = """
SELECT set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('lock_timeout', '60s', true),
       set_config('gin_pending_list_limit', '64MB', true)
"""

SET_STATEMENT_TIMEOUT = "SELECT set_config('statement_timeout', %(limit)s, true)"


async def set_statement_timeout(conn: Connection, limit: str) -> None:
    """Give each statement of the transaction as long as `limit` says, such as “20s”."""
    await execute(conn, SET_STATEMENT_TIMEOUT, {"limit": limit})


async def disable_timeouts(conn: Connection) -> None:
    """Lift the limits of requests until the transaction ends."""
    await execute(conn, DISABLE_TIMEOUTS)


async def copy_in(conn: Connection, sql: LiteralString, rows: Iterable[Sequence[object]]) -> None:
    """Send `rows` by the `COPY … FROM STDIN` of `sql`, as they come: none is kept."""
    async with conn.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            await copy.write_row(row)


async def copy_out(conn: Connection, sql: LiteralString, parameters: Parameters | None = None) -> AsyncGenerator[Block]:
    """Yield what `sql` selects as a CSV file, in its order, block by block: the file is nowhere as a whole."""
    await execute(conn, PREFER_INDEXES)
    data, rows = bytearray(), -1
    async with conn.cursor() as cursor, cursor.copy(COPY_OUT.format(sql=sql), parameters) as copy:
        async for row in copy:  # the header is the first
            data += row
            rows += 1
            if len(data) >= BLOCK:
                yield Block(bytes(data), rows)
                data, rows = bytearray(), 0
    yield Block(bytes(data), rows)


async def stream_refused(conn: Connection, sql: LiteralString) -> AsyncIterator[Refused]:
    """Yield refused rows from `sql`, which selects line and reasons, in its order and without holding them all."""
    async with conn.cursor() as cursor:
        async for line, reasons in cursor.stream(sql):
            yield Refused(line, [Reason(**reason) for reason in reasons])
