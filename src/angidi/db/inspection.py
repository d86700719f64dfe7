"""Looking at a database before it is used: its characters, and whether anything is in it."""

import psycopg

from angidi.db.errors import translated

LETTERS = "SELECT lower('É') = 'é' AND lower('İ') = 'i' AND lower('I') = 'i'"
TABLE_COUNT = """
SELECT count(*)
  FROM pg_tables
 WHERE schemaname = current_schema() AND NOT starts_with(tablename, 'schema_migrations')
"""


def characters(conninfo: str) -> tuple[str, bool]:
    """Return the encoding, and whether lower() does what the platform expects. Raises `Unavailable`."""
    with translated(), psycopg.connect(conninfo, connect_timeout=5) as conn:
        encoding = conn.info.parameter_status("server_encoding") or ""
        return encoding, encoding == "UTF8" and conn.execute(LETTERS).fetchone() == (True,)


def is_empty(conninfo: str) -> bool:
    """Tell whether the schema has no table, those of the migrations apart. Raises `Unavailable`."""
    with translated(), psycopg.connect(conninfo, connect_timeout=5) as conn:
        return conn.execute(TABLE_COUNT).fetchone() == (0,)
