"""Requests as the gateway makes them, for what is tested below it."""

from collections.abc import Sequence
from typing import Any

from angidi.http.core.request import Request


async def nothing(*_: Any) -> Any:
    """Receive or send nothing."""


def request(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    client: tuple[str, int] | None = ("127.0.0.1", 1),
    receive: Any = nothing,
    send: Any = nothing,
) -> Request:
    """Return a request."""
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers, "client": client}
    return Request(scope, receive, send)
