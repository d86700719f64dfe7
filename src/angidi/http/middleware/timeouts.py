"""An answer in time, even from a database that has frozen.

A statement on a frozen server cannot be given up: the driver first asks that server to cancel. So the client is
answered at the deadline, and the handler ends behind it, whenever that is. A COMMIT is never cut off.
"""

import asyncio
from collections.abc import Awaitable, Callable

from angidi.http.core.request import Request

SECONDS = 10.0
"""Above what a request may wait for a connection and then for a statement."""


class Timeouts:
    """Has a request answered by `answer_late` where nothing has been sent `seconds` after `start`.

    Who begins to send takes the request out of its `due`, and who finds it `is_late` sends nothing.
    All have the same time, so who came first is late first: one timer, for the first, serves them all.
    """

    def __init__(self, answer_late: Callable[[Request], Awaitable[None]], seconds: float = SECONDS) -> None:
        self._answer_late = answer_late
        self._seconds = seconds
        self._due: dict[Request, float] = {}
        self._is_watching = False
        self._late: set[asyncio.Task[None]] = set()

    def start(self, request: Request) -> None:
        """Begin the request's time."""
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
            request.is_late = True
            task = asyncio.ensure_future(self._answer_late(request))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        self._watch()
