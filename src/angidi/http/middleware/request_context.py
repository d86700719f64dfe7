"""The plain ASGI shell around the application: what holds for every answer, whoever made it.

It gives each request an id and a counter of its statements, answers HEAD wherever GET is answered, sets the security
headers, writes one log line and counts. It knows no route.
"""

import re
from collections.abc import Iterable
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from angidi.db.query_counter import QueryCounter, query_counter
from angidi.telemetry.access_log import AccessLine, AccessLog
from angidi.telemetry.metrics import Metrics

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
_HANDLING = re.compile(rb'(?:^|,)\s*handling\s*=\s*"?(\w+)"?\s*(?:$|[,;])', re.IGNORECASE)

API = "/api/"
_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
)
_ON_API: tuple[tuple[bytes, bytes], ...] = (
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class RequestContextMiddleware:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, access_log: AccessLog) -> None:
        self._app = app
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes (the lifespan) pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        counted = QueryCounter()
        token = query_counter.set(counted)
        started = perf_counter()
        try:
            await self._app(exchange.scope, receive, exchange.send)
        finally:
            query_counter.reset(token)
            self._report(exchange, perf_counter() - started, counted.statements)

    def _report(self, exchange: "_Exchange", seconds: float, statements: int) -> None:
        """Count a request and log it."""
        route = _route(exchange.scope)
        self._metrics.observe(exchange.method, route, exchange.status, seconds)
        self._access_log(
            AccessLine(
                exchange.request_id,
                exchange.method,
                route,
                exchange.scope["path"],
                exchange.status,
                round(seconds * 1000, 2),
                statements,
            )
        )


class _Exchange:
    """One request and its answer. `scope` is what the application gets: there a HEAD is a GET."""

    __slots__ = ("_added", "_send", "_strict", "method", "request_id", "scope", "status")

    def __init__(self, scope: Scope, send: Send) -> None:
        headers = dict(scope["headers"])
        self._send = send
        self._strict = b"prefer" in headers and _asks_for_strict(scope["headers"])
        self._added = _ON_API if scope["path"].startswith(API) else _ALWAYS
        self.method: str = scope["method"]
        self.status = 500
        self.request_id = _request_id(headers.get(b"x-request-id"))
        self.scope: Scope = {**scope, "state": {"request_id": self.request_id, "strict": self._strict}}
        if self.method == "HEAD":
            self.scope["method"] = "GET"
            self.scope["state"]["head"] = True

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._completed(message["headers"])
        elif self.method == "HEAD":
            message["body"] = b""
        await self._send(message)

    def _completed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers with those of every answer, where the answer has none of its own."""
        own = dict(headers)
        complete = [*headers, (b"x-request-id", self.request_id.encode())]
        complete += [pair for pair in self._added if pair[0] not in own]
        if self._strict:
            complete.append((b"preference-applied", b"handling=strict"))
        if b"allow" in own:
            complete = [(name, _with_head(value) if name == b"allow" else value) for name, value in complete]
        return complete


def _request_id(given: bytes | None) -> str:
    """Return the caller's id where it is one, else a new UUID."""
    if given and _REQUEST_ID.fullmatch(own := given.strip()):
        return own.decode()
    return str(uuid4())


def _asks_for_strict(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether `Prefer` asks for strict handling; of a preference given twice the first counts (RFC 7240)."""
    found = _HANDLING.search(b",".join(value for name, value in headers if name == b"prefer"))
    return found is not None and found[1].lower() == b"strict"


def _route(scope: Scope) -> str:
    """Return the route that was matched, parameters by name; of one without any, Litestar keeps no template."""
    if "route_handler" not in scope:
        return "unmatched"
    return scope["path_template"] if scope["path_params"] else scope["path"]


def _with_head(allow: bytes) -> bytes:
    """Return an Allow header that tells of HEAD where it tells of GET."""
    methods = [method.strip() for method in allow.split(b",")]
    if b"GET" in methods and b"HEAD" not in methods:
        methods.append(b"HEAD")
    return b", ".join(sorted(methods))
