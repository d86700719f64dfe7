"""Run the tests: `python tools/suite.py [pytest's arguments]`.

Without arguments the whole suite runs on all cores (four at most) under branch coverage, which has a floor (see
pyproject.toml). The last line printed is pytest's own summary, so that whoever reads only the end reads that.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PYTEST = ["-m", "pytest"]
COVERAGE = [sys.executable, "-m", "coverage"]
IN_PARALLEL = ["-n", "logical", "--maxprocesses", "4", "--dist", "worksteal"]


def main(arguments: Sequence[str]) -> int:
    """Run what `arguments` name, or everything; return the exit code."""
    os.chdir(PROJECT)
    if arguments:
        return subprocess.call([sys.executable, *PYTEST, *arguments])
    with tempfile.TemporaryDirectory() as folder:
        # Apart from every other run's files, which could be going on in this folder.
        os.environ["COVERAGE_FILE"] = str(Path(folder, "coverage"))
        failed, summary = watched([*COVERAGE, "run", *PYTEST, "--quiet", *IN_PARALLEL])
        subprocess.check_call([*COVERAGE, "combine", "--quiet"])
        below = subprocess.call([*COVERAGE, "report"])
    print(summary)
    return failed or below


def watched(command: Sequence[str]) -> tuple[int, str]:
    """Run `command`, print what it prints, and return its exit code and last line."""
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line.rstrip() or last
    return process.returncode, last


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
