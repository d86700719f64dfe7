"""Running one migration: its file, and its version row."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from psycopg import pq, sql

from .classify import Manner, manner
from .errors import NIL, MigrateError, Stopped
from .events import OnProgress, Retrying
from .failure import MigrationFailed
from .options import Options
from .query import ServerError, run_query
from .sequence import Step
from .session import Session
from .statements import split

_LOCK_NOT_AVAILABLE = "55P03"
_CANCELLED = "57014"
_REFUSED_IN_TRANSACTION = {"25001", "2D000"}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0


@dataclass(slots=True)
class Executor:
    """Runs steps in one session; `cancelled` tells whether the operator wants the running one rolled back."""

    session: Session
    options: Options
    tell: OnProgress
    look: Callable[[], None]
    cancelled: Callable[[], bool]

    def run(self, step: Step, before: int) -> None:
        """Run the step's file and move the version from `before` to the step's target.

        A file that can be is applied in one transaction with the version row; another one follows
        golang-migrate's protocol: mark dirty, run, mark clean. Raises `MigrationFailed` or `Stopped`.
        """
        body = step.file.read() if step.file else b""
        text = body.decode("utf-8", "replace")
        if not text.strip():
            self.session.table.write(step.target, dirty=False)
            return
        how = self._manner(text)
        if how == "atomic" and not self._atomic(step, body, before):
            how = "whole"
        if how != "atomic":
            self._marked(step, body, _chunks(text) if how == "split" else [(0, body)])

    def _manner(self, text: str) -> Manner:
        if self.session.target.multi_statement:
            return "split"
        return "whole" if self.options.strict else manner(text, split(text))

    def _atomic(self, step: Step, body: bytes, before: int) -> bool:
        """Run body and version row in one transaction; False where the server refuses one for it."""
        for attempt in range(1, self.options.table_lock_attempts + 1):
            error = self._attempt(step, body)
            if error is None:
                return True
            if error.sqlstate in _REFUSED_IN_TRANSACTION and len(split(body.decode("utf-8", "replace"))) == 1:
                return False
            last = attempt == self.options.table_lock_attempts or not self.options.table_lock_timeout
            if error.sqlstate != _LOCK_NOT_AVAILABLE or last:
                raise self._failed(step, body, error, dirty=False, version=before)
            self._pause(step, attempt)
        return False

    def _attempt(self, step: Step, body: bytes) -> ServerError | None:
        connection = self.session.connection
        timeout = round(self.options.table_lock_timeout * 1000)
        connection.execute("BEGIN")
        try:
            connection.execute(_LOCK_TIMEOUT.format(timeout))
            if error := self._send(body):
                return error
            self._record(step)
            return self._send(b"COMMIT")
        finally:
            self.session.rollback()

    def _record(self, step: Step) -> None:
        """Write the version row inside the running transaction."""
        self.session.table.replace(step.target, dirty=False)

    def _marked(self, step: Step, body: bytes, chunks: list[tuple[int, bytes]]) -> None:
        """Run the chunks between a dirty and a clean version row."""
        table = self.session.table
        table.write(step.target, dirty=True)
        for offset, chunk in chunks:
            error = self._send(chunk) or self._left_open()
            if error is not None:
                self.session.rollback()
                shifted = replace(error, position=error.position and error.position + offset)
                raise self._failed(step, body, shifted, dirty=True, version=step.target)
        table.write(step.target, dirty=False)

    def _left_open(self) -> ServerError | None:
        if self.session.connection.info.transaction_status == pq.TransactionStatus.IDLE:
            return None
        return ServerError(
            "the file began a transaction and did not end it", -1, hint="Add the missing COMMIT."
        )

    def _send(self, body: bytes) -> ServerError | None:
        return run_query(self.session.connection.pgconn, body, self.look)

    def _pause(self, step: Step, attempt: int) -> None:
        pause = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
        self.tell(Retrying(step, attempt, pause))
        end = time.monotonic() + pause
        while not self.cancelled() and time.monotonic() < end:
            time.sleep(min(0.1, pause))

    def _failed(
        self, step: Step, body: bytes, error: ServerError, *, dirty: bool, version: int
    ) -> MigrateError:
        if self.cancelled() and error.sqlstate == _CANCELLED and not dirty:
            state = "nothing is applied" if version == NIL else f"the database is at version {version}"
            return Stopped(f"stopped: {step.label} was rolled back", f"{state}, and clean.".capitalize())
        return MigrationFailed(step, body.decode("utf-8", "replace"), error, dirty=dirty, version=version)


_LOCK_TIMEOUT = sql.SQL(
    "SELECT set_config('lock_timeout', '{}', true) WHERE current_setting('lock_timeout') = '0'"
)


def _chunks(text: str) -> list[tuple[int, bytes]]:
    """Return each statement with the number of characters before it."""
    return [(each.start, each.text.encode("utf-8", "replace")) for each in split(text)]
