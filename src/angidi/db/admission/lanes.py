"""The lane of expensive requests: together they use a few of the connections, so cheap ones never wait for them."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from angidi.db.admission.queues import AdmissionQueue
from angidi.db.rows import Connection

LONGEST_WAIT = 1.0
"""Seconds that a read waits in the lane."""

LONGEST_ACCOUNT_WAIT = 2.0
"""Seconds that a read of an account waits there: longer than anybody's, so a flood of those lets it through."""

LONGEST_BULK_WAIT = 5.0
"""Seconds that a transfer of many rows waits in the lane: longer than reads, so a flood of them lets it through."""


class Connections(Protocol):
    """Provides connections."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Return a context manager that provides a connection in autocommit."""
        ...


class Lane:
    """`Connections` of `source`, at most as many at a time as `queue` has slots; each waits `seconds` for one."""

    def __init__(self, source: Connections, queue: AdmissionQueue, seconds: float) -> None:
        self._source = source
        self._queue = queue
        self._seconds = seconds

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Provide a connection. Raises `ServerOverloaded` if the lane is full too long, and what `source` raises."""
        async with self._queue.slot(self._seconds), self._source.connection() as conn:
            yield conn


def lane_size(connections: int) -> int:
    """Return the size of the lane: an eighth of the connections, but three, or a third if there are few."""
    return max(1, min(max(3, connections // 8), connections // 3))
