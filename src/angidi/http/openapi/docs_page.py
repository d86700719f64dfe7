"""The description of the API at `/openapi.json`, and a page to read it at `/docs`, which asks for nothing outside."""

import functools
import gzip
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from angidi.errors import NotFound
from angidi.http import health
from angidi.http.openapi import generator as openapi
from angidi.http.routing.handlers import get

_STATIC = files("angidi.http.openapi") / "static"
_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


def describe(features: Sequence[HTTPRouteHandler], base_path: str) -> dict[str, Any]:
    """Return the OpenAPI description of the features and of health."""
    return openapi.describe([*features, *health.HANDLERS], base_path)


@get("/docs", media_type=MediaType.HTML, include_in_schema=False)
async def page() -> Response[bytes]:
    """Show the description as a page."""
    content = (_STATIC / "index.html").read_bytes()
    return Response(content, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})


@get("/docs/{name:str}", include_in_schema=False)
async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Return a part of the page, compressed for those who accept it."""
    if name not in _TYPES:
        raise NotFound
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "max-age=86400", "Vary": "Accept-Encoding"}
    headers |= {"Content-Encoding": "gzip"} if packed else {}
    return Response(_part(name, packed=packed), media_type=_TYPES[name], headers=headers)


@functools.cache
def _part(name: str, *, packed: bool) -> bytes:
    """Return a part, read and compressed once only: no rate limit counts how often it is asked for."""
    plain = (_STATIC / name).read_bytes()
    return gzip.compress(plain, mtime=0) if packed else plain


def handlers(features: Sequence[HTTPRouteHandler], base_path: str) -> list[HTTPRouteHandler]:
    """Return the handlers of the description of `features`."""
    described = msgspec.json.encode(describe(features, base_path))

    @get("/openapi.json", include_in_schema=False)
    async def description() -> Response[bytes]:
        """Return the OpenAPI description."""
        return Response(described, media_type="application/json")

    return [description, page, asset]
