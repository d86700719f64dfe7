"""Removal for good of rows that were deleted softly, in batches that hold no lock for long.

A row that another row refers to, with a foreign key that refuses its removal, is kept. Which foreign keys there are is
read from the catalogue, so that a table that is added later is minded, too.
"""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from psycopg import sql

from angidi.db.copying import disable_timeouts
from angidi.db.database import Database, retried
from angidi.db.rows import Connection

Table = Literal["products", "users"]
"""The tables with soft deletion: they have `id`, `created_at` and `deleted_at`."""

BATCH = 1_000
"""Rows removed in one transaction, which takes about 0.25 s."""

# NO ACTION and RESTRICT refuse the removal; CASCADE and SET NULL follow it.
FIND_REFERENCES = """
SELECT nspname, relname, child.attname
  FROM pg_constraint
  JOIN pg_class ON pg_class.oid = conrelid
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  JOIN pg_attribute AS parent ON parent.attrelid = confrelid AND parent.attname = 'id'
  JOIN pg_attribute AS child
    ON child.attrelid = conrelid AND child.attnum = conkey[array_position(confkey, parent.attnum)]
 WHERE contype = 'f' AND confrelid = to_regclass(%(table)s) AND confdeltype IN ('a', 'r')
 ORDER BY 1, 2, 3
"""

COUNT = """
SELECT count(*) AS rows, min(deleted_at) AS oldest, count(*) FILTER (WHERE {referenced}) AS referenced
  FROM {table}
 WHERE deleted_at < %(before)s
"""

# In the order of the index on deleted rows, so that all batches together read it once. Whoever is restoring a row, or
# is storing a reference to it, holds it: it is left out.
LOCK_BATCH = """
SELECT created_at, id
  FROM {table}
 WHERE deleted_at < %(before)s AND (created_at, id) < (%(created_at)s::timestamptz, %(id)s::uuid)
 ORDER BY created_at DESC, id DESC
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED
"""

# A statement of its own: its snapshot is newer than the locks, so it sees every reference that was stored before them,
# and after them none can be stored.
DELETE_BATCH = """
DELETE FROM {table}
 WHERE id = ANY (%(ids)s) AND NOT ({referenced})
"""

START: tuple[str, UUID] = ("infinity", UUID(int=0))


class Purgeable(Struct, frozen=True):
    """Rows that were deleted before a time: how many, the first deletion, and how many are kept by references."""

    rows: int
    oldest: datetime | None
    referenced: int


class _Statements(NamedTuple):
    count_all: sql.Composed
    lock_batch: sql.Composed
    delete_batch: sql.Composed


class _BatchResult(NamedTuple):
    removed: int
    next: tuple[datetime, UUID] | None


async def count_purgeable(db: Database, table: Table, before: datetime) -> Purgeable:
    """Count the rows of `table` that were deleted before `before`."""
    async with db.transaction() as conn:
        await disable_timeouts(conn)
        count = (await _statements(conn, table)).count_all
        ((rows, oldest, referenced),) = await (await conn.execute(count, {"before": before})).fetchall()
        return Purgeable(rows, oldest, referenced)


async def purge(db: Database, table: Table, before: datetime) -> AsyncGenerator[int]:
    """Remove what was deleted before `before`, except referenced rows and those that are being changed.

    Yields the number of rows that each batch removed, once it is committed. The caller must close the iterator.
    """
    async with db.connection() as conn:
        statements = await _statements(conn, table)
    after = START
    while after:
        removed, after = await _purge_batch(db, statements, before, after)
        yield removed


@retried
async def _purge_batch(
    db: Database, statements: _Statements, before: datetime, after: tuple[object, UUID]
) -> _BatchResult:
    async with db.transaction() as conn:
        await disable_timeouts(conn)
        position = {"created_at": after[0], "id": after[1]}
        cursor = await conn.execute(statements.lock_batch, {"before": before, "limit": BATCH, **position})
        batch = await cursor.fetchall()
        deleted = await conn.execute(statements.delete_batch, {"ids": [row_id for _, row_id in batch]})
        return _BatchResult(deleted.rowcount, batch[-1] if len(batch) == BATCH else None)


async def _statements(conn: Connection, table: Table) -> _Statements:
    """Return the statements for a table and the foreign keys to it."""
    references = await (await conn.execute(FIND_REFERENCES, {"table": table})).fetchall()
    parent = sql.Identifier(table)
    exists = [
        sql.SQL("EXISTS (SELECT FROM {} AS child WHERE child.{} = {}.id)").format(
            sql.Identifier(schema, child), sql.Identifier(column), parent
        )
        for schema, child, column in references
    ]
    places = {"table": parent, "referenced": sql.SQL(" OR ").join(exists) if exists else sql.SQL("false")}
    return _Statements(*(sql.SQL(text).format(**places) for text in (COUNT, LOCK_BATCH, DELETE_BATCH)))
