"""The one place where the driver's errors are caught and become ours.

Which SQLSTATE becomes what, and why nothing of class 08, 25, 40, 53 or 57 is ever an internal error, stands in
`docs/reference/errors.md`.
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
    "08": Unavailable,
    "25": Unavailable,
    "25006": ReadOnlyDatabase,
    "25P03": StatementTimeout,
    "25P04": StatementTimeout,
    "40": Unavailable,
    "40001": TransactionConflict,
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
}
"""What an SQLSTATE means to a caller; where it has no line of its own, its class."""

UNSTORABLE = "A value is out of the range that can be stored."

LOADING = (psycopg.DataError, ValueError, ArithmeticError)
"""What the driver raises where it cannot make a Python value of a stored one: text that is no UTF-8, among others."""

_WITHOUT_STATE = (psycopg.OperationalError, psycopg.InterfaceError)
"""How the driver reports that a connection is gone: without an SQLSTATE."""


class _Translated:
    """What `translated` returns: one for all, for it holds nothing."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise ours in place of the driver's."""
        if isinstance(error, psycopg.Error) and (ours := translate(error)):
            raise ours from error


_TRANSLATED = _Translated()


def translated() -> AbstractContextManager[None]:
    """Turn what the driver raises inside the block, COMMIT included, into `AngidiError`.

    What has no meaning to a caller (a syntax error, an undefined column) passes through: it is a bug of ours.
    """
    return _TRANSLATED


def translate(error: psycopg.Error) -> AngidiError | None:
    """Return our error for the driver's, or None when it has no public meaning."""
    state = error.sqlstate or ""
    if is_outdated(error):
        return TransactionConflict()
    if isinstance(error, psycopg.IntegrityError):
        return _declared(error)
    if not state:
        return _of_the_driver(error)
    if unavailable := UNAVAILABLE.get(state) or UNAVAILABLE.get(state[:2]):
        return unavailable()
    if isinstance(error, psycopg.DataError):
        return Invalid(UNSTORABLE)
    return None


def _of_the_driver(error: psycopg.Error) -> AngidiError | None:
    """Return our error for one without an SQLSTATE: the driver's or the pool's own."""
    if isinstance(error, PoolTimeout | PoolClosed):
        return Unavailable()
    if isinstance(error, _WITHOUT_STATE):
        return ConnectionLost()
    return UnreadableData() if isinstance(error, psycopg.DataError) else None


def refused_parameter(error: Exception) -> Invalid | None:
    """Return our error for what `execute` raised, where the driver could not send a parameter; else None.

    Such an error has no SQLSTATE, for the server has not seen the statement. Nor has one of reading a result, which
    is never raised by `execute`.
    """
    refused = isinstance(error, UnicodeEncodeError | psycopg.DataError) and not getattr(error, "sqlstate", None)
    return Invalid(UNSTORABLE) if refused else None


def unreadable(error: Exception, statement: str) -> Exception:
    """Return our error for what reading the result of `statement` raised; the server's own is returned as it is."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error
    return with_statement(UnreadableData(), statement)


def with_statement(error: E, statement: object) -> E:
    """Note the statement, which is text of ours without any value, on its error, for the log."""
    if isinstance(statement, str):
        error.add_note(" ".join(statement.split()))
    return error


def reason_of(error: BaseException | None) -> str:
    """Return what the driver or the server says, without DETAIL and CONTEXT: these may quote parameters."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return primary or str(error)


def report_of(error: BaseException | None) -> dict[str, str | None] | None:
    """Return what may be logged of the driver's error in the chain of `error`, or None where there is none.

    Never its text: that quotes the row, a password's hash among it.
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


def statement_of(error: BaseException) -> str | None:
    """Return the statement that was noted on the error or its cause, or None."""
    notes = getattr(error, "__notes__", None) or getattr(error.__cause__, "__notes__", None)
    return notes[0] if notes else None


def is_outdated(error: psycopg.Error) -> bool:
    """Tell whether a prepared statement was refused because a migration has changed the type of its result.

    PostgreSQL has no code for this alone, and words in its own language; the place that raises it has one name.
    """
    return isinstance(error, pg.FeatureNotSupported) and error.diag.source_function == "RevalidateCachedQuery"


def _declared(error: psycopg.IntegrityError) -> AngidiError | None:
    table, name = violated(error)
    key = Constraint(table, name, _side(error, table, name))
    found = REGISTRY.get(key)
    return found() if found else None


def violated(error: psycopg.IntegrityError) -> tuple[str, str]:
    """Return table and name of the constraint that `error` is about.

    From the diagnostics where the server sends them, else from the message, without the `_<digits>` that a
    sharded engine appends to both. A NOT NULL has no name of its own everywhere: its column stands in.
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
    """Tell which side of a foreign key broke it.

    PostgreSQL 18 reports RESTRICT as 23001; earlier servers say 23503 for both sides, and only the detail differs:
    "still referenced from table <the child>" against "not present in table <the parent>", in the server's language.
    """
    if isinstance(error, pg.RestrictViolation):
        return "parent"
    if Constraint(table, name, "parent") not in REGISTRY:
        return "row"
    return "parent" if re.search(rf"\b{re.escape(table)}\b", error.diag.message_detail or "") else "row"
