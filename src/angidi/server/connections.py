"""The bounds of connections: how many one address may have, and how long a client may leave its answer unread.

Granian has neither bound, and the application learns of a connection by its first request. So a thread of each worker
looks at the worker's connections, by what the kernel tells of them, and closes those that are beyond a bound.
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import NamedTuple

import structlog

from angidi.config import Network
from angidi.http.middleware.limits import is_within, network_of
from angidi.server.sockets import Look, abort, limit_unsent, look_at_all

WRITE_DEADLINE = 10.0
"""Seconds within which a client has to read `LEAST_READ` bytes of an answer, or all of it."""

LEAST_READ = 16 * 1024

UNSENT = 128 * 1024
"""Bytes of an answer that the kernel holds for a client that does not read."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.connections")


class Bounds(NamedTuple):
    """The bounds of one process. An address has up to `per_address` connections, but not one within `exempt`."""

    per_address: int
    exempt: tuple[Network, ...] = ()
    write_deadline: float = WRITE_DEADLINE


def share(per_address: int, processes: int) -> int:
    """Return the bound of one process. The kernel spreads connections evenly, but for about a tenth."""
    return per_address if processes == 1 else ceil(per_address / processes * 1.1)


class _Progress(NamedTuple):
    """What a client had read at a time."""

    at: float
    acknowledged: int


class Supervisor:
    """Closes the connections at `port` that are beyond the bounds. `closed` is told why and how many.

    Must be called by one thread only.
    """

    def __init__(self, port: int, bounds: Bounds, closed: Callable[[str, int], object]) -> None:
        self._port = port
        self._bounds = bounds
        self._closed = closed
        self._unread: dict[tuple[str, int], _Progress] = {}
        self._known: dict[tuple[str, int], float] = {}
        self._is_listening = False

    def check(self, now: float) -> None:
        """Look at all connections once, and close those that are beyond a bound."""
        self._is_listening = self._is_listening or limit_unsent(self._port, UNSENT)
        looks = list(look_at_all(self._port))
        self._known = {look.peer: self._known.get(look.peer, now) for look in looks}
        self._report("unread", map(abort, self._find_unread(looks, now)))
        if self._bounds.per_address:
            self._report("address", map(abort, self._find_beyond(looks)))

    def _find_unread(self, looks: list[Look], now: float) -> list[Look]:
        """Return the connections whose client has read too little of what it asked for."""
        before, self._unread = self._unread, {}
        late: list[Look] = []
        for look in looks:
            if not look.is_sending:
                continue
            progress = before.get(look.peer) or _Progress(now, look.acknowledged)
            if look.acknowledged - progress.acknowledged >= LEAST_READ:
                progress = _Progress(now, look.acknowledged)
            self._unread[look.peer] = progress
            if now - progress.at >= self._bounds.write_deadline:
                late.append(look)
        return late

    def _find_beyond(self, looks: list[Look]) -> list[Look]:
        """Return those that an address has beyond the bound: first the ones without a request, then the newest."""
        by_address: dict[str, list[Look]] = {}
        for look in looks:
            if not is_within(look.peer[0], self._bounds.exempt):
                by_address.setdefault(network_of(look.peer[0]), []).append(look)
        beyond: list[Look] = []
        for held in by_address.values():
            if len(held) > self._bounds.per_address:
                held.sort(key=lambda look: (look.received > 0, -self._known[look.peer]))
                beyond += held[: len(held) - self._bounds.per_address]
        return beyond

    def _report(self, reason: str, closed: Iterable[bool]) -> None:
        if number := sum(closed):
            self._closed(reason, number)
            log.warning("connections closed", reason=reason, number=number)
