"""Large bodies: a few addresses take more than the rest, from admins, and so many at a time."""

from collections.abc import Awaitable, Callable, Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from angidi.concurrency import ConcurrencyLimiter
from angidi.errors import Forbidden, Unauthenticated, Unavailable
from angidi.http.middleware.limits import BodyLimitMiddleware, refuse
from angidi.http.middleware.timeouts import TimeoutMiddleware

LARGE_BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of a request body at an address that takes large ones."""

AT_A_TIME = 8
"""Large bodies that one worker holds: 32 MiB as they come, and some times that while they are decoded."""


SECONDS = 30.0
"""In which a large request is answered; above what its statements may take."""


class UploadLimitMiddleware:
    """Serves POST at `paths` with bodies of up to `LARGE_BODY_LIMIT`, and leaves all other requests to `others`.

    Who asks is verified before a byte is read and before a place is taken, by `verify`, which raises what refuses them:
    a place is held for as long as a body takes to arrive, and not everybody may hold one. Whoever comes while
    `AT_A_TIME` are under way is told to come back.
    """

    def __init__(
        self, app: ASGIApp, others: ASGIApp, paths: Collection[str], verify: Callable[[str | None], Awaitable[object]]
    ) -> None:
        self._app = BodyLimitMiddleware(TimeoutMiddleware(app, SECONDS), limit=LARGE_BODY_LIMIT)
        self._others = others
        self._paths = paths
        self._verify = verify
        self._slots = ConcurrencyLimiter(AT_A_TIME, "Too many large requests are under way. Please try again.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/") in self._paths:
            await self._serve(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._verify(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))
            with self._slots.acquire():
                await self._app(scope, receive, send)
        except (Unauthenticated, Forbidden, Unavailable) as error:
            await refuse(error, scope, send, {"Connection": "close"})
