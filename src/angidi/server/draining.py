"""The end of a worker: what is in flight is answered, and what would hold the worker is closed."""

import time

from angidi.http.gateway import Gateway
from angidi.server.signals import start_blocked
from angidi.server.sockets import CAN_LIST, abort, list_connections

INTERVAL = 0.1
"""Seconds between connections at the connections."""


class Draining:
    """Ends the connections of a worker that stops within `grace` seconds.

    Granian closes those that are idle, and the others after their answer. But it forgets those that it accepted in its
    last moment, and it waits for clients that send no request, or do not read.
    """

    gateway: Gateway | None = None

    def __init__(self, port: int, grace: float) -> None:
        self._port = port
        self._grace = grace

    def begin(self) -> None:
        """Begin; to be called before granian gets the signal."""
        if self.gateway:
            self.gateway.close_connections()
        start_blocked(self._run)

    def _run(self) -> None:
        end = time.monotonic() + self._grace
        while True:
            time.sleep(INTERVAL)
            is_over = time.monotonic() >= end
            for connection in list_connections(self._port) if CAN_LIST else ():
                if is_over or not connection.received:
                    abort(connection)
