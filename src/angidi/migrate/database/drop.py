"""Dropping all there is."""

from contextlib import suppress
from typing import Any

from psycopg import Connection, Error, sql

from .history import History
from .session import Session

_TABLES = """
SELECT table_name::text FROM information_schema.tables
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
"""

_OBJECTS = """
WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
objects AS (
  SELECT 'pg_class'::regclass AS catalogue, relation.oid, relname::text AS name, '' AS arguments, 1 AS place,
         CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind
  FROM pg_class AS relation JOIN here ON here.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'pg_proc'::regclass, routine.oid, proname,
         format('(%s)', pg_get_function_identity_arguments(routine.oid)), 2,
         CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END
  FROM pg_proc AS routine JOIN here ON here.oid = pronamespace
  UNION ALL
  SELECT 'pg_type'::regclass, kind.oid, typname, '', 3, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
  FROM pg_type AS kind JOIN here ON here.oid = typnamespace
  LEFT JOIN pg_class AS relation ON relation.oid = typrelid
  WHERE typtype IN ('e', 'd', 'r') OR relation.relkind = 'c'
  UNION ALL
  SELECT 'pg_collation'::regclass, sorting.oid, collname, '', 4, 'COLLATION'
  FROM pg_collation AS sorting JOIN here ON here.oid = collnamespace
  UNION ALL
  SELECT 'pg_ts_config'::regclass, config.oid, cfgname, '', 5, 'TEXT SEARCH CONFIGURATION'
  FROM pg_ts_config AS config JOIN here ON here.oid = cfgnamespace
)
SELECT kind, name, arguments
FROM objects
WHERE NOT EXISTS (
  SELECT FROM pg_depend
  WHERE classid = catalogue AND objid = objects.oid AND deptype = 'e'
)
ORDER BY place, name, arguments
"""


def drop_tables(session: Session) -> None:
    """Drop every table of the current schema, one by one and nothing else, as golang-migrate does."""
    for (name,) in session.connection.execute(_TABLES).fetchall():
        session.connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(name)))


def drop_everything(session: Session) -> int:
    """Drop all objects of the current schema, and the bookkeeping; return the number of objects.

    What belongs to an extension, and other schemas, stay.
    """
    connection = session.connection
    with connection.transaction():
        objects = connection.execute(_OBJECTS).fetchall()
        for kind, name, arguments in objects:
            _drop(connection, kind, name, arguments)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(session.table.name))
        with suppress(Error), connection.transaction():
            History(connection, session.table).drop()
    return len(objects)


def _drop(connection: Connection[Any], kind: str, name: str, arguments: str) -> None:
    """Drop one object; it may be gone already, with another one that it depended on."""
    statement = f"DROP {kind} IF EXISTS "
    connection.execute(sql.SQL(statement) + sql.Identifier(name) + sql.SQL(f"{arguments} CASCADE"))  # pyright: ignore[reportArgumentType] # both come from the catalogue
