"""In which form an answer is sent: compressed to those who accept it, and not at all to those who have it (RFC 9110).

The compressed form of a resource has a validator of its own, for a strong one stands for bytes. Whoever asks by either
is told 304: what is shown has not changed.
"""

import gzip
import re
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINIMUM = 1024
"""Bytes that a body must be larger than to be compressed."""

_LEVEL = 5
_SUFFIX = b"-gzip"
_REFUSES_GZIP = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:$|,)", re.IGNORECASE)
_OPAQUE = re.compile(rb'"([\x21\x23-\x7e\x80-\xff]*)"')
_OF_CONTENT = frozenset({b"content-type", b"content-length", b"content-encoding"})


class CompressionMiddleware:
    """Sends answers in the form that their request asks for; one that comes in parts (`web.streams`) has chosen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        start: Message = {}

        async def send_chosen(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                if not message.get("more_body"):
                    _choose(scope, start, message)
                await send(start)
                start = {}
            await send(message)

        await self._app(scope, receive, send_chosen if scope["type"] == "http" else send)


def _choose(scope: Scope, start: Message, message: Message) -> None:
    """Turn an answer, none of whose headers is there twice, into the form that is sent."""
    is_large = len(message.get("body", b"")) > MINIMUM
    if not is_large and b"if-none-match" not in dict(scope["headers"]):
        return
    headers = dict(start["headers"])
    packs = False
    if is_large and b"content-encoding" not in headers:
        headers[b"vary"] = b"Accept-Encoding"
        packs = accepts_gzip(scope)
    if packs and b"etag" in headers:
        headers[b"etag"] = headers[b"etag"][:-1] + _SUFFIX + b'"'
    if start["status"] == HTTPStatus.OK and b"etag" in headers and _is_known(scope, headers[b"etag"]):
        start["status"] = HTTPStatus.NOT_MODIFIED
        headers = {name: value for name, value in headers.items() if name not in _OF_CONTENT}
        message["body"] = b""
    elif packs:
        message["body"] = gzip.compress(message["body"], _LEVEL, mtime=0)
        headers |= {b"content-encoding": b"gzip", b"content-length": b"%d" % len(message["body"])}
    start["headers"] = list(headers.items())


def accepts_gzip(scope: Scope) -> bool:
    """Tell whether the client accepts gzip; `gzip;q=0` says that it does not (RFC 9110, section 12.5.3)."""
    accepted = _field(scope, b"accept-encoding")
    return b"gzip" in accepted and not _REFUSES_GZIP.search(accepted)


def _is_known(scope: Scope, etag: bytes) -> bool:
    """Tell whether the client has this form of the resource, or the other (weak comparison, section 13.1.2)."""
    if scope["method"] != "GET":
        return False
    known = _field(scope, b"if-none-match")
    return known.strip() == b"*" or _plain(etag.strip(b'"')) in map(_plain, _OPAQUE.findall(known))


def _plain(opaque: bytes) -> bytes:
    """Return the tag of the form that is not compressed."""
    return opaque.removesuffix(_SUFFIX)


def _field(scope: Scope, name: bytes) -> bytes:
    return b",".join(value for given, value in scope["headers"] if given == name)
