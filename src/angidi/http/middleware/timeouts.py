"""Timeouts: a response in time, even if the database has frozen.

A statement on a frozen server cannot be abandoned: the driver first asks that server to cancel it. So the client gets
its response at the deadline, and the handler ends later, whenever that is. A COMMIT is never cut off.
"""

import asyncio
from collections.abc import Callable, Coroutine

from angidi.http.core.request import Request

READ_SECONDS = 3.5
"""Time limit of a read until its answer begins: longer than it may wait for a connection and a lock together."""

SECONDS = 10.0
"""Time limit of a change: longer than it may wait for its turn, a connection and a statement together."""


class Timeouts:
    """Calls `answer_late` for each request without a response `seconds` after `start`.

    Code that begins to send removes the request from its `due`; code that finds it `late` sends nothing.
    All requests have the same time limit, so the first to start is the first to be late, and one timer serves all.
    """

    def __init__(self, answer_late: Callable[[Request], Coroutine[None, None, None]], seconds: float = SECONDS) -> None:
        self._answer_late = answer_late
        self._seconds = seconds
        self._due: dict[Request, float] = {}
        self._is_watching = False

    def start(self, request: Request) -> None:
        """Start the time limit of the request."""
        request.due = self._due
        self._due[request] = asyncio.get_running_loop().time() + self._seconds
        if not self._is_watching:
            self._watch()

    def _watch(self) -> None:
        """Wait for the first deadline, as long as there is one."""
        self._is_watching = bool(self._due)
        if self._due:
            asyncio.get_running_loop().call_at(next(iter(self._due.values())), self._give_up)

    def _give_up(self) -> None:
        now = asyncio.get_running_loop().time()
        for request in [request for request, due in self._due.items() if due <= now]:
            del self._due[request]
            request.late = asyncio.create_task(self._answer_late(request))
        self._watch()
