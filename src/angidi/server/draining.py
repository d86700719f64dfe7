"""The end of a worker: requests in flight are answered, and connections that would delay the end are closed."""

import time
from contextlib import suppress

from angidi.http.gateway import Gateway
from angidi.server.signals import start_masked_thread
from angidi.server.sockets import CAN_LIST, abort, list_connections

GRACE = 9.0
"""Seconds that a worker has to answer the requests that it has begun, once it is told to end."""

INTERVAL = 0.1
"""Seconds between rounds over the connections."""


class Draining:
    """Ends the connections of a worker at its end: those without a request at once, the others after `GRACE`.

    Granian closes idle connections, and the others after their answer. But it forgets those that it accepted last, and
    it waits for clients that send no request, or do not read.
    """

    gateway: Gateway | None = None

    def __init__(self, port: int) -> None:
        self._port = port

    def begin(self) -> None:
        """Begin; to be called before granian gets the signal."""
        if self.gateway:
            self.gateway.close_connections()
        start_masked_thread(self._run)

    def _run(self) -> None:
        end = time.monotonic() + GRACE
        while True:
            time.sleep(INTERVAL)
            is_over = time.monotonic() >= end
            with suppress(OSError):  # no descriptor is left to list with: the next round may have one
                for connection in list_connections(self._port) if CAN_LIST else ():
                    if is_over or not connection.received:
                        abort(connection)
