"""Child processes of the server, which run as long as it does."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import click

from angidi.server.signals import start_masked_thread

STOP_TIMEOUT = 10.0
"""Seconds that a child has to end after SIGTERM; then it is killed."""

RESTART_DELAY = 1.0
"""Seconds between checks whether a child has ended; then it is started again."""

ORPHAN_GRACE = 2.0
"""Seconds that a child has to end after the server is gone."""


@contextmanager
def supervised_child(name: str, arguments: list[str], environment: Mapping[str, str]) -> Generator[None]:
    """Run `python -m` with these arguments for the length of the block, and start it again whenever it ends.

    Its standard input is closed when this process ends (see `end_with_parent`). It has a session of its own, so signals
    of the terminal do not reach it. `name` is for the warning that it has ended.
    """
    over = threading.Event()
    process = _start(arguments, environment)

    def keep() -> None:
        nonlocal process
        while not over.wait(RESTART_DELAY):
            if (status := process.poll()) is not None:
                click.echo(f"warning: {name} ended with status {status} and is started again", err=True)
                try:
                    process = _start(arguments, environment)
                except OSError as error:  # the next turn tries again
                    click.echo(f"warning: {name} cannot be started now ({error.strerror})", err=True)

    keeper = start_masked_thread(keep)
    try:
        yield
    finally:
        over.set()
        keeper.join()
        _end(process)


def end_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` once standard input is closed: the server that held its other end is gone.

    Exit after `ORPHAN_GRACE`: without the embedded database, which goes with the server, statements may not end.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin.fileno())
        stop.set()
        loop.call_later(ORPHAN_GRACE, os._exit, 1)

    loop.add_reader(sys.stdin.fileno(), end)


def _start(arguments: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", *arguments],
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
