"""A PostgreSQL of a test's own, which may be killed and is started again."""

import os
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from tests.conftest import migrate_up

from angidi.embedded import EmbeddedServer

NAME = "bank"

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
        _kill(int((self._home / "data/postmaster.pid").read_text(encoding="utf-8").splitlines()[0]))
        with self._joined():
            pass

    def kill_backend(self) -> None:
        """Kill one process of the server, which then ends all others, recovers and goes on by itself."""
        with psycopg.connect(self.url) as conn:
            row = conn.execute(BACKEND).fetchone()
        if row:
            _kill(row[0])

    def _joined(self) -> EmbeddedServer:
        return EmbeddedServer(self._home, settings=self._settings, notify=lambda _: None)


def _kill(number: int) -> None:
    """Kill a process of a PostgreSQL, if it is there still."""
    with suppress(FileNotFoundError, ProcessLookupError):
        assert "postgres" in Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8")
        os.kill(number, signal.SIGKILL)
