"""The history table: what golang-migrate's one row cannot notify. golang-migrate ignores it.

It is written in the transaction that writes the version row, so equal `xmin` values prove that nobody else
has moved the version since. Where they differ, another tool has, and what the table said before counts as
unknown: a missing or outdated row is never an error.
"""

import getpass
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, errors, sql

from angidi.migrate.errors import NIL
from angidi.migrate.files.source import Source

from .version_table import VersionTable

TOOL = "angidi"

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
_INSERT = """INSERT INTO {} (version, action, before, after, checksum, seconds, applied_by, tool)
VALUES ({}, {}, {}, {}, {}, {}, {}, {})"""
_SELECT = """
SELECT version, action, before, after, checksum, seconds, applied_at, applied_by, tool
FROM {} ORDER BY id
"""
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
    """The history table beside a bookkeeping table; its name ends in `_history`."""

    connection: Connection[Any]
    versions: VersionTable

    @property
    def name(self) -> sql.Identifier:
        """The table's full name, quoted."""
        return sql.Identifier(self.versions.schema, f"{self.versions.table}_history")

    def prepare(self) -> bool:
        """Create the table where it is missing; False where this user may not create or write it."""
        try:
            if not self.exists():
                self.connection.execute(sql.SQL(_CREATE).format(self.name))
            return self._writable()
        except errors.InsufficientPrivilege:
            return False

    def exists(self) -> bool:
        """Say whether the table is there."""
        row = self.connection.execute("SELECT to_regclass(%s) IS NOT NULL", [self._text()]).fetchone()
        return bool(row and row[0])

    def insert(self, record: Record) -> sql.Composed:
        """Return the statement that adds the row."""
        values = (record.version, record.action, record.before, record.after, record.checksum, record.seconds)
        literals = map(sql.Literal, (*values, _operator(), TOOL))
        return sql.SQL(_INSERT).format(self.name, *literals)

    def note_gap(self, current: int) -> None:
        """Where another tool has moved the version, write down that what came before is unknown."""
        if not self.is_continuous(current):
            self.connection.execute(self.insert(Record(current, "unknown", current, current)))

    def is_continuous(self, current: int) -> bool:
        """Say whether the last row was written together with the version row; an empty database is always."""
        if current == NIL:
            return True
        row = self.connection.execute(sql.SQL(_CONTINUOUS).format(self.versions.name, self.name)).fetchone()
        return bool(row and row[0])

    def records(self) -> list[Record]:
        """Return all rows, oldest first; none where there is no table, or none that this user may read."""
        if not self.exists():
            return []
        try:
            return [Record(*row) for row in self.connection.execute(sql.SQL(_SELECT).format(self.name))]
        except errors.InsufficientPrivilege:
            return []

    def applied_state(self, source: Source, current: int) -> AppliedState:
        """Return what is known of the files in `source`, which is nothing after another tool's run."""
        records = self.records()
        if current == NIL or not records or not self.is_continuous(current):
            return UNKNOWN_STATE
        return learn(records, source.versions)

    def _writable(self) -> bool:
        row = self.connection.execute(
            "SELECT has_table_privilege(%s, 'INSERT') AND has_table_privilege(%s, 'SELECT')",
            [self._text(), self._text()],
        ).fetchone()
        return bool(row and row[0])

    def _text(self) -> str:
        return self.name.as_string(self.connection)


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
