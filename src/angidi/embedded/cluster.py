"""Creation of a cluster's files."""

import os
import shutil
import tempfile
from pathlib import Path

from angidi.embedded.programs import EmbeddedError, Runner

HALF_MADE = "half-made-"
OPTIONS = (
    "--username=angidi",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",  # not from the environment: lower() would depend on the shell
    "--auth=trust",  # access is controlled by the folder of the socket
    "--no-instructions",
)


def create_cluster(runner: Runner, data: Path, *, durable: bool, keep: int) -> None:
    """Run initdb in a temporary folder and rename it to `data`, so that `data` is complete or absent.

    The caller holds start.lock by the descriptor `keep`. initdb inherits it, and so holds the lock if we end first.
    """
    for remains in data.parent.glob(f"{HALF_MADE}*"):
        shutil.rmtree(remains)
    half = Path(tempfile.mkdtemp(prefix=HALF_MADE, dir=data.parent))
    runner.own(half)
    try:
        _initdb(runner, half, durable=durable, keep=keep)
        half.rename(data)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    if durable:
        _sync(data.parent)


def _initdb(runner: Runner, half: Path, *, durable: bool, keep: int) -> None:
    options = OPTIONS if durable else (*OPTIONS, "--no-sync")
    status, output = runner.run("initdb", "-D", str(half), *options, keep=keep)
    if status != 0:
        raise EmbeddedError(f"The embedded PostgreSQL could not be created in {half.parent}:\n{output.strip()}")


def _sync(folder: Path) -> None:
    """Make a rename in `folder` survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
