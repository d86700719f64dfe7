"""The server process of one cluster: whether it is alive and answers, start and stop.

A `postmaster.pid` may be a copy, left by a crash, or name a process id that another program has now, so it is not
trusted alone. Liveness is read from alive.lock and the socket. The only process ever signalled is the one that
`postmaster.pid` names and that, by the kernel's word, listens on the socket in our private folder, or is a PostgreSQL
in our data directory.
"""

import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psycopg
from psycopg.rows import args_row

from angidi.embedded.locks import Notify, opened_lock, poll, try_lock, unlock
from angidi.embedded.programs import EmbeddedError, Runner
from angidi.embedded.sockets import PORT, SOCKET, clear_folder, create_folder

USER = "angidi"
LOG_TAIL_LINES = 8
LOG_BYTES = 16 * 1024 * 1024
STOP_SECONDS = 60.0

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "shared_preload_libraries": "pg_stat_statements",
    "log_error_verbosity": "terse",  # else the log has the rows that were refused
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerIdentity(NamedTuple):
    """What the server reports about itself."""

    data: str
    durable: bool


@dataclass(frozen=True, slots=True)
class PidFile:
    """Content of `postmaster.pid`."""

    pid: int
    folder: Path
    ready: bool

    @classmethod
    def read(cls, data: Path) -> "PidFile | None":
        """Read the file of the data directory `data`; None if it is missing, incomplete, or of another directory."""
        try:
            text = (data / "postmaster.pid").read_text(errors="surrogateescape")
            pid, directory, _started, _port, folder, _tcp, _memory, status = text.splitlines()
            return cls(int(pid), Path(folder), status.strip() == "ready") if Path(directory) == data else None
        except (OSError, ValueError):
            return None


class Postmaster:
    """The server of the cluster in `runner.state`, whose locks and log are in `home`."""

    def __init__(self, runner: Runner, home: Path) -> None:
        self.data = runner.state / "data"
        self._runner = runner
        self._alive = home / "alive.lock"
        self._log = home / "postgres.log"
        self._log_start = 0
        self._last_seen: PidFile | None = None
        self.folder = runner.state / "run"

    def read_pid_file(self) -> PidFile | None:
        """Read the server's pid file, and remember it."""
        if (found := PidFile.read(self.data)) is not None:
            self.folder, self._last_seen = found.folder, found
        return found

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect. Raises psycopg.OperationalError if the server is not running or not ready."""
        return psycopg.connect(
            host=str(self.folder),
            port=PORT,
            user=USER,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def alive(self) -> bool:
        """Whether the server or one of its children is alive: starting, recovering, serving, frozen or stopping."""
        return self._holds_lock() or self._listener() is not None or self._runs_without_files()

    def is_durable(self) -> bool | None:
        """Whether the server writes durably; None if it does not answer, or is not that of our data directory."""
        if (found := self.read_pid_file()) is None or not found.ready:
            return None
        query = "SELECT current_setting('data_directory'), current_setting('fsync') = 'on'"
        try:
            with self.connect() as conn, conn.cursor(row_factory=args_row(ServerIdentity)) as cursor:
                answer = cursor.execute(query).fetchone()
        except psycopg.OperationalError:
            return None
        return answer.durable if answer and Path(answer.data) == self.data else None

    def start(self, own: Mapping[str, str], *, durable: bool) -> None:
        """Start the server in the background. `own` overrides our settings.

        The caller holds start.lock, and the server is not alive.
        """
        self._clear_remains()
        settings = {**SETTINGS, **({} if durable else NOT_DURABLE), **own}
        settings["unix_socket_directories"] = f'"{create_folder(self._runner)}"'
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        with opened_lock(self._alive) as descriptor, self._open_log() as log:
            if not try_lock(descriptor, alone=True):
                raise EmbeddedError(f"Another process is just starting the PostgreSQL in {self.data}: try again.")
            self._runner.launch("postgres", "-D", str(self.data), *options, log=log, keep=descriptor)

    def stop(self, notify: Notify) -> None:
        """Stop the server (fast shutdown) and wait up to a minute for its end."""
        interrupted = False
        for _ in poll(notify, lambda: f"PostgreSQL is stopping: {self.log_tail(1)}", STOP_SECONDS):
            if not self.alive():
                clear_folder(self._runner, self.folder)
                return
            interrupted = interrupted or self.interrupt()
        notify(f"PostgreSQL in {self.data} has not ended yet: see {self._log}")

    def log_tail(self, lines: int = LOG_TAIL_LINES) -> str:
        """Return the last lines of the log since `start`."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(self._log_start, self._log.stat().st_size - 4096))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def interrupt(self) -> bool:
        """Signal a fast shutdown to the verified postmaster; False if there is none (yet)."""
        found = self.read_pid_file() or self._last_seen
        if found is None or not (self._listener() == found.pid or self._runs_in_data(found.pid)):
            return False
        os.kill(found.pid, signal.SIGINT)
        return True

    def has_lost_socket(self) -> bool:
        """Tell whether a server that was ready has no socket any more: nobody can connect, nor will that change."""
        found = self.read_pid_file()
        return found is not None and found.ready and not (found.folder / SOCKET).is_socket()

    def _holds_lock(self) -> bool:
        with suppress(FileNotFoundError), opened_lock(self._alive) as descriptor:  # none can be made in a removed home
            if not try_lock(descriptor, alone=False):
                return True
            unlock(descriptor)
        return False

    def _runs_without_files(self) -> bool:
        """Tell whether the server that was last seen still runs; it notices a removed pid file within a minute."""
        return self._last_seen is not None and self._runs_in_data(self._last_seen.pid)

    def _runs_in_data(self, pid: int) -> bool:
        """Tell whether, by the kernel's word, a process is a PostgreSQL of our data directory; only Linux says so."""
        try:
            folder = str(Path(f"/proc/{pid}/cwd").readlink()).removesuffix(" (deleted)")
            return folder == str(self.data) and Path(f"/proc/{pid}/exe").readlink().name == "postgres"
        except OSError:
            return False

    def _listener(self) -> int | None:
        """Return the process id that listens on our socket, from the kernel, or None."""
        if self.read_pid_file() is None:
            return None
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.folder / SOCKET))
            except (TimeoutError, BlockingIOError):
                return 0  # a process listens, but its backlog is full
            except OSError:
                return None
            if sys.platform == "darwin":
                return client.getsockopt(0, 2)  # SOL_LOCAL, LOCAL_PEERPID
            return int(struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])

    def _clear_remains(self) -> None:
        """Remove the leftovers of a killed server, or of a copy of a running one."""
        clear_folder(self._runner, self.folder)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _open_log(self) -> BinaryIO:
        """Open the log for appending; rename a large one to postgres.log.1 first."""
        with suppress(FileNotFoundError):
            if self._log.stat().st_size > LOG_BYTES:
                self._log.rename(self._log.with_name("postgres.log.1"))
        log = open(self._log, "ab", opener=partial(os.open, mode=0o600))  # noqa: SIM115 - the caller closes it
        self._log_start = log.tell()
        return log
