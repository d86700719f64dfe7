"""Looking at a database before it is used: its characters, and whether anything is in it."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from angidi.config import ConfigError
from angidi.db.conninfo import parts_of
from angidi.db.errors import translated
from angidi.db.pool import connection_settings
from angidi.errors import Unavailable

CONNECT_TIMEOUT = 5
"""Seconds."""

FORMER = "SELECT to_regclass('users_email_living_key') IS NOT NULL"
"""Whether the schema was made by the migrations before they were rewritten: only those make that index."""

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
    except errors.ConnectionTimeout as error:  # which does not say of what
        parts = parts_of(conninfo)
        raise unreachable(f"host {parts.get('host')}, port {parts.get('port', '5432')}: {error}") from None
    except psycopg.OperationalError as error:
        raise unreachable(str(error)) from None
    with translated(), conn:
        yield conn


def unreachable(reason: str) -> Unavailable:
    """Return the error for a database that does not answer, or lets nobody in: what libpq says of it, on one line.

    libpq's questions ("Is the server running …?"), which it indents, give way to what to look at.
    """
    said = " ".join(" ".join(line for line in reason.splitlines() if not line.startswith("\t")).split())
    return Unavailable(f"{said}. Look at DATABASE_URL or DB_HOST and DB_PORT, and whether it runs there")


def reach(conninfo: str) -> None:
    """See that a pool will find its database, and a schema of ours; raises `Unavailable` with the reason, at once.

    The pool itself tries on for ten seconds, and tells its log alone why. Raises `ConfigError` as `refuse_former`.
    """
    with connected(make_conninfo(conninfo, options=connection_settings(conninfo)["options"])) as conn:
        refuse_former(conn)


def refuse_former(conn: psycopg.Connection) -> None:
    """Raise `ConfigError` for a schema that was made by the migrations before they were rewritten."""
    if conn.execute(FORMER).fetchone() == (True,):
        raise ConfigError(
            "DB_NAME: the schema is that of an earlier checkout, and its migrations are not these: save the data by "
            "pg_dump or by `angidi export` of the former checkout, and use an empty database"
        )


def characters(conninfo: str) -> tuple[str, bool]:
    """Return the encoding, and whether lower() does what the platform expects. Raises `Unavailable`."""
    with connected(conninfo) as conn:
        encoding = conn.info.parameter_status("server_encoding") or ""
        return encoding, encoding == "UTF8" and conn.execute(LETTERS).fetchone() == (True,)


def is_empty(conninfo: str) -> bool:
    """Tell whether the schema has no table, those of the migrations apart. Raises `Unavailable`."""
    with connected(conninfo) as conn:
        return conn.execute(TABLE_COUNT).fetchone() == (0,)
