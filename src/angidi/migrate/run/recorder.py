"""Recording a version: the version table, and the history, whose failure fails nothing."""

from dataclasses import dataclass, replace

from psycopg import sql

from angidi.migrate.database.history import History, Record
from angidi.migrate.database.query import run_statements
from angidi.migrate.database.session import Session
from angidi.migrate.server_error import ServerError

from .events import OnProgress, Warned

_SAVEPOINT = sql.SQL("SAVEPOINT angidi_migrate_record")
_ROLLBACK = sql.SQL("ROLLBACK TO SAVEPOINT angidi_migrate_record")
_COMMIT = sql.SQL("COMMIT")


@dataclass(slots=True)
class Recorder:
    """Writes both tables; `history` is None in strict mode, and from its first failure on."""

    session: Session
    history: History | None
    notify: OnProgress

    def prepare(self, *, write: bool = True) -> None:
        """Make the tables ready; the caller holds the lock."""
        self.session.prepare()
        reason = self.history.prepare() if self.history and write else None
        if reason:
            self._give_up(reason)

    def begin(self, current: int) -> None:
        """Note where another tool has moved the version since our last run."""
        if self.history and (reason := self.history.note_gap(current)):
            self._give_up(reason)

    def write(self, record: Record) -> None:
        """Record in a transaction of its own; raises `BookkeepingError`."""
        insert = self.history.insert(record) if self.history else None
        error = self.session.table.write(record.after, dirty=False, also=insert)
        if error:
            self._give_up(error.message)
            self.session.table.write(record.after, dirty=False)

    def commit(self, record: Record) -> tuple[ServerError, int] | None:
        """Record in the open transaction and commit it.

        Returns the error and the number of the statement that failed: 1 and 2 are those of the version table,
        more is the commit.
        """
        table = self.session.table.replacing(record.after, dirty=False)
        if self.history is not None:
            # The version row is inside the savepoint too: both rows need the same xmin (see `history`).
            statements = [_SAVEPOINT, *table, self.history.insert(record), _COMMIT]
            error = run_statements(self.session.connection, statements)
            if error is None or error.index != len(table) + 1:
                return error and (replace(error, index=-1), error.index)
            self._give_up(error.message)
            if error := run_statements(self.session.connection, [_ROLLBACK]):
                return replace(error, index=-1), len(table) + 1
        error = run_statements(self.session.connection, [*table, _COMMIT])
        return error and (replace(error, index=-1), error.index + 1)

    def _give_up(self, reason: str) -> None:
        self.history = None
        self.notify(Warned(f"the history cannot be written ({reason}), so what is done here goes unrecorded"))
