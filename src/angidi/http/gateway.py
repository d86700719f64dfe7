"""The gateway: the one ASGI application. Its parts return responses; only the gateway and streams send."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import perf_counter
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from angidi.db.query_counter import QueryCounter, query_counter
from angidi.errors import Invalid, Malformed, ResponseTimeout, TooLarge
from angidi.http.core.errors import response_to
from angidi.http.core.request import UNMATCHED, WITHOUT_BODY, Request
from angidi.http.core.responses import Response, StreamedResponse
from angidi.http.middleware import compression, timeouts, uploads
from angidi.http.middleware.cors import Cors
from angidi.http.middleware.limits import BodyReader, RateLimit, is_announced
from angidi.http.middleware.request_context import RequestContext
from angidi.http.middleware.request_log import RequestLog
from angidi.http.middleware.timeouts import Timeouts
from angidi.http.routing.handlers import Endpoint
from angidi.http.routing.router import Router

CLIENT_LEFT = 499
"""Status in the access log and the metrics of a request whose client left before the response; it is never sent."""

LARGE = 128 * 1024
"""Bytes of a body beyond which it is sent block by block."""

BLOCK = 4 * 1024
"""Bytes of a body that are given to the server at a time: it holds a few of them for a client that does not read."""


_PORT = re.compile(rb":\d+\Z")


class RequestLimits(NamedTuple):
    """The limits of one kind of request: time, body size, and number of concurrent requests."""

    timeouts: Timeouts
    bodies: BodyReader
    hold_slot: Callable[[], AbstractContextManager[None]]


class Policies(NamedTuple):
    """The rules for requests. `rate_limit` is None without one; `seconds` is the time limit of reads.

    `hosts` are the names, in small letters, by which it may be called; without them by any.
    """

    cors: Cors
    rate_limit: RateLimit | None = None
    seconds: float = timeouts.READ_SECONDS
    hosts: frozenset[bytes] = frozenset()


class Gateway:
    """Answers requests: finds the endpoint, calls it in time, and completes what it returns.

    `others` serves all scopes except HTTP, and `log` records every request.
    """

    def __init__(self, router: Router, others: ASGIApp, policies: Policies, log: RequestLog) -> None:
        self._router = router
        self._others = others
        self._cors = policies.cors
        self._context = RequestContext(policies.cors)
        self._rate_limit = policies.rate_limit
        self._hosts = policies.hosts
        self.log = log
        self._reads = Timeouts(self._answer_late, policies.seconds)
        self._ordinary = RequestLimits(Timeouts(self._answer_late), BodyReader(), nullcontext)
        large = Timeouts(self._answer_late, uploads.SECONDS)
        bodies = BodyReader(limit=uploads.LARGE_BODY_LIMIT)
        self._large = RequestLimits(large, bodies, uploads.limit_uploads().acquire)

    def close_connections(self) -> None:
        """Close each connection after its next response. Another thread may call this."""
        self._context.closes = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, count it and log it."""
        if scope["type"] != "http":
            await self._others(scope, receive, send)
            return
        request = Request(scope, receive, send)
        counted = QueryCounter()
        token = query_counter.set(counted)
        started = perf_counter()
        try:
            await self._serve(request)
            if request.late:  # it may have just begun: no request is over before its answer
                await request.late
        finally:
            request.due.pop(request, None)
            query_counter.reset(token)
            self.log.add(request, perf_counter() - started, counted.statements)

    async def _serve(self, request: Request) -> None:
        """Send the response, unless the client got a timeout response. Raises if a streamed response was cut off."""
        try:
            response = await self._respond(request)
            if isinstance(response, StreamedResponse):
                await response.stream(request, partial(self._begin, request, response))
                if not (request.has_begun or request.late):
                    request.status = CLIENT_LEFT
                return
        except Exception as error:
            if request.has_begun:
                raise
            response = response_to(error, request)
        request.due.pop(request, None)
        if not request.late:
            await self._send(request, response)

    async def _respond(self, request: Request) -> Response:
        """Return the response. Raises errors, which `_serve` turns into responses."""
        if request.lacks_host:
            request.closes = True
            raise Malformed("The request must name one host.")
        if self._hosts and _host_name(request) not in self._hosts:  # a page in a browser, by a name of its own for us
            raise Malformed("This port is called by the name localhost, or the one that MANAGEMENT_HOST gives.")
        if b"origin" in request.fields and (preflight := self._cors.preflight(request)):
            return preflight
        endpoint = self._router.find(request)
        if self._rate_limit:
            self._rate_limit.count(request)
        if request.query:
            request.parameters = dict(reversed(parse_qsl(request.query.decode(errors="replace"))))
        if request.method not in WITHOUT_BODY:
            return await self._respond_to_body(request, endpoint)
        (self._large.timeouts if endpoint.is_streamed else self._reads).start(request)
        if endpoint.check:
            request.principal = await endpoint.check(request)
        return await endpoint.call(request)

    async def _respond_to_body(self, request: Request, endpoint: Endpoint) -> Response:
        """Check the guard before the body is read and before a slot is acquired: a slow sender holds its slot."""
        limits = self._large if endpoint.takes_large_body else self._ordinary
        request.closes = is_announced(request)
        if endpoint.route == UNMATCHED:
            return await endpoint.call(request)
        if endpoint.check:
            limits.timeouts.start(request)
            request.principal = await endpoint.check(request)
            request.due.pop(request, None)
            if request.late:
                raise ResponseTimeout
        with limits.hold_slot():
            try:
                request.closes = True
                request.body = await limits.bodies.read(request)
                request.closes = False
                limits.timeouts.start(request)
                return await endpoint.call(request)
            except (Invalid, Malformed, TooLarge):
                if endpoint.confirm:  # a deleted account is refused first, whatever its body is
                    await endpoint.confirm(request)
                raise

    async def _answer_late(self, request: Request) -> None:
        await self._send(request, response_to(ResponseTimeout(), request))

    async def _begin(self, request: Request, response: Response) -> bool:
        """Send the head of a streamed response; return False if the client got a timeout response."""
        request.due.pop(request, None)
        if request.late:
            return False
        request.has_begun = True
        await request.send(self._context.head(request, response))
        return True

    async def _send(self, request: Request, response: Response) -> None:
        if len(response.body) > compression.MINIMUM or b"if-none-match" in request.fields:
            compression.choose(request, response)
        await request.send(self._context.head(request, response))
        body = b"" if request.method == "HEAD" else response.body
        if len(body) > LARGE:
            body = await _send_first_blocks(request, body)
        await request.send({"type": "http.response.body", "body": body, "more_body": False})


def _host_name(request: Request) -> bytes:
    """Return the name by which the client calls this service, in small letters and without the port."""
    return _PORT.sub(b"", request.fields.get(b"host", b"").lower())


async def _send_first_blocks(request: Request, body: bytes) -> bytes:
    """Send all blocks of the body but the last one, at the pace of its reader, and return that."""
    last = (len(body) - 1) // BLOCK * BLOCK
    for start in range(0, last, BLOCK):
        part = {"type": "http.response.body", "body": body[start : start + BLOCK], "more_body": True}
        await request.send(part)
    return body[last:]
