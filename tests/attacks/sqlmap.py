"""sqlmap, which `make attacks` installs into a folder of its own."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.serving import ROOT

PROGRAM = ROOT / ".venv/sqlmap/sqlmap/sqlmap.py"
OPTIONS = (
    "--batch", "--disable-coloring", "--flush-session", "--ignore-code=*", "--ignore-proxy", "--skip-waf",
    "--dbms=PostgreSQL", "--timeout=20", "--retries=1", "--time-sec=2",
)  # fmt: skip
ALL_TECHNIQUES, QUICK_TECHNIQUES = "BEUSTQ", "BEUQ"
"""Those without S and T do not wait for a sleeping database."""

CLEAN = re.compile(r"parameter '[^']+' does not seem to be injectable")
HOLE = re.compile(r"^Parameter: .*$", re.MULTILINE)


class Report(NamedTuple):
    """What sqlmap reports: how many parameters it calls clean, the holes, and all that it printed."""

    clean: int
    holes: list[str]
    output: str


class Sqlmap:
    """Runs of sqlmap as the bearer of `token`, whose files go into `folder`."""

    def __init__(self, folder: Path, token: str = "") -> None:
        self._folder = folder
        self._token = token

    def attack(self, *arguments: str, depth: Sequence[str], techniques: str = ALL_TECHNIQUES) -> Report:
        """Attack what `arguments` name; `depth` are the options of how thoroughly."""
        headers = [f"--headers=Authorization: Bearer {self._token}"] if self._token else []
        run = subprocess.run(
            [sys.executable, str(PROGRAM), *OPTIONS, *headers, *depth, f"--technique={techniques}",
             f"--output-dir={self._folder}", *arguments],
            cwd=self._folder, capture_output=True, text=True, check=False, env={"HOME": str(self._folder)},
        )  # fmt: skip
        output = run.stdout + run.stderr
        return Report(len(CLEAN.findall(output)), HOLE.findall(output), output)


DEEP = ("--level=3", "--risk=2")
SHALLOW = ("--level=1", "--risk=1")
