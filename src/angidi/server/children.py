"""Processes beside the server, which run as long as it does."""

import asyncio
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


ORPHAN_GRACE = 2.0
"""Seconds that a child has to end after the server is gone."""


@contextmanager
def kept_running(name: str, arguments: list[str], environment: Mapping[str, str]) -> Generator[None]:
    """Run a module with arguments for the length of the block, and start it again whenever it ends.

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


def end_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` once standard input is closed: the server is gone that held its other end.

    The embedded database may have gone with it, and then nothing here comes to its end by itself.
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
