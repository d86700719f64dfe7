"""Statement statistics from pg_stat_statements."""

from datetime import datetime
from typing import LiteralString

import psycopg
from msgspec import Struct
from psycopg import errors, sql

from angidi.config import ConfigError
from angidi.errors import Forbidden

SCHEMA = """
SELECT nspname
  FROM pg_extension AS e
  JOIN pg_namespace AS n ON n.oid = e.extnamespace
 WHERE extname = 'pg_stat_statements'
"""

SINCE_BY_STATEMENT = 170000
"""First server version that stores for each statement when its statistics started."""

# stats_reset changes only when the statistics of all databases are reset.
SINCE = """
SELECT coalesce(min(s.stats_since), i.stats_reset)
  FROM {schema}.pg_stat_statements_info AS i
  LEFT JOIN {schema}.pg_stat_statements AS s
    ON s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
 GROUP BY i.stats_reset
"""
SINCE_RESET_OF_ALL = "SELECT stats_reset FROM {schema}.pg_stat_statements_info"

# Left out, since nothing could be made faster there: empty statements, which the pool sends to test a connection, and
# what begins, ends or divides a transaction. COMMIT stays: its time is that of writing the log to the disk.
#
# A text has one row per user, and another inside functions. Only members of pg_read_all_stats see the text of other
# roles' statements; without it, their time is in no sum.
STATEMENTS = """
SELECT query, sum(calls)::bigint, sum(total_exec_time) / 1000, max(max_exec_time) / 1000, sum(rows)::bigint
  FROM {schema}.pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query <> '<insufficient privilege>'
   AND query !~* '^[\\s;]*($|(begin|start|rollback|abort|savepoint|release|deallocate|discard)\\M)'
 GROUP BY query
"""
HIDDEN = """
SELECT count(*)
  FROM {schema}.pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query = '<insufficient privilege>'
"""
RESET = """
SELECT {schema}.pg_stat_statements_reset(0, oid, 0)
  FROM pg_database
 WHERE datname = current_database()
"""

MISSING = (
    "the server does not count statements: a superuser has to add pg_stat_statements to shared_preload_libraries, "
    "restart the server, and run CREATE EXTENSION pg_stat_statements in this database"
)


class StatementStats(Struct, frozen=True):
    """Statistics of one statement: calls, total and maximum seconds, rows returned or changed."""

    statement: str
    calls: int
    seconds: float
    longest: float
    rows: int


class Snapshot(Struct, frozen=True):
    """Statement statistics since a time. `hidden` statements of other roles are not included."""

    since: datetime
    statements: list[StatementStats]
    hidden: int


def take_snapshot(conn: psycopg.Connection) -> Snapshot:
    """Return the server's statement statistics for this database.

    Raises `ConfigError` if the extension is not loaded or created, `Forbidden` if this role may not read it.
    """
    schema = _find_schema(conn)
    try:
        since_when = SINCE if conn.info.server_version >= SINCE_BY_STATEMENT else SINCE_RESET_OF_ALL
        ((since,),) = _run(conn, schema, since_when).fetchall()
        rows = _run(conn, schema, STATEMENTS).fetchall()
        ((hidden,),) = _run(conn, schema, HIDDEN).fetchall()
    except errors.InsufficientPrivilege:
        raise Forbidden(f"a superuser has to run: GRANT pg_read_all_stats TO {conn.info.user}") from None
    return Snapshot(since, [StatementStats(*row) for row in rows], hidden)


def reset(conn: psycopg.Connection) -> None:
    """Reset the statement statistics of this database. Raises as `take_snapshot` does."""
    try:
        _run(conn, _find_schema(conn), RESET)
    except errors.InsufficientPrivilege:
        raise Forbidden(
            "This role may not reset the server's statistics; a superuser may let it: "
            f"GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO {conn.info.user}"
        ) from None


def _find_schema(conn: psycopg.Connection) -> sql.Identifier:
    """Return the schema of the extension."""
    if (row := conn.execute(SCHEMA).fetchone()) is None:
        raise ConfigError(MISSING)
    return sql.Identifier(row[0])


def _run(conn: psycopg.Connection, schema: sql.Identifier, query: LiteralString) -> psycopg.Cursor:
    """Run a query on the extension."""
    try:
        return conn.execute(sql.SQL(query).format(schema=schema))
    except errors.ObjectNotInPrerequisiteState:  # the extension exists, but its library is not loaded
        raise ConfigError(MISSING) from None
