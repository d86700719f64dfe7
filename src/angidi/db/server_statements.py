"""What statements cost as the server counts it: by pg_stat_statements, where the database has it."""

import psycopg
from psycopg import errors, sql

from angidi.db.statements import Cost, Figures
from angidi.errors import Forbidden

SCHEMA = """
SELECT nspname
  FROM pg_extension AS e
  JOIN pg_namespace AS n ON n.oid = e.extnamespace
 WHERE extname = 'pg_stat_statements'
"""
SINCE = "SELECT stats_reset FROM {schema}.pg_stat_statements_info"

# One text may stand there several times: by user, and inside functions. The text of other users' statements is hidden
# from who is no member of pg_read_all_stats; their time is in no sum then.
STATEMENTS = """
SELECT query, sum(calls)::bigint, sum(total_exec_time) / 1000, max(max_exec_time) / 1000, sum(rows)::bigint
  FROM {schema}.pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query <> '<insufficient privilege>'
 GROUP BY query
"""
RESET = """
SELECT {schema}.pg_stat_statements_reset(0, oid, 0)
  FROM pg_database
 WHERE datname = current_database()
"""


_NOT_THERE = (errors.UndefinedTable, errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege)
"""Too old to tell since when; not among shared_preload_libraries; not for this role."""


def server_figures(conn: psycopg.Connection) -> Figures | None:
    """Return what the server counted in this database; None where it does not count, or lets this role not read."""
    if (schema := _schema(conn)) is None:
        return None
    try:
        (since,) = conn.execute(sql.SQL(SINCE).format(schema=schema)).fetchone() or (None,)
        rows = conn.execute(sql.SQL(STATEMENTS).format(schema=schema)).fetchall()
    except _NOT_THERE:
        return None
    return Figures(since, [Cost(*row) for row in rows])


def reset_server_figures(conn: psycopg.Connection) -> None:
    """Let the server count this database's statements anew. Raises `Forbidden` where the role may not."""
    try:
        conn.execute(sql.SQL(RESET).format(schema=_schema(conn)))
    except errors.InsufficientPrivilege:
        raise Forbidden(
            "This role may not reset the server's statistics; a superuser may let it: "
            f"GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO {conn.info.user}"
        ) from None


def _schema(conn: psycopg.Connection) -> sql.Identifier | None:
    row = conn.execute(SCHEMA).fetchone()
    return sql.Identifier(row[0]) if row else None
