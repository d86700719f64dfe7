"""Looking at a database before it is used: its characters, and whether anything is in it."""

import psycopg

from angidi.db.errors import translated

CHARACTERS = """
SELECT current_setting('server_encoding'), lower('É') = 'é' AND lower('İ') = 'i' AND lower('I') = 'i'
"""
TABLE_COUNT = """
SELECT count(*)
  FROM pg_tables
 WHERE schemaname = current_schema() AND tablename <> 'schema_migrations'
"""


def characters(conninfo: str) -> tuple[str, bool]:
    """Return the encoding, and whether lower() does what the platform expects. Raises `Unavailable`."""
    with translated(), psycopg.connect(conninfo, connect_timeout=5) as conn:
        row = conn.execute(CHARACTERS).fetchone()
    return row or ("", False)


def is_empty(conninfo: str) -> bool:
    """Tell whether the schema has no table, that of the migrations apart. Raises `Unavailable`."""
    with translated(), psycopg.connect(conninfo, connect_timeout=5) as conn:
        return conn.execute(TABLE_COUNT).fetchone() == (0,)
