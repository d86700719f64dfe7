"""`angidi serve` with the mistake that tests of read-your-writes must find: a cache of answers in each worker.

    python -m tests.support.stale_server serve

A worker forgets an answer when it is itself asked to change what is shown there, and knows nothing of the others.
"""

from typing import Any

from angidi import asgi
from angidi.__main__ import run

create = asgi.create


class Cached:
    """Keeps what was answered to a GET with 200, until something is written to its address or below."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._kept: dict[str, list[Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)
            await send(message)

        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET":
            self._kept.pop(path, None)
            await self._app(scope, receive, send)
        elif path in self._kept:
            for message in self._kept[path]:
                await send(message)
        else:
            await self._app(scope, receive, keep)
            if sent[0]["status"] == 200:
                self._kept[path] = sent


if __name__ == "__main__":
    asgi.create = lambda: Cached(create())
    run()
