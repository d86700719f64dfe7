"""Seconds from `angidi serve` to the first answer."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from benchmarks.arena import RUN, Arena, Failed
from benchmarks.console import ROOT
from benchmarks.contestants import free_port
from benchmarks.results import Figure, Outcome

PATIENCE = 60


def seconds(arena: Arena) -> Outcome:
    """Measure starts on the embedded PostgreSQL: with a database to be made and filled, and with one that is there."""
    first: list[float] = []
    later: list[float] = []
    for _ in range(min(arena.options.rounds, 3)):
        home = Path(tempfile.mkdtemp(prefix=RUN, dir=arena.folder))
        try:
            first.append(_start(home / "home"))
            later.append(_start(home / "home"))
        finally:
            shutil.rmtree(home, ignore_errors=True)
    figures = [
        Figure(work="first start: database, schema, sample data", who="Angidi", unit="s", rounds=first),
        Figure(work="later start", who="Angidi", unit="s", rounds=later),
    ]
    return Outcome(name="starts", title="From `angidi serve` to the first answer", figures=figures, verdicts=[])


def _start(home: Path) -> float:
    port = free_port()
    own = {"ANGIDI_HOME": str(home), "ANGIDI_ENV_FILE": os.devnull, "SERVER_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "angidi", "serve"],
        cwd=ROOT,
        env={**os.environ, **own, "SERVER_HOST": "127.0.0.1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _answered(port, process, began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _answered(port: int, process: "subprocess.Popen[bytes]", began: float) -> float:
    while process.poll() is None and time.perf_counter() - began < PATIENCE:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.01)
    raise Failed("`angidi serve` did not answer")
