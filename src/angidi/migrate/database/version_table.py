"""The bookkeeping table, exactly as golang-migrate keeps it: one row (version, dirty), or none."""

import re
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor, Error, errors, sql

from angidi.migrate.errors import NIL, BookkeepingError, OpenError
from angidi.migrate.server_error import ServerError

from .query import run_statements
from .url import Target


@dataclass(frozen=True, slots=True)
class VersionTable:
    """The table `schema`.`table`. Every statement names it in full, so `search_path` does not matter."""

    connection: Connection[Any]
    schema: str
    table: str

    def exists(self) -> bool:
        """Say whether the table is there."""
        query = "SELECT FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        return self.connection.execute(query, [self.schema, self.table]).rowcount == 1

    def create(self) -> None:
        """Create the table; another run that creates it at the same moment is no error."""
        query = "CREATE TABLE IF NOT EXISTS {} (version bigint not null primary key, dirty boolean not null)"
        try:
            self.run(sql.SQL(query).format(self.name))
        except BookkeepingError as error:
            if not isinstance(error.__cause__, errors.UniqueViolation | errors.DuplicateTable):
                raise

    def read(self) -> tuple[int, bool]:
        """Return version and dirty mark; (-1, False) where there is no row or no table."""
        try:
            cursor = self.run(sql.SQL("SELECT version, dirty FROM {} LIMIT 1").format(self.name))
        except BookkeepingError as error:
            if not isinstance(error.__cause__, errors.UndefinedTable):
                raise
            return NIL, False
        row = cursor.fetchone()
        return (row[0], row[1]) if row else (NIL, False)

    def replacing(self, version: int, *, dirty: bool) -> list[sql.Composed]:
        """Return the statements that make (version, dirty) the one row. Nothing applied and clean is no row.

        TRUNCATE and INSERT rather than UPDATE: users hang history triggers on the INSERT.
        """
        truncate = sql.SQL("TRUNCATE {}").format(self.name)
        if version == NIL and not dirty:
            return [truncate]
        insert = sql.SQL("INSERT INTO {} (version, dirty) VALUES ({}, {})")
        return [truncate, insert.format(self.name, sql.Literal(version), sql.Literal(dirty))]

    def write(self, version: int, *, dirty: bool, also: sql.Composed | None = None) -> ServerError | None:
        """Replace the row in a transaction of its own, and run the statement `also` in it.

        Raises `BookkeepingError`; returns the error of `also`, after which nothing is written.
        """
        # READ WRITE, as golang-migrate has it: a file may have made transactions read-only by default.
        statements = [sql.SQL("BEGIN READ WRITE"), *self.replacing(version, dirty=dirty)]
        more = [also] if also else []
        error = run_statements(self.connection, [*statements, *more, sql.SQL("COMMIT")])
        if error and self.connection.info.transaction_status:
            self.connection.execute("ROLLBACK")
        if error and not (also and error.index == len(statements)):
            raise self.failure(error, error.index)
        return error

    def failure(self, error: ServerError, number: int) -> BookkeepingError:
        """Return the error in golang-migrate's words; `number` tells the statement: 0 BEGIN, 1 TRUNCATE, 2 INSERT."""
        name = self.name.as_string(self.connection) if not self.connection.closed else ""
        insert = f"INSERT INTO {name} (version, dirty) VALUES ($1, $2)"
        texts = ["", f"TRUNCATE {name}", insert]
        said = f"pq: {error.message}"
        if 0 < number < len(texts):
            text = f"{said} in line 0: {texts[number]}"
        else:
            what = "start" if number == 0 else "commit"
            text = f"transaction {what} failed in line 0:  (details: {said})"
        return BookkeepingError(text, reason=error.message, sqlstate=error.sqlstate)

    def run(self, query: sql.Composed) -> Cursor[Any]:
        """Run a bookkeeping statement; raises `BookkeepingError`."""
        try:
            return self.connection.execute(query)
        except Error as error:
            said = error.diag.message_primary or str(error).strip()
            text = query.as_string(self.connection)
            raise BookkeepingError(
                f"pq: {said} in line 0: {text}", reason=said, sqlstate=error.sqlstate or ""
            ) from error

    @property
    def name(self) -> sql.Identifier:
        """The table's full name, quoted."""
        return sql.Identifier(self.schema, self.table)


def table_names(target: Target, current_schema: str | None) -> tuple[str, str]:
    """Return schema and table that `target` means in a session with this current schema."""
    if not target.quoted:
        return _existing(current_schema), target.table
    if not re.fullmatch(r'".+"', target.table):
        raise OpenError(
            'x-migrations-table must be quoted (for instance \'"migrate"."schema_migrations"\') when '
            f"x-migrations-table-quoted is enabled, current value is: {target.table}"
        )
    parts = re.findall(r'"(.*?)"', target.table)
    *schemas, table = parts
    if len(schemas) > 1:
        raise OpenError(f'"{target.table}" MigrationsTable contains too many dot characters')
    return (schemas[0] if schemas else _existing(current_schema)), table


def _existing(current_schema: str | None) -> str:
    if current_schema is None:
        raise OpenError("no schema", "The search_path names no schema that exists: create it first.")
    return current_schema
