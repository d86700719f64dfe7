"""The lock that allows one run at a time on a database, shared with golang-migrate.

Taken by polling `pg_try_advisory_lock`, never by waiting inside it: a statement that waits holds a snapshot,
and the holder's CREATE INDEX CONCURRENTLY would wait for that snapshot for ever.
"""

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, sql

from angidi.migrate.errors import Locked, LockTimeout

_SALT = 1486364155
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_NOTIFY_AFTER = 1.0


def lock_id(database: str, *more: str) -> int:
    """Return golang-migrate's lock id for a database; `more` is schema and table, in this order."""
    return zlib.crc32("\0".join([*more, database]).encode()) * _SALT % 2**32


@dataclass(slots=True)
class AdvisoryLock:
    """Session locks on all of `ids`, acquired together or not at all."""

    connection: Connection[Any]
    ids: Sequence[int]

    def acquire(self, timeout: float, waiting: Callable[[tuple[str, ...]], None], poll: Callable[[], None]) -> None:
        """Acquire the lock within `timeout` seconds or raise `LockTimeout`, which names the holders.

        `waiting` is called with the holders once a second; `poll` is called at each try and may raise to give up.
        """
        deadline = time.monotonic() + timeout
        notify_at, pause = time.monotonic(), _FIRST_PAUSE
        while not self._try():
            poll()
            now = time.monotonic()
            if now >= deadline:
                raise LockTimeout(self.holders())
            if now >= notify_at:
                waiting(self.holders())
                notify_at = now + _NOTIFY_AFTER
            time.sleep(min(pause, deadline - now))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def release(self) -> None:
        """Release the lock; a closed connection has released it already."""
        if not self.connection.closed:
            self.connection.execute(_UNLOCK, [sorted(self.ids)])

    def _try(self) -> bool:
        taken: list[int] = []
        for key in sorted(set(self.ids)):
            row = self.connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
            if not row or not row[0]:
                self.connection.execute(_UNLOCK, [taken])
                return False
            taken.append(key)
        return True

    def holders(self) -> tuple[str, ...]:
        """Return one line for each session that holds one of the ids."""
        return tuple(row[0] for row in self.connection.execute(_HOLDERS, {"ids": list(self.ids)}))


_UNLOCK = "SELECT pg_advisory_unlock(id) FROM unnest(%s::bigint[]) AS id"

_HOLDERS = """
SELECT DISTINCT format(
         'pid %%s (%%s), connected for %%s, %%s: %%s',
         activity.pid,
         coalesce(nullif(activity.application_name, ''), 'application not named'),
         date_trunc('second', clock_timestamp() - activity.backend_start),
         coalesce(activity.state, 'state hidden'),
         left(regexp_replace(coalesce(activity.query, ''), '\\s+', ' ', 'g'), 100))
FROM pg_locks AS held
JOIN pg_stat_activity AS activity ON activity.pid = held.pid
JOIN pg_database AS here ON here.oid = held.database AND here.datname = current_database()
WHERE held.locktype = 'advisory' AND held.granted AND held.pid <> pg_backend_pid()
  AND held.classid = 0 AND held.objsubid = 1 AND held.objid::bigint = ANY (%(ids)s)
ORDER BY 1
"""


@dataclass(slots=True)
class TableLock:
    """A row in a lock table, for poolers that do not keep sessions; a crash leaves the row behind."""

    connection: Connection[Any]
    table: str
    key: int

    def acquire(self, timeout: float, waiting: Callable[[tuple[str, ...]], None], poll: Callable[[], None]) -> None:
        """Insert the row, or raise `Locked` at once where it is there, as golang-migrate does."""
        del timeout, waiting, poll
        exists = self.connection.execute("SELECT to_regclass(quote_ident(%s)) IS NOT NULL", [self.table]).fetchone()
        if exists != (True,):
            self._run("CREATE TABLE IF NOT EXISTS {} (lock_id bigint NOT NULL PRIMARY KEY)")
        if not self._run("INSERT INTO {} (lock_id) VALUES ({}) ON CONFLICT DO NOTHING", self.key):
            raise Locked

    def release(self) -> None:
        """Delete the row."""
        if not self.connection.closed:
            self._run("DELETE FROM {} WHERE lock_id = {}", self.key)

    def holders(self) -> tuple[str, ...]:
        """Return nothing: a row does not say who wrote it."""
        return ()

    def _run(self, query: LiteralString, *values: int) -> int:
        statement = sql.SQL(query).format(sql.Identifier(self.table), *map(sql.Literal, values))
        return self.connection.execute(statement).rowcount


Lock = AdvisoryLock | TableLock
