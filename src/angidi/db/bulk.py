"""Many rows at once: into the database by COPY, out of it as a stream."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import LiteralString

from angidi.csvfile import Reason, Refused
from angidi.db.rows import Connection, execute

# For this transaction alone. Whoever keeps one of its rows locked is waited for longer than a request would wait,
# and still not for ever.
TAKE_TIME = """
SELECT set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('lock_timeout', '60s', true)
"""


async def take_time(conn: Connection) -> None:
    """Lift the time limits of requests until the transaction ends."""
    await execute(conn, TAKE_TIME)


async def copy_in(conn: Connection, sql: LiteralString, rows: Iterable[Sequence[object]]) -> None:
    """Send `rows` by the `COPY … FROM STDIN` of `sql`, as they come: none is kept."""
    async with conn.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            await copy.write_row(row)


async def stream_refused(conn: Connection, sql: LiteralString) -> AsyncIterator[Refused]:
    """Yield refused rows from `sql`, which selects line and reasons, in its order and without holding them all."""
    async with conn.cursor() as cursor:
        async for line, reasons in cursor.stream(sql):
            yield Refused(line, [Reason(**reason) for reason in reasons])
