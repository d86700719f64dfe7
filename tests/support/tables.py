"""What the tables hold, as something that can be compared."""

from functools import cache

import psycopg
from psycopg import sql

from angidi.db import Database
from angidi.db.copying import disable_timeouts
from angidi.db.rows import execute

TABLES = """
SELECT tablename
  FROM pg_catalog.pg_tables
 WHERE schemaname = 'public'
 ORDER BY tablename
"""

CHECKSUM = sql.SQL("SELECT {name}, count(*), md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {table} AS row")

Contents = list[tuple[str, int, str | None]]


async def contents(database: Database) -> Contents:
    """Return name, row count and checksum of every table."""
    async with database.connection() as conn:
        names = [str(row[0]) for row in await (await conn.execute(TABLES)).fetchall()]
        rows = await (await conn.execute(_checksums(*names))).fetchall()
    return sorted((str(name), int(count), checksum) for name, count, checksum in rows)


def contents_of(url: str) -> Contents:
    """Return the same of the database at an address, outside an event loop."""
    with psycopg.connect(url) as conn:
        names = [str(row[0]) for row in conn.execute(TABLES).fetchall()]
        rows = conn.execute(_checksums(*names)).fetchall()
    return sorted((str(name), int(count), checksum) for name, count, checksum in rows)


@cache
def _checksums(*names: str) -> sql.Composed:
    parts = [CHECKSUM.format(name=sql.Literal(name), table=sql.Identifier(name)) for name in names]
    return sql.SQL(" UNION ALL ").join(parts)


async def analyze_products(database: Database) -> None:
    """Let the planner know of the products, which autovacuum does in a shop; it may be in the way here, too."""
    async with database.transaction() as conn:
        await disable_timeouts(conn)
        await execute(conn, "SELECT analyze_products()")
