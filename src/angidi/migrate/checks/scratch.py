"""Scratch databases on a target's server: made empty or as copies, and dropped at the end."""

import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from psycopg import Connection, Error, sql
from psycopg.errors import InsufficientPrivilege

from angidi.migrate.database.session import at_database, connect
from angidi.migrate.database.url import Target
from angidi.migrate.errors import MigrateError, SourceError
from angidi.migrate.files.source import Source
from angidi.migrate.run.runner import Migrate

_SETTINGS = """
SELECT name, setting FROM pg_settings WHERE source = 'session'
UNION ALL SELECT 'role', current_setting('role') WHERE current_setting('role') <> 'none'
"""


class ScratchServer:
    """The server of `target`, and the scratch databases on it. Use it in a `with` block, which drops them.

    A run of migrations is one session. A database that is copied may have none, so the settings of a database's last
    session are carried over to its next, and to copies; temporary tables and prepared statements are not.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._admin = connect(target)
        self._names: list[str] = []
        self._settings: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the databases."""
        for name in [*self._names]:
            self.drop(name)
        self._admin.close()

    def create(self, template: str = "template0") -> str:
        """Create a database as a copy of `template`, to which nobody may be connected; return its name.

        Raises `MigrateError` for a user who may not.
        """
        name = f"migrate_verify_{secrets.token_hex(6)}"
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        try:
            self._admin.execute(query)
        except InsufficientPrivilege as error:
            raise MigrateError("this user may not create scratch databases", "Grant it CREATEDB.") from error
        self._names.append(name)
        self._settings[name] = self._settings.get(template, {})
        return name

    @contextmanager
    def open(self, source: Source, name: str) -> Generator[Migrate]:
        """Open a database, with the settings of its last session."""
        with Migrate.open(source, at_database(self._target, name)) as migrate:
            connection = migrate.session.connection
            _apply(connection, self._settings[name])
            yield migrate
            if not connection.closed:
                self._settings[name] = dict(connection.execute(_SETTINGS))

    def run_files(self, name: str, paths: Iterable[Path]) -> None:
        """Run files of SQL in a database; raises `MigrateError` for one that fails, or cannot be read."""
        with connect(at_database(self._target, name)) as connection:
            for path in paths:
                try:
                    connection.execute(path.read_bytes())
                except OSError as error:
                    raise SourceError(f"{path}: {error.strerror}") from error
                except Error as error:
                    raise MigrateError(f"{path}: {error.diag.message_primary or error}") from error

    def drop(self, name: str) -> None:
        """Drop a database."""
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._names.remove(name)


def _apply(connection: Connection[Any], settings: Mapping[str, str]) -> None:
    for setting in settings.items():
        with suppress(Error):  # one that this user may not set, or that only a server start does
            connection.execute("SELECT set_config(%s, %s, false)", setting)
