"""The headers of every response: request id, security, and CORS."""

from starlette.types import Message

from angidi.http.core.request import Request
from angidi.http.core.responses import Response
from angidi.http.middleware.cors import VARY, Cors

API = "/api/"
_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"server", b"angidi"),  # else granian names itself
)
_UNLESS_OWN: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_STRICT = (b"preference-applied", b"handling=strict")
_CLOSE = (b"connection", b"close")


class RequestContext:
    """Adds the headers of every response. With `closes` the connection is closed after it."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors
        self.closes = False

    def head(self, request: Request, response: Response) -> Message:
        """Return the head of the response. A security policy or `Cache-Control` of its own stays."""
        headers = response.headers
        if b"origin" in request.fields:
            self._cors.complete(request, response)
        else:
            headers.append(VARY)
        if request.path.startswith(API):
            own = dict(headers)
            for pair in _UNLESS_OWN:
                if pair[0] not in own:
                    headers.append(pair)
        headers += _ALWAYS
        headers.append((b"x-request-id", request.id.encode()))
        if request.is_strict:
            headers.append(_STRICT)
        if self.closes:
            headers.append(_CLOSE)
        request.status = response.status
        return {"type": "http.response.start", "status": response.status, "headers": headers}
