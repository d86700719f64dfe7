"""CORS, which is Starlette's, and gzip."""

import gzip
import re

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINIMUM = 1024
"""Bytes that a body must be larger than to be compressed."""

_LEVEL = 5
_REFUSED = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:$|,)", re.IGNORECASE)


class Cors(CORSMiddleware):
    """Cross-origin requests by an exact list of origins.

    A refused preflight is no error of ours: the browser reads the refusal from the headers, and nobody reads a body.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Without an origin there is nothing to decide, but an answer still depends on it."""

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"vary", b"Origin")]
            await send(message)

        if scope["type"] == "http" and b"origin" not in dict(scope["headers"]):
            await self.app(scope, receive, send_varying)
        else:
            await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer whether the announced request may be sent."""
        answer = super().preflight_response(request_headers)
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)


class Gzip:
    """Compresses large answers for those who accept it; one that comes in parts (`web.streams`) does it itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        start: Message = {}

        async def send_packed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                if len(message.get("body", b"")) > MINIMUM and not message.get("more_body"):
                    _pack(start, message, scope)
                await send(start)
                start = {}
            await send(message)

        await self._app(scope, receive, send_packed if scope["type"] == "http" else send)


def _pack(start: Message, message: Message, scope: Scope) -> None:
    """Compress the answer where the client accepts it, and say that it depends on that."""
    own = dict(start["headers"])
    if b"content-encoding" in own:
        return
    headers = [*start["headers"], (b"vary", b"Accept-Encoding")]
    if accepts_gzip(scope):
        message["body"] = gzip.compress(message["body"], _LEVEL, mtime=0)
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers += [(b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(message["body"]))]
    start["headers"] = headers


def accepts_gzip(scope: Scope) -> bool:
    """Tell whether the client accepts gzip; `gzip;q=0` says that it does not (RFC 9110, section 12.5.3)."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    return b"gzip" in accepted and not _REFUSED.search(accepted)
