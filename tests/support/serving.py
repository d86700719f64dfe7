"""`angidi serve` as a process of its own, on a free port of the loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running `angidi serve`; `output` is what it wrote so far.

    `measured` is whether coverage may start in it: that swallows a Ctrl-C which comes while it does. `program` is the
    module that is run.
    """

    def __init__(
        self, home: Path, port: int, *, measured: bool = True, program: str = "angidi", **environment: str
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = home.parent / f"serve-{port}.log"
        own = {"ANGIDI_HOME": str(home), "SERVER_PORT": str(port), "SERVER_HOST": "127.0.0.1", "API_RATE_LIMIT": "0"}
        inherited = {name: value for name, value in os.environ.items() if measured or not name.startswith("COVERAGE_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", program, "serve"],
                cwd=ROOT,
                env={**inherited, **own, **environment},
                stdout=log,
                stderr=log,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait(self) -> "Server":
        """Return when it answers; fail when it ends before that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.output}")
            try:
                if httpx.get(f"{self.url}/health").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"no answer:\n{self.output}")

    def wait_for_output(self, text: str) -> None:
        """Return when it has written `text`."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            time.sleep(0.01)

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(home: Path, **environment: str) -> Generator[Server]:
    """Give a server that answers, ended with the block."""
    server = Server(home, free_port(), measured=True, **environment)
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.end()
