"""Watching a statement while it runs: to cancel it, to end it in time, to tell how far an index is."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from psycopg import Connection, Error

from angidi.migrate.database.session import Session, connect
from angidi.migrate.errors import MigrateError
from angidi.migrate.files.script import Script

from .events import Building, OnProgress

_NOTIFY_EVERY = 1.0
_PATIENCE = 1.5  # seconds that a server is given to answer a cancel request

_PROGRESS = """
SELECT phase,
       CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
            WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total
            WHEN lockers_total > 0 THEN lockers_done::float8 / lockers_total END,
       nullif(current_locker_pid, 0)
FROM pg_stat_progress_create_index
WHERE pid = %s
"""


@dataclass(slots=True)
class Watcher:
    """Watches one chunk of a script; `timeout` is in seconds, 0 for none, and enforced from here.

    `cancelled` tells whether the operator wants the chunk rolled back, `stopping` whether it need not be run
    unless the server has it already. A server that does not answer is given up: the connection is closed, and
    the server rolls back once it notices.
    """

    session: Session
    script: Script
    notify: OnProgress
    cancelled: Callable[[], bool]
    stopping: Callable[[], bool]
    timeout: float = 0.0
    timed_out: bool = False
    _begun: float = field(default_factory=time.monotonic)
    _notified_at: float = field(default_factory=time.monotonic)
    _observer: Connection[Any] | None = None
    interrupted: bool = False
    """Whether a signal made the watcher cancel the chunk."""
    _give_up_at: float = 0.0

    def __enter__(self) -> Self:
        """Begin to watch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection that observed the server, if there was one."""
        if self._observer is not None:
            self._observer.close()

    def poll(self, *, sent: bool) -> None:
        """Cancel the statement where that is due; tell of an index build about once a second."""
        now = time.monotonic()
        self.timed_out = self.timed_out or bool(self.timeout and now - self._begun >= self.timeout)
        if self.timed_out or self.cancelled() or (not sent and self.stopping()):
            self._cancel(now)
            return
        self._give_up_at = 0.0  # the rest of the file went through after all
        if now - self._notified_at >= _NOTIFY_EVERY and "INDEX" in self.script.text.upper():
            self._notified_at = now
            self._notify_progress()

    def _cancel(self, now: float) -> None:
        self.interrupted = not self.timed_out
        self._give_up_at = self._give_up_at or now + _PATIENCE
        left = self._give_up_at - now
        if left > 0:
            # A cancel request that comes while the server still reads the query is lost: so it is repeated.
            with suppress(Error):
                self.session.connection.cancel_safe(timeout=left)
        elif not self.timed_out:
            self.session.close()

    def _notify_progress(self) -> None:
        try:
            if self._observer is None:
                self._observer = connect(self.session.target)
            row = self._observer.execute(_PROGRESS, [self.session.connection.info.backend_pid]).fetchone()
        except (Error, MigrateError):
            return
        if row:
            phase, share, locker = row
            waiting = f" (pid {locker})" if locker and str(phase).startswith("waiting") else ""
            self.notify(Building(self.script.step, f"{phase}{waiting}", share))
