"""One connection to the target database, with its bookkeeping table and its lock."""

import os
from dataclasses import dataclass, replace
from typing import Any, Self

import psycopg
from psycopg import Connection

from angidi.migrate.errors import BookkeepingError, MigrateError, OpenError, Unreachable
from angidi.migrate.options import Options

from .locks import AdvisoryLock, Lock, TableLock, lock_id
from .url import PQ_SCHEMES, Target
from .version_table import VersionTable, table_names

APPLICATION = "angidi migrate"

_NO_LIMITS = """
SELECT set_config(name, '0', false)
FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
  AND setting <> '0' AND source <> 'client'
"""

_LIMIT = "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'"
_NO_LIMIT = "SELECT set_config('lock_timeout', '0', false) WHERE current_setting('lock_timeout') = %s"


@dataclass(slots=True)
class Session:
    """A connection in autocommit mode, which keeps its settings from file to file of a run."""

    target: Target
    connection: Connection[Any]
    table: VersionTable
    lock: Lock
    _lock_timeout: str = ""
    """The value of lock_timeout that we have set, as the server spells it; empty for none."""

    @classmethod
    def open(cls, target: Target, options: Options) -> Self:
        """Connect; raises `OpenError`, or `Unreachable`. Neither lock nor table is touched."""
        connection = connect(target, strict=options.strict)
        try:
            row = connection.execute("SELECT current_schema(), current_database()").fetchone()
            schema, database = row or (None, "")
            table = VersionTable(connection, *table_names(target, schema))
            return cls(target, connection, table, _lock(target, table, database, strict=options.strict))
        except BaseException as error:
            connection.close()
            if isinstance(error, psycopg.Error):
                raise OpenError(target.redact(str(error).strip())) from error
            raise

    def prepare(self) -> None:
        """Create the bookkeeping table where it is missing; the caller holds an advisory lock, if any."""
        if not self.table.exists():
            self.table.create()

    def limit_lock_waits(self, seconds: float) -> None:
        """From now on, let no statement wait longer for a table, unless the address or a file has set a limit.

        It is set outside of transactions: inside one, a query would come before the file's own SET TRANSACTION.
        """
        if not self._lock_timeout and seconds:
            row = self.connection.execute(_LIMIT, [str(round(seconds * 1000))]).fetchone()
            self._lock_timeout = row[0] if row else "the file's"

    def allow_lock_waits(self) -> None:
        """Remove our limit, unless a file has set another one."""
        if self._lock_timeout:
            self.connection.execute(_NO_LIMIT, [self._lock_timeout])
            self._lock_timeout = ""

    def rollback(self) -> None:
        """Roll back an open transaction; does nothing on a closed connection."""
        if not self.connection.closed and self.connection.info.transaction_status:
            self.connection.execute("ROLLBACK")

    def failure(self, error: psycopg.Error) -> MigrateError:
        """Return a bookkeeping statement's error as ours, without the password."""
        message = error.diag.message_primary or str(error).strip()
        return BookkeepingError(self.target.redact(f"pq: {message}"))

    def close(self) -> None:
        """Close the connection, which also releases every lock."""
        self.connection.close()


def connect(target: Target, *, strict: bool = False, **changes: str) -> Connection[Any]:
    """Open a connection with golang-migrate's session settings; `changes` replace parts of the address.

    Unless strict, time limits hold only where the address sets them: those of a role or a server are made for requests.
    Raises `Unreachable`, or `OpenError` for an address that libpq does not understand.
    """
    settings = _settings(target, strict=strict) | changes
    try:
        connection = Connection[Any].connect(autocommit=True, prepare_threshold=None, **settings)  # pyright: ignore[reportArgumentType] # libpq's settings are text
    except psycopg.errors.ConnectionTimeout as error:  # which does not say of what
        raise Unreachable(f"host {settings.get('host')}, port {settings.get('port', '5432')}: {error}") from None
    except UnicodeError as error:  # of a host name with an empty or a long label
        raise Unreachable(f"failed to resolve host {settings.get('host')}: {error}") from None
    except psycopg.Error as error:
        raise _not_open(target, error) from None
    try:
        if not strict:
            connection.execute(_NO_LIMITS)
    except psycopg.Error as error:  # the server may be gone again
        connection.close()
        raise _not_open(target, error) from error
    return connection


def _not_open(target: Target, error: psycopg.Error) -> OpenError:
    kind = Unreachable if isinstance(error, psycopg.OperationalError) else OpenError
    return kind(target.redact(str(error).strip()))


def _settings(target: Target, *, strict: bool) -> dict[str, str]:
    settings = {"client_encoding": "UTF8", "fallback_application_name": APPLICATION, **target.connect}
    options = [settings.get("options", "")]
    if not strict:  # else a CHECK with a backslash is stored without it where the server's default is off
        options.insert(0, "-c standard_conforming_strings=on")
    if target.scheme in PQ_SCHEMES:
        options.insert(0, r"-c datestyle=ISO,\ MDY")
        if strict:
            settings.setdefault("host", os.environ.get("PGHOST", "localhost"))
            socket = settings["host"].startswith("/")
            settings.setdefault("sslmode", os.environ.get("PGSSLMODE", "disable" if socket else "require"))
    if target.statement_timeout > 0 and not strict:
        options.append(f"-c statement_timeout={target.statement_timeout}")
    return settings | {"options": " ".join(filter(None, options))}


def _lock(target: Target, table: VersionTable, database: str, *, strict: bool) -> Lock:
    """Return golang-migrate's lock; unless strict, also under the name that embedded Go services use."""
    name = target.lock_name or database
    if target.lock_table is not None:
        return TableLock(table.connection, target.lock_table, lock_id(name))
    names = {name} if strict else {name, database, f"/{database}"}
    return AdvisoryLock(table.connection, [lock_id(each, table.schema, table.table) for each in sorted(names)])


def at_database(target: Target, name: str) -> Target:
    """Return `target` with another database's name, whose bookkeeping has golang-migrate's default form."""
    return replace(target, connect=target.connect | {"dbname": name}, lock_name=f"/{name}")
