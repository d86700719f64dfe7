"""CORS: the rules are Starlette's, by an exact list of origins."""

from collections.abc import Sequence

from starlette.datastructures import Headers as StarletteHeaders
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from angidi.http.core.request import Request
from angidi.http.core.responses import Response

VARY = (b"vary", b"Origin")
"""Header of a response to a request without `Origin`: it depends on that header, too."""

_MAY_SEND = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Request-ID",
)  # fmt: skip
_MAY_READ = ("X-Request-ID", "Link", "ETag", "Retry-After", "Idempotent-Replayed", "Preference-Applied")


class Cors:
    """Answers preflights, and adds CORS headers to responses."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._rules = CORSMiddleware(
            _nothing,
            allow_origins=origins,
            allow_credentials=True,
            allow_methods=("GET", "POST", "PUT", "DELETE"),
            allow_headers=_MAY_SEND,
            expose_headers=_MAY_READ,
            max_age=600,
        )

    def preflight(self, request: Request) -> Response | None:
        """Return the answer to a preflight; None for other requests.

        A refused one is 204, too: the browser reads the refusal from the headers, and nobody reads a body.
        """
        if not _is_preflight(request):
            return None
        answer = self._rules.preflight_response(StarletteHeaders(raw=[*request.headers]))
        headers = [(name, value) for name, value in answer.raw_headers if not name.startswith(b"content-")]
        return Response(204, headers)

    def complete(self, request: Request, response: Response) -> None:
        """Add the headers for the request's origin."""
        if _is_preflight(request):
            return  # its answer is complete
        origin = request.first(b"origin")
        headers = MutableHeaders(raw=response.headers)
        headers.update(self._rules.simple_headers)
        if self._rules.is_allowed_origin(origin):
            self._rules.allow_explicit_origin(headers, origin)
        else:
            headers.add_vary_header("Origin")


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and {b"origin", b"access-control-request-method"} <= request.fields.keys()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing: the middleware requires an application, but only its rules are used."""
