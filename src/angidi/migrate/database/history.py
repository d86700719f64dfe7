"""The history table: what golang-migrate's one row cannot tell. golang-migrate ignores it.

It is written in the transaction that writes the version row, so equal `xmin` values prove that nobody else
has moved the version since. Where they differ, another tool has, and what the table said before counts as
unknown: a missing or outdated row is never an error.
"""

import getpass
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import Connection, Error, errors, sql

from angidi.migrate.errors import NIL
from angidi.migrate.files.source import Source

from .version_table import VersionTable

TOOL = "angidi"
SCHEMA = "angidi_migrate"
_LONGEST_NAME = 63
_COLUMNS = (
    *("id", "version", "action", "before", "after", "checksum", "seconds"),
    *("applied_at", "applied_by", "database_user", "tool"),
)

_CREATE = """
CREATE TABLE IF NOT EXISTS {} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version bigint NOT NULL,
  action text NOT NULL CHECK (action IN ('up', 'down', 'force', 'unknown')),
  before bigint NOT NULL,
  after bigint NOT NULL,
  checksum text,
  seconds double precision,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by text NOT NULL,
  database_user text NOT NULL DEFAULT session_user,
  tool text NOT NULL
)
"""
_HAS_SCHEMA = "SELECT to_regnamespace(%s) IS NOT NULL"
# Looked up in the catalogue: `to_regclass` raises where this user may not use the schema.
_EXISTS = """
SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE nspname = %s AND relname = %s)
"""
_IS_OURS = """
SELECT array_agg(attname::text ORDER BY attnum) = %s
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped
"""
_IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s))"
_INSERT = """INSERT INTO {} (version, action, before, after, checksum, seconds, applied_by, tool)
VALUES ({}, {}, {}, {}, {}, {}, {}, {})"""
_SELECT = """
SELECT version, action, before, after, checksum, seconds, applied_at, applied_by, tool
FROM {} ORDER BY id
"""
_ENDS_AT_NOTHING = "SELECT coalesce((SELECT after FROM {} ORDER BY id DESC LIMIT 1), %s) = -1"
_ENDS_WITH_GAP = "SELECT action = 'unknown' AND after = %s FROM {} ORDER BY id DESC LIMIT 1"
_CONTINUOUS = """
SELECT (SELECT xmin::text FROM {} LIMIT 1) IS NOT DISTINCT FROM
       (SELECT xmin::text FROM {} ORDER BY id DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: `version` was applied, undone or forced; that took the database from `before` to `after`."""

    version: int
    action: str
    before: int
    after: int
    checksum: str | None = None
    seconds: float | None = None
    applied_at: datetime | None = None
    applied_by: str = ""
    tool: str = TOOL


@dataclass(frozen=True, slots=True)
class AppliedState:
    """What is surely known: the last `up` of each version, and the versions that were passed over."""

    applied: dict[int, Record]
    passed: frozenset[int]


UNKNOWN_STATE = AppliedState({}, frozenset())


@dataclass(frozen=True, slots=True)
class History:
    """The history beside a version table: `angidi_migrate."<schema>.<table>"`."""

    connection: Connection[Any]
    versions: VersionTable

    @property
    def name(self) -> sql.Identifier:
        """The table's full name, quoted."""
        return sql.Identifier(SCHEMA, self._table)

    @property
    def _table(self) -> str:
        text = f"{self.versions.schema}.{self.versions.table}"
        if len(text.encode()) <= _LONGEST_NAME:
            return text
        return sha256(text.encode()).hexdigest()  # else PostgreSQL cuts it, and two names could become one

    @property
    def former_name(self) -> sql.Identifier:
        """The name that the table had before it got a schema of its own."""
        return sql.Identifier(*self._former)

    @property
    def _former(self) -> tuple[str, str]:
        return self.versions.schema, f"{self.versions.table}_history"

    def prepare(self) -> str | None:
        """Create the table where it is missing, or take the former one over; return why it cannot be used."""
        try:
            if not self.exists():
                self._create()
            return None if self._is_writable() else "this user may not write it"
        except Error as error:
            return self._reason(error)

    def exists(self) -> bool:
        """Say whether the table is there."""
        return self._ask(_EXISTS, SCHEMA, self._table)

    def drop(self) -> None:
        """Drop the table, under its former name too, and the schema with the last one in it."""
        own = (SCHEMA, self._table)
        ours = [names for names in (self._former, own) if self._is_ours(*names)]
        for names in ours:
            self.connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(*names)))
        if own in ours and self._ask(_IS_EMPTY, SCHEMA):
            self.connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(SCHEMA)))

    def _create(self) -> None:
        if not self._ask(_HAS_SCHEMA, SCHEMA):
            with suppress(errors.UniqueViolation, errors.DuplicateSchema):  # another run has just made it
                self.connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        if self._is_ours(*self._former):
            # Moved and not copied: the rows keep their xmin, which proves what they say.
            with suppress(errors.InsufficientPrivilege), self.connection.transaction():
                moved = sql.Identifier(SCHEMA, f"{self.versions.table}_history")
                into = sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(self.former_name, sql.Identifier(SCHEMA))
                self.connection.execute(into)
                self.connection.execute(
                    sql.SQL("ALTER TABLE {} RENAME TO {}").format(moved, sql.Identifier(self._table))
                )
        self.connection.execute(sql.SQL(_CREATE).format(self.name))

    def _reason(self, error: Error) -> str:
        if self.connection.closed:
            raise error
        return error.diag.message_primary or str(error).strip()

    def _is_ours(self, schema: str, table: str) -> bool:
        """Say whether a table of this name has our columns; a user may have one of that name."""
        return self._ask(_IS_OURS, list(_COLUMNS), schema, table)

    def _ask(self, query: LiteralString | sql.Composed, *values: Any) -> bool:
        row = self.connection.execute(query, values).fetchone()
        return bool(row and row[0])

    def insert(self, record: Record) -> sql.Composed:
        """Return the statement that adds the row."""
        values = (record.version, record.action, record.before, record.after, record.checksum, record.seconds)
        literals = map(sql.Literal, (*values, _operator(), TOOL))
        return sql.SQL(_INSERT).format(self.name, *literals)

    def note_gap(self, current: int) -> str | None:
        """Where another tool has moved the version, write down that what came before is unknown.

        Returns why that could not be done.
        """
        try:
            if not self.is_continuous(current) and not self._is_noted(current):
                self.connection.execute(self.insert(Record(current, "unknown", current, current)))
        except Error as error:
            return self._reason(error)
        return None

    def _is_noted(self, current: int) -> bool:
        """Say whether the last row is a gap's already: every run that finds nothing to do would add another one."""
        return self._ask(sql.SQL(_ENDS_WITH_GAP).format(self.name), current)

    def is_continuous(self, current: int) -> bool:
        """Say whether the last row was written together with the version row, or no row was ever needed."""
        name = self._current_name()
        if name is None:
            return current == NIL
        if current == NIL:
            return self._ask(sql.SQL(_ENDS_AT_NOTHING).format(name), NIL)
        return self._ask(sql.SQL(_CONTINUOUS).format(self.versions.name, name))

    def records(self) -> list[Record]:
        """Return all rows, oldest first; none where there is no table, or none that this user may read."""
        name = self._current_name()
        if name is None:
            return []
        try:
            return [Record(*row) for row in self.connection.execute(sql.SQL(_SELECT).format(name))]
        except Error:
            if self.connection.closed:
                raise
            return []

    def applied_state(self, source: Source, current: int) -> AppliedState:
        """Return what is known of the files in `source`, which is nothing after another tool's run."""
        records = self.records()
        if current == NIL or not records or not self.is_continuous(current):
            return UNKNOWN_STATE
        return learn(records, source.versions)

    def _current_name(self) -> sql.Identifier | None:
        if self.exists():
            return self.name
        return self.former_name if self._is_ours(*self._former) else None

    def _is_writable(self) -> bool:
        text = self._text(self.name)
        return self._ask("SELECT has_table_privilege(%s, 'INSERT') AND has_table_privilege(%s, 'SELECT')", text, text)

    def _text(self, name: sql.Identifier) -> str:
        return name.as_string(self.connection)


def learn(records: Iterable[Record], versions: Iterable[int]) -> AppliedState:
    """Replay the rows: a step up from a to b proves that a file between them was not there then."""
    applied: dict[int, Record] = {}
    passed: set[int] = set()
    known = tuple(versions)
    for record in records:
        if record.action == "up":
            applied[record.version] = record
            passed |= {version for version in known if record.before < version < record.after}
            passed.discard(record.version)
        elif record.action == "down":
            applied = {version: each for version, each in applied.items() if version <= record.after}
            passed = {version for version in passed if version <= record.after}
        else:
            applied, passed = {}, set()
    return AppliedState(applied, frozenset(passed))


def _operator() -> str:
    """Return who runs this, as user@host."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"?@{socket.gethostname()}"
