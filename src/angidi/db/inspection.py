"""Checks of a database before it is used: reachability, encoding, emptiness."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from angidi.config import ConfigError
from angidi.db.conninfo import parse_conninfo
from angidi.db.errors import translated
from angidi.db.failures import unreachable_error
from angidi.db.pool import connection_settings

CONNECT_TIMEOUT = 5
"""Seconds."""

OPTIONS = "-c standard_conforming_strings=on"
"""A backslash in a text is itself, whatever the server's default is."""

FORMER = "SELECT to_regclass('users_email_living_key') IS NOT NULL"
"""Whether the schema comes from the migrations before they were rewritten: only those create this index."""

LETTERS = "SELECT lower('É') = 'é' AND lower('İ') = 'i' AND lower('I') = 'i'"
TABLE_COUNT = """
SELECT count(*)
  FROM pg_tables
 WHERE schemaname = current_schema() AND NOT starts_with(tablename, 'schema_migrations')
"""


@contextmanager
def connect(conninfo: str) -> Generator[psycopg.Connection]:
    """Provide an autocommit connection for a command. Raises `Unavailable` with the reason and advice."""
    try:
        options = f"{OPTIONS} {parse_conninfo(conninfo).get('options', '')}"
        conn = psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT, options=options)
    except errors.ConnectionTimeout as error:  # its message does not name the server
        parts = parse_conninfo(conninfo)
        raise unreachable_error(f"host {parts.get('host')}, port {parts.get('port', '5432')}: {error}") from None
    except UnicodeError as error:  # of a host name with an empty or a long label
        raise unreachable_error(f"failed to resolve host {parse_conninfo(conninfo).get('host')}: {error}") from None
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:  # the latter: a bad connect_timeout
        raise unreachable_error(str(error)) from None
    with translated(), conn:
        yield conn


def hash_password(conn: psycopg.Connection, role: str, password: str) -> str:
    """Return the SCRAM hash of a role's password: the statement that sets it may be in the server's log."""
    return conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def check_reachable(conninfo: str) -> None:
    """Raise `Unavailable` with the reason if the database cannot be reached, before a pool is opened.

    The pool retries for ten seconds and reports the reason to its log only. Raises `ConfigError`, too.
    """
    with connect(make_conninfo(conninfo, options=connection_settings(conninfo)["options"])) as conn:
        reject_former_schema(conn)


def reject_former_schema(conn: psycopg.Connection) -> None:
    """Raise `ConfigError` for a schema of the migrations before they were rewritten."""
    if conn.execute(FORMER).fetchone() == (True,):
        raise ConfigError(
            "DB_NAME: the schema is that of an earlier checkout, and its migrations are not these: save the data by "
            "pg_dump or by `angidi export` of the former checkout, and use an empty database"
        )


def read_encoding(conninfo: str) -> tuple[str, bool]:
    """Return the encoding, and whether lower() behaves as the platform requires. Raises `Unavailable`."""
    with connect(conninfo) as conn:
        encoding = conn.info.parameter_status("server_encoding") or ""
        return encoding, encoding == "UTF8" and conn.execute(LETTERS).fetchone() == (True,)


def is_empty(conninfo: str) -> bool:
    """Tell whether the schema has no table except those of the migration tool. Raises `Unavailable`."""
    with connect(conninfo) as conn:
        return conn.execute(TABLE_COUNT).fetchone() == (0,)
