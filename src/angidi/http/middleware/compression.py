"""Compression, and conditional requests (RFC 9110).

The compressed form of a resource has a validator of its own, because a strong validator identifies bytes. A request
with either validator gets 304 while the resource has not changed.
"""

import gzip
import re
from http import HTTPStatus

from starlette.datastructures import MutableHeaders

from angidi.http.core.request import Request
from angidi.http.core.responses import Response
from angidi.http.core.validators import COMPRESSED

MINIMUM = 1024
"""Bodies of more bytes are compressed."""

_LEVEL = 5
_REFUSES_GZIP = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:$|,)", re.IGNORECASE)
_OPAQUE = re.compile(r'"([\x21\x23-\x7e\x80-\xff]*)"')
_OF_CONTENT = ("content-type", "content-length", "content-encoding")


def choose(request: Request, response: Response) -> None:
    """Compress the response, or make it a 304, where the request allows that."""
    is_large = len(response.body) > MINIMUM
    headers = MutableHeaders(raw=response.headers)
    compresses = is_large and "content-encoding" not in headers and accepts_gzip(request)
    if is_large and "vary" not in headers:
        headers["vary"] = "Accept-Encoding"
    if compresses and "etag" in headers:
        headers["etag"] = headers["etag"][:-1] + COMPRESSED + '"'
    if response.status == HTTPStatus.OK and "etag" in headers and _is_known(request, headers["etag"]):
        _leave_out_content(response, headers)
    elif compresses:
        response.body = gzip.compress(response.body, _LEVEL, mtime=0)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(response.body))


def _leave_out_content(response: Response, headers: MutableHeaders) -> None:
    response.status = HTTPStatus.NOT_MODIFIED.value
    response.body = b""
    for name in _OF_CONTENT:
        del headers[name]


def accepts_gzip(request: Request) -> bool:
    """Tell whether the client accepts gzip; `gzip;q=0` says that it does not (RFC 9110, section 12.5.3)."""
    accepted = request.joined(b"accept-encoding")
    return b"gzip" in accepted and not _REFUSES_GZIP.search(accepted)


def _is_known(request: Request, etag: str) -> bool:
    """Tell whether the client has the resource, in this form or the other (weak comparison, section 13.1.2)."""
    if request.method not in {"GET", "HEAD"}:
        return False
    known = request.joined(b"if-none-match").decode("latin-1")
    return known.strip() == "*" or _plain(etag.strip('"')) in map(_plain, _OPAQUE.findall(known))


def _plain(opaque: str) -> str:
    """Return the opaque tag of the uncompressed form."""
    return opaque.removesuffix(COMPRESSED)
