"""The OpenAPI description at `/openapi.json`, and a page that shows it at `/docs`, without external resources."""

import functools
import gzip
import zlib
from importlib.resources import files

from angidi.errors import NotFound
from angidi.http.core.request import Request
from angidi.http.core.responses import Response, content
from angidi.http.core.validators import COMPRESSED
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
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Description(bytes):
    """The encoded OpenAPI description."""


routes = Routes("Documentation", "The description of the API, and a page that shows it.")


@routes.get("/openapi.json", is_documented=False)
async def show_description(description: Description, request: Request) -> Response:
    """Return the OpenAPI description. A cache may keep it, and has to ask whether it is current."""
    compresses = accepts_gzip(request)
    headers = _revalidated(description, COMPRESSED if compresses else "")
    headers += [(b"vary", b"Accept-Encoding"), *([(b"content-encoding", b"gzip")] if compresses else [])]
    return content(_compressed(description) if compresses else description, "application/json", headers)


@routes.get("/", is_documented=False)
async def redirect_to_page() -> Response:
    """Lead whoever opens the bare address to the page."""
    return Response(307, [(b"location", b"/docs"), (b"content-length", b"0")])


@routes.get("/docs", is_documented=False)
async def show_page() -> Response:
    """Show the description as a page."""
    page = (_STATIC / "index.html").read_bytes()
    headers = [(b"content-security-policy", _POLICY), *_revalidated(page)]
    return content(page, "text/html; charset=utf-8", headers)


@routes.get("/docs/{name}", is_documented=False)
async def show_asset(name: str, request: Request) -> Response:
    """Return an asset of the page, compressed if the client accepts that."""
    if name not in _TYPES:
        raise NotFound
    compresses = accepts_gzip(request)
    headers = [(b"cache-control", b"max-age=86400"), (b"vary", b"Accept-Encoding")]
    headers += [(b"content-encoding", b"gzip")] if compresses else []
    return content(_asset(name, compressed=compresses), _TYPES[name], headers)


def _revalidated(body: bytes, form: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers of what a cache has to ask for each time; `form` ends the validator."""
    return [(b"etag", b'"%08x%s"' % (zlib.crc32(body), form.encode())), (b"cache-control", b"public, no-cache")]


@functools.cache
def _compressed(description: Description) -> bytes:
    """Return the description, compressed only once: that takes longer than anything else here."""
    return gzip.compress(description, mtime=0)


@functools.cache
def _asset(name: str, *, compressed: bool) -> bytes:
    """Return an asset, read and compressed only once."""
    plain = (_STATIC / name).read_bytes()
    return gzip.compress(plain, mtime=0) if compressed else plain
