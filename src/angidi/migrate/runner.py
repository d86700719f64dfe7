"""The verbs: what a program calls, and what every command line here is made of."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg

from . import sequence
from .errors import NIL, Dirty, InvalidVersion, NilVersion, NoChange, NoDownFile, Stopped
from .events import Finished, OnProgress, Planned, Started, Waiting, ignore
from .execution import Executor
from .options import Options
from .sequence import Step
from .session import Session
from .source import Source
from .url import Target, parse_target

Planner = Callable[[Source, int], Iterator[Step]]


class Migrate:
    """A database and the migrations meant for it.

    Open it with `Migrate.open` and a `with` block. Not thread-safe, except for `stop` and `cancel`.
    Every verb that changes something takes the lock, waits for it at most `Options.lock_timeout` seconds and
    raises `LockTimeout`; and refuses a dirty database with `Dirty`.
    """

    def __init__(self, source: Source, session: Session, options: Options, on_progress: OnProgress) -> None:
        self.source = source
        self.session = session
        self.options = options
        self._tell = on_progress
        self._stopping = False
        self._cancelling = False
        self._executor = Executor(session, options, on_progress, self._look, lambda: self._cancelling)

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
        target = parse_target(address) if isinstance(address, str) else address
        return cls(source, Session.open(target, options), options, on_progress or ignore)

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
        version, dirty = self._read()
        if version == NIL and not dirty:
            raise NilVersion
        return version, dirty

    def up(self) -> None:
        """Apply all that is above the current version; raises `NoChange` where nothing is."""
        self._run(sequence.all_up)

    def down(self) -> None:
        """Undo everything; raises `NoChange` where nothing is applied."""
        self._run(sequence.all_down)

    def steps(self, count: int) -> None:
        """Go `count` steps up, or down where negative.

        Raises `NoChange` for 0, `NotExist` where no step is left, `ShortLimit` after running too few.
        """
        if count == 0:
            raise NoChange
        some = sequence.some_up if count > 0 else sequence.some_down
        self._run(lambda source, current: some(source, current, abs(count)))

    def migrate(self, version: int) -> None:
        """Go up or down to `version`; raises `VersionNotFound`, or `NoChange` when already there."""
        self._run(lambda source, current: sequence.towards(source, current, version))

    def force(self, version: int) -> None:
        """Record `version` as current and clean, running nothing; -1 is nothing applied."""
        if version < NIL:
            raise InvalidVersion
        with self.locked():
            self.session.table.write(version, dirty=False)

    def stop(self) -> None:
        """Ask a run to end after its current migration; it then raises `Stopped`. For signal handlers."""
        self._stopping = True

    def cancel(self) -> None:
        """Ask a run to roll its current migration back and end with `Stopped`. For signal handlers."""
        self._stopping = self._cancelling = True

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the lock, with the bookkeeping table in place."""
        session = self.session
        try:
            session.lock.acquire(self.options.lock_timeout, lambda who: self._tell(Waiting(who)), self._poll)
            try:
                session.prepare()
                yield
            finally:
                session.rollback()
                session.lock.release()
        except psycopg.Error as error:
            raise session.failure(error) from error

    def _run(self, planner: Planner) -> None:
        with self.locked():
            current, dirty = self.session.table.read()
            if dirty:
                raise Dirty(current)
            for step in planner(self.source, current):
                self._check(step)
                self._step(step, current)
                current = step.target

    def _step(self, step: Step, current: int) -> None:
        self._tell(Planned(step))
        self._tell(Started(step))
        begun = time.monotonic()
        self._executor.run(step, current)
        self._tell(Finished(step, 0.0, time.monotonic() - begun))

    def _check(self, step: Step) -> None:
        if self._stopping:
            raise Stopped(
                f"stopped before {step.label}", "What was applied before it is complete and recorded."
            )
        if self.options.require_down and step.direction == "down" and step.file is None:
            raise NoDownFile(step.version)

    def _poll(self) -> None:
        if self._stopping:
            raise Stopped("stopped while waiting for the lock", "Nothing was changed.")

    def _look(self) -> None:
        if self._cancelling:
            self.session.connection.cancel_safe(timeout=5)

    def _read(self) -> tuple[int, bool]:
        try:
            return self.session.table.read()
        except psycopg.Error as error:
            raise self.session.failure(error) from error
