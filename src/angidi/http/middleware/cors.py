"""CORS, which is Starlette's, with what it lacks for us."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send


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
