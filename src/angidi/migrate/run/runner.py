"""The commands: what a program calls, and what every command line here is made of."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic
from types import TracebackType
from typing import Self

import psycopg

from angidi.migrate.database.drop import drop_everything, drop_tables
from angidi.migrate.database.history import UNKNOWN_STATE, AppliedState, History, Record
from angidi.migrate.database.session import Session
from angidi.migrate.database.url import Target, parse_target
from angidi.migrate.errors import NIL, Dirty, InvalidVersion, Missed, NilVersion, NoChange, NoDownFile, Stopped
from angidi.migrate.files import steps as step_lists
from angidi.migrate.files.script import Script
from angidi.migrate.files.source import Source
from angidi.migrate.files.steps import Step
from angidi.migrate.options import Options

from .events import Finished, OnProgress, Started, Waiting, Warned, ignore
from .execution import Executor
from .prefetch import prefetch
from .recorder import Recorder
from .watch import Watcher

Planner = Callable[[Source, int], Iterator[Step]]


class Migrate:
    """A database and the migrations meant for it.

    Open it with `Migrate.open` and a `with` block. Not thread-safe, except for `stop` and `cancel`.
    Every method that changes something takes the lock, waits for it at most `Options.lock_timeout` seconds and
    raises `LockTimeout`; and refuses a dirty database with `Dirty`.
    """

    def __init__(self, source: Source, session: Session, options: Options, on_progress: OnProgress) -> None:
        self.source = source
        self.session = session
        self.options = options
        history = None if options.strict else History(session.connection, session.table)
        self._recorder = Recorder(session, history, on_progress)
        self._notify = on_progress
        self._stopping = False
        self._cancelling = False

    @classmethod
    def open(
        cls,
        source: Source,
        address: str | Target,
        *,
        on_progress: OnProgress | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
    ) -> Self:
        """Connect to `address`, a URL or a libpq connection string; raises `OpenError`."""
        target = parse_target(address, strict=options.strict) if isinstance(address, str) else address
        migrate = cls(source, Session.open(target, options), options, on_progress or ignore)
        if options.strict:
            migrate._open_as_go()
        return migrate

    def _open_as_go(self) -> None:
        """Create the bookkeeping table under the lock at once, whatever the command will be."""
        try:
            with self.locked():
                pass
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection, which also gives back the lock."""
        self.session.close()

    def version(self) -> tuple[int, bool]:
        """Return the version and whether it is dirty, taking no lock; raises `NilVersion` for none."""
        version, dirty = self.session.table.read()
        if version == NIL and (not dirty or self.options.strict):
            raise NilVersion
        return version, dirty

    def up(self) -> None:
        """Apply all that is above the current version; raises `NoChange` where nothing is."""
        self._run(step_lists.all_up)

    def down(self) -> None:
        """Undo everything; raises `NoChange` where nothing is applied."""
        self._run(step_lists.all_down)

    def steps(self, count: int) -> None:
        """Go `count` steps up, or down where negative.

        Raises `NoChange` for 0, `NotExist` where no step is left, `ShortLimit` after running too few.
        """
        if count == 0:
            raise NoChange
        some = step_lists.some_up if count > 0 else step_lists.some_down
        self._run(lambda source, current: some(source, current, abs(count)))

    def migrate(self, version: int) -> None:
        """Go up or down to `version`; raises `VersionNotFound`, or `NoChange` when already there."""
        self._run(lambda source, current: step_lists.towards(source, current, version))

    def redo(self) -> None:
        """Undo the current version and apply it again; raises `NilVersion` where nothing is applied."""
        self._run(step_lists.again)

    def force(self, version: int) -> None:
        """Record `version` as current and clean, running nothing; -1 is nothing applied."""
        if version < NIL:
            raise InvalidVersion
        with self.locked():
            before, _ = self.session.table.read()
            self._recorder.write(Record(version, "force", before, version))

    def drop(self) -> None:
        """Drop everything in the current schema; in strict mode only its tables."""
        with self.locked(prepare=False):
            if self.options.strict:
                drop_tables(self.session)
            else:
                drop_everything(self.session)

    def stop(self) -> None:
        """Ask a run to end after its current migration; it then raises `Stopped`. For signal handlers."""
        self._stopping = True

    def cancel(self) -> None:
        """Ask a run to roll its current migration back and end with `Stopped`. For signal handlers."""
        self._stopping = self._cancelling = True

    def applied_state(self, current: int) -> AppliedState:
        """Return what the history table proves about the files, given the current version."""
        history = self._recorder.history
        return history.applied_state(self.source, current) if history else UNKNOWN_STATE

    @contextmanager
    def locked(self, *, prepare: bool = True) -> Generator[None]:
        """Hold the lock, with the bookkeeping in place."""
        session = self.session
        try:
            session.lock.acquire(self.options.lock_timeout, lambda who: self._notify(Waiting(who)), self._end_wait)
            try:
                if prepare:
                    self._recorder.prepare()
                yield
            finally:
                session.rollback()
                if not session.connection.closed:
                    session.allow_lock_waits()
                session.lock.release()
        except psycopg.Error as error:
            raise session.failure(error) from error

    def _run(self, planner: Planner) -> None:
        with self.locked():
            current, dirty = self.session.table.read()
            if dirty:
                raise Dirty(current)
            self._recorder.begin(current)
            passed = sorted(self.applied_state(current).passed)
            steps = self._steps(planner, current, passed)
            for step, body in prefetch(steps, self.options.prefetch, self._notify, strict=self.options.strict):
                if self._stopping and self.options.strict:
                    return
                self._check(step)
                self._step(Script(step, body.content), current, body.seconds)
                current = step.target

    def _steps(self, planner: Planner, current: int, passed: list[int]) -> Iterator[Step]:
        """Yield the command's steps; on the way up, files that were passed over come first or are refused."""
        steps = planner(self.source, current)
        try:
            first = next(steps, None)
        except NoChange:
            if not passed:
                raise
            first = None
        if passed and (first is None or first.direction == "up"):
            if not self.options.allow_missed:
                raise Missed(passed, current)
            yield from (replace(step_lists.up_step(self.source, each), target=current) for each in passed)
        if first is not None:
            yield first
            yield from steps

    def _step(self, script: Script, current: int, read: float) -> None:
        if not self.options.strict:
            script.prepare()
            self._check_stopped(script.step)
        self._notify(Started(script.step))
        begun = monotonic()
        executor = Executor(
            self.session, self.options, self._recorder, self._notify, self._watch, lambda: self._cancelling
        )
        executor.run(script, current)
        self._notify(Finished(script.step, read, monotonic() - begun))

    def _watch(self, script: Script) -> Watcher:
        timeout = self.session.target.statement_timeout / 1000 if self.options.strict else 0
        return Watcher(
            self.session,
            script,
            self._notify,
            lambda: self._cancelling,
            lambda: self._stopping and not self.options.strict and script.execution_mode == "atomic",
            timeout,
        )

    def poll_trial(self, *, sent: bool) -> None:
        """End a trial, which is rolled back in any case, at the first signal; for `run_query`."""
        del sent
        if self._stopping:
            with suppress(psycopg.Error):
                self.session.connection.cancel_safe(timeout=1)

    def end_stopped_trial(self) -> None:
        """Raise `Stopped` after a signal, so that nobody takes its effect for the trial's result."""
        if self._stopping:
            raise Stopped("stopped", "Nothing was changed.")

    def _check(self, step: Step) -> None:
        self._check_stopped(step)
        if step.file is None and step.direction == "down" and not self.options.strict:
            if self.options.require_down:
                raise NoDownFile(step.version)
            self._notify(Warned(f"version {step.version} has no down file: nothing is undone, only the number moves"))

    def _check_stopped(self, step: Step) -> None:
        if self._stopping:
            raise Stopped(f"stopped before {step.label}", "What was applied before it is complete and recorded.")

    def _end_wait(self) -> None:
        if self._stopping:
            raise Stopped("stopped while waiting for the lock", "Nothing was changed.")
