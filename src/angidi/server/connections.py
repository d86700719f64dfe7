"""The bounds of connections: how many one address may have, and how long a client may leave its answer unread.

Granian has neither bound, and the application learns of a connection by its first request. So a thread of each worker
asks the kernel for the worker's connections, and closes those that are beyond a bound.
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import NamedTuple

import structlog

from angidi.config import Network
from angidi.http.middleware.limits import is_within, network_of
from angidi.server.sockets import ConnectionInfo, abort, limit_unsent, list_connections

WRITE_DEADLINE = 10.0
"""Seconds within which a client has to read `MIN_READ` bytes of an answer, or all of it."""

MIN_READ = 16 * 1024

MAX_UNSENT = 128 * 1024
"""Bytes of an answer that the kernel holds for a client that does not read."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.connections")


class ConnectionBounds(NamedTuple):
    """The bounds of one process. An address has up to `per_address` connections, but not one within `exempt`."""

    per_address: int
    exempt: tuple[Network, ...] = ()
    write_deadline: float = WRITE_DEADLINE


def bound_of_process(per_address: int, processes: int) -> int:
    """Return the share of one of several processes, and a tenth more: the kernel spreads connections nearly evenly."""
    return per_address if processes == 1 else ceil(per_address / processes * 1.1)


class _ReadProgress(NamedTuple):
    """How many bytes a client had acknowledged at a time."""

    at: float
    acknowledged: int


class ConnectionLimiter:
    """Closes the connections at `port` that are beyond the bounds; `closed` is called with the reason and the number.

    Must be called by one thread only.
    """

    def __init__(self, port: int, bounds: ConnectionBounds, closed: Callable[[str, int], object]) -> None:
        self._port = port
        self._bounds = bounds
        self._closed = closed
        self._unread: dict[tuple[str, int], _ReadProgress] = {}
        self._known: dict[tuple[str, int], float] = {}
        self._is_listening = False

    def check(self, now: float) -> None:
        """Close all connections that are beyond a bound at `now` (seconds of a monotonic clock)."""
        self._is_listening = self._is_listening or limit_unsent(self._port, MAX_UNSENT)
        connections = list(list_connections(self._port))
        self._known = {each.peer: self._known.get(each.peer, now) for each in connections}
        self._report("unread", map(abort, self._find_unread(connections, now)))
        if self._bounds.per_address:
            self._report("address", map(abort, self._find_excess(connections)))

    def _find_unread(self, connections: list[ConnectionInfo], now: float) -> list[ConnectionInfo]:
        """Return the connections whose client has read too little of what it asked for."""
        before, self._unread = self._unread, {}
        late: list[ConnectionInfo] = []
        for each in connections:
            if not each.is_sending:
                continue
            progress = before.get(each.peer) or _ReadProgress(now, each.acknowledged)
            if each.acknowledged - progress.acknowledged >= MIN_READ:
                progress = _ReadProgress(now, each.acknowledged)
            self._unread[each.peer] = progress
            if now - progress.at >= self._bounds.write_deadline:
                late.append(each)
        return late

    def _find_excess(self, connections: list[ConnectionInfo]) -> list[ConnectionInfo]:
        """Return those that an address has beyond its bound: first the ones without a request, then the newest."""
        by_address: dict[str, list[ConnectionInfo]] = {}
        for each in connections:
            if not is_within(each.peer[0], self._bounds.exempt):
                by_address.setdefault(network_of(each.peer[0]), []).append(each)
        excess: list[ConnectionInfo] = []
        for held in by_address.values():
            if len(held) > self._bounds.per_address:
                held.sort(key=lambda each: (each.received > 0, -self._known[each.peer]))
                excess += held[: len(held) - self._bounds.per_address]
        return excess

    def _report(self, reason: str, closed: Iterable[bool]) -> None:
        if number := sum(closed):
            self._closed(reason, number)
            log.warning("connections closed", reason=reason, number=number)
