"""Bulk transfer: COPY into the database, and CSV streams out of it."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import LiteralString, NamedTuple

from angidi.csvfiles import Reason, Refused
from angidi.csvfiles.guards import with_apostrophes_guarded
from angidi.db.rows import Connection, Parameters, execute

BLOCK = 64 * 1024
"""Approximate bytes in a block of an export."""

COPY_OUT = "COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)"

# An index scan returns the first rows at once and needs no temporary file for a sort.
PREFER_INDEXES = "SELECT set_config('enable_sort', 'off', true)"


class Block(NamedTuple):
    """Part of a UTF-8 CSV file and its number of rows. The first block starts with the header."""

    data: bytes
    rows: int


# For this transaction only. lock_timeout is longer than that of requests, but finite. The pending list of a GIN index
# may grow to the size of a batch; it is merged after the batch.
DISABLE_TIMEOUTS = """
SELECT set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('lock_timeout', '60s', true),
       set_config('gin_pending_list_limit', '64MB', true)
"""

SET_STATEMENT_TIMEOUT = "SELECT set_config('statement_timeout', %(limit)s, true)"


async def set_statement_timeout(conn: Connection, limit: str) -> None:
    """Set the statement timeout of the current transaction, such as “20s”."""
    await execute(conn, SET_STATEMENT_TIMEOUT, {"limit": limit})


async def disable_timeouts(conn: Connection) -> None:
    """Disable the timeouts of requests for the current transaction."""
    await execute(conn, DISABLE_TIMEOUTS)


async def copy_in(conn: Connection, sql: LiteralString, rows: Iterable[Sequence[object]]) -> None:
    """Send `rows` by `COPY … FROM STDIN`, as a stream."""
    async with conn.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            await copy.write_row(row)


async def copy_out(conn: Connection, sql: LiteralString, parameters: Parameters | None = None) -> AsyncGenerator[Block]:
    """Yield the result of `sql` as a CSV file, in blocks of whole rows, in the order of `sql`.

    The whole file is never in memory. Cells that an import would take a guarding apostrophe off get another one.
    """
    await execute(conn, PREFER_INDEXES)
    data, rows = bytearray(), -1
    async with conn.cursor() as cursor, cursor.copy(COPY_OUT.format(sql=sql), parameters) as copy:
        async for row in copy:  # the first is the header
            data += row
            rows += 1
            if len(data) >= BLOCK:
                yield Block(with_apostrophes_guarded(bytes(data)), rows)
                data, rows = bytearray(), 0
    yield Block(with_apostrophes_guarded(bytes(data)), rows)


async def stream_refused(conn: Connection, sql: LiteralString) -> AsyncIterator[Refused]:
    """Yield the refused rows that `sql` selects as (line, reasons), in its order, as a stream."""
    async with conn.cursor() as cursor:
        async for line, reasons in cursor.stream(sql):
            yield Refused(line, [Reason(**reason) for reason in reasons])
