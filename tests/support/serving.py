"""`angidi serve` as a process of its own, on a free port of the loopback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.processes import children_of
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running `angidi serve`; `output` is what it wrote so far.

    `measured` is whether coverage may start in it: that takes time, and swallows a Ctrl-C which comes while it does.
    `program` is the module that is run. `command` is run instead, in a process group of its own.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        measured: bool = True,
        program: str = "angidi",
        command: Sequence[str] | None = None,
        **environment: str,
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = home.parent / f"serve-{port}.log"
        own = {"ANGIDI_HOME": str(home), "SERVER_PORT": str(port), "SERVER_HOST": "127.0.0.1", "API_RATE_LIMIT": "0"}
        own["MANAGEMENT_PORT"] = "0"  # its process takes a second of the processors
        inherited = {name: value for name, value in os.environ.items() if measured or not name.startswith("COVERAGE_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", program, "serve"],
                cwd=ROOT,
                env={**inherited, **own, **environment},
                stdout=log,
                stderr=log,
                start_new_session=command is not None,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait(self) -> "Server":
        """Return when it answers; fail when it ends before that."""
        until(lambda: self.process.poll() is not None or self.is_healthy())
        assert self.process.poll() is None, self.output
        return self

    def workers(self) -> list[int]:
        """Return the processes that serve: those that were forked, and have the command line of their parent."""
        pid = self.process.pid
        return [child for child in children_of(pid) if _command_line(child) == _command_line(pid)]

    def is_healthy(self) -> bool:
        """Tell whether it answers that all is well."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)  # httpx makes a TLS context each time
        with closing(connection), suppress(OSError, HTTPException):
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        return False

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@contextmanager
def serving(home: Path, *, measured: bool = True, **environment: str) -> Generator[Server]:
    """Give a server that answers, ended with the block."""
    server = Server(home, free_port(), measured=measured, **environment)
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.end()
