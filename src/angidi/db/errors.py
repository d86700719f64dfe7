"""The one place where the driver's errors are caught and become ours.

Which SQLSTATE becomes what, and why nothing of class 08, 25, 40, 53 or 57 is ever an internal error, stands in
`docs/reference/errors.md`.
"""

import re
from contextlib import AbstractContextManager
from types import TracebackType

import psycopg
from psycopg import errors as pg
from psycopg_pool import PoolClosed, PoolTimeout

from angidi.errors import (
    REGISTRY,
    AngidiError,
    ConnectionLost,
    Constraint,
    Invalid,
    Side,
    TransactionConflict,
    Unavailable,
)

_CONSTRAINT_IN_TEXT = re.compile(r'constraint "(?P<name>[^"]+)"')
_TABLE_IN_TEXT = re.compile(r'(?:relation|table) "(?P<name>[^"]+)" violates')
_SHARD_SUFFIX = re.compile(r"_\d+$")

_ROLLED_BACK = ("40001", "40P01")
_UNAVAILABLE_CLASSES = ("08", "25", "40", "53", "57")
_LOCK_NOT_AVAILABLE = "55P03"
_SHUTDOWN = "57P0"
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
        if isinstance(error, PoolTimeout | PoolClosed):
            raise Unavailable from error
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
    if state in _ROLLED_BACK or is_outdated(error):
        return TransactionConflict()
    if isinstance(error, psycopg.IntegrityError):
        return _declared(error)
    if state[:4] == _SHUTDOWN or (not state and isinstance(error, _WITHOUT_STATE)):
        return ConnectionLost()
    if state[:2] in _UNAVAILABLE_CLASSES or state == _LOCK_NOT_AVAILABLE:
        return Unavailable()
    if isinstance(error, psycopg.DataError):
        return Invalid("A value is out of the range that can be stored.")
    return None


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
