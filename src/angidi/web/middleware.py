"""Starlette's CORS and gzip, each with what it lacks for us."""

import re

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_REFUSES_GZIP = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:$|,)", re.IGNORECASE)


class Cors(CORSMiddleware):
    """Cross-origin requests by an exact list of origins.

    A refused preflight is no error of ours: the browser reads the refusal from the headers, and nobody reads a body.
    """

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer whether the announced request may be sent."""
        answer = super().preflight_response(request_headers)
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)


class Gzip(GZipMiddleware):
    """Compression for those who accept it; `gzip;q=0` says that one does not (RFC 9110, section 12.5.3)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. The scope is changed, not copied: the router leaves the route in it, for the log."""
        if scope["type"] == "http":
            scope["headers"] = [pair for pair in scope["headers"] if not _refuses_gzip(*pair)]
        await super().__call__(scope, receive, send)


def _refuses_gzip(name: bytes, value: bytes) -> bool:
    return name == b"accept-encoding" and _REFUSES_GZIP.search(value) is not None
