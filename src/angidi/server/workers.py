"""The workers: granian, with signals that are passed on once, and an end in order."""

import os
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from angidi.server.draining import GRACE
from angidi.server.signals import STOPPING, StopSignals, start_masked_thread

KILL_AFTER = GRACE + 6.0
"""Seconds after which a worker that has not ended by itself is killed."""

BACKPRESSURE = 4096
"""Connections per worker, as far as there are descriptors: several times what one address may have."""

SPARE_DESCRIPTORS = 256
"""Descriptors that a worker needs besides its connections."""


class Workers:
    """The processes that serve. They end by the first signal, and none is killed within its grace.

    Granian's own handlers, which may wait for themselves for ever, get no signal.
    """

    def __init__(self, stop: StopSignals, address: str, port: int, number: int) -> None:
        # Of a type that is chosen when granian is imported.
        self._server: Any = Granian(
            "angidi.asgi:create",
            factory=True,
            address=address,
            port=port,
            interface=Interfaces.ASGI,
            workers=number,
            loop=Loops.uvloop,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
            websockets=False,
            backlog=BACKPRESSURE,
            backpressure=min(BACKPRESSURE, _raise_descriptors() - SPARE_DESCRIPTORS),
            respawn_failed_workers=True,
            # Granian takes a worker that its own thread has just reaped for one that lives, and kills it.
            workers_kill_timeout=None,
            log_level=LogLevels.warning,
            working_dir=Path.cwd(),
        )
        self._signals = stop

    def run(self) -> None:
        """Serve until a signal. Raises `SystemExit` if the workers fail again and again."""
        self._signals.forward(self._stop, {signal.SIGHUP: self._server.signal_handler_reload})
        os.register_at_fork(after_in_child=_begin_worker)
        try:
            self._server.serve()
        except SystemExit:  # with status 1 if a worker got the signal before us
            if self._signals.first is None:
                raise

    def _stop(self) -> None:
        self._server.signal_handler_interrupt()
        start_masked_thread(self._kill_remaining)

    def _kill_remaining(self) -> None:
        """Kill workers that are frozen, so that the others and this process can end."""
        time.sleep(KILL_AFTER)
        for worker in list(self._server.wrks):
            kill_child(worker.inner.pid)


def _raise_descriptors() -> int:
    """Use as many descriptors as this process may, and return how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS says that there is no limit, and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return BACKPRESSURE + SPARE_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def kill_child(pid: int) -> None:
    """Kill a process if it is a child of ours that has not ended."""
    with suppress(ChildProcessError):
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.kill(pid, signal.SIGKILL)


def _begin_worker() -> None:
    """Restore the default handlers, and leave the process group: the parent passes on what a terminal or `make` sends.

    Signals stay blocked: a `StopRelay` waits for those that end the worker.
    """
    os.setpgid(0, 0)  # a session of its own would be a scheduling group of its own, and take turns with PostgreSQL
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)
