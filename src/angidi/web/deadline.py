"""An answer in time, even from a database that has frozen.

A statement on a frozen server cannot be given up: the driver first asks that server to cancel. So the client is
answered at the deadline, and the handler ends behind it, whenever that is. A COMMIT is never cut off.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from angidi.errors import Unavailable
from angidi.web.limits import refuse

SECONDS = 10.0
"""Above what a request may wait for a connection and then for a statement."""


class Deadline:
    """Answers 503 where the application has not begun to answer after `seconds`."""

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up, scope, answer)
        try:
            await self._app(scope, receive, answer.send)
        finally:
            timer.cancel()

    def _give_up(self, scope: Scope, answer: "_Answer") -> None:
        if answer.close():
            task = asyncio.create_task(refuse(Unavailable(), scope, answer.late_send))
            self._late.add(task)
            task.add_done_callback(self._late.discard)


class _Answer:
    """What the application sends, until the deadline closes it."""

    __slots__ = ("_begun", "_closed", "late_send")

    def __init__(self, send: Send) -> None:
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
