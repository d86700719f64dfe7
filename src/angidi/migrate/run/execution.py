"""Running one migration: its file, and its version row."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from psycopg import pq
from psycopg.errors import Diagnostic

from angidi.migrate.database.history import Record
from angidi.migrate.database.query import run_query
from angidi.migrate.database.session import Session
from angidi.migrate.errors import BookkeepingError, Stopped
from angidi.migrate.files.script import Chunk, Script
from angidi.migrate.files.steps import Step
from angidi.migrate.options import Options
from angidi.migrate.server_error import ServerError
from angidi.migrate.sql.classify import controls_transaction

from .events import Noticed, OnProgress, Retrying
from .failure import MigrationFailed, state_of
from .recorder import Recorder
from .watch import Watcher

_TRIED_AGAIN = {"55P03", "40P01"}  # a lock that was not to be had in time, and a deadlock
_CANCELLED = "57014"
_REFUSED_IN_TRANSACTION = {"25001", "2D000"}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_GIVEN_UP = (
    "The server did not answer, so the connection was closed.",
    "The server rolls the migration back, and frees the lock, as soon as it notices.",
)
_READ_ONLY = "25006"
_TABLE_STATEMENTS = 2
_RAISE = "exec_stmt_raise"
"""The server's function that runs a RAISE."""
_UNRECORDED = "What the file does to the role, the session or the version table may be the reason."
_ROLLED_BACK = "Rolled back as a whole: {}, and clean."
_DIRTY = "The database is marked dirty at version {}: `repair` looks at what is left and offers the fix."


@dataclass(slots=True)
class Executor:
    """Runs steps in one session.

    `watch` is called while a statement runs; `cancelled` tells whether the operator wants it rolled back.
    """

    session: Session
    options: Options
    recorder: Recorder
    notify: OnProgress
    watch: Callable[[Script], Watcher]
    cancelled: Callable[[], bool]

    def run(self, script: Script, before: int) -> None:
        """Run the step's file and move the version from `before` to the step's target.

        A file that can be is applied in one transaction with the version row; another one follows
        golang-migrate's protocol: mark dirty, run, mark clean. Raises `MigrationFailed` or `Stopped`.
        """
        split = self.session.target.multi_statement
        if self.options.strict:
            chunks = script.golang_split() if split else script.whole()
            self._run_marked_dirty(script, before, [] if script.blank else chunks)
            return
        mode = "split" if split else script.execution_mode
        if mode == "atomic" and not self._atomic(script, before):
            mode = "whole"
        if mode != "atomic":
            self.session.allow_lock_waits()
            self._run_marked_dirty(script, before, script.per_statement() if mode == "split" else script.whole())

    def _atomic(self, script: Script, before: int) -> bool:
        """Run body and version row in one transaction; False where the server refuses one for it."""
        for attempt in range(1, self.options.table_lock_attempts + 1):
            error = self._attempt(script, before)
            if error is None:
                return True
            if self._needs_golang_protocol(script, error):
                return False
            last = attempt == self.options.table_lock_attempts or not self.options.table_lock_timeout
            if error.sqlstate not in _TRIED_AGAIN or last:
                raise self._rolled_back(script, error, before)
            self._pause(script.step, attempt)
        return False

    def _needs_golang_protocol(self, script: Script, error: ServerError) -> bool:
        if error.index < 0:  # a file that only reads may make its transaction READ ONLY, and so refuses the version row
            return error.sqlstate == _READ_ONLY
        return error.sqlstate in _REFUSED_IN_TRANSACTION and len(script.statements) == 1

    def _attempt(self, script: Script, before: int) -> ServerError | None:
        self.session.limit_lock_waits(self.options.table_lock_timeout)
        begun = time.monotonic()
        try:
            self.session.connection.execute("BEGIN")  # nothing else: SET TRANSACTION has to come before any query
            error = None if script.blank else self._send(script, script.transaction_body())
            return error or self._commit(script, before, time.monotonic() - begun)
        finally:
            self.session.rollback()

    def _commit(self, script: Script, before: int, seconds: float) -> ServerError | None:
        """Write the version row, and the history's, and commit."""
        failed = self.recorder.commit(_record(script, before, seconds))
        if failed is None:
            return None
        error, number = failed
        if number > _TABLE_STATEMENTS or error.sqlstate in _TRIED_AGAIN | {_READ_ONLY} or error.is_fatal:
            return error
        advice = _ROLLED_BACK.format(state_of(before))
        raise _unrecorded(script, error.message, advice)

    def _run_marked_dirty(self, script: Script, before: int, chunks: list[Chunk]) -> None:
        """Run the chunks between a dirty and a clean version row."""
        begun = time.monotonic()
        self.session.table.write(script.step.target, dirty=True)
        for chunk in chunks:
            if error := self._send(script, chunk):
                raise self._left_dirty(script, chunk, error)
        if error := self._left_open(script):
            raise self._left_dirty(script, Chunk(script.text), error)
        try:
            self.recorder.write(_record(script, before, time.monotonic() - begun))
        except BookkeepingError as error:
            if self.options.strict:
                raise
            raise _unrecorded(script, error.reason, _DIRTY.format(script.step.target)) from error

    def _left_dirty(self, script: Script, chunk: Chunk, error: ServerError) -> MigrationFailed:
        failed = MigrationFailed(script, chunk, error, dirty=True, version=script.step.target)
        failed.transaction = self._status()
        self.session.rollback()
        return failed

    def _left_open(self, script: Script) -> ServerError | None:
        if self._status() == pq.TransactionStatus.IDLE:
            return None
        began = next((n for n, each in enumerate(script.statements) if controls_transaction(each)), 0)
        message = "the file began a transaction and did not end it"
        return ServerError(message, began, hint="Add the missing COMMIT.")

    def _status(self) -> pq.TransactionStatus:
        return self.session.connection.info.transaction_status

    def _send(self, script: Script, chunk: Chunk) -> ServerError | None:
        body = chunk.text.encode("utf-8", "surrogateescape")
        with self.watch(script) as watcher, self._pass_on_notices(script.step):
            error = run_query(self.session.connection.pgconn, body, watcher.poll, refuse_copy=self.options.strict)
        return error and replace(error, timed_out=watcher.timed_out, interrupted=watcher.interrupted)

    @contextmanager
    def _pass_on_notices(self, step: Step) -> Generator[None]:
        """Report what the file tells by RAISE meanwhile. The server's own notices, such as “skipping”, are no use."""

        def pass_on(notice: Diagnostic) -> None:
            if notice.source_function == _RAISE and notice.message_primary:
                self.notify(Noticed(step, notice.message_primary))

        self.session.connection.add_notice_handler(pass_on)
        try:
            yield
        finally:
            self.session.connection.remove_notice_handler(pass_on)

    def _pause(self, step: Step, attempt: int) -> None:
        pause = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
        self.notify(Retrying(step, attempt, pause))
        end = time.monotonic() + pause
        while not self.cancelled() and time.monotonic() < end:
            time.sleep(min(0.1, pause))

    def _rolled_back(self, script: Script, error: ServerError, before: int) -> MigrationFailed | Stopped:
        if error.interrupted and error.sqlstate == _CANCELLED:
            state = f"{state_of(before)}, and clean."
            return Stopped(f"stopped: {script.step.label} was rolled back", state[0].upper() + state[1:])
        if error.interrupted and not error.sqlstate:
            return Stopped(f"stopped: {script.step.label} was given up", *_GIVEN_UP)
        return MigrationFailed(script, Chunk(script.text), error, dirty=False, version=before)


def _record(script: Script, before: int, seconds: float) -> Record:
    step = script.step
    return Record(step.version, step.direction, before, step.target, script.checksum, seconds)


def _unrecorded(script: Script, reason: str, state: str) -> BookkeepingError:
    text = f"migration {script.step.label} went through, but its version could not be recorded: {reason}"
    return BookkeepingError(text, _UNRECORDED, state, reason=reason)
