"""Processes beside the server, which run as long as it does."""

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import click

from angidi.server.signals import start_blocked

STOP_TIMEOUT = 10.0
"""Seconds that a child has to finish what it is doing."""

PAUSE = 1.0
"""Seconds before a child that has ended is started again."""


@contextmanager
def kept_running(name: str, arguments: list[str], environment: Mapping[str, str]) -> Generator[None]:
    """Run `angidi` with `arguments` for the length of the block, and start it again whenever it ends.

    Its standard input is closed when we are gone. It has a session of its own: signals of the terminal do not reach it.
    """
    over = threading.Event()
    process = _start(arguments, environment)

    def keep() -> None:
        nonlocal process
        while not over.wait(PAUSE):
            if (status := process.poll()) is not None:
                click.echo(f"warning: {name} ended with status {status} and is started again", err=True)
                process = _start(arguments, environment)

    keeper = start_blocked(keep)
    try:
        yield
    finally:
        over.set()
        keeper.join()
        _end(process)


def _start(arguments: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "angidi", *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    with process:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
