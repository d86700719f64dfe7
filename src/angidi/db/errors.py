"""Translation of the driver's errors into `AngidiError`: the only place that catches them.

`docs/reference/errors.md` lists which SQLSTATE becomes which error, and why classes 08, 25, 40, 53, 57 and 58 are never
internal errors.
"""

import re
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeVar

import psycopg
from psycopg import errors as pg
from psycopg_pool import PoolClosed, PoolTimeout

from angidi.errors import (
    REGISTRY,
    AngidiError,
    ConnectionLost,
    Constraint,
    DiskFull,
    Invalid,
    LockWaitTimeout,
    OutOfRange,
    ReadOnlyDatabase,
    ServerOverloaded,
    Side,
    StatementTimeout,
    TransactionConflict,
    Unavailable,
    UnreadableData,
)

E = TypeVar("E", bound=BaseException)

_CONSTRAINT_IN_TEXT = re.compile(r'constraint "(?P<name>[^"]+)"')
_TABLE_IN_TEXT = re.compile(r'(?:relation|table) "(?P<name>[^"]+)" violates')
_SHARD_SUFFIX = re.compile(r"_\d+$")

UNAVAILABLE: dict[str, type[Unavailable]] = {
    "08": ConnectionLost,  # of a pooler that has lost its connection to the server, in a COMMIT perhaps
    "25": Unavailable,
    "25006": ReadOnlyDatabase,
    "25P03": StatementTimeout,
    "25P04": StatementTimeout,
    "40": Unavailable,
    "40001": TransactionConflict,
    "40003": ConnectionLost,
    "40P01": TransactionConflict,
    "53": ServerOverloaded,
    "53100": DiskFull,
    "55P03": LockWaitTimeout,
    "57": Unavailable,
    "57014": StatementTimeout,
    "57P01": ConnectionLost,
    "57P02": ConnectionLost,
    "57P03": ConnectionLost,
    "57P05": ConnectionLost,
    "58": Unavailable,
}
"""The error of each SQLSTATE, or of its class (first two characters)."""

UNSTORABLE = OutOfRange.message

LOADING = (psycopg.DataError, ValueError, ArithmeticError)
"""Exceptions of the driver when it cannot convert a stored value to Python, such as text that is not UTF-8."""

_WITHOUT_STATE = (psycopg.OperationalError, psycopg.InterfaceError)
"""Exceptions of the driver for a lost connection, without an SQLSTATE."""


class _Translated:
    """Context manager of `translated`. Stateless, so one instance serves all."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise our error in place of the driver's."""
        if isinstance(error, psycopg.Error) and (ours := translate(error)):
            raise ours from error


_TRANSLATED = _Translated()


def translated() -> AbstractContextManager[None]:
    """Translate errors of the driver inside the block, COMMIT included, into `AngidiError`.

    Errors without a meaning to clients, such as a syntax error, pass through: they are bugs.
    """
    return _TRANSLATED


def translate(error: psycopg.Error) -> AngidiError | None:
    """Return our error for the driver's, or None if it has no meaning to clients."""
    state = error.sqlstate or ""
    if is_outdated(error):
        return TransactionConflict()
    if isinstance(error, psycopg.IntegrityError):
        return _declared(error)
    if not state:
        return _translate_driver_error(error)
    if unavailable := UNAVAILABLE.get(state) or UNAVAILABLE.get(state[:2]):
        return unavailable()
    if isinstance(error, pg.NumericValueOutOfRange):
        return OutOfRange()
    return Invalid(UNSTORABLE) if isinstance(error, psycopg.DataError) else None


def _translate_driver_error(error: psycopg.Error) -> AngidiError | None:
    """Return our error for one without an SQLSTATE: raised by the driver or by the pool itself."""
    if isinstance(error, PoolTimeout | PoolClosed):
        return Unavailable()
    if isinstance(error, _WITHOUT_STATE):
        return ConnectionLost()
    return UnreadableData() if isinstance(error, psycopg.DataError) else None


def refused_parameter(error: Exception) -> Invalid | None:
    """Return our error if `execute` failed because a parameter could not be sent, else None.

    Such an error has no SQLSTATE, because the server never saw the statement. Errors of reading a result have none
    either, but `execute` never raises them.
    """
    refused = isinstance(error, UnicodeEncodeError | psycopg.DataError) and not getattr(error, "sqlstate", None)
    return Invalid(UNSTORABLE) if refused else None


def unreadable(error: Exception, statement: str) -> Exception:
    """Return our error for a failure to read the result of `statement`; server errors are returned unchanged."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error
    return with_statement(UnreadableData(), statement)


def with_statement(error: E, statement: object) -> E:
    """Attach the statement, which contains no values, to its error for the log."""
    if isinstance(statement, str):
        error.add_note(" ".join(statement.split()))
    return error


def error_reason(error: BaseException | None) -> str:
    """Return the message of the driver or the server without DETAIL and CONTEXT, which may contain parameters."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return primary or str(error)


def log_fields(error: BaseException | None) -> dict[str, str | None] | None:
    """Return the loggable fields of the driver's error in the chain of `error`, or None.

    The full text is not among them: it may contain the row, including a password hash.
    """
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__ or error.__context__
    if error is None:
        return None
    diag = error.diag
    return {
        "error": type(error).__name__,
        "sqlstate": error.sqlstate,
        "reason": diag.message_primary,
        "table": diag.table_name,
        "constraint": diag.constraint_name,
    }


def failed_statement(error: BaseException) -> str | None:
    """Return the statement attached to the error or its cause, or None."""
    notes = getattr(error, "__notes__", None) or getattr(error.__cause__, "__notes__", None)
    return notes[0] if notes else None


def is_outdated(error: psycopg.Error) -> bool:
    """Tell whether a prepared statement failed because a migration changed its result type.

    PostgreSQL has no SQLSTATE for this case, and its message is localized; the source function that raises it is
    unique.
    """
    return isinstance(error, pg.FeatureNotSupported) and error.diag.source_function == "RevalidateCachedQuery"


def _declared(error: psycopg.IntegrityError) -> AngidiError | None:
    table, name = violated(error)
    key = Constraint(table, name, _side(error, table, name))
    found = REGISTRY.get(key)
    return found.of_detail(error.diag.message_detail or "") if found else None


def violated(error: psycopg.IntegrityError) -> tuple[str, str]:
    """Return table and name of the violated constraint.

    Both come from the diagnostics if the server sends them, else from the message, without the `_<digits>` suffix that
    a sharded engine appends. For a NOT NULL violation the column stands in for the name.
    """
    diag = error.diag
    text = diag.message_primary or str(error)
    if isinstance(error, pg.NotNullViolation):
        return diag.table_name or "", diag.column_name or ""
    return diag.table_name or _named(_TABLE_IN_TEXT, text), diag.constraint_name or _named(_CONSTRAINT_IN_TEXT, text)


def _named(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return _SHARD_SUFFIX.sub("", found["name"]) if found else ""


def _side(error: psycopg.IntegrityError, table: str, name: str) -> Side:
    """Return which side of a foreign key broke it.

    PostgreSQL 18 reports RESTRICT as 23001. Earlier servers use 23503 for both sides; only the localized detail
    differs: "still referenced from table <the child>" against "not present in table <the parent>".
    """
    if isinstance(error, pg.RestrictViolation):
        return "parent"
    if Constraint(table, name, "parent") not in REGISTRY:
        return "row"
    return "parent" if re.search(rf"\b{re.escape(table)}\b", error.diag.message_detail or "") else "row"
