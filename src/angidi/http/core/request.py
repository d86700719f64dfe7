"""A request as the gateway and the handlers see it, with the ASGI channels to its client."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from starlette.types import Receive, Scope, Send
from uuid_utils import uuid4

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
_HANDLING = re.compile(rb'(?:^|,)\s*handling\s*=\s*"?(\w+)"?\s*(?:$|[,;])', re.IGNORECASE)

UNMATCHED = "unmatched"
"""The route of a request that no operation answers."""

WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose body is not read."""


class Request:
    """One request. The router and the gateway fill in what they determine.

    `path` is the decoded path, `segments` are its parts, and `route` is the path template of the operation.
    `body` is complete when a handler runs. `status` is that of the response, 500 until there is one.
    """

    __slots__ = (
        "body", "client", "closes", "due", "fields", "has_begun", "headers", "id", "is_strict", "lacks_host", "late",
        "method", "parameters", "path", "principal", "query", "receive", "route", "segments", "send", "status",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.send = send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.client: str = (scope.get("client") or ("unknown",))[0]
        self.query: bytes = scope["query_string"]
        self.parameters: dict[str, str] = {}
        """Those of the query: the first of each name, and none that is empty, which counts as absent."""
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.fields = fields = dict(self.headers)
        """The headers by name; of a repeated one the last. `joined` returns all values."""
        given = fields.get(b"x-request-id", b"").strip()
        self.id = given.decode() if _REQUEST_ID.fullmatch(given) else str(uuid4())
        self.lacks_host = scope.get("http_version") == "1.1" and (
            not fields.get(b"host") or (len(fields) != len(self.headers) and b"," in self.joined(b"host"))
        )
        """Whether it has no host, or several, which HTTP/1.1 requires to be refused (RFC 9112, section 3.2)."""
        self.is_strict = b"prefer" in fields and _asks_for_strict(self.joined(b"prefer"))
        self.route = UNMATCHED
        self.segments: list[str] = []
        self.principal: Any = None
        self.body = b""
        self.closes = False
        """Whether the connection is closed after the response, because the body was not read completely."""
        self.due: dict[Request, float] = {}
        """The pending requests of its `Timeouts` with their deadlines; a response removes the request from it."""
        self.late: asyncio.Task[None] | None = None
        """The task that sends the timeout response, once the time is over: what the handler returns is dropped."""
        self.has_begun = False
        """Whether the head of a streamed answer was sent."""
        self.status = 500

    def joined(self, name: bytes) -> bytes:
        """Return the values of all headers of that name as one list (RFC 9110, section 5.3)."""
        if len(self.fields) == len(self.headers):  # no name is repeated
            return self.fields.get(name, b"")
        return b",".join([value for given, value in self.headers if given == name])

    def first(self, name: bytes) -> str:
        """Return the first header of that name, or an empty text."""
        return next((value.decode("latin-1") for given, value in self.headers if given == name), "")


def _asks_for_strict(preferences: bytes) -> bool:
    """Tell whether strict handling is preferred; of a preference given twice the first counts (RFC 7240)."""
    found = _HANDLING.search(preferences)
    return found is not None and found[1].lower() == b"strict"
