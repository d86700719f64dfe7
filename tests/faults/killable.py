"""A PostgreSQL of a test's own, which may be killed and is started again."""

import os
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from tests.conftest import migrate_up
from tests.support.processes import children_of

from angidi.embedded import EmbeddedServer

NAME = "bank"

LOSING = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""The settings of a server that acknowledges a commit up to some seconds before it writes it."""

BACKEND = """
SELECT pid FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
 ORDER BY xact_start NULLS LAST
 LIMIT 1
"""
"""The backend whose transaction is the oldest."""


class KillableDatabase:
    """The migrated database `url` of an embedded server in `home`. Its server keeps what it has acknowledged.

    `settings` are of the server, and may have it lose that.
    """

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        self._settings = settings
        self.url = ""

    @contextmanager
    def running(self) -> Generator["KillableDatabase"]:
        """Start the server, and stop it at the end of the block."""
        with self._joined() as server:
            server.create_database(NAME)
            self.url = server.url(NAME)
            migrate_up(self.url)
            yield self

    def kill(self) -> None:
        """Kill the server, whose children then end by themselves, and start it again as `angidi serve` does."""
        _signal(self._number, signal.SIGKILL)
        self.start()

    def kill_all(self) -> None:
        """Kill the server with all its processes."""
        for number in (self._number, *children_of(self._number)):
            _signal(number, signal.SIGKILL)

    def start(self) -> None:
        """Start the server as `angidi serve` does; return when it accepts connections."""
        with self._joined():
            pass

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Stop all processes of the server in the middle of what they do, for the length of the block."""
        server = self._number
        numbers = (server, *children_of(server))  # the children last: the server would start others
        for number in numbers:
            _signal(number, signal.SIGSTOP)
        try:
            yield
        finally:
            for number in numbers:
                _signal(number, signal.SIGCONT)

    def kill_backend(self) -> None:
        """Kill one process of the server, which then ends all others, recovers and goes on by itself."""
        with psycopg.connect(self.url) as conn:
            row = conn.execute(BACKEND).fetchone()
        if row:
            _signal(row[0], signal.SIGKILL)

    @property
    def _number(self) -> int:
        """The process of the server."""
        return int((self._home / "data/postmaster.pid").read_text(encoding="utf-8").splitlines()[0])

    def _joined(self) -> EmbeddedServer:
        return EmbeddedServer(self._home, settings=self._settings, notify=lambda _: None)


def _signal(number: int, signum: signal.Signals) -> None:
    """Send a signal to a process of a PostgreSQL, if it is there still."""
    with suppress(FileNotFoundError, ProcessLookupError):
        command = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8")
        assert "postgres" in command or not command  # one that has just ended has none
        os.kill(number, signum)
