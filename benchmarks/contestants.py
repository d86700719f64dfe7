"""The measured services: Angidi and its peers, each as a process on the loopback.

All get the same cores (two workers for Python, Go's default), the same number of database connections, and write an
access log and request ids. A peer that cannot run here is skipped, which the report notes.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.request import urlopen

from benchmarks.baseline import ABSENT, NAME, Baseline
from benchmarks.console import ROOT, print_progress
from benchmarks.tokens import SECRET

PEERS = Path(__file__).parent / "peers"
LOCK = PEERS / "requirements.txt"
WORKERS = 2
CONNECTIONS = 25
"""To the database, over all workers: DB_MAX_CONNS' default."""

PATIENCE = 30.0


class Unavailable(Exception):
    """The contestant cannot run here; says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contestant runs: on which port and database, and which folder is its own."""

    port: int
    url: str
    home: Path
    tools: Path

    @property
    def share(self) -> str:
        """One worker's part of the connections."""
        return str(CONNECTIONS // WORKERS)


@dataclass(frozen=True, slots=True)
class Command:
    """How to start it."""

    arguments: list[str | Path]
    environment: dict[str, str]
    folder: Path = ROOT


@dataclass(frozen=True, slots=True)
class Contestant:
    """A service, and which schema its database has."""

    name: str
    schema: Literal["platform", "former", "baseline"]
    command: Callable[[Place], Command]


class Running:
    """A contestant that answers on `port`; ended at the end of the context."""

    def __init__(self, contestant: Contestant, place: Place) -> None:
        self.name = contestant.name
        self.port = place.port
        self.url = place.url
        command = contestant.command(place)
        self._log = place.home / "output.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command.arguments,
                cwd=command.folder,
                env={**os.environ, **command.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process whose descendants are the service."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def wait(self) -> Self:
        """Return when it answers; fails with its output when it ends before that."""
        deadline = time.monotonic() + PATIENCE
        url = f"http://127.0.0.1:{self.port}/api/v1/products?page_size=1"
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urlopen(url, timeout=5):
                    return self
            except OSError:
                time.sleep(0.1)
        output = self._log.read_text(errors="replace")
        self.end()
        raise RuntimeError(f"{self.name} does not answer:\n{output[-3000:]}")

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: itself and its workers
                self._process.wait()
        shutil.rmtree(self._log.parent, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _platform_environment(place: Place) -> dict[str, str]:
    return {
        "ANGIDI_HOME": str(place.home),
        "ANGIDI_ENV_FILE": os.devnull,
        "DATABASE_URL": place.url,
        "SERVER_HOST": "127.0.0.1",
        "SERVER_PORT": str(place.port),
        "SERVER_WORKERS": str(WORKERS),
        "DB_MAX_CONNS": str(CONNECTIONS),
        "API_RATE_LIMIT": "1000000000",
        "JWT_SECRET": SECRET,
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "json",
    }


def _angidi(place: Place) -> Command:
    return Command([sys.executable, "-m", "angidi", "serve", "--no-seed"], _platform_environment(place))


def _former(place: Place) -> Command:
    options = ["--interface", "asgi", "--factory", "--loop", "uvloop", "--http", "1", "--no-ws"]
    where = ["--host", "127.0.0.1", "--port", str(place.port), "--workers", str(WORKERS), "--backpressure", "1024"]
    return Command(
        [sys.executable, "-m", "granian", *options, *where, "benchmarks.peers.former.asgi:create"],
        _platform_environment(place),
    )


def _go(place: Place) -> Command:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise Unavailable("Go is not installed here")
    source = PEERS / "go"
    binary = place.tools / f"go-peer-{_digest(source.glob('*'))}"
    if not binary.exists():
        print_progress("building the Go peer")
        subprocess.run([go, "build", "-trimpath", "-o", binary, "."], cwd=source, check=True)
    environment = {"DATABASE_URL": place.url, "PORT": str(place.port), "MAX_CONNS": str(CONNECTIONS)}
    return Command([binary], environment | {"JWT_SECRET": SECRET})


def _fastapi(place: Place) -> Command:
    options = ["--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools"]
    return Command(
        [_python(place), "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(place.port), *options],
        {"DATABASE_URL": place.url, "POOL_SIZE": place.share},
        PEERS / "fastapi_sqlalchemy",
    )


def _django(place: Place) -> Command:
    options = ["--worker-class", "gthread", "--threads", place.share, "--keep-alive", "75", "--access-logfile", "-"]
    where = ["--bind", f"127.0.0.1:{place.port}", "--workers", str(WORKERS), "--worker-connections", "1000"]
    return Command(
        [_python(place), "-m", "gunicorn", *options, *where, "shop:application"],
        {"DATABASE_URL": place.url, "POOL_SIZE": place.share},
        PEERS / "django_ninja",
    )


def _python(place: Place) -> Path:
    """Return the interpreter of the peers' environment, made at the first use from their lock."""
    folder = environment(place.tools)
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print_progress("installing the Python peers' packages")
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "install", "--require-hashes", "--requirement", LOCK], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"its packages could not be installed: {done.stderr.strip()[-300:]}")
        (folder / "complete").touch()
    return python


def environment(tools: Path) -> Path:
    """Return where the Python peers' packages are, or will be."""
    return tools / f"peers-{sys.version_info.major}.{sys.version_info.minor}-{_digest([LOCK])}"


def _digest(paths: Iterable[Path]) -> str:
    content = b"".join(path.read_bytes() for path in sorted(paths))
    return hashlib.sha256(content).hexdigest()[:12]


def before(baseline: Baseline | None) -> Contestant:
    """Return the service of another commit."""

    def command(place: Place) -> Command:
        if baseline is None:
            raise Unavailable(ABSENT)
        arguments: list[str | Path] = [baseline.python, "-m", "angidi", "serve", "--no-seed"]
        return Command(arguments, _platform_environment(place), baseline.home)

    return Contestant(NAME, "baseline", command)


ANGIDI = Contestant("Angidi", "platform", _angidi)
GO = Contestant("Go: chi, pgx", "former", _go)
GO_ORDERS = Contestant("Go: chi, pgx, the same call", "platform", _go)
FASTAPI = Contestant("FastAPI, SQLAlchemy", "former", _fastapi)
DJANGO = Contestant("Django, django-ninja", "former", _django)
FORMER = Contestant("former SQL in our stack", "former", _former)
