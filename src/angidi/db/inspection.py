"""Looking at a database before it is used: its characters, and whether anything is in it."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from angidi.db.errors import translated
from angidi.errors import Unavailable

CONNECT_TIMEOUT = 5
"""Seconds."""

LETTERS = "SELECT lower('É') = 'é' AND lower('İ') = 'i' AND lower('I') = 'i'"
TABLE_COUNT = """
SELECT count(*)
  FROM pg_tables
 WHERE schemaname = current_schema() AND NOT starts_with(tablename, 'schema_migrations')
"""


@contextmanager
def connected(conninfo: str) -> Generator[psycopg.Connection]:
    """Give an autocommit connection for a command. Raises `Unavailable` with the reason and what to look at."""
    try:
        conn = psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT)
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise Unavailable(f"{reason}. Look at DATABASE_URL or DB_HOST and DB_PORT, and whether it runs there") from None
    with translated(), conn:
        yield conn


def characters(conninfo: str) -> tuple[str, bool]:
    """Return the encoding, and whether lower() does what the platform expects. Raises `Unavailable`."""
    with connected(conninfo) as conn:
        encoding = conn.info.parameter_status("server_encoding") or ""
        return encoding, encoding == "UTF8" and conn.execute(LETTERS).fetchone() == (True,)


def is_empty(conninfo: str) -> bool:
    """Tell whether the schema has no table, those of the migrations apart. Raises `Unavailable`."""
    with connected(conninfo) as conn:
        return conn.execute(TABLE_COUNT).fetchone() == (0,)
