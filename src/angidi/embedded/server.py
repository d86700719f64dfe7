"""The embedded server for its users: join, leave, URL."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import LiteralString, Self
from urllib.parse import quote

from psycopg import sql
from psycopg.errors import DuplicateDatabase, FeatureNotSupported, UniqueViolation

from angidi.embedded.account import choose_runner
from angidi.embedded.cluster import create_cluster
from angidi.embedded.locks import ADVICE, Notify, create_home, open_lock, opened_lock, poll, try_lock, unlock
from angidi.embedded.postmaster import USER, Postmaster
from angidi.embedded.programs import EmbeddedError, Runner, find_programs
from angidi.embedded.sockets import PORT

HAS_DATABASE: LiteralString = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %(name)s"
HAS_STATISTICS: LiteralString = "SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'"
CREATE_STATISTICS: LiteralString = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"


def print_to_stderr(text: str) -> None:
    """Print a progress message, unless the disk of standard error is full."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")


class EmbeddedServer:
    """The PostgreSQL below `home`, on a Unix socket, shared by every process that joins it.

    It trusts every user that can enter the folder of its socket (mode 0700), as the superuser `angidi`, and has no TCP.
    With `durable=False` (tests) a crash may corrupt everything. `choose` selects the user that runs PostgreSQL.
    `settings` apply if this process starts the server; a running server keeps its own. Use an instance in one thread
    only.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        notify: Notify = print_to_stderr,
        choose: Callable[[Path], Runner] = choose_runner,
    ) -> None:
        self._home = home
        self._durable = durable
        self._settings = settings or {}
        self._notify = notify
        self._choose = choose
        self._users: int | None = None
        self._postmaster: Postmaster | None = None

    @property
    def binaries(self) -> Path:
        """Folder of `psql`, `pg_dump`, `pgbench` and the other programs of the same version."""
        return find_programs()

    @property
    def data(self) -> Path:
        """The data directory of the joined server."""
        return self._joined().data

    def url(self, database: str, user: str = USER) -> str:
        """Return the URL of `database` on the joined server, by default for its superuser."""
        folder = quote(str(self._joined().folder), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={folder}&port={PORT}"

    def has_database(self, name: str) -> bool:
        """Tell whether there is a database `name`."""
        with self._joined().connect() as conn:
            return conn.execute(HAS_DATABASE, {"name": name}).fetchone() is not None

    def create_database(self, name: str) -> bool:
        """Create the database `name`; False if it exists."""
        with self._joined().connect() as conn:
            if conn.execute(HAS_DATABASE, {"name": name}).fetchone():
                return False
            try:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (DuplicateDatabase, UniqueViolation):  # created concurrently by another process
                return False
        return True

    def count_statements(self, database: str) -> None:
        """Create pg_stat_statements in `database`. Only a superuser may, so no migration does.

        A server started by the programs of an earlier wheel lacks the extension until it is restarted.
        """
        # DuplicateObject: created concurrently. FeatureNotSupported: the extension is not available.
        with self._joined().connect(database) as conn, suppress(UniqueViolation, FeatureNotSupported):
            if conn.execute(HAS_STATISTICS).fetchone() is None:
                conn.execute(CREATE_STATISTICS)

    def join(self) -> None:
        """Join the running server, or start it, with a new cluster the first time. Returns when it accepts connections.

        There is no time limit, because recovery has none; progress is reported. After `EmbeddedError` or an interrupt
        the server is not joined.
        """
        if self._users is not None:
            return
        home = create_home(self._home)
        try:
            self._users = open_lock(home / "users.lock")
            self._wait(self._users, alone=False, why=f"The PostgreSQL in {home} is just being stopped.")
            runner = self._choose(home)
            self._postmaster = Postmaster(runner, home)
            with opened_lock(home / "start.lock") as start:
                self._wait(start, alone=True, why=f"Another process is starting the PostgreSQL in {home}.")
                self._run(runner, self._postmaster, start)
        except BaseException as error:
            self.leave()
            if isinstance(error, OSError):
                raise EmbeddedError(
                    f"The embedded PostgreSQL in {home} cannot be used ({error.strerror}): {ADVICE}"
                ) from error
            raise

    def revive(self) -> None:
        """Start the joined server again if it is gone, or out of reach since its socket was removed; wait for nothing.

        Raises `EmbeddedError`, also if its files are gone.
        """
        postmaster, home = self._joined(), self._home.expanduser().resolve()
        try:
            self._take_new_lock(home / "users.lock")
            with opened_lock(home / "start.lock") as start:
                if try_lock(start, alone=True):  # else another process is at it
                    try:
                        self._restart(postmaster)
                    finally:
                        unlock(start)
        except OSError as error:
            raise EmbeddedError(f"The embedded PostgreSQL in {home} cannot be started ({error.strerror})") from error

    def leave(self) -> None:
        """Leave the server. The last process that leaves stops it and waits for its end."""
        users, postmaster, self._users, self._postmaster = self._users, self._postmaster, None, None
        if users is None:
            return
        try:
            if postmaster is not None and try_lock(users, alone=True):
                postmaster.stop(self._notify)
        finally:
            os.close(users)

    def discard(self) -> bool:
        """Leave, stop the server and delete `home`; False if other processes use it."""
        self.leave()
        home = create_home(self._home)
        with opened_lock(home / "users.lock") as users:
            if not try_lock(users, alone=True):
                return False
            runner = self._choose(home)
            Postmaster(runner, home).stop(self._notify)
            for folder in {runner.state, home}:
                shutil.rmtree(folder)
        return True

    def __enter__(self) -> Self:
        """Join."""
        self.join()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        self.leave()

    def _joined(self) -> Postmaster:
        if self._postmaster is None:
            raise EmbeddedError("The embedded PostgreSQL is not joined: call join() first.")
        return self._postmaster

    def _take_new_lock(self, path: Path) -> None:
        """Hold the lock file at `path` where it is another one than ours, which was removed.

        Else the next process that leaves would think itself the last, and stop the server.
        """
        users = open_lock(path)
        if self._users is not None and not os.path.sameopenfile(users, self._users) and try_lock(users, alone=False):
            users, self._users = self._users, users
        os.close(users)

    def _wait(self, lock: int, *, alone: bool, why: str) -> None:
        for _ in poll(self._notify, lambda: why):
            if try_lock(lock, alone=alone):
                return

    def _run(self, runner: Runner, postmaster: Postmaster, start_lock: int) -> None:
        """Wait until the server answers; start it if needed. Requires start.lock."""
        started = False
        waiting = f"Waiting for PostgreSQL in {postmaster.data}"
        for _ in poll(self._notify, lambda: f"{waiting}: {postmaster.log_tail(1)}"):
            if (durable := postmaster.is_durable()) is not None:
                return self._check_durability(postmaster, durable=durable)
            if not postmaster.alive():
                if started:
                    raise EmbeddedError(f"PostgreSQL in {postmaster.data} ended at once:\n{postmaster.log_tail()}")
                self._start(runner, postmaster, start_lock)
                started = True
        return None

    def _start(self, runner: Runner, postmaster: Postmaster, start_lock: int) -> None:
        """Start the server, with a new cluster the first time."""
        if not (postmaster.data / "PG_VERSION").exists():
            if runner.note:
                self._notify(runner.note)
            self._notify(f"Creating a new PostgreSQL in {postmaster.data}.")
            create_cluster(runner, postmaster.data, durable=self._durable, keep=start_lock)
        postmaster.start(self._settings, durable=self._durable)

    def _restart(self, postmaster: Postmaster) -> None:
        """Start a server that is gone, or stop one out of reach. Requires start.lock."""
        if postmaster.alive():
            if postmaster.has_lost_socket():
                postmaster.interrupt()
        elif (postmaster.data / "PG_VERSION").exists():
            postmaster.start(self._settings, durable=self._durable)
        else:
            raise EmbeddedError(f"The files of the PostgreSQL in {postmaster.data} are gone")

    def _check_durability(self, postmaster: Postmaster, *, durable: bool) -> None:
        """Raise `EmbeddedError` if durability is required and the running server lacks it."""
        if self._durable and not durable:
            raise EmbeddedError(
                f"The PostgreSQL in {postmaster.data} was started for tests, without durability: "
                "end its other users, or set another ANGIDI_HOME."
            )
