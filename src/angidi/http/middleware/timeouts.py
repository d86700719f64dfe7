"""An answer in time, even from a database that has frozen.

A statement on a frozen server cannot be given up: the driver first asks that server to cancel. So the client is
answered at the deadline, and the handler ends behind it, whenever that is. A COMMIT is never cut off.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from angidi.errors import ResponseTimeout
from angidi.http.middleware.limits import refuse

SECONDS = 10.0
"""Above what a request may wait for a connection and then for a statement."""


class TimeoutMiddleware:
    """Answers 503 where the application has not begun to answer after `seconds`.

    All have the same time, so who came first is late first: one timer, for the first, serves them all.
    """

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds
        self._due: dict[_Answer, float] = {}
        self._is_watching = False
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        self._due[answer] = asyncio.get_running_loop().time() + self._seconds
        if not self._is_watching:
            self._watch()
        try:
            await self._app(scope, receive, answer.send)
        finally:
            self._due.pop(answer, None)

    def _watch(self) -> None:
        """Wait for the first deadline, as long as there is one."""
        self._is_watching = bool(self._due)
        if self._due:
            asyncio.get_running_loop().call_at(next(iter(self._due.values())), self._give_up)

    def _give_up(self) -> None:
        now = asyncio.get_running_loop().time()
        for answer in [answer for answer, due in self._due.items() if due <= now]:
            del self._due[answer]
            if answer.close():
                task = asyncio.create_task(refuse(ResponseTimeout(), answer.scope, answer.late_send))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
        self._watch()


class _Answer:
    """What the application sends, until the deadline closes it."""

    __slots__ = ("_begun", "_closed", "late_send", "scope")

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.late_send = send
        self._begun = False
        self._closed = False

    async def send(self, message: Message) -> None:
        """Pass a message on; drop it when the client was answered already."""
        self._begun = True
        if not self._closed:
            await self.late_send(message)

    def close(self) -> bool:
        """Take the answer away from the application; False: it has begun to answer."""
        self._closed = not self._begun
        return self._closed
