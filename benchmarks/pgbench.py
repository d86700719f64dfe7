"""Running pgbench with prepared statements: what the database gives without a service."""

import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple


class Processed(NamedTuple):
    """How many transactions there were, and how many a second."""

    transactions: int
    rate: float


def run(binaries: Path, url: str, script: str, *options: str) -> Processed:
    """Run `script` by the pgbench of the folder `binaries` at `url`. Raises `RuntimeError` with what it says."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [binaries / "pgbench", "-n", "-M", "prepared", *options, "-f", file.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr[-800:]}")
    lines = done.stdout.splitlines()
    processed = next(line for line in lines if line.startswith("number of transactions actually processed"))
    rate = next(line for line in lines if line.startswith("tps"))
    return Processed(int(processed.split(":")[1].split("/")[0]), float(rate.split()[2]))
