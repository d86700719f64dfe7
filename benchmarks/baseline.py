"""The service as it was at another commit, to be measured in the same run: its code, environment and migrations."""

import io
import os
import subprocess
import sys
import tarfile
from functools import cached_property
from pathlib import Path

from benchmarks.console import ROOT, print_progress

NAME = "Angidi before"
ABSENT = "no BASELINE=<commit> was given"


class Baseline:
    """A commit, unpacked below `folder` when first needed, with a `.venv` from its own lock; kept for the next run."""

    def __init__(self, commit: str, folder: Path) -> None:
        self.commit = _git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()[:12]
        self._home = folder / f"baseline-{self.commit}"

    @cached_property
    def home(self) -> Path:
        """The folder of its files, complete."""
        stamp = self._home / ".complete"
        if not stamp.exists():
            print_progress(f"unpacking and installing {self.commit}, to measure it beside")
            self._home.mkdir(parents=True, exist_ok=True)
            with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", self.commit))) as archive:
                archive.extractall(self._home, filter="data")
            environment = os.environ | {"PYTHON": sys.executable}
            subprocess.run(["sh", "tools/setup.sh", "runtime"], cwd=self._home, env=environment, check=True)
            stamp.touch()
        return self._home

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.home / ".venv" / "bin" / "python"

    @property
    def migrations(self) -> Path:
        """The folder of its migrations."""
        return self.home / "src" / "angidi" / "migrations"

    def migrate(self, url: str) -> None:
        """Bring a database to the commit's schema, by its own `angidi migrate up`."""
        environment = os.environ | {"DATABASE_URL": url, "ANGIDI_ENV_FILE": os.devnull}
        command = [self.python, "-m", "angidi", "migrate", "up"]
        done = subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the migrations of {self.commit} failed: {done.stderr[-2000:]}")


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"git {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return done.stdout
