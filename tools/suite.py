"""Run the tests: `python tools/suite.py [--rest | --all | pytest's arguments]`.

Without arguments the suite runs on all cores (four at most) under branch coverage, which has a floor (see
pyproject.toml). `--rest` runs what is too long for that: properties with more examples, the tests marked `long`, and
the suite on PostgreSQL 15, where each test of `db` has a database of its own. `--all` runs both. The last lines are the
failures and pytest's own summary, so that whoever reads only the end reads that.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest"]
COVERAGE = [sys.executable, "-m", "coverage"]
WORKERS = min(os.cpu_count() or 1, 4) + 1  # one more than cores, as tests of processes and time-outs wait now and then
IN_PARALLEL = ["--quiet", "-n", str(WORKERS), "--dist", "worksteal"]
AT_LENGTH = ["-m", "hypothesis or long", "--hypothesis-profile", "long", "--timeout", "600"]
ON_15 = ["sh", "tools/on-postgresql-15.sh"]
VERSION_FREE = [
    f"--ignore=tests/{folder}"
    for folder in (
        "benchmarks", "contracts/api", "csvfiles", "embedded", "former", "openapi", "pagination", "security", "server",
        "telemetry", "validation", "e2e/test_hostile_inputs.py", "contracts/test_docs.py", "contracts/test_http.py",
        "users/test_common_passwords.py", "users/test_forged_tokens.py", "users/test_registration.py",
    )
]  # fmt: skip
"""What is left out on PostgreSQL 15: tests in which the server's version plays no part."""


def main(arguments: Sequence[str]) -> int:
    """Run what `arguments` name, or the suite; return the exit code."""
    os.chdir(PROJECT)
    # Without bytecode each process, and there are hundreds, compiles every module of the project.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if list(arguments) == ["--rest"]:
        return rest()
    if list(arguments) == ["--all"]:
        return rest() | covered()
    return subprocess.call([*PYTEST, *arguments]) if arguments else covered()


def covered() -> int:
    """Run the suite under coverage."""
    with tempfile.TemporaryDirectory() as folder:
        # Apart from every other run's files, which could be going on in this folder.
        os.environ["COVERAGE_FILE"] = str(Path(folder, "coverage"))
        failed, summary = watched([*COVERAGE, "run", *PYTEST[1:], *IN_PARALLEL])
        subprocess.check_call([*COVERAGE, "combine", "--quiet"])
        below = subprocess.call([*COVERAGE, "report"])
        del os.environ["COVERAGE_FILE"]
    print(summary)
    return failed or below


def rest() -> int:
    """Run what the suite leaves out, each part also when another one failed."""
    suite = [*PYTEST, *IN_PARALLEL]
    parts: list[tuple[str, Sequence[str], Mapping[str, str]]] = [
        ("at length", [*suite, *AT_LENGTH], {}),
        ("on PostgreSQL 15", [*ON_15, *suite, *VERSION_FREE], {"ANGIDI_TEST_ISOLATION": "clones"}),
    ]
    failed = [name for name, command, environment in parts if part(name, command, environment)]
    for name in failed:
        print(f"FAILED: the suite {name}")
    return int(bool(failed))


def part(name: str, command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command under a headline."""
    print(f"=== the suite {name}", flush=True)
    return subprocess.call(command, env=os.environ | environment)


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
