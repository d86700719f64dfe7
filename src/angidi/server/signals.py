"""SIGTERM and SIGINT: the first one ends the process in order, and all later ones are ignored.

Python runs a handler between any two instructions of the main thread: inside another handler, or while a lock is held
that the handler needs. So a process that serves has no handler: its signals are blocked, and a thread waits for them.
"""

import asyncio
import atexit
import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType, TracebackType

STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})
"""The signals that end a process."""

START_DELAY = 0.1
"""Seconds after the start of the application by which granian serves, and handles signals."""

Callback = Callable[[], object]


class StopSignals:
    """The signals of the main process. The first one raises `SystemExit` in the main thread, so that blocks are left.

    After `forward` it calls a function in a thread of its own instead. `first` is its number, None until it comes.
    """

    def __init__(self) -> None:
        self.first: int | None = None
        self._is_starting = True

    def install(self) -> None:
        """Handle the signals from now on, in the main thread."""
        for number in STOPPING:
            signal.signal(number, self)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)  # as a child of a process that blocks them
        # The interpreter's last steps restore the default handlers, by which a late signal would change our status.
        atexit.register(signal.pthread_sigmask, signal.SIG_BLOCK, STOPPING)

    def forward(self, stop: Callback, others: Mapping[int, Callback] | None = None) -> None:
        """Let the first signal call `stop` from now on, and each of the `others` its function.

        Threads that run already must have been started by `start_masked_thread`.
        """
        self._is_starting = False
        acts = dict(others or {})
        awaited = STOPPING | set(acts)
        signal.pthread_sigmask(signal.SIG_BLOCK, awaited)

        def run() -> None:
            while True:
                number = signal.sigwait(awaited)
                if number in acts:
                    acts[number]()
                elif self.first is None:
                    self.first = number
                    stop()

        threading.Thread(target=run, daemon=True).start()

    def end_start(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Exit by the signal after an error that it caused during the start; for `ExitStack.push`.

        A statement that the signal interrupts leaves its connection unusable for whoever cleans up.
        """
        del kind, traceback
        if self._is_starting and self.first is not None and isinstance(error, Exception):
            raise SystemExit(128 + self.first) from error

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal until `forward`."""
        del frame
        if self.first is None:
            self.first = number
            raise SystemExit(128 + number)


def stop_event(signals: StopSignals) -> asyncio.Event:
    """Return an event of the running loop that the first signal sets, from now on."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    signals.forward(end)
    return stop


def start_masked_thread(run: Callback) -> threading.Thread:
    """Start a daemon thread that blocks the signals, so that the kernel delivers none to it, and return it."""
    thread = threading.Thread(target=run, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING | {signal.SIGHUP})
    thread.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


class StopRelay:
    """Passes the first of the signals on to the handlers of this worker, after a call of `prepare`, and no other one.

    By the third signal granian's worker freezes for ever, and one that comes just before it serves is lost. Must be
    made in the main thread, before other threads start.
    """

    def __init__(self, prepare: Callback) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        self._prepare = prepare
        self._has_started = False
        self._is_ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def start(self) -> None:
        """Pass a signal on from now on, once `START_DELAY` is over. Must be called on the event loop."""
        self._has_started = True
        asyncio.get_running_loop().call_later(START_DELAY, self._is_ready.set)

    def _run(self) -> None:
        number = signal.sigwait(STOPPING)
        if not self._has_started:  # nothing is in flight
            os._exit(128 + number)
        self._is_ready.wait()
        self._prepare()
        signal.pthread_kill(threading.get_ident(), number)  # stays pending, as it is blocked
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        while True:
            signal.sigwait(STOPPING)
