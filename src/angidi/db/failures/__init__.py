"""What people are told when the database fails a command: the reason on one line, and the next step.

libpq has no SQLSTATE for a failed connection, so its text decides; a server that speaks another language than English
gets the general advice.
"""

import re

import psycopg

from angidi.db.errors import error_reason
from angidi.db.failures.advice import CONNECTION_ADVICE, LOOK, STATEMENT_ADVICE
from angidi.errors import AngidiError, Unavailable

SCHEMA_STATES = frozenset({"3F000", "42703", "42704", "42883", "42P01"})
"""SQLSTATEs of a statement that names what the schema lacks: a schema, column, object, function or table."""


class SchemaMismatch(AngidiError):
    """The schema is not that of this program. The message says which it is, and the next step."""


class StatementRefused(AngidiError):
    """The server refused a statement for a reason that is no declared error. The message is the server's."""


def unreachable_error(reason: str) -> Unavailable:
    """Return the error for a database that cannot be reached: libpq's reason on one line, and advice.

    libpq's own hints ("Is the server running …?"), which are indented, are removed.
    """
    message = " ".join(" ".join(line for line in reason.splitlines() if not line.startswith("\t")).split())
    return Unavailable(f"{message}. {connection_advice(message)}")


def connection_advice(reason: str) -> str:
    """Return what to do about a failed connection, by libpq's reason on one line."""
    return next((advice for pattern, advice in CONNECTION_ADVICE if re.search(pattern, reason)), LOOK)


def is_schema_error(error: BaseException) -> bool:
    """Tell whether the server refused a statement because the schema lacks something."""
    return isinstance(error, psycopg.Error) and error.sqlstate in SCHEMA_STATES


def statement_refused(error: BaseException) -> StatementRefused | None:
    """Return the error for one of the driver that nothing else declared, or None if it is not the driver's."""
    if not isinstance(error, psycopg.Error):
        return None
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return StatementRefused(f"the database refused a statement: {' '.join(error_reason(error).split())}{state}")


def next_step(error: BaseException | None) -> str | None:
    """Return what to do about the first SQLSTATE in the chain of causes of `error`, or None."""
    while error is not None:
        if advice := STATEMENT_ADVICE.get(getattr(error, "sqlstate", None) or ""):
            return advice
        error = error.__cause__
    return None
