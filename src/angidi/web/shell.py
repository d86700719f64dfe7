"""The plain ASGI shell around the application: what holds for every answer, whoever made it.

It gives each request an id and a tally of its statements, answers HEAD wherever GET is answered, sets the security
headers, writes one log line and counts. It knows no route.
"""

import re
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from angidi.db.tally import Tally, tally
from angidi.web.metrics import Metrics

log = structlog.get_logger("angidi.access")

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
_HANDLING = re.compile(rb'(?:^|,)\s*handling\s*=\s*"?(\w+)"?\s*(?:$|[,;])', re.IGNORECASE)

API = "/api/"
_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
)
_API_ONLY: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class Shell:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes (the lifespan) pass through."""
        if scope["type"] == "http":
            await _Exchange(scope, send).run(self._app, receive, self._metrics)
        else:
            await self._app(scope, receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send) -> None:
        headers = dict(scope["headers"])
        self._scope = scope
        self._send = send
        self._method = scope["method"]
        self._status = 500
        given = headers.get(b"x-request-id", b"").strip()
        self._request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid4()).encode()
        self._strict = _asks_for_strict(b",".join(value for name, value in scope["headers"] if name == b"prefer"))

    async def run(self, app: ASGIApp, receive: Receive, metrics: Metrics) -> None:
        """Let `app` answer, then log and count."""
        started = perf_counter()
        counted = Tally()
        token = tally.set(counted)
        scope: Scope = {**self._scope, "method": "GET"} if self._method == "HEAD" else {**self._scope}
        scope["state"] = {"request_id": self._request_id.decode(), "strict": self._strict}
        try:
            await app(scope, receive, self._forward)
        finally:
            tally.reset(token)
            seconds = perf_counter() - started
            route = _route(scope)
            metrics.observe(self._method, route, self._status, seconds)
            log.info(
                "request",
                request_id=self._request_id.decode(),
                method=self._method,
                route=route,
                path=scope["path"],
                status=self._status,
                duration_ms=round(seconds * 1000, 2),
                statements=counted.statements,
            )

    async def _forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._request_id), *_ALWAYS]
            present = {name.lower() for name, _ in headers}
            if self._scope["path"].startswith(API):
                headers += [header for header in _API_ONLY if header[0] not in present]
            if self._strict:
                headers.append((b"preference-applied", b"handling=strict"))
            headers = [(name, _with_head(value) if name.lower() == b"allow" else value) for name, value in headers]
            message = {**message, "headers": headers}
        elif self._method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)


def _asks_for_strict(preferences: bytes) -> bool:
    """Tell whether `Prefer` asks for strict handling; of a preference given twice the first counts (RFC 7240)."""
    found = _HANDLING.search(preferences)
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
