"""The description of the API at `/openapi.json`, and a page to read it at `/docs`, which asks for nothing outside."""

import functools
import gzip
from importlib.resources import files

from angidi.errors import NotFound
from angidi.http.core.request import Request
from angidi.http.core.responses import Response, content
from angidi.http.middleware.compression import accepts_gzip
from angidi.http.routing.routes import Routes

_STATIC = files("angidi.http.openapi") / "static"
_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
}
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; frame-ancestors 'none'"
)


class Description(bytes):
    """The OpenAPI description as it is sent."""


routes = Routes("Documentation")


@routes.get("/openapi.json", is_documented=False)
async def show_description(description: Description) -> Response:
    """Return the OpenAPI description."""
    return content(description, "application/json")


@routes.get("/docs", is_documented=False)
async def show_page() -> Response:
    """Show the description as a page."""
    page = (_STATIC / "index.html").read_bytes()
    return content(page, "text/html; charset=utf-8", [(b"content-security-policy", _POLICY)])


@routes.get("/docs/{name}", is_documented=False)
async def show_asset(name: str, request: Request) -> Response:
    """Return a part of the page, compressed for those who accept it."""
    if name not in _TYPES:
        raise NotFound
    packs = accepts_gzip(request)
    headers = [(b"cache-control", b"max-age=86400"), (b"vary", b"Accept-Encoding")]
    headers += [(b"content-encoding", b"gzip")] if packs else []
    return content(_part(name, packed=packs), _TYPES[name], headers)


@functools.cache
def _part(name: str, *, packed: bool) -> bytes:
    """Return a part, read and compressed once only: no rate limit counts how often it is asked for."""
    plain = (_STATIC / name).read_bytes()
    return gzip.compress(plain, mtime=0) if packed else plain
